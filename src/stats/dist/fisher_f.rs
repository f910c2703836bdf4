//! Fisher's F distribution.

use super::beta::Beta;
use super::{argument, positive, probability};
use crate::stats::StatsError;
use crate::stats::special::{Both, beta_tails};

/// Fisher's F distribution.
///
/// # Formula
///
/// ```text
/// P(F > f) = I_x(d₂/2, d₁/2),  x = d₂ / (d₂ + d₁ f)
/// ```
///
/// # Shapes and units
///
/// `f`, `d₁` and `d₂` are plain numbers, the latter positive; probabilities in `[0, 1]`.
///
/// # Numerics
///
/// Both tails to ten digits down to 1e-300; the upper quantile never passes through `1 − p`.
///
/// # Errors
///
/// `InvalidParameter` for degrees of freedom that are not positive and finite.
///
/// # Source
///
/// M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.6.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FisherF {
    numerator: f64,
    denominator: f64,
}

impl FisherF {
    /// Returns the distribution with these degrees of freedom.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless both are positive and finite.
    pub fn new(numerator: f64, denominator: f64) -> Result<Self, StatsError> {
        let name = "number of degrees of freedom";
        Ok(Self {
            numerator: positive(numerator, name)?,
            denominator: positive(denominator, name)?,
        })
    }

    /// Returns `P(F ≤ f)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, f: f64) -> Result<f64, StatsError> {
        argument(f).map(|f| self.tails(f).lower)
    }

    /// Returns `P(F > f)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, f: f64) -> Result<f64, StatsError> {
        argument(f).map(|f| self.tails(f).upper)
    }

    /// Returns the `f` with `P(F ≤ f) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        let beta = Beta::new(self.numerator / 2.0, self.denominator / 2.0)?;
        Ok(self.denominator / self.numerator * beta.lower_logit(p).exp())
    }

    /// Returns the `f` with `P(F > f) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        let beta = Beta::new(self.numerator / 2.0, self.denominator / 2.0)?;
        Ok(self.denominator / self.numerator * beta.upper_logit(p).exp())
    }

    fn tails(self, f: f64) -> Both {
        let (x, y) = shares(self.numerator / self.denominator * f.max(0.0));
        beta_tails(self.numerator / 2.0, self.denominator / 2.0, x, y)
    }
}

/// Returns `r / (1 + r)` and `1 / (1 + r)`, both to full precision.
pub(super) fn shares(ratio: f64) -> (f64, f64) {
    if ratio <= 1.0 {
        (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio))
    } else {
        let inverse = 1.0 / ratio;
        (1.0 / (1.0 + inverse), inverse / (1.0 + inverse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::dist::StudentT;
    use approx::assert_relative_eq;

    #[test]
    fn one_numerator_degree_is_a_squared_t() {
        let f = FisherF::new(1.0, 9.5).unwrap().sf(49.0).unwrap();
        let t = StudentT::new(9.5).unwrap().sf(7.0).unwrap();
        assert_relative_eq!(f, 2.0 * t, max_relative = 1e-13);
    }

    #[test]
    fn lower_quantiles_are_inverse_upper_quantiles_of_the_inverse() {
        let (f, inverse) = (FisherF::new(3.0, 8.5), FisherF::new(8.5, 3.0));
        for p in [1e-200, 1e-9, 0.3, 0.5, 0.99] {
            let below = f.and_then(|f| f.quantile(p)).unwrap();
            let above = inverse.and_then(|f| f.upper_quantile(p)).unwrap();
            assert_relative_eq!(below * above, 1.0, max_relative = 1e-12);
        }
    }
}
