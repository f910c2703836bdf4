//! Tails of Poisson mixtures, good relative to the tail.

use crate::stats::special::{Both, ln_poisson};

/// Terms are left out where the logarithm has fallen by this much from the largest.
const DROP: f64 = 45.0;

/// A normal curve falls by [`DROP`] within so many standard deviations, both sides taken.
const SPAN: f64 = 19.0;

/// Terms that are added up for each standard deviation of the terms.
const TERMS_PER_DEVIATION: f64 = 8.0;

/// A mixture over `j = 0, 1, …` with the weights of a Poisson distribution.
///
/// # Formula
///
/// ```text
/// tail = Σ e⁻ʳ rʲ / j! · tail_j
/// ```
///
/// # Numerics
///
/// All terms are positive, and their logarithm is concave in `j`; so the sum starts from
/// the largest, which for a far tail is not where the weights are largest. Where the terms
/// are wide, every `k`-th is added and counted `k` times: the trapezoidal rule errs by less
/// than `exp(−2π² 8²)` there. Some 200 terms suffice for every rate.
pub(super) struct Mixture<F> {
    /// The rate `r` of the weights, positive.
    pub(super) rate: f64,
    /// Both tails of component `j`; the upper one rises with `j`.
    pub(super) component: F,
}

impl<F: Fn(f64) -> Both> Mixture<F> {
    /// Returns the probability at or below the point.
    pub(super) fn lower(&self) -> f64 {
        let start = self.rate.floor();
        let log = |j: f64| self.log(j, |tails| tails.lower);
        let back = first(start, |k| log(start - k - 1.0) < log(start - k));
        self.sum(start - back, log)
    }

    /// Returns the probability above the point.
    pub(super) fn upper(&self) -> f64 {
        let start = self.rate.floor();
        let log = |j: f64| self.log(j, |tails| tails.upper);
        let on = first(f64::MAX, |k| log(start + k + 1.0) < log(start + k));
        self.sum(start + on, log)
    }

    fn log(&self, j: f64, side: fn(Both) -> f64) -> f64 {
        if j < 0.0 {
            return f64::NEG_INFINITY;
        }
        ln_poisson(j, self.rate) + side((self.component)(j)).ln()
    }

    /// Adds up the terms around the largest.
    fn sum(&self, peak: f64, log: impl Fn(f64) -> f64) -> f64 {
        let top = log(peak);
        if top == f64::NEG_INFINITY {
            return 0.0;
        }
        let low = peak - first(peak, |k| log(peak - k) < top - DROP);
        let high = peak + first(f64::MAX, |k| log(peak + k) < top - DROP);
        let stride = ((high - low) / SPAN / TERMS_PER_DEVIATION).floor().max(1.0);
        let mut sum = 0.0;
        let mut j = if stride > 1.0 { low - stride } else { low };
        while j <= high + stride {
            sum += (log(j) - top).exp();
            j += stride;
        }
        (top + (sum * stride).ln()).exp().min(1.0)
    }
}

/// Returns the first whole `k ≥ 0` where `done` holds, at most `limit`; it holds from there on.
fn first(limit: f64, done: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (-1.0, 0.0);
    while high < limit && !done(high) {
        low = high;
        high = 2.0 * high + 1.0;
    }
    if high >= limit {
        high = limit;
    }
    while high - low > 1.0 {
        let middle = (low + (high - low) / 2.0).floor();
        if middle <= low || middle >= high {
            break;
        }
        if done(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_first_count_is_found_and_limited() {
        for wanted in [0.0, 1.0, 2.0, 7.0, 1000.0] {
            assert_eq!(first(f64::MAX, |k| k >= wanted), wanted);
        }
        assert_eq!(first(5.0, |_| false), 5.0);
    }

    #[test]
    fn weights_add_up_to_one_at_every_rate() {
        for rate in [1e-9, 0.3, 5.0, 300.0, 1e4, 1e7] {
            let component = |_: f64| Both { lower: 1.0, upper: 1.0 };
            let all = Mixture { rate, component };
            assert_relative_eq!(all.lower(), 1.0, max_relative = 1e-11);
            assert_relative_eq!(all.upper(), 1.0, max_relative = 1e-11);
        }
    }
}
