//! `input:`, `target:` and `id:`: a column, a template or a closure of the row.

use serde_json::Value as Json;

use crate::base::{Digester, Span};
use crate::dataset::error::{DatasetError, Problem};
use crate::dataset::row::Row;
use crate::script::{Callable, ScriptRun, Workshop, from_json, to_json};
use crate::spec::{Call, Complaint, Type, Value};
use crate::text::Template;

/// The type of these parameters.
pub(super) const FIELD: Type = Type::OneOf(&[Type::Function(&["row"]), Type::Template]);

/// Where a value of an item comes from.
#[derive(Debug)]
pub(super) struct Field {
    parameter: &'static str,
    span: Span,
    from: From,
}

#[derive(Debug)]
enum From {
    Path(String),
    Template(Template),
    Function(Callable),
}

impl Field {
    /// Reads a parameter; `None` where it is not given.
    pub(super) fn build(
        call: &Call,
        parameter: &'static str,
        workshop: Option<&Workshop>,
    ) -> Result<Option<Self>, DatasetError> {
        let Some(argument) = call.args.get(parameter) else { return Ok(None) };
        let span = argument.span;
        let from = match (&argument.value, workshop) {
            (Value::Function(function), Some(workshop)) => {
                From::Function(workshop.callable(function).map_err(|problem| {
                    DatasetError::new(span, Problem::Script(problem.message))
                })?)
            }
            (value, _) => {
                let text = value.as_text().unwrap_or_default();
                if text.contains("{{") {
                    From::Template(Template::parse(text).map_err(|error| {
                        DatasetError::new(span, Problem::Shape(error.message))
                    })?)
                } else {
                    From::Path(text.trim().to_owned())
                }
            }
        };
        Ok(Some(Self { parameter, span, from }))
    }

    /// Returns the value for a row.
    pub(super) fn of(&self, row: &Row, seed: u64) -> Result<Json, DatasetError> {
        match &self.from {
            From::Path(path) => row
                .lookup(path)
                .cloned()
                .ok_or_else(|| row.missing(path, self.parameter, self.span)),
            From::Template(template) => template
                .render(&|path| row.lookup(path).cloned())
                .map(Json::String)
                .map_err(|error| row.missing(&error.path, self.parameter, self.span)),
            From::Function(callable) => {
                run(callable, row, seed).map(|value| to_json(&value))
            }
        }
    }

    /// Returns where the parameter stands.
    pub(super) fn span(&self) -> Span {
        self.span
    }
}

/// Calls a closure of the row.
pub(super) fn run(
    callable: &Callable,
    row: &Row,
    seed: u64,
) -> Result<rhai::Dynamic, DatasetError> {
    let key = Digester::new("row").number(seed).number(row.number).finish();
    callable
        .call(vec![from_json(&row.columns)], &ScriptRun::keyed(key))
        .map_err(|failure| DatasetError::script(failure).at(row.place.clone()))
}

/// Finds what is wrong with the texts of these parameters.
pub(super) fn check(call: &Call) -> Vec<Complaint> {
    ["input", "target", "id"]
        .into_iter()
        .filter_map(|parameter| {
            let text = call.text(parameter)?;
            let complaint =
                |message| Complaint { param: Some(parameter), message, help: None };
            if text.trim().is_empty() {
                return Some(complaint(
                    "the name of a column is due; the text is empty".to_owned(),
                ));
            }
            Template::parse(text).err().map(|error| complaint(error.message))
        })
        .collect()
}
