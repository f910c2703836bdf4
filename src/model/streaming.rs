//! A chat model whose answers come token by token.

use secrecy::SecretString;

use crate::model::chat::{Chat, Dialect, failed, keyless};
use crate::model::contract::{Attempted, CallError};
use crate::model::stream::{Gathered, Streamed};
use crate::model::wire::{Reply, scrub};
use crate::record::{Answer, Request};

impl Chat {
    /// Asks for the answer token by token. A server that gives it whole is understood as well.
    pub(super) async fn attempt_stream(
        &self,
        request: &Request,
    ) -> Result<Attempted, CallError> {
        let endpoint = self.endpoint()?;
        let body = (self.dialect.body)(self, request);
        let mut gathered = Gathered::new(self.dialect.stream);
        let mut feed = |bytes: &[u8]| gathered.feed(bytes);
        let replied = self.http.stream(endpoint, body, &mut feed).await;
        let first_token = gathered.first();
        // What broke after the first token may be billed, whatever it was.
        let late = |error| CallError { begun: first_token.is_some(), ..error };
        let reply = replied.map_err(late)?;
        let result = if reply.streamed {
            let key = self.address.key.as_ref();
            let read = read_streamed(self.dialect, gathered, &reply, key);
            read.map(|answer| self.asked_for(answer)).map_err(late)
        } else {
            self.read(&reply)
        };
        Ok(Attempted { result, quota: reply.quota, first_token })
    }
}

/// Reads a stream to whose end everything came: an answer, or which failure it is.
pub(super) fn read_streamed(
    dialect: &Dialect,
    gathered: Gathered,
    reply: &Reply,
    key: Option<&SecretString>,
) -> Result<Answer, CallError> {
    let result = match gathered.finish() {
        Streamed::Whole(json) => (dialect.answer)(&json),
        Streamed::Broken(error) => Err(error),
        Streamed::Error(status, json) => {
            let body = json.to_string().into_bytes();
            let reply = Reply {
                status,
                body,
                retry_after: reply.retry_after,
                ..Reply::default()
            };
            let mut error = failed(dialect, status, &reply, &json, key);
            error.failure.message = format!("in the stream: {}", error.failure.message);
            return Err(error);
        }
    };
    match result {
        Ok(answer) => Ok(keyless(answer, key)),
        Err(mut error) => {
            error.failure.message = scrub(&error.failure.message, key);
            Err(error)
        }
    }
}
