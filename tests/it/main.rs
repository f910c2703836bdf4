//! The one binary of integration tests: a module for each wing of the house.

mod fmt;
mod house;
mod lang_syntax;
