//! Miettinen and Nurminen's score test and interval for a difference of two proportions.

use super::proportions::Proportion;
use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Interval, Tails, level};
use crate::stats::special::bracketed_root;

/// The difference of two independent proportions, `θ = p₁ − p₂`, by its score.
///
/// # Formula
///
/// ```text
/// T(Δ) = (p̂₁ − p̂₂ − Δ) / √V,   V = [p̃₁(1 − p̃₁)/n₁ + p̃₂(1 − p̃₂)/n₂] N/(N − 1)
/// ```
///
/// `p̃₁ = p̃₂ + Δ` are the likeliest proportions with that difference, `N = n₁ + n₂`. `T` is
/// standard normal when `θ = Δ`; the interval holds every `Δ` with `|T(Δ)| ≤ z`.
///
/// # Shapes and units
///
/// Two independent samples; differences are fractions of one, margins strictly between −1
/// and 1.
///
/// # Numerics
///
/// `p̃₂` is the root of the likelihood's slope, which falls: no cubic formula, whose angle
/// loses half its digits where two roots meet. Ends of the interval are roots of `T`.
///
/// # Errors
///
/// None; see the methods.
///
/// # Source
///
/// O. Miettinen and M. Nurminen, "Comparative analysis of two rates", Statistics in Medicine
/// 4(2), 1985, 213–226.
///
/// # Example
///
/// ```
/// use crucible::stats::{MiettinenNurminen, Proportion};
///
/// let test = MiettinenNurminen::new(Proportion::new(56, 70)?, Proportion::new(48, 80)?);
/// let interval = test.interval(0.95)?;
/// assert!((interval.low - 0.0528).abs() < 1e-4 && (interval.high - 0.3382).abs() < 1e-4);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MiettinenNurminen {
    first: Proportion,
    second: Proportion,
}

impl MiettinenNurminen {
    /// Returns the difference of the first proportion from the second.
    #[must_use]
    pub fn new(first: Proportion, second: Proportion) -> Self {
        Self { first, second }
    }

    /// Returns the observed difference.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.first.minus(self.second)
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
    /// As [`MiettinenNurminen::z`].
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
        let gap = self.estimate() - delta;
        if gap == 0.0 {
            return 0.0;
        }
        let (n, m) = (self.first.trials() as f64, self.second.trials() as f64);
        let second = self.second_given(delta);
        let first = (second + delta).clamp(0.0, 1.0);
        let variance = (first * (1.0 - first) / n + second * (1.0 - second) / m)
            * (n + m)
            / (n + m - 1.0);
        if variance <= 0.0 { f64::INFINITY.copysign(gap) } else { gap / variance.sqrt() }
    }

    /// Returns the likeliest second proportion when the first is larger by `delta`.
    fn second_given(&self, delta: f64) -> f64 {
        let part = |count: u64, share: f64| {
            if count == 0 { 0.0 } else { count as f64 / share.max(0.0) }
        };
        let slope = |p: f64| {
            part(self.first.successes(), p + delta) + part(self.second.successes(), p)
                - part(self.first.failures(), 1.0 - p - delta)
                - part(self.second.failures(), 1.0 - p)
        };
        let (low, high) = ((-delta).max(0.0), (1.0 - delta).min(1.0));
        bracketed_root(low, high, slope)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn of(x: u64, n: u64, y: u64, m: u64) -> MiettinenNurminen {
        let new = |k, n| Proportion::new(k, n).unwrap();
        MiettinenNurminen::new(new(x, n), new(y, m))
    }

    #[test]
    fn at_no_margin_it_is_the_pooled_test_with_one_observation_less() {
        let test = of(7, 34, 1, 34);
        let pooled = (6.0 / 34.0) / (8.0 / 68.0 * (60.0 / 68.0) * 2.0 / 34.0_f64).sqrt();
        let want = pooled * (67.0 / 68.0_f64).sqrt();
        assert_relative_eq!(test.z(0.0).unwrap(), want, max_relative = 1e-13);
    }

    #[test]
    fn the_ends_of_the_interval_have_just_the_level() {
        for test in [of(56, 70, 48, 80), of(9, 10, 3, 10), of(5, 56, 0, 29)] {
            let interval = test.interval(0.95).unwrap();
            for end in [interval.low, interval.high] {
                let p = test.tails(end).unwrap().two_sided();
                assert_relative_eq!(p, 0.05, max_relative = 1e-8);
            }
        }
    }

    #[test]
    fn intervals_are_those_published() {
        // R. G. Newcombe, Statistics in Medicine 17(8), 1998, 873–890, example (a) and others;
        // further digits by maximising the likelihood with scipy.optimize.minimize_scalar and
        // finding the ends with brentq, SciPy 1.17. statsmodels 0.15 has 0.0526 to 0.3440 for
        // the first: its cubic takes the successes for the trials of the second sample.
        for (test, low, high) in [
            (of(56, 70, 48, 80), 0.052_829_713, 0.338_172_940),
            (of(9, 10, 3, 10), 0.170_025_017, 0.840_649_544),
            (of(5, 56, 0, 29), -0.032_596_562, 0.193_330_977),
            (of(30, 30, 28, 30), -0.052_496_623, 0.214_887_206),
            (of(0, 20, 4, 25), -0.348_949_941, 0.015_976_063),
        ] {
            let interval = test.interval(0.95).unwrap();
            assert_relative_eq!(interval.low, low, max_relative = 1e-6);
            assert_relative_eq!(interval.high, high, max_relative = 1e-6);
        }
    }

    #[test]
    fn the_test_errs_as_often_as_it_says() {
        // Every pair of outcomes with its probability: no sampling.
        for (n, m, p, margin) in [
            (50, 50, 0.6, 0.0),
            (40, 60, 0.9, 0.0),
            (50, 50, 0.8, 0.1),
            (50, 100, 0.5, -0.1),
        ] {
            let one = crate::stats::Binomial::new(n, p).unwrap();
            let two = crate::stats::Binomial::new(m, p - margin).unwrap();
            let mut errs = 0.0;
            for (x, y) in (0..=n).flat_map(|x| (0..=m).map(move |y| (x, y))) {
                if of(x, n, y, m).tails(margin).unwrap().two_sided() < 0.05 {
                    errs += one.pmf(x) * two.pmf(y);
                }
            }
            assert!((0.035..=0.065).contains(&errs), "{n} {m} {p} {margin}: {errs}");
        }
    }

    #[test]
    fn swapping_the_samples_swaps_the_interval() {
        let there = of(9, 10, 3, 12).interval(0.9).unwrap();
        let back = of(3, 12, 9, 10).interval(0.9).unwrap();
        assert_relative_eq!(there.low, -back.high, max_relative = 1e-9);
        assert_relative_eq!(there.high, -back.low, max_relative = 1e-9);
    }

    #[test]
    fn perfect_samples_have_intervals_too() {
        let same = of(30, 30, 20, 20);
        let interval = same.interval(0.95).unwrap();
        assert!(interval.low < -0.1 && interval.high > 0.05, "{interval:?}");
        assert_eq!(same.tails(0.0).unwrap().two_sided(), 1.0);
        let apart = of(10, 10, 0, 10).interval(0.95).unwrap();
        assert_eq!(apart.high, 1.0);
        assert!(apart.low > 0.5 && apart.low < 1.0, "{apart:?}");
        let one = of(1, 1, 0, 1).interval(0.95).unwrap();
        assert!(one.low >= -1.0 && one.high == 1.0, "{one:?}");
        assert!(same.z(1.0).is_err() && same.z(f64::NAN).is_err());
        assert!(same.interval(1.0).is_err());
    }
}
