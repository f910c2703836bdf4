//! A test made ready on its data: tails at any margin, intervals of any level.

use crate::stats::{
    ClusteredShare, Interval, McNemar, Mover, PercentileBootstrap, PlugIn, Pooled,
    PooledQuantile, Resampling, StatsError, StudentisedBootstrap, Tails, Tango, UnitMean,
    Units, binomial_tails, sign_flip,
};

use super::anytime::Anytime;
use super::choose::Row;
use super::correlate::Correlated;
use super::levels::{LevelTest, Levels};
use super::linear::{Linear, What};
use super::looks::Looks;
use super::one_quantile::OneQuantile;
use super::samples::Paired;
use super::smooth::Smooth;

/// Counts of a paired binary comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pairs {
    pub(super) both: u64,
    pub(super) left: u64,
    pub(super) right: u64,
    pub(super) neither: u64,
}

/// A test on its data.
#[derive(Debug)]
pub(super) enum Procedure {
    /// Rows 1 and 2; θ is `factor` times the difference of the shares.
    Counts { pairs: Pairs, mcnemar: McNemar, tango: Tango, exact: bool, factor: f64 },
    /// Row 3.
    Pseudo(UnitMean),
    /// Row 5: the counts where trials are independent; θ is `factor` times the share.
    Share { share: ClusteredShare, exact: Option<(u64, u64)>, factor: f64 },
    /// Rows 6 and 7; without spread there is nothing to resample.
    Mean { fit: UnitMean, boot: Option<StudentisedBootstrap> },
    /// Row 10.
    Quantiles { boot: PercentileBootstrap, mover: Option<Mover> },
    /// Row 9.
    OneQuantile(OneQuantile),
    /// Row 11.
    Smooth(Smooth),
    /// Row 12.
    Levels(Levels),
    /// Row 14.
    Correlated(Correlated),
    /// Under `stop: decided`.
    Anytime(Anytime),
    /// Any row at several looks.
    Looks(Box<Looks<Self>>),
}

/// What a test says beside its p.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statistic {
    pub(super) name: &'static str,
    pub(super) value: Option<f64>,
    pub(super) df: Option<f64>,
}

impl Procedure {
    /// Makes the test of a row ready.
    pub(super) fn new(
        row: Row,
        gap: &Linear,
        data: &Paired,
        trials_per_item: f64,
        plan: &Resampling,
    ) -> Result<Self, StatsError> {
        let contrast = data.contrast(gap);
        let factor = gap.common_factor().unwrap_or(1.0);
        match row {
            Row::PairedBinary | Row::PairedBinaryMargin => {
                let pairs = count_pairs(&data.means);
                let n = pairs.both + pairs.left + pairs.right + pairs.neither;
                Ok(Self::Counts {
                    pairs,
                    mcnemar: McNemar::new(pairs.left, pairs.right),
                    tango: Tango::new(pairs.left, pairs.right, n)?,
                    exact: row == Row::PairedBinary,
                    factor,
                })
            }
            Row::BinaryContrast => {
                let up: f64 = gap.terms.iter().map(|t| t.factor.max(0.0)).sum();
                let down: f64 = gap.terms.iter().map(|t| (-t.factor).max(0.0)).sum();
                let size = up.max(down) / trials_per_item.max(1.0).sqrt();
                Ok(Self::Pseudo(UnitMean::with_pseudo_items(
                    &contrast,
                    &data.units,
                    size,
                )?))
            }
            Row::OneShareExact | Row::OneShare => {
                let shares: Vec<f64> = contrast.iter().map(|x| x / factor).collect();
                let fit = UnitMean::new(&shares, &data.units)?;
                let trials = data.sizes.first().copied().unwrap_or(0);
                let share = ClusteredShare::new(&fit, trials)?;
                let right = shares.iter().filter(|x| **x > 0.5).count() as u64;
                let exact = (row == Row::OneShareExact).then_some((right, trials as u64));
                Ok(Self::Share { share, exact, factor })
            }
            Row::OrdinalMean => {
                Ok(Self::Mean { fit: UnitMean::new(&contrast, &data.units)?, boot: None })
            }
            Row::NumericMean => {
                let fit = UnitMean::new(&contrast, &data.units)?;
                let boot = if fit.se > 0.0 {
                    Some(StudentisedBootstrap::new(&contrast, &data.units, plan)?)
                } else {
                    None
                };
                Ok(Self::Mean { fit, boot })
            }
            Row::QuantileContrast => quantiles(gap, data, plan),
            Row::OneQuantile => {
                let q = gap.terms.first().map_or(0.5, |term| match term.what {
                    What::Quantile(q) => q,
                    What::Mean | What::Sd => 0.5,
                });
                Ok(Self::OneQuantile(OneQuantile::new(q, factor, data, plan)?))
            }
            Row::Smooth => Ok(Self::Smooth(Smooth::new(gap, data, plan)?)),
            Row::Levels => Ok(Self::Levels(Levels::new(gap, data, plan)?)),
            Row::Correlation => Ok(Self::Correlated(Correlated::new(gap, data, plan)?)),
            Row::Anytime => Ok(Self::Anytime(Anytime::new(gap, data)?)),
        }
    }

    /// Returns the test at its last look; itself where there is one look.
    pub(super) fn last(&self) -> &Self {
        if let Self::Looks(looks) = self { &looks.last } else { self }
    }

    /// Says whether the test may have been looked at before, so that its p can stem from an
    /// earlier look than its estimate.
    pub(super) fn is_watched(&self) -> bool {
        matches!(self, Self::Anytime(_) | Self::Looks(_))
    }

    /// Returns both one-sided p against a margin.
    pub(super) fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        match self {
            Self::Counts { mcnemar, tango, exact, factor, .. } => {
                if *exact && margin == 0.0 {
                    Ok(mcnemar.exact)
                } else {
                    tango.tails(margin / factor)
                }
            }
            Self::Pseudo(fit) => fit.tails(margin),
            Self::Share { share, exact, factor } => match exact {
                Some((k, n)) => binomial_tails(*k, *n, margin / factor),
                None => share.tails(margin / factor),
            },
            Self::Mean { fit, boot } => {
                if fit.se == 0.0 {
                    return Ok(Tails::without_spread(fit.mean, margin, fit.units));
                }
                let t = fit.tails(margin)?;
                match boot {
                    Some(boot) => Ok(t.both(boot.tails(margin)?)),
                    None => Ok(t),
                }
            }
            Self::Quantiles { boot, .. } => Ok(boot.tails(margin)),
            Self::OneQuantile(found) => found.tails(margin),
            Self::Smooth(found) => found.tails(margin),
            Self::Levels(found) => Ok(found.tails()),
            Self::Correlated(found) => found.tails(margin),
            Self::Anytime(found) => found.tails(margin),
            Self::Looks(looks) => looks.whole(|look| look.tails(margin)),
        }
    }

    /// Returns the two-sided p against a margin.
    pub(super) fn two_sided(&self, margin: f64) -> Result<f64, StatsError> {
        match self {
            Self::Quantiles { boot, .. } => Ok(boot.two_sided(margin)),
            // One question has one side: whether the levels differ.
            Self::Levels(found) => Ok(found.tails().greater),
            Self::Counts { .. }
            | Self::Pseudo(_)
            | Self::Share { .. }
            | Self::Mean { .. }
            | Self::OneQuantile(_)
            | Self::Smooth(_)
            | Self::Correlated(_)
            | Self::Anytime(_)
            | Self::Looks(_) => Ok(self.tails(margin)?.two_sided()),
        }
    }

    /// Returns the confidence that an interval beside the test needs, for all intervals of its
    /// looks to hold together.
    pub(super) fn confidence(&self, together: f64) -> f64 {
        match self {
            Self::Looks(looks) => looks.sequence.confidence(together).unwrap_or(together),
            Self::Counts { .. }
            | Self::Pseudo(_)
            | Self::Share { .. }
            | Self::Mean { .. }
            | Self::Quantiles { .. }
            | Self::OneQuantile(_)
            | Self::Smooth(_)
            | Self::Levels(_)
            | Self::Correlated(_)
            | Self::Anytime(_) => together,
        }
    }

    /// Returns the interval of a level of confidence.
    pub(super) fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        match self {
            Self::Counts { tango, factor, .. } => {
                Ok(tango.interval(confidence)?.times(*factor))
            }
            Self::Pseudo(fit) => fit.interval(confidence),
            Self::Share { share, factor, .. } => {
                Ok(share.interval(confidence)?.times(*factor))
            }
            Self::Mean { fit, boot } => {
                let t = fit.interval(confidence)?;
                match boot {
                    Some(boot) => Ok(t.hull(boot.interval(confidence)?)),
                    None => Ok(t),
                }
            }
            Self::Quantiles { boot, .. } => boot.interval(confidence),
            Self::OneQuantile(found) => found.interval(confidence),
            Self::Smooth(found) => found.interval(confidence),
            Self::Levels(_) => {
                Err(StatsError::Undefined { what: "an interval of the range of means" })
            }
            Self::Correlated(found) => found.interval(confidence),
            Self::Anytime(found) => found.interval(confidence),
            Self::Looks(looks) => {
                looks.last.interval(looks.sequence.confidence(confidence)?)
            }
        }
    }

    /// Returns the test statistic against a margin.
    pub(super) fn statistic(&self, margin: f64) -> Statistic {
        let t = |fit: &UnitMean| Statistic {
            name: "t",
            value: fit.t(margin).ok(),
            df: Some(fit.df),
        };
        match self {
            Self::Counts { mcnemar, exact: true, .. } => {
                Statistic { name: "b", value: Some(mcnemar.b as f64), df: None }
            }
            Self::Counts { tango, factor, .. } => {
                Statistic { name: "z", value: tango.z(margin / factor).ok(), df: None }
            }
            Self::Pseudo(fit) | Self::Mean { fit, .. } => t(fit),
            Self::Share { exact: Some((k, _)), .. } => {
                Statistic { name: "k", value: Some(*k as f64), df: None }
            }
            Self::Share { share, exact: None, factor } => Statistic {
                name: "t",
                value: share.z(margin / factor).ok(),
                df: share.df,
            },
            Self::Quantiles { boot, .. } => {
                Statistic { name: "θ", value: Some(boot.estimate), df: None }
            }
            Self::OneQuantile(found) => {
                Statistic { name: "k", value: Some(found.statistic(margin)), df: None }
            }
            Self::Smooth(found) => {
                Statistic { name: "θ", value: Some(found.estimate()), df: None }
            }
            Self::Levels(found) => match found.test {
                LevelTest::Hotelling(test) => Statistic {
                    name: "F",
                    value: Some(test.f),
                    df: Some(test.df1 as f64),
                },
                LevelTest::Permuted(test) => {
                    Statistic { name: "F", value: Some(test.f), df: None }
                }
            },
            Self::Correlated(found) => {
                Statistic { name: "z", value: found.z(margin).ok(), df: None }
            }
            Self::Anytime(found) => {
                Statistic { name: "capital", value: found.capital(margin), df: None }
            }
            Self::Looks(looks) => looks.last.statistic(margin),
        }
    }

    /// Returns the smallest p on so many sides that the test can give, where that is not
    /// near 0.
    pub(super) fn floor(&self, plan: &Resampling, sides: f64) -> Option<f64> {
        match self {
            Self::Counts { mcnemar, exact: true, .. } => {
                let floor = sides * 0.5_f64.powf(mcnemar.b as f64 + mcnemar.c as f64);
                (floor > 1e-4).then_some(floor.min(1.0))
            }
            Self::Mean { boot: Some(_), .. } => Some(plan.floor() * sides / 2.0),
            // Its two-sided p counts the resamples on the smaller side twice, and adds one.
            Self::Quantiles { .. } => Some(plan.floor() / 2.0),
            Self::Smooth(_) => Some(plan.floor() * sides / 2.0),
            Self::Levels(found) => match found.test {
                LevelTest::Permuted(_) => Some(plan.floor() / 2.0),
                LevelTest::Hotelling(_) => None,
            },
            Self::Counts { .. }
            | Self::Pseudo(_)
            | Self::Share { .. }
            | Self::Mean { .. }
            | Self::OneQuantile(_)
            | Self::Correlated(_)
            // The p of a sequence has no floor of its own.
            | Self::Anytime(_)
            | Self::Looks(_) => None,
        }
    }

    /// Returns the runner-up's name and tails against a margin, where there is one.
    pub(super) fn runner_up(
        &self,
        margin: f64,
        contrast: &[f64],
        units: &Units,
        plan: &Resampling,
    ) -> Option<(&'static str, Tails)> {
        let flip = || {
            let test = sign_flip(contrast, units, margin, plan).ok()?;
            Some(("sign-flip permutation", test.tails))
        };
        match self {
            Self::Counts { mcnemar, exact: true, .. } => {
                Some(("McNemar mid-p", mcnemar.mid))
            }
            Self::Counts { .. } => {
                let fit = UnitMean::new(contrast, units).ok()?;
                Some(("CR2-t", fit.tails(margin).ok()?))
            }
            Self::Pseudo(_) if margin == 0.0 => flip(),
            Self::Pseudo(_) => None,
            Self::Mean { .. } => flip(),
            Self::Share { share, factor, .. } => {
                Some(("Clopper-Pearson", share.exact_tails(margin / factor).ok()?))
            }
            Self::Quantiles { mover, .. } => {
                Some(("MOVER", mover.as_ref()?.tails(margin).ok()?))
            }
            Self::OneQuantile(found) => {
                Some(("percentile bootstrap", found.runner_up(margin)?))
            }
            Self::Smooth(found) => {
                Some(("percentile bootstrap", found.runner_up(margin)?))
            }
            Self::Levels(found) => found.runner_up(),
            Self::Correlated(found) => {
                Some(("permutation of the pairs", found.runner_up(margin)?))
            }
            // What is decided at one look says nothing of another test at that look.
            Self::Anytime(_) | Self::Looks(_) => None,
        }
    }
}

/// Counts pairs of item scores, each 0 or 1.
fn count_pairs(means: &[Vec<f64>]) -> Pairs {
    let mut pairs = Pairs { both: 0, left: 0, right: 0, neither: 0 };
    if let [left, right] = means {
        for (l, r) in left.iter().zip(right) {
            match (*l > 0.5, *r > 0.5) {
                (true, true) => pairs.both += 1,
                (true, false) => pairs.left += 1,
                (false, true) => pairs.right += 1,
                (false, false) => pairs.neither += 1,
            }
        }
    }
    pairs
}

fn quantiles(
    gap: &Linear,
    data: &Paired,
    plan: &Resampling,
) -> Result<Procedure, StatsError> {
    let owners: Vec<(&[f64], Vec<usize>)> =
        (0..gap.terms.len()).map(|term| data.pooled(term)).collect();
    let pooled: Vec<Pooled<'_>> = owners
        .iter()
        .zip(&gap.terms)
        .map(|((values, units), term)| Pooled {
            values,
            units,
            what: match term.what {
                What::Mean | What::Sd => PlugIn::Mean,
                What::Quantile(q) => PlugIn::Quantile(q),
            },
        })
        .collect();
    let factors: Vec<f64> = gap.terms.iter().map(|term| term.factor).collect();
    let combine = |parts: &[f64]| {
        factors.iter().zip(parts).map(|(factor, part)| factor * part).sum()
    };
    let boot = PercentileBootstrap::new(&pooled, data.units.count(), combine, plan)?;
    let terms: Option<Vec<(f64, PooledQuantile)>> = gap
        .terms
        .iter()
        .zip(&owners)
        .map(|(term, (values, units))| match term.what {
            What::Quantile(q) => {
                let quantile =
                    PooledQuantile::new(values, &Units::labelled(units), q).ok()?;
                Some((term.factor, quantile))
            }
            What::Mean | What::Sd => None,
        })
        .collect();
    let mover = terms.and_then(|terms| Mover::new(terms).ok());
    Ok(Procedure::Quantiles { boot, mover })
}
