//! The batch endpoints of OpenAI and Anthropic, as far as their references describe them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::answers::{self, Dialect};
use super::{HttpRequest, Logged, Shared};

/// What becomes of one request of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
    /// An error with the status that a live request would have got.
    Error(u16),
    /// Its time is over before it is reached.
    Expired,
}

/// What becomes of a batch as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Whole {
    /// It is taken and answered.
    Good,
    /// 503, and it is not taken.
    NotTaken,
    /// It is taken, and the connection closes before the reply.
    NotTold,
    /// It is taken, and no reply comes.
    Hang,
    /// OpenAI: its validation fails with this code, at this line where one is given.
    Failed(&'static str, Option<u64>),
    /// Its time is over before any of its requests is reached.
    Expired,
}

/// How the server treats batches.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchPlan {
    /// How long a batch takes.
    pub(crate) takes: Duration,
    /// The fates of the first batches, in order of arrival.
    pub(crate) whole: Vec<Whole>,
    /// Requests whose prompt has this in it meet a fate so many times.
    pub(crate) fates: Vec<(&'static str, Fate, u32)>,
    /// So many questions after batches are answered with 503 first.
    pub(crate) troubles: u32,
    /// Whether the first fetch of results is never answered.
    pub(crate) hold_results: bool,
}

#[derive(Debug, Clone)]
struct Batch {
    id: String,
    anthropic: bool,
    /// Id, body, fate.
    requests: Vec<(String, Json, Option<Fate>)>,
    metadata: Json,
    made: Instant,
    unix: i64,
    whole: Whole,
    cancelled: bool,
}

#[derive(Debug, Default)]
pub(super) struct Desk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    batches: Vec<Batch>,
    asked: Vec<String>,
    offers: usize,
    troubles: u32,
    held: bool,
    met: BTreeMap<(usize, String), u32>,
}

/// A reply of the batch endpoints.
pub(super) enum BatchReply {
    Json(u16, String),
    Close,
    Hang,
}

impl Desk {
    /// The requests to batch endpoints so far: method and path.
    pub(super) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }

    /// The ids of the batches and how many requests each has.
    pub(super) fn batches(&self) -> Vec<(String, usize)> {
        let state = self.0.lock().unwrap();
        state.batches.iter().map(|b| (b.id.clone(), b.requests.len())).collect()
    }
}

/// Replies to a request to a batch endpoint; `None` for any other.
pub(super) fn reply(shared: &Shared, request: &HttpRequest) -> Option<BatchReply> {
    let path = request.path.split('?').next().unwrap_or_default();
    let anthropic = path.contains("/messages/batches");
    let tail = if anthropic {
        path.split("/messages/batches").nth(1)?
    } else if let Some(tail) = path.strip_prefix("/v1/batches") {
        tail
    } else if path.starts_with("/v1/files") {
        path
    } else {
        return None;
    };
    let dialect = if anthropic { Dialect::Anthropic } else { Dialect::OpenAi };
    let wrong_key =
        shared.config.key.is_some() && dialect.key(&request.headers) != shared.config.key;
    if wrong_key {
        return Some(BatchReply::Json(401, dialect.error(401, "wrong key")));
    }
    let mut state = shared.batches.0.lock().unwrap();
    state.asked.push(format!("{} {path}", request.method));
    let parts: Vec<&str> = tail.split('/').filter(|part| !part.is_empty()).collect();
    let none = || BatchReply::Json(404, dialect.error(404, "no such thing"));
    Some(match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["v1", "files"]) => upload(&mut state, request),
        ("GET", ["v1", "files", id, "content"]) => {
            let held = std::mem::replace(&mut state.held, true);
            if shared.config.batches.hold_results && !held {
                return Some(BatchReply::Hang);
            }
            content(shared, &state, id).map_or_else(none, |t| BatchReply::Json(200, t))
        }
        ("POST", []) => make(shared, &mut state, request, anthropic),
        ("GET", []) => list(shared, &state, request, anthropic),
        ("POST", [id, "cancel"]) => {
            match state.batches.iter_mut().find(|b| b.id == *id) {
                Some(batch) => {
                    batch.cancelled = true;
                    BatchReply::Json(200, shown(shared, batch).to_string())
                }
                None => none(),
            }
        }
        ("GET", [id, rest @ ..]) => {
            if rest.is_empty() && state.troubles < shared.config.batches.troubles {
                state.troubles += 1;
                return Some(BatchReply::Json(503, dialect.error(503, "not now")));
            }
            let Some(batch) = state.batches.iter().find(|b| b.id == *id).cloned() else {
                return Some(none());
            };
            if rest == ["results"] {
                let held = std::mem::replace(&mut state.held, true);
                if shared.config.batches.hold_results && !held {
                    return Some(BatchReply::Hang);
                }
                BatchReply::Json(200, results(shared, &batch, |_| true))
            } else {
                BatchReply::Json(200, shown(shared, &batch).to_string())
            }
        }
        _ => none(),
    })
}

/// Reads the multipart form of an upload.
fn upload(state: &mut State, request: &HttpRequest) -> BatchReply {
    let kind = request.headers.get("content-type").cloned().unwrap_or_default();
    let boundary = kind.split("boundary=").nth(1).unwrap_or_default();
    let text = String::from_utf8(request.raw.clone()).unwrap();
    let mut fields = BTreeMap::new();
    for part in text.split(&format!("--{boundary}")) {
        let Some((head, body)) = part.split_once("\r\n\r\n") else { continue };
        let name = head.split("name=\"").nth(1).and_then(|n| n.split('"').next());
        let body = body.strip_suffix("\r\n").unwrap_or(body);
        fields.insert(name.unwrap_or_default().to_owned(), body.to_owned());
    }
    let good = fields.get("purpose").is_some_and(|purpose| purpose == "batch");
    let Some(file) = fields.remove("file").filter(|_| good) else {
        return BatchReply::Json(400, Dialect::OpenAi.error(400, "no file for a batch"));
    };
    let id = format!("file-{}", state.files.len() + 1);
    let body =
        json!({"id": id, "object": "file", "bytes": file.len(), "purpose": "batch"});
    state.files.insert(id, file.into_bytes());
    BatchReply::Json(200, body.to_string())
}

fn make(
    shared: &Shared,
    state: &mut State,
    request: &HttpRequest,
    anthropic: bool,
) -> BatchReply {
    let plan = &shared.config.batches;
    let whole = plan.whole.get(state.offers).copied().unwrap_or(Whole::Good);
    state.offers += 1;
    let dialect = if anthropic { Dialect::Anthropic } else { Dialect::OpenAi };
    if whole == Whole::NotTaken {
        return BatchReply::Json(503, dialect.error(503, "not now"));
    }
    let body = &request.body;
    let listed: Vec<(String, Json)> = if anthropic {
        let text = |json: &Json| json["custom_id"].as_str().unwrap().to_owned();
        let requests = body["requests"].as_array().unwrap();
        requests.iter().map(|r| (text(r), r["params"].clone())).collect()
    } else {
        assert_eq!(body["endpoint"], "/v1/chat/completions");
        assert_eq!(body["completion_window"], "24h");
        let Some(file) = state.files.get(body["input_file_id"].as_str().unwrap()) else {
            return BatchReply::Json(400, dialect.error(400, "no such file"));
        };
        String::from_utf8_lossy(file)
            .lines()
            .map(|line| {
                let line: Json = serde_json::from_str(line).unwrap();
                assert_eq!(
                    (&line["method"], &line["url"]),
                    (&json!("POST"), &body["endpoint"])
                );
                (line["custom_id"].as_str().unwrap().to_owned(), line["body"].clone())
            })
            .collect()
    };
    assert!(listed.iter().all(|(id, _)| (1..=64).contains(&id.len())));
    let mut requests = Vec::new();
    for (id, body) in listed {
        let prompt = dialect.prompt(&body);
        let mut fate = if whole == Whole::Expired { Some(Fate::Expired) } else { None };
        for (index, (mark, due, times)) in plan.fates.iter().enumerate() {
            let met = state.met.entry((index, prompt.clone())).or_default();
            if fate.is_none() && prompt.contains(mark) && *met < *times {
                *met += 1;
                fate = Some(*due);
            }
        }
        let refused = matches!(whole, Whole::Failed(..));
        let outcome = if fate.is_some() || refused { "unanswered" } else { "ok" };
        shared.log.lock().unwrap().push(Logged {
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            prompt,
            outcome: outcome.to_owned(),
            body: body.clone(),
            at_ms: shared.start.elapsed().as_millis(),
            ended_ms: None,
        });
        requests.push((id, body, fate));
    }
    let prefix = if anthropic { "msgbatch" } else { "batch" };
    let batch = Batch {
        id: format!("{prefix}_{}", state.batches.len() + 1),
        anthropic,
        requests,
        metadata: body["metadata"].clone(),
        made: Instant::now(),
        unix: chrono::Utc::now().timestamp(),
        whole,
        cancelled: false,
    };
    let body = shown(shared, &batch).to_string();
    state.batches.push(batch);
    match whole {
        Whole::NotTold => BatchReply::Close,
        Whole::Hang => BatchReply::Hang,
        Whole::Good | Whole::NotTaken | Whole::Failed(..) | Whole::Expired => {
            BatchReply::Json(200, body)
        }
    }
}

fn is_over(shared: &Shared, batch: &Batch) -> bool {
    batch.cancelled || batch.made.elapsed() >= shared.config.batches.takes
}

fn shown(shared: &Shared, batch: &Batch) -> Json {
    let over = is_over(shared, batch);
    let size = batch.requests.len();
    let failed = batch.requests.iter().filter(|(_, _, fate)| fate.is_some()).count();
    if batch.anthropic {
        let at = chrono::DateTime::from_timestamp(batch.unix, 0).unwrap().to_rfc3339();
        let (processing, done) = if over { (0, size) } else { (size, 0) };
        return json!({
            "id": batch.id, "type": "message_batch", "created_at": at,
            "processing_status": if over { "ended" } else { "in_progress" },
            "request_counts": {"processing": processing, "succeeded": done, "errored": 0,
                "canceled": 0, "expired": 0},
            "results_url": if over { json!(format!("/v1/messages/batches/{}/results", batch.id)) }
                else { Json::Null },
        });
    }
    let status = match batch.whole {
        _ if !over => "in_progress",
        Whole::Failed(..) => "failed",
        Whole::Expired => "expired",
        _ if batch.cancelled => "cancelled",
        Whole::Good | Whole::NotTaken | Whole::NotTold | Whole::Hang => "completed",
    };
    let has = |wanted: bool| over && status != "failed" && wanted;
    let errors = match batch.whole {
        Whole::Failed(code, line) if over => json!({"object": "list", "data": [
            {"code": code, "message": "it does not do", "line": line, "param": null}]}),
        Whole::Failed(..)
        | Whole::Expired
        | Whole::Good
        | Whole::NotTaken
        | Whole::NotTold
        | Whole::Hang => Json::Null,
    };
    let file = |wanted: bool, what: &str| {
        has(wanted).then(|| format!("file-{what}-{}", batch.id))
    };
    json!({
        "id": batch.id, "object": "batch", "endpoint": "/v1/chat/completions",
        "status": status, "created_at": batch.unix, "metadata": batch.metadata,
        "request_counts": {"total": size, "completed": size - failed, "failed": failed},
        "errors": errors,
        "output_file_id": file(failed < size && !batch.cancelled, "out"),
        "error_file_id": file(failed > 0 || batch.cancelled, "err"),
    })
}

fn content(shared: &Shared, state: &State, file: &str) -> Option<String> {
    let (wants_errors, id) = match file.strip_prefix("file-out-") {
        Some(id) => (false, id),
        None => (true, file.strip_prefix("file-err-")?),
    };
    let batch = state.batches.iter().find(|batch| batch.id == id)?;
    Some(results(shared, batch, |failed| failed == wants_errors))
}

/// The lines of results, last request first: their order means nothing.
fn results(shared: &Shared, batch: &Batch, wanted: impl Fn(bool) -> bool) -> String {
    let dialect = if batch.anthropic { Dialect::Anthropic } else { Dialect::OpenAi };
    let mut page = String::new();
    for (id, body, fate) in batch.requests.iter().rev() {
        if !wanted(fate.is_some() || batch.cancelled) {
            continue;
        }
        let (model, prompt) = (dialect.model("", body), dialect.prompt(body));
        let good = || -> Json {
            let text = answers::answer(&shared.config, &model, &prompt);
            serde_json::from_str(&dialect.answer(&model, &prompt, &text, false)).unwrap()
        };
        let error = |status| -> Json {
            serde_json::from_str(&dialect.error(status, "a fault was asked for")).unwrap()
        };
        let line = if batch.anthropic {
            let result = match fate {
                _ if batch.cancelled => json!({"type": "canceled"}),
                None => json!({"type": "succeeded", "message": good()}),
                Some(Fate::Expired) => json!({"type": "expired"}),
                Some(Fate::Error(status)) => {
                    let mut error = error(*status);
                    let kind = if *status >= 500 {
                        "api_error"
                    } else {
                        "invalid_request_error"
                    };
                    error["error"]["type"] = json!(kind);
                    json!({"type": "errored", "error": error})
                }
            };
            json!({"custom_id": id, "result": result})
        } else {
            let code = if batch.cancelled { "batch_cancelled" } else { "batch_expired" };
            match fate {
                Some(Fate::Error(status)) if !batch.cancelled => json!({"custom_id": id,
                    "error": null,
                    "response": {"status_code": status, "body": error(*status)}}),
                None if !batch.cancelled => json!({"custom_id": id, "error": null,
                    "response": {"status_code": 200, "request_id": "r", "body": good()}}),
                _ => json!({"custom_id": id, "response": null,
                    "error": {"code": code, "message": "too late"}}),
            }
        };
        page.push_str(&line.to_string());
        page.push('\n');
    }
    page
}

fn list(
    shared: &Shared,
    state: &State,
    request: &HttpRequest,
    anthropic: bool,
) -> BatchReply {
    let name = if anthropic { "after_id=" } else { "after=" };
    let after = request.path.split(name).nth(1).map(|id| id.split('&').next().unwrap());
    let newest_first: Vec<&Batch> =
        state.batches.iter().rev().filter(|b| b.anthropic == anthropic).collect();
    let start = after.and_then(|id| newest_first.iter().position(|b| b.id == id));
    // Two a page, so that somebody has to turn it.
    let rest = newest_first.iter().skip(start.map_or(0, |at| at + 1));
    let page: Vec<Json> =
        rest.clone().take(2).map(|batch| shown(shared, batch)).collect();
    let body = json!({"object": "list", "has_more": rest.count() > 2,
        "first_id": page.first().map(|b| b["id"].clone()),
        "last_id": page.last().map(|b| b["id"].clone()), "data": page});
    BatchReply::Json(200, body.to_string())
}
