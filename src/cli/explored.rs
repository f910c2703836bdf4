//! The page of HTML with every trial of its run, written as the store gives them.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::exit::Trouble;
use crate::record::{SampleSource, TrialRecord};
use crate::report::{self, Explorer};
use crate::spec::Experiment;
use crate::store::Store;

/// So many items are read at once.
const ITEMS: u32 = 64;

/// Writes what stands before the trials, the trials, and what stands behind them.
pub(super) fn write(
    store: &Store,
    experiment: &Experiment,
    around: (&str, &str),
    path: &Path,
) -> Result<(), Trouble> {
    let wrong = |error: std::io::Error| {
        Trouble::Failed(format!("write {}: {error}", path.display()))
    };
    let file = std::fs::File::create(path).map_err(wrong)?;
    let mut writer = BufWriter::new(file);
    writer.write_all(around.0.as_bytes()).map_err(wrong)?;
    let mut explorer = Explorer::new(experiment);
    let mut first = 0;
    while first < store.info().items {
        let end = first.saturating_add(ITEMS).min(store.info().items);
        for text in blocks(store, &mut explorer, first..end)? {
            writer.write_all(text.as_bytes()).map_err(wrong)?;
        }
        first = end;
    }
    let rest = explorer
        .end(&labels(store, experiment)?)
        .map_err(|error| Trouble::failed(&error))?;
    writer.write_all(rest.as_bytes()).map_err(wrong)?;
    writer.write_all(around.1.as_bytes()).map_err(wrong)?;
    writer.flush().map_err(wrong)
}

/// Gives the trials of some items to the explorer; returns the blocks that are full.
fn blocks(
    store: &Store,
    explorer: &mut Explorer,
    ranks: std::ops::Range<u32>,
) -> Result<Vec<String>, Trouble> {
    let failed = |error: crate::store::StoreError| Trouble::failed(&error);
    let mut trials: Vec<TrialRecord> = Vec::new();
    store.trials_of_ranks(ranks.clone(), |trial| trials.push(trial)).map_err(failed)?;
    let mut by_rank: Vec<(u32, Vec<TrialRecord>)> =
        ranks.map(|rank| (store.item_of_rank(rank), Vec::new())).collect();
    for trial in trials {
        let own = by_rank.iter_mut().find(|(item, _)| *item == trial.item);
        if let Some((_, own)) = own {
            own.push(trial);
        }
    }
    let mut texts = Vec::new();
    for (item, trials) in by_rank {
        if trials.is_empty() {
            continue;
        }
        let Some(item) = store.item_text(item).map_err(failed)? else { continue };
        let text = explorer.add(&item, &trials).map_err(|e| Trouble::failed(&e))?;
        if !text.is_empty() {
            texts.push(text);
        }
    }
    Ok(texts)
}

/// Returns the values of the columns by which the report is cut.
fn labels(
    store: &Store,
    experiment: &Experiment,
) -> Result<Vec<report::Labels>, Trouble> {
    let metrics = experiment.metrics.iter().flat_map(|metric| &metric.by);
    let mut labels: Vec<report::Labels> = Vec::new();
    for column in experiment.report.by.iter().chain(metrics) {
        if labels.iter().any(|(known, _)| *known == column.name) {
            continue;
        }
        let values = store.labels(&column.name).map_err(|e| Trouble::failed(&e))?;
        labels.push((column.name.clone(), values));
    }
    Ok(labels)
}
