//! Carries out a plan: starts trials, scores them, commits them in batches, and stops when
//! it is told to, when the budget is spent or when too many fail.
//!
//! One owner holds the run's state and the store; a trial is a task that owns only itself
//! and hands over its record. Results do not depend on how many run at once. What
//! the observer is told is on the disk. It must not know what strategies and metrics do:
//! they are a `Laboratory`.

mod bench;
mod failures;
mod laboratory;
mod observe;
mod recorder;
mod run;
mod schedule;
mod takeover;
mod trial;

pub use bench::Bench;
pub use laboratory::{Attempt, Laboratory, Spend};
pub use observe::{Observer, Progress, Silent};
pub use run::{EngineError, EngineOptions, RunSummary, StopReason, StopSignal, run};
pub use takeover::{Takeover, take_over};
