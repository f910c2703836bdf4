//! An estimate whose variance is a sum of independent parts: t with Satterthwaite's degrees
//! of freedom.

use crate::stats::{Interval, StatsError, StudentT, Tails};

use super::decide::{Claimed, Decision};
use super::evaluate::{Evaluated, Question, Setting};
use super::linear::Linear;
use super::procedure::Statistic;
use super::samples::Asked;

/// A part of the variance of an estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    /// What it adds to the variance.
    pub(super) variance: f64,
    /// Its degrees of freedom.
    pub(super) df: f64,
}

/// An estimate with the error that its parts add up to.
///
/// # Formula
///
/// ```text
/// SE² = Σ vⱼ,   ν = (Σ vⱼ)² / Σ vⱼ²/νⱼ,   t = (θ̂ − m) / SE
/// ```
///
/// # Source
///
/// F. E. Satterthwaite, Biometrics Bulletin 2(6), 1946, 110–114; B. L. Welch, Biometrika
/// 34(1–2), 1947, 28–35.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summed {
    pub(super) estimate: f64,
    pub(super) se: f64,
    pub(super) df: f64,
    /// Independent units: what stands for the spread where there is none.
    pub(super) units: usize,
}

impl Summed {
    /// Adds up the parts.
    pub(super) fn new(estimate: f64, parts: &[Part], units: usize) -> Self {
        let variance: f64 = parts.iter().map(|part| part.variance).sum();
        let below: f64 = parts
            .iter()
            .map(|part| {
                let share = if variance > 0.0 { part.variance / variance } else { 0.0 };
                share * share / part.df
            })
            .sum();
        let df = if below > 0.0 { 1.0 / below } else { f64::INFINITY };
        Self { estimate, se: variance.sqrt(), df, units }
    }

    /// Returns the t statistic; `None` without spread.
    pub(super) fn t(&self, margin: f64) -> Option<f64> {
        (self.se > 0.0).then(|| (self.estimate - margin) / self.se)
    }

    /// Returns both one-sided p against a margin.
    pub(super) fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let Some(t) = self.t(margin) else {
            return Ok(Tails::without_spread(self.estimate, margin, self.units));
        };
        let dist = StudentT::new(self.df)?;
        Ok(Tails { greater: dist.sf(t)?, less: dist.cdf(t)? })
    }

    /// Returns the interval of a level of confidence.
    pub(super) fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        if self.se == 0.0 {
            return Ok(Interval { low: self.estimate, high: self.estimate });
        }
        let tail = (1.0 - confidence) / 2.0;
        let reach = StudentT::new(self.df)?.upper_quantile(tail)? * self.se;
        Ok(Interval { low: self.estimate - reach, high: self.estimate + reach })
    }
}

/// What answers a question at any margin.
pub(super) trait Answer {
    /// Returns the estimate.
    fn estimate(&self) -> f64;
    /// Returns both one-sided p against a margin.
    fn tails(&self, margin: f64) -> Result<Tails, StatsError>;
    /// Returns the two-sided p against a margin, from both one-sided ones.
    fn two_sided(&self, _margin: f64, tails: Tails) -> f64 {
        tails.two_sided()
    }
    /// Returns the interval of a level of confidence.
    fn interval(&self, confidence: f64) -> Result<Interval, StatsError>;
    /// Returns the test statistic against a margin.
    fn statistic(&self, margin: f64) -> Statistic;
}

impl Answer for Summed {
    fn estimate(&self) -> f64 {
        self.estimate
    }

    fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        self.tails(margin)
    }

    fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        self.interval(confidence)
    }

    fn statistic(&self, margin: f64) -> Statistic {
        Statistic {
            name: "t",
            value: self.t(margin),
            df: Some(self.df).filter(|df| df.is_finite()),
        }
    }
}

/// Decides a question by answers that `ready` makes of its contrasts; the interval is left
/// out where the decision alone is asked.
pub(super) fn decide<A: Answer>(
    found: &mut Evaluated,
    question: &Question,
    (asked, setting): (Asked, &Setting),
    ready: impl Fn(&Linear) -> Result<A, StatsError>,
) -> Result<A, StatsError> {
    let shown = ready(question.gap())?;
    found.estimate = Some(shown.estimate());
    match question {
        Question::Compare { direction, gap } => {
            let margin = gap.margin();
            let claim = Claimed {
                direction: *direction,
                margin,
                alternative: setting.alternative,
            };
            let tails = shown.tails(margin)?;
            let two_sided = shown.two_sided(margin, tails);
            found.decision = Decision::compare(claim, shown.estimate(), tails, two_sided);
            found.statistic = Some(shown.statistic(margin));
        }
        Question::Equivalent { low, high, .. } => {
            let (below, above) = (ready(low)?, ready(high)?);
            let inside =
                below.estimate() >= low.margin() && above.estimate() <= high.margin();
            let tails = [below.tails(low.margin())?, above.tails(high.margin())?];
            found.decision =
                Decision::equivalent(inside, tails[0], tails[1], setting.alternative);
            found.statistic = Some(if tails[1].less > tails[0].greater {
                above.statistic(high.margin())
            } else {
                below.statistic(low.margin())
            });
        }
    }
    if !asked.brief {
        found.interval = shown.interval(found.level).ok();
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn two_samples_give_the_test_of_welch() {
        // python3 -c "from scipy.stats import ttest_ind as t; \
        //   r = t([1,2,4,7],[2,3,3,5,8,9], equal_var=False); \
        //   print(r.statistic, r.df, r.pvalue, r.confidence_interval(.95))"
        let parts = [
            Part { variance: 7.0 / 4.0, df: 3.0 },
            Part { variance: 8.4 / 6.0, df: 5.0 },
        ];
        let found = Summed::new(3.5 - 5.0, &parts, 10);
        let tails = found.tails(0.0).unwrap();
        let interval = found.interval(0.95).unwrap();
        for (ours, theirs) in [
            (found.t(0.0).unwrap(), -0.845_154_254_728_516_6),
            (found.df, 7.023_121_387_283_239),
            (tails.two_sided(), 0.425_876_706_911_663_57),
            (interval.low, -5.693_992_469_527_728),
            (interval.high, 2.693_992_469_527_728_4),
        ] {
            assert_relative_eq!(ours, theirs, max_relative = 1e-10);
        }
    }

    #[test]
    fn without_spread_the_p_is_that_of_the_sign_test() {
        let found = Summed::new(1.0, &[Part { variance: 0.0, df: 4.0 }], 5);
        assert_relative_eq!(found.tails(0.0).unwrap().two_sided(), 0.0625);
        assert_eq!(found.interval(0.95).unwrap(), Interval { low: 1.0, high: 1.0 });
    }
}
