//! Runs under fire: kills at any moment, and a server that fails.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crucible::base::Stream;
use crucible::record::{Outcome, Place};
use crucible::store::{Store, find_runs};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::standin::{Config, Fault, Standin};

pub(crate) const ITEMS: u32 = 400;

pub(crate) fn experiment(url: &str) -> String {
    format!(
        "experiment fire {{ seed: 5, concurrency: 16, timeout: 5s }}\n\
         model m = openai(\"stand-in\") {{ base_url: \"{url}/v1\", price: [$1/Mtok, $1/Mtok], concurrency: 16 }}\n\
         dataset d = items({ITEMS}, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
         condition c = ask(m)\n\
         metric correct = exact_match(extract: last_number)\n"
    )
}

pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crucible-run"));
    command
        .args(["fire.crucible", "--yes", "--format", "json"])
        .current_dir(folder)
        .env("OPENAI_API_KEY", "sk-test-never-shown")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The items whose trials are committed, as the questions that were asked.
fn committed(folder: &Path) -> BTreeSet<String> {
    let mut questions = BTreeSet::new();
    for run in find_runs(&folder.join("runs"), Some("fire")).unwrap() {
        let store = Store::read(&run.folder).unwrap();
        store
            .committed(|trial| {
                questions.insert(format!("What is {} + 1?", trial.place.item));
            })
            .unwrap();
    }
    questions
}

#[test]
fn a_kill_at_any_moment_loses_nothing_and_asks_nothing_twice() {
    let server =
        Standin::spawn(Config { latency: Duration::from_millis(8), ..Config::default() });
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("fire.crucible"), experiment(&server.url()))
        .unwrap();
    let mut moments = Stream::new(11, "kills");
    let mut before = BTreeSet::new();
    let mut logged = 0;
    for round in 0..20 {
        let mut child = program(folder.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(5 + moments.below(60)));
        child.kill().unwrap();
        child.wait().unwrap();
        let after = committed(folder.path());
        assert!(before.is_subset(&after), "round {round}: a committed trial is gone");
        let requests = server.requests();
        let again: Vec<_> =
            requests.iter().skip(logged).filter(|r| before.contains(&r.prompt)).collect();
        assert!(again.is_empty(), "round {round}: asked again: {again:?}");
        logged = requests.len();
        before = after;
    }
    let output = program(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["trials"]["done"], ITEMS);
    assert_eq!(document["trials"]["failed"], 0);
    assert_eq!(committed(folder.path()).len(), ITEMS as usize);
    let again: Vec<_> = server
        .requests()
        .into_iter()
        .skip(logged)
        .filter(|r| before.contains(&r.prompt))
        .collect();
    assert!(again.is_empty(), "asked again after the last kill: {again:?}");
    assert_eq!(find_runs(&folder.path().join("runs"), Some("fire")).unwrap().len(), 1);
}

#[test]
fn a_server_that_fails_one_time_in_twenty_leaves_every_trial_done_once() {
    let server = Standin::spawn(Config {
        latency: Duration::from_millis(1),
        faults: vec![
            (Fault::TooMany { retry_after: None }, 0.0125),
            (Fault::Status(500), 0.0125),
            (Fault::Reset, 0.0125),
            (Fault::Truncated, 0.0125),
        ],
        ..Config::default()
    });
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("fire.crucible"), experiment(&server.url()))
        .unwrap();
    let output = program(folder.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["trials"]["done"], ITEMS);
    assert_eq!(document["trials"]["failed"], 0);
    let answered = server.requests().iter().filter(|r| r.outcome == "ok").count();
    assert_eq!(answered, ITEMS as usize, "no question is answered in full twice");
    let failed = server.requests().len() - answered;
    assert!(failed > 0, "the server did fail");
    assert_eq!(document["call_totals"]["retries"], failed);
}

#[test]
fn an_interrupted_run_ends_with_130_and_goes_on() {
    let server = Standin::spawn(Config {
        latency: Duration::from_millis(20),
        ..Config::default()
    });
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("fire.crucible"), experiment(&server.url()))
        .unwrap();
    let child = program(folder.path()).spawn().unwrap();
    while server.requests().len() < 40 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let told =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["complete"], false);
    let done = document["trials"]["done"].as_u64().unwrap();
    assert!(done > 0 && done < u64::from(ITEMS), "{done}");
    let output = program(folder.path()).output().unwrap();
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["trials"]["done"], ITEMS);
    assert_eq!(document["trials"]["reused"].as_u64().unwrap(), done);
}

#[test]
fn a_key_is_never_shown_or_stored() {
    let server = Standin::spawn(Config {
        key: Some("sk-another".to_owned()),
        ..Config::default()
    });
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("fire.crucible"), experiment(&server.url()))
        .unwrap();
    let output = program(folder.path()).env("RUST_LOG", "trace").output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut places = vec![output.stdout, output.stderr];
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                places.push(std::fs::read(path).unwrap());
            }
        }
    }
    let key = b"sk-test-never-shown";
    assert!(places.iter().all(|bytes| !bytes.windows(key.len()).any(|part| part == key)));
}

const STEPS: &str = "\
strategy steps(model) = |ctx, item| {
    let told = \"\";
    for i in 0..10 {
        let answer = ctx.ask(model, `${item.id} after ${told.len()}: what is ${item.target} + ${i}?`);
        told += find(answer.text, \"[0-9]+\") + \";\";
    }
    told
}
";

fn of_many_calls(url: &str) -> String {
    experiment(url)
        .replace(&format!("items({ITEMS}"), "items(6")
        .replace("condition c = ask(m)", &format!("{STEPS}condition c = steps(m)"))
}

/// The prompts whose answers are committed, with their trial or before it.
fn answered(folder: &Path) -> BTreeSet<String> {
    let mut prompts = BTreeSet::new();
    for run in find_runs(&folder.join("runs"), Some("fire")).unwrap() {
        let store = Store::read(&run.folder).unwrap();
        let mut places = Vec::new();
        store.committed(|trial| places.push(trial.place)).unwrap();
        let trials = places.into_iter().map(|place| store.trial(place).unwrap().unwrap());
        let calls = trials
            .flat_map(|trial| trial.calls)
            .chain(store.checkpoints().unwrap().into_values().flatten());
        prompts.extend(calls.map(|call| call.messages[0].text.clone()));
    }
    prompts
}

/// The texts, calls and totals of the only run.
fn told(folder: &Path) -> Vec<String> {
    let runs = find_runs(&folder.join("runs"), Some("fire")).unwrap();
    let store = Store::read(&runs[0].folder).unwrap();
    let mut told = Vec::new();
    for item in 0..6 {
        let place = Place { item, condition: 0, repeat: 0 };
        let trial = store.trial(place).unwrap().unwrap();
        let Outcome::Done(output) = &trial.outcome else { panic!("{trial:?}") };
        told.push(format!("{} {:?} {:?}", output.text, output.usage.cost, trial.scores));
        told.extend(trial.calls.iter().map(|call| format!("{} {}", call.place, call.id)));
    }
    let totals = store.totals().unwrap();
    told.push(format!("{} calls, ${:.9}", totals.calls, totals.cost_usd));
    told
}

#[test]
fn a_kill_within_a_trial_repeats_no_call_whose_answer_was_committed() {
    let server = Standin::spawn(Config {
        latency: Duration::from_millis(60),
        ..Config::default()
    });
    let text = of_many_calls(&server.url());
    let (killed, quiet) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for folder in [&killed, &quiet] {
        std::fs::write(folder.path().join("fire.crucible"), &text).unwrap();
    }
    let mut before = BTreeSet::new();
    let mut logged = 0;
    let mut within = 0;
    for round in 0..4 {
        let mut child = program(killed.path()).spawn().unwrap();
        while server.requests().len() < logged + 14 {
            std::thread::sleep(Duration::from_millis(5));
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(100));
        child.kill().unwrap();
        child.wait().unwrap();
        let after = answered(killed.path());
        assert!(before.is_subset(&after), "round {round}: a committed answer is gone");
        within += usize::from(
            !after.len().is_multiple_of(10) || committed(killed.path()).is_empty(),
        );
        let requests = server.requests();
        let again: Vec<_> =
            requests.iter().skip(logged).filter(|r| before.contains(&r.prompt)).collect();
        assert!(again.is_empty(), "round {round}: asked again: {again:?}");
        logged = requests.len();
        before = after;
    }
    assert!(within > 0 && !before.is_empty(), "a kill came within a trial");
    let output = program(killed.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let requests = server.requests();
    let again: Vec<_> =
        requests.iter().skip(logged).filter(|r| before.contains(&r.prompt)).collect();
    assert!(again.is_empty(), "asked again after the last kill: {again:?}");
    let output = program(quiet.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(told(killed.path()), told(quiet.path()));
}

#[test]
fn failed_trials_are_run_again_when_asked_for() {
    let server = Standin::spawn(Config {
        first: vec![Fault::Status(400); 3],
        ..Config::default()
    });
    let folder = TempDir::new().unwrap();
    let text = experiment(&server.url()).replace(&format!("items({ITEMS}"), "items(40");
    std::fs::write(folder.path().join("fire.crucible"), text).unwrap();
    let run = |flags: &[&str]| -> Json {
        let output = program(folder.path()).args(flags).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let first = run(&[]);
    assert_eq!(
        (&first["trials"]["done"], &first["trials"]["failed"]),
        (&37.into(), &3.into())
    );
    assert_eq!(first["trials"]["retried"], Json::Null);
    assert_eq!(run(&[])["trials"]["failed"], 3, "they stand");
    assert_eq!(server.requests().len(), 40);
    let again = run(&["--retry-failed"]);
    assert_eq!(
        (&again["trials"]["done"], &again["trials"]["failed"]),
        (&40.into(), &0.into())
    );
    assert_eq!(
        (&again["trials"]["retried"], &again["trials"]["reused"]),
        (&3.into(), &37.into())
    );
    assert_eq!(server.requests().len(), 43);
    let runs = find_runs(&folder.path().join("runs"), Some("fire")).unwrap();
    let report = std::fs::read_to_string(runs[0].folder.join("report.md")).unwrap();
    assert!(report.contains("3 trials were run again after a failure"), "{report}");
}

#[test]
fn hooks_speak_on_stderr_and_may_stop_the_run() {
    let server =
        Standin::spawn(Config { first: vec![Fault::Status(400)], ..Config::default() });
    let folder = TempDir::new().unwrap();
    let hooks = "experiment fire {\n    before_experiment: |run| log(`about to ask ${run.planned}`)\n    \
         on_error: |error, trial| { log(`${trial.item.id}: ${error.kind}`); \"abort\" }\n   ";
    let text = experiment(&server.url())
        .replace(&format!("items({ITEMS}"), "items(40")
        .replace("experiment fire {", hooks)
        .replace(
            "seed: 5, concurrency: 16, timeout: 5s }",
            "seed: 5\n concurrency: 1\n}",
        );
    std::fs::write(folder.path().join("fire.crucible"), text).unwrap();
    let output = program(folder.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("before_experiment: about to ask 40\n"), "{told}");
    assert!(told.contains(": bad_request\n"), "{told}");
    assert!(
        told.contains("stopped: a hook of the file stopped it (bad request: "),
        "{told}"
    );
    let output = program(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["trials"]["done"], 40);
}
