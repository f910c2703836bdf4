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
