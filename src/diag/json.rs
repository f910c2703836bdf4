//! Diagnostics for tools.

use serde_json::{Map, Value, json};

use crate::base::Span;

use super::diagnostic::{Diagnostic, Severity};
use super::source::Sources;

/// Returns `{"errors": […], "warnings": […]}`.
///
/// Each has `code`, `message`, `file`, `line`, `column`, `end_line`, `end_column`, `help` and
/// `related`: the other places that it speaks of, each with the fields of a place and what
/// is to be said of it, as `message`. Lines and columns count from 1, columns in characters;
/// the end is the place after the last character. What a diagnostic does not have is `null`.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let of = |severity| -> Vec<Value> {
        let those = diagnostics.iter().filter(|found| found.severity == severity);
        those.map(|found| one(sources, found)).collect()
    };
    json!({ "errors": of(Severity::Error), "warnings": of(Severity::Warning) })
}

fn one(sources: &Sources, found: &Diagnostic) -> Value {
    let mut object = Map::new();
    object.insert("code".to_owned(), json!(found.code));
    object.insert("message".to_owned(), json!(found.message));
    object.append(&mut place(sources, found.span()));
    let related: Vec<Value> = found
        .labels
        .iter()
        .skip(1)
        .map(|label| {
            let mut other = place(sources, Some(label.span));
            other.insert("message".to_owned(), json!(label.text));
            Value::Object(other)
        })
        .collect();
    object.insert("help".to_owned(), json!(found.help));
    object.insert("related".to_owned(), Value::Array(related));
    Value::Object(object)
}

/// Returns the fields of a place.
fn place(sources: &Sources, span: Option<Span>) -> Map<String, Value> {
    let place = span.and_then(|span| sources.get(span.file).map(|file| (span, file)));
    let start = place.map(|(span, file)| file.position(span.start as usize));
    let end = place.map(|(span, file)| file.position(span.end as usize));
    let fields = [
        ("file", json!(place.map(|(_, file)| file.name()))),
        ("line", json!(start.map(|at| at.line))),
        ("column", json!(start.map(|at| at.column))),
        ("end_line", json!(end.map(|at| at.line))),
        ("end_column", json!(end.map(|at| at.column))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_told_the_place_in_characters() {
        let mut sources = Sources::new();
        let id = sources.add("v.crucible", "é = 日本");
        let found = Diagnostic::error("a::b", "m")
            .label(Span::new(id, 5, 11), "here")
            .label(Span::new(id, 0, 2), "and here");
        let bare = Diagnostic::warning("c::d", "n").help("h");
        let wanted = json!({
            "errors": [{
                "code": "a::b", "message": "m", "file": "v.crucible", "line": 1,
                "column": 5, "end_line": 1, "end_column": 7, "help": null,
                "related": [{
                    "file": "v.crucible", "line": 1, "column": 1, "end_line": 1,
                    "end_column": 2, "message": "and here",
                }],
            }],
            "warnings": [{
                "code": "c::d", "message": "n", "file": null, "line": null, "column": null,
                "end_line": null, "end_column": null, "help": "h", "related": [],
            }],
        });
        assert_eq!(to_json(&[bare, found], &sources), wanted);
    }
}
