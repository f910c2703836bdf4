//! The rank-biserial correlation of paired samples.

use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Interval, enough, finite, level};
use crate::stats::ranks::midranks;

/// How far the ranks of paired differences lie on one side.
///
/// # Formula
///
/// ```text
/// ranks of |dᵢ| without zeros, ties sharing theirs;  W₊, W₋ their sums by sign
/// r = (W₊ − W₋) / (W₊ + W₋)
/// interval: tanh(atanh r ± z · se),  se = √(n (n + 1)(2n + 1) / 6) / (n (n + 1) / 2)
/// ```
///
/// `se` is the standard deviation of `r` when every sign is as likely, `n` the differences that
/// are not zero.
///
/// # Shapes and units
///
/// At least one finite difference that is not zero, in one unit; `r` in `[−1, 1]`, positive
/// when differences are mostly above zero.
///
/// # Numerics
///
/// Ranks are halves of whole numbers, so sums are exact.
///
/// # Errors
///
/// `Empty`, `NotFinite`; `NoDifference` when every difference is zero.
///
/// # Source
///
/// D. S. Kerby, "The simple difference formula", Comprehensive Psychology 3, 2014, article 1;
/// interval as R package effectsize 0.8.3, `rank_biserial`.
///
/// # Example
///
/// ```
/// use crucible::stats::RankBiserial;
///
/// let effect = RankBiserial::new(&[1.0, 2.0, -0.5, 0.0])?;
/// assert!((effect.r - 4.0 / 6.0).abs() < 1e-15);
/// assert_eq!(effect.nonzero, 3);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankBiserial {
    /// The coefficient.
    pub r: f64,
    /// Number of differences that are not zero.
    pub nonzero: usize,
}

impl RankBiserial {
    /// Returns the coefficient of paired differences.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(differences: &[f64]) -> Result<Self, StatsError> {
        enough(differences.len(), 1)?;
        finite(differences)?;
        let apart: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
        if apart.is_empty() {
            return Err(StatsError::NoDifference);
        }
        let sizes: Vec<f64> = apart.iter().map(|d| d.abs()).collect();
        let net: f64 =
            midranks(&sizes).iter().zip(&apart).map(|(w, d)| w * d.signum()).sum();
        let n = apart.len() as f64;
        Ok(Self { r: net / (n * (n + 1.0) / 2.0), nonzero: apart.len() })
    }

    /// Returns the interval of a level of confidence; it collapses at `|r| = 1`.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let z = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?;
        let n = self.nonzero as f64;
        let all = n * (n + 1.0) / 2.0;
        let reach = z * (all * (2.0 * n + 1.0) / 3.0).sqrt() / all;
        let centre = self.r.atanh();
        Ok(Interval { low: (centre - reach).tanh(), high: (centre + reach).tanh() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn turning_the_differences_flips_the_sign_and_zeros_do_not_count() {
        let there = RankBiserial::new(&[1.0, -2.0, 3.0, 3.0, 0.0]).unwrap();
        let back = RankBiserial::new(&[-1.0, 2.0, -3.0, -3.0]).unwrap();
        assert_eq!((there.r, there.nonzero), (-back.r, back.nonzero));
        assert_relative_eq!(there.r, 6.0 / 10.0, max_relative = 1e-15);
        let (a, b) = (there.interval(0.9).unwrap(), back.interval(0.9).unwrap());
        assert_relative_eq!(a.low, -b.high, max_relative = 1e-14);
        assert!(a.holds(there.r));
    }

    #[test]
    fn the_error_is_that_of_random_signs() {
        // Over all signs of three ranks the variance of the net is 1 + 4 + 9.
        let effect = RankBiserial { r: 0.0, nonzero: 3 };
        let reach = 1.959_963_984_540_054 * 14.0_f64.sqrt() / 6.0;
        let interval = effect.interval(0.95).unwrap();
        assert_relative_eq!(interval.high, reach.tanh(), max_relative = 1e-12);
    }

    #[test]
    fn differences_must_exist() {
        assert_eq!(RankBiserial::new(&[]), Err(StatsError::Empty));
        assert_eq!(RankBiserial::new(&[0.0, -0.0]), Err(StatsError::NoDifference));
        let nan = RankBiserial::new(&[1.0, f64::NAN]);
        assert_eq!(nan, Err(StatsError::NotFinite { index: 1 }));
        let one = RankBiserial::new(&[-3.0]).unwrap();
        assert_eq!(one.interval(0.95).unwrap(), Interval { low: -1.0, high: -1.0 });
    }
}
