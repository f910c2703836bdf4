//! `export RUN --to csv|jsonl`: a row for each trial.

use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::args::Table;
use super::exit::{Exit, Trouble};
use super::runs;
use crate::record::{Outcome, Score, TrialRecord};
use crate::store::Store;

/// Writes the trials of a run as a table.
pub(super) fn export(
    run: &Path,
    to: Table,
    output: Option<&Path>,
) -> Result<Exit, Trouble> {
    write(&runs::read(run)?, to, output)?;
    Ok(Exit::Complete)
}

/// Writes the trials of a store as a table, to a file or to stdout.
pub(super) fn write(
    store: &Store,
    to: Table,
    output: Option<&Path>,
) -> Result<(), Trouble> {
    let mut writer: Box<dyn Write> =
        match output {
            Some(path) => Box::new(BufWriter::new(std::fs::File::create(path).map_err(
                |error| Trouble::Failed(format!("write {}: {error}", path.display())),
            )?)),
            None => Box::new(BufWriter::new(std::io::stdout().lock())),
        };
    let written = match to {
        Table::Csv => csv(store, &mut writer),
        Table::Jsonl => jsonl(store, &mut writer),
    };
    match written.and_then(|()| writer.flush().map_err(Broken::Pipe)) {
        Ok(()) => Ok(()),
        // A reader such as `head` that has enough is no failure.
        Err(Broken::Pipe(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Ok(())
        }
        Err(Broken::Pipe(error)) => {
            Err(Trouble::Failed(format!("write the table: {error}")))
        }
        Err(Broken::Trouble(trouble)) => Err(trouble),
    }
}

/// Why a table was not written to its end.
#[derive(Debug)]
enum Broken {
    Pipe(std::io::Error),
    Trouble(Trouble),
}

/// Calls `each` with every trial in order, and its item's id.
fn trials(
    store: &Store,
    mut each: impl FnMut(&str, &TrialRecord) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let failed =
        |error: crate::store::StoreError| Broken::Trouble(Trouble::failed(&error));
    let mut broken = None;
    let mut write = |trial: &TrialRecord| {
        let id = store.item_id(trial.item).map_err(failed)?.unwrap_or_default();
        each(&id, trial)
    };
    store
        .each_trial(|trial| match write(&trial) {
            Ok(()) => ControlFlow::Continue(()),
            Err(why) => {
                broken = Some(why);
                ControlFlow::Break(())
            }
        })
        .map_err(failed)?;
    broken.map_or(Ok(()), Err)
}

fn jsonl(store: &Store, writer: &mut dyn Write) -> Result<(), Broken> {
    trials(store, |item, trial| {
        let row = row(store, item, trial);
        writeln!(writer, "{row}").map_err(Broken::Pipe)
    })
}

fn row(store: &Store, item: &str, trial: &TrialRecord) -> Json {
    let (text, confidence, failure) = outcome(trial);
    let scores: serde_json::Map<String, Json> = store
        .info()
        .metrics
        .iter()
        .zip(&trial.scores)
        .map(|(metric, score)| (metric.name.clone(), number(score)))
        .collect();
    let problems: serde_json::Map<String, Json> = store
        .info()
        .metrics
        .iter()
        .zip(&trial.scores)
        .filter_map(|(metric, score)| Some((metric.name.clone(), json!(problem(score)?))))
        .collect();
    let (votes, trace) = match &trial.outcome {
        Outcome::Done(output) => (json!(output.votes), json!(output.trace)),
        Outcome::Failed(_) => (json!([]), json!([])),
    };
    json!({
        "id": trial.id,
        "item": item,
        "condition": condition(store, trial),
        "repeat": trial.repeat,
        "text": text,
        "confidence": confidence,
        "failure": failure,
        "scores": scores,
        "score_problems": problems,
        "votes": votes,
        "trace": trace,
        "requests": trial.usage.requests,
        "tokens_in": trial.usage.tokens_in,
        "tokens_out": trial.usage.tokens_out,
        "cost_usd": trial.usage.cost,
        "latency_s": trial.usage.latency,
        "waited_s": trial.usage.waited,
        "tokens_cached": trial.usage.tokens_cached,
        "tokens_reasoning": trial.usage.tokens_reasoning,
        "ttft_s": trial.usage.ttft,
        "calls": trial.calls,
    })
}

fn csv(store: &Store, writer: &mut dyn Write) -> Result<(), Broken> {
    let mut table = csv::Writer::from_writer(writer);
    let wrong = |error: csv::Error| {
        let words = error.to_string();
        Broken::Pipe(if let csv::ErrorKind::Io(error) = error.into_kind() {
            error
        } else {
            std::io::Error::other(words)
        })
    };
    let mut head =
        vec!["id", "item", "condition", "repeat", "text", "confidence", "failure"];
    let metrics: Vec<String> =
        store.info().metrics.iter().map(|metric| metric.name.clone()).collect();
    head.extend(metrics.iter().map(String::as_str));
    let problems: Vec<String> =
        metrics.iter().map(|metric| format!("{metric}_problem")).collect();
    head.extend(problems.iter().map(String::as_str));
    head.extend([
        "requests",
        "tokens_in",
        "tokens_out",
        "cost_usd",
        "latency_s",
        "waited_s",
        "tokens_cached",
        "tokens_reasoning",
        "ttft_s",
    ]);
    table
        .write_record(head.iter().map(|cell| inert(cell).into_owned()))
        .map_err(wrong)?;
    trials(store, |item, trial| {
        let (text, confidence, failure) = outcome(trial);
        let mut cells = vec![
            trial.id.to_string(),
            item.to_owned(),
            condition(store, trial).to_owned(),
            trial.repeat.to_string(),
            text.unwrap_or_default().to_owned(),
            shown(confidence),
            failure.unwrap_or_default(),
        ];
        cells.extend(trial.scores.iter().map(|score| match score {
            Score::Value(value) => value.to_string(),
            Score::Unscored | Score::Failed(_) => String::new(),
        }));
        let problems = trial.scores.iter().map(problem);
        cells.extend(problems.map(|text| text.unwrap_or_default().to_owned()));
        let usage = &trial.usage;
        cells.extend([
            usage.requests.to_string(),
            shown(usage.tokens_in),
            shown(usage.tokens_out),
            shown(usage.cost),
            shown(usage.latency),
            usage.waited.to_string(),
            usage.tokens_cached.to_string(),
            usage.tokens_reasoning.to_string(),
            shown(usage.ttft),
        ]);
        table
            .write_record(cells.iter().map(|cell| inert(cell).into_owned()))
            .map_err(wrong)
    })?;
    table.flush().map_err(Broken::Pipe)
}

/// Returns a cell that a spreadsheet shows and does not act on: what it would read as a
/// formula begins with an apostrophe. Numbers stay as they are.
fn inert(cell: &str) -> Cow<'_, str> {
    let acts = |first: char| {
        matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n')
            || matches!(first, '＝' | '＋' | '－' | '＠')
    };
    if cell.starts_with(acts) && cell.parse::<f64>().is_err() {
        return Cow::Owned(format!("'{cell}"));
    }
    Cow::Borrowed(cell)
}

fn outcome(trial: &TrialRecord) -> (Option<&str>, Option<f64>, Option<String>) {
    match &trial.outcome {
        Outcome::Done(output) => (Some(&output.text), output.confidence, None),
        Outcome::Failed(failure) => (None, None, Some(failure.to_string())),
    }
}

fn condition<'a>(store: &'a Store, trial: &TrialRecord) -> &'a str {
    store.info().conditions.get(trial.condition as usize).map_or("", String::as_str)
}

fn number(score: &Score) -> Json {
    match score {
        Score::Value(value) => json!(value),
        Score::Unscored | Score::Failed(_) => Json::Null,
    }
}

/// Why a metric failed on a trial that is done.
fn problem(score: &Score) -> Option<&str> {
    match score {
        Score::Failed(why) => Some(why),
        Score::Value(_) | Score::Unscored => None,
    }
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_begins_like_a_formula_is_text_and_a_number_stays_one() {
        for (cell, wanted) in [
            ("=1+1", "'=1+1"),
            ("-2", "-2"),
            ("-1.5e-3", "-1.5e-3"),
            ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(inert(cell), wanted, "{cell:?}");
        }
    }
}
