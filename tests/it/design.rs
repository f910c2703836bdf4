//! Files that cut their results, compare families, or ask each item under one condition: run
//! from end to end.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use crucible::record::Place;
use crucible::store::Store;
use serde_json::Value as Json;
use tempfile::TempDir;

const UNPAIRED: &str = "\
experiment u { seed: 3, repeats: 2, design: unpaired }
model m = sim(accuracy: 60%)
model s = sim(accuracy: 85%)
dataset d = items(31, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })
condition one = ask(m)
condition two = ask(s)
condition three = vote(repeat(m, 3), answer: last_number)
metric correct = exact_match(extract: last_number)
hypothesis h { claim: two.correct > one.correct }
";

const SLICED: &str = "\
experiment s { seed: 1 }
dataset d = jsonl(\"data.jsonl\")
condition panel[m in [a, b, c]] = ask(m)
model a = recorded(d, output: \"a\")
model b = recorded(d, output: \"b\")
model c = recorded(d, output: \"c\")
metric correct = exact_match(extract: |output| output.text, by: \"topic\", missing: wrong)
hypothesis h { claim: panel[a].correct > panel[b].correct }
hypothesis both { claim: panel[a].correct > panel[b].correct and panel[a].correct > 50% }
report { formats: [markdown, json], pairs: [panel.correct] }
";

fn crucible(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Json {
    let output = crucible(folder, arguments);
    assert!(output.status.success(), "{}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("e.crucible"), text).unwrap();
    folder
}

/// Thirty items in three topics: `a` is right on 27, `b` on 13 of those and one other, `c`
/// never.
fn sliced(text: &str) -> TempDir {
    let folder = folder(text);
    let mut lines = String::new();
    let topics = ["x", "y", "z"];
    for item in 0..30 {
        let right = |is: bool| if is { "yes" } else { "<b>|</b> `no`" };
        let row = serde_json::json!({
            "id": format!("q{item}"),
            "input": format!("question {item}"),
            "target": "yes",
            "topic": topics[item % 3],
            "a": right(item < 27),
            "b": right(item < 13 || item == 28),
            "c": right(false),
        });
        lines.push_str(&row.to_string());
        lines.push('\n');
    }
    std::fs::write(folder.path().join("data.jsonl"), lines).unwrap();
    folder
}

#[test]
fn each_item_is_asked_under_one_condition_in_balanced_blocks() {
    let folder = folder(UNPAIRED);
    let part = json(folder.path(), &["e.crucible", "--limit", "10", "--format", "json"]);
    assert_eq!(part["trials"]["planned"], 20);
    assert_eq!(part["selection"]["items"], 10);
    let found = json(folder.path(), &["e.crucible", "--format", "json"]);
    assert_eq!(found["run_dir"], part["run_dir"], "the same run goes on");
    assert_eq!(found["trials"]["reused"], 20);
    assert_eq!(found["trials"]["planned"], 62);
    assert!(found["complete"].as_bool().unwrap() && found["selection"].is_null());
    let store = Store::read(
        Path::new(folder.path()).join(found["run_dir"].as_str().unwrap()).as_path(),
    )
    .unwrap();
    let mut by_item: BTreeMap<u32, Vec<Place>> = BTreeMap::new();
    store
        .committed(|trial| by_item.entry(trial.place.item).or_default().push(trial.place))
        .unwrap();
    assert_eq!(by_item.len(), 31);
    let mut sizes = [0; 3];
    for places in by_item.values() {
        assert_eq!(places.len(), 2, "both repeats: {places:?}");
        assert_eq!(places[0].condition, places[1].condition);
        sizes[places[0].condition as usize] += 1;
    }
    assert_eq!(sizes, [11, 10, 10]);
    assert_eq!(found["hypotheses"]["h"]["test"], "Welch with pseudo-items");
    assert_eq!(found["hypotheses"]["h"]["n_items"], 21);
    let plan = json(folder.path(), &["plan", "e.crucible", "--format", "json"]);
    assert_eq!(plan["trials"], 62);
    assert_eq!(plan["conditions"]["one"]["trials"], 22);
    assert_eq!(plan["calls"], 22 + 20 + 60);
}

#[test]
fn a_part_of_the_conditions_asks_only_their_items() {
    let folder = folder(UNPAIRED);
    let found = json(folder.path(), &["e.crucible", "--only", "two", "--format", "json"]);
    assert_eq!(found["trials"]["planned"], 20);
    assert_eq!(found["command"], "crucible-run e.crucible --only two");
    let again =
        ["e.crucible", "--only", "two,three", "--limit", "12", "--format", "json"];
    let found = json(folder.path(), &again);
    // Ranks 1, 2, 4, 5, 7, 8, 10 and 11 of the keyed order, of which four are there.
    assert_eq!(found["trials"]["reused"], 8);
}

#[test]
fn two_shares_of_different_items_with_one_trial_each_get_the_score_test() {
    let folder = folder(&UNPAIRED.replace("repeats: 2, ", ""));
    let found = json(folder.path(), &["e.crucible", "--format", "json"]);
    let scored: Vec<&Json> = found["hypotheses"]
        .as_object()
        .unwrap()
        .values()
        .filter(|h| h["test"] == "Miettinen-Nurminen score")
        .collect();
    assert!(!scored.is_empty(), "{found}");
    for hypothesis in scored {
        assert_eq!(hypothesis["effect_size"]["name"], "odds ratio");
        assert_eq!(hypothesis["runner_up"]["test"], "Newcombe");
        let ci = &hypothesis["ci"];
        assert!(ci[0].as_f64().unwrap() < ci[1].as_f64().unwrap());
    }
    let folder = self::folder(
        &UNPAIRED
            .replace("design: unpaired", "design: paired")
            .replace("repeats: 2, ", "")
            .replace("one.correct }", "one.correct, over: repeats }"),
    );
    let output = crucible(folder.path(), &["check", "e.crucible"]);
    assert!(told(&output).contains("needs two repeats"), "{}", told(&output));
}

#[test]
fn another_design_is_another_experiment() {
    let folder = folder(UNPAIRED);
    let unpaired = json(folder.path(), &["e.crucible", "--format", "json"]);
    let paired = UNPAIRED.replace("design: unpaired", "design: paired");
    std::fs::write(folder.path().join("e.crucible"), paired).unwrap();
    let paired = json(folder.path(), &["e.crucible", "--format", "json"]);
    assert_ne!(unpaired["run_dir"], paired["run_dir"]);
    assert_ne!(unpaired["digest"], paired["digest"]);
    // What was asked is not asked again.
    assert_eq!(paired["trials"]["reused"], 62);
    let exploratory = paired["hypotheses"]["h"]["exploratory"].as_str().unwrap();
    assert!(exploratory.contains("`design`"), "{exploratory}");
}

#[test]
fn results_are_cut_by_a_column_and_the_items_that_decided_are_listed() {
    let folder = sliced(SLICED);
    let found = json(folder.path(), &["e.crucible", "--format", "json"]);
    let slices = &found["slices"][0];
    assert_eq!(slices["column"], "topic");
    assert_eq!(slices["slices"][1]["value"], "y");
    assert_eq!(slices["slices"][1]["items"], 10);
    assert_eq!(slices["slices"][1]["conditions"]["panel[a]"]["correct"]["mean"], 0.9);
    let h = &found["hypotheses"]["h"];
    assert_eq!(h["discordant"]["only_left_count"], 14);
    assert_eq!(h["discordant"]["only_right"][0]["id"], "q28");
    assert_eq!(h["discordant"]["only_right"][0]["left"], "<b>|</b> `no`");
    assert_eq!(found["hypotheses"]["both"]["joined"]["rule"], "and");
    assert_eq!(found["pairs"][0]["ranking"][2]["condition"], "panel[c]");
    assert_eq!(found["pairs"][0]["ranking"][2]["ranks"], serde_json::json!([3, 3]));
    let run = found["run_dir"].as_str().unwrap();
    let page =
        std::fs::read_to_string(folder.path().join(run).join("report.md")).unwrap();
    for part in [
        "### correct by topic",
        "| micro mean (each item weighs the same) | 30 |",
        "| macro mean (each slice weighs the same) | 3 slices |",
        "### h by topic",
        "## All pairs of panel.correct",
        "an intersection-union test",
        r"Only panel\[b\] was right on 1 item:",
        r"| q28 | &lt;b&gt;\|&lt;/b&gt; \`no\` | yes |",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    let output = crucible(folder.path(), &["show", run, "--discordant", "h"]);
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("Only panel[a] was right on 14 items\n"), "{listed}");
    assert_eq!(listed.matches("\n  panel[a]: yes\n").count(), 14);
    let output = crucible(folder.path(), &["show", run, "--discordant", "both"]);
    assert_eq!(output.status.code(), Some(2));
    let output = crucible(folder.path(), &["show", run, "--discordant", "none"]);
    assert!(told(&output).contains("it has h, both"), "{}", told(&output));
    // What is shown beside the verdicts is no part of what the experiment is.
    let other =
        SLICED.replace(", by: \"topic\"", "").replace(", pairs: [panel.correct]", "");
    std::fs::write(folder.path().join("e.crucible"), other).unwrap();
    let again = json(folder.path(), &["e.crucible", "--format", "json"]);
    assert_eq!(again["run_dir"], found["run_dir"]);
    assert_eq!(again["slices"], serde_json::json!([]));
    let shown = json(folder.path(), &["show", run, "--format", "json"]);
    assert_eq!(shown["slices"], found["slices"], "from the store alone");
}

#[test]
fn a_column_that_no_item_has_or_that_has_too_many_values_is_told_before_anything_is_asked()
 {
    for (column, wanted) in
        [("topik", "did you mean `topic`?"), ("nothing", "no item has")]
    {
        let folder = sliced(&SLICED.replace("\"topic\"", &format!("\"{column}\"")));
        let output = crucible(folder.path(), &["e.crucible"]);
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(wanted), "{}", told(&output));
        assert!(told(&output).contains("e.crucible:7:65"), "{}", told(&output));
        assert!(!folder.path().join("runs").exists());
    }
    let text = UNPAIRED
        .replace("items(31", "items(200")
        .replace("hypothesis h", "report { by: [\"target\"] }\nhypothesis h");
    let folder = folder(&text);
    let output = crucible(folder.path(), &["e.crucible"]);
    assert!(told(&output).contains("has 200 values"), "{}", told(&output));
}

#[test]
fn what_is_no_family_has_no_pairs() {
    for (pairs, wanted) in [
        ("[correct]", "a family with a metric is due here"),
        ("[panel.corect]", "did you mean `correct`?"),
        ("[pane.correct]", "did you mean `panel`?"),
    ] {
        let folder = sliced(&SLICED.replace("[panel.correct]", pairs));
        let output = crucible(folder.path(), &["check", "e.crucible"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).contains(wanted), "{}", told(&output));
    }
    let folder = folder(&(UNPAIRED.to_owned() + "report { pairs: [one.correct] }\n"));
    let output = crucible(folder.path(), &["check", "e.crucible"]);
    assert!(told(&output).contains("a family of two conditions"), "{}", told(&output));
}
