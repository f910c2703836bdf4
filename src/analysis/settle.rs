//! What it would take to settle a claim, in a sentence.

use crate::spec::Hypothesis;
use crate::stats::{Aim, detectable_effect, items_to_settle};

use super::evaluate::Evaluated;

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
    let se = found.se.filter(|se| *se > 0.0)?;
    if let Some(goal) = hypothesis.power {
        let aim = Aim { alpha, power: goal.power };
        let effect = goal.effect.value - found.margin;
        let items = items_to_settle(found.items, se, effect, aim).ok()?.ceil();
        return Some(format!(
            "To settle it: about {items} items would find {} with {:.0}% power at level {alpha:.3}.",
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
    let items = |size: f64| {
        items_to_settle(found.items, se, size * one, aim)
            .map(f64::ceil)
            .unwrap_or(f64::NAN)
    };
    Some(format!(
        "To settle it: {} items find a difference of {:.1} {unit} with 80% power at level {alpha:.3}; 1, 2 and 5 {unit} would take about {}, {} and {} items.",
        found.items,
        smallest / one,
        items(1.0),
        items(2.0),
        items(5.0)
    ))
}
