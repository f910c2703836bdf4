//! Where a confidence comes from: from the file to the trial, and what `check` says.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::collections::BTreeMap;
use std::process::Command;

use crucible::catalogue;
use crucible::lang::{self, Files};
use crucible::script::Host;
use serde_json::Value as Json;
use tempfile::TempDir;

use super::lang_check::told;
use super::standin::{Config, Standin};

struct Memory(String);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "e.crucible" { Ok(self.0.clone().into()) } else { Err("no".into()) }
    }
}

const BASE: &str = "experiment e {}\n\
     dataset d = items(2, |i| #{ input: `q`, target: 1 })\n\
     use std::prompts::with_confidence\n\
     model sure = openai(\"a\") { logprobs: true }\n\
     model flash = google(\"b\") { logprobs: true }\n\
     model plain = openai(\"a\") { logprobs: false }\n\
     model haiku = anthropic(\"c\")\n";

/// What is said of a condition: where, and what to do.
fn said(condition: &str) -> Vec<(String, String)> {
    let files = Memory(format!("{BASE}condition c = {condition}\n"));
    let host = Host::default();
    let loaded = lang::load("e.crucible", &files, &catalogue::signatures(), &host, &[]);
    told(&loaded).into_iter().map(|(_, at, help)| (at, help)).collect()
}

#[test]
fn a_confidence_that_somebody_gives_may_be_counted() {
    for condition in [
        "vote([sure, flash], by: weighted, answer: last_number)",
        "vote([sure, flash], by: best_confidence)",
        "vote([sure, plain], by: majority)",
        "vote([sure, self_consistency(haiku, 3, answer: letter)], by: best_confidence)",
        "vote([sure, ask(haiku, prompt: with_confidence, confidence: stated)], run: cascade(confidence: 90%))",
        "vote([ask(haiku, confidence: regex(\"p = (.+)\")), sure], by: weighted)",
        "vote([ask(plain, confidence: |output| 0.5), sure], by: weighted)",
        "ask(sure, confidence: logprobs)",
        "ask(flash, confidence: logprobs)",
    ] {
        assert_eq!(said(condition), [], "{condition}");
    }
}

#[test]
fn a_confidence_that_nobody_gives_is_an_error_where_it_is_asked_for() {
    for (condition, at, help) in [
        ("vote([sure, haiku], by: weighted)", "weighted", "accuracies: ["),
        ("vote([sure, plain], by: weighted)", "weighted", "`logprobs: true`"),
        ("vote([haiku, sure], by: best_confidence)", "best_confidence", "stated"),
        (
            "vote([plain, sure], run: cascade(confidence: 90%))",
            "cascade(confidence: 90%)",
            "`logprobs: true`",
        ),
        ("ask(haiku, confidence: logprobs)", "logprobs", "`confidence: stated`"),
        ("ask(plain, confidence: logprobs)", "logprobs", "`logprobs: true`"),
        ("ask(haiku, confidence: logprob)", "logprob", "`logprobs`"),
    ] {
        let said = said(condition);
        assert_eq!(said.len(), 1, "{condition}: {said:?}");
        assert_eq!(said[0].0, at, "{condition}: {said:?}");
        assert!(said[0].1.contains(help), "{condition}: {said:?}");
    }
    let asked = said("ask(haiku)\nmodel other = anthropic(\"c\") { logprobs: true }");
    assert_eq!(asked.len(), 1, "{asked:?}");
}

/// The trials of a file, as they are exported, by condition.
fn trials(folder: &std::path::Path, text: &str) -> BTreeMap<String, Vec<Json>> {
    std::fs::write(folder.join("e.crucible"), text).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_crucible-run"))
            .args(arguments)
            .current_dir(folder)
            .env("OPENAI_API_KEY", "k")
            .env("GEMINI_API_KEY", "k")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        output.stdout
    };
    let report: Json =
        serde_json::from_slice(&run(&["e.crucible", "--yes", "--format", "json"]))
            .unwrap();
    let exported = run(&["export", report["run_dir"].as_str().unwrap(), "--to", "jsonl"]);
    let mut found: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in String::from_utf8(exported).unwrap().lines() {
        let trial: Json = serde_json::from_str(line).unwrap();
        let condition = trial["condition"].as_str().unwrap().to_owned();
        found.entry(condition).or_default().push(trial);
    }
    found
}

#[test]
fn log_probabilities_of_a_server_become_the_confidence_of_trials() {
    let server = Standin::spawn(Config::default());
    let dir = TempDir::new().unwrap();
    let text = format!(
        "experiment e {{}}\n\
         dataset d = items(4, |i| #{{ input: `${{i}} + 1`, target: i + 1 }})\n\
         model a = openai(\"m\") {{ base_url: \"{0}/v1\", logprobs: true }}\n\
         model b = google(\"m\") {{ base_url: \"{0}/v1beta\", logprobs: true }}\n\
         model c = openai(\"m\") {{ base_url: \"{0}/v1\", logprobs: true, stream: true }}\n\
         model d1 = google(\"m\") {{ base_url: \"{0}/v1beta\", logprobs: true, stream: true }}\n\
         model plain = openai(\"m\") {{ base_url: \"{0}/v1\" }}\n\
         condition whole = a\n\
         condition gemini = b\n\
         condition streamed = c\n\
         condition gemini_streamed = d1\n\
         condition without = plain\n\
         condition cascade = vote([a, b], run: cascade(confidence: 50%), answer: last_number)\n\
         metric correct = exact_match(extract: last_number)\n",
        server.url()
    );
    let found = trials(dir.path(), &text);
    assert_eq!(found.len(), 6);
    for (condition, trials) in &found {
        assert_eq!(trials.len(), 4);
        for trial in trials {
            let sure = trial["confidence"].as_f64();
            let streamed = condition.ends_with("streamed");
            assert_eq!(trial["ttft_s"].is_f64(), streamed, "{condition}: {trial}");
            match condition.as_str() {
                "without" => assert_eq!(sure, None),
                // The stand-in gives every token a probability of e^-0.25.
                _ => {
                    assert!(
                        (sure.unwrap() - 0.778_800_783_071_4).abs() < 1e-9,
                        "{trial}"
                    );
                }
            }
        }
    }
    assert!(found["cascade"].iter().all(|trial| trial["requests"] == 1));
    let bodies: Vec<Json> = server.requests().into_iter().map(|one| one.body).collect();
    let asked = |body: &&Json| {
        body["logprobs"] == true || body["generationConfig"]["responseLogprobs"] == true
    };
    assert_eq!(bodies.iter().filter(asked).count(), 20);
    assert_eq!(bodies.len(), 24);
}

#[test]
fn a_stated_confidence_and_an_extracted_one_are_those_of_the_answer() {
    let dir = TempDir::new().unwrap();
    // A recorded model says what its column says.
    let text = "experiment e {}\n\
         dataset d = items(2, |i| #{ input: `q`, target: 42, said: `It is 42.\nConfidence: ${80 + i}%`, other: `42, p = 0.${7 + i}` })\n\
         model m = recorded(d, output: \"said\")\n\
         model n = recorded(d, output: \"other\")\n\
         condition stated = ask(m, confidence: stated)\n\
         condition found = ask(n, confidence: regex(\"p = ([0-9.]+)\"))\n\
         condition closure = ask(n, confidence: |output| if output.text.contains(\"0.7\") { 25 } else { () })\n\
         metric correct = exact_match(extract: first_number)\n\
         metric last = exact_match(extract: last_number)\n";
    let found = trials(dir.path(), text);
    let sure = |condition: &str| -> Vec<Option<f64>> {
        found[condition].iter().map(|trial| trial["confidence"].as_f64()).collect()
    };
    assert_eq!(sure("stated"), [Some(0.8), Some(0.81)]);
    assert_eq!(sure("found"), [Some(0.7), Some(0.8)]);
    assert_eq!(sure("closure"), [Some(0.25), None]);
    for trial in &found["stated"] {
        assert_eq!(trial["text"], "It is 42.");
        assert_eq!(trial["scores"]["last"], 1.0);
        // What the model really said is kept.
        let said = trial["calls"][0]["result"]["Ok"]["text"].as_str().unwrap();
        assert!(said.contains("Confidence: 8"), "{said}");
    }
}
