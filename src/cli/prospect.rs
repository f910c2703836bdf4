//! What the hypotheses of a plan can be expected to find.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::plan::Ready;
use crate::analysis::{HypothesisForecast, Prospect, forecast};
use crate::spec::{Call, Experiment, Value};
use crate::store::{self, Store};

/// Trials that an earlier run must have to say anything of the spread of scores.
const SMALLEST_PILOT: u64 = 10;

/// Forecasts the power of every hypothesis that has a test.
pub(super) fn forecasts(
    ready: &Ready,
    out: &Path,
) -> IndexMap<String, HypothesisForecast> {
    let prepared = &ready.prepared;
    let experiment = &prepared.experiment;
    let plan = &prepared.plan;
    let earlier = pilot(experiment, out);
    let prospect = Prospect {
        items: plan.limit(),
        groups: groups(ready),
        accuracy: experiment
            .conditions
            .iter()
            .map(|condition| accuracy(&condition.strategy))
            .collect(),
        pilot: earlier.as_ref().map(|(experiment, store)| {
            (experiment, store as &dyn crate::record::SampleSource)
        }),
    };
    forecast(experiment, &prospect)
}

/// Returns the document of `plan --format json` for the hypotheses.
pub(super) fn document(forecasts: &IndexMap<String, HypothesisForecast>) -> Json {
    json!(forecasts)
}

/// Returns a line for each hypothesis: its claim, its test and what it can find.
pub(super) fn lines(forecasts: &IndexMap<String, HypothesisForecast>) -> String {
    let line = |(name, found): (&String, &HypothesisForecast)| {
        format!("{name}: {}, by {}; {}\n", found.claim, found.test, found.sentence)
    };
    forecasts.iter().map(line).collect()
}

/// Counts the items of each group of `cluster:`.
fn groups(ready: &Ready) -> Vec<usize> {
    let Some(column) = &ready.prepared.experiment.header.cluster else {
        return Vec::new();
    };
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for item in ready.prepared.items().iter() {
        if let Some(value) = item.lookup(column) {
            *sizes.entry(value.to_string()).or_default() += 1;
        }
    }
    sizes.into_values().collect()
}

/// Returns how often a strategy is right that asks one model whose accuracy is known.
fn accuracy(strategy: &Call) -> Option<f64> {
    let called = |value: &Value| match value {
        Value::Call(call) => Some(call.number("accuracy")),
        Value::List(_) | Value::Map(_) | Value::Function(_) => Some(None),
        Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::Prompt(_) => None,
    };
    let mut found = strategy.args.values().filter_map(|arg| called(&arg.value));
    let only = found.next()?;
    if found.next().is_some() { None } else { only }
}

/// Finds the newest run whose conditions and metrics are those that the hypotheses name.
fn pilot(experiment: &Experiment, out: &Path) -> Option<(Experiment, Store)> {
    let runs = store::find_runs(out, Some(&experiment.name)).ok()?;
    let large = runs.iter().filter(|run| run.committed >= SMALLEST_PILOT);
    large
        .filter_map(|run| {
            let store = Store::read(&run.folder).ok()?;
            Some((store.experiment().ok()?, store))
        })
        .find(|(earlier, _)| measures_the_same(experiment, earlier))
}

fn measures_the_same(experiment: &Experiment, earlier: &Experiment) -> bool {
    let metric = |one: &Experiment, name: &str| {
        let found = one.metrics.iter().find(|metric| metric.name == name);
        found.map(|metric| (metric.call.digest(), metric.missing))
    };
    let condition = |one: &Experiment, name: &str| {
        one.condition(name).map(|(_, condition)| condition.strategy.digest())
    };
    experiment.header.repeats == earlier.header.repeats
        && experiment.hypotheses.iter().flat_map(|h| h.claim.samples()).all(|sample| {
            condition(experiment, &sample.condition)
                == condition(earlier, &sample.condition)
                && metric(experiment, &sample.metric) == metric(earlier, &sample.metric)
        })
}
