//! OpenAI's batches: a file of requests, a batch over it, a file of results.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::base::{CallId, Digest};
use crate::model::batch::api::{BatchApi, Ended, Missing, Refusal, Sought, Stage};
use crate::model::batch::wire::{self, Load};
use crate::model::chat::{Chat, malformed, text_of};
use crate::model::contract::CallError;
use crate::model::wire::{Reply, scrub};
use crate::record::{Answer, FailureKind, Request};

/// Most requests in a file.
const REQUESTS: usize = 50_000;

/// Most bytes in a file; the provider's limit is 200 MB.
const BYTES: usize = 190_000_000;

/// What a batch is known by among its metadata.
const KEY: &str = "crucible_batch";

/// Pages of the list of batches that are looked through, of a hundred each.
const PAGES: usize = 50;

/// How far the provider's clock may be behind this one, in seconds.
const SKEW: i64 = 3_600;

/// The batches of a model.
///
/// # Source
///
/// OpenAI, API reference, "Batch" and "Files", and the guide "Batch API".
#[derive(Debug)]
pub(in crate::model) struct OpenAi(pub(in crate::model) Chat);

impl OpenAi {
    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.0.address.base)
    }

    async fn get(&self, path: &str) -> Result<Json, CallError> {
        wire::exchange(&self.0, Method::GET, &self.url(path), Load::Nothing).await
    }

    async fn upload(
        &self,
        key: &Digest,
        lines: &[Arc<str>],
    ) -> Result<String, CallError> {
        let boundary = format!("crucible-{key}");
        let size: usize = lines.iter().map(|line| line.len() + 1).sum();
        let mut body = Vec::with_capacity(size + 512);
        body.extend_from_slice(
            format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
                 --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; \
                 filename=\"{key}.jsonl\"\r\ncontent-type: application/jsonl\r\n\r\n"
            )
            .as_bytes(),
        );
        for line in lines {
            body.extend_from_slice(line.as_bytes());
            body.push(b'\n');
        }
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let load = Load::Form { boundary, body };
        let file = wire::exchange(&self.0, Method::POST, &self.url("files"), load).await;
        text_of(&file.map_err(no_batches)?, "/id")
            .ok_or_else(|| malformed("id of a file"))
    }

    fn read(&self, line: &Json) -> Option<(CallId, Result<Answer, CallError>)> {
        let id = serde_json::from_value(line.get("custom_id")?.clone()).ok()?;
        let key = self.0.address.key.as_ref();
        if let Some(response) =
            line.get("response").filter(|response| !response.is_null())
        {
            let status = response.get("status_code").and_then(Json::as_u64);
            let reply = Reply {
                status: status.and_then(|n| u16::try_from(n).ok()).unwrap_or(500),
                body: response
                    .get("body")
                    .map(|body| body.to_string().into_bytes())
                    .unwrap_or_default(),
                ..Reply::default()
            };
            return Some((id, self.0.read(&reply)));
        }
        let code = text_of(line, "/error/code").unwrap_or_default();
        let kind = match code.as_str() {
            "batch_expired" | "request_timeout" => FailureKind::Timeout,
            "batch_cancelled" => FailureKind::Cancelled,
            _ => FailureKind::Server,
        };
        let words = text_of(line, "/error/message").unwrap_or_default();
        let message = scrub(&format!("{code}: {words}"), key);
        Some((id, Err(CallError::new(kind, message))))
    }
}

#[async_trait]
impl BatchApi for OpenAi {
    fn line(&self, request: &Request) -> String {
        let body = (self.0.dialect.body)(&self.0, request);
        let body = String::from_utf8_lossy(&body);
        format!(
            "{{\"custom_id\":\"{}\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{body}}}",
            request.id
        )
    }

    fn most(&self) -> (usize, usize) {
        (REQUESTS, BYTES)
    }

    async fn submit(
        &self,
        key: &Digest,
        lines: &[Arc<str>],
    ) -> Result<String, CallError> {
        let file = self.upload(key, lines).await?;
        let body = json!({
            "input_file_id": file,
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": { KEY: key.to_string() },
        });
        let load = Load::Json(body.to_string().into_bytes());
        let made =
            wire::exchange(&self.0, Method::POST, &self.url("batches"), load).await;
        text_of(&made.map_err(no_batches)?, "/id")
            .ok_or_else(|| malformed("id of a batch"))
    }

    async fn find(&self, sought: &Sought) -> Result<Vec<String>, CallError> {
        let key = sought.key.to_string();
        let mut after = String::new();
        for _ in 0..PAGES {
            let page = self.get(&format!("batches?limit=100{after}")).await?;
            let batches = page
                .get("data")
                .and_then(Json::as_array)
                .ok_or_else(|| malformed("list of batches"))?;
            let pointer = format!("/metadata/{KEY}");
            let found = batches.iter().find(|batch| {
                batch.pointer(&pointer).and_then(Json::as_str) == Some(key.as_str())
            });
            if let Some(id) = found.and_then(|batch| text_of(batch, "/id")) {
                return Ok(vec![id]);
            }
            let last = batches.last();
            let made = last.and_then(|batch| batch.get("created_at")?.as_i64());
            let old = made.is_some_and(|made| made + SKEW < sought.begun);
            let more = page.get("has_more").and_then(Json::as_bool) == Some(true);
            match last.and_then(|batch| text_of(batch, "/id")) {
                Some(id) if more && !old => after = format!("&after={id}"),
                _ => return Ok(Vec::new()),
            }
        }
        Ok(Vec::new())
    }

    async fn look(&self, id: &str) -> Result<Stage, CallError> {
        let batch = self.get(&format!("batches/{id}")).await?;
        let status = batch
            .get("status")
            .and_then(Json::as_str)
            .ok_or_else(|| malformed("status"))?;
        let missing = match status {
            "completed" => Missing::Unsaid,
            "expired" => Missing::Expired,
            "cancelled" => Missing::Cancelled,
            "failed" => Missing::Refused(refusal(&batch)),
            // `validating`, `in_progress`, `finalizing`, `cancelling`, and what may come.
            _ => return Ok(Stage::UnderWay),
        };
        let results = ["/output_file_id", "/error_file_id"]
            .iter()
            .filter_map(|pointer| text_of(&batch, pointer))
            .map(|file| format!("files/{file}/content"))
            .collect();
        Ok(Stage::Ended(Ended { results, missing }))
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
        let url = self.url(&format!("batches/{id}/cancel"));
        let load = Load::Json(b"{}".to_vec());
        wire::exchange(&self.0, Method::POST, &url, load).await.map(|_| ())
    }
}

/// Says what it means that there is no such address: other servers that speak the protocol
/// rarely take batches.
fn no_batches(mut error: CallError) -> CallError {
    if error.failure.kind == FailureKind::NotFound {
        let words = error.failure.message;
        error.failure.message =
            format!("the server takes no batches ({words}); leave `batch` out");
    }
    error
}

fn refusal(batch: &Json) -> Refusal {
    let errors = batch.pointer("/errors/data").and_then(Json::as_array);
    let errors: Vec<&Json> = errors.into_iter().flatten().collect();
    let later = |error: &&Json| {
        let code = text_of(error, "/code").unwrap_or_default();
        code.contains("token_limit_exceeded") || code.contains("rate_limit")
    };
    let words = |error: &Json| {
        let words = text_of(error, "/message").or_else(|| text_of(error, "/code"));
        scrub(&words.unwrap_or_default(), None)
    };
    let lines = errors
        .iter()
        .filter_map(|error| {
            // Lines are counted from 1.
            let line =
                usize::try_from(error.get("line")?.as_u64()?).ok()?.checked_sub(1)?;
            Some((line, words(error)))
        })
        .collect();
    let message = errors.first().map_or_else(String::new, |error| words(error));
    Refusal { message, later: errors.iter().any(later), lines }
}
