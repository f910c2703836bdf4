//! Logs that Inspect, lm-evaluation-harness and promptfoo wrote: read as what they are, and
//! made items and models of.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests read files and run the program"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crucible::logs::{Cell, Format, Log, LogError};
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/logs").join(name)
}

fn rows(name: &str) -> Vec<Map<String, Json>> {
    let mut rows = Vec::new();
    let log = Log::open(&kept(name)).unwrap();
    log.each::<LogError>(|row| {
        rows.push(row.to_columns());
        Ok(true)
    })
    .unwrap();
    rows
}

/// The mean of a score over the rows that a test keeps.
fn mean(name: &str, score: &str, keep: impl Fn(&Map<String, Json>) -> bool) -> f64 {
    let mut values = Vec::new();
    let log = Log::open(&kept(name)).unwrap();
    log.each::<LogError>(|row| {
        if keep(&row.to_columns()) {
            values.push(row.get(score).and_then(Cell::number).unwrap());
        }
        Ok(true)
    })
    .unwrap();
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
}

#[test]
fn a_log_is_told_by_its_content() {
    for (name, format) in [
        ("inspect-small.eval", Format::InspectEval),
        ("inspect-small-deflated.eval", Format::InspectEval),
        ("lm-eval-small.samples.jsonl", Format::LmEvalSamples),
        ("lm-eval-small.results.json", Format::LmEvalResults),
        ("promptfoo.jsonl", Format::PromptfooJsonl),
        ("promptfoo.json", Format::PromptfooJson),
        ("questions.jsonl", Format::Jsonl),
    ] {
        // The name says nothing.
        let folder = TempDir::new().unwrap();
        let copy = folder.path().join("file");
        std::fs::copy(kept(name), &copy).unwrap();
        assert_eq!(Log::open(&copy).unwrap().format(), format, "{name}");
    }
}

#[test]
fn scores_of_inspect_have_the_mean_that_its_own_header_reports() {
    use std::io::Read as _;
    for name in ["inspect-small.eval", "inspect-large.eval", "inspect-small-epochs.eval"]
    {
        let file = std::fs::File::open(kept(name)).unwrap();
        let mut archive = zip::ZipArchive::new(file).unwrap();
        let mut header = String::new();
        archive.by_name("header.json").unwrap().read_to_string(&mut header).unwrap();
        let header: Json = serde_json::from_str(&header).unwrap();
        for score in header["results"]["scores"].as_array().unwrap() {
            let own = score["name"].as_str().unwrap();
            let metrics = score["metrics"].as_object().unwrap();
            let reported =
                ["accuracy", "mean"].iter().find_map(|name| metrics.get(*name));
            let reported = reported.unwrap()["value"].as_f64().unwrap();
            assert!((mean(name, own, |_| true) - reported).abs() < 1e-12, "{name} {own}");
        }
    }
}

#[test]
fn the_samples_of_inspect_come_in_the_order_of_the_dataset_with_their_epochs_together() {
    let rows = rows("inspect-small-epochs.eval");
    let found: Vec<(String, u64)> = rows
        .iter()
        .map(|row| {
            (row["id"].as_str().unwrap().to_owned(), row["epoch"].as_u64().unwrap())
        })
        .collect();
    let wanted: Vec<(String, u64)> = (1..=12)
        .flat_map(|i| [1, 2].map(|epoch| (format!("sum-{i:02}"), epoch)))
        .collect();
    assert_eq!(found, wanted);
    assert_eq!(rows[0]["input"], "What is 17 + 25?");
    assert_eq!(rows[0]["target"], "42");
    assert!(rows.iter().all(|row| row["latency"].as_f64().unwrap() > 0.0));
}

#[test]
fn members_are_the_same_whether_zstd_or_deflate_packed_them() {
    assert_eq!(rows("inspect-small.eval"), rows("inspect-small-deflated.eval"));
}

#[test]
fn samples_of_the_harness_have_the_means_and_errors_of_its_own_results() {
    for model in ["small", "large"] {
        let results = Log::open(&kept(&format!("lm-eval-{model}.results.json"))).unwrap();
        let sums = results.aggregates().unwrap();
        assert_eq!(sums.len(), 2);
        for sum in sums {
            let name = format!("lm-eval-{model}.samples.jsonl");
            let own =
                mean(&name, &sum.metric, |row| row["filter"] == sum.filter.as_str());
            assert!((own - sum.value).abs() < 1e-12);
            // The standard error of a mean of twelve right or wrong answers.
            let stderr = (own * (1.0 - own) / 11.0).sqrt();
            assert!((stderr - sum.stderr.unwrap()).abs() < 1e-12);
            assert_eq!(sum.n, Some(12));
        }
        assert_eq!(
            rows(&format!("lm-eval-{model}.samples.jsonl"))[0]["input"],
            "What is 17 + 25?"
        );
    }
}

#[test]
fn results_of_promptfoo_have_the_passes_that_it_counted_itself() {
    let text = std::fs::read_to_string(kept("promptfoo.json")).unwrap();
    let document: Json = serde_json::from_str(&text).unwrap();
    for prompt in document["results"]["prompts"].as_array().unwrap() {
        let provider = prompt["provider"].as_str().unwrap();
        let own = mean("promptfoo.json", "success", |row| row["provider"] == provider);
        let counted = prompt["metrics"]["testPassCount"].as_f64().unwrap() / 5.0;
        assert!((own - counted).abs() < 1e-12, "{provider}");
        let latency =
            mean("promptfoo.json", "latency", |row| row["provider"] == provider);
        let total = prompt["metrics"]["totalLatencyMs"].as_f64().unwrap();
        assert!((latency * 5e3 - total).abs() < 1e-9, "{provider}");
    }
}

#[test]
fn a_file_of_no_format_is_refused_with_what_was_tried() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    let cases: [(&[u8], &str); 7] = [
        (b"", "it is empty"),
        (b"\n \n", "it is empty"),
        (b"[1, 2]", "it is a JSON list"),
        (b"{\n \"a\": 1,\n \"b\": 2\n}\n", "it is a JSON document with `a`, `b`"),
        (b"{\n \"a\": ", "it begins like JSON, and is none"),
        (b"\x00\x01\x02", "it is no text in UTF-8"),
        (b"\xff\xfea\0,\0b\0", "it is UTF-16"),
    ];
    for (bytes, found) in cases {
        std::fs::write(&path, bytes).unwrap();
        let told = Log::open(&path).unwrap_err().to_string();
        assert!(told.contains(found), "{told}");
        assert!(told.contains("Tried: a zip archive"), "{told}");
    }
    let missing = Log::open(&folder.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("there is no such file"), "{missing}");
}

#[test]
fn a_zip_of_something_else_and_one_that_was_cut_off_are_told_apart() {
    use std::io::Write as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other.eval");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("word/document.xml", options).unwrap();
    writer.write_all(b"<w/>").unwrap();
    writer.finish().unwrap();
    let other = Log::open(&path).unwrap_err().to_string();
    assert!(
        other.contains("a zip archive of `word/document.xml` without `header.json`"),
        "{other}"
    );
    let whole = std::fs::read(kept("inspect-small.eval")).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let cut = Log::open(&path).unwrap_err().to_string();
    assert!(cut.contains("cut off"), "{cut}");
}

/// Runs the program in a folder, without a terminal.
fn crucible(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn run(text: &str) -> Json {
    let folder = TempDir::new().unwrap();
    for name in [
        "inspect-small-epochs.eval",
        "inspect-large.eval",
        "lm-eval-large.samples.jsonl",
        "promptfoo.jsonl",
        "questions.jsonl",
    ] {
        std::fs::copy(kept(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("a.crucible"), text).unwrap();
    let output = crucible(folder.path(), &["a.crucible", "--format", "json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(
        |_| json!({ "told": String::from_utf8_lossy(&output.stderr).into_owned() }),
    )
}

#[test]
fn logs_of_three_tools_become_conditions_with_the_accuracy_that_each_tool_reported() {
    let found = run("\
experiment again { repeats: 2 }
dataset sums = log(\"inspect-small-epochs.eval\")
model inspect = recorded(sums)
model harness = recorded(\"lm-eval-large.samples.jsonl\")
model foo = recorded(log(\"promptfoo.jsonl\") { filter: |row| row.provider == \"openai:chat:large\" })
condition a = ask(inspect)
condition b = ask(harness)
condition c = ask(foo)
metric right = exact_match()
metric theirs = score(|output, item| item.scores.exact == 1)
");
    let share =
        |condition: &str| found["conditions"][condition]["right"]["mean"].as_f64();
    let own = |name: &str, score: &str, keep: &dyn Fn(&Map<String, Json>) -> bool| {
        Some(mean(name, score, keep))
    };
    let close = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-12;
    // Both epochs: the second repeat is the second epoch.
    assert!(
        close(share("a"), own("inspect-small-epochs.eval", "exact", &|_| true)),
        "{found}"
    );
    let whole = |row: &Map<String, Json>| row["filter"] == "whole";
    assert!(close(share("b"), own("lm-eval-large.samples.jsonl", "exact_match", &whole)));
    let large = |row: &Map<String, Json>| row["provider"] == "openai:chat:large";
    assert!(close(share("c"), own("promptfoo.jsonl", "success", &large)));
    let first = |row: &Map<String, Json>| row["epoch"] == 1;
    let theirs = found["conditions"]["a"]["theirs"]["mean"].as_f64();
    assert!(close(theirs, own("inspect-small-epochs.eval", "exact", &first)));
    assert_eq!(found["trials"]["failed"], 0);
}

#[test]
fn an_answer_of_another_item_with_the_same_id_is_not_taken() {
    // The harness counts from 0 and these items from 1: every id but the last is there.
    let found = run("\
experiment again { max_failures: 100% }
dataset q = items([{ input: \"What is 17 + 25?\", target: 42 }, { input: \"What is 1 + 1?\", target: 2 }])
model harness = recorded(\"lm-eval-large.samples.jsonl\")
condition b = ask(harness)
metric right = exact_match()
");
    assert_eq!(found["trials"]["failed"], 1, "{found}");
    let told = found["failures"].to_string();
    assert!(told.contains("asks something else"), "{told}");
}

#[test]
fn more_repeats_than_the_log_has_fail_and_several_providers_are_asked_about() {
    let found = run("\
experiment again { repeats: 3, max_failures: 100% }
dataset sums = log(\"inspect-small-epochs.eval\")
condition a = ask(recorded(\"inspect-small-epochs.eval\"))
metric right = exact_match()
");
    assert_eq!(found["trials"]["failed"], 12, "{found}");
    assert!(found["failures"].to_string().contains("no answer to repeat 3"), "{found}");
    let told = run("\
experiment again { }
dataset sums = log(\"promptfoo.jsonl\")
condition a = ask(recorded(sums))
metric right = exact_match()
");
    let told = told["told"].as_str().unwrap();
    assert!(
        told.contains("filter: |row| row.provider == \"openai:chat:large\""),
        "{told}"
    );
}
