//! Percentile, basic and BCa intervals of any statistic.

use super::design::Design;
use super::estimand::Estimand;
use super::plan::Resampling;
use super::replicate::Replicates;
use crate::stats::StatsError;
use crate::stats::describe::{quantile_sorted, sum, variance};
use crate::stats::dist::Normal;
use crate::stats::outcome::{
    Alternative, Interval, Tails, enough, finite, finite_number, level, paired,
};

/// How an interval or a p is read from resampled values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootstrapMethod {
    /// Quantiles of the resampled values.
    Percentile,
    /// The same, mirrored at the estimate.
    Basic,
    /// Quantiles corrected for bias and acceleration.
    Bca,
}

/// The resampled values of a statistic.
///
/// # Formula
///
/// ```text
/// θ̂ the statistic, θ* resampled B times, α = 1 − confidence, quantiles Q of type 7
/// percentile:  Q(α/2), Q(1 − α/2)
/// basic:       2θ̂ − Q(1 − α/2), 2θ̂ − Q(α/2)
/// BCa:         Q(α₁), Q(α₂),  αⱼ = Φ(z₀ + (z₀ + zⱼ) / (1 − a (z₀ + zⱼ)))
///   z₀ = Φ⁻¹((#{θ* < θ̂} + #{θ* ≤ θ̂}) / 2B)
///   a  = Σ U³/n³ / (6 (Σ U²/n²)^(3/2)),  U = (n − 1)(θ̄ − θ₍ᵢ₎), θ₍ᵢ₎ without cell i of n
/// p of θ ≤ m:  percentile (#{θ* ≤ m} + 1) / (B + 1), basic (#{θ* ≥ 2θ̂ − m} + 1) / (B + 1)
///   BCa: w = Φ⁻¹((#{θ* ≤ m} + 1) / (B + 1)) − z₀,  p = Φ(w / (1 + a w) − z₀)
/// ```
///
/// A cell is what is drawn: a row or a unit. Sums over cells run within each stratum or
/// sample that is drawn by itself, with its own `n` and mean `θ̄`, and are then added.
///
/// # Shapes and units
///
/// At least two cells in each sample, finite values; [`Design`] says what is drawn together.
/// Estimate, standard error and intervals have the unit of the statistic.
///
/// # Numerics
///
/// Means and standard deviations are taken around the sample's mean. Of a sample of two
/// values the counts are drawn (binomial), of few values likewise (multinomial), and of a
/// quantile the order statistics of uniform numbers: each has exactly the distribution of
/// rows drawn one by one. Resampled values that are undefined count on both sides of every
/// margin and are left out of intervals. The smallest one-sided p is `1 / (B + 1)`. The
/// result depends on seed and name alone, not on threads.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`, `LengthMismatch`, `OutOfRange` for a share,
/// `InvalidParameter` for another number of samples than the estimand has, `Undefined` when
/// the statistic of the sample is.
///
/// # Source
///
/// B. Efron, "Better Bootstrap Confidence Intervals", Journal of the American Statistical
/// Association 82(397), 1987, 171–185; A. C. Davison and D. V. Hinkley, Bootstrap Methods and
/// their Application, Cambridge 1997, chapters 2, 3 and 5. Definitions as `bootstrap` of
/// SciPy 1.17.
///
/// # Example
///
/// ```
/// use crucible::stats::{
///     Bootstrap, BootstrapMethod, Design, Estimand, Resampling, Statistic,
/// };
/// let scores = [0.2, 0.9, 0.4, 0.7, 0.8, 0.3];
/// let plan = Resampling::new(7, "scores");
/// let mean = Estimand::Of(Statistic::Mean);
/// let boot = Bootstrap::new(&[&scores], Design::Rows, mean, &plan)?;
/// assert!(boot.interval(BootstrapMethod::Bca, 0.95)?.holds(0.55));
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// The statistic of the sample.
    pub estimate: f64,
    /// The resampled values, ascending, without the undefined.
    replicates: Vec<f64>,
    undefined: usize,
    acceleration: Result<f64, StatsError>,
}

impl Bootstrap {
    /// Resamples an estimand.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(
        samples: &[&[f64]],
        design: Design<'_>,
        estimand: Estimand,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let lots = design.lots(samples)?;
        if samples.len() != estimand.samples() {
            let wanted = "one, or two for a difference or ratio";
            return Err(StatsError::InvalidParameter {
                name: "number of samples",
                wanted,
            });
        }
        Self::gathered(Replicates::of_estimand(samples, &lots, estimand, plan)?)
    }

    /// Resamples a statistic that is a function of the samples; NaN where it is undefined.
    ///
    /// It is called once for each resample and once without each cell.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn with(
        samples: &[&[f64]],
        design: Design<'_>,
        statistic: impl Fn(&[&[f64]]) -> f64 + Sync,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let lots = design.lots(samples)?;
        Self::gathered(Replicates::of_closure(samples, &lots, statistic, plan)?)
    }

    /// Takes resamples that are given: one list of them, each a list of rows, that all
    /// samples share, or one for each sample.
    ///
    /// # Errors
    ///
    /// As the type; `OutOfRange` for a row that does not exist, `LengthMismatch` for another
    /// number of lists, `Empty` for none.
    pub fn of_indices(
        samples: &[&[f64]],
        indices: &[Vec<Vec<usize>>],
        statistic: impl Fn(&[&[f64]]) -> f64 + Sync,
    ) -> Result<Self, StatsError> {
        let design = if indices.len() == 1 { Design::Rows } else { Design::Apart };
        let lots = design.lots(samples)?;
        if indices.len() != lots.len() {
            return Err(StatsError::LengthMismatch {
                left: indices.len(),
                right: samples.len(),
            });
        }
        let resamples = indices[0].len();
        enough(resamples, 1)?;
        indices.iter().try_for_each(|list| paired(resamples, list.len()))?;
        let observed = Replicates::observed(samples, &lots, &statistic)?;
        let one = |number: usize| {
            let part = |(at, sample): (usize, &&[f64])| {
                let rows = &indices[at.min(indices.len() - 1)][number];
                enough(rows.len(), 1)?;
                let values: Option<Vec<f64>> =
                    rows.iter().map(|row| sample.get(*row).copied()).collect();
                values.ok_or(StatsError::OutOfRange)
            };
            let parts: Result<Vec<Vec<f64>>, StatsError> =
                samples.iter().enumerate().map(part).collect();
            let parts = parts?;
            let views: Vec<&[f64]> = parts.iter().map(Vec::as_slice).collect();
            Ok(statistic(&views))
        };
        let resampled =
            (0..resamples).map(one).collect::<Result<Vec<f64>, StatsError>>()?;
        Self::gathered(Replicates { resampled, ..observed })
    }

    fn gathered(of: Replicates) -> Result<Self, StatsError> {
        let Replicates { estimate, mut resampled, without } = of;
        let all = resampled.len();
        enough(all, 1)?;
        resampled.retain(|x| !x.is_nan());
        resampled.sort_unstable_by(f64::total_cmp);
        let undefined = all - resampled.len();
        let acceleration = acceleration(&without);
        Ok(Self { estimate, replicates: resampled, undefined, acceleration })
    }

    /// Returns the resampled values, ascending, without the undefined.
    #[must_use]
    pub fn replicates(&self) -> &[f64] {
        &self.replicates
    }

    /// Returns the number of resamples of which the statistic is undefined.
    #[must_use]
    pub fn undefined(&self) -> usize {
        self.undefined
    }

    /// Returns the standard deviation of the resampled values, with divisor `B − 1`.
    ///
    /// # Errors
    ///
    /// `Empty` and `TooFew` for fewer than two that are defined, `NotFinite`.
    pub fn standard_error(&self) -> Result<f64, StatsError> {
        Ok(variance(&self.replicates)?.sqrt())
    }

    /// Returns the acceleration `a` of the statistic, from leaving out each cell.
    ///
    /// # Errors
    ///
    /// `NoSpread` when no cell moves the statistic, `Undefined` when it is undefined without
    /// one of them.
    pub fn acceleration(&self) -> Result<f64, StatsError> {
        self.acceleration
    }

    /// Returns the correction for bias, `z₀`.
    ///
    /// # Errors
    ///
    /// `Undefined` when all resampled values lie on one side of the estimate.
    pub fn bias(&self) -> Result<f64, StatsError> {
        let below = self.replicates.partition_point(|x| *x < self.estimate);
        let not_above = self.replicates.partition_point(|x| *x <= self.estimate);
        let share = (below + not_above) as f64 / (2.0 * self.replicates.len() as f64);
        if share > 0.0 && share < 1.0 {
            Normal.quantile(share)
        } else {
            Err(StatsError::Undefined { what: "the correction for bias" })
        }
    }

    /// Returns the two-sided interval of a level of confidence.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level, `Empty` when no resample is defined; for BCa also
    /// those of [`Bootstrap::bias`] and [`Bootstrap::acceleration`].
    pub fn interval(
        &self,
        method: BootstrapMethod,
        confidence: f64,
    ) -> Result<Interval, StatsError> {
        let tail = (1.0 - level(confidence)?) / 2.0;
        self.between(method, tail, 1.0 - tail)
    }

    /// Returns the interval of an alternative, open at its other end: `Greater` has a lower
    /// bound, `Less` an upper one.
    ///
    /// # Errors
    ///
    /// As [`Bootstrap::interval`].
    pub fn bound(
        &self,
        method: BootstrapMethod,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        let tail = 1.0 - level(confidence)?;
        let ends = self.between(method, tail, 1.0 - tail)?;
        match alternative {
            Alternative::TwoSided => self.interval(method, confidence),
            Alternative::Less => Ok(Interval { low: f64::NEG_INFINITY, ..ends }),
            Alternative::Greater => Ok(Interval { high: f64::INFINITY, ..ends }),
        }
    }

    fn between(
        &self,
        method: BootstrapMethod,
        low: f64,
        high: f64,
    ) -> Result<Interval, StatsError> {
        let at = |share| quantile_sorted(&self.replicates, share);
        match method {
            BootstrapMethod::Percentile => {
                Ok(Interval { low: at(low)?, high: at(high)? })
            }
            BootstrapMethod::Basic => {
                let mirror = |x: f64| 2.0 * self.estimate - x;
                Ok(Interval { low: mirror(at(high)?), high: mirror(at(low)?) })
            }
            BootstrapMethod::Bca => {
                let (a, bias) = (self.acceleration?, self.bias()?);
                let share = |tail| {
                    let z = bias + Normal.quantile(tail)?;
                    let rest = 1.0 - a * z;
                    if rest > 0.0 {
                        Normal.cdf(bias + z / rest)
                    } else {
                        // Past the pole of the correction lies everything.
                        Ok(if z > 0.0 { 1.0 } else { 0.0 })
                    }
                };
                Ok(Interval { low: at(share(low)?)?, high: at(share(high)?)? })
            }
        }
    }

    /// Returns both one-sided p against a margin.
    ///
    /// # Errors
    ///
    /// `NotFinite` for the margin; for BCa also those of [`Bootstrap::bias`] and
    /// [`Bootstrap::acceleration`].
    pub fn tails(
        &self,
        method: BootstrapMethod,
        margin: f64,
    ) -> Result<Tails, StatsError> {
        let margin = finite_number(margin)?;
        match method {
            BootstrapMethod::Percentile => Ok(self.counted(margin)),
            BootstrapMethod::Basic => {
                let Tails { greater, less } = self.counted(2.0 * self.estimate - margin);
                Ok(Tails { greater: less, less: greater })
            }
            BootstrapMethod::Bca => {
                let (a, bias) = (self.acceleration?, self.bias()?);
                let Tails { greater, less } = self.counted(margin);
                // Seen from above, bias and acceleration change their signs.
                Ok(Tails {
                    greater: self.inverted(greater, bias, a)?,
                    less: self.inverted(less, -bias, -a)?,
                })
            }
        }
    }

    /// Returns the shares at most, and at least, the margin, the sample itself counted.
    fn counted(&self, margin: f64) -> Tails {
        let not_above = self.replicates.partition_point(|x| *x <= margin);
        let below = self.replicates.partition_point(|x| *x < margin);
        let all = self.replicates.len() + self.undefined;
        let share = |count: usize| (count as f64 + 1.0) / (all as f64 + 1.0);
        Tails { greater: share(not_above + self.undefined), less: share(all - below) }
    }

    /// Returns the tail whose BCa bound is the margin with so many replicates beyond.
    fn inverted(&self, beyond: f64, bias: f64, a: f64) -> Result<f64, StatsError> {
        let floor = 1.0 / ((self.replicates.len() + self.undefined) as f64 + 1.0);
        if beyond >= 1.0 {
            return Ok(1.0);
        }
        let w = Normal.quantile(beyond)? - bias;
        let rest = 1.0 + a * w;
        let p = if rest > 0.0 {
            Normal.cdf(w / rest - bias)?
        } else if w > 0.0 {
            1.0
        } else {
            0.0
        };
        Ok(p.max(floor))
    }
}

/// Returns the acceleration from the values without each cell, by stratum.
fn acceleration(without: &[Vec<f64>]) -> Result<f64, StatsError> {
    let mut pulls = Vec::new();
    for values in without {
        if finite(values).is_err() {
            return Err(StatsError::Undefined { what: "the statistic without a value" });
        }
        let n = values.len() as f64;
        let first = values.first().copied().unwrap_or_default();
        let centre = sum(values.iter().map(|x| x - first)) / n;
        let pull = |x: &f64| (n - 1.0) * ((centre - (x - first)) / n);
        pulls.extend(values.iter().map(pull));
    }
    // In units of the largest, so that no power leaves the range of f64.
    let largest = pulls.iter().fold(0.0_f64, |most, pull| most.max(pull.abs()));
    if largest == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let moment = |k| sum(pulls.iter().map(|pull| (pull / largest).powi(k)));
    let a = moment(3) / (6.0 * moment(2).powf(1.5));
    if a.is_finite() { Ok(a) } else { Err(StatsError::NoSpread) }
}
