//! One call through batches: money set aside, attempts counted, the answer paid for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::sleep;

use crate::model::backoff::wait;
use crate::model::batch::batcher::Batcher;
use crate::model::batch::desk::Outcome;
use crate::model::contract::Profile;
use crate::model::purse::{Exhausted, Purse, Reservation};
use crate::record::{Answer, Failure, FailureKind, Request};

/// What a call in batches took so far.
#[derive(Debug, Default)]
pub(in crate::model) struct Carried {
    /// Batches that it was in.
    pub(in crate::model) attempts: u32,
    /// What it cost, where it is answered.
    pub(in crate::model) cost: Option<f64>,
}

/// What is around a call.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) struct Way<'a> {
    pub(in crate::model) batcher: &'a Batcher,
    pub(in crate::model) purse: &'a Purse,
    pub(in crate::model) profile: &'a Profile,
    /// The most that the call should cost, in dollars.
    pub(in crate::model) most: f64,
    /// Attempts before it fails.
    pub(in crate::model) attempts: u32,
    pub(in crate::model) seed: u64,
}

/// Money for a call. Dropped while the call may be at the provider, it is booked.
struct Held<'a> {
    reservation: Option<Reservation<'a>>,
    most: f64,
    sent: Arc<AtomicBool>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.sent.load(Ordering::SeqCst)
            && let Some(reservation) = &mut self.reservation
        {
            reservation.at_risk(self.most);
        }
    }
}

/// Carries a call through as many batches as it takes.
pub(in crate::model) async fn carry(
    way: Way<'_>,
    request: &Request,
    carried: &mut Carried,
    broke: fn(Exhausted) -> Failure,
) -> Result<Answer, Failure> {
    let Way { batcher, purse, .. } = way;
    let line: Arc<str> = batcher.desk.batched.api.line(request).into();
    loop {
        // What an earlier session set aside is booked already.
        let booked = batcher.desk.take_booked(request.id);
        let (reservation, most) = match booked {
            Some(_) => (purse.hold(), 0.0),
            None => (purse.reserve(way.most).await.map_err(broke)?, way.most),
        };
        let ticket = batcher.join(request.id, &line, way.most);
        let mut held = Held { reservation: Some(reservation), most, sent: ticket.sent };
        let outcome = ticket.outcome.await.unwrap_or_else(|_| {
            let message = "the batch was dropped";
            Outcome::Left(Failure::new(FailureKind::Cancelled, message))
        });
        carried.attempts += 1;
        let booked = booked.unwrap_or(0.0);
        let mut settle = |cost: Option<f64>, counted: bool| {
            if let Some(reservation) = held.reservation.take() {
                let known = cost.or((booked > 0.0).then_some(0.0));
                reservation.settle(known.map(|cost| cost - booked), counted);
            }
        };
        let error = match outcome {
            Outcome::Answered(answer) => {
                let price = batcher.price();
                let cost = price.and_then(|p| p.of_answer(&answer));
                settle(cost, !way.profile.free);
                carried.cost = cost;
                return Ok(answer);
            }
            Outcome::Left(failure) => return Err(failure),
            Outcome::Failed(error) => error,
        };
        settle(Some(0.0), false);
        if carried.attempts >= way.attempts || !error.failure.kind.is_retryable() {
            let mut failure = error.failure;
            if carried.attempts > 1 {
                let attempts = carried.attempts;
                failure.message =
                    format!("{} (after {attempts} batches)", failure.message);
            }
            carried.cost = Some(0.0);
            return Err(failure);
        }
        let attempt = carried.attempts - 1;
        sleep(wait(way.seed, request.id, attempt, error.retry_after)).await;
    }
}
