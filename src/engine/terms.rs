//! What a run is asked for and what it answers: options, signals, summaries, errors.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use thiserror::Error;

use crate::record::SourceError;
use crate::store::StoreError;

/// How a plan is carried out. None of it changes a result.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineOptions {
    /// Trials under way at once.
    pub concurrency: u32,
    /// The share of trials that may fail, 0 to 1.
    pub max_failures: f64,
    /// How long trials under way may take to finish once the user stops the run.
    pub grace: Duration,
    /// Whether trials that failed are carried out again. A run that stopped for too many
    /// failures does so by itself.
    pub retry_failed: bool,
    /// When the session began, by the user's clock: events are dated by it.
    pub started: Option<DateTime<FixedOffset>>,
    /// The budget in dollars, so that it can be told early that it will not do.
    pub budget: Option<f64>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            concurrency: 32,
            max_failures: 0.1,
            grace: Duration::from_secs(10),
            retry_failed: false,
            started: None,
            budget: None,
        }
    }
}

/// What the user wants of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum StopSignal {
    /// It may go on.
    #[default]
    GoOn,
    /// It starts no more trials, and ends when those under way have or the grace is over.
    Finish,
    /// It drops the trials under way, commits what is there, and ends.
    AtOnce,
}

/// Why a run ended before its plan did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The user stopped it.
    Interrupted,
    /// The budget does not allow another call.
    Budget,
    /// More than the allowed share of the trials failed.
    TooManyFailures,
    /// Some answers were not in the cache while offline.
    Offline,
    /// Some calls were not in the recording that is replayed.
    NotReplayed,
    /// A model was given up: nobody answers, or every request is refused.
    Unreachable,
    /// A hook of the file stopped it.
    Hook,
}

impl StopReason {
    /// Says whether other trials may go on all the same.
    pub(super) fn is_of_some(self) -> bool {
        match self {
            Self::Offline | Self::NotReplayed | Self::Unreachable => true,
            Self::Interrupted | Self::Budget | Self::TooManyFailures | Self::Hook => {
                false
            }
        }
    }
}

/// What a session did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// Trials selected.
    pub planned: u64,
    /// Of those, how many are recorded now, failed ones included.
    pub done: u64,
    /// Of those done, how many failed.
    pub failed: u64,
    /// Of those failed, how many a hook of the file skipped or let go: they do not count
    /// towards the share that is allowed.
    pub skipped: u64,
    /// Of those done, how many were recorded before this session.
    pub reused: u64,
    /// Trials that ran in this session and are not recorded, since the budget, the missing
    /// network or the user kept them from finishing.
    pub unrecorded: u64,
    /// Trials that are left out since their condition stopped early.
    pub spared: u64,
    /// Whether every selected trial is recorded or spared, and no more than the allowed share failed.
    pub complete: bool,
    /// Why it ended early.
    pub stopped: Option<StopReason>,
    /// The failure of a trial that made it end early, where one did.
    pub because: Option<String>,
    /// Calls of hooks of the file that failed.
    pub hook_failures: u64,
}

/// A run could not be carried out.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is recorded could not be judged by the stop rule.
    #[error(transparent)]
    Judged(#[from] SourceError),
    /// The run on disk holds trials of another experiment or of other items.
    #[error("the run in `{folder}` holds trials of another experiment or other items")]
    OtherExperiment {
        /// The run's folder.
        folder: String,
    },
}
