//! Effect sizes and ratios beside a test.

use crate::stats::{PairedRatio, d_z, discordant_odds, paired_dominance};

use super::choose::Row;
use super::findings::{EffectSize, Ratio};
use super::linear::{Linear, What};
use super::procedure::Procedure;
use super::samples::Paired;

/// Returns the ratio of both sides, where each is one term.
pub(super) fn ratio(row: Row, gap: &Linear, data: &Paired, level: f64) -> Option<Ratio> {
    let [left, right] = gap.terms.as_slice() else {
        return None;
    };
    let opposite = left.factor > 0.0 && right.factor < 0.0;
    if !opposite || gap.margin() != 0.0 || left.sample.scale.is_fraction() {
        return None;
    }
    if row == Row::NumericMean {
        let scaled = |term: usize, factor: f64| -> Vec<f64> {
            data.means[term].iter().map(|x| x * factor).collect()
        };
        let (xs, ys) = (scaled(0, left.factor), scaled(1, -right.factor));
        let found = PairedRatio::new(&xs, &ys, &data.units, level).ok()?;
        let ends = [found.interval.low, found.interval.high];
        let ci = ends.iter().all(|end| end.is_finite()).then_some(ends);
        return Some(Ratio { value: found.ratio, ci });
    }
    if row == Row::QuantileContrast {
        let side = |term: usize| match gap.terms[term].what {
            What::Quantile(q) => crate::stats::quantile(&data.trials[term].0, q).ok(),
            What::Mean | What::Sd => crate::stats::mean(&data.trials[term].0).ok(),
        };
        let value = side(0)? * left.factor / (side(1)? * -right.factor);
        return value.is_finite().then_some(Ratio { value, ci: None });
    }
    None
}

/// Returns the effect size that goes with a test.
pub(super) fn effect(
    row: Row,
    gap: &Linear,
    procedure: &Procedure,
    contrast: &[f64],
    estimate: Option<f64>,
    ratio: Option<Ratio>,
) -> Option<EffectSize> {
    let named = |name: &str, value: Option<f64>| {
        let value = value.filter(|value| value.is_finite());
        Some(EffectSize { name: name.to_owned(), value, ci: None })
    };
    match (row, procedure) {
        (
            Row::PairedBinary | Row::PairedBinaryMargin,
            Procedure::Counts { pairs, .. },
        ) => named("odds b/c", discordant_odds(pairs.left, pairs.right).ok()),
        (Row::OrdinalMean, _) => named("dominance", paired_dominance(contrast).ok()),
        (Row::NumericMean, _) => named("d_z", d_z(contrast).ok()),
        (Row::QuantileContrast, _) => named("ratio", ratio.map(|ratio| ratio.value)),
        (Row::Levels, Procedure::Levels(found)) => named("Cohen's f", found.effect()),
        (Row::Correlation, Procedure::Correlated(found)) => {
            named(found.coefficient(), Some(found.found.r))
        }
        (Row::OneQuantile | Row::Smooth | Row::Levels | Row::Correlation, _) => None,
        (Row::OneShareExact | Row::OneShare, Procedure::Share { factor, .. }) => named(
            "difference from the margin in pp",
            estimate.map(|x| (x - gap.margin()) / factor * 100.0),
        ),
        (
            Row::PairedBinary
            | Row::PairedBinaryMargin
            | Row::BinaryContrast
            | Row::OneShareExact
            | Row::OneShare
            | Row::Anytime,
            _,
        ) => {
            let slope = gap.named.as_ref().is_some_and(|word| word.starts_with("slope"));
            let name = if slope { "slope in pp" } else { "difference in pp" };
            named(name, estimate.map(|x| x * 100.0))
        }
    }
}
