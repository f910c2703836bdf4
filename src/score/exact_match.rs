//! `exact_match`: the answer is the target.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::record::{Item, Output, Score};
use crate::score::comparison::{self, Comparison, Sides};
use crate::score::options::{self, NORMALIZE, NORMALIZE_DOC};
use crate::score::target::TARGET;
use crate::score::{Scorer, ScorerEntry};
use crate::script::{ScriptFailure, ScriptProblem, ScriptRun, Workshop};
use crate::spec::{Call, Fallback, Param, Scale, Signature, Type};
use crate::text::{Normalize, answer, boolean_word};

const SIGNATURE: Signature = Signature::new(
    "exact_match",
    Type::Scorer,
    "Scores 1 where the answer equals the target, else 0.",
)
.with_details(
    "The answer is what `extract:` takes out of the output, or its whole text. Answers are \
     compared as values: `5`, `5.0`, `\"5.00\"` and `$5` are equal, and case and white space \
     do not count unless `normalize:` says otherwise. An output without an answer is wrong; \
     an item without a target is unscored. A target that is a list holds the accepted answers, \
     unless the answer is a list too. Where the answer is a truth value, a target in words \
     counts as one: yes, no, true, false.",
)
.with_params(&[
    Param::optional(
        "extract",
        Type::Extractor,
        "What takes the answer out of the output; its whole text where absent.",
    ),
    Param::default("normalize", NORMALIZE, Fallback::Word("answer"), NORMALIZE_DOC),
    Param::optional(
        "target",
        TARGET,
        "The right answer: a column, a template or a closure of the item; its `target` where absent.",
    ),
])
.with_example("metric correct = exact_match(extract: last_number)")
.with_scale(|_| Scale::Binary)
.with_check(comparison::check);

pub(super) const ENTRY: ScorerEntry = ScorerEntry { signature: SIGNATURE, build };

#[derive(Debug)]
struct ExactMatch(Comparison);

fn build(call: &Call, workshop: &Workshop) -> Result<Box<dyn Scorer>, ScriptProblem> {
    Ok(Box::new(ExactMatch(Comparison::build(call, workshop)?)))
}

impl Scorer for ExactMatch {
    fn try_score(
        &self,
        output: &Arc<Output>,
        item: &Arc<Item>,
        run: &ScriptRun,
    ) -> Result<Score, ScriptFailure> {
        let Some(Sides { answer, target }) = self.0.sides(output, item, run)? else {
            return Ok(Score::Unscored);
        };
        let right = accepted(&answer, &target, self.0.normalize);
        Ok(Score::Value(f64::from(u8::from(right))))
    }
}

/// Says whether a metric is an `exact_match` with the item's own target.
#[must_use]
pub fn compares(metric: &Call) -> bool {
    metric.name == SIGNATURE.name && metric.arg("target").is_none()
}

/// Says whether such a metric would call an answer right.
#[must_use]
pub fn is_right(metric: &Call, answer: &Json, target: &Json) -> bool {
    accepted(answer, target, options::normalize(metric))
}

/// Says whether the answer is the target, or one of a list of targets.
fn accepted(answer: &Json, target: &Json, normalize: Normalize) -> bool {
    if let (Json::Array(targets), false) = (target, answer.is_array()) {
        return targets.iter().any(|target| same(answer, target, normalize));
    }
    same(answer, target, normalize)
}

fn same(answer: &Json, target: &Json, normalize: Normalize) -> bool {
    if let (Json::Bool(flag), Json::String(word)) = (answer, target)
        && let Some(target) = boolean_word(word)
    {
        return *flag == target;
    }
    answer::key_with(answer, normalize)
        .is_some_and(|answer| Some(answer) == answer::key_with(target, normalize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_compared_as_values() {
        for (answer, target, right) in [
            (json!("5.00"), json!(5), true),
            (json!(" PARIS "), json!("Paris"), true),
            (json!("-5"), json!(5), false),
            (Json::Null, json!(5), false),
            (json!(true), json!("Yes"), true),
            (json!(false), json!("yes"), false),
            (json!(true), json!("maybe"), false),
            (json!("b"), json!(["a", "B"]), true),
            (json!("c"), json!(["a", "B"]), false),
            (json!(["a", "b"]), json!(["a", "b"]), true),
            (json!(["b"]), json!(["a", "b"]), false),
        ] {
            let found = accepted(&answer, &target, Normalize::ANSWER);
            assert_eq!(found, right, "{answer} for {target}");
        }
    }

    #[test]
    fn normalisers_decide_which_differences_count() {
        let right = |answer, target, n| accepted(&json!(answer), &json!(target), n);
        assert!(!right("paris", "Paris", Normalize::EXACT));
        assert!(right("The U.S.A.", "usa", Normalize::SQUAD));
        assert!(!right("The U.S.A.", "usa", Normalize::ANSWER));
    }
}
