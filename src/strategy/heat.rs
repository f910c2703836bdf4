//! What the runs of a race tell the race: when they were admitted, and that they lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;
use tokio::time::Instant;

/// One run of a race, as far as the calls below it matter to the race.
#[derive(Debug, Default)]
pub(super) struct Heat {
    outer: Option<Arc<Self>>,
    admitted: OnceLock<Instant>,
    /// A replay came to a call that the recorded race had cancelled.
    has_lost: AtomicBool,
    /// The race has its winner: what is dropped now lost it.
    is_decided: AtomicBool,
    changed: Notify,
}

impl Heat {
    /// Returns a run below another one.
    pub(super) fn below(outer: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self { outer, ..Self::default() })
    }

    /// Notes that the first request of the run leaves.
    pub(super) fn admit(&self) {
        if self.admitted.set(Instant::now()).is_ok() {
            self.changed.notify_waiters();
        }
        if let Some(outer) = &self.outer {
            outer.admit();
        }
    }

    /// Waits until the first request of the run leaves.
    pub(super) async fn admitted(&self) -> Instant {
        loop {
            let changed = self.changed.notified();
            if let Some(at) = self.admitted.get() {
                return *at;
            }
            changed.await;
        }
    }

    /// Notes that the run lost the race that is replayed.
    pub(super) fn lose(&self) {
        self.has_lost.store(true, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// Waits until the run has lost.
    pub(super) async fn lost(&self) {
        loop {
            let changed = self.changed.notified();
            if self.has_lost.load(Ordering::SeqCst) {
                return;
            }
            changed.await;
        }
    }

    /// Notes that the race of this run has its winner.
    pub(super) fn decide(&self) {
        self.is_decided.store(true, Ordering::SeqCst);
    }

    /// Says whether a race around this run has its winner.
    pub(super) fn is_decided(&self) -> bool {
        self.is_decided.load(Ordering::SeqCst)
            || self.outer.as_ref().is_some_and(|outer| outer.is_decided())
    }
}
