//! How two metrics go together over the items: row 14 of the table.

use crate::spec::Scale;
use crate::stats::{
    self, Correlation, CorrelationMeasure, CorrelationMethod, Interval, Normal,
    Resampling, StatsError, Tails, pearson, permuted_correlation, spearman,
};

use super::linear::Linear;
use super::samples::Paired;

/// The correlation of two columns of item means.
#[derive(Debug)]
pub(super) struct Correlated {
    pub(super) found: Correlation,
    method: CorrelationMethod,
    xs: Vec<f64>,
    ys: Vec<f64>,
    plan: Resampling,
}

impl Correlated {
    /// Takes Pearson's coefficient where both are continuous, else Spearman's.
    pub(super) fn new(
        gap: &Linear,
        data: &Paired,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let [xs, ys] = data.means.as_slice() else {
            return Err(StatsError::Undefined { what: "a correlation of this claim" });
        };
        let (xs, ys) = (data.by_unit(xs.clone()), data.by_unit(ys.clone()));
        let continuous = gap.terms.iter().all(|term| is_continuous(term.sample.scale));
        let (found, method) = if continuous {
            (pearson(&xs, &ys)?, CorrelationMethod::Fisher)
        } else {
            (spearman(&xs, &ys)?, CorrelationMethod::BonettWright)
        };
        Ok(Self { found, method, xs, ys, plan: plan.clone() })
    }

    /// Returns the statistic against a margin on the scale of Fisher's z.
    pub(super) fn z(&self, margin: f64) -> Result<f64, StatsError> {
        if margin.abs() >= 1.0 {
            let wanted = "strictly between −1 and 1";
            return Err(StatsError::InvalidParameter {
                name: "margin of a correlation",
                wanted,
            });
        }
        let n = self.found.n as f64;
        if self.found.n <= 3 {
            return Err(StatsError::TooFew { of: "items", needed: 4, got: self.found.n });
        }
        let r = self.found.r;
        let square = match self.method {
            CorrelationMethod::BonettWright => 1.0 + r * r / 2.0,
            CorrelationMethod::Fisher | CorrelationMethod::Kendall => 1.0,
        };
        Ok((r.atanh() - margin.atanh()) / (square / (n - 3.0)).sqrt())
    }

    pub(super) fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let z = self.z(margin)?;
        Ok(Tails { greater: Normal.sf(z)?, less: Normal.cdf(z)? })
    }

    pub(super) fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        self.found.interval(confidence, stats::Alternative::TwoSided, self.method)
    }

    /// Returns what a permutation of the pairs says, against no correlation.
    pub(super) fn runner_up(&self, margin: f64) -> Option<Tails> {
        if margin != 0.0 {
            return None;
        }
        let measure = match self.method {
            CorrelationMethod::Fisher => CorrelationMeasure::Pearson,
            CorrelationMethod::BonettWright | CorrelationMethod::Kendall => {
                CorrelationMeasure::Spearman
            }
        };
        let found = permuted_correlation(&self.xs, &self.ys, measure, &self.plan).ok()?;
        Some(found.tails)
    }

    /// Returns the name of the coefficient.
    pub(super) fn coefficient(&self) -> &'static str {
        match self.method {
            CorrelationMethod::Fisher => "Pearson's r",
            CorrelationMethod::BonettWright | CorrelationMethod::Kendall => {
                "Spearman's ρ"
            }
        }
    }
}

fn is_continuous(scale: Scale) -> bool {
    match scale {
        Scale::Continuous | Scale::Duration | Scale::Money | Scale::Fraction => true,
        Scale::Binary | Scale::Ordinal | Scale::Count => false,
    }
}
