//! One HTTP request to a provider and its reply, before anybody reads it.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use reqwest::{Client, ClientBuilder, Method, Response, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::model::contract::{CallError, Quota};
use crate::model::overhear::Line;
use crate::model::quota;
use crate::record::FailureKind;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(20);

/// The longest reply that is read, in bytes; no chat answer comes near it.
const LONGEST: usize = 32 << 20;

/// A reply that says to be longer than this is read without room made for it beforehand.
const EXPECTED: usize = 1 << 16;

/// Who asks.
const AGENT: &str = concat!("crucible/", env!("CARGO_PKG_VERSION"));

/// The most headers that a request has, those of the client included.
const ADDED: usize = 12;

/// How long the end of a stream is read for after the answer's own end, at most.
const LINGER: Duration = Duration::from_millis(20);

/// Characters of a provider's error that are kept.
const SHOWN: usize = 300;

/// The HTTP clients that all models of a run share, made when the first request is sent.
/// A clone shares them.
#[derive(Clone, Default)]
pub struct Http(Arc<Clients>);

#[derive(Default)]
struct Clients {
    remote: OnceLock<Result<Client, String>>,
    /// For servers on this machine, which no proxy may stand before.
    local: OnceLock<Result<Client, String>>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

/// Where requests go, and what every one of them says in its headers; made once.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    headers: HeaderMap,
    loopback: bool,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("loopback", &self.loopback)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Returns the endpoint for JSON at an address; what is wrong is said without it.
    pub(super) fn new(
        url: &str,
        headers: &[(&'static str, &'static str)],
        key: Option<(&'static str, String)>,
        loopback: bool,
    ) -> Result<Self, &'static str> {
        let url = Url::parse(url).map_err(|_| "the model's name makes no address")?;
        // With room for what the client adds: a clone keeps it, and need not grow.
        let mut all = HeaderMap::with_capacity(ADDED);
        all.insert(ACCEPT, HeaderValue::from_static("*/*"));
        all.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            all.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some((name, text)) = key {
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_| "the key holds characters that no key has")?;
            value.set_sensitive(true);
            all.insert(HeaderName::from_static(name), value);
        }
        Ok(Self { url, headers: all, loopback })
    }

    /// Returns what every request says in its headers.
    pub(super) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }
}

/// A reply, read to its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) quota: Option<Quota>,
    /// The body; empty where it was handed out as it came.
    pub(super) body: Vec<u8>,
    /// Whether the body is a stream of events.
    pub(super) streamed: bool,
}

/// A reply whose body did not come yet.
struct Opened {
    response: Response,
    line: Line,
    reply: Reply,
}

impl Http {
    /// Sends JSON and reads the reply.
    pub(super) async fn post(
        &self,
        endpoint: &Endpoint,
        body: Vec<u8>,
    ) -> Result<Reply, CallError> {
        self.open(endpoint, body).await?.whole().await
    }

    /// Sends JSON and hands out the events of the reply as they come, until `take` wants no
    /// more. A reply that is no stream is read to its end.
    pub(super) async fn stream(
        &self,
        endpoint: &Endpoint,
        body: Vec<u8>,
        take: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> Result<Reply, CallError> {
        let opened = self.open(endpoint, body).await?;
        if opened.is_stream() { opened.events(take).await } else { opened.whole().await }
    }

    async fn open(
        &self,
        endpoint: &Endpoint,
        body: Vec<u8>,
    ) -> Result<Opened, CallError> {
        let client = self.client(endpoint.loopback)?;
        let line = Line::open("POST", endpoint.url.as_str(), &endpoint.headers, &body);
        let mut request = reqwest::Request::new(Method::POST, endpoint.url.clone());
        request.headers_mut().clone_from(&endpoint.headers);
        *request.body_mut() = Some(body.into());
        let sent = client.execute(request).await;
        let response = sent.map_err(|error| line.broke(broken(error, Stage::Sending)))?;
        let status = response.status().as_u16();
        line.replies(status, response.headers());
        let retry_after = retry_after(response.headers());
        let quota = quota::read(response.headers());
        let reply = Reply { status, retry_after, quota, ..Reply::default() };
        Ok(Opened { response, line, reply })
    }

    /// Returns the client for this machine or for others.
    pub(super) fn client(&self, loopback: bool) -> Result<&Client, CallError> {
        let slot = if loopback { &self.0.local } else { &self.0.remote };
        slot.get_or_init(|| build(loopback)).as_ref().map_err(|message| {
            CallError::new(FailureKind::BadRequest, format!("no HTTP client: {message}"))
        })
    }
}

impl Opened {
    fn is_stream(&self) -> bool {
        let kind = self.response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        self.reply.status == 200 && kind.trim_start().starts_with("text/event-stream")
    }

    async fn whole(mut self) -> Result<Reply, CallError> {
        let read = read(&mut self.response).await;
        let body = read.map_err(|error| self.line.broke(error))?;
        self.line.replied(&body);
        Ok(Reply { body, ..self.reply })
    }

    async fn events(
        self,
        take: &mut (dyn FnMut(&[u8]) -> bool + Send),
    ) -> Result<Reply, CallError> {
        let Self { mut response, line, reply } = self;
        let mut heard = Vec::new();
        let mut length = 0;
        loop {
            let chunk = response.chunk().await;
            let chunk = chunk.map_err(|error| broken(error, Stage::Reading));
            let Some(chunk) = chunk.map_err(|error| line.broke(error))? else { break };
            length += chunk.len();
            if length > LONGEST {
                return Err(line.broke(too_long()));
            }
            if line.is_live() {
                heard.extend_from_slice(&chunk);
            }
            if !take(&chunk) {
                // The end of the body follows at once, as a rule. Read, it leaves a connection
                // that serves the next request.
                let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
                drop(timeout(LINGER, rest).await);
                break;
            }
        }
        line.replied(&heard);
        Ok(Reply { streamed: true, ..reply })
    }
}

fn too_long() -> CallError {
    CallError::new(FailureKind::Malformed, "the reply is longer than 32 MB")
}

fn build(loopback: bool) -> Result<Client, String> {
    // Where the machine has no store of certificates the builder fails, even for plain
    // HTTP. Then there are none: HTTPS fails with a clear message, the rest works.
    let bare = || builder(loopback).tls_certs_only(Vec::<reqwest::Certificate>::new());
    builder(loopback).build().or_else(|_| bare().build()).map_err(|error| chain(&error))
}

fn builder(loopback: bool) -> ClientBuilder {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        // A request that is refused is sent again by the gateway, which counts it. The client
        // would keep a copy of each for that.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .connect_timeout(CONNECT)
        .user_agent(AGENT);
    if loopback { builder.no_proxy() } else { builder }
}

async fn read(response: &mut Response) -> Result<Vec<u8>, CallError> {
    let length = response.content_length().and_then(|n| usize::try_from(n).ok());
    let mut body = Vec::with_capacity(length.unwrap_or(1_024).min(EXPECTED));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(broken(error, Stage::Reading)),
        }
        if body.len() > LONGEST {
            return Err(too_long());
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Stage {
    Sending,
    Reading,
}

/// Says what broke. An address is left out: it is in the file, and could hold more.
pub(super) fn broken(error: reqwest::Error, stage: Stage) -> CallError {
    let error = error.without_url();
    let kind = match stage {
        _ if error.is_timeout() => FailureKind::Timeout,
        _ if error.is_builder() => FailureKind::BadRequest,
        Stage::Reading => FailureKind::Malformed,
        Stage::Sending => FailureKind::Connection,
    };
    CallError::new(kind, chain(&error))
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Reads how long the provider asks to wait: `retry-after-ms`, else `Retry-After` in seconds
/// or as a date, which is taken from the reply's own `Date`, so that no clock is needed.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = |text: &str, scale: f64| {
        let number: f64 = text.trim().parse().ok()?;
        Duration::try_from_secs_f64(number * scale).ok()
    };
    if let Some(wait) = text("retry-after-ms").and_then(|ms| seconds(ms, 1e-3)) {
        return Some(wait);
    }
    let asked = text("retry-after")?;
    if let Some(wait) = seconds(asked, 1.0) {
        return Some(wait);
    }
    let date = |text: &str| DateTime::parse_from_rfc2822(text.trim()).ok();
    let (until, now) = (date(asked)?, date(text("date")?)?);
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

/// Makes a provider's words fit to be kept: one line, cut, without the key or what looks
/// like one.
pub(super) fn scrub(text: &str, key: Option<&SecretString>) -> String {
    let secret = key.map(|key| key.expose_secret()).filter(|key| !key.is_empty());
    let text = secret.map_or_else(|| text.to_owned(), |key| text.replace(key, "[key]"));
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| if looks_secret(word) { "[key]" } else { word })
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn looks_secret(word: &str) -> bool {
    ["sk-", "AIza", "****", "key="].iter().any(|mark| word.contains(mark))
        && word.len() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn retry_after_is_read_in_each_of_its_forms() {
        type Pairs = &'static [(&'static str, &'static str)];
        const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
        let cases: [(Pairs, Option<f64>); 8] = [
            (&[("retry-after", "7")], Some(7.0)),
            (&[("retry-after", "0.5")], Some(0.5)),
            (&[("retry-after", "7"), ("retry-after-ms", "1500")], Some(1.5)),
            (&[("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT"), DATE], Some(30.0)),
            (&[("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT"), DATE], Some(0.0)),
            (&[("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
        ];
        for (pairs, seconds) in cases {
            let read = retry_after(&headers(pairs)).map(|wait| wait.as_secs_f64());
            assert_eq!(read, seconds, "{pairs:?}");
        }
    }

    #[test]
    fn nothing_that_looks_like_a_key_is_kept() {
        let key = SecretString::from("abcdef-secret");
        let text =
            "Wrong key: abcdef-secret,\n or sk-proj-1234567, or *****wxyz or AIzaSy123.";
        let shown = scrub(text, Some(&key));
        assert_eq!(shown, "Wrong key: [key], or [key] or [key] or [key]");
        assert_eq!(scrub(&"a".repeat(400), None).chars().count(), SHOWN + 1);
    }

    #[test]
    fn a_client_is_made_with_and_without_a_store_of_certificates() {
        assert!(build(true).is_ok());
        assert!(build(false).is_ok());
    }
}
