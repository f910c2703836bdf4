//! Reading the calls of a run, one after the other.

use rusqlite::Row;

use crate::record::CallRecord;
use crate::store::error::StoreError;
use crate::store::rows::call_of;
use crate::store::run::Store;

impl Store {
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
