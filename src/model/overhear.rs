//! Listening to what goes over the wire, for the recording.
//!
//! A call that is recorded runs inside [`overheard`]; what it sends says so to a [`Line`].
//! Outside of it a line is dead and costs nothing.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::{Captures, Regex};
use reqwest::header::HeaderMap;

use crate::model::contract::CallError;
use crate::record::Exchange;

/// The headers of a reply that are kept; of the others some say who asked.
const KEPT: [&str; 5] =
    ["content-type", "date", "retry-after", "retry-after-ms", "x-should-retry"];

/// The beginnings of names of headers about limits, which are kept too.
const LIMITS: [&str; 3] = ["x-ratelimit-", "anthropic-ratelimit-", "ratelimit"];

type Log = Arc<Mutex<Vec<Exchange>>>;

tokio::task_local! {
    static LOG: Log;
}

/// Does the work and returns what went over the wire for it, in order.
pub(super) async fn overheard<T>(work: impl Future<Output = T>) -> (T, Vec<Exchange>) {
    let log = Log::default();
    let done = LOG.scope(Arc::clone(&log), work).await;
    let exchanges =
        std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    (done, exchanges)
}

/// One request under way, as the recording sees it.
#[derive(Debug)]
pub(super) struct Line(Option<Live>);

#[derive(Debug)]
struct Live {
    log: Log,
    index: usize,
    secrets: Vec<String>,
}

impl Line {
    /// Notes that a request is sent. Its headers are not kept; they only say what is secret.
    pub(super) fn open(
        method: &str,
        url: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        let Ok(log) = LOG.try_with(Arc::clone) else { return Self(None) };
        let secrets = secrets(headers);
        let exchange = Exchange {
            target: clean(&format!("{method} {}", bare(url)), &secrets),
            sent: clean(&String::from_utf8_lossy(body), &secrets),
            failure: Some("it was given up before a reply came".to_owned()),
            ..Exchange::default()
        };
        let index = {
            let mut pages = log.lock().unwrap_or_else(PoisonError::into_inner);
            pages.push(exchange);
            pages.len() - 1
        };
        Self(Some(Live { log, index, secrets }))
    }

    /// Says whether somebody listens.
    pub(super) fn is_live(&self) -> bool {
        self.0.is_some()
    }

    /// Notes how the reply begins.
    pub(super) fn replies(&self, status: u16, headers: &HeaderMap) {
        self.note(|exchange, secrets| {
            exchange.status = Some(status);
            exchange.headers = kept(headers, secrets);
        });
    }

    /// Notes that the reply came whole.
    pub(super) fn replied(&self, body: &[u8]) {
        self.note(|exchange, secrets| {
            exchange.failure = None;
            exchange.reply = Some(clean(&String::from_utf8_lossy(body), secrets));
        });
    }

    /// Notes what broke, and hands it on.
    pub(super) fn broke(&self, error: CallError) -> CallError {
        self.note(|exchange, secrets| {
            exchange.failure = Some(clean(&error.failure.message, secrets));
        });
        error
    }

    fn note(&self, change: impl FnOnce(&mut Exchange, &[String])) {
        let Some(live) = &self.0 else { return };
        let mut pages = live.log.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(exchange) = pages.get_mut(live.index) {
            change(exchange, &live.secrets);
        }
    }
}

/// Returns what a request's headers mark as secret.
fn secrets(headers: &HeaderMap) -> Vec<String> {
    headers
        .values()
        .filter(|value| value.is_sensitive())
        .filter_map(|value| value.to_str().ok())
        .map(|text| text.strip_prefix("Bearer ").unwrap_or(text).trim().to_owned())
        .filter(|secret| !secret.is_empty())
        .collect()
}

/// Returns the headers of a reply that are kept, in the order of their names.
fn kept(headers: &HeaderMap, secrets: &[String]) -> Vec<(String, String)> {
    let is_kept =
        |name: &str| KEPT.contains(&name) || LIMITS.iter().any(|l| name.starts_with(l));
    let mut kept: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| is_kept(name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), clean(value.to_str().ok()?, secrets)))
        })
        .collect();
    kept.sort();
    kept
}

/// Returns an address without user, query and fragment.
fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// What looks like a key: a mark of the providers and a run of letters and digits.
static LIKE_A_KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?P<mark>sk-|AIza|Bearer |(?:api[_-]?)?key=)(?P<run>[A-Za-z0-9_*.~+/-]{8,}=*)",
    )
    .ok()
});

/// Takes the secrets out of a text, and what looks like one. JSON stays JSON.
fn clean(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), "[key]");
        }
    }
    let Some(pattern) = LIKE_A_KEY.as_ref() else { return text };
    let shown = |found: &Captures<'_>| {
        let run = found.name("run").map_or("", |run| run.as_str());
        // Every key has a digit or is starred; "sk-learn-like" is a word.
        if run.contains(|c: char| c.is_ascii_digit() || c == '*') {
            "[key]".to_owned()
        } else {
            found.get(0).map_or_else(String::new, |whole| whole.as_str().to_owned())
        }
    };
    pattern.replace_all(&text, shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn an_address_says_where_and_nothing_else() {
        for (url, wanted) in [
            ("https://a.b/v1/x?key=secret#f", "https://a.b/v1/x"),
            ("http://me:pass@a.b:80/v1", "http://a.b:80/v1"),
            ("http://a.b", "http://a.b"),
            ("a.b/v1?x", "a.b/v1"),
        ] {
            assert_eq!(bare(url), wanted);
        }
    }

    #[test]
    fn only_headers_about_content_and_limits_are_kept() {
        let pairs = [
            ("content-type", "application/json"),
            ("x-request-id", "req_1"),
            ("openai-organization", "org-1"),
            ("openai-project", "proj_1"),
            ("set-cookie", "a=b"),
            ("authorization", "Bearer x"),
            ("x-ratelimit-remaining-requests", "7"),
            ("anthropic-ratelimit-tokens-limit", "100"),
            ("retry-after", "3"),
        ];
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            })
            .collect();
        let names: Vec<String> =
            kept(&headers, &[]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "anthropic-ratelimit-tokens-limit",
                "content-type",
                "retry-after",
                "x-ratelimit-remaining-requests",
            ]
        );
    }

    #[test]
    fn keys_and_what_looks_like_one_are_taken_out_and_words_stay() {
        let secrets = ["my.own-secret".to_owned()];
        let cases = [
            (r#"{"error":"wrong my.own-secret!"}"#, r#"{"error":"wrong [key]!"}"#),
            (r#""sk-proj-abc123def456""#, r#""[key]""#),
            ("Bearer abcdefg12345, no", "[key], no"),
            ("AIzaSyA123456789 x", "[key] x"),
            ("sk-proj-****wxyz", "[key]"),
            ("?api_key=0123456789abc&x", "?[key]&x"),
            (
                "a task-oriented sk-learn-like risk-4-everyone",
                "a task-oriented sk-learn-like risk-4-everyone",
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(clean(text, &secrets), wanted);
        }
    }

    #[tokio::test]
    async fn a_line_outside_of_a_recording_is_dead() {
        let line = Line::open("POST", "http://a.b", &HeaderMap::new(), b"s");
        assert!(line.0.is_none());
        line.replied(b"x");
        let work = async {
            let line = Line::open("POST", "http://a.b/v1?q", &HeaderMap::new(), b"s");
            line.replies(200, &HeaderMap::new());
            line.replied(b"r");
            drop(Line::open("POST", "http://a.b", &HeaderMap::new(), b"t"));
        };
        let ((), heard) = overheard(work).await;
        assert_eq!(heard.len(), 2);
        assert_eq!(
            (heard[0].target.as_str(), heard[0].status),
            ("POST http://a.b/v1", Some(200))
        );
        assert_eq!(heard[0].reply.as_deref(), Some("r"));
        assert!(heard[1].failure.is_some() && heard[1].reply.is_none());
    }
}
