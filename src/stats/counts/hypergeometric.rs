//! The number of marked among those drawn, when both margins of a table are fixed.

use crate::stats::special::binomial_density;

/// The hypergeometric distribution: of `first + second` things `first` are marked, and
/// `drawn` are taken.
///
/// Tails are sums of ratios of neighbours outward from the point asked, so they keep their
/// digits however small they are, and end as soon as nothing more is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hypergeometric {
    first: u64,
    second: u64,
    drawn: u64,
}

impl Hypergeometric {
    /// Returns the distribution; `drawn` is at most `first + second`, which is below 2⁶⁴.
    pub(super) fn new(first: u64, second: u64, drawn: u64) -> Self {
        Self { first, second, drawn }
    }

    /// Returns the smallest value.
    pub(super) fn least(self) -> u64 {
        self.drawn.saturating_sub(self.second)
    }

    /// Returns the largest value.
    pub(super) fn most(self) -> u64 {
        self.first.min(self.drawn)
    }

    /// Returns `P(X = x)`, for a value that can be taken.
    pub(super) fn pmf(self, x: u64) -> f64 {
        let (n, k) = ((self.first + self.second) as f64, self.drawn as f64);
        if self.least() == self.most() {
            return 1.0;
        }
        let (p, q) = (k / n, (n - k) / n);
        let part = |count: u64, of: u64| {
            binomial_density(count as f64, (of - count) as f64, p, q)
        };
        part(x, self.first) * part(self.drawn - x, self.second)
            / binomial_density(k, n - k, p, q)
    }

    /// Returns `P(X = x + 1) / P(X = x)`; zero at the largest value.
    pub(super) fn rise(self, x: u64) -> f64 {
        let up = (self.first - x) as f64 * (self.drawn - x) as f64;
        // second − drawn + x + 1, which is positive below the largest value.
        let down = (x - self.least()) + self.second.saturating_sub(self.drawn) + 1;
        up / ((x + 1) as f64 * down as f64)
    }

    /// Returns the value from which probabilities fall, when neighbours' ratios are `odds`
    /// times as large.
    pub(super) fn mode(self, odds: f64) -> u64 {
        let (mut low, mut high) = (self.least(), self.most());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.rise(middle) * odds <= 1.0 {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// Returns `P(X ≥ x)`, for a value that can be taken.
    pub(super) fn at_least(self, x: u64) -> f64 {
        if x == self.least() {
            return 1.0;
        }
        if x > self.mode(1.0) {
            self.pmf(x) * self.upward(x)
        } else {
            1.0 - self.pmf(x - 1) * self.downward(x - 1)
        }
    }

    /// Returns `P(X ≤ x)`, for a value that can be taken.
    pub(super) fn at_most(self, x: u64) -> f64 {
        if x == self.most() {
            return 1.0;
        }
        if x < self.mode(1.0) {
            self.pmf(x) * self.downward(x)
        } else {
            1.0 - self.pmf(x + 1) * self.upward(x + 1)
        }
    }

    /// Returns `P(X ≥ x) / P(X = x)`, above the mode.
    fn upward(self, x: u64) -> f64 {
        let (mut sum, mut term) = (1.0, 1.0);
        for at in x..self.most() {
            term *= self.rise(at);
            sum += term;
            if term < sum * f64::EPSILON * 0.25 {
                break;
            }
        }
        sum
    }

    /// Returns `P(X ≤ x) / P(X = x)`, below the mode.
    fn downward(self, x: u64) -> f64 {
        let (mut sum, mut term) = (1.0, 1.0);
        for at in (self.least()..x).rev() {
            term /= self.rise(at);
            sum += term;
            if term < sum * f64::EPSILON * 0.25 {
                break;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn tails_are_sums_of_probabilities() {
        for (first, second, drawn) in [(7, 12, 9), (3, 2, 5), (20, 1, 4), (0, 4, 2)] {
            let d = Hypergeometric::new(first, second, drawn);
            let all: f64 = (d.least()..=d.most()).map(|x| d.pmf(x)).sum();
            assert_relative_eq!(all, 1.0, max_relative = 1e-12);
            for x in d.least()..=d.most() {
                let above: f64 = (x..=d.most()).map(|x| d.pmf(x)).sum();
                let below: f64 = (d.least()..=x).map(|x| d.pmf(x)).sum();
                assert_relative_eq!(d.at_least(x), above, max_relative = 1e-12);
                assert_relative_eq!(d.at_most(x), below, max_relative = 1e-12);
            }
        }
    }

    #[test]
    fn far_tails_keep_their_digits() {
        // 1 / C(1000, 500), in exact arithmetic.
        let d = Hypergeometric::new(500, 500, 500);
        assert_relative_eq!(
            d.at_least(500),
            3.699_753_997_814_028e-300,
            max_relative = 1e-11
        );
        assert_relative_eq!(d.at_least(500), d.pmf(500), max_relative = 1e-12);
        assert_relative_eq!(d.at_most(0), d.pmf(500), max_relative = 1e-12);
    }
}
