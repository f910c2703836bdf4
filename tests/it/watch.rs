//! Watch mode: what a save asks for, and nothing else.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crucible::analysis::{History, Memory, analyse, analyse_again};
use crucible::record::Place;
use crucible::spec::Missing;
use crucible::store::{Store, find_runs};
use crucible::watch::Remembered;
use tempfile::TempDir;

use crate::live::{Live, save};

const ITEMS: &str =
    "dataset d = items(40, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })\n";

/// An experiment of two conditions; what of it a test changes is given.
fn text(other: &str, metric: &str, claim: &str) -> String {
    format!(
        "experiment w {{ seed: 1 }}\n\
         model m = sim(accuracy: 60%)\n\
         model s = sim(accuracy: {other})\n\
         {ITEMS}\
         condition one = ask(m)\n\
         condition two = ask(s)\n\
         metric correct = {metric}\n\
         hypothesis h {{ claim: {claim} }}\n"
    )
}

const EXACT: &str = "exact_match(extract: last_number)";
const CLAIM: &str = "two.correct > one.correct";

fn started(text: &str) -> (TempDir, PathBuf, Live) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("w.crucible");
    std::fs::write(&file, text).unwrap();
    let live = Live::start(folder.path(), &["w.crucible", "--watch"]);
    (folder, file, live)
}

fn runs(folder: &Path) -> Vec<PathBuf> {
    let found = find_runs(&folder.join("runs"), Some("w")).unwrap();
    found.into_iter().map(|run| run.folder).collect()
}

/// Returns how many trials of a run were taken over from earlier ones.
fn taken_over(run: &Path) -> u64 {
    let events = Store::read(run).unwrap().events().unwrap();
    let taken = events.iter().filter(|event| event.kind == "taken_over");
    taken.map(|event| event.detail["taken"]["trials"].as_u64().unwrap()).sum()
}

#[test]
fn a_claim_that_changes_is_decided_by_the_trials_that_are_there() {
    let (folder, file, mut live) = started(&text("90%", EXACT, CLAIM));
    live.hears("supported");
    live.hears("Ctrl-C ends it");
    let before = runs(folder.path());
    for (claim, verdict) in [
        ("two.correct < one.correct", "refuted"),
        ("mean(one.correct) > 99%", "refuted"),
        ("two.correct > one.correct", "supported"),
    ] {
        save(&file, &text("90%", EXACT, claim));
        let said = live.hears("nothing was asked");
        assert!(said.contains(verdict), "{claim}: {said}");
        live.hears("Ctrl-C ends it");
    }
    assert_eq!(runs(folder.path()), before, "no run was made");
    // What was tried is kept, whatever becomes of the file.
    let store = Store::read(&before[0]).unwrap();
    let tried = store.events().unwrap().into_iter().filter(|event| event.kind == "tried");
    let claims: Vec<_> = tried.map(|event| event.detail["claim"].clone()).collect();
    assert!(claims.contains(&"two.correct < one.correct".into()), "{claims:?}");
    let (status, _) = live.interrupt();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_claim_that_was_made_after_a_look_is_exploratory() {
    let (_folder, file, mut live) = started(&text("90%", EXACT, CLAIM));
    live.hears("Ctrl-C ends it");
    save(&file, &text("90%", EXACT, "two.correct > one.correct + 1pp"));
    let said = live.hears("nothing was asked");
    assert!(said.contains("exploratory"), "{said}");
    save(&file, &text("90%", EXACT, CLAIM));
    let said = live.hears("nothing was asked");
    assert!(!said.contains("exploratory"), "as it stood at first: {said}");
}

#[test]
fn after_a_change_of_one_condition_only_its_trials_run() {
    let (folder, file, mut live) = started(&text("90%", EXACT, CLAIM));
    live.hears("Ctrl-C ends it");
    save(&file, &text("95%", EXACT, CLAIM));
    live.hears("Ctrl-C ends it");
    let all = runs(folder.path());
    assert_eq!((all.len(), taken_over(&all[0])), (2, 40));
    let (new, old) = (Store::read(&all[0]).unwrap(), Store::read(&all[1]).unwrap());
    for item in 0..40 {
        let id = |store: &Store, condition| {
            store.trial(Place { item, condition, repeat: 0 }).unwrap().unwrap().id
        };
        assert_eq!(id(&new, 0), id(&old, 0), "item {item}");
        assert_ne!(id(&new, 1), id(&old, 1), "item {item}");
    }
}

#[test]
fn a_metric_that_changes_is_scored_again_without_a_request() {
    let (folder, file, mut live) = started(&text("90%", EXACT, CLAIM));
    live.hears("Ctrl-C ends it");
    save(&file, &text("90%", "contains()", CLAIM));
    live.hears("Ctrl-C ends it");
    let all = runs(folder.path());
    assert_eq!((all.len(), taken_over(&all[0])), (2, 80), "{}", live.said());
}

#[test]
fn an_error_is_told_and_the_last_results_stay_until_it_is_mended() {
    let (folder, file, mut live) = started(&text("90%", EXACT, CLAIM));
    live.hears("Ctrl-C ends it");
    save(&file, &text("90%", EXACT, "two.corect > one.correct"));
    let said = live.hears("the last good results stay");
    assert!(said.contains("corect"), "{said}");
    std::fs::remove_file(&file).unwrap();
    live.hears("there is no file");
    live.hears("Ctrl-C ends it");
    save(&file, &text("90%", EXACT, "two.correct < one.correct"));
    live.hears("refuted");
    live.hears("nothing was asked");
    assert_eq!(runs(folder.path()).len(), 1);
}

#[test]
fn everything_that_the_file_uses_is_followed() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::create_dir(place("data")).unwrap();
    let rows = |answer: u32| {
        let row = |n: u32| format!("{{\"q\": \"What is {n} + 1?\", \"a\": {answer}}}\n");
        (0..20).map(row).collect::<String>()
    };
    std::fs::write(place("data/d.jsonl"), rows(3)).unwrap();
    std::fs::write(place("models.crucible"), "model m = sim(accuracy: 100%)\n").unwrap();
    std::fs::write(place("own.rhai"), "fn own(text) { number(text) }\n").unwrap();
    std::fs::write(
        place("w.crucible"),
        "use \"models.crucible\"\n\
         experiment w {}\n\
         dataset d = jsonl(\"data/d.jsonl\") { input: \"q\", target: \"a\" }\n\
         script = \"own.rhai\"\n\
         condition one = ask(m)\n\
         metric correct = exact_match(extract: |output| own(output.text))\n\
         hypothesis h { claim: mean(one.correct) > 60% }\n",
    )
    .unwrap();
    let mut live = Live::start(folder.path(), &["w.crucible", "--watch"]);
    live.hears("following 4 files");
    save(&place("models.crucible"), "model m = sim(accuracy: 0%)\n");
    live.hears("refuted");
    live.hears("following 4 files");
    save(&place("own.rhai"), "fn own(text) { 3 }\n");
    live.hears("supported");
    live.hears("following 4 files");
    std::fs::write(place("data/d.jsonl"), rows(4)).unwrap();
    live.hears("refuted");
    live.hears("following 4 files");
    assert_eq!(runs(folder.path()).len(), 4);
}

#[test]
fn a_save_while_trials_run_stops_them_for_others_and_lets_them_go_on_for_a_claim() {
    let slow = |accuracy: &str, claim: &str| {
        text(&format!("{accuracy}, latency: 150ms"), EXACT, claim)
            .replace("seed: 1", "seed: 1, concurrency: 2")
    };
    let (folder, file, mut live) = started(&slow("90%", CLAIM));
    std::thread::sleep(Duration::from_millis(700));
    save(&file, &slow("90%", "two.correct < one.correct"));
    live.hears("its trials are the same");
    live.hears("supported");
    let said = live.hears("nothing was asked");
    assert!(said.contains("refuted"), "{said}");
    assert_eq!(runs(folder.path()).len(), 1);
    live.hears("Ctrl-C ends it");

    save(&file, &slow("91%", CLAIM));
    std::thread::sleep(Duration::from_millis(700));
    save(&file, &slow("92%", CLAIM));
    live.hears("this run stops");
    live.hears("Ctrl-C ends it");
    let all = runs(folder.path());
    assert_eq!(all.len(), 3);
    let info = Store::read(&all[0]).unwrap().totals().unwrap();
    assert_eq!(info.committed, 80, "{}", live.said());
}

#[test]
fn ctrl_c_while_trials_run_ends_the_run_that_can_be_gone_on_with() {
    let slow = text("90%, latency: 300ms", EXACT, CLAIM);
    let (folder, _, live) = started(&slow.replace("seed: 1", "seed: 1, concurrency: 2"));
    std::thread::sleep(Duration::from_secs(2));
    let (status, said) = live.interrupt();
    assert_eq!(status.code(), Some(130), "{said}");
    assert_eq!(runs(folder.path()).len(), 1);
}

/// Counts the threads and open files of a process, and its memory in kilobytes.
#[cfg(target_os = "linux")]
fn held(id: u32) -> (usize, usize, u64) {
    let count =
        |what: &str| std::fs::read_dir(format!("/proc/{id}/{what}")).unwrap().count();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (count("task"), count("fd"), kilobytes)
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_saves_leave_nothing_behind() {
    let (folder, file, mut live) = started(&text("90%", EXACT, CLAIM));
    live.hears("Ctrl-C ends it");
    let claims = ["two.correct < one.correct", "mean(one.correct) > 99%", CLAIM];
    let mut early = None;
    for n in 0_usize..1_000 {
        match n % 10 {
            7 => {
                save(&file, "experiment w {");
                live.hears("the last good results stay");
            }
            odd => {
                let changed = text("90%", EXACT, claims[n % 3]);
                if odd % 2 == 0 {
                    save(&file, &changed);
                } else {
                    std::fs::write(&file, &changed).unwrap();
                }
                live.hears("nothing was asked");
            }
        }
        if n == 150 {
            early = Some(held(live.id()));
        }
    }
    let (threads, files, kilobytes) = early.unwrap();
    let (threads_now, files_now, kilobytes_now) = held(live.id());
    assert!(threads_now <= threads, "{threads} threads became {threads_now}");
    assert!(files_now <= files, "{files} open files became {files_now}");
    let grown = kilobytes_now.saturating_sub(kilobytes);
    assert!(grown < 16_000, "{kilobytes} kB became {kilobytes_now} kB");
    assert_eq!(runs(folder.path()).len(), 1);
    // It still hears, and still runs.
    save(&file, &text("95%", EXACT, CLAIM));
    live.hears("Ctrl-C ends it");
    let begun = Instant::now();
    assert_eq!(live.interrupt().0.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_is_remembered_changes_no_finding() {
    let folder = TempDir::new().unwrap();
    let claims = "two.correct > one.correct }\n\
        hypothesis l { claim: mean(two.tokens_out) <= 2 * mean(one.tokens_out) }\n\
        hypothesis t { claim: mean(one.correct) > 50%";
    let file = folder.path().join("w.crucible");
    std::fs::write(&file, text("90%", EXACT, claims)).unwrap();
    let mut live = Live::start(folder.path(), &["w.crucible"]);
    live.hears("runs/w/");
    live.hears("\nruns/w/");
    let store = Store::read(&runs(folder.path())[0]).unwrap();
    let remembered = Remembered::new(Store::read(store.folder()).unwrap(), 80);
    let first = store.experiment().unwrap();
    let mut stricter = first.clone();
    stricter.hypotheses[0].alpha = 0.001;
    let mut turned = first.clone();
    turned.hypotheses.reverse();
    let mut fewer = first.clone();
    fewer.hypotheses.remove(1);
    let mut dropped = first.clone();
    dropped.metrics[0].missing = Missing::Drop;
    dropped.header.seed = 2;
    let mut memory = Memory::default();
    let history = History::default();
    for experiment in [&first, &stricter, &turned, &fewer, &first, &dropped, &turned] {
        let again =
            analyse_again(experiment, &remembered, &history, &mut memory).unwrap();
        assert_eq!(again, analyse(experiment, &store, &history).unwrap());
    }
}

#[test]
fn flags_that_mean_nothing_to_a_watch_are_refused() {
    for flag in ["--strict", "--cancel-batches"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_crucible-run"))
            .args(["w.crucible", "--watch", flag])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}");
    }
}
