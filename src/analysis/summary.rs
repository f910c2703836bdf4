//! Each condition's metrics and measures, with intervals.

use indexmap::IndexMap;

use crate::record::Observation;
use crate::spec::{MEASURES, Sample, Scale};
use crate::stats::{
    ClusteredShare, Interval, Resampling, StatsError, StudentisedBootstrap, UnitMean,
    mean, quantile,
};

use super::error::AnalysisError;
use super::findings::{ConditionFindings, MetricFindings};
use super::linear::What;
use super::samples::{Samples, by_item};

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
        let mut metrics = IndexMap::new();
        let (mut trials, mut failed) = (0, 0);
        for (name, scale) in &names {
            let sample = Sample {
                condition: condition.name.clone(),
                metric: name.clone(),
                scale: *scale,
            };
            if name == "requests" {
                let observed = samples.of(&condition.name, name)?;
                trials = narrow(observed.len());
                let gone = observed.iter().filter(|o| o.value == Observation::Failed);
                failed = narrow(gone.count());
            }
            metrics.insert(name.clone(), metric(samples, &sample)?);
        }
        let summary = ConditionFindings { trials, failed, metrics };
        found.insert(condition.name.clone(), summary);
    }
    Ok(found)
}

fn metric(
    samples: &mut Samples<'_>,
    sample: &Sample,
) -> Result<MetricFindings, AnalysisError> {
    let observed = samples.of(&sample.condition, &sample.metric)?;
    let count =
        |what: Observation| narrow(observed.iter().filter(|o| o.value == what).count());
    let items = by_item(&observed, samples.rule(sample, What::Mean));
    let indices: Vec<u32> = items.keys().copied().collect();
    let means: Vec<f64> =
        items.values().map(|own| own.iter().sum::<f64>() / own.len() as f64).collect();
    let trials = items.values().map(Vec::len).sum::<usize>();
    let units = samples.units(&indices);
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
    let finite = |i: Interval| {
        (i.low.is_finite() && i.high.is_finite()).then_some([i.low, i.high])
    };
    let mut quantiles = IndexMap::new();
    if sample.scale == Scale::Duration {
        let pooled = by_item(&observed, samples.rule(sample, What::Quantile(0.5)));
        let all: Vec<f64> = pooled.into_values().flatten().collect();
        for (name, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
            if let Some(value) = quantile(&all, q).ok().filter(|x| x.is_finite()) {
                quantiles.insert(name.to_owned(), value);
            }
        }
    }
    Ok(MetricFindings {
        scale: sample.scale,
        n: narrow(trials),
        n_items: narrow(means.len()),
        mean: centre,
        ci: interval.and_then(finite),
        ci_method: method.to_owned(),
        quantiles,
        failed: count(Observation::Failed),
        unscored: count(Observation::Unscored),
    })
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
