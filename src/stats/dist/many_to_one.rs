//! The largest of several statistics that share one control.

use std::f64::consts::TAU;

use super::scale::{Scale, degrees, normal_tail};
use super::{argument, probability};
use crate::stats::StatsError;
use crate::stats::special::{bracketed_root, climb};

/// Beyond this many deviations a normal tail is below the smallest number.
const FARTHEST: f64 = 40.0;

/// Deviations of the shared factor that an integral reaches beyond its peaks.
const REACH: f64 = 9.0;

/// Whether the largest statistic or the largest in size is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// The largest value.
    One,
    /// The largest absolute value.
    Two,
}

/// The distribution of the largest of several t statistics against one control (Dunnett's).
///
/// # Formula
///
/// ```text
/// λᵢ = √(nᵢ / (nᵢ + n₀)),   corr(Tᵢ, Tⱼ) = λᵢ λⱼ,   τᵢ = √(1 − λᵢ²)
/// P(max > t) = ∫ f_ν(s) ∫ φ(z) [1 − Π (1 − bᵢ(z, t s))] dz ds
/// bᵢ(z, w) = P(Z > (w − λᵢ z)/τᵢ),  two-sided also + P(Z > (w + λᵢ z)/τᵢ)
/// ```
///
/// `f_ν` is the density of `√(χ²_ν / ν)`.
///
/// # Shapes and units
///
/// Sizes are counts, at least one treatment; `ν > 0` may be infinite; `t` is a plain number.
///
/// # Numerics
///
/// Both integrals by the trapezoidal rule; all terms are positive, so that the tail is good
/// relative to itself, to ten digits. No random numbers.
///
/// # Errors
///
/// `Empty` without treatments; `InvalidParameter` for a size of zero or degrees of freedom
/// that are not positive.
///
/// # Source
///
/// C. W. Dunnett, "A Multiple Comparison Procedure for Comparing Several Treatments with a
/// Control", Journal of the American Statistical Association 50(272), 1955, 1096–1121.
#[derive(Debug, Clone, PartialEq)]
pub struct ManyToOne {
    loads: Vec<Load>,
    sides: Sides,
    scale: Scale,
    step: f64,
}

/// How much of a statistic is the shared control, and how much its own treatment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Load {
    shared: f64,
    own: f64,
}

impl ManyToOne {
    /// Returns the distribution for these sample sizes.
    ///
    /// # Errors
    ///
    /// `Empty`; `InvalidParameter` for a size of zero or for `df` that is not positive.
    pub fn new(
        control: usize,
        treatments: &[usize],
        df: f64,
        sides: Sides,
    ) -> Result<Self, StatsError> {
        if treatments.is_empty() {
            return Err(StatsError::Empty);
        }
        if control == 0 || treatments.contains(&0) {
            let name = "size of a sample";
            return Err(StatsError::InvalidParameter { name, wanted: "at least 1" });
        }
        let loads: Vec<Load> = treatments
            .iter()
            .map(|n| {
                let both = *n as f64 + control as f64;
                let (shared, own) = (*n as f64 / both, control as f64 / both);
                Load { shared: shared.sqrt(), own: own.sqrt() }
            })
            .collect();
        let k = loads.len() as f64;
        let narrowest = loads.iter().fold(1.0, |least: f64, load| least.min(load.own));
        let step = 0.5 * narrowest / (2.0 * (k + 1.0).ln()).sqrt().max(1.0);
        Ok(Self { loads, sides, scale: Scale::new(degrees(df)?, k + 1.0), step })
    }

    /// Returns `P(max > t)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(&self, t: f64) -> Result<f64, StatsError> {
        argument(t).map(|t| self.upper(t))
    }

    /// Returns the `t` with `P(max > t) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(&self, p: f64) -> Result<f64, StatsError> {
        let p = probability(p)?;
        let least = match self.sides {
            Sides::One => f64::NEG_INFINITY,
            Sides::Two => 0.0,
        };
        if p <= 0.0 || p >= 1.0 {
            return Ok(if p >= 1.0 { least } else { f64::INFINITY });
        }
        // Rises with t; on the logarithmic scale a far tail is nearly straight.
        let gap = |t: f64| p.ln() - self.upper(t).ln();
        let (start, below) = (1.0, gap(1.0) < 0.0);
        Ok(match (below, self.sides) {
            (true, _) => {
                let log = |u: f64| gap(u.exp());
                bracketed_root(0.0, climb(0.0, 0.25, |u| log(u) > 0.0), log).exp()
            }
            (false, Sides::Two) => bracketed_root(0.0, start, gap),
            (false, Sides::One) => {
                bracketed_root(start, climb(start, -0.5, |t| gap(t) < 0.0), gap)
            }
        })
    }

    fn upper(&self, t: f64) -> f64 {
        if self.sides == Sides::Two && t <= 0.0 {
            return 1.0;
        }
        if t.is_infinite() {
            return if t > 0.0 { 0.0 } else { 1.0 };
        }
        let rate = if t > 0.0 { t * t } else { 0.0 };
        self.scale.average(rate, |s| self.known_scale(t * s)).clamp(0.0, 1.0)
    }

    /// Returns the tail for a known standard deviation.
    fn known_scale(&self, w: f64) -> f64 {
        if w.abs() > FARTHEST {
            return if w > 0.0 { 0.0 } else { 1.0 };
        }
        let most = self.loads.iter().fold(0.0, |most: f64, load| most.max(load.shared));
        let reach = (most * w).max(0.0) + REACH;
        match self.sides {
            // Even in the factor: twice the half line, with nodes between the steps.
            Sides::Two => 2.0 * self.nodes(0.5 * self.step, reach, w),
            Sides::One => self.nodes((most * w).min(0.0) - REACH, reach, w),
        }
    }

    fn nodes(&self, from: f64, to: f64, w: f64) -> f64 {
        let mut sum = 0.0;
        let mut i = 0.0;
        while from + i * self.step <= to {
            let z = from + i * self.step;
            sum += (-0.5 * z * z).exp() * self.any_beyond(z, w);
            i += 1.0;
        }
        sum * self.step / TAU.sqrt()
    }

    /// Returns the probability that any statistic is beyond `w`, given the shared factor.
    fn any_beyond(&self, z: f64, w: f64) -> f64 {
        let none: f64 = self
            .loads
            .iter()
            .map(|load| {
                let above = normal_tail((w - load.shared * z) / load.own);
                let beyond = match self.sides {
                    Sides::One => above,
                    Sides::Two => above + normal_tail((w + load.shared * z) / load.own),
                };
                (-beyond.min(1.0)).ln_1p()
            })
            .sum();
        -none.exp_m1()
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::StudentT;
    use approx::assert_relative_eq;

    #[test]
    fn one_treatment_is_a_t_test() {
        for (control, treatment) in [(10, 10), (3, 400), (50, 2)] {
            for df in [1.0, 4.0, 60.0] {
                let t = StudentT::new(df).unwrap();
                let one = ManyToOne::new(control, &[treatment], df, Sides::One).unwrap();
                let two = ManyToOne::new(control, &[treatment], df, Sides::Two).unwrap();
                for x in [-2.0, 0.5, 2.0, 9.0, 60.0] {
                    let tail = t.sf(x).unwrap();
                    assert_relative_eq!(one.sf(x).unwrap(), tail, max_relative = 1e-10);
                    let both = if x > 0.0 { 2.0 * tail } else { 1.0 };
                    assert_relative_eq!(two.sf(x).unwrap(), both, max_relative = 1e-10);
                }
            }
        }
    }

    #[test]
    fn the_critical_value_is_that_of_dunnett() {
        // Dunnett 1955, table 2a: five percent, two treatments, ten degrees of freedom,
        // equal sizes: 2.57 two-sided; table 1a: 2.15 one-sided.
        let two = ManyToOne::new(5, &[5, 5], 10.0, Sides::Two).unwrap();
        assert_relative_eq!(two.upper_quantile(0.05).unwrap(), 2.57, epsilon = 5e-3);
        let one = ManyToOne::new(5, &[5, 5], 10.0, Sides::One).unwrap();
        assert_relative_eq!(one.upper_quantile(0.05).unwrap(), 2.15, epsilon = 5e-3);
    }

    #[test]
    fn quantiles_undo_tails() {
        for sides in [Sides::One, Sides::Two] {
            let max = ManyToOne::new(8, &[12, 5, 9], 30.0, sides).unwrap();
            for p in [1e-12, 0.05, 0.5, 0.95, 0.999] {
                let t = max.upper_quantile(p).unwrap();
                assert_relative_eq!(max.sf(t).unwrap(), p, max_relative = 1e-9);
            }
            assert_eq!(max.upper_quantile(0.0).unwrap(), f64::INFINITY);
        }
    }

    #[test]
    fn samples_have_sizes() {
        assert_eq!(ManyToOne::new(3, &[], 3.0, Sides::One), Err(StatsError::Empty));
        assert!(ManyToOne::new(0, &[3], 3.0, Sides::One).is_err());
        assert!(ManyToOne::new(3, &[3, 0], 3.0, Sides::One).is_err());
        assert!(ManyToOne::new(3, &[3], 0.0, Sides::One).is_err());
    }
}
