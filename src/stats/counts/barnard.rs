//! Barnard's exact test of two proportions.

use std::cmp::Ordering;

use super::hypergeometric::Hypergeometric;
use super::nuisance::{TwoGroups, supremum};
use crate::stats::StatsError;
use crate::stats::outcome::Alternative;

/// The largest number of observations: the work grows with its square.
const MOST: u64 = 5_000;

/// Whose variance a difference of two proportions is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DifferenceVariance {
    /// That of one proportion common to both.
    #[default]
    Pooled,
    /// That of each proportion by itself.
    Unpooled,
}

/// The outcome of an unconditional exact test of two proportions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnconditionalTest {
    /// The statistic that orders the tables.
    pub statistic: f64,
    /// The largest p over the common proportion.
    pub p: f64,
}

/// Tests whether two independent proportions are equal, without conditioning on the successes.
///
/// # Formula
///
/// ```text
/// p₁ = a / (a + c),  p₂ = b / (b + d),  T = (p₁ − p₂) / √V
/// pooled V = p (1 − p)(1/n₁ + 1/n₂),  unpooled V = p₁(1 − p₁)/n₁ + p₂(1 − p₂)/n₂
/// p = sup over π of P_π(T at least as extreme as observed)
/// ```
///
/// `less` takes `T ≤ T_obs`, `greater` `T ≥ T_obs`, two-sided `|T| ≥ |T_obs|`. `T` is 0 for
/// equal proportions, infinite for unequal ones without variance.
///
/// # Shapes and units
///
/// In `[[a, b], [c, d]]` the columns are the groups, the first row the successes.
///
/// # Numerics
///
/// Tables are compared in whole numbers, so ties are ties. Given the number of successes the
/// probability of the region is hypergeometric; the supremum, ends included, has nine digits.
///
/// # Errors
///
/// `ZeroMarginal` for an empty group; `InvalidTable`, `InvalidParameter` for a total of more
/// than 5,000.
///
/// # Source
///
/// G. A. Barnard, Biometrika 34(1–2), 1947, 123–138; S. Suissa and J. J. Shuster, Journal of
/// the Royal Statistical Society A 148(4), 1985, 317–327.
///
/// # Example
///
/// ```
/// use crucible::stats::{Alternative, DifferenceVariance, barnard_exact};
///
/// let vaccine = [[7, 12], [8, 3]];
/// let test = barnard_exact(vaccine, DifferenceVariance::Pooled, Alternative::Less)?;
/// assert!((test.p - 0.034).abs() < 1e-3);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn barnard_exact(
    table: [[u64; 2]; 2],
    variance: DifferenceVariance,
    alternative: Alternative,
) -> Result<UnconditionalTest, StatsError> {
    let groups = TwoGroups::new(table, MOST, "at most 5,000")?;
    let observed = Wald::new(&groups, variance, groups.a, groups.b);
    let extreme = |wald: &Wald| match alternative {
        Alternative::Less => wald.compare(&observed) != Ordering::Greater,
        Alternative::Greater => wald.compare(&observed) != Ordering::Less,
        Alternative::TwoSided => wald.compare_size(&observed) != Ordering::Less,
    };
    let shares: Vec<f64> = (0..=groups.all())
        .map(|s| {
            let given = Hypergeometric::new(groups.first, groups.second, s);
            let (mut within, mut without) = (0.0_f64, false);
            for (i, p) in probabilities(given) {
                if extreme(&Wald::new(&groups, variance, i, s - i)) {
                    within += p;
                } else {
                    without = true;
                }
            }
            if without { within.min(1.0) } else { 1.0 }
        })
        .collect();
    let everywhere = shares.iter().all(|share| *share >= 1.0);
    let p = if everywhere { 1.0 } else { supremum(&shares) };
    Ok(UnconditionalTest { statistic: observed.value(), p })
}

/// Returns every value with its probability, in order.
fn probabilities(given: Hypergeometric) -> impl Iterator<Item = (u64, f64)> {
    let mode = given.mode(1.0);
    let top = given.pmf(mode);
    let mut below = Vec::new();
    let mut term = top;
    for x in (given.least()..mode).rev() {
        term /= given.rise(x);
        below.push((x, term));
    }
    let mut at = mode;
    let mut term = top;
    let above = std::iter::from_fn(move || {
        if at > given.most() {
            return None;
        }
        let item = (at, term);
        if at < given.most() {
            term *= given.rise(at);
        }
        at += 1;
        Some(item)
    });
    below.into_iter().rev().chain(above)
}

/// Wald's statistic as whole numbers: its sign, and its square as a fraction times a constant.
///
/// With at most 5,000 observations the products of two such fractions stay within 128 bits.
#[derive(Debug, Clone, Copy)]
struct Wald {
    sign: i8,
    square: u128,
    variance: u128,
    /// What the root of `square / variance` is multiplied by.
    scale: f64,
}

impl Wald {
    fn new(groups: &TwoGroups, variance: DifferenceVariance, i: u64, j: u64) -> Self {
        let [n, m, i, j] = [groups.first, groups.second, i, j].map(u128::from);
        let (left, right) = (i * m, j * n);
        let gap = left.abs_diff(right);
        let sign = match left.cmp(&right) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        };
        // T² = gap² / (n² m² V), with V over the common denominators.
        let (variance, scale) = match variance {
            DifferenceVariance::Pooled => {
                let s = i + j;
                (s * (n + m - s), ((n + m) as f64 / (n * m) as f64).sqrt())
            }
            DifferenceVariance::Unpooled => {
                let (first, second) = (i * (n - i) * m.pow(3), j * (m - j) * n.pow(3));
                (first + second, ((n * m) as f64).sqrt())
            }
        };
        Self { sign, square: gap * gap, variance, scale }
    }

    fn value(&self) -> f64 {
        if self.sign == 0 {
            return 0.0;
        }
        let size = (self.square as f64 / self.variance as f64).sqrt() * self.scale;
        size * f64::from(self.sign)
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        match (self.sign == 0, other.sign == 0) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => match (self.variance == 0, other.variance == 0) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => {
                    (self.square * other.variance).cmp(&(other.square * self.variance))
                }
            },
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let by_sign = self.sign.cmp(&other.sign);
        by_sign.then_with(|| match self.sign {
            -1 => other.compare_size(self),
            _ => self.compare_size(other),
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const POOLED: DifferenceVariance = DifferenceVariance::Pooled;

    #[test]
    fn swapping_the_groups_swaps_the_alternatives() {
        for variance in [POOLED, DifferenceVariance::Unpooled] {
            let less =
                barnard_exact([[2, 9], [8, 4]], variance, Alternative::Less).unwrap();
            let greater = barnard_exact([[9, 2], [4, 8]], variance, Alternative::Greater);
            let greater = greater.unwrap();
            assert_relative_eq!(less.p, greater.p, max_relative = 1e-9);
            assert_relative_eq!(less.statistic, -greater.statistic, max_relative = 1e-14);
        }
    }

    #[test]
    fn one_against_one_is_a_sum_over_four_tables() {
        // T is largest at (1, 0) alone: π (1 − π) ≤ ¼; two-sided twice that.
        let table = [[1, 0], [0, 1]];
        let p = |alternative| barnard_exact(table, POOLED, alternative).unwrap().p;
        assert_relative_eq!(p(Alternative::Greater), 0.25, max_relative = 1e-12);
        assert_relative_eq!(p(Alternative::TwoSided), 0.5, max_relative = 1e-12);
        assert_eq!(p(Alternative::Less), 1.0);
    }

    #[test]
    fn proportions_without_variance_are_infinitely_apart() {
        let unpooled = DifferenceVariance::Unpooled;
        let test =
            barnard_exact([[3, 0], [0, 3]], unpooled, Alternative::Greater).unwrap();
        assert_eq!(test.statistic, f64::INFINITY);
        assert_relative_eq!(test.p, 1.0 / 64.0, max_relative = 1e-9);
        let same =
            barnard_exact([[0, 0], [4, 5]], unpooled, Alternative::TwoSided).unwrap();
        assert_eq!((same.statistic, same.p), (0.0, 1.0));
    }

    #[test]
    fn an_empty_group_and_a_table_too_large_are_refused() {
        let test = |table| barnard_exact(table, POOLED, Alternative::Less);
        assert_eq!(test([[0, 3], [0, 4]]), Err(StatsError::ZeroMarginal));
        assert_eq!(test([[u64::MAX, 3], [0, 4]]), Err(StatsError::InvalidTable));
        assert!(matches!(
            test([[6_000, 3], [0, 4]]),
            Err(StatsError::InvalidParameter { .. })
        ));
    }
}
