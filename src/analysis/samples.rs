//! Samples as the analysis sees them: read once, failures counted by rule, paired by item.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::record::{Observation, Observed, SampleSource};
use crate::spec::{Experiment, Missing, Sample, Scale};
use crate::stats::Units;

use super::error::AnalysisError;
use super::linear::{Linear, What};

/// Up to this share of their size two sums of the same numbers may differ.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// What a failed trial counts as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Counts {
    /// As the metric says: see [`Samples::rule`].
    AsDeclared,
    /// As whatever makes θ largest.
    Up,
    /// As whatever makes θ smallest.
    Down,
}

/// Reads samples from a source and keeps them.
pub(super) struct Samples<'a> {
    pub(super) experiment: &'a Experiment,
    source: &'a dyn SampleSource,
    pub(super) items: u32,
    /// The cluster of each item; empty without `cluster:`.
    clusters: Vec<String>,
    read: BTreeMap<(u32, String), Arc<Vec<Observed>>>,
}

/// The values behind a contrast, over the items that have one on every side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paired {
    /// For each term its item means, all of the same length.
    pub(super) means: Vec<Vec<f64>>,
    /// For each term its trials and the item (by position here) of each.
    pub(super) trials: Vec<(Vec<f64>, Vec<usize>)>,
    /// The independent units of the items.
    pub(super) units: Units,
}

impl<'a> Samples<'a> {
    pub(super) fn new(
        experiment: &'a Experiment,
        source: &'a dyn SampleSource,
    ) -> Result<Self, AnalysisError> {
        let items = source.items()?;
        let clusters = match &experiment.header.cluster {
            Some(column) => source.clusters(column)?,
            None => Vec::new(),
        };
        Ok(Self { experiment, source, items, clusters, read: BTreeMap::new() })
    }

    /// Returns the observations of a metric under a condition.
    pub(super) fn of(
        &mut self,
        condition: &str,
        metric: &str,
    ) -> Result<Arc<Vec<Observed>>, AnalysisError> {
        let unknown = || AnalysisError::UnknownCondition { name: condition.to_owned() };
        let (index, _) = self.experiment.condition(condition).ok_or_else(unknown)?;
        let key = (u32::try_from(index).unwrap_or(u32::MAX), metric.to_owned());
        if let Some(found) = self.read.get(&key) {
            return Ok(Arc::clone(found));
        }
        let observed = Arc::new(self.source.sample(key.0, metric)?);
        self.read.insert(key, Arc::clone(&observed));
        Ok(observed)
    }

    /// Returns the units of items with these indices.
    pub(super) fn units(&self, items: &[u32]) -> Units {
        if self.clusters.is_empty() {
            return Units::single(items.len());
        }
        let label = |item: &u32| {
            let place = usize::try_from(*item).unwrap_or(usize::MAX);
            self.clusters.get(place).map_or("", String::as_str)
        };
        let labels: Vec<&str> = items.iter().map(label).collect();
        Units::labelled(&labels)
    }

    /// Returns what a failed trial counts as: a value, or nothing.
    pub(super) fn rule(&self, sample: &Sample, what: What) -> Option<f64> {
        let declared = self
            .experiment
            .metrics
            .iter()
            .find(|metric| metric.name == sample.metric)
            .map_or(Missing::ByScale, |metric| metric.missing);
        match (declared, what) {
            (Missing::Drop, _) => None,
            (Missing::ByScale, What::Quantile(_)) if sample.scale == Scale::Duration => {
                Some(f64::INFINITY)
            }
            (Missing::Wrong, _) => Some(0.0),
            (Missing::ByScale, _) => sample.scale.is_fraction().then_some(0.0),
        }
    }

    /// Returns what a failed trial counts as when it is to push θ up or down.
    fn pushed(
        &self,
        sample: &Sample,
        what: What,
        up: bool,
        observed: &[Observed],
    ) -> Option<f64> {
        if sample.scale.is_fraction() {
            return Some(if up { 1.0 } else { 0.0 });
        }
        if up && sample.scale == Scale::Duration && matches!(what, What::Quantile(_)) {
            return Some(f64::INFINITY);
        }
        // No bound is known: the most extreme value seen stands for it.
        let seen = observed.iter().filter_map(|o| match o.value {
            Observation::Value(x) => Some(x),
            Observation::Failed | Observation::Unscored => None,
        });
        seen.reduce(|a, b| if up { a.max(b) } else { a.min(b) })
    }

    /// Returns the values behind a contrast.
    pub(super) fn paired(
        &mut self,
        gap: &Linear,
        counts: Counts,
    ) -> Result<Paired, AnalysisError> {
        let mut columns = Vec::new();
        for term in &gap.terms {
            let observed = self.of(&term.sample.condition, &term.sample.metric)?;
            let push = |up: bool| {
                let up = up == (term.factor > 0.0);
                self.pushed(&term.sample, term.what, up, &observed)
            };
            let failed = match counts {
                Counts::AsDeclared => self.rule(&term.sample, term.what),
                Counts::Up => push(true),
                Counts::Down => push(false),
            };
            columns.push(by_item(&observed, failed));
        }
        let Some((first, rest)) = columns.split_first() else {
            return Ok(Paired {
                means: Vec::new(),
                trials: Vec::new(),
                units: Units::single(0),
            });
        };
        let items: Vec<u32> = first
            .keys()
            .copied()
            .filter(|item| rest.iter().all(|column| column.contains_key(item)))
            .collect();
        let mut means = Vec::new();
        let mut trials = Vec::new();
        for column in &columns {
            let (mut values, mut owners, mut average) =
                (Vec::new(), Vec::new(), Vec::new());
            for (place, item) in items.iter().enumerate() {
                let own = column.get(item).map_or(&[][..], Vec::as_slice);
                average.push(own.iter().sum::<f64>() / own.len() as f64);
                values.extend_from_slice(own);
                owners.extend(std::iter::repeat_n(place, own.len()));
            }
            means.push(average);
            trials.push((values, owners));
        }
        Ok(Paired { means, trials, units: self.units(&items) })
    }
}

/// Returns for each item with a value its trials' values.
pub(super) fn by_item(
    observed: &[Observed],
    failed: Option<f64>,
) -> BTreeMap<u32, Vec<f64>> {
    let mut items: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for trial in observed {
        let value = match trial.value {
            Observation::Value(value) => Some(value),
            Observation::Failed => failed,
            Observation::Unscored => None,
        };
        if let Some(value) = value.filter(|value| !value.is_nan()) {
            items.entry(trial.item).or_default().push(value);
        }
    }
    items
}

impl Paired {
    /// Returns the number of items.
    pub(super) fn items(&self) -> usize {
        self.units.values()
    }

    /// Returns the contrast of each item's means.
    ///
    /// The same numbers added in another order differ in their last digits: three calls of
    /// $0.1 and three times $0.1 are one cost. So a contrast within rounding of the margin is
    /// the margin, and contrasts within rounding of one another are one value; else rounding
    /// errors, which have no spread of their own, would be tested for significance.
    pub(super) fn contrast(&self, gap: &Linear) -> Vec<f64> {
        let margin = gap.margin();
        let mut largest = 0.0_f64;
        let mut values: Vec<f64> = (0..self.items())
            .map(|item| {
                let parts =
                    gap.terms.iter().zip(&self.means).map(|(t, m)| t.factor * m[item]);
                let size = parts.clone().map(f64::abs).sum::<f64>() + margin.abs();
                let value: f64 = parts.sum();
                largest = largest.max(size);
                if (value - margin).abs() <= ROUNDING * size { margin } else { value }
            })
            .collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if high - low <= ROUNDING * largest {
            let one = if low <= margin && margin <= high { margin } else { low };
            values.fill(one);
        }
        values
    }

    /// Returns a term's trials with the independent unit of each.
    pub(super) fn pooled(&self, term: usize) -> (&[f64], Vec<usize>) {
        let (values, owners) = &self.trials[term];
        (values, owners.iter().map(|item| self.units.of()[*item]).collect())
    }
}
