//! The one binary of integration tests: a module for each wing of the house.

mod engine;
mod house;
mod store;
