//! CSV and JSONL.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::logs::error::LogError;
use crate::logs::json;
use crate::logs::row::{Cells, Row};

/// The longest line that is read, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// Calls `take` with every row of a table until it returns `false`.
pub(super) fn csv<E: From<LogError>>(
    path: &Path,
    delimiter: u8,
    mut take: impl FnMut(&Row<'_>) -> Result<bool, E>,
) -> Result<(), E> {
    let wrong = |error: &::csv::Error| {
        let line = error.position().map_or(1, ::csv::Position::line);
        LogError::line(path, line, error.to_string())
    };
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(true)
        .flexible(true)
        .from_reader(text(path)?);
    let names = reader.headers().map_err(|error| wrong(&error))?;
    let header: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    for (place, name) in header.iter().enumerate() {
        if header.iter().take(place).any(|other| other == name) {
            let message = format!("two columns are called `{name}`");
            return Err(LogError::line(path, 1, message).into());
        }
    }
    let mut record = ::csv::StringRecord::new();
    let mut number = 0;
    while reader.read_record(&mut record).map_err(|error| wrong(&error))? {
        number += 1;
        let line = record.position().map(::csv::Position::line);
        if record.len() != header.len() {
            let (found, due) = (record.len(), header.len());
            let message = format!("the row has {found} values; there are {due} columns");
            return Err(LogError::line(path, line.unwrap_or(number), message).into());
        }
        let cells = Cells::Text { header: &header, record: &record };
        if !take(&Row { number, line, failed: false, cells })? {
            return Ok(());
        }
    }
    Ok(())
}

/// Calls `take` with the object of every line until it returns `false`. `number` counts
/// objects.
pub(super) fn jsonl<E: From<LogError>>(
    path: &Path,
    mut take: impl FnMut(u64, u64, Map<String, Json>) -> Result<bool, E>,
) -> Result<(), E> {
    let mut reader = text(path)?;
    let mut text = Vec::new();
    let (mut line, mut number) = (0, 0);
    loop {
        text.clear();
        line += 1;
        let read = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut text);
        match read.map_err(|error| LogError::unreadable(path, &error))? {
            0 => return Ok(()),
            _ if text.len() as u64 == LONGEST_LINE => {
                let message = "the line is longer than 64 MiB";
                return Err(LogError::line(path, line, message).into());
            }
            _ if text.iter().all(u8::is_ascii_whitespace) => continue,
            _ => {}
        }
        number += 1;
        let columns = json::parse(&text).map_err(|error| {
            let message = format!(
                "an object of JSON is due on each line: {} at column {}",
                json::words(&error),
                error.column()
            );
            LogError::line(path, line, message)
        })?;
        if !take(number, line, columns)? {
            return Ok(());
        }
    }
}

/// Opens a text without its byte-order mark.
fn text(path: &Path) -> Result<BufReader<File>, LogError> {
    let unreadable = |error: &std::io::Error| LogError::unreadable(path, error);
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let start = reader.fill_buf().map_err(|error| unreadable(&error))?;
    if start.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(reader)
}
