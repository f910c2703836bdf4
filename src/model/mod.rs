//! Models, their providers and the gateway in front of them.
//!
//! A [`Model`] answers one request once. The [`Gateway`] makes a call of it: it looks into
//! the cache, waits for limits and budget, sets the timeout, tries again and writes down
//! what happened. It promises that a dropped call gives back all that it held, and that no
//! key reaches a message, a record or a `Debug` text. It knows nothing of trials.
//!
//! To add a provider: write its file with signature, `build` and `impl Model`, and list it
//! in `provider::PROVIDERS`.

mod address;
mod anthropic;
mod backoff;
mod batch;
mod chat;
mod contract;
mod failed;
mod gateway;
mod google;
mod guess;
mod health;
mod journal;
mod lane;
mod latency;
mod logprobs;
mod openai;
mod overhear;
mod prices;
mod provider;
mod purse;
mod quota;
mod racing;
mod recorded;
mod settings;
mod sim;
mod state;
mod stream;
mod streaming;
#[cfg(test)]
mod testing;
mod throttle;
mod underway;
mod window;
mod wire;

pub use batch::{BatchApi, Batched, Ended, Missing, Refusal, Sought, Stage, Terms};
pub use contract::{Attempted, CallError, Estimate, Left, Model, Price, Profile, Quota};
pub use gateway::Gateway;
pub use lane::{Lane, Limits, lane};
pub use latency::DISTRIBUTIONS;
pub use prices::{list_price, price_date};
pub use provider::{
    Build, BuildError, PROVIDERS, Provider, RecordedItems, Surroundings, addresses,
    provider, read_reply, read_stream,
};
pub use recorded::Recorded;
pub use settings::{GatewaySettings, ModelRef, Spending};
pub use underway::{Nobody, Witness};
pub use wire::Http;
