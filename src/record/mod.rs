//! What happened, as data: items, requests, answers, calls, outputs, scores and trials,
//! and the traits through which other rooms reach the store.
//!
//! These are the words in which `model`, `strategy`, `engine`, `store` and `analysis` speak
//! to one another. Everything a user may see again is `Serialize`; [`FORMAT`] rises when
//! the meaning of a stored field changes. Nothing here acts.

mod batch;
mod call;
mod exchange;
mod item;
mod items;
mod observed;
mod output;
mod referee;
mod trial;

pub use batch::{BatchEntry, BatchLedger};
pub use call::{
    Answer, CallRecord, Failure, FailureKind, Message, Request, Role, TokenParts,
};
pub use exchange::{Exchange, Recording, Tape};
pub use item::Item;
pub use items::{ItemSource, Items};
pub use observed::{
    AnswerCache, LimitEvent, Observation, Observed, SampleSource, SourceError, Voted,
};
pub use output::{Marks, Output, Usage, Vote};
pub use referee::{Over, Referee};
pub use trial::{Outcome, Place, Score, TrialRecord};

/// The version of what the store holds.
pub const FORMAT: u32 = 5;
