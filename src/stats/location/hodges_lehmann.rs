//! The Hodges-Lehmann estimates of a shift and of a centre, with their intervals.

use super::super::StatsError;
use super::super::dist::Normal;
use super::super::outcome::{Interval, enough, finite, level};
use super::rank_sum::untied;
use super::selection::{average, difference, walsh_average};
use super::signed_ranks::shares;

/// Steps up to which the distribution behind an interval is counted: half a second.
const COUNTED: f64 = 2e8;

/// An interval between two order statistics, with the confidence that it really has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShiftInterval {
    /// The interval.
    pub interval: Interval,
    /// Its confidence: the distribution is discrete, so it is not quite the one asked for.
    pub achieved: f64,
}

/// Returns the median of all differences between two samples.
///
/// # Formula
///
/// ```text
/// Δ = median { xᵢ − yⱼ }
/// ```
///
/// # Shapes and units
///
/// At least one finite value in each sample, in one unit, which is that of the result.
///
/// # Numerics
///
/// The differences are never formed: 64 counts of `O(n + m)` after sorting, so a million
/// values on each side take a second; the result is exact.
///
/// # Errors
///
/// `Empty`, `NotFinite`; `Undefined` when the difference exceeds the largest number.
///
/// # Source
///
/// J. L. Hodges and E. L. Lehmann, "Estimates of Location Based on Rank Tests", Annals of
/// Mathematical Statistics 34(2), 1963, 598–611.
///
/// # Example
///
/// ```
/// let shift = crucible::stats::hodges_lehmann(&[5.0, 6.0, 9.0], &[1.0, 2.0])?;
/// assert_eq!(shift, 4.5);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn hodges_lehmann(xs: &[f64], ys: &[f64]) -> Result<f64, StatsError> {
    let pairs = Pairs::between(xs, ys)?;
    pairs.median()
}

/// Returns the interval of a shift that belongs to the Mann-Whitney test.
///
/// # Formula
///
/// ```text
/// q = smallest whole number ≥ 1 with P(U ≤ q) ≥ α/2
/// ends: the q-th smallest and the q-th largest xᵢ − yⱼ;  achieved 1 − 2 P(U ≤ q − 1)
/// ```
///
/// # Shapes and units
///
/// As [`hodges_lehmann`]. The distribution of `U` is that of samples without ties.
///
/// # Numerics
///
/// Counted exactly where that takes fewer than 2·10⁸ steps (about 700 values a side), by
/// the normal approximation with continuity beyond.
///
/// # Errors
///
/// As [`hodges_lehmann`]; `InvalidParameter` for the level.
///
/// # Source
///
/// E. L. Lehmann, Nonparametrics: Statistical Methods Based on Ranks, 1975, chapter 2; the
/// choice of `q` is that of R's `wilcox.test`.
pub fn hodges_lehmann_interval(
    xs: &[f64],
    ys: &[f64],
    confidence: f64,
) -> Result<ShiftInterval, StatsError> {
    Pairs::between(xs, ys)?.interval(confidence)
}

/// Returns the median of all averages of two values of a sample, each with itself too.
///
/// # Formula
///
/// ```text
/// median { (xᵢ + xⱼ) / 2,  i ≤ j }
/// ```
///
/// # Shapes and units
///
/// At least one finite value; the result has their unit.
///
/// # Numerics
///
/// As [`hodges_lehmann`].
///
/// # Errors
///
/// `Empty`, `NotFinite`.
///
/// # Source
///
/// J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34(2), 1963, 598–611.
pub fn pseudo_median(values: &[f64]) -> Result<f64, StatsError> {
    Pairs::within(values)?.median()
}

/// Returns the interval of a centre that belongs to the signed-rank test.
///
/// # Formula
///
/// As [`hodges_lehmann_interval`], with the averages and the distribution of `W⁺`.
///
/// # Shapes and units
///
/// As [`pseudo_median`].
///
/// # Errors
///
/// As [`pseudo_median`]; `InvalidParameter` for the level.
///
/// # Source
///
/// E. L. Lehmann, Nonparametrics: Statistical Methods Based on Ranks, 1975, chapter 4.
pub fn pseudo_median_interval(
    values: &[f64],
    confidence: f64,
) -> Result<ShiftInterval, StatsError> {
    Pairs::within(values)?.interval(confidence)
}

/// All pairs of sorted values, known by their order statistics alone.
enum Pairs {
    /// Differences between two samples.
    Between { xs: Vec<f64>, ys: Vec<f64> },
    /// Averages within one.
    Within { xs: Vec<f64> },
}

/// How far into the order statistics an interval reaches.
struct Reach {
    /// The `q`-th smallest and largest are the ends.
    q: u128,
    /// Probability below `q`.
    outside: f64,
}

impl Pairs {
    fn between(xs: &[f64], ys: &[f64]) -> Result<Self, StatsError> {
        enough(xs.len().min(ys.len()), 1)?;
        Ok(Self::Between { xs: sorted(xs)?, ys: sorted(ys)? })
    }

    fn within(xs: &[f64]) -> Result<Self, StatsError> {
        enough(xs.len(), 1)?;
        Ok(Self::Within { xs: sorted(xs)? })
    }

    fn count(&self) -> u128 {
        match self {
            Self::Between { xs, ys } => xs.len() as u128 * ys.len() as u128,
            Self::Within { xs } => xs.len() as u128 * (xs.len() as u128 + 1) / 2,
        }
    }

    fn at(&self, k: u128) -> Result<f64, StatsError> {
        let value = match self {
            Self::Between { xs, ys } => difference(xs, ys, k),
            Self::Within { xs } => walsh_average(xs, k),
        };
        if value.is_finite() {
            Ok(value)
        } else {
            Err(StatsError::Undefined { what: "a difference of values so large" })
        }
    }

    fn median(&self) -> Result<f64, StatsError> {
        let count = self.count();
        let low = self.at(count.div_ceil(2))?;
        if count % 2 == 1 {
            return Ok(low);
        }
        Ok(average(low, self.at(count / 2 + 1)?))
    }

    fn interval(&self, confidence: f64) -> Result<ShiftInterval, StatsError> {
        let reach = self.reach((1.0 - level(confidence)?) / 2.0)?;
        let (low, high) = (self.at(reach.q)?, self.at(self.count() + 1 - reach.q)?);
        let achieved = (1.0 - 2.0 * reach.outside).max(0.0);
        Ok(ShiftInterval { interval: Interval { low, high }, achieved })
    }

    fn reach(&self, tail: f64) -> Result<Reach, StatsError> {
        let half = self.count() / 2;
        let stages = match self {
            Self::Between { xs, ys } => xs.len().min(ys.len()),
            Self::Within { xs } => xs.len(),
        };
        let last = usize::try_from(half).unwrap_or(usize::MAX);
        if stages as f64 * (half as f64 + 1.0) > COUNTED {
            return self.reach_normal(tail);
        }
        let shares = match self {
            Self::Between { xs, ys } => untied(xs.len(), ys.len(), last)?,
            Self::Within { xs } => shares(&(1..=xs.len()).collect::<Vec<_>>(), last)?,
        };
        let (mut q, mut outside, mut upto) = (0_u128, 0.0, 0.0);
        for share in shares {
            upto += share;
            if q >= 1 && upto >= tail {
                break;
            }
            outside = upto;
            q += 1;
        }
        Ok(Reach { q: q.min(self.count().div_ceil(2)).max(1), outside })
    }

    #[expect(clippy::cast_possible_truncation, reason = "below the number of pairs")]
    #[expect(clippy::cast_sign_loss, reason = "held above 1")]
    fn reach_normal(&self, tail: f64) -> Result<Reach, StatsError> {
        let (middle, sd) = match self {
            Self::Between { xs, ys } => {
                let (n, m) = (xs.len() as f64, ys.len() as f64);
                (n * m / 2.0, (n * m * (n + m + 1.0) / 12.0).sqrt())
            }
            Self::Within { xs } => {
                let n = xs.len() as f64;
                let pairs = n * (n + 1.0);
                (pairs / 4.0, (pairs * (2.0 * n + 1.0) / 24.0).sqrt())
            }
        };
        let q = (middle - 0.5 + sd * Normal.quantile(tail)?).ceil().max(1.0).min(middle);
        let outside = Normal.cdf((q - 0.5 - middle) / sd)?;
        Ok(Reach { q: q as u128, outside })
    }
}

fn sorted(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    finite(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(sorted)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const XS: [f64; 5] = [1.5, 3.25, -2.0, 7.0, 4.5];
    const YS: [f64; 4] = [0.5, -1.0, 2.75, 3.0];

    #[test]
    fn a_shift_of_one_sample_shifts_estimate_and_interval() {
        let moved = XS.map(|x| x + 2.0);
        let (one, two) =
            (hodges_lehmann(&XS, &YS).unwrap(), hodges_lehmann(&moved, &YS).unwrap());
        assert_eq!(one + 2.0, two);
        let near = hodges_lehmann_interval(&XS, &YS, 0.9).unwrap();
        let far = hodges_lehmann_interval(&moved, &YS, 0.9).unwrap();
        assert_eq!(near.interval.low + 2.0, far.interval.low);
        assert_eq!(near.achieved, far.achieved);
    }

    #[test]
    fn swapping_the_samples_turns_the_sign() {
        assert_eq!(hodges_lehmann(&XS, &YS).unwrap(), -hodges_lehmann(&YS, &XS).unwrap());
        let one = hodges_lehmann_interval(&XS, &YS, 0.8).unwrap().interval;
        let other = hodges_lehmann_interval(&YS, &XS, 0.8).unwrap().interval;
        assert_eq!((one.low, one.high), (-other.high, -other.low));
    }

    #[test]
    fn one_pair_has_no_confidence_but_a_value() {
        let test = hodges_lehmann_interval(&[3.0], &[1.0], 0.95).unwrap();
        assert_eq!(test.interval, Interval { low: 2.0, high: 2.0 });
        assert_eq!(test.achieved, 0.0);
        assert_eq!(pseudo_median(&[4.0]).unwrap(), 4.0);
        let least = f64::from_bits(1);
        assert_eq!(pseudo_median(&[least, least]).unwrap(), least);
    }

    #[test]
    fn many_values_take_neither_memory_nor_time() {
        let xs: Vec<f64> = (0..200_000).map(f64::from).collect();
        let ys: Vec<f64> = xs.iter().map(|x| x - 3.0).collect();
        assert_eq!(hodges_lehmann(&xs, &ys).unwrap(), 3.0);
        let test = hodges_lehmann_interval(&xs, &ys, 0.95).unwrap();
        assert!(test.interval.holds(3.0));
        assert_relative_eq!(test.achieved, 0.95, max_relative = 1e-4);
        assert_eq!(pseudo_median(&xs).unwrap(), 99_999.5);
    }

    #[test]
    fn the_normal_reach_is_close_to_the_counted_one() {
        let xs: Vec<f64> = (0..150).map(f64::from).collect();
        for pairs in [Pairs::between(&xs, &xs).unwrap(), Pairs::within(&xs).unwrap()] {
            let (exact, normal) =
                (pairs.reach(0.025).unwrap(), pairs.reach_normal(0.025).unwrap());
            assert!(exact.q.abs_diff(normal.q) <= exact.q / 500 + 1);
        }
    }

    #[test]
    fn empty_samples_levels_and_overflow_are_refused() {
        assert_eq!(hodges_lehmann(&[], &YS), Err(StatsError::Empty));
        assert_eq!(pseudo_median(&[f64::NAN]), Err(StatsError::NotFinite { index: 0 }));
        assert!(hodges_lehmann_interval(&XS, &YS, 1.0).is_err());
        assert!(hodges_lehmann(&[f64::MAX], &[-f64::MAX]).is_err());
        assert_eq!(pseudo_median(&[f64::MAX, f64::MAX]).unwrap(), f64::MAX);
    }
}
