//! One model as the gateway holds it: what it bears, and what was learned of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::CallId;
use crate::model::backoff::PATIENCE;
use crate::model::batch::Batcher;
use crate::model::contract::{CallError, Left, Profile, Quota};
use crate::model::health::Health;
use crate::model::journal::Journal;
use crate::model::lane::Lane;
use crate::model::purse::Reservation;
use crate::model::throttle::Throttle;
use crate::model::window::{Room, Window};
use crate::record::{Answer, FailureKind, Request};

/// Tokens that are reserved for an answer before any was seen.
const FIRST_ANSWER: u64 = 1_024;

/// A model with its limits, its health and what was learned of both.
#[derive(Debug)]
pub(super) struct LaneState {
    pub(super) lane: Lane,
    pub(super) profile: Profile,
    pub(super) throttle: Throttle,
    pub(super) health: Health,
    /// What sends its calls in batches, where its provider takes them.
    pub(super) batcher: Option<Batcher>,
    name: Arc<str>,
    /// Room for requests under way; `None` where nothing bounds them.
    window: Option<Window>,
    /// The longest answer seen, in tokens.
    longest: AtomicU64,
    /// Refusals for the rate since the last answer.
    refusals: AtomicU32,
}

/// What is set aside for one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    pub(super) tokens: u64,
    /// Dollars that are reserved: the most that it should cost.
    pub(super) most: f64,
}

impl LaneState {
    /// Returns the state of a lane; `known` is the window that an earlier session found.
    pub(super) fn new(lane: Lane, known: Option<usize>) -> Self {
        let profile = lane.model.profile();
        let most = lane.limits.concurrency;
        let window = if profile.network {
            Some(Window::new(most, known))
        } else {
            most.map(|most| Window::new(Some(most), Some(most)))
        };
        Self {
            profile,
            batcher: lane
                .model
                .batched()
                .map(|batched| Batcher::new(&lane.name, lane.digest, batched)),
            throttle: Throttle::new(&lane.limits),
            health: Health::new(),
            name: Arc::from(lane.name.as_str()),
            window,
            longest: AtomicU64::new(0),
            refusals: AtomicU32::new(0),
            lane,
        }
    }

    /// Returns how many requests may be under way now, where that is found out.
    pub(super) fn window(&self) -> Option<usize> {
        self.window.as_ref().filter(|_| self.profile.network).map(Window::size)
    }

    /// Waits for room among the requests under way.
    pub(super) async fn enter(&self) -> Option<Room<'_>> {
        match &self.window {
            Some(window) => Some(window.enter().await),
            None => None,
        }
    }

    /// Says what to set aside for a request. For the answer: `max_tokens`, else a quarter
    /// more than the longest answer seen. For the prompt half more than is estimated, since
    /// other scripts than Latin have more tokens for each character.
    pub(super) fn demand(&self, request: &Request) -> Demand {
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
        }
    }

    /// Settles an answered attempt: money and tokens.
    pub(super) fn settle(
        &self,
        reservation: Reservation<'_>,
        demand: &Demand,
        answer: &Answer,
    ) {
        let (sent, received) = (answer.tokens_in, answer.tokens_out);
        let cost = self.profile.price.and_then(|price| price.of_answer(answer));
        reservation.settle(cost, !self.profile.free);
        if let (Some(sent), Some(received)) = (sent, received) {
            self.throttle.settle(demand.tokens, sent.saturating_add(received));
        }
        if let Some(received) = received
            && received > self.longest.load(Ordering::Relaxed)
        {
            self.longest.fetch_max(received, Ordering::Relaxed);
        }
    }

    /// Learns from an answer to what was sent then and took so long.
    pub(super) fn answered(&self, sent: Instant, took: Duration, journal: &Journal) {
        if self.refusals.load(Ordering::Relaxed) > 0 {
            self.refusals.store(0, Ordering::Relaxed);
        }
        if let Some(turn) = self.health.well() {
            journal.note(&self.name, turn.word(), self.window());
        }
        if !self.profile.network {
            return;
        }
        let change = self.window.as_ref().and_then(|window| window.answered(sent, took));
        if let Some(change) = change {
            journal.note(&self.name, change.cause.word(), Some(change.size));
        }
    }

    /// Learns from a failed attempt that was sent at `start`.
    ///
    /// One refusal for the rate cuts the window and sends its own call away for as long as
    /// the provider asks. Only a second one with no answer between them holds back
    /// every call of the model: a provider that refuses one request in a hundred at random is
    /// not at its limit.
    pub(super) fn failed(
        &self,
        id: CallId,
        start: Instant,
        error: &CallError,
        journal: &Journal,
    ) {
        let failure = &error.failure;
        let kind = failure.kind;
        let turn = if kind == FailureKind::RateLimited {
            self.refused(start, error, journal);
            self.health.well()
        } else if matches!(kind, FailureKind::Unauthorized | FailureKind::NotFound) {
            self.health.refused(id, failure)
        } else if error.outage {
            self.health.nobody(id, failure)
        } else {
            self.health.well()
        };
        if let Some(turn) = turn {
            tracing::warn!(model = %self.name, %failure, "{}", turn.word());
            journal.note(&self.name, turn.word(), self.window());
        }
    }

    fn refused(&self, start: Instant, error: &CallError, journal: &Journal) {
        let window = self.window.as_ref().filter(|_| self.profile.network);
        if let Some(change) = window.and_then(|window| window.refused(start)) {
            journal.note(&self.name, change.cause.word(), Some(change.size));
        }
        let before = self.refusals.fetch_add(1, Ordering::Relaxed);
        let asked = error.retry_after.filter(|asked| *asked <= PATIENCE);
        if let Some(asked) = asked.filter(|_| before > 0) {
            self.throttle.pause(Instant::now() + asked);
            journal.note(&self.name, "pause", self.window());
        }
    }

    /// Heeds what the provider says is left: with nothing left, no request is sent until the
    /// limit is whole again.
    pub(super) fn heed(&self, quota: &Quota, journal: &Journal) {
        let none = |left: &Left| {
            left.count == 0 && !left.reset.is_zero() && left.reset <= PATIENCE
        };
        let spent = [quota.requests, quota.tokens].into_iter().flatten().filter(none);
        if let Some(left) = spent.max_by_key(|left| left.reset) {
            self.throttle.pause(Instant::now() + left.reset);
            journal.note(&self.name, "quota_spent", self.window());
        }
    }
}
