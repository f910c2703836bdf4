//! The one binary of integration tests: a module for each wing of the house.

mod house;
mod script;
mod strategies;
mod lang_syntax;
