//! Samples as the analysis sees them: read, failures counted by rule, paired by item.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::ItemOrder;
use crate::record::{Observation, Observed, Over, SampleSource, Voted};
use crate::spec::{Experiment, Missing, Sample, Scale};
use crate::stats::Units;

pub(super) use super::column::{Column, Lost, shared};
use super::error::AnalysisError;
use super::linear::{Linear, What};

/// Up to this share of their size two sums of the same numbers may differ.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// What a failed trial, and a failed score, counts as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Counts {
    /// A failed trial as the metric says, see [`Samples::rule`]; a failed score is left out.
    AsDeclared,
    /// As whatever makes θ largest.
    Up,
    /// As whatever makes θ smallest.
    Down,
}

/// What is asked of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Asked {
    /// What failed trials and scores count as.
    pub(super) counts: Counts,
    /// Whether the decision alone is wanted, and nothing that is said beside it.
    pub(super) brief: bool,
}

/// Returns the rank of each item in the planned order; nothing without a stop rule.
pub(super) fn ranks(experiment: &Experiment, items: u32) -> Vec<u32> {
    if experiment.header.stop.is_none() {
        return Vec::new();
    }
    let order = ItemOrder::new(experiment.header.seed, items).items;
    let rank = |item: u32| u32::try_from(order.rank(u64::from(item))).unwrap_or(item);
    (0..items).map(rank).collect()
}

/// Observations that are kept between questions; what goes beyond is read anew.
const MOST_KEPT: usize = 1 << 20;

/// Reads samples from a source and keeps the last of them.
pub(super) struct Samples<'a> {
    pub(super) experiment: &'a Experiment,
    source: &'a dyn SampleSource,
    /// How many items are looked at.
    pub(super) items: u32,
    /// Which items are looked at, by index; all where nothing is said.
    only: Option<Vec<bool>>,
    /// The cluster of each item; empty without `cluster:`.
    clusters: Vec<u32>,
    read: BTreeMap<(u32, String), Arc<Vec<Observed>>>,
    kept: usize,
    /// The rank of each item in the planned order; empty without a stop rule.
    ranks: Arc<Vec<u32>>,
    /// Of how many items of the planned order samples are read, where not of all.
    window: Option<u32>,
    /// The same for single conditions that ended early.
    cuts: BTreeMap<u32, u32>,
}

/// The values behind a contrast, over the items that have one on every side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paired {
    /// For each term its item means, all of the same length.
    pub(super) means: Vec<Vec<f64>>,
    /// For each term how many trials it has.
    pub(super) sizes: Vec<usize>,
    /// For each term its trials and the item (by position here) of each, where a quantile is
    /// asked.
    pub(super) trials: Vec<(Vec<f64>, Vec<usize>)>,
    /// The independent units of the items.
    pub(super) units: Units,
    /// The rank of each item in the planned order; empty without a stop rule.
    pub(super) ranks: Vec<u32>,
}

impl<'a> Samples<'a> {
    pub(super) fn new(
        experiment: &'a Experiment,
        source: &'a dyn SampleSource,
    ) -> Result<Self, AnalysisError> {
        let items = source.items()?;
        let ranks = ranks(experiment, items);
        Self::ranked(experiment, source, Arc::new(ranks))
    }

    /// Reads from a source where the ranks of the items are known already.
    pub(super) fn ranked(
        experiment: &'a Experiment,
        source: &'a dyn SampleSource,
        ranks: Arc<Vec<u32>>,
    ) -> Result<Self, AnalysisError> {
        let items = source.items()?;
        let clusters = match &experiment.header.cluster {
            Some(column) => source.clusters(column)?,
            None => Vec::new(),
        };
        Ok(Self {
            experiment,
            source,
            items,
            only: None,
            clusters,
            read: BTreeMap::new(),
            kept: 0,
            ranks,
            window: None,
            cuts: BTreeMap::new(),
        })
    }

    /// Looks at some items alone, or at all again.
    pub(super) fn look_at(
        &mut self,
        only: Option<Vec<bool>>,
    ) -> Result<(), AnalysisError> {
        let count = |only: &Vec<bool>| only.iter().filter(|own| **own).count();
        self.items = match &only {
            Some(only) => u32::try_from(count(only)).unwrap_or(u32::MAX),
            None => self.source.items()?,
        };
        self.only = only;
        Ok(())
    }

    /// Returns where what stands behind the samples is read.
    pub(super) fn source(&self) -> &'a dyn SampleSource {
        self.source
    }

    fn looked_at(&self, observed: Arc<Vec<Observed>>) -> Arc<Vec<Observed>> {
        let Some(only) = &self.only else { return observed };
        let own = |o: &&Observed| only.get(o.item as usize).copied().unwrap_or(false);
        Arc::new(observed.iter().filter(own).copied().collect())
    }

    /// Looks at the first items of the planned order alone; at all of them for `None`.
    pub(super) fn look(&mut self, window: Option<u32>) {
        self.window = window;
    }

    /// Looks at the first items alone of conditions whose sampling ended early.
    pub(super) fn cut(&mut self, over: &[Over]) {
        self.cuts = over.iter().map(|over| (over.condition, over.items)).collect();
    }

    /// Returns of how many items of the planned order samples are read, where not of all.
    pub(super) fn window(&self) -> Option<u32> {
        self.window
    }

    /// Returns the rank of an item in the planned order.
    pub(super) fn rank(&self, item: u32) -> u32 {
        self.ranks.get(item as usize).copied().unwrap_or(item)
    }

    /// Returns the observations of a metric under a condition, of the items looked at.
    pub(super) fn of(
        &mut self,
        condition: &str,
        metric: &str,
    ) -> Result<Arc<Vec<Observed>>, AnalysisError> {
        let all = self.whole(condition, metric)?;
        let cut = self.index(condition).and_then(|index| self.cuts.get(&index)).copied();
        let Some(most) = self.window.or(cut) else { return Ok(all) };
        let inside = |observed: &&Observed| self.rank(observed.item) < most;
        Ok(Arc::new(all.iter().filter(inside).copied().collect()))
    }

    /// Returns the observations of a metric under a condition, of all items.
    pub(super) fn whole(
        &mut self,
        condition: &str,
        metric: &str,
    ) -> Result<Arc<Vec<Observed>>, AnalysisError> {
        let unknown = || AnalysisError::UnknownCondition { name: condition.to_owned() };
        let (index, _) = self.experiment.condition(condition).ok_or_else(unknown)?;
        let key = (u32::try_from(index).unwrap_or(u32::MAX), metric.to_owned());
        if let Some(found) = self.read.get(&key) {
            return Ok(self.looked_at(Arc::clone(found)));
        }
        if self.kept >= MOST_KEPT / 2 {
            self.forget();
        }
        let observed = Arc::new(self.source.sample(key.0, metric)?);
        if self.kept + observed.len() <= MOST_KEPT {
            self.kept += observed.len();
            self.read.insert(key, Arc::clone(&observed));
        }
        Ok(self.looked_at(observed))
    }

    /// Returns the index of a condition.
    pub(super) fn index(&self, condition: &str) -> Option<u32> {
        let (index, _) = self.experiment.condition(condition)?;
        u32::try_from(index).ok()
    }

    /// Says whether a condition gives a metric or measure at all.
    pub(super) fn gives(
        &self,
        condition: &str,
        metric: &str,
    ) -> Result<bool, AnalysisError> {
        let unknown = || AnalysisError::UnknownCondition { name: condition.to_owned() };
        let (index, _) = self.experiment.condition(condition).ok_or_else(unknown)?;
        Ok(self.source.gives(u32::try_from(index).unwrap_or(u32::MAX), metric)?)
    }

    /// Calls `each` with the votes of every trial of a condition, by its index, of the items
    /// that its numbers are of.
    pub(super) fn votes(
        &self,
        condition: u32,
        each: &mut dyn FnMut(Voted),
    ) -> Result<(), AnalysisError> {
        let cut = self.cuts.get(&condition).copied();
        Ok(self.source.votes(condition, &mut |voted| {
            if cut.is_none_or(|most| self.rank(voted.item) < most) {
                each(voted);
            }
        })?)
    }

    /// Lets go of what was read.
    pub(super) fn forget(&mut self) {
        self.read.clear();
        self.kept = 0;
    }

    /// Says whether the groups of a column are the independent units.
    pub(super) fn is_clustered(&self) -> bool {
        self.experiment.header.cluster.is_some()
    }

    /// Returns the units of items with these indices.
    pub(super) fn units(&self, items: &[u32]) -> Units {
        if self.clusters.is_empty() {
            return Units::single(items.len());
        }
        let label = |item: &u32| self.clusters.get(*item as usize).copied();
        let labels: Vec<Option<u32>> = items.iter().map(label).collect();
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
            Observation::Failed | Observation::ScoreFailed | Observation::Unscored => {
                None
            }
        });
        seen.reduce(|a, b| if up { a.max(b) } else { a.min(b) })
    }

    /// Returns the values of each term of a contrast, over the items that it has.
    pub(super) fn columns(
        &mut self,
        gap: &Linear,
        counts: Counts,
    ) -> Result<Vec<Column>, AnalysisError> {
        let mut columns = Vec::new();
        for term in &gap.terms {
            let observed = self.of(&term.sample.condition, &term.sample.metric)?;
            let push = |up: bool| {
                let up = up == (term.factor > 0.0);
                self.pushed(&term.sample, term.what, up, &observed)
            };
            let lost = match counts {
                Counts::AsDeclared => Lost::trials(self.rule(&term.sample, term.what)),
                Counts::Up => Lost::all(push(true)),
                Counts::Down => Lost::all(push(false)),
            };
            columns.push(Column::new(&observed, lost));
        }
        Ok(columns)
    }

    /// Returns the values behind a contrast.
    pub(super) fn paired(
        &mut self,
        gap: &Linear,
        counts: Counts,
    ) -> Result<Paired, AnalysisError> {
        let columns = self.columns(gap, counts)?;
        let Some(items) = shared(&columns) else {
            return Ok(Paired::none());
        };
        let pooled = gap.terms.iter().any(|term| term.what != What::Mean);
        let (mut means, mut sizes, mut trials) = (Vec::new(), Vec::new(), Vec::new());
        for column in columns {
            let mut average = Vec::with_capacity(items.len());
            let (mut values, mut owners) = (Vec::new(), Vec::new());
            let mut size = 0;
            for (place, own) in column.of(&items).enumerate() {
                average.push(own.iter().sum::<f64>() / own.len() as f64);
                size += own.len();
                if pooled {
                    values.extend_from_slice(own);
                    owners.extend(std::iter::repeat_n(place, own.len()));
                }
            }
            means.push(average);
            sizes.push(size);
            if pooled {
                trials.push((values, owners));
            }
        }
        let ranks = if self.ranks.is_empty() {
            Vec::new()
        } else {
            items.iter().map(|item| self.rank(*item)).collect()
        };
        Ok(Paired { means, sizes, trials, units: self.units(&items), ranks })
    }
}

impl Paired {
    /// Returns the values of no item.
    pub(super) fn none() -> Self {
        Self {
            means: Vec::new(),
            sizes: Vec::new(),
            trials: Vec::new(),
            units: Units::single(0),
            ranks: Vec::new(),
        }
    }

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

    /// Averages values of items within their independent units.
    pub(super) fn by_unit(&self, values: Vec<f64>) -> Vec<f64> {
        if self.units.all_single() {
            return values;
        }
        let mut sums = vec![(0.0, 0.0); self.units.count()];
        for (value, unit) in values.iter().zip(self.units.of()) {
            let (sum, n) = &mut sums[*unit];
            *sum += value;
            *n += 1.0;
        }
        sums.into_iter().map(|(sum, n)| sum / n).collect()
    }

    /// Returns a term's trials with the independent unit of each.
    pub(super) fn pooled(&self, term: usize) -> (&[f64], Vec<usize>) {
        let (values, owners) = &self.trials[term];
        (values, owners.iter().map(|item| self.units.of()[*item]).collect())
    }
}
