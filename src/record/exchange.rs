//! What went over the wire for a call, and the traits through which the gateway reaches
//! what is recorded.

use crate::record::call::{CallRecord, Failure, Request};

/// One attempt at a call, as it went over the wire. Nothing in it is secret, and nothing
/// says who sent it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// The method and the address, without a query: `POST https://api.openai.com/v1/…`.
    pub target: String,
    /// The body that was sent.
    pub sent: String,
    /// The status of the reply, where one came.
    pub status: Option<u16>,
    /// What broke, where the reply did not come whole.
    pub failure: Option<String>,
    /// The headers of the reply that are kept, by name.
    pub headers: Vec<(String, String)>,
    /// The body of the reply, where it came whole.
    pub reply: Option<String>,
}

/// Where the gateway hands calls that are to be recorded. It takes them and returns; the
/// writing is done elsewhere.
pub trait Tape: Send + Sync {
    /// Takes a call that ended, by the id of its item, with its exchanges in order.
    fn keep(&self, item: &str, record: &CallRecord, exchanges: Vec<Exchange>);
}

/// Where the gateway finds calls that were recorded, when nothing is to be sent.
pub trait Recording: Send + Sync {
    /// Returns the call as it was recorded. What was sent is left out: it is the request's.
    ///
    /// # Errors
    ///
    /// When it was not recorded; the message shows the nearest request that was, and where
    /// the two differ.
    fn play(
        &self,
        request: &Request,
        place: &str,
        model: &str,
    ) -> Result<CallRecord, Failure>;
}
