//! The referee of a run: takes the looks of its stop rule as trials end.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::record::{
    Observation, Observed, Outcome, Over, Place, Referee, SampleSource, Score,
    SourceError, TrialRecord,
};
use crate::spec::Experiment;

use super::analyse::History;
use super::error::AnalysisError;
use super::samples::{Samples, ranks};
use super::stopping::{Prefix, Replay, conditions_of, reaches};

/// The referee of a run with a stop rule.
///
/// It keeps the scores that the hypotheses speak of, some fifty bytes for each trial, and
/// takes each look when its items are complete: what [`analyse()`](super::analyse()) finds
/// afterwards is the same.
#[derive(Debug)]
pub struct Umpire {
    experiment: Experiment,
    history: History,
    ranks: Arc<Vec<u32>>,
    heard: Heard,
    prefixes: BTreeMap<u32, Prefix>,
    replay: Option<Replay>,
}

/// The scores that were heard.
#[derive(Debug, Default)]
struct Heard {
    items: u32,
    clusters: Vec<u32>,
    /// By condition and metric, then by item and repeat.
    samples: BTreeMap<(u32, String), BTreeMap<(u32, u32), Observation>>,
}

impl SampleSource for Heard {
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError> {
        let known = self.samples.get(&(condition, metric.to_owned()));
        let observed = |((item, repeat), value): (&(u32, u32), &Observation)| Observed {
            item: *item,
            repeat: *repeat,
            value: *value,
        };
        Ok(known.into_iter().flatten().map(observed).collect())
    }

    fn items(&self) -> Result<u32, SourceError> {
        Ok(self.items)
    }

    fn clusters(&self, _: &str) -> Result<Vec<u32>, SourceError> {
        Ok(self.clusters.clone())
    }
}

impl Umpire {
    /// Returns the referee of an experiment; `None` where it has no stop rule.
    #[must_use]
    pub fn new(experiment: &Experiment, history: History) -> Option<Self> {
        experiment.header.stop?;
        Some(Self {
            experiment: experiment.clone(),
            history,
            ranks: Arc::default(),
            heard: Heard::default(),
            prefixes: BTreeMap::new(),
            replay: None,
        })
    }

    fn judge(&mut self) -> Result<Vec<Over>, AnalysisError> {
        let Some(replay) = &mut self.replay else { return Ok(Vec::new()) };
        let reaches = reaches(&self.experiment, &self.prefixes);
        if replay.is_due(&reaches) {
            let ranks = Arc::clone(&self.ranks);
            let mut samples = Samples::ranked(&self.experiment, &self.heard, ranks)?;
            replay.advance(&mut samples, &self.history, &reaches)?;
        }
        Ok(replay.over(&self.experiment))
    }
}

impl Referee for Umpire {
    fn resume(
        &mut self,
        source: &dyn SampleSource,
        done: &dyn Fn(Place) -> bool,
    ) -> Result<(), SourceError> {
        let experiment = &self.experiment;
        let items = source.items()?;
        self.heard.items = items;
        if let Some(column) = &experiment.header.cluster {
            self.heard.clusters = source.clusters(column)?;
        }
        self.ranks = Arc::new(ranks(experiment, items));
        self.replay = experiment
            .header
            .stop
            .map(|rule| Replay::new(rule, items, experiment.hypotheses.len()));
        for hypothesis in &experiment.hypotheses {
            for condition in conditions_of(&hypothesis.claim, experiment) {
                let prefix = Prefix::new(experiment, condition, items);
                self.prefixes.entry(condition).or_insert(prefix);
            }
            for sample in hypothesis.claim.samples() {
                let Some((index, _)) = experiment.condition(&sample.condition) else {
                    continue;
                };
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                let key = (index, sample.metric.clone());
                if self.heard.samples.contains_key(&key) {
                    continue;
                }
                let place = |one: &Observed| Place {
                    item: one.item,
                    condition: index,
                    repeat: one.repeat,
                };
                let kept: BTreeMap<(u32, u32), Observation> = source
                    .sample(index, &sample.metric)?
                    .iter()
                    .filter(|one| done(place(one)))
                    .map(|one| ((one.item, one.repeat), one.value))
                    .collect();
                self.heard.samples.insert(key, kept);
            }
        }
        for (condition, prefix) in &mut self.prefixes {
            let mut own =
                self.heard.samples.iter().filter(|(key, _)| key.0 == *condition);
            let Some((_, sample)) = own.next() else { continue };
            for (item, _) in sample.keys() {
                prefix.hear(self.ranks.get(*item as usize).copied().unwrap_or(*item));
            }
        }
        Ok(())
    }

    fn hear(&mut self, trial: &TrialRecord) {
        let Some(prefix) = self.prefixes.get_mut(&trial.condition) else { return };
        let at = (trial.item, trial.repeat);
        for ((condition, metric), sample) in &mut self.heard.samples {
            if *condition == trial.condition {
                sample.insert(at, observation(&self.experiment, trial, metric));
            }
        }
        prefix.hear(self.ranks.get(trial.item as usize).copied().unwrap_or(trial.item));
    }

    fn over(&mut self) -> Result<Vec<Over>, SourceError> {
        self.judge().map_err(|error| SourceError { message: error.to_string() })
    }
}

/// Returns what a trial gives of a metric, or of one of the fractions that votes give.
fn observation(
    experiment: &Experiment,
    trial: &TrialRecord,
    metric: &str,
) -> Observation {
    let Outcome::Done(output) = &trial.outcome else { return Observation::Failed };
    let index = experiment.metrics.iter().position(|one| one.name == metric);
    if let Some(index) = index {
        return match trial.scores.get(index) {
            Some(Score::Value(value)) if value.is_finite() => Observation::Value(*value),
            Some(Score::Value(_) | Score::Failed(_)) => Observation::ScoreFailed,
            Some(Score::Unscored) | None => Observation::Unscored,
        };
    }
    let value = match metric {
        "consensus" => output.marks.consensus,
        "margin" => output.marks.margin,
        _ => None,
    };
    value.map_or(Observation::Unscored, Observation::Value)
}
