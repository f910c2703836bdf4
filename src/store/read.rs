//! Reading trials back, one by one, counted and summed.

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use crate::base::TrialId;
use crate::record::{CallRecord, Failure, FailureKind, Item, Place, Score, TrialRecord};
use crate::store::batches;
use crate::store::commit::kind_of;
use crate::store::error::StoreError;
use crate::store::rows::{
    CALL_COLUMNS, TRIAL_COLUMNS, call_of, natural, parsed, rounded, score_of, strange,
    trial_of,
};
use crate::store::run::Store;

/// A trial that is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Where it stands.
    pub place: Place,
    /// Its id.
    pub id: TrialId,
    /// Whether it failed.
    pub failed: bool,
    /// Whether a hook of the file skipped it, or let its failure go.
    pub skipped: bool,
}

/// How many trials of a condition failed in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FailureCount {
    /// Index of the condition.
    pub condition: u32,
    /// The kind of failure.
    pub kind: FailureKind,
    /// How many trials.
    pub trials: u64,
}

/// How far a condition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConditionCounts {
    /// Index of the condition.
    pub condition: u32,
    /// Trials committed, failed ones included.
    pub committed: u64,
    /// Of those, how many failed.
    pub failed: u64,
}

/// Scores of one metric that are not numbers, under one condition; the scores of failed
/// trials are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MetricCounts {
    /// Index of the metric.
    pub metric: u32,
    /// Index of the condition.
    pub condition: u32,
    /// Trials of which it says nothing.
    pub unscored: u64,
    /// Trials on which it failed.
    pub failed: u64,
}

/// What a run holds, summed up. Calls of trials that were tried again are in it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Totals {
    /// Trials committed, failed ones included.
    pub committed: u64,
    /// Of those, how many failed.
    pub failed: u64,
    /// Calls made, those of trials that were taken over included.
    pub calls: u64,
    /// Calls answered from the cache.
    pub cached: u64,
    /// Requests that left the program, retries included.
    pub attempts: u64,
    /// Dollars of the calls whose cost is known.
    pub cost_usd: f64,
    /// Of those dollars, what an earlier run paid whose trials were taken over.
    pub taken_usd: f64,
    /// Calls whose cost is not known.
    pub cost_unknown: u64,
    /// Tokens sent, as far as they are known.
    pub tokens_in: u64,
    /// Tokens received, as far as they are known.
    pub tokens_out: u64,
}

/// What a run has spent, in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spent {
    /// What the calls recorded here cost, and at most may have cost where no answer came.
    /// What an earlier run paid whose trials were taken over is not in it.
    pub recorded: f64,
    /// What was spent beside them, at most: calls of trials that were dropped, and requests
    /// that were under way when the program was killed.
    pub unsettled: f64,
}

impl Spent {
    /// Returns both together.
    #[must_use]
    pub fn total(self) -> f64 {
        self.recorded + self.unsettled
    }
}

impl Store {
    /// Calls `each` with every committed trial, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn committed(&self, mut each: impl FnMut(Committed)) -> Result<(), StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT condition, item, repeat, id, failure IS NOT NULL,
                 IFNULL(failure = 'skipped', 0) FROM trials ORDER BY trial",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let place = Place {
                    condition: row.get(0)?,
                    item: row.get(1)?,
                    repeat: row.get(2)?,
                };
                let id = TrialId::from_bytes(row.get(3)?);
                let (failed, skipped) = (row.get(4)?, row.get(5)?);
                each(Committed { place, id, failed, skipped });
            }
            Ok(())
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns a trial as it was committed.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn trial(&self, place: Place) -> Result<Option<TrialRecord>, StoreError> {
        let trial = self.info.number(place);
        let sql = format!("SELECT {TRIAL_COLUMNS} WHERE trial = ?1");
        Ok(self.trials_of(&sql, params![trial])?.pop())
    }

    /// Returns up to `limit` trials of a condition that failed in one way.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn failed_trials(
        &self,
        condition: u32,
        kind: FailureKind,
        limit: u32,
    ) -> Result<Vec<TrialRecord>, StoreError> {
        let word = Failure::new(kind, "");
        let sql = format!(
            "SELECT {TRIAL_COLUMNS}
             WHERE condition = ?1 AND failure = ?2 ORDER BY trial LIMIT ?3"
        );
        self.trials_of(&sql, params![condition, super::commit::kind_word(&word), limit])
    }

    fn trials_of(
        &self,
        sql: &str,
        parameters: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<TrialRecord>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(parameters)?;
            let mut records = Vec::new();
            while let Some(row) = rows.next()? {
                let trial: i64 = row.get(0)?;
                let scores = self.scores(trial)?;
                let calls = self.calls(trial)?;
                records.push(trial_of(row, scores, calls)?);
            }
            Ok(records)
        };
        with(read).map_err(|source| self.failed(source))
    }

    pub(super) fn scores(&self, trial: i64) -> rusqlite::Result<Vec<Score>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT value, problem FROM scores WHERE metric = ?1 AND trial = ?2",
        )?;
        let mut scores = Vec::new();
        for (metric, _) in (0_i64..).zip(&self.info.metrics) {
            let mut rows = statement.query([metric, trial])?;
            let score = match rows.next()? {
                Some(row) => score_of(row.get(0)?, row.get(1)?),
                None => Score::Unscored,
            };
            scores.push(score);
        }
        Ok(scores)
    }

    pub(super) fn calls(&self, trial: i64) -> rusqlite::Result<Vec<CallRecord>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {CALL_COLUMNS} WHERE trial = ?1 AND superseded = 0 ORDER BY call"
        ))?;
        statement.query_map([trial], call_of)?.collect()
    }

    /// Returns how far each condition is, in file order.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn counts(&self) -> Result<Vec<ConditionCounts>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT COUNT(*), COUNT(failure) FROM trials
                 WHERE trial BETWEEN ?1 AND ?2",
            )?;
            (0_u32..)
                .zip(&self.info.conditions)
                .map(|(condition, _)| {
                    let (first, last) = self.info.range(condition);
                    statement.query_row([first, last], |row| {
                        let (committed, failed) = (natural(row, 0)?, natural(row, 1)?);
                        Ok(ConditionCounts { condition, committed, failed })
                    })
                })
                .collect()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns the failed trials by condition and kind, in file order.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn failures(&self) -> Result<Vec<FailureCount>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT condition, failure, COUNT(*) FROM trials
                 WHERE failure IS NOT NULL GROUP BY condition, failure
                 ORDER BY condition, failure",
            )?;
            let counts = statement.query_map([], |row| {
                let word: String = row.get(1)?;
                let kind = kind_of(&word).ok_or_else(|| strange(1, &word))?;
                Ok(FailureCount {
                    condition: row.get(0)?,
                    kind,
                    trials: natural(row, 2)?,
                })
            })?;
            counts.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns, by metric and condition, how many done trials have no number.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn scoreless(&self) -> Result<Vec<MetricCounts>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT metric, condition, SUM(problem IS NULL), COUNT(problem)
                 FROM scores JOIN trials USING (trial)
                 WHERE value IS NULL AND failure IS NULL
                 GROUP BY metric, condition ORDER BY metric, condition",
            )?;
            let counts = statement.query_map([], |row| {
                Ok(MetricCounts {
                    metric: row.get(0)?,
                    condition: row.get(1)?,
                    unscored: natural(row, 2)?,
                    failed: natural(row, 3)?,
                })
            })?;
            counts.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns up to `limit` different reasons for which a metric failed, with how often.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn score_problems(
        &self,
        metric: u32,
        limit: u32,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT problem, COUNT(*) AS n FROM scores JOIN trials USING (trial)
                 WHERE metric = ?1 AND value IS NULL AND problem IS NOT NULL
                 AND failure IS NULL GROUP BY problem ORDER BY n DESC, problem LIMIT ?2",
            )?;
            let problems = statement
                .query_map([metric, limit], |row| Ok((row.get(0)?, natural(row, 1)?)))?;
            problems.collect()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns what the run holds, summed up.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        let read = || {
            let trials = |row: &Row<'_>| Ok((natural(row, 0)?, natural(row, 1)?));
            let (committed, failed) = self.connection.query_row(
                "SELECT COUNT(*), (SELECT COUNT(*) FROM trials
                 WHERE failure IS NOT NULL) FROM trials",
                [],
                trials,
            )?;
            self.connection.query_row(
                "SELECT COUNT(*), TOTAL(cached), TOTAL(attempts), TOTAL(cost),
                 COUNT(*) - COUNT(cost), TOTAL(tokens_in), TOTAL(tokens_out),
                 TOTAL(CASE WHEN taken THEN cost END) FROM calls",
                [],
                |row| {
                    Ok(Totals {
                        committed,
                        failed,
                        calls: natural(row, 0)?,
                        cached: rounded(row, 1)?,
                        attempts: rounded(row, 2)?,
                        cost_usd: row.get(3)?,
                        taken_usd: row.get(7)?,
                        cost_unknown: natural(row, 4)?,
                        tokens_in: rounded(row, 5)?,
                        tokens_out: rounded(row, 6)?,
                    })
                },
            )
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns what the run has spent: what counts towards its budget.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn spent(&self) -> Result<Spent, StoreError> {
        let read = || {
            let recorded = self.connection.query_row(
                "SELECT (SELECT TOTAL(cost) FROM calls WHERE NOT taken) +
                 (SELECT TOTAL(usd) FROM lost JOIN calls USING (call) WHERE NOT taken)",
                [],
                |row| row.get(0),
            )?;
            let unsettled: Option<String> = self
                .connection
                .query_row(
                    "SELECT value FROM meta WHERE key = 'unsettled_usd'",
                    [],
                    |row| row.get(0),
                )
                .optional()?;
            let unsettled: Option<f64> = unsettled.and_then(|text| text.parse().ok());
            // A batch is written down before it is sent; what is not settled, a moment later.
            let batches = batches::reserved(&self.connection)?;
            Ok(Spent { recorded, unsettled: unsettled.unwrap_or(0.0).max(batches) })
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Calls `each` with every item, in order, one at a time.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn each_item(&self, mut each: impl FnMut(Item)) -> Result<(), StoreError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT item, id, input, target, columns FROM items ORDER BY item",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let text = |index| row.get::<_, String>(index);
                let target = parsed(3, &text(3)?)?;
                let columns = parsed(4, &text(4)?)?;
                each(Item::new(row.get(0)?, text(1)?, text(2)?, target, columns));
            }
            Ok(())
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Returns the id of an item by its index.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn item_id(&self, item: u32) -> Result<Option<String>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached("SELECT id FROM items WHERE item = ?1")?
                .query_row([item], |row| row.get(0))
                .optional()
        };
        with(read).map_err(|source| self.failed(source))
    }
}

/// Runs a reading; it gives the errors of its closure one type.
pub(super) fn with<T>(read: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    read()
}
