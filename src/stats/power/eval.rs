//! Power of a comparison of two conditions on the same items.

use super::clusters::Clusters;
use super::plan::{Plan, Solve, finite, one_can_find, open};
use super::settle::Aim;
use crate::stats::{Alternative, Normal, StatsError};

/// The variances of a paired comparison of two conditions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvalVariance {
    /// Variance over items of the difference of their expected scores.
    pub between: f64,
    /// Variance within an item of the first condition, over its repeats.
    pub within_a: f64,
    /// The same of the second.
    pub within_b: f64,
    /// Repeats of the first condition.
    pub repeats_a: u32,
    /// Repeats of the second.
    pub repeats_b: u32,
}

impl EvalVariance {
    /// Returns the variance of one item's contrast, `ω² + σ²_A / K_A + σ²_B / K_B`.
    fn of_item(self) -> Result<f64, StatsError> {
        if self.repeats_a == 0 || self.repeats_b == 0 {
            let wanted = "at least 1";
            return Err(StatsError::InvalidParameter {
                name: "number of repeats",
                wanted,
            });
        }
        let parts = [self.between, self.within_a, self.within_b];
        if let Some(index) = parts.iter().position(|v| !v.is_finite()) {
            return Err(StatsError::NotFinite { index });
        }
        if parts.iter().any(|v| *v < 0.0) {
            let wanted = "not negative";
            return Err(StatsError::InvalidParameter { name: "variance", wanted });
        }
        Ok(self.between
            + self.within_a / f64::from(self.repeats_a)
            + self.within_b / f64::from(self.repeats_b))
    }

    /// Returns the items that find a difference of `delta`.
    ///
    /// # Formula
    ///
    /// ```text
    /// n = (z₁₋α⸝₂ + z_power)² (ω² + σ²_A / K_A + σ²_B / K_B) / δ²
    /// ```
    ///
    /// # Shapes and units
    ///
    /// `delta` in the unit of the scores, the variances in its square; not rounded.
    ///
    /// # Errors
    ///
    /// `Undefined` for a difference of zero, `InvalidParameter`, `NotFinite`.
    ///
    /// # Source
    ///
    /// E. Miller, arXiv:2411.00640, 2024, equation 9.
    pub fn items(self, delta: f64, aim: Aim) -> Result<f64, StatsError> {
        if !delta.is_finite() {
            return Err(StatsError::NotFinite { index: 0 });
        }
        if delta == 0.0 {
            return Err(StatsError::Undefined { what: "a sample size for no effect" });
        }
        Ok(aim.reach()?.powi(2) * self.of_item()? / (delta * delta))
    }

    /// Returns the difference that `n` items find; the inverse of [`EvalVariance::items`].
    ///
    /// # Errors
    ///
    /// `InvalidParameter`, `NotFinite`.
    pub fn detectable(self, n: f64, aim: Aim) -> Result<f64, StatsError> {
        if !(n > 0.0 && n.is_finite()) {
            let wanted = "positive";
            return Err(StatsError::InvalidParameter { name: "number of items", wanted });
        }
        Ok(aim.reach()? * (self.of_item()? / n).sqrt())
    }
}

/// Power of a paired comparison of two conditions over items, single or in clusters.
///
/// # Formula
///
/// ```text
/// n = (z₁₋α⸝₂ + z_power)² D (ω² + σ²_A / K_A + σ²_B / K_B) / δ²
/// ```
///
/// `D` is the design effect of [`Clusters`]; the rest as [`EvalVariance::items`]. Power, effect
/// and level follow from the same equation, which leaves out the chance of a finding on the
/// wrong side.
///
/// # Shapes and units
///
/// `n` counts items, in all clusters together; the effect is the difference of the mean
/// scores, in their unit. The test has two sides.
///
/// # Numerics
///
/// Closed forms; normal quantiles, so a few clusters have less power than this says.
///
/// # Errors
///
/// `InvalidParameter`, `NotFinite`; `Undefined` for the size of an effect of zero, for a level
/// above 1, or where nothing varies.
///
/// # Source
///
/// E. Miller, "Adding Error Bars to Evals", arXiv:2411.00640, 2024, section 5; the design
/// effect as in [`Clusters`].
///
/// # Example
///
/// ```
/// use crucible::stats::{Clusters, EvalPower, EvalVariance, Solve};
///
/// let variance = EvalVariance {
///     between: 1.0 / 9.0,
///     within_a: 1.0 / 6.0,
///     within_b: 1.0 / 6.0,
///     repeats_a: 1,
///     repeats_b: 1,
/// };
/// let eval = EvalPower { variance, clusters: Clusters::NONE };
/// let plan = eval.solve(Solve::N { effect: 0.03, power: 0.8, alpha: 0.05 })?;
/// assert_eq!(plan.n.ceil(), 3876.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvalPower {
    /// The variances of one item.
    pub variance: EvalVariance,
    /// The clusters of the items.
    pub clusters: Clusters,
}

impl EvalPower {
    /// Returns the plan with the missing number found.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn solve(self, question: Solve) -> Result<Plan, StatsError> {
        let one = self.variance.of_item()? * self.clusters.design_effect()?;
        let error = |n: f64| {
            if finite(n)? > 0.0 {
                return Ok((one / n).sqrt());
            }
            let name = "number of items";
            Err(StatsError::InvalidParameter { name, wanted: "positive" })
        };
        let found = match question {
            Solve::N { effect, power, alpha } => {
                one_can_find(finite(effect)?, Alternative::TwoSided)?;
                (Aim { alpha, power }.reach()?.max(0.0) / effect).powi(2) * one
            }
            Solve::Effect { n, power, alpha } => {
                Aim { alpha, power }.reach()?.max(0.0) * error(n)?
            }
            Solve::Power { n, effect, alpha } => {
                let reach = finite(effect)?.abs() / spread(error(n)?)?;
                let bound = Normal.upper_quantile(open(alpha, "level")? / 2.0)?;
                Normal.sf(bound - reach)?
            }
            Solve::Alpha { n, effect, power } => {
                let reach = finite(effect)?.abs() / spread(error(n)?)?;
                let bound = reach - Normal.quantile(open(power, "power")?)?;
                if bound < 0.0 {
                    return Err(StatsError::Undefined { what: "a level below 1" });
                }
                2.0 * Normal.sf(bound)?
            }
        };
        Ok(question.with(found))
    }
}

/// Refuses a standard error of zero.
fn spread(error: f64) -> Result<f64, StatsError> {
    if error > 0.0 {
        return Ok(error);
    }
    Err(StatsError::Undefined { what: "power where nothing varies" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn eval(clusters: Clusters) -> EvalPower {
        let variance = EvalVariance {
            between: 0.1,
            within_a: 0.2,
            within_b: 0.15,
            repeats_a: 4,
            repeats_b: 3,
        };
        EvalPower { variance, clusters }
    }

    #[test]
    fn each_of_the_four_numbers_is_recovered_from_the_other_three() {
        let clusters = Clusters::of_sizes(&[1, 4, 9, 2], 0.4).unwrap();
        let (n, effect, alpha) = (900.0, 0.03, 0.05);
        let plan = |question| eval(clusters).solve(question).unwrap();
        let power = plan(Solve::Power { n, effect, alpha }).power;
        let size = plan(Solve::N { effect, power, alpha }).n;
        assert_relative_eq!(size, n, max_relative = 1e-11);
        let least = plan(Solve::Effect { n, power, alpha }).effect;
        assert_relative_eq!(least, effect, max_relative = 1e-11);
        let level = plan(Solve::Alpha { n, effect, power }).alpha;
        assert_relative_eq!(level, alpha, max_relative = 1e-11);
    }

    #[test]
    fn clusters_multiply_the_items_by_their_design_effect() {
        let question = Solve::N { effect: 0.02, power: 0.8, alpha: 0.05 };
        let clusters = Clusters { mean_size: 5.0, variation: 0.5, correlation: 0.2 };
        let alone = eval(Clusters::NONE).solve(question).unwrap().n;
        let together = eval(clusters).solve(question).unwrap().n;
        assert_relative_eq!(together / alone, 2.05, max_relative = 1e-12);
        let aim = Aim { alpha: 0.05, power: 0.8 };
        let items = eval(clusters).variance.items(0.02, aim).unwrap();
        assert_relative_eq!(alone, items, max_relative = 1e-14);
    }

    #[test]
    fn what_has_no_answer_is_refused() {
        let solve = |question| eval(Clusters::NONE).solve(question);
        let nothing = Solve::N { effect: 0.0, power: 0.8, alpha: 0.05 };
        assert!(matches!(solve(nothing), Err(StatsError::Undefined { .. })));
        assert!(solve(Solve::Power { n: 0.0, effect: 0.1, alpha: 0.05 }).is_err());
        assert!(solve(Solve::Power { n: 9.0, effect: 0.1, alpha: 0.0 }).is_err());
        assert!(solve(Solve::Alpha { n: 1.0, effect: 0.0, power: 0.9 }).is_err());
    }
}
