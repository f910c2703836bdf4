//! Ranks with ties shared.

/// Returns the rank of each value, from 1; equal values share the mean of theirs.
///
/// Values are finite; `0` and `−0` are equal.
pub(in crate::stats) fn ranks(values: &[f64]) -> Vec<f64> {
    let order = sorted(values);
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for run in order.chunk_by(|a, b| values[*a] >= values[*b]) {
        let to = from + run.len();
        for place in run {
            ranks[*place] = (from + to + 1) as f64 / 2.0;
        }
        from = to;
    }
    ranks
}

/// Returns the positions of values from the smallest to the largest.
pub(in crate::stats) fn sorted(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Adding zero makes −0 the same as 0.
    order
        .sort_by(|a, b| (values[*a] + 0.0).total_cmp(&(values[*b] + 0.0)).then(a.cmp(b)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, -0.0, 0.0, 3.0, 1.0]), [4.5, 1.5, 1.5, 4.5, 3.0]);
        assert_eq!(ranks(&[]), [0.0; 0]);
    }
}
