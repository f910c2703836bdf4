//! The gateway with models that do as they are told, on a paused clock.

#![expect(clippy::unwrap_used, reason = "a helper that fails, fails the test")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crucible::base::{CallId, Digest, Stream};
use crucible::model::{
    Attempted, CallError, Gateway, GatewaySettings, Lane, Left, Limits, Model, Price,
    Profile, Quota, Recorded,
};
use crucible::record::{
    Answer, AnswerCache, CallRecord, FailureKind, Item, Items, Message, Request, Role,
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
        self.attempt(request, 0).await.result
    }

    async fn attempt(&self, _: &Request, attempt: u32) -> Attempted {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        sleep(Duration::from_millis(100)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let result = match self.steps.get(attempt as usize).unwrap_or(&Step::Answer) {
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
        };
        result.into()
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

/// Fails the first `n` requests with 429 and a wish for seven seconds.
fn refusing(n: usize) -> Gateway {
    let model = Refusing { left: AtomicUsize::new(n), asked: Mutex::default() };
    gateway(model, Limits::default(), GatewaySettings::default())
}

#[derive(Debug)]
struct Refusing {
    left: AtomicUsize,
    asked: Mutex<Vec<Instant>>,
}

#[async_trait]
impl Model for Refusing {
    async fn answer(&self, _: &Request) -> Result<Answer, CallError> {
        self.asked.lock().unwrap().push(Instant::now());
        sleep(Duration::from_millis(100)).await;
        let step = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).is_ok() {
            let retry_after = Some(Duration::from_secs(7));
            return Err(CallError {
                retry_after,
                ..CallError::new(FailureKind::RateLimited, "slow down")
            });
        }
        Ok(Answer::default())
    }

    fn profile(&self) -> Profile {
        Profile { network: true, ..Profile::default() }
    }
}

#[tokio::test(start_paused = true)]
async fn one_refusal_sends_its_own_call_away_and_two_in_a_row_all_of_them() {
    for (refusals, all) in [(1, false), (2, true)] {
        let gateway = refusing(refusals);
        let start = Instant::now();
        let (first, second, third) =
            tokio::join!(ask(&gateway, 1), ask(&gateway, 2), async {
                sleep(Duration::from_millis(200)).await;
                ask(&gateway, 3).await;
                start.elapsed()
            });
        let sent_away = [first, second].iter().filter(|r| r.waited >= 7.0).count();
        assert_eq!(sent_away, refusals);
        assert_eq!(third >= Duration::from_secs(7), all, "{third:?}");
        let told: Vec<_> = gateway.take_events().iter().map(|event| event.what).collect();
        assert_eq!(told[0], "rate_limited");
        assert_eq!(told.contains(&"pause"), all);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_waited_for_without_using_up_attempts() {
    let away = Duration::from_secs(200);
    let start = Instant::now();
    let gateway = gateway(
        Away { start, away, seen: AtomicUsize::new(0) },
        Limits::default(),
        GatewaySettings::default(),
    );
    // It answers at first, then is away for 200 seconds.
    ask(&gateway, 0).await.result.unwrap();
    let records = ask_all(&gateway, 40).await;
    assert!(records.iter().all(|record| record.result.is_ok()));
    assert!(start.elapsed() < away + Duration::from_secs(20), "{:?}", start.elapsed());
    let requests = gateway.spending().requests;
    assert!(requests < 40 + 41 + 60, "{requests}");
    let told: Vec<_> = gateway.take_events().iter().map(|event| event.what).collect();
    assert!(told.contains(&"outage") && told.contains(&"recovery"), "{told:?}");
}

/// Answers the first request, then nobody is there for a while.
#[derive(Debug)]
struct Away {
    start: Instant,
    away: Duration,
    seen: AtomicUsize,
}

#[async_trait]
impl Model for Away {
    async fn answer(&self, _: &Request) -> Result<Answer, CallError> {
        sleep(Duration::from_millis(5)).await;
        let first = self.seen.fetch_add(1, Ordering::SeqCst) == 0;
        if first || self.start.elapsed() > self.away {
            return Ok(Answer::default());
        }
        Err(CallError::new(FailureKind::Connection, "refused"))
    }

    fn profile(&self) -> Profile {
        Profile { network: true, ..Profile::default() }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_and_says_why() {
    let model = Scripted {
        steps: vec![Step::Fail(FailureKind::Connection); 1_000],
        ..Scripted::default()
    };
    let gateway = gateway(model, Limits::default(), GatewaySettings::default());
    let start = Instant::now();
    let records = ask_all(&gateway, 100).await;
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let given_up =
        records.iter().filter(|r| kind(r) == Some(FailureKind::Unreachable)).count();
    assert!(given_up >= 90, "{given_up}");
    // Whoever asks now is told at once.
    let late = ask(&gateway, 200).await;
    let failure = late.result.unwrap_err();
    assert_eq!((failure.kind, late.attempts), (FailureKind::Unreachable, 0));
    assert!(failure.message.contains("no answer for 30 s"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_says_is_left_is_heeded() {
    let gateway = gateway(Counting, Limits::default(), GatewaySettings::default());
    let start = Instant::now();
    ask(&gateway, 1).await;
    ask(&gateway, 2).await;
    assert!(start.elapsed() >= Duration::from_secs(9), "{:?}", start.elapsed());
    assert!(gateway.take_events().iter().any(|event| event.what == "quota_spent"));
}

/// Says with every answer that no request is left for nine seconds.
#[derive(Debug)]
struct Counting;

#[async_trait]
impl Model for Counting {
    async fn answer(&self, _: &Request) -> Result<Answer, CallError> {
        Ok(Answer::default())
    }

    async fn attempt(&self, request: &Request, _: u32) -> Attempted {
        let left = Left { count: 0, reset: Duration::from_secs(9) };
        Attempted {
            result: self.answer(request).await,
            quota: Some(Quota { requests: Some(left), tokens: None }),
            first_token: None,
        }
    }

    fn profile(&self) -> Profile {
        Profile { network: true, ..Profile::default() }
    }
}

/// Costs up to one cent a call, a drawn part of it, or takes for ever.
#[derive(Debug)]
struct Costly(u64);

#[async_trait]
impl Model for Costly {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        let id = request.id.as_bytes().as_slice();
        let mut stream = Stream::keyed(self.0, "costly", &[id]);
        let hangs = stream.unit() < 0.1;
        sleep(Duration::from_millis(10 + stream.below(300))).await;
        if hangs {
            sleep(Duration::from_secs(100_000)).await;
        }
        let tokens_out = Some(1 + stream.below(100));
        Ok(Answer { tokens_in: Some(90), tokens_out, ..Answer::default() })
    }

    fn profile(&self) -> Profile {
        cent()
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_never_spend_more_than_a_budget_for_a_hundred() {
    for seed in 0..50 {
        let budget = 1.0;
        let limits = Limits { concurrency: Some(2_000), ..Limits::default() };
        let settings = GatewaySettings {
            timeout: Some(Duration::from_secs(20)),
            seed,
            ..budgeted(budget)
        };
        let gateway = gateway(Costly(seed), limits, settings);
        let watch = async {
            loop {
                let spending = gateway.spending();
                let held = spending.spent_usd + spending.reserved_usd;
                assert!(held <= budget + 1e-9, "{seed}: {spending:?}");
                sleep(Duration::from_millis(50)).await;
            }
        };
        let records = tokio::select! {
            records = ask_all(&gateway, 1_000) => records,
            () = watch => unreachable!(),
        };
        let spending = gateway.spending();
        let recorded: f64 =
            records.iter().map(|r| r.cost.unwrap_or(0.0) + r.presumed).sum();
        assert!(spending.spent_usd <= budget + 1e-9, "{seed}: {spending:?}");
        assert!((recorded - spending.spent_usd).abs() < 1e-9, "{recorded}: {spending:?}");
        let done = records.iter().filter(|record| record.result.is_ok()).count();
        assert!(done >= 80 && spending.exhausted, "{seed}: {done}");
    }
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
        price: Some(Price::new(5e-5, 5e-5)),
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
    let columns = [("answer".to_owned(), "seven".into())].into_iter().collect();
    let row = Item::new(0, "1".to_owned(), "q".to_owned(), Json::Null, columns);
    let items = Items::from_iter([row]);
    let settings = GatewaySettings { offline: true, ..budgeted(0.0) };
    let gateway = gateway(Recorded::new(items, "answer"), Limits::default(), settings);
    let record = ask(&gateway, 1).await;
    assert_eq!(record.result.unwrap().text, "seven");
    assert_eq!((record.latency, record.cost, record.attempts), (None, None, 0));
    assert_eq!(record.messages.len(), 1);
}
