//! Tidy text stays as it is.
#![no_main]

use crucible::lang::syntax::format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(tidy) = format(text) {
        assert_eq!(format(&tidy).as_ref(), Ok(&tidy));
    }
});
