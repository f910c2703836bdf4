//! Tango's score test and interval for a difference of paired proportions.

use super::StatsError;
use super::dist::Normal;
use super::outcome::{Interval, Tails, level};
use super::special::bracketed_root;

/// The difference of two paired proportions, `θ = (b − c) / n`.
///
/// # Formula
///
/// ```text
/// W   = −b − c + (2n − b + c) Δ
/// q   = (√(W² + 8 n c Δ (1 − Δ)) − W) / (4n)
/// T(Δ) = (b − c − nΔ) / √(n (2q + Δ(1 − Δ)))       standard normal when θ = Δ
/// ```
///
/// `q` is the likelihood's estimate of the probability of a pair in `c` when the
/// difference is `Δ`. The interval holds every `Δ` with `|T(Δ)| ≤ z`.
///
/// # Shapes and units
///
/// `b` pairs in favour of the first, `c` of the second, of `n ≥ b + c ≥ 0` pairs, `n ≥ 1`.
/// Differences are fractions of one; margins lie strictly between −1 and 1.
///
/// # Numerics
///
/// The ends of the interval are roots to the last digits; `W² + 8nc…` is never negative.
///
/// # Errors
///
/// `Empty` for no pairs, `InvalidTable` when `b + c > n`.
///
/// # Source
///
/// T. Tango, "Equivalence test and confidence interval for the difference in proportions
/// for the paired-sample design", Statistics in Medicine 17(8), 1998, 891–908.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tango {
    b: f64,
    c: f64,
    n: f64,
}

impl Tango {
    /// Returns the difference for these counts.
    ///
    /// # Errors
    ///
    /// `Empty` for no pairs, `InvalidTable` when more pairs are discordant than exist.
    pub fn new(b: u64, c: u64, n: u64) -> Result<Self, StatsError> {
        if n == 0 {
            return Err(StatsError::Empty);
        }
        if b.checked_add(c).is_none_or(|sum| sum > n) {
            return Err(StatsError::InvalidTable);
        }
        Ok(Self { b: b as f64, c: c as f64, n: n as f64 })
    }

    /// Returns the observed difference.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        (self.b - self.c) / self.n
    }

    /// Returns the score statistic at a margin.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless the margin is strictly between −1 and 1.
    pub fn z(&self, margin: f64) -> Result<f64, StatsError> {
        if margin > -1.0 && margin < 1.0 {
            Ok(self.score(margin))
        } else {
            let wanted = "strictly between -1 and 1";
            Err(StatsError::InvalidParameter { name: "margin of a difference", wanted })
        }
    }

    /// Returns both one-sided p against a margin.
    ///
    /// # Errors
    ///
    /// As [`Tango::z`].
    pub fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let z = self.z(margin)?;
        Ok(Tails { greater: Normal.sf(z)?, less: Normal.cdf(z)? })
    }

    /// Returns the score interval of a level of confidence, within `[−1, 1]`.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let z = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?;
        let centre = self.estimate();
        let low = bracketed_root(-1.0, centre, |d| self.score(d) - z);
        let high = bracketed_root(centre, 1.0, |d| self.score(d) + z);
        Ok(Interval { low, high })
    }

    fn score(&self, delta: f64) -> f64 {
        let Self { b, c, n } = *self;
        let gap = b - c - n * delta;
        if gap == 0.0 {
            return 0.0;
        }
        let w = -b - c + (2.0 * n - b + c) * delta;
        let rest = 8.0 * n * c * delta * (1.0 - delta);
        let root = (w * w + rest).max(0.0).sqrt();
        // The positive root, in the form that does not cancel.
        let q =
            if w <= 0.0 { (root - w) / (4.0 * n) } else { rest / (4.0 * n * (root + w)) };
        let variance = n * (2.0 * q + delta * (1.0 - delta));
        if variance <= 0.0 { f64::INFINITY.copysign(gap) } else { gap / variance.sqrt() }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_interval_agrees_with_a_likelihood_maximised_numerically() {
        let text = include_str!("../../tests/data/stats/tango.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        assert_eq!(cases.len(), 4);
        for case in cases {
            let count = |name: &str| case[name].as_u64().unwrap();
            let test = Tango::new(count("b"), count("c"), count("n")).unwrap();
            let found = test.interval(0.95).unwrap();
            let want = |name: &str| case[name].as_f64().unwrap();
            assert_relative_eq!(found.low, want("low"), max_relative = 1e-8);
            assert_relative_eq!(found.high, want("high"), max_relative = 1e-8);
        }
    }

    #[test]
    fn at_no_margin_it_is_mcnemar_without_correction() {
        let test = Tango::new(30, 12, 100).unwrap();
        assert_relative_eq!(
            test.z(0.0).unwrap(),
            18.0 / 42.0_f64.sqrt(),
            max_relative = 1e-14
        );
    }

    #[test]
    fn swapping_the_sides_swaps_the_interval() {
        let there = Tango::new(9, 3, 40).unwrap().interval(0.95).unwrap();
        let back = Tango::new(3, 9, 40).unwrap().interval(0.95).unwrap();
        assert_relative_eq!(there.low, -back.high, max_relative = 1e-9);
        assert_relative_eq!(there.high, -back.low, max_relative = 1e-9);
    }

    #[test]
    fn identical_and_opposite_outcomes_have_intervals_too() {
        let same = Tango::new(0, 0, 50).unwrap();
        let interval = same.interval(0.95).unwrap();
        // T² = n Δ² / Δ(1 − Δ) gives z² / (n + z²) on either side.
        let z2 = 1.959_963_984_540_054_f64.powi(2);
        assert_relative_eq!(interval.high, z2 / (50.0 + z2), max_relative = 1e-9);
        assert_relative_eq!(interval.low, -interval.high, max_relative = 1e-9);
        assert_eq!(same.tails(0.0).unwrap().two_sided(), 1.0);
        let all = Tango::new(5, 0, 5).unwrap().interval(0.95).unwrap();
        assert_eq!(all.high, 1.0);
        assert!(Tango::new(3, 3, 5).is_err());
        assert!(Tango::new(3, 1, 5).unwrap().z(1.0).is_err());
    }

    #[test]
    fn the_ends_of_the_interval_have_just_the_level() {
        let test = Tango::new(209, 152, 1319).unwrap();
        let interval = test.interval(0.95).unwrap();
        assert_relative_eq!(
            test.tails(interval.low).unwrap().two_sided(),
            0.05,
            max_relative = 1e-9
        );
        assert_relative_eq!(
            test.tails(interval.high).unwrap().two_sided(),
            0.05,
            max_relative = 1e-9
        );
    }
}
