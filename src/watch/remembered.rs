//! Samples kept in memory, so that claims can be decided again without a look at the disk.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::record::{Observed, Place, SampleSource, SourceError, Voted};

/// A source of more trials is asked each time: what stands in memory must not grow with them.
const MOST: u64 = 200_000;

/// A source that keeps every sample, group and label that was asked for, unless it is too
/// large for memory. What stands behind it must not change.
#[derive(Debug)]
pub struct Remembered<S> {
    source: S,
    keeps: bool,
    samples: Mutex<BTreeMap<(u32, String), Vec<Observed>>>,
    gives: Mutex<BTreeMap<(u32, String), bool>>,
    votes: Mutex<BTreeMap<u32, Vec<Voted>>>,
    clusters: Mutex<BTreeMap<String, Vec<u32>>>,
    labels: Mutex<BTreeMap<String, Vec<Option<String>>>>,
    ids: Mutex<BTreeMap<u32, String>>,
    answers: Mutex<BTreeMap<Place, Option<String>>>,
}

impl<S> Remembered<S> {
    /// Remembers what is asked of a source of so many trials.
    pub fn new(source: S, trials: u64) -> Self {
        Self {
            source,
            keeps: trials <= MOST,
            samples: Mutex::default(),
            gives: Mutex::default(),
            votes: Mutex::default(),
            clusters: Mutex::default(),
            labels: Mutex::default(),
            ids: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Says whether anything is kept.
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// Returns the source.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Returns what is remembered, or asks and remembers it.
    fn recall<K: Ord, V: Clone>(
        &self,
        memory: &Mutex<BTreeMap<K, V>>,
        key: K,
        ask: impl FnOnce() -> Result<V, SourceError>,
    ) -> Result<V, SourceError> {
        if !self.keeps {
            return ask();
        }
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = memory.get(&key) {
            return Ok(known.clone());
        }
        let value = ask()?;
        memory.insert(key, value.clone());
        Ok(value)
    }
}

impl<S: SampleSource> SampleSource for Remembered<S> {
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError> {
        let key = (condition, metric.to_owned());
        self.recall(&self.samples, key, || self.source.sample(condition, metric))
    }

    fn gives(&self, condition: u32, metric: &str) -> Result<bool, SourceError> {
        let key = (condition, metric.to_owned());
        self.recall(&self.gives, key, || self.source.gives(condition, metric))
    }

    fn votes(
        &self,
        condition: u32,
        each: &mut dyn FnMut(Voted),
    ) -> Result<(), SourceError> {
        if !self.keeps {
            return self.source.votes(condition, each);
        }
        let all = self.recall(&self.votes, condition, || {
            let mut all = Vec::new();
            self.source.votes(condition, &mut |voted| all.push(voted))?;
            Ok(all)
        })?;
        all.into_iter().for_each(each);
        Ok(())
    }

    fn items(&self) -> Result<u32, SourceError> {
        self.source.items()
    }

    fn clusters(&self, column: &str) -> Result<Vec<u32>, SourceError> {
        self.recall(&self.clusters, column.to_owned(), || self.source.clusters(column))
    }

    fn labels(&self, column: &str) -> Result<Vec<Option<String>>, SourceError> {
        self.recall(&self.labels, column.to_owned(), || self.source.labels(column))
    }

    fn id_of(&self, item: u32) -> Result<String, SourceError> {
        self.recall(&self.ids, item, || self.source.id_of(item))
    }

    fn answer(&self, place: Place) -> Result<Option<String>, SourceError> {
        self.recall(&self.answers, place, || self.source.answer(place))
    }
}
