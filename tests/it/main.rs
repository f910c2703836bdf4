//! The one binary of integration tests: a module for each wing of the house.

mod bad;
mod calibration;
mod datasets;
mod engine;
mod gateway;
mod golden;
mod golden_text;
mod house;
mod lang_check;
mod lang_syntax;
mod providers;
mod script;
mod standin;
mod store;
mod strategies;
