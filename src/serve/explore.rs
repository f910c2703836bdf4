//! The trials of a run, as the page asks for them.

use serde_json::{Value as Json, json};

use crate::record::{Item, Place, TrialRecord};
use crate::store::{Filter, Store, StoreError};

/// How many trials stand in a part of a list.
const PART: usize = 50;

/// How many trials of an item stand side by side.
const BESIDE: usize = 200;

/// Says what there is to look through.
pub(super) fn run(store: &Store) -> Result<Json, StoreError> {
    let info = store.info();
    let counts = store.counts()?;
    let metrics: Vec<&str> =
        info.metrics.iter().map(|metric| metric.name.as_str()).collect();
    Ok(json!({
        "name": info.name,
        "conditions": info.conditions,
        "metrics": metrics,
        "items": info.items,
        "repeats": info.repeats,
        "planned": info.planned,
        "committed": counts.iter().map(|count| count.committed).sum::<u64>(),
    }))
}

/// Returns a part of the trials that pass a filter.
pub(super) fn trials(
    store: &Store,
    filter: &Filter,
    after: i64,
) -> Result<Json, StoreError> {
    Ok(json!(store.browse(filter, after, PART)?))
}

/// Counts the trials that pass a filter.
pub(super) fn count(store: &Store, filter: &Filter) -> Result<Json, StoreError> {
    Ok(json!({ "count": store.count(filter)? }))
}

/// Returns one trial with its item.
pub(super) fn trial(store: &Store, number: i64) -> Result<Option<Json>, StoreError> {
    let Some(trial) = store.numbered(number)? else { return Ok(None) };
    let item = store.item(trial.item)?;
    Ok(Some(
        json!({ "item": item.as_ref().map(shown), "trials": [whole(store, &trial)] }),
    ))
}

/// Returns an item and its trials, condition by condition.
pub(super) fn item(store: &Store, item: u32) -> Result<Option<Json>, StoreError> {
    let Some(found) = store.item(item)? else { return Ok(None) };
    let mut trials = Vec::new();
    for (condition, _) in (0_u32..).zip(&store.info().conditions) {
        for repeat in 0..store.info().repeats {
            if trials.len() == BESIDE {
                break;
            }
            if let Some(trial) = store.trial(Place { item, condition, repeat })? {
                trials.push(whole(store, &trial));
            }
        }
    }
    Ok(Some(json!({ "item": shown(&found), "trials": trials })))
}

fn shown(item: &Item) -> Json {
    json!({
        "index": item.index,
        "id": item.id,
        "input": item.input,
        "target": item.target,
        "columns": item.columns,
    })
}

fn whole(store: &Store, trial: &TrialRecord) -> Json {
    let condition = store.info().conditions.get(trial.condition as usize);
    json!({ "condition": condition, "record": trial })
}
