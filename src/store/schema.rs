//! The tables of a run, and how its file is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::record::FORMAT;
use crate::store::error::StoreError;

/// Says in the file's header that it is one of ours: "CRUC".
const APPLICATION: i64 = 0x4352_5543;

/// How long a statement waits for another process's lock.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// The tables of `run.db`.
///
/// The number of a trial is `(condition × items + rank) × repeats + repeat`, with the rank of
/// its item in the order in which items are asked: a sample is a range of rows, already in order.
pub(super) const RUN_TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (item INTEGER PRIMARY KEY, id TEXT NOT NULL, input TEXT NOT NULL,
    target TEXT NOT NULL, columns TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE conditions (condition INTEGER PRIMARY KEY, name TEXT NOT NULL,
    digest TEXT NOT NULL);
CREATE TABLE metrics (metric INTEGER PRIMARY KEY, name TEXT NOT NULL,
    digest TEXT NOT NULL);
CREATE TABLE trials (trial INTEGER PRIMARY KEY, id BLOB NOT NULL,
    condition INTEGER NOT NULL, item INTEGER NOT NULL, repeat INTEGER NOT NULL,
    failure TEXT, message TEXT,
    text TEXT, confidence REAL, votes TEXT, trace TEXT,
    requests INTEGER NOT NULL, tokens_in INTEGER, tokens_out INTEGER,
    cost REAL, latency REAL, waited REAL NOT NULL);
CREATE INDEX failed_trials ON trials (condition, failure) WHERE failure IS NOT NULL;
CREATE TABLE scores (metric INTEGER NOT NULL, trial INTEGER NOT NULL,
    value REAL, problem TEXT, PRIMARY KEY (metric, trial)) WITHOUT ROWID;
CREATE INDEX scoreless ON scores (metric, trial) WHERE value IS NULL;
CREATE TABLE requests (request BLOB PRIMARY KEY, system TEXT, messages TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE calls (call INTEGER PRIMARY KEY, trial INTEGER NOT NULL, id BLOB NOT NULL,
    superseded INTEGER NOT NULL DEFAULT 0, taken INTEGER NOT NULL DEFAULT 0, place TEXT NOT NULL, model TEXT NOT NULL,
    request BLOB NOT NULL, failure TEXT, message TEXT,
    text TEXT, resolved TEXT, finish TEXT, tokens_in INTEGER, tokens_out INTEGER,
    confidence REAL, attempts INTEGER NOT NULL, latency REAL, waited REAL NOT NULL,
    cost REAL, cached INTEGER NOT NULL);
CREATE INDEX calls_of_trial ON calls (trial);
CREATE TABLE events (event INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,
    detail TEXT NOT NULL);
CREATE TABLE family (place INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL, claim TEXT NOT NULL);
CREATE TABLE verdicts (verdict INTEGER PRIMARY KEY, at TEXT NOT NULL,
    hypothesis TEXT NOT NULL, digest TEXT NOT NULL, shown TEXT NOT NULL);
";

/// The tables that came with formats 2 to 5.
///
/// `call_parts` and `trial_parts`: tokens that a provider counted apart and the time of the first token, of calls and trials that have any.
/// `marks`: the numbers that votes and hedges give of a trial. `lost`: what attempts of a call that got no answer may have cost, at most. `batches`: what
/// was sent to a provider to be answered later; `calls` holds sixteen bytes for each call.
pub(super) const ADDED_TABLES: &str = "
CREATE TABLE IF NOT EXISTS lost (call INTEGER PRIMARY KEY, usd REAL NOT NULL);
CREATE TABLE IF NOT EXISTS batches (batch INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL, identity TEXT NOT NULL, calls BLOB NOT NULL, usd REAL NOT NULL,
    begun INTEGER NOT NULL, id TEXT, settled INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS marks (trial INTEGER PRIMARY KEY, consensus REAL, margin REAL,
    members INTEGER, won_by INTEGER, hedged_after REAL, hedged INTEGER NOT NULL,
    wasted REAL);
CREATE TABLE IF NOT EXISTS call_parts (call INTEGER PRIMARY KEY, from_cache INTEGER NOT NULL,
    to_cache INTEGER NOT NULL, reasoning INTEGER NOT NULL, ttft REAL);
CREATE TABLE IF NOT EXISTS trial_parts (trial INTEGER PRIMARY KEY, from_cache INTEGER NOT NULL,
    reasoning INTEGER NOT NULL, ttft REAL);
";

/// Makes a new database with its tables, or fails and leaves none that opens.
pub(super) fn create(path: &Path, tables: &str) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::database(path, source);
    let connection = Connection::open(path).map_err(failed)?;
    settle(&connection).map_err(failed)?;
    connection
        .execute_batch(&format!(
            "BEGIN IMMEDIATE;{tables}{ADDED_TABLES}
             PRAGMA application_id = {APPLICATION};
             PRAGMA user_version = {FORMAT};
             COMMIT;"
        ))
        .map_err(failed)?;
    Ok(connection)
}

/// Makes a database under a name of its own, lets it be filled, and only then gives it its
/// name: a kill at any moment leaves it whole, or not there. One that is there already, since
/// another process was quicker, stays.
pub(super) fn make(
    path: &Path,
    create: impl FnOnce(&Path) -> Result<Connection, StoreError>,
    fill: impl FnOnce(&mut Connection) -> rusqlite::Result<()>,
) -> Result<(), StoreError> {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.new{end}", std::process::id()));
        PathBuf::from(name)
    };
    let sweep = || {
        for end in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(beside(end)));
        }
    };
    sweep();
    let new = beside("");
    let made = create(&new).and_then(|mut connection| {
        fill(&mut connection)
            .and_then(|()| {
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            })
            .and_then(|()| connection.close().map_err(|(_, error)| error))
            .map_err(|source| StoreError::database(path, source))
    });
    let named = made.and_then(|()| match std::fs::hard_link(&new, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        // Some disks know no links.
        Err(_) => {
            std::fs::rename(&new, path).map_err(|error| StoreError::disk(path, error))
        }
    });
    sweep();
    named
}

/// Opens a database to write.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::database(path, source);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(failed)?;
    let format = check(&connection, path)?;
    settle(&connection).map_err(failed)?;
    if format < FORMAT {
        let raise = format!(
            "BEGIN IMMEDIATE;{ADDED_TABLES} PRAGMA user_version = {FORMAT}; COMMIT;"
        );
        connection.execute_batch(&raise).map_err(failed)?;
    }
    Ok(connection)
}

/// Opens a database to read, from a folder that cannot be written to as well.
pub(super) fn read(path: &Path) -> Result<Connection, StoreError> {
    let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|source| StoreError::database(path, source))
        .and_then(|connection| {
            check(&connection, path).map(|format| (connection, format))
        });
    let (connection, format) = match opened {
        Ok(opened) => opened,
        Err(error @ (StoreError::Database { .. } | StoreError::ReadOnly { .. })) => {
            // Reading a database with a write-ahead log needs a shared-memory file beside
            // it. Where none can be made and no log is left over, the file is at rest.
            if log_is_left(path) {
                return Err(error);
            }
            at_rest(path)?
        }
        Err(error) => return Err(error),
    };
    let failed = |source| StoreError::database(path, source);
    tune(&connection).map_err(failed)?;
    if format < FORMAT {
        // What an old file does not have is empty.
        let missing = ADDED_TABLES.replace("CREATE TABLE", "CREATE TEMP TABLE");
        connection.execute_batch(&missing).map_err(failed)?;
    }
    Ok(connection)
}

/// Says whether a write-ahead log with something in it lies beside a database.
pub(super) fn log_is_left(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn at_rest(path: &Path) -> Result<(Connection, u32), StoreError> {
    let connection = immutable(path)?;
    let format = check(&connection, path)?;
    Ok((connection, format))
}

/// Opens a database that nobody writes, without a file beside it.
pub(super) fn immutable(path: &Path) -> Result<Connection, StoreError> {
    let escaped: String = path
        .to_string_lossy()
        .chars()
        .map(|c| match c {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            other => other.to_string(),
        })
        .collect();
    Connection::open_with_flags(
        format!("file:{escaped}?immutable=1"),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
    )
    .map_err(|source| StoreError::database(path, source))
}

/// Checks that the file is ours and returns its format, which must be known.
fn check(connection: &Connection, path: &Path) -> Result<u32, StoreError> {
    let pragma = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|source| StoreError::database(path, source))
    };
    connection.busy_timeout(BUSY).map_err(|source| StoreError::database(path, source))?;
    if pragma("application_id")? != APPLICATION {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let found = u32::try_from(pragma("user_version")?).unwrap_or(0);
    if found == 0 || found > FORMAT {
        return Err(StoreError::Format { path: path.to_owned(), found, known: FORMAT });
    }
    Ok(found)
}

/// Sets how a connection that writes works: every commit is on the disk when it returns.
pub(super) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = OFF;
         PRAGMA wal_autocheckpoint = 4000;",
    )?;
    tune(connection)
}

/// Sets how a connection reads: rows stand in the order in which they are read, so that few
/// pages need to stay in memory.
pub(super) fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA cache_size = -4096; PRAGMA temp_store = FILE;")
}
