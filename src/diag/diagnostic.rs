//! What is wrong with a file, and where.

use crate::base::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file cannot be run.
    Error,
    /// The file can be run; its author should know.
    Warning,
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// About five words; may be empty.
    pub text: String,
}

/// One finding about the files of an experiment.
///
/// It carries spans, not source text; the text is added when it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The stable code: `check::unknown_name`.
    pub code: &'static str,
    /// One sentence, lower case, without a full stop: what was found and wanted.
    pub message: String,
    /// Where; the first is the place that the diagnostic is about.
    pub labels: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Returns an error without labels and help.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// Returns a warning without labels and help.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a label; the first one added is the primary place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Sets the help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns the place that the diagnostic is about, if it has one.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}

/// The long form of a diagnostic's code, for `crucible-run explain CODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code: `syntax::unclosed`.
    pub code: &'static str,
    /// One line that says what is wrong.
    pub title: &'static str,
    /// Why it is refused and how to mend it.
    pub text: &'static str,
    /// A file, or a part of one, with the mistake and, below it, without.
    pub example: &'static str,
}
