//! `jsonl`: one JSON object a line.

use serde_json::{Map, Value as Json};

use crate::dataset::error::DatasetError;
use crate::dataset::field;
use crate::dataset::file::{self, DataFile};
use crate::dataset::gather::{FILTER, Gatherer, ID, INPUT, SAMPLE, TARGET};
use crate::dataset::row::{Row, kind};
use crate::dataset::{Desk, Loaded};
use crate::spec::{Call, Param, Signature, Type};

pub(super) const SIGNATURE: Signature = Signature::new(
    "jsonl",
    Type::Dataset,
    "Reads items from a file with one JSON object a line.",
)
.with_details(
    "Blank lines are skipped; LF and CRLF both end a line; a byte-order mark is dropped. Each \
     key is a column. Paths are relative to the file that they stand in.",
)
.with_params(&[
    Param::required("path", Type::Text, "The path of the file."),
    INPUT,
    TARGET,
    ID,
    FILTER,
    SAMPLE,
])
.with_example(
    "dataset questions = jsonl(\"questions.jsonl\") { input: \"question\", target: \"answer\" }",
)
.with_check(|call| file::check_path(call).into_iter().chain(field::check(call)).collect());

pub(super) fn load(call: &Call, desk: &Desk<'_>) -> Result<Loaded, DatasetError> {
    let mut gatherer =
        Gatherer::new(call, Some(desk.workshop), desk.seed, desk.in_memory)?;
    let mut file = DataFile::open(call, desk)?;
    let mut line = Vec::new();
    let (mut number, mut rows) = (1, 0);
    while !gatherer.is_full() && file.line(&mut line, number)? {
        if !line.iter().all(u8::is_ascii_whitespace) {
            rows += 1;
            let columns =
                read(&line).map_err(|problem| file.malformed(number, problem))?;
            gatherer.offer(Row::new(rows, file.place(number), columns))?;
        }
        number += 1;
    }
    let files = vec![file.finish()?];
    Ok(Loaded { items: gatherer.finish()?, files })
}

fn read(line: &[u8]) -> Result<Map<String, Json>, String> {
    let text = std::str::from_utf8(line).map_err(|error| {
        format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1)
    })?;
    // `{ "a": 1 } ` straight into a map; what is no object gets the long way and a reason.
    if let Ok(columns) = serde_json::from_str(text) {
        return Ok(columns);
    }
    match serde_json::from_str::<Json>(text) {
        Ok(other) => {
            Err(format!("a JSON object is due on each line, not {}", kind(&other)))
        }
        Err(error) => {
            let message = error.to_string();
            let reason = message.split(" at line ").next().unwrap_or_default();
            let listed = text.trim() == "[" || text.trim_start().starts_with("[{");
            let hint = if listed { "; a list is not one object a line" } else { "" };
            Err(format!("not JSON: {reason} at column {}{hint}", error.column()))
        }
    }
}
