//! The one binary of integration tests: a module for each wing of the house.

mod fmt;
mod fuzz;
mod house;
mod lang_syntax;
