//! `contains`: the target stands somewhere in the answer.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::record::{Item, Output, Score};
use crate::score::comparison::{self, Comparison, Sides};
use crate::score::options::{NORMALIZE, NORMALIZE_DOC};
use crate::score::target::TARGET;
use crate::score::{Scorer, ScorerEntry};
use crate::script::{ScriptFailure, ScriptProblem, ScriptRun, Workshop};
use crate::spec::{Call, Fallback, Param, Scale, Signature, Type};
use crate::text::{AnswerKey, Normalize, answer, numbers, shown};

const SIGNATURE: Signature = Signature::new(
    "contains",
    Type::Scorer,
    "Scores 1 where the output contains the target, else 0.",
)
.with_details(
    "A target that is a number is contained where one of the text's numbers has its value, so \
     that 5 is not in 15. Any other target is looked for as text, after both sides are \
     normalised; with `words: true` only where no letter or digit stands beside it. A target \
     that is a list is contained where one of its parts is, or all of them with `all: true`. \
     An item without a target is unscored.",
)
.with_params(&[
    Param::optional(
        "target",
        TARGET,
        "What is looked for: a column, a template or a closure of the item; its `target` where absent.",
    ),
    Param::optional(
        "extract",
        Type::Extractor,
        "What takes the text out of the output; its whole text where absent.",
    ),
    Param::default("normalize", NORMALIZE, Fallback::Word("answer"), NORMALIZE_DOC),
    Param::default(
        "words",
        Type::Bool,
        Fallback::Bool(false),
        "Whether only whole words count.",
    ),
    Param::default(
        "all",
        Type::Bool,
        Fallback::Bool(false),
        "Whether every part of a target that is a list must be there.",
    ),
])
.with_example("metric mentioned = contains(target: \"answer\", words: true)")
.with_scale(|_| Scale::Binary)
.with_check(comparison::check);

pub(super) const ENTRY: ScorerEntry = ScorerEntry { signature: SIGNATURE, build };

#[derive(Debug)]
struct Contains {
    comparison: Comparison,
    words: bool,
    all: bool,
}

/// How a text is searched.
#[derive(Debug, Clone, Copy)]
struct Search {
    normalize: Normalize,
    words: bool,
}

fn build(call: &Call, workshop: &Workshop) -> Result<Box<dyn Scorer>, ScriptProblem> {
    Ok(Box::new(Contains {
        comparison: Comparison::build(call, workshop)?,
        words: call.flag("words").unwrap_or(false),
        all: call.flag("all").unwrap_or(false),
    }))
}

impl Scorer for Contains {
    fn try_score(
        &self,
        output: &Arc<Output>,
        item: &Arc<Item>,
        run: &ScriptRun,
    ) -> Result<Score, ScriptFailure> {
        let Some(Sides { answer, target }) = self.comparison.sides(output, item, run)?
        else {
            return Ok(Score::Unscored);
        };
        if answer.is_null() {
            return Ok(Score::Value(0.0));
        }
        let text = shown(&answer);
        let search = Search { normalize: self.comparison.normalize, words: self.words };
        let finds = |part: &Json| search.finds(&text, part);
        let found = match target.as_array() {
            Some(parts) if self.all => parts.iter().all(finds),
            Some(parts) => parts.iter().any(finds),
            None => finds(&target),
        };
        Ok(Score::Value(f64::from(u8::from(found))))
    }
}

impl Search {
    fn finds(self, text: &str, target: &Json) -> bool {
        if let Some(AnswerKey::Number(number)) = answer::key_with(target, self.normalize)
        {
            return numbers(text).any(|found| found == number);
        }
        let text = self.normalize.apply(text);
        let target = shown(target);
        let target = self.normalize.apply(&target);
        if target.is_empty() {
            return false;
        }
        text.match_indices(&*target).any(|(at, found)| {
            let part = |c: char| c.is_alphanumeric() || c == '_';
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + found.len()..).and_then(|text| text.chars().next());
            !self.words || !(before.is_some_and(part) || after.is_some_and(part))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn finds(text: &str, target: &Json, words: bool) -> bool {
        Search { normalize: Normalize::ANSWER, words }.finds(text, target)
    }

    #[test]
    fn numbers_are_found_by_value_and_not_inside_others() {
        assert!(finds("It is 5.00 dollars", &json!(5), false));
        assert!(finds("1,500 of them", &json!("1500"), false));
        assert!(!finds("15 of them", &json!(5), false));
    }

    #[test]
    fn texts_are_found_whatever_their_case_and_whole_if_asked() {
        assert!(finds("The CAT  sat", &json!("cat sat"), false));
        assert!(finds("concatenate", &json!("cat"), false));
        assert!(!finds("concatenate", &json!("cat"), true));
        assert!(finds("concat cat.", &json!("cat"), true));
        assert!(!finds("anything", &json!(" "), false));
    }
}
