//! The runs of a folder: `list`, and finding one of them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::args::Look;
use super::exit::{Exit, Trouble};
use super::say;
use crate::base::{Digest, grouped};
use crate::engine;
use crate::plan::{Bitmap, Plan};
use crate::spec::Experiment;
use crate::store::{self, FoundRun, RunStatus, Store};

/// `list`: the runs, newest first.
pub(super) fn list(out: &Path, format: Look) -> Result<Exit, Trouble> {
    let failed = |error: store::StoreError| Trouble::failed(&error);
    let found = store::find_runs(out, None).map_err(failed)?;
    let damaged = store::damaged_runs(out, None).map_err(failed)?;
    match format {
        Look::Json => {
            let rows: Vec<_> = found.iter().map(|run| json!(run)).collect();
            let document = json!({ "runs": rows, "damaged": damaged });
            say(&format!("{document:#}\n"));
        }
        Look::Human if found.is_empty() && damaged.is_empty() => {
            say(&format!("there are no runs in {}\n", out.display()));
        }
        Look::Human => {
            for run in &found {
                say(&line(run));
            }
            for run in &damaged {
                say(&format!("{}  damaged: {}\n", run.folder.display(), run.reason));
            }
        }
    }
    Ok(Exit::Complete)
}

fn line(run: &FoundRun) -> String {
    let failed = match run.failed {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    format!(
        "{}  {}  {} of {} trials{failed}, {}\n",
        run.folder.display(),
        run.info.created.format("%Y-%m-%d %H:%M"),
        grouped(run.committed),
        grouped(run.info.planned),
        status(run)
    )
}

fn status(run: &FoundRun) -> &'static str {
    match run.status {
        RunStatus::Complete => "complete",
        RunStatus::Decided => "complete, stopped early",
        RunStatus::Selection => "complete as far as it was asked for",
        RunStatus::Underway if run.busy => "running now",
        RunStatus::Underway => "killed; can be gone on with",
        RunStatus::Interrupted => "interrupted; can be gone on with",
        RunStatus::Budget => "stopped at its budget",
        RunStatus::TooManyFailures => "stopped for too many failures",
        RunStatus::Offline => "stopped for missing answers (offline, or replayed)",
        RunStatus::Unreachable => "stopped: a model could not be reached",
        RunStatus::Stopped => "stopped by a hook of its file",
    }
}

/// What of a plan is done already, or will be without a call.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Trials committed in the run that would be gone on with.
    pub(super) committed: u64,
    /// Trials that a new run would take over from earlier ones.
    pub(super) taken_over: u64,
    /// Trials that the run which would be gone on with left out, since it stopped early.
    pub(super) spared: u64,
    /// All of them, by the index of the condition.
    pub(super) by_condition: BTreeMap<u32, u64>,
}

impl Done {
    /// Returns all together.
    pub(super) fn total(&self) -> u64 {
        self.committed + self.taken_over + self.spared
    }
}

/// Finds out which trials of a plan need not be asked: those of the run that would be gone
/// on with, else those that a new run would take over. Trials that will be tried again, as
/// those of a run that stopped for too many failures, are not among them.
pub(super) fn done(
    out: &Path,
    experiment: &Experiment,
    items: &Digest,
    plan: &Plan,
    retry: bool,
) -> Result<Done, Trouble> {
    let failed = |error: store::StoreError| Trouble::failed(&error);
    let digest = experiment.digest();
    let runs = store::find_runs(out, Some(&experiment.name)).map_err(failed)?;
    let same = runs
        .iter()
        .find(|run| run.info.experiment == digest && run.info.items_digest == *items);
    let mut places = Bitmap::new(plan.whole());
    if let Some(same) = same {
        let again = retry || same.status == RunStatus::TooManyFailures;
        let store = Store::read(&same.folder).map_err(failed)?;
        store
            .committed(|trial| {
                if !(trial.failed && again) {
                    places.insert(plan.index(trial.place));
                }
            })
            .map_err(failed)?;
    } else {
        for run in &runs {
            let Ok(earlier) = Store::read(&run.folder) else { continue };
            let shared = engine::to_take_over(plan, &earlier).map_err(failed)?;
            shared.iter().for_each(|trial| {
                places.insert(plan.index(trial.place()));
            });
        }
    }
    let mut done = Done::default();
    if places.count() == 0 {
        return Ok(done);
    }
    for place in (0..plan.len()).map(|position| plan.place(position)) {
        if places.contains(plan.index(place)) {
            *done.by_condition.entry(place.condition).or_default() += 1;
        }
    }
    let total = done.by_condition.values().sum();
    *(if same.is_some() { &mut done.committed } else { &mut done.taken_over }) = total;
    if same.is_some_and(|run| run.status == RunStatus::Decided) {
        done.spared = plan.len() - total;
        let all = plan.conditions().iter().map(|one| (*one, plan.trials_of(*one)));
        done.by_condition = all.collect();
    }
    Ok(done)
}

/// Says which runs of an experiment cannot be read, so that nothing is begun anew in silence.
pub(super) fn damaged_notes(out: &Path, name: &str) -> Result<Vec<String>, Trouble> {
    let damaged =
        store::damaged_runs(out, Some(name)).map_err(|error| Trouble::failed(&error))?;
    Ok(damaged
        .iter()
        .map(|run| {
            format!(
                "the run in {} cannot be gone on with or taken over: {}",
                run.folder.display(),
                run.reason
            )
        })
        .collect())
}

/// Opens a run to read it: a run's folder, or a folder of runs, whose newest is meant.
pub(super) fn read(run: &Path) -> Result<Store, Trouble> {
    let folder = store::resolve_run(Path::new("runs"), &run.to_string_lossy())
        .map_err(|error| Trouble::wrong(&error))?;
    Store::read(&folder).map_err(|error| Trouble::failed(&error))
}
