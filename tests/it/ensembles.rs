//! Votes and other strategies of several calls: from the file to the trials and the report.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fall over")]

use std::sync::Arc;

use crucible::base::Digest;
use crucible::catalogue::{self, Assembly, Materials, Needs};
use crucible::lang::{self, Files};
use crucible::record::{Failure, Output, Score};
use crucible::script::{Host, ScriptRun};
use crucible::strategy::{TrialContext, TrialKey};

use super::lang_check::told;

struct Memory(String);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "e.crucible" { Ok(self.0.clone().into()) } else { Err("no".into()) }
    }
}

fn assembled(text: &str) -> Assembly {
    let host = Host::default();
    let files = Memory(text.to_owned());
    let loaded = lang::load("e.crucible", &files, &catalogue::signatures(), &host, &[]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let experiment = loaded.experiment.unwrap();
    let materials = Materials::load(&experiment, host).unwrap();
    catalogue::assemble(&experiment, &materials, &Needs::default()).unwrap()
}

fn context(assembly: &Assembly, condition: usize, item: usize) -> TrialContext {
    let item = assembly.items.get(item).unwrap();
    let place = condition.to_le_bytes();
    let digest =
        Digest::of(&[place.as_slice(), item.digest.as_bytes().as_slice()].concat());
    let key = TrialKey { digest, repeat: 0, seed: 3 };
    TrialContext::new(Arc::clone(&assembly.gateway), item, key)
}

async fn trial(
    assembly: &Assembly,
    condition: usize,
    item: usize,
) -> Result<Output, Failure> {
    let ctx = context(assembly, condition, item);
    let result = ctx.finish(assembly.strategies[condition].as_ref()).await;
    let worst = assembly.forecast(condition).unwrap().worst_calls;
    assert!(worst.is_none_or(|worst| u64::from(ctx.usage().requests) <= worst));
    result
}

/// The share of right trials of the first condition.
async fn accuracy(assembly: &Assembly, trials: usize) -> f64 {
    let mut right = 0_u32;
    for item in 0..trials {
        let ctx = context(assembly, 0, item);
        let output = ctx.finish(assembly.strategies[0].as_ref()).await.unwrap();
        let item = assembly.items.get(item).unwrap();
        let score =
            assembly.scorers[0].score(&Arc::new(output), &item, &ScriptRun::default());
        right += u32::from(score == Score::Value(1.0));
    }
    f64::from(right) / f64::from(u32::try_from(trials).unwrap())
}

const TRIALS: usize = 100_000;

/// An experiment with a vote of three simulated models; ties have no answer.
fn three(model: &str) -> Assembly {
    assembled(&format!(
        "experiment e {{ seed: 3 }}\nmodel m = sim({model})\n\
         dataset d = items({TRIALS}, |i| #{{ input: `${{i}}`, target: i }})\n\
         condition v = vote(repeat(m, 3), ties: abstain)\nmetric correct = exact_match()\n"
    ))
}

/// The probability that at least two of three are right.
fn majority(p: f64) -> f64 {
    p * p * (3.0 - 2.0 * p)
}

#[tokio::test]
async fn a_vote_of_three_independent_models_is_as_accurate_as_the_binomial_says() {
    let found = accuracy(&three("accuracy: 70%"), TRIALS).await;
    // 0.784; four and a half standard deviations of √(0.784 · 0.216 / 100,000).
    assert!((found - majority(0.7)).abs() < 4.5 * 0.001_301, "{found}");
}

#[tokio::test]
async fn correlated_errors_take_from_a_vote_what_the_one_factor_model_says() {
    use statrs::distribution::{Continuous, ContinuousCDF, Normal};
    let found = accuracy(&three("accuracy: 70%, correlation: 40%"), TRIALS).await;
    let normal = Normal::standard();
    let threshold = normal.inverse_cdf(0.7);
    // ∫ P(at least two of three | z) φ(z) dz by the trapezoid rule, which is as good as exact
    // for a smooth integrand that vanishes at both ends.
    let step = 0.01;
    let expected: f64 = (-900..=900)
        .map(|k| {
            let z = f64::from(k) * step;
            let p = normal.cdf((threshold - 0.4_f64.sqrt() * z) / 0.6_f64.sqrt());
            majority(p) * normal.pdf(z) * step
        })
        .sum();
    assert!(expected < majority(0.7) - 0.02, "{expected}");
    assert!((found - expected).abs() < 4.5 * 0.001_4, "{found} for {expected}");
}

const BASE: &str = "experiment e { seed: 1 }\n\
    model a = sim(accuracy: 70%)\nmodel b = sim(accuracy: 80%)\n\
    model mute = openai(\"gpt-4o-mini\")\n\
    dataset d = items(9, |i| #{ input: `${i}`, target: i })\n\
    metric correct = exact_match()\n";

#[test]
fn what_does_not_go_together_in_a_vote_is_told_at_its_place() {
    let table = [
        ("vote([])", "[]", ""),
        ("vote([a, b], weights: [1, 2])", "[1, 2]", "`by: weighted`"),
        ("vote([a, b], by: weighted, weights: [1])", "[1]", "one for each member"),
        ("vote([a, b], by: weighted, weights: [1, -2])", "[1, -2]", "[2, 1, 1]"),
        ("vote([a, b], by: weighted, weights: [0, 0])", "[0, 0]", "[2, 1, 1]"),
        ("vote([a, b], by: weighted, accuracies: [70%, 100%])", "[70%, 100%]", "80%"),
        (
            "vote([a, b], by: weighted, weights: [1, 2], accuracies: [70%, 80%])",
            "[70%, 80%]",
            "leave one of them out",
        ),
        ("vote([a, b], by: weighted_majority)", "weighted_majority", "`weights: ["),
        ("vote([a, b], calibration: d)", "d", "`by: weighted`"),
        (
            "vote([a, b], by: weighted, calibration: d, weights: [1, 2])",
            "d",
            "leave one of them out",
        ),
        ("vote([a, mute], by: best_confidence)", "best_confidence", "vote(repeat("),
        ("vote([a, hedge(mute)], by: weighted)", "weighted", "accuracies: ["),
        (
            "vote([mute, a], run: cascade(confidence: 90%))",
            "cascade(confidence: 90%)",
            "vote(repeat(",
        ),
        ("vote([a, b], run: cascade(confidence: 900%))", "900%", "confidence: 80%"),
        ("vote([a, b], by: best_confidence, run: sequential)", "sequential", "cascade("),
        (
            "vote([a, b], by: |votes| votes[0].answer, run: sequential)",
            "sequential",
            "parallel",
        ),
        (
            "vote([a, b], by: unanimous, run: sequential(until: 60%))",
            "sequential(until: 60%)",
            "`run: sequential`",
        ),
        ("vote([a, b], by: ranked)", "ranked", "`answer: json`"),
        ("vote([a, b], by: ranked, answer: letter)", "letter", "`answer: json`"),
        (
            "vote([a, b], by: ranked, answer: json, same: similar(80%))",
            "similar(80%)",
            "leave `same` out",
        ),
        ("vote([a, b], by: unanimous, ties: random)", "random", "leave `ties` out"),
        ("vote([a, b], quorum: 3)", "3", "`quorum: 2`"),
        ("vote([a, b], quorum: 0)", "0", "`quorum: 2`"),
        ("vote([a, b], quorum: 120%)", "120%", "`quorum: 50%`"),
        (
            "vote([a, b], run: cascade(confidence: 90%), quorum: 1)",
            "1",
            "leave `quorum` out",
        ),
        ("vote([a], run: hedged())", "hedged()", "hedge(m)"),
        ("vote([a, b], run: hedged(), by: unanimous)", "unanimous", "leave it out"),
        ("vote([a, b], run: hedged(after: 100%))", "100%", ""),
        ("vote([a, b], run: paralel)", "paralel", "`parallel`"),
        ("vote([a, b], same: similar(0%))", "0%", "`level: 80%`"),
        ("route(|item| 0, [])", "[]", ""),
        ("self_consistency(a, 0)", "0", ""),
    ];
    for (vote, at, help) in table {
        let files = Memory(format!("{BASE}condition c = {vote}\n"));
        let signatures = catalogue::signatures();
        let loaded = lang::load("e.crucible", &files, &signatures, &Host::default(), &[]);
        let told = told(&loaded);
        assert_eq!(told.len(), 1, "{vote}: {told:?}");
        assert_eq!(told[0].1, at, "{vote}: {told:?}");
        assert!(told[0].2.contains(help), "{vote}: {told:?}");
    }
}

#[tokio::test]
async fn a_recorded_confidence_is_a_confidence() {
    let assembly = assembled(
        "experiment e {}\n\
         dataset d = items(3, |i| #{ input: `q`, target: 1, x: 1, y: 2, sx: 0.3 * i, sy: 0.4 })\n\
         model x = recorded(d, output: \"x\", confidence: \"sx\")\n\
         model y = recorded(d, output: \"y\", confidence: \"sy\")\n\
         condition c = vote([x, y], by: best_confidence)\nmetric correct = exact_match()\n",
    );
    let mut texts = Vec::new();
    for item in 0..3 {
        texts.push(trial(&assembly, 0, item).await.unwrap().text);
    }
    // 0 and 0.3 are less sure than 0.4, 0.6 is surer.
    assert_eq!(texts, ["2", "2", "1"]);
}

#[tokio::test]
async fn strategies_of_the_library_ask_what_they_say() {
    let assembly = assembled(
        "use std::strategies\nexperiment e {}\n\
         model good = sim(accuracy: 100%)\nmodel bad = sim(accuracy: 0%)\n\
         model gone = sim(accuracy: 100%, failures: 100%, attempts: 1)\n\
         dataset d = items(4, |i| #{ input: `q${i}`, target: i + 20 })\n\
         condition chained = chain([bad, bad, good])\n\
         condition spare = fallback([gone, gone, good])\n\
         condition refined = refine(good, good, rounds: 2)\n\
         condition graded = best_of(good, good, n: 3)\n\
         condition debated = debate([good, bad, good], rounds: 2)\n\
         condition sampled = self_consistency(good, 5)\n\
         condition routed = route(|item| if item.target < 22 { `good` } else { 1 }, [good, bad])\n\
         condition alone = debate([good, gone], rounds: 1)\n\
         metric correct = exact_match()\n",
    );
    let requests = [3, 3, 5, 6, 9, 5, 1, 4];
    for (condition, expected) in requests.into_iter().enumerate() {
        let output = trial(&assembly, condition, 0).await.unwrap();
        assert_eq!(output.text, "20", "condition {condition}");
        assert_eq!(output.usage.requests, expected, "condition {condition}");
    }
    let debated = trial(&assembly, 4, 0).await.unwrap();
    assert_eq!(debated.confidence, Some(2.0 / 3.0));
    assert_eq!(trial(&assembly, 5, 0).await.unwrap().marks.consensus, Some(1.0));
    assert_ne!(trial(&assembly, 6, 3).await.unwrap().text, "23", "to the bad one");
    // Two beside one another, then the judges: the trial waits twice, not six times.
    assert_eq!(assembly.forecast(6).unwrap().worst_calls, Some(1));
}

#[tokio::test]
async fn a_fallback_without_anybody_left_fails_as_its_last() {
    let assembly = assembled(
        "use std::strategies::fallback\nexperiment e {}\n\
         model gone = sim(accuracy: 100%, failures: 100%, attempts: 1)\n\
         dataset d = items(1, |i| #{ input: `q`, target: i })\n\
         condition spare = fallback([gone, gone])\nmetric correct = exact_match()\n",
    );
    let failure = trial(&assembly, 0, 0).await.unwrap_err();
    assert_eq!(failure.kind, crucible::record::FailureKind::Server);
}

#[test]
fn an_output_has_what_a_vote_says_of_itself() {
    let text = format!(
        "{BASE}condition c = vote([a, b, a])\n\
         metric agreed = score(|output, item| output.consensus > 0.5 && output.margin >= 0.0)\n\
         metric called = score(|output, item| output.members_called + output.hedged, scale: count)\n\
         metric dear = score(|output, item| output.votes[0].cost == () || output.wasted_cost == 0.0)\n"
    );
    let assembly = assembled(&text.replace("model mute = openai(\"gpt-4o-mini\")\n", ""));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let output = Arc::new(runtime.block_on(trial(&assembly, 0, 0)).unwrap());
    let item = assembly.items.get(0).unwrap();
    let score = |metric: usize| {
        assembly.scorers[metric].score(&output, &item, &ScriptRun::default())
    };
    assert!(matches!(score(1), Score::Value(_)), "{:?}", score(1));
    assert_eq!((score(2), score(3)), (Score::Value(3.0), Score::Value(1.0)));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "runs the program on real files")]
fn a_report_shows_what_votes_say_once_and_the_frontier_of_a_family() {
    let folder = tempfile::tempdir().unwrap();
    let text = "experiment e { seed: 3 }\n\
        model m = sim(accuracy: 70%)\n\
        dataset d = items(60, |i| #{ input: `${i}`, target: i })\n\
        condition panel[n in [1, 3]] = vote(repeat(m, n))\n\
        metric correct = exact_match()\nreport { formats: [markdown, html] }\n";
    std::fs::write(folder.path().join("e.crucible"), text).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(["e.crucible", "--yes", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let place = folder.path().join(found["run_dir"].as_str().unwrap());
    let read = |name: &str| std::fs::read_to_string(place.join(name));
    let (markdown, html) = (read("report.md").unwrap(), read("report.html").unwrap());
    for part in ["ensembles", "frontiers"] {
        let count = html.matches(&format!("<h2 id=\"{part}\">")).count();
        assert_eq!(count, 1, "{part}");
    }
    assert_eq!(markdown.matches("## Accuracy against cost").count(), 1);
    // Nobody pays for a simulated model: what differs is how often it is asked.
    assert!(
        markdown.contains("| condition | requests | correct | standing |"),
        "{markdown}"
    );
    let mut rows = markdown.lines().filter(|line| line.ends_with("| on the frontier |"));
    assert!(rows.any(|row| row.starts_with("| panel\\[1\\] | 1")), "{markdown}");
}

/// One model that is good at it and two that are worse than a coin, alike in their errors.
const CALIBRATED: &str = "experiment e { seed: 3, dataset: test }\n\
    model good = sim(accuracy: 90%)\nmodel bad = sim(accuracy: 30%, difficulty: 10%)\n\
    model worse = sim(accuracy: 25%)\n\
    dataset test = items(400, |i| #{ input: `${i}`, target: i })\n\
    dataset dev = items(40, |i| #{ input: `dev ${i}`, target: i })\n\
    metric correct = exact_match()\n";

#[tokio::test]
async fn members_count_by_how_often_they_were_right_in_the_calibration() {
    let learned = assembled(&format!(
        "{CALIBRATED}condition v = vote([bad, good, worse], by: weighted, calibration: dev)\n"
    ));
    let forecast = learned.forecast(0).unwrap();
    assert_eq!(forecast.worst_calls, Some(3 + 120));
    // 120 calls of the calibration over 400 items.
    assert!((forecast.calls - 3.3).abs() < 1e-9, "{}", forecast.calls);
    let first = context(&learned, 0, 0);
    let output = first.finish(learned.strategies[0].as_ref()).await.unwrap();
    assert_eq!((output.usage.requests, output.votes.len()), (123, 3));
    let calls = first.take_calls();
    let beside = calls.iter().filter(|call| call.place.starts_with("calibration."));
    assert_eq!((calls.len(), beside.count()), (123, 120));
    let mut right = u32::from(output.text == "0");
    for item in 1..400 {
        let output = trial(&learned, 0, item).await.unwrap();
        assert_eq!(output.usage.requests, 3, "asked once, not again");
        right += u32::from(output.text == item.to_string());
    }
    // The weights of the bad ones are negative: the good one decides, at 90%.
    assert!((336..=384).contains(&right), "{right} of 400");
    let plain = CALIBRATED.replace("dataset dev", "dataset _dev");
    let alone = assembled(&format!("{plain}condition v = vote([bad, good, worse])\n"));
    let majority = accuracy(&alone, 400).await;
    assert!(majority < 0.6, "a majority follows the bad ones: {majority}");
    // Another session comes to the same calls, whose answers are known by their ids.
    let again = assembled(&format!(
        "{CALIBRATED}condition v = vote([bad, good, worse], by: weighted, calibration: dev)\n"
    ));
    let other = context(&again, 0, 7);
    other.finish(again.strategies[0].as_ref()).await.unwrap();
    let ids = |calls: &[crucible::record::CallRecord]| {
        let beside = calls.iter().filter(|call| call.place.starts_with("calibration."));
        beside.map(|call| call.id).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(ids(&calls), ids(&other.take_calls()));
}

#[tokio::test]
async fn trials_that_come_together_wait_for_one_calibration() {
    let assembly = assembled(&format!(
        "{CALIBRATED}condition v = vote([bad, good, worse], by: weighted, calibration: dev)\n"
    ));
    let contexts: Vec<_> = (0..20).map(|item| context(&assembly, 0, item)).collect();
    let runs = contexts.iter().map(|ctx| ctx.finish(assembly.strategies[0].as_ref()));
    let outputs = futures_util::future::join_all(runs).await;
    let requests: u32 =
        outputs.into_iter().map(|output| output.unwrap().usage.requests).sum();
    assert_eq!(requests, 20 * 3 + 40 * 3);
}

#[test]
fn a_calibration_never_holds_an_item_that_is_scored() {
    let text = CALIBRATED.replace("`dev ${i}`", "`${i + 390}`");
    let text = format!(
        "{text}condition v = vote([bad, good], by: weighted, calibration: dev)\n"
    );
    let host = Host::default();
    let loaded =
        lang::load("e.crucible", &Memory(text), &catalogue::signatures(), &host, &[]);
    let experiment = loaded.experiment.unwrap();
    let materials = Materials::load(&experiment, host).unwrap();
    let error =
        catalogue::assemble(&experiment, &materials, &Needs::default()).unwrap_err();
    assert!(error.message.contains("scored on what it learned from"), "{error:?}");
    assert!(error.help.is_some());
}

/// A model that is right on an item with a probability drawn from Beta(2, 1), whoever asks.
#[derive(Debug)]
struct Beta;

#[async_trait::async_trait]
impl crucible::model::Model for Beta {
    async fn answer(
        &self,
        request: &crucible::record::Request,
    ) -> Result<crucible::record::Answer, crucible::model::CallError> {
        use crucible::base::Stream;
        let item = [request.item.id.as_bytes()];
        // The inverse of the distribution p².
        let p = Stream::keyed(1, "beta", &item).unit().sqrt();
        let id = request.id.to_string();
        let is_right = Stream::keyed(1, "right", &[id.as_bytes()]).unit() < p;
        let text = if is_right { request.item.input.clone() } else { "wrong".into() };
        Ok(crucible::record::Answer { text, ..Default::default() })
    }

    fn profile(&self) -> crucible::model::Profile {
        crucible::model::Profile { free: true, ..Default::default() }
    }
}

#[tokio::test]
async fn a_vote_over_items_of_differing_hardness_is_as_accurate_as_the_beta_binomial_says()
 {
    use crucible::model::{Gateway, GatewaySettings, Lane, Limits};
    let mut assembly = three("accuracy: 70%");
    let model = &assembly.gateway.models()[0];
    let lane = Lane {
        name: model.name.to_string(),
        digest: model.digest,
        model: Box::new(Beta),
        limits: Limits::default(),
    };
    assembly.gateway = Arc::new(Gateway::new(vec![lane], GatewaySettings::default()));
    let found = accuracy(&assembly, TRIALS).await;
    // P(at least two of three) = C(3,2)·B(4,2)/B(2,1) + B(5,1)/B(2,1) = 3·2/20 + 2/5 = 0.7,
    // below the 20/27 of three independent members that are right in two thirds.
    assert!((found - 0.7).abs() < 4.5 * 0.001_449, "{found}");
    assert!(found < 20.0 / 27.0 - 0.03);
}
