//! A mean or a difference of means with its standard error: what every t test compares.

use super::super::StatsError;
use super::super::dist::{Normal, StudentT};
use super::super::outcome::{Alternative, Interval, Tails, finite_number, level};
use super::sample::Sample;

/// An estimate with its standard error and degrees of freedom.
///
/// # Formula
///
/// ```text
/// t = (estimate − margin) / se,  compared with t of `df` degrees of freedom
/// interval: estimate ± t_{1−α/2} se, or one end of it at 1 − α
/// ```
///
/// # Shapes and units
///
/// The estimate, its error, margins and intervals are in the unit of the values.
///
/// # Numerics
///
/// The estimate is kept in two parts, an exact difference of values and a small rest, so
/// that values of 1e9 with noise of 1 lose no digit against a margin of 1e9.
///
/// # Errors
///
/// `NoSpread` where a t is asked of an estimate without error.
///
/// # Source
///
/// "Student", "The Probable Error of a Mean", Biometrika 6(1), 1908, 1–25.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanContrast {
    /// The mean, or the difference of two.
    pub estimate: f64,
    /// Its standard error; zero of samples without spread.
    pub se: f64,
    /// Degrees of freedom, not always whole.
    pub df: f64,
    anchor: f64,
    shift: f64,
}

/// The outcome of a t test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// The statistic.
    pub t: f64,
    /// Both one-sided p.
    pub tails: Tails,
    /// What was tested; its interval is [`MeanContrast::interval`].
    pub contrast: MeanContrast,
}

impl MeanContrast {
    /// The mean of one sample.
    pub(super) fn single(x: &Sample) -> Self {
        Self::assemble(x.anchor, x.shift, x.se(), x.n - 1.0)
    }

    /// The difference of two means whose samples share one variance.
    pub(super) fn pooled(x: &Sample, y: &Sample) -> Self {
        let df = x.n + y.n - 2.0;
        let spread = (x.sd * (x.n - 1.0).sqrt()).hypot(y.sd * (y.n - 1.0).sqrt());
        let se = spread / df.sqrt() * (1.0 / x.n + 1.0 / y.n).sqrt();
        Self::gap(x, y, se, df)
    }

    /// The difference of two means whose samples have variances of their own.
    pub(super) fn separate(x: &Sample, y: &Sample) -> Self {
        let se = x.se().hypot(y.se());
        if se == 0.0 {
            return Self::gap(x, y, 0.0, x.n + y.n - 2.0);
        }
        // Shares of the variance, so that no square of a variance over- or underflows.
        let (a, b) = ((x.se() / se).powi(2), (y.se() / se).powi(2));
        Self::gap(x, y, se, 1.0 / (a * a / (x.n - 1.0) + b * b / (y.n - 1.0)))
    }

    fn gap(x: &Sample, y: &Sample, se: f64, df: f64) -> Self {
        let anchor = x.anchor - y.anchor;
        Self::assemble(anchor, x.shift - y.shift, se, df)
    }

    fn assemble(anchor: f64, shift: f64, se: f64, df: f64) -> Self {
        Self { estimate: anchor + shift, se, df, anchor, shift }
    }

    /// Tests the estimate against a margin.
    ///
    /// # Errors
    ///
    /// `NoSpread` when the standard error is zero, `NotFinite` for the margin.
    pub fn test(&self, margin: f64) -> Result<TTest, StatsError> {
        let gap = (self.anchor - finite_number(margin)?) + self.shift;
        if self.se == 0.0 {
            return Err(StatsError::NoSpread);
        }
        let t = gap / self.se;
        let law = StudentT::new(self.df)?;
        let tails = Tails { greater: law.sf(t)?, less: law.cdf(t)? };
        Ok(TTest { t, tails, contrast: *self })
    }

    /// Returns the t interval of a level of confidence, open at the other end when it is
    /// one-sided; without spread it is the estimate.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(
        &self,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        let law = StudentT::new(self.df)?;
        let quantile = law.upper_quantile(tail(confidence, alternative)?)?;
        Ok(self.within(quantile, alternative))
    }

    /// Returns the normal interval of a level of confidence; see [`MeanContrast::interval`].
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval_z(
        &self,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        let quantile = Normal.upper_quantile(tail(confidence, alternative)?)?;
        Ok(self.within(quantile, alternative))
    }

    fn within(&self, quantile: f64, alternative: Alternative) -> Interval {
        let reach = if self.se == 0.0 { 0.0 } else { quantile * self.se };
        let (low, high) =
            (self.anchor + (self.shift - reach), self.anchor + (self.shift + reach));
        match alternative {
            Alternative::TwoSided => Interval { low, high },
            Alternative::Less => Interval { low: f64::NEG_INFINITY, high },
            Alternative::Greater => Interval { low, high: f64::INFINITY },
        }
    }
}

impl TTest {
    /// Returns the interval of the estimate; see [`MeanContrast::interval`].
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(
        &self,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        self.contrast.interval(confidence, alternative)
    }
}

/// Returns the probability beyond an end of an interval.
fn tail(confidence: f64, alternative: Alternative) -> Result<f64, StatsError> {
    let outside = 1.0 - level(confidence)?;
    Ok(match alternative {
        Alternative::TwoSided => outside / 2.0,
        Alternative::Less | Alternative::Greater => outside,
    })
}
