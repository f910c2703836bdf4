//! Diagnostics for tools.

use serde_json::{Value, json};

use super::diagnostic::{Diagnostic, Severity};
use super::source::Sources;

/// Returns `{"errors": […], "warnings": […]}`.
///
/// Each has `code`, `message`, `file`, `line`, `column`, `end_line`, `end_column` and `help`.
/// Lines and columns count from 1, columns in characters; the end is the place after the
/// last character. What a diagnostic does not have is `null`.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let of = |severity| -> Vec<Value> {
        let those = diagnostics.iter().filter(|found| found.severity == severity);
        those.map(|found| one(sources, found)).collect()
    };
    json!({ "errors": of(Severity::Error), "warnings": of(Severity::Warning) })
}

fn one(sources: &Sources, found: &Diagnostic) -> Value {
    let place =
        found.span().and_then(|span| sources.get(span.file).map(|file| (span, file)));
    let start = place.map(|(span, file)| file.position(span.start as usize));
    let end = place.map(|(span, file)| file.position(span.end as usize));
    json!({
        "code": found.code,
        "message": found.message,
        "file": place.map(|(_, file)| file.name()),
        "line": start.map(|at| at.line),
        "column": start.map(|at| at.column),
        "end_line": end.map(|at| at.line),
        "end_column": end.map(|at| at.column),
        "help": found.help,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;

    #[test]
    fn tools_are_told_the_place_in_characters() {
        let mut sources = Sources::new();
        let id = sources.add("v.crucible", "é = 日本");
        let found = Diagnostic::error("a::b", "m").label(Span::new(id, 5, 11), "here");
        let bare = Diagnostic::warning("c::d", "n").help("h");
        assert_eq!(
            to_json(&[bare, found], &sources).to_string(),
            concat!(
                r#"{"errors":[{"code":"a::b","message":"m","file":"v.crucible","line":1,"#,
                r#""column":5,"end_line":1,"end_column":7,"help":null}],"warnings":[{"#,
                r#""code":"c::d","message":"n","file":null,"line":null,"column":null,"#,
                r#""end_line":null,"end_column":null,"help":"h"}]}"#
            )
        );
    }
}
