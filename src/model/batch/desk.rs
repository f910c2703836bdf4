//! What the calls of a batched model and the batches that carry them have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use indexmap::IndexMap;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::base::{CallId, Digest, Digester};
use crate::model::batch::api::Batched;
use crate::model::contract::CallError;
use crate::record::{Answer, BatchEntry, BatchLedger, Failure, FailureKind};

/// What a call came to in a batch.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It is answered.
    Answered(Answer),
    /// It is not, and costs nothing.
    Failed(CallError),
    /// Its batch may be under way still, and cannot be heard of.
    Left(Failure),
}

/// A call that waits for its outcome.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) outcome: oneshot::Receiver<Outcome>,
    /// Whether the call may have reached the provider.
    pub(super) sent: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Waiter {
    reply: oneshot::Sender<Outcome>,
    sent: Arc<AtomicBool>,
}

/// A call on its way, with those who wait for it.
#[derive(Debug)]
struct Parcel {
    line: Arc<str>,
    dollars: f64,
    waiters: Vec<Waiter>,
}

impl Parcel {
    fn is_awaited(&self) -> bool {
        self.waiters.iter().any(|waiter| !waiter.reply.is_closed())
    }

    fn reply(self, outcome: &Outcome) {
        for waiter in self.waiters {
            // Whoever went away needs no answer.
            let _gone = waiter.reply.send(outcome.clone());
        }
    }
}

/// A batch that is sent, or about to be.
#[derive(Debug, Default)]
struct Running {
    parcels: BTreeMap<CallId, Parcel>,
    /// What an earlier session reserved for each of its calls.
    booked: BTreeMap<CallId, f64>,
    /// What calls came to that nobody has asked for yet.
    outcomes: BTreeMap<CallId, Outcome>,
    /// What all its calls came to, where the batch was given up.
    given_up: Option<Failure>,
}

#[derive(Debug, Default)]
struct State {
    /// Calls that are in no batch yet, in the order in which they came.
    waiting: IndexMap<CallId, Parcel>,
    bytes: usize,
    /// What is reserved for them, in dollars.
    waiting_usd: f64,
    first: Option<Instant>,
    last: Option<Instant>,
    /// The batch that each call is in.
    places: BTreeMap<CallId, Digest>,
    batches: BTreeMap<Digest, Running>,
    /// Batches of earlier sessions that nobody follows yet.
    adopted: Vec<BatchEntry>,
    /// Batches written down in this session, where there is no ledger.
    count: u64,
}

/// The calls and batches of one model.
pub(super) struct Desk {
    pub(super) model: String,
    pub(super) identity: Digest,
    pub(super) batched: Batched,
    ledger: OnceLock<Arc<dyn BatchLedger>>,
    state: Mutex<State>,
    arrived: Notify,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Desk {
    pub(super) fn new(model: String, identity: Digest, batched: Batched) -> Self {
        Self {
            model,
            identity,
            batched,
            ledger: OnceLock::new(),
            state: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// Takes over the batches of this model that earlier sessions left; says how many.
    pub(super) fn adopt(&self, ledger: Arc<dyn BatchLedger>) -> Result<usize, String> {
        let open = ledger.open()?;
        let mut state = self.lock();
        for entry in open.into_iter().filter(|entry| entry.identity == self.identity) {
            let booked = entry.due.iter().map(|&call| (call, entry.share())).collect();
            // A call that was sent again is in the later batch.
            state.places.extend(entry.due.iter().map(|&call| (call, entry.key)));
            state.batches.insert(entry.key, Running { booked, ..Running::default() });
            state.adopted.push(entry);
        }
        let adopted = state.adopted.len();
        drop(state);
        // A second ledger would be that of another run; a gateway has one run.
        let _kept = self.ledger.set(ledger);
        Ok(adopted)
    }

    /// Takes the batches that are to be followed.
    pub(super) fn take_adopted(&self) -> Vec<BatchEntry> {
        std::mem::take(&mut self.lock().adopted)
    }

    /// Returns what is reserved for calls that are in no batch yet, in dollars.
    pub(super) fn unsent_usd(&self) -> f64 {
        self.lock().waiting_usd
    }

    /// Says whether a call is in a batch that is sent.
    pub(super) fn holds(&self, call: CallId) -> bool {
        self.lock().places.contains_key(&call)
    }

    /// Takes what an earlier session reserved for a call; `None` where none did.
    pub(super) fn take_booked(&self, call: CallId) -> Option<f64> {
        let mut state = self.lock();
        let key = *state.places.get(&call)?;
        state.batches.get_mut(&key)?.booked.remove(&call)
    }

    /// Lets a call wait: for the batch that it is in, else for the next one.
    pub(super) fn join(&self, call: CallId, line: &Arc<str>, dollars: f64) -> Ticket {
        let (reply, outcome) = oneshot::channel();
        let sent = Arc::new(AtomicBool::new(false));
        let waiter = Waiter { reply, sent: Arc::clone(&sent) };
        let mut state = self.lock();
        let parcel =
            || Parcel { line: Arc::clone(line), dollars, waiters: Vec::with_capacity(1) };
        if let Some(key) = state.places.get(&call).copied() {
            sent.store(true, Ordering::SeqCst);
            let running = state.batches.entry(key).or_default();
            let known = running
                .outcomes
                .remove(&call)
                .or_else(|| running.given_up.clone().map(Outcome::Left));
            match known {
                Some(outcome) => {
                    if !matches!(outcome, Outcome::Left(_)) {
                        state.places.remove(&call);
                    }
                    drop(state);
                    let _gone = waiter.reply.send(outcome);
                }
                None => {
                    let parcel = running.parcels.entry(call).or_insert_with(parcel);
                    parcel.waiters.push(waiter);
                }
            }
        } else {
            let now = Instant::now();
            state.bytes += line.len() + 1;
            state.waiting_usd += dollars;
            state.first.get_or_insert(now);
            state.last = Some(now);
            state.waiting.entry(call).or_insert_with(parcel).waiters.push(waiter);
            drop(state);
            self.arrived.notify_one();
        }
        Ticket { outcome, sent }
    }

    /// Waits until calls are to be sent: as many as a batch holds, or all that wait once
    /// nothing new has come for a while.
    pub(super) async fn gathered(&self) {
        let terms = self.batched.terms;
        loop {
            let due = {
                let state = self.lock();
                if self.is_full(&state) {
                    return;
                }
                let last = state.last.map(|last| last + terms.quiet);
                let first = state.first.map(|first| first + terms.longest());
                last.min(first)
            };
            let Some(due) = due else {
                self.arrived.notified().await;
                continue;
            };
            if due <= Instant::now() {
                return;
            }
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.arrived.notified() => {}
            }
        }
    }

    fn is_full(&self, state: &State) -> bool {
        let (requests, bytes) = self.batched.api.most();
        state.waiting.len() >= requests || state.bytes >= bytes
    }

    /// Takes the calls of the next batch off the desk and writes it down, with its lines;
    /// `None` where nobody waits any more.
    pub(super) fn load(&self) -> Option<(BatchEntry, Vec<Arc<str>>)> {
        let mut state = self.lock();
        let (most, room) = self.batched.api.most();
        let mut parcels = BTreeMap::new();
        let (mut calls, mut lines, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut rest = IndexMap::new();
        for (call, parcel) in std::mem::take(&mut state.waiting) {
            let size = parcel.line.len() + 1;
            let fits = calls.is_empty() || (calls.len() < most && bytes + size <= room);
            if !parcel.is_awaited() {
                continue;
            } else if !fits || !rest.is_empty() {
                rest.insert(call, parcel);
            } else {
                bytes += size;
                calls.push(call);
                lines.push(Arc::clone(&parcel.line));
                parcels.insert(call, parcel);
            }
        }
        state.bytes = rest.values().map(|parcel: &Parcel| parcel.line.len() + 1).sum();
        state.waiting_usd = rest.values().map(|parcel| parcel.dollars).sum();
        if rest.is_empty() {
            (state.first, state.last) = (None, None);
        }
        state.waiting = rest;
        if calls.is_empty() {
            return None;
        }
        state.count += 1;
        let stamp = self.ledger.get().map(|ledger| ledger.stamp());
        let (begun, count) = match stamp {
            Some(Ok(stamp)) => stamp,
            // Where it cannot be read it cannot be written, which is told then.
            Some(Err(_)) | None => (0, state.count),
        };
        let mut digester = Digester::new("batch").digest(&self.identity).clone();
        digester.number(begun.unsigned_abs()).number(count);
        for call in &calls {
            digester.bytes(call.as_bytes());
        }
        let key = digester.finish();
        let usd = parcels.values().map(|parcel| parcel.dollars).sum();
        state.places.extend(calls.iter().map(|&call| (call, key)));
        state.batches.insert(key, Running { parcels, ..Running::default() });
        let entry = BatchEntry {
            key,
            model: self.model.clone(),
            identity: self.identity,
            due: calls.iter().copied().collect(),
            calls,
            usd,
            begun,
            id: None,
        };
        Some((entry, lines))
    }

    /// Says that the calls of a batch may reach the provider from now on.
    pub(super) fn at_risk(&self, key: &Digest) {
        let state = self.lock();
        let running = state.batches.get(key);
        let parcels = running.into_iter().flat_map(|running| running.parcels.values());
        for waiter in parcels.flat_map(|parcel| &parcel.waiters) {
            waiter.sent.store(true, Ordering::SeqCst);
        }
    }

    /// Hands out what the calls of a batch came to; what nobody waits for is kept until
    /// somebody does.
    pub(super) fn hand_out(&self, key: &Digest, outcomes: BTreeMap<CallId, Outcome>) {
        let mut state = self.lock();
        for (call, outcome) in outcomes {
            if state.places.get(&call) != Some(key) {
                continue;
            }
            let Some(running) = state.batches.get_mut(key) else { return };
            if let Some(parcel) = running.parcels.remove(&call) {
                state.places.remove(&call);
                parcel.reply(&outcome);
            } else {
                running.outcomes.insert(call, outcome);
            }
        }
    }

    /// Says that a batch cannot be heard of in this session. Its calls stay in it.
    pub(super) fn give_up(&self, key: &Digest, failure: &Failure) {
        let mut state = self.lock();
        let Some(running) = state.batches.get_mut(key) else { return };
        running.given_up = Some(failure.clone());
        for parcel in std::mem::take(&mut running.parcels).into_values() {
            parcel.reply(&Outcome::Left(failure.clone()));
        }
    }

    /// Lets calls of a batch wait for the next one; those that nobody asked for yet are
    /// free.
    pub(super) fn requeue(&self, key: &Digest, calls: &BTreeSet<CallId>) {
        let mut state = self.lock();
        let now = Instant::now();
        for call in calls {
            if state.places.get(call) == Some(key) {
                state.places.remove(call);
            }
            let running = state.batches.get_mut(key);
            let Some(parcel) = running.and_then(|running| running.parcels.remove(call))
            else {
                continue;
            };
            for waiter in &parcel.waiters {
                waiter.sent.store(false, Ordering::SeqCst);
            }
            state.bytes += parcel.line.len() + 1;
            state.waiting.insert(*call, parcel);
            state.first.get_or_insert(now);
            state.last = Some(now);
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Does something with the ledger, where there is one, off the async threads.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        otherwise: T,
        work: impl FnOnce(&dyn BatchLedger) -> Result<T, String> + Send + 'static,
    ) -> Result<T, Failure> {
        let Some(ledger) = self.ledger.get().cloned() else { return Ok(otherwise) };
        let done = tokio::task::spawn_blocking(move || work(&*ledger)).await;
        done.unwrap_or_else(|error| Err(error.to_string())).map_err(|message| {
            let message = format!("the batch cannot be written down: {message}");
            Failure::new(FailureKind::Cancelled, message)
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
