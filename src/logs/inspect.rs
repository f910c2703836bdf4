//! Logs of Inspect: `.eval` archives and JSON documents of the same samples.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use zip::ZipArchive;

use crate::logs::error::LogError;
use crate::logs::format::unknown;
use crate::logs::json as python;
use crate::logs::log::Made;

/// The largest member that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// What is read of a sample; the transcript is passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    id: Json,
    #[serde(default)]
    epoch: Option<u64>,
    #[serde(default)]
    input: Json,
    #[serde(default)]
    target: Json,
    #[serde(default)]
    choices: Json,
    #[serde(default)]
    output: Option<ModelOutput>,
    #[serde(default)]
    scores: Option<IndexMap<String, Scored>>,
    #[serde(default)]
    metadata: Json,
    #[serde(default)]
    error: Json,
    #[serde(default)]
    total_time: Option<f64>,
    #[serde(default)]
    working_time: Option<f64>,
    #[serde(default)]
    model_usage: Option<IndexMap<String, Usage>>,
}

#[derive(Debug, Deserialize)]
struct ModelOutput {
    #[serde(default)]
    completion: Option<String>,
    #[serde(default)]
    choices: Json,
}

#[derive(Debug, Deserialize)]
struct Scored {
    #[serde(default)]
    value: Json,
}

#[derive(Debug, Deserialize)]
struct Usage {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    total_cost: Option<f64>,
}

impl Sample {
    /// Brings a sample to a row.
    pub(super) fn row(self) -> Made {
        let failed = !self.error.is_null() && self.scores.is_none();
        let output = self.output.and_then(|output| {
            output.completion.or_else(|| {
                content(output.choices.get(0)?.get("message")?.get("content")?)
            })
        });
        let scores: Map<String, Json> = self
            .scores
            .unwrap_or_default()
            .into_iter()
            .map(|(name, score)| (name, score_of(&score.value)))
            .collect();
        let usage = self.model_usage.unwrap_or_default();
        let tokens = |of: fn(&Usage) -> Option<u64>| {
            let known: Vec<u64> = usage.values().filter_map(of).collect();
            (!known.is_empty()).then(|| known.iter().sum::<u64>())
        };
        let cost = usage.values().filter_map(|one| one.total_cost).reduce(|a, b| a + b);
        let mut columns = Map::new();
        let mut put = |name: &str, value: Json| {
            if !value.is_null() {
                columns.insert(name.to_owned(), value);
            }
        };
        put("id", self.id);
        put("epoch", json!(self.epoch.unwrap_or(1)));
        put("input", json!(asked(&self.input)));
        put("target", self.target);
        put("choices", self.choices);
        put("output", json!(output));
        put("scores", Json::Object(scores));
        put("latency", json!(self.working_time.or(self.total_time)));
        put("tokens_in", json!(tokens(|usage| usage.input_tokens)));
        put("tokens_out", json!(tokens(|usage| usage.output_tokens)));
        put("cost", json!(cost));
        put("error", self.error.get("message").cloned().unwrap_or(Json::Null));
        put("metadata", self.metadata);
        Made { columns, failed }
    }
}

/// Returns a score as the metrics of Inspect count it: correct is 1, partly correct 0.5,
/// incorrect and no answer 0; what is no number is unknown.
fn score_of(value: &Json) -> Json {
    match value {
        Json::String(text) => match text.as_str() {
            "C" => json!(1.0),
            "P" => json!(0.5),
            "I" | "N" => json!(0.0),
            other => match other.to_lowercase().as_str() {
                "yes" | "true" => json!(1.0),
                "no" | "false" => json!(0.0),
                other => other.parse::<f64>().map_or(Json::Null, |number| json!(number)),
            },
        },
        Json::Object(map) => {
            let each = map.iter().map(|(name, value)| (name.clone(), score_of(value)));
            Json::Object(each.collect())
        }
        Json::Bool(_) | Json::Number(_) => value.clone(),
        Json::Null | Json::Array(_) => Json::Null,
    }
}

/// Returns what was asked: the text, or that of the last message of the user.
fn asked(input: &Json) -> Option<String> {
    let Json::Array(messages) = input else { return content(input) };
    let user = messages
        .iter()
        .rev()
        .find(|message| message.get("role").and_then(Json::as_str) == Some("user"));
    content(user.or(messages.last())?.get("content")?)
}

/// Returns the text of a message's content.
fn content(content: &Json) -> Option<String> {
    match content {
        Json::String(text) => Some(text.clone()),
        Json::Array(parts) => {
            let texts: Vec<&str> = parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Json::as_str))
                .collect();
            Some(texts.join("\n"))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => None,
    }
}

type Archive = ZipArchive<BufReader<File>>;

/// Refuses a zip archive that is no log of Inspect.
pub(super) fn is_log(path: &Path) -> Result<(), LogError> {
    let archive = archive(path)?;
    let known = |name: &String| name == "header.json" || name.starts_with("_journal/");
    if names(&archive).any(|name| known(&name)) {
        return Ok(());
    }
    let shown: Vec<String> = names(&archive).take(4).collect();
    let shown = shown.join("`, `");
    Err(unknown(path, &format!("it is a zip archive of `{shown}` without `header.json`")))
}

/// Returns the names of the members that are UTF-8.
fn names(archive: &Archive) -> impl Iterator<Item = String> {
    archive.file_names().filter_map(|name| name.ok().map(Cow::into_owned))
}

fn archive(path: &Path) -> Result<Archive, LogError> {
    let file = File::open(path).map_err(|error| LogError::unreadable(path, &error))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| {
        let message = format!(
            "the zip archive cannot be read ({error}); the log of an evaluation that was cut off has no directory yet, and `inspect log recover` makes a whole one"
        );
        LogError::part(path, "", message)
    })
}

#[derive(Debug, Default, Deserialize)]
struct Header {
    #[serde(default)]
    eval: Evaluation,
}

#[derive(Debug, Default, Deserialize)]
struct Evaluation {
    #[serde(default)]
    dataset: Dataset,
}

#[derive(Debug, Default, Deserialize)]
struct Dataset {
    #[serde(default)]
    sample_ids: Option<Vec<Json>>,
}

/// Calls `take` with every sample until it returns `false`: in the order of the dataset,
/// epochs together.
pub(super) fn each<E: From<LogError>>(
    path: &Path,
    mut take: impl FnMut(u64, Made) -> Result<bool, E>,
) -> Result<(), E> {
    let mut archive = archive(path)?;
    let members = members(path, &mut archive)?;
    if members.is_empty() {
        let message = "the log holds no samples; it was made with `--no-log-samples`, or none was finished";
        return Err(LogError::part(path, "", message).into());
    }
    for (number, name) in (1..).zip(members) {
        let text = member(path, &mut archive, &name)?;
        let sample: Sample = python::parse(&text)
            .map_err(|error| LogError::part(path, &name, error.to_string()))?;
        if !take(number, sample.row())? {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns the names of the samples' members in the order of the dataset.
fn members(path: &Path, archive: &mut Archive) -> Result<Vec<String>, LogError> {
    let header = match archive.index_for_name("header.json") {
        Some(_) => python::parse(&member(path, archive, "header.json")?)
            .map_err(|error| LogError::part(path, "header.json", error.to_string()))?,
        None => Header::default(),
    };
    let ids = header.eval.dataset.sample_ids.unwrap_or_default();
    let places: BTreeMap<String, usize> = ids
        .iter()
        .enumerate()
        .map(|(place, id)| {
            (id.as_str().map_or_else(|| id.to_string(), str::to_owned), place)
        })
        .collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for name in names(archive) {
        let Some(stem) =
            name.strip_prefix("samples/").and_then(|name| name.strip_suffix(".json"))
        else {
            continue;
        };
        let (id, epoch) = stem.rsplit_once("_epoch_").unwrap_or((stem, "1"));
        let next = ids.len() + seen.len();
        let place = match places.get(id) {
            Some(place) => *place,
            None => *seen.entry(id.to_owned()).or_insert(next),
        };
        found.push((place, epoch.parse::<u64>().unwrap_or(0), name.clone()));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, _, name)| name).collect())
}

fn member(path: &Path, archive: &mut Archive, name: &str) -> Result<Vec<u8>, LogError> {
    let wrong = |message: String| LogError::part(path, name, message);
    let mut found = archive.by_name(name).map_err(|error| wrong(error.to_string()))?;
    if found.size() > LARGEST {
        return Err(wrong("the member is larger than 1 GiB".to_owned()));
    }
    let mut text = Vec::new();
    let read = (&mut found).take(LARGEST).read_to_end(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_counted_as_inspect_counts_them() {
        for (value, number) in [
            (json!("C"), json!(1.0)),
            (json!("P"), json!(0.5)),
            (json!("I"), json!(0.0)),
            (json!("N"), json!(0.0)),
            (json!("yes"), json!(1.0)),
            (json!("0.25"), json!(0.25)),
            (json!(true), json!(true)),
            (json!(3), json!(3)),
            (json!("maybe"), Json::Null),
            (json!({"a": "C", "b": 2}), json!({"a": 1.0, "b": 2})),
        ] {
            assert_eq!(score_of(&value), number, "{value}");
        }
    }

    #[test]
    fn a_sample_that_ended_in_an_error_failed_and_messages_give_their_text() {
        let sample: Sample = serde_json::from_value(json!({
            "id": 7, "epoch": 2, "error": {"message": "no connection"},
            "input": [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "q"}]}],
        }))
        .unwrap();
        let made = sample.row();
        assert!(made.failed);
        assert_eq!(made.columns.get("input"), Some(&json!("q")));
        assert_eq!(made.columns.get("error"), Some(&json!("no connection")));
        assert_eq!(made.columns.get("output"), None);
    }
}
