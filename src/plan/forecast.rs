//! What a plan takes: trials, calls, money and time, before any of it is spent.

use serde::Serialize;

use crate::plan::trials::Plan;

/// What one trial of a condition takes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Estimate {
    /// Calls expected.
    pub calls: f64,
    /// The most calls that it can make; `None` where there is no bound.
    pub worst_calls: Option<u64>,
    /// Whether `calls` is only a lower bound, as for a script that does not say.
    pub at_least: bool,
    /// Dollars; `None` where a price is unknown.
    pub cost_usd: Option<f64>,
    /// Seconds from its start to its end; `None` where nothing is known.
    pub seconds: Option<f64>,
}

/// What a plan takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// Trials to be carried out.
    pub trials: u64,
    /// Calls expected.
    pub calls: f64,
    /// The most calls; `None` where there is no bound.
    pub worst_calls: Option<u64>,
    /// Whether `calls` is only a lower bound.
    pub at_least: bool,
    /// Dollars; `None` where a price is unknown.
    pub cost_usd: Option<f64>,
    /// Seconds with the given concurrency; limits of rate are not counted.
    pub seconds: Option<f64>,
    /// The same for each selected condition, in file order.
    pub conditions: Vec<ConditionForecast>,
}

/// What the trials of one condition take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionForecast {
    /// The condition's name.
    pub name: String,
    /// Its trials.
    pub trials: u64,
    /// What each of them takes.
    pub each: Estimate,
    /// Calls expected of all of them.
    pub calls: f64,
    /// Dollars for all of them.
    pub cost_usd: Option<f64>,
}

/// Forecasts a plan from what one trial of each condition takes.
///
/// `estimates` holds one estimate for each condition of the experiment, in file order; a
/// condition without one counts as unknown. `concurrency` is the number of trials under way
/// at once.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of trials are far below 2⁵³")]
pub fn forecast(plan: &Plan, estimates: &[Estimate], concurrency: u32) -> Forecast {
    let conditions: Vec<ConditionForecast> = plan
        .conditions()
        .iter()
        .map(|&index| {
            let unknown = Estimate { at_least: true, ..Estimate::default() };
            let trials = plan.trials_of(index);
            let each = estimates.get(index as usize).copied().unwrap_or(unknown);
            ConditionForecast {
                name: plan.condition_name(index).unwrap_or_default().to_owned(),
                trials,
                each,
                calls: each.calls * trials as f64,
                cost_usd: each.cost_usd.map(|cost| cost * trials as f64),
            }
        })
        .collect();
    let sum = |value: fn(&Estimate) -> Option<f64>| {
        conditions
            .iter()
            .map(|condition| {
                value(&condition.each).map(|each| each * condition.trials as f64)
            })
            .sum::<Option<f64>>()
    };
    let worst = conditions
        .iter()
        .map(|condition| condition.each.worst_calls.map(|calls| calls * condition.trials))
        .sum();
    let under_way = f64::from(concurrency.max(1)).min(plan.len().max(1) as f64);
    Forecast {
        trials: plan.len(),
        calls: conditions.iter().map(|condition| condition.calls).sum(),
        worst_calls: worst,
        at_least: conditions.iter().any(|condition| condition.each.at_least),
        cost_usd: sum(|each| each.cost_usd),
        seconds: sum(|each| each.seconds).map(|seconds| seconds / under_way),
        conditions,
    }
}
