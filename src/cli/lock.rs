//! The lock file: what the data were and what the models were called, beside the source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::exit::Trouble;

/// The version of the lock file's meaning.
const FORMAT: u32 = 1;

/// What a run relied on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Lock {
    format: u32,
    /// Data files by their path as the experiment names them.
    pub(super) data: BTreeMap<String, DataLock>,
    /// Models by name: the ids under which the provider answered.
    pub(super) models: BTreeMap<String, Vec<String>>,
}

/// A data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DataLock {
    /// Its size.
    pub(super) bytes: u64,
    /// Its BLAKE3 digest.
    pub(super) blake3: String,
}

impl Lock {
    /// Returns a lock of these data files and no models yet.
    pub(super) fn of_data(data: BTreeMap<String, DataLock>) -> Self {
        Self { format: FORMAT, data, models: BTreeMap::new() }
    }

    /// Names the entries in which another lock contradicts this one. Entries that only one of
    /// them has are no contradiction.
    pub(super) fn contradictions(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (path, then) in &self.data {
            if now.data.get(path).is_some_and(|data| data != then) {
                found.push(format!("the data of `{path}` have changed"));
            }
        }
        for (name, then) in &self.models {
            if let Some(ids) = now.models.get(name)
                && ids != then
            {
                found.push(format!(
                    "`{name}` answers as {}, not as {}",
                    ids.join(", "),
                    then.join(", ")
                ));
            }
        }
        found
    }

    /// Returns this lock with the entries of another added or replaced.
    pub(super) fn joined(mut self, now: &Self) -> Self {
        self.format = FORMAT;
        self.data.extend(now.data.clone());
        self.models.extend(now.models.clone());
        self
    }
}

/// Returns where the lock of a file stands.
pub(super) fn path(source: &Path) -> PathBuf {
    let mut path = source.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

/// Reads a lock; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Lock>, Trouble> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Trouble::Failed(format!("read {}: {error}", path.display())));
        }
    };
    let lock: Lock = serde_json::from_str(&text).map_err(|error| {
        Trouble::Wrong(format!(
            "{} is not a lock file ({error}); delete it to have it written anew",
            path.display()
        ))
    })?;
    if lock.format > FORMAT {
        return Err(Trouble::Wrong(format!(
            "{} was written by a later version of crucible-run",
            path.display()
        )));
    }
    Ok(Some(lock))
}

/// Writes a lock if it differs from what stands there.
pub(super) fn write(path: &Path, lock: &Lock) -> Result<(), Trouble> {
    if read(path).ok().flatten().as_ref() == Some(lock) {
        return Ok(());
    }
    let text =
        serde_json::to_string_pretty(lock).map_err(|error| Trouble::failed(&error))?;
    std::fs::write(path, text + "\n")
        .map_err(|error| Trouble::Failed(format!("write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(blake3: &str, model: &str) -> Lock {
        let data = DataLock { bytes: 3, blake3: blake3.to_owned() };
        let mut lock = Lock::of_data([("d.jsonl".to_owned(), data)].into());
        lock.models.insert("m".to_owned(), vec![model.to_owned()]);
        lock
    }

    #[test]
    fn only_entries_that_both_have_can_contradict() {
        assert!(lock("a", "x").contradictions(&Lock::default()).is_empty());
        assert!(Lock::default().contradictions(&lock("a", "x")).is_empty());
        assert_eq!(lock("a", "x").contradictions(&lock("b", "y")).len(), 2);
        assert_eq!(lock("a", "x").joined(&lock("b", "y")), lock("b", "y"));
    }
}
