//! What figures show beyond the findings: distributions, differences, power, spend.
//!
//! All of it is thinned to a few hundred numbers, whatever the size of the run.

use serde::{Deserialize, Serialize};

use crate::base::ItemOrder;
use crate::record::{Observation, SampleSource};
use crate::spec::{Experiment, Scale};

use super::error::AnalysisError;
use super::evaluate::Question;
use super::findings::Findings;
use super::forecast::{PowerCurve, power_curve};
use super::linear::{Form, What};
use super::method::Way;
use super::prospect::Prospect;
use super::samples::{Counts, Samples};
use super::supports::question;

/// Steps of a thinned distribution: with so many, each is half a percent.
const STEPS: usize = 200;

/// Steps of a course over the items.
const COURSE: usize = 100;

/// The measures whose distribution is shown, beside the metrics that are more than right
/// or wrong.
const MEASURES_SHOWN: &[(&str, Scale)] =
    &[("latency", Scale::Duration), ("cost", Scale::Money), ("tokens_out", Scale::Count)];

/// Numbers of a run that only figures show. Values are in base units.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Portraits {
    /// How a metric or measure is spread over the trials of a condition.
    pub distributions: Vec<Distribution>,
    /// How the contrast of a hypothesis is spread over the items.
    pub differences: Vec<Differences>,
    /// What the hypotheses could find.
    pub power: Vec<PowerCurve>,
    /// What the conditions cost as items were asked.
    pub spend: Vec<Spend>,
}

/// A metric or measure over the trials of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// The metric or measure.
    pub metric: String,
    /// Its scale.
    pub scale: Scale,
    /// The condition.
    pub condition: String,
    /// Trials with a value.
    pub n: usize,
    /// Trials without one.
    pub without: usize,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// The contrast of a hypothesis over the items that every side has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// The hypothesis.
    pub hypothesis: String,
    /// The scale of the metric.
    pub scale: Scale,
    /// Items.
    pub n: usize,
    /// Items on which the contrast is below nought.
    pub below: usize,
    /// Items on which it is above.
    pub above: usize,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step of a distribution function.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The value.
    pub value: f64,
    /// The share of the sample that is at most so large.
    pub share: f64,
}

/// What a condition cost as its items were asked, in their planned order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spend {
    /// The condition.
    pub condition: String,
    /// The course, from no item on.
    pub course: Vec<Spent>,
}

/// What so many items had cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// Items of the planned order.
    pub items: u32,
    /// Dollars.
    pub cost_usd: f64,
}

/// Reads what the figures of a run show.
///
/// # Errors
///
/// When the samples cannot be read.
pub fn portray(
    experiment: &Experiment,
    source: &dyn SampleSource,
    findings: &Findings,
) -> Result<Portraits, AnalysisError> {
    let mut samples = Samples::new(experiment, source)?;
    let prospect = Prospect {
        items: samples.items,
        pilot: Some((experiment, source)),
        ..Prospect::default()
    };
    let curves = experiment.hypotheses.iter();
    Ok(Portraits {
        distributions: distributions(&mut samples, findings)?,
        differences: differences(&mut samples, findings)?,
        spend: spend(&mut samples)?,
        power: curves.filter_map(|one| power_curve(experiment, one, &prospect)).collect(),
    })
}

/// Thins a sample to the steps of its distribution function.
///
/// Of up to [`STEPS`] values each is a step; of more, the smallest value that reaches each of
/// so many equal shares, and the smallest of all.
fn steps(mut values: Vec<f64>) -> Vec<Step> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let many = n.min(STEPS);
    let mut steps: Vec<Step> = Vec::with_capacity(many + 1);
    let mut put = |place: usize| {
        let Some(value) = place.checked_sub(1).and_then(|at| values.get(at)) else {
            return;
        };
        let share = place as f64 / n as f64;
        match steps.last_mut() {
            Some(last) if last.value.total_cmp(value).is_eq() => last.share = share,
            Some(_) | None => steps.push(Step { value: *value, share }),
        }
    };
    put(1);
    for step in 1..=many {
        put((step * n).div_ceil(many));
    }
    steps
}

fn distributions(
    samples: &mut Samples<'_>,
    findings: &Findings,
) -> Result<Vec<Distribution>, AnalysisError> {
    let experiment = samples.experiment;
    let mut shown: Vec<(&str, Scale)> = experiment
        .metrics
        .iter()
        .filter(|metric| metric.scale != Scale::Binary)
        .map(|metric| (metric.name.as_str(), metric.scale))
        .collect();
    for (name, scale) in MEASURES_SHOWN {
        if experiment.metrics.iter().all(|metric| metric.name != *name) {
            shown.push((name, *scale));
        }
    }
    let mut found = Vec::new();
    for (metric, scale) in shown {
        for (condition, own) in &findings.conditions {
            if own.metrics.get(metric).is_none_or(|own| own.mean.is_none()) {
                continue;
            }
            let most = own.stopped_after.unwrap_or(u32::MAX);
            let observed = samples.whole(condition, metric)?;
            let mut values = Vec::with_capacity(observed.len());
            let mut without = 0;
            for trial in observed.iter().filter(|trial| samples.rank(trial.item) < most) {
                match trial.value {
                    Observation::Value(value) if value.is_finite() => values.push(value),
                    Observation::Value(_)
                    | Observation::Failed
                    | Observation::ScoreFailed
                    | Observation::Unscored => without += 1,
                }
            }
            if values.is_empty() {
                continue;
            }
            found.push(Distribution {
                metric: metric.to_owned(),
                scale,
                condition: condition.clone(),
                n: values.len(),
                without,
                steps: steps(values),
            });
        }
    }
    Ok(found)
}

/// Returns the contrasts of the hypotheses on means that pair the sides by item.
fn differences(
    samples: &mut Samples<'_>,
    findings: &Findings,
) -> Result<Vec<Differences>, AnalysisError> {
    let experiment = samples.experiment;
    let mut found = Vec::new();
    for hypothesis in &experiment.hypotheses {
        let own = findings.hypotheses.get(&hypothesis.name);
        let Some(own) = own.filter(|own| own.decided_after.is_none()) else { continue };
        let Ok(asked) = question(&hypothesis.claim, f64::from(samples.items)) else {
            continue;
        };
        let way = Way::of(&asked, hypothesis.over, &experiment.header);
        let (Ok(Way::Table(_)), Question::Compare { gap, .. }) = (way, asked) else {
            continue;
        };
        let means = gap.terms.iter().all(|term| term.what == What::Mean);
        let apart = gap.terms.iter().any(|term| {
            gap.terms.iter().any(|other| other.sample.condition != term.sample.condition)
        });
        if gap.form != Form::Sum || gap.summed || !means || !apart {
            continue;
        }
        let paired = samples.paired(&gap, Counts::AsDeclared)?;
        let contrast = paired.contrast(&gap);
        if contrast.is_empty() || !contrast.iter().all(|value| value.is_finite()) {
            continue;
        }
        let count = |hit: &dyn Fn(f64) -> bool| {
            contrast.iter().filter(|value| hit(**value)).count()
        };
        found.push(Differences {
            hypothesis: hypothesis.name.clone(),
            scale: own.scale,
            n: contrast.len(),
            below: count(&|value| value < 0.0),
            above: count(&|value| value > 0.0),
            steps: steps(contrast),
        });
    }
    Ok(found)
}

/// Returns what the conditions cost item by item, where every cost is known.
fn spend(samples: &mut Samples<'_>) -> Result<Vec<Spend>, AnalysisError> {
    let experiment = samples.experiment;
    let items = samples.items;
    let order = ItemOrder::new(experiment.header.seed, items).items;
    let mut found = Vec::new();
    if experiment.metrics.iter().any(|metric| metric.name == "cost") || items == 0 {
        return Ok(found);
    }
    for condition in &experiment.conditions {
        let observed = samples.whole(&condition.name, "cost")?;
        let mut costs = vec![0.0; items as usize];
        let mut known = !observed.is_empty();
        for trial in observed.iter() {
            let place = usize::try_from(order.rank(u64::from(trial.item)));
            let cost = place.ok().and_then(|place| costs.get_mut(place));
            match (trial.value, cost) {
                (Observation::Value(value), Some(cost)) => *cost += value,
                _ => known = false,
            }
        }
        if !known || costs.iter().all(|cost| *cost <= 0.0) {
            continue;
        }
        let every = costs.len().div_ceil(COURSE);
        let mut course = vec![Spent { items: 0, cost_usd: 0.0 }];
        let mut total = 0.0;
        for (place, cost) in costs.iter().enumerate() {
            total += cost;
            let done = place + 1;
            if done % every == 0 || done == costs.len() {
                let items = u32::try_from(done).unwrap_or(u32::MAX);
                course.push(Spent { items, cost_usd: total });
            }
        }
        found.push(Spend { condition: condition.name.clone(), course });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_all_steps_and_ties_are_one() {
        let found = steps(vec![3.0, 1.0, 1.0, 2.0]);
        let told: Vec<[f64; 2]> = found.iter().map(|s| [s.value, s.share]).collect();
        assert_eq!(told, [[1.0, 0.5], [2.0, 0.75], [3.0, 1.0]]);
        assert!(steps(Vec::new()).is_empty());
    }

    #[test]
    fn many_values_become_few_steps_that_lie_on_the_distribution_function() {
        let values: Vec<f64> =
            (0..100_003_u32).map(|n| f64::from(n * 7 % 100_003)).collect();
        let found = steps(values);
        assert_eq!(found.len(), STEPS + 1);
        for step in &found {
            // Of 0 to n − 1, so many are at most x: x + 1.
            assert!(((step.value + 1.0) / 100_003.0 - step.share).abs() < 1e-12);
        }
        assert_eq!(found.first().unwrap().value.to_bits(), 0.0_f64.to_bits());
        assert_eq!(found.last().unwrap().share.to_bits(), 1.0_f64.to_bits());
    }
}
