//! Student's t distribution.

use super::beta::Beta;
use super::{argument, positive, probability};
use crate::stats::StatsError;
use crate::stats::special::beta_tails;

/// Student's t distribution; the degrees of freedom need not be whole.
///
/// # Formula
///
/// ```text
/// P(T > t) = ½ I_x(ν/2, ½),  x = ν / (ν + t²),  for t ≥ 0
/// ```
///
/// # Shapes and units
///
/// `t` and `ν` are plain numbers, `ν > 0`; probabilities are in `[0, 1]`.
///
/// # Numerics
///
/// Both tails to ten digits down to 1e-300, for `ν` from ½ to 1e6 and more.
///
/// # Errors
///
/// `InvalidParameter` for degrees of freedom that are not positive and finite.
///
/// # Source
///
/// M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.7.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudentT {
    df: f64,
}

impl StudentT {
    /// Returns the distribution with `df` degrees of freedom.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless `df` is positive and finite.
    pub fn new(df: f64) -> Result<Self, StatsError> {
        positive(df, "number of degrees of freedom").map(|df| Self { df })
    }

    /// Returns `P(T ≤ t)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, t: f64) -> Result<f64, StatsError> {
        argument(t).map(|t| self.upper(-t))
    }

    /// Returns `P(T > t)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, t: f64) -> Result<f64, StatsError> {
        argument(t).map(|t| self.upper(t))
    }

    /// Returns the `t` with `P(T ≤ t) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        self.upper_quantile(p).map(|t| -t)
    }

    /// Returns the `t` with `P(T > t) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        let tail = p.min(1.0 - p);
        // P(X > y) with y = t² / (ν + t²) is twice the tail, so t² = ν e^logit(y).
        let logit = Beta::new(0.5, self.df / 2.0)?.upper_logit(2.0 * tail);
        let t = self.df.sqrt() * (logit / 2.0).exp();
        Ok(if p <= 0.5 { t } else { -t })
    }

    fn upper(self, t: f64) -> f64 {
        if t.is_infinite() {
            return if t > 0.0 { 0.0 } else { 1.0 };
        }
        // The share of t² in ν + t², written so that t² cannot overflow.
        let r = t.abs() / self.df.sqrt();
        let (x, y) = if r <= 1.0 {
            (1.0 / (1.0 + r * r), r * r / (1.0 + r * r))
        } else {
            let s = 1.0 / r;
            (s * s / (s * s + 1.0), 1.0 / (s * s + 1.0))
        };
        let half = beta_tails(self.df / 2.0, 0.5, x, y).lower / 2.0;
        if t >= 0.0 { half } else { 1.0 - half }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn one_degree_of_freedom_is_cauchy() {
        let cauchy = StudentT::new(1.0).unwrap();
        assert_relative_eq!(cauchy.sf(1.0).unwrap(), 0.25, max_relative = 1e-14);
        assert_relative_eq!(
            cauchy.sf(1e200).unwrap(),
            1e-200 / std::f64::consts::PI,
            max_relative = 1e-12
        );
        assert_eq!(cauchy.sf(f64::INFINITY).unwrap(), 0.0);
        assert_eq!(cauchy.cdf(f64::NEG_INFINITY).unwrap(), 0.0);
    }

    #[test]
    fn quantiles_undo_tails_on_both_sides() {
        for df in [0.5, 3.5, 56.3, 1e6] {
            let t = StudentT::new(df).unwrap();
            for p in [1e-12, 0.025, 0.5 - 1e-9, 0.5, 0.9] {
                let q = t.upper_quantile(p).unwrap();
                assert_relative_eq!(t.sf(q).unwrap(), p, max_relative = 1e-11);
            }
        }
    }

    /// mpmath 1.4.1 at 50 digits: the density integrated by `quad` from t on.
    #[test]
    fn very_many_degrees_of_freedom_cost_no_digits() {
        for (df, t, wanted) in [
            (1e8, 2.0, 0.022_750_133_297_953_38),
            (1e10, 1.5, 0.066_807_201_284_643_02),
            (1e12, 8.0, 6.220_960_580_839_737e-16),
            (1e15, 0.3, 0.382_088_577_811_047_4),
        ] {
            let tail = StudentT::new(df).unwrap().sf(t).unwrap();
            assert_relative_eq!(tail, wanted, max_relative = 1e-11);
        }
    }

    #[test]
    fn degrees_of_freedom_must_be_positive_and_finite() {
        for df in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(StudentT::new(df).is_err());
        }
    }
}
