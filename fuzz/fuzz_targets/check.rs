//! Any bytes are checked without a panic, and every error can be shown.
#![no_main]

use crucible::catalogue::signatures;
use crucible::diag::{Look, render, to_json};
use crucible::lang::{Files, load};
use crucible::script::Host;
use libfuzzer_sys::fuzz_target;

struct One<'a>(&'a [u8]);

impl Files for One<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "fuzz.crucible" { Ok(self.0.to_vec()) } else { Err("no such file".into()) }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let loaded = load("fuzz.crucible", &One(bytes), &signatures(), &Host::default(), &[]);
    for found in &loaded.diagnostics {
        assert!(!render(found, &loaded.sources, Look::default()).is_empty());
    }
    assert!(to_json(&loaded.diagnostics, &loaded.sources).is_object());
});
