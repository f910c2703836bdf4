//! Keeping the file small.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{Exchanges, locked};
use crate::store::error::StoreError;

/// In how many steps the file would be emptied.
const STEPS: i64 = 20;

impl Exchanges {
    /// Lets go the calls that were used longest ago until the file is not larger than so
    /// many bytes, and gives the room back to the disk. Returns how many calls went.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn limit(&self, bytes: u64) -> Result<u64, StoreError> {
        self.write(&[], false)?;
        let Some(writer) = &self.writer else { return Ok(0) };
        let gone = shrink(&locked(writer).connection, bytes)
            .map_err(|source| StoreError::database(&self.path, source))?;
        self.settle()?;
        Ok(gone)
    }

    /// Lets the log run into the file, so that it stands alone.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.write(&[], false)?;
        let Some(writer) = &self.writer else { return Ok(()) };
        locked(writer)
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|source| StoreError::database(&self.path, source))
    }

    /// Returns the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn shrink(connection: &Connection, bytes: u64) -> rusqlite::Result<u64> {
    let mut gone = 0;
    while size(connection)? > bytes {
        let step = shorten(connection)?;
        if step == 0 {
            break;
        }
        gone += step;
    }
    if gone > 0 {
        vacuum(connection)?;
    }
    Ok(gone)
}

/// Returns the bytes that are in use.
fn size(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
    };
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or(0))
}

/// Lets go a part of the calls, those used longest ago, with what only they had.
fn shorten(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 =
        connection.query_row("SELECT COUNT(*) FROM calls", [], |row| row.get(0))?;
    let part = (count / STEPS).max(1);
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch("CREATE TEMP TABLE gone (call INTEGER PRIMARY KEY);")?;
    let gone = transaction.execute(
        "INSERT INTO gone SELECT call FROM calls LEFT JOIN uses USING (call)
         ORDER BY max(calls.session, coalesce(uses.session, 0)), call LIMIT ?1",
        params![part],
    )?;
    transaction.execute_batch(
        "DELETE FROM exchanges WHERE call IN gone;
         DELETE FROM uses WHERE call IN gone;
         DELETE FROM calls WHERE call IN gone;
         DROP TABLE gone;
         DELETE FROM contents WHERE content NOT IN (
             SELECT request FROM calls WHERE request IS NOT NULL
             UNION SELECT target FROM exchanges UNION SELECT sent FROM exchanges
             UNION SELECT reply FROM exchanges WHERE reply IS NOT NULL);",
    )?;
    transaction.commit()?;
    Ok(gone as u64)
}

fn vacuum(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
