//! How many items it would take, and what so many items can show.

use super::plan::open;
use crate::stats::{Normal, StatsError};

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
    pub(super) fn reach(self) -> Result<f64, StatsError> {
        open(self.alpha, "level")?;
        open(self.power, "power")?;
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
