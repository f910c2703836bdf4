//! Parameters that several scorers share.

use serde_json::Value as Json;

use crate::script::{Extractor, ScriptFailure, ScriptProblem, ScriptRun, Workshop};
use crate::spec::{Call, Complaint, Type, Value};
use crate::text::Normalize;

use std::sync::Arc;

use crate::record::Output;

/// The words that `normalize:` takes.
const WORDS: Type = Type::Choice(&[
    "answer",
    "exact",
    "squad",
    "unicode",
    "case",
    "space",
    "punctuation",
    "articles",
    "numbers",
]);

/// The type of `normalize:`: a word or a list of words.
pub(super) const NORMALIZE: Type = Type::OneOf(&[WORDS, Type::List(&WORDS)]);

/// What the words of `normalize:` mean, for the reference.
pub(super) const NORMALIZE_DOC: &str = "Which differences do not count: `answer` (Unicode forms, case, white space, how a number is written), `exact` (none), `squad` (as SQuAD's evaluation), or a list of `unicode`, `case`, `space`, `punctuation`, `articles`, `numbers`.";

/// Reads `normalize:`.
pub(super) fn normalize(call: &Call) -> Normalize {
    let of = |value: &Value| value.as_text().and_then(Normalize::from_word);
    match call.arg("normalize") {
        Some(Value::List(words)) => {
            words.iter().filter_map(of).fold(Normalize::EXACT, Normalize::and)
        }
        Some(word) => of(word).unwrap_or(Normalize::ANSWER),
        None => Normalize::ANSWER,
    }
}

/// Finds an empty list of words.
pub(super) fn check_normalize(call: &Call) -> Option<Complaint> {
    call.list("normalize").is_some_and(<[Value]>::is_empty).then(|| Complaint {
        param: Some("normalize"),
        message: "the list is empty; nothing would be normalised".to_owned(),
        help: Some("write `normalize: exact`".to_owned()),
    })
}

/// Builds the extractor of `extract:`, if there is one.
pub(super) fn extractor(
    call: &Call,
    workshop: &Workshop,
) -> Result<Option<Extractor>, ScriptProblem> {
    call.arg("extract").map(|value| workshop.extractor(value)).transpose()
}

/// Returns the answer of an output: what the extractor takes out, or the whole text.
pub(super) fn answer(
    extractor: Option<&Extractor>,
    output: &Arc<Output>,
    run: &ScriptRun,
) -> Result<Json, ScriptFailure> {
    match extractor {
        Some(extractor) => extractor.extract(output, run),
        None => Ok(Json::String(output.text.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_normalisers() {
        let Type::Choice(words) = WORDS else { unreachable!() };
        let known: Vec<&str> = Normalize::WORDS.iter().map(|(word, _)| *word).collect();
        assert_eq!(words, known);
    }
}
