//! The live page: one page of HTML, what it shows as JSON, and a stream of events.
//!
//! It only reads: a run's store, through connections that cannot write, and [`Live`], which
//! the command line feeds. It answers GET and HEAD alone, to this machine unless it is told
//! otherwise, and then only under a word that cannot be guessed; no other page may read it. It
//! must not know how a run is made. To add a thing that the page asks for: a variant of
//! `Asked` in `route.rs` and its answer in `answer.rs`.

mod answer;
mod body;
mod error;
mod explore;
mod guard;
mod live;
mod page;
mod route;
mod server;
mod shelf;

pub use error::ServeError;
pub use live::{Live, Phase};
pub use server::{Address, Server};
