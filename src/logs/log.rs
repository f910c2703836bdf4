//! A log: opened by content, read row by row.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use crate::logs::error::LogError;
use crate::logs::format::Format;
use crate::logs::lm_eval::Aggregate;
use crate::logs::row::{Cells, Row};
use crate::logs::{inspect, json, lm_eval, promptfoo, stream, table};

/// A file whose format is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    path: PathBuf,
    format: Format,
}

/// A row that a tool's log was brought to.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) columns: Map<String, Json>,
    pub(super) failed: bool,
}

impl Log {
    /// Finds out what a file is.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is of no format that is known.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        Ok(Self { path: path.to_owned(), format: Format::detect(path)? })
    }

    /// Returns what it is.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns the path under which it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Calls `take` with every row, in the order of the file, until it returns `false`. The
    /// samples of an Inspect log come in the order of its dataset, epochs together.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or breaks the rules of its format, and what `take`
    /// returns.
    pub fn each<E: From<LogError>>(
        &self,
        mut take: impl FnMut(&Row<'_>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let path = self.path.as_path();
        let mut made = |number, line, made: Made| {
            let Made { columns, failed } = made;
            take(&Row { number, line, failed, cells: Cells::Json(&columns) })
        };
        match self.format {
            Format::Csv(delimiter) => table::csv(path, delimiter, take),
            Format::Jsonl => table::jsonl(path, |number, line, columns| {
                made(number, Some(line), Made { columns, failed: false })
            }),
            Format::LmEvalSamples => table::jsonl(path, |number, line, columns| {
                made(number, Some(line), lm_eval::row(columns))
            }),
            Format::PromptfooJsonl => table::jsonl(path, |number, line, columns| {
                made(number, Some(line), promptfoo::row(columns))
            }),
            Format::PromptfooJson => {
                let read = &["results", "results"];
                self.document(read, |number, columns| {
                    made(number, None, promptfoo::row(columns))
                })
            }
            Format::InspectJson => self
                .document(&["samples"], |number, sample: inspect::Sample| {
                    made(number, None, sample.row())
                }),
            Format::InspectEval => {
                inspect::each(path, |number, row| made(number, None, row))
            }
            Format::LmEvalResults => {
                let path = path.display().to_string();
                Err(LogError::NoRows { path }.into())
            }
        }
    }

    /// Returns the sums of whole tasks, of a file that holds those; else nothing.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or breaks the rules of its format.
    pub fn aggregates(&self) -> Result<Vec<Aggregate>, LogError> {
        if self.format != Format::LmEvalResults {
            return Ok(Vec::new());
        }
        let text = std::fs::read(&self.path)
            .map_err(|error| LogError::unreadable(&self.path, &error))?;
        let document = json::parse(&text)
            .map_err(|error| LogError::part(&self.path, "", error.to_string()))?;
        Ok(lm_eval::aggregates(&document))
    }

    fn document<T: serde::de::DeserializeOwned, E: From<LogError>>(
        &self,
        path: &[&str],
        mut take: impl FnMut(u64, T) -> Result<bool, E>,
    ) -> Result<(), E> {
        let file = File::open(&self.path)
            .map_err(|error| LogError::unreadable(&self.path, &error))?;
        let (mut number, mut failed) = (0, None);
        let mut each = |element: T| {
            number += 1;
            take(number, element).unwrap_or_else(|error| {
                failed = Some(error);
                false
            })
        };
        let read = stream::elements(BufReader::new(file), path, &mut each);
        match (failed, read) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => {
                Err(LogError::part(&self.path, "", error.to_string()).into())
            }
            (None, Ok(())) => Ok(()),
        }
    }
}
