//! `score`: a metric in Rhai.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Expr, Stmt};

use crate::record::{Item, Output, Score};
use crate::score::{Scorer, ScorerEntry};
use crate::script::{
    Callable, ScriptFailure, ScriptProblem, ScriptRun, Workshop, item_value, output_value,
};
use crate::spec::{Call, Param, Scale, Signature, Type};

const SCALES: &[(&str, Scale)] = &[
    ("binary", Scale::Binary),
    ("ordinal", Scale::Ordinal),
    ("continuous", Scale::Continuous),
    ("fraction", Scale::Fraction),
    ("duration", Scale::Duration),
    ("money", Scale::Money),
    ("count", Scale::Count),
];

const SIGNATURE: Signature = Signature::new(
    "score",
    Type::Scorer,
    "Scores what a closure of the output and the item returns.",
)
.with_details(
    "The closure returns a number, `true` (1) or `false` (0), or `()`, which leaves the trial \
     unscored. What it throws fails the score, not the trial. Without `scale:` the scale is \
     binary where the closure's text shows that it returns a truth value: where its last \
     expression is a comparison, `!`, `&&`, `||`, `in`, `true`, `false`, a call such as \
     `contains` or `starts_with`, or an `if` or a block of such; it is continuous anywhere \
     else. With a scale, a score outside it is a failed score: binary takes 0 and 1, a \
     fraction 0 to 1, a count whole numbers from 0, a duration and money nothing below 0.",
)
.with_params(&[
    Param::required(
        "closure",
        Type::Function(&["output", "item"]),
        "The score of a trial.",
    ),
    Param::optional(
        "scale",
        Type::Choice(&[
            "binary",
            "ordinal",
            "continuous",
            "fraction",
            "duration",
            "money",
            "count",
        ]),
        "What kind of number it is; the statistics follow from it.",
    ),
])
.with_example("metric words = score(|output, item| output.text.split().len(), scale: count)")
.with_scale(scale);

pub(super) const ENTRY: ScorerEntry = ScorerEntry { signature: SIGNATURE, build };

/// Returns the declared scale, else the one that the closure's text shows.
fn scale(call: &Call) -> Scale {
    if let Some(word) = call.text("scale")
        && let Some((_, scale)) = SCALES.iter().find(|(name, _)| *name == word)
    {
        return *scale;
    }
    match call.function("closure") {
        Some(function) if is_boolean(&function.body) => Scale::Binary,
        Some(_) | None => Scale::Continuous,
    }
}

/// Functions of Rhai and of the host that return a truth value.
const BOOLEAN_FUNCTIONS: &[&str] = &[
    "!",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "contains",
    "starts_with",
    "ends_with",
    "is_empty",
    "is_match",
    "matches",
    "any",
    "all",
    "some",
    "is_odd",
    "is_even",
    "is_zero",
    "is_nan",
];

/// Says whether the text of a body shows that it returns a truth value.
fn is_boolean(body: &str) -> bool {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    engine
        .compile(body)
        .is_ok_and(|ast| ast.statements().last().is_some_and(boolean_statement))
}

fn boolean_statement(statement: &Stmt) -> bool {
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other statement is none")]
    match statement {
        Stmt::Expr(expression) => boolean_expression(expression),
        Stmt::Return(Some(expression), ..) => boolean_expression(expression),
        Stmt::FnCall(call, _) => BOOLEAN_FUNCTIONS.contains(&call.name.as_str()),
        Stmt::Block(block) => block.statements().last().is_some_and(boolean_statement),
        Stmt::If(flow, _) => {
            let ends = |block: &rhai::StmtBlock| {
                block.statements().last().is_some_and(boolean_statement)
            };
            ends(&flow.body) && ends(&flow.branch)
        }
        _ => false,
    }
}

fn boolean_expression(expression: &Expr) -> bool {
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other expression is none")]
    match expression {
        Expr::BoolConstant(..) | Expr::And(..) | Expr::Or(..) => true,
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => {
            BOOLEAN_FUNCTIONS.contains(&call.name.as_str())
        }
        Expr::Dot(parts, ..) => boolean_expression(&parts.rhs),
        Expr::Stmt(block) => block.statements().last().is_some_and(boolean_statement),
        _ => false,
    }
}

#[derive(Debug)]
struct Closure {
    callable: Callable,
    /// The scale as it was declared; a scale that was only inferred refuses nothing.
    declared: Option<Scale>,
}

fn build(call: &Call, workshop: &Workshop) -> Result<Box<dyn Scorer>, ScriptProblem> {
    let Some(function) = call.function("closure") else {
        return Err(ScriptProblem::whole("`score` takes a closure", ""));
    };
    let declared = call.text("scale").map(|_| scale(call));
    // A closure whose text shows a truth value is held to it as well.
    let declared = declared.or_else(|| {
        let inferred = scale(call);
        (inferred == Scale::Binary).then_some(inferred)
    });
    Ok(Box::new(Closure { callable: workshop.callable(function)?, declared }))
}

impl Scorer for Closure {
    fn try_score(
        &self,
        output: &Arc<Output>,
        item: &Arc<Item>,
        run: &ScriptRun,
    ) -> Result<Score, ScriptFailure> {
        let args = vec![output_value(output), item_value(item)];
        let value = self.callable.call(args, run)?;
        score_of(&value, self.declared).map_err(|message| ScriptFailure {
            message,
            span: self.callable.span(),
            cause: None,
        })
    }
}

/// Returns the score that a closure's value is.
fn score_of(value: &Dynamic, declared: Option<Scale>) -> Result<Score, String> {
    if value.is_unit() {
        return Ok(Score::Unscored);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(Score::Value(f64::from(u8::from(flag))));
    }
    #[expect(clippy::cast_precision_loss, reason = "a score is a float")]
    let number = match (value.as_int(), value.as_float()) {
        (Ok(whole), _) => whole as f64,
        (_, Ok(float)) => float,
        (Err(_), Err(_)) => {
            let found = value.type_name();
            return Err(format!(
                "a score is a number, a truth value or `()`, not {found}"
            ));
        }
    };
    if !number.is_finite() {
        return Err(format!("a score is a finite number, not {number}"));
    }
    let (fits, wanted) = match declared {
        Some(Scale::Binary) => {
            (number.fract() == 0.0 && (0.0..=1.0).contains(&number), "0 or 1")
        }
        Some(Scale::Fraction) => ((0.0..=1.0).contains(&number), "0 to 1"),
        Some(Scale::Count) => {
            (number >= 0.0 && number.fract() == 0.0, "a whole number from 0")
        }
        Some(Scale::Duration | Scale::Money) => (number >= 0.0, "at least 0"),
        Some(Scale::Ordinal | Scale::Continuous) | None => (true, ""),
    };
    if fits {
        return Ok(Score::Value(number));
    }
    let scale = declared.map_or("", Scale::word);
    Err(format!("a score of scale {scale} is {wanted}, not {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_shows_a_truth_value() {
        for body in [
            "output.text == item.target",
            "!output.text.is_empty()",
            "output.text.contains(\"a\")",
            "output.text.len() > 5 && item.size == \"small\"",
            "{ let a = 1; a < 2 }",
            "if item.a == 1 { true } else { output.text != \"b\" }",
            "\"a\" in output.text",
            "return true;",
        ] {
            assert!(is_boolean(body), "{body}");
        }
        for body in [
            "output.text.split(\" \").len()",
            "1 + 2",
            "if item.a == 1 { 1 } else { false }",
            "if item.a == 1 { true }",
            "judge(output, item)",
            "()",
            "",
            "not rhai (",
        ] {
            assert!(!is_boolean(body), "{body}");
        }
    }

    #[test]
    fn a_value_is_a_score_only_on_its_scale() {
        let score = |value: Dynamic, scale| score_of(&value, scale);
        assert_eq!(score(true.into(), None), Ok(Score::Value(1.0)));
        assert_eq!(score(3_i64.into(), None), Ok(Score::Value(3.0)));
        assert_eq!(score(Dynamic::UNIT, Some(Scale::Count)), Ok(Score::Unscored));
        assert!(score("x".into(), None).is_err());
        assert!(score(f64::NAN.into(), None).is_err());
        for (scale, good, bad) in [
            (Scale::Binary, 1.0, 0.5),
            (Scale::Fraction, 0.5, 1.01),
            (Scale::Count, 2.0, 2.5),
            (Scale::Duration, 0.0, -0.1),
            (Scale::Money, 3.5, -1.0),
        ] {
            assert_eq!(score(good.into(), Some(scale)), Ok(Score::Value(good)));
            assert!(score(bad.into(), Some(scale)).is_err(), "{scale:?}");
        }
    }
}
