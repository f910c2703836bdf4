//! Extractors: what takes the answer out of an output.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::record::Output;
use crate::script::control::ScriptRun;
use crate::script::failure::{ScriptFailure, ScriptProblem};
use crate::script::value::{output_value, to_json};
use crate::script::workshop::{Callable, Workshop};
use crate::spec::{Signature, Value};

/// Every extractor of the catalogue.
pub const EXTRACTORS: &[Signature] = &[];

/// What takes the answer out of an output.
#[derive(Debug, Clone)]
pub enum Extractor {
    /// A closure of the output.
    Function(Callable),
}

impl Extractor {
    /// Returns the answer; `null` abstains.
    ///
    /// # Errors
    ///
    /// When the closure fails.
    pub fn extract(
        &self,
        output: &Arc<Output>,
        run: &ScriptRun,
    ) -> Result<Json, ScriptFailure> {
        match self {
            Self::Function(callable) => {
                Ok(to_json(&callable.call(vec![output_value(output)], run)?))
            }
        }
    }
}

pub(super) fn build(
    workshop: &Workshop,
    value: &Value,
) -> Result<Extractor, ScriptProblem> {
    match value {
        Value::Function(function) => workshop.callable(function).map(Extractor::Function),
        Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Prompt(_)
        | Value::Call(_) => Err(ScriptProblem::whole("not an extractor", "")),
    }
}
