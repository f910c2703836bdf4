//! Dominance of one independent sample over another.

use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Interval, enough, finite, level};
use crate::stats::ranks::sorted;

/// How often values of one sample lie above those of another.
///
/// # Formula
///
/// ```text
/// dᵢⱼ = sign(xᵢ − yⱼ),  δ = Σ dᵢⱼ / (n m),  A₁₂ = P(X > Y) + ½ P(X = Y) = (δ + 1) / 2
/// s² = [(m − 1) s²ᵢ + (n − 1) s²ⱼ + s²ᵢⱼ] / (n m)
///   s²ᵢ  variance of dᵢ. = Σⱼ dᵢⱼ / m (divisor n − 1),  s²ⱼ of d.ⱼ likewise
///   s²ᵢⱼ = Σ (dᵢⱼ − δ)² / (n m − 1)
/// interval: [δ − δ³ ± z s √((1 − δ²)² + z² s²)] / (1 − δ² + z² s²)
/// at |δ| = 1 it reaches from ±1 to ±(k − z²)/(k + z²), k the size of the smaller sample
/// ```
///
/// `δ` is Cliff's, which is the rank-biserial correlation of two samples; `A₁₂` is Vargha and
/// Delaney's.
///
/// # Shapes and units
///
/// Two independent samples of finite values in one unit, at least one each, two each for the
/// interval; `δ` in `[−1, 1]`, `A₁₂` in `[0, 1]`.
///
/// # Numerics
///
/// Pairs are counted from sorted samples in whole numbers; ties are equal doubles. The
/// variance is the consistent one, which is never negative.
///
/// # Errors
///
/// `Empty`, `NotFinite`.
///
/// # Source
///
/// N. Cliff, Psychological Bulletin 114(3), 1993, 494–509; D. Feng and N. Cliff, "Monte Carlo
/// evaluation of ordinal d with improved confidence interval", Journal of Modern Applied
/// Statistical Methods 3(2), 2004, 322–332; A. Vargha and H. D. Delaney, Journal of
/// Educational and Behavioral Statistics 25(2), 2000, 101–132.
///
/// # Example
///
/// ```
/// use crucible::stats::Dominance;
///
/// let above = Dominance::new(&[3.0, 4.0, 5.0], &[1.0, 2.0, 4.0])?;
/// assert!((above.delta - 6.0 / 9.0).abs() < 1e-15);
/// assert!((above.a12() - 7.5 / 9.0).abs() < 1e-15);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dominance {
    /// Cliff's δ.
    pub delta: f64,
    first: usize,
    second: usize,
    variance: f64,
}

impl Dominance {
    /// Returns the dominance of the first sample over the second.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(xs: &[f64], ys: &[f64]) -> Result<Self, StatsError> {
        enough(xs.len().min(ys.len()), 1)?;
        finite(xs)?;
        finite(ys)?;
        let (rows, columns) = (Sides::new(xs, ys), Sides::new(ys, xs));
        let (n, m) = (xs.len() as f64, ys.len() as f64);
        let delta = rows.net() / (n * m);
        // d² is one where the pair is not tied.
        let apart = rows.apart() - n * m * delta * delta;
        let within = if n * m > 1.0 { apart.max(0.0) / (n * m - 1.0) } else { 0.0 };
        let between =
            (m - 1.0) * rows.variance(delta, m) + (n - 1.0) * columns.variance(-delta, n);
        let variance = (between + within) / (n * m);
        Ok(Self { delta, first: xs.len(), second: ys.len(), variance })
    }

    /// Returns Vargha and Delaney's `A₁₂`: how probable it is that the first is above.
    #[must_use]
    pub fn a12(&self) -> f64 {
        self.delta.midpoint(1.0)
    }

    /// Returns the standard error of `δ`.
    ///
    /// # Errors
    ///
    /// `TooFew` for less than two values in a sample.
    pub fn se(&self) -> Result<f64, StatsError> {
        enough(self.first.min(self.second), 2)?;
        Ok(self.variance.sqrt())
    }

    /// Returns the interval of `δ`.
    ///
    /// # Errors
    ///
    /// `TooFew` for less than two values in a sample; `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let z = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?;
        let (d, reach) = (self.delta, z * self.se()?);
        if d.abs() >= 1.0 {
            let k = self.first.min(self.second) as f64;
            let near = (k - z * z) / (k + z * z);
            return Ok(if d > 0.0 {
                Interval { low: near, high: 1.0 }
            } else {
                Interval { low: -1.0, high: -near }
            });
        }
        let room = (1.0 - d) * (1.0 + d);
        let root = reach * room.hypot(reach);
        let end = |side: f64| (d * room + side * root) / (room + reach * reach);
        Ok(Interval { low: end(-1.0), high: end(1.0) }.within(-1.0, 1.0))
    }

    /// Returns the interval of `A₁₂`.
    ///
    /// # Errors
    ///
    /// As [`Dominance::interval`].
    pub fn a12_interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let Interval { low, high } = self.interval(confidence)?;
        Ok(Interval { low: low.midpoint(1.0), high: high.midpoint(1.0) })
    }
}

/// For each value of one sample, how many of the other lie below and above.
struct Sides {
    below: Vec<u64>,
    above: Vec<u64>,
}

impl Sides {
    fn new(values: &[f64], others: &[f64]) -> Self {
        let others: Vec<f64> =
            sorted(others).iter().map(|place| others[*place]).collect();
        let count = |f: &dyn Fn(f64, f64) -> bool| -> Vec<u64> {
            values.iter().map(|x| others.partition_point(|y| f(*y, *x)) as u64).collect()
        };
        let below = count(&|y, x| y < x);
        let mut above = count(&|y, x| y <= x);
        above.iter_mut().for_each(|up_to| *up_to = others.len() as u64 - *up_to);
        Self { below, above }
    }

    /// Returns pairs above less pairs below.
    fn net(&self) -> f64 {
        let (below, above): (u128, u128) = (
            self.below.iter().map(|k| u128::from(*k)).sum(),
            self.above.iter().map(|k| u128::from(*k)).sum(),
        );
        let size = below.abs_diff(above) as f64;
        if below < above { -size } else { size }
    }

    /// Returns the number of pairs that are not tied.
    fn apart(&self) -> f64 {
        self.below.iter().chain(&self.above).map(|k| u128::from(*k)).sum::<u128>() as f64
    }

    /// Returns the variance of each value's own dominance around `mean`.
    fn variance(&self, mean: f64, others: f64) -> f64 {
        let n = self.below.len() as f64;
        let square = |(below, above): (&u64, &u64)| {
            ((*below as f64 - *above as f64) / others - mean).powi(2)
        };
        let squares = sum(self.below.iter().zip(&self.above).map(square));
        if n > 1.0 { squares / (n - 1.0) } else { 0.0 }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const XS: [f64; 5] = [3.0, 5.0, 4.0, 4.0, 7.0];
    const YS: [f64; 4] = [2.0, 4.0, 6.0, 1.0];

    #[test]
    fn counts_and_errors_are_those_of_every_pair_looked_at() {
        let sign = |x: f64, y: f64| {
            if x > y {
                1.0
            } else if x < y {
                -1.0
            } else {
                0.0
            }
        };
        let d: Vec<Vec<f64>> =
            XS.iter().map(|x| YS.iter().map(|y| sign(*x, *y)).collect()).collect();
        let delta = d.iter().flatten().sum::<f64>() / 20.0;
        let of_row = d.iter().map(|row| (row.iter().sum::<f64>() / 4.0 - delta).powi(2));
        let of_column = (0..4)
            .map(|j| (d.iter().map(|row| row[j]).sum::<f64>() / 5.0 - delta).powi(2));
        let of_pair = d.iter().flatten().map(|d| (d - delta).powi(2));
        let variance = (3.0 * of_row.sum::<f64>() / 4.0
            + 4.0 * of_column.sum::<f64>() / 3.0
            + of_pair.sum::<f64>() / 19.0)
            / 20.0;
        let found = Dominance::new(&XS, &YS).unwrap();
        assert_relative_eq!(found.delta, delta, max_relative = 1e-14);
        assert_relative_eq!(found.se().unwrap(), variance.sqrt(), max_relative = 1e-13);
    }

    #[test]
    fn swapping_the_samples_mirrors_everything_and_only_the_order_counts() {
        let there = Dominance::new(&XS, &YS).unwrap();
        let back = Dominance::new(&YS, &XS).unwrap();
        assert_eq!(there.delta, -back.delta);
        let (a, b) = (there.interval(0.95).unwrap(), back.interval(0.95).unwrap());
        assert_relative_eq!(a.low, -b.high, max_relative = 1e-12);
        assert!(a.holds(there.delta) && a.low > -1.0 && a.high < 1.0);
        let bent = Dominance::new(&XS.map(f64::exp), &YS.map(f64::exp)).unwrap();
        assert_eq!(there, bent);
        let a12 = there.a12_interval(0.95).unwrap();
        assert_relative_eq!(a12.low, (a.low + 1.0) / 2.0, max_relative = 1e-14);
    }

    #[test]
    fn samples_wholly_apart_still_have_an_interval() {
        let apart = Dominance::new(&[5.0; 8], &[1.0; 6]).unwrap();
        let z2 = 1.959_963_984_540_054_f64.powi(2);
        let interval = apart.interval(0.95).unwrap();
        assert_relative_eq!(interval.low, (6.0 - z2) / (6.0 + z2), max_relative = 1e-12);
        assert_eq!((apart.delta, interval.high), (1.0, 1.0));
        let tied = Dominance::new(&[0.0, -0.0], &[-0.0, 0.0]).unwrap();
        assert_eq!((tied.delta, tied.a12()), (0.0, 0.5));
        assert_eq!(tied.interval(0.95).unwrap(), Interval { low: 0.0, high: 0.0 });
    }

    #[test]
    fn samples_must_hold_finite_values_and_intervals_two_of_each() {
        assert_eq!(Dominance::new(&[], &[1.0]), Err(StatsError::Empty));
        let nan = Dominance::new(&[f64::NAN], &[1.0]);
        assert_eq!(nan, Err(StatsError::NotFinite { index: 0 }));
        let one = Dominance::new(&[2.0], &[1.0, 3.0]).unwrap();
        assert!(one.interval(0.95).is_err() && one.se().is_err());
        assert!(Dominance::new(&XS, &YS).unwrap().interval(1.5).is_err());
    }
}
