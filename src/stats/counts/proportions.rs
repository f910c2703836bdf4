//! Tests of one and of two proportions by the normal approximation.

use super::barnard::DifferenceVariance;
use crate::stats::StatsError;
use crate::stats::binomial_test::counts;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Tails, finite_number};

/// Successes among a known number of independent trials, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    successes: u64,
    trials: u64,
}

impl Proportion {
    /// Returns the proportion of so many successes in so many trials.
    ///
    /// # Errors
    ///
    /// `Empty` without trials; `InvalidParameter` for more successes than trials.
    pub fn new(successes: u64, trials: u64) -> Result<Self, StatsError> {
        counts(successes, trials)?;
        Ok(Self { successes, trials })
    }

    /// Returns the number of successes.
    #[must_use]
    pub fn successes(self) -> u64 {
        self.successes
    }

    /// Returns the number of trials, at least one.
    #[must_use]
    pub fn trials(self) -> u64 {
        self.trials
    }

    /// Returns the share of successes, in `[0, 1]`.
    #[must_use]
    pub fn share(self) -> f64 {
        self.successes as f64 / self.trials as f64
    }

    /// Returns the number of failures.
    pub(super) fn failures(self) -> u64 {
        self.trials - self.successes
    }

    /// Returns `p (1 − p)`, each factor from the counts.
    pub(super) fn spread(self) -> f64 {
        self.share() * (self.failures() as f64 / self.trials as f64)
    }

    /// Returns the difference of two shares, from whole numbers.
    pub(super) fn minus(self, other: Self) -> f64 {
        let (left, right) = (
            u128::from(self.successes) * u128::from(other.trials),
            u128::from(other.successes) * u128::from(self.trials),
        );
        let size =
            left.abs_diff(right) as f64 / (self.trials as f64 * other.trials as f64);
        if left < right { -size } else { size }
    }
}

/// Whose variance the share of one sample is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShareVariance {
    /// That of the share supposed: the score test.
    #[default]
    Null,
    /// That of the share observed: Wald's test.
    Sample,
}

/// The outcome of a test by the normal approximation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZTest {
    /// The statistic, standard normal under the null.
    pub z: f64,
    /// Both one-sided p.
    pub tails: Tails,
}

impl ZTest {
    /// Returns the test of a difference in standard errors.
    pub(super) fn new(gap: f64, variance: f64) -> Result<Self, StatsError> {
        if variance <= 0.0 {
            return Err(StatsError::NoSpread);
        }
        let z = gap / variance.sqrt();
        Ok(Self { z, tails: Tails { greater: Normal.sf(z)?, less: Normal.cdf(z)? } })
    }
}

/// Tests whether two independent proportions are equal.
///
/// # Formula
///
/// ```text
/// z = (p₁ − p₂) / √V
/// pooled V = p (1 − p)(1/n₁ + 1/n₂),  unpooled V = p₁(1 − p₁)/n₁ + p₂(1 − p₂)/n₂
/// ```
///
/// # Shapes and units
///
/// Two independent samples; `z` has no unit and is positive when the first is larger.
///
/// # Errors
///
/// `NoSpread` when the variance is zero.
///
/// # Source
///
/// J. L. Fleiss, B. Levin and M. C. Paik, Statistical Methods for Rates and Proportions, 3rd
/// ed., 2003, section 3.2.
pub fn two_proportions_z(
    first: Proportion,
    second: Proportion,
    variance: DifferenceVariance,
) -> Result<ZTest, StatsError> {
    let (n, m) = (first.trials as f64, second.trials as f64);
    let variance = match variance {
        DifferenceVariance::Pooled => {
            let right = first.successes as f64 + second.successes as f64;
            let wrong = first.failures() as f64 + second.failures() as f64;
            right * wrong / (n + m) / (n * m)
        }
        DifferenceVariance::Unpooled => first.spread() / n + second.spread() / m,
    };
    ZTest::new(first.minus(second), variance)
}

/// Tests whether a proportion has a share supposed.
///
/// # Formula
///
/// ```text
/// z = (p̂ − p₀) / √(V / n),   V = p₀(1 − p₀) or p̂(1 − p̂)
/// ```
///
/// # Shapes and units
///
/// One sample; the share supposed is a fraction of one.
///
/// # Errors
///
/// `NotFinite`, `InvalidParameter` for a share outside `[0, 1]`; `NoSpread` when the variance
/// is zero.
///
/// # Source
///
/// J. L. Fleiss, B. Levin and M. C. Paik, Statistical Methods for Rates and Proportions, 3rd
/// ed., 2003, section 2.4.
pub fn one_proportion_z(
    sample: Proportion,
    share: f64,
    variance: ShareVariance,
) -> Result<ZTest, StatsError> {
    if !(0.0..=1.0).contains(&finite_number(share)?) {
        let wanted = "between 0 and 1";
        return Err(StatsError::InvalidParameter { name: "share supposed", wanted });
    }
    let spread = match variance {
        ShareVariance::Null => share * (1.0 - share),
        ShareVariance::Sample => sample.spread(),
    };
    ZTest::new(sample.share() - share, spread / sample.trials as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn of(successes: u64, trials: u64) -> Proportion {
        Proportion::new(successes, trials).unwrap()
    }

    #[test]
    fn the_square_of_the_pooled_z_is_pearsons_chi_squared() {
        let test = two_proportions_z(of(10, 30), of(20, 30), DifferenceVariance::Pooled)
            .unwrap();
        assert_relative_eq!(test.z * test.z, 20.0 / 3.0, max_relative = 1e-14);
        assert!(test.z < 0.0);
    }

    #[test]
    fn swapping_the_samples_flips_the_sign() {
        for variance in [DifferenceVariance::Pooled, DifferenceVariance::Unpooled] {
            let there = two_proportions_z(of(3, 12), of(8, 11), variance).unwrap();
            let back = two_proportions_z(of(8, 11), of(3, 12), variance).unwrap();
            assert_relative_eq!(there.z, -back.z, max_relative = 1e-15);
            assert_relative_eq!(
                there.tails.less,
                back.tails.greater,
                max_relative = 1e-15
            );
        }
    }

    #[test]
    fn proportions_without_variance_are_refused() {
        let pooled = DifferenceVariance::Pooled;
        let all = two_proportions_z(of(3, 3), of(4, 4), pooled);
        assert_eq!(all, Err(StatsError::NoSpread));
        let apart = two_proportions_z(of(3, 3), of(0, 4), DifferenceVariance::Unpooled);
        assert_eq!(apart, Err(StatsError::NoSpread));
        assert_eq!(Proportion::new(0, 0), Err(StatsError::Empty));
        assert!(Proportion::new(2, 1).is_err());
        let one = |share| one_proportion_z(of(2, 9), share, ShareVariance::Null);
        assert_eq!(one(1.0), Err(StatsError::NoSpread));
        assert!(matches!(one(1.5), Err(StatsError::InvalidParameter { .. })));
        assert_eq!(one(f64::NAN), Err(StatsError::NotFinite { index: 0 }));
    }
}
