//! The Jonckheere-Terpstra test of a trend over ordered groups.

use serde::Serialize;

use super::sums::groups_of;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::Normal;
use crate::stats::outcome::Tails;

/// Up to this many values without ties the exact distribution is computed.
const EXACT_VALUES: usize = 100;

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

/// The outcome of a test of a trend in ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankTrend {
    /// The statistic and its normal approximation.
    pub trend: Trend,
    /// The exact tails, where there are no ties and not too many values.
    pub exact: Option<Tails>,
}

/// Returns both tails of a distribution at one of its values, numbered from the smallest.
pub(super) fn tails_at(probabilities: &[f64], place: f64) -> Tails {
    let side = |keep: &dyn Fn(f64) -> bool| {
        let kept = probabilities.iter().enumerate().filter(|(i, _)| keep(*i as f64));
        sum(kept.map(|(_, p)| *p)).min(1.0)
    };
    Tails { greater: side(&|i| i > place - 0.5), less: side(&|i| i < place + 0.5) }
}

/// Returns the distribution of the sum of two independent whole numbers.
pub(super) fn convolved(left: &[f64], right: &[f64]) -> Vec<f64> {
    let mut result = vec![0.0; (left.len() + right.len()).saturating_sub(1)];
    for (i, p) in left.iter().enumerate() {
        result[i..].iter_mut().zip(right).for_each(|(total, q)| *total += p * q);
    }
    result
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
/// `t` are the sizes of ties among all values. No continuity correction. Exact, for up to 100
/// values without ties: `J` is a sum of independent Mann-Whitney counts, of each group against
/// all before it.
///
/// # Shapes and units
///
/// At least two groups in their expected order, each of at least one value; only the order of
/// the values counts.
///
/// # Numerics
///
/// Counted by sorting, in `N log N` steps. Exact tails are sums of positive numbers, so they
/// keep their digits.
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
pub fn jonckheere<G: AsRef<[f64]>>(groups: &[G]) -> Result<RankTrend, StatsError> {
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
    let trend = Trend::new(j, mean, variance(n, &below, &ties))?;
    let untied = ties.len() == all.len() && all.len() <= EXACT_VALUES;
    let sizes = groups.iter().map(|group| group.as_ref().len());
    let exact = untied.then(|| tails_at(&distribution(sizes), j));
    Ok(RankTrend { trend, exact })
}

/// Returns the distribution of `J` without ties.
fn distribution(sizes: impl Iterator<Item = usize>) -> Vec<f64> {
    let (mut before, mut all) = (0, vec![1.0]);
    for size in sizes {
        all = convolved(&all, &mann_whitney(before, size));
        before += size;
    }
    all
}

/// Returns the distribution of the Mann-Whitney count of samples of these sizes.
///
/// # Source
///
/// H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18(1), 1947, 50–60.
fn mann_whitney(m: usize, n: usize) -> Vec<f64> {
    // The largest of all values is in the first sample, or in the second and above all of
    // the first; row by row for the size of the first.
    let mut row = vec![vec![1.0]; n + 1];
    for i in 1..=m {
        let mut next: Vec<Vec<f64>> = vec![vec![1.0]];
        for (j, shorter) in row.iter().enumerate().skip(1) {
            let all = (i + j) as f64;
            let mut counts = vec![0.0; i * j + 1];
            counts.iter_mut().zip(shorter).for_each(|(c, p)| *c += i as f64 / all * p);
            let raised = counts[i..].iter_mut().zip(&next[j - 1]);
            raised.for_each(|(c, p)| *c += j as f64 / all * p);
            next.push(counts);
        }
        row = next;
    }
    row.pop().unwrap_or_default()
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
            let j = jonckheere(&[&order[..2], &order[2..4], &order[4..]])
                .unwrap()
                .trend
                .statistic;
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
    fn exact_tails_are_those_of_all_arrangements() {
        let pool = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let groups = [vec![2.0], vec![1.0, 5.0], vec![3.0, 4.0, 6.0]];
        let observed = jonckheere(&groups).unwrap();
        let (mut count, mut above, mut below) = (0.0, 0.0, 0.0);
        visit(&mut pool.to_vec(), 0, &mut |order| {
            let test = jonckheere(&[&order[..1], &order[1..3], &order[3..]]).unwrap();
            let gap = test.trend.statistic - observed.trend.statistic;
            count += 1.0;
            above += f64::from(u8::from(gap >= 0.0));
            below += f64::from(u8::from(gap <= 0.0));
        });
        let exact = observed.exact.unwrap();
        assert_relative_eq!(exact.greater, above / count, max_relative = 1e-13);
        assert_relative_eq!(exact.less, below / count, max_relative = 1e-13);
    }

    #[test]
    fn a_far_exact_tail_keeps_its_digits() {
        // Fifty values below fifty others: one arrangement in C(100, 50).
        let low: Vec<f64> = (0..50).map(f64::from).collect();
        let high: Vec<f64> = (50..100).map(f64::from).collect();
        let exact = jonckheere(&[low.clone(), high]).unwrap().exact.unwrap();
        let ways = 1.008_913_445_455_642e29; // math.comb(100, 50)
        assert_relative_eq!(exact.greater, 1.0 / ways, max_relative = 1e-12);
        assert_eq!(jonckheere(&[low.clone(), low]).unwrap().exact, None);
    }

    #[test]
    fn turning_the_order_of_the_groups_turns_the_sign() {
        let up = [vec![1.0, 2.0], vec![2.0, 4.0, 3.0], vec![5.0, 4.5]];
        let down = [up[2].clone(), up[1].clone(), up[0].clone()];
        let (up, down) = (jonckheere(&up).unwrap(), jonckheere(&down).unwrap());
        let (up, down) = (up.trend, down.trend);
        assert_eq!(up.z, -down.z);
        assert_eq!(up.tails.greater, down.tails.less);
        assert!(up.z > 0.0 && up.statistic == 15.5);
    }

    #[test]
    fn equal_values_have_no_trend_to_test() {
        assert_eq!(jonckheere(&[[1.0], [1.0]]), Err(StatsError::Constant));
        assert!(jonckheere(&[[1.0], [2.0]]).unwrap().trend.z > 0.0);
        assert!(jonckheere(&[[1.0, 2.0]]).is_err());
    }
}
