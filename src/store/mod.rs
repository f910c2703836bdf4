//! Keeps runs on disk: a folder for each, with its database, its sources and the machine
//! it ran on; the answers that runs under one folder share; and recordings of calls.
//!
//! A trial counts as done when its row is committed, and is committed once. One process
//! writes a run; any number may read it. Analysis and reports read only this room. It must
//! not know how trials are made or what verdicts mean. A change of what a stored field
//! means raises `record::FORMAT`; `tests/data/store` keeps a file of every format.

#![expect(clippy::disallowed_methods, reason = "the store owns the run directory")]

mod batches;
mod browse;
mod calls;
mod changes;
mod checkpoint;
mod commit;
mod error;
mod exchanges;
mod folder;
mod history;
mod info;
mod models;
mod read;
mod rows;
mod run;
mod runs;
mod sample;
mod schema;
mod stream;

pub use batches::Batches;
pub use browse::{Brief, Browsed, Filter, ScoreFilter};
pub use checkpoint::{EarlierFailure, GivenUp};
pub use commit::Batch;
pub use error::StoreError;
pub use exchanges::{Exchanges, Recorder};
pub use history::{EarlierRun, FamilyEntry, HistoryEvent, ShownVerdict};
pub use info::{RunInfo, StoredMetric};
pub use models::ModelCounts;
pub use read::{Committed, ConditionCounts, FailureCount, MetricCounts, Spent, Totals};
pub use run::{NewRun, RunStatus, Store};
pub use runs::{DamagedRun, FoundRun, damaged_runs, find_runs, resolve_run};
pub use stream::ItemText;
