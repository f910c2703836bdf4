//! How much of the error level may be spent by a share of the information.

use std::f64::consts::E;

use serde::{Deserialize, Serialize};

use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{finite_number, level};

/// A function that says how much of the error level is spent by which look.
///
/// # Formula
///
/// ```text
/// O'Brien-Fleming type  α*(t) = 2 − 2 Φ(z / √t),   z = Φ⁻¹(1 − α/2)
/// Pocock type           α*(t) = α ln(1 + (e − 1) t)
/// ```
///
/// `t` is the share of the information, in `(0, 1]`, and `α` the level of one side: a
/// two-sided design spends half its level on each side.
///
/// # Source
///
/// K. K. G. Lan and D. L. `DeMets`, "Discrete sequential boundaries for clinical trials",
/// Biometrika 70(3), 1983, 659–663.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spending {
    /// Almost nothing early: the last look is nearly an ordinary test.
    #[default]
    ObrienFleming,
    /// Nearly the same boundary at each look.
    Pocock,
}

impl Spending {
    /// Returns the level of one side that is spent by this share of the information.
    ///
    /// # Formula
    ///
    /// See [`Spending`].
    ///
    /// # Shapes and units
    ///
    /// `alpha` in `(0, 1)`, `fraction` in `(0, 1]`; the result is in `[0, alpha]` and rises
    /// with both.
    ///
    /// # Numerics
    ///
    /// Tails are computed as tails; what is below 1e-308 is spent as zero.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for a level or a share outside its range, `NotFinite`.
    ///
    /// # Source
    ///
    /// See [`Spending`].
    pub fn spent(self, alpha: f64, fraction: f64) -> Result<f64, StatsError> {
        level(alpha)?;
        if !(finite_number(fraction)? > 0.0 && fraction <= 1.0) {
            let wanted = "above 0 and at most 1";
            return Err(StatsError::InvalidParameter {
                name: "share of the information",
                wanted,
            });
        }
        if fraction >= 1.0 {
            return Ok(alpha);
        }
        match self {
            Self::ObrienFleming => {
                let z = Normal.upper_quantile(alpha / 2.0)?;
                Ok((2.0 * Normal.sf(z / fraction.sqrt())?).min(alpha))
            }
            Self::Pocock => Ok((alpha * ((E - 1.0) * fraction).ln_1p()).min(alpha)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    #[expect(clippy::float_cmp, reason = "the whole level is spent exactly")]
    fn spending_rises_to_the_level_and_never_beyond() {
        for spending in [Spending::ObrienFleming, Spending::Pocock] {
            let mut before = 0.0;
            for step in 1..=100_u32 {
                let spent = spending.spent(0.05, f64::from(step) / 100.0).unwrap();
                assert!(spent >= before, "{spending:?} at {step}");
                before = spent;
            }
            assert_eq!(before, 0.05);
        }
    }

    #[test]
    fn two_fifths_of_the_information_spend_what_the_formula_says() {
        // mpmath: erfc(z / sqrt(0.4) / sqrt(2)), z = sqrt(2) erfinv(1 - 0.025).
        let spent = Spending::ObrienFleming.spent(0.025, 0.4).unwrap();
        assert_relative_eq!(spent, 3.941_517_566_911_858e-4, max_relative = 1e-10);
        let spent = Spending::Pocock.spent(0.025, 0.4).unwrap();
        assert_relative_eq!(spent, 0.025 * 1.687_312_731_383_618_f64.ln());
    }

    #[test]
    fn a_share_outside_its_range_is_refused() {
        for bad in [0.0, -0.1, 1.1] {
            assert!(Spending::Pocock.spent(0.05, bad).is_err());
        }
        assert!(matches!(
            Spending::Pocock.spent(0.05, f64::NAN),
            Err(StatsError::NotFinite { .. })
        ));
        assert!(Spending::Pocock.spent(1.0, 0.5).is_err());
    }
}
