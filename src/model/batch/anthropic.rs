//! Anthropic's batches of messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use reqwest::Method;
use serde_json::Value as Json;

use crate::base::{CallId, Digest};
use crate::model::batch::api::{BatchApi, Ended, Missing, Sought, Stage};
use crate::model::batch::wire::{self, Load};
use crate::model::chat::{self, Chat, malformed, text_of};
use crate::model::contract::CallError;
use crate::model::stream;
use crate::model::wire::Reply;
use crate::record::{Answer, FailureKind, Request};

/// Most requests in a batch.
const REQUESTS: usize = 100_000;

/// Most bytes in a batch; the provider's limit is 256 MB.
const BYTES: usize = 240_000_000;

/// Pages of the list of batches that are looked through.
const PAGES: usize = 50;

/// How far the provider's clock may be from this one, in seconds.
const SKEW: i64 = 300;

/// How long after it was written down a batch may have been made, in seconds: sending may
/// take a quarter of an hour.
const LATE: i64 = 900;

/// The batches of a model.
///
/// A batch has nothing of ours in it but the ids of its calls, and those are told with its
/// results. One that is looked for is therefore known by its time and size first.
///
/// # Source
///
/// Anthropic, API reference, "Message Batches".
#[derive(Debug)]
pub(in crate::model) struct Anthropic(pub(in crate::model) Chat);

impl Anthropic {
    fn url(&self, path: &str) -> String {
        let base = &self.0.address.base;
        let base = base.strip_suffix("/v1").unwrap_or(base);
        format!("{base}/v1/messages/batches{path}")
    }

    async fn get(&self, path: &str) -> Result<Json, CallError> {
        wire::exchange(&self.0, Method::GET, &self.url(path), Load::Nothing).await
    }

    fn read(&self, line: &Json) -> Option<(CallId, Result<Answer, CallError>)> {
        let id = serde_json::from_value(line.get("custom_id")?.clone()).ok()?;
        let result = line.get("result")?;
        let key = self.0.address.key.as_ref();
        let read = |status: u16, body: &Json| {
            let reply =
                Reply { status, body: body.to_string().into_bytes(), ..Reply::default() };
            chat::read(self.0.dialect, &reply, key)
        };
        let failed = |kind, message: &str| Err(CallError::new(kind, message));
        let result = match text_of(result, "/type").unwrap_or_default().as_str() {
            "succeeded" => read(200, result.get("message").unwrap_or(&Json::Null)),
            "errored" => {
                let error = result.get("error").unwrap_or(&Json::Null);
                read(status_of(error), error)
            }
            "expired" => {
                failed(FailureKind::Timeout, "the batch expired before its turn")
            }
            "canceled" => failed(FailureKind::Cancelled, "the batch was cancelled"),
            _ => failed(FailureKind::Malformed, "the result is of no known type"),
        };
        Some((id, result))
    }
}

#[async_trait]
impl BatchApi for Anthropic {
    fn line(&self, request: &Request) -> String {
        let params = (self.0.dialect.body)(&self.0, request);
        let params = String::from_utf8_lossy(&params);
        format!("{{\"custom_id\":\"{}\",\"params\":{params}}}", request.id)
    }

    fn most(&self) -> (usize, usize) {
        (REQUESTS, BYTES)
    }

    async fn submit(&self, _: &Digest, lines: &[Arc<str>]) -> Result<String, CallError> {
        let size: usize = lines.iter().map(|line| line.len() + 1).sum();
        let mut body = Vec::with_capacity(size + 16);
        body.extend_from_slice(b"{\"requests\":[");
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(line.as_bytes());
        }
        body.extend_from_slice(b"]}");
        let load = Load::Json(body);
        let made = wire::exchange(&self.0, Method::POST, &self.url(""), load).await?;
        text_of(&made, "/id").ok_or_else(|| malformed("id of a batch"))
    }

    async fn find(&self, sought: &Sought) -> Result<Vec<String>, CallError> {
        let mut found = Vec::new();
        let mut after = String::new();
        for _ in 0..PAGES {
            let page = self.get(&format!("?limit=100{after}")).await?;
            let batches = page
                .get("data")
                .and_then(Json::as_array)
                .ok_or_else(|| malformed("list of batches"))?;
            let mut old = false;
            for batch in batches {
                let Some(id) = text_of(batch, "/id") else { continue };
                let made = text_of(batch, "/created_at");
                let made = made.and_then(|at| DateTime::parse_from_rfc3339(&at).ok());
                let made = made.map_or(0, |at| at.timestamp());
                old |= made + SKEW < sought.begun;
                let known = sought.begun > 0;
                let near =
                    made + SKEW >= sought.begun && made <= sought.begun + LATE + SKEW;
                let fits = size_of(batch) == sought.requests as u64 && (near || !known);
                if fits && !sought.others.contains(&id) {
                    found.push(id);
                }
            }
            let more = page.get("has_more").and_then(Json::as_bool) == Some(true);
            match text_of(&page, "/last_id") {
                Some(id) if more && !old => after = format!("&after_id={id}"),
                _ => break,
            }
        }
        // The first that was made after ours was written down is the likeliest.
        found.reverse();
        Ok(found)
    }

    async fn look(&self, id: &str) -> Result<Stage, CallError> {
        let batch = self.get(&format!("/{id}")).await?;
        let status = batch
            .get("processing_status")
            .and_then(Json::as_str)
            .ok_or_else(|| malformed("processing_status"))?;
        if status != "ended" {
            return Ok(Stage::UnderWay);
        }
        // What `results_url` says; the key is sent to no other address than the model's.
        let results = vec![format!("/{id}/results")];
        Ok(Stage::Ended(Ended { results, missing: Missing::Unsaid }))
    }

    async fn results(
        &self,
        ended: &Ended,
        wanted: &BTreeSet<CallId>,
    ) -> Result<BTreeMap<CallId, Result<Answer, CallError>>, CallError> {
        let mut found = BTreeMap::new();
        for path in &ended.results {
            let mut each = |line: Json| {
                if let Some((id, result)) = self.read(&line)
                    && wanted.contains(&id)
                {
                    found.insert(id, result);
                }
            };
            wire::lines(&self.0, &self.url(path), &mut each).await?;
        }
        Ok(found)
    }

    async fn cancel(&self, id: &str) -> Result<(), CallError> {
        let url = self.url(&format!("/{id}/cancel"));
        let load = Load::Json(b"{}".to_vec());
        wire::exchange(&self.0, Method::POST, &url, load).await.map(|_| ())
    }
}

/// Returns how many requests a batch has.
fn size_of(batch: &Json) -> u64 {
    let counts = batch.get("request_counts").and_then(Json::as_object);
    counts.into_iter().flat_map(|counts| counts.values()).filter_map(Json::as_u64).sum()
}

/// Returns the status that a live request would have got with this error.
fn status_of(error: &Json) -> u16 {
    error.get("error").and_then(stream::status_of).unwrap_or(400)
}
