//! Runs that stop early, and the power that `plan` tells.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fall over")]
#![expect(clippy::disallowed_methods, reason = "these tests run the program on files")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

fn file(stop: &str, good: u32, claims: &str) -> String {
    format!(
        "experiment early \"Does it stop?\" {{\n    seed: 3\n    {stop}\n}}
model good = sim(accuracy: {good}%, price: [$1/Mtok, $1/Mtok])
model bad  = sim(accuracy: 60%, price: [$1/Mtok, $1/Mtok])
dataset sums = items(1000, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})
condition a = ask(good)
condition b = ask(bad)
metric correct = exact_match(extract: last_number)
{claims}
"
    )
}

const CLAIM: &str = "hypothesis h { claim: a.correct > b.correct }";

fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("early.crucible"), text).unwrap();
    folder
}

fn crucible(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Json {
    let mut all = arguments.to_vec();
    all.extend(["--format", "json"]);
    let output = crucible(folder, &all);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn told(text: &str) -> String {
    let folder = folder(text);
    let output = crucible(folder.path(), &["check", "early.crucible"]);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
        + &*String::from_utf8_lossy(&output.stdout)
}

#[test]
fn a_clear_difference_stops_early_with_the_same_answer_however_many_trials_run_at_once() {
    for (rule, at_most) in [
        ("stop: decided", 300),
        ("stop: sequential(looks: 5)", 400),
        ("stop: sequential(looks: 10, spending: pocock)", 200),
    ] {
        let folder = folder(&file(rule, 90, CLAIM));
        let run = |concurrency: &str, out: &str| {
            json(
                folder.path(),
                &["early.crucible", "--concurrency", concurrency, "--out", out],
            )
        };
        let (one, many) = (run("1", "one"), run("64", "many"));
        let of = |document: &Json| document["hypotheses"]["h"].clone();
        assert_eq!(of(&one), of(&many), "{rule}");
        assert_eq!(one["conditions"]["a"]["correct"], many["conditions"]["a"]["correct"]);
        assert_eq!(one["stopped_early"], many["stopped_early"]);
        assert_eq!(of(&one)["verdict"], "supported");
        assert_eq!(one["complete"], true);
        assert_eq!(one["trials"]["planned"], 2_000);
        let items = of(&one)["decided_after"].as_u64().unwrap();
        assert_eq!(of(&one)["n_items"], items);
        assert!(items <= at_most, "{rule}: {items}");
        // One after the other: what was under way when the look came, and no more.
        assert!(one["calls"].as_u64().unwrap() <= 2 * items + 2, "{rule}: {one}");
        let ci = &of(&one)["ci"];
        assert!(ci[0].as_f64().unwrap() > 0.0, "{rule}: {ci}");
        let told = format!(
            "a stopped early after {items} of 1,000 items: every hypothesis that names it was decided."
        );
        let remarks = one["remarks"].to_string();
        assert!(remarks.contains(&told), "{remarks}");
    }
}

#[test]
fn a_stopped_run_is_complete_and_shown_again_and_nothing_is_asked() {
    let folder = folder(&file("stop: decided", 90, CLAIM));
    let first = crucible(folder.path(), &["early.crucible"]);
    assert_eq!(first.status.code(), Some(0));
    let page = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(page.contains("stopped early after"), "{page}");
    let again = json(folder.path(), &["early.crucible"]);
    assert_eq!(again["trials"]["reused"], again["trials"]["done"]);
    let plan = json(folder.path(), &["plan", "early.crucible"]);
    assert_eq!(plan["left"]["trials"], 0);
    assert_eq!(
        plan["spared"].as_u64().unwrap() + plan["committed"].as_u64().unwrap(),
        2_000
    );
    let list = crucible(folder.path(), &["list"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("complete, stopped early"));
}

#[test]
fn a_run_that_was_limited_first_comes_to_the_same_answer() {
    let folder = folder(&file("stop: sequential(looks: 5)", 90, CLAIM));
    let part =
        json(folder.path(), &["early.crucible", "--limit", "50", "--out", "grown"]);
    let h = &part["hypotheses"]["h"];
    assert_eq!(
        (h["verdict"].as_str(), h["p"].as_f64()),
        (Some("inconclusive"), Some(1.0))
    );
    assert!(
        h["reason"].as_str().unwrap().contains("the first is after 200 items"),
        "{h}"
    );
    let grown = json(folder.path(), &["early.crucible", "--out", "grown"]);
    let whole = json(folder.path(), &["early.crucible", "--out", "whole"]);
    assert_eq!(grown["hypotheses"], whole["hypotheses"]);
}

#[test]
fn a_condition_ends_when_every_hypothesis_that_names_it_is_decided() {
    let claims = "condition c = ask(bad)
hypothesis clear { claim: a.correct > b.correct }
hypothesis none  { claim: b.correct > c.correct }";
    // One seed of twenty calls a true null decided; this is not one.
    let text = file("stop: decided", 90, claims).replace("seed: 3", "seed: 1");
    let folder = folder(&text);
    let found = json(folder.path(), &["early.crucible", "--concurrency", "4"]);
    let early = found["stopped_early"].as_object().unwrap();
    assert_eq!(early.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(found["hypotheses"]["none"]["verdict"], "inconclusive");
    assert_eq!(found["hypotheses"]["none"]["n_items"], 1_000);
    assert_eq!(found["conditions"]["b"]["correct"]["n_items"], 1_000);
    assert_eq!(found["complete"], true);
}

#[test]
fn a_claim_that_no_stop_rule_bounds_is_told_at_its_place() {
    let money =
        told(&file("stop: decided", 90, "hypothesis h { claim: a.cost < b.cost }"));
    assert!(money.contains("early.crucible:11:23"), "{money}");
    assert!(money.contains("a.cost is an amount of money"), "{money}");
    for (claim, what) in [
        ("median(a.latency) < median(b.latency)", "a quantile of a.latency is none"),
        ("correlation(a.correct, b.correct) > 0", "a correlation is none"),
        ("a.requests < 2", "a.requests is a count"),
    ] {
        let text = file(
            "stop: sequential(looks: 5)",
            90,
            &format!("hypothesis h {{ claim: {claim} }}"),
        );
        let told = told(&text);
        assert!(told.contains(what), "{told}");
    }
    let groups = told(&file("stop: decided\n    cluster: \"topic\"", 90, CLAIM));
    assert!(groups.contains("sequential(looks: 5)"), "{groups}");
    let looks = told(&file("stop: sequential(looks: 1)", 90, CLAIM));
    assert!(looks.contains("at least 2 and at most 50"), "{looks}");
    let word = told(&file("stop: soon", 90, CLAIM));
    assert!(word.contains("decided"), "{word}");
}

#[test]
fn a_stop_rule_that_differs_makes_a_hypothesis_exploratory() {
    let folder = folder(&file("", 90, CLAIM));
    json(folder.path(), &["early.crucible"]);
    let text = file("stop: sequential(looks: 5)", 90, CLAIM);
    std::fs::write(folder.path().join("early.crucible"), text).unwrap();
    let found = json(folder.path(), &["early.crucible"]);
    let h = &found["hypotheses"]["h"];
    assert!(h["exploratory"].as_str().unwrap().contains("`stop` changed"), "{h}");
    assert_eq!(h["p_adjusted"], Json::Null);
    // All trials are there: the later ones are in no number, and nothing was spared.
    assert_eq!(h["n_items"], 200);
    assert!(found["remarks"].to_string().contains("the later ones are in no number"));
}

#[test]
fn a_plan_tells_the_power_for_the_declared_effect_and_the_items_it_takes() {
    let claim = "hypothesis h {\n    claim: a.correct > b.correct\n    power: 80% to detect 5pp\n}
hypothesis money { claim: a.cost < b.cost }";
    let folder = folder(&file("", 60, claim));
    let plan = json(folder.path(), &["plan", "early.crucible"]);
    let h = &plan["hypotheses"]["h"];
    assert_eq!(h["test"], "exact McNemar");
    // Two hypotheses: 5% / 2. Independent errors at 60%: 2 · 0.6 · 0.4 = 48% discordant.
    assert!((h["level"].as_f64().unwrap() - 0.025).abs() < 1e-12);
    assert!(
        h["assumed"].as_str().unwrap().contains("48% of the pairs discordant"),
        "{h}"
    );
    // Connor (1987): n = (z √ψ + z_power √(ψ − δ²))² / δ² = 1,823 without the exactness.
    let needed = h["items_needed"].as_u64().unwrap();
    assert!((1_823..=1_900).contains(&needed), "{needed}");
    let power = h["power"].as_f64().unwrap();
    assert!((0.4..0.6).contains(&power), "{power}");
    let range = &h["power_range"];
    assert!(range[0].as_f64() == Some(power) && range[1].as_f64().unwrap() > 0.8, "{h}");
    let money = &plan["hypotheses"]["money"];
    assert_eq!(money["power"], Json::Null);
    assert!(money["sentence"].as_str().unwrap().contains("not known before a pilot"));
    let page = crucible(folder.path(), &["plan", "early.crucible"]);
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.contains("items would give 80%"), "{page}");
    assert!(!page.to_lowercase().contains("observed power"));
}

#[test]
fn an_earlier_run_gives_a_plan_its_spread_and_never_its_effect() {
    let claim = "hypothesis h {\n    claim: a.correct > b.correct\n    power: 80% to detect 5pp\n}
hypothesis money { claim: a.cost < b.cost + $1 }";
    let folder = folder(&file("", 90, claim));
    let before = json(folder.path(), &["plan", "early.crucible"]);
    json(folder.path(), &["early.crucible", "--limit", "100"]);
    let after = json(folder.path(), &["plan", "early.crucible"]);
    let h = &after["hypotheses"]["h"];
    assert!(
        h["assumed"].as_str().unwrap().contains("of an earlier run over 100 items"),
        "{h}"
    );
    assert_ne!(h["power"], before["hypotheses"]["h"]["power"]);
    // The difference there is thirty points; what is to be found is still five.
    assert!((h["effect"].as_f64().unwrap() - 0.05).abs() < 1e-12);
}
