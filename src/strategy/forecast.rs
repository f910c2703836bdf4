//! What a trial will take, before it runs.

use std::collections::BTreeMap;

use crate::model::{Gateway, ModelRef};
use crate::strategy::render::Rendered;

/// What a trial will take.
#[derive(Debug, Clone, PartialEq)]
pub struct CallForecast {
    /// Calls expected.
    pub calls: f64,
    /// The most calls; `None` where there is no bound.
    pub worst_calls: Option<u64>,
    /// Whether `calls` is only a lower bound, as for a script that does not say.
    pub at_least: bool,
    /// Dollars; `None` where a price is unknown.
    pub cost_usd: Option<f64>,
    /// Seconds from the first call to the last answer.
    pub seconds: f64,
    /// Calls expected of each model, by name.
    pub models: BTreeMap<String, f64>,
}

impl Default for CallForecast {
    /// No calls at all.
    fn default() -> Self {
        Self {
            calls: 0.0,
            worst_calls: Some(0),
            at_least: false,
            cost_usd: Some(0.0),
            seconds: 0.0,
            models: BTreeMap::new(),
        }
    }
}

impl CallForecast {
    /// Forecasts one call.
    #[must_use]
    pub fn call(gateway: &Gateway, model: &ModelRef, rendered: &Rendered) -> Self {
        let estimate =
            gateway.estimate(model, rendered.system.as_deref(), &rendered.messages);
        let profile = gateway.profile(model);
        let free = profile.kept || profile.free;
        Self {
            calls: 1.0,
            worst_calls: Some(1),
            at_least: false,
            cost_usd: estimate.cost.or(free.then_some(0.0)),
            seconds: estimate.seconds,
            models: [(model.name.to_string(), 1.0)].into(),
        }
    }

    /// Returns what is done only in a share of the trials; the worst stays as it is.
    #[must_use]
    pub fn times(mut self, share: f64) -> Self {
        self.models.values_mut().for_each(|calls| *calls *= share);
        Self {
            calls: self.calls * share,
            cost_usd: self.cost_usd.map(|cost| cost * share),
            ..self
        }
    }

    /// Returns what is done so many times.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of items")]
    pub fn repeated(self, times: usize) -> Self {
        let worst = self.worst_calls.map(|calls| calls.saturating_mul(times as u64));
        Self { worst_calls: worst, ..self.times(times as f64) }
    }

    /// Adds what follows.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let seconds = self.seconds + next.seconds;
        Self { seconds, ..self.beside(next) }
    }

    /// Adds what runs at the same time.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        for (model, calls) in other.models {
            *self.models.entry(model).or_default() += calls;
        }
        Self {
            calls: self.calls + other.calls,
            worst_calls: self
                .worst_calls
                .zip(other.worst_calls)
                .map(|(a, b)| a.saturating_add(b)),
            at_least: self.at_least || other.at_least,
            cost_usd: self.cost_usd.zip(other.cost_usd).map(|(a, b)| a + b),
            seconds: self.seconds.max(other.seconds),
            models: self.models,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_bound_makes_the_sum_boundless() {
        let some = CallForecast {
            calls: 2.0,
            worst_calls: Some(3),
            seconds: 1.0,
            ..CallForecast::default()
        };
        let script = CallForecast {
            calls: 1.0,
            worst_calls: None,
            at_least: true,
            cost_usd: None,
            seconds: 4.0,
            ..CallForecast::default()
        };
        let sum = some.clone().beside(script.clone());
        assert_eq!((sum.calls, sum.worst_calls, sum.cost_usd), (3.0, None, None));
        assert!(sum.at_least);
        let seconds = [sum.seconds, some.then(script).seconds];
        assert_eq!(seconds.map(|s| s.to_string()), ["4", "5"]);
    }
}
