//! Answers that come token by token, over real sockets, against the stand-in server.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crucible::base::{Quantity, Unit};
use crucible::model::{
    Gateway, GatewaySettings, Surroundings, lane, read_reply, read_stream,
};
use crucible::record::{CallRecord, Exchange, FailureKind, Tape};
use crucible::spec::Value;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};

use crate::providers::{ask, bases, call, environment, gateway, limited};
use crate::standin::{Config, Fault, Standin};

fn streaming() -> Vec<(&'static str, Value)> {
    let price = |dollars| Value::Quantity(Quantity::new(dollars, Unit::DollarsPerToken));
    vec![
        ("stream", Value::Bool(true)),
        ("price", Value::List(vec![price(1e-6), price(2e-6)])),
    ]
}

/// A gateway with one attempt at a call and this timeout.
fn once(provider: &str, base: &str, timeout: Duration) -> Gateway {
    let more = [limited(1, timeout), vec![("stream", Value::Bool(true))]].concat();
    gateway(provider, base, more)
}

/// Waits until so many requests of a server have ended in a way.
async fn ended(server: &Standin, outcome: &str, count: usize) -> bool {
    for _ in 0..100 {
        if server.outcomes().get(outcome) == Some(&count) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn a_streamed_answer_is_the_one_that_would_have_come_whole() {
    let server = Standin::start(Config::default()).await;
    for (provider, base) in bases(&server.url()) {
        let whole = ask(&gateway(provider, &base, streaming()[1..].to_vec()), 7).await;
        let record = ask(&gateway(provider, &base, streaming()), 7).await;
        assert_eq!(record.result, whole.result, "{provider}");
        assert_eq!((record.cost, record.attempts), (whole.cost, 1));
        assert_eq!(whole.ttft, None);
        assert!(record.ttft.unwrap() > 0.0 && record.ttft <= record.latency);
        let body = server.requests().pop().unwrap().body;
        let asked = [&body["stream"], &body["stream_options"]["include_usage"]];
        match provider {
            "openai" => assert_eq!(asked, [&json!(true), &json!(true)]),
            "anthropic" => assert_eq!(asked, [&json!(true), &Json::Null]),
            _ => assert_eq!(asked, [&Json::Null, &Json::Null]),
        }
    }
}

#[tokio::test]
async fn the_time_of_the_first_token_is_measured_apart_from_that_of_the_last() {
    // Four words, 40 ms apart, after 60 ms.
    let config = Config {
        latency: Duration::from_millis(60),
        pace: Duration::from_millis(40),
        ..Config::default()
    };
    let server = Standin::start(config).await;
    for (provider, base) in bases(&server.url()) {
        let record = ask(&gateway(provider, &base, streaming()), 7).await;
        let (first, last) = (record.ttft.unwrap(), record.latency.unwrap());
        assert!(first >= 0.06, "{provider}: {first}");
        assert!(last - first >= 0.11, "{provider}: {first} of {last}");
    }
}

#[tokio::test]
async fn every_fault_of_a_stream_is_outlived_on_every_api() {
    let first = vec![
        Fault::TooMany { retry_after: Some(0.05) },
        Fault::Status(500),
        Fault::Reset,
        Fault::Cut,
        Fault::ResetIn,
        Fault::Truncated,
        Fault::StreamError(503),
        Fault::StreamError(429),
    ];
    for index in 0..3 {
        let server =
            Standin::start(Config { first: first.clone(), ..Config::default() }).await;
        let (provider, base) = bases(&server.url())[index].clone();
        let gateway = gateway(provider, &base, streaming());
        let records = join_all((0..8).map(|n| ask(&gateway, n))).await;
        for (n, record) in records.iter().enumerate() {
            let text = &record.result.as_ref().unwrap().text;
            assert_eq!(*text, format!("The answer is {}.", n + 1000));
            assert!(record.ttft.unwrap() <= record.latency.unwrap());
        }
        assert_eq!(gateway.spending().retries, 8, "{provider}");
        assert_eq!(server.outcomes()["ok"], 8);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_told_for_what_it_is_and_may_be_billed() {
    let faults = [
        (Fault::Cut, FailureKind::Malformed),
        (Fault::ResetIn, FailureKind::Malformed),
        (Fault::Truncated, FailureKind::Malformed),
        (Fault::StreamError(503), FailureKind::Server),
        (Fault::StreamError(429), FailureKind::RateLimited),
    ];
    for (fault, kind) in faults {
        let server =
            Standin::start(Config { first: vec![fault; 3], ..Config::default() }).await;
        for (provider, base) in bases(&server.url()) {
            let gateway = once(provider, &base, Duration::from_secs(20));
            let record = ask(&gateway, 1).await;
            let failure = record.result.unwrap_err();
            assert_eq!(failure.kind, kind, "{provider} {fault:?}: {failure}");
            assert!(
                record.presumed > 0.0 && record.cost.is_none(),
                "{provider} {fault:?}"
            );
            assert_eq!(record.ttft, None);
            if let Fault::StreamError(_) = fault {
                assert!(
                    failure.message.starts_with("in the stream: status "),
                    "{failure}"
                );
                assert!(failure.message.ends_with(": it broke"), "{failure}");
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_takes_too_long_is_a_timeout_and_its_connection_closes() {
    let config = Config { pace: Duration::from_secs(5), ..Config::default() };
    let server = Standin::start(config).await;
    for (count, (provider, base)) in bases(&server.url()).into_iter().enumerate() {
        let record = ask(&once(provider, &base, Duration::from_millis(200)), 1).await;
        assert_eq!(record.result.unwrap_err().kind, FailureKind::Timeout);
        assert!(ended(&server, "left", count + 1).await, "{:?}", server.outcomes());
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_in_mid_stream_closes_its_connection() {
    let config = Config { pace: Duration::from_millis(300), ..Config::default() };
    let server = Standin::start(config).await;
    for (count, (provider, base)) in bases(&server.url()).into_iter().enumerate() {
        let gateway = gateway(provider, &base, streaming());
        let patience = Duration::from_millis(450);
        assert!(tokio::time::timeout(patience, ask(&gateway, 1)).await.is_err());
        assert!(ended(&server, "left", count + 1).await, "{:?}", server.outcomes());
        // What may still be billed is booked.
        assert!(gateway.spending().presumed_usd > 0.0);
    }
}

#[tokio::test]
async fn a_server_that_gives_the_answer_whole_is_understood() {
    let config = Config { streams: false, ..Config::default() };
    let server = Standin::start(config).await;
    for (provider, base) in bases(&server.url()) {
        let record = ask(&gateway(provider, &base, streaming()), 7).await;
        assert_eq!(record.result.unwrap().text, "The answer is 1007.", "{provider}");
        assert_eq!(record.ttft, None);
    }
}

#[tokio::test]
async fn streams_that_follow_one_another_share_a_connection() {
    let server = Standin::start(Config::default()).await;
    for (count, (provider, base)) in bases(&server.url()).into_iter().enumerate() {
        let gateway = gateway(provider, &base, streaming());
        for n in 0..10 {
            assert!(ask(&gateway, n).await.result.is_ok());
        }
        // Where the end of the body comes late, a connection may be lost; not each time.
        let connections = server.connections();
        assert!(connections <= 5 * (count + 1), "{provider}: {connections}");
    }
}

/// Keeps what went over the wire.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<Exchange>>);

impl Tape for Heard {
    fn keep(&self, _: &str, _: &CallRecord, exchanges: Vec<Exchange>) {
        self.0.lock().unwrap().extend(exchanges);
    }
}

#[tokio::test]
async fn a_recording_holds_the_events_as_they_came() {
    let server = Standin::start(Config::default()).await;
    for (provider, base) in bases(&server.url()) {
        let heard = Arc::new(Heard::default());
        let args = [
            vec![
                ("model", Value::Text("tiny-1".to_owned())),
                ("base_url", Value::Text(base)),
            ],
            streaming(),
        ];
        let surroundings =
            Surroundings { environment: environment(), ..Surroundings::default() };
        let lane = lane(&call(provider, args.concat()), &surroundings).unwrap();
        let tape = Arc::<Heard>::clone(&heard) as Arc<dyn Tape>;
        let settings = GatewaySettings { tape: Some(tape), ..GatewaySettings::default() };
        let record = ask(&Gateway::new(vec![lane], settings), 7).await;
        let exchanges = heard.0.lock().unwrap();
        let reply = exchanges[0].reply.as_deref().unwrap();
        assert!(reply.contains("data: {"), "{provider}: {reply}");
        // Whoever has the recording can read the answer out of it again.
        assert_eq!(read_stream(provider, &[reply.as_bytes()]).ok(), record.result.ok());
    }
}

/// Reads a kept stream in one piece, and in pieces of a few bytes.
fn compare(case: &Json) {
    let name = &case["case"];
    let provider = case["provider"].as_str().unwrap();
    let events = case["events"].as_array().unwrap();
    let stream: String = events.iter().map(|line| line.as_str().unwrap()).collect();
    let read = read_stream(provider, &[stream.as_bytes()]);
    for size in [1, 7] {
        let pieces: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
        assert_eq!(read_stream(provider, &pieces), read, "{name}");
    }
    match (read, case.get("failure")) {
        (Ok(answer), None) => {
            assert_eq!(case["text"], answer.text, "{name}");
            let tokens = json!([answer.tokens_in, answer.tokens_out]);
            assert_eq!(case["tokens"], tokens, "{name}");
            let parts = answer.parts;
            let parts = json!([parts.cached, parts.written, parts.reasoning]);
            assert_eq!(*case.get("parts").unwrap_or(&json!([0, 0, 0])), parts, "{name}");
            let sure = case.get("confidence").and_then(Json::as_f64);
            assert_eq!(sure.is_some(), answer.confidence.is_some(), "{name}");
            let off = sure.zip(answer.confidence).map_or(0.0, |(a, b)| (a - b).abs());
            assert!(off < 1e-12, "{name}: {:?}", answer.confidence);
        }
        (Err(failure), Some(kind)) => {
            assert_eq!(*kind, serde_json::to_value(failure.kind).unwrap(), "{name}");
            let words = case["words"].as_str().unwrap();
            assert!(failure.message.contains(words), "{name}: {failure}");
        }
        (read, wanted) => panic!("{name}: {read:?}, wanted {wanted:?}"),
    }
}

#[test]
fn every_kept_stream_is_read_as_what_it_means() {
    let cases: Vec<Json> =
        serde_json::from_str(include_str!("../data/providers/streams.json")).unwrap();
    assert!(cases.len() >= 15);
    cases.iter().for_each(compare);
}

#[test]
fn a_whole_reply_is_no_stream() {
    let reply = br#"{"choices":[{"message":{"content":"4"},"finish_reason":"stop"}]}"#;
    assert!(read_reply("openai", 200, reply).is_ok());
    let failure = read_stream("openai", &[reply]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
    assert_eq!(read_stream("nobody", &[]).unwrap_err().kind, FailureKind::NotFound);
}

fn crucible(folder: &std::path::Path, arguments: &[&str]) -> std::process::Output {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env("OPENAI_API_KEY", "k")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    output
}

#[test]
fn a_claim_about_the_first_token_is_tested_and_replayed_to_the_same_bytes() {
    let config = Config { pace: Duration::from_millis(5), ..Config::default() };
    let server = Standin::spawn(config);
    let dir = tempfile::tempdir().unwrap();
    let file = format!(
        "experiment e {{}}\n\
         dataset d = items(12, |i| #{{ input: `${{i}} + 1`, target: i + 1 }})\n\
         model m = openai(\"m\") {{ base_url: \"{0}/v1\", stream: true }}\n\
         model plain = openai(\"m\") {{ base_url: \"{0}/v1\" }}\n\
         condition one = m\n\
         condition two = vote([m, plain], answer: last_number)\n\
         condition whole = plain\n\
         metric correct = exact_match(extract: last_number)\n\
         hypothesis h {{ claim: mean(one.ttft) < 30s }}\n",
        server.url()
    );
    std::fs::write(dir.path().join("e.crucible"), file).unwrap();
    let run = |more: &[&str]| -> (Json, Vec<Json>) {
        let arguments = [&["e.crucible", "--yes", "--format", "json"], more].concat();
        let report: Json =
            serde_json::from_slice(&crucible(dir.path(), &arguments).stdout).unwrap();
        let run = report["run_dir"].as_str().unwrap();
        let lines = crucible(dir.path(), &["export", run, "--to", "jsonl"]).stdout;
        let lines = String::from_utf8(lines).unwrap();
        let times = lines.lines().map(|line| {
            let trial: Json = serde_json::from_str(line).unwrap();
            json!([
                trial["condition"],
                trial["item"],
                trial["ttft_s"],
                trial["latency_s"]
            ])
        });
        (report["hypotheses"].clone(), times.collect())
    };
    let (before, trials) = run(&["--out", "a", "--record", "tape"]);
    assert_eq!(before["h"]["verdict"], "supported", "{before:#}");
    assert_eq!(trials.len(), 36);
    for trial in &trials {
        let streamed = trial[0] != "whole";
        assert_eq!(trial[2].is_f64(), streamed, "{trial}");
        assert!(!streamed || trial[2].as_f64() <= trial[3].as_f64(), "{trial}");
    }
    drop(server);
    let (after, replayed) = run(&["--out", "b", "--replay", "tape"]);
    assert_eq!(before, after);
    assert_eq!(trials, replayed);
}
