//! The folder of a run: its name, its lock, and the plain files in it.

use std::fs::{self, File, TryLockError};
use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, FixedOffset};

use crate::base::{Digest, Digester};
use crate::spec::SourceText;
use crate::store::error::StoreError;

/// The database's name in a run's folder.
pub(super) const DATABASE: &str = "run.db";
const LOCK: &str = ".lock";

/// Makes the folder of a new run: `<out>/<name>/<time>-<four hexadecimal digits>`.
///
/// The digits come from the experiment and the moment; where the folder is taken, from the
/// next try.
pub(super) fn create(
    out: &Path,
    name: &str,
    created: DateTime<FixedOffset>,
    experiment: &Digest,
) -> Result<PathBuf, StoreError> {
    let parent = out.join(name);
    fs::create_dir_all(&parent).map_err(|error| StoreError::disk(&parent, error))?;
    for attempt in 0_u64.. {
        let digits = Digester::new("run folder")
            .digest(experiment)
            .text(&created.to_rfc3339())
            .number(attempt)
            .finish()
            .short();
        let stamp = created.format("%Y-%m-%dT%H%M%S");
        let folder = parent.join(format!("{stamp}-{}", digits.get(..4).unwrap_or("0")));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error)
                if error.kind() == std::io::ErrorKind::AlreadyExists
                    && attempt < 1_000 => {}
            Err(error) => return Err(StoreError::disk(&folder, error)),
        }
    }
    Err(StoreError::NoRun { path: parent })
}

/// Takes the run's lock. It is let go when the file is dropped or the process ends, in
/// whatever way.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| StoreError::disk(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Busy { path: folder.to_owned() })
        }
        Err(TryLockError::Error(error)) => Err(StoreError::disk(&path, error)),
    }
}

/// Says whether some process holds the run's lock.
pub(super) fn is_locked(folder: &Path) -> bool {
    File::open(folder.join(LOCK))
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Writes a file of the run's folder, with the folders above it.
pub(super) fn write(folder: &Path, place: &Path, text: &str) -> Result<(), StoreError> {
    let path = folder.join(place);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| StoreError::disk(parent, error))?;
    }
    fs::write(&path, text).map_err(|error| StoreError::disk(&path, error))
}

/// Copies the sources into `source/`, where the first stands at the top and the others as
/// they stood to it.
pub(super) fn write_sources(
    folder: &Path,
    sources: &[SourceText],
) -> Result<(), StoreError> {
    let base = sources.first().map(|source| Path::new(&source.path));
    let base = base.and_then(Path::parent).unwrap_or(Path::new(""));
    for source in sources {
        let place = Path::new("source").join(place_of(&source.path, base));
        write(folder, &place, &source.text)?;
    }
    Ok(())
}

/// Returns a relative path that stays below its folder.
fn place_of(path: &str, base: &Path) -> PathBuf {
    if path.starts_with("std::") {
        return PathBuf::from(format!("{}.crucible", path.replace("::", "/")));
    }
    let path = Path::new(path);
    let path = path.strip_prefix(base).unwrap_or(path);
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(PathBuf::from(name)),
            Component::ParentDir => Some(PathBuf::from("up")),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_never_leaves_the_folder_of_the_run() {
        let cases = [
            ("lab/voting.crucible", "lab", "voting.crucible"),
            ("lab/shared/models.crucible", "lab", "shared/models.crucible"),
            ("lab/../../etc/x", "lab", "up/up/etc/x"),
            ("/abs/x.crucible", "lab", "abs/x.crucible"),
            ("std::prompts", "lab", "std/prompts.crucible"),
        ];
        for (path, base, wanted) in cases {
            assert_eq!(place_of(path, Path::new(base)), Path::new(wanted), "{path}");
        }
    }

    #[test]
    fn two_runs_of_one_second_have_two_folders() {
        let dir = tempfile::tempdir().unwrap();
        let at = DateTime::parse_from_rfc3339("2026-11-23T08:45:12+01:00").unwrap();
        let make = || create(dir.path(), "voting", at, &Digest::of(b"x")).unwrap();
        let (first, second) = (make(), make());
        assert_ne!(first, second);
        let name = first.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("2026-11-23T084512-") && name.len() == 22, "{name}");
    }
}
