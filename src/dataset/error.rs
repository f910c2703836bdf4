//! What can go wrong while items are loaded.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base::Span;
use crate::script::ScriptFailure;

/// A dataset that cannot be loaded: what is wrong, where in the data, where in the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{problem}", .place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct DatasetError {
    /// Where in the `.crucible` file: the argument or closure concerned, else the call.
    pub span: Span,
    /// Where in the data.
    pub place: Option<Place>,
    /// What is wrong.
    pub problem: Box<Problem>,
    /// What to write instead.
    pub help: Option<String>,
}

/// A place in the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A line of a file, from 1.
    Line {
        /// The file.
        path: Arc<str>,
        /// The line.
        line: u64,
    },
    /// A row of a list in the `.crucible` file, from 1.
    Row(u64),
}

impl Place {
    /// Returns the line, or the number of the row.
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Line { line, .. } => *line,
            Self::Row(row) => *row,
        }
    }

    /// Returns the place of another line or row of the same source.
    pub(super) fn same_source(&self, number: u64) -> Self {
        match self {
            Self::Line { path, .. } => {
                Self::Line { path: Arc::clone(path), line: number }
            }
            Self::Row(_) => Self::Row(number),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { path, line } => write!(f, "{path}:{line}"),
            Self::Row(row) => write!(f, "item {row}"),
        }
    }
}

/// What is wrong with a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The file is not there or cannot be read.
    #[error("cannot read `{path}`: {reason}")]
    Unreadable {
        /// The path as it was opened.
        path: String,
        /// What the machine says.
        reason: String,
    },
    /// The bytes are not text, or not of the format.
    #[error("{0}")]
    Malformed(String),
    /// A row has no such column.
    #[error("there is no column `{path}` for `{parameter}`")]
    MissingColumn {
        /// The path.
        path: String,
        /// The parameter that asks for it.
        parameter: &'static str,
    },
    /// A value of a row is not what the parameter needs.
    #[error("`{parameter}` gives {found}; {wanted} is due")]
    WrongValue {
        /// The parameter.
        parameter: &'static str,
        /// What was found.
        found: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// Two rows have one id.
    #[error("the id `{id}` was taken by {first}")]
    DuplicateId {
        /// The id.
        id: String,
        /// Where it stood first.
        first: Place,
    },
    /// A closure failed.
    #[error("the script failed: {0}")]
    Script(String),
    /// Nothing is left.
    #[error("the dataset has no items: {read} rows were read, the filter kept {kept}")]
    Empty {
        /// Rows read.
        read: u64,
        /// Rows that passed the filter.
        kept: u64,
    },
    /// There are fewer rows than the sample asks for.
    #[error("random({wanted}) asks for more items than the {kept} that there are")]
    TooFew {
        /// What the sample asks for.
        wanted: u64,
        /// Rows that passed the filter.
        kept: u64,
    },
    /// Items that are too many for memory could not be kept in a file.
    #[error("items that take too much memory could not be kept in a temporary file: {0}")]
    Spool(String),
    /// The call does not make a dataset.
    #[error("{0}")]
    Shape(String),
}

impl DatasetError {
    /// Returns an error without a place in the data.
    #[must_use]
    pub fn new(span: Span, problem: Problem) -> Self {
        Self { span, place: None, problem: Box::new(problem), help: None }
    }

    /// Sets the place in the data.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// Sets what to write instead.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Returns the error of a temporary file that cannot be written or read.
    #[must_use]
    pub fn spool(span: Span, error: &std::io::Error) -> Self {
        Self::new(span, Problem::Spool(error.to_string())).with_help(
            "make room in the folder for temporary files, or set TMPDIR to another",
        )
    }

    /// Returns the error of a closure that failed.
    #[must_use]
    pub fn script(failure: ScriptFailure) -> Self {
        Self::new(failure.span, Problem::Script(failure.message))
    }
}

/// Returns the known name that is closest to the one that was written, as a question.
pub(super) fn did_you_mean<'a, I: Iterator<Item = &'a str>>(
    written: &str,
    known: I,
) -> Option<String> {
    known
        .map(|name| (strsim::damerau_levenshtein(name, written), name))
        .filter(|(distance, _)| *distance <= 1 + written.chars().count() / 4)
        .min()
        .map(|(_, name)| format!("did you mean `{name}`?"))
}
