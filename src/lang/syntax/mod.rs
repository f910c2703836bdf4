//! Text to tree, and text to tidy text.
//!
//! [`parse()`] never fails: what could be read is in the tree, what could not is in the
//! errors, all of them. [`format()`] settles spacing and keeps every comment.
//!
//! A new form of expression is a rule in `grammar/crucible.pest`, a variant in `tree` and
//! an arm in `build`; the formatter works on tokens and learns only new brackets.

mod align;
mod build;
mod chain;
mod error;
mod explain;
mod format;
mod found;
mod grammar;
mod lex;
mod literal;
mod parse;
mod rhai_text;
mod same;
mod token;
pub mod tree;

pub use error::SyntaxError;
pub use explain::EXPLANATIONS;
pub use format::format;
pub use parse::{Parsed, parse};
