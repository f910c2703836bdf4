//! What makes an item of a row: its input, target, id, and whether it is kept.

use serde_json::Value as Json;

use crate::base::Span;
use crate::dataset::error::{DatasetError, Place, Problem};
use crate::dataset::field::{self, Field};
use crate::dataset::row::{Row, kind};
use crate::record::Item;
use crate::script::{Callable, Workshop};
use crate::spec::Call;
use crate::text::shown;

/// How items are made of rows.
#[derive(Debug)]
pub(super) struct Shape {
    input: Option<Field>,
    target: Option<Field>,
    id: Option<Field>,
    filter: Option<Callable>,
    span: Span,
    seed: u64,
}

impl Shape {
    /// Reads the parameters of a call. Without a workshop closures are left out.
    pub(super) fn build(
        call: &Call,
        workshop: Option<&Workshop>,
        seed: u64,
    ) -> Result<Self, DatasetError> {
        let field = |parameter| Field::build(call, parameter, workshop);
        let filter = match (call.function("filter"), workshop) {
            (Some(function), Some(workshop)) => {
                Some(workshop.callable(function).map_err(|problem| {
                    DatasetError::new(function.span, Problem::Script(problem.message))
                })?)
            }
            (Some(_) | None, _) => None,
        };
        Ok(Self {
            input: field("input")?,
            target: field("target")?,
            id: field("id")?,
            filter,
            span: call.span,
            seed,
        })
    }

    /// Says whether the filter keeps a row.
    pub(super) fn keeps(&self, row: &Row) -> Result<bool, DatasetError> {
        let Some(filter) = &self.filter else { return Ok(true) };
        let value = field::run(filter, row, self.seed)?;
        value.as_bool().map_err(|_| {
            let problem = Problem::WrongValue {
                parameter: "filter",
                found: value.type_name().into(),
                wanted: "`true` or `false`",
            };
            DatasetError::new(filter.span(), problem).at(row.place.clone())
        })
    }

    /// Makes the item of a row.
    pub(super) fn item(&self, row: Row, index: u32) -> Result<Item, DatasetError> {
        let input = self.input(&row)?;
        let target = match &self.target {
            Some(field) => field.of(&row, self.seed)?,
            None => row.columns.get("target").cloned().unwrap_or(Json::Null),
        };
        let id = self.id(&row)?;
        Ok(Item::new(index, id, input, target, row.into_columns()))
    }

    /// Returns the error of an id that a row before had.
    pub(super) fn taken(&self, id: String, first: Place, place: Place) -> DatasetError {
        let span = self.id.as_ref().map_or(self.span, Field::span);
        let problem = Problem::DuplicateId { id, first };
        let help = match &self.id {
            Some(_) => {
                "name a column whose values differ with `id:`, or none to number the rows"
            }
            None => {
                "without `id:` the column `id` names the items; name another column, as in \
                 `id: \"question_id\"`, or make one of several: `id: \"{{ id }}-{{ split }}\"`"
            }
        };
        DatasetError::new(span, problem).at(place).with_help(help)
    }

    fn input(&self, row: &Row) -> Result<String, DatasetError> {
        let value = match &self.input {
            Some(field) => field.of(row, self.seed)?,
            None => row.columns.get("input").cloned().ok_or_else(|| {
                let error = row.missing("input", "input", self.span);
                let known = error.help.clone().unwrap_or_default();
                error.with_help(format!(
                    "name the column that is asked, as in `input: \"question\"`; {known}"
                ))
            })?,
        };
        if value.is_null() {
            let span = self.input.as_ref().map_or(self.span, Field::span);
            return Err(wrong("input", &value, "a text", span, row));
        }
        Ok(shown(&value))
    }

    fn id(&self, row: &Row) -> Result<String, DatasetError> {
        let value = match &self.id {
            Some(field) => field.of(row, self.seed)?,
            None => match row.columns.get("id") {
                Some(id) => id.clone(),
                None => return Ok(row.number.to_string()),
            },
        };
        let id = match &value {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
                String::new()
            }
        };
        if id.is_empty() {
            let span = self.id.as_ref().map_or(self.span, Field::span);
            return Err(wrong("id", &value, "a text or a number", span, row));
        }
        Ok(id)
    }
}

fn wrong(
    parameter: &'static str,
    value: &Json,
    wanted: &'static str,
    span: Span,
    row: &Row,
) -> DatasetError {
    let found = if value.is_string() { "an empty text" } else { kind(value) };
    let found = found.into();
    DatasetError::new(span, Problem::WrongValue { parameter, found, wanted })
        .at(row.place.clone())
}
