//! Answering calls from a recording.

use rusqlite::types::{FromSqlError, ValueRef};
use serde::{Deserialize, Serialize};

use super::Exchanges;
use crate::record::{Answer, CallRecord, Failure, FailureKind, Recording, Request};

/// The longest record that is read, in bytes; no answer is longer.
const LONGEST: usize = 256 << 20;

/// What is kept of a call beside its request and its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) result: Result<Answer, Failure>,
    attempts: u32,
    latency: Option<f64>,
    #[serde(default)]
    ttft: Option<f64>,
    waited: f64,
    cost: Option<f64>,
    #[serde(default)]
    presumed: f64,
    #[serde(default)]
    cached: bool,
}

/// A [`Kept`] that is written, from the call itself.
#[derive(Serialize)]
struct Keeping<'a> {
    result: &'a Result<Answer, Failure>,
    attempts: u32,
    latency: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttft: Option<f64>,
    waited: f64,
    cost: Option<f64>,
    presumed: f64,
    cached: bool,
}

impl Kept {
    /// Returns what is kept of a call, as JSON.
    pub(super) fn text(record: &CallRecord) -> String {
        let keeping = Keeping {
            result: &record.result,
            attempts: record.attempts,
            latency: record.latency,
            ttft: record.ttft,
            waited: record.waited,
            cost: record.cost,
            presumed: record.presumed,
            cached: record.cached,
        };
        serde_json::to_string(&keeping).unwrap_or_default()
    }

    /// Reads it from its column: JSON, or JSON compressed.
    pub(super) fn read(value: ValueRef<'_>) -> rusqlite::Result<Self> {
        let strange = |error: Box<dyn std::error::Error + Send + Sync>| {
            rusqlite::Error::from(FromSqlError::Other(error))
        };
        let text = match value {
            ValueRef::Text(text) => text.to_vec(),
            ValueRef::Blob(packed) => {
                unpacked(packed).map_err(|error| strange(error.into()))?
            }
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {
                return Err(FromSqlError::InvalidType.into());
            }
        };
        serde_json::from_slice(&text).map_err(|error| strange(error.into()))
    }
}

/// Unpacks a zstd frame that says how long its content is, as those of this program do.
pub(super) fn unpacked(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = zstd::bulk::Decompressor::upper_bound(packed).unwrap_or(LONGEST);
    zstd::bulk::decompress(packed, length.min(LONGEST))
}

impl Recording for Exchanges {
    fn play(
        &self,
        request: &Request,
        place: &str,
        model: &str,
    ) -> Result<CallRecord, Failure> {
        let Some((_, kept)) = self.look(request.id) else {
            let message = self.missed(request, place, model);
            return Err(Failure::new(FailureKind::NotReplayed, message));
        };
        Ok(CallRecord {
            id: request.id,
            place: place.to_owned(),
            model: model.to_owned(),
            system: None,
            messages: Vec::new(),
            result: kept.result,
            attempts: kept.attempts,
            latency: kept.latency,
            ttft: kept.ttft,
            waited: kept.waited,
            cost: kept.cost,
            presumed: kept.presumed,
            cached: kept.cached,
        })
    }
}
