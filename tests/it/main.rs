//! The one binary of integration tests: a module for each wing of the house.

#[cfg(test)]
mod acceptance;
#[cfg(test)]
mod bad;
#[cfg(test)]
mod batch;
#[cfg(test)]
mod batch_clock;
#[cfg(test)]
mod browser;
mod calibration;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod confidence;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod datasets;
#[cfg(test)]
mod design;
mod engine;
mod ensembles;
#[cfg(test)]
mod explorer;
mod faults;
mod fmt;
mod fuzz;
mod gateway;
mod golden;
#[cfg(test)]
mod golden_text;
#[cfg(test)]
mod hedging;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod house;
#[cfg(test)]
mod in_flight;
#[cfg(test)]
mod injection;
mod lang_check;
mod lang_syntax;
#[cfg(test)]
mod live;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod machine;
mod nesting;
#[cfg(test)]
mod papers;
mod providers;
mod reference;
#[cfg(test)]
mod replay;
mod script;
#[cfg(test)]
mod serve;
mod standin;
mod stats_laws;
mod stopping;
mod store;
mod strategies;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod templates;
mod told;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod watch;
