//! Very many random numbers: a fast generator, keyed like every other, and indices by batch.

use rayon::prelude::*;

use super::plan::{Bits, Resampling};
use crate::base::Stream;

/// So many resamples share a stream; part of what a seed means, so never changed.
const BLOCK: usize = 128;

/// Work, in draws, below which waking other threads costs more than it saves.
const LITTLE: usize = 400_000;

/// A generator for bulk draws, seeded from a keyed stream.
///
/// # Source
///
/// xoshiro256++: D. Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number
/// Generators", ACM Transactions on Mathematical Software 47(4), 2021, article 36.
#[derive(Debug, Clone)]
pub(super) struct Bulk([u64; 4]);

impl Bulk {
    pub(super) fn new(mut stream: Stream) -> Self {
        let mut state = [0; 4];
        state.fill_with(|| stream.bits());
        // All zeros is the one state that stays; no key leads there but by a chance of 2⁻²⁵⁶.
        state[0] |= u64::from(state == [0; 4]);
        Self(state)
    }
}

impl Bits for Bulk {
    #[inline]
    fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let drawn = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        drawn
    }
}

/// Indices below a bound, several from each 64 bits, without bias.
///
/// The digits of `bits · boundᵏ / 2⁶⁴` in base `bound` are `k` indices; a last remainder below
/// `2⁶⁴ mod boundᵏ` is drawn anew.
///
/// # Source
///
/// N. Brackett-Rozinsky and D. Lemire, "Batched Ranged Random Integer Generation",
/// arXiv:2408.06213, 2024.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indices {
    bound: u64,
    /// How many one draw gives.
    pub(super) batch: usize,
    floor: u64,
}

impl Indices {
    /// The most that one draw gives.
    pub(super) const MOST: usize = 8;

    /// Indices in `0..bound`; a bound of 0 counts as 1.
    pub(super) fn below(bound: usize) -> Self {
        let bound = bound.max(1) as u64;
        // Fewer than one draw in 256 is repeated.
        let (mut batch, mut all) = (1, bound);
        while batch < Self::MOST && all.checked_mul(bound).is_some_and(|x| x < 1 << 56) {
            all *= bound;
            batch += 1;
        }
        Self { bound, batch, floor: all.wrapping_neg() % all }
    }

    /// Indices in `0..bound`, drawn one by one.
    pub(super) fn single(bound: usize) -> Self {
        let bound = bound.max(1) as u64;
        Self { bound, batch: 1, floor: bound.wrapping_neg() % bound }
    }

    /// Draws `K` indices, where `K` is the batch.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
    pub(super) fn draw<const K: usize>(&self, bits: &mut Bulk) -> [usize; K] {
        loop {
            let mut rest = bits.bits();
            let mut drawn = [0; K];
            for place in &mut drawn {
                let product = u128::from(rest) * u128::from(self.bound);
                rest = product as u64;
                *place = (product >> 64) as usize;
            }
            if rest >= self.floor {
                return drawn;
            }
        }
    }

    /// Draws `times` indices, `K` at a time, and hands each over with its place in its batch.
    #[inline]
    fn each<const K: usize>(
        &self,
        times: usize,
        bits: &mut Bulk,
        mut each: impl FnMut(usize, usize),
    ) {
        for _ in 0..times / K {
            for (lane, place) in self.draw::<K>(bits).into_iter().enumerate() {
                each(lane, place);
            }
        }
        let rest = times % K;
        if rest > 0 {
            for (lane, place) in self.draw::<K>(bits).into_iter().enumerate().take(rest) {
                each(lane, place);
            }
        }
    }

    /// Draws `times` indices; a place in a batch has sums of its own, so that they can be
    /// added up side by side.
    #[inline]
    pub(super) fn for_each(
        &self,
        times: usize,
        bits: &mut Bulk,
        each: impl FnMut(usize, usize),
    ) {
        match self.batch {
            1 => self.each::<1>(times, bits, each),
            2 => self.each::<2>(times, bits, each),
            3 => self.each::<3>(times, bits, each),
            4 => self.each::<4>(times, bits, each),
            5 => self.each::<5>(times, bits, each),
            6 => self.each::<6>(times, bits, each),
            7 => self.each::<7>(times, bits, each),
            _ => self.each::<8>(times, bits, each),
        }
    }
}

impl Resampling {
    /// Carries out every resample, a block of them on each stream, with scratch space made
    /// once for each thread; `work` is about how many draws one takes.
    pub(super) fn blocks<S, R: Copy + Send>(
        &self,
        purpose: &str,
        (work, empty): (usize, R),
        scratch: impl Fn() -> S + Sync + Send,
        one: impl Fn(&mut S, &mut Bulk) -> R + Sync + Send,
    ) -> Vec<R> {
        let mut results = vec![empty; self.resamples];
        let fill = |space: &mut S, number: usize, block: &mut [R]| {
            let number = (number as u64).to_le_bytes();
            let parts = [self.name.as_bytes(), number.as_slice()];
            let mut bits = Bulk::new(Stream::keyed(self.seed, purpose, &parts));
            for result in block {
                *result = one(space, &mut bits);
            }
        };
        if work.saturating_mul(self.resamples) < LITTLE {
            let mut space = scratch();
            for (number, block) in results.chunks_mut(BLOCK).enumerate() {
                fill(&mut space, number, block);
            }
        } else {
            results.par_chunks_mut(BLOCK).enumerate().for_each_init(
                scratch,
                |space, (number, block)| {
                    fill(space, number, block);
                },
            );
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk() -> Bulk {
        Bulk::new(Stream::new(5, "test"))
    }

    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        // The first words of the state 1, 2, 3, 4, as the test vectors of rand_xoshiro and of
        // the authors' C code have them.
        let mut bits = Bulk([1, 2, 3, 4]);
        let drawn: Vec<u64> = (0..4).map(|_| bits.bits()).collect();
        assert_eq!(
            drawn,
            [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]
        );
    }

    #[test]
    fn batches_of_indices_are_uniform_in_every_place() {
        for bound in [1, 2, 3, 7, 100, 1_000, 70_000] {
            let indices = Indices::below(bound);
            let (mut sums, mut counts) =
                ([0.0_f64; Indices::MOST], [0_u32; Indices::MOST]);
            indices.for_each(80_000, &mut bulk(), |lane, place| {
                assert!(place < bound);
                sums[lane] += place as f64;
                counts[lane] += 1;
            });
            assert_eq!(counts.iter().sum::<u32>(), 80_000);
            for (sum, count) in sums.iter().zip(counts).take(indices.batch) {
                let n = f64::from(count);
                let centre = (bound as f64 - 1.0) / 2.0;
                let error = ((bound as f64).powi(2) / 12.0 / n).sqrt();
                assert!(
                    (sum / n - centre).abs() <= 5.0 * error,
                    "{bound}: {sum} {count}"
                );
            }
        }
    }

    #[test]
    fn a_bound_of_seven_gives_each_index_equally_often() {
        let mut counts = [0_u32; 7];
        Indices::below(7).for_each(70_000, &mut bulk(), |_, place| counts[place] += 1);
        // Binomial: 10,000 ± 5 standard deviations of 93.
        assert!(counts.iter().all(|n| (9_535..=10_465).contains(n)), "{counts:?}");
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let plan = Resampling { resamples: 5_000, seed: 3, name: "h".to_owned() };
        let draw = || plan.blocks("test", (1_000, 0), || (), |(), bits| bits.bits());
        let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        let one = pool(1).install(draw);
        assert_eq!(one, pool(2).install(draw));
        assert_eq!(one, pool(3).install(draw));
        let serial = plan.blocks("test", (1, 0), || (), |(), bits| bits.bits());
        assert_eq!(one, serial);
    }
}
