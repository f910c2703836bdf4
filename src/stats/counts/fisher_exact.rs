//! Fisher's exact test, and the odds ratio with both margins fixed.

use super::hypergeometric::Hypergeometric;
use super::table::total;
use crate::stats::StatsError;
use crate::stats::outcome::{Alternative, Interval, Tails, level};
use crate::stats::special::{bracketed_root, climb};

/// Tables within this share of one another's probability are ties.
const TIE: f64 = 1e-10;

/// Tables this much less probable than all others decide no end of an interval.
const NOTHING: f64 = 1e-60;

/// The largest number of observations: beyond it the sums would take seconds.
const MOST: u64 = 100_000_000;

/// Fisher's exact test of independence in a table of two by two.
///
/// # Formula
///
/// ```text
/// given the margins, P(X = x) ∝ C(a + b, x) C(c + d, a + c − x) ωˣ,   ω = 1 under the null
/// greater = P(X ≥ a),  less = P(X ≤ a)
/// two-sided = Σ P(X = x) over x with P(X = x) ≤ P(X = a)
/// conditional odds ratio: the ω with E X = a
/// interval: P_low(X ≥ a) = α/2,  P_high(X ≤ a) = α/2
/// ```
///
/// # Shapes and units
///
/// `[[a, b], [c, d]]` counts independent observations; rows are groups, or columns, which is
/// the same. `greater` says that the odds ratio `ad/bc` is above one. A table with an empty
/// row or column has one arrangement only: p is 1.
///
/// # Numerics
///
/// Sums of ratios of neighbouring probabilities, from the observed table outward, so that p
/// keeps its digits down to 1e-300; probabilities within 1e-10 of one another are ties.
/// Odds ratios are found on the log scale to ten digits.
///
/// # Errors
///
/// `InvalidTable` for a total beyond 64 bits, `InvalidParameter` beyond 10⁸ observations.
///
/// # Source
///
/// R. A. Fisher, Journal of the Royal Statistical Society 98(1), 1935, 39–82; interval: J.
/// Cornfield, Proceedings of the Third Berkeley Symposium 4, 1956, 135–148.
///
/// # Example
///
/// ```
/// use crucible::stats::{Alternative, FisherExact};
///
/// let tea = FisherExact::new([[3, 1], [1, 3]])?;
/// assert!((tea.p(Alternative::TwoSided) - 34.0 / 70.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FisherExact {
    table: [[u64; 2]; 2],
    null: Hypergeometric,
    /// Both one-sided p.
    pub tails: Tails,
    /// The p that sums every table no more probable than the one observed.
    pub two_sided: f64,
}

impl FisherExact {
    /// Returns the test of a table.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(table: [[u64; 2]; 2]) -> Result<Self, StatsError> {
        if total(table.iter().flatten())? > MOST {
            let wanted = "at most 10^8";
            return Err(StatsError::InvalidParameter {
                name: "number of counts",
                wanted,
            });
        }
        let [[a, b], [c, d]] = table;
        let null = Hypergeometric::new(a + b, c + d, a + c);
        let tails = Tails { greater: null.at_least(a), less: null.at_most(a) };
        let two_sided = minimum_likelihood(null, a, tails);
        Ok(Self { table, null, tails, two_sided })
    }

    /// Returns the p of an alternative about the odds ratio.
    #[must_use]
    pub fn p(&self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.two_sided,
            Alternative::Less | Alternative::Greater => self.tails.p(alternative),
        }
    }

    /// Returns the odds ratio of the table, `ad / bc`; `∞` when only `bc` is zero.
    ///
    /// # Errors
    ///
    /// `Undefined` when both products are zero.
    pub fn odds_ratio(&self) -> Result<f64, StatsError> {
        let [[a, b], [c, d]] = self.table.map(|row| row.map(|count| count as f64));
        if a * d == 0.0 && b * c == 0.0 {
            return Err(undefined());
        }
        Ok(a * d / (b * c))
    }

    /// Returns the odds ratio that is likeliest given the margins, in `[0, ∞]`.
    ///
    /// # Errors
    ///
    /// `Undefined` when the margins allow one table only.
    pub fn conditional_odds_ratio(&self) -> Result<f64, StatsError> {
        let a = self.varies()?;
        Ok(if a == self.null.least() {
            0.0
        } else if a == self.null.most() {
            f64::INFINITY
        } else {
            self.solve(|sums| sums.mean_gap)
        })
    }

    /// Returns the exact interval of the odds ratio; a one-sided one is open at the other
    /// end, which is 0 or `∞`.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level, `Undefined` as for the odds ratio.
    pub fn interval(
        &self,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        let alpha = 1.0 - level(confidence)?;
        let (below, above) = match alternative {
            Alternative::TwoSided => (Some(alpha / 2.0), Some(alpha / 2.0)),
            Alternative::Less => (None, Some(alpha)),
            Alternative::Greater => (Some(alpha), None),
        };
        let a = self.varies()?;
        let low = match below {
            Some(tail) if a > self.null.least() => {
                self.solve(|sums| sums.at_least.ln() - tail.ln())
            }
            _ => 0.0,
        };
        let high = match above {
            Some(tail) if a < self.null.most() => {
                self.solve(|sums| tail.ln() - sums.at_most.ln())
            }
            _ => f64::INFINITY,
        };
        Ok(Interval { low, high })
    }

    /// Returns the observed count, unless it could not have been another.
    fn varies(&self) -> Result<u64, StatsError> {
        if self.null.least() == self.null.most() {
            return Err(undefined());
        }
        Ok(self.table[0][0])
    }

    /// Returns the odds ratio where a rising function of it is zero.
    fn solve(&self, rising: impl Fn(Sums) -> f64) -> f64 {
        let at = |log: f64| rising(self.sums(log.exp()));
        let [[a, b], [c, d]] = self.table.map(|row| row.map(|count| count as f64 + 0.5));
        let start = (a * d / (b * c)).ln();
        let up = at(start) < 0.0;
        let past = climb(start, if up { 1.0 } else { -1.0 }, |u| (at(u) > 0.0) == up);
        // Measured from below the bracket: near an odds ratio of one its logarithm has no
        // digits that could be found.
        let (from, to) = (start.min(past) - 1.0, start.max(past));
        (from + bracketed_root(1.0, to - from, |u| at(from + u))).exp()
    }

    /// Adds up the distribution with this odds ratio, from its mode outward.
    fn sums(&self, odds: f64) -> Sums {
        let (null, a) = (self.null, self.table[0][0]);
        let mode = null.mode(odds);
        let mut all = 0.0;
        let (mut at_least, mut at_most, mut gap) = (0.0, 0.0, 0.0);
        let mut add = |x: u64, term: f64| {
            all += term;
            if x >= a {
                at_least += term;
                gap += (x - a) as f64 * term;
            }
            if x <= a {
                at_most += term;
                gap -= (a - x) as f64 * term;
            }
            let before = x.abs_diff(mode) <= a.abs_diff(mode);
            term > all * if before { NOTHING } else { 1e-18 }
        };
        let mut term = 1.0;
        let mut more = add(mode, term);
        for x in mode..null.most() {
            term *= null.rise(x) * odds;
            more = more && add(x + 1, term);
            if !more {
                break;
            }
        }
        term = 1.0;
        for x in (null.least()..mode).rev() {
            term /= null.rise(x) * odds;
            if !add(x, term) {
                break;
            }
        }
        Sums { at_least: at_least / all, at_most: at_most / all, mean_gap: gap / all }
    }
}

/// What a distribution with some odds ratio says of the observed count.
#[derive(Debug, Clone, Copy)]
struct Sums {
    at_least: f64,
    at_most: f64,
    /// The mean less the observed count.
    mean_gap: f64,
}

fn undefined() -> StatsError {
    StatsError::Undefined { what: "an odds ratio without variation" }
}

/// Adds to the tail that holds `a` the part of the other that is no more probable.
fn minimum_likelihood(null: Hypergeometric, a: u64, tails: Tails) -> f64 {
    let limit = null.pmf(a) * (1.0 + TIE);
    let mode = null.mode(1.0);
    if null.pmf(mode) <= limit {
        return 1.0;
    }
    let far = |x: u64| null.pmf(x) <= limit;
    let p = if a < mode {
        // Above the mode probabilities fall: the first that is no larger than the limit.
        let Some(x) = first(mode, null.most(), far) else { return tails.less };
        tails.less + null.at_least(x)
    } else {
        // Below it they rise: everything before the first that is larger.
        match first(null.least(), mode, |x| !far(x)) {
            Some(x) if x > null.least() => tails.greater + null.at_most(x - 1),
            _ => tails.greater,
        }
    };
    p.min(1.0)
}

/// Returns the first of `from..=to` where `done` holds, if it holds at `to`.
fn first(from: u64, to: u64, done: impl Fn(u64) -> bool) -> Option<u64> {
    if !done(to) {
        return None;
    }
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        if done(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_two_sided_p_is_the_plain_sum_of_tables_no_more_probable() {
        for table in
            [[[3, 1], [1, 3]], [[8, 2], [1, 5]], [[0, 5], [4, 1]], [[5, 5], [5, 6]]]
        {
            let test = FisherExact::new(table).unwrap();
            let pmf = |x: u64| test.null.pmf(x);
            let limit = pmf(table[0][0]) * (1.0 + 1e-7);
            let sum: f64 = (test.null.least()..=test.null.most())
                .map(pmf)
                .filter(|p| *p <= limit)
                .sum();
            assert_relative_eq!(test.two_sided, sum, max_relative = 1e-12);
        }
    }

    #[test]
    fn swapping_the_rows_swaps_the_tails_and_inverts_the_odds() {
        let there = FisherExact::new([[8, 2], [1, 5]]).unwrap();
        let back = FisherExact::new([[1, 5], [8, 2]]).unwrap();
        assert_relative_eq!(there.tails.less, back.tails.greater, max_relative = 1e-12);
        assert_relative_eq!(there.two_sided, back.two_sided, max_relative = 1e-12);
        let odds = |test: &FisherExact| test.conditional_odds_ratio().unwrap();
        assert_relative_eq!(odds(&there), 1.0 / odds(&back), max_relative = 1e-9);
        let ends =
            |test: &FisherExact| test.interval(0.95, Alternative::TwoSided).unwrap();
        assert_relative_eq!(
            ends(&there).low,
            1.0 / ends(&back).high,
            max_relative = 1e-9
        );
    }

    #[test]
    fn one_sided_intervals_are_open_at_the_other_end() {
        let test = FisherExact::new([[8, 2], [1, 5]]).unwrap();
        let both = test.interval(0.9, Alternative::TwoSided).unwrap();
        let above = test.interval(0.95, Alternative::Greater).unwrap();
        assert_relative_eq!(above.low, both.low, max_relative = 1e-9);
        assert_eq!(above.high, f64::INFINITY);
        let below = test.interval(0.95, Alternative::Less).unwrap();
        assert_relative_eq!(below.high, both.high, max_relative = 1e-9);
        assert_eq!(below.low, 0.0);
        assert!(test.interval(1.0, Alternative::Less).is_err());
    }

    #[test]
    fn an_empty_column_has_p_one_and_no_odds_ratio() {
        for table in [[[50, 0], [50, 0]], [[0, 0], [3, 4]], [[0, 0], [0, 0]]] {
            let test = FisherExact::new(table).unwrap();
            assert_eq!(test.p(Alternative::TwoSided), 1.0);
            assert!(test.odds_ratio().is_err());
            assert!(test.conditional_odds_ratio().is_err());
            assert!(test.interval(0.95, Alternative::TwoSided).is_err());
        }
        assert!(FisherExact::new([[u64::MAX, 1], [0, 0]]).is_err());
        assert!(FisherExact::new([[MOST, 1], [0, 0]]).is_err());
    }

    #[test]
    fn large_tables_are_quick_and_keep_small_p() {
        let test = FisherExact::new([[900_000, 100_000], [850_000, 150_000]]).unwrap();
        let p = test.p(Alternative::TwoSided);
        assert!(p < 1e-300);
        let interval = test.interval(0.95, Alternative::TwoSided).unwrap();
        // Nearly the interval on the log scale.
        let (log, se) = (
            (9.0_f64 / (85.0 / 15.0)).ln(),
            (1.0 / 9e5 + 1.0 / 1e5 + 1.0 / 8.5e5 + 1.0 / 1.5e5_f64).sqrt(),
        );
        assert_relative_eq!(interval.low, (log - 1.96 * se).exp(), max_relative = 1e-4);
        assert_relative_eq!(interval.high, (log + 1.96 * se).exp(), max_relative = 1e-4);
    }
}
