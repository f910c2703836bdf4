//! The chi-squared distribution.

use super::{argument, positive, probability};
use crate::stats::StatsError;
use crate::stats::special::{Both, bracketed_root, climb, gamma_tails};

/// The chi-squared distribution; the degrees of freedom need not be whole.
///
/// # Formula
///
/// ```text
/// P(X > x) = Q(k/2, x/2)
/// ```
///
/// # Shapes and units
///
/// `x` and `k` are plain numbers, `k > 0`; probabilities are in `[0, 1]`.
///
/// # Numerics
///
/// Both tails to ten digits down to 1e-300; quantiles are found on the log scale.
///
/// # Errors
///
/// `InvalidParameter` for degrees of freedom that are not positive and finite.
///
/// # Source
///
/// M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.4.19.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    df: f64,
}

impl ChiSquared {
    /// Returns the distribution with `df` degrees of freedom.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless `df` is positive and finite.
    pub fn new(df: f64) -> Result<Self, StatsError> {
        positive(df, "number of degrees of freedom").map(|df| Self { df })
    }

    /// Returns `P(X ≤ x)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, x: f64) -> Result<f64, StatsError> {
        argument(x).map(|x| self.tails(x).lower)
    }

    /// Returns `P(X > x)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, x: f64) -> Result<f64, StatsError> {
        argument(x).map(|x| self.tails(x).upper)
    }

    /// Returns the `x` with `P(X ≤ x) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        Ok(if p <= 0.5 { self.at(p, |t| t.lower) } else { self.at(1.0 - p, |t| t.upper) })
    }

    /// Returns the `x` with `P(X > x) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        Ok(if p <= 0.5 { self.at(p, |t| t.upper) } else { self.at(1.0 - p, |t| t.lower) })
    }

    fn tails(self, x: f64) -> Both {
        gamma_tails(self.df / 2.0, x.max(0.0) / 2.0)
    }

    /// Returns the point where the chosen tail is `p`.
    fn at(self, p: f64, tail: fn(Both) -> f64) -> f64 {
        let rises = tail(Both { lower: 1.0, upper: 0.0 }) > 0.5;
        if p <= 0.0 {
            return if rises { 0.0 } else { f64::INFINITY };
        }
        let gap = |u: f64| tail(self.tails(u.exp())).ln() - p.ln();
        let start = self.df.ln();
        let up = (gap(start) < 0.0) == rises;
        let step = if up { 0.125 } else { -0.125 };
        let past = climb(start, step, |u| (gap(u) > 0.0) == (up == rises));
        bracketed_root(start, past, gap).exp()
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn two_degrees_of_freedom_are_exponential() {
        let chi = ChiSquared::new(2.0).unwrap();
        assert_relative_eq!(
            chi.sf(1000.0).unwrap(),
            (-500.0_f64).exp(),
            max_relative = 1e-12
        );
        assert_relative_eq!(
            chi.upper_quantile(0.05).unwrap(),
            -2.0 * 0.05_f64.ln(),
            max_relative = 1e-13
        );
        assert_eq!(chi.quantile(0.0).unwrap(), 0.0);
        assert_eq!(chi.quantile(1.0).unwrap(), f64::INFINITY);
    }
}
