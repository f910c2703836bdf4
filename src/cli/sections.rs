//! The sections of a report that closures of the file write.

use rhai::Dynamic;
use serde_json::Value as Json;

use super::exit::Trouble;
use super::tell;
use crate::report::SectionText;
use crate::script::{
    Host, Limits, STACK_BYTES, ScriptFailure, ScriptRun, Workshop, from_json, to_json,
};
use crate::spec::{Experiment, Function};
use crate::text::shown;

/// The heading of a section that is a text alone.
const UNTITLED: &str = "Further results";

/// Calls the closures with the document of the findings. One that fails is told, with its
/// place, and stands in the report as what it said.
pub(super) fn written(
    experiment: &Experiment,
    document: &Json,
) -> Result<Vec<SectionText>, Trouble> {
    if experiment.report.sections.is_empty() {
        return Ok(Vec::new());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let work = thread
            .spawn_scoped(scope, || all(experiment, document))
            .map_err(|error| Trouble::failed(&error))?;
        work.join().map_err(|_| {
            Trouble::Failed(
                "a section of the report met a fault of the program".to_owned(),
            )
        })
    })
}

fn all(experiment: &Experiment, document: &Json) -> Vec<SectionText> {
    let workshop =
        Workshop::new(Host::new(Limits::default()), experiment.libraries.clone());
    let findings = from_json(document);
    let mut sections = Vec::new();
    for function in &experiment.report.sections {
        match called(&workshop, function, findings.clone()) {
            Ok(section) => sections.extend(section),
            Err(failure) => {
                let why = failure.placed(&experiment.sources);
                tell(&format!("warning: a section of the report failed: {why}\n"));
                sections.push(SectionText {
                    title: UNTITLED.to_owned(),
                    paragraphs: vec![format!("This section could not be made: {why}")],
                    ..SectionText::default()
                });
            }
        }
    }
    sections
}

fn called(
    workshop: &Workshop,
    function: &Function,
    findings: Dynamic,
) -> Result<Option<SectionText>, ScriptFailure> {
    let failure =
        |message: String| ScriptFailure { message, span: function.span, cause: None };
    let callable =
        workshop.callable(function).map_err(|problem| failure(problem.to_string()))?;
    let value = callable.call(vec![findings], &ScriptRun::default())?;
    section(&to_json(&value)).map_err(failure)
}

/// Reads what a closure returned.
fn section(value: &Json) -> Result<Option<SectionText>, String> {
    let map = match value {
        Json::Null => return Ok(None),
        Json::String(text) => {
            return Ok(Some(SectionText {
                title: UNTITLED.to_owned(),
                paragraphs: paragraphs(text),
                ..SectionText::default()
            }));
        }
        Json::Object(map) => map,
        other @ (Json::Bool(_) | Json::Number(_) | Json::Array(_)) => {
            return Err(format!(
                "a section is a map of `title`, `text`, `columns` and `rows`, or a text, not `{other}`"
            ));
        }
    };
    const KNOWN: [&str; 4] = ["title", "text", "columns", "rows"];
    if let Some(other) = map.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(format!(
            "a section has `title`, `text`, `columns` and `rows`, and no `{other}`"
        ));
    }
    let cells = |value: &Json| -> Option<Vec<String>> {
        Some(value.as_array()?.iter().map(shown).collect())
    };
    let columns = match map.get("columns") {
        Some(value) => cells(value).ok_or("`columns` of a section is a list")?,
        None => Vec::new(),
    };
    let rows = match map.get("rows") {
        Some(Json::Array(rows)) => rows
            .iter()
            .map(|row| cells(row).filter(|cells| cells.len() == columns.len()))
            .collect::<Option<Vec<_>>>()
            .ok_or(
                "each of the `rows` of a section is a list as long as its `columns`",
            )?,
        Some(_) => return Err("`rows` of a section is a list of lists".to_owned()),
        None => Vec::new(),
    };
    Ok(Some(SectionText {
        title: map.get("title").map_or_else(|| UNTITLED.to_owned(), shown),
        paragraphs: map
            .get("text")
            .map(|text| paragraphs(&shown(text)))
            .unwrap_or_default(),
        columns,
        rows,
    }))
}

/// Cuts a text at its blank lines.
fn paragraphs(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        match (line.is_empty(), found.last_mut().filter(|_| open)) {
            (true, _) => open = false,
            (false, Some(last)) => {
                last.push(' ');
                last.push_str(line);
            }
            (false, None) => {
                found.push(line.to_owned());
                open = true;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_cut_into_paragraphs_at_its_blank_lines() {
        assert_eq!(paragraphs("\n a\nb\n\n\nc \n"), ["a b", "c"]);
    }

    #[test]
    fn a_section_is_a_map_a_text_or_nothing_and_its_rows_are_as_wide_as_its_heads() {
        let whole =
            json!({"title": "T", "text": "a", "columns": ["x", "y"], "rows": [[1, "b"]]});
        let found = section(&whole).unwrap().unwrap();
        assert_eq!(found.rows, [["1", "b"]]);
        assert_eq!(section(&Json::Null), Ok(None));
        assert_eq!(section(&json!("a")).unwrap().unwrap().title, UNTITLED);
        for wrong in
            [json!(3), json!({"tilte": "x"}), json!({"columns": ["x"], "rows": [[1, 2]]})]
        {
            assert!(section(&wrong).is_err(), "{wrong}");
        }
    }
}
