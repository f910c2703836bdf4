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

/// The calls that one run of a script may make where it does not declare more: a loop that
/// never ends must not spend without end.
const MOST_CALLS: u64 = 1_000;

/// How many times the calls that it declares a script may make, where that is more.
const MOST_TIMES_DECLARED: u64 = 10;

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

    /// Returns how many calls one run of the script may make, those of strategies that it
    /// runs included.
    fn most_calls(&self) -> u64 {
        let declared = self.declared.unwrap_or(0).saturating_mul(MOST_TIMES_DECLARED);
        declared.max(MOST_CALLS)
    }

    fn too_many(&self) -> Failure {
        let most = self.most_calls();
        Failure::new(
            FailureKind::Script,
            format!(
                "a script makes at most {most} calls in a trial; a strategy that needs more \
                 says so with a parameter: `calls: {most}`"
            ),
        )
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
            log: None,
        };
        let result = self.start(ctx, bridge, run).map_err(|error| {
            Failure::new(
                FailureKind::Script,
                format!("no thread for the script: {error}"),
            )
        })?;
        let _end = EndOnDrop(cancelled);
        let mut runs = 0;
        let mut left = self.most_calls();
        let mut refused = false;
        while let Some(demand) = demands.recv().await {
            let used_up = left < demand.calls()
                || u64::from(ctx.usage().requests) >= self.most_calls();
            if used_up && refused {
                // It caught the failure and goes on asking.
                let failure = self.too_many();
                let (message, span) = (failure.message, self.callable.span());
                let ended = ScriptFailure { message, span, cause: None };
                return Err(self.failure(&ended));
            }
            if used_up {
                refused = true;
                demand.refuse(self.too_many());
                continue;
            }
            left -= demand.calls();
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
            // What a script declares is what is expected of it; nothing holds it to that.
            worst_calls: None,
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
        Demand::RunAll { runs: wanted, reply } => {
            let mut children = Vec::with_capacity(wanted.len());
            let mut strategies = Vec::with_capacity(wanted.len());
            for (strategy, item) in wanted {
                children.push(ctx.child(*runs).with_item(item));
                strategies.push(strategy);
                *runs += 1;
            }
            let ran = ctx.run_beside(&children, &strategies).await;
            let _unheard =
                reply.send(Ok(ran.into_iter().map(|ran| ran.result).collect()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;
    use crate::base::{Digest, FileId, Quantity, Span, Unit};
    use crate::spec::Function;
    use crate::strategy::testing::{self, Bench};

    fn scripted(body: &str, args: Vec<(&str, Value)>) -> Call {
        let function = Function {
            params: vec!["ctx".into(), "item".into()],
            body: body.to_owned(),
            span: Span::new(FileId(0), 0, body.len()),
            library: 0,
            captures: indexmap::IndexMap::new(),
            digest: Digest::of(body.as_bytes()),
        };
        Call { body: Some(function), ..testing::call("own", args) }
    }

    /// A model whose answers count up: `1`, `2`, …
    fn counting() -> Bench {
        let count = AtomicUsize::new(0);
        Bench::new(vec![(
            "m",
            10,
            Box::new(move |_| Ok((count.fetch_add(1, Ordering::SeqCst) + 1).to_string())),
        )])
    }

    fn model() -> (&'static str, Value) {
        ("model", testing::model_value("m"))
    }

    async fn run(bench: &Bench, call: &Call) -> Result<Output, Failure> {
        bench.context().finish(bench.build(call).as_ref()).await
    }

    #[tokio::test]
    async fn a_script_that_asks_for_ever_is_ended_at_its_cap() {
        for body in [
            "loop { ctx.ask(model, \"again\"); }",
            "loop { try { ctx.ask(model, \"again\"); } catch {} }",
            "loop { try { ctx.run(model, item); } catch {} }",
        ] {
            let bench = counting();
            let ctx = bench.context();
            let call = scripted(body, vec![model()]);
            let failure = ctx.finish(bench.build(&call).as_ref()).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Script);
            assert!(failure.message.contains("at most 1000 calls"), "{failure}");
            assert_eq!(ctx.take_calls().len(), 1_000, "{body}");
        }
        let bench = counting();
        let body = "{ for i in 0..1500 { ctx.ask(model, \"again\"); } \"done\" }";
        let declared = ("calls", Value::Quantity(Quantity::new(200.0, Unit::One)));
        let output = run(&bench, &scripted(body, vec![model(), declared])).await;
        assert_eq!(output.unwrap().text, "done", "ten times what it declares");
    }

    #[tokio::test]
    async fn a_script_asks_and_its_calls_are_recorded() {
        let bench = counting();
        let body = "{ let a = ctx.ask(model, item.input); \
            for i in 0..times { a = ctx.ask(model, `${item.input} ${a.text}`); ctx.log(i); } a }";
        let times = Value::Quantity(Quantity::new(2.0, Unit::One));
        let call = scripted(body, vec![model(), ("times", times)]);
        let ctx = bench.context();
        let output = ctx.finish(bench.build(&call).as_ref()).await.unwrap();
        assert_eq!(output.text, "3");
        assert_eq!(output.trace, ["0", "1"]);
        assert_eq!(output.usage.requests, 3, "all calls count, not the last alone");
        let calls = ctx.take_calls();
        let places: Vec<_> = calls.iter().map(|call| call.place.as_str()).collect();
        assert_eq!(places, ["#0", "#1", "#2"]);
        assert_eq!(calls[1].messages[0].text, "What is 2 + 3? 1");
    }

    #[tokio::test]
    async fn an_inner_closure_asks_too() {
        let body = "{ let q = `q`; let parts = [1, 2].map(|n| ctx.ask(model, q + n).text); \
            let last = models.map(|m| ctx.ask(m, #{ prompt: q }))[0]; \
            joined(parts, `,`) + last.text + item.id }";
        let models = Value::List(vec![testing::model_value("m")]);
        let call = scripted(body, vec![model(), ("models", models)]);
        assert_eq!(run(&counting(), &call).await.unwrap().text, "1,231");
    }

    #[tokio::test]
    async fn a_prompt_may_be_a_map_with_system_and_messages() {
        let bench = counting();
        let body = "ctx.ask(model, #{ system: `s`, messages: [\
            #{ role: `user`, text: `q` }, #{ role: `assistant`, text: `a` }, #{ text: `again` }] })";
        let ctx = bench.context();
        let strategy = bench.build(&scripted(body, vec![model()]));
        ctx.finish(strategy.as_ref()).await.unwrap();
        let call = ctx.take_calls().remove(0);
        assert_eq!(call.system.as_deref(), Some("s"));
        assert_eq!(call.messages.len(), 3);
    }

    #[tokio::test]
    async fn what_a_script_hands_over_wrongly_is_told() {
        let table = [
            ("ctx.ask(`m`, `q`)", "takes a model, not a text"),
            ("ctx.ask(model, 3)", "takes a text, a prompt or a map, not `3`"),
            ("ctx.ask(model, #{ promt: `q` })", "a prompt has no `promt`"),
            ("ctx.ask(model, #{ messages: [] })", "the last message must be the user's"),
            ("ctx.run(item, item)", "takes a strategy, not an item"),
            ("()", "`own` returned nothing"),
            ("#{ txt: 1 }", "not `txt`"),
            ("nothing", "`nothing` is not known here"),
            ("throw `stop`", "stop"),
        ];
        for (body, expected) in table {
            let failure =
                run(&counting(), &scripted(body, vec![model()])).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Script, "{body}");
            assert!(failure.message.contains(expected), "{body}: {}", failure.message);
        }
    }

    #[tokio::test]
    async fn texts_numbers_and_maps_are_outputs() {
        let table = [
            ("`t`", "t"),
            ("7", "7"),
            ("#{ text: `m`, confidence: 0.5 }", "m"),
            ("true", "true"),
        ];
        for (body, text) in table {
            let output = run(&counting(), &scripted(body, vec![])).await.unwrap();
            assert_eq!(output.text, text, "{body}");
        }
    }

    #[tokio::test]
    async fn a_failed_call_is_thrown_and_can_be_caught() {
        let failing =
            || Bench::new(vec![("m", 1, Box::new(|_| Err(FailureKind::ContextTooLong)))]);
        let call = scripted("ctx.ask(model, `q`)", vec![model()]);
        let failure = run(&failing(), &call).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ContextTooLong, "the call's own kind");
        let body =
            "{ try { ctx.ask(model, `q`) } catch (e) { `${e.kind}: ${e.message}` } }";
        let body = body
            .replace("try { ctx", "try { return ctx")
            .replace("catch (e) { `", "catch (e) { return `");
        let output = run(&failing(), &scripted(&body, vec![model()])).await.unwrap();
        assert_eq!(output.text, "context_too_long: as the test wants");
    }

    #[tokio::test]
    async fn a_script_runs_strategies_that_are_scripts_themselves() {
        let bench = counting();
        let inner = scripted("ctx.ask(model, item.input + `!`)", vec![model()]);
        let vote = testing::call(
            "vote",
            vec![(
                "strategies",
                Value::List(vec![
                    Value::Call(Box::new(inner.clone())),
                    Value::Call(Box::new(inner)),
                ]),
            )],
        );
        let body = "{ let a = ctx.run(part, item); let b = ctx.run(part, `other`); \
            ctx.run(model, #{ input: `third` }); b.votes.len() + a.votes.len() }";
        let call = scripted(body, vec![("part", Value::Call(Box::new(vote))), model()]);
        let ctx = bench.context();
        let output = ctx.finish(bench.build(&call).as_ref()).await.unwrap();
        assert_eq!(output.text, "4");
        let mut sent: Vec<_> = ctx
            .take_calls()
            .into_iter()
            .map(|call| (call.place, call.messages[0].text.clone()))
            .collect();
        sent.sort();
        let expected = [
            ("0.0#0", "What is 2 + 3?!"),
            ("0.1#0", "What is 2 + 3?!"),
            ("1.0#0", "other!"),
            ("1.1#0", "other!"),
            ("2#0", "third"),
        ];
        let expected = expected.map(|(place, text)| (place.to_owned(), text.to_owned()));
        assert_eq!(sent, expected);
    }

    #[tokio::test]
    async fn a_script_runs_strategies_beside_one_another_and_sees_which_failed() {
        let bench = Bench::new(vec![
            ("a", 10, Box::new(|request| Ok(request.messages[0].text.clone()))),
            ("bad", 10, Box::new(|_| Err(FailureKind::ContentFilter))),
        ]);
        let models = Value::List(vec![
            testing::model_value("a"),
            testing::model_value("bad"),
            testing::model_value("a"),
        ]);
        let body = "{ let one = ctx.run_all(models, item); \
            let each = ctx.run_all(models, [`x`, `y`, #{ input: `z` }]); \
            `${one[0].text} ${one[1] == ()} ${each[0].text} ${each[2].text} ${ctx.run_all([], item).len()}` }";
        let ctx = bench.context();
        let call = scripted(body, vec![("models", models.clone())]);
        let output = ctx.finish(bench.build(&call).as_ref()).await.unwrap();
        assert_eq!(output.text, "What is 2 + 3? true x z 0");
        let usage = output.usage;
        assert_eq!(usage.requests, 6);
        // Two times three at once, not six one after the other.
        assert!(usage.latency.unwrap() < 0.05, "{usage:?}");
        for (body, expected) in [
            ("ctx.run_all(models, [`x`])", "got 3 strategies and 1 items"),
            ("ctx.run_all(models[0], item)", "takes a list of strategies"),
            ("ctx.run_all([models[1], models[1]], item)", "as the test wants"),
        ] {
            let call = scripted(body, vec![("models", models.clone())]);
            let failure = run(&bench, &call).await.unwrap_err();
            assert!(failure.message.contains(expected), "{body}: {failure}");
        }
    }

    #[tokio::test]
    async fn random_numbers_belong_to_the_trial() {
        let bench = counting();
        let call = scripted("`${random()} ${random(1, 1000000)}`", vec![]);
        let first = run(&bench, &call).await.unwrap().text;
        assert_eq!(run(&bench, &call).await.unwrap().text, first);
        let ctx = bench.context().child(3);
        let other = ctx.finish(bench.build(&call).as_ref()).await.unwrap().text;
        assert_ne!(other, first, "another place is another stream");
    }

    #[tokio::test]
    async fn dropping_the_trial_ends_a_script_that_computes() {
        let bench = counting();
        let body = "{ try { loop { } } catch { } loop { } }";
        let strategy = bench.build(&scripted(body, vec![]));
        let ctx = bench.context();
        let run = tokio::time::timeout(Duration::from_millis(20), strategy.run(&ctx));
        assert!(run.await.is_err());
        // The thread holds the item as long as it runs.
        let item = Arc::downgrade(ctx.item());
        drop((ctx, strategy, bench));
        for _ in 0..500 {
            if item.upgrade().is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the script goes on");
    }

    #[tokio::test]
    async fn dropping_the_trial_ends_a_script_that_waits_even_if_it_catches() {
        let bench = Bench::new(vec![("m", 3_600_000, Box::new(|_| Ok("late".into())))]);
        let body = "{ loop { try { ctx.ask(model, `q`) } catch { } } }";
        let strategy = bench.build(&scripted(body, vec![model()]));
        let ctx = bench.context();
        let run = tokio::time::timeout(Duration::from_millis(20), strategy.run(&ctx));
        assert!(run.await.is_err());
        let item = Arc::downgrade(ctx.item());
        drop((ctx, strategy, bench));
        for _ in 0..500 {
            if item.upgrade().is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the script goes on");
    }

    #[tokio::test]
    async fn many_scripts_inside_scripts_do_not_lock_one_another() {
        let bench = counting();
        let inner = scripted("ctx.ask(model, `q`)", vec![model()]);
        let call = scripted(
            "ctx.run(inner, item)",
            vec![("inner", Value::Call(Box::new(inner)))],
        );
        let strategy = bench.build(&call);
        let contexts: Vec<_> = (0..600).map(|_| bench.context()).collect();
        let runs = contexts.iter().map(|ctx| ctx.finish(strategy.as_ref()));
        let outputs = futures_util::future::join_all(runs).await;
        assert!(outputs.iter().all(Result::is_ok));
    }

    #[test]
    fn a_script_is_forecast_with_at_least_one_call_unless_it_declares_them() {
        let bench = counting();
        let forecast = |args| {
            let strategy = bench.build(&scripted("ctx.ask(model, `q`)", args));
            strategy.forecast(&testing::item(), &bench.gateway)
        };
        let silent = forecast(vec![model()]);
        assert_eq!(
            (silent.calls, silent.worst_calls, silent.at_least),
            (1.0, None, true)
        );
        let calls = ("calls", Value::Quantity(Quantity::new(4.0, Unit::One)));
        let told = forecast(vec![model(), calls]);
        assert_eq!((told.calls, told.worst_calls, told.at_least), (4.0, None, false));
    }
}
