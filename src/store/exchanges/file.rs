//! The tables of `exchanges.db`, and how the file is opened.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::store::error::StoreError;
use crate::store::schema;

/// Says in the file's header what it is: "CRUX".
const APPLICATION: i64 = 0x4352_5558;

/// The version of what the file holds.
const FORMAT: u32 = 1;

/// `contents`: bytes by their digest, compressed (a zstd frame), each once.
/// `calls`: `record` is JSON as text, or a blob where that is shorter compressed; `request`
/// is the content of what was asked, and is empty in a cache; `session` says when it came.
/// `uses`: the last session in which a call was found, where it was not its first.
/// `exchanges`: one row for each attempt that went over the wire.
const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE contents (content INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL);
CREATE TABLE calls (call INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,
    place TEXT NOT NULL, model TEXT NOT NULL, item TEXT, request INTEGER,
    record NOT NULL, session INTEGER NOT NULL);
CREATE TABLE uses (call INTEGER PRIMARY KEY, session INTEGER NOT NULL);
CREATE TABLE exchanges (call INTEGER NOT NULL, attempt INTEGER NOT NULL,
    target INTEGER NOT NULL, sent INTEGER NOT NULL, status INTEGER, failure TEXT,
    headers TEXT, reply INTEGER, PRIMARY KEY (call, attempt)) WITHOUT ROWID;
";

/// Makes a new file, or fails and leaves none that opens.
pub(super) fn create(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::database(path, source);
    let connection = Connection::open(path).map_err(failed)?;
    // So that the file can shrink; it must be said before anything is in it.
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;").map_err(failed)?;
    schema::settle(&connection).map_err(failed)?;
    connection
        .execute_batch(&format!(
            "BEGIN IMMEDIATE;{TABLES}
             PRAGMA application_id = {APPLICATION};
             PRAGMA user_version = {FORMAT};
             COMMIT;"
        ))
        .map_err(failed)?;
    Ok(connection)
}

/// Opens a file to write.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::database(path, source);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(failed)?;
    check(&connection, path)?;
    schema::settle(&connection).map_err(failed)?;
    // New ids fall anywhere into their index. What a cache loses with the power stands in the
    // database of its run; `settle` puts all of it on the disk.
    connection
        .execute_batch("PRAGMA cache_size = -16384; PRAGMA synchronous = NORMAL;")
        .map_err(failed)?;
    Ok(connection)
}

/// Opens a file to read.
pub(super) fn read(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::database(path, source);
    let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(failed)
        .and_then(|connection| check(&connection, path).map(|()| connection));
    let connection = match opened {
        Ok(connection) => connection,
        // On a disk that cannot be written to, and at rest.
        Err(StoreError::Database { .. } | StoreError::ReadOnly { .. })
            if !schema::log_is_left(path) =>
        {
            let connection = schema::immutable(path)?;
            check(&connection, path)?;
            connection
        }
        Err(error) => return Err(error),
    };
    schema::tune(&connection).map_err(failed)?;
    Ok(connection)
}

/// Counts this opening of the file and returns its number.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "INSERT INTO meta VALUES ('session', 1)
         ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
        [],
        |row| row.get(0),
    )
}

fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::database(path, source);
    let pragma = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(failed)
    };
    connection.busy_timeout(schema::BUSY).map_err(failed)?;
    if pragma("application_id")? != APPLICATION {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let found = u32::try_from(pragma("user_version")?).unwrap_or(0);
    if found == 0 || found > FORMAT {
        return Err(StoreError::Format { path: path.to_owned(), found, known: FORMAT });
    }
    Ok(())
}
