//! All trials one after the other, in one pass over each table.

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{Row, Rows};

use crate::record::{CallRecord, Score, TrialRecord};
use crate::store::error::StoreError;
use crate::store::read::with;
use crate::store::rows::{CALL_COLUMNS, TRIAL_COLUMNS, call_of, score_of, trial_of};
use crate::store::run::Store;

/// Rows that belong to trials, in the order of the trials' numbers.
struct Beside<'r> {
    rows: Rows<'r>,
    /// Where the number of the trial stands in a row.
    column: usize,
    /// The trial of the row that the cursor stands on; `None` behind the last.
    at: Option<i64>,
}

impl<'r> Beside<'r> {
    fn new(mut rows: Rows<'r>, column: usize) -> rusqlite::Result<Self> {
        rows.advance()?;
        let at = rows.get().map(|row| row.get(column)).transpose()?;
        Ok(Self { rows, column, at })
    }

    /// Calls `each` with the rows of a trial. Those of trials before it are passed over.
    fn each(
        &mut self,
        trial: i64,
        mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        while let Some(at) = self.at.filter(|at| *at <= trial) {
            if at == trial
                && let Some(row) = self.rows.get()
            {
                each(row)?;
            }
            self.rows.advance()?;
            self.at = self.rows.get().map(|row| row.get(self.column)).transpose()?;
        }
        Ok(())
    }
}

impl Store {
    /// Calls `each` with every committed trial, in the order of their numbers, until it says
    /// no.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn each_trial(
        &self,
        mut each: impl FnMut(TrialRecord) -> bool,
    ) -> Result<(), StoreError> {
        with(|| self.stream(&mut each)).map_err(|source| self.failed(source))
    }

    fn stream(&self, each: &mut dyn FnMut(TrialRecord) -> bool) -> rusqlite::Result<()> {
        let connection = &self.connection;
        let mut trials =
            connection.prepare(&format!("SELECT {TRIAL_COLUMNS} ORDER BY trial"))?;
        let mut calls = connection.prepare(&format!(
            "SELECT {} WHERE superseded = 0 ORDER BY trial, call",
            CALL_COLUMNS.replace(" FROM calls", ", trial FROM calls")
        ))?;
        let column = calls.column_count() - 1;
        let mut calls = Beside::new(calls.query([])?, column)?;
        let metrics = (0_i64..).take(self.info.metrics.len());
        let mut scores = Vec::with_capacity(self.info.metrics.len());
        for _ in metrics.clone() {
            scores.push(connection.prepare(
                "SELECT trial, value, problem FROM scores WHERE metric = ?1 ORDER BY trial",
            )?);
        }
        let mut scores = scores
            .iter_mut()
            .zip(metrics)
            .map(|(statement, metric)| Beside::new(statement.query([metric])?, 0))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut rows = trials.query([])?;
        while let Some(row) = rows.next()? {
            let trial: i64 = row.get(0)?;
            let mut of_trial = Vec::with_capacity(scores.len());
            for cursor in &mut scores {
                let mut score = Score::Unscored;
                cursor.each(trial, |row| {
                    score = score_of(row.get(1)?, row.get(2)?);
                    Ok(())
                })?;
                of_trial.push(score);
            }
            let mut records: Vec<CallRecord> = Vec::new();
            calls.each(trial, |row| {
                records.push(call_of(row)?);
                Ok(())
            })?;
            if !each(trial_of(row, of_trial, records)?) {
                break;
            }
        }
        Ok(())
    }
}
