//! Which values belong to the same independent unit.

use std::hash::{Hash, Hasher};

/// The independent units of a sample: each item its own, or items in clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    of: Vec<usize>,
    sizes: Vec<usize>,
}

impl Units {
    /// Returns `n` units of one value each.
    #[must_use]
    pub fn single(n: usize) -> Self {
        Self { of: (0..n).collect(), sizes: vec![1; n] }
    }

    /// Returns the units of values with these labels; equal labels are one unit.
    ///
    /// Units are numbered in the order in which their labels first appear.
    #[must_use]
    pub fn labelled<L: Ord + Hash>(labels: &[L]) -> Self {
        if labels.is_sorted() {
            return Self::ascending(labels);
        }
        let mut known = Known::new();
        let mut sizes = Vec::new();
        let of = labels
            .iter()
            .map(|label| {
                let unit = known.number(label);
                if unit == sizes.len() {
                    sizes.push(0);
                }
                sizes[unit] += 1;
                unit
            })
            .collect();
        Self { of, sizes }
    }

    /// Equal labels stand together: no table of them is needed.
    fn ascending<L: Ord>(labels: &[L]) -> Self {
        let (mut of, mut sizes) = (Vec::with_capacity(labels.len()), Vec::new());
        let mut before = None;
        for label in labels {
            if before != Some(label) {
                sizes.push(0);
                before = Some(label);
            }
            let unit = sizes.len() - 1;
            sizes[unit] += 1;
            of.push(unit);
        }
        Self { of, sizes }
    }

    /// Returns these units and so many more, of one value each.
    #[must_use]
    pub fn and_single(&self, more: usize) -> Self {
        let (mut of, mut sizes) = (self.of.clone(), self.sizes.clone());
        of.extend((0..more).map(|extra| self.sizes.len() + extra));
        sizes.extend(std::iter::repeat_n(1, more));
        Self { of, sizes }
    }

    /// Returns the number of units.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Returns the number of values.
    #[must_use]
    pub fn values(&self) -> usize {
        self.of.len()
    }

    /// Returns the unit of each value, numbered from 0.
    #[must_use]
    pub fn of(&self) -> &[usize] {
        &self.of
    }

    /// Returns the number of values of each unit.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Says whether each value is a unit of its own.
    #[must_use]
    pub fn all_single(&self) -> bool {
        self.sizes.len() == self.of.len()
    }
}

/// Labels in the order in which they first appeared, found by their hash.
struct Known<'a, L> {
    labels: Vec<&'a L>,
    /// At the place of a label's hash, or the next free one, its number and one; 0 is free.
    /// A power of two, at least twice as many as there are labels.
    slots: Vec<usize>,
}

impl<'a, L: Eq + Hash> Known<'a, L> {
    fn new() -> Self {
        Self { labels: Vec::new(), slots: vec![0; 16] }
    }

    /// Returns the number of a label, from 0; a new one gets the next.
    fn number(&mut self, label: &'a L) -> usize {
        let at = self.place(label);
        if let Some(number) = self.slots[at].checked_sub(1) {
            return number;
        }
        self.labels.push(label);
        self.slots[at] = self.labels.len();
        if 2 * self.labels.len() > self.slots.len() {
            self.grow();
        }
        self.labels.len() - 1
    }

    /// Returns the slot of a label, or the free one where it belongs.
    #[expect(clippy::cast_possible_truncation, reason = "cut to the number of slots")]
    fn place(&self, label: &L) -> usize {
        let last = self.slots.len() - 1;
        let mut hash = Folded::default();
        label.hash(&mut hash);
        let mut at = hash.finish() as usize & last;
        while let Some(number) = self.slots[at].checked_sub(1) {
            if self.labels[number] == label {
                break;
            }
            at = (at + 1) & last;
        }
        at
    }

    fn grow(&mut self) {
        self.slots = vec![0; 2 * self.slots.len()];
        for number in 0..self.labels.len() {
            let at = self.place(self.labels[number]);
            self.slots[at] = number + 1;
        }
    }
}

/// A hash of few steps for millions of labels; only equality of labels shows in the result.
///
/// Each word is multiplied to 128 bits, and the halves are folded together.
#[derive(Debug, Default)]
struct Folded(u64);

impl Folded {
    /// The golden ratio's digits: odd, with its bits well mixed.
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ Self::MIX) * u128::from(Self::MIX);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.fold(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.fold(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_numbered_as_they_appear() {
        let units = Units::labelled(&["b", "a", "b"]);
        assert_eq!(units.of(), [0, 1, 0]);
        assert_eq!(units.sizes(), [2, 1]);
        assert!(!units.all_single());
        assert_eq!(Units::labelled(&[3, 1, 2]), Units::single(3));
        let sorted = Units::labelled(&["a", "a", "b", "c", "c"]);
        assert_eq!((sorted.of(), sorted.sizes()), (&[0, 0, 1, 2, 2][..], &[2, 1, 2][..]));
        let texts: Vec<String> =
            (0..5_000).map(|i| format!("item {}", i * 7 % 997)).collect();
        let (units, numbers) = (Units::labelled(&texts), (0..5_000).map(|i| i % 997));
        assert_eq!(units.of(), numbers.collect::<Vec<_>>());
        assert_eq!(sorted.and_single(2), Units::labelled(&[0, 0, 1, 2, 2, 3, 4]));
    }
}
