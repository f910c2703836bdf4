//! A stream, put together.

use serde_json::Value as Json;
use tokio::time::Instant;

use super::events::Events;
use super::{Api, Step, status_of};
use crate::model::contract::CallError;
use crate::record::FailureKind;

/// What a server says to be the end of its events.
const DONE: &str = "[DONE]";

/// The status of an error that does not say which it is: it is the server's.
const UNKNOWN: u16 = 500;

/// A stream as far as it came.
#[derive(Debug)]
pub(in crate::model) struct Gathered {
    api: Api,
    events: Events,
    whole: Json,
    /// When the first token of the answer came.
    first: Option<Instant>,
    end: Option<End>,
}

#[derive(Debug)]
enum End {
    /// The answer is whole.
    Whole,
    /// The server says that something went wrong.
    Error(Json),
    /// An event is not what the protocol says.
    Strange,
}

/// What a stream came to.
#[derive(Debug)]
pub(in crate::model) enum Streamed {
    /// The reply, as if it had come whole.
    Whole(Json),
    /// An error of the server, with its status.
    Error(u16, Json),
    /// The stream is cut, or is no stream of the API.
    Broken(CallError),
}

impl Gathered {
    pub(in crate::model) fn new(api: Api) -> Self {
        Self { api, events: Events::default(), whole: Json::Null, first: None, end: None }
    }

    /// Takes the next bytes; says whether more are wanted.
    pub(in crate::model) fn feed(&mut self, bytes: &[u8]) -> bool {
        let Self { api, events, whole, first, end } = self;
        events.feed(bytes, |data| {
            *end = add(*api, whole, first, data);
            end.is_none()
        });
        self.end.is_none()
    }

    /// Returns when the first token of the answer came.
    pub(in crate::model) fn first(&self) -> Option<Instant> {
        self.first
    }

    /// Ends the stream, where it did not end itself.
    pub(in crate::model) fn finish(mut self) -> Streamed {
        if self.end.is_none()
            && let Some(data) = self.events.rest()
        {
            self.end = add(self.api, &mut self.whole, &mut self.first, &data);
        }
        let is_said =
            |at: &str| self.whole.pointer(at).is_some_and(|said| !said.is_null());
        match self.end {
            Some(End::Whole) => Streamed::Whole(self.whole),
            Some(End::Error(error)) => {
                let status = error.get("error").and_then(status_of).unwrap_or(UNKNOWN);
                Streamed::Error(status, error)
            }
            Some(End::Strange) => broken("an event of the stream is not whole JSON"),
            None if self.api.complete.iter().any(|at| is_said(at)) => {
                Streamed::Whole(self.whole)
            }
            None => broken("the stream ended before the answer did"),
        }
    }
}

fn broken(message: &str) -> Streamed {
    Streamed::Broken(CallError::new(FailureKind::Malformed, message))
}

/// Adds the data of an event; says how the stream ended, if it did.
fn add(
    api: Api,
    whole: &mut Json,
    first: &mut Option<Instant>,
    data: &str,
) -> Option<End> {
    if data.trim() == DONE {
        return Some(End::Whole);
    }
    if data.trim().is_empty() {
        return None;
    }
    let Ok(event) = serde_json::from_str::<Json>(data) else { return Some(End::Strange) };
    if event.get("error").is_some_and(|error| !error.is_null()) {
        return Some(End::Error(event));
    }
    match (api.add)(whole, &event) {
        Step::Quiet => None,
        Step::Text => {
            first.get_or_insert_with(Instant::now);
            None
        }
        Step::End => Some(End::Whole),
    }
}
