//! Tools that are not Rust's: a browser, a compiler of LaTeX, a kernel of Jupyter.
#![expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says what is there"
)]

/// Says that a test is left out since a tool is not there. Where all of them must be there
/// (`CRUCIBLE_TOOLS=all`) the test fails.
pub(crate) fn missing(what: &str) {
    let all = std::env::var("CRUCIBLE_TOOLS").is_ok_and(|word| word == "all");
    assert!(!all, "there is no {what}, and CRUCIBLE_TOOLS asks for all");
    println!("skipped: there is no {what}");
}
