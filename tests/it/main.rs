//! The one binary of integration tests: a module for each wing of the house.

mod gateway;
mod house;
mod providers;
mod standin;
