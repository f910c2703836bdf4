//! Calls without a trial: what a trial under way has been answered, and what a failure
//! leaves behind when its trial is run again.
//!
//! A call that is not superseded and whose trial has no row is a checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::json;

use crate::base::CallId;
use crate::record::{CallRecord, Failure, FailureKind, Place};
use crate::store::commit::{Writer, kind_of, kind_word};
use crate::store::error::StoreError;
use crate::store::history::HistoryEvent;
use crate::store::read::with;
use crate::store::rows::{CALL_COLUMNS, call_of, natural};
use crate::store::run::Store;

/// The event that says that a failed trial was run again.
const RETRIED: &str = "retried";

/// A trial that failed and is not recorded as failed.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenUp {
    /// Where the trial stands.
    pub place: Place,
    /// Its failure.
    pub failure: Failure,
    /// Its calls: they were paid for, and are kept as superseded.
    pub calls: Vec<CallRecord>,
    /// Whether the trial is run again in the same session; else it is left to the next.
    pub again: bool,
}

/// A failure that another run of its trial took the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierFailure {
    /// When the trial was begun again or recorded anew, by the user's clock.
    pub at: String,
    /// What it was.
    pub failure: Failure,
}

impl Writer<'_> {
    /// Writes calls of a trial that is still under way.
    pub(super) fn checkpoint(
        &mut self,
        place: Place,
        calls: &[CallRecord],
    ) -> rusqlite::Result<()> {
        let trial = self.info.number(place);
        if self.loose.insert(trial) {
            // The trial may have failed before and be under way again.
            self.replaces(trial)?;
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO meta VALUES ('checkpoints', '1')")?
                .execute([])?;
        }
        calls.iter().try_for_each(|call| self.write_call(trial, call, false))
    }

    /// Writes down what a failure leaves behind whose trial is run again.
    pub(super) fn give_up(&mut self, given_up: &GivenUp) -> rusqlite::Result<()> {
        let trial = self.info.number(given_up.place);
        self.replaces(trial)?;
        let written =
            if self.loose.remove(&trial) { self.ids(trial)? } else { BTreeSet::new() };
        self.supersede(trial)?;
        for call in given_up.calls.iter().filter(|call| !written.contains(&call.id)) {
            self.write_call(trial, call, true)?;
        }
        let kind = if given_up.again { RETRIED } else { "aborted" };
        self.note(kind, trial, given_up.place, &given_up.failure)
    }

    /// Takes away a failed trial to make room for its next run; says whether there was one.
    /// Its failure stays as an event, its calls as superseded ones.
    pub(super) fn replaces(&mut self, trial: i64) -> rusqlite::Result<bool> {
        let old = self
            .connection
            .prepare_cached(
                "SELECT condition, item, repeat, failure, message FROM trials
                 WHERE trial = ?1 AND failure IS NOT NULL",
            )?
            .query_row([trial], |row| {
                let place = Place {
                    condition: row.get(0)?,
                    item: row.get(1)?,
                    repeat: row.get(2)?,
                };
                let word: String = row.get(3)?;
                let message: Option<String> = row.get(4)?;
                let kind = kind_of(&word).unwrap_or(FailureKind::Cancelled);
                Ok((place, Failure::new(kind, message.unwrap_or_default())))
            })
            .optional()?;
        let Some((place, failure)) = old else { return Ok(false) };
        self.connection
            .prepare_cached("DELETE FROM trials WHERE trial = ?1")?
            .execute([trial])?;
        self.connection
            .prepare_cached("DELETE FROM marks WHERE trial = ?1")?
            .execute([trial])?;
        self.connection
            .prepare_cached("DELETE FROM trial_parts WHERE trial = ?1")?
            .execute([trial])?;
        for (metric, _) in (0_i64..).zip(&self.info.metrics) {
            self.connection
                .prepare_cached("DELETE FROM scores WHERE metric = ?1 AND trial = ?2")?
                .execute([metric, trial])?;
        }
        self.supersede(trial)?;
        self.note(RETRIED, trial, place, &failure)?;
        Ok(true)
    }

    /// Returns which of a trial's calls are written already; those that it did not come
    /// back to are superseded.
    pub(super) fn settled(
        &mut self,
        trial: i64,
        calls: &[CallRecord],
    ) -> rusqlite::Result<BTreeSet<CallId>> {
        if !self.loose.remove(&trial) {
            return Ok(BTreeSet::new());
        }
        let written = self.ids(trial)?;
        let made: BTreeSet<CallId> = calls.iter().map(|call| call.id).collect();
        for stray in written.difference(&made) {
            self.connection
                .prepare_cached(
                    "UPDATE calls SET superseded = 1 WHERE trial = ?1 AND id = ?2",
                )?
                .execute(params![trial, stray.as_bytes()])?;
        }
        Ok(written)
    }

    fn ids(&self, trial: i64) -> rusqlite::Result<BTreeSet<CallId>> {
        self.connection
            .prepare_cached("SELECT id FROM calls WHERE trial = ?1 AND superseded = 0")?
            .query_map([trial], |row| Ok(CallId::from_bytes(row.get(0)?)))?
            .collect()
    }

    fn supersede(&self, trial: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE calls SET superseded = 1 WHERE trial = ?1")?
            .execute([trial])
            .map(|_| ())
    }

    fn note(
        &self,
        kind: &str,
        trial: i64,
        place: Place,
        failure: &Failure,
    ) -> rusqlite::Result<()> {
        let condition = self.info.conditions.get(place.condition as usize);
        let event = HistoryEvent {
            at: self.at.to_owned(),
            kind: kind.to_owned(),
            detail: json!({
                "trial": trial,
                "condition": condition,
                "item": place.item,
                "repeat": place.repeat,
                "kind": kind_word(failure),
                "message": failure.message,
            }),
        };
        event.write(self.connection)
    }
}

/// Returns the numbers of the trials that have checkpoints.
pub(super) fn loose(connection: &Connection) -> rusqlite::Result<BTreeSet<i64>> {
    let any = connection
        .query_row("SELECT 1 FROM meta WHERE key = 'checkpoints'", [], |_| Ok(()))
        .optional()?;
    if any.is_none() {
        return Ok(BTreeSet::new());
    }
    connection
        .prepare(
            "SELECT DISTINCT trial FROM calls
             WHERE superseded = 0 AND trial NOT IN (SELECT trial FROM trials)",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

impl Store {
    /// Returns the answers that trials got which are not committed, by trial and in the
    /// order in which they came.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn checkpoints(&self) -> Result<BTreeMap<Place, Vec<CallRecord>>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT {CALL_COLUMNS} WHERE trial = ?1 AND superseded = 0 ORDER BY call"
            ))?;
            let mut checkpoints = BTreeMap::new();
            for &trial in &self.loose {
                let calls = statement
                    .query_map([trial], call_of)?
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                checkpoints.insert(self.info.place(trial), calls);
            }
            Ok(checkpoints)
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns how many trials were run again after a failure.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn retried(&self) -> Result<u64, StoreError> {
        let read = || {
            self.connection.query_row(
                "SELECT COUNT(DISTINCT detail ->> 'trial') FROM events WHERE kind = ?1",
                [RETRIED],
                |row| natural(row, 0),
            )
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns the failures of a trial that a later run of it took the place of, oldest
    /// first.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn earlier_failures(
        &self,
        place: Place,
    ) -> Result<Vec<EarlierFailure>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT at, detail ->> 'kind', detail ->> 'message' FROM events
                 WHERE kind = ?1 AND detail ->> 'trial' = ?2 ORDER BY event",
            )?;
            let failures = statement.query_map(
                params![RETRIED, self.info.number(place)],
                |row| {
                    let word: String = row.get(1)?;
                    let kind = kind_of(&word).unwrap_or(FailureKind::Cancelled);
                    let failure = Failure::new(kind, row.get::<_, String>(2)?);
                    Ok(EarlierFailure { at: row.get(0)?, failure })
                },
            )?;
            failures.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }
}
