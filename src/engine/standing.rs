//! Where a run stands when a session begins.

use std::collections::BTreeMap;

use crate::engine::laboratory::Laboratory;
use crate::engine::terms::EngineError;
use crate::plan::{Bitmap, Plan};
use crate::record::FailureKind;
use crate::store::{RunStatus, Store, StoreError};

/// Where a store stands when a session begins.
pub(super) struct Standing {
    pub(super) done: Bitmap,
    /// Selected trials that are done.
    pub(super) reused: u64,
    /// Of those, how many failed.
    pub(super) failed: u64,
    /// Of those, how many a hook of the file skipped or let go.
    pub(super) skipped: u64,
}

/// Trials of a condition that teach it again; what is older weighs next to nothing.
const MOST_RECALLED: u32 = 20_000;

/// Lets the conditions whose trials learn from one another learn again from those that are
/// done.
pub(super) fn recall<L: Laboratory>(
    plan: &Plan,
    laboratory: &L,
    store: &Store,
) -> Result<(), StoreError> {
    let learning = plan.conditions().iter().filter(|one| laboratory.learns(**one));
    for condition in learning {
        store.ended(*condition, MOST_RECALLED, |place, calls| {
            if let Some(trial) = plan.find(place) {
                laboratory.recall(&trial, calls);
            }
        })?;
    }
    Ok(())
}

impl Standing {
    /// Reads where a plan stands; with `retry`, trials that failed are not done.
    pub(super) fn of(
        plan: &Plan,
        store: &Store,
        retry: bool,
    ) -> Result<Self, EngineError> {
        let retry = retry || store.status()? == RunStatus::TooManyFailures;
        let mut done = Bitmap::new(plan.whole());
        let mut failures = BTreeMap::new();
        let mut strange = plan.whole() != store.info().planned;
        store.committed(|trial| {
            let known = plan.find(trial.place).is_some_and(|spec| spec.id == trial.id);
            strange |= !known;
            let index = plan.index(trial.place);
            if trial.failed && !retry {
                failures.insert(index, trial.skipped);
            }
            if !trial.failed || !retry {
                done.insert(index);
            }
        })?;
        if strange {
            let folder = store.folder().display().to_string();
            return Err(EngineError::OtherExperiment { folder });
        }
        let skips = |skipped: &&bool| **skipped;
        let (mut reused, mut failed) = (done.count(), failures.len() as u64);
        let mut skipped = failures.values().filter(skips).count() as u64;
        if plan.len() < plan.whole() && reused > 0 {
            (reused, failed, skipped) = (0, 0, 0);
            for position in 0..plan.len() {
                let index = plan.index(plan.place(position));
                reused += u64::from(done.contains(index));
                let failure = failures.get(&index);
                failed += u64::from(failure.is_some());
                skipped += u64::from(failure == Some(&true));
            }
        }
        Ok(Self { done, reused, failed, skipped })
    }

    /// Counts by kind the failures that stand.
    pub(super) fn failures(
        &self,
        store: &Store,
    ) -> Result<BTreeMap<FailureKind, u64>, StoreError> {
        let mut kinds = BTreeMap::new();
        if self.failed > 0 {
            for count in store.failures()? {
                *kinds.entry(count.kind).or_default() += count.trials;
            }
        }
        Ok(kinds)
    }
}
