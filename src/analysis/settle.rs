//! What it would take to settle a claim, in a sentence: items, or groups where a column
//! groups them, which are as unequal as those that are there.

use crate::base::grouped;
use crate::spec::Hypothesis;
use crate::stats::{Aim, Solve, detectable_effect, items_to_settle};

use super::evaluate::Evaluated;
use super::power::Model;

/// The power that is aimed at when the hypothesis declares none.
const USUAL_POWER: f64 = 0.8;

/// Returns the sentence, for a claim whose contrast has a standard error.
///
/// `alpha` is the level that the correction of the family leaves to this hypothesis. The
/// effect is the declared one, never the observed.
pub(super) fn to_settle(
    hypothesis: &Hypothesis,
    found: &Evaluated,
    alpha: f64,
) -> Option<String> {
    if let Some(model) = found.model {
        return modelled(hypothesis, found, model, alpha);
    }
    let se = found.se.filter(|se| *se > 0.0)?;
    let word = found.unit_word;
    if let Some(goal) = hypothesis.power {
        let aim = Aim { alpha, power: goal.power };
        let effect = goal.effect.value - found.margin;
        let units = shown(items_to_settle(found.units, se, effect, aim).ok()?);
        return Some(format!(
            "To settle it: about {units} {word} would find {} with {:.0}% power at level {alpha:.3}.",
            goal.effect,
            goal.power * 100.0
        ));
    }
    let aim = Aim { alpha, power: USUAL_POWER };
    let smallest = detectable_effect(se, aim).ok()?;
    let (unit, one) = if found.scale.is_fraction() {
        ("pp", 0.01)
    } else {
        ("%", found.size.map(f64::abs).filter(|size| *size > 0.0)? / 100.0)
    };
    let units = |size: f64| {
        items_to_settle(found.units, se, size * one, aim).map_or("–".to_owned(), shown)
    };
    Some(format!(
        "To settle it: {} {word} find a difference of {:.1} {unit} with 80% power at level {alpha:.3}; 1, 2 and 5 {unit} would take about {}, {} and {} {word}.",
        grouped(found.units as u64),
        smallest / one,
        units(1.0),
        units(2.0),
        units(5.0)
    ))
}

/// Returns the sentence for a correlation or for the levels of a factor.
fn modelled(
    hypothesis: &Hypothesis,
    found: &Evaluated,
    model: Model,
    alpha: f64,
) -> Option<String> {
    let (word, side) = (found.unit_word, hypothesis.alternative);
    let solved = |question: Solve| model.solve(question, side).ok();
    if let Some(goal) = hypothesis.power {
        let (effect, power) = (goal.effect.value.abs(), goal.power);
        let n = solved(Solve::N { effect, power, alpha })?.n;
        return Some(format!(
            "To settle it: about {} {word} would find {} with {:.0}% power at level {alpha:.3}, by {}.",
            shown(n),
            goal.effect,
            power * 100.0,
            model.method()
        ));
    }
    let question = Solve::Effect { n: found.units as f64, power: USUAL_POWER, alpha };
    let smallest = solved(question)?.effect.abs();
    let (what, smallest) = match model {
        Model::Correlation => ("a correlation of", format!("{smallest:.2}")),
        Model::Levels { .. } if found.scale.is_fraction() => {
            ("a range of", format!("{:.1} pp", smallest * 100.0))
        }
        Model::Levels { .. }
        | Model::Pairs { .. }
        | Model::Items { .. }
        | Model::Normal { .. } => ("a range of", format!("{smallest:.3}")),
    };
    Some(format!(
        "To settle it: {} {word} find {what} {smallest} with 80% power at level {alpha:.3}, by {}.",
        grouped(found.units as u64),
        model.method()
    ))
}

/// Rounds a number of units up and groups its digits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and cut where it is beyond counting"
)]
fn shown(units: f64) -> String {
    grouped(units.ceil() as u64)
}
