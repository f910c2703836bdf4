//! What can be wrong with a script: before it runs, and while it runs.

use std::fmt;

use crate::base::Span;
use crate::record::Failure;
use crate::spec::SourceText;

/// What is wrong with a script although nothing has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptProblem {
    /// What was found and what was wanted: lower case, no full stop.
    pub message: String,
    /// First byte of the place, from the start of the text that was studied.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// What to write instead.
    pub help: Option<String>,
}

impl ScriptProblem {
    /// Returns a problem of the whole text.
    #[must_use]
    pub fn whole(message: impl Into<String>, text: &str) -> Self {
        Self { message: message.into(), start: 0, end: text.len(), help: None }
    }
}

impl fmt::Display for ScriptProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScriptProblem {}

/// A script that failed, threw or went over a cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptFailure {
    /// What happened: lower case, no full stop.
    pub message: String,
    /// Where, in the `.crucible` file.
    pub span: Span,
    /// The failure of a call or strategy that the script did not catch.
    pub cause: Option<Failure>,
}

impl ScriptFailure {
    /// Returns the message with its place: `file.crucible:12:30: message`. Lines and columns
    /// count from 1, columns in characters.
    #[must_use]
    pub fn placed(&self, sources: &[SourceText]) -> String {
        let place = sources
            .iter()
            .find(|source| source.file == self.span.file)
            .and_then(|source| {
                let before = source.text.get(..self.span.start as usize)?;
                // A byte-order mark counts no column.
                let before = before.trim_start_matches('\u{feff}');
                let line = before.matches('\n').count() + 1;
                let column =
                    before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                Some(format!("{}:{line}:{column}: ", source.path))
            })
            .unwrap_or_default();
        format!("{place}{}", self.message)
    }
}

impl fmt::Display for ScriptFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScriptFailure {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileId;

    #[test]
    fn a_byte_order_mark_moves_no_column() {
        let text = "\u{feff}\u{e9} = x".to_owned();
        let start = text.find('x').unwrap();
        let path = "a.crucible".to_owned();
        let span = Span::new(FileId(0), start, start + 1);
        let source = SourceText { file: FileId(0), path, folder: String::new(), text };
        let failure = ScriptFailure { message: "no".to_owned(), span, cause: None };
        assert_eq!(failure.placed(&[source]), "a.crucible:1:5: no");
    }
}
