//! Batches behind the gateway, on a paused clock: a day passes at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crucible::base::{CallId, Digest};
use crucible::model::{
    BatchApi, Batched, CallError, Ended, Gateway, GatewaySettings, Lane, Limits, Missing,
    Model, Price, Profile, Sought, Stage, Terms,
};
use crucible::record::{Answer, FailureKind, Item, Message, Request, Role};
use futures_util::future::join_all;
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, sleep};

const DAY: Duration = Duration::from_secs(24 * 3_600);

const PRICE: Price = Price::new(1e-3, 1e-3);

/// A provider whose first batches take a day and expire.
#[derive(Debug, Default)]
struct Slow {
    expire: usize,
    refuse: Option<FailureKind>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    batches: Vec<(Instant, Vec<Arc<str>>)>,
    looks: Vec<Instant>,
}

#[async_trait]
impl BatchApi for Slow {
    fn line(&self, request: &Request) -> String {
        request.id.to_string()
    }

    fn most(&self) -> (usize, usize) {
        (4, 1_000)
    }

    async fn submit(&self, _: &Digest, lines: &[Arc<str>]) -> Result<String, CallError> {
        if let Some(kind) = self.refuse {
            return Err(CallError::new(kind, "as told"));
        }
        let mut seen = self.seen.lock().unwrap();
        seen.batches.push((Instant::now(), lines.to_vec()));
        Ok((seen.batches.len() - 1).to_string())
    }

    async fn find(&self, _: &Sought) -> Result<Vec<String>, CallError> {
        Ok(Vec::new())
    }

    async fn look(&self, id: &str) -> Result<Stage, CallError> {
        let mut seen = self.seen.lock().unwrap();
        let number: usize = id.parse().unwrap();
        seen.looks.push(Instant::now());
        let expires = number < self.expire;
        if expires && seen.batches[number].0.elapsed() < DAY {
            return Ok(Stage::UnderWay);
        }
        let missing = if expires { Missing::Expired } else { Missing::Unsaid };
        let results = if expires { Vec::new() } else { vec![id.to_owned()] };
        Ok(Stage::Ended(Ended { results, missing }))
    }

    async fn results(
        &self,
        ended: &Ended,
        wanted: &BTreeSet<CallId>,
    ) -> Result<BTreeMap<CallId, Result<Answer, CallError>>, CallError> {
        let answer = Answer {
            text: "yes".to_owned(),
            tokens_in: Some(100),
            tokens_out: Some(20),
            ..Answer::default()
        };
        let known = !ended.results.is_empty();
        let answers = wanted.iter().filter(|_| known);
        Ok(answers.map(|&call| (call, Ok(answer.clone()))).collect())
    }

    async fn cancel(&self, _: &str) -> Result<(), CallError> {
        Ok(())
    }
}

#[derive(Debug)]
struct Model1(Arc<Slow>);

#[async_trait]
impl Model for Model1 {
    async fn answer(&self, _: &Request) -> Result<Answer, CallError> {
        Err(CallError::new(FailureKind::BadRequest, "no live call is made"))
    }

    fn profile(&self) -> Profile {
        let price = Some(PRICE);
        Profile { network: true, batched: true, price, ..Profile::default() }
    }

    fn batched(&self) -> Option<Batched> {
        let terms = Terms::default();
        let price = Some(PRICE);
        Some(Batched { api: self.0.clone(), terms, on: true, price })
    }
}

fn gateway(slow: &Arc<Slow>, attempts: u32, budget: Option<f64>) -> Gateway {
    let lane = Lane {
        name: "m".to_owned(),
        digest: Digest::of(b"m"),
        model: Box::new(Model1(slow.clone())),
        limits: Limits { attempts, ..Limits::default() },
    };
    Gateway::new(vec![lane], GatewaySettings { budget, ..GatewaySettings::default() })
}

fn request(n: u64) -> Request {
    let item = Item::new(0, "1".into(), "q".into(), Json::Null, Map::new());
    Request {
        id: CallId::from_digest(&Digest::of(&n.to_le_bytes())),
        system: None,
        messages: vec![Message { role: Role::User, text: "Is it?".to_owned() }],
        item: Arc::new(item),
        repeat: 0,
        seed: 1,
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_batch_expires_after_a_day_is_answered_by_the_next() {
    let slow = Arc::new(Slow { expire: 1, ..Slow::default() });
    let gateway = gateway(&slow, 8, None);
    let model = &gateway.models()[0];
    let record = gateway.ask(model, request(1), "0#1".to_owned()).await;
    assert_eq!(record.result.unwrap().text, "yes");
    assert_eq!((record.attempts, record.latency), (2, None));
    assert!(
        record.waited > DAY.as_secs_f64() && record.waited < DAY.as_secs_f64() + 120.0
    );
    assert!((record.cost.unwrap() - 0.12).abs() < 1e-12);
    // Once a minute at most, after a few earlier questions.
    let looks = slow.seen.lock().unwrap().looks.len();
    assert!((1_440..1_460).contains(&looks), "{looks}");
}

#[tokio::test(start_paused = true)]
async fn a_call_has_so_many_batches_as_it_has_attempts() {
    let slow = Arc::new(Slow { expire: 99, ..Slow::default() });
    let gateway = gateway(&slow, 3, Some(1_000.0));
    let model = &gateway.models()[0];
    let record = gateway.ask(model, request(1), "0#1".to_owned()).await;
    let failure = record.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.contains("after 3 batches"), "{failure}");
    let spending = gateway.spending();
    assert_eq!((spending.requests, spending.retries), (3, 2));
    assert!(spending.spent_usd.abs() < 1e-12 && spending.reserved_usd.abs() < 1e-12);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_sent_when_it_is_full_or_nothing_new_comes() {
    let slow = Arc::new(Slow::default());
    let gateway = &gateway(&slow, 8, None);
    let model = &gateway.models()[0];
    let start = Instant::now();
    // Ten at once, and one more each second after them.
    let calls = (0..12_u64).map(|n| {
        let late = Duration::from_secs(n.saturating_sub(9));
        async move {
            sleep(late).await;
            gateway.ask(model, request(n), "0#1".to_owned()).await
        }
    });
    let records = join_all(calls).await;
    assert!(records.iter().all(|record| record.result.is_ok()));
    let seen = slow.seen.lock().unwrap();
    let sent: Vec<(f64, usize)> = seen
        .batches
        .iter()
        .map(|(at, lines)| ((*at - start).as_secs_f64().round(), lines.len()))
        .collect();
    // Two full ones at once; the other two calls and the two late ones fill the third.
    assert_eq!(sent, [(0.0, 4), (0.0, 4), (2.0, 4)]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_the_batch_is_no_fact_about_its_calls() {
    for (kind, told) in [
        (FailureKind::Unauthorized, FailureKind::Unreachable),
        (FailureKind::Server, FailureKind::Unreachable),
        (FailureKind::BadRequest, FailureKind::BadRequest),
    ] {
        let slow = Arc::new(Slow { refuse: Some(kind), ..Slow::default() });
        let gateway = gateway(&slow, 8, Some(10.0));
        let model = &gateway.models()[0];
        let record = gateway.ask(model, request(1), "0#1".to_owned()).await;
        assert_eq!(record.result.unwrap_err().kind, told, "{kind:?}");
        assert!(gateway.spending().spent_usd.abs() < 1e-12);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_gateway_books_what_its_batches_may_cost() {
    let slow = Arc::new(Slow { expire: 1, ..Slow::default() });
    let gateway = gateway(&slow, 8, Some(10.0));
    let model = &gateway.models()[0];
    let (record, ()) =
        tokio::join!(gateway.ask(model, request(1), "0#1".to_owned()), async {
            sleep(Duration::from_secs(1)).await;
            assert!(gateway.spending().spent_usd.abs() < 1e-12);
            sleep(Duration::from_secs(60)).await;
            gateway.stop();
        });
    assert_eq!(record.result.unwrap_err().kind, FailureKind::Cancelled);
    let spending = gateway.spending();
    assert!(spending.spent_usd > 0.0);
    assert!((spending.presumed_usd - spending.spent_usd).abs() < 1e-12);
    assert!(spending.reserved_usd.abs() < 1e-12);
}
