//! The command line: flags, exit codes, one happy path for each command.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

const SMALL: &str = "\
experiment small { seed: 1 }
model m = sim(accuracy: 70%)
dataset d = items(30, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })
condition one = ask(m)
condition three = vote(repeat(m, 3), answer: last_number)
metric correct = exact_match(extract: last_number)
hypothesis h { claim: three.correct > one.correct }
";

/// Runs the program in a folder, without keys and without a terminal.
fn crucible(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .env_remove("OPENAI_API_KEY")
        .env_remove("OPENAI_BASE_URL")
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("ANTHROPIC_BASE_URL")
        .output()
        .unwrap()
}

fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("small.crucible"), text).unwrap();
    folder
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs with `--format json` and returns the document.
fn json(folder: &Path, arguments: &[&str]) -> Json {
    let output = crucible(folder, arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_run_prints_results_verdicts_and_where_it_is_last() {
    let folder = folder(SMALL);
    let output = crucible(folder.path(), &["small.crucible"]);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(told.contains("three.correct > one.correct"), "{told}");
    let last = told.lines().last().unwrap();
    assert!(folder.path().join(last).join("run.db").is_file(), "{last}");
    assert!(folder.path().join(last).join("report.md").is_file());
    assert!(folder.path().join(last).join("source/small.crucible").is_file());
    assert!(folder.path().join(last).join("environment.json").is_file());
}

#[test]
fn a_complete_run_is_shown_again_and_nothing_is_asked() {
    let folder = folder(SMALL);
    let first = json(folder.path(), &["small.crucible", "--format", "json"]);
    let again = json(folder.path(), &["small.crucible", "--format", "json"]);
    assert_eq!(first["run_dir"], again["run_dir"]);
    assert_eq!(first["trials"]["reused"], 0);
    assert_eq!(again["trials"]["reused"], 60);
    assert_eq!(first["hypotheses"], again["hypotheses"]);
    let fresh = json(folder.path(), &["small.crucible", "--format", "json", "--fresh"]);
    assert_ne!(first["run_dir"], fresh["run_dir"]);
    assert_eq!(fresh["trials"]["reused"], 0);
}

#[test]
fn a_limited_run_grows_into_the_whole_one() {
    let folder = folder(SMALL);
    let part =
        json(folder.path(), &["small.crucible", "--format", "json", "--limit", "10"]);
    assert_eq!(part["trials"]["planned"], 20);
    let whole = json(folder.path(), &["small.crucible", "--format", "json"]);
    assert_eq!(whole["trials"]["planned"], 60);
    assert_eq!(whole["trials"]["reused"], 20);
    assert_eq!(part["run_dir"], whole["run_dir"]);
}

#[test]
fn only_named_conditions_run_and_an_unknown_one_is_told() {
    let folder = folder(SMALL);
    let part =
        json(folder.path(), &["small.crucible", "--format", "json", "--only", "one"]);
    assert_eq!(part["trials"]["planned"], 30);
    let output = crucible(folder.path(), &["small.crucible", "--only", "onne"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("one"), "{}", stderr(&output));
}

#[test]
fn another_seed_is_another_run_and_a_changed_file_takes_over_what_it_shares() {
    let folder = folder(SMALL);
    let first = json(folder.path(), &["small.crucible", "--format", "json"]);
    let other = json(
        folder.path(),
        &["small.crucible", "--format", "json", "--set", "experiment.seed=7"],
    );
    assert_ne!(first["run_dir"], other["run_dir"]);
    assert_eq!(other["trials"]["reused"], 0);
    let changed =
        SMALL.to_owned() + "condition five = vote(repeat(m, 5), answer: last_number)\n";
    std::fs::write(folder.path().join("small.crucible"), changed).unwrap();
    let third = json(folder.path(), &["small.crucible", "--format", "json"]);
    assert_ne!(first["run_dir"], third["run_dir"]);
    assert_eq!(third["trials"]["planned"], 90);
    assert_eq!(third["trials"]["reused"], 60);
}

#[test]
fn a_changed_claim_is_exploratory_and_asks_nothing() {
    let folder = folder(SMALL);
    json(folder.path(), &["small.crucible", "--format", "json"]);
    let changed =
        SMALL.replace("three.correct > one.correct", "three.correct > one.correct + 1pp");
    std::fs::write(folder.path().join("small.crucible"), changed).unwrap();
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    assert_eq!(document["trials"]["reused"], 60);
    assert!(document["hypotheses"]["h"]["exploratory"].is_string(), "{document:#}");
}

#[test]
fn strict_ends_with_four_when_a_hypothesis_is_not_supported() {
    let folder = folder(
        &SMALL.replace("> one", "> 99% * one").replace("99% * one.correct", "99%"),
    );
    let output = crucible(folder.path(), &["small.crucible", "--strict"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let output = crucible(folder.path(), &["small.crucible"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn mistakes_end_with_two_and_leave_no_run() {
    let folder = folder(&SMALL.replace("accuracy", "acuracy"));
    let output = crucible(folder.path(), &["small.crucible"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `accuracy`?"), "{}", stderr(&output));
    assert!(!folder.path().join("runs").exists());
    assert_eq!(crucible(folder.path(), &["nothing.crucible"]).status.code(), Some(2));
    assert_eq!(
        crucible(folder.path(), &["small.crucible", "--nonsense"]).status.code(),
        Some(2)
    );
}

#[test]
fn check_prints_json_with_places_for_tools() {
    let folder = folder(&SMALL.replace("accuracy", "acuracy"));
    let output =
        crucible(folder.path(), &["check", "small.crucible", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    let error = &document["errors"][0];
    assert_eq!(document["errors"].as_array().unwrap().len(), 1);
    assert_eq!(error["file"], "small.crucible");
    assert_eq!((error["line"].as_u64(), error["column"].as_u64()), (Some(2), Some(15)));
    assert_eq!(error["end_column"].as_u64(), Some(22));
    assert!(error["code"].as_str().unwrap().contains("::"));
}

#[test]
fn a_starter_file_runs_as_it_is() {
    let folder = TempDir::new().unwrap();
    let output = crucible(folder.path(), &["new", "mine"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = crucible(folder.path(), &["fmt", "--check", "mine.crucible"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let output = crucible(folder.path(), &["mine.crucible"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(crucible(folder.path(), &["new", "mine"]).status.code(), Some(2));
}

#[test]
fn a_plan_counts_trials_and_calls_and_spends_nothing() {
    let folder = folder(SMALL);
    let plan = json(folder.path(), &["plan", "small.crucible", "--format", "json"]);
    assert_eq!(plan["trials"], 60);
    assert_eq!(plan["calls"], 120);
    assert_eq!(plan["conditions"]["three"]["calls"], 90);
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_file_with_nothing_to_run_checks_and_does_not_run() {
    let folder = folder("experiment small { seed: 1 }\n");
    assert_eq!(
        crucible(folder.path(), &["check", "small.crucible"]).status.code(),
        Some(0)
    );
    let output = crucible(folder.path(), &["small.crucible"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nothing to run"), "{}", stderr(&output));
}

#[test]
fn a_run_is_listed_shown_reported_and_exported_from_its_store_alone() {
    let folder = folder(SMALL);
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    std::fs::remove_file(folder.path().join("small.crucible")).unwrap();
    let run = document["run_dir"].as_str().unwrap();
    let report = folder.path().join(run).join("report.md");
    let before = std::fs::read(&report).unwrap();
    std::fs::remove_file(&report).unwrap();
    assert!(stdout(&crucible(folder.path(), &["list"])).contains(run));
    let shown = json(folder.path(), &["show", run, "--format", "json"]);
    assert_eq!(shown["hypotheses"], document["hypotheses"]);
    assert!(crucible(folder.path(), &["report", run]).status.success());
    assert_eq!(
        std::fs::read(&report).unwrap(),
        before,
        "the same bytes from the same store"
    );
    let lines = stdout(&crucible(folder.path(), &["export", run, "--to", "jsonl"]));
    assert_eq!(lines.lines().count(), 60);
    let row: Json = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert!(row["scores"]["correct"].is_number(), "{row}");
    let table = stdout(&crucible(folder.path(), &["export", run, "--to", "csv"]));
    assert_eq!(table.lines().count(), 61);
}

#[test]
fn signatures_and_codes_are_explained() {
    let folder = TempDir::new().unwrap();
    assert!(stdout(&crucible(folder.path(), &["doc", "vote"])).contains("majority"));
    assert!(stdout(&crucible(folder.path(), &["doc"])).contains("exact_match"));
    let output = crucible(folder.path(), &["doc", "votte"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `vote`?"), "{}", stderr(&output));
    let output = crucible(folder.path(), &["explain", "check::nothing_like_it"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn every_mistake_is_told_at_once_a_missing_test_and_a_missing_file_among_them() {
    let text = SMALL
        .replace("three.correct > one.correct", "sd(three.correct) < sd(one.correct)")
        + "let broken = nothing\ndataset d2 = jsonl(\"nofile.jsonl\")\n"
        + "model kept = recorded(d2, output: \"answer\")\ncondition old = ask(kept)\n";
    let text = text.replace("seed: 1", "seed: 1, dataset: d");
    let folder = folder(&text);
    let output =
        crucible(folder.path(), &["check", "small.crucible", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    let codes: Vec<&str> = document["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["check::no_test", "check::unknown_name", "run::cannot_build"]);
    let claim = &document["errors"][0];
    assert_eq!((claim["line"].as_u64(), claim["column"].as_u64()), (Some(7), Some(23)));
    let file = &document["errors"][2];
    assert_eq!((file["line"].as_u64(), file["column"].as_u64()), (Some(9), Some(20)));
    assert!(document["errors"][1]["related"].is_array());
}

#[test]
fn a_run_that_does_not_check_prints_the_document_of_check() {
    let folder = folder(&SMALL.replace("accuracy", "acuracy"));
    for command in [&["small.crucible"][..], &["plan", "small.crucible"]] {
        let output = crucible(folder.path(), &[command, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(2));
        let document: Json = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["errors"][0]["code"], "check::unknown_argument");
    }
}

#[test]
fn locked_passes_where_there_is_nothing_to_lock_and_asks_for_a_lock_where_there_is() {
    let plain = folder(SMALL);
    let output = crucible(plain.path(), &["small.crucible", "--locked"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!plain.path().join("small.crucible.lock").exists());
    let data = SMALL.replace(
        "items(30, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })",
        "csv(\"d.csv\")",
    );
    let folder = folder(&data);
    std::fs::write(folder.path().join("d.csv"), "input,target\nWhat is 1 + 1?,2\n")
        .unwrap();
    let locked = ["small.crucible", "--locked"];
    assert_eq!(crucible(folder.path(), &locked).status.code(), Some(2));
    assert_eq!(crucible(folder.path(), &["small.crucible"]).status.code(), Some(0));
    assert_eq!(crucible(folder.path(), &locked).status.code(), Some(0));
    std::fs::write(folder.path().join("d.csv"), "input,target\nWhat is 1 + 2?,3\n")
        .unwrap();
    let output = crucible(folder.path(), &locked);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the data of `d.csv` have changed"));
}

#[test]
fn all_missing_keys_are_named_at_once() {
    let text = SMALL.replace("sim(accuracy: 70%)", "openai(\"gpt-4o-mini\")").replace(
        "condition one = ask(m)",
        "condition one = ask(anthropic(\"claude-haiku-4-5\"))",
    );
    let folder = folder(&text);
    let output = crucible(folder.path(), &["small.crucible", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("`OPENAI_API_KEY` is not set"), "{told}");
    assert!(told.contains("`ANTHROPIC_API_KEY` is not set"), "{told}");
}

#[test]
fn a_report_is_made_by_the_name_of_its_experiment() {
    let folder = folder(SMALL);
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let report = Path::new(document["run_dir"].as_str().unwrap()).join("report.md");
    std::fs::remove_file(folder.path().join(&report)).unwrap();
    let output = crucible(folder.path(), &["report", "small"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output).trim(), report.display().to_string());
    assert!(folder.path().join(&report).is_file());
}

#[test]
fn a_misspelt_command_or_file_is_answered_with_the_right_one() {
    let folder = folder(SMALL);
    let told = |arguments: &[&str]| {
        let output = crucible(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    assert!(told(&["chekc", "small.crucible"]).contains("did you mean `check`?"));
    for arguments in [&["small"][..], &["check", "small"], &["plan", "small"]] {
        assert!(told(arguments).contains("did you mean `small.crucible`?"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_does_not_end_with_zero() {
    let folder = folder(SMALL);
    for arguments in [&["small.crucible"][..], &["show", "small"], &["doc", "vote"]] {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_crucible-run"))
            .args(arguments)
            .current_dir(folder.path())
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("write to stdout"), "{}", stderr(&output));
    }
}

#[test]
fn the_library_is_explained_and_tables_are_laid_out() {
    let folder = TempDir::new().unwrap();
    for name in ["std", "std::prompts", "step_by_step", "std::prompts::step_by_step"] {
        let page = stdout(&crucible(folder.path(), &["doc", name]));
        assert!(page.contains("Think step by step"), "{name}: {page}");
    }
    assert!(stdout(&crucible(folder.path(), &["doc"])).contains("after_answer"));
    let page = stdout(&crucible(folder.path(), &["doc", "vote"]));
    assert!(!page.contains("| --- |") && !page.contains("```"), "{page}");
}

#[test]
fn the_reference_in_the_repository_is_what_the_program_writes() {
    let folder = TempDir::new().unwrap();
    let written = folder.path().join("reference");
    let output =
        crucible(folder.path(), &["doc", "--all", "--output", written.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let names = |dir: &Path| {
        let mut names: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&written),
        names(&kept),
        "`crucible-run doc --all --output docs/reference`"
    );
    for name in names(&kept) {
        assert_eq!(
            std::fs::read_to_string(written.join(&name)).unwrap(),
            std::fs::read_to_string(kept.join(&name)).unwrap(),
            "{name:?} is stale: `cargo run -- doc --all --output docs/reference`"
        );
    }
}

#[test]
fn every_claim_of_the_reference_checks_or_says_that_it_does_not() {
    let reference =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/claims.md");
    let page = std::fs::read_to_string(reference).unwrap();
    let folder = TempDir::new().unwrap();
    let mut seen = 0;
    for chapter in page.split("\n## ").skip(1) {
        let claim = chapter.split("```crucible\n").nth(1).unwrap();
        let claim = claim.split("\n```").next().unwrap();
        let text = format!(
            "experiment e {{ seed: 1 }}\n\
             model a = sim(accuracy: 70%, price: [$1/Mtok, $1/Mtok])\n\
             model b = sim(accuracy: 80%, price: [$1/Mtok, $1/Mtok])\n\
             dataset d = items(30, |i| #{{ input: `q`, target: i }})\n\
             condition vote = ask(a)\ncondition single = ask(b)\n\
             condition hedged = ask(a)\ncondition plain = ask(b)\n\
             condition panel[n in 1..=3] = vote(repeat(a, n), answer: last_number)\n\
             condition grid[m in [a, b]] = ask(m)\n\
             metric correct = exact_match(extract: last_number)\n\
             hypothesis h {{ claim: {claim} }}\n"
        );
        std::fs::write(folder.path().join("e.crucible"), text).unwrap();
        let output = crucible(folder.path(), &["check", "e.crucible"]);
        let refused = chapter.contains("Not decidable yet");
        assert_eq!(output.status.success(), !refused, "{claim}\n{}", stderr(&output));
        seen += 1;
    }
    assert_eq!(seen, 12);
}

#[test]
fn a_field_that_no_output_has_is_told_when_the_file_is_checked() {
    let text = SMALL.replace("extract: last_number", "extract: |o| o.txt");
    let folder = folder(&text);
    let output = crucible(folder.path(), &["check", "small.crucible"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("check::unknown_field"), "{told}");
    assert!(told.contains("did you mean `text`?"), "{told}");
}

/// Runs and plans a file that names a column which no item has; both must tell it at once.
fn tells_the_column(text: &str, place: &str, help: &str) {
    let folder = folder(text);
    for arguments in [&["plan", "small.crucible"][..], &["small.crucible"]] {
        let output = crucible(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = stderr(&output);
        assert!(told.contains("run::cannot_build"), "{told}");
        assert!(told.contains(&format!("small.crucible:{place}]")), "{told}");
        assert!(told.contains(help), "{told}");
    }
    assert!(!folder.path().join("runs/small").exists(), "nothing was begun");
}

#[test]
fn a_column_that_no_item_has_is_told_before_anything_is_asked() {
    let hinted = SMALL.replace("target: i + 1 }", "target: i + 1, hint: `a` }");
    let closure = hinted.replace(
        "exact_match(extract: last_number)",
        "score(|output, row| output.text == row.hnit)",
    );
    tells_the_column(&closure, "6:57", "did you mean `hint`?");
    let prompt = hinted.replace("ask(m)", "ask(m, prompt: \"{{ input }} {{ hnit }}\")");
    tells_the_column(&prompt, "4:48", "did you mean `hint`?");
    let named = "prompt coached { template: \"{{ input }}, {{ hnit }}\" }\n".to_owned()
        + hinted.replace("ask(m)", "ask(m, prompt: coached)").as_str();
    tells_the_column(&named, "1:45", "did you mean `hint`?");
    let target = hinted.replace("last_number)", "last_number, target: \"hnit\")");
    let target =
        target.replace("answer: last_number, target: \"hnit\")", "answer: last_number)");
    tells_the_column(&target, "6:60", "did you mean `hint`?");
    let cluster = hinted.replace("seed: 1", "seed: 1, cluster: \"hnit\"");
    tells_the_column(&cluster, "1:38", "did you mean `hint`?");
    // What is asked for first may be missing; a column that some items have is theirs.
    let asked = hinted.replace(
        "exact_match(extract: last_number)",
        "score(|output, item| \"none\" in item.keys() && item.none == 1)",
    );
    let folder = folder(&asked);
    assert!(crucible(folder.path(), &["plan", "small.crucible"]).status.success());
}

#[test]
fn a_metric_that_fails_everywhere_decides_nothing() {
    let text = SMALL.replace(
        "exact_match(extract: last_number)",
        "score(|output, item| throw \"a long way to say that this metric cannot score a thing\", scale: binary)",
    );
    let folder = folder(&text);
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let metric = &document["conditions"]["one"]["correct"];
    assert_eq!((&metric["mean"], &metric["n"]), (&Json::Null, &Json::from(0)));
    assert_eq!((&metric["failed"], &metric["failed_scores"]), (&30.into(), &30.into()));
    assert_eq!(document["trials"]["failed"], 0);
    let h = &document["hypotheses"]["h"];
    assert_eq!(h["verdict"], "inconclusive");
    assert_eq!(h["failed_scores"]["one"], 30);
    assert_eq!(h["failed"]["one"], 0);
    let reason = h["reason"].as_str().unwrap();
    assert!(reason.contains("correct failed on all 30 trials of one"), "{reason}");
    assert_eq!(h["with_failures"]["best"], "supported");
    assert_eq!(h["with_failures"]["worst"], "refuted");
    let example = document["score_failures"][0]["example"].as_str().unwrap();
    let run = document["run_dir"].as_str().unwrap();
    let shown = stdout(&crucible(folder.path(), &["show", run]));
    assert!(shown.contains("–") && !shown.contains("0.0%"), "{shown}");
    assert!(shown.contains("failed on all 30 trials"), "{shown}");
    let report =
        std::fs::read_to_string(folder.path().join(run).join("report.md")).unwrap();
    assert!(report.contains("cannot score a thing"), "{report}");
    let lines = stdout(&crucible(folder.path(), &["export", run, "--to", "jsonl"]));
    let row: Json = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(row["score_problems"]["correct"], example);
    let table = stdout(&crucible(folder.path(), &["export", run, "--to", "csv"]));
    assert!(table.lines().next().unwrap().contains("correct_problem"), "{table}");
    assert!(table.lines().nth(1).unwrap().contains("cannot score a thing"), "{table}");
}

#[test]
fn failed_trials_are_counted_in_every_column() {
    let text = SMALL
        .replace("seed: 1", "seed: 1, max_failures: 100%")
        .replace("accuracy: 70%", "accuracy: 70%, failures: 50%, attempts: 1");
    let folder = folder(&text);
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let failed = |name: &str| document["conditions"]["one"][name]["failed"].clone();
    let all = document["failures"].as_array().unwrap();
    let one: u64 = all
        .iter()
        .filter(|row| row["condition"] == "one")
        .map(|row| row["count"].as_u64().unwrap())
        .sum();
    assert!(one > 0, "{document:#}");
    for name in ["correct", "latency", "cost", "requests"] {
        assert_eq!(failed(name), one, "{name}");
    }
    let run = document["run_dir"].as_str().unwrap();
    let report =
        std::fs::read_to_string(folder.path().join(run).join("report.md")).unwrap();
    let row = report.lines().find(|line| line.starts_with("| one ")).unwrap();
    assert!(row.ends_with(&format!("| 30 | {one} |")), "{report}");
    let shown = stdout(&crucible(folder.path(), &["show", run]));
    let block = shown.lines().skip_while(|line| !line.starts_with("one"));
    let line = block.map(str::trim).find(|line| line.starts_with("failed")).unwrap();
    assert!(line.ends_with(&format!(" {one}")), "{shown}");
}

#[test]
fn a_level_is_shown_in_its_own_unit() {
    let text = SMALL.replace("three.correct > one.correct", "one.correct > 50%");
    let folder = folder(&text);
    let shown = stdout(&crucible(folder.path(), &["small.crucible"]));
    let line =
        shown.lines().skip_while(|line| !line.contains("one.correct > 50%")).nth(1);
    let line = line.unwrap().trim();
    assert!(line.contains("% [") && !line.contains("pp"), "{line}");
    assert!(!line.starts_with('+'), "{line}");
}

#[test]
fn a_selection_is_said_and_its_command_repeats_it() {
    let folder = folder(SMALL);
    let set = ["--set", "experiment.seed=7", "--set", "experiment.budget=$1"];
    let mut arguments = vec!["small.crucible", "--format", "json", "--limit", "5"];
    arguments.extend(set);
    arguments.extend(["--only", "one"]);
    let part = json(folder.path(), &arguments);
    let wanted =
        "crucible-run small.crucible --set experiment.seed=7 --limit 5 --only one";
    assert_eq!(part["command"], wanted);
    assert_eq!(part["selection"]["of_items"], 30);
    let run = part["run_dir"].as_str().unwrap();
    let report =
        std::fs::read_to_string(folder.path().join(run).join("report.md")).unwrap();
    assert!(report.contains(wanted), "{report}");
    assert!(report.contains("5 of 30 items"), "{report}");
    let shown = stdout(&crucible(folder.path(), &["show", run]));
    assert!(shown.contains("5 of 30 items (--limit), only the condition one"), "{shown}");
    // The whole run then holds more than a part of it that is asked for.
    let mut whole = vec!["small.crucible"];
    whole.extend(set);
    assert!(crucible(folder.path(), &whole).status.success());
    whole.extend(["--limit", "3"]);
    let output = crucible(folder.path(), &whole);
    assert!(stderr(&output).contains("holds 60 trials"), "{}", stderr(&output));
    let list = stdout(&crucible(folder.path(), &["list"]));
    assert!(list.trim_end().ends_with("60 of 60 trials, complete"), "{list}");
}

#[test]
fn a_plan_says_what_is_left() {
    let text = SMALL.replace("accuracy: 70%", "accuracy: 70%, price: [$1/Mtok, $1/Mtok]");
    let folder = folder(&text);
    let plan = || json(folder.path(), &["plan", "small.crucible", "--format", "json"]);
    let before = plan();
    assert_eq!(
        (&before["left"]["trials"], &before["taken_over"]),
        (&60.into(), &0.into())
    );
    assert_eq!(before["left"]["cost_usd"], before["cost_usd"]);
    json(folder.path(), &["small.crucible", "--format", "json", "--only", "one"]);
    let after = plan();
    assert_eq!(after["committed"], 30);
    assert_eq!(
        (&after["left"]["trials"], &after["left"]["calls"]),
        (&30.into(), &90.into())
    );
    let changed = text + "hypothesis again { claim: one.correct > 50% }\n";
    std::fs::write(folder.path().join("small.crucible"), changed).unwrap();
    let other = plan();
    assert_eq!((&other["committed"], &other["taken_over"]), (&0.into(), &30.into()));
    assert_eq!(other["left"]["trials"], 30);
    let page = stdout(&crucible(folder.path(), &["plan", "small.crucible"]));
    assert!(
        page.contains("30 are taken over from earlier runs; left: 30 trials"),
        "{page}"
    );
}

#[test]
fn an_exploratory_hypothesis_has_no_adjusted_p_and_says_what_changed() {
    let folder = folder(SMALL);
    json(folder.path(), &["small.crucible", "--format", "json"]);
    let changed = SMALL.replace("extract: last_number)", "extract: first_number)");
    std::fs::write(folder.path().join("small.crucible"), changed).unwrap();
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let h = &document["hypotheses"]["h"];
    assert_eq!(h["p_adjusted"], Json::Null);
    let why = h["exploratory"].as_str().unwrap();
    assert!(why.contains("the metric correct changed"), "{why}");
    let run = document["run_dir"].as_str().unwrap();
    let shown = stdout(&crucible(folder.path(), &["show", run]));
    assert!(shown.contains("exploratory: since the first trial was stored"), "{shown}");
    let report =
        std::fs::read_to_string(folder.path().join(run).join("report.md")).unwrap();
    assert!(
        !report.contains("adjusted p") && !report.contains("after correction"),
        "{report}"
    );
}

#[test]
fn a_claim_run_again_under_other_seeds_says_so() {
    let folder = folder(SMALL);
    for seed in ["experiment.seed=5", "experiment.seed=6"] {
        json(folder.path(), &["small.crucible", "--format", "json", "--set", seed]);
    }
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let run = document["run_dir"].as_str().unwrap();
    let report =
        std::fs::read_to_string(folder.path().join(run).join("report.md")).unwrap();
    let wanted = "2 earlier runs tested this claim under other seeds";
    assert!(report.contains(wanted), "{report}");
}

#[test]
fn groups_are_called_groups_and_few_are_told() {
    let text = SMALL
        .replace("seed: 1", "seed: 1, cluster: \"topic\"")
        .replace("target: i + 1 }", "target: i + 1, topic: i % 4 }");
    let folder = folder(&text);
    let plan = crucible(folder.path(), &["plan", "small.crucible"]);
    assert!(stderr(&plan).contains("4 groups of `topic`"), "{}", stderr(&plan));
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let run = document["run_dir"].as_str().unwrap();
    let report =
        std::fs::read_to_string(folder.path().join(run).join("report.md")).unwrap();
    assert!(report.contains("over 30 items in 4 groups"), "{report}");
    assert!(report.contains("too few groups to generalise"), "{report}");
    assert!(report.contains("To settle it: 4 groups"), "{report}");
}

#[test]
fn a_damaged_run_is_listed_and_not_passed_over_in_silence() {
    let folder = folder(SMALL);
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let run = document["run_dir"].as_str().unwrap();
    std::fs::write(folder.path().join(run).join("run.db"), "no database at all").unwrap();
    let list = stdout(&crucible(folder.path(), &["list"]));
    assert!(list.contains(run) && list.contains("damaged"), "{list}");
    let again = crucible(folder.path(), &["small.crucible"]);
    assert!(stderr(&again).contains("cannot be gone on with"), "{}", stderr(&again));
}

#[test]
fn a_cost_that_no_trial_will_know_is_warned_of() {
    let text = SMALL.replace("three.correct > one.correct", "three.cost > one.cost");
    let folder = folder(&text);
    let output = crucible(folder.path(), &["check", "small.crucible"]);
    assert!(output.status.success());
    assert!(stderr(&output).contains("check::unknown_measure"), "{}", stderr(&output));
    let shown = stdout(&crucible(folder.path(), &["small.crucible"]));
    assert!(shown.contains("not known for any of its 30 trials"), "{shown}");
}

#[test]
fn what_a_script_logged_is_exported() {
    let text = "experiment small { seed: 1 }\n\
        model m = sim(accuracy: 70%)\n\
        dataset d = items(2, |i| #{ input: `q`, target: i })\n\
        strategy noted(m) = |ctx, item| { ctx.log(`saw ${item.input}`); ctx.ask(m, item.input) }\n\
        condition one = noted(m)\n\
        condition two = vote(repeat(m, 3), answer: last_number)\n";
    let folder = folder(text);
    let document = json(folder.path(), &["small.crucible", "--format", "json"]);
    let run = document["run_dir"].as_str().unwrap();
    let lines = stdout(&crucible(folder.path(), &["export", run, "--to", "jsonl"]));
    let rows: Vec<Json> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| rows.iter().find(|row| row["condition"] == name).unwrap();
    assert_eq!(of("one")["trace"], serde_json::json!(["saw q"]));
    assert_eq!(of("two")["votes"].as_array().unwrap().len(), 3);
}

#[test]
fn a_test_may_be_named_shortly_and_stands_in_quotes() {
    let named = |test: &str| {
        SMALL.replace("one.correct }", &format!("one.correct, test: {test} }}"))
    };
    let text = named("\"mcnemar\"");
    let fine = folder(&text);
    assert!(crucible(fine.path(), &["check", "small.crucible"]).status.success());
    let bare = folder(&named("mcnemar"));
    let told = stderr(&crucible(bare.path(), &["check", "small.crucible"]));
    assert!(told.contains("a string stands in quotes: `\"mcnemar\"`"), "{told}");
    let wrong = folder(&named("\"wilcoxon\""));
    let told = stderr(&crucible(wrong.path(), &["check", "small.crucible"]));
    assert!(told.contains("test: \"exact McNemar\""), "{told}");
}
