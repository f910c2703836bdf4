//! Pairs of pairs that agree in order, counted in `O(n log n)`.

use crate::stats::ranks::sorted;

/// How many pairs of observations agree, disagree and are tied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Concordance {
    /// Pairs in the same order in both variables.
    pub(super) concordant: u128,
    /// Pairs in opposite orders.
    pub(super) discordant: u128,
    /// Sizes of the groups of equal values in the first.
    pub(super) first: Vec<u64>,
    /// Sizes of the groups of equal values in the second.
    pub(super) second: Vec<u64>,
}

impl Concordance {
    /// Counts the pairs of two finite variables of one length.
    ///
    /// # Source
    ///
    /// W. R. Knight, Journal of the American Statistical Association 61(314), 1966, 436–439.
    pub(super) fn new(xs: &[f64], ys: &[f64]) -> Self {
        let (xs, first) = groups(xs);
        let (ys, second) = groups(ys);
        let mut pairs: Vec<(usize, usize)> = xs.into_iter().zip(ys).collect();
        pairs.sort_unstable();
        let both = runs(pairs.iter().copied());
        let mut order: Vec<usize> = pairs.into_iter().map(|(_, y)| y).collect();
        let mut space = order.clone();
        let discordant = inversions(&mut order, &mut space);
        let n = order.len() as u64;
        let apart = of_two(n) + tied(&both) - tied(&first) - tied(&second);
        Self { concordant: apart - discordant, discordant, first, second }
    }

    /// Returns the number of all pairs of observations.
    pub(super) fn all(&self) -> u128 {
        of_two(self.first.iter().sum())
    }

    /// Returns concordant less discordant.
    pub(super) fn net(&self) -> f64 {
        let size = self.concordant.abs_diff(self.discordant) as f64;
        if self.concordant < self.discordant { -size } else { size }
    }
}

/// Returns the number of pairs within groups.
pub(super) fn tied(groups: &[u64]) -> u128 {
    groups.iter().map(|size| of_two(*size)).sum()
}

fn of_two(n: u64) -> u128 {
    u128::from(n) * u128::from(n.saturating_sub(1)) / 2
}

/// Returns for each value the number of its group, in order, and the sizes of the groups.
fn groups(values: &[f64]) -> (Vec<usize>, Vec<u64>) {
    let mut numbers = vec![0; values.len()];
    let mut sizes = Vec::new();
    for run in sorted(values).chunk_by(|a, b| values[*a] >= values[*b]) {
        for place in run {
            numbers[*place] = sizes.len();
        }
        sizes.push(run.len() as u64);
    }
    (numbers, sizes)
}

/// Returns the lengths of runs of equal items.
fn runs<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<u64> {
    let mut lengths = Vec::new();
    let mut last = None;
    for item in items {
        match lengths.last_mut() {
            Some(length) if last.as_ref() == Some(&item) => *length += 1,
            _ => lengths.push(1),
        }
        last = Some(item);
    }
    lengths
}

/// Sorts, and returns how many pairs were in the wrong order.
fn inversions(items: &mut [usize], space: &mut [usize]) -> u128 {
    let half = items.len() / 2;
    if half == 0 {
        return 0;
    }
    let (left, right) = items.split_at_mut(half);
    let mut count = inversions(left, &mut space[..half]);
    count += inversions(right, &mut space[half..]);
    let (mut i, mut j) = (0, 0);
    for slot in space.iter_mut() {
        if j == right.len() || i < left.len() && left[i] <= right[j] {
            *slot = left[i];
            i += 1;
        } else {
            count += (left.len() - i) as u128;
            *slot = right[j];
            j += 1;
        }
    }
    items.copy_from_slice(space);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_every_pair_looked_at() {
        let xs: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 11)).collect();
        let ys: Vec<f64> = (0..60).map(|i| f64::from(i * 23 % 7)).collect();
        let fast = Concordance::new(&xs, &ys);
        let (mut same, mut opposite) = (0, 0);
        for i in 0..60 {
            for j in 0..i {
                let sign = (xs[i] - xs[j]) * (ys[i] - ys[j]);
                same += u128::from(sign > 0.0);
                opposite += u128::from(sign < 0.0);
            }
        }
        assert_eq!((fast.concordant, fast.discordant), (same, opposite));
        assert_eq!(fast.all(), 60 * 59 / 2);
        assert_eq!(fast.second.len(), 7);
    }
}
