//! Models whose calls are sent in batches: the program against the stand-in, and killed.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crucible::store::{Spent, Store, find_runs};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::standin::batches::{BatchPlan, Fate, Whole};
use crate::standin::{Config, Standin};

const ITEMS: usize = 40;

/// Dollars a token, live.
const PRICE: f64 = 1e-3;

const OPENAI: &str = "openai";
const ANTHROPIC: &str = "anthropic";

fn start(plan: BatchPlan) -> Standin {
    Standin::spawn(Config { batches: plan, ..Config::default() })
}

fn model(provider: &str, url: &str, more: &str) -> String {
    format!(
        "{provider}(\"stand-in\") {{ base_url: \"{url}/v1\", price: [$1000/Mtok, $1000/Mtok], max_tokens: 20, {more} }}"
    )
}

/// An experiment whose one model is batched, and allows four live calls of a second each.
fn experiment(provider: &str, url: &str, poll: &str, header: &str) -> String {
    let m =
        model(provider, url, &format!("batch: true, batch_wait: 300ms, poll: {poll}"));
    with_condition(&format!("model m = {m}"), "ask(m)", header)
}

fn with_condition(models: &str, condition: &str, header: &str) -> String {
    format!(
        "experiment fire {{ seed: 5, concurrency: 4, timeout: 1s, max_failures: 50%{header} }}\n\
         {models}\n\
         dataset d = items({ITEMS}, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
         condition c = {condition}\n\
         metric correct = exact_match(extract: last_number)\n"
    )
}

fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("fire.crucible"), text).unwrap();
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crucible-run"));
    command
        .args(args)
        .current_dir(folder)
        .env("OPENAI_API_KEY", "sk-test-never-shown")
        .env("ANTHROPIC_API_KEY", "sk-test-never-shown")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("ANTHROPIC_BASE_URL")
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

const RUN: &[&str] = &["fire.crucible", "--yes", "--format", "json"];

fn run(folder: &Path) -> Output {
    command(folder, RUN).output().unwrap()
}

fn spawn(folder: &Path) -> Child {
    command(folder, RUN).spawn().unwrap()
}

/// Runs to the end, which must be a good one.
fn complete(folder: &Path) -> Json {
    let output = run(folder);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| document["trials"][name].as_u64().unwrap();
    assert_eq!(count("done") + count("failed"), ITEMS as u64, "{told}");
    document
}

fn wait_until(what: &str, met: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if met() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("20 s, and not yet: {what}");
}

fn spent(folder: &Path) -> Spent {
    let runs = find_runs(&folder.join("runs"), Some("fire")).unwrap();
    assert_eq!(runs.len(), 1);
    Store::read(&runs[0].folder).unwrap().spent().unwrap()
}

/// What all questions cost once, at half the price: four characters are a token there.
fn half_price() -> f64 {
    let tokens = |i: usize| {
        let asked = format!("What is {i} + 1?").len().div_ceil(4);
        let answered = format!("The answer is {}.", i + 1).len().div_ceil(4);
        (asked + answered) as f64
    };
    (0..ITEMS).map(tokens).sum::<f64>() * PRICE / 2.0
}

fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < 1e-9, "{found}, wanted {wanted}");
}

/// How often each question was answered.
fn answered(server: &Standin) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in server.requests().into_iter().filter(|r| r.outcome == "ok") {
        *counts.entry(request.prompt).or_default() += 1;
    }
    counts
}

fn assert_each_answered_once(server: &Standin) {
    let counts = answered(server);
    assert_eq!(counts.len(), ITEMS);
    assert!(counts.values().all(|&count| count == 1), "{counts:?}");
}

#[test]
fn one_batch_answers_all_at_half_the_price_however_long_it_takes() {
    for provider in [OPENAI, ANTHROPIC] {
        let takes = Duration::from_millis(1_500);
        let server = start(BatchPlan { takes, ..BatchPlan::default() });
        let folder = folder(&experiment(provider, &server.url(), "100ms", ""));
        let document = complete(folder.path());
        // More calls than `concurrency`, and longer than `timeout`.
        assert_eq!(server.batches().len(), 1, "{provider}");
        assert_eq!(server.batches()[0].1, ITEMS);
        assert_eq!(document["trials"]["failed"], 0);
        let cost = document["call_totals"]["cost_usd"].as_f64();
        near(cost.unwrap_or_else(|| panic!("{}", document["call_totals"])), half_price());
        near(spent(folder.path()).total(), half_price());
        assert_each_answered_once(&server);
        let again = complete(folder.path());
        assert_eq!(again["trials"]["reused"], ITEMS);
        assert_eq!(server.batches().len(), 1);
    }
}

#[test]
fn batched_and_live_members_vote_together() {
    let takes = Duration::from_millis(300);
    let server = start(BatchPlan { takes, ..BatchPlan::default() });
    let url = server.url();
    let models = format!(
        "model m = {}\nmodel live = {}\nmodel other = {}",
        model(OPENAI, &url, "batch: true, batch_wait: 300ms, poll: 50ms"),
        model(ANTHROPIC, &url, "temperature: 0.1"),
        model(OPENAI, &url, "temperature: 0.2"),
    );
    let vote = "vote([m, live, other])";
    let folder = folder(&with_condition(&models, vote, ""));
    let document = complete(folder.path());
    assert_eq!(document["trials"]["failed"], 0);
    assert_eq!(server.batches().iter().map(|batch| batch.1).sum::<usize>(), ITEMS);
    assert!(answered(&server).values().all(|&count| count == 3));
    // Two members at the live price, one at half of it.
    near(spent(folder.path()).total(), half_price() * 5.0);
}

#[test]
fn requests_that_fail_in_passing_go_into_the_next_batch() {
    for provider in [OPENAI, ANTHROPIC] {
        let fates = vec![
            ("What is 3 +", Fate::Error(500), 1),
            ("What is 4 +", Fate::Expired, 1),
            ("What is 5 +", Fate::Error(400), 99),
        ];
        let server = start(BatchPlan { fates, ..BatchPlan::default() });
        let folder = folder(&experiment(provider, &server.url(), "50ms", ""));
        let document = complete(folder.path());
        assert_eq!(document["trials"]["failed"], 1, "{provider}");
        assert_eq!(document["call_totals"]["retries"], 2);
        let sizes: Vec<usize> = server.batches().iter().map(|batch| batch.1).collect();
        assert_eq!(sizes.iter().sum::<usize>(), ITEMS + 2, "{provider}: {sizes:?}");
        assert!(answered(&server).values().all(|&count| count == 1));
    }
}

#[test]
fn a_batch_that_is_refused_for_one_request_is_sent_again_without_it() {
    let whole = vec![Whole::Failed("invalid_request", Some(3))];
    let server = start(BatchPlan { whole, ..BatchPlan::default() });
    let folder = folder(&experiment(OPENAI, &server.url(), "50ms", ""));
    let document = complete(folder.path());
    assert_eq!(document["trials"]["failed"], 1);
    let sizes: usize = server.batches().iter().skip(1).map(|batch| batch.1).sum();
    assert_eq!(sizes, ITEMS - 1);
}

#[test]
fn a_batch_that_expires_or_finds_no_room_is_sent_again() {
    let full = Whole::Failed("token_limit_exceeded", None);
    for whole in [Whole::Expired, full, Whole::NotTaken, Whole::NotTold] {
        let plan = BatchPlan { whole: vec![whole], ..BatchPlan::default() };
        let server = start(plan);
        let folder = folder(&experiment(OPENAI, &server.url(), "50ms", ""));
        let document = complete(folder.path());
        assert_eq!(document["trials"]["failed"], 0, "{whole:?}");
        assert_each_answered_once(&server);
        near(spent(folder.path()).total(), half_price());
    }
}

#[test]
fn a_batch_whose_reply_is_lost_is_looked_for_and_not_sent_twice() {
    let whole = vec![Whole::NotTold];
    let server = start(BatchPlan { whole, ..BatchPlan::default() });
    let folder = folder(&experiment(ANTHROPIC, &server.url(), "50ms", ""));
    complete(folder.path());
    assert_eq!(server.batches().len(), 1);
    assert_each_answered_once(&server);
}

#[test]
fn a_provider_that_has_trouble_is_asked_until_it_answers() {
    let server = start(BatchPlan { troubles: 6, ..BatchPlan::default() });
    let folder = folder(&experiment(OPENAI, &server.url(), "20ms", ""));
    complete(folder.path());
    assert_each_answered_once(&server);
}

#[test]
fn a_kill_before_the_id_is_known_does_not_send_the_batch_twice() {
    for provider in [OPENAI, ANTHROPIC] {
        let whole = vec![Whole::Hang];
        let server = start(BatchPlan { whole, ..BatchPlan::default() });
        let folder = folder(&experiment(provider, &server.url(), "50ms", ""));
        let mut child = spawn(folder.path());
        wait_until("a batch is made", || server.batches().len() == 1);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(spent(folder.path()).unsettled > 0.0, "what may be paid is booked");
        complete(folder.path());
        assert_eq!(server.batches().len(), 1, "{provider}");
        assert_each_answered_once(&server);
        near(spent(folder.path()).total(), half_price());
    }
}

#[test]
fn a_kill_before_the_batch_is_taken_sends_it_later() {
    for provider in [OPENAI, ANTHROPIC] {
        let whole = vec![Whole::NotTaken];
        let server = start(BatchPlan { whole, ..BatchPlan::default() });
        let folder = folder(&experiment(provider, &server.url(), "30s", ""));
        let mut child = spawn(folder.path());
        let offered = || {
            let asked = server.batch_requests();
            asked.iter().any(|line| line.starts_with("POST") && line.ends_with("batches"))
        };
        wait_until("a batch is offered", offered);
        child.kill().unwrap();
        child.wait().unwrap();
        let text = experiment(provider, &server.url(), "50ms", "");
        std::fs::write(folder.path().join("fire.crucible"), text).unwrap();
        complete(folder.path());
        assert_each_answered_once(&server);
        near(spent(folder.path()).total(), half_price());
    }
}

#[test]
fn a_kill_while_a_batch_is_under_way_or_fetched_sends_nothing_again() {
    for (provider, hold_results) in
        [(OPENAI, false), (OPENAI, true), (ANTHROPIC, false), (ANTHROPIC, true)]
    {
        let takes = Duration::from_millis(if hold_results { 100 } else { 1_000 });
        let server = start(BatchPlan { takes, hold_results, ..BatchPlan::default() });
        let folder = folder(&experiment(provider, &server.url(), "50ms", ""));
        let mut child = spawn(folder.path());
        wait_until("the batch is asked after", || {
            let asked = server.batch_requests();
            let mark = match (hold_results, provider) {
                (false, _) => "batch_1",
                (true, OPENAI) => "content",
                (true, _) => "results",
            };
            asked.iter().any(|line| line.starts_with("GET") && line.contains(mark))
        });
        child.kill().unwrap();
        child.wait().unwrap();
        complete(folder.path());
        assert_eq!(server.batches().len(), 1, "{provider}, {hold_results}");
        assert_each_answered_once(&server);
        near(spent(folder.path()).total(), half_price());
    }
}

#[test]
fn kills_at_any_moment_pay_for_no_answer_twice() {
    let takes = Duration::from_millis(400);
    let server = start(BatchPlan { takes, ..BatchPlan::default() });
    let folder = folder(&experiment(OPENAI, &server.url(), "50ms", ""));
    for round in 0..12_u64 {
        let mut child = spawn(folder.path());
        std::thread::sleep(Duration::from_millis(150 + round * 53));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    complete(folder.path());
    assert_each_answered_once(&server);
    // What a kill left in the dark is booked at its upper bound.
    near(spent(folder.path()).recorded, half_price());
}

#[test]
fn a_model_that_is_no_longer_batched_waits_for_its_batch_all_the_same() {
    let takes = Duration::from_millis(600);
    let server = start(BatchPlan { takes, ..BatchPlan::default() });
    let folder = folder(&experiment(OPENAI, &server.url(), "50ms", ""));
    let mut child = spawn(folder.path());
    wait_until("the batch is asked after", || {
        server.batch_requests().iter().any(|line| line.contains("batch_1"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let live = format!("model m = {}", model(OPENAI, &server.url(), "concurrency: 4"));
    let text = with_condition(&live, "ask(m)", "");
    std::fs::write(folder.path().join("fire.crucible"), text).unwrap();
    complete(folder.path());
    assert_each_answered_once(&server);
}

#[test]
fn the_budget_holds_for_batches_at_half_the_price() {
    // Of a call at most 20 tokens and half more than its prompt are reserved.
    let budget = half_price() + 0.15;
    let server = start(BatchPlan::default());
    let header = format!(", budget: ${budget:.4}");
    let folder = folder(&experiment(OPENAI, &server.url(), "50ms", &header));
    let document = complete(folder.path());
    assert_eq!(document["trials"]["failed"], 0);
    assert!(server.batches().len() > 1, "not all calls fit at once");
    near(spent(folder.path()).total(), half_price());
    let small =
        self::folder(&experiment(OPENAI, &server.url(), "50ms", ", budget: $0.10"));
    let output = run(small.path());
    assert_eq!(output.status.code(), Some(3));
    assert!(spent(small.path()).total() <= 0.10 + 1e-9);
    assert!(spent(small.path()).total() > 0.05);
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[test]
fn an_interrupted_run_leaves_its_batch_and_cancels_it_when_asked() {
    let takes = Duration::from_secs(3_600);
    let server = start(BatchPlan { takes, ..BatchPlan::default() });
    let folder = folder(&experiment(OPENAI, &server.url(), "50ms", ""));
    let child = spawn(folder.path());
    wait_until("the batch is asked after", || {
        server.batch_requests().iter().any(|line| line.contains("batch_1"))
    });
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(200));
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(
        told.contains("batch `batch_1` of model `m` with 40 calls goes on"),
        "{told}"
    );
    let cancel = ["fire.crucible", "--cancel-batches"];
    let output = command(folder.path(), &cancel).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("is cancelled"), "{said}");
    assert!(
        server.batch_requests().contains(&"POST /v1/batches/batch_1/cancel".to_owned())
    );
    let child = spawn(folder.path());
    wait_until("what was cancelled is sent again", || server.batches().len() == 2);
    signal(&child, "-KILL");
    child.wait_with_output().unwrap();
}

#[test]
fn a_plan_says_which_models_are_batched_and_halves_their_cost() {
    let cost = |more: &str| {
        let m = model(OPENAI, "http://127.0.0.1:9", more);
        let folder = folder(&with_condition(&format!("model m = {m}"), "ask(m)", ""));
        let args = ["plan", "fire.crucible"];
        let output = command(folder.path(), &args).output().unwrap();
        let page = String::from_utf8_lossy(&output.stdout).into_owned();
        let json = ["plan", "fire.crucible", "--format", "json"];
        let output = command(folder.path(), &json).output().unwrap();
        let document: Json = serde_json::from_slice(&output.stdout).unwrap();
        (page, document["cost_usd"].as_f64().unwrap(), document["batched"].clone())
    };
    let (page, halved, batched) = cost("batch: true");
    assert!(page.contains("in batches, at half the price: `m`"), "{page}");
    assert!(page.contains("24 hours") && !page.contains(", about 1"), "{page}");
    assert_eq!(batched, serde_json::json!(["m"]));
    let (page, whole, batched) = cost("batch: false");
    assert!(!page.contains("batches"), "{page}");
    assert_eq!(batched, serde_json::json!([]));
    near(halved * 2.0, whole);
}

#[test]
fn a_server_without_batches_is_told_and_nothing_fails_for_it() {
    let server = start(BatchPlan::default());
    let text = experiment(OPENAI, &server.url(), "50ms", "").replace("/v1\"", "/none\"");
    let folder = folder(&text);
    let output = run(folder.path());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(
        told.contains("takes no batches") && told.contains("leave `batch` out"),
        "{told}"
    );
}
