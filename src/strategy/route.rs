//! `route`: a closure says which strategy answers an item.

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::Gateway;
use crate::record::{Failure, FailureKind, Item, Output};
use crate::script::{Callable, ScriptRun, item_value, to_json};
use crate::spec::{Call, Complaint, Param, Signature, SourceText, Type, Value};
use crate::strategy::context::TrialContext;
use crate::strategy::contract::{BuildError, Builder, Combinator, Strategy};
use crate::strategy::forecast::CallForecast;
use crate::strategy::past::{Past, Took};
use crate::text::shown;

/// Sends each item to one of several strategies.
#[derive(Debug)]
pub(super) struct Route {
    name: String,
    by: Callable,
    strategies: Vec<Arc<dyn Strategy>>,
    sources: Arc<[SourceText]>,
}

const SIGNATURE: Signature = Signature::new(
    "route",
    Type::Strategy,
    "Sends each item to the strategy that a closure of the item names.",
)
.with_details(
    "The closure returns the place of the strategy in the list, from 0, or its name: that of the model or condition, as it stands there. Anything else fails the trial. `plan` asks the closure, so it knows what each item will cost.",
)
.with_params(&[
    Param::required(
        "by",
        Type::Function(&["item"]),
        "Returns the place of the strategy, from 0, or its name.",
    ),
    Param::required("strategies", Type::List(&Type::Strategy), "The strategies."),
    Param::optional("prompt", Type::Prompt, "What is sent to each bare model in it."),
])
.with_check(check)
.with_example(
    "condition routed = route(|item| if item.input.len() < 200 { 0 } else { 1 }, [mini, large])",
);

pub(super) const COMBINATOR: Combinator = Combinator { signature: SIGNATURE, build };

fn check(call: &Call) -> Vec<Complaint> {
    if call.list("strategies").is_some_and(<[Value]>::is_empty) {
        let message = "`route` needs at least one strategy".to_owned();
        return vec![Complaint { param: Some("strategies"), message, help: None }];
    }
    Vec::new()
}

fn build(call: &Call, builder: &dyn Builder) -> Result<Arc<dyn Strategy>, BuildError> {
    let Some((by, function)) =
        call.args.get("by").and_then(|by| Some((by, by.value.as_function()?)))
    else {
        return Err(BuildError::new("`route` needs a closure of the item", call.span));
    };
    let callable = builder
        .workshop()
        .callable(function)
        .map_err(|problem| BuildError::of_script(&problem, &by.value, by.span))?;
    let strategies = call.list("strategies").unwrap_or_default();
    let strategies: Vec<_> =
        strategies.iter().map(|one| builder.strategy(one)).collect::<Result<_, _>>()?;
    if strategies.is_empty() {
        return Err(BuildError::new("`route` needs at least one strategy", call.span));
    }
    let name = call.shown().to_owned();
    Ok(Arc::new(Route { name, by: callable, strategies, sources: builder.sources() }))
}

impl Route {
    /// Returns the place of the strategy for an item.
    fn place(&self, item: &Arc<Item>, run: &ScriptRun) -> Result<usize, Failure> {
        let found = self.by.call(vec![item_value(item)], run).map_err(|failure| {
            Failure::new(FailureKind::Script, failure.placed(&self.sources))
        })?;
        let place = match found.as_int() {
            Ok(place) => usize::try_from(place).ok(),
            Err(_) => {
                let name = shown(&to_json(&found));
                self.strategies.iter().position(|strategy| strategy.name() == name)
            }
        };
        place.filter(|place| *place < self.strategies.len()).ok_or_else(|| {
            let names: Vec<String> =
                self.strategies.iter().map(|one| format!("`{}`", one.name())).collect();
            let message = format!(
                "the closure of `route` returned `{}`, wanted 0 to {} or one of {}",
                shown(&to_json(&found)),
                self.strategies.len() - 1,
                names.join(", ")
            );
            Failure::new(FailureKind::Script, message)
        })
    }
}

#[async_trait]
impl Strategy for Route {
    async fn run(&self, ctx: &TrialContext) -> Result<Output, Failure> {
        let run = ScriptRun::keyed(ctx.random_key("route"));
        let place = self.place(ctx.item(), &run)?;
        match self.strategies.get(place) {
            Some(strategy) => ctx.run_at(&ctx.child(place), strategy.as_ref()).await,
            None => Err(Failure::new(FailureKind::Script, "no such strategy")),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a list in a file is short")]
    fn forecast(&self, item: &Item, gateway: &Gateway) -> CallForecast {
        let each = self.strategies.iter().map(|one| one.forecast(item, gateway));
        let each: Vec<CallForecast> = each.collect();
        // A plan looks at some of the items: another may go to the dearest.
        let worst = each.iter().map(|one| one.worst_calls);
        let worst_calls = worst.max_by_key(|worst| worst.unwrap_or(u64::MAX)).flatten();
        let asked = self.place(&Arc::new(item.clone()), &ScriptRun::default());
        if let Some(chosen) = asked.ok().and_then(|place| each.get(place)) {
            return CallForecast { worst_calls, ..chosen.clone() };
        }
        // A closure that draws, or fails here: each strategy is as likely.
        let share = 1.0 / each.len() as f64;
        let seconds = each.iter().map(|one| one.seconds).sum::<f64>() * share;
        let all = each
            .into_iter()
            .map(|one| one.times(share))
            .fold(CallForecast::default(), CallForecast::beside);
        CallForecast { worst_calls, seconds, ..all }
    }

    fn learns(&self) -> bool {
        self.strategies.iter().any(|one| one.learns())
    }

    fn recall(&self, ctx: &TrialContext, past: &Past<'_>) -> Option<Took> {
        let run = ScriptRun::keyed(ctx.random_key("route"));
        let place = self.place(ctx.item(), &run).ok()?;
        self.strategies.get(place)?.recall(&ctx.child(place), past)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use crate::base::{Digest, FileId, Span};
    use crate::record::FailureKind;
    use crate::spec::{Call, Function, Value};
    use crate::strategy::testing::{self, Bench};

    fn route(body: &str) -> Call {
        let function = Function {
            params: vec!["item".into()],
            body: body.to_owned(),
            span: Span::new(FileId(0), 0, body.len()),
            library: 0,
            captures: indexmap::IndexMap::new(),
            digest: Digest::of(body.as_bytes()),
        };
        let strategies = ["a", "b"].map(testing::model_value).to_vec();
        testing::call(
            "route",
            vec![
                ("by", Value::Function(Box::new(function))),
                ("strategies", Value::List(strategies)),
            ],
        )
    }

    #[tokio::test(start_paused = true)]
    async fn an_item_goes_where_the_closure_says_by_place_or_by_name() {
        for (body, expected) in
            [("if item.hint == `h` { 1 } else { 0 }", "y"), ("`a`", "x"), ("0", "x")]
        {
            let bench = Bench::saying(&[("a", "x"), ("b", "y")]);
            let strategy = bench.build(&route(body));
            let output = bench.context().finish(strategy.as_ref()).await.unwrap();
            assert_eq!((output.text.as_str(), output.usage.requests), (expected, 1));
            let forecast = strategy.forecast(&testing::item(), &bench.gateway);
            assert_eq!(forecast.worst_calls, Some(1));
            let model = if expected == "x" { "a" } else { "b" };
            assert_eq!(forecast.models.get(model), Some(&1.0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_not_there_fails_the_trial_and_says_which_there_are() {
        for body in ["2", "-1", "`c`", "()"] {
            let bench = Bench::saying(&[("a", "x"), ("b", "y")]);
            let strategy = bench.build(&route(body));
            let failure = bench.context().finish(strategy.as_ref()).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Script);
            assert!(failure.message.contains("0 to 1 or one of `a`, `b`"), "{failure}");
            let forecast = strategy.forecast(&testing::item(), &bench.gateway);
            assert_eq!((forecast.calls, forecast.worst_calls), (1.0, Some(1)));
        }
    }
}
