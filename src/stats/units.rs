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
    }
}
