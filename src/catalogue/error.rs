//! What only building can find.

use thiserror::Error;

use crate::base::Span;
use crate::dataset::DatasetError;
use crate::model;
use crate::script::ScriptProblem;
use crate::spec::{Call, Function};
use crate::strategy;

/// An experiment that checks and cannot be built: a file that is not there, data that does
/// not fit, a model that its provider refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct AssembleError {
    /// What was found and what was wanted: lower case, no full stop.
    pub message: String,
    /// Where in the `.crucible` files.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl AssembleError {
    /// Places what a provider says at the model's call.
    pub(super) fn of_model(error: model::BuildError, call: &Call) -> Self {
        Self { message: error.message, span: call.span, help: error.help }
    }

    /// Places a script's problem in the first function of a call, or at the call.
    pub(super) fn of_script(problem: &ScriptProblem, call: &Call) -> Self {
        let function =
            call.args.values().find_map(|argument| argument.value.as_function());
        match function {
            Some(function) => Self::of_function(problem, function),
            None => Self {
                message: problem.message.clone(),
                span: call.span,
                help: problem.help.clone(),
            },
        }
    }

    /// Places a script's problem in its function.
    pub(super) fn of_function(problem: &ScriptProblem, function: &Function) -> Self {
        let start = function.span.start as usize;
        let span =
            Span::new(function.span.file, start + problem.start, start + problem.end);
        Self { message: problem.message.clone(), span, help: problem.help.clone() }
    }
}

impl From<DatasetError> for AssembleError {
    fn from(error: DatasetError) -> Self {
        Self { message: error.to_string(), span: error.span, help: error.help }
    }
}

impl From<strategy::BuildError> for AssembleError {
    fn from(error: strategy::BuildError) -> Self {
        Self { message: error.message, span: error.span, help: error.help }
    }
}
