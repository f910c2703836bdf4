//! What the gateway is told, and what it tells.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Digest;
use crate::record::{AnswerCache, Recording, Tape};

/// What the gateway is told about a run.
#[derive(Clone, Default)]
pub struct GatewaySettings {
    /// The experiment's timeout of an attempt; two minutes where `None`.
    pub timeout: Option<Duration>,
    /// The most that the run may spend, in dollars.
    pub budget: Option<f64>,
    /// What the run has spent before, in dollars: counts towards the budget.
    pub spent_usd: f64,
    /// Whether no request may leave the program.
    pub offline: bool,
    /// The experiment's seed; the jitter of retries is drawn from it.
    pub seed: u64,
    /// Answers that were paid for before.
    pub cache: Option<Arc<dyn AnswerCache>>,
    /// Whether calls are made although their answers are there already.
    pub refresh: bool,
    /// Where calls are recorded.
    pub tape: Option<Arc<dyn Tape>>,
    /// What was recorded: calls are answered from there, and nothing is sent.
    pub replay: Option<Arc<dyn Recording>>,
    /// How many requests could be under way when an earlier session ended, by model.
    pub windows: BTreeMap<String, usize>,
}

impl fmt::Debug for GatewaySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewaySettings")
            .field("timeout", &self.timeout)
            .field("budget", &self.budget)
            .field("spent_usd", &self.spent_usd)
            .field("offline", &self.offline)
            .field("seed", &self.seed)
            .field("cache", &self.cache.is_some())
            .field("refresh", &self.refresh)
            .field("tape", &self.tape.is_some())
            .field("replay", &self.replay.is_some())
            .field("windows", &self.windows)
            .finish()
    }
}

/// A model of the gateway, by its place there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRef {
    /// Its index in [`Gateway::models`](crate::model::Gateway::models).
    pub index: usize,
    /// The name in the file.
    pub name: Arc<str>,
    /// The digest of its call.
    pub digest: Digest,
}

/// What a run has spent and asked so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spending {
    /// Dollars spent, what was spent before included.
    pub spent_usd: f64,
    /// The part of it that no provider reported: the most that requests may cost which were
    /// dropped or lost on the way.
    pub presumed_usd: f64,
    /// Dollars held back for requests under way; calls that wait for a batch are not.
    pub reserved_usd: f64,
    /// Answers of models that cost money whose cost is not known.
    pub unknown_calls: u64,
    /// Attempts made.
    pub requests: u64,
    /// The part of them that were retries.
    pub retries: u64,
    /// Calls that were answered from the cache.
    pub cached: u64,
    /// Calls that wait for a limit, the budget or the next attempt.
    pub waiting: u64,
    /// Whether the budget could not hold a call: the run cannot be completed.
    pub exhausted: bool,
}
