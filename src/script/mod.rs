//! The Rhai host: a sandbox in which closures and strategies of a file run.
//!
//! Promises that a script has no file, process, network, clock or print, that it ends
//! (operations, depth, sizes and time are capped), that its random numbers come from the
//! stream it is given, and that every position it reports is one in the `.crucible` file.
//! Knows nothing of models, strategies or metrics: a strategy's `ctx` is a trait. To add a
//! host function, write it in `functions` and list it in [`HOST_FUNCTIONS`].
#![deny(clippy::indexing_slicing, clippy::expect_used)]

mod block;
mod context;
mod control;
mod extractor;
mod failure;
mod fields;
mod functions;
mod host;
mod limits;
mod literals;
mod message;
mod place;
mod study;
mod tokens;
mod value;
mod workshop;

pub use block::{Block, BlockFunction};
pub use context::{ScriptContext, context_value, failure_value};
pub use control::ScriptRun;
pub use extractor::{EXTRACTORS, Extractor};
pub use failure::{ScriptFailure, ScriptProblem};
pub use fields::FieldUse;
pub use functions::{HOST_FUNCTIONS, HostFunction};
pub use host::Host;
pub use limits::{Limits, STACK_BYTES};
pub use study::{FnUse, Snippet, Study, Use};
pub use value::{
    CallValue, OUTPUT_FIELDS, PromptValue, captured, cast, from_json, item_of,
    item_value, output_of, output_value, to_json, vote_value,
};
pub use workshop::{Callable, Workshop};
