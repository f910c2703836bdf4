//! A stand-in for model servers: answers in the shapes of OpenAI, Anthropic and Google, and
//! misbehaves on command.
//!
//! It runs on a thread of its own, so that tests which block can use it too. The answer to a
//! prompt is its last `A + B`, worked out. Faults are drawn from seed, model, prompt and how
//! often that prompt was asked, whatever the order of requests.

#![expect(clippy::unwrap_used, reason = "a server that fails, fails the test")]

mod answers;
pub(crate) mod batches;
mod streams;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crucible::base::Stream;
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use answers::Dialect;
use batches::BatchReply;

/// What the server does to a request instead of answering it well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// 429, with `Retry-After` in so many seconds where given.
    TooMany { retry_after: Option<f64> },
    /// An error status.
    Status(u16),
    /// The connection closes before a byte of the reply.
    Reset,
    /// The connection is reset before a byte of the reply.
    ResetBefore,
    /// The connection is reset in the middle of the body.
    ResetIn,
    /// The connection is reset once the whole reply was written.
    ResetAfter,
    /// Whole JSON in another shape than the API's.
    Wrong,
    /// The reply comes byte by byte: so many pieces, so far apart.
    Drip(u32, Duration),
    /// A good reply whose answer is so many bytes long.
    Long(usize),
    /// The server sends elsewhere.
    Redirect,
    /// A page of HTML with this status.
    Page(u16),
    /// 429 with `Retry-After` as a date, and with what is left in the headers.
    Spent,
    /// The body ends before its promised length.
    Cut,
    /// A whole reply whose JSON is not whole.
    Truncated,
    /// In the middle of a stream an event says that something went wrong, with this status.
    StreamError(u16),
    /// No reply until the client goes away.
    Hang,
    /// A good reply, so much later.
    Slow(Duration),
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The share of prompts that are answered right; the same prompts each time.
    pub(crate) accuracy: f64,
    /// How long each answer takes.
    pub(crate) latency: Duration,
    /// How long each event of a stream takes after the one before it.
    pub(crate) pace: Duration,
    /// Whether a stream that is asked for is given.
    pub(crate) streams: bool,
    /// Each fault with its share of the requests.
    pub(crate) faults: Vec<(Fault, f64)>,
    /// Faults of the first requests, in order of arrival, before shares are drawn.
    pub(crate) first: Vec<Fault>,
    /// The key that is asked for, if one is.
    pub(crate) key: Option<String>,
    /// How batches are treated.
    pub(crate) batches: batches::BatchPlan,
    /// What all draws depend on.
    pub(crate) seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            accuracy: 1.0,
            latency: Duration::ZERO,
            pace: Duration::ZERO,
            streams: true,
            faults: Vec::new(),
            first: Vec::new(),
            key: None,
            batches: batches::BatchPlan::default(),
            seed: 1,
        }
    }
}

/// One request as it was seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logged {
    pub(crate) model: String,
    /// The last message.
    pub(crate) prompt: String,
    /// `ok`, `429`, `500`, `reset`, `cut`, `truncated`, `unauthorized` or the fault's own word;
    /// `open` while under way; `left` when the client went away first.
    pub(crate) outcome: String,
    /// The whole body.
    pub(crate) body: Json,
    /// Milliseconds since the server's start at which it came.
    pub(crate) at_ms: u128,
    /// The same of its end: the reply was ready, or the client was seen to be gone.
    pub(crate) ended_ms: Option<u128>,
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub(crate) struct Standin {
    port: u16,
    shared: Arc<Shared>,
    hang_up: watch::Sender<u32>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    log: Mutex<Vec<Logged>>,
    asked: Mutex<BTreeMap<(String, String), u32>>,
    start: tokio::time::Instant,
    batches: batches::Desk,
    connections: AtomicUsize,
}

impl Standin {
    /// Starts a server on a port of its own.
    pub(crate) fn spawn(config: Config) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            config,
            log: Mutex::default(),
            asked: Mutex::default(),
            start: tokio::time::Instant::now(),
            batches: batches::Desk::default(),
            connections: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let (hang_up, hung_up) = watch::channel(0);
        let server = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(serve(listener, server, stopped, hung_up));
        });
        Self { port, shared, hang_up, stop: Some(stop), thread: Some(thread) }
    }

    /// Starts a server; for tests that are async.
    #[expect(clippy::unused_async, reason = "reads like the rest of an async test")]
    pub(crate) async fn start(config: Config) -> Self {
        Self::spawn(config)
    }

    /// The base address without a path: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far, in order of arrival.
    pub(crate) fn requests(&self) -> Vec<Logged> {
        self.shared.log.lock().unwrap().clone()
    }

    /// The prompts of the requests from the `n`-th on.
    pub(crate) fn prompts_from(&self, n: usize) -> Vec<String> {
        let log = self.shared.log.lock().unwrap();
        log.iter().skip(n).map(|logged| logged.prompt.clone()).collect()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Closes every connection, whatever is under way on it.
    pub(crate) fn hang_up(&self) {
        self.hang_up.send_modify(|count| *count += 1);
    }

    /// The requests to batch endpoints so far: method and path.
    pub(crate) fn batch_requests(&self) -> Vec<String> {
        self.shared.batches.asked()
    }

    /// The batches so far: id and number of requests.
    pub(crate) fn batches(&self) -> Vec<(String, usize)> {
        self.shared.batches.batches()
    }

    /// How many requests ended in each way.
    pub(crate) fn outcomes(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for logged in self.requests() {
            *counts.entry(logged.outcome).or_default() += 1;
        }
        counts
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    mut stopped: oneshot::Receiver<()>,
    mut hung_up: watch::Receiver<u32>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            Ok(()) = hung_up.changed() => connections.abort_all(),
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let shared = Arc::clone(&shared);
                shared.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(async move {
                    let _closed = attend(stream, &shared).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves the requests of one connection until either side closes it.
async fn attend(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await? {
        if !reply(&mut stream, shared, request).await? {
            return Ok(());
        }
    }
    Ok(())
}

struct HttpRequest {
    method: String,
    path: String,
    raw: Vec<u8>,
    headers: BTreeMap<String, String>,
    body: Json,
}

async fn read(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<HttpRequest>> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize =
        headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let raw = buffer[end + 4..end + 4 + length].to_vec();
    let body = serde_json::from_slice(&raw).unwrap_or(Json::Null);
    let request = HttpRequest { method, path: path.to_owned(), raw, headers, body };
    buffer.drain(..end + 4 + length);
    Ok(Some(request))
}

/// Passes a reply of the batch endpoints on; says whether the connection stays open.
async fn pass_on(stream: &mut TcpStream, reply: BatchReply) -> std::io::Result<bool> {
    match reply {
        BatchReply::Json(status, body) => {
            write(stream, status, "", &body, None).await?;
            Ok(true)
        }
        BatchReply::Close => Ok(false),
        BatchReply::Hang => {
            let mut byte = [0];
            let _left = stream.peek(&mut byte).await;
            Ok(false)
        }
    }
}

/// Replies and says whether the connection stays open.
async fn reply(
    stream: &mut TcpStream,
    shared: &Shared,
    request: HttpRequest,
) -> std::io::Result<bool> {
    if let Some(reply) = batches::reply(shared, &request) {
        return pass_on(stream, reply).await;
    }
    let Some(dialect) = Dialect::of(&request.path) else {
        write(stream, 404, "", "{\"error\":{\"message\":\"no such path\"}}", None)
            .await?;
        return Ok(true);
    };
    let model = dialect.model(&request.path, &request.body);
    let prompt = dialect.prompt(&request.body);
    let sure = Dialect::wants_logprobs(&request.body);
    let streamed = shared.config.streams && streams::asked(&request.path, &request.body);
    let place = shared.note(&model, &prompt, request.body);
    if shared.config.key.is_some() && dialect.key(&request.headers) != shared.config.key {
        shared.end(place, "unauthorized");
        let body = dialect.error(401, "wrong key sk-standin-1234");
        write(stream, 401, "", &body, None).await?;
        return Ok(true);
    }
    let fault = shared.fault(place, &model, &prompt);
    let wait = delay(shared.config.latency, fault);
    if !wait.is_zero() {
        let mut byte = [0];
        let left = tokio::time::timeout(wait, stream.peek(&mut byte)).await;
        if matches!(left, Ok(Ok(0) | Err(_))) {
            shared.end(place, "left");
            return Ok(false);
        }
    }
    let text = answers::answer(&shared.config, &model, &prompt);
    if streamed && streams::meets(fault) {
        let said =
            streams::Said { dialect, model: &model, prompt: &prompt, text: &text, sure };
        return streams::reply(stream, shared, place, said, fault).await;
    }
    let good = dialect.answer(&model, &prompt, &text, sure);
    match fault {
        Some(Fault::TooMany { retry_after }) => {
            shared.end(place, "429");
            let header =
                retry_after.map(|s| format!("retry-after: {s}\r\n")).unwrap_or_default();
            let body = dialect.error(429, "slow down");
            write(stream, 429, &header, &body, None).await?;
        }
        Some(Fault::Status(status)) => {
            shared.end(place, &status.to_string());
            let body = dialect.error(status, "a fault was asked for");
            write(stream, status, "", &body, None).await?;
        }
        Some(Fault::Reset) => {
            shared.end(place, "reset");
            return Ok(false);
        }
        Some(Fault::Cut) => {
            shared.end(place, "cut");
            write(stream, 200, "", &good[..good.len() / 2], Some(good.len())).await?;
            return Ok(false);
        }
        Some(Fault::Truncated) => {
            shared.end(place, "truncated");
            write(stream, 200, "", &good[..good.len() * 2 / 3], None).await?;
        }
        Some(Fault::Hang | Fault::Slow(_)) | None => {
            shared.end(place, "ok");
            write(stream, 200, "", &good, None).await?;
        }
        Some(odd) => {
            let plain = |text: &str| dialect.answer(&model, &prompt, text, sure);
            let error = dialect.error(429, "slow down");
            let (outcome, open) = misbehave(stream, odd, &text, plain, &error).await?;
            shared.end(place, &outcome);
            return Ok(open);
        }
    }
    Ok(true)
}

/// How long a reply takes.
fn delay(latency: Duration, fault: Option<Fault>) -> Duration {
    match fault {
        Some(Fault::Slow(extra)) => latency + extra,
        Some(Fault::Hang) => Duration::from_secs(3_600),
        Some(Fault::TooMany { .. }) => Duration::ZERO,
        _ => latency,
    }
}

/// Replies as a fault says, in the rarer ways. Returns what stands in the log, and whether the
/// connection stays open.
async fn misbehave(
    stream: &mut TcpStream,
    fault: Fault,
    text: &str,
    plain: impl Fn(&str) -> String,
    error: &str,
) -> std::io::Result<(String, bool)> {
    let good = plain(text);
    let outcome = match fault {
        Fault::ResetBefore => {
            reset(stream);
            return Ok(("reset-before".to_owned(), false));
        }
        Fault::ResetIn => {
            write(stream, 200, "", &good[..good.len() / 2], Some(good.len())).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            reset(stream);
            return Ok(("reset-in".to_owned(), false));
        }
        Fault::ResetAfter => {
            write(stream, 200, "", &good, None).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            reset(stream);
            return Ok(("ok".to_owned(), false));
        }
        Fault::Wrong => {
            let body = "{\"result\": [1, 2, {\"text\": \"7\"}]}";
            write(stream, 200, "", body, None).await?;
            "wrong".to_owned()
        }
        Fault::Drip(pieces, apart) => {
            drip(stream, &good, pieces, apart).await?;
            "drip".to_owned()
        }
        Fault::Long(bytes) => {
            let long = format!("{}{text}", "la ".repeat(bytes / 3));
            write(stream, 200, "", &plain(&long), None).await?;
            "ok".to_owned()
        }
        Fault::Redirect => {
            let header = "location: http://elsewhere.invalid/v1\r\n";
            write(stream, 302, header, "", None).await?;
            "302".to_owned()
        }
        Fault::Page(status) => {
            let page = "<!doctype html><title>Bad gateway</title><h1>nginx</h1>";
            write(stream, status, "", page, None).await?;
            status.to_string()
        }
        Fault::Spent => {
            let headers = "retry-after: Wed, 21 Oct 2015 07:28:01 GMT\r\ndate: Wed, 21 Oct 2015 07:28:00 GMT\r\nx-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 1s\r\n";
            write(stream, 429, headers, error, None).await?;
            "429".to_owned()
        }
        Fault::TooMany { .. }
        | Fault::Status(_)
        | Fault::Reset
        | Fault::Cut
        | Fault::Truncated
        | Fault::StreamError(_)
        | Fault::Hang
        | Fault::Slow(_) => "ok".to_owned(),
    };
    Ok((outcome, true))
}

/// Writes a reply in so many pieces, so far apart.
async fn drip(
    stream: &mut TcpStream,
    body: &str,
    pieces: u32,
    apart: Duration,
) -> std::io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 Standin\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    for piece in body.as_bytes().chunks(length.div_ceil(pieces as usize)) {
        stream.write_all(piece).await?;
        stream.flush().await?;
        tokio::time::sleep(apart).await;
    }
    Ok(())
}

/// Lets the connection end with RST: what is closed with nothing to linger for.
fn reset(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
}

async fn write(
    stream: &mut TcpStream,
    status: u16,
    headers: &str,
    body: &str,
    length: Option<usize>,
) -> std::io::Result<()> {
    let length = length.unwrap_or(body.len());
    let head = format!(
        "HTTP/1.1 {status} Standin\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.flush().await
}

impl Shared {
    fn note(&self, model: &str, prompt: &str, body: Json) -> usize {
        let mut log = self.log.lock().unwrap();
        log.push(Logged {
            model: model.to_owned(),
            prompt: prompt.to_owned(),
            outcome: "open".to_owned(),
            body,
            at_ms: self.start.elapsed().as_millis(),
            ended_ms: None,
        });
        log.len() - 1
    }

    fn end(&self, place: usize, outcome: &str) {
        let mut log = self.log.lock().unwrap();
        outcome.clone_into(&mut log[place].outcome);
        log[place].ended_ms = Some(self.start.elapsed().as_millis());
    }

    fn fault(&self, place: usize, model: &str, prompt: &str) -> Option<Fault> {
        let attempt = {
            let mut asked = self.asked.lock().unwrap();
            let count = asked.entry((model.to_owned(), prompt.to_owned())).or_insert(0);
            *count += 1;
            *count
        };
        if let Some(fault) = self.config.first.get(place) {
            return Some(*fault);
        }
        let parts = [model.as_bytes(), prompt.as_bytes(), &attempt.to_le_bytes()];
        let mut draw = Stream::keyed(self.config.seed, "fault", &parts).unit();
        for (fault, share) in &self.config.faults {
            if draw < *share {
                return Some(*fault);
            }
            draw -= share;
        }
        None
    }
}
