//! What can be told before a run begins: that a limit will be hit, and when.

use std::collections::BTreeMap;

use super::plan::{Ready, time};

/// A run that is held back by a rate for less than this is not worth a word, in seconds.
const WORTH_TELLING: f64 = 60.0;

/// Says which limits the run will hit: the budget, where less is left than the plan is
/// expected to cost; and the rates of models, where they make it take minutes.
pub(super) fn hints(ready: &Ready, left: u64, spent_usd: f64) -> Vec<String> {
    if left == 0 {
        return Vec::new();
    }
    budget(ready, left, spent_usd).into_iter().chain(rates(ready, left)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
fn budget(ready: &Ready, left: u64, spent_usd: f64) -> Option<String> {
    let budget = ready.budget()?;
    let forecast = ready.forecast();
    let each = forecast.cost_usd? / forecast.trials.max(1) as f64;
    let (needed, rest) = (each * left as f64, (budget - spent_usd).max(0.0));
    (needed > rest).then(|| {
        format!(
            "what is left of the budget, ${rest:.4}, is less than the ${needed:.4} that {left} trials are expected to cost: it will do for about {:.0} of them",
            (rest / each).floor()
        )
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
fn rates(ready: &Ready, left: u64) -> Vec<String> {
    let assembly = ready.bench().assembly();
    let conditions = ready.conditions();
    let each = left as f64 / conditions.len().max(1) as f64;
    let mut calls: BTreeMap<String, f64> = BTreeMap::new();
    for &condition in conditions {
        let condition = condition as usize;
        for (model, share) in
            assembly.forecast(condition).map(|f| f.models).unwrap_or_default()
        {
            *calls.entry(model).or_default() += share * each;
        }
    }
    let gateway = &assembly.gateway;
    gateway
        .models()
        .iter()
        .filter_map(|model| {
            // A batch is not bound by the rate of live requests.
            let live = !gateway.profile(model).batched;
            let rate = gateway.limits(model).requests.filter(|_| live)?;
            let calls = calls.get(model.name.as_ref())?;
            let seconds = calls / rate;
            (seconds >= WORTH_TELLING).then(|| {
                format!(
                    "`{}` takes {:.0} requests a minute: its {calls:.0} calls need at least {}",
                    model.name,
                    rate * 60.0,
                    time(seconds)
                )
            })
        })
        .collect()
}
