//! What a bootstrap estimates: a statistic of one sample, or a contrast of two.

use crate::stats::StatsError;

/// A statistic of one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The standard deviation, with divisor `n − 1`.
    StandardDeviation,
    /// A quantile of type 7; the share lies in `[0, 1]`, one half is the median.
    Quantile(f64),
}

/// A statistic of one sample, or of two set against each other, first to second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimand {
    /// The statistic of one sample.
    Of(Statistic),
    /// The first sample's statistic minus the second's.
    Difference(Statistic),
    /// The first sample's statistic over the second's.
    Ratio(Statistic),
}

impl Estimand {
    /// Returns the statistic that is taken of each sample.
    #[must_use]
    pub fn statistic(self) -> Statistic {
        match self {
            Self::Of(statistic)
            | Self::Difference(statistic)
            | Self::Ratio(statistic) => statistic,
        }
    }

    /// Returns the number of samples that it is about.
    #[must_use]
    pub fn samples(self) -> usize {
        match self {
            Self::Of(_) => 1,
            Self::Difference(_) | Self::Ratio(_) => 2,
        }
    }

    /// Joins the statistics of the samples.
    pub(super) fn join(self, first: f64, second: f64) -> f64 {
        match self {
            Self::Of(_) => first,
            Self::Difference(_) => first - second,
            Self::Ratio(_) => first / second,
        }
    }

    /// Refuses a share outside `[0, 1]`.
    pub(super) fn check(self) -> Result<(), StatsError> {
        match self.statistic() {
            Statistic::Quantile(q) if !(0.0..=1.0).contains(&q) => {
                Err(StatsError::OutOfRange)
            }
            Statistic::Quantile(_) | Statistic::Mean | Statistic::StandardDeviation => {
                Ok(())
            }
        }
    }
}
