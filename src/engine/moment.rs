//! When a run asks the hooks of its file, what it tells them, and what it hears.

use std::sync::Arc;

use crate::plan::TrialSpec;
use crate::record::{Failure, Output, Place, Score};

/// Which hooks a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a hook of the file")]
pub struct HookSet {
    /// Whether there is a `before_experiment`.
    pub before_experiment: bool,
    /// Whether there is an `after_experiment`.
    pub after_experiment: bool,
    /// Whether there is a `before_trial`.
    pub before_trial: bool,
    /// Whether there is an `after_trial`.
    pub after_trial: bool,
    /// Whether there is an `on_error`.
    pub on_error: bool,
}

/// How far a run is, as its hooks are told.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RunCounts {
    /// Trials selected.
    pub planned: u64,
    /// Trials recorded, failed and reused ones included.
    pub done: u64,
    /// Of those, how many failed.
    pub failed: u64,
    /// Of those done, how many were there before this session.
    pub reused: u64,
    /// Dollars, as far as they are known, earlier sessions of the run included.
    pub spent_usd: f64,
    /// Seconds since the session began.
    pub seconds: f64,
    /// Whether every selected trial is recorded.
    pub complete: bool,
}

/// A moment at which a hook is called.
#[derive(Debug, Clone)]
pub enum Moment {
    /// Before the first trial of a session.
    BeforeExperiment(RunCounts),
    /// When a session ends.
    AfterExperiment(RunCounts),
    /// Before a trial.
    BeforeTrial(TrialSpec),
    /// After a trial was scored.
    AfterTrial(TrialSpec, Arc<Output>, Vec<Score>),
    /// When a trial failed, for so many times in this session.
    OnError(TrialSpec, Failure, u32),
}

impl Moment {
    /// Returns the name of the hook.
    #[must_use]
    pub fn hook(&self) -> &'static str {
        match self {
            Self::BeforeExperiment(_) => "before_experiment",
            Self::AfterExperiment(_) => "after_experiment",
            Self::BeforeTrial(_) => "before_trial",
            Self::AfterTrial(..) => "after_trial",
            Self::OnError(..) => "on_error",
        }
    }

    /// Returns the trial, for a hook of trials.
    #[must_use]
    pub fn trial(&self) -> Option<&TrialSpec> {
        match self {
            Self::BeforeExperiment(_) | Self::AfterExperiment(_) => None,
            Self::BeforeTrial(trial)
            | Self::AfterTrial(trial, ..)
            | Self::OnError(trial, ..) => Some(trial),
        }
    }

    pub(super) fn place(&self) -> Option<Place> {
        self.trial().map(TrialSpec::place)
    }
}

/// What a hook decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Decision {
    /// All goes on as it would without the hook.
    #[default]
    GoOn,
    /// The trial is not run, for this reason; or its failure is let go.
    Skip(String),
    /// The trial is run again.
    Retry,
    /// The run stops.
    Abort,
}

/// What a hook said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// What it decided.
    pub decision: Decision,
    /// What it logged.
    pub lines: Vec<String>,
    /// How it failed, with its place in the file; then it decided nothing.
    pub trouble: Option<String>,
}
