//! Strategies: how a trial asks models.
//!
//! A strategy turns an item into an output through its [`TrialContext`], the only way to a
//! model; limits, retries, budget, cache and record lie behind it. What a strategy decides
//! is a pure function, the rest a few lines of async. It knows nothing of metrics, plans or
//! the store. To add one, write its file (doc, signature, struct, `impl Strategy`, tests)
//! and list it in [`COMBINATORS`]; a call worked out at check time goes to [`EVALUATED`].

mod ask;
mod bridge;
mod consistency;
mod context;
mod contract;
mod forecast;
mod heat;
mod hedge;
mod past;
mod render;
mod repeat;
mod route;
mod scripted;
mod sure;
#[cfg(test)]
mod testing;
mod vote;

pub use ask::Ask;
pub use context::{Checkpoints, Ran, TrialContext, TrialKey};
pub use contract::{BuildError, BuildStrategy, Builder, Combinator, Strategy};
pub use forecast::CallForecast;
pub use hedge::{BY_WORKLOAD, Hedge};
pub use past::{Ended, Past, Took};
pub use render::{Prompt, Rendered};
pub use scripted::Scripted;
pub use vote::{SCHEDULES, SIMILAR, Vote};

use crate::spec::Signature;

/// Every combinator.
pub const COMBINATORS: &[Combinator] =
    &[ask::COMBINATOR, hedge::COMBINATOR, route::COMBINATOR, vote::COMBINATOR];

/// Delays of a hedge that are calls.
pub const DELAYS: &[Signature] = &[BY_WORKLOAD];

/// Calls about strategies that are worked out when the file is checked.
pub const EVALUATED: &[Signature] = &[consistency::SIGNATURE, repeat::SIGNATURE];
