//! Trials that an earlier run shares with this one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::base::Digest;
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
    let shared = shared(plan, store, earlier)?;
    let metrics = shared_metrics(store, earlier);
    let mut taken = Takeover::default();
    for chunk in shared.chunks(BATCH) {
        let mut records = Vec::with_capacity(chunk.len());
        for (place, spec) in chunk {
            let Some(mut record) = earlier.trial(*place)? else { continue };
            let anew = rescore(&mut record, spec, laboratory, &metrics);
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

/// Returns where each shared trial stood and what it is here.
fn shared(
    plan: &Plan,
    store: &Store,
    earlier: &Store,
) -> Result<Vec<(Place, TrialSpec)>, StoreError> {
    let ours: BTreeMap<Digest, u32> =
        plan.items().iter().map(|item| (item.digest, item.index)).collect();
    let items: Vec<Option<u32>> =
        earlier.all_items()?.iter().map(|item| ours.get(&item.digest).copied()).collect();
    let conditions: Vec<Option<u32>> = earlier
        .info()
        .conditions
        .iter()
        .map(|name| {
            let index = store.info().conditions.iter().position(|own| own == name)?;
            u32::try_from(index).ok()
        })
        .collect();
    let find = |list: &[Option<u32>], index: u32| list.get(index as usize).copied()?;
    let mut shared = Vec::new();
    earlier.committed(|trial| {
        let Place { item, condition, repeat } = trial.place;
        let spec = find(&items, item)
            .zip(find(&conditions, condition))
            .and_then(|(item, condition)| plan.find(Place { item, condition, repeat }))
            .filter(|spec| spec.id == trial.id && !trial.failed);
        shared.extend(spec.map(|spec| (trial.place, spec)));
    })?;
    Ok(shared)
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
        record.scores = all_scores(laboratory, spec, &Arc::new(output.clone()));
        return !metrics.is_empty();
    }
    let output = metrics.contains(&None).then(|| Arc::new(output.clone()));
    let scores = metrics
        .iter()
        .enumerate()
        .map(|(metric, theirs)| match (theirs, &output) {
            (Some(theirs), _) => {
                record.scores.get(*theirs).cloned().unwrap_or(Score::Unscored)
            }
            (None, Some(output)) => score(laboratory, metric, spec, output),
            (None, None) => Score::Unscored,
        })
        .collect();
    record.scores = scores;
    output.is_some()
}
