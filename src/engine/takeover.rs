//! Trials that an earlier run shares with this one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::engine::laboratory::Laboratory;
use crate::engine::terms::EngineError;
use crate::engine::trial::{all_scores, score};
use crate::plan::{Plan, TrialSpec};
use crate::record::{Outcome, Place, Score, TrialRecord};
use crate::store::{Store, StoreError};

/// How many trials are committed at once.
const BATCH: usize = 512;

/// What was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Takeover {
    /// Trials taken over, with their outputs and calls.
    pub trials: u64,
    /// Of those, how many had a metric scored anew.
    pub rescored: u64,
}

/// Takes over from an earlier run the trials whose ids this plan shares: nothing of them is
/// asked again. A score is taken over while its metric is the same, by name and digest;
/// else the output is scored anew. Failed trials are left behind.
///
/// The family of hypotheses comes with the first trial: it stood before this run did.
///
/// # Errors
///
/// When either store fails.
pub fn take_over<L: Laboratory>(
    plan: &Plan,
    laboratory: &L,
    store: &mut Store,
    earlier: &Store,
) -> Result<Takeover, EngineError> {
    let shared = Shared::new(plan, earlier)?;
    let places = shared.places(earlier)?;
    let metrics = shared_metrics(store, earlier);
    let mut taken = Takeover::default();
    for chunk in places.chunks(BATCH) {
        let mut records = Vec::with_capacity(chunk.len());
        for place in chunk {
            let Some(spec) = shared.spec(*place) else { continue };
            let Some(mut record) = earlier.trial(*place)? else { continue };
            let anew = rescore(&mut record, &spec, laboratory, &metrics);
            taken.rescored += u64::from(anew);
            records.push(TrialRecord {
                id: spec.id,
                item: spec.item,
                condition: spec.condition,
                repeat: spec.repeat,
                ..record
            });
        }
        taken.trials += store.commit_taken(&records)?;
    }
    if taken.trials > 0 {
        store.inherit_family(earlier)?;
    }
    Ok(taken)
}

/// Returns the trials of a plan that would be taken over from an earlier run.
///
/// # Errors
///
/// When the earlier run cannot be read.
pub fn to_take_over(plan: &Plan, earlier: &Store) -> Result<Vec<TrialSpec>, StoreError> {
    let shared = Shared::new(plan, earlier)?;
    let places = shared.places(earlier)?;
    Ok(places.into_iter().filter_map(|place| shared.spec(place)).collect())
}

/// What an earlier run's items and conditions are here.
struct Shared<'a> {
    plan: &'a Plan,
    items: Vec<Option<u32>>,
    conditions: Vec<Option<u32>>,
}

impl<'a> Shared<'a> {
    fn new(plan: &'a Plan, earlier: &Store) -> Result<Self, StoreError> {
        // By the first bits of the digest, which is compared as a whole afterwards.
        let mut ours: Vec<(u64, u32)> =
            plan.items().digests().map(|digest| digest.head()).zip(0..).collect();
        ours.sort_unstable();
        let mut items = Vec::new();
        earlier.each_item(|item| {
            let head = item.digest.head();
            let first = ours.partition_point(|(other, _)| *other < head);
            let same =
                |index: &u32| plan.items().digest(*index as usize) == Some(item.digest);
            let equal = ours.iter().skip(first).take_while(|(other, _)| *other == head);
            items.push(equal.map(|(_, index)| *index).filter(same).last());
        })?;
        let own: BTreeMap<&str, u32> = (0..)
            .map_while(|index| plan.condition_name(index).map(|name| (name, index)))
            .collect();
        let conditions = earlier
            .info()
            .conditions
            .iter()
            .map(|name| own.get(name.as_str()).copied())
            .collect();
        Ok(Self { plan, items, conditions })
    }

    /// Returns what a trial of the earlier run is here.
    fn spec(&self, place: Place) -> Option<TrialSpec> {
        let find = |list: &[Option<u32>], index: u32| *list.get(index as usize)?;
        let item = find(&self.items, place.item)?;
        let condition = find(&self.conditions, place.condition)?;
        self.plan.find(Place { item, condition, repeat: place.repeat })
    }

    /// Returns where the shared trials stood.
    fn places(&self, earlier: &Store) -> Result<Vec<Place>, StoreError> {
        let mut places = Vec::new();
        earlier.committed(|trial| {
            let spec = self.spec(trial.place).filter(|spec| spec.id == trial.id);
            if spec.is_some() && !trial.failed {
                places.push(trial.place);
            }
        })?;
        Ok(places)
    }
}

/// Returns, for each metric here, which metric of the earlier run is the same.
fn shared_metrics(store: &Store, earlier: &Store) -> Vec<Option<usize>> {
    let theirs = &earlier.info().metrics;
    store
        .info()
        .metrics
        .iter()
        .map(|metric| theirs.iter().position(|other| other == metric))
        .collect()
}

/// Gives a record the scores of this run's metrics; says whether one was worked out anew.
fn rescore<L: Laboratory>(
    record: &mut TrialRecord,
    spec: &TrialSpec,
    laboratory: &L,
    metrics: &[Option<usize>],
) -> bool {
    let Outcome::Done(output) = &record.outcome else { return false };
    if metrics.iter().all(Option::is_none) {
        let scored = (laboratory.item(spec), Arc::new(output.clone()));
        record.scores = all_scores(laboratory, spec, &scored);
        return !metrics.is_empty();
    }
    let scored = metrics
        .contains(&None)
        .then(|| (laboratory.item(spec), Arc::new(output.clone())));
    let scores = metrics
        .iter()
        .enumerate()
        .map(|(metric, theirs)| match (theirs, &scored) {
            (Some(theirs), _) => {
                record.scores.get(*theirs).cloned().unwrap_or(Score::Unscored)
            }
            (None, Some(scored)) => score(laboratory, metric, spec, scored),
            (None, None) => Score::Unscored,
        })
        .collect();
    record.scores = scores;
    scored.is_some()
}
