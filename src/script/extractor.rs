//! Extractors: what takes the answer out of an output.

use std::sync::Arc;

use regex::Regex;
use serde_json::Value as Json;

use crate::record::Output;
use crate::script::control::ScriptRun;
use crate::script::failure::{ScriptFailure, ScriptProblem};
use crate::script::value::{output_value, to_json};
use crate::script::workshop::{Callable, Workshop};
use crate::spec::{Call, Complaint, Param, Signature, Type, Value};
use crate::text::Extract;

/// Every extractor of the catalogue: the words, and `regex(…)`.
pub const EXTRACTORS: &[Signature] =
    &[LAST_NUMBER, FIRST_NUMBER, LETTER, BOOLEAN, BOXED, JSON, CODE, REGEX];

const LAST_NUMBER: Signature =
    Signature::new("last_number", Type::Extractor, "The last number of the text.")
        .with_details(
            "Thousands separators, currency signs and a percent sign are understood.",
        )
        .with_example("metric correct = exact_match(extract: last_number)");

const FIRST_NUMBER: Signature =
    Signature::new("first_number", Type::Extractor, "The first number of the text.")
        .with_details(
            "Thousands separators, currency signs and a percent sign are understood.",
        )
        .with_example("metric correct = exact_match(extract: first_number)");

const LETTER: Signature = Signature::new(
    "letter",
    Type::Extractor,
    "The letter of a multiple choice, A to J.",
)
.with_details(
    "After \"answer is\", after \"answer:\", else the last one that stands alone.",
)
.with_example("metric correct = exact_match(extract: letter)");

const BOOLEAN: Signature =
    Signature::new("boolean", Type::Extractor, "Yes or no, true or false.")
        .with_details("After \"answer\", at the beginning, else the last such word.")
        .with_example("metric correct = exact_match(extract: boolean)");

const BOXED: Signature = Signature::new(
    "boxed",
    Type::Extractor,
    "What the last `\\boxed{…}` of LaTeX holds.",
)
.with_example("metric correct = exact_match(extract: boxed)");

const JSON: Signature = Signature::new(
    "json",
    Type::Extractor,
    "The first JSON object or list of the text, or the text as JSON.",
)
.with_example("metric correct = exact_match(extract: json)");

const CODE: Signature =
    Signature::new("code", Type::Extractor, "The text of the first fenced code block.")
        .with_example("metric correct = exact_match(extract: code)");

const REGEX: Signature = Signature::new(
    "regex",
    Type::Extractor,
    "What a regular expression finds first.",
)
.with_details(
    "The first group that took part, or the whole match of a pattern without groups. \
     The syntax is that of Rust's `regex`: no look-around, no back-references.",
)
.with_params(&[Param::required("pattern", Type::Text, "The regular expression.")])
.with_check(check_regex)
.with_example("metric correct = exact_match(extract: regex(\"Answer: (.+)\"))");

fn check_regex(call: &Call) -> Vec<Complaint> {
    let Some(Err(reason)) = call.text("pattern").map(compiled) else {
        return Vec::new();
    };
    vec![Complaint {
        param: Some("pattern"),
        message: format!("this is not a regular expression: {reason}"),
        help: None,
    }]
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    })
}

/// What takes the answer out of an output.
#[derive(Debug, Clone)]
pub enum Extractor {
    /// One of the catalogue, applied to the text.
    Text(Extract),
    /// A closure of the output.
    Function(Callable),
}

impl Extractor {
    /// Returns the answer; `null` abstains.
    ///
    /// # Errors
    ///
    /// When the closure fails.
    pub fn extract(
        &self,
        output: &Arc<Output>,
        run: &ScriptRun,
    ) -> Result<Json, ScriptFailure> {
        match self {
            Self::Text(extract) => Ok(extract.apply(&output.text)),
            Self::Function(callable) => {
                Ok(to_json(&callable.call(vec![output_value(output)], run)?))
            }
        }
    }
}

pub(super) fn build(
    workshop: &Workshop,
    value: &Value,
) -> Result<Extractor, ScriptProblem> {
    let unknown =
        |name: &str| ScriptProblem::whole(format!("`{name}` is not an extractor"), name);
    match value {
        Value::Function(function) => workshop.callable(function).map(Extractor::Function),
        Value::Word(word) => {
            Extract::from_word(word).map(Extractor::Text).ok_or_else(|| unknown(word))
        }
        Value::Call(call) if call.name == "regex" => {
            let pattern = call.text("pattern").unwrap_or_default();
            let regex = compiled(pattern)
                .map_err(|reason| ScriptProblem::whole(reason, pattern))?;
            Ok(Extractor::Text(Extract::Regex(regex)))
        }
        Value::Call(call) => Extract::from_word(&call.name)
            .map(Extractor::Text)
            .ok_or_else(|| unknown(&call.name)),
        Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Prompt(_) => Err(ScriptProblem::whole("an extractor is due here", "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_text_room_is_signed() {
        for (word, _) in Extract::WORDS {
            assert!(EXTRACTORS.iter().any(|signature| signature.name == *word), "{word}");
        }
        assert_eq!(EXTRACTORS.len(), Extract::WORDS.len() + 1);
    }

    #[test]
    fn a_bad_pattern_is_told_when_the_file_is_checked() {
        assert!(compiled("(").unwrap_err().contains("unclosed group"));
        assert!(compiled("a(b)").is_ok());
    }
}
