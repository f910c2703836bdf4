//! Measures that a condition cannot have: costs without a price, times of kept answers.

use crate::catalogue::assembler::models_in;
use crate::model::{self, Surroundings};
use crate::record::Items;
use crate::spec::{Experiment, Hypothesis, MEASURES};

/// A measure in a claim of which a model leaves nothing known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMeasure {
    /// The measure.
    pub measure: String,
    /// The condition.
    pub condition: String,
    /// The model.
    pub model: String,
    /// Whether the model's answers are there already, so that it has none of them.
    pub kept: bool,
}

/// Returns the measures in the claim of a hypothesis that will not be known, by what the
/// file says of its models: no trial of the condition would have a value.
#[must_use]
pub fn unknown_measures(
    experiment: &Experiment,
    hypothesis: &Hypothesis,
) -> Vec<UnknownMeasure> {
    let mut found: Vec<UnknownMeasure> = Vec::new();
    for sample in hypothesis.claim.samples() {
        let own = experiment.metrics.iter().any(|metric| metric.name == sample.metric);
        let measure = MEASURES.iter().any(|measure| measure.name == sample.metric);
        let Some((_, condition)) = experiment.condition(&sample.condition) else {
            continue;
        };
        // Which models a strategy in Rhai asks, it decides as it runs.
        if own
            || !measure
            || sample.metric == "requests"
            || condition.strategy.body.is_some()
        {
            continue;
        }
        let mut calls = Vec::new();
        models_in(&condition.strategy, &mut calls);
        for call in calls {
            let Some((kept, priced)) = known(call) else { continue };
            if (kept || (sample.metric == "cost" && !priced))
                && !found.iter().any(|one| {
                    one.measure == sample.metric && one.condition == sample.condition
                })
            {
                found.push(UnknownMeasure {
                    measure: sample.metric.clone(),
                    condition: sample.condition.clone(),
                    model: call.shown().to_owned(),
                    kept,
                });
            }
        }
    }
    found
}

/// Says whether a model's answers are kept and whether its price is known; nothing where the
/// file alone does not tell.
fn known(call: &crate::spec::Call) -> Option<(bool, bool)> {
    let items = |_: &crate::spec::Call| Ok(Items::default());
    let surroundings = Surroundings { recorded: Some(&items), ..Surroundings::default() };
    let lane = model::lane(call, &surroundings).ok()?;
    let profile = lane.model.profile();
    Some((profile.kept, profile.price.is_some()))
}
