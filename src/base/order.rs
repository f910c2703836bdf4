//! Keyed permutations of `0..size` that are worked out element by element, and the order of
//! an experiment's items.

use crate::base::stream::Stream;

/// A keyed permutation of the numbers below a size.
///
/// A balanced Feistel network over the next power of four, walked until it falls below the
/// size. The round function is the finaliser of `SplitMix64`, which is no cipher: the order
/// has to look random to an experiment, not to an adversary.
///
/// # Source
///
/// J. Black and P. Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002,
/// LNCS 2271, 114–130 (cycle walking). G. L. Steele, D. Lea and C. H. Flood, "Fast
/// Splittable Pseudorandom Number Generators", OOPSLA 2014, figure 14 (the mixer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    size: u64,
    half: u32,
    key: u64,
}

/// Rounds of the network; with fewer, small sizes show a pattern.
const ROUNDS: u64 = 8;

impl Permutation {
    /// Returns the permutation of `0..size` under a key.
    #[must_use]
    pub fn new(size: u64, key: u64) -> Self {
        let bits = u64::BITS - size.saturating_sub(1).leading_zeros();
        // At least two bits a side: one bit knows too few permutations.
        Self { size, half: bits.div_ceil(2).max(2), key }
    }

    /// Returns where an index goes. An index that is not below the size stays.
    #[must_use]
    pub fn at(&self, index: u64) -> u64 {
        if index >= self.size {
            return index;
        }
        let mut walker = self.step(index);
        // The walk comes back to `index` at the latest, so it ends.
        while walker >= self.size {
            walker = self.step(walker);
        }
        walker
    }

    /// Returns which index goes there: the inverse of [`Permutation::at`].
    #[must_use]
    pub fn rank(&self, place: u64) -> u64 {
        if place >= self.size {
            return place;
        }
        let mut walker = self.step_back(place);
        while walker >= self.size {
            walker = self.step_back(walker);
        }
        walker
    }

    fn step_back(&self, value: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (value >> self.half, value & mask);
        for round in (0..ROUNDS).rev() {
            let mixed = mix(left ^ mix(self.key.wrapping_add(round))) & mask;
            (left, right) = (right ^ mixed, left);
        }
        (left << self.half) | right
    }

    fn step(&self, value: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (value >> self.half, value & mask);
        for round in 0..ROUNDS {
            let mixed = mix(right ^ mix(self.key.wrapping_add(round))) & mask;
            (left, right) = (right, left ^ mixed);
        }
        (left << self.half) | right
    }
}

/// The order in which an experiment's items are asked.
#[derive(Debug, Clone, Copy)]
pub struct ItemOrder {
    /// Takes a rank in the order to an item's index.
    pub items: Permutation,
    /// The key under which the trials of one item are shuffled.
    pub block_key: u64,
}

impl ItemOrder {
    /// Returns the order of so many items under a seed.
    #[must_use]
    pub fn new(seed: u64, items: u32) -> Self {
        let mut stream = Stream::new(seed, "order");
        let items = Permutation::new(u64::from(items), stream.bits());
        Self { items, block_key: stream.bits() }
    }
}

/// Mixes the bits of a word.
#[must_use]
pub fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_is_reached_once(size in 0_u64..3_000, key: u64) {
            let permutation = Permutation::new(size, key);
            let mut seen = vec![false; usize::try_from(size).unwrap()];
            for index in 0..size {
                let at = usize::try_from(permutation.at(index)).unwrap();
                prop_assert!(!std::mem::replace(&mut seen[at], true), "{at} came twice");
                prop_assert_eq!(permutation.rank(at as u64), index);
            }
        }
    }

    #[test]
    fn the_largest_sizes_do_not_overflow() {
        for size in [1_u64 << 40, u64::from(u32::MAX), (1 << 62) - 1] {
            let permutation = Permutation::new(size, 3);
            assert!([0, 1, size / 2, size - 1].iter().all(|&i| permutation.at(i) < size));
        }
    }

    #[test]
    fn each_place_is_equally_likely_over_the_keys() {
        for size in 2..=7_u64 {
            let mut counts = vec![0_u32; usize::try_from(size * size).unwrap()];
            let keys = 20_000;
            for key in 0..keys {
                let permutation = Permutation::new(size, mix(key));
                for index in 0..size {
                    let cell = index * size + permutation.at(index);
                    counts[usize::try_from(cell).unwrap()] += 1;
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let (n, p) = (keys as f64, 1.0 / size as f64);
            // Five standard deviations of a binomial count.
            let band = 5.0 * (n * p * (1.0 - p)).sqrt();
            for count in counts {
                assert!((f64::from(count) - n * p).abs() < band, "{size}: {count}");
            }
        }
    }
}
