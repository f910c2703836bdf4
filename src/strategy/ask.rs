//! `ask`: one call to one model.

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::CallId;
use crate::model::{Gateway, ModelRef};
use crate::record::{Failure, Item, Output};
use crate::spec::{Call, Param, Signature, Type};
use crate::strategy::context::{TrialContext, TrialKey, call_id};
use crate::strategy::contract::{BuildError, Builder, Combinator, Strategy};
use crate::strategy::forecast::CallForecast;
use crate::strategy::past::{Past, Took};
use crate::strategy::render::{Prompt, Rendered};
use crate::strategy::sure::{self, CONFIDENCE, Sure};

/// Asks a model once, with a prompt, or with the item's input where there is none.
#[derive(Debug)]
pub struct Ask {
    model: ModelRef,
    prompt: Option<Prompt>,
    sure: Sure,
}

const SIGNATURE: Signature = Signature::new(
    "ask",
    Type::Strategy,
    "Asks a model once and returns its answer.",
)
.with_details(
    "Without a prompt the item's `input` is sent as it is. A model that stands where a strategy is due is asked this way.

How sure the answer is, its `confidence`, is what votes and cascades count. It is really obtained, or there is none:

| `confidence:` | where it comes from |
| --- | --- |
| absent | what the model gives: `openai` and `google` with `logprobs: true` the geometric mean of the probabilities of the answer's tokens, `sim` its chance of being right, `recorded` its `confidence:` column; `anthropic` gives none |
| `logprobs` | the same; a model that gives none is an error of `check` |
| `stated` | the number after the last \"confidence\" of the answer: `85%`, `0.85` or `85/100`. A line that begins with the word is taken out of the text. The prompt must ask for it, as `std::prompts::with_confidence` does |
| an extractor | the number that it finds: up to 1 a share, up to 100 a percentage |

An answer without what is looked for has no confidence. Agreement among samples is the confidence of a vote: `self_consistency(m, 5, answer: last_number)`.",
)
.with_params(&[
    Param::required("model", Type::Model, "The model that is asked."),
    Param::optional(
        "prompt",
        Type::Prompt,
        "What is sent: a prompt, or a template over the item's columns.",
    ),
    CONFIDENCE,
])
.with_lift()
.with_check(sure::check)
.with_confidence(sure::states)
.with_example(
    "condition single = ask(mini, prompt: \"{{ input }} Think step by step.\")",
);

pub(super) const COMBINATOR: Combinator = Combinator { signature: SIGNATURE, build };

fn build(call: &Call, builder: &dyn Builder) -> Result<Arc<dyn Strategy>, BuildError> {
    let Some(model) = call.args.get("model") else {
        return Err(BuildError::new("`ask` needs a model", call.span));
    };
    let prompt = match call.args.get("prompt") {
        Some(prompt) => Some(Prompt::of(&prompt.value, prompt.span)?),
        None => None,
    };
    let sure = Sure::of(call, builder)?;
    Ok(Arc::new(Ask { sure, ..Ask::new(builder.model(&model.value)?, prompt) }))
}

impl Ask {
    /// Returns the strategy that asks this model.
    #[must_use]
    pub fn new(model: ModelRef, prompt: Option<Prompt>) -> Self {
        Self { model, prompt, sure: Sure::Given }
    }

    fn rendered(&self, item: &Item) -> Result<Rendered, Failure> {
        match &self.prompt {
            Some(prompt) => prompt.render(item),
            None => Ok(Rendered::text(item.input.as_str())),
        }
    }
}

#[async_trait]
impl Strategy for Ask {
    async fn run(&self, ctx: &TrialContext) -> Result<Output, Failure> {
        let rendered = self.rendered(ctx.item())?;
        let output = ctx.ask(&self.model, rendered).await?;
        self.sure.apply(output, ctx)
    }

    fn forecast(&self, item: &Item, gateway: &Gateway) -> CallForecast {
        // A prompt that cannot be filled fails its trial without a call; the forecast takes
        // the item's input in its place.
        let rendered =
            self.rendered(item).unwrap_or_else(|_| Rendered::text(item.input.as_str()));
        CallForecast::call(gateway, &self.model, &rendered)
    }

    fn calls(&self, item: &Item, key: &TrialKey) -> Option<Vec<CallId>> {
        let first = |rendered| call_id(key, &self.model, &rendered, "#0");
        Some(self.rendered(item).map(first).into_iter().collect())
    }

    fn recall(&self, ctx: &TrialContext, past: &Past<'_>) -> Option<Took> {
        past.call(ctx)
    }

    fn model(&self) -> Option<&str> {
        Some(&self.model.name)
    }

    fn name(&self) -> &str {
        &self.model.name
    }
}

#[cfg(test)]
mod tests {
    use crate::record::FailureKind;
    use crate::spec::Value;
    use crate::strategy::testing::{self, Bench};

    fn echo() -> Bench {
        Bench::new(vec![(
            "m",
            10,
            Box::new(|request| Ok(request.messages[0].text.clone())),
        )])
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_prompt_the_input_is_sent() {
        let bench = echo();
        let ask = testing::call("ask", vec![("model", testing::model_value("m"))]);
        let output = bench.context().finish(bench.build(&ask).as_ref()).await.unwrap();
        assert_eq!(output.text, "What is 2 + 3?");
        assert_eq!(output.usage.requests, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_template_is_filled_from_the_item() {
        let bench = echo();
        let prompt = Value::Text("{{ input }} ({{ hint }}, not {{target}})".into());
        let ask = testing::call(
            "ask",
            vec![("model", testing::model_value("m")), ("prompt", prompt)],
        );
        let strategy = bench.build(&ask);
        let output = bench.context().finish(strategy.as_ref()).await.unwrap();
        assert_eq!(output.text, "What is 2 + 3? (h, not 5)");
        let forecast = strategy.forecast(&testing::item(), &bench.gateway);
        assert_eq!((forecast.calls, forecast.worst_calls), (1.0, Some(1)));
        assert_eq!(forecast.models.get("m"), Some(&1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_call_fails_the_trial_and_is_recorded() {
        let bench =
            Bench::new(vec![("m", 10, Box::new(|_| Err(FailureKind::ContentFilter)))]);
        let ctx = bench.context();
        let strategy = bench.build(&testing::model("m"));
        let failure = ctx.finish(strategy.as_ref()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ContentFilter);
        assert_eq!(ctx.usage().requests, 1);
        assert_eq!(ctx.take_calls().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn its_call_is_known_before_it_runs() {
        let bench = echo();
        let ctx = bench.context();
        let strategy = bench.build(&testing::model("m"));
        let known = strategy.calls(&testing::item(), ctx.key()).unwrap();
        ctx.finish(strategy.as_ref()).await.unwrap();
        let made: Vec<_> = ctx.take_calls().iter().map(|call| call.id).collect();
        assert_eq!(known, made);
    }
}
