//! Answers of the stand-in that come event by event.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::answers::{self, Dialect};
use super::{Fault, Shared, reset};

/// Whether a stream goes on as the client wants it to.
enum Client {
    Listens,
    Left,
}

/// What is said, by whom and to what.
pub(super) struct Said<'a> {
    pub(super) dialect: Dialect,
    pub(super) model: &'a str,
    pub(super) prompt: &'a str,
    pub(super) text: &'a str,
    /// Whether log-probabilities go with it.
    pub(super) sure: bool,
}

/// Whether a request asks for a stream.
pub(super) fn asked(path: &str, body: &Json) -> bool {
    body["stream"] == json!(true) || path.contains(":streamGenerateContent?alt=sse")
}

/// Whether a fault shows in a stream; others come before it.
pub(super) fn meets(fault: Option<Fault>) -> bool {
    matches!(
        fault,
        None | Some(
            Fault::Cut
                | Fault::ResetIn
                | Fault::Truncated
                | Fault::StreamError(_)
                | Fault::Slow(_)
                | Fault::Hang
        )
    )
}

/// Streams an answer, as far as the fault lets it come. Returns whether the connection stays
/// open.
pub(super) async fn reply(
    stream: &mut TcpStream,
    shared: &Shared,
    place: usize,
    said: Said<'_>,
    fault: Option<Fault>,
) -> std::io::Result<bool> {
    let dialect = said.dialect;
    let events = dialect.events(&said);
    let head = "HTTP/1.1 200 Standin\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let broken = !matches!(fault, None | Some(Fault::Slow(_) | Fault::Hang));
    let until = if broken { events.len() / 2 } else { events.len() };
    let mut events = events.into_iter().take(until).peekable();
    while let Some(event) = events.next() {
        if events.peek().is_none() && !broken {
            // Nobody should see the answer before it is in the log.
            shared.end(place, "ok");
        }
        chunk(stream, &event).await?;
        let pace = shared.config.pace;
        if events.peek().is_some() && matches!(wait(stream, pace).await, Client::Left) {
            shared.end(place, "left");
            return Ok(false);
        }
    }
    match fault {
        Some(Fault::Cut) => {
            shared.end(place, "cut");
            return Ok(false);
        }
        Some(Fault::ResetIn) => {
            shared.end(place, "reset-in");
            tokio::time::sleep(Duration::from_millis(20)).await;
            reset(stream);
            return Ok(false);
        }
        Some(Fault::StreamError(status)) => {
            shared.end(place, "stream-error");
            chunk(stream, &dialect.error_event(status)).await?;
        }
        Some(Fault::Truncated) => shared.end(place, "truncated"),
        _ => {}
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.flush().await?;
    Ok(true)
}

async fn chunk(stream: &mut TcpStream, event: &str) -> std::io::Result<()> {
    let framed = format!("{:x}\r\n{event}\r\n", event.len());
    stream.write_all(framed.as_bytes()).await?;
    stream.flush().await
}

async fn wait(stream: &TcpStream, pace: Duration) -> Client {
    if pace.is_zero() {
        return Client::Listens;
    }
    let mut byte = [0];
    match tokio::time::timeout(pace, stream.peek(&mut byte)).await {
        Ok(Ok(0) | Err(_)) => Client::Left,
        Ok(Ok(_)) | Err(_) => Client::Listens,
    }
}

fn data(event: &Json) -> String {
    format!("data: {event}\n\n")
}

fn named(event: &Json) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}

impl Dialect {
    /// An answer word by word, in the events of the API.
    fn events(self, said: &Said<'_>) -> Vec<String> {
        let Said { model, prompt, text, sure, .. } = *said;
        let sent = prompt.len().div_ceil(4);
        let received = text.len().div_ceil(4);
        let words = text.split_inclusive(' ');
        match self {
            Self::OpenAi => {
                let chunk = |delta: Json, finish: Json| {
                    let word =
                        delta["content"].as_str().filter(|w| sure && !w.is_empty());
                    let logprobs = word.map(|word| answers::tokens(&[word]));
                    data(&json!({"id": "chatcmpl-standin", "model": model,
                        "object": "chat.completion.chunk", "usage": null, "choices":
                        [{"index": 0, "delta": delta, "logprobs": logprobs,
                            "finish_reason": finish}]}))
                };
                let role = json!({"role": "assistant", "content": "", "refusal": null});
                let mut events = vec![chunk(role, Json::Null)];
                events.extend(words.map(|w| chunk(json!({"content": w}), Json::Null)));
                events.push(chunk(json!({}), json!("stop")));
                events.push(data(&json!({"id": "chatcmpl-standin", "model": model,
                    "object": "chat.completion.chunk", "choices": [],
                    "usage": {"prompt_tokens": sent, "completion_tokens": received,
                        "total_tokens": sent + received}})));
                events.push("data: [DONE]\n\n".to_owned());
                events
            }
            Self::Anthropic => {
                let mut events = vec![
                    named(&json!({"type": "message_start", "message": {
                        "id": "msg_standin", "type": "message", "role": "assistant",
                        "model": model, "content": [], "stop_reason": null,
                        "usage": {"input_tokens": sent, "output_tokens": 1}}})),
                    named(&json!({"type": "content_block_start", "index": 0,
                        "content_block": {"type": "text", "text": ""}})),
                    named(&json!({"type": "ping"})),
                ];
                events.extend(words.map(|word| {
                    named(&json!({"type": "content_block_delta", "index": 0,
                        "delta": {"type": "text_delta", "text": word}}))
                }));
                events.push(named(&json!({"type": "content_block_stop", "index": 0})));
                events.push(named(&json!({"type": "message_delta",
                    "delta": {"stop_reason": "end_turn", "stop_sequence": null},
                    "usage": {"output_tokens": received}})));
                events.push(named(&json!({"type": "message_stop"})));
                events
            }
            Self::Google => {
                let words: Vec<&str> = words.collect();
                let chunk = |(place, word): (usize, &&str)| {
                    let mut candidate = json!({"index": 0,
                        "content": {"parts": [{"text": word}], "role": "model"}});
                    let mut usage = json!({"promptTokenCount": sent});
                    if sure {
                        candidate["logprobsResult"] = answers::chosen(&[word]);
                    }
                    if place + 1 == words.len() {
                        candidate["finishReason"] = json!("STOP");
                        usage["candidatesTokenCount"] = json!(received);
                    }
                    data(&json!({"candidates": [candidate], "usageMetadata": usage,
                        "modelVersion": model}))
                };
                words.iter().enumerate().map(chunk).collect()
            }
        }
    }

    /// An error in the middle of a stream, as the API says it.
    fn error_event(self, status: u16) -> String {
        let is_limit = status == 429;
        match self {
            Self::OpenAi => {
                let kind = if is_limit { "rate_limit_exceeded" } else { "server_error" };
                data(&json!({"error": {"message": "it broke", "type": kind,
                    "param": null, "code": null}}))
            }
            Self::Anthropic => {
                let kind = if is_limit { "rate_limit_error" } else { "overloaded_error" };
                named(&json!({"type": "error",
                    "error": {"type": kind, "message": "it broke"}}))
            }
            Self::Google => data(&json!({"error": {"code": status,
                "message": "it broke", "status": "STANDIN"}})),
        }
    }
}
