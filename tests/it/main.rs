//! The one binary of integration tests: a module for each wing of the house.

#[cfg(test)]
mod datasets;
#[cfg(test)]
mod golden_text;
mod house;
