//! Strategies of one's own, in Rhai.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rhai::{Dynamic, ImmutableString};
use tokio::sync::{mpsc, oneshot};

use crate::model::Gateway;
use crate::record::{Failure, FailureKind, Item, Output};
use crate::script::{
    Callable, STACK_BYTES, ScriptFailure, ScriptRun, context_value, item_value,
    output_of, to_json,
};
use crate::spec::{Call, SourceText, Value};
use crate::strategy::bridge::{Bridge, Demand, Holdings};
use crate::strategy::context::TrialContext;
use crate::strategy::contract::{BuildError, Builder, Strategy};
use crate::strategy::forecast::CallForecast;
use crate::text::shown;

/// A strategy whose behaviour is a script of the file.
///
/// The script runs on a thread of its own and waits there for its calls; the number of such
/// threads is bounded by the trials under way and not by a pool, so a script inside a script
/// always runs. Dropping the trial ends the script at its next operation or call.
pub struct Scripted {
    name: String,
    callable: Callable,
    values: Arc<[(ImmutableString, Dynamic)]>,
    holdings: Arc<Holdings>,
    /// How many calls the strategy declares with its parameter `calls`.
    declared: Option<u64>,
    /// The first model that it holds, for the forecast.
    first: Option<Arc<dyn Strategy>>,
    sources: Arc<[SourceText]>,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Scripted {
    /// Builds the strategy of a call that has a body.
    ///
    /// # Errors
    ///
    /// When the body does not compile, or a model or strategy among the arguments cannot be
    /// built.
    pub fn build(
        call: &Call,
        builder: &dyn Builder,
    ) -> Result<Arc<dyn Strategy>, BuildError> {
        let Some(body) = &call.body else {
            let message = format!("`{}` is not a strategy", call.name);
            return Err(BuildError::new(message, call.span));
        };
        let workshop = builder.workshop();
        let callable = workshop.callable(body).map_err(|problem| {
            let value = Value::Function(Box::new(body.clone()));
            BuildError::of_script(&problem, &value, call.span)
        })?;
        let own: BTreeSet<&str> = call.args.keys().map(String::as_str).collect();
        let mut holdings = Holdings::default();
        let mut first = None;
        let captured =
            body.captures.iter().filter(|(name, _)| !own.contains(name.as_str()));
        for (_, value) in captured {
            hold(value, builder, &mut holdings, &mut first)?;
        }
        let mut values = Vec::with_capacity(call.args.len());
        for (name, argument) in &call.args {
            hold(&argument.value, builder, &mut holdings, &mut first)?;
            values.push((name.as_str().into(), workshop.value(&argument.value)));
        }
        Ok(Arc::new(Self {
            name: call.shown().to_owned(),
            callable,
            values: values.into(),
            holdings: Arc::new(holdings),
            declared: call.count("calls"),
            first,
            sources: builder.sources(),
        }))
    }

    fn output(&self, value: &Dynamic) -> Result<Output, Failure> {
        if let Some(output) = output_of(value) {
            return Ok(Arc::unwrap_or_clone(output));
        }
        if value.is_unit() {
            return Err(Failure::new(
                FailureKind::Script,
                format!(
                    "`{}` returned nothing; the last expression is the output",
                    self.name
                ),
            ));
        }
        let Ok(map) = value.as_map_ref() else {
            return Ok(Output { text: shown(&to_json(value)), ..Output::default() });
        };
        let known = ["text", "confidence"];
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Failure::new(
                FailureKind::Script,
                format!(
                    "an output made by a script has `text` and `confidence`, not `{name}`"
                ),
            ));
        }
        let text = map.get("text").map(|text| shown(&to_json(text))).unwrap_or_default();
        let confidence = map.get("confidence").and_then(|value| to_json(value).as_f64());
        Ok(Output { text, confidence, ..Output::default() })
    }

    fn failure(&self, failure: &ScriptFailure) -> Failure {
        let kind = failure.cause.as_ref().map_or(FailureKind::Script, |cause| cause.kind);
        Failure::new(kind, failure.placed(&self.sources))
    }

    /// Starts the script and returns where its result will come.
    fn start(
        &self,
        ctx: &TrialContext,
        bridge: Bridge,
        run: ScriptRun,
    ) -> std::io::Result<oneshot::Receiver<Result<Dynamic, ScriptFailure>>> {
        let (done, result) = oneshot::channel();
        let callable = self.callable.clone();
        let values = Arc::clone(&self.values);
        let item = Arc::clone(ctx.item());
        let work = move || {
            let args = vec![context_value(Arc::new(bridge)), item_value(&item)];
            let result = callable.call_with(&values, args, &run);
            // Nobody listens once the trial was dropped.
            let _unheard = done.send(result);
        };
        std::thread::Builder::new()
            .name("script".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(work)?;
        Ok(result)
    }
}

/// Takes up the models and strategies in a value that the script is given.
fn hold(
    value: &Value,
    builder: &dyn Builder,
    holdings: &mut Holdings,
    first: &mut Option<Arc<dyn Strategy>>,
) -> Result<(), BuildError> {
    match value {
        Value::List(values) => {
            values.iter().try_for_each(|value| hold(value, builder, holdings, first))
        }
        Value::Map(map) => {
            map.values().try_for_each(|value| hold(value, builder, holdings, first))
        }
        Value::Call(call) => {
            let key = call.digest_with_label();
            if builder.is_model(call) {
                holdings.models.insert(key, builder.model(value)?);
            } else if !builder.is_strategy(call) {
                // Whatever else a script may hold, such as a dataset, it cannot run.
                return Ok(());
            }
            let strategy = builder.strategy(value)?;
            first.get_or_insert_with(|| Arc::clone(&strategy));
            holdings.strategies.insert(key, strategy);
            Ok(())
        }
        Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::Prompt(_)
        | Value::Function(_) => Ok(()),
    }
}

/// Tells the script's thread that nobody waits any more.
struct EndOnDrop(Arc<AtomicBool>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Strategy for Scripted {
    async fn run(&self, ctx: &TrialContext) -> Result<Output, Failure> {
        let (sender, mut demands) = mpsc::unbounded_channel();
        let trace = Arc::new(Mutex::new(Vec::new()));
        let bridge = Bridge {
            demands: sender,
            holdings: Arc::clone(&self.holdings),
            item: Arc::clone(ctx.item()),
            trace: Arc::clone(&trace),
        };
        let cancelled = Arc::new(AtomicBool::new(false));
        let run = ScriptRun {
            key: Some(ctx.random_key("strategy")),
            cancelled: Some(Arc::clone(&cancelled)),
            strategy: true,
        };
        let result = self.start(ctx, bridge, run).map_err(|error| {
            Failure::new(
                FailureKind::Script,
                format!("no thread for the script: {error}"),
            )
        })?;
        let _end = EndOnDrop(cancelled);
        let mut runs = 0;
        while let Some(demand) = demands.recv().await {
            answer(ctx, demand, &mut runs).await;
        }
        let fell = |_| Failure::new(FailureKind::Script, "the script's thread fell over");
        let value =
            result.await.map_err(fell)?.map_err(|failure| self.failure(&failure))?;
        let mut output = self.output(&value)?;
        let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
        output.trace.append(&mut trace);
        Ok(output)
    }

    fn forecast(&self, item: &Item, gateway: &Gateway) -> CallForecast {
        let once = self
            .first
            .as_ref()
            .map(|first| first.forecast(item, gateway))
            .unwrap_or_default();
        let calls = self.declared.unwrap_or(1);
        let mut all = CallForecast::default();
        for _ in 0..calls.min(MOST_FORECAST) {
            all = all.then(once.clone());
        }
        CallForecast {
            worst_calls: self.declared,
            at_least: self.declared.is_none(),
            ..all
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// More calls than a forecast adds up one by one.
const MOST_FORECAST: u64 = 10_000;

/// Carries out what the script wants. It hears of it unless it has ended.
async fn answer(ctx: &TrialContext, demand: Demand, runs: &mut usize) {
    match demand {
        Demand::Ask { model, rendered, reply } => {
            let _unheard = reply.send(ctx.ask(&model, rendered).await);
        }
        Demand::Run { strategy, item, reply } => {
            let child = ctx.child(*runs).with_item(item);
            *runs += 1;
            let _unheard = reply.send(ctx.run_at(&child, strategy.as_ref()).await);
        }
    }
}
