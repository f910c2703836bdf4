//! Tests of equal variances.

use serde::Serialize;

use crate::stats::StatsError;
use crate::stats::describe::{mean, quantile_sorted, sum};
use crate::stats::dist::{ChiSquared, FisherF, Normal};
use crate::stats::groups::{Parts, groups_of};
use crate::stats::ranks::midranks;

/// From which centre of its group the distance of a value is taken.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Centre {
    /// The mean: Levene's own choice, for symmetric distributions of short tails.
    Mean,
    /// The median: Brown and Forsythe's choice, safe for skewed distributions.
    #[default]
    Median,
    /// The mean without a share of the values at each end, for heavy tails.
    Trimmed {
        /// The share cut at each end, in `[0, ½)`.
        share: f64,
    },
}

/// The outcome of a test of equal variances with an F statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Levene {
    /// The F of the distances.
    pub f: f64,
    /// Groups less one.
    pub df1: usize,
    /// Values less groups.
    pub df2: usize,
    /// The p of equal variances.
    pub p: f64,
}

/// The outcome of a test of equal variances with a chi-squared statistic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EqualVariances {
    /// The statistic.
    pub chi2: f64,
    /// Groups less one.
    pub df: usize,
    /// The p of equal variances.
    pub p: f64,
}

/// Tests equal variances by an analysis of variance of distances (Levene; Brown-Forsythe).
///
/// # Formula
///
/// ```text
/// zᵢⱼ = |xᵢⱼ − cᵢ|,  F = [Σ nᵢ (z̄ᵢ − z̄)² / (k − 1)] / [Σ Σ (zᵢⱼ − z̄ᵢ)² / (N − k)]
/// ```
///
/// `cᵢ` is the [`Centre`] of group `i`; a trimmed mean lacks `⌊share · n⌋` values at each end.
///
/// # Shapes and units
///
/// At least two groups of at least one value, more values than groups; all in one unit.
///
/// # Numerics
///
/// Measured from the first value. Distances that vary by no more than rounding are constant.
///
/// # Errors
///
/// `Empty`, `NotFinite` (counted through the groups), `TooFew`, `InvalidParameter` for the
/// share; `NoSpread` when the distances vary in no group.
///
/// # Source
///
/// H. Levene, in I. Olkin (ed.), Contributions to Probability and Statistics, 1960, 278–292;
/// M. B. Brown and A. B. Forsythe, "Robust Tests for the Equality of Variances", Journal of
/// the American Statistical Association 69(346), 1974, 364–367.
pub fn levene<G: AsRef<[f64]>>(
    groups: &[G],
    centre: Centre,
) -> Result<Levene, StatsError> {
    groups_of(groups, 1)?;
    let origin = groups.iter().flat_map(|group| group.as_ref()).next();
    let origin = origin.copied().ok_or(StatsError::Empty)?;
    let near: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| group.as_ref().iter().map(|x| x - origin).collect())
        .collect();
    let distances = distances(&near, centre)?;
    let parts = Parts::of(&distances)?;
    let (df1, df2) = (parts.len() - 1, parts.df_within()?);
    let largest = near.iter().flatten().fold(0.0, |most: f64, x| most.max(x.abs()));
    let noise = (8.0 * f64::EPSILON * largest / parts.unit).powi(2) * parts.total as f64;
    if parts.within() <= noise {
        return Err(StatsError::NoSpread);
    }
    let f = parts.between() / df1 as f64 / (parts.within() / df2 as f64);
    Ok(Levene { f, df1, df2, p: FisherF::new(df1 as f64, df2 as f64)?.sf(f)? })
}

/// Tests equal variances of normal samples (Bartlett).
///
/// # Formula
///
/// ```text
/// s² = Σ (nᵢ − 1) sᵢ² / (N − k),  C = 1 + [Σ 1/(nᵢ − 1) − 1/(N − k)] / [3 (k − 1)]
/// χ² = Σ (nᵢ − 1) ln(s² / sᵢ²) / C
/// ```
///
/// # Shapes and units
///
/// At least two groups of at least two values in one unit. Sensitive to heavy tails: prefer
/// [`levene`] where normality is in doubt.
///
/// # Numerics
///
/// Summed as `(nᵢ − 1)(ρ − 1 − ln ρ)` with `ρ = sᵢ² / s²`, whose terms are never negative.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `NoSpread` when a group is constant.
///
/// # Source
///
/// M. S. Bartlett, "Properties of Sufficiency and Statistical Tests", Proceedings of the
/// Royal Society A 160(901), 1937, 268–282.
pub fn bartlett<G: AsRef<[f64]>>(groups: &[G]) -> Result<EqualVariances, StatsError> {
    groups_of(groups, 2)?;
    let parts = Parts::of(groups)?;
    if parts.each.iter().any(|part| part.squares == 0.0) {
        return Err(StatsError::NoSpread);
    }
    let (df, left) = (parts.len() - 1, parts.df_within()? as f64);
    let pooled = parts.within() / left;
    let gaps = sum(parts.each.iter().map(|part| {
        let surplus = part.variance() / pooled - 1.0;
        (part.n - 1.0) * (surplus - surplus.ln_1p())
    }));
    let inverse = sum(parts.each.iter().map(|part| 1.0 / (part.n - 1.0)));
    let correction = 1.0 + (inverse - 1.0 / left) / (3.0 * df as f64);
    let chi2 = (gaps / correction).max(0.0);
    Ok(EqualVariances { chi2, df, p: ChiSquared::new(df as f64)?.sf(chi2)? })
}

/// Tests equal variances by normal scores of the ranks of distances (Fligner and Killeen).
///
/// # Formula
///
/// ```text
/// a = Φ⁻¹(½ + r / [2 (N + 1)]),  χ² = Σ nᵢ (āᵢ − ā)² / s²,  s² = Σ (a − ā)² / (N − 1)
/// ```
///
/// `r` ranks the distances `|x − cᵢ|` from the [`Centre`] of their groups, ties shared.
///
/// # Shapes and units
///
/// At least two groups of at least one value in one unit.
///
/// # Numerics
///
/// Distances are compared as they come out in doubles, as R and SciPy do: the two middle
/// values of an even group tie about their median only if rounding lets them.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`, `InvalidParameter` for the share; `Constant` when all
/// distances are equal.
///
/// # Source
///
/// M. A. Fligner and T. J. Killeen, Journal of the American Statistical Association 71(353),
/// 1976, 210–213; about the median: W. J. Conover, M. E. Johnson and M. M. Johnson,
/// Technometrics 23(4), 1981, 351–361.
pub fn fligner_killeen<G: AsRef<[f64]>>(
    groups: &[G],
    centre: Centre,
) -> Result<EqualVariances, StatsError> {
    groups_of(groups, 1)?;
    let all = distances(groups, centre)?.concat();
    let n = all.len() as f64;
    let scores = midranks(&all)
        .into_iter()
        .map(|rank| Normal.upper_quantile(0.5 - rank / (2.0 * (n + 1.0))))
        .collect::<Result<Vec<f64>, StatsError>>()?;
    let middle = mean(&scores)?;
    let squares = sum(scores.iter().map(|a| (a - middle).powi(2)));
    if all.iter().all(|z| z.total_cmp(&all[0]).is_eq()) || squares == 0.0 {
        return Err(StatsError::Constant);
    }
    let mut rest = scores.as_slice();
    let mut between = Vec::with_capacity(groups.len());
    for group in groups {
        let (own, later) = rest.split_at(group.as_ref().len());
        rest = later;
        let size = own.len() as f64;
        between.push(size * (sum(own.iter().map(|a| a - middle)) / size).powi(2));
    }
    let chi2 = sum(between) / (squares / (n - 1.0));
    let df = groups.len() - 1;
    Ok(EqualVariances { chi2, df, p: ChiSquared::new(df as f64)?.sf(chi2)? })
}

/// Returns the distance of each value from the centre of its group.
fn distances<G: AsRef<[f64]>>(
    groups: &[G],
    centre: Centre,
) -> Result<Vec<Vec<f64>>, StatsError> {
    groups
        .iter()
        .map(|group| {
            let middle = centre.of(group.as_ref())?;
            Ok(group.as_ref().iter().map(|x| (x - middle).abs()).collect())
        })
        .collect()
}

impl Centre {
    /// Returns the centre of a group.
    fn of(self, values: &[f64]) -> Result<f64, StatsError> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        match self {
            Self::Mean => mean(values),
            Self::Median => quantile_sorted(&sorted, 0.5),
            Self::Trimmed { share } => mean(trimmed(&sorted, share)?),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "below half the length of a slice")]
#[expect(clippy::cast_sign_loss, reason = "neither factor is negative")]
fn trimmed(sorted: &[f64], share: f64) -> Result<&[f64], StatsError> {
    if !(0.0..0.5).contains(&share) {
        let name = "share cut at each end";
        return Err(StatsError::InvalidParameter {
            name,
            wanted: "from 0 to below a half",
        });
    }
    let cut = (share * sorted.len() as f64).floor() as usize;
    sorted.get(cut..sorted.len() - cut).ok_or(StatsError::Empty)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const GROUPS: [[f64; 5]; 3] = [
        [1.0, 2.0, 4.5, 3.0, 2.25],
        [3.0, 3.5, 5.0, 9.0, 1.0],
        [0.0, 2.0, 2.5, 2.0, 7.0],
    ];

    #[test]
    fn offset_and_scale_change_nothing() {
        let moved = GROUPS.map(|group| group.map(|x| 1e9 + 4.0 * x));
        let trimmed = Centre::Trimmed { share: 0.2 };
        for centre in [Centre::Mean, Centre::Median, trimmed] {
            let (near, far) = (levene(&GROUPS, centre), levene(&moved, centre));
            assert_relative_eq!(near.unwrap().f, far.unwrap().f, max_relative = 1e-12);
        }
        let (near, far) = (bartlett(&GROUPS).unwrap(), bartlett(&moved).unwrap());
        assert_relative_eq!(near.chi2, far.chi2, max_relative = 1e-12);
        let tiny = bartlett(&GROUPS.map(|g| g.map(|x| x * 1e-180))).unwrap();
        assert_relative_eq!(near.chi2, tiny.chi2, max_relative = 1e-12);
    }

    #[test]
    fn a_trimmed_mean_without_trimming_is_the_mean() {
        let none = levene(&GROUPS, Centre::Trimmed { share: 0.0 }).unwrap();
        assert_relative_eq!(
            none.f,
            levene(&GROUPS, Centre::Mean).unwrap().f,
            max_relative = 1e-13
        );
        assert!(levene(&GROUPS, Centre::Trimmed { share: 0.5 }).is_err());
        assert!(levene(&GROUPS, Centre::Trimmed { share: f64::NAN }).is_err());
    }

    #[test]
    fn equal_spreads_are_no_surprise() {
        let shifted = [[1.0, 2.0, 4.0, 8.0], [11.0, 12.0, 14.0, 18.0]];
        assert_eq!(levene(&shifted, Centre::Median).unwrap().p, 1.0);
        assert_relative_eq!(bartlett(&shifted).unwrap().p, 1.0, max_relative = 1e-12);
        let ranks = fligner_killeen(&shifted, Centre::Median).unwrap();
        assert!(ranks.chi2.abs() < 1e-20 && ranks.p > 0.999_999);
    }

    #[test]
    fn distances_that_do_not_vary_have_no_f() {
        let pairs = [[0.1, 0.3], [0.7, 5.9], [1.0, 2.0]];
        assert_eq!(levene(&pairs, Centre::Median), Err(StatsError::NoSpread));
        let flat = [[1.0; 3], [2.0; 3]];
        assert_eq!(levene(&flat, Centre::Mean), Err(StatsError::NoSpread));
        assert_eq!(bartlett(&flat), Err(StatsError::NoSpread));
        assert_eq!(fligner_killeen(&flat, Centre::Median), Err(StatsError::Constant));
        assert!(bartlett(&[vec![1.0], vec![1.0, 2.0]]).is_err());
        assert!(levene(&[[1.0], [2.0]], Centre::Mean).is_err());
    }
}
