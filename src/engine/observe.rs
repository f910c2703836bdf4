//! Who watches a run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::laboratory::Spend;
use crate::engine::terms::StopReason;
use crate::record::{FailureKind, TrialRecord};

/// How far a run is. Counts of trials are of those on the disk, of the selection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Trials selected.
    pub planned: u64,
    /// Trials committed, failed and reused ones included.
    pub done: u64,
    /// Of those, how many were there before this session.
    pub reused: u64,
    /// Of those done, how many failed.
    pub failed: u64,
    /// The failed ones by kind, those included that are not on the disk yet.
    pub failures: BTreeMap<FailureKind, u64>,
    /// Of those failed, how many a hook of the file skipped or let go.
    pub skipped: u64,
    /// Trials under way.
    pub under_way: u64,
    /// Since the session began.
    pub elapsed: Duration,
    /// What was spent and asked.
    pub spend: Spend,
}

impl Progress {
    /// Returns trials finished per second of this session.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        let new = self.done.saturating_sub(self.reused) as f64;
        if seconds > 0.0 { new / seconds } else { 0.0 }
    }

    /// Returns the seconds that are left at this rate, once there is one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
    pub fn seconds_left(&self) -> Option<f64> {
        let rate = self.rate();
        (rate > 0.0).then(|| self.planned.saturating_sub(self.done) as f64 / rate)
    }
}

/// Watches a run. Its functions are called by the run's owner and must be quick.
pub trait Observer: Send + Sync {
    /// Is called when the run begins, after every commit, and twice a second.
    fn progress(&self, progress: &Progress) {
        let _ = progress;
    }

    /// Is called for each trial that failed, before it is committed.
    fn failed(&self, record: &TrialRecord) {
        let _ = record;
    }

    /// Is called once when it is seen that the run will hit a limit.
    fn warning(&self, text: &str) {
        let _ = text;
    }

    /// Is called with what a hook of the file logged, and once for each hook that failed.
    fn said(&self, hook: &'static str, text: &str) {
        let _ = (hook, text);
    }

    /// Is called when no more trials are started although some are left.
    fn stopping(&self, reason: StopReason, under_way: u64) {
        let _ = (reason, under_way);
    }
}

/// An observer that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}
