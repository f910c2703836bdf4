//! The providers over real sockets, against the stand-in server.

#![expect(clippy::unwrap_used, reason = "a helper that fails, fails the test")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crucible::base::{CallId, Digest, Quantity, Span, Unit};
use crucible::model::{Gateway, GatewaySettings, PROVIDERS, Surroundings, lane};
use crucible::record::{CallRecord, FailureKind, Item, Message, Request, Role};
use crucible::spec::{Argument, Call, Value};
use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};

use crate::standin::{Config, Fault, Standin};

const KEY: &str = "sk-the-secret-key-9876";

fn number(value: f64) -> Value {
    Value::Quantity(Quantity::new(value, Unit::One))
}

fn seconds(value: f64) -> Value {
    Value::Quantity(Quantity::new(value, Unit::Seconds))
}

pub(crate) fn call(provider: &str, args: Vec<(&str, Value)>) -> Call {
    let argument = |(name, value): (&str, Value)| {
        let argument =
            Argument { value, span: Span::default(), given: true, operational: false };
        (name.to_owned(), argument)
    };
    Call {
        name: provider.to_owned(),
        args: args.into_iter().map(argument).collect(),
        span: Span::default(),
        label: Some("mini".to_owned()),
        body: None,
    }
}

pub(crate) fn environment() -> BTreeMap<String, SecretString> {
    ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"]
        .into_iter()
        .map(|name| (name.to_owned(), SecretString::from(KEY)))
        .collect()
}

pub(crate) fn gateway(provider: &str, base: &str, more: Vec<(&str, Value)>) -> Gateway {
    let mut args = vec![
        ("model", Value::Text("tiny-1".to_owned())),
        ("base_url", Value::Text(base.to_owned())),
    ];
    args.extend(more);
    let surroundings =
        Surroundings { environment: environment(), ..Surroundings::default() };
    let lane = lane(&call(provider, args), &surroundings).unwrap();
    assert!(!format!("{lane:?} {surroundings:?}").contains("9876"));
    let settings = GatewaySettings {
        timeout: Some(Duration::from_secs(20)),
        ..GatewaySettings::default()
    };
    Gateway::new(vec![lane], settings)
}

/// So many attempts, each with this timeout, and prices.
pub(crate) fn limited(attempts: u32, timeout: Duration) -> Vec<(&'static str, Value)> {
    let price = Value::Quantity(Quantity::new(1e-6, Unit::DollarsPerToken));
    vec![
        ("attempts", number(f64::from(attempts))),
        ("timeout", seconds(timeout.as_secs_f64())),
        ("price", Value::List(vec![price.clone(), price])),
    ]
}

pub(crate) async fn ask(gateway: &Gateway, n: u64) -> CallRecord {
    let said = |role, text: String| Message { role, text };
    let item = Item::new(0, n.to_string(), String::new(), Json::Null, Map::new());
    let request = Request {
        id: CallId::from_digest(&Digest::of(&n.to_le_bytes())),
        system: Some("Be brief.".to_owned()),
        messages: vec![
            said(Role::User, "What is 1 + 1?".to_owned()),
            said(Role::Assistant, "2".to_owned()),
            said(Role::User, format!("What is {n} + 1000?")),
        ],
        item: Arc::new(item),
        repeat: 0,
        seed: 1,
    };
    gateway.ask(&gateway.models()[0], request, String::new()).await
}

/// The three APIs, each with the base address that its server has.
pub(crate) fn bases(url: &str) -> [(&'static str, String); 3] {
    [
        ("openai", format!("{url}/v1")),
        ("anthropic", url.to_owned()),
        ("google", format!("{url}/v1beta")),
    ]
}

fn keyed() -> Config {
    Config { key: Some(KEY.to_owned()), ..Config::default() }
}

#[tokio::test]
async fn each_api_is_asked_in_its_own_shape() {
    let server = Standin::start(keyed()).await;
    let bodies = [
        json!({"model": "tiny-1", "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is 1 + 1?"},
            {"role": "assistant", "content": "2"},
            {"role": "user", "content": "What is 7 + 1000?"}],
            "temperature": 0.5, "max_tokens": 64, "stop": ["\n"]}),
        json!({"model": "tiny-1", "max_tokens": 64, "messages": [
            {"role": "user", "content": "What is 1 + 1?"},
            {"role": "assistant", "content": "2"},
            {"role": "user", "content": "What is 7 + 1000?"}],
            "system": "Be brief.", "temperature": 0.5, "stop_sequences": ["\n"]}),
        json!({"contents": [
            {"role": "user", "parts": [{"text": "What is 1 + 1?"}]},
            {"role": "model", "parts": [{"text": "2"}]},
            {"role": "user", "parts": [{"text": "What is 7 + 1000?"}]}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "generationConfig": {"temperature": 0.5, "maxOutputTokens": 64,
                "stopSequences": ["\n"]}}),
    ];
    for ((provider, base), body) in bases(&server.url()).into_iter().zip(bodies) {
        let price =
            |dollars| Value::Quantity(Quantity::new(dollars, Unit::DollarsPerToken));
        let more = vec![
            ("temperature", number(0.5)),
            ("max_tokens", number(64.0)),
            ("stop", Value::Text("\n".to_owned())),
            ("price", Value::List(vec![price(1e-6), price(2e-6)])),
        ];
        let record = ask(&gateway(provider, &base, more), 7).await;
        let answer = record.result.unwrap();
        assert_eq!(answer.text, "The answer is 1007.", "{provider}");
        assert_eq!((answer.tokens_in, answer.tokens_out), (Some(5), Some(5)));
        assert_eq!(answer.model.as_deref(), Some("tiny-1"));
        assert!((record.cost.unwrap() - 15e-6).abs() < 1e-12);
        assert!(record.latency.unwrap() > 0.0 && record.attempts == 1);
        let logged = server.requests().pop().unwrap();
        assert_eq!(logged.body, body, "{provider}");
    }
}

#[tokio::test]
async fn a_price_that_nobody_gave_is_unknown() {
    let server = Standin::start(Config::default()).await;
    let gateway = gateway("openai", &format!("{}/v1", server.url()), Vec::new());
    let record = ask(&gateway, 1).await;
    assert!(record.result.is_ok());
    assert_eq!(record.cost, None);
    assert_eq!(gateway.spending().unknown_calls, 1);
}

#[tokio::test]
async fn every_fault_is_outlived_on_every_api() {
    let first = vec![
        Fault::TooMany { retry_after: Some(0.05) },
        Fault::TooMany { retry_after: None },
        Fault::Status(500),
        Fault::Status(503),
        Fault::Reset,
        Fault::Cut,
        Fault::Truncated,
    ];
    for index in 0..3 {
        let server =
            Standin::start(Config { first: first.clone(), ..Config::default() }).await;
        let (provider, base) = bases(&server.url())[index].clone();
        let gateway = gateway(provider, &base, Vec::new());
        // Seven calls meet seven faults; each is tried again until it is answered.
        let records = join_all((0..7).map(|n| ask(&gateway, n))).await;
        for (n, record) in records.iter().enumerate() {
            let text = &record.result.as_ref().unwrap().text;
            assert_eq!(*text, format!("The answer is {}.", n + 1000));
        }
        assert_eq!(gateway.spending().retries, 7, "{provider}");
        assert_eq!(server.outcomes()["ok"], 7);
    }
}

#[tokio::test]
async fn a_thousand_calls_among_faults_are_answered_and_none_twice() {
    let faults = vec![
        (Fault::TooMany { retry_after: Some(0.01) }, 0.05),
        (Fault::Status(500), 0.05),
        (Fault::Reset, 0.05),
        (Fault::Truncated, 0.05),
    ];
    let server = Standin::start(Config { faults, ..Config::default() }).await;
    let base = format!("{}/v1", server.url());
    let gateway = gateway("openai", &base, vec![("concurrency", number(64.0))]);
    let records = join_all((0..1_000).map(|n| ask(&gateway, n))).await;
    assert!(records.iter().all(|record| record.result.is_ok()));
    let mut answered = BTreeMap::new();
    for logged in server.requests().into_iter().filter(|l| l.outcome == "ok") {
        *answered.entry(logged.prompt).or_insert(0) += 1;
    }
    assert_eq!(answered.len(), 1_000);
    assert!(answered.values().all(|count| *count == 1));
}

#[tokio::test]
async fn a_hanging_request_ends_at_the_timeout_and_its_connection_closes() {
    let config = Config { first: vec![Fault::Hang], ..Config::default() };
    let server = Standin::start(config).await;
    let base = format!("{}/v1", server.url());
    let gateway = gateway("openai", &base, vec![("timeout", seconds(0.2))]);
    let record = ask(&gateway, 1).await;
    assert!(record.result.is_ok());
    assert_eq!(record.attempts, 2);
    for _ in 0..100 {
        if server.outcomes().contains_key("left") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server still waits: {:?}", server.outcomes());
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_measured() {
    let slow = Fault::Slow(Duration::from_millis(120));
    let server = Standin::start(Config { first: vec![slow], ..Config::default() }).await;
    let gateway = gateway("openai", &format!("{}/v1", server.url()), Vec::new());
    let record = ask(&gateway, 1).await;
    assert!(record.result.is_ok() && record.latency.unwrap() >= 0.12);
}

#[tokio::test]
async fn a_wrong_key_is_told_without_any_key() {
    let config = Config { key: Some("another".to_owned()), ..Config::default() };
    let server = Standin::start(config).await;
    for (provider, base) in bases(&server.url()) {
        let record = ask(&gateway(provider, &base, Vec::new()), 1).await;
        let failure = record.result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert_eq!(failure.message, "status 401: wrong key [key]");
        assert_eq!(record.attempts, 1);
    }
}

#[tokio::test]
async fn nobody_listening_is_a_connection_that_failed() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let base = format!("http://127.0.0.1:{port}/v1");
    let gateway = gateway("openai", &base, vec![("attempts", number(2.0))]);
    let record = ask(&gateway, 1).await;
    let failure = record.result.unwrap_err();
    assert_eq!((failure.kind, record.attempts), (FailureKind::Connection, 2));
    assert_eq!(record.cost, Some(0.0));
}

#[tokio::test]
async fn the_address_comes_from_the_environment_and_a_missing_key_is_named() {
    let server = Standin::start(Config::default()).await;
    let mut surroundings = Surroundings::default();
    let model = || vec![("model", Value::Text("gpt-4o-mini".to_owned()))];
    let without = lane(&call("openai", model()), &surroundings).unwrap();
    let gateway = Gateway::new(vec![without], GatewaySettings::default());
    let message = gateway.ready().unwrap_err().message;
    assert!(message.contains("`OPENAI_API_KEY` is not set"), "{message}");
    let base = SecretString::from(format!("{}/v1", server.url()));
    surroundings.environment.insert("OPENAI_BASE_URL".to_owned(), base);
    let here = lane(&call("openai", model()), &surroundings).unwrap();
    let gateway = Gateway::new(vec![here], GatewaySettings::default());
    assert!(gateway.ready().is_ok());
    assert!(ask(&gateway, 3).await.result.is_ok());
}

#[test]
fn every_provider_is_documented_and_has_an_example() {
    for provider in PROVIDERS {
        let signature = &provider.signature;
        assert!(!signature.doc.is_empty() && signature.example.contains(signature.name));
        assert!(signature.params.iter().all(|param| param.doc.ends_with(['.', '`'])));
    }
}
