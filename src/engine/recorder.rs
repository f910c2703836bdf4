//! Commits records in batches, one batch at a time, off the async threads.

use std::future::pending;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::record::{CallRecord, FailureKind, Outcome, Place, TrialRecord};
use crate::store::{Batch, GivenUp, HistoryEvent, RunStatus, Store, StoreError};

/// A batch is committed when it holds this many records …
const BATCH: usize = 1_024;

/// … or when its first record is this old.
const AGE: Duration = Duration::from_millis(200);

/// With more records than this waiting, no trial is started: the disk is behind.
const BACKLOG: usize = 8 * BATCH;

/// What a commit wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Written {
    /// Trials.
    pub(super) trials: u64,
    /// Of those, how many failed.
    pub(super) failed: u64,
    /// Of those failed, how many a hook skipped or let go.
    pub(super) skipped: u64,
}

/// Holds the store and the records that are not on the disk yet.
#[derive(Debug)]
pub(super) struct Recorder {
    /// Here, except while a commit has it.
    store: Option<Store>,
    batch: Batch,
    /// What was last said to be spent and not recorded, in dollars.
    exposed: f64,
    oldest: Option<Instant>,
    commit: Option<JoinHandle<(Store, Result<Written, StoreError>)>>,
}

impl Recorder {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store: Some(store),
            batch: Batch::default(),
            exposed: 0.0,
            oldest: None,
            commit: None,
        }
    }

    /// Takes a record to be committed.
    pub(super) fn take(&mut self, record: TrialRecord) {
        self.begin();
        // The record holds the calls that are not on the disk yet.
        if !self.batch.calls.is_empty() {
            self.batch.calls.remove(&record.place());
        }
        self.batch.trials.push(record);
    }

    /// Takes a call of a trial that is under way.
    pub(super) fn keep(&mut self, place: Place, call: CallRecord) {
        self.begin();
        self.batch.calls.entry(place).or_default().push(call);
    }

    /// Takes a failure whose trial is run again.
    pub(super) fn give_up(&mut self, given_up: GivenUp) {
        self.begin();
        self.batch.calls.remove(&given_up.place);
        self.batch.given_up.push(given_up);
    }

    /// Takes what happened to the run.
    pub(super) fn note(&mut self, events: impl IntoIterator<Item = HistoryEvent>) {
        for event in events {
            self.begin();
            self.batch.events.push(event);
        }
    }

    /// Takes what is spent and not recorded. It is written with the next batch; a change
    /// makes one of its own.
    pub(super) fn expose(&mut self, dollars: f64) {
        if dollars.to_bits() != self.exposed.to_bits() {
            self.begin();
            self.exposed = dollars;
            self.batch.unsettled_usd = Some(dollars);
        }
    }

    fn begin(&mut self) {
        self.oldest.get_or_insert_with(Instant::now);
    }

    /// Says whether records wait in such numbers that no trial should be started.
    pub(super) fn is_behind(&self) -> bool {
        self.batch.trials.len() >= BACKLOG
    }

    /// Says whether everything taken is on the disk.
    pub(super) fn is_settled(&self) -> bool {
        self.oldest.is_none() && self.commit.is_none()
    }

    /// Returns when the batch is to be committed at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let waits = self.commit.is_none();
        self.oldest.filter(|_| waits).map(|oldest| oldest + AGE)
    }

    /// Says whether a commit is to be started now.
    pub(super) fn is_due(&self, at_once: bool) -> bool {
        let due = at_once
            || self.batch.trials.len() >= BATCH
            || self.deadline().is_some_and(|deadline| deadline <= Instant::now());
        due && self.oldest.is_some() && self.store.is_some()
    }

    /// Starts a commit if none is under way and the batch is due, or if it is asked to.
    pub(super) fn flush(&mut self, at_once: bool, at: String) {
        if !self.is_due(at_once) {
            return;
        }
        let Some(mut store) = self.store.take() else { return };
        let batch = Batch { at, ..std::mem::take(&mut self.batch) };
        self.oldest = None;
        self.commit = Some(tokio::task::spawn_blocking(move || {
            let written = store.commit_batch(&batch).map(|trials| {
                let mut written = Written { trials, ..Written::default() };
                for record in &batch.trials {
                    if let Outcome::Failed(failure) = &record.outcome {
                        written.failed += 1;
                        let skipped = failure.kind == FailureKind::Skipped;
                        written.skipped += u64::from(skipped);
                    }
                }
                written
            });
            (store, written)
        }));
    }

    /// Waits until the commit that is under way ends; for ever when none is.
    pub(super) async fn committed(&mut self) -> Result<Written, StoreError> {
        let Some(commit) = &mut self.commit else { return pending().await };
        let joined = commit.await;
        self.commit = None;
        match joined {
            Ok((store, written)) => {
                self.store = Some(store);
                written
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Commits what is left and says how far the run is.
    pub(super) async fn close(
        &mut self,
        status: RunStatus,
        at: String,
    ) -> Result<(), StoreError> {
        let Some(mut store) = self.store.take() else { return Ok(()) };
        let batch = Batch { at, ..std::mem::take(&mut self.batch) };
        let close = tokio::task::spawn_blocking(move || {
            store.commit_batch(&batch)?;
            store.set_status(status)?;
            store.settle()
        });
        match close.await {
            Ok(closed) => closed,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
