//! Why a log could not be read.

use std::io;
use std::path::Path;

use thiserror::Error;

/// A file that cannot be read as a table or a log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file is not there or cannot be read.
    #[error("cannot read `{path}`: {reason}")]
    Unreadable {
        /// The path as it was opened.
        path: String,
        /// What the machine says.
        reason: String,
    },
    /// The content is of no format that is known.
    #[error(
        "cannot tell what `{path}` is: {found}. Tried: a zip archive (Inspect's .eval), a JSON document (Inspect, promptfoo, results of lm-evaluation-harness), one JSON object a line (samples of lm-evaluation-harness, promptfoo, plain JSONL), a table whose first line names its columns (CSV)"
    )]
    Unknown {
        /// The path as it was opened.
        path: String,
        /// What its content is instead.
        found: String,
    },
    /// The file is of a format and breaks its rules.
    #[error("{path}{place}: {message}")]
    Malformed {
        /// The path as it was opened.
        path: String,
        /// Where in it: `:7` for a line, ` (samples/1_epoch_1.json)` for a member, or
        /// nothing.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// The file holds sums of whole tasks and no rows.
    #[error(
        "`{path}` holds the results of whole tasks and no samples; name the `samples_*.jsonl` that `lm_eval --log_samples` writes beside it, or describe the file with `stats describe`"
    )]
    NoRows {
        /// The path as it was opened.
        path: String,
    },
}

impl LogError {
    /// Returns the error of a file that the machine refuses.
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the machine has its own words"
        )]
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            _ => error.to_string(),
        };
        Self::Unreadable { path: path.display().to_string(), reason }
    }

    /// Returns the error of a line.
    pub(super) fn line(path: &Path, line: u64, message: impl Into<String>) -> Self {
        let (path, place) = (path.display().to_string(), format!(":{line}"));
        Self::Malformed { path, place, message: message.into() }
    }

    /// Returns the error of a part of a file, or of the whole where there is no name.
    pub(super) fn part(path: &Path, part: &str, message: impl Into<String>) -> Self {
        let place = if part.is_empty() { String::new() } else { format!(" ({part})") };
        let path = path.display().to_string();
        Self::Malformed { path, place, message: message.into() }
    }
}
