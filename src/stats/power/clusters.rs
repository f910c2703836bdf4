//! What clusters of items cost.

use crate::stats::StatsError;

/// Clusters of items that share something: a document, a topic, a template.
///
/// # Formula
///
/// ```text
/// design effect = 1 + ((1 + v²) m̄ − 1) ρ
/// ```
///
/// # Shapes and units
///
/// `m̄` items in a cluster on average, with a coefficient of variation `v` (divisor: the
/// number of clusters); `ρ` is the correlation of two items of a cluster in what is measured,
/// for a paired comparison the difference. The design effect multiplies a variance, and so
/// the number of items needed.
///
/// # Errors
///
/// See [`Clusters::design_effect`].
///
/// # Source
///
/// S. M. Eldridge, D. Ashby and S. Kerry, "Sample size for cluster randomized trials: effect
/// of coefficient of variation of cluster size and analysis method", International Journal of
/// Epidemiology 35(5), 2006, 1292–1300; for equal sizes L. Kish, Survey Sampling, 1965.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clusters {
    /// Mean number of items in a cluster, at least 1.
    pub mean_size: f64,
    /// Coefficient of variation of the sizes; 0 when all are equal.
    pub variation: f64,
    /// Correlation of two items of a cluster, from 0 to 1.
    pub correlation: f64,
}

impl Clusters {
    /// Items that stand alone: a design effect of 1.
    pub const NONE: Self = Self { mean_size: 1.0, variation: 0.0, correlation: 0.0 };

    /// Returns clusters of these sizes.
    ///
    /// # Errors
    ///
    /// `Empty`; `InvalidParameter` for an empty cluster; as [`Clusters::design_effect`].
    pub fn of_sizes(sizes: &[usize], correlation: f64) -> Result<Self, StatsError> {
        if sizes.is_empty() {
            return Err(StatsError::Empty);
        }
        if sizes.contains(&0) {
            let name = "size of a cluster";
            return Err(StatsError::InvalidParameter { name, wanted: "at least 1" });
        }
        let count = sizes.len() as f64;
        let mean_size = sizes.iter().map(|m| *m as f64).sum::<f64>() / count;
        let spread =
            sizes.iter().map(|m| (*m as f64 - mean_size).powi(2)).sum::<f64>() / count;
        let clusters =
            Self { mean_size, variation: spread.sqrt() / mean_size, correlation };
        clusters.design_effect().map(|_| clusters)
    }

    /// Returns the factor by which clusters inflate the variance of a mean.
    ///
    /// # Errors
    ///
    /// `NotFinite`; `InvalidParameter` for a mean size below 1, a negative variation, or a
    /// correlation outside `[0, 1]`.
    pub fn design_effect(self) -> Result<f64, StatsError> {
        let numbers = [self.mean_size, self.variation, self.correlation];
        if let Some(index) = numbers.iter().position(|x| !x.is_finite()) {
            return Err(StatsError::NotFinite { index });
        }
        let refused = |name, wanted| Err(StatsError::InvalidParameter { name, wanted });
        if self.mean_size < 1.0 {
            return refused("mean size of clusters", "at least 1");
        }
        if self.variation < 0.0 {
            return refused("variation of sizes", "not negative");
        }
        if !(0.0..=1.0).contains(&self.correlation) {
            return refused("correlation within clusters", "between 0 and 1");
        }
        let weighted = (1.0 + self.variation.powi(2)) * self.mean_size;
        Ok(1.0 + (weighted - 1.0) * self.correlation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn unequal_sizes_cost_as_much_as_the_size_that_an_item_sees() {
        let sizes = [1, 2, 3, 10, 4];
        let clusters = Clusters::of_sizes(&sizes, 0.3).unwrap();
        let seen = sizes.iter().map(|m| m * m).sum::<usize>() as f64 / 20.0;
        let wanted = 1.0 + (seen - 1.0) * 0.3;
        assert_relative_eq!(
            clusters.design_effect().unwrap(),
            wanted,
            max_relative = 1e-14
        );
    }

    #[test]
    fn equal_sizes_cost_what_kish_says_and_single_items_nothing() {
        let equal = Clusters::of_sizes(&[5; 8], 0.1).unwrap();
        assert_relative_eq!(equal.design_effect().unwrap(), 1.4, max_relative = 1e-14);
        assert_eq!(Clusters::NONE.design_effect(), Ok(1.0));
    }

    #[test]
    fn what_is_no_cluster_is_refused() {
        assert_eq!(Clusters::of_sizes(&[], 0.1), Err(StatsError::Empty));
        assert!(Clusters::of_sizes(&[3, 0], 0.1).is_err());
        assert!(Clusters::of_sizes(&[3], 1.1).is_err());
        assert!(Clusters::of_sizes(&[3], f64::NAN).is_err());
        let negative = Clusters { variation: -1.0, ..Clusters::NONE };
        assert!(negative.design_effect().is_err());
    }
}
