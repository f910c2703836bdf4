//! Trials of an earlier session, from which strategies learn again what they knew then.

use std::collections::BTreeMap;

use crate::record::{CallRecord, FailureKind};
use crate::strategy::context::TrialContext;

/// The calls of a trial of an earlier session, by their places.
#[derive(Debug)]
pub struct Past<'a> {
    calls: BTreeMap<&'a str, &'a CallRecord>,
}

/// How a run of an earlier session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With an answer.
    Answered,
    /// With a failure.
    Failed,
    /// It was dropped.
    Dropped,
}

/// What a run of an earlier session took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Took {
    /// Seconds from its admission to its end.
    pub seconds: f64,
    /// How it ended.
    pub ended: Ended,
}

impl<'a> Past<'a> {
    /// Returns what these calls of one trial tell.
    #[must_use]
    pub fn of(calls: &'a [CallRecord]) -> Self {
        Self { calls: calls.iter().map(|call| (call.place.as_str(), call)).collect() }
    }

    /// Returns what the first call at a place took; `None` where there was none, or where
    /// nobody measured it, as of an answer from the cache.
    #[must_use]
    pub fn call(&self, at: &TrialContext) -> Option<Took> {
        let call = self.calls.get(format!("{}#0", at.path()).as_str())?;
        let ended = match &call.result {
            Ok(_) => Ended::Answered,
            Err(failure) if failure.kind == FailureKind::Cancelled => Ended::Dropped,
            Err(_) => Ended::Failed,
        };
        call.latency.map(|seconds| Took { seconds, ended })
    }

    /// Says whether anything was asked at a place or below it.
    #[must_use]
    pub fn is_known(&self, at: &TrialContext) -> bool {
        let below = |sign: char| {
            let first = format!("{}{sign}", at.path());
            let next = self.calls.range(first.as_str()..).next();
            next.is_some_and(|(place, _)| place.starts_with(&first))
        };
        at.path().is_empty() || below('#') || below('.')
    }
}

impl Took {
    /// Returns what both took, one after the other.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self { seconds: self.seconds + next.seconds, ended: self.ended.with(next.ended) }
    }

    /// Returns what both took beside one another.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        let seconds = self.seconds.max(other.seconds);
        Self { seconds, ended: self.ended.with(other.ended) }
    }
}

impl Ended {
    /// Members that failed are answers of nobody; where one was dropped, all were.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Dropped, _) | (_, Self::Dropped) => Self::Dropped,
            (Self::Failed, Self::Failed) => Self::Failed,
            (Self::Answered, _) | (_, Self::Answered) => Self::Answered,
        }
    }
}
