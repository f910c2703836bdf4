//! All signatures, collected, and what builds from them.
//!
//! The lists stand in the rooms of what they describe; here they become the checker's
//! [`Signatures`](crate::spec::Signatures), the pages of the reference, and, for a checked experiment, everything
//! that its trials need. Nothing here knows a strategy, metric, source or provider by name.

mod assemble;
mod assembler;
mod columns;
mod error;
mod hooks;
mod lists;
mod page;
mod reference;
mod unknown;

pub use assemble::{Assembly, Materials, Needs, assemble};
pub use error::AssembleError;
pub use hooks::HookFunctions;
pub use lists::signatures;
pub use reference::{Page, doc, names, reference};
pub use unknown::{UnknownMeasure, unknown_measures};
