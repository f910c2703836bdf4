//! Intervals and the score test of one proportion.

use super::StatsError;
use super::binomial_test::counts;
use super::dist::{Beta, Normal, StudentT};
use super::mean::UnitMean;
use super::outcome::{Alternative, Interval, Tails, level};

/// How an interval of a proportion is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProportionMethod {
    /// Estimate ± z standard errors, cut to `[0, 1]`; only for comparison.
    Wald,
    /// Wald's around the estimate with z²/2 successes and failures added.
    AgrestiCoull,
    /// The score interval.
    Wilson,
    /// The score interval with a correction for continuity.
    WilsonContinuity,
    /// The exact interval.
    ClopperPearson,
    /// Quantiles of the posterior under Jeffreys' prior.
    Jeffreys,
}

/// Returns an interval of a proportion from `k` successes in `n` trials.
///
/// # Formula
///
/// ```text
/// Wilson:           (p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)
/// Clopper-Pearson:  [B(α/2; k, n−k+1), B(1−α/2; k+1, n−k)]
/// Jeffreys:         [B(α/2; k+½, n−k+½), B(1−α/2; k+½, n−k+½)]
/// Agresti-Coull:    Wald with k + z²/2 successes in n + z² trials
/// ```
///
/// # Shapes and units
///
/// `0 ≤ k ≤ n`, `n ≥ 1`; the interval is a part of `[0, 1]`.
///
/// # Errors
///
/// `Empty`, `InvalidParameter`.
///
/// # Source
///
/// L. D. Brown, T. T. Cai and A. DasGupta, Statistical Science 16(2), 2001, 101–133;
/// continuity: R. G. Newcombe, Statistics in Medicine 17(8), 1998, 857–872, method 4.
pub fn proportion_interval(
    k: u64,
    n: u64,
    confidence: f64,
    method: ProportionMethod,
) -> Result<Interval, StatsError> {
    ends(k, n, (1.0 - level(confidence)?) / 2.0, method)
}

/// Returns the interval of a proportion that goes with an alternative.
///
/// # Formula
///
/// ```text
/// greater: [end with α below, 1],  less: [0, end with α above],  else proportion_interval
/// ```
///
/// # Shapes and units
///
/// As [`proportion_interval`].
///
/// # Errors
///
/// `Empty`, `InvalidParameter`.
///
/// # Source
///
/// As [`proportion_interval`]; one-sided as in SciPy 1.17, `binomtest().proportion_ci`.
pub fn proportion_bound(
    k: u64,
    n: u64,
    confidence: f64,
    alternative: Alternative,
    method: ProportionMethod,
) -> Result<Interval, StatsError> {
    let tail = 1.0 - level(confidence)?;
    match alternative {
        Alternative::TwoSided => ends(k, n, tail / 2.0, method),
        Alternative::Less => Ok(Interval { low: 0.0, ..ends(k, n, tail, method)? }),
        Alternative::Greater => Ok(Interval { high: 1.0, ..ends(k, n, tail, method)? }),
    }
}

/// Returns the ends with `tail` beyond each; with more than half they have crossed.
fn ends(
    k: u64,
    n: u64,
    tail: f64,
    method: ProportionMethod,
) -> Result<Interval, StatsError> {
    counts(k, n)?;
    let z = Normal.upper_quantile(tail.min(1.0 - tail))?;
    let (successes, trials) = (k as f64, n as f64);
    let share = successes / trials;
    let symmetric = match method {
        ProportionMethod::Wald => wald(share, trials, z),
        ProportionMethod::AgrestiCoull => {
            let more = trials + z * z;
            wald((successes + z * z / 2.0) / more, more, z)
        }
        ProportionMethod::Wilson => wilson(share, trials, z),
        ProportionMethod::WilsonContinuity => wilson_continuity(share, trials, z),
        ProportionMethod::ClopperPearson => return clopper_pearson(k, n, tail),
        ProportionMethod::Jeffreys => {
            let posterior = Beta::new(successes + 0.5, trials - successes + 0.5)?;
            let (low, high) =
                (posterior.quantile(tail)?, posterior.upper_quantile(tail)?);
            return Ok(Interval { low, high });
        }
    };
    Ok(if tail <= 0.5 {
        symmetric
    } else {
        Interval { low: symmetric.high, high: symmetric.low }
    })
}

fn wald(share: f64, n: f64, z: f64) -> Interval {
    let reach = z * (share * (1.0 - share) / n).sqrt();
    Interval { low: share - reach, high: share + reach }.within(0.0, 1.0)
}

/// Returns the score interval; its ends are exactly 0 and 1 at shares of 0 and 1.
fn wilson(share: f64, n: f64, z: f64) -> Interval {
    let rest = 1.0 - share;
    let z2 = z * z;
    let root = z * (share * rest / n + z2 / (4.0 * n * n)).sqrt();
    // Each end in the form that does not cancel near 0 and near 1.
    let end = |p: f64| {
        let middle = p + z2 / (2.0 * n);
        p * p / (middle + root)
    };
    Interval { low: end(share), high: 1.0 - end(rest) }.within(0.0, 1.0)
}

fn wilson_continuity(share: f64, n: f64, z: f64) -> Interval {
    let end = |p: f64| {
        if p == 0.0 {
            return 0.0;
        }
        let root =
            (z * z - 2.0 - 1.0 / n + 4.0 * p * (n * (1.0 - p) + 1.0)).max(0.0).sqrt();
        ((2.0 * n * p + z * z - 1.0 - z * root) / (2.0 * (n + z * z))).max(0.0)
    };
    Interval { low: end(share), high: 1.0 - end(1.0 - share) }
}

/// Returns the exact interval with `tail` on each side.
pub(super) fn clopper_pearson(k: u64, n: u64, tail: f64) -> Result<Interval, StatsError> {
    let (successes, failures) = (k as f64, (n - k) as f64);
    let low = if k == 0 {
        0.0
    } else {
        Beta::new(successes, failures + 1.0)?.quantile(tail)?
    };
    let high = if k == n {
        1.0
    } else {
        Beta::new(successes + 1.0, failures)?.upper_quantile(tail)?
    };
    Ok(Interval { low, high })
}

/// One proportion whose trials are not all independent, with the effective sample size.
///
/// # Formula
///
/// ```text
/// n_eff = p̂(1 − p̂) / SE², no less than G and no more than the trials; G at p̂ = 0 or 1
/// Z     = (p̂ − m) / √(m(1 − m) / n_eff),      compared with t of ν
/// interval: Wilson's, with n_eff for n and the quantile of t_ν for z
/// ```
///
/// SE and ν are those of [`UnitMean`] over item means. With one trial an item and no
/// clusters the trials are independent: `n_eff = n`, and the normal takes the place of t.
///
/// # Shapes and units
///
/// At least two units; shares and margins are fractions of one.
///
/// # Numerics
///
/// Honest at 0 and 1: the interval there has positive length and ends at exactly 0 or 1.
///
/// # Errors
///
/// `OutOfRange` when the mean is not a share; as [`UnitMean`] otherwise.
///
/// # Source
///
/// E. B. Wilson, Journal of the American Statistical Association 22(158), 1927, 209–212;
/// E. L. Korn and B. I. Graubard, Survey Methodology 24(2), 1998, 193–201.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredShare {
    /// The share.
    pub share: f64,
    /// The effective number of independent trials; need not be whole.
    pub n_eff: f64,
    /// Degrees of freedom of the quantile; `None` for the normal.
    pub df: Option<f64>,
}

impl ClusteredShare {
    /// Returns the share whose item means have this mean and error, over so many trials.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when the mean lies outside `[0, 1]`.
    pub fn new(fit: &UnitMean, trials: usize) -> Result<Self, StatsError> {
        let share = fit.mean;
        if !(0.0..=1.0).contains(&share) {
            return Err(StatsError::OutOfRange);
        }
        let (fewest, most) = (fit.units as f64, trials.max(fit.units) as f64);
        if fit.units == trials {
            return Ok(Self { share, n_eff: most, df: None });
        }
        let spread = share * (1.0 - share);
        let n_eff = match spread / (fit.se * fit.se) {
            _ if spread == 0.0 => fewest,
            n if n.is_finite() => n.clamp(fewest, most),
            _ => most,
        };
        Ok(Self { share, n_eff, df: Some(fit.df) })
    }

    /// Returns the score statistic against a margin.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless the margin is strictly between 0 and 1.
    pub fn z(&self, margin: f64) -> Result<f64, StatsError> {
        if margin > 0.0 && margin < 1.0 {
            Ok((self.share - margin) / (margin * (1.0 - margin) / self.n_eff).sqrt())
        } else {
            let wanted = "strictly between 0 and 1";
            Err(StatsError::InvalidParameter { name: "margin of a share", wanted })
        }
    }

    /// Returns both one-sided p against a margin.
    ///
    /// # Errors
    ///
    /// As [`ClusteredShare::z`].
    pub fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let z = self.z(margin)?;
        match self.df {
            Some(df) => {
                let t = StudentT::new(df)?;
                Ok(Tails { greater: t.sf(z)?, less: t.cdf(z)? })
            }
            None => Ok(Tails { greater: Normal.sf(z)?, less: Normal.cdf(z)? }),
        }
    }

    /// Returns both one-sided p of the exact test with the effective number for the trials.
    ///
    /// # Formula
    ///
    /// ```text
    /// k = p̂ n_eff,  greater = I_m(k, n_eff − k + 1),  less = I_{1−m}(n_eff − k, k + 1)
    /// ```
    ///
    /// With `n_eff` independent trials these are `P(X ≥ k)` and `P(X ≤ k)`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` unless the margin is in `[0, 1]`.
    ///
    /// # Source
    ///
    /// E. L. Korn and B. I. Graubard, Survey Methodology 24(2), 1998, 193–201.
    pub fn exact_tails(&self, margin: f64) -> Result<Tails, StatsError> {
        if !(0.0..=1.0).contains(&margin) {
            return Err(StatsError::OutOfRange);
        }
        let (k, rest) = (self.share * self.n_eff, (1.0 - self.share) * self.n_eff);
        let tail = |k: f64, rest: f64, at: f64| {
            if k > 0.0 { Beta::new(k, rest + 1.0)?.cdf(at) } else { Ok(1.0) }
        };
        Ok(Tails { greater: tail(k, rest, margin)?, less: tail(rest, k, 1.0 - margin)? })
    }

    /// Returns Wilson's interval of a level of confidence.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - level(confidence)?) / 2.0;
        let critical = match self.df {
            Some(df) => StudentT::new(df)?.upper_quantile(tail)?,
            None => Normal.upper_quantile(tail)?,
        };
        Ok(wilson(self.share, self.n_eff, critical))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::units::Units;
    use approx::assert_relative_eq;

    #[test]
    fn wilson_is_honest_at_both_ends() {
        let none = proportion_interval(0, 10, 0.95, ProportionMethod::Wilson).unwrap();
        let all = proportion_interval(10, 10, 0.95, ProportionMethod::Wilson).unwrap();
        let z2 = 1.959_963_984_540_054_f64.powi(2);
        assert_eq!(none.low, 0.0);
        assert_eq!(all.high, 1.0);
        assert_relative_eq!(none.high, z2 / (10.0 + z2), max_relative = 1e-12);
        assert_relative_eq!(all.low, 1.0 - none.high, max_relative = 1e-12);
    }

    #[test]
    fn perfect_repeats_count_as_one_trial_each() {
        // Four items, three repeats, always the same answer: four trials, not twelve.
        let fit = UnitMean::new(&[1.0; 4], &Units::single(4)).unwrap();
        let share = ClusteredShare::new(&fit, 12).unwrap();
        assert_eq!(share.n_eff, 4.0);
        assert!(share.interval(0.95).unwrap().low < 0.5);
        let half = UnitMean::new(&[1.0, 1.0, 0.0, 0.0], &Units::single(4)).unwrap();
        assert_eq!(ClusteredShare::new(&half, 12).unwrap().n_eff, 4.0);
    }

    #[test]
    fn equal_item_means_count_as_all_their_trials() {
        let fit = UnitMean::new(&[0.5; 4], &Units::single(4)).unwrap();
        assert_eq!(ClusteredShare::new(&fit, 8).unwrap().n_eff, 8.0);
    }

    #[test]
    fn one_trial_an_item_is_the_plain_interval() {
        let xs: Vec<f64> = (0..20).map(|i| f64::from(u8::from(i < 13))).collect();
        let fit = UnitMean::new(&xs, &Units::single(20)).unwrap();
        let share = ClusteredShare::new(&fit, 20).unwrap().interval(0.95).unwrap();
        let plain = proportion_interval(13, 20, 0.95, ProportionMethod::Wilson).unwrap();
        assert_relative_eq!(share.low, plain.low, max_relative = 1e-13);
        assert_relative_eq!(share.high, plain.high, max_relative = 1e-13);
    }
}
