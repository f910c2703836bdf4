//! Splits of two samples' values, all of them or random ones.

use super::bulk::{Bulk, Indices};
use super::permutation::{BitSums, EXACT, counted, largest, shares};
use super::plan::{Bits, Resampling};
use crate::stats::describe::{mean, sum};
use crate::stats::outcome::Tails;

/// All values of two samples, the first sample's size, and what is summed of its members.
pub(super) struct Split {
    /// Around their mean, in the largest.
    values: Vec<f64>,
    first: usize,
    observed: f64,
    slack: f64,
}

impl Split {
    pub(super) fn new(xs: &[f64], ys: &[f64]) -> Self {
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
    pub(super) fn arrangements(&self) -> u64 {
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
    pub(super) fn every(&self) -> Tails {
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
    pub(super) fn random(&self, plan: &Resampling) -> Vec<f64> {
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

    pub(super) fn tails(&self, totals: &[f64]) -> Tails {
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
}
