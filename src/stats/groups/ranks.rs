//! The ranks of several groups among all their values.

use crate::stats::describe::sum;
use crate::stats::ranks::midranks;

/// The ranks of several groups among all their values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RankedGroups {
    /// Size of each group.
    pub(super) sizes: Vec<f64>,
    /// Mean rank of each group, less `(N + 1) / 2`.
    pub(super) means: Vec<f64>,
    /// `Σ (r − r̄)²` over all values: the ties are in it.
    pub(super) squares: f64,
    /// Number of values.
    pub(super) total: f64,
}

impl RankedGroups {
    pub(super) fn of<G: AsRef<[f64]>>(groups: &[G]) -> Self {
        let all: Vec<f64> =
            groups.iter().flat_map(|group| group.as_ref()).copied().collect();
        let total = all.len() as f64;
        let ranks = midranks(&all);
        let offset = |rank: &f64| rank - (total + 1.0) / 2.0;
        let squares = sum(ranks.iter().map(|rank| offset(rank).powi(2)));
        let mut rest = ranks.as_slice();
        let (mut sizes, mut means) = (Vec::new(), Vec::new());
        for group in groups {
            let (own, later) = rest.split_at(group.as_ref().len());
            rest = later;
            sizes.push(own.len() as f64);
            means.push(sum(own.iter().map(offset)) / own.len() as f64);
        }
        Self { sizes, means, squares, total }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn mean_ranks_add_up_to_nothing() {
        let ranked = RankedGroups::of(&[vec![5.0, 1.0], vec![2.0, 2.0, 9.0]]);
        let sum: f64 = ranked.sizes.iter().zip(&ranked.means).map(|(n, m)| n * m).sum();
        assert_eq!(sum, 0.0);
        assert_eq!(ranked.squares, 9.5);
    }
}
