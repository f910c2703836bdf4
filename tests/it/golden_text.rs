//! Extraction, equality and normalisation against values that others computed.

#![expect(clippy::disallowed_methods, reason = "reads reference values from disk")]

use std::path::{Path, PathBuf};

use crucible::text::{Extract, Normalize, answer, letter_among};
use regex::Regex;
use serde_json::Value as Json;

/// The kept selection, and the whole set where it is there.
fn cases(file: &str) -> Vec<Json> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let whole = whole(root);
    let mut cases = read(&root.join("tests/data/text").join(file));
    assert!(!cases.is_empty(), "{file} is kept");
    if whole.is_dir() {
        cases.extend(read(&whole.join(file)));
    } else {
        println!(
            "skipped: {} is not there; the kept selection was read",
            whole.display()
        );
    }
    cases
}

/// `GOLDEN_DIR` is the folder of all families, or that of one of them.
fn whole(root: &Path) -> PathBuf {
    let Some(dir) = std::env::var_os("GOLDEN_DIR").map(PathBuf::from) else {
        let shared = std::env::var_os("SHARED_DIR").map(PathBuf::from);
        return shared.unwrap_or_else(|| root.join("../shared")).join("golden/text");
    };
    let below = dir.join("text");
    if below.is_dir() { below } else { dir.with_file_name("text") }
}

fn read(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut file: Json = serde_json::from_str(&text).unwrap();
    let Json::Array(cases) = file["cases"].take() else { panic!("{}", path.display()) };
    cases.into_iter().filter(|case| case["expect"].get("error").is_none()).collect()
}

#[test]
fn golden_numbers_are_extracted() {
    let strict = Regex::new(r"#### (\-?[0-9\.\,]+)").unwrap();
    let answer_is = Regex::new(r"The answer is (\-?[0-9\.\,]+)").unwrap();
    for case in cases("gsm8k_extraction.json") {
        let mode = case["options"]["mode"].as_str().unwrap();
        let input = &case["input"];
        if mode == "number_match" {
            let (a, b) = (&input["prediction"], &input["gold"]);
            // Only numbers match there; words may be equal as answers.
            let number = |text: &Json| crucible::text::number(text.as_str().unwrap());
            let same = number(a).is_some() && answer::same(a, b);
            assert_eq!(Json::from(same), case["expect"]["match"], "{case}");
            continue;
        }
        let text = input["text"].as_str().unwrap();
        let found = match mode {
            "flexible" => Extract::LastNumber.apply(text),
            "strict" => Extract::Regex(strict.clone()).apply(text),
            "answer_is" => Extract::Regex(answer_is.clone()).apply(text),
            other => panic!("unknown mode {other}"),
        };
        let wanted = &case["expect"]["value"];
        if mode != "flexible" {
            assert_eq!(found, case["expect"]["raw"], "{case}");
        }
        let held = if wanted.is_null() {
            found.as_str().and_then(crucible::text::number).is_none()
                && !found.is_number()
        } else {
            answer::same(&found, wanted)
        };
        assert!(held, "{case} gave {found}");
    }
}

#[test]
fn golden_letters_are_extracted() {
    let simple = Regex::new(r"(?i)Answer[ \t]*:[ \t]*\$?([A-D])\$?").unwrap();
    for case in cases("multiple_choice_extraction.json") {
        let text = case["input"]["text"].as_str().unwrap();
        let letters = case["options"]["letters"].as_str().unwrap();
        let last = letters.chars().next_back().unwrap();
        let found = if case["options"]["mode"] == "simple_evals" {
            Extract::Regex(simple.clone()).apply(text)
        } else {
            letter_among(text, last).map_or(Json::Null, |c| Json::from(c.to_string()))
        };
        assert_eq!(found, case["expect"]["letter"], "{case}");
        if last == 'J' {
            assert_eq!(Extract::Letter.apply(text), found, "{case}");
        }
    }
}

#[test]
fn golden_squad_answers_match_after_normalisation() {
    for case in cases("squad_em_f1.json") {
        let Some(prediction) = case["input"]["prediction"].as_str() else { continue };
        if let Some(normalized) = case["expect"]["normalized_prediction"].as_str() {
            assert_eq!(Normalize::SQUAD.apply(prediction), normalized, "{case}");
        }
        let key = |text: &Json| answer::key_with(text, Normalize::SQUAD);
        let references = case["input"]["references"].as_array().unwrap();
        let found = references
            .iter()
            .any(|reference| key(reference) == key(&case["input"]["prediction"]));
        let wanted = case["expect"]["exact_match"].as_f64().unwrap();
        assert_eq!(found, wanted > 0.5, "{case}");
    }
}
