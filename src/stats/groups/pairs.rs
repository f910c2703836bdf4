//! Comparisons of all pairs of groups.

use serde::Serialize;

use super::ranks::RankedGroups;
use super::sums::{Part, Parts, groups_of};
use crate::stats::StatsError;
use crate::stats::dist::{Normal, StudentizedRange};
use crate::stats::multiple::{Correction, adjust};
use crate::stats::outcome::{Interval, level};

/// One pair of a comparison of means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanPair {
    /// The first group, from 0.
    pub i: usize,
    /// The second group.
    pub j: usize,
    /// Mean of the first less mean of the second, in the unit of the values.
    pub difference: f64,
    /// The standard error of the difference.
    pub se: f64,
    /// Degrees of freedom of the standard error.
    pub df: f64,
    /// `|difference| √2 / se`, a studentized range.
    pub q: f64,
    /// The p, corrected for all pairs.
    pub p: f64,
    /// The simultaneous interval of the difference.
    pub interval: Interval,
}

impl MeanPair {
    /// Returns the difference in standard errors.
    #[must_use]
    pub fn t(&self) -> f64 {
        self.difference / self.se
    }
}

/// One pair of a comparison of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankPair {
    /// The first group, from 0.
    pub i: usize,
    /// The second group.
    pub j: usize,
    /// Mean rank of the first less mean rank of the second, in standard errors.
    pub z: f64,
    /// The two-sided p, corrected over all pairs.
    pub p: f64,
}

/// Compares the means of all pairs of groups with one common variance (Tukey and Kramer).
///
/// # Formula
///
/// ```text
/// s² = Σ Σ (xᵢⱼ − x̄ᵢ)² / (N − k),  se² = s² (1/nᵢ + 1/nⱼ)
/// p = P(Q_{k, N−k} > √2 |x̄ᵢ − x̄ⱼ| / se),  interval x̄ᵢ − x̄ⱼ ± q se / √2
/// ```
///
/// # Shapes and units
///
/// At least two groups of at least one value, more values than groups; pairs come in order,
/// `(0, 1), (0, 2) …`.
///
/// # Numerics
///
/// Means are measured from the first value; the tail of the range keeps its digits.
///
/// # Errors
///
/// `Empty`, `NotFinite` (counted through the groups), `TooFew`, `InvalidParameter` for the
/// level; `NoSpread` when every group is constant.
///
/// # Source
///
/// J. W. Tukey, The Problem of Multiple Comparisons, 1953; C. Y. Kramer, Biometrics 12(3),
/// 1956, 307–310; A. J. Hayter, Annals of Statistics 12(1), 1984, 61–75.
///
/// # Example
///
/// ```
/// let groups = [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0], [7.0, 8.0, 9.0]];
/// let pairs = crucible::stats::tukey_hsd(&groups, 0.95)?;
/// assert!(pairs[0].p > 0.05 && pairs[1].p < 0.01);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn tukey_hsd<G: AsRef<[f64]>>(
    groups: &[G],
    confidence: f64,
) -> Result<Vec<MeanPair>, StatsError> {
    groups_of(groups, 1)?;
    let alpha = 1.0 - level(confidence)?;
    let parts = Parts::of(groups)?;
    let df = parts.df_within()? as f64;
    let variance = parts.within() / df;
    if variance == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let range = StudentizedRange::new(parts.len(), df)?;
    let critical = range.upper_quantile(alpha)?;
    every_pair(&parts, |first, second| {
        let se = (variance * (1.0 / first.n + 1.0 / second.n)).sqrt();
        Ok(Error { se, df, range, critical })
    })
}

/// Compares the means of all pairs of groups whose variances differ (Games and Howell).
///
/// # Formula
///
/// ```text
/// vᵢ = sᵢ² / nᵢ,  se² = vᵢ + vⱼ,  ν = se⁴ / [vᵢ² / (nᵢ − 1) + vⱼ² / (nⱼ − 1)]
/// p = P(Q_{k, ν} > √2 |x̄ᵢ − x̄ⱼ| / se),  interval x̄ᵢ − x̄ⱼ ± q se / √2
/// ```
///
/// # Shapes and units
///
/// As [`tukey_hsd`], but at least two values a group.
///
/// # Errors
///
/// As [`tukey_hsd`]; `NoSpread` when both groups of a pair are constant.
///
/// # Source
///
/// P. A. Games and J. F. Howell, "Pairwise Multiple Comparison Procedures with Unequal N's
/// and/or Variances: A Monte Carlo Study", Journal of Educational Statistics 1(2), 1976,
/// 113–125.
pub fn games_howell<G: AsRef<[f64]>>(
    groups: &[G],
    confidence: f64,
) -> Result<Vec<MeanPair>, StatsError> {
    groups_of(groups, 2)?;
    let alpha = 1.0 - level(confidence)?;
    let parts = Parts::of(groups)?;
    every_pair(&parts, |first, second| {
        let (v1, v2) = (first.variance() / first.n, second.variance() / second.n);
        let both = v1 + v2;
        if both == 0.0 {
            return Err(StatsError::NoSpread);
        }
        // Shares of the variance, so that no fourth power over- or underflows.
        let (own, other) = (v1 / both, v2 / both);
        let spread = own.powi(2) / (first.n - 1.0) + other.powi(2) / (second.n - 1.0);
        let df = 1.0 / spread;
        let range = StudentizedRange::new(parts.len(), df)?;
        Ok(Error { se: both.sqrt(), df, range, critical: range.upper_quantile(alpha)? })
    })
}

/// Compares the mean ranks of all pairs of groups (Dunn).
///
/// # Formula
///
/// ```text
/// z = (r̄ᵢ − r̄ⱼ) / √[s² (1/nᵢ + 1/nⱼ)],  s² = Σ (r − r̄)² / (N − 1)
/// ```
///
/// `r` ranks all values together, ties shared; without ties `s² = N (N + 1) / 12`.
///
/// # Shapes and units
///
/// As [`kruskal_wallis`](super::kruskal_wallis()); two-sided p, corrected over all pairs.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `Constant` when all values are equal.
///
/// # Source
///
/// O. J. Dunn, "Multiple Comparisons Using Rank Sums", Technometrics 6(3), 1964, 241–252.
pub fn dunn<G: AsRef<[f64]>>(
    groups: &[G],
    correction: Correction,
) -> Result<Vec<RankPair>, StatsError> {
    groups_of(groups, 1)?;
    let ranked = RankedGroups::of(groups);
    if ranked.squares == 0.0 {
        return Err(StatsError::Constant);
    }
    let variance = ranked.squares / (ranked.total - 1.0);
    let z: Vec<RankPair> = indices(groups.len())
        .map(|Pair { i, j }| {
            let se = (variance * (1.0 / ranked.sizes[i] + 1.0 / ranked.sizes[j])).sqrt();
            let z = (ranked.means[i] - ranked.means[j]) / se;
            let p = (2.0 * Normal.sf(z.abs())?).min(1.0);
            Ok(RankPair { i, j, z, p })
        })
        .collect::<Result<_, StatsError>>()?;
    let adjusted = adjust(&z.iter().map(|pair| pair.p).collect::<Vec<_>>(), correction)?;
    Ok(z.into_iter().zip(adjusted).map(|(pair, p)| RankPair { p, ..pair }).collect())
}

/// The error of one difference and the distribution that judges it.
struct Error {
    se: f64,
    df: f64,
    range: StudentizedRange,
    critical: f64,
}

fn every_pair(
    parts: &Parts,
    error: impl Fn(&Part, &Part) -> Result<Error, StatsError>,
) -> Result<Vec<MeanPair>, StatsError> {
    let root = std::f64::consts::SQRT_2;
    indices(parts.len())
        .map(|Pair { i, j }| {
            let (first, second) = (&parts.each[i], &parts.each[j]);
            let Error { se, df, range, critical } = error(first, second)?;
            let gap = first.mean - second.mean;
            let q = gap.abs() * root / se;
            let half = critical * se / root;
            let interval = Interval { low: gap - half, high: gap + half };
            Ok(MeanPair {
                i,
                j,
                difference: gap * parts.unit,
                se: se * parts.unit,
                df,
                q,
                p: range.sf(q)?,
                interval: interval.times(parts.unit),
            })
        })
        .collect()
}

#[derive(Clone, Copy)]
struct Pair {
    i: usize,
    j: usize,
}

/// Returns the pairs of groups, `(0, 1), (0, 2) …`.
fn indices(groups: usize) -> impl Iterator<Item = Pair> {
    (0..groups).flat_map(move |i| (i + 1..groups).map(move |j| Pair { i, j }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{anova_one_way, anova_welch};
    use approx::assert_relative_eq;

    const GROUPS: [[f64; 4]; 3] =
        [[1.0, 2.0, 4.5, 3.0], [3.0, 3.5, 5.0, 9.0], [0.0, 2.0, 2.5, 2.0]];

    #[test]
    fn one_pair_is_the_analysis_of_variance() {
        let tukey = tukey_hsd(&GROUPS[..2], 0.95).unwrap();
        let anova = anova_one_way(&GROUPS[..2]).unwrap();
        assert_relative_eq!(tukey[0].p, anova.p, max_relative = 1e-12);
        let games = games_howell(&GROUPS[..2], 0.95).unwrap();
        let welch = anova_welch(&GROUPS[..2]).unwrap();
        assert_relative_eq!(games[0].p, welch.p, max_relative = 1e-12);
    }

    #[test]
    fn an_interval_ends_at_zero_at_the_level_of_its_p() {
        for test in [tukey_hsd::<[f64; 4]>, games_howell] {
            for pair in test(&GROUPS, 0.95).unwrap() {
                let again = test(&GROUPS, 1.0 - pair.p).unwrap();
                let same = again.iter().find(|p| (p.i, p.j) == (pair.i, pair.j)).unwrap();
                let nearest = same.interval.low.abs().min(same.interval.high.abs());
                assert!(nearest < 1e-9, "{same:?}");
            }
        }
    }

    #[test]
    fn shift_and_scale_change_no_p() {
        let plain = tukey_hsd(&GROUPS, 0.9).unwrap();
        let moved = GROUPS.map(|group| group.map(|x| 1e9 + 2.0 * x));
        let moved = tukey_hsd(&moved, 0.9).unwrap();
        for (a, b) in plain.iter().zip(&moved) {
            assert_relative_eq!(a.p, b.p, max_relative = 1e-10);
            assert_relative_eq!(
                2.0 * a.interval.low,
                b.interval.low,
                max_relative = 1e-10
            );
        }
    }

    #[test]
    fn pairs_of_ranks_have_signs_and_are_corrected_together() {
        let none = dunn(&GROUPS, Correction::None).unwrap();
        let most = dunn(&GROUPS, Correction::Bonferroni).unwrap();
        assert!(none[0].z < 0.0 && none[1].z > 0.0 && none[2].z > 0.0);
        for (a, b) in none.iter().zip(&most) {
            assert_relative_eq!((3.0 * a.p).min(1.0), b.p, max_relative = 1e-14);
        }
        assert_eq!(dunn(&[[1.0], [1.0]], Correction::Holm), Err(StatsError::Constant));
    }

    #[test]
    fn what_has_no_error_is_refused() {
        assert_eq!(tukey_hsd(&[[1.0; 2], [2.0; 2]], 0.95), Err(StatsError::NoSpread));
        let constant = [vec![1.0, 1.0], vec![2.0, 2.0], vec![3.0, 4.0]];
        assert_eq!(games_howell(&constant, 0.95), Err(StatsError::NoSpread));
        assert!(games_howell(&constant[1..], 0.95).is_ok());
        assert!(tukey_hsd(&GROUPS, 1.0).is_err() && games_howell(&GROUPS, 0.0).is_err());
        assert!(matches!(
            tukey_hsd(&[[1.0], [2.0]], 0.95),
            Err(StatsError::TooFew { .. })
        ));
    }
}
