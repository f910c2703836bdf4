//! The beta distribution.

use super::{argument, positive, probability};
use crate::stats::StatsError;
use crate::stats::special::{Both, beta_tails, bracketed_root, climb};

/// The beta distribution with two shape parameters.
///
/// # Formula
///
/// ```text
/// P(X ≤ x) = I_x(a, b)
/// ```
///
/// # Shapes and units
///
/// Everything is a plain number; `x` and probabilities are in `[0, 1]`.
///
/// # Numerics
///
/// Quantiles are found on the log-odds scale from the smaller tail, so that both `x` and
/// `1 − x` keep their digits down to 1e-300.
///
/// # Errors
///
/// `InvalidParameter` for a shape that is not positive and finite.
///
/// # Source
///
/// A. R. DiDonato and A. H. Morris, ACM Transactions on Mathematical Software 18(3), 1992,
/// 360–373.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    a: f64,
    b: f64,
}

impl Beta {
    /// Returns the distribution with shapes `a` and `b`.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless both are positive and finite.
    pub fn new(a: f64, b: f64) -> Result<Self, StatsError> {
        Ok(Self { a: positive(a, "first shape")?, b: positive(b, "second shape")? })
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
        probability(p).map(|p| share(self.lower_logit(p)))
    }

    /// Returns the `x` with `P(X > x) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        probability(p).map(|p| share(self.upper_logit(p)))
    }

    fn tails(self, x: f64) -> Both {
        let x = x.clamp(0.0, 1.0);
        beta_tails(self.a, self.b, x, 1.0 - x)
    }

    /// Returns `ln(x / (1 − x))` for the `x` with `P(X ≤ x) = p`.
    pub(super) fn lower_logit(self, p: f64) -> f64 {
        if p < 0.5 {
            self.logit(p, |t| t.lower)
        } else {
            self.logit(1.0 - p, |t| t.upper)
        }
    }

    /// Returns `ln(x / (1 − x))` for the `x` with `P(X > x) = p`.
    pub(super) fn upper_logit(self, p: f64) -> f64 {
        if p <= 0.5 {
            self.logit(p, |t| t.upper)
        } else {
            self.logit(1.0 - p, |t| t.lower)
        }
    }

    /// Returns the log-odds of the point where the chosen tail is `p`.
    fn logit(self, p: f64, tail: fn(Both) -> f64) -> f64 {
        let gap = |u: f64| {
            let (x, y) = (share(u), share(-u));
            tail(beta_tails(self.a, self.b, x, y)).ln() - p.ln()
        };
        let start = (self.a / self.b).ln();
        let rises = tail(Both { lower: 1.0, upper: 0.0 }) > 0.5;
        if p <= 0.0 {
            return if rises { f64::NEG_INFINITY } else { f64::INFINITY };
        }
        let up = (gap(start) < 0.0) == rises;
        let step = if up { 1.0 } else { -1.0 };
        let past = climb(start, step, |u| (gap(u) > 0.0) == (up == rises));
        bracketed_root(start, past, gap)
    }
}

/// Returns `1 / (1 + e⁻ᵘ)`, exact at both ends.
fn share(u: f64) -> f64 {
    if u >= 0.0 { 1.0 / (1.0 + (-u).exp()) } else { u.exp() / (1.0 + u.exp()) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn quantiles_undo_tails() {
        for (a, b) in [(0.5, 0.5), (2.0, 5.0), (300.0, 0.5), (1e4, 2e4)] {
            let beta = Beta::new(a, b).unwrap();
            for p in [1e-100, 1e-8, 0.3, 0.5, 0.9] {
                let x = beta.quantile(p).unwrap();
                assert_relative_eq!(beta.cdf(x).unwrap(), p, max_relative = 1e-9);
            }
            assert_eq!(beta.quantile(0.0).unwrap(), 0.0);
            assert_eq!(beta.quantile(1.0).unwrap(), 1.0);
            assert_eq!(beta.upper_quantile(0.0).unwrap(), 1.0);
        }
    }
}
