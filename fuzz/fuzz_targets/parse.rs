//! Any bytes are read without a panic, and every error can be shown.
#![no_main]

use crucible::diag::{Look, Sources, render, to_json};
use crucible::lang::syntax::{SyntaxError, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = Sources::new();
    let diagnostics = match sources.add_bytes("fuzz.crucible", bytes) {
        Ok(id) => {
            let text = sources.get(id).map_or("", |source| source.text());
            parse(id, text).errors.iter().map(SyntaxError::diagnostic).collect()
        }
        Err(error) => vec![*error],
    };
    for found in &diagnostics {
        assert!(!render(found, &sources, Look::default()).is_empty());
        assert!(found.span().is_some_and(|span| sources.text(span).is_some()));
    }
    assert!(to_json(&diagnostics, &sources).is_object());
});
