//! From findings to pages: view structs hold strings already rounded, templates place them.
//!
//! The room returns text and touches no disk, clock or network, so a page of the same run
//! has the same bytes whenever it is made. Rounding lives in `round`, and nowhere else;
//! what a model or a file said passes through the escape function of its format. To add a
//! format: a template or a writer, a variant of [`Format`], and an entry in [`FORMATS`].

mod comparison;
mod context;
mod error;
mod explorer;
mod facts;
mod figures;
mod harmless;
mod html;
mod json;
mod jupyter;
mod latex;
mod markdown;
mod numbers;
mod own;
mod paper;
mod plan;
mod round;
mod terminal;
mod view;
mod words;

pub use comparison::{Comparison, comparison, description, sides};
pub use context::{ContextField, template_context};
pub use error::ReportError;
pub use explorer::{Explorer, Labels};
pub use facts::{
    CallTotals, EarlierFacts, FailureCount, ModelFacts, RunFacts, SectionText,
    SelectionFacts, SourceFacts, TrialTotals,
};
pub use figures::FigureFile;
pub use json::document;
pub use numbers::{Number, numbers};
pub use own::{Markup, TemplateFault, check_template, made_by, render_template};
pub use paper::{PaperCheck, Unbacked, check_paper};
pub use plan::{PlanText, power, whole};
pub use terminal::{discordant, summary};

use crate::analysis::{Findings, Portraits};
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
    /// An article for pdfLaTeX: `report.tex`, its parts, `numbers.tex`, `references.bib`.
    Latex,
    /// A notebook that repeats the tests: `report.ipynb`, and the data that it reads.
    Jupyter,
}

impl Format {
    /// Returns the names of the files that are rendered, the one to open first.
    #[must_use]
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::Markdown => &["report.md"],
            Self::Html => &["report.html"],
            Self::Json => &["report.json"],
            Self::Latex => latex::FILES,
            Self::Jupyter => jupyter::FILES,
        }
    }

    /// Returns the name of the file to open.
    #[must_use]
    pub fn file(self) -> &'static str {
        self.files().first().copied().unwrap_or_default()
    }

    /// Returns where the report expects the run's table of trials (`export --to jsonl`), if
    /// it reads one.
    #[must_use]
    pub fn trials(self) -> Option<&'static str> {
        match self {
            Self::Jupyter => Some("data/trials.jsonl"),
            Self::Markdown | Self::Html | Self::Json | Self::Latex => None,
        }
    }
}

/// Every format by the word of the language.
pub const FORMATS: &[(&str, Format)] = &[
    ("markdown", Format::Markdown),
    ("html", Format::Html),
    ("json", Format::Json),
    ("latex", Format::Latex),
    ("jupyter", Format::Jupyter),
];

/// One rendered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of its file in the run's folder; it may stand in a folder there.
    pub file: &'static str,
    /// Its text.
    pub text: String,
}

impl Page {
    /// Returns what stands before and behind the place for the run's trials, which an
    /// [`Explorer`] packs; `None` for a page that shows none.
    #[must_use]
    pub fn around_trials(&self) -> Option<(&str, &str)> {
        self.text.split_once(explorer::PLACE)
    }
}

/// Finds a format by its word.
#[must_use]
pub fn format(word: &str) -> Option<Format> {
    FORMATS.iter().find(|(name, _)| *name == word).map(|(_, format)| *format)
}

/// Renders the findings of a run in one format: the file to open first, then those beside it.
///
/// # Errors
///
/// When a template does not render.
pub fn render(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
    portraits: &Portraits,
    format: Format,
) -> Result<Vec<Page>, ReportError> {
    let figures = || figures::figures(experiment, findings, portraits);
    let view = || view::Report::new(experiment, facts, findings).with(&figures(), format);
    let page = |text: String| vec![Page { file: format.file(), text }];
    match format {
        Format::Markdown => Ok(page(markdown::page(&view())?)),
        Format::Html => Ok(page(html::page(&view())?)),
        Format::Json => {
            let text =
                serde_json::to_string_pretty(&document(experiment, facts, findings))?;
            Ok(page(text + "\n"))
        }
        Format::Latex => latex::pages(&view(), &numbers(experiment, facts, findings)),
        Format::Jupyter => {
            let document = jupyter::document(experiment, facts, findings, &figures());
            jupyter::pages(&view(), &document)
        }
    }
}

/// Draws the figures that a format has in files of their own.
///
/// # Errors
///
/// When a drawing cannot be packed.
pub fn figure_files(
    experiment: &Experiment,
    findings: &Findings,
    portraits: &Portraits,
    format: Format,
) -> Result<Vec<FigureFile>, ReportError> {
    figures::files(&figures::figures(experiment, findings, portraits), format)
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
