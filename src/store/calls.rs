//! Reading the calls of a run, one after the other.

use rusqlite::Row;

use crate::record::{CallRecord, Place};
use crate::store::error::StoreError;
use crate::store::read::with;
use crate::store::rows::call_of;
use crate::store::run::Store;

impl Store {
    /// Hands out the trials of a condition with their calls, in the order in which they ended;
    /// of more than `most` the last.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn ended(
        &self,
        condition: u32,
        most: u32,
        mut take: impl FnMut(Place, &[CallRecord]),
    ) -> Result<(), StoreError> {
        let mut read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT * FROM (SELECT trial, item, repeat, ended FROM trials JOIN
                 (SELECT trial, MAX(call) AS ended FROM calls WHERE superseded = 0
                 GROUP BY trial) USING (trial) WHERE condition = ?1
                 ORDER BY ended DESC LIMIT ?2) ORDER BY ended",
            )?;
            let mut rows = statement.query([condition, most])?;
            while let Some(row) = rows.next()? {
                let place = Place { condition, item: row.get(1)?, repeat: row.get(2)? };
                take(place, &self.calls(row.get(0)?)?);
            }
            Ok(())
        };
        with(&mut read).map_err(|source| self.failed(source))
    }

    /// Hands out every call that counts, with the id of its item, some at a time and in the
    /// order in which they were written.
    ///
    /// # Errors
    ///
    /// When the database cannot be read, or `take` fails.
    pub(super) fn each_call(
        &self,
        at_once: usize,
        mut take: impl FnMut(&[(String, CallRecord)]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let failed = |source| self.failed(source);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT calls.id, place, model, system, messages, calls.failure,
                 calls.message, calls.text, resolved, finish, calls.tokens_in,
                 calls.tokens_out, calls.confidence, attempts, calls.latency,
                 calls.waited, calls.cost, cached, usd, from_cache, to_cache, reasoning,
                 ttft, items.id
                 FROM calls JOIN trials USING (trial) JOIN items USING (item)
                 LEFT JOIN requests USING (request) LEFT JOIN lost USING (call)
                 LEFT JOIN call_parts USING (call)
                 WHERE superseded = 0 ORDER BY call",
            )
            .map_err(failed)?;
        let read = |row: &Row<'_>| Ok((row.get(23)?, call_of(row)?));
        let mut calls = Vec::new();
        for call in statement.query_map([], read).map_err(failed)? {
            calls.push(call.map_err(failed)?);
            if calls.len() >= at_once.max(1) {
                take(&calls)?;
                calls.clear();
            }
        }
        take(&calls)
    }
}
