//! Why files could not be compared or described.

use thiserror::Error;

use crate::analysis::AnalysisError;
use crate::logs::LogError;

/// A comparison or description that could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TablesError {
    /// A file cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The samples cannot be analysed.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// No row has such a column.
    #[error("`{path}` has no column `{column}`; {known}")]
    NoColumn {
        /// The file.
        path: String,
        /// The column as written.
        column: String,
        /// The columns that it has, as a clause.
        known: String,
    },
    /// Several columns could be meant.
    #[error(
        "`{path}` has several columns of numbers; say with --metric which is compared: {names}"
    )]
    WhichColumn {
        /// The file.
        path: String,
        /// The columns.
        names: String,
    },
    /// No column holds numbers.
    #[error("`{path}` has no column of numbers beside the ids; it has {names}")]
    NoNumbers {
        /// The file.
        path: String,
        /// The columns.
        names: String,
    },
    /// A value is not a number.
    #[error("{place}: `{value}` in `{column}` is no number and no truth value")]
    NotNumber {
        /// File and line, or file and row.
        place: String,
        /// The column.
        column: String,
        /// The value.
        value: String,
    },
    /// A row has no id.
    #[error("{place}: there is no id in `{column}`")]
    NoId {
        /// File and line, or file and row.
        place: String,
        /// The column.
        column: String,
    },
    /// One id stands in two groups.
    #[error(
        "`{path}`: the rows of one id have several values of `{column}`; an id belongs to one group"
    )]
    Torn {
        /// The file.
        path: String,
        /// The column of the groups.
        column: String,
    },
    /// A log holds results that are no repeats of one another.
    #[error(
        "`{path}` holds results of several, whose {column} is `{one}` and `{other}`; say which with {flag} {column}={one}"
    )]
    Several {
        /// The file.
        path: String,
        /// What tells them apart.
        column: String,
        /// One value.
        one: String,
        /// Another.
        other: String,
        /// The flag that picks one.
        flag: &'static str,
    },
    /// Nothing is left to count.
    #[error("`{path}` has no rows{which}")]
    Empty {
        /// The file.
        path: String,
        /// Which rows were wanted, as a clause, or nothing.
        which: String,
    },
    /// No id is in both files.
    #[error(
        "no id stands in both files: `{left}` is only in the first, `{right}` only in the second; name another column with --by, or leave --by out to compare without pairs"
    )]
    NoPairs {
        /// An id of the first.
        left: String,
        /// An id of the second.
        right: String,
    },
    /// The margin does not fit the column.
    #[error("{0}")]
    Margin(String),
    /// There are too many rows.
    #[error("more than 4,294,967,295 rows are not compared")]
    TooMany,
    /// A file holds one kind of value where the scale wants another.
    #[error("`{column}` is not {scale}: `{path}` holds {value}")]
    Scale {
        /// The file.
        path: String,
        /// The column.
        column: String,
        /// The scale that was asked for.
        scale: &'static str,
        /// A value that does not fit.
        value: f64,
    },
}
