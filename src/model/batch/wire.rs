//! The requests that batches need, beside those of chats.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, Response};
use serde_json::Value as Json;
use tokio::time::timeout;

use crate::model::chat::{self, Chat};
use crate::model::contract::CallError;
use crate::model::wire::{Reply, Stage, broken, retry_after};
use crate::record::FailureKind;

/// How long a question may take.
const ASK: Duration = Duration::from_secs(60);

/// How long a batch may take to be sent or fetched.
const CARRY: Duration = Duration::from_secs(900);

/// The longest reply to a question, in bytes.
const LONGEST_REPLY: usize = 32 << 20;

/// The longest line of results, in bytes.
const LONGEST_LINE: usize = 32 << 20;

/// What is sent.
pub(super) enum Load {
    Nothing,
    Json(Vec<u8>),
    /// A form of several parts, with what stands between them.
    Form {
        boundary: String,
        body: Vec<u8>,
    },
}

/// Sends a request to an address and reads the JSON of a good reply.
pub(super) async fn exchange(
    chat: &Chat,
    method: Method,
    url: &str,
    load: Load,
) -> Result<Json, CallError> {
    let limit = if matches!(load, Load::Nothing) { ASK } else { CARRY };
    within(limit, async {
        let mut response = send(chat, method, url, load).await?;
        let mut body = Vec::new();
        while let Some(chunk) = chunk(&mut response).await? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_REPLY {
                return Err(CallError::new(
                    FailureKind::Malformed,
                    "the reply is too long",
                ));
            }
        }
        let status = response.status().as_u16();
        let reply = Reply {
            status,
            retry_after: retry_after(response.headers()),
            body,
            ..Reply::default()
        };
        if !(200..300).contains(&status) {
            return Err(chat::refusal(chat, &reply));
        }
        serde_json::from_slice(&reply.body).map_err(|_| {
            let message = format!("status {status}, but the body is not whole JSON");
            CallError::new(FailureKind::Malformed, message)
        })
    })
    .await
}

/// Fetches lines of JSON and hands each to `each`.
pub(super) async fn lines(
    chat: &Chat,
    url: &str,
    each: &mut (dyn FnMut(Json) + Send),
) -> Result<(), CallError> {
    within(CARRY, async {
        let mut response = send(chat, Method::GET, url, Load::Nothing).await?;
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            let mut body = Vec::new();
            while let Some(chunk) =
                chunk(&mut response).await?.filter(|_| body.len() < ASKED)
            {
                body.extend_from_slice(&chunk);
            }
            let retry_after = retry_after(response.headers());
            return Err(chat::refusal(
                chat,
                &Reply { status, retry_after, body, ..Reply::default() },
            ));
        }
        let mut rest: Vec<u8> = Vec::new();
        while let Some(chunk) = chunk(&mut response).await? {
            rest.extend_from_slice(&chunk);
            if let Some(end) = rest.iter().rposition(|&byte| byte == b'\n') {
                let tail = rest.split_off(end + 1);
                read_lines(&rest, each)?;
                rest = tail;
            }
            if rest.len() > LONGEST_LINE {
                return Err(CallError::new(
                    FailureKind::Malformed,
                    "a result is too long",
                ));
            }
        }
        read_lines(&rest, each)
    })
    .await
}

/// Bytes of an error's body that are read.
const ASKED: usize = 64 << 10;

fn read_lines(
    bytes: &[u8],
    each: &mut (dyn FnMut(Json) + Send),
) -> Result<(), CallError> {
    for line in bytes.split(|&byte| byte == b'\n') {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let json = serde_json::from_slice(line).map_err(|_| {
            let message = "a line of the results is not whole JSON";
            CallError::new(FailureKind::Malformed, message)
        })?;
        each(json);
    }
    Ok(())
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        let message = format!("no reply within {}s", limit.as_secs());
        Err(CallError::new(FailureKind::Timeout, message))
    })
}

async fn send(
    chat: &Chat,
    method: Method,
    url: &str,
    load: Load,
) -> Result<Response, CallError> {
    let mut headers = chat.endpoint()?.headers();
    let (kind, body) = match load {
        Load::Nothing => (None, Body::default()),
        Load::Json(body) => (Some("application/json".to_owned()), Body::from(body)),
        Load::Form { boundary, body } => {
            (Some(format!("multipart/form-data; boundary={boundary}")), Body::from(body))
        }
    };
    if let Some(kind) = kind.and_then(|kind| HeaderValue::from_str(&kind).ok()) {
        headers.insert(CONTENT_TYPE, kind);
    }
    let client = chat.http.client(chat.address.loopback)?;
    let sent = client.request(method, url).headers(headers).body(body).send().await;
    sent.map_err(|error| broken(error, Stage::Sending))
}

async fn chunk(
    response: &mut Response,
) -> Result<Option<impl std::ops::Deref<Target = [u8]> + use<>>, CallError> {
    response.chunk().await.map_err(|error| broken(error, Stage::Reading))
}
