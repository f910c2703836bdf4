//! What a trial costs over HTTP, beside a bare loop of requests against the same server.
//!
//! `cargo bench --bench wire` starts a server on this machine, a loop of bare requests and
//! `crucible-run` in turn, for each of a few numbers of requests under way and latencies, and prints CPU time,
//! requests a second and their ratios. Each is a process of its own; CPU time is user and
//! system time as the kernel counts it, the start of the program included. With the number
//! of questions after `--` it asks so many: `cargo bench --bench wire -- 100000`.
//!
//! The rate of `crucible-run` is told twice: from the first request to the commit of the last
//! scored trial, and of the whole command, from its start over the loading of the items to
//! the analysis and the reports. The last lines are of runs that record every exchange, answer
//! from that recording, and answer from the cache.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench starts programs, reads their times and prints"
)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Requests under way at once, and the milliseconds that the server takes.
const CASES: [(usize, u64); 4] = [(64, 0), (256, 0), (256, 50), (2_000, 500)];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words.as_slice() {
        ["serve", latency] => serve(latency.parse().unwrap()),
        ["bare", url, n, under_way] => {
            bare(url, n.parse().unwrap(), under_way.parse().unwrap());
        }
        [] => compare(20_000),
        [n, ..] => compare(n.parse().unwrap()),
    }
}

/// What a child took.
#[derive(Debug, Clone, Copy)]
struct Taken {
    cpu: f64,
    wall: f64,
}

impl Taken {
    /// CPU in microseconds a request, and thousands of requests a second.
    fn each(self, n: usize) -> (f64, f64) {
        (self.cpu / n as f64 * 1e6, n as f64 / self.wall / 1e3)
    }
}

fn compare(n: usize) {
    println!(
        "{n} questions; CPU in microseconds a request, requests in thousands a second\n"
    );
    println!(
        "under way  latency | bare CPU      k/s |      CPU      k/s    whole | CPU ratio  throughput    whole"
    );
    for (under_way, latency) in CASES {
        let mut server = Server::start(latency);
        let exe = std::env::current_exe().unwrap();
        let words = ["bare", &server.url, &n.to_string(), &under_way.to_string()];
        // Once to warm the machine up.
        take(Command::new(&exe).args(["bare", &server.url, "2000", "64"]));
        let bare = take(Command::new(&exe).args(words));
        let desk = Desk::new(&server.url, n, under_way);
        let (own, asking) = desk.run(&[]);
        let ((bare_cpu, bare_rate), (cpu, whole)) = (bare.each(n), own.each(n));
        let rate = n as f64 / asking / 1e3;
        println!(
            "{under_way:>9} {latency:>5} ms | {bare_cpu:>8.1} {bare_rate:>8.1} | {cpu:>8.1} {rate:>8.1} {whole:>8.1} | {:>8.2}x {:>10.0}% {:>7.0}%",
            cpu / bare_cpu,
            100.0 * rate / bare_rate,
            100.0 * whole / bare_rate
        );
        if (under_way, latency) == CASES[0] {
            let told = |what: &str, (taken, asking): (Taken, f64)| {
                let (cpu, whole) = taken.each(n);
                let rate = n as f64 / asking / 1e3;
                println!(
                    "{what:>18} |                   | {cpu:>8.1} {rate:>8.1} {whole:>8.1} |"
                );
            };
            told("from the cache", desk.run(&["--fresh"]));
            desk.forget();
            told("recording", desk.run(&["--record", "tape"]));
            desk.forget();
            told("replaying", desk.run(&["--replay", "tape"]));
        }
        server.stop();
    }
}

/// A folder with an experiment of `n` questions.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(url: &str, n: usize, under_way: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "experiment wire {{ concurrency: {under_way} }}\n\
             model m = openai(\"stand-in\") {{ base_url: \"{url}/v1\", concurrency: {under_way} }}\n\
             dataset d = items({n}, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
             condition c = ask(m)\n\
             metric correct = exact_match(extract: last_number)\n"
        );
        std::fs::write(folder.path().join("wire.crucible"), text).unwrap();
        Self(folder)
    }

    /// Runs `crucible-run`; returns what it took, and the seconds from the first request to
    /// the last commit as its log tells them.
    fn run(&self, more: &[&str]) -> (Taken, f64) {
        let log = self.0.path().join("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_crucible-run"));
        command
            .args(["wire.crucible", "--yes", "--log", "json"])
            .args(more)
            .current_dir(self.0.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap());
        let taken = take(&mut command);
        let text = std::fs::read_to_string(log).unwrap();
        let last = text.lines().rfind(|line| line.contains("\"progress\"")).unwrap();
        let last: Json = serde_json::from_str(last).unwrap();
        (taken, last["seconds"].as_f64().unwrap())
    }

    /// Removes the runs and their cache.
    fn forget(&self) {
        std::fs::remove_dir_all(self.0.path().join("runs")).unwrap();
    }
}

/// Runs a child to its end.
fn take(command: &mut Command) -> Taken {
    let (before, start) = (children_cpu(), Instant::now());
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?} ended with {status}");
    Taken { cpu: children_cpu() - before, wall: start.elapsed().as_secs_f64() }
}

/// The CPU seconds of all children that have ended, in steps of 10 ms.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap()) / 100.0
}

struct Server {
    child: std::process::Child,
    url: String,
}

impl Server {
    fn start(latency: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serve", &latency.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: line.trim().to_owned() }
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Serves chat completions on one thread: the sum that the prompt asks for.
fn serve(latency: u64) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(attend(stream, Duration::from_millis(latency)));
            while connections.try_join_next().is_some() {}
        }
    });
}

async fn attend(mut stream: TcpStream, latency: Duration) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::with_capacity(4_096);
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
        let length = head.split("content-length:").nth(1).unwrap_or("0");
        let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
        while buffer.len() < end + length {
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let body: Json = serde_json::from_slice(&buffer[end..end + length]).unwrap();
        buffer.drain(..end + length);
        let prompt = body["messages"][0]["content"].as_str().unwrap();
        let first = prompt.trim_start_matches("What is ").split(' ').next().unwrap();
        let sum = first.parse::<u64>().unwrap() + 1;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let answer = json!({
            "id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": "stand-in-1",
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "refusal": null,
                    "content": format!("The sum is worked out step by step, and it is {sum}.")}}],
            "usage": {"prompt_tokens": 14, "completion_tokens": 14, "total_tokens": 28},
            "system_fingerprint": "fp_0"
        })
        .to_string();
        let reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Asks `n` questions with nothing but the HTTP client, and checks the answers.
fn bare(url: &str, n: u64, under_way: usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    drop(rlimit::increase_nofile_limit(u64::MAX));
    let right = runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url: Arc<str> = format!("{url}/v1/chat/completions").into();
        let next = Arc::new(AtomicU64::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..under_way {
            let (client, url, next) =
                (client.clone(), Arc::clone(&url), Arc::clone(&next));
            workers.spawn(async move {
                let mut right = 0;
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= n {
                        return right;
                    }
                    let body = json!({"model": "stand-in", "messages": [
                        {"role": "user", "content": format!("What is {i} + 1?")}]});
                    let reply = client.post(&*url).json(&body).send().await.unwrap();
                    let reply: Json = reply.json().await.unwrap();
                    let text =
                        reply["choices"][0]["message"]["content"].as_str().unwrap();
                    right += u64::from(text.ends_with(&format!(" {}.", i + 1)));
                }
            });
        }
        let mut right = 0;
        while let Some(count) = workers.join_next().await {
            right += count.unwrap();
        }
        right
    });
    assert_eq!(right, n);
}
