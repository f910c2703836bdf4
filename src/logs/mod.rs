//! Tables and logs that other tools wrote, read row by row: CSV, JSONL, Inspect,
//! lm-evaluation-harness, promptfoo.
//!
//! [`Log::open`] finds out by content what a file is; [`Log::each`] hands out one row after
//! the other and keeps none. The rows of a tool's log have the columns `id`, `input`,
//! `target`, `output`, `scores`, `latency` (seconds), `cost` (dollars), `tokens_in`,
//! `tokens_out` as far as the tool knows them, beside its own. Knows nothing of statistics
//! and experiments. To add a tool: a variant of [`Format`], what tells it apart in
//! `format.rs`, and a file that makes rows of it.
#![expect(clippy::disallowed_methods, reason = "logs are read from disk")]

mod error;
mod format;
mod inspect;
mod json;
mod lm_eval;
mod log;
mod promptfoo;
mod row;
mod stream;
mod table;

pub use error::LogError;
pub use format::Format;
pub use lm_eval::Aggregate;
pub use log::Log;
pub use row::{Cell, Row};
