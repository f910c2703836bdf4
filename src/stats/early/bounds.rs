//! The range in which scores lie, known before the first is seen.

use serde::{Deserialize, Serialize};

use crate::stats::StatsError;
use crate::stats::outcome::{finite, finite_number};

/// The least and the greatest value that a score can take.
///
/// They must be known beforehand: a range read off the data is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    /// Returns the bounds of shares and of scores between 0 and 1.
    #[must_use]
    pub fn unit() -> Self {
        Self { low: 0.0, high: 1.0 }
    }

    /// Returns the bounds `low` and `high`.
    ///
    /// # Errors
    ///
    /// `NotFinite`; `InvalidParameter` unless `low` is below `high`.
    pub fn new(low: f64, high: f64) -> Result<Self, StatsError> {
        finite(&[low, high])?;
        if low < high && (high - low).is_finite() {
            Ok(Self { low, high })
        } else {
            let wanted = "a lower one below a higher one";
            Err(StatsError::InvalidParameter { name: "bounds of the scores", wanted })
        }
    }

    /// Returns the bounds of the difference of two scores that have these bounds.
    #[must_use]
    pub fn of_differences(self) -> Self {
        let width = self.high - self.low;
        Self { low: -width, high: width }
    }

    /// Returns the lower bound.
    #[must_use]
    pub fn low(self) -> f64 {
        self.low
    }

    /// Returns the upper bound.
    #[must_use]
    pub fn high(self) -> f64 {
        self.high
    }

    /// Returns where a score lies between the bounds, from 0 to 1.
    pub(super) fn share(self, score: f64, name: &'static str) -> Result<f64, StatsError> {
        if self.low <= finite_number(score)? && score <= self.high {
            Ok(((score - self.low) / (self.high - self.low)).clamp(0.0, 1.0))
        } else {
            let wanted = "within the bounds of the scores";
            Err(StatsError::InvalidParameter { name, wanted })
        }
    }

    /// Returns the score at a share of the range.
    pub(super) fn at(self, share: f64) -> f64 {
        if share >= 1.0 { self.high } else { self.low + share * (self.high - self.low) }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn differences_reach_as_far_down_as_up() {
        let likert = Bounds::new(1.0, 5.0).unwrap();
        let gap = likert.of_differences();
        assert_eq!((gap.low(), gap.high()), (-4.0, 4.0));
        assert_eq!(gap.share(0.0, "score"), Ok(0.5));
        assert_eq!(gap.at(0.5), 0.0);
    }

    #[test]
    fn bounds_out_of_order_and_scores_out_of_bounds_are_refused() {
        assert!(Bounds::new(1.0, 1.0).is_err());
        assert!(Bounds::new(0.0, f64::INFINITY).is_err());
        assert!(Bounds::new(-f64::MAX, f64::MAX).is_err());
        assert!(Bounds::unit().share(1.000_001, "score").is_err());
        assert!(Bounds::unit().share(f64::NAN, "score").is_err());
    }
}
