//! The difference of two conditions on the same items.

use crate::stats::StatsError;
use crate::stats::describe::{mean, sum, variance};
use crate::stats::estimate::Estimate;
use crate::stats::mean::{ClusterErrors, differences};
use crate::stats::outcome::enough;
use crate::stats::units::Units;

/// The difference of two conditions on the same items, and what pairing them is worth.
///
/// # Formula
///
/// ```text
/// dᵢ = aᵢ − bᵢ,   paired SE = s_d / √n,   unpaired SE = √(s²_a/n + s²_b/n)
/// clustered SE of d as [`ClusterErrors`] says
/// ```
///
/// # Shapes and units
///
/// `a` and `b` have one score an item, in the same order; at least two items in at least
/// two clusters. All results but the correlation are in the unit of the scores.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`, `TooFew`.
///
/// # Source
///
/// E. Miller, "Adding Error Bars to Evals", arXiv:2411.00640, 2024.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDifference {
    /// Number of items.
    pub n: usize,
    /// The first condition's mean and its standard error.
    pub a: Estimate,
    /// The second condition's.
    pub b: Estimate,
    /// First mean minus second mean.
    pub difference: f64,
    /// Standard error of the difference if the items were not the same.
    pub unpaired: f64,
    /// Standard error of the difference of the same items.
    pub paired: f64,
    /// The same for items in clusters.
    pub errors: ClusterErrors,
    covariance: f64,
}

impl PairedDifference {
    /// Returns the difference of `a` and `b`, whose items are in `clusters`.
    ///
    /// # Errors
    ///
    /// As the type says.
    pub fn new(a: &[f64], b: &[f64], clusters: &Units) -> Result<Self, StatsError> {
        let gaps = differences(a, b)?;
        enough(gaps.len(), 2)?;
        let n = gaps.len() as f64;
        let of = |xs: &[f64]| -> Result<Estimate, StatsError> {
            Ok(Estimate { value: mean(xs)?, se: (variance(xs)? / n).sqrt() })
        };
        let (first, second, gap) = (of(a)?, of(b)?, of(&gaps)?);
        let products =
            a.iter().zip(b).map(|(x, y)| (x - first.value) * (y - second.value));
        Ok(Self {
            n: gaps.len(),
            a: first,
            b: second,
            difference: gap.value,
            unpaired: first.se.hypot(second.se),
            paired: gap.se,
            errors: ClusterErrors::new(&gaps, clusters)?,
            covariance: sum(products) / (n - 1.0),
        })
    }

    /// Returns the difference with its paired error: compare it with t of `n − 1`, or with
    /// the normal.
    #[must_use]
    pub fn by_items(&self) -> Estimate {
        Estimate { value: self.difference, se: self.paired }
    }

    /// Returns the difference with its clustered error CR1: compare it with the normal.
    #[must_use]
    pub fn by_clusters(&self) -> Estimate {
        Estimate { value: self.difference, se: self.errors.cr1 }
    }

    /// Returns the correlation of the two conditions over the items, in `[−1, 1]`.
    ///
    /// The larger it is, the more pairing helps.
    ///
    /// # Errors
    ///
    /// `Constant` when a condition's scores are all equal.
    pub fn correlation(&self) -> Result<f64, StatsError> {
        let spread = self.a.se * self.b.se * self.n as f64;
        if spread > 0.0 {
            Ok((self.covariance / spread).clamp(-1.0, 1.0))
        } else {
            Err(StatsError::Constant)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Reference;
    use approx::assert_relative_eq;

    const A: [f64; 5] = [1.0, 0.0, 1.0, 1.0, 0.5];
    const B: [f64; 5] = [0.0, 0.0, 1.0, 0.5, 0.25];

    #[test]
    fn swapping_the_conditions_swaps_the_sign() {
        let units = Units::labelled(&[0, 0, 1, 1, 2]);
        let ab = PairedDifference::new(&A, &B, &units).unwrap();
        let ba = PairedDifference::new(&B, &A, &units).unwrap();
        assert_relative_eq!(ab.difference, -ba.difference);
        assert_relative_eq!(ab.paired, ba.paired);
        assert_relative_eq!(ab.errors.cr1, ba.errors.cr1);
        let t = Reference::StudentT(4.0);
        let (up, down) = (ab.by_items().tails(0.0, t), ba.by_items().tails(0.0, t));
        assert_relative_eq!(up.unwrap().greater, down.unwrap().less);
    }

    #[test]
    fn what_pairing_saves_is_the_covariance() {
        let fit = PairedDifference::new(&A, &B, &Units::single(5)).unwrap();
        let saved = 2.0 * fit.correlation().unwrap() * fit.a.se * fit.b.se;
        let rest = fit.unpaired.powi(2) - saved;
        assert_relative_eq!(fit.paired.powi(2), rest, max_relative = 1e-12);
        assert_relative_eq!(fit.by_clusters().se, fit.paired, max_relative = 1e-12);
    }

    #[test]
    fn one_item_or_one_cluster_says_nothing_of_error() {
        let new =
            |a: &[f64], b: &[f64], units: &Units| PairedDifference::new(a, b, units);
        assert_eq!(new(&[], &[], &Units::single(0)), Err(StatsError::Empty));
        assert!(matches!(
            new(&[1.0], &[0.0], &Units::single(1)),
            Err(StatsError::TooFew { .. })
        ));
        assert!(new(&A, &B, &Units::labelled(&[0; 5])).is_err());
        assert!(new(&A, &B[..4], &Units::single(5)).is_err());
        assert!(new(&A, &B, &Units::single(4)).is_err());
        let same = new(&A, &[0.5; 5], &Units::single(5)).unwrap();
        assert_eq!(same.correlation(), Err(StatsError::Constant));
    }
}
