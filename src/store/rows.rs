//! How rows of a run's database are read.

use rusqlite::Row;

use crate::base::{CallId, TrialId};
use crate::record::{
    Answer, CallRecord, Failure, Marks, Outcome, Output, Score, TokenParts, TrialRecord,
    Usage,
};
use crate::store::commit::kind_of;

pub(super) const TRIAL_COLUMNS: &str =
    "trial, id, condition, item, repeat, failure, message, text,
    confidence, votes, trace, requests, tokens_in, tokens_out, cost, latency, waited,
    consensus, margin, members, won_by, hedged_after, hedged, wasted, from_cache,
    reasoning, ttft
    FROM trials LEFT JOIN marks USING (trial) LEFT JOIN trial_parts USING (trial)";

pub(super) const CALL_COLUMNS: &str = "id, place, model, system, messages, failure,
    message, text, resolved, finish, tokens_in, tokens_out, confidence, attempts, latency,
    waited, cost, cached, usd, from_cache, to_cache, reasoning, ttft
    FROM calls LEFT JOIN requests USING (request)
    LEFT JOIN lost USING (call) LEFT JOIN call_parts USING (call)";

pub(super) fn trial_of(
    row: &Row<'_>,
    scores: Vec<Score>,
    calls: Vec<CallRecord>,
) -> rusqlite::Result<TrialRecord> {
    let hedged: Option<u32> = row.get(22)?;
    let usage = Usage {
        requests: row.get(11)?,
        tokens_in: some_natural(row, 12)?,
        tokens_out: some_natural(row, 13)?,
        tokens_cached: some_natural(row, 24)?.unwrap_or(0),
        tokens_reasoning: some_natural(row, 25)?.unwrap_or(0),
        cost: row.get(14)?,
        latency: row.get(15)?,
        ttft: row.get(26)?,
        waited: row.get(16)?,
        hedged: hedged.unwrap_or(0),
        // A trial without a row of marks wasted nothing.
        wasted_cost: if hedged.is_some() { row.get(23)? } else { Some(0.0) },
    };
    let failure: Option<String> = row.get(5)?;
    let outcome = match failure {
        Some(word) => {
            let kind = kind_of(&word).ok_or_else(|| strange(5, &word))?;
            let message: Option<String> = row.get(6)?;
            Outcome::Failed(Failure::new(kind, message.unwrap_or_default()))
        }
        None => Outcome::Done(Output {
            text: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
            confidence: row.get(8)?,
            votes: list_of(row, 9)?,
            usage,
            trace: list_of(row, 10)?,
            marks: Marks {
                consensus: row.get(17)?,
                margin: row.get(18)?,
                members_called: row.get(19)?,
                won_by: row.get(20)?,
                hedged_after: row.get(21)?,
            },
        }),
    };
    Ok(TrialRecord {
        id: TrialId::from_bytes(row.get(1)?),
        condition: row.get(2)?,
        item: row.get(3)?,
        repeat: row.get(4)?,
        outcome,
        usage,
        scores,
        calls,
    })
}

pub(super) fn call_of(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    let failure: Option<String> = row.get(5)?;
    let result = match failure {
        Some(word) => {
            let kind = kind_of(&word).ok_or_else(|| strange(5, &word))?;
            let message: Option<String> = row.get(6)?;
            Err(Failure::new(kind, message.unwrap_or_default()))
        }
        None => Ok(Answer {
            text: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
            model: row.get(8)?,
            finish: row.get(9)?,
            tokens_in: some_natural(row, 10)?,
            tokens_out: some_natural(row, 11)?,
            parts: TokenParts {
                cached: some_natural(row, 19)?.unwrap_or(0),
                written: some_natural(row, 20)?.unwrap_or(0),
                reasoning: some_natural(row, 21)?.unwrap_or(0),
            },
            confidence: row.get(12)?,
        }),
    };
    Ok(CallRecord {
        id: CallId::from_bytes(row.get(0)?),
        place: row.get(1)?,
        model: row.get(2)?,
        system: row.get(3)?,
        messages: list_of(row, 4)?,
        result,
        attempts: row.get(13)?,
        latency: row.get(14)?,
        ttft: row.get(22)?,
        waited: row.get(15)?,
        cost: row.get(16)?,
        cached: row.get(17)?,
        presumed: row.get::<_, Option<f64>>(18)?.unwrap_or(0.0),
    })
}

pub(super) fn score_of(value: Option<f64>, problem: Option<String>) -> Score {
    match (value, problem) {
        (Some(value), _) => Score::Value(value),
        (None, None) => Score::Unscored,
        (None, Some(problem)) => Score::Failed(problem),
    }
}

pub(super) fn list_of<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Vec<T>> {
    match row.get::<_, Option<String>>(column)? {
        Some(text) => parsed(column, &text),
        None => Ok(Vec::new()),
    }
}

pub(super) fn parsed<T: serde::de::DeserializeOwned>(
    column: usize,
    text: &str,
) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

pub(super) fn strange(column: usize, word: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Text,
        format!("unknown word `{word}`").into(),
    )
}

pub(super) fn natural(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

pub(super) fn some_natural(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|n| u64::try_from(n).ok()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of counts, below 2⁵³"
)]
pub(super) fn rounded(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, f64>(column)?.max(0.0) as u64)
}
