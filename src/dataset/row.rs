//! One row of a source, before it is an item.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::dataset::error::{DatasetError, Place, Problem, did_you_mean};

/// One row as it stands in the source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Its number in the source, from 1.
    pub(super) number: u64,
    /// Where it stands.
    pub(super) place: Place,
    /// Its columns: an object.
    pub(super) columns: Json,
}

impl Row {
    /// Returns a row with these columns.
    pub(super) fn new(number: u64, place: Place, columns: Map<String, Json>) -> Self {
        Self { number, place, columns: Json::Object(columns) }
    }

    /// Finds the value of a column or of a dotted path into one.
    pub(super) fn lookup(&self, path: &str) -> Option<&Json> {
        if let Some(value) = self.columns.get(path) {
            return Some(value);
        }
        path.split('.').try_fold(&self.columns, |value, step| match value {
            Json::Object(map) => map.get(step),
            Json::Array(list) => list.get(step.parse::<usize>().ok()?),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        })
    }

    /// Returns the columns.
    pub(super) fn into_columns(self) -> Map<String, Json> {
        if let Json::Object(columns) = self.columns { columns } else { Map::new() }
    }

    /// Returns the error of a path that leads nowhere.
    pub(super) fn missing(
        &self,
        path: &str,
        parameter: &'static str,
        span: crate::base::Span,
    ) -> DatasetError {
        let names = self.names();
        let help =
            did_you_mean(path, names.iter().map(String::as_str)).unwrap_or_else(|| {
                let shown: Vec<&str> =
                    names.iter().take(12).map(String::as_str).collect();
                format!("the columns are `{}`", shown.join("`, `"))
            });
        let problem = Problem::MissingColumn { path: path.to_owned(), parameter };
        DatasetError::new(span, problem).at(self.place.clone()).with_help(help)
    }

    /// Returns the names of the columns and, dotted, of what lies one step below.
    fn names(&self) -> Vec<String> {
        let columns = self.columns.as_object().into_iter().flatten();
        columns
            .flat_map(|(name, value)| {
                let below = value.as_object().into_iter().flatten();
                std::iter::once(name.clone())
                    .chain(below.map(move |(step, _)| format!("{name}.{step}")))
            })
            .collect()
    }
}

/// Says what a value is, for messages.
pub(super) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "nothing",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}
