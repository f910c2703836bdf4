//! `ctx`: what a strategy's script asks through.

use std::fmt;
use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, ImmutableString, Map, Module, NativeCallContext};

use crate::record::{Failure, FailureKind, Output};
use crate::script::control;
use crate::script::value::output_value;

/// What `ctx` does. The script waits while a method runs.
pub trait ScriptContext: Send + Sync {
    /// Asks a model. The model is what a parameter of the strategy holds; the prompt is a
    /// text, a prompt, or a map with `system` and `prompt` or `messages`.
    ///
    /// # Errors
    ///
    /// When the call fails, or when what was given is no model or no prompt.
    fn ask(&self, model: &Dynamic, prompt: &Dynamic) -> Result<Output, Failure>;

    /// Runs a strategy on an item.
    ///
    /// # Errors
    ///
    /// When the strategy fails, or when what was given is no strategy or no item.
    fn run(&self, strategy: &Dynamic, item: &Dynamic) -> Result<Output, Failure>;

    /// Runs strategies at the same time: on one item, or each on the one of a list.
    ///
    /// # Errors
    ///
    /// When what was given is no list of strategies, or there are more or fewer items.
    fn run_all(
        &self,
        strategies: &Dynamic,
        items: &Dynamic,
    ) -> Result<Vec<Result<Output, Failure>>, Failure>;

    /// Adds a line to the trial's trace.
    fn log(&self, text: &str);
}

#[derive(Clone)]
struct ContextValue(Arc<dyn ScriptContext>);

impl fmt::Debug for ContextValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ctx")
    }
}

/// Returns the value that a script knows as `ctx`.
pub fn context_value(context: Arc<dyn ScriptContext>) -> Dynamic {
    Dynamic::from(ContextValue(context))
}

type Thrower<T> = Result<T, Box<EvalAltResult>>;

/// Registers `ctx.ask`, `ctx.run`, `ctx.run_all`, `ctx.log`, and the `log` of hooks.
pub(super) fn register(module: &mut Module) {
    module.set_custom_type::<ContextValue>("context");
    module.set_native_fn(
        "ask",
        |call: NativeCallContext<'_>,
         ctx: &mut ContextValue,
         model: Dynamic,
         prompt: Dynamic| {
            let answer = control::waiting(|| ctx.0.ask(&model, &prompt));
            returned(&call, answer)
        },
    );
    module.set_native_fn(
        "run",
        |call: NativeCallContext<'_>,
         ctx: &mut ContextValue,
         strategy: Dynamic,
         item: Dynamic| {
            let answer = control::waiting(|| ctx.0.run(&strategy, &item));
            returned(&call, answer)
        },
    );
    module.set_native_fn(
        "run_all",
        |call: NativeCallContext<'_>,
         ctx: &mut ContextValue,
         strategies: Dynamic,
         items: Dynamic| {
            let answers = control::waiting(|| ctx.0.run_all(&strategies, &items));
            all_returned(&call, answers)
        },
    );
    module.set_native_fn("log", |ctx: &mut ContextValue, text: ImmutableString| {
        ctx.0.log(&text);
        Ok(())
    });
    module.set_native_fn("log", |ctx: &mut ContextValue, value: Dynamic| {
        ctx.0.log(&value.to_string());
        Ok(())
    });
    rhai::FuncRegistration::new("log")
        .in_internal_namespace()
        .with_volatility(true)
        .set_into_module(module, |text: ImmutableString| -> Thrower<()> {
            if control::log(&text) {
                return Ok(());
            }
            Err("`log(text)` is for the hooks of an experiment; a strategy has \
                 `ctx.log(text)`"
                .into())
        });
}

/// Returns the outputs in a list, `()` for what failed. Where all failed it throws as the
/// first.
fn all_returned(
    call: &NativeCallContext<'_>,
    answers: Result<Vec<Result<Output, Failure>>, Failure>,
) -> Thrower<Dynamic> {
    let answers = match answers {
        Ok(answers) => answers,
        Err(failure) => return returned(call, Err(failure)),
    };
    let first = answers.iter().find_map(|answer| answer.as_ref().err()).cloned();
    if let Some(failure) = first
        && (answers.iter().all(Result::is_err) || control::is_cancelled())
    {
        return returned(call, Err(failure));
    }
    let value = |answer: Result<Output, Failure>| match answer {
        Ok(output) => output_value(&Arc::new(output)),
        Err(_) => Dynamic::UNIT,
    };
    Ok(answers.into_iter().map(value).collect::<rhai::Array>().into())
}

fn returned(
    call: &NativeCallContext<'_>,
    answer: Result<Output, Failure>,
) -> Thrower<Dynamic> {
    let position = call.call_position();
    match answer {
        // A cancelled script must not catch it.
        _ if control::is_cancelled() => Err(EvalAltResult::ErrorTerminated(
            Dynamic::from(control::Stop::Cancelled),
            position,
        )
        .into()),
        Ok(output) => Ok(output_value(&Arc::new(output))),
        Err(failure) => {
            Err(EvalAltResult::ErrorRuntime(failure_value(&failure), position).into())
        }
    }
}

/// Returns what a script catches: a map with `kind` and `message`.
pub fn failure_value(failure: &Failure) -> Dynamic {
    let mut map = Map::new();
    let kind = match serde_json::to_value(failure.kind) {
        Ok(serde_json::Value::String(kind)) => kind,
        Ok(_) | Err(_) => failure.kind.words().to_owned(),
    };
    map.insert("kind".into(), kind.into());
    map.insert("message".into(), failure.message.clone().into());
    map.into()
}

/// Returns the failure that a thrown value stands for, if it stands for one.
pub(super) fn failure_of(value: &Dynamic) -> Option<Failure> {
    let map = value.as_map_ref().ok()?;
    let kind = map.get("kind")?.clone().into_string().ok()?;
    let message = map.get("message")?.clone().into_string().ok()?;
    let kind: FailureKind = serde_json::from_value(kind.into()).ok()?;
    Some(Failure { kind, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_throws_on_is_the_failure_again() {
        let failure = Failure::new(FailureKind::RateLimited, "slow down");
        let value = failure_value(&failure);
        assert_eq!(failure_of(&value), Some(failure));
        assert_eq!(failure_of(&Dynamic::from("no")), None);
    }
}
