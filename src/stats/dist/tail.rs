//! A probability together with the side of the distribution that it belongs to.

use super::probability;
use crate::stats::StatsError;

/// The probability of one side of a distribution.
///
/// Small probabilities are exact only on their own side: `Upper(1e-40)` says what
/// `Lower(1.0 - 1e-40)` cannot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tail {
    /// The probability at or below a point.
    Lower(f64),
    /// The probability above a point.
    Upper(f64),
}

impl Tail {
    /// Returns the same point given by its smaller tail; refuses what is no probability.
    pub(super) fn smaller(self) -> Result<Self, StatsError> {
        Ok(match self {
            Self::Lower(p) if probability(p)? > 0.5 => Self::Upper(1.0 - p),
            Self::Upper(p) if probability(p)? > 0.5 => Self::Lower(1.0 - p),
            Self::Lower(_) | Self::Upper(_) => self,
        })
    }

    /// Returns how far a point lies above the one with this tail, in logarithms of the tail.
    pub(super) fn gap(
        self,
        lower: impl FnOnce() -> f64,
        upper: impl FnOnce() -> f64,
    ) -> f64 {
        match self {
            Self::Lower(p) => lower().ln() - p.ln(),
            Self::Upper(p) => p.ln() - upper().ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_tail_is_at_most_one_half() {
        assert_eq!(Tail::Lower(0.75).smaller(), Ok(Tail::Upper(0.25)));
        assert_eq!(Tail::Upper(0.75).smaller(), Ok(Tail::Lower(0.25)));
        assert_eq!(Tail::Upper(1e-40).smaller(), Ok(Tail::Upper(1e-40)));
        for p in [-0.1, 1.1, f64::NAN] {
            assert_eq!(Tail::Lower(p).smaller(), Err(StatsError::OutOfRange));
        }
    }
}
