//! Batches: calls that are sent together, are answered within a day, and cost half.
//!
//! A call of a batched model joins its model's [`Batcher`] and waits. The batcher sends what
//! waits as one batch, asks its provider how it stands, and hands the answers to the calls.
//! A batch is written down before it is sent, so that a call which belongs to one is never
//! sent again while that one may answer it. See `docs/design/batch.md`.

mod anthropic;
mod api;
mod batcher;
mod carry;
mod desk;
mod follow;
mod openai;
mod terms;
mod wire;

pub(super) use anthropic::Anthropic;
pub(super) use batcher::Batcher;
pub(super) use carry::{Carried, Way, carry};
pub(super) use openai::OpenAi;
pub(super) use terms::{BATCH, BATCH_WAIT, POLL, check};

pub use api::{BatchApi, Batched, Ended, Missing, Refusal, Sought, Stage};
pub use terms::Terms;
