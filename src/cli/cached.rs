//! What of a plan is in the cache already.

use std::collections::BTreeMap;
use std::path::Path;

use super::exit::Trouble;
use super::plan::Ready;
use crate::store::{Exchanges, StoreError};
use crate::strategy::TrialKey;

/// With more trials than this nothing is counted: it would take seconds.
const COUNTED: u64 = 200_000;

/// How many calls of each selected condition have an answer in the cache, by the index of
/// the condition; `None` where its calls are not known before it runs.
pub(super) fn cached(
    ready: &Ready,
    out: &Path,
) -> Result<BTreeMap<u32, Option<u64>>, Trouble> {
    let plan = &ready.prepared.plan;
    let conditions = plan.conditions().iter().copied();
    let cache = match Exchanges::read(out) {
        Ok(cache) => cache,
        Err(StoreError::NoRecording { .. }) => {
            return Ok(conditions.map(|condition| (condition, Some(0))).collect());
        }
        Err(error) => return Err(Trouble::failed(&error)),
    };
    if plan.len() > COUNTED {
        return Ok(conditions.map(|condition| (condition, None)).collect());
    }
    let mut counts: BTreeMap<u32, Option<u64>> =
        conditions.map(|condition| (condition, Some(0))).collect();
    for trial in (0..plan.len()).map(|position| plan.trial(position)) {
        let Some(Some(count)) = counts.get_mut(&trial.condition) else { continue };
        match ready.calls(&trial) {
            Some(calls) => *count += cache.count(calls),
            None => drop(counts.insert(trial.condition, None)),
        }
    }
    Ok(counts)
}

impl Ready {
    /// Returns the ids of the calls that a trial will make, where they are known.
    fn calls(&self, trial: &crate::plan::TrialSpec) -> Option<Vec<crate::base::CallId>> {
        let assembly = self.bench.assembly();
        let strategy = assembly.strategies.get(trial.condition as usize)?;
        let item = assembly.items.get(trial.item as usize)?;
        let seed = self.prepared.experiment.header.seed;
        let key = TrialKey { digest: trial.key, repeat: trial.repeat, seed };
        strategy.calls(&item, &key)
    }
}

/// Says it in one line: how many calls, and of which conditions that is not known.
pub(super) fn words(counts: &[(&str, Option<u64>)]) -> String {
    let known: u64 = counts.iter().filter_map(|(_, count)| *count).sum();
    let unknown: Vec<String> = counts
        .iter()
        .filter(|(_, count)| count.is_none())
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    match (known, unknown.as_slice()) {
        (0, []) => "nothing of it is cached".to_owned(),
        (calls, []) => format!("{calls} answers are cached already"),
        (calls, names) => format!(
            "{calls} answers are cached already, those of {} not counted: which calls they \
             make shows as they run",
            names.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(words(&[("a", Some(0))]), "nothing of it is cached");
        assert_eq!(
            words(&[("a", Some(2)), ("b", Some(1))]),
            "3 answers are cached already"
        );
        let told = words(&[("a", Some(2)), ("b", None)]);
        assert!(
            told.starts_with("2 answers are cached already, those of `b` not"),
            "{told}"
        );
    }
}
