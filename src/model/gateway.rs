//! The one way to a model: cache, limits, budget, timeout, retries and the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};

use crate::model::backoff::{PATIENCE, wait};
use crate::model::contract::{CallError, Estimate, Profile};
use crate::model::lane::Lane;
use crate::model::provider::BuildError;
use crate::model::purse::{Exhausted, Purse, Reservation};
use crate::model::settings::{GatewaySettings, ModelRef, Spending};
use crate::model::throttle::Throttle;
use crate::record::{Answer, CallRecord, Failure, FailureKind, Message, Request};

/// The timeout of an attempt where neither the model nor the experiment sets one.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Tokens that are reserved for an answer before any was seen.
const FIRST_ANSWER: u64 = 1_024;

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

#[derive(Debug)]
struct LaneState {
    lane: Lane,
    profile: Profile,
    throttle: Throttle,
    /// The longest answer seen, in tokens.
    longest: AtomicU64,
}

/// What is set aside for one attempt.
#[derive(Debug, Clone, Copy)]
struct Demand {
    tokens: u64,
    /// Dollars that are reserved.
    most: f64,
    /// Dollars that the attempt will probably cost.
    likely: f64,
}

/// What an admitted attempt holds until it ends.
struct Pass<'a> {
    _permit: Option<SemaphorePermit<'a>>,
    reservation: Reservation<'a>,
}

/// What the attempts at one call took so far.
#[derive(Default)]
struct Tally {
    attempts: u32,
    busy: Duration,
    /// Whether an attempt was lost that may be billed.
    lost: bool,
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
        let lanes = lanes.into_iter().map(LaneState::new).collect();
        let purse = Purse::new(settings.budget, settings.spent_usd);
        Self {
            lanes,
            models,
            settings,
            purse,
            counts: Counts::default(),
            stopping: AtomicBool::new(false),
            stopped: Notify::new(),
        }
    }

    /// Returns the models, in the order in which they were given.
    #[must_use]
    pub fn models(&self) -> &[ModelRef] {
        &self.models
    }

    /// Returns what is known of a model.
    #[must_use]
    pub fn profile(&self, model: &ModelRef) -> Profile {
        self.lanes.get(model.index).map(|state| state.profile).unwrap_or_default()
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
    /// the budget can hold. Offline, only the cache is asked and nothing is needed.
    ///
    /// # Errors
    ///
    /// Names the first model that could not be asked, and what to do.
    pub fn ready(&self) -> Result<(), BuildError> {
        if self.settings.offline {
            return Ok(());
        }
        for state in &self.lanes {
            let name = &state.lane.name;
            state.lane.model.ready().map_err(|missing| {
                BuildError::new(format!("model `{name}` cannot be asked: {missing}"))
            })?;
            let profile = &state.profile;
            let billed = profile.network && !profile.loopback && !profile.free;
            if self.purse.budget().is_some() && billed && profile.price.is_none() {
                return Err(BuildError::new(format!(
                    "the price of model `{name}` is unknown, so no budget can hold it"
                ))
                .with_help(
                    "give `price: [$0.15/Mtok, $0.60/Mtok]` with the model's own prices, or leave the budget out",
                ));
            }
        }
        Ok(())
    }

    /// Returns what was spent and asked so far.
    #[must_use]
    pub fn spending(&self) -> Spending {
        let ledger = self.purse.ledger();
        Spending {
            spent_usd: ledger.spent,
            presumed_usd: ledger.presumed,
            reserved_usd: ledger.reserved,
            unknown_calls: ledger.unknown,
            requests: self.counts.requests.load(Ordering::Relaxed),
            retries: self.counts.retries.load(Ordering::Relaxed),
            cached: self.counts.cached.load(Ordering::Relaxed),
            waiting: self.counts.waiting.load(Ordering::Relaxed),
            exhausted: ledger.exhausted,
        }
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
        let mut record = CallRecord {
            id: request.id,
            place,
            model: model.name.as_ref().to_owned(),
            system: None,
            messages: Vec::new(),
            result: Err(Failure::new(FailureKind::NotFound, "no such model")),
            attempts: 0,
            latency: None,
            waited: 0.0,
            cost: Some(0.0),
            cached: false,
        };
        if let Some(state) = self.lanes.get(model.index) {
            self.fill(state, &request, &mut record).await;
        }
        record.system = request.system;
        record.messages = request.messages;
        record
    }

    async fn fill(&self, state: &LaneState, request: &Request, record: &mut CallRecord) {
        let profile = &state.profile;
        if let Some(cache) = self.settings.cache.as_ref().filter(|_| profile.cacheable)
            && let Some(answer) = cache.find(request.id)
        {
            self.counts.cached.fetch_add(1, Ordering::Relaxed);
            record.result = Ok(answer);
            record.cached = true;
            return;
        }
        if self.settings.offline && profile.network {
            let message = format!("`{}` has no answer kept for it", record.model);
            record.result = Err(Failure::new(FailureKind::Offline, message));
            return;
        }
        if profile.kept {
            record.result = state.lane.model.answer(request).await.map_err(|e| e.failure);
            record.cost = None;
            return;
        }
        let begun = Instant::now();
        let mut tally = Tally::default();
        let result = self.carry_out(state, request, &mut tally).await;
        record.attempts = tally.attempts;
        record.latency = (tally.attempts > 0).then_some(tally.busy.as_secs_f64());
        record.waited = begun.elapsed().saturating_sub(tally.busy).as_secs_f64();
        record.cost = match &result {
            Ok(answer) => profile
                .price
                .and_then(|price| price.of(answer.tokens_in, answer.tokens_out)),
            Err(_) if tally.lost => None,
            Err(_) => Some(0.0),
        };
        record.result = result;
    }

    /// Attempts the call until it is answered, fails for good or has no attempt left.
    async fn carry_out(
        &self,
        state: &LaneState,
        request: &Request,
        tally: &mut Tally,
    ) -> Result<Answer, Failure> {
        let demand = state.demand(request);
        let limits = &state.lane.limits;
        let limit = limits.timeout.or(self.settings.timeout).unwrap_or(TIMEOUT);
        loop {
            let attempt = tally.attempts;
            let mut pass = self.admit(state, &demand).await?;
            self.counts.requests.fetch_add(1, Ordering::Relaxed);
            self.counts.retries.fetch_add(u64::from(attempt > 0), Ordering::Relaxed);
            tally.attempts += 1;
            pass.reservation.at_risk(demand.likely);
            let start = Instant::now();
            let outcome =
                timeout(limit, state.lane.model.attempt(request, attempt)).await;
            tally.busy += start.elapsed();
            let error = match outcome {
                Ok(Ok(answer)) => {
                    state.settle(pass, &demand, &answer);
                    return Ok(answer);
                }
                Ok(Err(error)) => error,
                Err(_) => CallError::new(
                    FailureKind::Timeout,
                    format!("no answer within {}s", limit.as_secs_f64()),
                ),
            };
            tally.lost |= state.lose(pass, &error);
            let last = tally.attempts >= limits.attempts;
            let patient = error.retry_after.is_none_or(|asked| asked <= PATIENCE);
            if last || !patient || !error.failure.kind.is_retryable() {
                return Err(told(error, tally.attempts));
            }
            if let Some(asked) = error.retry_after {
                state.throttle.pause(Instant::now() + asked);
            }
            let delay = wait(self.settings.seed, request.id, attempt, error.retry_after);
            self.unless_stopped(async {
                sleep(delay).await;
                Ok(())
            })
            .await?;
        }
    }

    /// Waits for room, money and the rates, in this order.
    async fn admit<'a>(
        &'a self,
        state: &'a LaneState,
        demand: &Demand,
    ) -> Result<Pass<'a>, Failure> {
        self.unless_stopped(async {
            let permit = state.throttle.enter().await;
            let reservation = self.purse.reserve(demand.most).await.map_err(broke)?;
            state.throttle.pace(demand.tokens).await;
            Ok(Pass { _permit: permit, reservation })
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

impl LaneState {
    fn new(lane: Lane) -> Self {
        Self {
            profile: lane.model.profile(),
            throttle: Throttle::new(&lane.limits),
            longest: AtomicU64::new(0),
            lane,
        }
    }

    /// Says what to set aside for a request. For the answer: `max_tokens`, else a quarter
    /// more than the longest answer seen. For the prompt half more than is estimated, since
    /// other scripts than Latin have more tokens for each character.
    fn demand(&self, request: &Request) -> Demand {
        let profile = &self.profile;
        let likely = profile.estimate(request.system.as_deref(), &request.messages);
        let seen = match self.longest.load(Ordering::Relaxed) {
            0 => profile.typical_tokens.unwrap_or(FIRST_ANSWER),
            longest => longest.saturating_add(longest / 4),
        };
        let answer = seen.min(profile.max_tokens.unwrap_or(u64::MAX));
        let prompt = likely.tokens_in.saturating_add(likely.tokens_in / 2);
        let most = profile.price.and_then(|price| price.of(Some(prompt), Some(answer)));
        Demand {
            tokens: likely.tokens_in.saturating_add(answer),
            most: most.unwrap_or(0.0),
            likely: likely.cost.unwrap_or(0.0),
        }
    }

    /// Settles an answered attempt: money, tokens, and what was learned.
    fn settle(&self, pass: Pass<'_>, demand: &Demand, answer: &Answer) {
        let (sent, received) = (answer.tokens_in, answer.tokens_out);
        let cost = self.profile.price.and_then(|price| price.of(sent, received));
        pass.reservation.settle(cost, !self.profile.free);
        if let (Some(sent), Some(received)) = (sent, received) {
            self.throttle.settle(demand.tokens, sent.saturating_add(received));
        }
        if let Some(received) = received {
            self.longest.fetch_max(received, Ordering::Relaxed);
        }
    }

    /// Settles a failed attempt and says whether it may be billed although it is lost: then
    /// the reservation is dropped, which books it.
    fn lose(&self, pass: Pass<'_>, error: &CallError) -> bool {
        let billed = match error.failure.kind {
            FailureKind::Timeout | FailureKind::Malformed => true,
            FailureKind::RateLimited
            | FailureKind::Server
            | FailureKind::Connection
            | FailureKind::Conflict
            | FailureKind::BadRequest
            | FailureKind::Unauthorized
            | FailureKind::NotFound
            | FailureKind::ContentFilter
            | FailureKind::ContextTooLong
            | FailureKind::Offline
            | FailureKind::Budget
            | FailureKind::NotRecorded
            | FailureKind::Script
            | FailureKind::Quorum
            | FailureKind::Cancelled => false,
        };
        if !billed {
            pass.reservation.settle(Some(0.0), false);
        }
        billed
    }
}

/// Returns the failure of a call that has no attempt left, with their number.
fn told(error: CallError, attempts: u32) -> Failure {
    let mut failure = error.failure;
    if attempts > 1 {
        failure.message = format!("{} (after {attempts} attempts)", failure.message);
    }
    if let Some(asked) = error.retry_after.filter(|asked| *asked > PATIENCE) {
        failure.message =
            format!("{}; asked to wait {}s", failure.message, asked.as_secs());
    }
    failure
}

fn broke(exhausted: Exhausted) -> Failure {
    let Exhausted { needed, left } = exhausted;
    let message = format!("a call may cost ${needed:.6}, and ${left:.6} are left");
    Failure::new(FailureKind::Budget, message)
}
