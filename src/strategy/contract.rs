//! What a strategy promises, and how one is built from a checked call.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use crate::base::{CallId, Span};
use crate::model::{Gateway, ModelRef};
use crate::record::{Failure, Item, Items, Output};
use crate::script::{Extractor, ScriptProblem, Workshop};
use crate::spec::{Call, Signature, SourceText, Value};
use crate::strategy::context::{TrialContext, TrialKey};
use crate::strategy::forecast::CallForecast;
use crate::strategy::past::{Past, Took};

/// Turns an item into an output.
#[async_trait]
pub trait Strategy: Send + Sync + fmt::Debug {
    /// Answers the context's item. Dropping the future ends every call under way.
    ///
    /// # Errors
    ///
    /// When it comes to no output; the calls that were made are in the context all the same.
    async fn run(&self, ctx: &TrialContext) -> Result<Output, Failure>;

    /// Says what a trial about this item will take.
    fn forecast(&self, item: &Item, gateway: &Gateway) -> CallForecast;

    /// Returns the ids of the calls that a trial about this item will make, where they are
    /// known before it runs. It stands at the root of its trial.
    fn calls(&self, item: &Item, key: &TrialKey) -> Option<Vec<CallId>> {
        let _ = (item, key);
        None
    }

    /// Says whether its trials learn from one another, as those of a hedge do.
    fn learns(&self) -> bool {
        false
    }

    /// Learns again from a trial of an earlier session what it learned then; `ctx` is its
    /// place in that trial. Returns what its run took, where the calls tell.
    fn recall(&self, ctx: &TrialContext, past: &Past<'_>) -> Option<Took> {
        let _ = (ctx, past);
        None
    }

    /// Returns the name of the model that it asks, where it asks one model alone.
    fn model(&self) -> Option<&str> {
        None
    }

    /// Returns its name for people: the model's or the definition's, else the call's.
    fn name(&self) -> &str;
}

/// Builds a combinator from its checked call.
pub type BuildStrategy = fn(&Call, &dyn Builder) -> Result<Arc<dyn Strategy>, BuildError>;

/// A combinator of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Combinator {
    /// Its signature.
    pub signature: Signature,
    /// Builds it from a checked call.
    pub build: BuildStrategy,
}

/// What a combinator builds its parts with.
pub trait Builder {
    /// Builds a strategy from an argument; a bare model stands for asking it.
    ///
    /// # Errors
    ///
    /// When the value is no strategy, or a part of it cannot be built.
    fn strategy(&self, value: &Value) -> Result<Arc<dyn Strategy>, BuildError>;

    /// Finds the model that an argument is.
    ///
    /// # Errors
    ///
    /// When the value is no model of the experiment.
    fn model(&self, value: &Value) -> Result<ModelRef, BuildError>;

    /// Says whether a call is a model's.
    fn is_model(&self, call: &Call) -> bool;

    /// Says whether a call is a strategy's.
    fn is_strategy(&self, call: &Call) -> bool;

    /// Returns what compiles functions.
    fn workshop(&self) -> &Workshop;

    /// Returns the files, for places in messages.
    fn sources(&self) -> Arc<[SourceText]>;

    /// Loads the items of a dataset that a strategy learns from.
    ///
    /// # Errors
    ///
    /// When the data cannot be read, or there are none here.
    fn items(&self, dataset: &Call, span: Span) -> Result<Items, BuildError> {
        let message = format!("there is no dataset `{}` here", dataset.shown());
        Err(BuildError::new(message, span))
    }

    /// Returns the items that the experiment scores.
    fn tested(&self) -> Items {
        Items::default()
    }

    /// Builds an extractor from an argument.
    ///
    /// # Errors
    ///
    /// When the value is no extractor.
    fn extractor(&self, value: &Value, span: Span) -> Result<Extractor, BuildError> {
        self.workshop()
            .extractor(value)
            .map_err(|problem| BuildError::of_script(&problem, value, span))
    }
}

/// A strategy could not be built although its call is well formed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct BuildError {
    /// What was found and what was wanted.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to write instead.
    pub help: Option<String>,
}

impl BuildError {
    /// Returns an error without help.
    #[must_use]
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        Self { message: message.into(), span, help: None }
    }

    /// Places a problem of a script in its file.
    #[must_use]
    pub fn of_script(problem: &ScriptProblem, value: &Value, span: Span) -> Self {
        let span = value.as_function().map_or(span, |function| {
            let start = function.span.start as usize;
            Span::new(function.span.file, start + problem.start, start + problem.end)
        });
        Self { message: problem.message.clone(), span, help: problem.help.clone() }
    }
}
