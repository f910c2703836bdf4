//! The standard normal distribution.

use std::f64::consts::{SQRT_2, TAU};

use statrs::function::erf::erfc_inv;

use super::{argument, probability};
use crate::stats::StatsError;
use crate::stats::special::gamma_tails;

/// The standard normal distribution.
///
/// # Formula
///
/// ```text
/// P(Z > z) = ½ Q(½, z² / 2),  for z ≥ 0
/// ```
///
/// # Shapes and units
///
/// Arguments are in standard deviations; probabilities are in `[0, 1]`.
///
/// # Numerics
///
/// Both tails to ten digits down to 1e-300; quantiles are polished by Newton steps on the
/// logarithm of the tail.
///
/// # Errors
///
/// NaN is refused with `NotFinite`, a probability outside `[0, 1]` with `OutOfRange`.
///
/// # Source
///
/// M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.2.29.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Normal;

impl Normal {
    /// Returns `P(Z ≤ z)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, z: f64) -> Result<f64, StatsError> {
        argument(z).map(|z| upper(-z))
    }

    /// Returns `P(Z > z)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, z: f64) -> Result<f64, StatsError> {
        argument(z).map(upper)
    }

    /// Returns the `z` with `P(Z ≤ z) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        probability(p)
            .map(|p| if p <= 0.5 { -upper_quantile(p) } else { lower_quantile(p) })
    }

    /// Returns the `z` with `P(Z > z) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        self.quantile(p).map(|z| -z)
    }
}

/// Returns `P(Z > z)`.
pub(in crate::stats) fn upper(z: f64) -> f64 {
    let tail = 0.5 * gamma_tails(0.5, z * z / 2.0).upper;
    if z >= 0.0 { tail } else { 1.0 - tail }
}

/// Returns the `z` with `P(Z > z) = p`, for `p ≤ ½`.
fn upper_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::INFINITY;
    }
    let mut z = SQRT_2 * erfc_inv(2.0 * p);
    if p > 0.499 {
        return z;
    }
    for _ in 0..3 {
        let tail = upper(z);
        let density = (-0.5 * z * z).exp() / TAU.sqrt();
        let step = (tail / p).ln() * tail / density;
        if !step.is_finite() {
            break;
        }
        z += step;
        if step.abs() <= 1e-15 * z.abs() {
            break;
        }
    }
    z
}

/// Returns the `z` with `P(Z ≤ z) = p`, for `p > ½`; `1 − p` is exact there.
fn lower_quantile(p: f64) -> f64 {
    upper_quantile(1.0 - p)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn quantiles_undo_tails() {
        for p in [1e-300, 1e-40, 1e-5, 0.025, 0.3, 0.499_9, 0.5, 0.7, 0.999] {
            let z = Normal.upper_quantile(p).unwrap();
            assert_relative_eq!(Normal.sf(z).unwrap(), p, max_relative = 1e-11);
        }
        assert_eq!(Normal.quantile(0.0).unwrap(), f64::NEG_INFINITY);
        assert_eq!(Normal.quantile(1.0).unwrap(), f64::INFINITY);
    }
}
