//! The examples of the repository, and the acceptance files beside it where they are, run
//! by the program as a user would run them.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

/// Runs the program in the repository's root with `--out` in a scratch folder.
fn crucible(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(root())
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of acceptance files outside the repository, or `None` with a word about it.
fn shared(part: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SHARED_DIR")
        .map_or_else(|| root().join("../shared"), PathBuf::from)
        .join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no {}; SHARED_DIR points elsewhere", folder.display());
    None
}

/// Runs a file and returns the document of `--format json`.
fn run(file: &Path, flags: &[&str]) -> Json {
    let out = TempDir::new().unwrap();
    let mut arguments = vec![file.to_str().unwrap(), "--format", "json", "--out"];
    arguments.push(out.path().to_str().unwrap());
    arguments.extend(flags);
    let output = crucible(&arguments);
    assert!(
        output.status.success(),
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Right answers of a condition: mean × n.
fn right(document: &Json, condition: &str) -> i64 {
    let metric = &document["conditions"][condition]["correct"];
    let (mean, n) = (metric["mean"].as_f64().unwrap(), metric["n"].as_f64().unwrap());
    #[expect(clippy::cast_possible_truncation, reason = "a count of items")]
    let count = (mean * n).round() as i64;
    count
}

fn verdict<'a>(document: &'a Json, hypothesis: &str) -> &'a str {
    document["hypotheses"][hypothesis]["verdict"].as_str().unwrap()
}

/// What the published solutions come to, counted directly from the data.
fn gsm8k_is_as_counted(document: &Json) {
    assert_eq!(document["trials"]["planned"], 6595);
    assert_eq!(document["trials"]["done"], 6595);
    assert_eq!(document["trials"]["failed"], 0);
    assert_eq!(document["complete"], true);
    let counts =
        ["plain_small", "verified_small", "plain_large", "verified_large", "panel"]
            .map(|condition| right(document, condition));
    assert_eq!(counts, [286, 515, 458, 742, 743]);
    assert_eq!(
        ["h1", "h2", "h3"].map(|h| verdict(document, h)),
        ["supported", "supported", "inconclusive"]
    );
    let pairs = |h: &str| {
        let pairs = &document["hypotheses"][h]["pairs"];
        (pairs["only_left"].as_u64().unwrap(), pairs["only_right"].as_u64().unwrap())
    };
    assert_eq!(pairs("h1"), (360, 76));
    assert_eq!(pairs("h2"), (209, 152));
    // 2 · Σ C(361, i) for i ≤ 152, over 2³⁶¹, in rational arithmetic (Python's `fractions`).
    let p = document["hypotheses"]["h2"]["p"].as_f64().unwrap();
    assert!((p / 0.003_150_656_880_360_604 - 1.0).abs() < 1e-12, "{p}");
}

#[test]
fn the_gsm8k_example_comes_out_as_counted_from_the_data() {
    gsm8k_is_as_counted(&run(&root().join("examples/gsm8k-verifiers.crucible"), &[]));
}

#[test]
fn the_first_example_finds_what_was_put_into_it() {
    let document = run(&root().join("examples/first.crucible"), &[]);
    assert_eq!(document["complete"], true);
    assert_eq!(verdict(&document, "better"), "supported");
    assert_eq!(verdict(&document, "tail"), "supported");
}

#[test]
fn the_example_of_ensembles_says_what_its_votes_have_in_common() {
    let document = run(&root().join("examples/ensembles.crucible"), &[]);
    assert_eq!(
        (&document["complete"], &document["trials"]["failed"]),
        (&true.into(), &0.into())
    );
    for hypothesis in ["thrift", "early"] {
        assert_eq!(verdict(&document, hypothesis), "supported", "{hypothesis}");
    }
    let found = &document["ensembles"]["majority"];
    assert!(document["ensembles"]["single"].is_null(), "one model does not vote");
    let levels = found["levels"].as_array().unwrap();
    let trials: u64 = levels.iter().map(|level| level["trials"].as_u64().unwrap()).sum();
    assert_eq!(trials, 200);
    // The levels come together to the accuracy of the condition.
    let right: f64 = levels
        .iter()
        .map(|level| {
            level["accuracy"].as_f64().unwrap() * level["trials"].as_f64().unwrap()
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a count of items")]
    let counted = self::right(&document, "majority") as f64;
    assert!((right - counted).abs() < 1e-6, "{right} for {counted}");
    // Members are as accurate as the file says, within five standard deviations.
    let members = found["members"].as_array().unwrap();
    for (member, p) in members.iter().zip([0.72, 0.70, 0.85_f64]) {
        let accuracy = member["accuracy"].as_f64().unwrap();
        assert!((accuracy - p).abs() < 5.0 * (p * (1.0 - p) / 200.0).sqrt(), "{member}");
    }
    let worth = found["effective_members"].as_f64().unwrap();
    assert!((1.0..3.0).contains(&worth), "correlated errors: {worth}");
    assert_eq!(found["pairs"].as_array().unwrap().len(), 3);
    a_frontier_is_of_members_that_nobody_beats(&document["frontiers"]);
}

/// Holds the frontier of `panel` against its definition.
fn a_frontier_is_of_members_that_nobody_beats(frontiers: &Json) {
    let found = &frontiers.as_array().unwrap()[0];
    assert_eq!(
        [&found["family"], &found["metric"], &found["cost"]],
        ["panel", "correct", "cost"]
    );
    let members = found["members"].as_array().unwrap();
    let of = |member: &Json, what: &str| member[what].as_f64().unwrap();
    let beats = |one: &Json, other: &Json| {
        let more = of(one, "accuracy") - of(other, "accuracy");
        let less = of(other, "cost") - of(one, "cost");
        more >= 0.0 && less >= 0.0 && (more > 0.0 || less > 0.0)
    };
    let names: Vec<_> = members.iter().map(|one| &one["condition"]).collect();
    assert_eq!(names, ["panel[1]", "panel[3]", "panel[5]", "panel[7]"], "cheap to dear");
    for member in members {
        let beaten = members.iter().any(|other| beats(other, member));
        assert_eq!(beaten, !member["dominated_by"].is_null(), "{member}");
        let ends = |what: &str| {
            let [low, high] = [0, 1].map(|end| member[what][end].as_f64().unwrap());
            low..=high
        };
        assert!(ends("accuracy_ci").contains(&of(member, "accuracy")));
        assert!(ends("cost_ci").contains(&of(member, "cost")));
    }
    assert!(members[0]["dominated_by"].is_null(), "nobody is cheaper");
}

#[test]
fn a_strategy_in_rhai_keeps_every_request_of_its_script() {
    let mut files = vec![root().join("examples/custom-strategy.crucible")];
    files.extend(shared("acceptance").map(|dir| dir.join("custom-strategy.crucible")));
    for file in files {
        let document = run(&file, &[]);
        assert_eq!(verdict(&document, "costlier"), "supported");
        let requests: f64 = ["once", "checked"]
            .iter()
            .map(|c| {
                let metric = &document["conditions"][c]["requests"];
                metric["mean"].as_f64().unwrap() * metric["n"].as_f64().unwrap()
            })
            .sum();
        let calls = document["calls"].as_f64().unwrap();
        assert!(
            (requests - calls).abs() < 1e-6,
            "{requests} requests, {calls} calls kept"
        );
    }
}

#[test]
fn files_of_the_acceptance_folder_that_are_due_run_unchanged() {
    let Some(folder) = shared("acceptance") else { return };
    let document = run(&folder.join("voting-simulated.crucible"), &[]);
    assert_eq!(
        ["better", "cheap", "same", "tail"].map(|h| verdict(&document, h)),
        ["supported"; 4]
    );
}

#[test]
fn the_verifiers_of_gsm8k_are_reported_in_all_four_formats_that_the_file_names() {
    let Some(folder) = shared("acceptance") else { return };
    let out = TempDir::new().unwrap();
    let file = folder.join("gsm8k-verifiers.crucible");
    let flags = ["--format", "json", "--out", out.path().to_str().unwrap()];
    let output = crucible(&[&[file.to_str().unwrap()], &flags[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["hypotheses"]["h1"]["verdict"], "supported");
    let run = PathBuf::from(document["run_dir"].as_str().unwrap());
    let read = |file: &str| std::fs::read_to_string(run.join(file)).unwrap();
    for file in ["report.md", "report.html", "report-abstract.tex", "report.ipynb"] {
        let text = read(file);
        assert!(text.contains("1,319 items of the dataset gsm8k"), "{file}: {text}");
    }
    let verdict = "\\crucibledefine{gsm8k_verifiers}{h1}{verdict}{supported}";
    assert!(read("numbers.tex").contains(verdict));
    assert!(read("references.bib").contains("mcnemar1947"));
    assert_eq!(read("data/trials.jsonl").lines().count(), 5 * 1319);
}

#[test]
fn a_format_that_is_not_there_yet_is_an_error_that_lists_those_that_are() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("paper.crucible");
    std::fs::write(
        &file,
        "experiment paper { seed: 1 }\nreport { formats: [markdown, parchment] }\n",
    )
    .unwrap();
    let output = crucible(&["check", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("parchment") && told.contains("markdown"), "{told}");
    assert!(told.contains("json"), "{told}");
}

#[test]
fn a_closure_without_end_fails_its_scores_and_not_the_run() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("endless.crucible");
    std::fs::write(
        &file,
        "experiment script_error { seed: 1 }\n\
         model m = sim(accuracy: 70%)\n\
         dataset d = items(3, |i| #{ input: `q`, target: i })\n\
         condition c = ask(m)\n\
         metric correct = score(|output, item| output.text == item.target)\n\
         metric endless = score(|output, item| { loop { } })\n",
    )
    .unwrap();
    let document = run(&file, &[]);
    assert_eq!(document["trials"]["done"], 3);
    assert_eq!(document["trials"]["failed"], 0);
    assert_eq!(document["conditions"]["c"]["endless"]["failed"], 3);
    let told = document["score_failures"][0]["example"].as_str().unwrap();
    assert!(told.contains("operations"), "{told}");
}

#[test]
fn the_same_file_and_seed_give_the_same_results_at_any_concurrency() {
    let file = root().join("examples/custom-strategy.crucible");
    let mut one = run(&file, &["--concurrency", "1"]);
    let mut many = run(&file, &["--concurrency", "256"]);
    for document in [&mut one, &mut many] {
        document["run_dir"] = Json::Null;
        for condition in document["conditions"].as_object_mut().unwrap().values_mut() {
            condition["latency"] = Json::Null;
        }
    }
    assert_eq!(one, many);
}

#[test]
fn a_report_lists_the_runs_that_were_there_before() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("often.crucible");
    std::fs::write(
        &file,
        "experiment often { seed: 1 }\n\
         model m = sim(accuracy: 70%)\n\
         dataset d = items(12, |i| #{ input: `q`, target: i })\n\
         condition c = ask(m)\n\
         condition e = ask(m)\n\
         metric correct = score(|output, item| output.text == item.target)\n\
         hypothesis h { claim: c.correct > e.correct }\n",
    )
    .unwrap();
    let out = folder.path().join("out");
    let go = |flags: &[&str]| -> Json {
        let mut arguments = vec![file.to_str().unwrap(), "--format", "json", "--out"];
        arguments.push(out.to_str().unwrap());
        arguments.extend(flags);
        serde_json::from_slice(&crucible(&arguments).stdout).unwrap()
    };
    let first = go(&["--limit", "4"]);
    assert_eq!(first["earlier_runs"], serde_json::json!([]));
    let second = go(&["--fresh"]);
    let earlier = second["earlier_runs"].as_array().unwrap();
    assert_eq!(earlier.len(), 1);
    let folder_of = |run: &Json| PathBuf::from(run["run_dir"].as_str().unwrap());
    let name = folder_of(&first).file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(earlier[0]["name"], name.as_str());
    assert_eq!(earlier[0]["committed"], 8);
    assert_eq!(earlier[0]["same_experiment"], true);
    assert_eq!(earlier[0]["status"], "complete as far as it was asked for");
    // The list is what was noted then: it stands whatever becomes of the earlier run.
    let report = folder_of(&second).join("report.md");
    let before = std::fs::read_to_string(&report).unwrap();
    assert!(before.contains("## Earlier runs") && before.contains(&name), "{before}");
    std::fs::remove_dir_all(folder_of(&first)).unwrap();
    assert!(crucible(&["report", folder_of(&second).to_str().unwrap()]).status.success());
    assert_eq!(std::fs::read_to_string(&report).unwrap(), before);
}
