//! Batches that were sent to a provider, beside the trials of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::base::{CallId, Digest};
use crate::record::{BatchEntry, BatchLedger};
use crate::store::error::StoreError;
use crate::store::{folder, schema};

/// Bytes of a call's id.
const ID: usize = 16;

/// The batches of a run, by a connection of their own: they are written down while trials
/// are committed. Whoever opens them holds the run.
#[derive(Debug)]
pub struct Batches {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Batches {
    /// Opens the batches of the run in a folder.
    ///
    /// # Errors
    ///
    /// When there is no run, or its file cannot be used.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(folder::DATABASE);
        if !path.is_file() {
            return Err(StoreError::NoRun { path: dir.to_owned() });
        }
        let connection = schema::open(&path)?;
        connection
            .execute_batch(schema::ADDED_TABLES)
            .map_err(|source| StoreError::database(&path, source))?;
        Ok(Self { path, connection: Mutex::new(connection) })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, String> {
        work(&self.lock())
            .map_err(|source| StoreError::database(&self.path, source).to_string())
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchLedger for Batches {
    fn stamp(&self) -> Result<(i64, u64), String> {
        self.with(|connection| {
            connection.query_row(
                "SELECT CAST(strftime('%s', 'now') AS INTEGER), COUNT(*) FROM batches",
                [],
                |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())),
            )
        })
    }

    fn begin(&self, entry: &BatchEntry) -> Result<(), String> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO batches (key, model, identity, calls, usd, begun)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    entry.key.to_string(),
                    entry.model,
                    entry.identity.to_string(),
                    packed(&entry.calls),
                    entry.usd,
                    entry.begun
                ])
                .map(|_| ())
        })
    }

    fn sent(&self, key: &Digest, id: &str) -> Result<(), String> {
        self.with(|connection| {
            connection
                .execute(
                    "UPDATE batches SET id = ?2 WHERE key = ?1",
                    params![key.to_string(), id],
                )
                .map(|_| ())
        })
    }

    fn release(&self, key: &Digest, calls: &BTreeSet<CallId>) -> Result<(), String> {
        let key = key.to_string();
        self.with(|connection| {
            let row: Option<(Vec<u8>, f64)> = connection
                .query_row(
                    "SELECT calls, usd FROM batches WHERE key = ?1",
                    [&key],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let Some((packed_calls, usd)) = row else { return Ok(()) };
            let before = unpacked(&packed_calls);
            let kept: Vec<CallId> =
                before.iter().copied().filter(|call| !calls.contains(call)).collect();
            let usd = usd * ratio(kept.len(), before.len());
            connection
                .execute(
                    "UPDATE batches SET calls = ?2, usd = ?3, settled = ?4 WHERE key = ?1",
                    params![key, packed(&kept), usd, kept.is_empty()],
                )
                .map(|_| ())
        })
    }

    fn ids(&self) -> Result<BTreeSet<String>, String> {
        self.with(|connection| {
            let mut ids =
                connection.prepare("SELECT id FROM batches WHERE id IS NOT NULL")?;
            ids.query_map([], |row| row.get(0))?.collect()
        })
    }

    fn open(&self) -> Result<Vec<BatchEntry>, String> {
        self.with(|connection| {
            let mut open = unsettled(connection)?;
            for entry in open.iter().filter(|entry| entry.due.is_empty()) {
                connection.execute(
                    "UPDATE batches SET settled = 1 WHERE key = ?1",
                    [entry.key.to_string()],
                )?;
            }
            open.retain(|entry| !entry.due.is_empty());
            Ok(open)
        })
    }
}

/// Returns what is reserved for the calls of batches that are not committed, in dollars.
pub(super) fn reserved(connection: &Connection) -> rusqlite::Result<f64> {
    // A file of an earlier day has no such table.
    let there: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'batches')",
        [],
        |row| row.get(0),
    )?;
    if !there {
        return Ok(0.0);
    }
    let open = unsettled(connection)?;
    let due = |entry: &BatchEntry| entry.usd * ratio(entry.due.len(), entry.calls.len());
    Ok(open.iter().map(due).sum())
}

fn unsettled(connection: &Connection) -> rusqlite::Result<Vec<BatchEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, model, identity, calls, usd, begun, id FROM batches
         WHERE NOT settled ORDER BY batch",
    )?;
    let rows = statement.query_map([], |row| {
        let calls = unpacked(&row.get::<_, Vec<u8>>(3)?);
        Ok(BatchEntry {
            key: digest(row, 0)?,
            model: row.get(1)?,
            identity: digest(row, 2)?,
            due: calls.iter().copied().collect(),
            calls,
            usd: row.get(4)?,
            begun: row.get(5)?,
            id: row.get(6)?,
        })
    })?;
    let mut open: Vec<BatchEntry> = rows.collect::<rusqlite::Result<_>>()?;
    if open.is_empty() {
        return Ok(open);
    }
    let mut holders: BTreeMap<CallId, Vec<usize>> = BTreeMap::new();
    for (index, entry) in open.iter().enumerate() {
        for &call in &entry.calls {
            holders.entry(call).or_default().push(index);
        }
    }
    let mut committed =
        connection.prepare_cached("SELECT id FROM calls WHERE NOT superseded")?;
    let mut rows = committed.query([])?;
    while let Some(row) = rows.next()? {
        let call = CallId::from_bytes(row.get(0)?);
        for &index in holders.get(&call).into_iter().flatten() {
            if let Some(entry) = open.get_mut(index) {
                entry.due.remove(&call);
            }
        }
    }
    Ok(open)
}

fn digest(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    let text: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| {
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
    })
}

fn packed(calls: &[CallId]) -> Vec<u8> {
    calls.iter().flat_map(|call| *call.as_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<CallId> {
    bytes
        .chunks_exact(ID)
        .filter_map(|id| Some(CallId::from_bytes(id.try_into().ok()?)))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a batch has at most 100,000 calls")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(n: u8) -> CallId {
        CallId::from_digest(&Digest::of(&[n]))
    }

    fn ledger(dir: &Path) -> Batches {
        let path = dir.join(folder::DATABASE);
        if !path.is_file() {
            schema::create(&path, schema::RUN_TABLES).unwrap();
        }
        Batches::open(dir).unwrap()
    }

    fn entry(calls: &[u8]) -> BatchEntry {
        let calls: Vec<CallId> = calls.iter().map(|&n| call(n)).collect();
        BatchEntry {
            key: Digest::of(calls[0].as_bytes()),
            model: "mini".to_owned(),
            identity: Digest::of(b"mini"),
            due: calls.iter().copied().collect(),
            calls,
            usd: 4.0,
            begun: 1_764_000_000,
            id: None,
        }
    }

    #[test]
    fn a_batch_is_found_again_until_its_calls_are_committed_or_released() {
        let dir = tempfile::tempdir().unwrap();
        let batch = entry(&[1, 2, 3, 4]);
        let batches = ledger(dir.path());
        batches.begin(&batch).unwrap();
        assert_eq!(ledger(dir.path()).open().unwrap(), vec![batch.clone()]);
        batches.sent(&batch.key, "batch_7").unwrap();
        batches.release(&batch.key, &[call(2)].into()).unwrap();
        batches
            .lock()
            .execute(
                "INSERT INTO calls (trial, id, place, model, request, attempts, waited, cached)
                 VALUES (0, ?1, '', '', x'', 1, 0, 0)",
                [call(3).as_bytes()],
            )
            .unwrap();
        let again = ledger(dir.path()).open().unwrap();
        assert_eq!(again[0].id.as_deref(), Some("batch_7"));
        assert_eq!(again[0].calls, [call(1), call(3), call(4)]);
        assert_eq!(again[0].due, [call(1), call(4)].into());
        // One dollar was reserved for each of four; one is free again, one is recorded.
        let reserved = reserved(&batches.lock()).unwrap();
        assert!((reserved - 2.0).abs() < 1e-12, "{reserved}");
        batches.release(&batch.key, &batch.due).unwrap();
        assert_eq!(batches.open().unwrap(), []);
        assert_eq!(batches.stamp().unwrap().1, 1);
    }
}
