//! Answers and their bodies: whole ones, and the stream of events.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value as Json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::live::State;

/// The body of an answer.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// How long a stream may be silent before it says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The least time between two states of a stream.
const BREATH: Duration = Duration::from_millis(100);

/// What every answer says, whatever it is.
const ALWAYS: &[(&str, &str)] = &[
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // The address may hold the word that opens the page.
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// What a document that is no page may do: nothing.
const INERT: &str = "default-src 'none'; frame-ancestors 'none'";

/// Returns an answer with a whole body.
pub(super) fn whole(status: StatusCode, kind: &str, text: String) -> Response<Body> {
    let body = Full::new(Bytes::from(text)).boxed_unsync();
    dressed(status, kind, body)
}

/// Returns a page, which may run the script and the style that bear a word.
pub(super) fn page(text: String, nonce: &str) -> Response<Body> {
    let mut response = whole(StatusCode::OK, "text/html; charset=utf-8", text);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Returns an answer in JSON.
pub(super) fn json(status: StatusCode, value: &Json) -> Response<Body> {
    whole(status, "application/json", value.to_string())
}

/// Returns a refusal in one sentence.
pub(super) fn refused(status: StatusCode, why: &str) -> Response<Body> {
    json(status, &serde_json::json!({ "error": why }))
}

/// Returns the stream of states: the present one, and each that follows it, the newest where
/// many follow at once.
pub(super) fn events(mut states: watch::Receiver<State>) -> Response<Body> {
    states.mark_changed();
    let frames =
        stream::unfold((states, Instant::now()), |(mut states, due)| async move {
            sleep_until(due).await;
            let text = match timeout(HEARTBEAT, states.changed()).await {
                Ok(Ok(())) => event(&states.borrow_and_update()),
                // Whoever fed the page has gone, and the page with it.
                Ok(Err(_)) => return None,
                Err(_) => ":\n\n".to_owned(),
            };
            let frame = Ok::<_, Infallible>(Frame::data(Bytes::from(text)));
            Some((frame, (states, Instant::now() + BREATH)))
        });
    let body = StreamBody::new(frames).boxed_unsync();
    dressed(StatusCode::OK, "text/event-stream", body)
}

/// Writes a state as an event. JSON has no line breaks of its own.
fn event(state: &State) -> String {
    let text = serde_json::to_string(state).unwrap_or_default();
    format!("event: state\ndata: {text}\n\n")
}

fn dressed(status: StatusCode, kind: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(INERT));
    for (name, value) in ALWAYS {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    response
}
