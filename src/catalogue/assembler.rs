//! Builds strategies from checked calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Digest, Span};
use crate::catalogue::error::AssembleError;
use crate::model::{self, ModelRef};
use crate::record::Items;
use crate::script::Workshop;
use crate::spec::{Call, Function, SourceText, Value};
use crate::strategy::{
    Ask, BuildError, Builder, COMBINATORS, Combinator, Scripted, Strategy,
};

/// Builds strategies over models that are there already.
pub(super) struct Assembler<'a> {
    /// The models by the digest of their labelled calls.
    pub(super) models: BTreeMap<Digest, ModelRef>,
    pub(super) workshop: &'a Workshop,
    pub(super) sources: Arc<[SourceText]>,
    /// Loads the items of a dataset.
    pub(super) load: &'a dyn Fn(&Call) -> Result<Items, AssembleError>,
    /// The items of the experiment.
    pub(super) tested: &'a Items,
}

fn combinator(name: &str) -> Option<&'static Combinator> {
    COMBINATORS.iter().find(|combinator| combinator.signature.name == name)
}

fn is_model(call: &Call) -> bool {
    call.body.is_none() && model::provider(&call.name).is_some()
}

impl Assembler<'_> {
    /// Builds the strategy of a call.
    pub(super) fn build(&self, call: &Call) -> Result<Arc<dyn Strategy>, BuildError> {
        if call.body.is_some() {
            return Scripted::build(call, self);
        }
        if is_model(call) {
            return Ok(Arc::new(Ask::new(self.model_of(call)?, None)));
        }
        match combinator(&call.name) {
            Some(combinator) => (combinator.build)(call, self),
            None => {
                let message = format!("`{}` is not a strategy", call.name);
                Err(BuildError::new(message, call.span))
            }
        }
    }

    fn model_of(&self, call: &Call) -> Result<ModelRef, BuildError> {
        self.models.get(&call.digest_with_label()).cloned().ok_or_else(|| {
            let message = format!("`{}` is not a model of the experiment", call.shown());
            BuildError::new(message, call.span)
        })
    }
}

impl Builder for Assembler<'_> {
    fn strategy(&self, value: &Value) -> Result<Arc<dyn Strategy>, BuildError> {
        match value.as_call() {
            Some(call) => self.build(call),
            None => Err(BuildError::new("a strategy is due here", Span::default())),
        }
    }

    fn model(&self, value: &Value) -> Result<ModelRef, BuildError> {
        match value.as_call() {
            Some(call) => self.model_of(call),
            None => Err(BuildError::new("a model is due here", Span::default())),
        }
    }

    fn is_model(&self, call: &Call) -> bool {
        is_model(call)
    }

    fn is_strategy(&self, call: &Call) -> bool {
        call.body.is_some() || combinator(&call.name).is_some()
    }

    fn items(&self, dataset: &Call, span: Span) -> Result<Items, BuildError> {
        (self.load)(dataset).map_err(|error| BuildError {
            message: error.message,
            span,
            help: error.help,
        })
    }

    fn tested(&self) -> Items {
        self.tested.clone()
    }

    fn workshop(&self) -> &Workshop {
        self.workshop
    }

    fn sources(&self) -> Arc<[SourceText]> {
        Arc::clone(&self.sources)
    }
}

/// Says whether a strategy is, or holds, one that is written in a script.
pub(super) fn has_body(call: &Call) -> bool {
    let within = |value: &Value| match value {
        Value::Call(call) => has_body(call),
        Value::List(values) => values.iter().filter_map(Value::as_call).any(has_body),
        Value::Map(_)
        | Value::Function(_)
        | Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::Prompt(_) => false,
    };
    call.body.is_some() || call.args.values().any(|argument| within(&argument.value))
}

/// Collects the calls of models in a strategy's call, each once, in the order in which they
/// stand there.
pub(super) fn models_in<'a>(call: &'a Call, found: &mut Vec<&'a Call>) {
    if is_model(call) {
        found.push(call);
        return;
    }
    for argument in call.args.values() {
        models_in_value(&argument.value, found);
    }
    if let Some(body) = &call.body {
        models_in_function(body, found);
    }
}

fn models_in_function<'a>(function: &'a Function, found: &mut Vec<&'a Call>) {
    for value in function.captures.values() {
        models_in_value(value, found);
    }
}

fn models_in_value<'a>(value: &'a Value, found: &mut Vec<&'a Call>) {
    match value {
        Value::Call(call) => models_in(call, found),
        Value::List(values) => {
            values.iter().for_each(|value| models_in_value(value, found));
        }
        Value::Map(map) => map.values().for_each(|value| models_in_value(value, found)),
        Value::Function(function) => models_in_function(function, found),
        Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::Prompt(_) => {}
    }
}
