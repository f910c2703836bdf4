//! The largest p over a probability of success that nobody knows.

use std::f64::consts::PI;

use crate::stats::StatsError;
use crate::stats::special::binomial_density;

/// Probabilities this far below the largest add nothing.
const NOTHING: f64 = 1e-18;

/// Two groups of known sizes whose table is `[[a, b], [c, d]]`: columns are groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TwoGroups {
    /// Size of the first, `a + c`.
    pub(super) first: u64,
    /// Size of the second, `b + d`.
    pub(super) second: u64,
    /// Successes in the first.
    pub(super) a: u64,
    /// Successes in the second.
    pub(super) b: u64,
}

impl TwoGroups {
    /// Returns the groups of a table.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` beyond `most` observations; `ZeroMarginal` for an empty group.
    pub(super) fn new(
        table: [[u64; 2]; 2],
        most: u64,
        wanted: &'static str,
    ) -> Result<Self, StatsError> {
        let [[a, b], [c, d]] = table;
        let name = "number of counts";
        if super::table::total(table.iter().flatten())? > most {
            return Err(StatsError::InvalidParameter { name, wanted });
        }
        if a + c == 0 || b + d == 0 {
            return Err(StatsError::ZeroMarginal);
        }
        Ok(Self { first: a + c, second: b + d, a, b })
    }

    /// Returns the number of observations.
    pub(super) fn all(self) -> u64 {
        self.first + self.second
    }
}

/// Returns the largest of `P(π) = Σ_s shares[s] · C(N, s) πˢ (1 − π)^(N − s)` over `[0, 1]`.
///
/// `shares[s]` is the probability of the region among tables with `s` successes in all,
/// which does not depend on `π`; `N + 1` of them, not empty.
///
/// # Numerics
///
/// A grid even in `arcsin √π`, an eighth of a standard deviation apart, then golden sections
/// around every peak that could be the highest: nine digits.
pub(super) fn supremum(shares: &[f64]) -> f64 {
    let n = shares.len().saturating_sub(1) as f64;
    let at = |angle: f64| value(shares, angle);
    let steps = (8.0 * PI * n.sqrt()).ceil().clamp(200.0, 40_000.0);
    let width = PI / 2.0 / steps;
    let mut grid = Vec::new();
    let mut step = 0.0;
    while step <= steps {
        grid.push(at(step * width));
        step += 1.0;
    }
    let highest = grid.iter().copied().fold(0.0, f64::max);
    let ends = [peak(0.0, width, at), peak(PI / 2.0 - width, PI / 2.0, at)];
    let mut best = ends.into_iter().fold(highest, f64::max);
    for (index, three) in grid.windows(3).enumerate() {
        // Between neighbours a peak cannot rise by more than a few hundredths.
        if three[1] >= three[0] && three[1] >= three[2] && three[1] > 0.95 * highest {
            let left = index as f64 * width;
            best = best.max(peak(left, left + 2.0 * width, at));
        }
    }
    best.min(1.0)
}

/// Returns `P(π)` at `π = sin²(angle)`.
fn value(shares: &[f64], angle: f64) -> f64 {
    let (p, q) = (angle.sin().powi(2), angle.cos().powi(2));
    let last = shares.len().saturating_sub(1);
    let n = last as f64;
    let middle = middle(n * p, last);
    let top = binomial_density(middle as f64, n - middle as f64, p, q);
    let mut sum = shares.get(middle).map_or(0.0, |share| share * top);
    let mut term = top;
    for s in middle..last {
        term *= (n - s as f64) / (s as f64 + 1.0) * (p / q);
        sum += shares[s + 1] * term;
        if term < top * NOTHING {
            break;
        }
    }
    term = top;
    for s in (0..middle).rev() {
        term *= (s as f64 + 1.0) / (n - s as f64) * (q / p);
        sum += shares[s] * term;
        if term < top * NOTHING {
            break;
        }
    }
    sum
}

#[expect(clippy::cast_possible_truncation, reason = "at most the last index")]
#[expect(clippy::cast_sign_loss, reason = "a mean of counts")]
fn middle(mean: f64, last: usize) -> usize {
    (mean.round() as usize).min(last)
}

/// Returns the largest value between two points around one peak.
fn peak(mut left: f64, mut right: f64, f: impl Fn(f64) -> f64) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut x, mut y) = (right - ratio * (right - left), left + ratio * (right - left));
    let (mut fx, mut fy) = (f(x), f(y));
    for _ in 0..60 {
        if fx >= fy {
            (right, y, fy) = (y, x, fx);
            x = right - ratio * (right - left);
            fx = f(x);
        } else {
            (left, x, fx) = (x, y, fy);
            y = left + ratio * (right - left);
            fy = f(y);
        }
    }
    fx.max(fy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_value_is_the_binomial_sum() {
        let shares = [0.0, 0.2, 1.0, 0.5, 0.1];
        let p: f64 = 0.3;
        let plain: f64 = shares
            .iter()
            .zip([1.0, 4.0, 6.0, 4.0, 1.0])
            .zip(0..)
            .map(|((share, ways), s)| share * ways * p.powi(s) * (1.0 - p).powi(4 - s))
            .sum();
        assert_relative_eq!(value(&shares, p.sqrt().asin()), plain, max_relative = 1e-13);
    }

    #[test]
    fn the_ends_belong_to_the_range_and_peaks_between_are_found() {
        assert_relative_eq!(supremum(&[1.0, 0.0, 0.0]), 1.0, max_relative = 1e-15);
        assert_relative_eq!(supremum(&[0.0, 0.0, 1.0]), 1.0, max_relative = 1e-12);
        // 2 π (1 − π) is largest at ½.
        assert_relative_eq!(supremum(&[0.0, 1.0, 0.0]), 0.5, max_relative = 1e-12);
        // C(9, 2) π² (1 − π)⁷ at 2/9.
        let shares: Vec<f64> = (0..10).map(|s| f64::from(u8::from(s == 2))).collect();
        let want = 36.0 * (2.0_f64 / 9.0).powi(2) * (7.0_f64 / 9.0).powi(7);
        assert_relative_eq!(supremum(&shares), want, max_relative = 1e-12);
    }
}
