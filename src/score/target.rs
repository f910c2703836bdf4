//! `target:` of a scorer: what a right answer is, where it is not the item's target.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::base::Span;
use crate::record::Item;
use crate::script::{
    Callable, ScriptFailure, ScriptProblem, ScriptRun, Workshop, item_value, to_json,
};
use crate::spec::{Call, Complaint, Type};
use crate::text::Template;

/// The type of `target:`.
pub(super) const TARGET: Type = Type::OneOf(&[Type::Function(&["item"]), Type::Template]);

/// Where the right answer comes from.
#[derive(Debug)]
pub(super) enum Target {
    /// The item's own.
    Item,
    /// A dotted path into the item.
    Path { path: String, span: Span },
    /// A template over the item.
    Template { template: Template, span: Span },
    /// A closure of the item.
    Function(Callable),
}

impl Target {
    /// Reads `target:`.
    pub(super) fn build(call: &Call, workshop: &Workshop) -> Result<Self, ScriptProblem> {
        let Some(argument) = call.args.get("target") else {
            return Ok(Self::Item);
        };
        let span = argument.span;
        if let Some(function) = argument.value.as_function() {
            return workshop.callable(function).map(Self::Function);
        }
        let text = argument.value.as_text().unwrap_or_default();
        if !text.contains("{{") {
            return Ok(Self::Path { path: text.trim().to_owned(), span });
        }
        match Template::parse(text) {
            Ok(template) => Ok(Self::Template { template, span }),
            Err(error) => Err(ScriptProblem {
                message: error.message,
                start: error.start,
                end: error.end,
                help: None,
            }),
        }
    }

    /// Returns the right answer; `null` where there is none.
    pub(super) fn of(
        &self,
        item: &Arc<Item>,
        run: &ScriptRun,
    ) -> Result<Json, ScriptFailure> {
        match self {
            Self::Item => Ok(item.target.clone()),
            Self::Path { path, span } => {
                item.lookup(path).ok_or_else(|| missing(path, *span))
            }
            Self::Template { template, span } => template
                .render(&|path| item.lookup(path))
                .map(Json::String)
                .map_err(|error| missing(&error.path, *span)),
            Self::Function(callable) => {
                callable.call(vec![item_value(item)], run).map(|value| to_json(&value))
            }
        }
    }
}

fn missing(path: &str, span: Span) -> ScriptFailure {
    ScriptFailure { message: format!("the item has no `{path}`"), span, cause: None }
}

/// Finds a template that cannot be read.
pub(super) fn check_target(call: &Call) -> Option<Complaint> {
    let text = call.text("target")?;
    let complaint = |message| Complaint { param: Some("target"), message, help: None };
    if text.trim().is_empty() {
        return Some(complaint("the name of a column is due; the text is empty".into()));
    }
    Template::parse(text).err().map(|error| complaint(error.message))
}
