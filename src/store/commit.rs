//! Writing trials: once each, many at a time.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{CachedStatement, Connection, TransactionBehavior, params};

use crate::base::{CallId, Digest};
use crate::record::{
    CallRecord, Failure, FailureKind, Marks, Outcome, Place, Request, Score, TrialRecord,
    Usage,
};
use crate::store::checkpoint::GivenUp;
use crate::store::error::StoreError;
use crate::store::history::HistoryEvent;
use crate::store::info::RunInfo;
use crate::store::run::Store;

/// What is committed at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// When, by the user's clock.
    pub at: String,
    /// Trials that failed and are not recorded as failed.
    pub given_up: Vec<GivenUp>,
    /// Calls that ended, of trials that are under way: those of trials that are run again
    /// belong to the run after the failure in `given_up`.
    pub calls: BTreeMap<Place, Vec<CallRecord>>,
    /// Trials that ended.
    pub trials: Vec<TrialRecord>,
    /// What happened to the run.
    pub events: Vec<HistoryEvent>,
    /// Dollars that were spent, or are held back for requests under way, and that no
    /// recorded call accounts for; `None` leaves what was said before.
    pub unsettled_usd: Option<f64>,
}

impl Batch {
    /// Says whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trials.is_empty()
            && self.given_up.is_empty()
            && self.calls.is_empty()
            && self.events.is_empty()
            && self.unsettled_usd.is_none()
    }
}

impl Store {
    /// Commits trials in one transaction; returns how many were new.
    ///
    /// A trial that is committed already stays as it is, unless it had failed: then the new
    /// record takes its place, and its old calls are kept as superseded, since they were
    /// paid for. When this returns, the trials are on the disk.
    ///
    /// # Errors
    ///
    /// When the database cannot be written; then none of the trials is committed.
    pub fn commit(&mut self, records: &[TrialRecord]) -> Result<u64, StoreError> {
        self.write(records, false, &Batch::default())
    }

    /// Commits trials, calls, events and what is not settled in one transaction, as
    /// [`Store::commit`] does; returns how many trials were new.
    ///
    /// # Errors
    ///
    /// As [`Store::commit`].
    pub fn commit_batch(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        self.write(&batch.trials, false, batch)
    }

    /// Commits trials of an earlier run, as [`Store::commit`] does; their calls are marked
    /// as paid for there.
    ///
    /// # Errors
    ///
    /// As [`Store::commit`].
    pub fn commit_taken(&mut self, records: &[TrialRecord]) -> Result<u64, StoreError> {
        self.write(records, true, &Batch::default())
    }

    fn write(
        &mut self,
        records: &[TrialRecord],
        taken: bool,
        beside: &Batch,
    ) -> Result<u64, StoreError> {
        let path = &self.path;
        let failed = |source| StoreError::database(path, source);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let mut written = 0;
        {
            let mut writer =
                Writer::new(&transaction, &self.info, &mut self.loose).map_err(failed)?;
            (writer.taken, writer.at) = (taken, &beside.at);
            for given_up in &beside.given_up {
                writer.give_up(given_up).map_err(failed)?;
            }
            for (place, calls) in &beside.calls {
                writer.checkpoint(*place, calls).map_err(failed)?;
            }
            // In the order of their numbers, so that neighbours share a page of the file.
            let mut order: Vec<(i64, &TrialRecord)> = records
                .iter()
                .map(|record| (self.info.number(record.place()), record))
                .collect();
            order.sort_unstable_by_key(|(number, _)| *number);
            for (_, record) in order {
                written += u64::from(writer.write(record).map_err(failed)?);
            }
        }
        for event in &beside.events {
            event.write(&transaction).map_err(failed)?;
        }
        if let Some(dollars) = beside.unsettled_usd {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO meta VALUES ('unsettled_usd', ?1)",
                )
                .and_then(|mut statement| statement.execute([dollars.to_string()]))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        if let Some(kept) = &self.kept {
            let is_new = |call: &&CallRecord| !call.cached && call.result.is_ok();
            let mut answered: Vec<&CallRecord> = records
                .iter()
                .flat_map(|record| &record.calls)
                .filter(|call| is_new(call) && kept.models.contains(&call.model))
                .collect();
            // Neighbours in the index of ids are written one after the other.
            answered.sort_unstable_by_key(|call| call.id);
            kept.cache.keep(&answered)?;
        }
        Ok(written)
    }
}

/// The prepared statements of one transaction.
pub(super) struct Writer<'a> {
    pub(super) connection: &'a Connection,
    pub(super) info: &'a RunInfo,
    /// The trials that have checkpoints.
    pub(super) loose: &'a mut BTreeSet<i64>,
    taken: bool,
    /// When it is written, by the user's clock.
    pub(super) at: &'a str,
    trial: CachedStatement<'a>,
    score: CachedStatement<'a>,
    request: CachedStatement<'a>,
    call: CachedStatement<'a>,
}

impl<'a> Writer<'a> {
    fn new(
        connection: &'a Connection,
        info: &'a RunInfo,
        loose: &'a mut BTreeSet<i64>,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            info,
            loose,
            taken: false,
            at: "",
            trial: connection.prepare_cached(
                "INSERT OR IGNORE INTO trials VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                 ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            )?,
            score: connection.prepare_cached(
                "INSERT OR REPLACE INTO scores VALUES (?1, ?2, ?3, ?4)",
            )?,
            request: connection
                .prepare_cached("INSERT OR IGNORE INTO requests VALUES (?1, ?2, ?3)")?,
            call: connection.prepare_cached(
                "INSERT INTO calls (trial, id, place, model, request, failure, message,
                 text, resolved, finish, tokens_in, tokens_out, confidence, attempts,
                 latency, waited, cost, cached, taken, superseded) VALUES (?1, ?2, ?3, ?4,
                 ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
            )?,
        })
    }

    /// Writes one trial; says whether it was new or took the place of a failed one.
    fn write(&mut self, record: &TrialRecord) -> rusqlite::Result<bool> {
        let trial = self.info.number(record.place());
        if self.write_trial(trial, record)? == 0 {
            if !self.replaces(trial)? {
                return Ok(false);
            }
            self.write_trial(trial, record)?;
        }
        self.write_marks(trial, record)?;
        self.write_parts(trial, &record.usage)?;
        for (metric, score) in (0_i64..).zip(&record.scores) {
            let (value, problem) = match score {
                Score::Value(value) if value.is_finite() => (Some(*value), None),
                Score::Value(value) => (None, Some(format!("the score is {value}"))),
                Score::Unscored => (None, None),
                Score::Failed(message) => (None, Some(message.clone())),
            };
            self.score.execute(params![metric, trial, value, problem])?;
        }
        let written = self.settled(trial, &record.calls)?;
        for call in record.calls.iter().filter(|call| !written.contains(&call.id)) {
            self.write_call(trial, call, false)?;
        }
        Ok(true)
    }

    fn write_trial(
        &mut self,
        trial: i64,
        record: &TrialRecord,
    ) -> rusqlite::Result<usize> {
        let (output, failure) = match &record.outcome {
            Outcome::Done(output) => (Some(output), None),
            Outcome::Failed(failure) => (None, Some(failure)),
        };
        let usage = &record.usage;
        self.trial.execute(params![
            trial,
            record.id.as_bytes(),
            record.condition,
            record.item,
            record.repeat,
            failure.map(kind_word),
            failure.map(|failure| &failure.message),
            output.map(|output| &output.text),
            output.and_then(|output| output.confidence),
            output.and_then(|output| json_list(&output.votes)),
            output.and_then(|output| json_list(&output.trace)),
            usage.requests,
            usage.tokens_in.map(whole),
            usage.tokens_out.map(whole),
            usage.cost,
            usage.latency,
            usage.waited,
        ])
    }

    /// Writes the numbers of votes and hedges, where there are any.
    fn write_marks(&mut self, trial: i64, record: &TrialRecord) -> rusqlite::Result<()> {
        let marks = match &record.outcome {
            Outcome::Done(output) => output.marks,
            Outcome::Failed(_) => Marks::default(),
        };
        let Usage { hedged, wasted_cost, .. } = record.usage;
        if marks == Marks::default() && hedged == 0 && wasted_cost == Some(0.0) {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO marks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                trial,
                marks.consensus,
                marks.margin,
                marks.members_called,
                marks.won_by,
                marks.hedged_after,
                hedged,
                wasted_cost,
            ])?;
        Ok(())
    }

    /// Writes what was counted apart and when the first token came, where there is any of it.
    fn write_parts(&mut self, trial: i64, usage: &Usage) -> rusqlite::Result<()> {
        let Usage { tokens_cached, tokens_reasoning, ttft, .. } = *usage;
        if tokens_cached == 0 && tokens_reasoning == 0 && ttft.is_none() {
            return Ok(());
        }
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO trial_parts VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                trial,
                whole(tokens_cached),
                whole(tokens_reasoning),
                ttft
            ])?;
        Ok(())
    }

    pub(super) fn write_call(
        &mut self,
        trial: i64,
        call: &CallRecord,
        superseded: bool,
    ) -> rusqlite::Result<()> {
        let digest =
            Request::digest(call.system.as_deref(), &call.messages, &Digest::default());
        // The same item's requests stand together, so the key begins with its rank.
        let place = self.info.place(trial);
        let rank = u32::try_from(self.info.rank(place.item)).unwrap_or(u32::MAX);
        let mut request = *CallId::from_digest(&digest).as_bytes();
        for (byte, of_rank) in request.iter_mut().zip(rank.to_be_bytes()) {
            *byte = of_rank;
        }
        let messages = serde_json::to_string(&call.messages).unwrap_or_default();
        self.request.execute(params![request, call.system, messages])?;
        let (answer, failure) = match &call.result {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        self.call.execute(params![
            trial,
            call.id.as_bytes(),
            call.place,
            call.model,
            request,
            failure.map(kind_word),
            failure.map(|failure| &failure.message),
            answer.map(|answer| &answer.text),
            answer.and_then(|answer| answer.model.as_deref()),
            answer.and_then(|answer| answer.finish.as_deref()),
            answer.and_then(|answer| answer.tokens_in).map(whole),
            answer.and_then(|answer| answer.tokens_out).map(whole),
            answer.and_then(|answer| answer.confidence),
            call.attempts,
            call.latency,
            call.waited,
            call.cost,
            call.cached,
            self.taken,
            superseded,
        ])?;
        let row = self.connection.last_insert_rowid();
        if call.presumed > 0.0 {
            self.connection
                .prepare_cached("INSERT INTO lost VALUES (?1, ?2)")?
                .execute(params![row, call.presumed])?;
        }
        let parts = answer.map(|answer| answer.parts).unwrap_or_default();
        if !parts.is_nothing() || call.ttft.is_some() {
            self.connection
                .prepare_cached("INSERT INTO call_parts VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    row,
                    whole(parts.cached),
                    whole(parts.written),
                    whole(parts.reasoning),
                    call.ttft,
                ])?;
        }
        Ok(())
    }
}

/// Returns a failure's kind as it is written: `rate_limited`.
pub(super) fn kind_word(failure: &Failure) -> String {
    match serde_json::to_value(failure.kind) {
        Ok(serde_json::Value::String(word)) => word,
        _ => failure.kind.words().to_owned(),
    }
}

/// Reads what [`kind_word`] wrote.
pub(super) fn kind_of(word: &str) -> Option<FailureKind> {
    serde_json::from_value(word.into()).ok()
}

/// Returns a list as JSON; `None` for an empty one, which takes no space.
fn json_list<T: serde::Serialize>(list: &[T]) -> Option<String> {
    if list.is_empty() { None } else { serde_json::to_string(list).ok() }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
