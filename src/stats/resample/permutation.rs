//! Permutation tests of a difference of means, by sums of bits looked up in tables.

use super::plan::{Bits, Resampling};
use super::split::Split;
use crate::stats::StatsError;
use crate::stats::describe::{mean, sum};
use crate::stats::mean::differences;
use crate::stats::outcome::{Tails, enough, finite};

/// Up to so many arrangements all are visited.
pub(super) const EXACT: u64 = 1 << 20;

/// Up to this many pairs that differ, all patterns of signs are visited.
const EXACT_PAIRS: usize = 20;

/// The outcome of a permutation test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Permutation {
    /// The mean of the first minus the mean of the second, in their unit.
    pub difference: f64,
    /// Both one-sided p; two-sided is twice the smaller.
    pub tails: Tails,
    /// Whether every arrangement was visited.
    pub exact: bool,
    /// How many arrangements the p stands for: all there are, or those drawn.
    pub arrangements: u64,
}

/// Tests whether two independent samples differ in their means, by exchanging their members.
///
/// # Formula
///
/// ```text
/// D = x̄ − ȳ,  D* the same of a random split of all values into n and m
/// greater = P(D* ≥ D),  less = P(D* ≤ D)
/// ```
///
/// Over all `C(n + m, n)` splits when there are at most 2²⁰; else over `B` random ones, with
/// one added to both counts for the split observed.
///
/// # Shapes and units
///
/// At least one finite value in each sample and two in all; order does not matter.
///
/// # Numerics
///
/// Differences within 1e-12 of one another (relative to the sum of sizes) are ties. A random
/// split is a word of random bits for 64 values, brought to size by moving random members; the
/// sum of its values is looked up, eight of them at a time. The result depends on seed and
/// name alone, not on threads.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`.
///
/// # Source
///
/// E. J. G. Pitman, Supplement to the Journal of the Royal Statistical Society 4(1), 1937,
/// 119–130; B. Phipson and G. K. Smyth, Statistical Applications in Genetics and Molecular
/// Biology 9(1), 2010, article 39.
///
/// # Example
///
/// ```
/// use crucible::stats::{Resampling, permute_groups};
/// let test = permute_groups(&[3.0, 4.0], &[1.0, 2.0], &Resampling::new(1, "h"))?;
/// // One split of six is as far up.
/// assert_eq!(test.tails.greater, 1.0 / 6.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn permute_groups(
    xs: &[f64],
    ys: &[f64],
    plan: &Resampling,
) -> Result<Permutation, StatsError> {
    finite(xs)?;
    finite(ys)?;
    let difference = mean(xs)? - mean(ys)?;
    enough(xs.len() + ys.len(), 2)?;
    let split = Split::new(xs, ys);
    let all = split.arrangements();
    if all <= EXACT {
        let tails = split.every();
        return Ok(Permutation { difference, tails, exact: true, arrangements: all });
    }
    let tails = split.tails(&split.random(plan));
    let arrangements = plan.resamples as u64;
    Ok(Permutation { difference, tails, exact: false, arrangements })
}

/// Tests whether the means of pairs differ, by exchanging the members of pairs.
///
/// # Formula
///
/// ```text
/// dᵢ = xᵢ − yᵢ,  T = Σ dᵢ,  T* = Σ ±dᵢ
/// greater = P(T* ≥ T),  less = P(T* ≤ T)
/// ```
///
/// Over all patterns of signs when at most 20 pairs differ; else over `B` random ones, with
/// one added to both counts for the pattern observed.
///
/// # Shapes and units
///
/// At least one pair of finite values; both samples in one unit.
///
/// # Numerics
///
/// As [`permute_groups`]; without a difference at all both p are 1.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `LengthMismatch`.
///
/// # Source
///
/// R. A. Fisher, The Design of Experiments, 1935, section 21; B. Phipson and G. K. Smyth,
/// Statistical Applications in Genetics and Molecular Biology 9(1), 2010, article 39.
pub fn permute_pairs(
    xs: &[f64],
    ys: &[f64],
    plan: &Resampling,
) -> Result<Permutation, StatsError> {
    let mut gaps = differences(xs, ys)?;
    let difference = mean(&gaps)?;
    gaps.retain(|gap| *gap != 0.0);
    let scale = largest(&gaps);
    gaps.iter_mut().for_each(|gap| *gap /= scale);
    let sums = BitSums::new(&gaps, |gap, kept| if kept { gap } else { -gap });
    let observed = sum(gaps.iter().copied());
    let slack = 1e-12 * gaps.iter().map(|gap| gap.abs()).sum::<f64>();
    if gaps.len() <= EXACT_PAIRS {
        let totals =
            (0..1_u64 << gaps.len()).map(|signs| sums.of(std::iter::once(signs)));
        // Exchanging equal members doubles the patterns and changes no share.
        let arrangements =
            u32::try_from(xs.len()).ok().and_then(|n| 1_u64.checked_shl(n));
        return Ok(Permutation {
            difference,
            tails: counted(totals, observed, slack),
            exact: true,
            arrangements: arrangements.unwrap_or(u64::MAX),
        });
    }
    let work = gaps.len().div_ceil(8);
    let totals = plan.blocks(
        "sign flips of pairs",
        (work, 0.0),
        || (),
        |(), bits| sums.of((0..gaps.len().div_ceil(64)).map(|_| bits.bits())),
    );
    let tails = shares(&totals, observed, slack);
    let arrangements = plan.resamples as u64;
    Ok(Permutation { difference, tails, exact: false, arrangements })
}

pub(super) fn largest(values: &[f64]) -> f64 {
    let most = values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if most > 0.0 { most } else { 1.0 }
}

/// Counts the totals of all arrangements, the one observed among them.
pub(super) fn counted(
    totals: impl Iterator<Item = f64>,
    observed: f64,
    slack: f64,
) -> Tails {
    let (mut greater, mut less, mut all) = (0_u64, 0_u64, 0_u64);
    for total in totals {
        greater += u64::from(total >= observed - slack);
        less += u64::from(total <= observed + slack);
        all += 1;
    }
    let share = |count: u64| count as f64 / all as f64;
    Tails { greater: share(greater), less: share(less) }
}

/// Counts random totals, and the one observed, beyond it on either side.
pub(super) fn shares(totals: &[f64], observed: f64, slack: f64) -> Tails {
    let share = |count: usize| (count as f64 + 1.0) / (totals.len() as f64 + 1.0);
    Tails {
        greater: share(totals.iter().filter(|t| **t >= observed - slack).count()),
        less: share(totals.iter().filter(|t| **t <= observed + slack).count()),
    }
}

/// Sums over sets of values that are given as bits: the set bits of a chunk of eight values
/// look its sum up.
///
/// # Source
///
/// V. L. Arlazarov, E. A. Dinic, M. A. Kronrod and I. A. Faradzev, Doklady Akademii Nauk SSSR
/// 194, 1970, 487–488.
pub(super) struct BitSums {
    tables: Vec<[f64; 256]>,
}

impl BitSums {
    /// Takes what a value is worth when its bit is set, and when it is not.
    pub(super) fn new(values: &[f64], worth: impl Fn(f64, bool) -> f64) -> Self {
        let table = |chunk: &[f64]| {
            let mut table = [0.0; 256];
            for (pattern, total) in table.iter_mut().enumerate() {
                *total = chunk
                    .iter()
                    .enumerate()
                    .map(|(at, x)| worth(*x, pattern >> at & 1 == 1))
                    .sum();
            }
            table
        };
        Self { tables: values.chunks(8).map(table).collect() }
    }

    /// Returns the sum of words of 64 bits.
    pub(super) fn of(&self, words: impl Iterator<Item = u64>) -> f64 {
        let mut sums = [0.0; 8];
        for (tables, word) in self.tables.chunks(8).zip(words) {
            let bytes = word.to_le_bytes();
            for ((sum, table), byte) in sums.iter_mut().zip(tables).zip(bytes) {
                *sum += table[usize::from(byte)];
            }
        }
        sums.iter().sum()
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn plan(resamples: usize) -> Resampling {
        Resampling { resamples, seed: 6, name: "test".to_owned() }
    }

    fn values(n: u32, step: u32) -> Vec<f64> {
        (0..n).map(|i| f64::from(i * step % 97) / 8.0).collect()
    }

    #[test]
    fn swapping_the_samples_swaps_the_tails() {
        let (xs, ys) = (values(7, 31), values(9, 17));
        let one = permute_groups(&xs, &ys, &plan(1)).unwrap();
        let two = permute_groups(&ys, &xs, &plan(1)).unwrap();
        assert!(one.exact && two.exact);
        assert_eq!(one.difference, -two.difference);
        assert_eq!(one.tails.greater, two.tails.less);
        assert_eq!(one.tails.less, two.tails.greater);
    }

    #[test]
    fn a_common_offset_and_scale_change_no_p() {
        let (xs, ys) = (values(40, 31), values(50, 17));
        let moved = |of: &[f64]| of.iter().map(|x| 1e9 + 4.0 * x).collect::<Vec<_>>();
        let one = permute_groups(&xs, &ys, &plan(2_000)).unwrap();
        let two = permute_groups(&moved(&xs), &moved(&ys), &plan(2_000)).unwrap();
        assert_eq!(one.tails, two.tails);
        let one = permute_pairs(&xs, &ys[..40], &plan(2_000)).unwrap();
        let two = permute_pairs(&moved(&xs), &moved(&ys[..40]), &plan(2_000)).unwrap();
        assert_eq!(one.tails, two.tails);
        assert!(!two.exact);
    }

    #[test]
    fn random_signs_of_pairs_come_close_to_the_exact_answer() {
        // Binary differences: the exact test is a binomial one.
        let xs: Vec<f64> = (0..140).map(|i| if i < 77 { 1.0 } else { 0.0 }).collect();
        let ys: Vec<f64> = xs.iter().map(|x| 1.0 - x).collect();
        let test = permute_pairs(&xs, &ys, &plan(40_000)).unwrap();
        let exact = crate::stats::binomial_tails(77, 140, 0.5).unwrap();
        assert!((test.tails.greater - exact.greater).abs() < 0.0125, "{test:?}");
        assert!((test.tails.less - exact.less).abs() < 0.0125, "{test:?}");
        assert!(!test.exact);
    }

    #[test]
    fn equal_data_have_a_p_of_one_and_wrong_shapes_are_refused() {
        let same = permute_pairs(&[1.0, 2.0], &[1.0, 2.0], &plan(9)).unwrap();
        assert_eq!(same.tails.two_sided(), 1.0);
        let flat = permute_groups(&[2.0; 400], &[2.0; 300], &plan(9)).unwrap();
        assert_eq!(flat.tails, Tails { greater: 1.0, less: 1.0 });
        assert_eq!(permute_groups(&[], &[1.0], &plan(9)), Err(StatsError::Empty));
        assert!(permute_groups(&[1.0], &[f64::NAN], &plan(9)).is_err());
        assert!(permute_pairs(&[1.0], &[1.0, 2.0], &plan(9)).is_err());
        let huge = permute_groups(&[1e308; 30], &[-1e308; 30], &plan(99)).unwrap();
        assert_eq!(huge.tails.greater, 0.01);
    }
}
