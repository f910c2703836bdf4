//! The runs of a folder: `list`, and finding one of them.

use std::path::Path;

use serde_json::json;

use super::args::Look;
use super::exit::{Exit, Trouble};
use super::say;
use crate::base::Digest;
use crate::plan::{Bitmap, Plan};
use crate::spec::Experiment;
use crate::store::{self, FoundRun, RunStatus, Store};

/// `list`: the runs, newest first.
pub(super) fn list(out: &Path, format: Look) -> Result<Exit, Trouble> {
    let found = store::find_runs(out, None).map_err(|error| Trouble::failed(&error))?;
    match format {
        Look::Json => {
            let rows: Vec<_> = found.iter().map(|run| json!(run)).collect();
            say(&format!("{:#}\n", json!({ "runs": rows })));
        }
        Look::Human if found.is_empty() => {
            say(&format!("there are no runs in {}\n", out.display()));
        }
        Look::Human => {
            for run in &found {
                say(&line(run));
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
        run.committed,
        run.info.planned,
        status(run)
    )
}

fn status(run: &FoundRun) -> &'static str {
    match run.status {
        RunStatus::Complete => "complete",
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

/// Counts the trials of a plan that the run which would be gone on with has committed.
pub(super) fn committed(
    out: &Path,
    experiment: &Experiment,
    items: &Digest,
    plan: &Plan,
) -> Result<u64, Trouble> {
    let failed = |error: store::StoreError| Trouble::failed(&error);
    let digest = experiment.digest();
    let runs = store::find_runs(out, Some(&experiment.name)).map_err(failed)?;
    let same = runs
        .iter()
        .find(|run| run.info.experiment == digest && run.info.items_digest == *items);
    let Some(same) = same else { return Ok(0) };
    let mut places = Bitmap::new(plan.whole());
    let store = Store::read(&same.folder).map_err(failed)?;
    store
        .committed(|trial| {
            places.insert(plan.index(trial.place));
        })
        .map_err(failed)?;
    let planned = (0..plan.len()).map(|position| plan.index(plan.place(position)));
    Ok(planned.filter(|index| places.contains(*index)).count() as u64)
}

/// Opens a run to read it: a run's folder, or a folder of runs, whose newest is meant.
pub(super) fn read(run: &Path) -> Result<Store, Trouble> {
    let folder = store::resolve_run(Path::new("runs"), &run.to_string_lossy())
        .map_err(|error| Trouble::wrong(&error))?;
    Store::read(&folder).map_err(|error| Trouble::failed(&error))
}
