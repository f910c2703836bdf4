//! How many items it would take, and what so many items can show.

use super::StatsError;
use super::dist::Normal;

/// The error rates that a design aims at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aim {
    /// Two-sided level of the test, after correction.
    pub alpha: f64,
    /// Probability of finding the effect if it is there.
    pub power: f64,
}

impl Aim {
    /// Returns `z₁₋α⸝₂ + z_power`.
    fn reach(self) -> Result<f64, StatsError> {
        let open = |p: f64| p > 0.0 && p < 1.0;
        if !open(self.alpha) || !open(self.power) {
            let wanted = "strictly between 0 and 1";
            return Err(StatsError::InvalidParameter { name: "level or power", wanted });
        }
        Ok(Normal.upper_quantile(self.alpha / 2.0)? + Normal.quantile(self.power)?)
    }
}

/// Returns the number of items that would settle a claim.
///
/// # Formula
///
/// ```text
/// n' = n ((z₁₋α⸝₂ + z_power) se / |Δ|)²
/// ```
///
/// # Shapes and units
///
/// `n` items gave the standard error `se`; `effect` is the distance from the margin that is
/// to be found, in the unit of `se`. The result is not rounded.
///
/// # Errors
///
/// `Undefined` for an effect of zero, `InvalidParameter`, `NotFinite`.
///
/// # Source
///
/// E. Miller, "Adding Error Bars to Evals", arXiv:2411.00640, 2024, section 5.
pub fn items_to_settle(
    n: usize,
    se: f64,
    effect: f64,
    aim: Aim,
) -> Result<f64, StatsError> {
    let reach = aim.reach()?;
    if effect == 0.0 {
        return Err(StatsError::Undefined { what: "a sample size for no effect" });
    }
    let items = n as f64 * (reach * se / effect).powi(2);
    if items.is_finite() { Ok(items) } else { Err(StatsError::NotFinite { index: 0 }) }
}

/// Returns the smallest effect that a standard error lets one find.
///
/// # Formula
///
/// ```text
/// Δ = (z₁₋α⸝₂ + z_power) se
/// ```
///
/// # Shapes and units
///
/// The result has the unit of `se`.
///
/// # Errors
///
/// `InvalidParameter`.
///
/// # Source
///
/// As [`items_to_settle`].
pub fn detectable_effect(se: f64, aim: Aim) -> Result<f64, StatsError> {
    Ok(aim.reach()? * se)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_detectable_effect_needs_just_the_items_that_there_are() {
        let aim = Aim { alpha: 0.05, power: 0.8 };
        let effect = detectable_effect(0.012, aim).unwrap();
        let items = items_to_settle(1319, 0.012, effect, aim).unwrap();
        assert_relative_eq!(items, 1319.0, max_relative = 1e-12);
        assert!(items_to_settle(10, 0.1, 0.0, aim).is_err());
        assert!(detectable_effect(0.1, Aim { alpha: 0.0, power: 0.8 }).is_err());
    }
}
