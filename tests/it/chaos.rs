//! A run that is killed again and again, and whose log is cut as a loss of power cuts it.
//!
//! `CHAOS=500 cargo test --release --test it chaos` kills a run of 20,000 trials 500 times;
//! without the variable it is 40 times over 2,000.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crucible::base::Stream;
use crucible::record::Outcome;
use crucible::store::{Store, find_runs};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::crash::program;
use crate::standin::{Config, Standin};

/// Kills, and trials.
fn size() -> (u64, u32) {
    let kills = std::env::var("CHAOS").ok().and_then(|text| text.parse().ok());
    kills.map_or((40, 2_000), |kills| (kills, 20_000))
}

fn experiment(url: &str, trials: u32) -> String {
    format!(
        "experiment fire {{ seed: 5, concurrency: 64, timeout: 5s }}\n\
         model m = openai(\"stand-in\") {{ base_url: \"{url}/v1\", price: [$1/Mtok, $1/Mtok] }}\n\
         dataset d = items({}, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
         condition once  = ask(m)\n\
         condition twice = ask(m, prompt: \"Again. {{{{ input }}}}\")\n\
         metric correct = exact_match(extract: last_number)\n",
        trials / 2
    )
}

/// The folder of the one run, once there is one.
fn run_folder(folder: &Path) -> Option<PathBuf> {
    let runs = find_runs(&folder.join("runs"), Some("fire")).unwrap();
    assert!(runs.len() <= 1, "one run is gone on with");
    runs.first().map(|run| run.folder.clone())
}

/// The prompts of the trials that are committed; each is whole.
fn committed(folder: &Path) -> BTreeSet<String> {
    let Some(run) = run_folder(folder) else { return BTreeSet::new() };
    let store = Store::read(&run).unwrap();
    let mut places = Vec::new();
    store.committed(|trial| places.push(trial.place)).unwrap();
    let prompt = |item: u32, condition: u32| {
        let again = if condition == 1 { "Again. " } else { "" };
        format!("{again}What is {item} + 1?")
    };
    // A sample of them is read whole, so that a round stays short.
    for place in places.iter().step_by(places.len() / 50 + 1) {
        let trial = store.trial(*place).unwrap().unwrap();
        assert!(matches!(trial.outcome, Outcome::Done(_)), "{trial:?}");
        assert_eq!((trial.scores.len(), trial.calls.len()), (1, 1), "{trial:?}");
        let asked = &trial.calls[0].messages[0].text;
        assert_eq!(*asked, prompt(place.item, place.condition));
    }
    let prompts: BTreeSet<_> =
        places.iter().map(|place| prompt(place.item, place.condition)).collect();
    assert_eq!(prompts.len(), places.len(), "no trial stands twice");
    prompts
}

fn ends_whole(folder: &Path, trials: u32) -> Json {
    let output = program(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["trials"]["done"], trials);
    assert_eq!(document["trials"]["failed"], 0);
    document
}

#[test]
fn kills_lose_nothing_and_ask_nothing_again() {
    let (kills, trials) = size();
    let server =
        Standin::spawn(Config { latency: Duration::from_millis(4), ..Config::default() });
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("fire.crucible"),
        experiment(&server.url(), trials),
    )
    .unwrap();
    let mut draws = Stream::new(17, "chaos");
    let (mut before, mut logged) = (BTreeSet::new(), 0);
    let longest = if trials > 10_000 { 700 } else { 120 };
    for round in 0..kills {
        let mut child = program(folder.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(5 + draws.below(longest)));
        let name = if draws.unit() < 0.7 { "KILL" } else { "TERM" };
        let id = child.id().to_string();
        let _told = Command::new("kill").args([&format!("-{name}"), &id]).status();
        child.wait().unwrap();
        let again: Vec<_> = server
            .prompts_from(logged)
            .into_iter()
            .filter(|prompt| before.contains(prompt))
            .collect();
        assert!(again.is_empty(), "round {round}: asked again: {again:?}");
        logged += server.prompts_from(logged).len();
        let after = committed(folder.path());
        assert!(before.is_subset(&after), "round {round}: a committed trial is gone");
        before = after;
    }
    ends_whole(folder.path(), trials);
    let again = server.prompts_from(logged);
    let again: Vec<_> = again.iter().filter(|prompt| before.contains(*prompt)).collect();
    assert!(again.is_empty(), "asked again after the last kill: {again:?}");
    assert_eq!(committed(folder.path()).len(), trials as usize);
}

#[test]
fn a_log_that_is_cut_anywhere_leaves_whole_trials_and_the_run_goes_on() {
    let (kills, trials) = size();
    let server =
        Standin::spawn(Config { latency: Duration::from_millis(4), ..Config::default() });
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("fire.crucible"),
        experiment(&server.url(), trials),
    )
    .unwrap();
    let mut draws = Stream::new(23, "cuts");
    let mut cuts = 0;
    for round in 0..kills / 4 {
        let mut child = program(folder.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(60 + draws.below(400)));
        child.kill().unwrap();
        child.wait().unwrap();
        let Some(run) = run_folder(folder.path()) else { continue };
        let log = run.join("run.db-wal");
        let Ok(length) = std::fs::metadata(&log).map(|file| file.len()) else { continue };
        let kept = draws.below(length + 1);
        std::fs::File::options().write(true).open(&log).unwrap().set_len(kept).unwrap();
        // The index of the log is memory that a loss of power takes.
        let _gone = std::fs::remove_file(run.join("run.db-shm"));
        cuts += 1;
        let left = committed(folder.path());
        assert!(left.len() <= trials as usize, "round {round}");
    }
    assert!(cuts > 0, "no log was ever there to be cut");
    ends_whole(folder.path(), trials);
    assert_eq!(committed(folder.path()).len(), trials as usize);
}
