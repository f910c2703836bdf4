//! The studentised bootstrap of any statistic that comes with a standard error.

use super::design::Design;
use super::plan::Resampling;
use super::replicate::{defined, written_out};
use crate::stats::StatsError;
use crate::stats::describe::quantile_sorted;
use crate::stats::outcome::{Interval, Tails, enough, finite_number, level};

/// A statistic and its standard error, in one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaled {
    /// The statistic.
    pub estimate: f64,
    /// Its standard error.
    pub se: f64,
}

impl Scaled {
    const NONE: Self = Self { estimate: f64::NAN, se: f64::NAN };

    /// Returns the difference of two means with Welch's standard error; NaN of a sample of
    /// fewer than two values.
    fn welch(samples: &[&[f64]]) -> Self {
        let [xs, ys] = samples else { return Self::NONE };
        let part = |values: &[f64]| {
            let n = values.len() as f64;
            let first = values.first().copied().unwrap_or_default();
            let (sum, squares) = values.iter().fold((0.0, 0.0), |(sum, squares), x| {
                let gap = x - first;
                (sum + gap, squares + gap * gap)
            });
            let rest = squares - sum * sum / n;
            let rest = if rest > 1e-13 * squares { rest } else { 0.0 };
            (first + sum / n, rest / (n - 1.0) / n)
        };
        let ((x, vx), (y, vy)) = (part(xs), part(ys));
        Self { estimate: x - y, se: (vx + vy).sqrt() }
    }
}

/// Resampled t statistics of any statistic with a standard error.
///
/// # Formula
///
/// ```text
/// t* = (θ̂* − θ̂) / SE*,  t̂ = (θ̂ − m) / SE
/// greater = (#{t* ≥ t̂} + 1) / (B + 1),   less = (#{t* ≤ t̂} + 1) / (B + 1)
/// interval: [θ̂ − t*₍₁₋ₐ₎ SE, θ̂ − t*₍ₐ₎ SE],  a = α/2, quantiles of type 7
/// ```
///
/// # Shapes and units
///
/// As [`Design`]; statistic, standard error, margins and intervals share a unit.
///
/// # Numerics
///
/// A resample whose SE is zero has `t* = ±∞` on the side of its statistic, and 0 when it
/// equals the sample's. One that is undefined counts on both sides of a margin and is left
/// out of intervals. The result depends on seed and name alone, not on threads.
///
/// # Errors
///
/// As [`Bootstrap`](super::Bootstrap); `NoSpread` when the SE of the sample is zero.
///
/// # Source
///
/// B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans, SIAM 1982, section
/// 10.10; P. Hall, "Theoretical Comparison of Bootstrap Confidence Intervals", The Annals of
/// Statistics 16(3), 1988, 927–953.
#[derive(Debug, Clone, PartialEq)]
pub struct BootstrapT {
    /// The statistic of the sample and its standard error.
    pub fit: Scaled,
    /// The resampled statistics, ascending, without the undefined.
    t: Vec<f64>,
    undefined: usize,
}

impl BootstrapT {
    /// Resamples a statistic that comes with its standard error.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn with(
        samples: &[&[f64]],
        design: Design<'_>,
        statistic: impl Fn(&[&[f64]]) -> Scaled + Sync,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let lots = design.lots(samples)?;
        let fit = statistic(samples);
        defined(fit.estimate)?;
        defined(fit.se)?;
        if fit.se <= 0.0 {
            return Err(StatsError::NoSpread);
        }
        enough(plan.resamples, 1)?;
        let resampled = written_out(samples, &lots, statistic, (Scaled::NONE, plan));
        let mut t: Vec<f64> = resampled
            .into_iter()
            .map(|one| {
                let gap = one.estimate - fit.estimate;
                if gap == 0.0 {
                    gap / one.se.max(f64::MIN_POSITIVE)
                } else {
                    gap / one.se
                }
            })
            .filter(|t| !t.is_nan())
            .collect();
        t.sort_unstable_by(f64::total_cmp);
        let undefined = plan.resamples - t.len();
        Ok(Self { fit, t, undefined })
    }

    /// Resamples the difference of the means of two independent samples, with Welch's
    /// standard error.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn of_means(
        xs: &[f64],
        ys: &[f64],
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        Self::with(&[xs, ys], Design::Apart, Scaled::welch, plan)
    }

    /// Returns both one-sided p against a margin.
    ///
    /// # Errors
    ///
    /// `NotFinite` for the margin.
    pub fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let t = (self.fit.estimate - finite_number(margin)?) / self.fit.se;
        let below = self.t.partition_point(|x| *x < t);
        let not_above = self.t.partition_point(|x| *x <= t);
        let all = self.t.len() + self.undefined;
        let share = |count: usize| (count as f64 + 1.0) / (all as f64 + 1.0);
        Ok(Tails { greater: share(all - below), less: share(not_above + self.undefined) })
    }

    /// Returns the bootstrap-t interval of a level of confidence.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level, `Empty` when no resample is defined.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - level(confidence)?) / 2.0;
        let end = |q| Ok(self.fit.estimate - quantile_sorted(&self.t, q)? * self.fit.se);
        Ok(Interval { low: end(1.0 - tail)?, high: end(tail)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{StudentisedBootstrap, Units};

    fn plan() -> Resampling {
        Resampling { resamples: 4_000, seed: 2, name: "t".to_owned() }
    }

    fn skewed(n: u32) -> Vec<f64> {
        (1..=n).map(|i| (f64::from(i * 37 % 101) / 25.0).exp()).collect()
    }

    #[test]
    fn the_mean_of_one_sample_agrees_with_the_studentised_bootstrap() {
        let xs = skewed(80);
        let mean = |data: &[&[f64]]| {
            let n = data[0].len() as f64;
            let mean = data[0].iter().sum::<f64>() / n;
            let m2 = data[0].iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            Scaled { estimate: mean, se: (m2 / (n - 1.0) / n).sqrt() }
        };
        let ours = BootstrapT::with(&[&xs], Design::Rows, mean, &plan()).unwrap();
        let other = StudentisedBootstrap::new(&xs, &Units::single(80), &plan()).unwrap();
        let (a, b) = (ours.interval(0.9).unwrap(), other.interval(0.9).unwrap());
        // Two runs of 4,000 resamples: a tenth of a standard error apart at most.
        let near = |x: f64, y: f64| (x - y).abs() < 0.15 * ours.fit.se;
        assert!(near(a.low, b.low) && near(a.high, b.high), "{a:?} {b:?}");
    }

    #[test]
    fn swapping_the_samples_swaps_the_sides_roughly_and_the_estimate_exactly() {
        let (xs, ys) = (skewed(60), skewed(50));
        let one = BootstrapT::of_means(&xs, &ys, &plan()).unwrap();
        let two = BootstrapT::of_means(&ys, &xs, &plan()).unwrap();
        assert!((one.fit.estimate + two.fit.estimate).abs() < 1e-12);
        let (a, b) = (one.interval(0.95).unwrap(), two.interval(0.95).unwrap());
        assert!((a.low + b.high).abs() < 0.2 * one.fit.se, "{a:?} {b:?}");
        let (p, q) = (one.tails(1.0).unwrap(), two.tails(-1.0).unwrap());
        assert!((p.greater - q.less).abs() < 0.03, "{p:?} {q:?}");
    }

    #[test]
    fn constant_samples_and_too_few_values_are_refused() {
        let flat = BootstrapT::of_means(&[1.0; 4], &[2.0; 4], &plan());
        assert_eq!(flat, Err(StatsError::NoSpread));
        assert!(BootstrapT::of_means(&[1.0], &[2.0, 3.0], &plan()).is_err());
        assert!(BootstrapT::of_means(&[1.0, f64::NAN], &[2.0, 3.0], &plan()).is_err());
    }
}
