//! One batch from its first line in the ledger to its last answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::base::CallId;
use crate::model::batch::api::{Ended, Missing, Sought, Stage};
use crate::model::batch::desk::{Desk, Outcome};
use crate::model::contract::CallError;
use crate::record::{Answer, BatchEntry, Failure, FailureKind};

/// How often a batch is offered to a provider that has trouble.
const OFFERS: u32 = 8;

/// A batch that was under way to the provider when the program ended is there, if it ever
/// will be, so long after it was written down, in seconds.
const ARRIVAL: i64 = 5;

/// Results that do not come whole are fetched so often.
const FETCHES: u32 = 8;

/// Writes a batch down, sends it and hands its answers out.
pub(super) async fn send(desk: Arc<Desk>, mut entry: BatchEntry, lines: Vec<Arc<str>>) {
    let written = {
        let entry = entry.clone();
        desk.write((), move |ledger| ledger.begin(&entry)).await
    };
    if let Err(failure) = written {
        let error = CallError::new(failure.kind, failure.message);
        return fail(&desk, &entry, &error);
    }
    desk.at_risk(&entry.key);
    let mut sought = sought(&desk, &entry).await;
    loop {
        match offer(&desk, &entry, &lines, &sought).await {
            Ok((id, sure)) => {
                if sure {
                    note(&desk, &mut entry, &id).await;
                }
                if follow(&desk, &entry, &id, false).await {
                    if !sure {
                        note(&desk, &mut entry, &id).await;
                    }
                    return;
                }
                sought.others.insert(id);
            }
            Err(Unsent::Refused(error)) => {
                release(&desk, &entry, entry.due.clone()).await;
                return fail(&desk, &entry, &error);
            }
            Err(Unsent::Unknown(failure)) => return desk.give_up(&entry.key, &failure),
        }
    }
}

/// Goes on with a batch of an earlier session.
pub(super) async fn resume(desk: Arc<Desk>, mut entry: BatchEntry) {
    if let Some(id) = entry.id.clone() {
        follow(&desk, &entry, &id, true).await;
        return;
    }
    let now = desk.write(entry.begun, |ledger| Ok(ledger.stamp()?.0)).await;
    let age = now.unwrap_or(entry.begun).saturating_sub(entry.begun);
    // A clock that was set back must not keep anybody waiting.
    let left = ARRIVAL.saturating_sub(age).clamp(0, ARRIVAL);
    sleep(Duration::from_secs(left.unsigned_abs())).await;
    let mut sought = sought(&desk, &entry).await;
    loop {
        let found = persist(&desk, desk.batched.terms.poll, None, || {
            desk.batched.api.find(&sought)
        })
        .await;
        match found.map(|ids| ids.into_iter().next()) {
            Ok(Some(id)) => {
                if follow(&desk, &entry, &id, true).await {
                    note(&desk, &mut entry, &id).await;
                    return;
                }
                sought.others.insert(id);
            }
            Ok(None) => {
                tracing::info!(model = %desk.model, "a batch was not sent before; it is now");
                let calls = entry.due.clone();
                release(&desk, &entry, calls.clone()).await;
                desk.requeue(&entry.key, &calls);
                return;
            }
            Err(error) => {
                let failure =
                    lost(&error, "the batches at the provider cannot be listed");
                desk.give_up(&entry.key, &failure);
                return;
            }
        }
    }
}

enum Unsent {
    /// It is not at the provider.
    Refused(CallError),
    /// Nobody knows.
    Unknown(Failure),
}

/// Offers a batch until it is taken, or refused for good. After a trouble that may have come
/// when it was taken already, it is looked for before it is offered again; one that was found
/// in this way is not surely ours.
async fn offer(
    desk: &Desk,
    entry: &BatchEntry,
    lines: &[Arc<str>],
    sought: &Sought,
) -> Result<(String, bool), Unsent> {
    let api = &desk.batched.api;
    let mut wait = desk.batched.terms.poll;
    for offer in 1.. {
        let error = match api.submit(&entry.key, lines).await {
            Ok(id) => return Ok((id, true)),
            Err(error) => error,
        };
        tracing::warn!(model = %desk.model, failure = %error.failure, "a batch was not taken");
        let refused = error.failure.kind == FailureKind::RateLimited;
        if !refused && !error.failure.kind.is_retryable() {
            return Err(Unsent::Refused(final_of(error)));
        }
        sleep(wait.max(error.retry_after.unwrap_or_default())).await;
        wait = desk.batched.terms.next_poll(wait);
        if !refused {
            let found = persist(desk, wait, Some(OFFERS), || api.find(sought)).await;
            match found.map(|ids| ids.into_iter().next()) {
                Ok(Some(id)) => return Ok((id, false)),
                Ok(None) => {}
                Err(error) => {
                    let failure = lost(&error, "a batch may have been sent");
                    return Err(Unsent::Unknown(failure));
                }
            }
        }
        if offer >= OFFERS {
            return Err(Unsent::Refused(final_of(error)));
        }
    }
    Err(Unsent::Unknown(Failure::new(FailureKind::Cancelled, "no offer was made")))
}

/// A batch that cannot be sent is no fact about its calls: they are left out, and the same
/// command tries again.
fn final_of(mut error: CallError) -> CallError {
    let kind = &mut error.failure.kind;
    let of_the_batch = matches!(
        kind,
        FailureKind::Unauthorized | FailureKind::NotFound | FailureKind::RateLimited
    );
    if of_the_batch || kind.is_retryable() {
        *kind = FailureKind::Unreachable;
    }
    error
}

/// Asks after a batch until it is over, and hands its answers out. Says whether the batch was
/// ours at all.
async fn follow(desk: &Desk, entry: &BatchEntry, id: &str, adopted: bool) -> bool {
    let api = &desk.batched.api;
    let mut wait = desk.batched.terms.poll;
    if !adopted {
        sleep(wait).await;
    }
    let ended = loop {
        match persist(desk, wait, None, || api.look(id)).await {
            Ok(Stage::Ended(ended)) => break ended,
            Ok(Stage::UnderWay) => {
                sleep(wait).await;
                wait = desk.batched.terms.next_poll(wait);
            }
            Err(error) => {
                let what = format!("batch `{id}` cannot be asked after");
                desk.give_up(&entry.key, &lost(&error, &what));
                return true;
            }
        }
    };
    let fetched = persist(desk, desk.batched.terms.poll, Some(FETCHES), || {
        api.results(&ended, &entry.due)
    });
    let results = match fetched.await {
        Ok(results) => results,
        Err(error) => {
            let what = format!("the results of batch `{id}` cannot be fetched");
            desk.give_up(&entry.key, &lost(&error, &what));
            return true;
        }
    };
    if results.is_empty() && ended.missing == Missing::Unsaid && entry.id.is_none() {
        return false;
    }
    let Sorted { outcomes, free, again } = sort(entry, results, &ended, adopted);
    release(desk, entry, free.union(&again).copied().collect()).await;
    desk.requeue(&entry.key, &again);
    desk.hand_out(&entry.key, outcomes);
    true
}

/// What the calls of a batch came to.
#[derive(Debug, Default)]
struct Sorted {
    outcomes: BTreeMap<CallId, Outcome>,
    /// Those that may be sent again, if their calls have attempts left.
    free: BTreeSet<CallId>,
    /// Those that go into the next batch as they are.
    again: BTreeSet<CallId>,
}

fn sort(
    entry: &BatchEntry,
    mut results: BTreeMap<CallId, Result<Answer, CallError>>,
    ended: &Ended,
    adopted: bool,
) -> Sorted {
    let mut sorted = Sorted::default();
    for (place, &call) in entry.calls.iter().enumerate() {
        if !entry.due.contains(&call) {
            continue;
        }
        let result = results.remove(&call);
        let error = match result.unwrap_or_else(|| Err(missing(&ended.missing, place))) {
            Ok(answer) => {
                sorted.outcomes.insert(call, Outcome::Answered(answer));
                continue;
            }
            Err(error) => error,
        };
        let cancelled = error.failure.kind == FailureKind::Cancelled;
        if cancelled && adopted {
            // Whoever cancelled it gave the command again.
            sorted.again.insert(call);
            continue;
        }
        if cancelled || error.failure.kind.is_retryable() {
            sorted.free.insert(call);
        }
        sorted.outcomes.insert(call, Outcome::Failed(error));
    }
    sorted
}

/// Says what became of a request without a result.
fn missing(missing: &Missing, place: usize) -> CallError {
    let refusal = match missing {
        Missing::Unsaid => {
            let message = "the batch is complete, and has no result for the call";
            return CallError::new(FailureKind::Malformed, message);
        }
        Missing::Expired => {
            let message = "the batch expired before its turn";
            return CallError::new(FailureKind::Timeout, message);
        }
        Missing::Cancelled => {
            let message = "the batch was cancelled at the provider";
            return CallError::new(FailureKind::Cancelled, message);
        }
        Missing::Refused(refusal) => refusal,
    };
    let message = &refusal.message;
    if refusal.later {
        return CallError::new(FailureKind::RateLimited, message.clone());
    }
    match refusal.lines.get(&place) {
        Some(words) => CallError::new(FailureKind::BadRequest, words.clone()),
        None if refusal.lines.is_empty() => {
            let message = format!("the batch was refused: {message}");
            CallError::new(FailureKind::BadRequest, message)
        }
        None => {
            let message =
                format!("the batch was refused for another of its requests: {message}");
            CallError::new(FailureKind::Conflict, message)
        }
    }
}

/// Tries something until it succeeds or fails for good, `most` times where that is given. No
/// trouble of the network, and none of the provider's own, ends it otherwise.
async fn persist<T, F>(
    desk: &Desk,
    wait: Duration,
    most: Option<u32>,
    mut work: impl FnMut() -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut wait = wait;
    let mut tries = 0;
    loop {
        let error = match work().await {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        tries += 1;
        if !error.failure.kind.is_retryable() || most.is_some_and(|most| tries >= most) {
            return Err(error);
        }
        tracing::warn!(model = %desk.model, failure = %error.failure, "a batch was not heard of");
        sleep(wait.max(error.retry_after.unwrap_or_default())).await;
        wait = desk.batched.terms.next_poll(wait);
    }
}

async fn note(desk: &Desk, entry: &mut BatchEntry, id: &str) {
    tracing::info!(model = %desk.model, batch = id, calls = entry.calls.len(), "a batch is under way");
    entry.id = Some(id.to_owned());
    let (key, id) = (entry.key, id.to_owned());
    // Without its id the batch is looked for when the run goes on.
    if let Err(failure) = desk.write((), move |ledger| ledger.sent(&key, &id)).await {
        tracing::warn!(model = %desk.model, %failure, "the id of a batch is not kept");
    }
}

async fn release(desk: &Desk, entry: &BatchEntry, calls: BTreeSet<CallId>) {
    if calls.is_empty() {
        return;
    }
    let key = entry.key;
    if let Err(failure) = desk.write((), move |ledger| ledger.release(&key, &calls)).await
    {
        tracing::warn!(model = %desk.model, %failure, "the end of a batch is not kept");
    }
}

/// Fails every call of a batch.
fn fail(desk: &Desk, entry: &BatchEntry, error: &CallError) {
    let outcome = |&call| (call, Outcome::Failed(error.clone()));
    desk.hand_out(&entry.key, entry.due.iter().map(outcome).collect());
}

fn lost(error: &CallError, what: &str) -> Failure {
    let message = format!("{what}: {}", error.failure);
    Failure::new(FailureKind::Unreachable, message)
}

async fn sought(desk: &Desk, entry: &BatchEntry) -> Sought {
    let others = desk.write(BTreeSet::new(), |ledger| ledger.ids()).await;
    Sought {
        key: entry.key,
        requests: entry.calls.len(),
        begun: entry.begun,
        others: others.unwrap_or_default(),
    }
}
