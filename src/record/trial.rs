//! Trials: the unit that is stored.

use serde::{Deserialize, Serialize};

use crate::base::TrialId;
use crate::record::call::{CallRecord, Failure};
use crate::record::output::{Output, Usage};

/// Where a trial stands in its experiment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Place {
    /// Index of the item.
    pub item: u32,
    /// Index of the condition in the experiment.
    pub condition: u32,
    /// Which repeat, from 0.
    pub repeat: u32,
}

/// One trial as it is committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// The trial's id.
    pub id: TrialId,
    /// Index of the item.
    pub item: u32,
    /// Index of the condition in the experiment.
    pub condition: u32,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// What its calls took; for a failed trial, up to the failure.
    pub usage: Usage,
    /// One score for each metric, in the order of the experiment.
    pub scores: Vec<Score>,
    /// Its calls, in the order in which they ended.
    pub calls: Vec<CallRecord>,
}

impl TrialRecord {
    /// Returns where the trial stands.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { item: self.item, condition: self.condition, repeat: self.repeat }
    }
}

/// What came of a trial.
#[expect(clippy::large_enum_variant, reason = "nearly every trial is done")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The strategy returned an output.
    Done(Output),
    /// It failed.
    Failed(Failure),
}

/// What a metric says of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// A number; binary metrics give 0 or 1.
    Value(f64),
    /// The metric has nothing to say of this trial (a script returned `()`).
    Unscored,
    /// The metric failed, for this reason; or the trial did.
    Failed(String),
}
