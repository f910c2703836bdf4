//! The one binary of integration tests: a module for each wing of the house.

#[cfg(test)]
mod acceptance;
#[cfg(test)]
mod bad;
#[cfg(test)]
mod calibration;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod datasets;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod fmt;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod golden_text;
#[cfg(test)]
mod house;
#[cfg(test)]
mod lang_check;
#[cfg(test)]
mod lang_syntax;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod script;
#[cfg(test)]
mod standin;
#[cfg(test)]
mod store;
#[cfg(test)]
mod strategies;
