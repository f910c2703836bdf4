//! Mood's median test: do groups lie alike about their common median?

use serde::{Deserialize, Serialize};

use super::super::StatsError;
use super::super::describe::{quantile, sum};
use super::super::dist::ChiSquared;
use super::super::outcome::{enough, finite};

/// Where values go that equal the common median.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MedianTies {
    /// They count as below.
    #[default]
    Below,
    /// They count as above.
    Above,
    /// They are left out.
    Ignore,
}

/// The power divergence that compares the table with its expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MedianStatistic {
    /// Pearson's chi-squared, λ = 1.
    #[default]
    Pearson,
    /// Cressie and Read's choice, λ = ⅔.
    CressieRead,
    /// The likelihood ratio G, λ = 0.
    LogLikelihood,
    /// Freeman and Tukey's, λ = −½.
    FreemanTukey,
    /// The modified likelihood ratio, λ = −1.
    ModifiedLogLikelihood,
    /// Neyman's, λ = −2.
    Neyman,
}

/// How to carry out Mood's median test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MoodOptions {
    /// Where values go that equal the common median.
    pub ties: MedianTies,
    /// How the table is compared.
    pub statistic: MedianStatistic,
    /// Whether Yates' correction is applied to two groups; it is never to more.
    pub corrected: bool,
}

/// The outcome of Mood's median test.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodMedian {
    /// The median of all values.
    pub median: f64,
    /// How many values of each group lie above it.
    pub above: Vec<u64>,
    /// How many lie below it.
    pub below: Vec<u64>,
    /// The statistic, chi-squared with `df` degrees of freedom.
    pub statistic: f64,
    /// Number of groups less one.
    pub df: f64,
    /// Its p.
    pub p: f64,
}

/// Tests whether groups have one median.
///
/// # Formula
///
/// ```text
/// O: counts above and below the common median;  E = row total · column total / N
/// X² = 2 / (λ (λ + 1)) Σ O [(O / E)^λ − 1],  λ = 1: Σ (O − E)² / E,  λ = 0: 2 Σ O ln(O / E)
/// Yates: O is moved towards E by min(½, |O − E|)
/// ```
///
/// # Shapes and units
///
/// At least two groups of at least one finite value, in one unit.
///
/// # Errors
///
/// `Empty` for a group without values, `TooFew` for one group, `NotFinite`; `ZeroMarginal`
/// when no value lies above or below, or none of a group is left; `Undefined` for a
/// statistic that divides by a count of zero.
///
/// # Source
///
/// A. M. Mood, Introduction to the Theory of Statistics, 1950, pages 394–399; N. Cressie and
/// T. R. C. Read, Journal of the Royal Statistical Society B 46(3), 1984, 440–464.
///
/// # Example
///
/// ```
/// use crucible::stats::{MoodOptions, mood_median};
/// let groups: [&[f64]; 2] = [&[1.0, 2.0, 3.0], &[2.5, 4.0, 5.0]];
/// let test = mood_median(&groups, MoodOptions::default())?;
/// assert_eq!((test.median, test.above), (2.75, vec![1, 2]));
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn mood_median<G: AsRef<[f64]>>(
    groups: &[G],
    options: MoodOptions,
) -> Result<MoodMedian, StatsError> {
    enough(groups.len(), 1)?;
    if groups.len() < 2 {
        return Err(StatsError::TooFew { of: "groups", needed: 2, got: groups.len() });
    }
    let mut all = Vec::new();
    for group in groups {
        enough(group.as_ref().len(), 1)?;
        finite(group.as_ref())?;
        all.extend_from_slice(group.as_ref());
    }
    let median = quantile(&all, 0.5)?;
    let counts = |keep: &dyn Fn(f64) -> bool| -> Vec<u64> {
        let count =
            |group: &G| group.as_ref().iter().filter(|x| keep(**x)).count() as u64;
        groups.iter().map(count).collect()
    };
    let with_above = options.ties == MedianTies::Above;
    let with_below = options.ties == MedianTies::Below;
    let above = counts(&|x| x > median || with_above && x >= median);
    let below = counts(&|x| x < median || with_below && x <= median);
    let statistic = divergence(&above, &below, options)?;
    let df = groups.len() as f64 - 1.0;
    let p = ChiSquared::new(df)?.sf(statistic)?;
    Ok(MoodMedian { median, above, below, statistic, df, p })
}

fn divergence(
    above: &[u64],
    below: &[u64],
    options: MoodOptions,
) -> Result<f64, StatsError> {
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let (high, low) = (total(above), total(below));
    let columns: Vec<f64> =
        above.iter().zip(below).map(|(a, b)| (a + b) as f64).collect();
    if high == 0.0 || low == 0.0 || columns.contains(&0.0) {
        return Err(StatsError::ZeroMarginal);
    }
    let row = |counts: &[u64], share: f64| -> Vec<f64> {
        let term = |(count, column): (&u64, &f64)| {
            let (observed, expected) = (*count as f64, column * share);
            let gap = expected - observed;
            let moved = if options.corrected && above.len() == 2 {
                gap.abs().min(0.5).copysign(gap)
            } else {
                0.0
            };
            power_term(observed + moved, expected, options.statistic)
        };
        counts.iter().zip(&columns).map(term).collect()
    };
    let all = high + low;
    let terms = [row(above, high / all), row(below, low / all)].concat();
    let statistic = sum(terms);
    if statistic.is_finite() {
        Ok(statistic.max(0.0))
    } else {
        Err(StatsError::Undefined { what: "a statistic that divides by a count of zero" })
    }
}

/// Returns the part of one cell; over a table the parts add up to the divergence.
fn power_term(observed: f64, expected: f64, statistic: MedianStatistic) -> f64 {
    let general = |lambda: f64| {
        if observed == 0.0 && lambda > -1.0 {
            return 0.0;
        }
        let ratio = observed / expected;
        2.0 / (lambda * (lambda + 1.0)) * observed * (ratio.powf(lambda) - 1.0)
    };
    match statistic {
        MedianStatistic::Pearson => (observed - expected).powi(2) / expected,
        MedianStatistic::CressieRead => general(2.0 / 3.0),
        MedianStatistic::LogLikelihood if observed == 0.0 => 0.0,
        MedianStatistic::LogLikelihood => 2.0 * observed * (observed / expected).ln(),
        MedianStatistic::FreemanTukey => general(-0.5),
        MedianStatistic::ModifiedLogLikelihood => {
            2.0 * expected * (expected / observed).ln()
        }
        MedianStatistic::Neyman => (observed - expected).powi(2) / observed,
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const GROUPS: [&[f64]; 3] =
        [&[1.0, 2.0, 3.0, 4.0], &[3.0, 5.0, 6.0, 7.0, 8.0], &[2.0, 9.0, 4.0, 0.5]];

    #[test]
    fn every_divergence_is_that_of_scipy() {
        // scipy.stats.median_test(*GROUPS, lambda_=…).statistic, SciPy 1.17.1; the last is
        // 4 Σ (√O − √E)², where SciPy has NaN for a count of zero.
        use MedianStatistic as S;
        let cases = [
            (S::Pearson, 6.451_25),
            (S::CressieRead, 6.646_668_602_442_05),
            (S::LogLikelihood, 7.820_534_110_449_231),
            (S::FreemanTukey, 11.013_700_721_677_894),
        ];
        for (statistic, want) in cases {
            let options = MoodOptions { statistic, ..MoodOptions::default() };
            let test = mood_median(&GROUPS, options).unwrap();
            assert_relative_eq!(test.statistic, want, max_relative = 1e-12);
        }
        for statistic in [S::ModifiedLogLikelihood, S::Neyman] {
            let options = MoodOptions { statistic, ..MoodOptions::default() };
            assert!(mood_median(&GROUPS, options).is_err());
        }
    }

    #[test]
    fn ties_go_where_they_are_told() {
        let of = |ties| {
            let options = MoodOptions { ties, ..MoodOptions::default() };
            mood_median(&GROUPS, options).unwrap()
        };
        assert_eq!(of(MedianTies::Below).above, [0, 4, 1]);
        assert_eq!(of(MedianTies::Above).above, [1, 4, 2]);
        assert_eq!(of(MedianTies::Ignore).below, [3, 1, 2]);
        assert_eq!(of(MedianTies::Below).median, 4.0);
    }

    #[test]
    fn the_order_of_groups_changes_no_p() {
        let options = MoodOptions { corrected: true, ..MoodOptions::default() };
        let one = mood_median(&GROUPS[..2], options).unwrap();
        let turned = [GROUPS[1], GROUPS[0]];
        assert_relative_eq!(
            one.p,
            mood_median(&turned, options).unwrap().p,
            max_relative = 1e-12
        );
    }

    #[test]
    fn groups_without_a_table_are_refused() {
        let options = MoodOptions::default();
        let same: [&[f64]; 2] = [&[1.0, 1.0], &[1.0]];
        assert_eq!(mood_median(&same, options), Err(StatsError::ZeroMarginal));
        let one = mood_median(&GROUPS[..1], options);
        assert_eq!(one, Err(StatsError::TooFew { of: "groups", needed: 2, got: 1 }));
        let none: [&[f64]; 2] = [&[1.0], &[]];
        assert_eq!(mood_median(&none, options), Err(StatsError::Empty));
        let nan: [&[f64]; 2] = [&[1.0], &[f64::NAN]];
        assert!(mood_median(&nan, options).is_err());
    }
}
