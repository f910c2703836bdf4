//! Very many units gathered in groups of near-equal ones, to be resampled as counts.

use std::collections::BTreeMap;

/// Units of one group differ by less than the standard deviation over this.
const FINENESS: f64 = 100.0;

/// Units of one size whose sums are nearly equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    /// How many values each unit has.
    pub(super) size: f64,
    /// The mean of the units' sums.
    pub(super) mean: f64,
    /// The mean of their squares.
    pub(super) square: f64,
}

#[derive(Debug, Default)]
struct Gathered {
    count: u64,
    sum: f64,
    squares: f64,
    low: f64,
    high: f64,
}

/// Gathers units by size and sum; returns how many each group has, and the groups.
///
/// A group is as wide as a hundredth of the standard deviation of the sums, so replacing
/// each sum by the mean of its group loses less than 1/40,000 of their variance; sums that
/// are equal lose nothing. `size` gives the size of a unit by its position.
pub(super) fn groups(
    sums: &[f64],
    size: impl Fn(usize) -> f64,
) -> (Vec<u64>, Vec<Group>) {
    let spread = (sums.iter().map(|x| x * x).sum::<f64>() / sums.len() as f64).sqrt();
    let width = spread / FINENESS;
    let mut found: BTreeMap<(u64, i64), Gathered> = BTreeMap::new();
    for (place, x) in sums.iter().enumerate() {
        let key = (size(place).to_bits(), bin(*x, width));
        let group = found.entry(key).or_insert(Gathered {
            low: *x,
            high: *x,
            ..Gathered::default()
        });
        group.count += 1;
        group.sum += x;
        group.squares += x * x;
        group.low = group.low.min(*x);
        group.high = group.high.max(*x);
    }
    found
        .into_iter()
        .map(|((size, _), group)| {
            let size = f64::from_bits(size);
            let n = group.count as f64;
            let equal = group.low.total_cmp(&group.high).is_eq();
            let (mean, square) = if equal {
                (group.low, group.low * group.low)
            } else {
                (group.sum / n, group.squares / n)
            };
            (group.count, Group { size, mean, square })
        })
        .unzip()
}

/// Returns the number of the group that a value falls into.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
pub(super) fn bin(x: f64, width: f64) -> i64 {
    if width > 0.0 { (x / width).round() as i64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_kept_as_they_are_and_means_are_kept() {
        let xs = [0.1, -3.0, 0.1, 0.1, 2.5];
        let (counts, found) = groups(&xs, |_| 1.0);
        assert_eq!(counts, [1, 3, 1]);
        let means: Vec<f64> = found.iter().map(|group| group.mean).collect();
        assert_eq!(means, [-3.0, 0.1, 2.5]);
        let many: Vec<f64> = (0..10_000_i32).map(|i| f64::from(i * 37 % 9_973)).collect();
        let (counts, found) = groups(&many, |_| 1.0);
        assert!(counts.len() < 1_000, "{}", counts.len());
        let total: f64 =
            counts.iter().zip(&found).map(|(n, group)| *n as f64 * group.mean).sum();
        assert!((total - many.iter().sum::<f64>()).abs() < 1e-3);
    }

    #[test]
    fn units_of_different_sizes_stay_apart() {
        let sizes = [1.0, 2.0, 2.0];
        let (counts, found) = groups(&[4.0, 4.0, 4.0], |place| sizes[place]);
        assert_eq!(counts, [1, 2]);
        assert_eq!((found[0].size, found[1].size), (1.0, 2.0));
    }
}
