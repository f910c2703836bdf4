//! Hedges over real sockets: who wins, what the server sees of the loser, and what a
//! recording gives back.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use crate::standin::{Config, Fault, Standin};

const ITEMS: u64 = 300;

fn experiment(url: &str) -> String {
    format!(
        "experiment race {{ seed: 5, concurrency: 32 }}\n\
         model m = openai(\"stand-in\") {{ base_url: \"{url}/v1\", price: [$1/Mtok, $2/Mtok] }}\n\
         dataset d = items({ITEMS}, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
         condition hedged = hedge(m, after: 150ms)\n\
         metric correct = exact_match(extract: last_number)\n\
         hypothesis cheap {{ claim: mean(hedged.requests) <= 1.2 }}\n"
    )
}

fn run(folder: &Path, arguments: &[&str]) -> Json {
    let output = Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(["race.crucible", "--yes", "--format", "json"])
        .args(arguments)
        .current_dir(folder)
        .env("OPENAI_API_KEY", "sk-test")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn stragglers() -> Standin {
    let late = Fault::Slow(Duration::from_secs(4));
    let latency = Duration::from_millis(10);
    Standin::spawn(Config { latency, faults: vec![(late, 0.05)], ..Config::default() })
}

#[test]
fn stragglers_lose_and_the_server_sees_them_go() {
    let server = stragglers();
    let folder = tempfile::tempdir().unwrap();
    let text = experiment(&server.url());
    std::fs::write(folder.path().join("race.crucible"), text).unwrap();
    let found = run(folder.path(), &[]);
    assert_eq!(found["trials"]["done"], ITEMS);
    let metrics = &found["conditions"]["hedged"];
    let p99 = metrics["latency"]["quantiles"]["p99"].as_f64().unwrap();
    assert!(p99 < 3.0, "no straggler of four seconds is waited for: {p99}");
    // The server may still be about to notice the last ones.
    std::thread::sleep(Duration::from_millis(300));
    let requests = server.requests();
    let hedged = metrics["hedged"]["mean"].as_f64().unwrap() * ITEMS as f64;
    assert!((requests.len() as f64 - (ITEMS as f64 + hedged)).abs() < 1e-6, "{hedged}");
    assert_eq!(found["calls"], requests.len() as u64, "losers are calls too");
    let lost: Vec<_> = requests.iter().filter(|one| one.outcome == "left").collect();
    assert!(!lost.is_empty(), "{:?}", server.outcomes());
    for loser in lost {
        let winner = requests
            .iter()
            .find(|one| one.prompt == loser.prompt && one.outcome == "ok")
            .unwrap();
        let after = loser.ended_ms.unwrap().saturating_sub(winner.ended_ms.unwrap());
        // 20 ms on a quiet machine; other tests run beside this one.
        assert!(after < 500, "its connection closed {after} ms after the answer");
    }
    let wasted = metrics["wasted_cost"]["mean"].as_f64().unwrap();
    let cost = metrics["cost"]["mean"].as_f64().unwrap();
    assert!(wasted > 0.0 && wasted < cost, "{wasted} of {cost}");
}

#[test]
fn a_replay_follows_the_recorded_races() {
    let server = stragglers();
    let folder = tempfile::tempdir().unwrap();
    let text = experiment(&server.url());
    std::fs::write(folder.path().join("race.crucible"), text).unwrap();
    let recorded = run(folder.path(), &["--record", "tape", "--out", "a"]);
    let asked = server.requests().len();
    let replayed = run(folder.path(), &["--replay", "tape", "--out", "b"]);
    assert_eq!(server.requests().len(), asked, "nothing is sent");
    for part in ["conditions", "hypotheses", "call_totals", "trials", "cost_usd"] {
        assert_eq!(recorded[part], replayed[part], "{part}");
    }
    assert!(recorded["conditions"]["hedged"]["hedged"]["mean"].as_f64().unwrap() > 0.0);
}

/// Stragglers of 4% at twenty times a median of 20 ms.
fn tail() -> Standin {
    let late = Fault::Slow(Duration::from_millis(380));
    let latency = Duration::from_millis(20);
    Standin::spawn(Config { latency, faults: vec![(late, 0.04)], ..Config::default() })
}

#[test]
fn over_http_hedging_halves_the_tail_of_stragglers_for_an_eighth_more_requests() {
    const PINGS: usize = 1_500;
    let server = tail();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "experiment race {{ seed: 7, concurrency: 16 }}\n\
         model api = openai(\"stand-in\") {{ base_url: \"{}/v1\", price: [$1/Mtok, $2/Mtok] }}\n\
         dataset d = items({PINGS}, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
         condition plain = ask(api, prompt: \"Once: {{{{ input }}}}\")\n\
         condition hedged = hedge(api, after: p90, backups: 1)\n\
         metric correct = exact_match(extract: last_number)\n\
         hypothesis tail {{ claim: p99(hedged.latency) <= 50% * p99(plain.latency) }}\n\
         hypothesis price {{ claim: sum(hedged.requests) <= 112% * sum(plain.requests) }}\n",
        server.url()
    );
    std::fs::write(folder.path().join("race.crucible"), text).unwrap();
    let found = run(folder.path(), &[]);
    assert_eq!(
        (&found["trials"]["done"], &found["trials"]["failed"]),
        (&3_000.into(), &0.into())
    );
    let p99 = |condition: &str| {
        let found = &found["conditions"][condition]["latency"]["quantiles"]["p99"];
        found.as_f64().unwrap()
    };
    let (plain, hedged) = (p99("plain"), p99("hedged"));
    assert!(plain > 0.4, "one in twenty-five takes 400 ms: {plain}");
    assert!(hedged <= 0.5 * plain, "{hedged} of {plain}");
    assert_eq!(found["hypotheses"]["tail"]["verdict"], "supported");
    let audit = &found["hedging"]["hedged"];
    let extra = audit["extra_requests"].as_f64().unwrap();
    assert!((0.04..=0.12).contains(&extra), "{extra}");
    assert_eq!(
        found["hypotheses"]["price"]["estimate"].as_f64().map(|x| x <= 0.0),
        Some(true)
    );
    std::thread::sleep(Duration::from_millis(100));
    let requests = server.requests();
    let backups = extra * PINGS as f64;
    let extra = requests.len() - 2 * PINGS;
    // One that is dropped while its connection is made is counted, and never comes.
    let seen = extra as f64 / backups;
    assert!((0.8..1.0 + 1e-9).contains(&seen), "{extra} of {backups}");
    let gone = closings(&requests);
    // The others were answered at the same moment.
    assert!(10 * gone.len() >= 8 * extra, "{:?}", server.outcomes());
    let slow = gone.iter().filter(|after| **after > 20).count();
    // Each within 20 ms where the machine is not needed elsewhere; other tests run beside it.
    assert!(10 * slow <= gone.len(), "{slow} of {}: {gone:?}", gone.len());
}

/// How many milliseconds after the winner's answer each loser's connection closed.
fn closings(requests: &[crate::standin::Logged]) -> Vec<u128> {
    let left = requests.iter().filter(|one| one.outcome == "left");
    left.map(|loser| {
        let winner = requests
            .iter()
            .filter(|one| one.prompt == loser.prompt && one.outcome == "ok")
            .filter_map(|one| one.ended_ms)
            .next();
        loser.ended_ms.unwrap().saturating_sub(winner.unwrap())
    })
    .collect()
}

#[test]
fn a_run_that_goes_on_hedges_by_what_it_learned_before() {
    let folder = tempfile::tempdir().unwrap();
    let text = "experiment race { seed: 5, concurrency: 1 }\n\
         model api = sim(accuracy: 90%, latency: stragglers(median: 2ms, spread: 5%, slow: 40%, factor: 20))\n\
         dataset d = items(60, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })\n\
         condition hedged = hedge(api, after: p50)\n\
         metric correct = exact_match(extract: last_number)\n";
    std::fs::write(folder.path().join("race.crucible"), text).unwrap();
    let half = run(folder.path(), &["--limit", "41"]);
    assert_eq!(half["trials"]["done"], 41);
    let whole = run(folder.path(), &[]);
    assert_eq!(
        (&whole["trials"]["done"], &whole["trials"]["reused"]),
        (&60.into(), &41.into())
    );
    let fired = |found: &Json| found["hedging"]["hedged"]["fired"].as_u64().unwrap();
    // Nineteen trials are too few for a hedge to learn when to fire: it knows.
    let (before, after) = (fired(&half), fired(&whole));
    assert!(before > 0 && after >= before + 3, "{before}, then {after}");
}
