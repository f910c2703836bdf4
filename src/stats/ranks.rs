//! Ranks with ties shared out: what every rank method begins with.

use super::StatsError;
use super::outcome::finite;

/// The midranks of a sample, with the sizes of its groups of ties.
///
/// # Formula
///
/// ```text
/// rank(xᵢ) = #{j: xⱼ < xᵢ} + (#{j: xⱼ = xᵢ} + 1) / 2
/// ```
///
/// # Shapes and units
///
/// Any number of finite values, none included; ranks are from 1 to `n`, in the order of the
/// values, and are whole or half numbers. Zero and minus zero are the same value.
///
/// # Numerics
///
/// One sort: `O(n log n)`. Ranks and their sums are exact below 2⁵².
///
/// # Errors
///
/// `NotFinite`.
///
/// # Source
///
/// M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33(3), 1945,
/// 239–251.
///
/// # Example
///
/// ```
/// let ranks = crucible::stats::Ranks::of(&[3.0, 1.0, 3.0])?;
/// assert_eq!(ranks.ranks, [2.5, 1.0, 2.5]);
/// assert_eq!(ranks.groups, [1, 2]);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// The midrank of each value, in the order of the values.
    pub ranks: Vec<f64>,
    /// How many values are equal, for each different value in ascending order.
    pub groups: Vec<usize>,
}

impl Ranks {
    /// Returns the midranks of a sample.
    ///
    /// # Errors
    ///
    /// `NotFinite`.
    pub fn of(values: &[f64]) -> Result<Self, StatsError> {
        finite(values)?;
        Ok(Self::of_finite(values))
    }

    /// Returns the midranks of values that are known to be finite.
    fn of_finite(values: &[f64]) -> Self {
        let mut ranks = vec![0.0; values.len()];
        let mut groups = Vec::new();
        let mut below = 0_usize;
        for group in sorted(values).chunk_by(|a, b| values[*a] >= values[*b]) {
            let rank = below as f64 + (group.len() as f64 + 1.0) / 2.0;
            for place in group {
                ranks[*place] = rank;
            }
            groups.push(group.len());
            below += group.len();
        }
        Self { ranks, groups }
    }

    /// Returns `Σ (t³ − t)` over the groups of ties, by which variances are corrected.
    #[must_use]
    pub fn tie_term(&self) -> f64 {
        tie_term(&self.groups)
    }

    /// Says whether any two values are equal.
    #[must_use]
    pub fn has_ties(&self) -> bool {
        self.groups.iter().any(|size| *size > 1)
    }
}

/// Returns `Σ (t³ − t)` over groups of equal values.
pub(super) fn tie_term(groups: &[usize]) -> f64 {
    let cube = |size: &usize| {
        let t = *size as f64;
        (t - 1.0) * t * (t + 1.0)
    };
    groups.iter().map(cube).sum()
}

/// Returns the midrank of each of these finite values, from 1.
pub(super) fn midranks(values: &[f64]) -> Vec<f64> {
    Ranks::of_finite(values).ranks
}

/// Returns the positions of finite values from the smallest to the largest.
pub(super) fn sorted(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Adding zero makes −0 the same as 0.
    order
        .sort_by(|a, b| (values[*a] + 0.0).total_cmp(&(values[*b] + 0.0)).then(a.cmp(b)));
    order
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "ranks are whole or half numbers")]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_places_and_keep_the_sum() {
        let ranks = Ranks::of(&[5.0, -0.0, 0.0, 5.0, 7.0, 5.0]).unwrap();
        assert_eq!(ranks.ranks, [4.0, 1.5, 1.5, 4.0, 6.0, 4.0]);
        assert_eq!(ranks.groups, [2, 3, 1]);
        assert_eq!(ranks.tie_term(), 6.0 + 24.0);
        assert_eq!(ranks.ranks.iter().sum::<f64>(), 21.0);
        assert!(ranks.has_ties());
    }

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        assert_eq!(midranks(&[3.0, -0.0, 0.0, 3.0, 1.0]), [4.5, 1.5, 1.5, 4.5, 3.0]);
        assert_eq!(midranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(midranks(&[0.0, -0.0, -1.0]), [2.5, 2.5, 1.0]);
        assert!(midranks(&[]).is_empty());
    }

    #[test]
    fn nothing_has_no_ranks_and_nan_is_refused() {
        assert!(Ranks::of(&[]).unwrap().groups.is_empty());
        assert_eq!(Ranks::of(&[1.0, f64::NAN]), Err(StatsError::NotFinite { index: 1 }));
    }

    #[test]
    fn ranks_follow_the_order_whatever_the_scale() {
        let xs = [1e9 + 0.25, 1e9, 1e9 + 0.5, 1e9];
        let small: Vec<f64> = xs.iter().map(|x| x - 1e9).collect();
        assert_eq!(Ranks::of(&xs).unwrap(), Ranks::of(&small).unwrap());
    }
}
