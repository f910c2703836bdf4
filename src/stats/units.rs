//! Which values belong to the same independent unit.

use std::collections::BTreeMap;

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
    pub fn labelled<L: Ord>(labels: &[L]) -> Self {
        if labels.is_sorted() {
            return Self::ascending(labels);
        }
        let mut known = BTreeMap::new();
        let mut sizes = Vec::new();
        let of = labels
            .iter()
            .map(|label| {
                let unit = *known.entry(label).or_insert_with(|| {
                    sizes.push(0);
                    sizes.len() - 1
                });
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
        assert_eq!(sorted.and_single(2), Units::labelled(&[0, 0, 1, 2, 2, 3, 4]));
    }
}
