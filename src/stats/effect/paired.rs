//! Sizes of effects on the same items.

use crate::stats::mean::{UnitMean, unit_residuals};
use crate::stats::outcome::{Interval, enough, finite, level, paired};
use crate::stats::{StatsError, StudentT, Units, mean, variance};

/// Returns the odds of a discordant pair to favour the first, `b / c`.
///
/// # Formula
///
/// ```text
/// odds = b / c;  ∞ when c = 0
/// ```
///
/// # Shapes and units
///
/// Counts of pairs; the result is a plain number in `[0, ∞]`.
///
/// # Errors
///
/// `Undefined` without discordant pairs.
///
/// # Source
///
/// M. W. Fagerland, S. Lydersen and P. Laake, Statistics in Medicine 33(16), 2014,
/// 2850–2875.
pub fn discordant_odds(b: u64, c: u64) -> Result<f64, StatsError> {
    if b == 0 && c == 0 {
        return Err(StatsError::Undefined { what: "the odds without discordant pairs" });
    }
    Ok(b as f64 / c as f64)
}

/// Returns Cohen's d of paired differences: their mean in their standard deviations.
///
/// # Formula
///
/// ```text
/// d_z = ℓ̄ / s
/// ```
///
/// # Shapes and units
///
/// At least two finite values; the result has no unit.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`; `NoSpread` when all values are equal.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988, 48;
/// D. Lakens, Frontiers in Psychology 4, 2013, article 863.
pub fn d_z(values: &[f64]) -> Result<f64, StatsError> {
    let spread = variance(values)?.sqrt();
    if spread == 0.0 { Err(StatsError::NoSpread) } else { Ok(mean(values)? / spread) }
}

/// Returns how much oftener the first is better than worse, item by item.
///
/// # Formula
///
/// ```text
/// (#{ℓᵢ > 0} − #{ℓᵢ < 0}) / n
/// ```
///
/// # Shapes and units
///
/// At least one finite difference; the result is in `[−1, 1]`.
///
/// # Errors
///
/// `Empty`, `NotFinite`.
///
/// # Source
///
/// N. Cliff, Psychological Bulletin 114(3), 1993, 494–509 (there `d_w`).
pub fn paired_dominance(values: &[f64]) -> Result<f64, StatsError> {
    enough(values.len(), 1)?;
    finite(values)?;
    let net: f64 = values.iter().filter(|x| **x != 0.0).map(|x| x.signum()).sum();
    Ok(net / values.len() as f64)
}

/// The ratio of two paired means, by inverting the test of their linear contrast.
///
/// # Formula
///
/// ```text
/// the interval holds every ρ with |x̄ − ρ ȳ| ≤ t_ν √(V_xx − 2ρ V_xy + ρ² V_yy)
/// ```
///
/// `V` are the CR2 variances and covariance of the two means, `ν` as in [`UnitMean`].
///
/// # Shapes and units
///
/// Pairs of finite values over at least two units, in one unit; the ratio has none.
///
/// # Numerics
///
/// When the mean below is not clearly different from zero no bounded interval has the
/// level: then both ends are infinite.
///
/// # Errors
///
/// As [`UnitMean::new`]; `Undefined` when the mean below is zero.
///
/// # Source
///
/// E. C. Fieller, Journal of the Royal Statistical Society B 16(2), 1954, 175–185.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedRatio {
    /// The ratio of the means.
    pub ratio: f64,
    /// The interval of the ratio.
    pub interval: Interval,
}

impl PairedRatio {
    /// Returns the ratio of the mean of `xs` to that of `ys`, with its interval.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(
        xs: &[f64],
        ys: &[f64],
        units: &Units,
        confidence: f64,
    ) -> Result<Self, StatsError> {
        paired(xs.len(), ys.len())?;
        let tail = (1.0 - level(confidence)?) / 2.0;
        let (above, below) = (UnitMean::new(xs, units)?, UnitMean::new(ys, units)?);
        if below.mean == 0.0 {
            return Err(StatsError::Undefined { what: "a ratio to zero" });
        }
        let n = xs.len() as f64;
        let covariance: f64 = unit_residuals(xs, units, above.mean)
            .iter()
            .zip(unit_residuals(ys, units, below.mean))
            .zip(units.sizes())
            .map(|((x, y), size)| (x / n) * (y / n) / (1.0 - *size as f64 / n))
            .sum();
        let t2 = StudentT::new(above.df)?.upper_quantile(tail)?.powi(2);
        // (x̄ − ρȳ)² ≤ t² V(ρ) is a ρ² − 2 b ρ + c ≤ 0.
        let a = below.mean.powi(2) - t2 * below.se.powi(2);
        let b = above.mean * below.mean - t2 * covariance;
        let c = above.mean.powi(2) - t2 * above.se.powi(2);
        let root = (b * b - a * c).max(0.0).sqrt();
        let interval = if a > 0.0 {
            Interval { low: (b - root) / a, high: (b + root) / a }
        } else {
            Interval { low: f64::NEG_INFINITY, high: f64::INFINITY }
        };
        Ok(Self { ratio: above.mean / below.mean, interval })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn at_the_ends_of_the_ratio_the_contrast_is_just_significant() {
        let xs = [4.1, 5.0, 3.2, 6.6, 4.4, 5.1];
        let ys = [2.0, 2.2, 1.9, 2.8, 2.5, 2.1];
        let units = Units::labelled(&[0, 0, 1, 2, 3, 4]);
        let ratio = PairedRatio::new(&xs, &ys, &units, 0.9).unwrap();
        for end in [ratio.interval.low, ratio.interval.high] {
            let contrast: Vec<f64> =
                xs.iter().zip(ys).map(|(x, y)| x - end * y).collect();
            let p =
                UnitMean::new(&contrast, &units).unwrap().tails(0.0).unwrap().two_sided();
            assert_relative_eq!(p, 0.1, max_relative = 1e-9);
        }
    }

    #[test]
    fn a_ratio_to_almost_nothing_has_no_bounds() {
        let ratio = PairedRatio::new(
            &[1.0, 2.0, 3.0],
            &[1.0, -1.0, 0.3],
            &Units::single(3),
            0.95,
        );
        assert_eq!(ratio.unwrap().interval.high, f64::INFINITY);
    }

    #[test]
    fn dominance_counts_items_and_ignores_distances() {
        assert_eq!(paired_dominance(&[5.0, 0.1, -100.0, 0.0]).unwrap(), 0.25);
        assert_eq!(discordant_odds(3, 0).unwrap(), f64::INFINITY);
        assert!(discordant_odds(0, 0).is_err());
        assert_eq!(d_z(&[1.0, 1.0]), Err(StatsError::NoSpread));
    }
}
