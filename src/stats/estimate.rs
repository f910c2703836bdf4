//! An estimate with its standard error, and the distribution it is compared with.

use serde::{Deserialize, Serialize};

use super::StatsError;
use super::dist::{Normal, StudentT};
use super::outcome::{Interval, Tails, finite_number, level};

/// The distribution that an estimate over its error is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The standard normal.
    Normal,
    /// Student's t of these degrees of freedom.
    StudentT(f64),
}

impl Reference {
    fn upper(self, x: f64) -> Result<f64, StatsError> {
        match self {
            Self::Normal => Normal.sf(x),
            Self::StudentT(df) => StudentT::new(df)?.sf(x),
        }
    }

    fn quantile(self, tail: f64) -> Result<f64, StatsError> {
        match self {
            Self::Normal => Normal.upper_quantile(tail),
            Self::StudentT(df) => StudentT::new(df)?.upper_quantile(tail),
        }
    }
}

/// An estimate with its standard error.
///
/// # Formula
///
/// ```text
/// z = (θ̂ − m) / SE,   tails P(Z > z) and P(Z < z),   interval θ̂ ± q SE
/// ```
///
/// # Shapes and units
///
/// Both are in the unit of what is estimated, and so are margins and intervals.
///
/// # Errors
///
/// `NoSpread` where a test divides by an error of zero; `InvalidParameter`, `NotFinite`.
///
/// # Source
///
/// A. Wald, "Tests of Statistical Hypotheses Concerning Several Parameters When the Number
/// of Observations is Large", Transactions of the American Mathematical Society 54(3),
/// 1943, 426–482.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate; of a regression, in units of the outcome for one of the predictor.
    pub value: f64,
    /// Its standard error.
    pub se: f64,
}

impl Estimate {
    /// Returns how many standard errors the estimate is from a margin.
    ///
    /// # Errors
    ///
    /// `NoSpread` when the error is zero, `NotFinite` for the margin.
    pub fn statistic(&self, margin: f64) -> Result<f64, StatsError> {
        let gap = self.value - finite_number(margin)?;
        if self.se > 0.0 { Ok(gap / self.se) } else { Err(StatsError::NoSpread) }
    }

    /// Returns the Wald test against a margin, both sides.
    ///
    /// # Errors
    ///
    /// As [`Estimate::statistic`]; `InvalidParameter` for degrees of freedom.
    pub fn tails(&self, margin: f64, reference: Reference) -> Result<Tails, StatsError> {
        let z = self.statistic(margin)?;
        Ok(Tails { greater: reference.upper(z)?, less: reference.upper(-z)? })
    }

    /// Returns the two-sided Wald interval.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level or for degrees of freedom.
    pub fn interval(
        &self,
        confidence: f64,
        reference: Reference,
    ) -> Result<Interval, StatsError> {
        let tail = (1.0 - level(confidence)?) / 2.0;
        let reach = reference.quantile(tail)? * self.se;
        Ok(Interval { low: self.value - reach, high: self.value + reach })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn an_estimate_is_tested_on_both_sides() {
        let b = Estimate { value: -1.0, se: 0.5 };
        let tails = b.tails(0.0, Reference::Normal).unwrap();
        assert_relative_eq!(tails.less, 0.022_750_131_948_179, max_relative = 1e-10);
        assert_relative_eq!(tails.greater + tails.less, 1.0, max_relative = 1e-12);
        let wide = b.interval(0.95, Reference::StudentT(3.0)).unwrap();
        let narrow = b.interval(0.95, Reference::Normal).unwrap();
        assert!(wide.low < narrow.low && narrow.high < wide.high);
        let exact = Estimate { se: 0.0, ..b };
        assert_eq!(exact.statistic(0.0), Err(StatsError::NoSpread));
        assert!(b.tails(0.0, Reference::StudentT(-1.0)).is_err());
    }
}
