//! Collects the trials of a run, block by block.

use std::io;

use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;

use super::pack::packed;
use super::{Block, Samples};
use crate::record::{CallRecord, Item, Message, Outcome, Score, TrialRecord, Vote};
use crate::spec::{Experiment, Scale};

/// A block of texts is closed when it holds so many bytes.
const ENOUGH: usize = 1 << 18;

/// So many blocks are compressed at once.
const TOGETHER: usize = 16;

/// Collects the trials of a run: first its items, then its trials in their order.
#[derive(Debug)]
pub struct Album {
    index: Index,
    items: Sheets,
    texts: Sheets,
}

/// What the page needs to filter.
#[derive(Debug, Default, Serialize)]
struct Index {
    conditions: Vec<String>,
    metrics: Vec<Metric>,
    failures: Vec<String>,
    items: Vec<String>,
    /// The first item of each block of items, and the first trial of each block of texts.
    item_blocks: Vec<usize>,
    text_blocks: Vec<usize>,
    condition: Vec<u32>,
    item: Vec<u32>,
    repeat: Vec<u32>,
    /// Which failure it was, from 1; 0 for none.
    failure: Vec<usize>,
    latency: Vec<Option<f64>>,
    cost: Vec<Option<f64>>,
    /// For each metric, a score for each trial.
    scores: Vec<Vec<Option<f64>>>,
}

#[derive(Debug, Serialize)]
struct Metric {
    name: String,
    scale: Scale,
}

#[derive(Serialize)]
struct ItemSheet<'a> {
    input: &'a str,
    target: &'a Json,
}

/// The texts of a trial. What is empty is left out.
#[derive(Serialize)]
struct TrialSheet<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    votes: &'a [Vote],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    trace: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<(usize, &'a str)>,
    requests: u32,
    tokens_in: Option<u64>,
    tokens_out: Option<u64>,
    waited: f64,
    calls: Vec<CallSheet<'a>>,
}

#[derive(Serialize)]
struct CallSheet<'a> {
    place: &'a str,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    latency: Option<f64>,
    waited: f64,
    cost: Option<f64>,
    attempts: u32,
    cached: bool,
}

impl Album {
    /// Begins with no trial.
    #[must_use]
    pub fn new(experiment: &Experiment) -> Self {
        let metrics: Vec<Metric> = experiment
            .metrics
            .iter()
            .map(|metric| Metric { name: metric.name.clone(), scale: metric.scale })
            .collect();
        let index = Index {
            conditions: experiment.conditions.iter().map(|c| c.name.clone()).collect(),
            scores: vec![Vec::new(); metrics.len()],
            metrics,
            ..Index::default()
        };
        Self { index, items: Sheets::new("items"), texts: Sheets::new("texts") }
    }

    /// Takes an item, in the order of their indices.
    ///
    /// # Errors
    ///
    /// When it cannot be packed.
    pub fn item(&mut self, item: &Item) -> io::Result<()> {
        self.index.items.push(item.id.clone());
        self.items.push(&ItemSheet { input: &item.input, target: &item.target })
    }

    /// Takes a trial, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// When it cannot be packed.
    pub fn trial(&mut self, trial: &TrialRecord) -> io::Result<()> {
        let index = &mut self.index;
        index.condition.push(trial.condition);
        index.item.push(trial.item);
        index.repeat.push(trial.repeat);
        index.latency.push(trial.usage.latency.map(micro));
        index.cost.push(trial.usage.cost);
        index.failure.push(match &trial.outcome {
            Outcome::Done(_) => 0,
            Outcome::Failed(failure) => {
                numbered(&mut index.failures, failure.kind.words())
            }
        });
        for (metric, column) in index.scores.iter_mut().enumerate() {
            column.push(match trial.scores.get(metric) {
                Some(Score::Value(value)) => Some(*value),
                Some(Score::Unscored | Score::Failed(_)) | None => None,
            });
        }
        self.texts.push(&sheet(trial))
    }

    /// Returns the trials packed.
    ///
    /// # Errors
    ///
    /// When something cannot be packed.
    pub fn finish(self) -> io::Result<Samples> {
        let Self { mut index, items, texts } = self;
        let trials = index.item.len() as u64;
        let (item_blocks, starts) = items.finish()?;
        index.item_blocks = starts;
        let (text_blocks, starts) = texts.finish()?;
        index.text_blocks = starts;
        let text = packed(&serde_json::to_vec(&index)?)?;
        let mut blocks = vec![Block { name: "trials-index".to_owned(), text }];
        blocks.extend(item_blocks);
        blocks.extend(text_blocks);
        Ok(Samples { blocks, trials })
    }
}

/// Returns the number of a word, from 1, which is added where it is new.
fn numbered(words: &mut Vec<String>, word: &str) -> usize {
    let known = words.iter().position(|known| known == word);
    let at = known.unwrap_or_else(|| {
        words.push(word.to_owned());
        words.len() - 1
    });
    at + 1
}

/// Returns seconds to the microsecond.
fn micro(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

fn sheet(trial: &TrialRecord) -> TrialSheet<'_> {
    let (output, failure) = match &trial.outcome {
        Outcome::Done(output) => (Some(output), None),
        Outcome::Failed(failure) => (None, Some(failure)),
    };
    TrialSheet {
        text: output.map(|output| output.text.as_str()),
        message: failure.map(|failure| failure.message.as_str()),
        confidence: output.and_then(|output| output.confidence),
        votes: output.map_or(&[], |output| &output.votes),
        trace: output.map_or(&[], |output| &output.trace),
        problems: if failure.is_none() { problems(&trial.scores) } else { Vec::new() },
        requests: trial.usage.requests,
        tokens_in: trial.usage.tokens_in,
        tokens_out: trial.usage.tokens_out,
        waited: micro(trial.usage.waited),
        calls: trial.calls.iter().map(call).collect(),
    }
}

/// Returns which metrics failed, and why.
fn problems(scores: &[Score]) -> Vec<(usize, &str)> {
    let mut problems = Vec::new();
    for (metric, score) in scores.iter().enumerate() {
        if let Score::Failed(message) = score {
            problems.push((metric, message.as_str()));
        }
    }
    problems
}

fn call(call: &CallRecord) -> CallSheet<'_> {
    CallSheet {
        place: &call.place,
        model: &call.model,
        system: call.system.as_deref(),
        messages: &call.messages,
        text: call.result.as_ref().ok().map(|answer| answer.text.as_str()),
        message: call.result.as_ref().err().map(ToString::to_string),
        latency: call.latency.map(micro),
        waited: micro(call.waited),
        cost: call.cost,
        attempts: call.attempts,
        cached: call.cached,
    }
}

/// Blocks of one kind, being made.
#[derive(Debug)]
struct Sheets {
    kind: &'static str,
    /// The block that is open: a JSON list without its end.
    open: Vec<u8>,
    count: usize,
    starts: Vec<usize>,
    waiting: Vec<Vec<u8>>,
    done: Vec<Block>,
}

impl Sheets {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            open: Vec::new(),
            count: 0,
            starts: Vec::new(),
            waiting: Vec::new(),
            done: Vec::new(),
        }
    }

    fn push(&mut self, sheet: &impl Serialize) -> io::Result<()> {
        if self.open.is_empty() {
            self.starts.push(self.count);
            self.open.push(b'[');
        } else {
            self.open.push(b',');
        }
        serde_json::to_writer(&mut self.open, sheet)?;
        self.count += 1;
        if self.open.len() >= ENOUGH {
            self.close()?;
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut block = std::mem::take(&mut self.open);
        block.push(b']');
        self.waiting.push(block);
        if self.waiting.len() >= TOGETHER { self.pack() } else { Ok(()) }
    }

    fn pack(&mut self) -> io::Result<()> {
        let texts: Vec<String> = std::mem::take(&mut self.waiting)
            .par_iter()
            .map(|block| packed(block))
            .collect::<io::Result<_>>()?;
        for text in texts {
            let name = format!("trials-{}-{}", self.kind, self.done.len());
            self.done.push(Block { name, text });
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<(Vec<Block>, Vec<usize>)> {
        self.close()?;
        self.pack()?;
        Ok((self.done, self.starts))
    }
}
