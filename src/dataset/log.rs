//! `log`: the items of a log that another tool wrote.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use crate::dataset::error::{DatasetError, Place, Problem};
use crate::dataset::field;
use crate::dataset::file::DataFile;
use crate::dataset::gather::{FILTER, Gatherer, ID, INPUT, SAMPLE, TARGET};
use crate::dataset::row::Row;
use crate::dataset::{Desk, Loaded};
use crate::logs::{self, Format, Log, LogError};
use crate::spec::{Call, Complaint, Param, Signature, Type};

pub(super) const SIGNATURE: Signature = Signature::new(
    "log",
    Type::Dataset,
    "Reads the items of a log of Inspect, lm-evaluation-harness or promptfoo.",
)
.with_details(
    "What the file is follows from its content: Inspect's `.eval` (or JSON), `samples_*.jsonl` \
     of lm-evaluation-harness, promptfoo's JSON or JSONL. Its columns are `id`, `input`, \
     `target`, `output` (what the model said), `scores` (a map: `item.scores.exact`), and \
     `latency` (seconds), `cost`, `tokens_in`, `tokens_out` where the tool knows them; beside \
     them `metadata` of Inspect, `doc` and `filter` of lm-evaluation-harness, `vars`, \
     `provider` and `prompt` of promptfoo. Epochs and repeats of an item are one item: its \
     other columns are those of the first, and `outputs` lists what each said. Of several \
     filters of lm-evaluation-harness the first is taken unless `filter:` is given; of several \
     providers of promptfoo `filter:` says which.",
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
    "dataset answered = log(\"gpqa.eval\") { filter: |row| row.metadata.subject == \"physics\" }",
)
.with_check(|call| check_path(call).into_iter().chain(field::check(call)).collect());

fn check_path(call: &Call) -> Option<Complaint> {
    call.text("path").is_some_and(|path| path.trim().is_empty()).then(|| Complaint {
        param: Some("path"),
        message: "the path of a log is due; the text is empty".to_owned(),
        help: None,
    })
}

/// What ends the reading of a log.
#[derive(Debug)]
enum Ended {
    Log(LogError),
    Dataset(DatasetError),
}

impl From<LogError> for Ended {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

pub(super) fn load(call: &Call, desk: &Desk<'_>) -> Result<Loaded, DatasetError> {
    let span = call.args.get("path").map_or(call.span, |path| path.span);
    // The digest is that of the whole file, whatever is read of it.
    let files = vec![DataFile::open(call, desk)?.finish()?];
    let path = PathBuf::from(files.first().map_or("", |file| file.path.as_str()));
    let wrong =
        |error: &LogError| DatasetError::new(span, Problem::Malformed(error.to_string()));
    let log = Log::open(&path).map_err(|error| wrong(&error))?;
    if !log.format().is_log() {
        let table = matches!(log.format(), Format::Csv(_));
        let (name, what) =
            if table { ("csv", "a table") } else { ("jsonl", "plain JSONL") };
        let message = format!("`{}` is {what}, no log of a tool", path.display());
        return Err(DatasetError::new(span, Problem::Malformed(message))
            .with_help(format!("write `{name}(…)`")));
    }
    let mut gatherer =
        Gatherer::new(call, Some(desk.workshop), desk.seed, desk.in_memory)?;
    let mut reading = Reading::new(&mut gatherer, call, log.format());
    let read = log.each(|row| reading.take(row));
    let ended = match read {
        Ok(()) => reading.offer(),
        Err(ended) => Err(ended),
    };
    ended.map_err(|ended| match ended {
        Ended::Log(error) => wrong(&error),
        Ended::Dataset(error) => error,
    })?;
    Ok(Loaded { items: gatherer.finish()?, files })
}

/// Joins the repeats of an item, which stand together, and offers what comes of them.
struct Reading<'a> {
    gatherer: &'a mut Gatherer,
    call: &'a Call,
    /// By id: one item, or all where repeats do not stand together.
    held: IndexMap<String, Map<String, Json>>,
    /// Whether the repeats of an item are spread over the file.
    spread: bool,
    number: u64,
    /// The filter of lm-evaluation-harness, or the provider and prompt of promptfoo, of the
    /// first row.
    first: Option<[Option<Json>; 3]>,
}

impl<'a> Reading<'a> {
    fn new(gatherer: &'a mut Gatherer, call: &'a Call, format: Format) -> Self {
        let spread = format == Format::InspectJson;
        Self { gatherer, call, held: IndexMap::new(), spread, number: 0, first: None }
    }

    fn take(&mut self, row: &logs::Row<'_>) -> Result<bool, Ended> {
        let columns = row.to_columns();
        if !self.is_wanted(&columns)? {
            return Ok(true);
        }
        let key = columns.get("id").map(Json::to_string).unwrap_or_default();
        let repeated = columns.contains_key("epoch");
        match self.held.get_mut(&key) {
            Some(held) if repeated => join(held, &columns),
            Some(_) | None => {
                if !self.spread {
                    self.offer()?;
                }
                self.held.insert(key, columns);
            }
        }
        Ok(!self.gatherer.is_full())
    }

    /// Leaves out what was filtered otherwise; refuses results of several providers.
    fn is_wanted(&mut self, columns: &Map<String, Json>) -> Result<bool, Ended> {
        if self.call.function("filter").is_some() {
            return Ok(true);
        }
        let own = ["filter", "provider", "prompt"].map(|name| columns.get(name).cloned());
        let first = self.first.get_or_insert_with(|| own.clone());
        if own == *first {
            return Ok(true);
        }
        let [filter, provider, prompt] = &own;
        if filter.is_some() {
            return Ok(false);
        }
        let (column, other, one) = if *provider == first[1] {
            ("prompt", prompt, &first[2])
        } else {
            ("provider", provider, &first[1])
        };
        let [one, other] = [one, other]
            .map(|name| name.as_ref().and_then(Json::as_str).unwrap_or("").to_owned());
        let message = format!(
            "the log holds the results of several: {column} `{one}` and `{other}`"
        );
        let error = DatasetError::new(self.call.span, Problem::Shape(message))
            .with_help(format!("write `filter: |row| row.{column} == \"{one}\"`"));
        Err(Ended::Dataset(error))
    }

    /// Offers what was held.
    fn offer(&mut self) -> Result<(), Ended> {
        for columns in std::mem::take(&mut self.held).into_values() {
            self.number += 1;
            let row = Row::new(self.number, Place::Row(self.number), columns);
            self.gatherer.offer(row).map_err(Ended::Dataset)?;
        }
        Ok(())
    }
}

/// Adds what another epoch of an item said.
fn join(held: &mut Map<String, Json>, other: &Map<String, Json>) {
    let output = |columns: &Map<String, Json>| {
        columns.get("output").cloned().unwrap_or(Json::Null)
    };
    let mut outputs = match held.get_mut("outputs").map(Json::take) {
        Some(Json::Array(outputs)) => outputs,
        _ => vec![output(held)],
    };
    outputs.push(output(other));
    held.insert("outputs".to_owned(), json!(outputs));
}
