//! A notebook that repeats the main tests with SciPy and asserts that they agree.
//!
//! Its code is always the same: what a run found, and what a model said, is data beside it.

mod data;

use serde_json::{Value as Json, json};

use crate::report::Page;
use crate::report::error::ReportError;
use crate::report::markdown;
use crate::report::view::Report;

pub(super) use data::document;

/// The files, in the order in which they are rendered.
pub(super) const FILES: &[&str] = &["report.ipynb", "data/findings.json"];

/// Renders the notebook, and the findings that it reads.
pub(super) fn pages(view: &Report, document: &Json) -> Result<Vec<Page>, ReportError> {
    let written = |document: &Json| -> Result<String, ReportError> {
        Ok(serde_json::to_string_pretty(document)? + "\n")
    };
    let notebook = written(&notebook(view))?;
    let findings = written(document)?;
    let texts = [notebook, findings];
    Ok(FILES.iter().zip(texts).map(|(file, text)| Page { file, text }).collect())
}

/// Returns the notebook in nbformat 4.5.
fn notebook(view: &Report) -> Json {
    let text = |id: &str, lines: Vec<String>| json!({ "cell_type": "markdown", "id": id, "metadata": {}, "source": source(&lines.join("\n")) });
    let code = |id: &str, program: &str| {
        json!({
            "cell_type": "code", "execution_count": null, "id": id, "metadata": {},
            "outputs": [], "source": source(program.trim_end()),
        })
    };
    let shown = |text: &str| markdown::escaped(text);
    let mut head = vec![format!("# {}", shown(&view.title)), String::new()];
    for line in [&view.authors, &view.doc].into_iter().filter(|line| !line.is_empty()) {
        head.extend([shown(line), String::new()]);
    }
    head.extend(view.incomplete.iter().map(|line| format!("**{}**\n", shown(line))));
    head.extend(view.in_short.iter().map(|line| shown(line)));
    let limitations = view.limitations.iter().map(|line| format!("- {}", shown(line)));
    let plain = |text: &str| vec![text.to_owned()];
    let mut cells = vec![
        text("title", head),
        text(
            "about-load",
            plain(
                "## Data\n\nThe trials are in `data/trials.jsonl`, what the report says of them in `data/findings.json`.",
            ),
        ),
        code("load", include_str!("../templates/jupyter/load.py")),
        text(
            "about-values",
            plain("## Conditions\n\nEvery mean is worked out again from the trials."),
        ),
        code("values", include_str!("../templates/jupyter/values.py")),
        text(
            "about-tests",
            plain(
                "## Hypotheses\n\nThe tests that SciPy has are repeated. Where a test draws at random the seeds are others, and the p-values may lie apart as far as chance lets them.",
            ),
        ),
        code("tests", include_str!("../templates/jupyter/tests.py")),
        code("check", include_str!("../templates/jupyter/check.py")),
        text("about-correction", plain("## Correction of the family")),
        code("correction", include_str!("../templates/jupyter/correction.py")),
        text(
            "about-figures",
            plain(
                "## Figures\n\nEvery figure of the report is drawn again from its numbers.",
            ),
        ),
        code("figures", include_str!("../templates/jupyter/figures.py")),
        text(
            "limitations",
            std::iter::once("## Limitations\n".to_owned()).chain(limitations).collect(),
        ),
        code("end", include_str!("../templates/jupyter/end.py")),
    ];
    let sections = sections(view);
    if !sections.is_empty() {
        cells.insert(cells.len() - 2, text("sections", sections));
    }
    json!({
        "cells": cells,
        "metadata": {
            "kernelspec": { "display_name": "Python 3", "language": "python", "name": "python3" },
            "language_info": { "name": "python" },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

/// The sections of the file, as one text.
fn sections(view: &Report) -> Vec<String> {
    let shown = |text: &str| markdown::escaped(text);
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| shown(cell)).collect();
        format!("| {} |", cells.join(" | "))
    };
    let mut lines = Vec::new();
    for section in &view.sections {
        lines.push(format!("## {}\n", shown(&section.title)));
        lines.extend(section.paragraphs.iter().map(|text| shown(text) + "\n"));
        if !section.columns.is_empty() {
            lines.push(row(&section.columns));
            lines.push("| :-- ".repeat(section.columns.len()) + "|");
            lines.extend(section.rows.iter().map(|cells| row(cells)));
            lines.push(String::new());
        }
    }
    lines
}

/// Splits text into lines as a notebook keeps them, each with its end.
fn source(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
}
