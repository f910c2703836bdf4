//! Exact tests of one proportion.

use super::StatsError;
use super::dist::Binomial;
use super::outcome::{Alternative, Tails};

/// Returns both one-sided exact p of `k` successes in `n` against the share `margin`.
///
/// # Formula
///
/// ```text
/// X ~ Binomial(n, m),  greater = P(X ≥ k),  less = P(X ≤ k)
/// ```
///
/// The doubled test is [`Tails::two_sided`].
///
/// # Shapes and units
///
/// `0 ≤ k ≤ n`, `n ≥ 1`; the margin is a fraction of one.
///
/// # Numerics
///
/// Tails by the incomplete beta function; ten digits down to 1e-300.
///
/// # Errors
///
/// `Empty`, `InvalidParameter`.
///
/// # Source
///
/// C. J. Clopper and E. S. Pearson, Biometrika 26(4), 1934, 404–413.
pub fn binomial_tails(k: u64, n: u64, margin: f64) -> Result<Tails, StatsError> {
    counts(k, n)?;
    let null = Binomial::new(n, margin)?;
    Ok(Tails { greater: null.at_least(k), less: null.cdf(k) })
}

/// Returns the exact p of `k` successes in `n`, where a two-sided p sums every outcome that
/// is no more probable than the one observed.
///
/// # Formula
///
/// ```text
/// p = Σ P(X = j) over j with P(X = j) ≤ P(X = k) (1 + 10⁻⁷)
/// ```
///
/// # Shapes and units
///
/// As [`binomial_tails`].
///
/// # Numerics
///
/// The far end is found by bisection on the monotone side; the slack absorbs ties that
/// differ in the last digits, as in R and SciPy.
///
/// # Errors
///
/// `Empty`, `InvalidParameter`.
///
/// # Source
///
/// R Core Team, `binom.test` (R 4.2.2); SciPy 1.17, `binomtest`.
pub fn binomial_test(
    k: u64,
    n: u64,
    share: f64,
    alternative: Alternative,
) -> Result<f64, StatsError> {
    let tails = binomial_tails(k, n, share)?;
    match alternative {
        Alternative::Less | Alternative::Greater => Ok(tails.p(alternative)),
        Alternative::TwoSided => minimum_likelihood(k, n, share, tails),
    }
}

fn minimum_likelihood(
    k: u64,
    n: u64,
    share: f64,
    tails: Tails,
) -> Result<f64, StatsError> {
    let null = Binomial::new(n, share)?;
    let limit = null.pmf(k) * (1.0 + 1e-7);
    let mean = n as f64 * share;
    let p = if (k as f64 - mean).abs() < 1e-12 {
        1.0
    } else if (k as f64) < mean {
        // Above the mean the probabilities fall: the first no larger than the limit.
        let start = whole(mean.ceil(), n);
        match first(start, n, |j| null.pmf(j) <= limit) {
            Some(j) => tails.less + null.at_least(j),
            None => tails.less,
        }
    } else {
        // Below the mean they rise: everything before the first that is larger.
        let past = whole(mean.floor(), n);
        match first(0, past, |j| null.pmf(j) > limit) {
            Some(0) => tails.greater,
            Some(j) => tails.greater + null.cdf(j - 1),
            None => tails.greater + null.cdf(past),
        }
    };
    Ok(p.min(1.0))
}

#[expect(clippy::cast_possible_truncation, reason = "at most n")]
#[expect(clippy::cast_sign_loss, reason = "a mean of counts")]
fn whole(count: f64, n: u64) -> u64 {
    (count as u64).min(n)
}

/// Returns the first of `from..=to` where `done` holds, if it holds at `to`.
fn first(from: u64, to: u64, done: impl Fn(u64) -> bool) -> Option<u64> {
    if !done(to) {
        return None;
    }
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        if done(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

/// Refuses counts of successes that are not a part of the trials.
pub(super) fn counts(k: u64, n: u64) -> Result<(), StatsError> {
    if n == 0 {
        return Err(StatsError::Empty);
    }
    if k > n {
        let name = "number of successes";
        return Err(StatsError::InvalidParameter { name, wanted: "at most the trials" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_two_ways_of_two_sides_agree_at_one_half() {
        let tails = binomial_tails(8, 10, 0.5).unwrap();
        let likelihood = binomial_test(8, 10, 0.5, Alternative::TwoSided).unwrap();
        assert_relative_eq!(tails.two_sided(), 0.109_375, max_relative = 1e-13);
        assert_relative_eq!(likelihood, 0.109_375, max_relative = 1e-13);
    }

    #[test]
    fn certain_margins_are_refuted_by_one_exception() {
        let tails = binomial_tails(9, 10, 1.0).unwrap();
        assert_eq!((tails.greater, tails.less), (1.0, 0.0));
        let tails = binomial_tails(10, 10, 1.0).unwrap();
        assert_eq!((tails.greater, tails.less), (1.0, 1.0));
        assert!(binomial_tails(11, 10, 0.5).is_err());
        assert!(binomial_tails(0, 0, 0.5).is_err());
    }

    #[test]
    fn every_small_case_equals_the_plain_sum() {
        for n in [1_u64, 2, 7, 12] {
            for share in [0.0, 0.1, 0.37, 0.5, 0.9, 1.0] {
                let null = Binomial::new(n, share).unwrap();
                for k in 0..=n {
                    let limit = null.pmf(k) * (1.0 + 1e-7);
                    let sum: f64 =
                        (0..=n).map(|j| null.pmf(j)).filter(|p| *p <= limit).sum();
                    let got = binomial_test(k, n, share, Alternative::TwoSided).unwrap();
                    assert_relative_eq!(
                        got,
                        sum.min(1.0),
                        max_relative = 1e-11,
                        epsilon = 1e-300
                    );
                }
            }
        }
    }
}
