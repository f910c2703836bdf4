//! The Jonckheere-Terpstra test of a trend over ordered groups.

use serde::Serialize;

use super::sums::groups_of;
use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::Tails;

/// The outcome of a test of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trend {
    /// The statistic.
    pub statistic: f64,
    /// Its distance from its mean in standard deviations; positive when values rise.
    pub z: f64,
    /// Both one-sided p by the normal approximation; `greater` is for rising values.
    pub tails: Tails,
}

impl Trend {
    /// Standardises a statistic by its mean and variance under the null.
    pub(super) fn new(
        statistic: f64,
        mean: f64,
        variance: f64,
    ) -> Result<Self, StatsError> {
        let z = (statistic - mean) / variance.sqrt();
        let tails = Tails { greater: Normal.sf(z)?, less: Normal.cdf(z)? };
        Ok(Self { statistic, z, tails })
    }
}

/// Tests whether values tend to rise from each group to the next.
///
/// # Formula
///
/// ```text
/// J = Σ_{i<j} [#(x < y) + ½ #(x = y)],  x in group i, y in group j
/// E = (N² − Σ n²) / 4,  with S(n) = n (n − 1)(2n + 5), Q = n (n − 1)(n − 2), P = n (n − 1)
/// Var = [S(N) − Σ S(nᵢ) − Σ S(t)] / 72 + Σ Q(nᵢ) Σ Q(t) / [36 Q(N)] + Σ P(nᵢ) Σ P(t) / [8 P(N)]
/// ```
///
/// `t` are the sizes of ties among all values. No continuity correction.
///
/// # Shapes and units
///
/// At least two groups in their expected order, each of at least one value; only the order of
/// the values counts.
///
/// # Numerics
///
/// Counted by sorting, in `N log N` steps.
///
/// # Errors
///
/// `Empty`, `NotFinite` (counted through the groups), `TooFew`; `Constant` when all values are
/// equal.
///
/// # Source
///
/// T. J. Terpstra, Indagationes Mathematicae 14, 1952, 327–333; A. R. Jonckheere, Biometrika
/// 41(1/2), 1954, 133–145; ties: M. Hollander and D. A. Wolfe, Nonparametric Statistical
/// Methods, 2nd ed., 1999, section 6.2.
pub fn jonckheere<G: AsRef<[f64]>>(groups: &[G]) -> Result<Trend, StatsError> {
    groups_of(groups, 1)?;
    let mut all: Vec<Member> = groups
        .iter()
        .enumerate()
        .flat_map(|(group, values)| {
            values.as_ref().iter().map(move |value| Member { value: *value, group })
        })
        .collect();
    all.sort_by(|x, y| x.value.total_cmp(&y.value));
    let mut below = vec![0.0; groups.len()];
    let (mut j, mut ties) = (0.0, Vec::new());
    for tied in all.chunk_by(|x, y| x.value >= y.value) {
        let mut equal = vec![0.0; groups.len()];
        tied.iter().for_each(|member| equal[member.group] += 1.0);
        j += risen(&below, &equal);
        below.iter_mut().zip(&equal).for_each(|(count, own)| *count += own);
        ties.push(tied.len() as f64);
    }
    if ties.len() == 1 {
        return Err(StatsError::Constant);
    }
    let n = all.len() as f64;
    let mean = (n * n - over(&below, |size| size * size)) / 4.0;
    Trend::new(j, mean, variance(n, &below, &ties))
}

struct Member {
    value: f64,
    group: usize,
}

/// Returns how many earlier groups' values lie below the tied ones, ties counting half.
fn risen(below: &[f64], equal: &[f64]) -> f64 {
    let (mut before, mut count) = (0.0, 0.0);
    for (own_below, own_equal) in below.iter().zip(equal) {
        count += own_equal * before;
        before += own_below + own_equal / 2.0;
    }
    count
}

fn over(sizes: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    sizes.iter().map(|size| f(*size)).sum()
}

fn variance(n: f64, sizes: &[f64], ties: &[f64]) -> f64 {
    let s = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let q = |n: f64| n * (n - 1.0) * (n - 2.0);
    let p = |n: f64| n * (n - 1.0);
    let triples = over(sizes, q) * over(ties, q);
    let third = if triples > 0.0 { triples / (36.0 * q(n)) } else { 0.0 };
    (s(n) - over(sizes, s) - over(ties, s)) / 72.0
        + third
        + over(sizes, p) * over(ties, p) / (8.0 * p(n))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn mean_and_variance_are_those_of_all_arrangements() {
        // All 7! orders of [1, 2, 2, 3, 3, 3, 5] in groups of 2, 2 and 3.
        let pool = [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 5.0];
        let (mut count, mut total, mut squares) = (0.0, 0.0, 0.0);
        visit(&mut pool.to_vec(), 0, &mut |order| {
            let j =
                jonckheere(&[&order[..2], &order[2..4], &order[4..]]).unwrap().statistic;
            count += 1.0;
            total += j;
            squares += j * j;
        });
        let mean: f64 = total / count;
        assert_relative_eq!(mean, (49.0 - 17.0) / 4.0, max_relative = 1e-12);
        let want = variance(7.0, &[2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 1.0]);
        assert_relative_eq!(squares / count - mean * mean, want, max_relative = 1e-10);
    }

    fn visit(values: &mut Vec<f64>, from: usize, see: &mut impl FnMut(&[f64])) {
        if from == values.len() {
            see(values);
        }
        for i in from..values.len() {
            values.swap(from, i);
            visit(values, from + 1, see);
            values.swap(from, i);
        }
    }

    #[test]
    fn turning_the_order_of_the_groups_turns_the_sign() {
        let up = [vec![1.0, 2.0], vec![2.0, 4.0, 3.0], vec![5.0, 4.5]];
        let down = [up[2].clone(), up[1].clone(), up[0].clone()];
        let (up, down) = (jonckheere(&up).unwrap(), jonckheere(&down).unwrap());
        assert_eq!(up.z, -down.z);
        assert_eq!(up.tails.greater, down.tails.less);
        assert!(up.z > 0.0 && up.statistic == 15.5);
    }

    #[test]
    fn equal_values_have_no_trend_to_test() {
        assert_eq!(jonckheere(&[[1.0], [1.0]]), Err(StatsError::Constant));
        assert!(jonckheere(&[[1.0], [2.0]]).unwrap().z > 0.0);
        assert!(jonckheere(&[[1.0, 2.0]]).is_err());
    }
}
