//! The one binary of integration tests: a module for each wing of the house.

mod bad;
mod house;
mod lang_check;
mod lang_syntax;
mod script;
mod strategies;
