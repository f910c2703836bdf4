//! The Kruskal-Wallis test.

use serde::Serialize;

use super::ranks::RankedGroups;
use super::sums::groups_of;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::ChiSquared;

/// The outcome of a Kruskal-Wallis test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct KruskalWallis {
    /// The statistic, corrected for ties.
    pub h: f64,
    /// Groups less one.
    pub df: usize,
    /// The p of equal distributions, by the chi-squared approximation.
    pub p: f64,
    /// `H / (N − 1)`, the share of the squares of ranks that lies between groups.
    pub epsilon_sq: f64,
    /// `(H − k + 1) / (N − k)`; `None` when every group is one value.
    pub eta_sq_h: Option<f64>,
}

/// Tests by ranks whether groups come from one distribution.
///
/// # Formula
///
/// ```text
/// H = (N − 1) Σ nᵢ (r̄ᵢ − r̄)² / Σ (r − r̄)²      r: ranks among all values, ties shared
/// ```
///
/// The denominator is `N (N² − 1) / 12` less `Σ (t³ − t) / 12` for ties of size `t`.
///
/// # Shapes and units
///
/// At least two groups of at least one value; only their order counts.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `Constant` when all values are equal.
///
/// # Source
///
/// W. H. Kruskal and W. A. Wallis, "Use of Ranks in One-Criterion Variance Analysis", Journal
/// of the American Statistical Association 47(260), 1952, 583–621.
///
/// # Example
///
/// ```
/// let test = crucible::stats::kruskal_wallis(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])?;
/// assert!((test.h - 27.0 / 7.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn kruskal_wallis<G: AsRef<[f64]>>(
    groups: &[G],
) -> Result<KruskalWallis, StatsError> {
    groups_of(groups, 1)?;
    let ranked = RankedGroups::of(groups);
    if ranked.squares == 0.0 {
        return Err(StatsError::Constant);
    }
    let between = sum(ranked.sizes.iter().zip(&ranked.means).map(|(n, m)| n * m * m));
    let h = (ranked.total - 1.0) * (between / ranked.squares);
    let df = groups.len() - 1;
    let left = ranked.total - groups.len() as f64;
    Ok(KruskalWallis {
        h,
        df,
        p: ChiSquared::new(df as f64)?.sf(h)?,
        epsilon_sq: h / (ranked.total - 1.0),
        eta_sq_h: (left > 0.0).then(|| (h - df as f64) / left),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn only_the_order_of_the_values_counts() {
        let groups = [vec![1.0, 2.0, 4.5], vec![3.0, 4.5, 9.0, 7.0], vec![0.0, 2.0]];
        let plain = kruskal_wallis(&groups).unwrap();
        // scipy.stats.kruskal(*groups), SciPy 1.17.
        assert_relative_eq!(plain.h, 4.9067796610169525, max_relative = 1e-12);
        assert_relative_eq!(plain.p, 0.08600156110510188, max_relative = 1e-12);
        let bent: Vec<Vec<f64>> =
            groups.iter().map(|g| g.iter().map(|x| x.exp()).collect()).collect();
        assert_eq!(kruskal_wallis(&bent).unwrap(), plain);
    }

    #[test]
    fn what_has_no_ranks_to_compare_is_refused() {
        assert_eq!(kruskal_wallis(&[[2.0], [2.0]]), Err(StatsError::Constant));
        let single = kruskal_wallis(&[[1.0], [2.0]]).unwrap();
        assert_eq!((single.eta_sq_h, single.df), (None, 1));
        assert!(kruskal_wallis(&[[1.0, 3.0]]).is_err());
    }
}
