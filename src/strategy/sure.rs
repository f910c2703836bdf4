//! How sure an answer is: where `ask` takes that from.

use std::sync::Arc;

use crate::model;
use crate::record::{Failure, FailureKind, Output};
use crate::script::{Extractor, ScriptRun};
use crate::spec::{Call, Complaint, Param, SourceText, Type, Value};
use crate::strategy::context::TrialContext;
use crate::strategy::contract::{BuildError, Builder};
use crate::text;

/// What `confidence:` is.
pub(super) const CONFIDENCE: Param = Param::optional(
    "confidence",
    Type::OneOf(&[Type::Choice(&["logprobs", "stated"]), Type::Extractor]),
    "Where the answer's confidence comes from: `logprobs`, `stated`, or an extractor of a number; what the model gives where it is absent.",
);

/// Where the confidence of an answer comes from.
#[derive(Debug)]
pub(super) enum Sure {
    /// The model gives it, or it has none.
    Given,
    /// The answer states it.
    Stated,
    /// Something takes it out of the output.
    Extracted(Extractor, Arc<[SourceText]>),
}

impl Sure {
    pub(super) fn of(call: &Call, builder: &dyn Builder) -> Result<Self, BuildError> {
        let Some(argument) = call.args.get("confidence") else { return Ok(Self::Given) };
        Ok(match argument.value.as_text() {
            Some("logprobs") => Self::Given,
            Some("stated") => Self::Stated,
            Some(_) | None => Self::Extracted(
                builder.extractor(&argument.value, argument.span)?,
                builder.sources(),
            ),
        })
    }

    /// Gives an output its confidence.
    pub(super) fn apply(
        &self,
        output: Output,
        ctx: &TrialContext,
    ) -> Result<Output, Failure> {
        match self {
            Self::Given => Ok(output),
            Self::Stated => Ok(match text::stated(&output.text) {
                Some(text::Stated { confidence, rest }) => {
                    Output { confidence: Some(confidence), text: rest, ..output }
                }
                None => Output { confidence: None, ..output },
            }),
            Self::Extracted(extractor, sources) => {
                let output = Arc::new(output);
                let run = ScriptRun::keyed(ctx.random_key("confidence"));
                let found = extractor.extract(&output, &run).map_err(|failure| {
                    Failure::new(FailureKind::Script, failure.placed(sources))
                })?;
                let number = found.as_str().map_or_else(|| found.as_f64(), text::number);
                let confidence = number.and_then(text::share);
                let output = Arc::unwrap_or_clone(output);
                Ok(Output { confidence, ..output })
            }
        }
    }
}

/// Says whether the outputs of `ask` have a confidence although its model gives none.
pub(super) fn states(call: &Call) -> bool {
    call.args.get("confidence").is_some_and(|argument| {
        // Where it should come from the model, the model is asked.
        argument.value.as_text() != Some("logprobs")
    })
}

/// Finds a confidence that is asked of a model which gives none.
pub(super) fn check(call: &Call) -> Vec<Complaint> {
    let wanted = call.text("confidence") == Some("logprobs");
    let silent = call.arg("model").and_then(Value::as_call).filter(|one| is_silent(one));
    let Some(silent) = silent.filter(|_| wanted) else { return Vec::new() };
    let message = format!(
        "`confidence: logprobs` needs a model that gives log-probabilities, and {} does not",
        named(silent)
    );
    let help = help(silent).unwrap_or("`confidence: stated` reads it from the answer");
    vec![Complaint { param: Some("confidence"), message, help: Some(help.to_owned()) }]
}

/// Says whether a call is a model's whose answers come without a confidence.
pub(super) fn is_silent(call: &Call) -> bool {
    model::provider(&call.name).is_some_and(|provider| {
        !provider.signature.confidence.is_some_and(|gives| gives(call))
    })
}

/// Names a model with its provider: `haiku` (anthropic).
pub(super) fn named(call: &Call) -> String {
    match &call.label {
        Some(label) => format!("`{label}` ({})", call.name),
        None => format!("`{}`", call.name),
    }
}

/// Says how a model can be made to give a confidence, where it can.
pub(super) fn help(call: &Call) -> Option<&'static str> {
    if call.name == "recorded" {
        return Some("name the column: `confidence: \"…\"` in `recorded`");
    }
    let provider = model::provider(&call.name)?;
    provider
        .signature
        .param("logprobs")
        .map(|_| "let the model ask for them: `logprobs: true`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::{self, Bench};

    async fn asked(said: &str, confidence: Value) -> Output {
        let bench = Bench::saying(&[("m", said)]);
        let model = testing::model_value("m");
        let ask =
            testing::call("ask", vec![("model", model), ("confidence", confidence)]);
        bench.context().finish(bench.build(&ask).as_ref()).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stated_confidence_is_read_and_its_line_is_no_part_of_the_answer() {
        let stated = || Value::Word("stated".into());
        let output = asked("It is 5.\nConfidence: 85%", stated()).await;
        assert_eq!((output.text.as_str(), output.confidence), ("It is 5.", Some(0.85)));
        let silent = asked("It is 5.", stated()).await;
        assert_eq!((silent.text.as_str(), silent.confidence), ("It is 5.", None));
    }

    #[tokio::test(start_paused = true)]
    async fn an_extractor_finds_a_share_or_a_percentage() {
        let last = || Value::Word("last_number".into());
        for (said, wanted) in
            [("0.25", Some(0.25)), ("sure: 25%", Some(0.25)), ("7 of 800", None)]
        {
            assert_eq!(asked(said, last()).await.confidence, wanted, "{said}");
        }
    }

    #[test]
    fn log_probabilities_of_a_model_without_them_are_refused() {
        let ask = |provider: &str, more: Vec<(&str, Value)>, source: &str| {
            let model = Call {
                label: Some("mini".into()),
                ..testing::call(
                    provider,
                    [vec![("model", Value::Text("x".into()))], more].concat(),
                )
            };
            let model = Value::Call(Box::new(model));
            let word = Value::Word(source.into());
            check(&testing::call("ask", vec![("model", model), ("confidence", word)]))
        };
        let on = || vec![("logprobs", Value::Bool(true))];
        assert!(ask("openai", on(), "logprobs").is_empty());
        assert!(ask("google", on(), "logprobs").is_empty());
        assert!(ask("sim", Vec::new(), "logprobs").is_empty());
        assert!(ask("anthropic", Vec::new(), "stated").is_empty());
        let off = ask("openai", Vec::new(), "logprobs");
        assert_eq!(
            off[0].help.as_deref(),
            Some("let the model ask for them: `logprobs: true`")
        );
        let never = ask("anthropic", Vec::new(), "logprobs");
        assert_eq!(
            never[0].message,
            "`confidence: logprobs` needs a model that gives log-probabilities, and `mini` (anthropic) does not"
        );
    }
}
