//! A part: the texts of some items' trials, and what was asked and answered in each call.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::{CallRecord, Outcome, Role, Score, TrialRecord, Vote};
use crate::report::error::ReportError;
use crate::store::ItemText;

/// The texts of some trials, written as JSON as they come.
#[derive(Debug, Default)]
pub(super) struct Part {
    trials: usize,
    items: String,
    answers: String,
    details: String,
    pool: Pool,
}

/// Texts that several calls have in common, each once.
#[derive(Debug, Default)]
struct Pool {
    places: BTreeMap<String, usize>,
    written: String,
}

/// What stands in no column of the index.
#[derive(Debug, Serialize)]
struct Details<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    waited: f64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    votes: &'a [Vote],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    trace: &'a [String],
    /// Why metrics failed, by their number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    problems: BTreeMap<usize, &'a str>,
    calls: Vec<Call<'a>>,
}

/// A call; texts as their numbers in the pool.
#[derive(Debug, Serialize)]
struct Call<'a> {
    place: &'a str,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<usize>,
    /// Who speaks, `u` or `a`, and what.
    asked: Vec<(char, usize)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish: Option<&'a str>,
    /// Tokens sent and received.
    tokens: [Option<u64>; 2],
    attempts: u32,
    latency: Option<f64>,
    waited: f64,
    cost: Option<f64>,
    cached: bool,
}

impl Pool {
    /// Returns the number of a text.
    fn place(&mut self, text: &str) -> Result<usize, ReportError> {
        if let Some(place) = self.places.get(text) {
            return Ok(*place);
        }
        let place = self.places.len();
        push(&mut self.written, &text)?;
        self.places.insert(text.to_owned(), place);
        Ok(place)
    }
}

impl Part {
    /// Returns the bytes of its texts so far.
    pub(super) fn bytes(&self) -> usize {
        self.answers.len() + self.items.len()
    }

    /// Returns how many trials it holds.
    pub(super) fn trials(&self) -> usize {
        self.trials
    }

    /// Adds the trials of an item.
    pub(super) fn add(
        &mut self,
        item: &ItemText,
        trials: &[TrialRecord],
    ) -> Result<(), ReportError> {
        push(&mut self.items, &(item.index, &item.input, &item.target))?;
        for trial in trials {
            self.trials += 1;
            match &trial.outcome {
                Outcome::Done(output) => push(&mut self.answers, &output.text)?,
                Outcome::Failed(failure) => push(&mut self.answers, &failure.message)?,
            }
            let details = details(trial, &mut self.pool)?;
            push(&mut self.details, &details)?;
        }
        Ok(())
    }

    /// Returns the two blocks as JSON: the texts, and the calls.
    pub(super) fn written(self) -> (Vec<u8>, Vec<u8>) {
        let Self { items, answers, details, pool, .. } = self;
        let texts = format!("{{\"items\":[{items}],\"answers\":[{answers}]}}");
        let calls = format!("{{\"pool\":[{}],\"trials\":[{details}]}}", pool.written);
        (texts.into_bytes(), calls.into_bytes())
    }
}

/// Writes a value behind those of a list.
fn push(list: &mut String, value: &impl Serialize) -> Result<(), ReportError> {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(&serde_json::to_string(value)?);
    Ok(())
}

fn details<'a>(
    trial: &'a TrialRecord,
    pool: &mut Pool,
) -> Result<Details<'a>, ReportError> {
    let output = match &trial.outcome {
        Outcome::Done(output) => Some(output),
        Outcome::Failed(_) => None,
    };
    let problems = trial.scores.iter().enumerate();
    let problems = problems.filter_map(|(metric, score)| match score {
        Score::Failed(why) if output.is_some() => Some((metric, why.as_str())),
        Score::Failed(_) | Score::Value(_) | Score::Unscored => None,
    });
    let calls = trial.calls.iter().map(|one| call(one, output.map(|o| &o.text), pool));
    Ok(Details {
        id: trial.id.to_string(),
        confidence: output.and_then(|output| output.confidence),
        waited: trial.usage.waited,
        votes: output.map_or(&[], |output| &output.votes),
        trace: output.map_or(&[], |output| &output.trace),
        problems: problems.collect(),
        calls: calls.collect::<Result<_, _>>()?,
    })
}

/// A call; its answer is left out where it is what the trial answered.
fn call<'a>(
    record: &'a CallRecord,
    text: Option<&String>,
    pool: &mut Pool,
) -> Result<Call<'a>, ReportError> {
    let asked = record.messages.iter().map(|message| {
        let who = match message.role {
            Role::User => 'u',
            Role::Assistant => 'a',
        };
        Ok((who, pool.place(&message.text)?))
    });
    let asked = asked.collect::<Result<_, ReportError>>()?;
    let answer = record.result.as_ref().ok();
    let other = answer.filter(|answer| Some(&answer.text) != text);
    Ok(Call {
        place: &record.place,
        model: &record.model,
        system: record.system.as_ref().map(|text| pool.place(text)).transpose()?,
        asked,
        answer: other.map(|answer| answer.text.as_str()),
        failure: record.result.as_ref().err().map(ToString::to_string),
        resolved: answer.and_then(|answer| answer.model.as_deref()),
        finish: answer.and_then(|answer| answer.finish.as_deref()),
        tokens: answer.map_or([None; 2], |a| [a.tokens_in, a.tokens_out]),
        attempts: record.attempts,
        latency: record.latency,
        waited: record.waited,
        cost: record.cost,
        cached: record.cached,
    })
}
