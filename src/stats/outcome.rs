//! The shapes that tests and intervals share: tails, intervals, levels.

use serde::{Deserialize, Serialize};

use super::StatsError;

/// Which side of the margin a test looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// Either side: twice the smaller one-sided p, at most 1.
    #[default]
    TwoSided,
    /// Below the margin.
    Less,
    /// Above the margin.
    Greater,
}

/// Both one-sided p-values of a test of `θ` against a margin `m`, each in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tails {
    /// The p of `θ ≤ m`: small when the data say that `θ` is greater.
    pub greater: f64,
    /// The p of `θ ≥ m`: small when the data say that `θ` is less.
    pub less: f64,
}

impl Tails {
    /// Returns the two-sided p, `min(1, 2 · min(greater, less))`.
    #[must_use]
    pub fn two_sided(self) -> f64 {
        (2.0 * self.greater.min(self.less)).min(1.0)
    }

    /// Returns the p of an alternative.
    #[must_use]
    pub fn p(self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.two_sided(),
            Alternative::Less => self.less,
            Alternative::Greater => self.greater,
        }
    }

    /// Returns the larger of two tests' p, side by side: a test that holds only if both do.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self { greater: self.greater.max(other.greater), less: self.less.max(other.less) }
    }

    /// Returns the tails of data without any spread: `g` independent units all agree.
    ///
    /// # Formula
    ///
    /// ```text
    /// θ̂ > m: greater = 2⁻ᵍ, less = 1;  θ̂ < m: the reverse;  θ̂ = m: both 1
    /// ```
    ///
    /// It is the sign test of `g` units on one side: under symmetry about `m` each side is
    /// as likely. So the two-sided p is `2^(1−g)`, or 1 when nothing differs from `m`.
    ///
    /// # Shapes and units
    ///
    /// `estimate` and `margin` share a unit; `g` counts items or clusters.
    ///
    /// # Source
    ///
    /// W. J. Dixon and A. M. Mood, "The Statistical Sign Test", Journal of the American
    /// Statistical Association 41(236), 1946, 557–566.
    #[must_use]
    pub fn without_spread(estimate: f64, margin: f64, g: usize) -> Self {
        let all = 0.5_f64.powf(g as f64);
        if estimate > margin {
            Self { greater: all, less: 1.0 }
        } else if estimate < margin {
            Self { greater: 1.0, less: all }
        } else {
            Self { greater: 1.0, less: 1.0 }
        }
    }
}

/// An interval of numbers in the unit of the estimate; an open end is infinite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Returns the smallest interval that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Says whether a value lies within, ends included.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Returns the interval of a positive multiple of the estimate.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }

    /// Returns both ends where they are finite.
    #[must_use]
    pub fn ends(self) -> Option<[f64; 2]> {
        (self.low.is_finite() && self.high.is_finite()).then_some([self.low, self.high])
    }

    /// Returns the part between two bounds.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> Self {
        Self { low: self.low.max(low), high: self.high.min(high) }
    }
}

/// Refuses a level of confidence that is not strictly between 0 and 1.
pub(super) fn level(confidence: f64) -> Result<f64, StatsError> {
    if confidence > 0.0 && confidence < 1.0 {
        Ok(confidence)
    } else {
        let wanted = "strictly between 0 and 1";
        Err(StatsError::InvalidParameter { name: "confidence level", wanted })
    }
}

/// Refuses NaN and infinity, with the position of the first.
pub(super) fn finite(values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(StatsError::NotFinite { index }),
        None => Ok(()),
    }
}

/// Refuses a single number that is not finite.
pub(super) fn finite_number(value: f64) -> Result<f64, StatsError> {
    finite(&[value]).map(|()| value)
}

/// Refuses an empty sample and one with fewer than `needed` values.
pub(super) fn enough(got: usize, needed: usize) -> Result<(), StatsError> {
    match got {
        0 => Err(StatsError::Empty),
        _ if got < needed => Err(StatsError::TooFew { of: "values", needed, got }),
        _ => Ok(()),
    }
}

/// Refuses slices of unlike length.
pub(super) fn paired(left: usize, right: usize) -> Result<(), StatsError> {
    if left == right { Ok(()) } else { Err(StatsError::LengthMismatch { left, right }) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn units_that_all_agree_have_the_p_of_the_sign_test() {
        assert_eq!(Tails::without_spread(1.0, 0.0, 5).two_sided(), 0.0625);
        assert_eq!(Tails::without_spread(0.0, 0.0, 5).two_sided(), 1.0);
        assert_eq!(Tails::without_spread(-1.0, 0.0, 3).p(Alternative::Greater), 1.0);
        assert_eq!(Tails::without_spread(-1.0, 0.0, 3).p(Alternative::Less), 0.125);
    }

    #[test]
    fn a_level_is_strictly_between_its_ends() {
        for bad in [0.0, 1.0, -0.1, 95.0, f64::NAN] {
            assert!(level(bad).is_err());
        }
        assert_eq!(level(0.95), Ok(0.95));
    }
}
