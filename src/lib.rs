//! Crucible: a language for experiments on language models, and the engine, statistics
//! and reports behind it.
//!
//! Data flows one way: text → [`lang`] → experiment → [`plan`] → [`engine`] → trials in the
//! [`store`] → [`analysis`] → findings → [`report`]. Each room uses lower floors only;
//! `tests/it/house.rs` holds the table.

pub mod analysis;
pub mod base;
pub mod catalogue;
pub mod cli;
pub mod dataset;
pub mod diag;
pub mod engine;
pub mod lang;
pub mod logs;
pub mod model;
pub mod plan;
pub mod record;
pub mod report;
pub mod score;
pub mod script;
pub mod serve;
pub mod spec;
pub mod stats;
pub mod store;
pub mod strategy;
pub mod tables;
pub mod text;
pub mod watch;
