//! Source files, diagnostics about them, and how those are shown.
//!
//! A diagnostic is data: a code, a message, places and a help. Rooms make diagnostics;
//! only this room turns them into text for a terminal or into JSON.

mod diagnostic;
mod json;
mod render;
mod source;

pub use diagnostic::{Diagnostic, Explanation, Label, Severity};
pub use json::to_json;
pub use render::{Look, one_line, render};
pub use source::{Position, SOURCE_EXPLANATIONS, Source, Sources};
