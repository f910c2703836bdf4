//! The gateway with models that do as they are told, on a paused clock.

#![expect(clippy::unwrap_used, reason = "a helper that fails, fails the test")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crucible::base::{CallId, Digest};
use crucible::model::{
    CallError, Gateway, GatewaySettings, Lane, Limits, Model, Price, Profile, Recorded,
};
use crucible::record::{
    Answer, AnswerCache, CallRecord, FailureKind, Item, Message, Request, Role,
};
use futures_util::future::join_all;
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, sleep};

/// One attempt of a scripted model.
#[derive(Debug, Clone)]
enum Step {
    Answer,
    Fail(FailureKind),
    FailAndAsk(FailureKind, Duration),
    Hang,
}

/// A model that takes 100 ms and does step after step, then answers.
#[derive(Debug, Default)]
struct Scripted {
    steps: Vec<Step>,
    profile: Profile,
    asked: Arc<AtomicU32>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

#[async_trait]
impl Model for Scripted {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        self.attempt(request, 0).await
    }

    async fn attempt(&self, _: &Request, attempt: u32) -> Result<Answer, CallError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        sleep(Duration::from_millis(100)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        match self.steps.get(attempt as usize).unwrap_or(&Step::Answer) {
            Step::Answer => Ok(Answer {
                text: "yes".to_owned(),
                tokens_in: Some(100),
                tokens_out: Some(100),
                ..Answer::default()
            }),
            Step::Fail(kind) => Err(CallError::new(*kind, "as told")),
            Step::FailAndAsk(kind, wait) => Err(CallError {
                retry_after: Some(*wait),
                ..CallError::new(*kind, "as told")
            }),
            Step::Hang => {
                sleep(Duration::from_secs(100_000)).await;
                Err(CallError::new(FailureKind::Timeout, "woke up"))
            }
        }
    }

    fn profile(&self) -> Profile {
        self.profile
    }
}

fn gateway(model: impl Model + 'static, limits: Limits, set: GatewaySettings) -> Gateway {
    let digest = Digest::of(b"m");
    let lane = Lane { name: "m".to_owned(), digest, model: Box::new(model), limits };
    Gateway::new(vec![lane], set)
}

fn scripted(steps: Vec<Step>) -> Gateway {
    let model = Scripted { steps, ..Scripted::default() };
    gateway(model, Limits::default(), GatewaySettings::default())
}

fn request(n: u64) -> Request {
    let item = Item::new(0, "1".into(), "q".into(), Json::Null, Map::new());
    Request {
        id: CallId::from_digest(&Digest::of(&n.to_le_bytes())),
        system: None,
        messages: vec![Message { role: Role::User, text: "Is it? ".repeat(52) }],
        item: Arc::new(item),
        repeat: 0,
        seed: 1,
    }
}

async fn ask(gateway: &Gateway, n: u64) -> CallRecord {
    gateway.ask(&gateway.models()[0], request(n), "0#1".to_owned()).await
}

async fn ask_all(gateway: &Gateway, n: u64) -> Vec<CallRecord> {
    join_all((0..n).map(|n| ask(gateway, n))).await
}

fn kind(record: &CallRecord) -> Option<FailureKind> {
    record.result.as_ref().err().map(|failure| failure.kind)
}

fn near(value: f64, wanted: f64) -> bool {
    (value - wanted).abs() < 0.003
}

#[tokio::test(start_paused = true)]
async fn a_call_is_tried_again_and_its_waits_are_not_latency() {
    let gateway = scripted(vec![
        Step::Fail(FailureKind::Server),
        Step::Fail(FailureKind::Connection),
        Step::Fail(FailureKind::Malformed),
    ]);
    let start = Instant::now();
    let record = ask(&gateway, 1).await;
    let wall = start.elapsed().as_secs_f64();
    assert_eq!(record.result.unwrap().text, "yes");
    assert_eq!(record.attempts, 4);
    assert!(near(record.latency.unwrap(), 0.4), "{:?}", record.latency);
    assert!(near(record.waited, wall - 0.4));
    assert_eq!((gateway.spending().requests, gateway.spending().retries), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_is_not_tried_again() {
    for wanted in [
        FailureKind::BadRequest,
        FailureKind::Unauthorized,
        FailureKind::NotFound,
        FailureKind::ContentFilter,
        FailureKind::ContextTooLong,
    ] {
        let record = ask(&scripted(vec![Step::Fail(wanted)]), 1).await;
        assert_eq!((kind(&record), record.attempts), (Some(wanted), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_have_an_end_and_the_message_says_how_many() {
    let model = Scripted {
        steps: vec![Step::Fail(FailureKind::Server); 20],
        ..Scripted::default()
    };
    let limits = Limits { attempts: 3, ..Limits::default() };
    let record = ask(&gateway(model, limits, GatewaySettings::default()), 1).await;
    let failure = record.result.unwrap_err();
    assert_eq!(failure.message, "as told (after 3 attempts)");
    assert_eq!(record.cost, Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_asks_to_wait_is_waited_by_every_call() {
    let wait = Duration::from_secs(7);
    let gateway = scripted(vec![Step::FailAndAsk(FailureKind::RateLimited, wait)]);
    let start = Instant::now();
    let (first, second) = tokio::join!(ask(&gateway, 1), async {
        sleep(Duration::from_millis(200)).await;
        ask(&gateway, 2).await;
        start.elapsed()
    });
    assert!(first.waited >= 7.0, "{}", first.waited);
    assert!(second >= wait, "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_for_an_hour_has_its_call_failed() {
    let hour = Duration::from_secs(3_600);
    let gateway = scripted(vec![Step::FailAndAsk(FailureKind::RateLimited, hour)]);
    let record = ask(&gateway, 1).await;
    assert_eq!((kind(&record), record.attempts), (Some(FailureKind::RateLimited), 1));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_ends_at_the_timeout_of_its_model() {
    let model = Scripted { steps: vec![Step::Hang], ..Scripted::default() };
    let limits = Limits { timeout: Some(Duration::from_secs(2)), ..Limits::default() };
    let settings = GatewaySettings {
        timeout: Some(Duration::from_secs(50)),
        ..GatewaySettings::default()
    };
    let record = ask(&gateway(model, limits, settings), 1).await;
    assert_eq!(record.attempts, 2);
    assert!(near(record.latency.unwrap(), 2.1), "{:?}", record.latency);
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_under_way_than_allowed_and_waiting_is_not_latency() {
    let model = Scripted::default();
    let most = Arc::clone(&model.most);
    let limits = Limits { concurrency: Some(3), ..Limits::default() };
    let gateway = gateway(model, limits, GatewaySettings::default());
    let records = ask_all(&gateway, 10).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert!(records.iter().all(|record| near(record.latency.unwrap(), 0.1)));
    assert!(records.iter().any(|record| near(record.waited, 0.3)));
    assert_eq!(gateway.spending().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_counts_retries_too() {
    let model =
        Scripted { steps: vec![Step::Fail(FailureKind::Server)], ..Scripted::default() };
    let limits = Limits { requests: Some(10.0), ..Limits::default() };
    let gateway = gateway(model, limits, GatewaySettings::default());
    let start = Instant::now();
    ask_all(&gateway, 20).await;
    assert_eq!(gateway.spending().requests, 40);
    assert!(start.elapsed() >= Duration::from_millis(3_890), "{:?}", start.elapsed());
}

/// Asking costs one cent: 100 tokens at 50 dollars a million, each way.
fn cent() -> Profile {
    Profile {
        price: Some(Price { input: 5e-5, output: 5e-5 }),
        network: true,
        max_tokens: Some(100),
        ..Profile::default()
    }
}

fn budgeted(budget: f64) -> GatewaySettings {
    GatewaySettings { budget: Some(budget), ..GatewaySettings::default() }
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_kept_and_only_what_cannot_fit_fails() {
    let model = Scripted { profile: cent(), ..Scripted::default() };
    let gateway = gateway(model, Limits::default(), budgeted(0.055));
    let records = ask_all(&gateway, 20).await;
    let done = records.iter().filter(|record| record.result.is_ok()).count();
    assert_eq!(done, 5);
    assert!(records.iter().filter_map(kind).all(|kind| kind == FailureKind::Budget));
    let spending = gateway.spending();
    assert!((spending.spent_usd - 0.05).abs() < 1e-9, "{spending:?}");
    assert!(spending.exhausted && spending.reserved_usd.abs() < 1e-12);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_back_what_it_held_and_books_its_risk() {
    let model = Scripted { profile: cent(), ..Scripted::default() };
    let limits = Limits { concurrency: Some(1), ..Limits::default() };
    let gateway = gateway(model, limits, budgeted(1.0));
    let late = Duration::from_millis(50);
    assert!(tokio::time::timeout(late, ask(&gateway, 1)).await.is_err());
    let spending = gateway.spending();
    assert!(spending.reserved_usd.abs() < 1e-12);
    assert!(spending.presumed_usd > 0.004, "{spending:?}");
    let record = ask(&gateway, 2).await;
    assert!(near(record.waited, 0.0) && record.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_that_may_be_billed_has_an_unknown_cost() {
    let model = Scripted {
        steps: vec![Step::Hang, Step::Fail(FailureKind::BadRequest)],
        profile: cent(),
        ..Scripted::default()
    };
    let gateway = gateway(model, Limits::default(), GatewaySettings::default());
    let record = ask(&gateway, 1).await;
    assert_eq!((kind(&record), record.cost), (Some(FailureKind::BadRequest), None));
}

#[tokio::test(start_paused = true)]
async fn a_budget_needs_to_know_the_price_of_what_is_billed() {
    let profile = Profile { network: true, ..Profile::default() };
    let ready = |profile, settings| {
        let model = Scripted { profile, ..Scripted::default() };
        gateway(model, Limits::default(), settings).ready()
    };
    let error = ready(profile, budgeted(1.0)).unwrap_err();
    assert!(error.message.contains("the price of model `m` is unknown"));
    assert!(ready(profile, GatewaySettings::default()).is_ok());
    let local = Profile { loopback: true, ..profile };
    assert!(ready(local, budgeted(1.0)).is_ok());
    assert!(ready(cent(), budgeted(1.0)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_requests_end_and_starts_none() {
    let model = Scripted::default();
    let asked = Arc::clone(&model.asked);
    let limits = Limits { concurrency: Some(2), ..Limits::default() };
    let gateway = gateway(model, limits, GatewaySettings::default());
    let (records, ()) = tokio::join!(ask_all(&gateway, 6), async {
        sleep(Duration::from_millis(50)).await;
        gateway.stop();
    });
    let cancelled =
        records.iter().filter(|r| kind(r) == Some(FailureKind::Cancelled)).count();
    assert_eq!((cancelled, asked.load(Ordering::SeqCst)), (4, 2));
    assert_eq!(kind(&ask(&gateway, 9).await), Some(FailureKind::Cancelled));
}

/// A cache that remembers what it was asked.
#[derive(Default)]
struct Kept {
    answers: BTreeMap<CallId, Answer>,
    asked: Mutex<Vec<CallId>>,
}

impl AnswerCache for Kept {
    fn find(&self, id: CallId) -> Option<Answer> {
        self.asked.lock().unwrap().push(id);
        self.answers.get(&id).cloned()
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_answer_costs_nothing_and_took_no_time_and_offline_asks_nobody() {
    let answer = Answer { text: "kept".to_owned(), ..Answer::default() };
    let answers = [(request(1).id, answer)].into_iter().collect();
    let settings = GatewaySettings {
        cache: Some(Arc::new(Kept { answers, ..Kept::default() })),
        offline: true,
        ..GatewaySettings::default()
    };
    let profile = Profile { cacheable: true, ..cent() };
    let model = Scripted { profile, ..Scripted::default() };
    let asked = Arc::clone(&model.asked);
    let gateway = gateway(model, Limits::default(), settings);
    let hit = ask(&gateway, 1).await;
    assert_eq!(hit.result.unwrap().text, "kept");
    assert_eq!((hit.cached, hit.attempts, hit.latency), (true, 0, None));
    assert_eq!(hit.cost, Some(0.0));
    let miss = ask(&gateway, 2).await;
    assert_eq!((kind(&miss), miss.attempts), (Some(FailureKind::Offline), 0));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(gateway.spending().cached, 1);
}

#[tokio::test(start_paused = true)]
async fn recorded_answers_have_no_time_or_cost_and_are_given_offline() {
    let rows = [("1".to_owned(), Some("seven".to_owned()))].into_iter().collect();
    let settings = GatewaySettings { offline: true, ..budgeted(0.0) };
    let gateway = gateway(Recorded::new(rows), Limits::default(), settings);
    let record = ask(&gateway, 1).await;
    assert_eq!(record.result.unwrap().text, "seven");
    assert_eq!((record.latency, record.cost, record.attempts), (None, None, 0));
    assert_eq!(record.messages.len(), 1);
}
