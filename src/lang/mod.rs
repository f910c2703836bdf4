//! The language: from the text of an experiment file to the experiment as data.
//!
//! `syntax` turns text into a tree and text into tidy text; `check` turns trees into an
//! [`crate::spec::Experiment`]. [`load()`] does both, for a file and all that it uses. No room
//! above needs to know how a file is written, and nothing here knows a strategy, scorer or
//! source by name: what may be called stands in signatures.
#![deny(clippy::indexing_slicing, clippy::expect_used)]

mod bundle;
mod check;
mod library;
mod load;
mod stdlib;
mod suggest;
pub mod syntax;

pub use bundle::Files;
pub use check::Override;
pub use library::{LibraryEntry, LibraryFile, library};
pub use load::{Loaded, Sound, explanations, load};
