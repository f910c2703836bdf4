//! Effect sizes and ratios beside a test.

use crate::stats::{
    Interval, PairedRatio, ProportionMethod, Thresholds, UnitMean, cohen_d_single, d_z,
    discordant_odds, paired_dominance, proportion_interval,
};

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
        return Some(Ratio { value: found.ratio, ci: found.interval.ends() });
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

/// What an effect size is made from beside the test.
pub(super) struct About<'a> {
    pub(super) gap: &'a Linear,
    pub(super) data: &'a Paired,
    pub(super) contrast: &'a [f64],
    pub(super) estimate: Option<f64>,
    pub(super) interval: Option<Interval>,
    pub(super) ratio: Option<Ratio>,
    /// The level of the intervals.
    pub(super) level: f64,
}

/// Returns the effect size that goes with a test, with its interval and how large it is
/// called.
pub(super) fn effect(
    row: Row,
    procedure: &Procedure,
    about: &About<'_>,
) -> Option<EffectSize> {
    match (row, procedure) {
        (
            Row::PairedBinary | Row::PairedBinaryMargin,
            Procedure::Counts { pairs, .. },
        ) => Some(odds(pairs.left, pairs.right, about.level)),
        (Row::OrdinalMean, _) => Some(dominance(about)),
        (Row::NumericMean, _) => Some(standardised(about)),
        (Row::QuantileContrast, _) => {
            let value = about.ratio.map(|ratio| ratio.value);
            Some(sized("ratio", value, about.ratio.and_then(|ratio| ratio.ci), None))
        }
        (Row::Levels, Procedure::Levels(found)) => {
            let (f, interval) = found.effect(about.level);
            Some(sized("Cohen's f", f, interval, Some(Thresholds::CohensF)))
        }
        (Row::Correlation, Procedure::Correlated(found)) => Some(sized(
            found.coefficient(),
            Some(found.found.r),
            about.interval.and_then(Interval::ends),
            Some(Thresholds::Correlation),
        )),
        (Row::OneQuantile | Row::Smooth | Row::Levels | Row::Correlation, _) => None,
        (Row::OneShareExact | Row::OneShare, Procedure::Share { factor, .. }) => {
            let margin = about.gap.margin();
            let points = |x: f64| (x - margin) / factor * 100.0;
            let interval = about.interval.and_then(Interval::ends);
            Some(sized(
                "difference from the margin in pp",
                about.estimate.map(points),
                interval.map(|ends| ends.map(points)),
                None,
            ))
        }
        (
            Row::PairedBinary
            | Row::PairedBinaryMargin
            | Row::BinaryContrast
            | Row::OneShareExact
            | Row::OneShare
            | Row::Anytime,
            _,
        ) => {
            let named = about.gap.named.as_ref();
            let slope = named.is_some_and(|word| word.starts_with("slope"));
            let name = if slope { "slope in pp" } else { "difference in pp" };
            let interval = about.interval.and_then(Interval::ends);
            Some(sized(
                name,
                about.estimate.map(|x| x * 100.0),
                interval.map(|ends| ends.map(|x| x * 100.0)),
                None,
            ))
        }
    }
}

fn sized(
    name: &str,
    value: Option<f64>,
    ci: Option<[f64; 2]>,
    thresholds: Option<Thresholds>,
) -> EffectSize {
    let value = value.filter(|value| value.is_finite());
    let reading = thresholds.zip(value).and_then(|(thresholds, value)| {
        let found = thresholds.read(value).ok()?;
        Some(format!("{} ({})", found.magnitude.word(), found.source))
    });
    EffectSize { name: name.to_owned(), value, ci, reading }
}

/// The odds that a pair which differs does so in favour of the left side; its interval is
/// that of the share, exact.
fn odds(left: u64, right: u64, level: f64) -> EffectSize {
    let share =
        proportion_interval(left, left + right, level, ProportionMethod::ClopperPearson);
    let of = |p: f64| p / (1.0 - p);
    let ci =
        share.ok().map(|share| Interval { low: of(share.low), high: of(share.high) });
    sized(
        "odds b/c",
        discordant_odds(left, right).ok(),
        ci.and_then(Interval::ends),
        None,
    )
}

/// How much oftener the left side is better than worse; its interval is that of the mean of
/// the signs.
fn dominance(about: &About<'_>) -> EffectSize {
    let sign = |x: &f64| if *x == 0.0 { 0.0 } else { x.signum() };
    let signs: Vec<f64> = about.contrast.iter().map(sign).collect();
    let interval = UnitMean::new(&signs, &about.data.units)
        .and_then(|fit| fit.interval(about.level))
        .map(|interval| interval.within(-1.0, 1.0));
    let value = paired_dominance(about.contrast).ok();
    let ci = interval.ok().and_then(Interval::ends);
    sized("dominance", value, ci, Some(Thresholds::CliffsDelta))
}

/// The mean in standard deviations of the items' contrasts; its interval is by the
/// noncentral t, for items that are independent.
fn standardised(about: &About<'_>) -> EffectSize {
    let single = about.data.units.all_single();
    let found = cohen_d_single(about.contrast, 0.0, about.level).ok().filter(|_| single);
    let value = d_z(about.contrast).ok();
    let ci = found.and_then(|found| found.interval.ends());
    sized("d_z", value, ci, Some(Thresholds::StandardisedDifference))
}
