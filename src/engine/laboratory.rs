//! What the engine needs to carry out trials: the strategies and metrics of an experiment.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::engine::courier::Courier;
use crate::engine::moment::{Heard, HookSet, Moment};
use crate::plan::TrialSpec;
use crate::record::{
    CallRecord, Failure, Item, LimitEvent, Output, Place, Referee, Score, Usage,
};

/// Strategies, metrics and models, ready to be used.
#[async_trait]
pub trait Laboratory: Send + Sync + 'static {
    /// Runs the strategy of a trial. Dropping the future stops its calls.
    async fn attempt(&self, trial: &TrialSpec) -> Attempt;

    /// Returns how many metrics there are.
    fn metrics(&self) -> usize;

    /// Reads the item of a trial; `None` where it can no longer be read.
    fn item(&self, trial: &TrialSpec) -> Option<Arc<Item>>;

    /// Scores an output with one metric, by its index.
    fn score(
        &self,
        metric: usize,
        trial: &TrialSpec,
        item: &Arc<Item>,
        output: &Arc<Output>,
    ) -> Score;

    /// Returns what was spent so far.
    fn spend(&self) -> Spend;

    /// Takes what became of the models' limits since the last look.
    fn limit_events(&self) -> Vec<LimitEvent> {
        Vec::new()
    }

    /// Says whether trials hand over their calls as they end, so that one that is broken off
    /// goes on from its last committed call.
    fn keeps_calls(&self) -> bool {
        false
    }

    /// Takes the answers of trials that an earlier session broke off, and where calls go
    /// that are answered now. Is called before the first trial where calls are kept.
    fn resume(&self, known: BTreeMap<Place, Vec<CallRecord>>, courier: Courier) {
        drop((known, courier));
    }

    /// Says whether the trials of a condition learn from one another.
    fn learns(&self, condition: u32) -> bool {
        let _ = condition;
        false
    }

    /// Takes up what a trial of an earlier session taught, in the order in which they ended.
    /// Is called before the first trial.
    fn recall(&self, trial: &TrialSpec, calls: &[CallRecord]) {
        let _ = (trial, calls);
    }

    /// Says which hooks the file has.
    fn hooks(&self) -> HookSet {
        HookSet::default()
    }

    /// Calls a hook, on this thread.
    fn hook(&self, moment: &Moment) -> Heard {
        let _ = moment;
        Heard::default()
    }

    /// Returns how many trials of a condition may be under way, where they wait for batches
    /// of answers and must not take the places of others; `None` where they do not.
    fn crowd(&self, condition: u32) -> Option<usize> {
        let _ = condition;
        None
    }

    /// Gives away who says that a condition is over; `None` without a stop rule.
    fn referee(&self) -> Option<Box<dyn Referee>> {
        None
    }

    /// Lets no new call begin.
    fn stop(&self);
}

/// What came of running a strategy.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its output, or why there is none.
    pub outcome: Result<Arc<Output>, Failure>,
    /// What its calls took.
    pub usage: Usage,
    /// Its calls, in the order in which they ended.
    pub calls: Vec<CallRecord>,
    /// Its item, where it was read, so that it is not read again for the scores.
    pub item: Option<Arc<Item>>,
}

impl Attempt {
    /// Returns an attempt that failed before it made a call.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self {
            outcome: Err(failure),
            usage: Usage::default(),
            calls: Vec::new(),
            item: None,
        }
    }
}

/// What calls took so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spend {
    /// Dollars, as far as they are known; what earlier sessions of the run spent included.
    pub usd: f64,
    /// Dollars held back for requests under way.
    pub reserved_usd: f64,
    /// Calls whose cost is unknown.
    pub unknown_calls: u64,
    /// Requests that left the program.
    pub requests: u64,
    /// Of those, second tries.
    pub retries: u64,
    /// Calls that wait for a limit now.
    pub waiting: u64,
}
