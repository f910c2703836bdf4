//! The one binary of integration tests: a module for each wing of the house.

mod datasets;
mod golden_text;
mod house;
