//! Recording: calls go to a thread that writes them in batches.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::time::Instant;

use super::write::Entry;
use super::{Exchanges, locked};
use crate::base::CallId;
use crate::record::{CallRecord, Exchange, Failure, FailureKind, Tape};
use crate::store::error::StoreError;
use crate::store::run::Store;

/// Calls that may wait to be written; with more of them the next call waits too.
const WAITING: usize = 16_384;

/// A batch is committed when it holds so many calls …
const BATCH: usize = 512;

/// … or when its first call is this old.
const AGE: Duration = Duration::from_millis(200);

struct Call {
    item: String,
    record: CallRecord,
    exchanges: Vec<Exchange>,
}

/// Records calls into a file. What it was given is on the disk when it is finished; a crash
/// loses what came in the last moment, and never more.
pub struct Recorder {
    exchanges: Arc<Exchanges>,
    calls: Mutex<Option<SyncSender<Call>>>,
    thread: Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("exchanges", &self.exchanges).finish()
    }
}

impl Recorder {
    /// Begins to record into a file that was opened to be written.
    #[must_use]
    pub fn start(exchanges: Exchanges) -> Self {
        let exchanges = Arc::new(exchanges);
        let (sender, receiver) = sync_channel(WAITING);
        let writer = Arc::clone(&exchanges);
        let thread = std::thread::spawn(move || write(&writer, &receiver));
        Self {
            exchanges,
            calls: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
        }
    }

    /// Writes what is left and ends.
    ///
    /// # Errors
    ///
    /// When a call could not be written, now or before.
    pub fn finish(&self) -> Result<(), StoreError> {
        drop(locked(&self.calls).take());
        let Some(thread) = locked(&self.thread).take() else { return Ok(()) };
        match thread.join() {
            Ok(written) => written.and_then(|()| self.exchanges.settle()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Adds the calls of a run's trials that are not recorded: those that were made before
    /// the recording began. What went over the wire for them is not known any more.
    ///
    /// # Errors
    ///
    /// When the run cannot be read or the recording not written.
    pub fn complete(&self, run: &Store) -> Result<(), StoreError> {
        run.each_call(BATCH, |calls| {
            let missing: Vec<Entry<'_>> = calls
                .iter()
                .filter(|(_, record)| !self.holds(record.id))
                .map(|(item, record)| Entry { record, item: Some(item), exchanges: &[] })
                .collect();
            self.exchanges.write(&missing, false)
        })?;
        self.exchanges.settle()
    }

    fn holds(&self, id: CallId) -> bool {
        self.exchanges.look(id).is_some()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::error!(%error, "the recording is not whole");
        }
    }
}

impl Tape for Recorder {
    fn keep(&self, item: &str, record: &CallRecord, exchanges: Vec<Exchange>) {
        if !is_a_fact(record) {
            return;
        }
        let Some(sender) = locked(&self.calls).clone() else { return };
        let call = Call { item: item.to_owned(), record: record.clone(), exchanges };
        // When the thread is gone it has failed, and says so at the end.
        let _gone = sender.send(call);
    }
}

/// Says whether a call would have ended so whenever it was made: it was not the budget, the
/// network or the user that kept it from being made. That a call lost a race is a fact.
fn is_a_fact(record: &CallRecord) -> bool {
    let lost = |failure: &Failure| failure.message == Failure::DROPPED;
    if record.result.as_ref().is_err_and(lost) {
        return true;
    }
    !record.result.as_ref().is_err_and(|failure| {
        matches!(
            failure.kind,
            FailureKind::Budget
                | FailureKind::Offline
                | FailureKind::NotReplayed
                | FailureKind::Unreachable
                | FailureKind::Cancelled
        )
    })
}

fn write(exchanges: &Exchanges, calls: &Receiver<Call>) -> Result<(), StoreError> {
    let mut batch: Vec<Call> = Vec::new();
    let mut due = Instant::now() + AGE;
    loop {
        let ended =
            match calls.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(call) => {
                    if batch.is_empty() {
                        due = Instant::now() + AGE;
                    }
                    batch.push(call);
                    if batch.len() < BATCH {
                        continue;
                    }
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
        due = Instant::now() + AGE;
        let entries: Vec<Entry<'_>> = batch
            .iter()
            .map(|call| Entry {
                record: &call.record,
                item: Some(&call.item),
                exchanges: &call.exchanges,
            })
            .collect();
        exchanges.write(&entries, true)?;
        batch.clear();
        if ended {
            return Ok(());
        }
    }
}
