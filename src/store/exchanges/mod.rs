//! Calls that were made, with what went over the wire for them: `exchanges.db`.
//!
//! One kind of file serves two ends. In a folder of runs it is the cache, which holds the
//! answers that were paid for; in the folder of `--record` it is a recording, which holds
//! every call with its request and its exchanges, and `--replay` answers from it. What is
//! long stands in it once, under the digest of its bytes, compressed.

mod file;
mod limit;
mod nearest;
mod play;
mod sieve;
mod tape;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use crate::base::CallId;
use crate::record::{Answer, AnswerCache, CallRecord};
use crate::store::error::StoreError;
use crate::store::schema;
use play::Kept;
use sieve::Sieve;
use write::{Entry, Hand};

pub use tape::Recorder;

/// The file's name in its folder.
const FILE: &str = "exchanges.db";

/// Calls that were made, in the file of a folder.
///
/// Any number of tasks may look up calls at once; each look-up takes a connection of its own
/// from a stack. A call that the file did not hold when it was opened, and that was not
/// written through it since, is told without a look at the file.
#[derive(Debug)]
pub struct Exchanges {
    path: PathBuf,
    /// `None` where the file is only read.
    writer: Option<Mutex<Writer>>,
    readers: Mutex<Vec<Connection>>,
    /// The calls that it may hold.
    sieve: Sieve,
    /// Whether a new answer takes the place of the one that is there.
    replacing: AtomicBool,
    /// Calls that were found since somebody last wrote that down.
    found: Mutex<Vec<i64>>,
    /// Misses that were told with the nearest request.
    shown: std::sync::atomic::AtomicU32,
}

#[derive(Debug)]
struct Writer {
    connection: Connection,
    hand: Hand,
    /// Number of this opening of the file: what was used last has the highest.
    session: i64,
}

impl Exchanges {
    /// Opens the file of a folder, or makes it.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::disk(folder, error))?;
        let path = folder.join(FILE);
        if std::fs::metadata(&path).is_ok_and(|file| file.len() == 0) {
            std::fs::remove_file(&path)
                .map_err(|error| StoreError::disk(&path, error))?;
        }
        if !path.is_file() {
            schema::make(&path, file::create, |_| Ok(()))?;
        }
        let connection = file::open(&path)?;
        let session = file::begin(&connection)
            .map_err(|source| StoreError::database(&path, source))?;
        let hand = Hand::new().map_err(|error| StoreError::disk(&path, error))?;
        let writer = Writer { connection, hand, session };
        Self::with(path, Some(writer))
    }

    /// Opens the file of a folder to read it, also from a disk that cannot be written to.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be used.
    pub fn read(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        if path.is_file() {
            Self::with(path, None)
        } else {
            Err(StoreError::NoRecording { path: folder.to_owned() })
        }
    }

    fn with(path: PathBuf, writer: Option<Writer>) -> Result<Self, StoreError> {
        let reader = file::read(&path)?;
        let sieve = Sieve::new();
        let fill = || {
            let mut ids = reader.prepare("SELECT id FROM calls")?;
            let mut rows = ids.query([])?;
            while let Some(row) = rows.next()? {
                sieve.add(row.get_ref(0)?.as_blob()?);
            }
            Ok(())
        };
        fill().map_err(|source| StoreError::database(&path, source))?;
        Ok(Self {
            path,
            writer: writer.map(Mutex::new),
            readers: Mutex::new(vec![reader]),
            sieve,
            replacing: AtomicBool::new(false),
            found: Mutex::default(),
            shown: std::sync::atomic::AtomicU32::new(0),
        })
    }

    /// Lets new answers take the place of those that are there; without this the first stays.
    pub fn replace(&self) {
        self.replacing.store(true, Ordering::Relaxed);
    }

    /// Keeps answered calls for their answers alone, in one transaction, and writes down
    /// which were found since the last time.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn keep(&self, calls: &[&CallRecord]) -> Result<(), StoreError> {
        let entries: Vec<Entry<'_>> = calls
            .iter()
            .map(|call| Entry { record: call, item: None, exchanges: &[] })
            .collect();
        self.write(&entries, self.replacing.load(Ordering::Relaxed))
    }

    /// Writes calls in one transaction.
    fn write(&self, entries: &[Entry<'_>], replacing: bool) -> Result<(), StoreError> {
        let found = std::mem::take(&mut *locked(&self.found));
        if entries.is_empty() && found.is_empty() {
            return Ok(());
        }
        let Some(writer) = &self.writer else { return Ok(()) };
        locked(writer)
            .write(entries, &found, replacing)
            .map_err(|source| StoreError::database(&self.path, source))?;
        entries.iter().for_each(|entry| self.sieve.add(entry.record.id.as_bytes()));
        Ok(())
    }

    /// Returns how many of some calls have an answer.
    #[must_use]
    pub fn count(&self, ids: impl IntoIterator<Item = CallId>) -> u64 {
        let answered =
            |id: &CallId| self.look(*id).is_some_and(|(_, kept)| kept.result.is_ok());
        ids.into_iter().filter(answered).count() as u64
    }

    /// Finds a call and its number.
    fn look(&self, id: CallId) -> Option<(i64, Kept)> {
        if !self.sieve.passes(id) {
            return None;
        }
        self.reading(|reader| {
            reader
                .prepare_cached("SELECT call, record FROM calls WHERE id = ?1")?
                .query_row([id.as_bytes()], |row| {
                    Ok((row.get(0)?, Kept::read(row.get_ref(1)?)?))
                })
                .optional()
        })
        .ok()
        .flatten()
    }

    /// Reads with a connection of the stack.
    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let kept = locked(&self.readers).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => file::read(&self.path)?,
        };
        let value = read(&reader);
        locked(&self.readers).push(reader);
        value.map_err(|source| StoreError::database(&self.path, source))
    }
}

impl AnswerCache for Exchanges {
    fn find(&self, id: CallId) -> Option<Answer> {
        let (call, kept) = self.look(id)?;
        let answer = kept.result.ok()?;
        if self.writer.is_some() {
            locked(&self.found).push(call);
        }
        Some(answer)
    }
}

/// Locks what only ever holds whole values: a thread that fell over left nothing half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
