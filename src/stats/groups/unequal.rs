//! Analyses of variance for groups whose variances differ.

use serde::Serialize;

use super::sums::{Part, Parts, groups_of};
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::FisherF;

/// The outcome of an analysis of variance with estimated degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct UnequalAnova {
    /// The statistic, nearly F.
    pub f: f64,
    /// Degrees of freedom of the numerator; need not be whole.
    pub df1: f64,
    /// Degrees of freedom of the denominator; need not be whole.
    pub df2: f64,
    /// The p of equal means.
    pub p: f64,
}

impl UnequalAnova {
    fn new(f: f64, df1: f64, df2: f64) -> Result<Self, StatsError> {
        Ok(Self { f, df1, df2, p: FisherF::new(df1, df2)?.sf(f)? })
    }
}

/// Tests whether groups of unlike variances have equal means (Welch).
///
/// # Formula
///
/// ```text
/// wᵢ = nᵢ / sᵢ²,  W = Σ wᵢ,  x̃ = Σ wᵢ x̄ᵢ / W,  Λ = Σ (1 − wᵢ/W)² / (nᵢ − 1)
/// F = [Σ wᵢ (x̄ᵢ − x̃)² / (k − 1)] / [1 + 2 (k − 2) Λ / (k² − 1)],  ν = (k² − 1) / (3 Λ)
/// ```
///
/// # Shapes and units
///
/// At least two groups of at least two values in one unit.
///
/// # Numerics
///
/// As [`anova_one_way`](super::anova_one_way).
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `NoSpread` when a group is constant.
///
/// # Source
///
/// B. L. Welch, "On the Comparison of Several Mean Values: An Alternative Approach",
/// Biometrika 38(3/4), 1951, 330–336.
pub fn anova_welch<G: AsRef<[f64]>>(groups: &[G]) -> Result<UnequalAnova, StatsError> {
    groups_of(groups, 2)?;
    let parts = Parts::of(groups)?;
    if parts.each.iter().any(|part| part.squares == 0.0) {
        return Err(StatsError::NoSpread);
    }
    let weight = |part: &Part| part.n / part.variance();
    let whole = sum(parts.each.iter().map(weight));
    let centre = sum(parts.each.iter().map(|part| weight(part) * part.mean)) / whole;
    let k = parts.len() as f64;
    let spread =
        sum(parts.each.iter().map(|part| weight(part) * (part.mean - centre).powi(2)));
    let lambda = sum(parts
        .each
        .iter()
        .map(|part| (1.0 - weight(part) / whole).powi(2) / (part.n - 1.0)));
    let correction = 1.0 + 2.0 * (k - 2.0) * lambda / (k * k - 1.0);
    let f = spread / (k - 1.0) / correction;
    UnequalAnova::new(f, k - 1.0, (k * k - 1.0) / (3.0 * lambda))
}

/// Tests whether groups of unlike variances have equal means (Brown and Forsythe's F*).
///
/// # Formula
///
/// ```text
/// fᵢ = nᵢ / N,  D = Σ (1 − fᵢ) sᵢ²,  F* = Σ nᵢ (x̄ᵢ − x̄)² / D
/// df₁ = D² / [(Σ fᵢ sᵢ²)² + Σ (1 − 2 fᵢ) sᵢ⁴],  df₂ = D² / Σ [(1 − fᵢ) sᵢ²]² / (nᵢ − 1)
/// ```
///
/// `df₁` is Mehrotra's, which keeps the level where Brown and Forsythe's `k − 1` does not.
///
/// # Shapes and units
///
/// At least two groups of at least two values in one unit; some of them may be constant.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `TooFew`; `NoSpread` when every group is constant.
///
/// # Source
///
/// M. B. Brown and A. B. Forsythe, "The Small Sample Behavior of Some Statistics Which Test
/// the Equality of Several Means", Technometrics 16(1), 1974, 129–132; D. V. Mehrotra,
/// Communications in Statistics – Simulation and Computation 26(3), 1997, 1139–1145.
pub fn anova_brown_forsythe<G: AsRef<[f64]>>(
    groups: &[G],
) -> Result<UnequalAnova, StatsError> {
    groups_of(groups, 2)?;
    let parts = Parts::of(groups)?;
    let largest =
        parts.each.iter().fold(0.0, |most: f64, part| most.max(part.variance()));
    if largest == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let share = |part: &Part| part.n / parts.total as f64;
    let variance = |part: &Part| part.variance() / largest;
    let over = |term: &dyn Fn(&Part) -> f64| sum(parts.each.iter().map(term));
    let denominator = over(&|part| (1.0 - share(part)) * variance(part));
    let pooled = over(&|part| share(part) * variance(part));
    let fourth = over(&|part| (1.0 - 2.0 * share(part)) * variance(part).powi(2));
    let own =
        over(&|part| ((1.0 - share(part)) * variance(part)).powi(2) / (part.n - 1.0));
    UnequalAnova::new(
        parts.between() / largest / denominator,
        denominator.powi(2) / (pooled.powi(2) + fourth),
        denominator.powi(2) / own,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const GROUPS: [[f64; 4]; 3] =
        [[1.0, 2.0, 4.5, 3.0], [3.0, 3.5, 5.0, 9.0], [0.0, 2.0, 2.5, 2.0]];

    #[test]
    fn two_groups_are_welchs_t_squared() {
        let f = anova_welch(&GROUPS[..2]).unwrap();
        // scipy.stats.ttest_ind(GROUPS[0], GROUPS[1], equal_var=False), SciPy 1.17.
        assert_relative_eq!(f.f, 1.6116459280507605_f64.powi(2), max_relative = 1e-12);
        assert_relative_eq!(f.df2, 4.6578407553428285, max_relative = 1e-12);
        assert_relative_eq!(f.p, 0.17221938036972254, max_relative = 1e-12);
        let star = anova_brown_forsythe(&GROUPS[..2]).unwrap();
        assert_relative_eq!(star.f, f.f, max_relative = 1e-13);
        assert_relative_eq!(star.df2, f.df2, max_relative = 1e-13);
    }

    #[test]
    fn offset_and_scale_change_nothing() {
        for test in [anova_welch::<[f64; 4]>, anova_brown_forsythe] {
            let plain = test(&GROUPS).unwrap();
            for scale in [1.0, 1e-180, 1e150] {
                let offset = if scale > 1.0 { 0.0 } else { 1e9 * scale };
                let moved = GROUPS.map(|group| group.map(|x| offset + scale * x));
                let moved = test(&moved).unwrap();
                let accuracy = if scale < 1.0 { 1e-6 } else { 1e-13 };
                assert_relative_eq!(moved.f, plain.f, max_relative = accuracy);
                assert_relative_eq!(moved.df2, plain.df2, max_relative = accuracy);
            }
        }
    }

    #[test]
    fn a_constant_group_is_too_certain_for_welch_only() {
        let groups = [vec![1.0, 1.0, 1.0], vec![2.0, 3.0]];
        assert_eq!(anova_welch(&groups), Err(StatsError::NoSpread));
        assert!(anova_brown_forsythe(&groups).is_ok());
        assert!(anova_brown_forsythe(&[[1.0, 1.0], [2.0, 2.0]]).is_err());
        assert!(matches!(
            anova_welch(&[vec![1.0], vec![2.0, 3.0]]),
            Err(StatsError::TooFew { .. })
        ));
    }
}
