//! McNemar's test of paired binary outcomes.

use super::StatsError;
use super::dist::{Binomial, ChiSquared};
use super::outcome::Tails;

/// McNemar's exact test: is a discordant pair as likely to favour either side?
///
/// # Formula
///
/// ```text
/// X ~ Binomial(b + c, ½),  greater = P(X ≥ b),  less = P(X ≤ b)
/// mid-p takes ½ P(X = b) off each tail
/// ```
///
/// # Shapes and units
///
/// `b` counts pairs where only the first is right, `c` those where only the second is.
/// Without discordant pairs every p is 1.
///
/// # Numerics
///
/// Tails by the incomplete beta function, so counts of millions keep their digits.
///
/// # Errors
///
/// None: every pair of counts has a p.
///
/// # Source
///
/// Q. McNemar, Psychometrika 12(2), 1947, 153–157; M. W. Fagerland, S. Lydersen and P.
/// Laake, BMC Medical Research Methodology 13, 2013, article 91.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Pairs in favour of the first.
    pub b: u64,
    /// Pairs in favour of the second.
    pub c: u64,
    /// The exact tails; the two-sided p is twice the smaller.
    pub exact: Tails,
    /// The mid-p tails: less conservative, not guaranteed.
    pub mid: Tails,
}

impl McNemar {
    /// Returns the tests for these discordant counts.
    #[must_use]
    pub fn new(b: u64, c: u64) -> Self {
        let one = Tails { greater: 1.0, less: 1.0 };
        let n = b.saturating_add(c);
        let Ok(half) = Binomial::new(n, 0.5) else {
            return Self { b, c, exact: one, mid: one };
        };
        if n == 0 {
            return Self { b, c, exact: one, mid: one };
        }
        let exact = Tails { greater: half.at_least(b), less: half.cdf(b) };
        let off = half.pmf(b) / 2.0;
        let mid = Tails { greater: exact.greater - off, less: exact.less - off };
        Self { b, c, exact, mid }
    }

    /// Returns the two-sided mid-p: the exact p less the probability of the observed table.
    #[must_use]
    pub fn mid_p(&self) -> f64 {
        self.mid.two_sided()
    }
}

/// The outcome of McNemar's asymptotic test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemarChi {
    /// The statistic, chi-squared with one degree of freedom.
    pub chi2: f64,
    /// Its two-sided p.
    pub p: f64,
}

/// Tests paired binary outcomes by the chi-squared approximation.
///
/// # Formula
///
/// ```text
/// χ² = (b − c)² / (b + c), or with Yates' correction (|b − c| − 1)² / (b + c)
/// ```
///
/// # Shapes and units
///
/// As [`McNemar`], but at least one discordant pair.
///
/// # Errors
///
/// `Undefined` when no pair is discordant.
///
/// # Source
///
/// Q. McNemar, Psychometrika 12(2), 1947, 153–157; correction: A. L. Edwards, Psychometrika
/// 13(3), 1948, 185–187.
pub fn mcnemar_chi2(b: u64, c: u64, corrected: bool) -> Result<McNemarChi, StatsError> {
    if b == 0 && c == 0 {
        return Err(StatsError::Undefined {
            what: "chi-squared without discordant pairs",
        });
    }
    let gap = b.abs_diff(c) as f64 - if corrected { 1.0 } else { 0.0 };
    let chi2 = gap * gap / (b as f64 + c as f64);
    Ok(McNemarChi { chi2, p: ChiSquared::new(1.0)?.sf(chi2)? })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_doubled_tail_is_the_exact_p() {
        // Exact rational arithmetic: 2 Σ_{k ≥ 209} C(361, k) / 2³⁶¹.
        let test = McNemar::new(209, 152);
        assert_relative_eq!(
            test.exact.two_sided(),
            0.003_150_656_880_360_604_2,
            max_relative = 1e-12
        );
        assert!(test.exact.greater < test.exact.less);
    }

    #[test]
    fn without_discordant_pairs_nothing_is_surprising() {
        assert_eq!(McNemar::new(0, 0).exact.two_sided(), 1.0);
        assert_eq!(McNemar::new(0, 0).mid_p(), 1.0);
        assert!(mcnemar_chi2(0, 0, true).is_err());
    }

    #[test]
    fn pairs_that_all_agree_have_the_p_of_a_sign_test() {
        assert_relative_eq!(
            McNemar::new(7, 0).exact.two_sided(),
            2.0 / 128.0,
            max_relative = 1e-13
        );
        assert_eq!(McNemar::new(7, 0).exact.less, 1.0);
    }

    #[test]
    fn the_largest_counts_do_not_overflow() {
        let test = McNemar::new(u64::MAX, u64::MAX);
        assert!((0.0..=1.0).contains(&test.exact.two_sided()));
    }
}
