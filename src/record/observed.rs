//! What analysis reads, and what the gateway keeps: traits that the store fulfils.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use thiserror::Error;

use crate::base::CallId;
use crate::record::call::Answer;
use crate::record::output::Vote;
use crate::record::trial::Place;

/// One trial's value of a metric or measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// Index of the item.
    pub item: u32,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The value.
    pub value: Observation,
}

/// The value of a metric or measure for one trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// A number in base units.
    Value(f64),
    /// The trial failed.
    Failed,
    /// The trial is done and the metric failed on it: a fault of the metric, which says
    /// nothing of the condition.
    ScoreFailed,
    /// The trial is done and the metric or measure has no value: unscored, or unknown (the
    /// cost without a price, the latency of a cached answer).
    Unscored,
}

/// The votes of one trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Voted {
    /// Index of the item.
    pub item: u32,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The item's target; `null` where it has none.
    pub target: Json,
    /// The votes, in the order of the members.
    pub votes: Vec<Vote>,
}

/// Where the analysis finds samples. The store is one; tests bring their own.
pub trait SampleSource {
    /// Returns the observations of a metric or measure under a condition, by its index in
    /// the experiment: every committed trial once, ordered by item, then repeat.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError>;

    /// Says whether any trial of a condition gives a measure that only some strategies give,
    /// such as the consensus of a vote; of every other metric and measure, that it does.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn gives(&self, condition: u32, metric: &str) -> Result<bool, SourceError> {
        let _ = (condition, metric);
        Ok(true)
    }

    /// Calls `each` with the votes of every trial of a condition that has some. A source that
    /// knows of no votes has none.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn votes(
        &self,
        condition: u32,
        each: &mut dyn FnMut(Voted),
    ) -> Result<(), SourceError> {
        let _ = (condition, each);
        Ok(())
    }

    /// Returns the number of items of the run.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn items(&self) -> Result<u32, SourceError>;

    /// Returns for each item the number of its group, by the value of a column: the groups of
    /// `cluster:`. Items with equal values have equal numbers.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn clusters(&self, column: &str) -> Result<Vec<u32>, SourceError>;

    /// Returns for each item the value of a column as text, `None` where it has none: the
    /// slices of `by:`. A source without columns has none anywhere.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn labels(&self, column: &str) -> Result<Vec<Option<String>>, SourceError> {
        let _ = column;
        Ok(vec![None; self.items()? as usize])
    }

    /// Returns the id of an item; its number from 1 where the source knows no ids.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn id_of(&self, item: u32) -> Result<String, SourceError> {
        Ok((u64::from(item) + 1).to_string())
    }

    /// Returns what a trial answered; `None` where it failed or the source keeps no answers.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn answer(&self, place: Place) -> Result<Option<String>, SourceError> {
        let _ = place;
        Ok(None)
    }
}

/// A sample could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SourceError {
    /// What happened.
    pub message: String,
}

/// Something that became of a model's limits while a run was under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitEvent {
    /// When, from the beginning of the session.
    pub after: Duration,
    /// The model.
    pub model: Arc<str>,
    /// `answers` (the window grew), `rate_limited` or `queueing` (it shrank), `pause` or
    /// `quota_spent` (nothing is sent for a while), `outage`, `recovery` or `given_up`.
    pub what: &'static str,
    /// How many requests may be under way from then on, where that is found out.
    pub size: Option<usize>,
}

/// Where the gateway looks for answers that were paid for before. Keeping is the work of
/// whoever commits the trial.
pub trait AnswerCache: Send + Sync {
    /// Finds the answer to a call by its id.
    fn find(&self, id: CallId) -> Option<Answer>;
}
