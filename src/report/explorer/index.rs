//! The index: what every trial can be found by, as columns of numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::{FailureKind, Outcome, Score, TrialRecord};
use crate::report::error::ReportError;
use crate::spec::{Experiment, MEASURES};
use crate::store::ItemText;

/// What the page reads first.
#[derive(Debug, Serialize)]
struct Head<'a> {
    trials: usize,
    conditions: &'a [Named],
    /// The ids of the items that have trials, by their index.
    items: &'a BTreeMap<u32, String>,
    /// The kinds of failure, as the numbers of the column name them; 0 is none.
    failures: &'a [&'static str],
    /// The columns of numbers behind item, condition, repeat and failure.
    columns: Vec<Described<'a>>,
    labels: Vec<Labels<'a>>,
    /// How many trials each part holds.
    parts: &'a [usize],
}

#[derive(Debug, Serialize)]
struct Named {
    name: String,
    title: String,
}

#[derive(Debug, Serialize)]
struct Described<'a> {
    name: &'a str,
    scale: &'static str,
    metric: bool,
}

#[derive(Debug, Serialize)]
struct Labels<'a> {
    column: &'a str,
    /// The values, each once.
    values: Vec<&'a str>,
    /// For each item by its index the place of its value from 1; 0 where it has none.
    of: Vec<usize>,
}

/// One metric or measure of every trial.
#[derive(Debug)]
struct Column {
    name: String,
    scale: &'static str,
    metric: bool,
    /// Empty until a trial has a value that is not the usual one.
    values: Vec<f64>,
    usual: f64,
}

impl Column {
    fn push(&mut self, at: usize, value: f64) {
        let usual = value.to_bits() == self.usual.to_bits();
        if self.values.is_empty() {
            if usual && !self.metric {
                return;
            }
            self.values.resize(at, self.usual);
        }
        self.values.push(value);
    }
}

/// The index of a run.
#[derive(Debug)]
pub(super) struct Index {
    conditions: Vec<Named>,
    items: BTreeMap<u32, String>,
    failures: Vec<&'static str>,
    /// Item, condition, repeat and failure of each trial.
    places: [Vec<u32>; 4],
    columns: Vec<Column>,
    parts: Vec<usize>,
}

impl Index {
    pub(super) fn new(experiment: &Experiment) -> Self {
        let conditions = experiment.conditions.iter().map(|condition| Named {
            name: condition.name.clone(),
            title: condition.title.clone().unwrap_or_default(),
        });
        let metrics = experiment.metrics.iter().map(|metric| Column {
            name: metric.name.clone(),
            scale: metric.scale.word(),
            metric: true,
            values: Vec::new(),
            usual: f64::NAN,
        });
        let own = |name: &str| experiment.metrics.iter().any(|m| m.name == name);
        let measures =
            MEASURES.iter().filter(|known| !own(known.name)).map(|measure| Column {
                name: measure.name.to_owned(),
                scale: measure.scale.word(),
                metric: false,
                values: Vec::new(),
                usual: usual(measure.name),
            });
        Self {
            conditions: conditions.collect(),
            items: BTreeMap::new(),
            failures: vec![""],
            places: Default::default(),
            columns: metrics.chain(measures).collect(),
            parts: Vec::new(),
        }
    }

    /// Adds a trial.
    pub(super) fn add(&mut self, trial: &TrialRecord) {
        let at = self.trials();
        let kind = match &trial.outcome {
            Outcome::Done(_) => 0,
            Outcome::Failed(failure) => self.kind(failure.kind),
        };
        let place = [trial.item, trial.condition, trial.repeat, kind];
        for (column, value) in self.places.iter_mut().zip(place) {
            column.push(value);
        }
        let mut scores = trial.scores.iter();
        for column in &mut self.columns {
            let value = if column.metric {
                scores.next().map_or(f64::NAN, |score| number(score, kind > 0))
            } else {
                measured(&column.name, trial).unwrap_or(f64::NAN)
            };
            column.push(at, value);
        }
    }

    /// Names an item that has trials.
    pub(super) fn name(&mut self, item: &ItemText) {
        self.items.insert(item.index, item.id.clone());
    }

    /// Notes that a part with so many trials is closed.
    pub(super) fn close(&mut self, trials: usize) {
        self.parts.push(trials);
    }

    fn trials(&self) -> usize {
        self.places.first().map_or(0, Vec::len)
    }

    fn kind(&mut self, kind: FailureKind) -> u32 {
        let words = kind.words();
        let known = self.failures.iter().position(|known| *known == words);
        let at = known.unwrap_or_else(|| {
            self.failures.push(words);
            self.failures.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn kept(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.metric || !column.values.is_empty())
    }

    /// Writes the head as JSON.
    pub(super) fn head(
        &self,
        labels: &[(String, Vec<Option<String>>)],
    ) -> Result<String, ReportError> {
        let described = self.kept().map(|column| Described {
            name: &column.name,
            scale: column.scale,
            metric: column.metric,
        });
        Ok(serde_json::to_string(&Head {
            trials: self.trials(),
            conditions: &self.conditions,
            items: &self.items,
            failures: &self.failures,
            columns: described.collect(),
            labels: labels.iter().map(|(column, of)| numbered(column, of)).collect(),
            parts: &self.parts,
        })?)
    }

    /// Writes the columns, one behind the other: four of `u32`, then the others of `f64`, all
    /// little-endian.
    pub(super) fn columns(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for column in &self.places {
            bytes.extend(column.iter().flat_map(|value| value.to_le_bytes()));
        }
        for column in self.kept() {
            let values = column.values.iter().copied();
            let missing = self.trials() - column.values.len();
            let values = values.chain(std::iter::repeat_n(column.usual, missing));
            bytes.extend(values.flat_map(f64::to_le_bytes));
        }
        bytes
    }
}

fn numbered<'a>(column: &'a str, of: &'a [Option<String>]) -> Labels<'a> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut values = Vec::new();
    let of = of
        .iter()
        .map(|value| {
            let Some(value) = value else { return 0 };
            *places.entry(value).or_insert_with(|| {
                values.push(value.as_str());
                values.len()
            })
        })
        .collect();
    Labels { column, values, of }
}

/// A score as a number: NaN where there is none, infinite where the metric failed on a trial
/// that is done.
fn number(score: &Score, failed: bool) -> f64 {
    match score {
        Score::Value(value) => *value,
        Score::Failed(_) if !failed => f64::INFINITY,
        Score::Unscored | Score::Failed(_) => f64::NAN,
    }
}

/// What a measure is where nothing is said: a trial without a hedge has no backups.
fn usual(measure: &str) -> f64 {
    if matches!(measure, "hedged" | "wasted_cost" | "tokens_cached" | "tokens_reasoning")
    {
        0.0
    } else {
        f64::NAN
    }
}

/// Returns a measure of a trial, as the analysis reads it.
fn measured(name: &str, trial: &TrialRecord) -> Option<f64> {
    let usage = &trial.usage;
    #[expect(clippy::cast_precision_loss, reason = "counts of tokens, below 2⁵³")]
    let count = |tokens: Option<u64>| tokens.map(|n| n as f64);
    match name {
        "cost" => return usage.cost,
        "requests" => return Some(f64::from(usage.requests)),
        "tokens_in" => return count(usage.tokens_in),
        "tokens_out" => return count(usage.tokens_out),
        "tokens_cached" => return count(Some(usage.tokens_cached)),
        "tokens_reasoning" => return count(Some(usage.tokens_reasoning)),
        "hedged" => return Some(f64::from(usage.hedged)),
        "wasted_cost" => return usage.wasted_cost,
        _ => {}
    }
    let Outcome::Done(output) = &trial.outcome else { return None };
    match name {
        "latency" => usage.latency,
        "ttft" => usage.ttft,
        "consensus" => output.marks.consensus,
        "margin" => output.marks.margin,
        "members_called" => output.marks.members_called.map(f64::from),
        "hedged_after" => output.marks.hedged_after,
        "won_by" => output.marks.won_by.map(f64::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_that_no_trial_has_takes_no_room() {
        let mut column = Column {
            name: "hedged".to_owned(),
            scale: "count",
            metric: false,
            values: Vec::new(),
            usual: 0.0,
        };
        column.push(0, 0.0);
        column.push(1, 0.0);
        assert!(column.values.is_empty());
        column.push(2, 1.0);
        assert_eq!(column.values, [0.0, 0.0, 1.0]);
    }

    #[test]
    fn every_measure_of_the_language_is_known() {
        let mut trial = TrialRecord {
            id: crate::base::TrialId::from_bytes([0; 16]),
            item: 0,
            condition: 0,
            repeat: 0,
            outcome: Outcome::Done(crate::record::Output::default()),
            usage: crate::record::Usage {
                ttft: Some(0.1),
                ..crate::record::Usage::default()
            },
            scores: Vec::new(),
            calls: Vec::new(),
        };
        let Outcome::Done(output) = &mut trial.outcome else { return };
        output.marks = crate::record::Marks {
            consensus: Some(1.0),
            margin: Some(1.0),
            members_called: Some(1),
            won_by: Some(1),
            hedged_after: Some(1.0),
        };
        for measure in MEASURES {
            assert!(measured(measure.name, &trial).is_some(), "{}", measure.name);
        }
    }
}
