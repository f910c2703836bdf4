//! Writing calls and their exchanges.

use std::fmt;
use std::io;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use zstd::bulk::Compressor;

use super::Writer;
use super::play::Kept;
use crate::base::Digest;
use crate::record::{CallRecord, Exchange, Message};

/// How hard it is compressed: zstd's usual level.
const LEVEL: i32 = 3;

/// Records that are shorter stay as they are, to be read with any tool.
const SHORT: usize = 512;

/// A call as it is written. Without an item it is kept for its answer alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) record: &'a CallRecord,
    pub(super) item: Option<&'a str>,
    pub(super) exchanges: &'a [Exchange],
}

/// What is asked, as it is kept.
#[derive(serde::Serialize)]
struct Asked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: &'a [Message],
}

/// Compresses, with one set of tables for all.
pub(super) struct Hand(Compressor<'static>);

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hand")
    }
}

impl Hand {
    pub(super) fn new() -> io::Result<Self> {
        Compressor::new(LEVEL).map(Self)
    }

    fn compressed(&mut self, bytes: &[u8]) -> rusqlite::Result<Vec<u8>> {
        self.0
            .compress(bytes)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }

    /// Puts bytes into the table of contents, unless they are there, and returns their
    /// number.
    fn content(
        &mut self,
        connection: &Connection,
        bytes: &[u8],
    ) -> rusqlite::Result<i64> {
        let digest = Digest::of(bytes);
        let known = connection
            .prepare_cached("SELECT content FROM contents WHERE digest = ?1")?
            .query_row([digest.as_bytes()], |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
        let packed = self.compressed(bytes)?;
        connection
            .prepare_cached("INSERT INTO contents (digest, bytes) VALUES (?1, ?2)")?
            .execute(params![digest.as_bytes(), packed])?;
        Ok(connection.last_insert_rowid())
    }
}

impl Writer {
    /// Writes calls, and that some were found, in one transaction. Where `replacing`, a
    /// call takes the place of the one that is there; else the first stays.
    pub(super) fn write(
        &mut self,
        entries: &[Entry<'_>],
        found: &[i64],
        replacing: bool,
    ) -> rusqlite::Result<()> {
        let Self { connection, hand, session } = self;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for entry in entries {
            write_call(&transaction, hand, entry, *session, replacing)?;
        }
        {
            let mut used = transaction.prepare_cached(
                "INSERT INTO uses VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET session = ?2 WHERE session < ?2",
            )?;
            for call in found {
                used.execute([call, session])?;
            }
        }
        transaction.commit()
    }
}

fn write_call(
    connection: &Connection,
    hand: &mut Hand,
    entry: &Entry<'_>,
    session: i64,
    replacing: bool,
) -> rusqlite::Result<()> {
    let CallRecord { id, place, model, system, messages, .. } = entry.record;
    let request = match entry.item {
        Some(_) => {
            let asked = Asked { system: system.as_deref(), messages };
            let text = serde_json::to_vec(&asked).unwrap_or_default();
            Some(hand.content(connection, &text)?)
        }
        None => None,
    };
    let text = Kept::text(entry.record);
    let packed =
        if text.len() < SHORT { None } else { Some(hand.compressed(text.as_bytes())?) };
    let record: &dyn rusqlite::ToSql = match &packed {
        Some(packed) if packed.len() < text.len() => packed,
        Some(_) | None => &text,
    };
    let sql = if replacing {
        "INSERT INTO calls (id, place, model, item, request, record, session)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET record = ?6, session = ?7,
             item = coalesce(?4, item), request = coalesce(?5, request)"
    } else {
        "INSERT OR IGNORE INTO calls (id, place, model, item, request, record, session)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    };
    connection.prepare_cached(sql)?.execute(params![
        id.as_bytes(),
        place,
        model,
        entry.item,
        request,
        record,
        session
    ])?;
    if entry.exchanges.is_empty() {
        return Ok(());
    }
    let call: i64 = connection
        .prepare_cached("SELECT call FROM calls WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))?;
    connection
        .prepare_cached("DELETE FROM exchanges WHERE call = ?1")?
        .execute([call])?;
    for (attempt, exchange) in (1_i64..).zip(entry.exchanges) {
        let target = hand.content(connection, exchange.target.as_bytes())?;
        let sent = hand.content(connection, exchange.sent.as_bytes())?;
        let reply = match &exchange.reply {
            Some(reply) => Some(hand.content(connection, reply.as_bytes())?),
            None => None,
        };
        let headers = (!exchange.headers.is_empty())
            .then(|| serde_json::to_string(&exchange.headers).unwrap_or_default());
        connection
            .prepare_cached(
                "INSERT INTO exchanges VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                call,
                attempt,
                target,
                sent,
                exchange.status,
                exchange.failure,
                headers,
                reply
            ])?;
    }
    Ok(())
}
