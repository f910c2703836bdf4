//! Averages over an estimated standard deviation.

use std::f64::consts::TAU;

use super::positive;
use crate::stats::StatsError;
use crate::stats::special::{erfc, stirling_error, trapezoid};

/// From this many degrees of freedom on the estimate is taken for the truth.
const CERTAIN_FROM: f64 = 1e18;

/// Where `y = e⁻ʸ`, so that `y − e⁻ʸ` is zero.
const OMEGA: f64 = 0.567_143_290_409_783_8;

/// Step of the sum in widths of the narrowest part of the integrand.
const STEP_IN_WIDTHS: f64 = 0.5;

/// Largest step of `ln s`: the density's transform falls like `exp(−πω/4)`.
const LARGEST_STEP: f64 = 0.16;

/// Returns the upper tail of the standard normal distribution, quickly.
pub(super) fn normal_tail(z: f64) -> f64 {
    0.5 * erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Refuses degrees of freedom that are not positive; infinity means a known deviation.
pub(super) fn degrees(df: f64) -> Result<f64, StatsError> {
    if df == f64::INFINITY {
        Ok(df)
    } else {
        positive(df, "number of degrees of freedom")
    }
}

/// The estimate `S = √(χ²_ν / ν)` of a standard deviation of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    df: f64,
    /// Width of the integrand on the scale of `ln s`.
    width: f64,
}

impl Scale {
    /// Returns the scale for the largest of about `k` statistics.
    pub(super) fn new(df: f64, k: f64) -> Self {
        // The largest of k deviates, relative to its mean, has about this spread.
        let spread = 0.75 / (1.0 + 1.3 * (k / 2.0).max(1.0).ln());
        Self { df, width: (2.0 * df + spread.powi(-2)).sqrt().recip() }
    }

    /// Returns `E[tail(S)]` for a tail that falls about like `exp(−rate s² / 2)`.
    ///
    /// The logarithm of `s` is `ln s₀ + y − e⁻ʸ`: the right side of the density falls doubly
    /// exponentially by itself, the left side by this substitution.
    pub(super) fn average(self, rate: f64, tail: impl Fn(f64) -> f64) -> f64 {
        if self.df >= CERTAIN_FROM {
            return tail(1.0);
        }
        let half = self.df / 2.0;
        let front = 2.0 * (half / TAU).sqrt() * (-stirling_error(half)).exp();
        let start = -0.5 * (rate / self.df).ln_1p();
        let step = (STEP_IN_WIDTHS * self.width).min(LARGEST_STEP) / (1.0 + OMEGA);
        trapezoid(0.0, step, |t| {
            // With y = Ω + t: y − e⁻ʸ without cancellation near t = 0.
            let x = start + (t - OMEGA * (-t).exp_m1());
            let fall = OMEGA * (-t).exp();
            let density = front * (-self.df * excess(x)).exp();
            if density == 0.0 { 0.0 } else { density * (1.0 + fall) * tail(x.exp()) }
        })
    }
}

/// Returns `(e²ˣ − 1)/2 − x`, without cancellation near zero.
fn excess(x: f64) -> f64 {
    if x.abs() > 0.05 {
        return (2.0 * x).exp_m1() / 2.0 - x;
    }
    let mut term = x;
    let mut sum = 0.0;
    for n in 2..12_u32 {
        term *= 2.0 * x / f64::from(n);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::dist::normal::upper;
    use approx::assert_relative_eq;

    #[test]
    fn the_density_of_the_scale_has_area_one() {
        for df in [0.3, 1.0, 2.0, 7.5, 120.0, 1e6, 1e12, 1e17] {
            for rate in [0.0, 1.0, 100.0] {
                let area = Scale::new(df, 3.0).average(rate, |_| 1.0);
                assert_relative_eq!(area, 1.0, max_relative = 1e-9);
            }
        }
    }

    #[test]
    fn the_quick_tail_is_the_tail() {
        for i in -80..=370_i32 {
            let z = f64::from(i) / 10.0;
            assert_relative_eq!(normal_tail(z), upper(z), max_relative = 2e-12);
        }
    }
}
