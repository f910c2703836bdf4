//! What one trial of each condition takes, worked out from its strategy.

use std::sync::Arc;

use crate::model::Gateway;
use crate::plan::forecast::Estimate;
use crate::plan::trials::Plan;
use crate::strategy::{CallForecast, Strategy};

/// Items that are looked at: the first of the keyed order, which is a random sample.
const SAMPLE: u64 = 500;

/// Returns what a trial of each condition takes on average, by condition of the experiment.
///
/// Prompts are rendered for up to 500 of the selected items; no model is asked. A condition
/// that is not selected has an empty estimate.
#[must_use]
pub fn estimates(
    plan: &Plan,
    strategies: &[Arc<dyn Strategy>],
    gateway: &Gateway,
) -> Vec<Estimate> {
    let items: Vec<_> =
        plan.sampled(SAMPLE).filter_map(|index| plan.items().get(index)).collect();
    let mut estimates = vec![Estimate::default(); strategies.len()];
    for &condition in plan.conditions() {
        let place = condition as usize;
        let Some(strategy) = strategies.get(place) else { continue };
        let forecasts: Vec<CallForecast> =
            items.iter().map(|item| strategy.forecast(item, gateway)).collect();
        if let Some(estimate) = estimates.get_mut(place) {
            *estimate = average(&forecasts);
        }
    }
    estimates
}

#[expect(clippy::cast_precision_loss, reason = "at most 500 items")]
fn average(forecasts: &[CallForecast]) -> Estimate {
    let n = forecasts.len().max(1) as f64;
    let mean =
        |value: fn(&CallForecast) -> f64| forecasts.iter().map(value).sum::<f64>() / n;
    Estimate {
        calls: mean(|forecast| forecast.calls),
        worst_calls: forecasts
            .iter()
            .map(|forecast| forecast.worst_calls)
            .try_fold(0, |most: u64, calls| Some(most.max(calls?))),
        at_least: forecasts.iter().any(|forecast| forecast.at_least),
        cost_usd: forecasts
            .iter()
            .map(|forecast| forecast.cost_usd)
            .sum::<Option<f64>>()
            .map(|cost| cost / n),
        seconds: Some(mean(|forecast| forecast.seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unknown_price_makes_the_average_unknown() {
        let known = CallForecast { calls: 1.0, ..CallForecast::default() };
        let dear = CallForecast {
            calls: 3.0,
            worst_calls: Some(9),
            cost_usd: Some(0.5),
            ..CallForecast::default()
        };
        let both = average(&[known.clone(), dear.clone()]);
        assert_eq!(
            (both.calls, both.worst_calls, both.cost_usd),
            (2.0, Some(9), Some(0.25))
        );
        let unknown = CallForecast { cost_usd: None, worst_calls: None, ..dear };
        let with = average(&[known, unknown]);
        assert_eq!((with.worst_calls, with.cost_usd), (None, None));
    }
}
