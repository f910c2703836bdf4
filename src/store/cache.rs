//! Answers that were paid for, shared by all runs below one folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::base::CallId;
use crate::record::{Answer, AnswerCache};
use crate::store::error::StoreError;
use crate::store::schema;

const CACHE: &str = "cache.db";

/// The answers of `<out>/cache.db`, by call.
///
/// Any number of tasks may look up answers at once; each look-up takes a connection of its
/// own from a stack. While the cache holds nothing, a look-up costs nothing.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Whether it holds any answer.
    filled: AtomicBool,
}

impl Cache {
    /// Opens the cache of a folder of runs, or makes it.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn open(out: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(out).map_err(|error| StoreError::disk(out, error))?;
        let path = out.join(CACHE);
        let empty = std::fs::metadata(&path).is_ok_and(|file| file.len() == 0);
        let writer = if path.is_file() && !empty {
            schema::open(&path)?
        } else {
            // Another process may make it at the same moment; then it is there to open.
            schema::create(&path, schema::CACHE_TABLES)
                .or_else(|_| schema::open(&path))?
        };
        let filled = writer
            .query_row("SELECT EXISTS (SELECT 1 FROM answers)", [], |row| row.get(0))
            .map_err(|source| StoreError::database(&path, source))?;
        Ok(Self {
            path,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            filled: AtomicBool::new(filled),
        })
    }

    /// Keeps answers, in one transaction.
    ///
    /// # Errors
    ///
    /// When the cache cannot be written.
    pub fn keep(&self, answers: &[(CallId, &Answer)]) -> Result<(), StoreError> {
        if answers.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut write = || {
            let transaction =
                writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut statement = transaction
                    .prepare_cached("INSERT OR IGNORE INTO answers VALUES (?1, ?2)")?;
                for (id, answer) in answers {
                    let text = serde_json::to_string(answer).unwrap_or_default();
                    statement.execute((id.as_bytes(), text))?;
                }
            }
            transaction.commit()
        };
        write().map_err(|source| StoreError::database(&self.path, source))?;
        self.filled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Returns how many of some calls have an answer.
    #[must_use]
    pub fn count(&self, ids: impl IntoIterator<Item = CallId>) -> u64 {
        ids.into_iter().filter(|&id| self.find(id).is_some()).count() as u64
    }

    fn look(&self, reader: &Connection, id: CallId) -> Option<Answer> {
        let text: String = reader
            .prepare_cached("SELECT answer FROM answers WHERE call = ?1")
            .and_then(|mut statement| {
                statement.query_row([id.as_bytes()], |row| row.get(0)).optional()
            })
            .ok()??;
        serde_json::from_str(&text).ok()
    }
}

impl AnswerCache for Cache {
    fn find(&self, id: CallId) -> Option<Answer> {
        if !self.filled.load(Ordering::Relaxed) {
            return None;
        }
        let stack = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = stack().pop();
        let reader = match kept {
            Some(reader) => reader,
            None => schema::read(&self.path).ok()?,
        };
        let answer = self.look(&reader, id);
        stack().push(reader);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;

    fn id(n: u8) -> CallId {
        CallId::from_digest(&Digest::of(&[n]))
    }

    #[test]
    fn an_answer_is_found_again_by_another_process_and_only_by_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let answer =
            Answer { text: "12".into(), tokens_in: Some(3), ..Answer::default() };
        let cache = Cache::open(dir.path()).unwrap();
        assert_eq!(cache.find(id(1)), None);
        cache.keep(&[(id(1), &answer)]).unwrap();
        assert_eq!(cache.find(id(1)), Some(answer.clone()));
        let again = Cache::open(dir.path()).unwrap();
        assert_eq!(again.find(id(1)), Some(answer.clone()));
        assert_eq!(again.find(id(2)), None);
        let other = Answer { text: "13".into(), ..Answer::default() };
        again.keep(&[(id(1), &other)]).unwrap();
        assert_eq!(cache.find(id(1)), Some(answer), "the first answer stays");
    }

    #[test]
    fn many_threads_read_while_one_writes() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        let answer = Answer::default();
        cache.keep(&[(id(0), &answer)]).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        assert!(cache.find(id(0)).is_some());
                    }
                });
            }
            for n in 1..50 {
                cache.keep(&[(id(n), &answer)]).unwrap();
            }
        });
        assert!(cache.find(id(49)).is_some());
    }

    #[test]
    fn a_file_that_is_no_database_is_said_to_be_damaged() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(CACHE), "x".repeat(4_096)).unwrap();
        assert!(matches!(Cache::open(dir.path()), Err(StoreError::Corrupt { .. })));
    }
}
