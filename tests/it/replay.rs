//! Recording and replay: the same bytes without a network, and misses that say why.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rusqlite::Connection;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::standin::{Config, Fault, Standin};

const KEY: &str = "sk-the-secret-key-9876";

/// One call, a vote and a strategy in Rhai, of a model on the network and of one that is
/// simulated.
fn experiment(url: &str) -> String {
    format!(
        "experiment tape {{ seed: 5, concurrency: 8, timeout: 400ms, max_failures: 100% }}\n\
         model m = openai(\"stand-in\") {{ base_url: \"{url}/v1\", price: [$1/Mtok, $2/Mtok], attempts: 2 }}\n\
         model s = sim(accuracy: 70%)\n\
         dataset d = items(25, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
         strategy twice(model) = |ctx, item| {{\n\
             let answer = ctx.ask(model, item.input);\n\
             ctx.ask(model, `${{answer.text}} Once more: ${{item.input}}`)\n\
         }}\n\
         condition one = ask(m)\n\
         condition three = vote(repeat(m, 3), answer: last_number)\n\
         condition again = twice(m)\n\
         condition simulated = ask(s)\n\
         metric correct = exact_match(extract: last_number)\n\
         hypothesis h {{ claim: three.correct > one.correct }}\n"
    )
}

fn crucible(folder: &Path, key: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crucible-run"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .env_remove("OPENAI_API_KEY")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy");
    if let Some(key) = key {
        command.env("OPENAI_API_KEY", key);
    }
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", stderr(output)))
}

fn faults() -> Vec<(Fault, f64)> {
    vec![
        (Fault::TooMany { retry_after: Some(0.01) }, 0.08),
        (Fault::Status(500), 0.08),
        (Fault::Status(400), 0.04),
        (Fault::Reset, 0.05),
        (Fault::Cut, 0.05),
        (Fault::Truncated, 0.05),
        (Fault::Hang, 0.03),
    ]
}

/// A report without what names the run's own folder, time and command.
fn report(document: &Json, folder: &Path) -> (String, Json) {
    let run = document["run_dir"].as_str().unwrap();
    let name = Path::new(run).file_name().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(folder.join(run).join("report.md")).unwrap();
    let text = text.replace(run, "RUN").replace(name, "RUN");
    let mut document = document.clone();
    document["run_dir"] = Json::Null;
    (text, document)
}

#[test]
fn a_replay_without_network_gives_the_same_bytes_in_every_report() {
    let server = Standin::spawn(Config {
        accuracy: 0.8,
        faults: faults(),
        key: Some(KEY.to_owned()),
        ..Config::default()
    });
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    std::fs::write(folder.join("tape.crucible"), experiment(&server.url())).unwrap();
    let common = ["tape.crucible", "--yes", "--format", "json"];
    let recorded = crucible(
        folder,
        Some(KEY),
        &[&common[..], &["--out", "a", "--record", "tape"]].concat(),
    );
    assert_eq!(recorded.status.code(), Some(0), "{}", stderr(&recorded));
    let asked = server.requests().len();
    assert!(asked > 25 * 6, "{asked}");
    drop(server);
    let replayed = crucible(
        folder,
        None,
        &["tape.crucible", "--format", "json", "--out", "b", "--replay", "tape"],
    );
    assert_eq!(replayed.status.code(), Some(0), "{}", stderr(&replayed));
    let (before, after) = (json(&recorded), json(&replayed));
    assert!(before["trials"]["failed"].as_u64().unwrap() > 0, "{before:#}");
    let runs = [&before, &after].map(|run| run["run_dir"].as_str().unwrap().to_owned());
    let (before, after) = (report(&before, folder), report(&after, folder));
    assert_eq!(before.0, after.0);
    assert_eq!(before.1, after.1);
    // Every trial is the same too, its times and its costs to the last bit.
    let [a, b] = runs.map(|run| {
        let arguments = ["export", &run, "--to", "jsonl"];
        let exported = crucible(folder, None, &arguments).stdout;
        let lines = String::from_utf8(exported).unwrap();
        lines.lines().map(by_place).collect::<Vec<Json>>()
    });
    assert_eq!(a.len(), 100);
    assert_eq!(a, b);
    assert!(!folder.join("b/exchanges.db").exists(), "a replay fills no cache");
    nothing_secret(&folder.join("tape/exchanges.db"));
}

/// A trial as it is exported. Its calls stand there in the order in which they ended, which
/// is not the same when nothing is waited for; here they are in the order of their places.
fn by_place(line: &str) -> Json {
    let mut trial: Json = serde_json::from_str(line).unwrap();
    let calls = trial["calls"].as_array_mut().unwrap();
    calls.sort_by_key(|call| call["place"].as_str().unwrap().to_owned());
    trial
}

/// Looks into every byte of a recording, decompressed, for keys and who used them.
fn nothing_secret(path: &PathBuf) {
    let recording = Connection::open(path).unwrap();
    let mut all = std::fs::read(path).unwrap();
    let mut statement = recording
        .prepare("SELECT bytes FROM contents UNION ALL SELECT record FROM calls WHERE typeof(record) = 'blob'")
        .unwrap();
    let blobs = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    for packed in blobs {
        all.extend(zstd::decode_all(packed.unwrap().as_slice()).unwrap());
    }
    let text = String::from_utf8_lossy(&all).to_lowercase();
    for secret in [
        "key-9876",
        "sk-",
        "bearer",
        "authorization",
        "x-api-key",
        "x-request-id",
        "openai-organization",
        "set-cookie",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    // The file holds what it should beside: bodies, statuses and what broke.
    assert!(text.contains("chat.completion") && text.contains("\"messages\""));
    let count = |sql: &str| -> u64 {
        u64::try_from(recording.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap())
            .unwrap()
    };
    assert!(count("SELECT COUNT(*) FROM exchanges WHERE status = 429") > 0);
    assert!(count("SELECT COUNT(*) FROM exchanges WHERE failure IS NOT NULL") > 0);
    assert!(count("SELECT COUNT(*) FROM exchanges WHERE attempt = 2") > 0);
    assert_eq!(count("SELECT COUNT(*) FROM calls WHERE model = 's'"), 25);
}

#[test]
fn a_key_that_a_server_says_back_is_not_recorded() {
    let server =
        Standin::spawn(Config { key: Some("other".to_owned()), ..Config::default() });
    let dir = TempDir::new().unwrap();
    let text = experiment(&server.url());
    std::fs::write(dir.path().join("tape.crucible"), text).unwrap();
    let flags = ["tape.crucible", "--yes", "--limit", "2", "--record", "tape"];
    let output = crucible(dir.path(), Some(KEY), &flags);
    assert!(server.outcomes()["unauthorized"] > 0, "{}", stderr(&output));
    let path = dir.path().join("tape/exchanges.db");
    let recording = Connection::open(&path).unwrap();
    let reply: Vec<u8> = recording
        .query_row(
            "SELECT bytes FROM contents JOIN exchanges ON content = reply LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let reply = String::from_utf8(zstd::decode_all(reply.as_slice()).unwrap()).unwrap();
    assert!(reply.contains("wrong key [key]"), "{reply}");
}

#[test]
fn a_miss_ends_the_run_incomplete_and_shows_the_nearest_request() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    let text = "experiment tape { seed: 5 }\n\
         model s = sim(accuracy: 70%)\n\
         dataset d = items(20, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })\n\
         condition one = ask(s, prompt: \"{{ input }} Be brief.\")\n\
         metric correct = exact_match(extract: last_number)\n";
    std::fs::write(folder.join("tape.crucible"), text).unwrap();
    let output = crucible(folder, None, &["tape.crucible", "--record", "tape"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    std::fs::write(folder.join("tape.crucible"), text.replace("brief", "quick")).unwrap();
    let arguments = ["tape.crucible", "--replay", "tape", "--out", "b"];
    let output = crucible(folder, None, &arguments);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("calls were not in the recording (--replay)"), "{told}");
    assert!(
        told.contains("+ 1? Be brief.\" was recorded, now it is \"What is")
            && told.contains("of message 1 (user)"),
        "{told}"
    );
    // The same file as it was is answered whole again.
    std::fs::write(folder.join("tape.crucible"), text).unwrap();
    assert_eq!(crucible(folder, None, &arguments).status.code(), Some(0));
    // What is not recorded is not there to be replayed.
    let nothing = ["tape.crucible", "--replay", "nothing", "--out", "c"];
    let output = crucible(folder, None, &nothing);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("there is no recording in `nothing`"), "{told}");
    for pair in [["--record", "x"], ["--cache-limit", "1M"]] {
        let output = crucible(folder, None, &[&arguments[..], &pair].concat());
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2));
        assert!(told.contains("cannot be used with"), "{told}");
    }
    let output = crucible(folder, None, &[&arguments[..], &["--refresh"]].concat());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_recording_of_a_run_that_was_begun_before_it_is_whole_all_the_same() {
    let server = Standin::spawn(Config::default());
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    std::fs::write(folder.join("tape.crucible"), experiment(&server.url())).unwrap();
    let common = ["tape.crucible", "--yes", "--format", "json"];
    let first = [&common[..], &["--limit", "10"]].concat();
    assert_eq!(crucible(folder, Some(KEY), &first).status.code(), Some(0));
    let rest = [&common[..], &["--record", "tape"]].concat();
    let recorded = json(&crucible(folder, Some(KEY), &rest));
    assert_eq!(recorded["trials"]["reused"], 40);
    drop(server);
    let arguments = [&common[..], &["--out", "b", "--replay", "tape"]].concat();
    let replayed = json(&crucible(folder, None, &arguments));
    assert_eq!(replayed["complete"], true);
    assert_eq!(report(&recorded, folder).0, report(&replayed, folder).0);
}

#[test]
fn refresh_asks_again_and_the_cache_is_counted_and_limited() {
    let server = Standin::spawn(Config::default());
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    std::fs::write(folder.join("tape.crucible"), experiment(&server.url())).unwrap();
    let run = |more: &[&str]| {
        let common = ["tape.crucible", "--yes", "--fresh", "--only", "one", "--format"];
        let output =
            crucible(folder, Some(KEY), &[&common[..], &["json"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        server.requests().len()
    };
    let plan = |only: &str| {
        let arguments = ["plan", "tape.crucible", "--only", only, "--format", "json"];
        json(&crucible(folder, None, &arguments))
    };
    assert_eq!(plan("one")["cached"], 0);
    assert_eq!(run(&[]), 25);
    assert_eq!(run(&[]), 25, "from the cache");
    let counted = plan("one,three");
    assert_eq!(counted["cached"], 25);
    assert_eq!(counted["conditions"]["three"]["cached"], Json::Null);
    let page = crucible(folder, None, &["plan", "tape.crucible", "--only", "one"]);
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.contains("25 answers are cached already\n"), "{page}");
    assert_eq!(run(&["--refresh"]), 50, "asked again");
    assert_eq!(run(&["--offline"]), 50, "and kept");
    let path = folder.join("runs/exchanges.db");
    let size = || std::fs::metadata(&path).unwrap().len();
    let full = size();
    run(&["--cache-limit", "1G"]);
    assert_eq!((plan("one")["cached"].as_u64(), size()), (Some(25), full));
    run(&["--cache-limit", "0k"]);
    assert_eq!(plan("one")["cached"], 0);
    assert!(size() <= full);
    assert_eq!(run(&[]), 75);
}
