//! Commits records in batches, one batch at a time, off the async threads.

use std::future::pending;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::record::{Outcome, TrialRecord};
use crate::store::{RunStatus, Store, StoreError};

/// A batch is committed when it holds this many records …
const BATCH: usize = 512;

/// … or when its first record is this old.
const AGE: Duration = Duration::from_millis(200);

/// With more records than this waiting, no trial is started: the disk is behind.
const BACKLOG: usize = 8 * BATCH;

/// What a commit wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// Trials.
    pub(super) trials: u64,
    /// Of those, how many failed.
    pub(super) failed: u64,
}

/// Holds the store and the records that are not on the disk yet.
#[derive(Debug)]
pub(super) struct Recorder {
    /// Here, except while a commit has it.
    store: Option<Store>,
    batch: Vec<TrialRecord>,
    oldest: Option<Instant>,
    commit: Option<JoinHandle<(Store, Result<Written, StoreError>)>>,
}

impl Recorder {
    pub(super) fn new(store: Store) -> Self {
        Self { store: Some(store), batch: Vec::new(), oldest: None, commit: None }
    }

    /// Takes a record to be committed.
    pub(super) fn take(&mut self, record: TrialRecord) {
        if self.batch.is_empty() {
            self.oldest = Some(Instant::now());
        }
        self.batch.push(record);
    }

    /// Says whether records wait in such numbers that no trial should be started.
    pub(super) fn is_behind(&self) -> bool {
        self.batch.len() >= BACKLOG
    }

    /// Says whether everything taken is on the disk.
    pub(super) fn is_settled(&self) -> bool {
        self.batch.is_empty() && self.commit.is_none()
    }

    /// Returns when the batch is to be committed at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let waits = self.commit.is_none();
        self.oldest.filter(|_| waits).map(|oldest| oldest + AGE)
    }

    /// Starts a commit if none is under way and the batch is due, or if it is asked to.
    pub(super) fn flush(&mut self, at_once: bool) {
        let due = at_once
            || self.batch.len() >= BATCH
            || self.deadline().is_some_and(|deadline| deadline <= Instant::now());
        if !due || self.batch.is_empty() {
            return;
        }
        let Some(mut store) = self.store.take() else { return };
        let batch = std::mem::take(&mut self.batch);
        self.oldest = None;
        self.commit = Some(tokio::task::spawn_blocking(move || {
            let written = store.commit(&batch).map(|trials| Written {
                trials,
                failed: batch
                    .iter()
                    .filter(|record| matches!(record.outcome, Outcome::Failed(_)))
                    .count() as u64,
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
    pub(super) async fn close(&mut self, status: RunStatus) -> Result<(), StoreError> {
        let Some(mut store) = self.store.take() else { return Ok(()) };
        let close = tokio::task::spawn_blocking(move || {
            store.set_status(status)?;
            store.settle()
        });
        match close.await {
            Ok(closed) => closed,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
