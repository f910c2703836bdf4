//! From findings to pages: view structs hold strings already rounded, templates place them.
//!
//! The room returns text and touches no disk, clock or network, so a page of the same run
//! has the same bytes whenever it is made. Rounding lives in `round`, and nowhere else;
//! what a model or a file said passes through the escape function of its format. To add a
//! format: a template or a writer, a variant of [`Format`], and an entry in [`FORMATS`].

mod comparison;
mod error;
mod facts;
mod harmless;
mod html;
mod json;
mod markdown;
mod plan;
mod round;
mod terminal;
mod view;
mod words;

pub use comparison::{Comparison, comparison, description, sides};
pub use error::ReportError;
pub use facts::{
    CallTotals, EarlierFacts, FailureCount, ModelFacts, RunFacts, SelectionFacts,
    SourceFacts, TrialTotals,
};
pub use json::document;
pub use plan::{PlanText, power, whole};
pub use terminal::{discordant, summary};

use crate::analysis::Findings;
use crate::spec::Experiment;

/// A format of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown that GitHub renders: `report.md`.
    Markdown,
    /// One page of HTML that needs nothing else: `report.html`.
    Html,
    /// The result document of `--format json`: `report.json`.
    Json,
}

impl Format {
    /// Returns the name of the report's file.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Markdown => "report.md",
            Self::Html => "report.html",
            Self::Json => "report.json",
        }
    }
}

/// Every format by the word of the language.
pub const FORMATS: &[(&str, Format)] =
    &[("markdown", Format::Markdown), ("html", Format::Html), ("json", Format::Json)];

/// One rendered report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of its file in the run's folder.
    pub file: &'static str,
    /// Its text.
    pub text: String,
}

/// Finds a format by its word.
#[must_use]
pub fn format(word: &str) -> Option<Format> {
    FORMATS.iter().find(|(name, _)| *name == word).map(|(_, format)| *format)
}

/// Renders the findings of a run in one format.
///
/// # Errors
///
/// When a template does not render.
pub fn render(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
    format: Format,
) -> Result<Page, ReportError> {
    match format {
        Format::Markdown => {
            let view = view::Report::new(experiment, facts, findings);
            Ok(Page { file: format.file(), text: markdown::page(&view)? })
        }
        Format::Html => {
            let view = view::Report::new(experiment, facts, findings);
            Ok(Page { file: format.file(), text: html::page(&view)? })
        }
        Format::Json => {
            let text = serde_json::to_string_pretty(&document(facts, findings))?;
            Ok(Page { file: format.file(), text: text + "\n" })
        }
    }
}

/// Returns what the report's templates are given, as JSON: every number rounded, every
/// sentence written. Its texts are not escaped.
///
/// # Errors
///
/// When it cannot be put into JSON.
pub fn contents(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
) -> Result<serde_json::Value, ReportError> {
    Ok(serde_json::to_value(view::Report::new(experiment, facts, findings))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_of_the_language_are_those_that_render() {
        let words: Vec<&str> = FORMATS.iter().map(|(word, _)| *word).collect();
        assert_eq!(words, crate::spec::FORMATS);
    }
}
