//! The binomial distribution.

use crate::stats::StatsError;
use crate::stats::special::{Both, beta_tails, binomial_density};

use super::probability;

/// The binomial distribution.
///
/// # Formula
///
/// ```text
/// P(X ≤ k) = I_{1−p}(n − k, k + 1)
/// ```
///
/// # Shapes and units
///
/// Counts are whole; `p` and all results are in `[0, 1]`.
///
/// # Numerics
///
/// Probabilities in Loader's form, tails by the incomplete beta function: ten digits down
/// to 1e-300.
///
/// # Errors
///
/// `InvalidParameter` when the probability of success is not in `[0, 1]`.
///
/// # Source
///
/// C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Binomial {
    n: u64,
    p: f64,
}

impl Binomial {
    /// Returns the distribution of successes in `n` trials of probability `p`.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless `p` is in `[0, 1]`.
    pub fn new(n: u64, p: f64) -> Result<Self, StatsError> {
        if (0.0..=1.0).contains(&p) {
            Ok(Self { n, p })
        } else {
            let name = "probability of success";
            Err(StatsError::InvalidParameter { name, wanted: "between 0 and 1" })
        }
    }

    /// Returns `P(X = k)`.
    #[must_use]
    pub fn pmf(self, k: u64) -> f64 {
        if k > self.n {
            return 0.0;
        }
        binomial_density(k as f64, (self.n - k) as f64, self.p, 1.0 - self.p)
    }

    /// Returns `P(X ≤ k)`.
    #[must_use]
    pub fn cdf(self, k: u64) -> f64 {
        self.tails(k).lower
    }

    /// Returns `P(X > k)`.
    #[must_use]
    pub fn sf(self, k: u64) -> f64 {
        self.tails(k).upper
    }

    /// Returns `P(X ≥ k)`.
    #[must_use]
    pub fn at_least(self, k: u64) -> f64 {
        k.checked_sub(1).map_or(1.0, |below| self.sf(below))
    }

    /// Returns the smallest `k` with `P(X ≤ k) ≥ q`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `q` is not a probability.
    pub fn quantile(self, q: f64) -> Result<u64, StatsError> {
        let q = probability(q)?;
        Ok(self.first(|k| self.cdf(k) >= q))
    }

    /// Returns the smallest `k` with `P(X > k) ≤ q`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `q` is not a probability.
    pub fn upper_quantile(self, q: f64) -> Result<u64, StatsError> {
        let q = probability(q)?;
        Ok(self.first(|k| self.sf(k) <= q))
    }

    /// Returns the first count where `done` holds; it holds from there on.
    fn first(self, done: impl Fn(u64) -> bool) -> u64 {
        let (mut low, mut high) = (0, self.n);
        while low < high {
            let middle = low + (high - low) / 2;
            if done(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    fn tails(self, k: u64) -> Both {
        if k >= self.n {
            return Both { lower: 1.0, upper: 0.0 };
        }
        let (a, b) = ((self.n - k) as f64, k as f64 + 1.0);
        beta_tails(a, b, 1.0 - self.p, self.p)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn tails_are_sums_of_probabilities() {
        let ten = Binomial::new(10, 0.3).unwrap();
        for k in 0..=10 {
            let sum: f64 = (0..=k).map(|j| ten.pmf(j)).sum();
            assert_relative_eq!(ten.cdf(k), sum, max_relative = 1e-12);
        }
        assert_eq!(ten.pmf(11), 0.0);
        assert_eq!(ten.at_least(0), 1.0);
        assert_relative_eq!(ten.at_least(10), 0.3_f64.powi(10), max_relative = 1e-12);
    }

    #[test]
    fn certain_and_impossible_successes_have_all_mass_at_an_end() {
        let never = Binomial::new(5, 0.0).unwrap();
        assert_eq!((never.pmf(0), never.cdf(0), never.sf(0)), (1.0, 1.0, 0.0));
        let always = Binomial::new(5, 1.0).unwrap();
        assert_eq!((always.pmf(5), always.cdf(4), always.at_least(5)), (1.0, 0.0, 1.0));
        let empty = Binomial::new(0, 0.5).unwrap();
        assert_eq!((empty.pmf(0), empty.cdf(0)), (1.0, 1.0));
    }
}
