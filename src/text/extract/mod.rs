//! Extractors: they take the answer out of a model's text.

mod choice;
mod code;
mod json;
mod latex;

use regex::Regex;
use serde_json::Value as Json;

use super::number::{last_number, numbers};

pub use choice::{boolean_word, letter_among};

/// A way to take the answer out of a text.
#[derive(Debug, Clone)]
pub enum Extract {
    /// The last number.
    LastNumber,
    /// The first number.
    FirstNumber,
    /// The letter of a multiple choice, A to J.
    Letter,
    /// Yes or no, true or false.
    Boolean,
    /// What the last `\boxed{…}` of LaTeX holds.
    Boxed,
    /// The first JSON object or list; or the whole text, where that is JSON.
    Json,
    /// The first fenced block of Markdown.
    Code,
    /// The first match of a pattern: its first group that took part, or all of it where the
    /// pattern has no group.
    Regex(Regex),
}

impl Extract {
    /// The words of the language, each with one line of documentation.
    pub const WORDS: &'static [(&'static str, &'static str)] = &[
        (
            "last_number",
            "The last number of the text, without thousands separators and currency signs.",
        ),
        (
            "first_number",
            "The first number of the text, without thousands separators and currency signs.",
        ),
        (
            "letter",
            "The letter of a multiple choice, A to J: after \"answer is\", after \"answer:\", else the last one that stands alone.",
        ),
        (
            "boolean",
            "Yes or no, true or false: after \"answer\", at the beginning, else the last such word.",
        ),
        ("boxed", "What the last `\\boxed{…}` holds."),
        ("json", "The first JSON object or list of the text."),
        ("code", "The text of the first fenced code block."),
    ];

    /// Returns the extractor of a word of the language.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "last_number" => Self::LastNumber,
            "first_number" => Self::FirstNumber,
            "letter" => Self::Letter,
            "boolean" => Self::Boolean,
            "boxed" => Self::Boxed,
            "json" => Self::Json,
            "code" => Self::Code,
            _ => return None,
        })
    }

    /// Takes the answer out of a text; `null` where there is none: it abstains.
    #[must_use]
    pub fn apply(&self, text: &str) -> Json {
        match self {
            Self::LastNumber => last_number(text).map(|number| number.to_json()),
            Self::FirstNumber => numbers(text).next().map(|number| number.to_json()),
            Self::Letter => letter_among(text, 'J').map(|c| Json::String(c.to_string())),
            Self::Boolean => choice::boolean(text).map(Json::Bool),
            Self::Boxed => latex::boxed(text).map(Json::from),
            Self::Json => json::first(text),
            Self::Code => code::first_block(text).map(Json::from),
            Self::Regex(pattern) => first_match(pattern, text).map(Json::from),
        }
        .unwrap_or(Json::Null)
    }
}

fn first_match<'a>(pattern: &Regex, text: &'a str) -> Option<&'a str> {
    let found = pattern.captures(text)?;
    if pattern.captures_len() == 1 {
        return found.get(0).map(|whole| whole.as_str());
    }
    found.iter().skip(1).flatten().next().map(|group| group.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_word_has_an_extractor() {
        for (word, _) in Extract::WORDS {
            let extract = Extract::from_word(word).unwrap();
            assert_eq!(extract.apply(""), Json::Null, "{word}");
        }
        assert!(Extract::from_word("number").is_none());
    }

    #[test]
    fn numbers_are_taken_from_both_ends() {
        let text = "We have 1,200 + 34.50 = $1,234.50.";
        assert_eq!(Extract::LastNumber.apply(text), json!(1234.5));
        assert_eq!(Extract::FirstNumber.apply(text), json!(1200));
        assert_eq!(Extract::LastNumber.apply("none"), Json::Null);
    }

    #[test]
    fn a_pattern_gives_its_group_or_the_whole_match() {
        let apply =
            |pattern, text| Extract::Regex(Regex::new(pattern).unwrap()).apply(text);
        assert_eq!(apply(r"\d+", "a 12 b 13"), json!("12"));
        assert_eq!(apply(r"#### (-?[0-9.,]+)", "#### 7"), json!("7"));
        assert_eq!(apply(r"x=(\d)|y=(\d)", "y=4"), json!("4"));
        assert_eq!(apply(r"(x)?y", "y"), Json::Null);
        assert_eq!(apply("z", "y"), Json::Null);
    }
}
