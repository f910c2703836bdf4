//! Many trials, whole, in one pass: rows of several tables read side by side.

use std::ops::{ControlFlow, Range};

use rusqlite::{OptionalExtension, Row, Rows};

use crate::record::{CallRecord, Score, TrialRecord};
use crate::store::error::StoreError;
use crate::store::read::with;
use crate::store::rows::{CALL_COLUMNS, TRIAL_COLUMNS, call_of, score_of, trial_of};
use crate::store::run::Store;

/// What an item asks, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemText {
    /// Its index.
    pub index: u32,
    /// Its id.
    pub id: String,
    /// What is asked.
    pub input: String,
    /// What a right answer is, as JSON.
    pub target: String,
}

/// Rows in the order of their trials, with the next one in sight.
struct Ahead<'s, T> {
    rows: Rows<'s>,
    read: fn(&Row<'_>) -> rusqlite::Result<(i64, T)>,
    next: Option<(i64, T)>,
}

impl<'s, T> Ahead<'s, T> {
    fn new(
        rows: Rows<'s>,
        read: fn(&Row<'_>) -> rusqlite::Result<(i64, T)>,
    ) -> rusqlite::Result<Self> {
        let mut ahead = Self { rows, read, next: None };
        ahead.step()?;
        Ok(ahead)
    }

    fn step(&mut self) -> rusqlite::Result<()> {
        self.next = self.rows.next()?.map(self.read).transpose()?;
        Ok(())
    }

    /// Takes the next row of a trial; rows of trials before it are passed over.
    fn take(&mut self, trial: i64) -> rusqlite::Result<Option<T>> {
        while self.next.as_ref().is_some_and(|(of, _)| *of < trial) {
            self.step()?;
        }
        if self.next.as_ref().is_none_or(|(of, _)| *of > trial) {
            return Ok(None);
        }
        let taken = self.next.take().map(|(_, row)| row);
        self.step()?;
        Ok(taken)
    }
}

impl Store {
    /// Calls `each` with every trial as it was committed, in the order of their numbers, until
    /// it breaks off.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn each_trial(
        &self,
        mut each: impl FnMut(TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        with(|| self.stream(0, i64::MAX, &mut each).map(|_| ()))
            .map_err(|source| self.failed(source))
    }

    /// Calls `each` with the trials of some items under every condition; the items by their
    /// rank in the order in which trials are numbered, from 0.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn trials_of_ranks(
        &self,
        ranks: Range<u32>,
        mut each: impl FnMut(TrialRecord),
    ) -> Result<(), StoreError> {
        let repeats = i64::from(self.info.repeats);
        let mut take = |trial| {
            each(trial);
            ControlFlow::Continue(())
        };
        let read = || {
            for (condition, _) in (0_u32..).zip(&self.info.conditions) {
                let (first, _) = self.info.range(condition);
                let begin = first + i64::from(ranks.start) * repeats;
                let end = first + i64::from(ranks.end) * repeats - 1;
                // It never breaks off.
                let _: ControlFlow<()> = self.stream(begin, end, &mut take)?;
            }
            Ok(())
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns what an item asks, without its other columns.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn item_text(&self, item: u32) -> Result<Option<ItemText>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached("SELECT id, input, target FROM items WHERE item = ?1")?
                .query_row([item], |row| {
                    Ok(ItemText {
                        index: item,
                        id: row.get(0)?,
                        input: row.get(1)?,
                        target: row.get(2)?,
                    })
                })
                .optional()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns the item whose trials have a rank.
    #[must_use]
    pub fn item_of_rank(&self, rank: u32) -> u32 {
        self.info.place(i64::from(rank) * i64::from(self.info.repeats)).item
    }

    fn stream(
        &self,
        first: i64,
        last: i64,
        each: &mut dyn FnMut(TrialRecord) -> ControlFlow<()>,
    ) -> rusqlite::Result<ControlFlow<()>> {
        let score = "SELECT trial, value, problem FROM scores
             WHERE metric = ?1 AND trial BETWEEN ?2 AND ?3 ORDER BY trial";
        let mut statements = Vec::new();
        for _ in &self.info.metrics {
            statements.push(self.connection.prepare_cached(score)?);
        }
        let mut scores = Vec::new();
        for (metric, statement) in (0_i64..).zip(&mut statements) {
            let rows = statement.query([metric, first, last])?;
            scores.push(Ahead::new(rows, |row| {
                Ok((row.get(0)?, score_of(row.get(1)?, row.get(2)?)))
            })?);
        }
        let mut calls = self.connection.prepare_cached(&format!(
            "SELECT {}, trial FROM {} WHERE trial BETWEEN ?1 AND ?2 AND superseded = 0
             ORDER BY trial, call",
            CALL_COLUMNS.split(" FROM ").next().unwrap_or_default(),
            CALL_COLUMNS.split(" FROM ").nth(1).unwrap_or_default(),
        ))?;
        let mut calls: Ahead<'_, CallRecord> =
            Ahead::new(calls.query([first, last])?, |row| {
                // The number of its trial stands behind the call's own columns.
                let last = row.as_ref().column_count() - 1;
                Ok((row.get(last)?, call_of(row)?))
            })?;
        let mut trials = self.connection.prepare_cached(&format!(
            "SELECT {TRIAL_COLUMNS} WHERE trial BETWEEN ?1 AND ?2 ORDER BY trial"
        ))?;
        let mut rows = trials.query([first, last])?;
        while let Some(row) = rows.next()? {
            let trial: i64 = row.get(0)?;
            let mut own = Vec::new();
            for metric in &mut scores {
                own.push(metric.take(trial)?.unwrap_or(Score::Unscored));
            }
            let mut made = Vec::new();
            while let Some(call) = calls.take(trial)? {
                made.push(call);
            }
            if each(trial_of(row, own, made)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
