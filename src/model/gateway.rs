//! The one way to a model: cache, limits, budget, timeout, retries and the record.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::model::backoff::{PATIENCE, wait};
use crate::model::batch::{Batcher, Carried, Way, carry};
use crate::model::contract::{Attempted, Estimate, Profile};
use crate::model::failed::{broke, late, may_be_billed, told};
use crate::model::health::Probe;
use crate::model::journal::Journal;
use crate::model::lane::{Lane, Limits};
use crate::model::overhear::overheard;
use crate::model::provider::BuildError;
use crate::model::purse::{Purse, Reservation};
use crate::model::settings::{GatewaySettings, ModelRef, Spending};
use crate::model::state::{Demand, LaneState};
use crate::model::underway::{Nobody, Underway, Witness};
use crate::model::window::Room;
use crate::record::{
    Answer, BatchEntry, BatchLedger, CallRecord, Failure, FailureKind, LimitEvent,
    Message, Request,
};

/// The timeout of an attempt where neither the model nor the experiment sets one.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What to do about a price that nobody knows.
const PRICE_HELP: &str = "give `price: [$0.15/Mtok, $0.60/Mtok]` with the model's own prices, or leave the budget out";

/// The one way to a model.
///
/// The latency of a call is the time of its attempts; what it waited for limits, the budget
/// and the next attempt is recorded apart. A call that is dropped gives back what it held,
/// and what its request may have cost is booked.
#[derive(Debug)]
pub struct Gateway {
    lanes: Vec<LaneState>,
    models: Vec<ModelRef>,
    settings: GatewaySettings,
    purse: Purse,
    counts: Counts,
    journal: Journal,
    stopping: AtomicBool,
    stopped: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    retries: AtomicU64,
    cached: AtomicU64,
    waiting: AtomicU64,
}

/// What an admitted attempt holds until it ends.
struct Pass<'a> {
    _room: Option<Room<'a>>,
    probe: Option<Probe<'a>>,
    reservation: Reservation<'a>,
}

/// Whether a call waits, counted while it lives.
struct Waiting<'a>(&'a AtomicU64);

impl<'a> Waiting<'a> {
    fn on(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gateway {
    /// Returns the gateway in front of these models.
    #[must_use]
    pub fn new(lanes: Vec<Lane>, settings: GatewaySettings) -> Self {
        let models = lanes
            .iter()
            .enumerate()
            .map(|(index, lane)| ModelRef {
                index,
                name: Arc::from(lane.name.as_str()),
                digest: lane.digest,
            })
            .collect();
        let known = |lane: &Lane| settings.windows.get(&lane.name).copied();
        let lanes = lanes
            .into_iter()
            .map(|lane| {
                let window = known(&lane);
                LaneState::new(lane, window)
            })
            .collect();
        let purse = Purse::new(settings.budget, settings.spent_usd);
        Self {
            lanes,
            models,
            settings,
            purse,
            counts: Counts::default(),
            journal: Journal::new(),
            stopping: AtomicBool::new(false),
            stopped: Notify::new(),
        }
    }

    /// Returns the models, in the order in which they were given.
    #[must_use]
    pub fn models(&self) -> &[ModelRef] {
        &self.models
    }

    pub(super) fn settings(&self) -> &GatewaySettings {
        &self.settings
    }

    /// Returns what is known of a model.
    #[must_use]
    pub fn profile(&self, model: &ModelRef) -> Profile {
        self.lanes.get(model.index).map(|state| state.profile).unwrap_or_default()
    }

    /// Returns what holds the calls of a model back.
    #[must_use]
    pub fn limits(&self, model: &ModelRef) -> Limits {
        self.lanes.get(model.index).map(|state| state.lane.limits).unwrap_or_default()
    }

    /// Estimates what a request to a model will take.
    #[must_use]
    pub fn estimate(
        &self,
        model: &ModelRef,
        system: Option<&str>,
        messages: &[Message],
    ) -> Estimate {
        self.profile(model).estimate(system, messages)
    }

    /// Says whether the run could start: every model has what it needs, such as a key, and
    /// the budget can hold. Offline and in a replay nothing is sent and nothing is needed.
    ///
    /// # Errors
    ///
    /// Names every model that could not be asked, and what to do.
    pub fn ready(&self) -> Result<(), BuildError> {
        if self.settings.offline || self.settings.replay.is_some() {
            return Ok(());
        }
        let mut problems = Vec::new();
        let mut missing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut unpriced = false;
        for state in &self.lanes {
            let name = state.lane.name.as_str();
            if let Err(what) = state.lane.model.ready() {
                missing.entry(what).or_default().push(name);
            }
            let profile = &state.profile;
            let billed = profile.network && !profile.loopback && !profile.free;
            if self.purse.budget().is_some() && billed && profile.price.is_none() {
                unpriced = true;
                problems.push(format!(
                    "the price of model `{name}` is unknown, so no budget can hold it"
                ));
            }
        }
        let missing = missing.into_iter().map(|(what, names)| {
            let models = if names.len() == 1 { "model" } else { "models" };
            format!("{models} `{}` cannot be asked: {what}", names.join("`, `"))
        });
        problems.splice(0..0, missing);
        if problems.is_empty() {
            return Ok(());
        }
        let error = BuildError::new(problems.join("; "));
        Err(if unpriced { error.with_help(PRICE_HELP) } else { error })
    }

    /// Returns what was spent and asked so far.
    #[must_use]
    pub fn spending(&self) -> Spending {
        let ledger = self.purse.ledger();
        Spending {
            spent_usd: ledger.spent,
            presumed_usd: ledger.presumed,
            reserved_usd: (ledger.reserved - self.unsent_usd()).max(0.0),
            unknown_calls: ledger.unknown,
            requests: self.counts.requests.load(Ordering::Relaxed),
            retries: self.counts.retries.load(Ordering::Relaxed),
            cached: self.counts.cached.load(Ordering::Relaxed),
            waiting: self.counts.waiting.load(Ordering::Relaxed),
            exhausted: ledger.exhausted,
        }
    }

    /// Returns what is reserved for calls that wait for a batch which is not sent.
    fn unsent_usd(&self) -> f64 {
        let batchers = self.lanes.iter().filter_map(|state| state.batcher.as_ref());
        batchers.map(Batcher::unsent_usd).sum()
    }

    /// Takes what became of the models' limits since the last look, oldest first.
    #[must_use]
    pub fn take_events(&self) -> Vec<LimitEvent> {
        self.journal.take()
    }

    /// Lets no new attempt start. Requests under way are finished; calls that wait fail.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.stopped.notify_waiters();
    }

    /// Makes a call and writes down what happened. `place` is where in the strategy tree it
    /// was made.
    ///
    /// Dropping the future ends the request.
    pub async fn ask(
        &self,
        model: &ModelRef,
        request: Request,
        place: String,
    ) -> CallRecord {
        self.ask_before(model, request, place, &Nobody).await
    }

    /// Makes a call as [`Gateway::ask`] does, before a witness who hears when its request
    /// leaves, and what it took if it is dropped.
    pub async fn ask_before(
        &self,
        model: &ModelRef,
        request: Request,
        place: String,
        witness: &dyn Witness,
    ) -> CallRecord {
        let mut call = Underway::new(request, place, &model.name, witness);
        let Some(state) = self.lanes.get(model.index) else { return call.end().0 };
        let replay = self.settings.replay.as_ref().filter(|_| !state.profile.kept);
        let tape = self.settings.tape.as_ref().filter(|_| !state.profile.kept);
        let mut exchanges = Vec::new();
        if let Some(recording) = replay {
            match recording.play(&call.request, &call.record.place, &call.record.model) {
                Ok(played) => call.record = played,
                Err(failure) => call.record.result = Err(failure),
            }
        } else if tape.is_some() {
            let work = self.fill(state, &mut call);
            exchanges = Box::pin(overheard(work)).await.1;
        } else {
            self.fill(state, &mut call).await;
        }
        let (record, request) = call.end();
        if let Some(tape) = tape {
            tape.keep(&request.item.id, &record, exchanges);
        }
        record
    }

    async fn fill(&self, state: &LaneState, call: &mut Underway<'_>) {
        let profile = &state.profile;
        let looked = profile.cacheable && !self.settings.refresh;
        if let Some(cache) = self.settings.cache.as_ref().filter(|_| looked)
            && let Some(answer) = cache.find(call.request.id)
        {
            self.counts.cached.fetch_add(1, Ordering::Relaxed);
            call.record.result = Ok(answer);
            call.record.cached = true;
            return;
        }
        if self.settings.offline && profile.network {
            let message = format!("`{}` has no answer kept for it", call.record.model);
            call.record.result = Err(Failure::new(FailureKind::Offline, message));
            return;
        }
        if profile.kept {
            let answer = state.lane.model.answer(&call.request).await;
            call.record.result = answer.map_err(|e| e.failure);
            call.record.cost = None;
            return;
        }
        if let Some(batcher) = state.batcher.as_ref().filter(|b| b.takes(call.request.id))
        {
            let Underway { request, record, .. } = call;
            self.by_batch(state, batcher, request, record).await;
            return;
        }
        let result = self.carry_out(state, call).await;
        call.measure();
        call.record.cost = match &result {
            Ok(answer) => profile.price.and_then(|price| price.of_answer(answer)),
            Err(_) if call.tally.presumed.is_some() => None,
            Err(_) => Some(0.0),
        };
        call.record.result = result;
    }

    /// Lets the call wait for a batch that answers it.
    async fn by_batch(
        &self,
        state: &LaneState,
        batcher: &Batcher,
        request: &Request,
        record: &mut CallRecord,
    ) {
        let begun = Instant::now();
        let mut carried = Carried::default();
        let way = Way {
            batcher,
            purse: &self.purse,
            profile: &state.profile,
            most: state.demand(request).most,
            attempts: state.lane.limits.attempts,
            seed: self.settings.seed,
        };
        let work = carry(way, request, &mut carried, broke);
        record.result = self.unless_stopped(work).await;
        let attempts = u64::from(carried.attempts);
        self.counts.requests.fetch_add(attempts, Ordering::Relaxed);
        self.counts.retries.fetch_add(attempts.saturating_sub(1), Ordering::Relaxed);
        record.attempts = carried.attempts;
        record.waited = begun.elapsed().as_secs_f64();
        record.cost = carried.cost;
    }

    /// Says where batches are written down. Calls that belong to a batch which is there
    /// already will wait for it.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn keep_batches(&self, ledger: &Arc<dyn BatchLedger>) -> Result<(), BuildError> {
        let batchers = self.lanes.iter().filter_map(|state| state.batcher.as_ref());
        for batcher in batchers {
            batcher.keep(ledger).map_err(BuildError::new)?;
        }
        Ok(())
    }

    /// Asks the provider of a batch to stop working on it.
    ///
    /// # Errors
    ///
    /// When no model of the run has the batch, or the provider cannot be asked or refuses.
    pub async fn cancel_batch(&self, entry: &BatchEntry) -> Result<(), Failure> {
        let mut batchers = self.lanes.iter().filter_map(|state| state.batcher.as_ref());
        let batcher = batchers.find(|batcher| batcher.identity() == entry.identity);
        match (batcher, &entry.id) {
            (Some(batcher), Some(id)) => batcher.cancel(id).await.map_err(|e| e.failure),
            (None, _) => {
                Err(Failure::new(FailureKind::NotFound, "no model of the file sent it"))
            }
            (_, None) => {
                Err(Failure::new(FailureKind::NotFound, "its provider gave it no id yet"))
            }
        }
    }

    /// Attempts the call until it is answered, fails for good or has no attempt left.
    async fn carry_out(
        &self,
        state: &LaneState,
        call: &mut Underway<'_>,
    ) -> Result<Answer, Failure> {
        let demand = state.demand(&call.request);
        let limits = &state.lane.limits;
        let limit = limits.timeout.or(self.settings.timeout).unwrap_or(TIMEOUT);
        loop {
            let attempt = call.tally.attempts;
            let mut pass = self.admit(state, &demand).await?;
            self.counts.requests.fetch_add(1, Ordering::Relaxed);
            self.counts.retries.fetch_add(u64::from(attempt > 0), Ordering::Relaxed);
            call.admitted();
            pass.reservation.at_risk(demand.most);
            let start = call.tally.leaves(pass.probe.is_some(), demand.most);
            let work = state.lane.model.attempt(&call.request, attempt);
            let Attempted { result, quota, first_token } =
                timeout(limit, work).await.unwrap_or_else(|_| late(limit).into());
            let took = call.tally.ended(first_token.filter(|_| result.is_ok()));
            if let Some(quota) = quota {
                state.heed(&quota, &self.journal);
            }
            let error = match result {
                Ok(answer) => {
                    let Pass { reservation, .. } = pass;
                    state.settle(reservation, &demand, &answer);
                    state.answered(start, took, &self.journal);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            state.failed(call.request.id, start, &error, &self.journal);
            if error.begun || may_be_billed(error.failure.kind) {
                // The reservation is dropped, which books it.
                *call.tally.presumed.get_or_insert(0.0) += demand.most;
            } else {
                let Pass { reservation, .. } = pass;
                reservation.settle(Some(0.0), false);
            }
            let last = call.tally.charged >= limits.attempts;
            let patient = error.retry_after.is_none_or(|asked| asked <= PATIENCE);
            if last || !patient || !error.failure.kind.is_retryable() {
                return Err(told(error, call.tally.attempts));
            }
            let id = call.request.id;
            let delay = wait(self.settings.seed, id, attempt, error.retry_after);
            self.unless_stopped(async {
                sleep(delay).await;
                Ok(())
            })
            .await?;
        }
    }

    /// Waits for somebody to be there, for room, money and the rates, in this order.
    async fn admit<'a>(
        &'a self,
        state: &'a LaneState,
        demand: &Demand,
    ) -> Result<Pass<'a>, Failure> {
        self.unless_stopped(async {
            loop {
                let probe = state.health.admit().await?;
                let room = state.enter().await;
                let reservation = self.purse.reserve(demand.most).await.map_err(broke)?;
                state.throttle.pace(demand.tokens).await;
                // What was well before the wait may not be so after it.
                if probe.is_some() || state.health.is_well() {
                    return Ok(Pass { _room: room, probe, reservation });
                }
            }
        })
        .await
    }

    /// Waits for `work` unless the gateway is stopped first.
    async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        // Made before the flag is read, so that no stop slips in between.
        let stopped = self.stopped.notified();
        let cancelled = || Failure::new(FailureKind::Cancelled, "the run was stopped");
        if self.stopping.load(Ordering::SeqCst) {
            return Err(cancelled());
        }
        let _waiting = Waiting::on(&self.counts.waiting);
        tokio::select! {
            biased;
            result = work => result,
            () = stopped => Err(cancelled()),
        }
    }
}
