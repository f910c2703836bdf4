//! Carries out a plan: starts trials, scores them, commits them in batches, and stops when
//! it is told to, when the budget is spent or when too many fail.
//!
//! One owner holds the run's state and the store; a trial is a task that owns only itself
//! and hands over its record. Results do not depend on how many run at once. What
//! the observer is told is on the disk. It must not know what strategies and metrics do:
//! they are a `Laboratory`.

mod bench;
mod courier;
mod early;
mod failures;
mod hooks;
mod laboratory;
mod moment;
mod notes;
mod observe;
mod recorder;
mod run;
mod schedule;
mod spending;
mod standing;
mod takeover;
mod terms;
mod trial;

pub use bench::Bench;
pub use courier::Courier;
pub use laboratory::{Attempt, Laboratory, Spend};
pub use moment::{Decision, Heard, HookSet, Moment, RunCounts};
pub use observe::{Observer, Progress, Silent};
pub use run::run;
pub use takeover::{Takeover, take_over, to_take_over};
pub use terms::{EngineError, EngineOptions, RunSummary, StopReason, StopSignal};
