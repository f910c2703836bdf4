//! Stated probabilities and what happened, and the scores that punish them.

use super::ranking::check_outcomes;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::outcome::{enough, finite, paired};

/// The logarithm of no smaller probability is taken.
const CLIP: f64 = f64::EPSILON;

/// Stated probabilities of outcomes that are 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecasts<'a> {
    pub(super) probabilities: &'a [f64],
    pub(super) outcomes: &'a [f64],
}

impl<'a> Forecasts<'a> {
    /// Returns the forecasts, once they are found to belong together.
    ///
    /// # Errors
    ///
    /// `LengthMismatch`, `Empty`, `NotFinite`; `OutOfRange` for what is no probability;
    /// `InvalidParameter` for an outcome that is neither 0 nor 1.
    pub fn new(
        probabilities: &'a [f64],
        outcomes: &'a [f64],
    ) -> Result<Self, StatsError> {
        paired(probabilities.len(), outcomes.len())?;
        enough(probabilities.len(), 1)?;
        finite(probabilities)?;
        check_outcomes(outcomes)?;
        if probabilities.iter().all(|p| (0.0..=1.0).contains(p)) {
            Ok(Self { probabilities, outcomes })
        } else {
            Err(StatsError::OutOfRange)
        }
    }

    /// Returns the Brier score.
    ///
    /// # Formula
    ///
    /// ```text
    /// Σ (pᵢ − yᵢ)² / n
    /// ```
    ///
    /// # Shapes and units
    ///
    /// In `[0, 1]`; smaller is better, and 0.25 is what `p = ½` gets.
    ///
    /// # Source
    ///
    /// G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly
    /// Weather Review 78(1), 1950, 1–3.
    #[must_use]
    pub fn brier(&self) -> f64 {
        let squares = self.pairs().map(|(p, y)| (p - y).powi(2));
        sum(squares) / self.outcomes.len() as f64
    }

    /// Returns the logarithmic loss, in nats.
    ///
    /// # Formula
    ///
    /// ```text
    /// −Σ ln(pᵢ if yᵢ = 1, else 1 − pᵢ) / n,   probabilities cut to [2⁻⁵², 1 − 2⁻⁵²]
    /// ```
    ///
    /// # Shapes and units
    ///
    /// In nats, at least 0; smaller is better, and 0.693 is what `p = ½` gets. A certain
    /// forecast that is wrong costs 36.04.
    ///
    /// # Numerics
    ///
    /// The cut is that of scikit-learn.
    ///
    /// # Source
    ///
    /// I. J. Good, "Rational Decisions", Journal of the Royal Statistical Society B 14(1),
    /// 1952, 107–114.
    #[must_use]
    pub fn log_loss(&self) -> f64 {
        let losses = self.pairs().map(|(p, y)| {
            let p = p.clamp(CLIP, 1.0 - CLIP);
            if y > 0.5 { -p.ln() } else { -(-p).ln_1p() }
        });
        sum(losses) / self.outcomes.len() as f64
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.probabilities.iter().copied().zip(self.outcomes.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn even_odds_score_a_quarter_and_the_logarithm_of_two() {
        let forecasts = Forecasts::new(&[0.5; 3], &[0.0, 1.0, 1.0]).unwrap();
        assert_relative_eq!(forecasts.brier(), 0.25);
        assert_relative_eq!(forecasts.log_loss(), std::f64::consts::LN_2);
    }

    #[test]
    fn certainty_that_is_wrong_has_a_finite_price() {
        let wrong = Forecasts::new(&[1.0, 0.0], &[0.0, 1.0]).unwrap();
        assert_relative_eq!(wrong.brier(), 1.0);
        assert_relative_eq!(wrong.log_loss(), 52.0 * std::f64::consts::LN_2);
        let right = Forecasts::new(&[1.0, 0.0], &[1.0, 0.0]).unwrap();
        assert_relative_eq!(right.brier(), 0.0);
        assert!(right.log_loss() < 1e-15);
    }

    #[test]
    fn mirrored_forecasts_score_alike() {
        let (p, y) = ([0.2, 0.7, 0.9, 0.4], [0.0, 1.0, 0.0, 1.0]);
        let q: Vec<f64> = p.iter().map(|p| 1.0 - p).collect();
        let z: Vec<f64> = y.iter().map(|y| 1.0 - y).collect();
        let (a, b) = (Forecasts::new(&p, &y).unwrap(), Forecasts::new(&q, &z).unwrap());
        assert_relative_eq!(a.brier(), b.brier(), max_relative = 1e-12);
        assert_relative_eq!(a.log_loss(), b.log_loss(), max_relative = 1e-12);
    }

    #[test]
    fn what_is_no_forecast_is_refused() {
        let new = Forecasts::new;
        assert_eq!(new(&[], &[]), Err(StatsError::Empty));
        assert!(matches!(new(&[0.1], &[]), Err(StatsError::LengthMismatch { .. })));
        assert_eq!(new(&[1.1], &[1.0]), Err(StatsError::OutOfRange));
        assert_eq!(new(&[f64::NAN], &[1.0]), Err(StatsError::NotFinite { index: 0 }));
        assert_eq!(new(&[0.5], &[f64::NAN]), Err(StatsError::NotFinite { index: 0 }));
        assert!(matches!(new(&[0.5], &[0.5]), Err(StatsError::InvalidParameter { .. })));
    }
}
