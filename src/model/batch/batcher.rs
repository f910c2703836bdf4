//! The batcher of a model: it begins with the first call, and ends with the gateway.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use crate::base::{CallId, Digest};
use crate::model::batch::api::Batched;
use crate::model::batch::desk::{Desk, Ticket};
use crate::model::batch::follow::{resume, send};
use crate::model::contract::{CallError, Price};
use crate::record::BatchLedger;

/// Gathers the calls of one model, sends them in batches and hands out the answers.
#[derive(Debug)]
pub(in crate::model) struct Batcher {
    pub(super) desk: Arc<Desk>,
    /// Whether batches of an earlier session may hold calls.
    adopted: AtomicBool,
    /// The one task that gathers; it ends with the batcher.
    work: Mutex<Option<JoinSet<()>>>,
}

impl Batcher {
    pub(in crate::model) fn new(model: &str, identity: Digest, batched: Batched) -> Self {
        Self {
            desk: Arc::new(Desk::new(model.to_owned(), identity, batched)),
            adopted: AtomicBool::new(false),
            work: Mutex::default(),
        }
    }

    /// Says where batches are written down, and takes over those that are there.
    pub(in crate::model) fn keep(
        &self,
        ledger: &Arc<dyn BatchLedger>,
    ) -> Result<(), String> {
        let adopted = self.desk.adopt(Arc::clone(ledger))?;
        self.adopted.store(adopted > 0, Ordering::SeqCst);
        Ok(())
    }

    /// Says whether a call goes this way: all of a batched model do, and of any other those
    /// that are in a batch already.
    pub(in crate::model) fn takes(&self, call: CallId) -> bool {
        self.desk.batched.on
            || (self.adopted.load(Ordering::Relaxed) && self.desk.holds(call))
    }

    /// Asks the provider to stop working on a batch.
    pub(in crate::model) async fn cancel(&self, id: &str) -> Result<(), CallError> {
        self.desk.batched.api.cancel(id).await
    }

    /// Returns the identity of its model.
    pub(in crate::model) fn identity(&self) -> Digest {
        self.desk.identity
    }

    /// Returns what is reserved for its calls that are in no batch yet, in dollars.
    pub(in crate::model) fn unsent_usd(&self) -> f64 {
        if self.desk.batched.on { self.desk.unsent_usd() } else { 0.0 }
    }

    pub(super) fn price(&self) -> Option<Price> {
        self.desk.batched.price
    }

    /// Lets a call wait for its outcome.
    pub(super) fn join(&self, call: CallId, line: &Arc<str>, dollars: f64) -> Ticket {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.get_or_insert_with(|| {
            let mut tasks = JoinSet::new();
            tasks.spawn(gather(Arc::clone(&self.desk)));
            tasks
        });
        drop(work);
        self.desk.join(call, line, dollars)
    }
}

/// Sends what gathers, for ever; follows what was sent.
async fn gather(desk: Arc<Desk>) {
    let mut batches = JoinSet::new();
    for entry in desk.take_adopted() {
        batches.spawn(resume(Arc::clone(&desk), entry));
    }
    loop {
        tokio::select! {
            () = desk.gathered() => {
                if let Some((entry, lines)) = desk.load() {
                    batches.spawn(send(Arc::clone(&desk), entry, lines));
                }
            }
            Some(_) = batches.join_next(), if !batches.is_empty() => {}
        }
    }
}
