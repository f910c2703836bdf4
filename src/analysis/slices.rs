//! Results and claims within the slices of a column.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::spec::{Hypothesis, Metric, Sample};
use crate::stats::{Correction, Interval, adjust};

use super::error::AnalysisError;
use super::findings::{
    ConditionFindings, MetricFindings, SliceClaim, SliceFindings, SliceMeans,
    SlicedFindings,
};
use super::hypothesis::Pending;
use super::samples::Samples;
use super::summary::{lost_trials, metric};

/// Returns what was found within the slices of each column of `by:`.
///
/// A column of the report cuts every metric and hypothesis; one of a metric cuts that metric
/// and the hypotheses that speak of it.
pub(super) fn slices(
    samples: &mut Samples<'_>,
    whole: &IndexMap<String, ConditionFindings>,
) -> Result<Vec<SlicedFindings>, AnalysisError> {
    let experiment = samples.experiment;
    let mut columns: Vec<&str> = Vec::new();
    let of_metrics = experiment.metrics.iter().flat_map(|metric| &metric.by);
    for column in experiment.report.by.iter().chain(of_metrics) {
        if !columns.contains(&column.name.as_str()) {
            columns.push(&column.name);
        }
    }
    let mut found = Vec::new();
    for column in columns {
        let all = experiment.report.by.iter().any(|by| by.name == column);
        let cut = |metric: &&Metric| all || metric.by.iter().any(|by| by.name == column);
        let metrics: Vec<&Metric> = experiment.metrics.iter().filter(cut).collect();
        let names: BTreeSet<&str> =
            metrics.iter().map(|metric| metric.name.as_str()).collect();
        let speaks = |hypothesis: &&Hypothesis| {
            let samples = hypothesis.claim.samples();
            all || samples.iter().any(|sample| names.contains(sample.metric.as_str()))
        };
        let hypotheses: Vec<&Hypothesis> =
            experiment.hypotheses.iter().filter(speaks).collect();
        let sliced = by_column(column, &metrics, &hypotheses, samples, whole);
        samples.look_at(None)?;
        found.push(sliced?);
    }
    Ok(found)
}

fn by_column(
    column: &str,
    metrics: &[&Metric],
    hypotheses: &[&Hypothesis],
    samples: &mut Samples<'_>,
    whole: &IndexMap<String, ConditionFindings>,
) -> Result<SlicedFindings, AnalysisError> {
    let experiment = samples.experiment;
    let labels = samples.source().labels(column)?;
    let mut values: Vec<&String> = Vec::new();
    let mut seen = BTreeSet::new();
    for label in labels.iter().flatten() {
        if seen.insert(label) {
            values.push(label);
        }
    }
    let mut slices = Vec::new();
    for value in values {
        let own: Vec<bool> =
            labels.iter().map(|label| label.as_ref() == Some(value)).collect();
        samples.look_at(Some(own))?;
        let mut conditions = IndexMap::new();
        for condition in &experiment.conditions {
            let names: Vec<&str> =
                experiment.metrics.iter().map(|metric| metric.name.as_str()).collect();
            let failed = lost_trials(samples, &condition.name, &names)?.failed;
            let mut found = IndexMap::new();
            for one in metrics {
                let sample = Sample {
                    condition: condition.name.clone(),
                    metric: one.name.clone(),
                    scale: one.scale,
                };
                found.insert(one.name.clone(), metric(samples, &sample, failed)?);
            }
            conditions.insert(condition.name.clone(), found);
        }
        let mut claims = IndexMap::new();
        for hypothesis in hypotheses {
            let pending = Pending::new(hypothesis, samples)?;
            claims.insert(hypothesis.name.clone(), pending);
        }
        slices.push((value.clone(), samples.items, conditions, claims));
    }
    let without = labels.iter().filter(|label| label.is_none()).count();
    let mut adjusted: IndexMap<&str, Vec<f64>> = IndexMap::new();
    for hypothesis in hypotheses {
        let name = hypothesis.name.as_str();
        let p: Vec<f64> = slices
            .iter()
            .filter_map(|(.., claims)| claims.get(name))
            .map(|pending| pending.decision.p)
            .collect();
        if !p.is_empty() {
            adjusted.insert(name, adjust(&p, Correction::Holm)?);
        }
    }
    let slices: Vec<SliceFindings> = slices
        .into_iter()
        .enumerate()
        .map(|(at, (value, items, conditions, claims))| SliceFindings {
            value,
            items,
            conditions,
            hypotheses: hypotheses
                .iter()
                .filter_map(|hypothesis| {
                    let pending = claims.get(&hypothesis.name)?;
                    let p = adjusted.get(hypothesis.name.as_str())?.get(at)?;
                    let claim = claim(pending, hypothesis, *p);
                    Some((hypothesis.name.clone(), claim))
                })
                .collect(),
        })
        .collect();
    let means = means(metrics, &slices, whole);
    let without = u32::try_from(without).unwrap_or(u32::MAX);
    Ok(SlicedFindings { column: column.to_owned(), slices, without, means })
}

fn claim(pending: &Pending, hypothesis: &Hypothesis, p_adjusted: f64) -> SliceClaim {
    let single = match pending.parts.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let items = pending.parts.iter().map(|part| part.items).min().unwrap_or(0);
    SliceClaim {
        estimate: single.and_then(|part| part.estimate).filter(|x| x.is_finite()),
        ci: single.and_then(|part| part.interval).and_then(Interval::ends),
        p: pending.decision.p,
        p_adjusted,
        verdict: pending.decision.verdict(p_adjusted, hypothesis.alpha),
        n_items: u32::try_from(items).unwrap_or(u32::MAX),
        reason: pending.parts.iter().find_map(|part| part.reason.clone()),
    }
}

/// Returns both means of each condition and metric over the slices.
fn means(
    metrics: &[&Metric],
    slices: &[SliceFindings],
    whole: &IndexMap<String, ConditionFindings>,
) -> IndexMap<String, IndexMap<String, SliceMeans>> {
    let mut found = IndexMap::new();
    for (condition, all) in whole {
        let mut own = IndexMap::new();
        for metric in metrics {
            let Some(micro) = all.metrics.get(&metric.name) else { continue };
            let each: Vec<&MetricFindings> = slices
                .iter()
                .filter_map(|slice| slice.conditions.get(condition)?.get(&metric.name))
                .collect();
            let (macro_mean, macro_ci) = macro_mean(&each);
            own.insert(
                metric.name.clone(),
                SliceMeans {
                    micro: micro.mean,
                    micro_ci: micro.ci,
                    macro_mean,
                    macro_ci,
                },
            );
        }
        found.insert(condition.clone(), own);
    }
    found
}

/// Returns the mean of the means of slices and its interval from theirs.
///
/// # Formula
///
/// ```text
/// θ = S⁻¹ Σ θₛ,   low = θ − S⁻¹ √Σ (θₛ − lowₛ)²,   high = θ + S⁻¹ √Σ (highₛ − θₛ)²
/// ```
///
/// Slices without a value are left out; where one has no interval there is none.
///
/// # Source
///
/// G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a
/// general approach", Statistics in Medicine 27(10), 2008, 1693–1702 (MOVER).
fn macro_mean(slices: &[&MetricFindings]) -> (Option<f64>, Option<[f64; 2]>) {
    let means: Vec<f64> = slices.iter().filter_map(|slice| slice.mean).collect();
    if means.is_empty() {
        return (None, None);
    }
    let count = means.len() as f64;
    let centre = means.iter().sum::<f64>() / count;
    let (mut below, mut above) = (0.0, 0.0);
    for slice in slices {
        let Some(mean) = slice.mean else { continue };
        let Some([low, high]) = slice.ci else { return (Some(centre), None) };
        below += (mean - low).powi(2);
        above += (high - mean).powi(2);
    }
    let ci = [centre - below.sqrt() / count, centre + above.sqrt() / count];
    (Some(centre), Some(ci))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Scale;
    use approx::assert_relative_eq;

    fn slice(mean: f64, ci: Option<[f64; 2]>) -> MetricFindings {
        MetricFindings {
            scale: Scale::Binary,
            n: 10,
            n_items: 10,
            mean: Some(mean),
            ci,
            ci_method: String::new(),
            quantiles: IndexMap::new(),
            failed: 0,
            failed_scores: 0,
            unscored: 0,
            components: None,
        }
    }

    #[test]
    fn the_interval_of_two_slices_is_that_of_mover() {
        // Wilson intervals of 8 of 10 and 15 of 20, and of their mean:
        // python3 -c "
        // from statsmodels.stats.proportion import proportion_confint as ci; import math
        // a, b = ci(8, 10, method='wilson'), ci(15, 20, method='wilson'); print(a, b)
        // m = (.8 + .75) / 2
        // print(m - math.hypot(.8 - a[0], .75 - b[0]) / 2, m + math.hypot(a[1] - .8, b[1] - .75) / 2)"
        let one = slice(0.8, Some([0.490_162_471_536_641_83, 0.943_317_848_545_624_7]));
        let two = slice(0.75, Some([0.531_299_122_381_255_9, 0.888_138_298_592_334_4]));
        let (mean, ci) = macro_mean(&[&one, &two]);
        assert_relative_eq!(mean.unwrap(), 0.775);
        assert_relative_eq!(ci.unwrap()[0], 0.585_375_787_466_703_5, max_relative = 1e-9);
        assert_relative_eq!(ci.unwrap()[1], 0.874_526_623_636_255_7, max_relative = 1e-9);
    }

    #[test]
    fn a_slice_without_an_interval_leaves_none() {
        let (one, two) = (slice(0.8, Some([0.5, 0.9])), slice(1.0, None));
        assert_eq!(macro_mean(&[&one, &two]).1, None);
        assert_eq!(macro_mean(&[]), (None, None));
    }
}
