//! Analysis of variance of one factor.

use serde::Serialize;

use super::sums::{Parts, groups_of};
use crate::stats::StatsError;
use crate::stats::dist::FisherF;

/// The table of a one-way analysis of variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OneWayAnova {
    /// Fisher's F.
    pub f: f64,
    /// Groups less one.
    pub df_between: usize,
    /// Values less groups.
    pub df_within: usize,
    /// The p of equal means.
    pub p: f64,
    /// Squares between groups, in the unit of the values squared.
    pub ss_between: f64,
    /// Squares within groups.
    pub ss_within: f64,
    /// Share of the squares that lies between groups, η².
    pub eta_sq: f64,
    /// ω², nearly unbiased; may be negative.
    pub omega_sq: f64,
    /// ε², nearly unbiased; may be negative.
    pub epsilon_sq: f64,
}

impl OneWayAnova {
    /// Returns the pooled standard deviation within groups, in the unit of the values.
    #[must_use]
    pub fn residual_sd(&self) -> f64 {
        (self.ss_within / self.df_within as f64).sqrt()
    }
}

/// Tests whether groups with one common variance have equal means.
///
/// # Formula
///
/// ```text
/// SSb = Σ nᵢ (x̄ᵢ − x̄)²,  SSw = Σ Σ (xᵢⱼ − x̄ᵢ)²,  SSt = SSb + SSw
/// F = [SSb / (k − 1)] / [SSw / (N − k)]
/// η² = SSb / SSt,  ε² = (SSb − (k − 1) MSw) / SSt,  ω² = (SSb − (k − 1) MSw) / (SSt + MSw)
/// ```
///
/// # Shapes and units
///
/// At least two groups of at least one value, and more values than groups; all in one unit.
///
/// # Numerics
///
/// Measured from the first value with compensated sums: 1e9 plus noise keeps its digits. The
/// p is a tail, to ten digits down to 1e-300.
///
/// # Errors
///
/// `Empty`, `NotFinite` (counted through the groups), `TooFew`; `NoSpread` when every group
/// is constant.
///
/// # Source
///
/// R. A. Fisher, Statistical Methods for Research Workers, 1925, chapter 7; ω²: W. L. Hays,
/// Statistics for Psychologists, 1963; ε²: T. L. Kelley, Proceedings of the National Academy
/// of Sciences 21(9), 1935, 554–559.
///
/// # Example
///
/// ```
/// let anova = crucible::stats::anova_one_way(&[[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])?;
/// assert_eq!((anova.f, anova.df_within), (1.5, 4));
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn anova_one_way<G: AsRef<[f64]>>(groups: &[G]) -> Result<OneWayAnova, StatsError> {
    groups_of(groups, 1)?;
    let parts = Parts::of(groups)?;
    let (df_between, df_within) = (parts.len() - 1, parts.df_within()?);
    let (between, within) = (parts.between(), parts.within());
    if within == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let (df1, df2) = (df_between as f64, df_within as f64);
    let (mean_square, total) = (within / df2, between + within);
    let f = between / df1 / mean_square;
    let surplus = between - df1 * mean_square;
    let unit = parts.unit.powi(2);
    Ok(OneWayAnova {
        f,
        df_between,
        df_within,
        p: FisherF::new(df1, df2)?.sf(f)?,
        ss_between: between * unit,
        ss_within: within * unit,
        eta_sq: between / total,
        omega_sq: surplus / (total + mean_square),
        epsilon_sq: surplus / total,
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn two_groups_are_a_t_test_squared() {
        // scipy.stats.f_oneway([0.1, 0.5, 1.2], [2.0, 1.1, 0.9, 1.7]), SciPy 1.17.
        let anova = anova_one_way(&[vec![0.1, 0.5, 1.2], vec![2.0, 1.1, 0.9, 1.7]]);
        let anova = anova.unwrap();
        assert_relative_eq!(anova.f, 4.144887084496321, max_relative = 1e-12);
        assert_relative_eq!(anova.p, 0.0973762043106375, max_relative = 1e-12);
    }

    #[test]
    fn shift_and_order_change_nothing_and_scale_only_the_squares() {
        let groups = [[1.0, 2.0, 4.5], [3.0, 3.5, 5.0], [0.0, 2.0, 2.5]];
        let plain = anova_one_way(&groups).unwrap();
        let moved = groups.map(|group| group.map(|x| 1e9 + 4.0 * x));
        let moved = anova_one_way(&[moved[2], moved[0], moved[1]]).unwrap();
        assert_relative_eq!(moved.f, plain.f, max_relative = 1e-13);
        assert_relative_eq!(
            moved.ss_within,
            16.0 * plain.ss_within,
            max_relative = 1e-13
        );
        let tiny = anova_one_way(&groups.map(|g| g.map(|x| x * 1e-170))).unwrap();
        assert_relative_eq!(tiny.f, plain.f, max_relative = 1e-13);
    }

    #[test]
    fn what_has_no_f_is_refused() {
        let none: [[f64; 1]; 0] = [];
        assert_eq!(anova_one_way(&none), Err(StatsError::Empty));
        assert_eq!(anova_one_way(&[[0.1; 3], [0.2; 3]]), Err(StatsError::NoSpread));
        assert!(matches!(anova_one_way(&[[0.1], [0.2]]), Err(StatsError::TooFew { .. })));
        let nan = anova_one_way(&[[0.1, 1.0], [f64::NAN, 0.2]]);
        assert_eq!(nan, Err(StatsError::NotFinite { index: 2 }));
        assert!(anova_one_way(&[[f64::MAX, f64::MIN], [0.0, 1.0]]).is_err());
        assert_eq!(anova_one_way(&[[1.0, 2.0], [2.0, 1.0]]).unwrap().p, 1.0);
    }
}
