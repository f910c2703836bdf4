//! `csv`: rows of a table, values as text.

use ::csv::{ErrorKind, ReaderBuilder, StringRecord};
use serde_json::{Map, Value as Json};

use crate::dataset::error::{DatasetError, Problem};
use crate::dataset::field;
use crate::dataset::file::{self, DataFile};
use crate::dataset::gather::{FILTER, Gatherer, ID, INPUT, SAMPLE, TARGET};
use crate::dataset::row::Row;
use crate::dataset::{Desk, Loaded};
use crate::spec::{Call, Complaint, Fallback, Param, Signature, Type, Value};

pub(super) const SIGNATURE: Signature = Signature::new(
    "csv",
    Type::Dataset,
    "Reads items from a table of comma-separated values.",
)
.with_details(
    "The first line names the columns, unless `columns:` does. Values are texts as they stand; \
     numbers are compared by value all the same, and `number(row.x)` reads one. A value in \
     double quotes may hold the delimiter, line ends and doubled quotes. Every row has as many \
     values as there are columns. A column without a name is called `column_N`, from 1.",
)
.with_params(&[
    Param::required("path", Type::Text, "The path of the file."),
    INPUT,
    TARGET,
    ID,
    FILTER,
    SAMPLE,
    Param::default(
        "delimiter",
        Type::Text,
        Fallback::Text(","),
        "The character between values, such as \";\" or \"\\t\".",
    ),
    Param::optional(
        "columns",
        Type::List(&Type::Text),
        "The names of the columns of a file whose first line is a row.",
    ),
])
.with_example(
    "dataset capitals = csv(\"capitals.csv\") { input: \"What is the capital of {{ country }}?\", target: \"capital\" }",
)
.with_check(check);

fn check(call: &Call) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> =
        file::check_path(call).into_iter().chain(field::check(call)).collect();
    if delimiter(call).is_none() {
        complaints.push(Complaint {
            param: Some("delimiter"),
            message: "a delimiter is one character of ASCII, no quote and no line end"
                .to_owned(),
            help: Some("write `delimiter: \";\"`".to_owned()),
        });
    }
    if let Some(names) = call.list("columns") {
        let names = names.iter().filter_map(Value::as_text).map(str::to_owned);
        if let Err(message) = header(names.collect()) {
            complaints.push(Complaint { param: Some("columns"), message, help: None });
        }
    }
    complaints
}

fn delimiter(call: &Call) -> Option<u8> {
    match call.text("delimiter").unwrap_or(",").as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Some(*byte),
        _ => None,
    }
}

/// Returns the names of the columns: trimmed, none empty, none twice.
fn header(names: Vec<String>) -> Result<Vec<String>, String> {
    let mut header: Vec<String> = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let name = match name.trim() {
            "" => format!("column_{}", index + 1),
            name => name.to_owned(),
        };
        if let Some(first) = header.iter().position(|known| *known == name) {
            let (first, second) = (first + 1, index + 1);
            return Err(format!("columns {first} and {second} are both called `{name}`"));
        }
        header.push(name);
    }
    Ok(header)
}

pub(super) fn load(call: &Call, desk: &Desk<'_>) -> Result<Loaded, DatasetError> {
    let mut gatherer =
        Gatherer::new(call, Some(desk.workshop), desk.seed, desk.in_memory)?;
    let Some(delimiter) = delimiter(call) else {
        let message = "a delimiter is one character of ASCII".to_owned();
        return Err(DatasetError::new(call.span, Problem::Shape(message)));
    };
    let file = DataFile::open(call, desk)?;
    let first = file.place(1);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(file);
    let given = call.list("columns").map(|names| {
        names.iter().filter_map(Value::as_text).map(str::to_owned).collect::<Vec<_>>()
    });
    let mut record = StringRecord::new();
    let names = match given {
        Some(names) => names,
        None => {
            next(&mut reader, &mut record)?;
            record.iter().map(str::to_owned).collect()
        }
    };
    let names = header(names).map_err(|message| {
        DatasetError::new(call.span, Problem::Malformed(message)).at(first)
    })?;
    let mut rows = 0;
    while !gatherer.is_full() && next(&mut reader, &mut record)? {
        rows += 1;
        let byte = record.position().map_or(0, ::csv::Position::byte);
        let line = reader.get_mut().line_of(byte);
        if record.len() != names.len() {
            let (found, due) = (record.len(), names.len());
            let message = format!("the row has {found} values; there are {due} columns");
            return Err(reader.get_ref().malformed(line, message));
        }
        let columns: Map<String, Json> = names
            .iter()
            .zip(record.iter())
            .map(|(name, value)| (name.clone(), Json::from(value)))
            .collect();
        gatherer.offer(Row::new(rows, reader.get_ref().place(line), columns))?;
    }
    let files = vec![reader.into_inner().finish()?];
    Ok(Loaded { items: gatherer.finish()?, files })
}

/// Reads the next record; says whether there was one.
fn next(
    reader: &mut ::csv::Reader<DataFile>,
    record: &mut StringRecord,
) -> Result<bool, DatasetError> {
    reader.read_record(record).map_err(|error| {
        let byte = error.position().map_or(0, ::csv::Position::byte);
        let line = reader.get_mut().line_of(byte);
        let message = if let ErrorKind::Utf8 { err, .. } = error.kind() {
            format!("value {} of the row is not UTF-8", err.field() + 1)
        } else {
            error.to_string()
        };
        reader.get_ref().malformed(line, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_a_name_for_each_column_and_none_twice() {
        let names = |list: &[&str]| header(list.iter().map(|&n| n.to_owned()).collect());
        assert_eq!(names(&["", " a ", "b"]).unwrap(), ["column_1", "a", "b"]);
        assert_eq!(
            names(&["a", "b", "a"]).unwrap_err(),
            "columns 1 and 3 are both called `a`"
        );
    }
}
