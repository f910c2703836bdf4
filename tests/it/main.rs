//! The one binary of integration tests: a module for each wing of the house.

mod calibration;
mod datasets;
mod engine;
mod gateway;
mod golden;
mod golden_text;
mod house;
mod script;
mod strategies;
mod lang_syntax;
mod providers;
mod standin;
mod store;
