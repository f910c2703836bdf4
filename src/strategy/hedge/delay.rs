//! When a backup starts, as the file says it, and the sites where it is learned.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::Unit;
use crate::record::{Failure, FailureKind};
use crate::script::{Callable, ScriptRun, item_value, to_json};
use crate::spec::{Call, Complaint, Fallback, Param, Signature, SourceText, Type, Value};
use crate::strategy::context::TrialContext;
use crate::strategy::contract::{BuildError, Builder};
use crate::strategy::hedge::site::{Rule, Site};
use crate::strategy::hedge::{QUANTILES, USUAL_BUDGET, stream};
use crate::text::shown;

/// Classes of items that are told apart; more would each learn next to nothing.
const MOST_CLASSES: usize = 1_000;

/// `by_workload`: delays that are learned for each class of items.
pub const BY_WORKLOAD: Signature = Signature::new(
    "by_workload",
    Type::Delay,
    "A delay that is learned for each class of items apart.",
)
.with_params(&[
    Param::required("class", Type::Function(&["item"]), "Returns the class of an item."),
    Param::default(
        "after",
        Type::OneOf(&[
            Type::Fraction,
            Type::Choice(&["p50", "p75", "p90", "p95", "p99", "adaptive"]),
        ]),
        Fallback::Word("p95"),
        "The quantile of the class's latencies after which a backup starts, or `adaptive`.",
    ),
])
.with_check(|call| call.arg("after").into_iter().flat_map(check).collect())
.with_example(
    "condition hedged = hedge(api, after: by_workload(|item| item.size, after: p90))",
);

/// Finds what is wrong with the value of `after:`.
pub(super) fn check(value: &Value) -> Vec<Complaint> {
    let Some(quantity) = value.as_quantity() else { return Vec::new() };
    let (wrong, wanted) = if quantity.unit == Unit::Fraction {
        (
            !(quantity.value > 0.0 && quantity.value < 1.0),
            "a share strictly between 0% and 100%, such as `95%`",
        )
    } else {
        (quantity.value < 0.0, "a duration of at least 0s")
    };
    if wrong {
        let message = format!("`after` is {quantity}, wanted {wanted}");
        vec![Complaint { param: Some("after"), message, help: None }]
    } else {
        Vec::new()
    }
}

/// When a backup starts: at one site for all items, or at one for each class.
#[derive(Debug)]
pub(super) struct Delay {
    rule: Rule,
    budget: Option<f64>,
    name: String,
    class: Option<(Callable, Arc<[SourceText]>)>,
    sites: Mutex<BTreeMap<String, Arc<Site>>>,
}

impl Delay {
    pub(super) fn of(
        call: &Call,
        builder: &dyn Builder,
        budget: Option<f64>,
    ) -> Result<Self, BuildError> {
        let Some(after) = call.args.get("after") else {
            return Err(BuildError::new("`hedge` needs `after`", call.span));
        };
        let within = budget.unwrap_or(USUAL_BUDGET);
        let (rule, class) = match after.value.as_call() {
            Some(inner) => {
                let value = inner.arg("class");
                let function = value.and_then(Value::as_function);
                let (Some(value), Some(function)) = (value, function) else {
                    let message = "`by_workload` needs a closure of the item";
                    return Err(BuildError::new(message, after.span));
                };
                let callable =
                    builder.workshop().callable(function).map_err(|problem| {
                        BuildError::of_script(&problem, value, after.span)
                    })?;
                let rule = inner.arg("after").and_then(|value| rule(value, within));
                (rule, Some((callable, builder.sources())))
            }
            None => (rule(&after.value, within), None),
        };
        let Some(rule) = rule else {
            return Err(BuildError::new("`after` is no delay", after.span));
        };
        let adaptive = matches!(rule, Rule::Adaptive(_));
        Ok(Self {
            rule,
            budget: if adaptive { Some(within) } else { budget },
            name: call.shown().to_owned(),
            class,
            sites: Mutex::default(),
        })
    }

    /// Returns the most backups as a share of the primaries.
    pub(super) fn budget(&self) -> Option<f64> {
        self.budget
    }

    /// Says whether a trial learns from others: their latencies, or what they left of the
    /// budget.
    pub(super) fn learns(&self) -> bool {
        !matches!(self.rule, Rule::Fixed(_)) || self.budget.is_some()
    }

    /// Returns the site of an item.
    pub(super) fn site(&self, ctx: &TrialContext) -> Result<Arc<Site>, Failure> {
        let class = match &self.class {
            None => String::new(),
            Some((callable, sources)) => {
                let run = ScriptRun::keyed(ctx.random_key("class"));
                let found = callable
                    .call_with(&[], vec![item_value(ctx.item())], &run)
                    .map_err(|failure| {
                    Failure::new(FailureKind::Script, failure.placed(sources))
                })?;
                shown(&to_json(&found))
            }
        };
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(site) = sites.get(&class) {
            return Ok(Arc::clone(site));
        }
        // Beyond the bound classes share one.
        let class = if sites.len() < MOST_CLASSES { class } else { String::new() };
        let new = || {
            let stream = stream(&format!("{}/{class}", self.name));
            Arc::new(Site::new(self.rule, self.budget, stream))
        };
        Ok(Arc::clone(sites.entry(class.clone()).or_insert_with(new)))
    }

    /// Forecasts the share of trials that are late, where a trial usually takes so long: by
    /// the quantile itself, and for a duration as if latencies were exponential.
    pub(super) fn late(&self, usual: f64) -> f64 {
        match self.rule {
            Rule::Quantile(q) => 1.0 - q,
            Rule::Adaptive(budget) => budget,
            Rule::Fixed(delay) if usual > 0.0 => (-delay.as_secs_f64() / usual).exp(),
            Rule::Fixed(delay) => f64::from(u8::from(delay.is_zero())),
        }
    }
}

fn rule(value: &Value, budget: f64) -> Option<Rule> {
    if let Some(quantity) = value.as_quantity() {
        if quantity.unit == Unit::Fraction {
            return Some(Rule::Quantile(quantity.value));
        }
        return Duration::try_from_secs_f64(quantity.value).ok().map(Rule::Fixed);
    }
    let Value::Word(word) = value else { return None };
    match word.as_str() {
        "adaptive" => Some(Rule::Adaptive(budget)),
        word => QUANTILES
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, q)| Rule::Quantile(*q)),
    }
}
