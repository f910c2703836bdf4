//! Permutation tests of a difference of means, by sums of bits looked up in tables.

use super::bulk::{Bulk, Indices};
use super::plan::{Bits, Resampling};
use crate::stats::StatsError;
use crate::stats::describe::{mean, sum};
use crate::stats::mean::differences;
use crate::stats::outcome::{Tails, enough, finite};

/// Up to so many arrangements all are visited.
const EXACT: u64 = 1 << 20;

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

fn largest(values: &[f64]) -> f64 {
    let most = values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if most > 0.0 { most } else { 1.0 }
}

/// Counts the totals of all arrangements, the one observed among them.
fn counted(totals: impl Iterator<Item = f64>, observed: f64, slack: f64) -> Tails {
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
fn shares(totals: &[f64], observed: f64, slack: f64) -> Tails {
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
struct BitSums {
    tables: Vec<[f64; 256]>,
}

impl BitSums {
    /// Takes what a value is worth when its bit is set, and when it is not.
    fn new(values: &[f64], worth: impl Fn(f64, bool) -> f64) -> Self {
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
    fn of(&self, words: impl Iterator<Item = u64>) -> f64 {
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

/// All values of two samples, the first sample's size, and what is summed of its members.
struct Split {
    /// Around their mean, in the largest.
    values: Vec<f64>,
    first: usize,
    observed: f64,
    slack: f64,
}

impl Split {
    fn new(xs: &[f64], ys: &[f64]) -> Self {
        let mut values: Vec<f64> = xs.iter().chain(ys).copied().collect();
        let centre = mean(&values).unwrap_or_default();
        values.iter_mut().for_each(|x| *x -= centre);
        let scale = largest(&values);
        values.iter_mut().for_each(|x| *x /= scale);
        let observed = sum(values[..xs.len()].iter().copied());
        let slack = 1e-12 * values.iter().map(|x| x.abs()).sum::<f64>();
        Self { values, first: xs.len(), observed, slack }
    }

    /// Returns the number of splits, at most one more than [`EXACT`].
    fn arrangements(&self) -> u64 {
        let n = self.values.len() as u64;
        let few = self.first.min(self.values.len() - self.first) as u64;
        let mut count = 1_u64;
        for k in 1..=few {
            count = count * (n - few + k) / k;
            if count > EXACT {
                return EXACT + 1;
            }
        }
        count
    }

    /// Visits all splits: every set of members of the smaller sample, as ascending places.
    /// Each sum is added up anew: a running one would gather rounding errors.
    fn every(&self) -> Tails {
        let n = self.values.len();
        let swap = self.first > n - self.first;
        let few = self.first.min(n - self.first);
        // The members of one sample decide: their sum and the other's add up to the whole.
        let whole = sum(self.values.iter().copied());
        let mut members: Vec<usize> = Vec::new();
        let next = || {
            if members.is_empty() {
                members = (0..few).collect();
            } else {
                let at = (0..few).rev().find(|at| members[*at] < n - few + at)?;
                members[at] += 1;
                for next in at + 1..few {
                    members[next] = members[next - 1] + 1;
                }
            }
            let part = members.iter().map(|at| self.values[*at]).sum::<f64>();
            Some(if swap { whole - part } else { part })
        };
        counted(std::iter::from_fn(next), self.observed, self.slack)
    }

    /// Draws the sums of the first sample's members.
    fn random(&self, plan: &Resampling) -> Vec<f64> {
        let n = self.values.len();
        let sums = BitSums::new(&self.values, |x, kept| if kept { x } else { 0.0 });
        let coin = Coin::new(self.first, n);
        let places = Indices::single(n);
        plan.blocks(
            "permutation",
            (n / 4, 0.0),
            Vec::new,
            |words: &mut Vec<u64>, bits| {
                words.clear();
                words.extend((0..n.div_ceil(64)).map(|_| coin.toss(bits)));
                if let Some(last) = words.last_mut().filter(|_| !n.is_multiple_of(64)) {
                    *last &= (1 << (n % 64)) - 1;
                }
                self.bring_to_size(words, &places, bits);
                sums.of(words.iter().copied())
            },
        )
    }

    /// Moves random members in or out until the set has its size. Given its size a set of
    /// independent members is uniform, and stays so.
    fn bring_to_size(&self, words: &mut [u64], places: &Indices, bits: &mut Bulk) {
        let mut size = words.iter().map(|word| word.count_ones() as usize).sum::<usize>();
        let wanted = u64::from(size > self.first);
        while size != self.first {
            let [at] = places.draw::<1>(bits);
            if words[at / 64] >> (at % 64) & 1 == wanted {
                words[at / 64] ^= 1 << (at % 64);
                if wanted == 1 {
                    size -= 1;
                } else {
                    size += 1;
                }
            }
        }
    }

    fn tails(&self, totals: &[f64]) -> Tails {
        shares(totals, self.observed, self.slack)
    }
}

/// Words whose bits are set with nearly a given probability, a multiple of a power of a half.
#[derive(Debug, Clone, Copy)]
struct Coin {
    /// The binary digits of the probability, the last first, after the last 1.
    digits: u32,
    count: u32,
}

impl Coin {
    /// The most words that a word takes.
    const MOST: u32 = 8;

    /// Takes as few words as bring the expected size within half its standard deviation.
    #[expect(clippy::cast_possible_truncation, reason = "at most 2⁸")]
    #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
    fn new(first: usize, all: usize) -> Self {
        let (n, share) = (all as f64, first as f64 / all as f64);
        let near = 0.5 * (n * share * (1.0 - share)).sqrt();
        let digits = |count: u32| (share * 2_f64.powf(f64::from(count))).round() as u32;
        let off = |count: u32| {
            let got = f64::from(digits(count)) / 2_f64.powf(f64::from(count));
            n * (got - share).abs()
        };
        let count =
            (1..Self::MOST).find(|count| off(*count) <= near).unwrap_or(Self::MOST);
        Self { digits: digits(count), count }
    }

    /// Draws 64 tosses: a digit 1 lets either of two be set, a digit 0 wants both.
    fn toss(self, bits: &mut Bulk) -> u64 {
        if self.digits >> self.count == 1 {
            return u64::MAX;
        }
        (0..self.count).fold(0, |word, digit| {
            if self.digits >> digit & 1 == 1 {
                word | bits.bits()
            } else {
                word & bits.bits()
            }
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::base::Stream;

    fn plan(resamples: usize) -> Resampling {
        Resampling { resamples, seed: 6, name: "test".to_owned() }
    }

    fn values(n: u32, step: u32) -> Vec<f64> {
        (0..n).map(|i| f64::from(i * step % 97) / 8.0).collect()
    }

    #[test]
    fn random_splits_come_close_to_all_splits() {
        for (n, m) in [(9, 9), (3, 60), (60, 3), (8, 10)] {
            let (xs, ys) = (values(n, 31), values(m, 17));
            let split = Split::new(&xs, &ys);
            assert!(split.arrangements() <= EXACT);
            let exact = split.every();
            let near = split.tails(&split.random(&plan(40_000)));
            // Five standard errors of 40,000 draws.
            assert!((exact.greater - near.greater).abs() < 0.0125, "{exact:?} {near:?}");
            assert!((exact.less - near.less).abs() < 0.0125, "{exact:?} {near:?}");
        }
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
    fn every_split_has_its_size_and_every_member_its_share() {
        for (first, all) in [(1, 300), (100, 300), (150, 300), (299, 300), (37, 65)] {
            let xs = vec![0.0; first];
            let split = Split::new(&xs, &vec![0.0; all - first]);
            let (coin, places) = (Coin::new(first, all), Indices::single(all));
            let mut bits = Bulk::new(Stream::new(1, "split"));
            let mut counts = vec![0_u32; all];
            for _ in 0..4_000 {
                let mut words: Vec<u64> =
                    (0..all.div_ceil(64)).map(|_| coin.toss(&mut bits)).collect();
                if let Some(last) = words.last_mut().filter(|_| !all.is_multiple_of(64)) {
                    *last &= (1 << (all % 64)) - 1;
                }
                split.bring_to_size(&mut words, &places, &mut bits);
                let set = |at: &usize| words[at / 64] >> (at % 64) & 1 == 1;
                let members: Vec<usize> = (0..all).filter(set).collect();
                assert_eq!(members.len(), first);
                members.iter().for_each(|at| counts[*at] += 1);
            }
            let share = first as f64 / all as f64;
            let error = (share * (1.0 - share) / 4_000.0).sqrt();
            for count in counts {
                // Five standard errors, and one count for the smallest share.
                let off = (f64::from(count) / 4_000.0 - share).abs();
                assert!(off < 5.0 * error + 1.0 / 4_000.0, "{first} of {all}: {count}");
            }
        }
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
