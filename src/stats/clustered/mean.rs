//! The mean of scores in clusters.

use crate::stats::StatsError;
use crate::stats::describe::variance;
use crate::stats::estimate::{Estimate, Reference};
use crate::stats::mean::{ClusterErrors, UnitMean};
use crate::stats::outcome::Interval;
use crate::stats::units::Units;

/// The mean of scores in clusters, with the standard errors that other tools give.
///
/// # Formula
///
/// ```text
/// CLT = s / √n;  CR0, CR1 and Miller's as [`ClusterErrors`] says
/// z interval x̄ ± z CR1,  t interval with G − 1 degrees of freedom
/// design effect (CR1 / CLT)²
/// ```
///
/// # Shapes and units
///
/// Finite values in at least two clusters; mean and errors are in their unit.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`, `TooFew` for fewer than two clusters.
///
/// # Source
///
/// K.-Y. Liang and S. L. Zeger, Biometrika 73(1), 1986, 13–22; E. Miller, "Adding Error
/// Bars to Evals", arXiv:2411.00640, 2024; the design effect L. Kish, Survey Sampling,
/// 1965, section 8.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredMean {
    /// The mean, each value with the same weight.
    pub mean: f64,
    /// Number of values.
    pub n: usize,
    /// Number of clusters.
    pub clusters: usize,
    /// The standard error of values that know nothing of clusters.
    pub clt: f64,
    /// The standard errors that allow for them.
    pub errors: ClusterErrors,
}

impl ClusteredMean {
    /// Returns the mean of `values` in `clusters`.
    ///
    /// # Errors
    ///
    /// As the type says.
    pub fn new(values: &[f64], clusters: &Units) -> Result<Self, StatsError> {
        let fit = UnitMean::new(values, clusters)?;
        // Measured from the first value, so that a common offset costs no digit.
        let gaps: Vec<f64> = values.iter().map(|x| x - values[0]).collect();
        Ok(Self {
            mean: fit.mean,
            n: fit.n,
            clusters: fit.units,
            clt: (variance(values)? / values.len() as f64).sqrt(),
            errors: ClusterErrors::new(&gaps, clusters)?,
        })
    }

    /// Returns the normal interval around CR1.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval_z(&self, confidence: f64) -> Result<Interval, StatsError> {
        self.estimate().interval(confidence, Reference::Normal)
    }

    /// Returns the t interval around CR1, with one degree of freedom less than clusters.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval_t(&self, confidence: f64) -> Result<Interval, StatsError> {
        let df = self.clusters as f64 - 1.0;
        self.estimate().interval(confidence, Reference::StudentT(df))
    }

    /// Returns how many times larger the clusters make the variance of the mean.
    ///
    /// # Errors
    ///
    /// `NoSpread` when all values are equal.
    pub fn design_effect(&self) -> Result<f64, StatsError> {
        if self.clt > 0.0 {
            Ok((self.errors.cr1 / self.clt).powi(2))
        } else {
            Err(StatsError::NoSpread)
        }
    }

    fn estimate(&self) -> Estimate {
        Estimate { value: self.mean, se: self.errors.cr1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn lone_values_have_no_design_effect_and_copies_have_theirs() {
        let xs = [0.1, 0.7, 0.4, 0.9];
        let lone = ClusteredMean::new(&xs, &Units::single(4)).unwrap();
        assert_relative_eq!(lone.design_effect().unwrap(), 1.0, max_relative = 1e-12);
        // Each value three times: twelve values say no more than four.
        let copies: Vec<f64> = xs.iter().flat_map(|x| [*x; 3]).collect();
        let labels: Vec<usize> = (0..12).map(|i| i / 3).collect();
        let thrice = ClusteredMean::new(&copies, &Units::labelled(&labels)).unwrap();
        assert_relative_eq!(thrice.errors.cr1, lone.errors.cr1, max_relative = 1e-12);
        assert_relative_eq!(thrice.mean, lone.mean, max_relative = 1e-12);
    }

    #[test]
    fn an_offset_of_a_billion_costs_no_digit() {
        let xs = [0.25, 0.5, 1.0, 2.25, 3.5, 0.75];
        let far: Vec<f64> = xs.iter().map(|x| x + 1e9).collect();
        let units = Units::labelled(&[0, 0, 1, 1, 2, 2]);
        let a = ClusteredMean::new(&xs, &units).unwrap();
        let b = ClusteredMean::new(&far, &units).unwrap();
        assert_relative_eq!(a.errors.cr1, b.errors.cr1, max_relative = 1e-12);
        assert_relative_eq!(a.errors.miller, b.errors.miller, max_relative = 1e-12);
        assert_relative_eq!(a.clt, b.clt, max_relative = 1e-12);
    }

    #[test]
    fn a_constant_mean_has_intervals_but_no_design_effect() {
        let fit = ClusteredMean::new(&[0.1; 4], &Units::labelled(&[0, 0, 1, 1])).unwrap();
        assert_eq!(fit.design_effect(), Err(StatsError::NoSpread));
        assert_eq!(fit.interval_t(0.95).unwrap(), Interval { low: 0.1, high: 0.1 });
        let one = ClusteredMean::new(&[0.1, 0.2], &Units::labelled(&[0, 0]));
        assert!(matches!(one, Err(StatsError::TooFew { .. })));
    }
}
