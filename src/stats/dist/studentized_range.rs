//! The distribution of the studentized range.

use std::f64::consts::{SQRT_2, TAU};

use super::scale::{Scale, degrees, normal_tail};
use super::{StudentT, argument, probability};
use crate::stats::StatsError;
use crate::stats::special::{bracketed_root, climb, trapezoid};

/// The distribution of the range of `k` normal means over an independent standard error.
///
/// # Formula
///
/// ```text
/// P(Q > q) = ∫ f_ν(s) W(q s) ds,   W(w) = k ∫ φ(z) [Φ(z)^(k−1) − (Φ(z) − Φ(z − w))^(k−1)] dz
/// ```
///
/// `f_ν` is the density of `√(χ²_ν / ν)`; with infinite `ν` the tail is `W(q)`.
///
/// # Shapes and units
///
/// `q` is a number of standard errors of one mean; `k ≥ 2` counts means; `ν > 0` need not be
/// whole and may be infinite. Probabilities are in `[0, 1]`.
///
/// # Numerics
///
/// Both integrals by the trapezoidal rule on the whole line, which converges exponentially
/// here. Every term of either tail is positive, so tails are good relative to themselves:
/// to ten digits down to 1e-300, for `k` up to 1,000. Two means are Student's t.
///
/// # Errors
///
/// `InvalidParameter` for fewer than two means, or degrees of freedom that are not positive.
///
/// # Source
///
/// "Student", "Errors of Routine Analysis", Biometrika 19(1/2), 1927, 151–164; the integral
/// as in M. D. Copenhaver and B. Holland, Journal of Statistical Computation and Simulation
/// 30(1), 1988, 1–15.
///
/// # Example
///
/// ```
/// let range = crucible::stats::StudentizedRange::new(3, 10.0)?;
/// assert!((range.upper_quantile(0.05)? - 3.877).abs() < 1e-3);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudentizedRange {
    means: usize,
    df: f64,
    scale: Scale,
}

impl StudentizedRange {
    /// Returns the distribution for `means` means and `df` degrees of freedom.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless `means ≥ 2` and `df > 0`.
    pub fn new(means: usize, df: f64) -> Result<Self, StatsError> {
        if means < 2 {
            let name = "number of means";
            return Err(StatsError::InvalidParameter { name, wanted: "at least 2" });
        }
        Ok(Self { means, df: degrees(df)?, scale: Scale::new(df, means as f64) })
    }

    /// Returns `P(Q ≤ q)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, q: f64) -> Result<f64, StatsError> {
        argument(q).map(|q| self.lower(q))
    }

    /// Returns `P(Q > q)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, q: f64) -> Result<f64, StatsError> {
        argument(q).map(|q| self.upper(q))
    }

    /// Returns the `q` with `P(Q ≤ q) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        Ok(if p <= 0.5 { self.at_lower(p) } else { self.at_upper(1.0 - p) })
    }

    /// Returns the `q` with `P(Q > q) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        Ok(if p <= 0.5 { self.at_upper(p) } else { self.at_lower(1.0 - p) })
    }

    fn upper(self, q: f64) -> f64 {
        if q <= 0.0 || q == f64::INFINITY {
            return if q > 0.0 { 0.0 } else { 1.0 };
        }
        if let (2, Ok(t)) = (self.means, StudentT::new(self.df)) {
            return t.sf(q / SQRT_2).map_or(0.0, |tail| 2.0 * tail);
        }
        let tail = self.scale.average(q * q / 2.0, |s| wider(q * s, self.means));
        tail.clamp(0.0, 1.0)
    }

    fn lower(self, q: f64) -> f64 {
        if q <= 0.0 || q == f64::INFINITY {
            return if q > 0.0 { 1.0 } else { 0.0 };
        }
        self.scale.average(0.0, |s| narrower(q * s, self.means)).clamp(0.0, 1.0)
    }

    fn at_upper(self, p: f64) -> f64 {
        self.root(p, f64::INFINITY, |q| p.ln() - self.upper(q).ln())
    }

    fn at_lower(self, p: f64) -> f64 {
        self.root(p, 0.0, |q| self.lower(q).ln() - p.ln())
    }

    /// Returns where a rising function of `q` is zero, sought on the logarithmic scale.
    fn root(self, p: f64, at_zero: f64, rising: impl Fn(f64) -> f64) -> f64 {
        if p <= 0.0 {
            return at_zero;
        }
        let gap = |u: f64| rising(u.exp());
        let start = 1.0;
        let below = gap(start) < 0.0;
        let step = if below { 0.25 } else { -0.25 };
        let past = climb(start, step, |u| (gap(u) > 0.0) == below);
        bracketed_root(start, past, gap).exp()
    }
}

/// Returns the step that resolves the density of the largest of `k` normal deviates.
fn step(k: usize) -> f64 {
    0.2 / (2.0 * (k as f64).ln()).sqrt()
}

fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / TAU.sqrt()
}

/// Returns `aᵐ` for `m = k − 1`.
fn power(a: f64, k: usize) -> f64 {
    i32::try_from(k - 1).map_or_else(|_| a.powf(k as f64 - 1.0), |m| a.powi(m))
}

/// Returns the probability that `k` normal deviates spread over more than `w`.
fn wider(w: f64, k: usize) -> f64 {
    let others = k as f64 - 1.0;
    let area = trapezoid(0.0, step(k), |t| {
        let (below, missed) = (normal_tail(-t - w / 2.0), normal_tail(w / 2.0 - t));
        if below == 0.0 {
            return 0.0;
        }
        let share = -(others * (-(missed / below).min(1.0)).ln_1p()).exp_m1();
        density(t + w / 2.0) * power(below, k) * share
    });
    k as f64 * area
}

/// Returns the probability that `k` normal deviates lie within `w` of one another.
fn narrower(w: f64, k: usize) -> f64 {
    let area = trapezoid(0.0, step(k), |t| {
        // From the side where both tails are small, so that their difference keeps digits.
        let inside = normal_tail(t.abs() - w / 2.0) - normal_tail(t.abs() + w / 2.0);
        density(t + w / 2.0) * power(inside, k)
    });
    k as f64 * area
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn two_means_are_a_t_test() {
        for df in [0.7, 1.0, 3.0, 25.0, 1e5] {
            let range = StudentizedRange::new(2, df).unwrap();
            for q in [0.01, 1.0, 4.0, 30.0] {
                let direct = range.scale.average(q * q / 2.0, |s| wider(q * s, 2));
                let want = 2.0 * StudentT::new(df).unwrap().sf(q / SQRT_2).unwrap();
                assert_relative_eq!(direct, want, max_relative = 1e-11);
                assert_relative_eq!(range.sf(q).unwrap(), want, max_relative = 1e-14);
            }
        }
    }

    #[test]
    fn far_tails_and_many_means_agree_with_thirty_digit_arithmetic() {
        // mpmath 1.4, both integrals by the trapezoidal rule, halving the step changes
        // nothing; the last two: scipy.stats.studentized_range, SciPy 1.17.
        let infinite = f64::INFINITY;
        for (means, df, q, want) in [
            (3, infinite, 50.0, 2.490_051_771_358_957e-273),
            (5, infinite, 40.0, 5.395_865_611_607_901e-175),
            (1_000, infinite, 20.0, 1.043_199_548_089_141e-39),
            (6, 200.0, 25.0, 1.467_717_929_841_382e-41),
            (500, 12.5, 6.5, 0.424_020_697_601_292_8),
            (3, 0.4, 4.0, 0.534_324_865_250_64),
        ] {
            let range = StudentizedRange::new(means, df).unwrap();
            assert_relative_eq!(range.sf(q).unwrap(), want, max_relative = 1e-12);
        }
    }

    #[test]
    fn the_two_tails_add_up_to_one() {
        for k in [2, 3, 8, 50, 400] {
            for df in [1.0, 6.0, 80.0, f64::INFINITY] {
                let range = StudentizedRange::new(k, df).unwrap();
                for q in [0.3, 1.5, 3.0, 5.0, 9.0] {
                    let sum = range.cdf(q).unwrap() + range.sf(q).unwrap();
                    assert_relative_eq!(sum, 1.0, max_relative = 1e-11);
                }
            }
        }
    }

    #[test]
    fn quantiles_undo_tails() {
        for (k, df) in [(2, 4.0), (3, 1.0), (6, 17.3), (40, f64::INFINITY)] {
            let range = StudentizedRange::new(k, df).unwrap();
            for p in [1e-40, 1e-6, 0.05, 0.5, 0.9] {
                let q = range.upper_quantile(p).unwrap();
                assert_relative_eq!(range.sf(q).unwrap(), p, max_relative = 1e-10);
                let q = range.quantile(p.max(1e-9)).unwrap();
                assert_relative_eq!(
                    range.cdf(q).unwrap(),
                    p.max(1e-9),
                    max_relative = 1e-9
                );
            }
        }
    }

    #[test]
    fn the_ends_of_the_line_are_certain() {
        let range = StudentizedRange::new(4, 9.0).unwrap();
        assert_eq!((range.sf(-1.0).unwrap(), range.cdf(0.0).unwrap()), (1.0, 0.0));
        assert_eq!(range.sf(f64::INFINITY).unwrap(), 0.0);
        assert_eq!(range.upper_quantile(0.0).unwrap(), f64::INFINITY);
        assert_eq!(range.upper_quantile(1.0).unwrap(), 0.0);
        assert_eq!(range.quantile(1.0).unwrap(), f64::INFINITY);
        assert!(range.sf(f64::NAN).is_err() && range.quantile(1.5).is_err());
        assert!(StudentizedRange::new(1, 9.0).is_err());
        assert!(StudentizedRange::new(3, f64::NAN).is_err());
    }
}
