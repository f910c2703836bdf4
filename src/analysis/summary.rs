//! Each condition's metrics and measures, with intervals.

use indexmap::IndexMap;

use crate::record::Observation;
use crate::spec::{MEASURES, Sample, Scale};
use crate::stats::{
    ClusteredShare, Interval, Resampling, StatsError, StudentisedBootstrap, UnitMean,
    mean, quantile_sorted,
};

use super::components::components;
use super::error::AnalysisError;
use super::findings::{ConditionFindings, MetricFindings};
use super::linear::What;
use super::samples::{Column, Lost, Samples};

/// Level of the intervals in summaries.
const LEVEL: f64 = 0.95;

/// Resamples for the interval of one summary; hypotheses take more.
const RESAMPLES: usize = 2_000;

/// Returns what was found of every condition, in file order.
pub(super) fn conditions(
    samples: &mut Samples<'_>,
) -> Result<IndexMap<String, ConditionFindings>, AnalysisError> {
    let experiment = samples.experiment;
    let mut names: Vec<(String, Scale)> =
        experiment.metrics.iter().map(|m| (m.name.clone(), m.scale)).collect();
    for measure in MEASURES {
        if names.iter().all(|(name, _)| name != measure.name) {
            names.push((measure.name.to_owned(), measure.scale));
        }
    }
    let mut found = IndexMap::new();
    for condition in &experiment.conditions {
        let mut given = Vec::new();
        for (name, scale) in &names {
            if samples.gives(&condition.name, name)? {
                given.push((name, scale));
            }
        }
        let mut metrics = IndexMap::new();
        let all: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        let TrialCounts { trials, failed } = lost_trials(samples, &condition.name, &all)?;
        for (name, scale) in given {
            let sample = Sample {
                condition: condition.name.clone(),
                metric: name.clone(),
                scale: *scale,
            };
            metrics.insert(name.clone(), metric(samples, &sample, failed)?);
        }
        let summary = ConditionFindings { trials, failed, stopped_after: None, metrics };
        found.insert(condition.name.clone(), summary);
    }
    Ok(found)
}

/// How many trials a condition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TrialCounts {
    pub(super) trials: u32,
    pub(super) failed: u32,
}

/// Counts the trials of a condition. Of a failed trial some measures are known; latency and
/// scores are not.
pub(super) fn lost_trials(
    samples: &mut Samples<'_>,
    condition: &str,
    names: &[&str],
) -> Result<TrialCounts, AnalysisError> {
    let mut counts = TrialCounts::default();
    for name in names {
        let observed = samples.of(condition, name)?;
        let gone = observed.iter().filter(|o| o.value == Observation::Failed);
        counts.trials = counts.trials.max(narrow(observed.len()));
        counts.failed = counts.failed.max(narrow(gone.count()));
    }
    Ok(counts)
}

/// Returns what was found of a metric under a condition.
pub(super) fn metric(
    samples: &mut Samples<'_>,
    sample: &Sample,
    failed: u32,
) -> Result<MetricFindings, AnalysisError> {
    let observed = samples.of(&sample.condition, &sample.metric)?;
    let count =
        |what: Observation| narrow(observed.iter().filter(|o| o.value == what).count());
    let (failed_scores, unscored) =
        (count(Observation::ScoreFailed), count(Observation::Unscored));
    let mut quantiles = IndexMap::new();
    if sample.scale == Scale::Duration {
        let lost = Lost::trials(samples.rule(sample, What::Quantile(0.5)));
        let mut pooled = Column::new(&observed, lost).values;
        pooled.sort_unstable_by(f64::total_cmp);
        for (name, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
            let value = quantile_sorted(&pooled, q).ok().filter(|x| x.is_finite());
            quantiles.extend(value.map(|value| (name.to_owned(), value)));
        }
    }
    let column = Column::new(&observed, Lost::trials(samples.rule(sample, What::Mean)));
    drop(observed);
    let means = column.means();
    let trials = column.values.len();
    let units = samples.units(&column.items);
    let split = components(&column, sample.scale, samples.is_clustered());
    drop(column);
    let centre = mean(&means).ok();
    let plan = Resampling {
        resamples: RESAMPLES,
        seed: samples.experiment.header.seed,
        name: format!("summary/{}/{}", sample.condition, sample.metric),
    };
    let (interval, method) = UnitMean::new(&means, &units)
        .and_then(|fit| match sample.scale {
            Scale::Binary => {
                let share = ClusteredShare::new(&fit, trials)?;
                let method = if share.df.is_none() {
                    "Wilson"
                } else {
                    "Wilson with effective sample size"
                };
                Ok((Some(share.interval(LEVEL)?), method))
            }
            Scale::Ordinal => Ok((Some(fit.interval(LEVEL)?), "CR2-t")),
            Scale::Fraction
            | Scale::Continuous
            | Scale::Duration
            | Scale::Money
            | Scale::Count => {
                let t = fit.interval(LEVEL)?;
                let wide = match StudentisedBootstrap::new(&means, &units, &plan) {
                    Ok(boot) => t.hull(boot.interval(LEVEL)?),
                    Err(StatsError::NoSpread) => t,
                    Err(error) => return Err(error),
                };
                Ok((Some(wide), "wider of CR2-t and studentised bootstrap"))
            }
        })
        .unwrap_or((None, ""));
    Ok(MetricFindings {
        scale: sample.scale,
        n: narrow(trials),
        n_items: narrow(means.len()),
        mean: centre,
        ci: interval.and_then(Interval::ends),
        ci_method: method.to_owned(),
        quantiles,
        failed: failed + failed_scores,
        failed_scores,
        unscored,
        components: split,
    })
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
