//! Stated probabilities in bins, beside the share that came true.

use serde::{Deserialize, Serialize};

use super::forecasts::Forecasts;
use crate::stats::StatsError;
use crate::stats::describe::sum;

/// How forecasts are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Bins of equal width: bin `b` holds `(b/B, (b+1)/B]`, the first one zero too.
    #[default]
    Uniform,
    /// Bins of equal number: in order of probability, the first ones larger by one where
    /// the number does not divide.
    Quantile,
}

/// One bin of a reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Number of forecasts; at least one.
    pub count: usize,
    /// Mean probability stated.
    pub confidence: f64,
    /// Share that came true.
    pub accuracy: f64,
}

/// A reliability curve and its distance from the diagonal.
///
/// Values are those of [`Forecasts::reliability`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The bins that hold something, in order of probability.
    pub bins: Vec<ReliabilityBin>,
    /// Expected calibration error, in `[0, 1]`.
    pub ece: f64,
    /// Maximum calibration error, in `[0, 1]`.
    pub mce: f64,
}

impl Forecasts<'_> {
    /// Returns the reliability curve, with the expected and the maximum error.
    ///
    /// # Formula
    ///
    /// ```text
    /// ECE = Σ n_b / n · |accuracy_b − confidence_b|,   MCE = max |accuracy_b − confidence_b|
    /// ```
    ///
    /// # Shapes and units
    ///
    /// `bins` is at least one. The ECE depends on the number of bins and is biased upwards
    /// in small samples; a bin of few forecasts may own the MCE.
    ///
    /// # Numerics
    ///
    /// The edges are the doubles `b/B`; ties at an edge fall as the definition says.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for no bins.
    ///
    /// # Source
    ///
    /// M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining Well Calibrated
    /// Probabilities Using Bayesian Binning", Proceedings of the AAAI Conference on
    /// Artificial Intelligence 29(1), 2015, 2901–2907.
    pub fn reliability(
        &self,
        bins: usize,
        binning: Binning,
    ) -> Result<Reliability, StatsError> {
        if bins == 0 {
            let wanted = "at least one";
            return Err(StatsError::InvalidParameter { name: "number of bins", wanted });
        }
        let mut order: Vec<usize> = (0..self.probabilities.len()).collect();
        order.sort_by(|i, j| self.probabilities[*i].total_cmp(&self.probabilities[*j]));
        let groups = match binning {
            Binning::Uniform => order
                .chunk_by(|i, j| self.uniform(*i, bins) == self.uniform(*j, bins))
                .map(<[usize]>::to_vec)
                .collect(),
            Binning::Quantile => equal_parts(&order, bins),
        };
        let bins: Vec<ReliabilityBin> =
            groups.iter().map(|group| self.bin(group)).collect();
        let n = self.probabilities.len() as f64;
        let gap = |bin: &ReliabilityBin| (bin.accuracy - bin.confidence).abs();
        let ece = sum(bins.iter().map(|bin| bin.count as f64 / n * gap(bin)));
        let mce = bins.iter().map(gap).fold(0.0, f64::max);
        Ok(Reliability { bins, ece, mce })
    }

    fn bin(&self, group: &[usize]) -> ReliabilityBin {
        let count = group.len();
        let share = |values: &[f64]| sum(group.iter().map(|i| values[*i])) / count as f64;
        ReliabilityBin {
            count,
            confidence: share(self.probabilities),
            accuracy: share(self.outcomes),
        }
    }

    /// Returns the number of edges `b/B` with `b ≥ 1` that lie below a forecast.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a probability times a number of bins"
    )]
    fn uniform(&self, forecast: usize, bins: usize) -> usize {
        let p = self.probabilities[forecast];
        let edge = |b: usize| b as f64 / bins as f64;
        let mut bin = ((p * bins as f64) as usize).min(bins - 1);
        while bin > 0 && p <= edge(bin) {
            bin -= 1;
        }
        while bin + 1 < bins && p > edge(bin + 1) {
            bin += 1;
        }
        bin
    }
}

/// Cuts a list into so many parts, the first ones longer by one; empty parts are left out.
fn equal_parts(order: &[usize], parts: usize) -> Vec<Vec<usize>> {
    let (size, longer) = (order.len() / parts, order.len() % parts);
    let (head, tail) = order.split_at(longer * (size + 1));
    let mut groups: Vec<Vec<usize>> =
        head.chunks(size + 1).map(<[usize]>::to_vec).collect();
    groups.extend(tail.chunks(size.max(1)).map(<[usize]>::to_vec));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_forecast_on_an_edge_belongs_to_the_bin_below() {
        let p = [0.0, 0.1, 0.2, 0.3, 0.6, 0.7, 1.0];
        let forecasts = Forecasts::new(&p, &[0.0; 7]).unwrap();
        let counts = |bins| {
            let curve = forecasts.reliability(bins, Binning::Uniform).unwrap();
            curve.bins.iter().map(|bin| bin.count).collect::<Vec<_>>()
        };
        assert_eq!(counts(10), [2, 1, 1, 1, 1, 1]);
        assert_eq!(counts(5), [3, 1, 1, 1, 1]);
        assert_eq!(counts(1), [7]);
    }

    #[test]
    fn equal_parts_are_those_of_array_split() {
        let lengths = |n: usize, parts| {
            let order: Vec<usize> = (0..n).collect();
            equal_parts(&order, parts).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths(10, 4), [3, 3, 2, 2]);
        assert_eq!(lengths(3, 5), [1, 1, 1]);
        assert_eq!(lengths(6, 3), [2, 2, 2]);
    }

    #[test]
    fn forecasts_that_come_true_as_often_as_they_say_have_no_error() {
        let (p, y) = ([0.25, 0.25, 0.25, 0.25, 1.0], [0.0, 1.0, 0.0, 0.0, 1.0]);
        let forecasts = Forecasts::new(&p, &y).unwrap();
        let curve = forecasts.reliability(10, Binning::Uniform).unwrap();
        assert_relative_eq!(curve.ece, 0.0);
        assert_relative_eq!(curve.mce, 0.0);
        assert!(forecasts.reliability(0, Binning::Quantile).is_err());
        let fine = forecasts.reliability(1_000_000_000, Binning::Quantile).unwrap();
        assert_eq!(fine.bins.len(), 5);
    }
}
