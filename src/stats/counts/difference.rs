//! Intervals of a difference of two proportions.

use super::miettinen_nurminen::MiettinenNurminen;
use super::proportions::Proportion;
use super::table::total;
use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Interval, level};
use crate::stats::proportion::{ProportionMethod, proportion_interval};

/// How an interval of a difference of two independent proportions is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DifferenceMethod {
    /// Newcombe's, from Wilson's intervals of each.
    #[default]
    Newcombe,
    /// Estimate ± z standard errors; only for comparison.
    Wald,
    /// Wald's with one success and one failure added to each sample.
    AgrestiCaffo,
    /// The score interval, see [`MiettinenNurminen`].
    MiettinenNurminen,
}

/// Returns an interval of the difference of two independent proportions.
///
/// # Formula
///
/// ```text
/// d = p₁ − p₂,  [lᵢ, uᵢ] Wilson's interval of pᵢ
/// Newcombe       [d − √((p₁ − l₁)² + (u₂ − p₂)²), d + √((u₁ − p₁)² + (p₂ − l₂)²)]
/// Wald           d ± z √(p₁(1 − p₁)/n₁ + p₂(1 − p₂)/n₂)
/// Agresti-Caffo  Wald's with xᵢ + 1 of nᵢ + 2
/// ```
///
/// # Shapes and units
///
/// Two independent samples; differences are fractions of one. Wald's and Agresti and Caffo's
/// are not cut at −1 and 1.
///
/// # Errors
///
/// `InvalidParameter` for the level.
///
/// # Source
///
/// R. G. Newcombe, "Interval estimation for the difference between independent proportions",
/// Statistics in Medicine 17(8), 1998, 873–890, method 10; A. Agresti and B. Caffo, The
/// American Statistician 54(4), 2000, 280–288.
///
/// # Example
///
/// ```
/// use crucible::stats::{DifferenceMethod, Proportion, proportion_difference_interval};
///
/// let (first, second) = (Proportion::new(56, 70)?, Proportion::new(48, 80)?);
/// let method = DifferenceMethod::Newcombe;
/// let interval = proportion_difference_interval(first, second, 0.95, method)?;
/// assert!((interval.low - 0.0524).abs() < 1e-4 && (interval.high - 0.3339).abs() < 1e-4);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn proportion_difference_interval(
    first: Proportion,
    second: Proportion,
    confidence: f64,
    method: DifferenceMethod,
) -> Result<Interval, StatsError> {
    let z = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?;
    let d = first.minus(second);
    match method {
        DifferenceMethod::Newcombe => {
            let (one, two) =
                (Reach::new(first, confidence)?, Reach::new(second, confidence)?);
            Ok(Interval {
                low: d - one.down.hypot(two.up),
                high: d + one.up.hypot(two.down),
            })
        }
        DifferenceMethod::Wald => {
            let (n, m) = (first.trials() as f64, second.trials() as f64);
            Ok(around(d, z * (first.spread() / n + second.spread() / m).sqrt()))
        }
        DifferenceMethod::AgrestiCaffo => {
            let (one, two) = (More::new(first), More::new(second));
            let reach = z * (one.variance() + two.variance()).sqrt();
            Ok(around(one.share - two.share, reach))
        }
        DifferenceMethod::MiettinenNurminen => {
            MiettinenNurminen::new(first, second).interval(confidence)
        }
    }
}

/// Returns Newcombe's interval of the difference of two paired proportions.
///
/// # Formula
///
/// ```text
/// [[a, b], [c, d]], n pairs,  p₁ = (a + b)/n,  p₂ = (a + c)/n,  θ = p₁ − p₂ = (b − c)/n
/// φ = C / √((a + b)(c + d)(a + c)(b + d)),  0 when a margin is zero
/// C = max(ad − bc − n/2, 0) when ad > bc, else ad − bc
/// low  = θ − √((p₁ − l₁)² − 2φ (p₁ − l₁)(u₂ − p₂) + (u₂ − p₂)²)
/// high = θ + √((u₁ − p₁)² − 2φ (u₁ − p₁)(p₂ − l₂) + (p₂ − l₂)²)
/// ```
///
/// with Wilson's intervals `[l, u]` of each.
///
/// # Shapes and units
///
/// The table counts pairs: both succeed, only the first, only the second, neither. Differences
/// are fractions of one, within `[−1, 1]`.
///
/// # Errors
///
/// `Empty` without pairs; `InvalidTable` beyond 64 bits; `InvalidParameter` for the level.
///
/// # Source
///
/// R. G. Newcombe, "Improved confidence intervals for the difference between binomial
/// proportions based on paired data", Statistics in Medicine 17(22), 1998, 2635–2650, method
/// 10.
pub fn newcombe_paired(
    table: [[u64; 2]; 2],
    confidence: f64,
) -> Result<Interval, StatsError> {
    let n = total(table.iter().flatten())?;
    let [[a, b], [c, _]] = table;
    let (first, second) = (Proportion::new(a + b, n)?, Proportion::new(a + c, n)?);
    let (one, two) = (Reach::new(first, confidence)?, Reach::new(second, confidence)?);
    let phi = phi(table, n as f64);
    let length = |x: f64, y: f64| (x * x - 2.0 * phi * x * y + y * y).max(0.0).sqrt();
    let theta = if b < c { -((c - b) as f64) } else { (b - c) as f64 } / n as f64;
    Ok(Interval {
        low: theta - length(one.down, two.up),
        high: theta + length(one.up, two.down),
    })
}

/// Returns the correlation of the two outcomes, drawn towards zero when it is positive.
fn phi(table: [[u64; 2]; 2], n: f64) -> f64 {
    let [[a, b], [c, d]] = table.map(|row| row.map(|count| count as f64));
    let margins = (a + b).sqrt() * (c + d).sqrt() * (a + c).sqrt() * (b + d).sqrt();
    let excess = a * d - b * c;
    if margins == 0.0 {
        0.0
    } else if excess > 0.0 {
        (excess - n / 2.0).max(0.0) / margins
    } else {
        excess / margins
    }
}

fn around(centre: f64, reach: f64) -> Interval {
    Interval { low: centre - reach, high: centre + reach }
}

/// How far Wilson's interval of a proportion reaches from its share.
#[derive(Debug, Clone, Copy)]
struct Reach {
    down: f64,
    up: f64,
}

impl Reach {
    fn new(sample: Proportion, confidence: f64) -> Result<Self, StatsError> {
        let (k, n) = (sample.successes(), sample.trials());
        let wilson = proportion_interval(k, n, confidence, ProportionMethod::Wilson)?;
        Ok(Self { down: sample.share() - wilson.low, up: wilson.high - sample.share() })
    }
}

/// A sample with one success and one failure more.
#[derive(Debug, Clone, Copy)]
struct More {
    share: f64,
    trials: f64,
}

impl More {
    fn new(sample: Proportion) -> Self {
        let trials = sample.trials() as f64 + 2.0;
        Self { share: (sample.successes() as f64 + 1.0) / trials, trials }
    }

    fn variance(self) -> f64 {
        self.share * (1.0 - self.share) / self.trials
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const ALL: [DifferenceMethod; 4] = [
        DifferenceMethod::Newcombe,
        DifferenceMethod::Wald,
        DifferenceMethod::AgrestiCaffo,
        DifferenceMethod::MiettinenNurminen,
    ];

    #[test]
    fn swapping_the_samples_mirrors_the_interval() {
        let (one, two) =
            (Proportion::new(9, 10).unwrap(), Proportion::new(3, 12).unwrap());
        for method in ALL {
            let there = proportion_difference_interval(one, two, 0.9, method).unwrap();
            let back = proportion_difference_interval(two, one, 0.9, method).unwrap();
            assert_relative_eq!(there.low, -back.high, max_relative = 1e-9);
            assert_relative_eq!(there.high, -back.low, max_relative = 1e-9);
            assert!(proportion_difference_interval(one, two, 0.0, method).is_err());
        }
    }

    #[test]
    fn paired_intervals_agree_with_the_formula_in_another_hand() {
        // The formula in Python with SciPy 1.17's normal quantile. The first table is that of
        // M. W. Fagerland, S. Lydersen and P. Laake, Statistics in Medicine 33(16), 2014.
        for (table, low, high) in [
            ([[1, 1], [7, 12]], -0.506_920_226_686_141, -0.025_559_124_164_859_78),
            ([[36, 12], [2, 0]], 0.056_929_584_003_238_75, 0.340_427_602_974_940_7),
            ([[53, 9], [1, 7]], 0.024_546_390_025_138_864, 0.210_386_662_036_046_4),
            ([[30, 0], [0, 10]], -0.064_108_706_733_377_86, 0.064_108_706_733_377_87),
        ] {
            let interval = newcombe_paired(table, 0.95).unwrap();
            assert_relative_eq!(interval.low, low, max_relative = 1e-9);
            assert_relative_eq!(interval.high, high, max_relative = 1e-9);
        }
    }

    #[test]
    fn pairs_that_all_agree_still_leave_room() {
        let same = newcombe_paired([[20, 0], [0, 0]], 0.95).unwrap();
        assert!(same.low < -0.1 && same.high > 0.1);
        assert_eq!(newcombe_paired([[0, 0], [0, 0]], 0.95), Err(StatsError::Empty));
        assert!(newcombe_paired([[u64::MAX, 1], [0, 0]], 0.95).is_err());
        assert!(newcombe_paired([[1, 1], [1, 1]], 1.0).is_err());
    }
}
