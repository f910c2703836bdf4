//! One row of a table or log.

use serde_json::{Map, Value as Json};

/// A row, borrowed from the reader.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its number in the file, from 1; the header is none.
    pub number: u64,
    /// Its line, from 1, where the format has lines.
    pub line: Option<u64>,
    /// Whether the tool says that it could not be carried out, so that it has no result.
    pub failed: bool,
    pub(super) cells: Cells<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Cells<'a> {
    Text { header: &'a [String], record: &'a csv::StringRecord },
    Json(&'a Map<String, Json>),
}

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// The text of a table.
    Text(&'a str),
    /// A value of JSON.
    Json(&'a Json),
}

impl<'a> Row<'a> {
    /// Finds a value by the name of its column, by a dotted path, or, in a tool's log, by
    /// the name of a score.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Cell<'a>> {
        match self.cells {
            Cells::Text { header, record } => {
                let place = header.iter().position(|name| name == path)?;
                record.get(place).map(Cell::Text)
            }
            Cells::Json(map) => {
                let found = map.get(path).or_else(|| {
                    let mut steps = path.split('.');
                    let first = map.get(steps.next()?)?;
                    steps.try_fold(first, step)
                });
                let score = || {
                    let scores = map.get("scores")?;
                    scores.get(path).or_else(|| path.split('.').try_fold(scores, step))
                };
                found.or_else(score).map(Cell::Json)
            }
        }
    }

    /// Returns the names of the columns that hold plain values, dotted where they lie below
    /// one; those of scores stand first and by their own names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match self.cells {
            Cells::Text { header, .. } => header.to_vec(),
            Cells::Json(map) => {
                let (mut scores, mut others) = (Vec::new(), Vec::new());
                for (name, value) in map {
                    match (name.as_str(), value) {
                        ("scores", Json::Object(below)) => {
                            for (name, value) in below {
                                leaves(name, value, &mut scores);
                            }
                        }
                        _ => leaves(name, value, &mut others),
                    }
                }
                scores.extend(others);
                scores
            }
        }
    }

    /// Returns the names of the scores of a tool's log.
    #[must_use]
    pub fn scores(&self) -> Vec<String> {
        let mut names = Vec::new();
        if let Cells::Json(map) = self.cells
            && let Some(Json::Object(scores)) = map.get("scores")
        {
            scores.iter().for_each(|(name, value)| leaves(name, value, &mut names));
        }
        names
    }

    /// Returns the row as an object.
    #[must_use]
    pub fn to_columns(&self) -> Map<String, Json> {
        match self.cells {
            Cells::Text { header, record } => header
                .iter()
                .zip(record)
                .map(|(name, value)| (name.clone(), Json::from(value)))
                .collect(),
            Cells::Json(map) => map.clone(),
        }
    }
}

fn step<'a>(value: &'a Json, step: &str) -> Option<&'a Json> {
    match value {
        Json::Object(map) => map.get(step),
        Json::Array(list) => list.get(step.parse::<usize>().ok()?),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}

fn leaves(name: &str, value: &Json, names: &mut Vec<String>) {
    match value {
        Json::Object(map) => {
            for (step, below) in map {
                if !matches!(below, Json::Object(_) | Json::Array(_)) {
                    names.push(format!("{name}.{step}"));
                }
            }
        }
        Json::Array(_) => {}
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            names.push(name.to_owned());
        }
    }
}

impl Cell<'_> {
    /// Returns the value as text, as it stands in an id or a filter.
    #[must_use]
    pub fn shown(self) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::Json(Json::String(text)) => text.clone(),
            Self::Json(
                value @ (Json::Null
                | Json::Bool(_)
                | Json::Number(_)
                | Json::Array(_)
                | Json::Object(_)),
            ) => value.to_string(),
        }
    }

    /// Says whether there is nothing in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        match self {
            Self::Text(text) => is_nothing(text),
            Self::Json(Json::Null) => true,
            Self::Json(Json::String(text)) => is_nothing(text),
            Self::Json(
                Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_),
            ) => false,
        }
    }

    /// Returns the number that it is: truth values are 0 and 1.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        let of_text = |text: &str| match text.trim() {
            "true" | "True" | "TRUE" => Some(1.0),
            "false" | "False" | "FALSE" => Some(0.0),
            text => text.parse::<f64>().ok().filter(|number| number.is_finite()),
        };
        match self {
            Self::Text(text) => of_text(text),
            Self::Json(Json::Bool(flag)) => Some(f64::from(*flag)),
            Self::Json(Json::Number(number)) => number.as_f64(),
            Self::Json(Json::String(text)) => of_text(text),
            Self::Json(Json::Null | Json::Array(_) | Json::Object(_)) => None,
        }
    }
}

/// Says whether a text stands for no value, as R, pandas and spreadsheets write it.
fn is_nothing(text: &str) -> bool {
    matches!(
        text.trim(),
        "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "None" | "<NA>" | "#N/A"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_found_by_column_by_path_and_by_score() {
        let map = json!({"id": 1, "a.b": 2, "a": {"c": [5, 6]}, "scores": {"exact": 1.0, "rubric": {"tone": 0.5}}});
        let map = map.as_object().unwrap();
        let row = Row { number: 1, line: None, failed: false, cells: Cells::Json(map) };
        let number = |path| row.get(path).and_then(Cell::number);
        assert_eq!(number("a.b"), Some(2.0));
        assert_eq!(number("a.c.1"), Some(6.0));
        assert_eq!(number("exact"), Some(1.0));
        assert_eq!(number("rubric.tone"), Some(0.5));
        assert_eq!(number("scores.exact"), Some(1.0));
        assert_eq!(number("b"), None);
        assert_eq!(row.names(), ["exact", "rubric.tone", "id", "a.b"]);
    }

    #[test]
    fn texts_are_numbers_truth_values_or_nothing() {
        for (text, number) in [
            ("1.5", Some(1.5)),
            (" 2 ", Some(2.0)),
            ("True", Some(1.0)),
            ("false", Some(0.0)),
            ("x", None),
            ("inf", None),
        ] {
            assert_eq!(Cell::Text(text).number(), number, "{text}");
        }
        for text in ["", " ", "NA", "NaN", "null", "None"] {
            assert!(Cell::Text(text).is_empty(), "{text:?}");
        }
        assert!(!Cell::Text("0").is_empty());
    }
}
