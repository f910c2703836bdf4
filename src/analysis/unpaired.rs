//! Two conditions whose items are not the same: rows 4 and 8 of the table.

use crate::spec::{Hypothesis, Scale};
use crate::stats::{StatsError, Tails, UnitMean, Units, skewness};

use super::choose::Names;
use super::decide::{Claimed, Decision};
use super::error::AnalysisError;
use super::evaluate::{Evaluated, Question};
use super::findings::EffectSize;
use super::linear::What;
use super::procedure::Statistic;
use super::samples::{Counts, Samples};

/// Binary scores, with one right and one wrong answer added to each side.
const SHARES: Names = Names {
    test: "Welch's t with pseudo-items",
    why: "Chosen because right-or-wrong scores of different items are compared; a right and a wrong answer added to each side keep it honest at shares near 0 and 1.",
    interval: "Welch's t with pseudo-items",
};

/// Other means.
const MEANS: Names = Names {
    test: "Welch's t",
    why: "Chosen because means of different items are compared, whose variances may differ.",
    interval: "Welch's t",
};

/// The item means of one side.
#[derive(Debug)]
struct Side {
    means: Vec<f64>,
    units: Units,
    trials: usize,
}

/// The difference of two independent means.
///
/// # Formula
///
/// ```text
/// θ = x̄ − ȳ,  SE² = SE_x² + SE_y²
/// ν = SE⁴ / (SE_x⁴/ν_x + SE_y⁴/ν_y)
/// ```
///
/// with the SE and ν of each side from [`UnitMean`], so that repeats and clusters count as
/// they do there.
///
/// # Errors
///
/// Those of [`UnitMean::new`].
///
/// # Source
///
/// B. L. Welch, Biometrika 34(1–2), 1947, 28–35; F. E. Satterthwaite, Biometrics Bulletin
/// 2(6), 1946, 110–114.
fn welch(left: &UnitMean, right: &UnitMean) -> UnitMean {
    let (x, y) = (left.se.powi(2), right.se.powi(2));
    let square = x + y;
    // The share of each side first, so that small errors cannot underflow.
    let (x, y) = (x / square, y / square);
    let df = if square > 0.0 {
        1.0 / (x * x / left.df + y * y / right.df)
    } else {
        left.df.min(right.df)
    };
    UnitMean {
        mean: left.mean - right.mean,
        se: square.sqrt(),
        df,
        n: left.n + right.n,
        units: left.units + right.units,
    }
}

impl Side {
    fn fit(&self) -> Result<UnitMean, StatsError> {
        UnitMean::new(&self.means, &self.units)
    }

    /// Returns the mean with a right and a wrong answer added, as far from one half as the
    /// mean of so many trials lies.
    ///
    /// Source: A. Agresti and B. Caffo, "Simple and Effective Confidence Intervals for
    /// Proportions and Differences of Proportions Result from Adding Two Successes and Two
    /// Failures", The American Statistician 54(4), 2000, 280–288; here with t, and for
    /// repeats.
    fn shrunk(&self) -> Result<UnitMean, StatsError> {
        let per_item = self.trials as f64 / self.means.len().max(1) as f64;
        let reach = 0.5 / per_item.max(1.0).sqrt();
        let mut means = self.means.clone();
        means.extend([0.5 - reach, 0.5 + reach]);
        UnitMean::new(&means, &self.units.and_single(2))
    }
}

/// Evaluates a question on two samples of different items.
pub(super) fn evaluate(
    question: &Question,
    samples: &mut Samples<'_>,
    counts: Counts,
    hypothesis: &Hypothesis,
) -> Result<Evaluated, AnalysisError> {
    let gap = question.gap();
    let equivalence = matches!(question, Question::Equivalent { .. });
    let level = 1.0 - if equivalence { 2.0 } else { 1.0 } * hypothesis.alpha;
    let mut found = Evaluated { equivalence, ..Evaluated::empty(gap, level) };
    let word = if samples.is_clustered() { "groups" } else { "items" };
    found.unit_word = word;
    let [left, right] = gap.terms.as_slice() else {
        found.reason =
            Some("No test: without pairs two conditions are compared.".to_owned());
        return Ok(found);
    };
    let plain = |what: What, factor: f64| {
        what == What::Mean && (factor.abs() - 1.0).abs() < 1e-12
    };
    let relative = match question {
        Question::Compare { .. } => false,
        Question::Equivalent { low, high, .. } => {
            low.terms != gap.terms || high.terms != gap.terms
        }
    };
    if !plain(left.what, left.factor) || !plain(right.what, right.factor) || relative {
        found.reason = Some(
            "No test: without pairs the plain difference of two means is compared."
                .to_owned(),
        );
        return Ok(found);
    }
    let mut sides = Vec::new();
    for term in [left, right] {
        let column = samples.column(term, counts)?;
        let units = samples.units(&column.items);
        sides.push(Side { means: column.means(), units, trials: column.values.len() });
    }
    let [left_side, right_side] = sides.as_slice() else { return Ok(found) };
    found.items = left_side.means.len() + right_side.means.len();
    found.units = left_side.units.count() + right_side.units.count();
    let both = [left_side, right_side];
    if let Some(reason) = too_few(both, word) {
        found.reason = Some(reason);
        return Ok(found);
    }
    let binary = gap.terms.iter().all(|term| term.sample.scale == Scale::Binary);
    if let Err(error) = found.fill(question, both, binary, hypothesis) {
        found.decision = Decision::NONE;
        found.reason = Some(format!("The test could not be computed: {error}."));
    }
    Ok(found)
}

fn too_few(sides: [&Side; 2], word: &str) -> Option<String> {
    if sides.iter().any(|side| side.means.is_empty()) {
        return Some("One side has no values.".to_owned());
    }
    let few = sides.iter().any(|side| side.units.count() < 2);
    few.then(|| {
        format!("One side has fewer than two {word}, which say nothing of others.")
    })
}

impl Evaluated {
    fn fill(
        &mut self,
        question: &Question,
        sides: [&Side; 2],
        binary: bool,
        hypothesis: &Hypothesis,
    ) -> Result<(), StatsError> {
        let gap = question.gap();
        let [x, y] = sides;
        let (left, right) = (x.fit()?, y.fit()?);
        let raw = welch(&left, &right);
        let fit = if binary { welch(&x.shrunk()?, &y.shrunk()?) } else { raw };
        let tails = |margin: f64| -> Result<Tails, StatsError> {
            if fit.se == 0.0 {
                // Each side is constant: as many agree as the smaller side has units.
                let units = left.units.min(right.units);
                return Ok(Tails::without_spread(fit.mean, margin, units));
            }
            fit.tails(margin)
        };
        let alternative = hypothesis.alternative;
        let margin = match question {
            Question::Compare { direction, .. } => {
                let margin = gap.margin();
                let claim = Claimed { direction: *direction, margin, alternative };
                let tails = tails(margin)?;
                self.decision =
                    Decision::compare(claim, raw.mean, tails, tails.two_sided());
                margin
            }
            Question::Equivalent { low, high, .. } => {
                let (below, above) = (tails(low.margin())?, tails(high.margin())?);
                let inside = low.margin() <= raw.mean && raw.mean <= high.margin();
                self.decision = Decision::equivalent(inside, below, above, alternative);
                if above.less > below.greater { high.margin() } else { low.margin() }
            }
        };
        self.names = Some(if binary { SHARES } else { MEANS });
        self.estimate = Some(raw.mean);
        self.se = Some(raw.se);
        self.size = Some(left.mean);
        self.interval = fit.interval(self.level).ok();
        let value = fit.t(margin).ok();
        self.statistic = Some(Statistic { name: "t", value, df: Some(fit.df) });
        self.effect = effect(sides, [&left, &right], binary);
        self.assumptions = assumptions(sides, self.unit_word, binary);
        if sides.iter().any(|side| side.units.count() < 10) {
            let word = self.unit_word;
            self.remarks.push(format!("One side has too few {word} to generalise."));
        }
        Ok(())
    }
}

/// Returns the difference in points of shares, else Hedges' g with the pooled standard
/// deviation of the item means.
///
/// ```text
/// g = (1 − 3 / (4ν − 1)) (x̄ − ȳ) / s,  ν = n + m − 2
/// ```
///
/// Source: L. V. Hedges, Journal of Educational Statistics 6(2), 1981, 107–128, equation 22.
fn effect(sides: [&Side; 2], fits: [&UnitMean; 2], binary: bool) -> Option<EffectSize> {
    let [left, right] = fits;
    let gap = left.mean - right.mean;
    let named = |name: &str, value: f64| {
        let value = Some(value).filter(|value| value.is_finite());
        Some(EffectSize { name: name.to_owned(), value, ci: None })
    };
    if binary {
        return named("difference in pp", gap * 100.0);
    }
    let squares = |side: &Side| {
        let freedom = side.means.len() as f64 - 1.0;
        crate::stats::variance(&side.means).map(|variance| variance * freedom)
    };
    let [x, y] = sides;
    let freedom = (x.means.len() + y.means.len()) as f64 - 2.0;
    let pooled = ((squares(x).ok()? + squares(y).ok()?) / freedom).sqrt();
    named("Hedges' g", (1.0 - 3.0 / (4.0 * freedom - 1.0)) * gap / pooled)
}

/// Returns what the test assumes and whether it held here, a sentence each.
fn assumptions(sides: [&Side; 2], word: &str, binary: bool) -> Vec<String> {
    let first = format!(
        "It assumes that the {word} of both sides are independent of one another and among themselves, which follows from how they were chosen and cannot be seen in the scores, and enough of them for the means to be near normal."
    );
    let judged = if binary {
        let fewest = sides
            .iter()
            .map(|side| {
                let right: f64 = side.means.iter().sum();
                right.min(side.means.len() as f64 - right)
            })
            .fold(f64::INFINITY, f64::min);
        let verdict = if fewest >= 5.0 { "That held" } else { "That is in doubt" };
        let shown = (fewest * 10.0).round() / 10.0;
        Some(format!(
            "{verdict}: {shown} answers lie on the rarer side, and 5 are asked for."
        ))
    } else {
        let needed = sides.iter().filter_map(|side| {
            let skew = skewness(&side.means).ok()?;
            Some(((25.0 * skew * skew).floor() + 1.0, side.means.len()))
        });
        needed.max_by(|a, b| (a.0 / a.1 as f64).total_cmp(&(b.0 / b.1 as f64))).map(
            |(needed, had)| {
                let held = had as f64 >= needed;
                let verdict = if held { "That held" } else { "That is in doubt" };
                format!(
                    "{verdict}: the skewness of the more critical side asks for {needed} {word} (Cochran's rule, n > 25 γ²), and there are {had}."
                )
            },
        )
    };
    std::iter::once(first).chain(judged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Extra hours of sleep under two drugs (A. R. Cushny and A. R. Peebles, 1905).
    const DRUG_1: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const DRUG_2: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    fn side(means: &[f64]) -> Side {
        let units = Units::single(means.len());
        Side { means: means.to_vec(), units, trials: means.len() }
    }

    #[test]
    fn welch_agrees_with_forty_digit_arithmetic_on_the_sleep_data() {
        let (x, y) = (side(&DRUG_1), side(&DRUG_2));
        let fit = welch(&x.fit().unwrap(), &y.fit().unwrap());
        // mpmath, mp.dps = 40.
        assert_relative_eq!(
            fit.t(0.0).unwrap(),
            -1.860_813_467_486_853,
            max_relative = 1e-12
        );
        assert_relative_eq!(fit.df, 17.776_473_516_178_49, max_relative = 1e-12);
        let p = fit.tails(0.0).unwrap().two_sided();
        assert_relative_eq!(p, 0.079_394_140_187_358_14, max_relative = 1e-11);
    }
}
