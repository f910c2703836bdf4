//! The language: from the text of an experiment file to the experiment as data.
//!
//! `syntax` turns text into a tree and text into tidy text. No room above needs to know how
//! a file is written, and nothing here knows a strategy, scorer or source by name.
#![deny(clippy::indexing_slicing, clippy::expect_used)]

pub mod syntax;
