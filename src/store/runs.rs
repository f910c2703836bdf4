//! Finding runs below a folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::store::error::StoreError;
use crate::store::folder;
use crate::store::info::RunInfo;
use crate::store::run::{RunStatus, Store};

/// A run that was found.
#[derive(Debug, Clone, Serialize)]
pub struct FoundRun {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub info: RunInfo,
    /// How far it is.
    pub status: RunStatus,
    /// Trials committed.
    pub committed: u64,
    /// Of those, how many failed.
    pub failed: u64,
    /// Whether a process is running it now.
    pub busy: bool,
}

/// Returns the runs below `out`, newest first; those of one experiment, or of all.
///
/// A folder that holds no run that can be read is left out; see [`damaged_runs`].
///
/// # Errors
///
/// When a folder is there and cannot be listed.
pub fn find_runs(out: &Path, name: Option<&str>) -> Result<Vec<FoundRun>, StoreError> {
    let experiments = match name {
        Some(name) => vec![out.join(name)],
        None => folders(out)?,
    };
    let mut found = Vec::new();
    for experiment in experiments {
        for folder in folders(&experiment)? {
            found.extend(look(&folder));
        }
    }
    found.sort_by(|a, b| (b.info.created, &b.folder).cmp(&(a.info.created, &a.folder)));
    Ok(found)
}

/// A folder with a run that cannot be read.
#[derive(Debug, Clone, Serialize)]
pub struct DamagedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// Why it cannot be read.
    pub reason: String,
}

/// Returns the runs below `out` that cannot be read, by name; those of one experiment, or of
/// all.
///
/// # Errors
///
/// When a folder is there and cannot be listed.
pub fn damaged_runs(
    out: &Path,
    name: Option<&str>,
) -> Result<Vec<DamagedRun>, StoreError> {
    let experiments = match name {
        Some(name) => vec![out.join(name)],
        None => folders(out)?,
    };
    let mut found = Vec::new();
    for experiment in experiments {
        for folder in folders(&experiment)? {
            if !folder.join(folder::DATABASE).is_file() {
                continue;
            }
            if let Err(error) = examine(&folder) {
                let reason = error.to_string();
                found.push(DamagedRun { folder, reason });
            }
        }
    }
    Ok(found)
}

/// Returns the folder of the run that `text` names: a run's folder itself, or an
/// experiment's name or folder, which stands for its newest run.
///
/// # Errors
///
/// When there is no such run.
pub fn resolve_run(out: &Path, text: &str) -> Result<PathBuf, StoreError> {
    for place in [PathBuf::from(text), out.join(text)] {
        if place.join(folder::DATABASE).is_file() {
            return Ok(place);
        }
        let newest = folders(&place)?
            .iter()
            .filter_map(|f| look(f))
            .max_by(|a, b| (a.info.created, &a.folder).cmp(&(b.info.created, &b.folder)));
        if let Some(newest) = newest {
            return Ok(newest.folder);
        }
    }
    Err(StoreError::NoRun { path: PathBuf::from(text) })
}

/// Returns the folders in a folder, by name; none where there is no such folder.
fn folders(parent: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(StoreError::disk(parent, error)),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| StoreError::disk(parent, error))?;
        if entry.path().is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

fn look(folder: &Path) -> Option<FoundRun> {
    examine(folder).ok()
}

fn examine(folder: &Path) -> Result<FoundRun, StoreError> {
    let store = Store::read(folder)?;
    let counts = store.counts()?;
    Ok(FoundRun {
        folder: folder.to_owned(),
        info: store.info().clone(),
        status: store.status()?,
        committed: counts.iter().map(|count| count.committed).sum(),
        failed: counts.iter().map(|count| count.failed).sum(),
        busy: folder::is_locked(folder),
    })
}
