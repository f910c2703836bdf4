//! Claims become estimates, tests and verdicts.
//!
//! [`analyse()`] reads the samples of a run and returns its [`Findings`]; [`supports()`] says
//! before anything runs whether a claim has a test. The choice of the test is one `match`
//! in `choose.rs` that mirrors the table of the design notes. Knows nothing of models,
//! strategies or files. To add a row: name it in `choose.rs`, make it ready in
//! `procedure.rs`, and add it to the calibration.

mod analyse;
mod anytime;
mod assume;
mod choose;
mod correlate;
mod decide;
mod effect;
mod error;
mod evaluate;
mod family;
mod findings;
mod forecast;
mod hypothesis;
mod levels;
mod linear;
mod looks;
mod one_quantile;
mod power;
mod procedure;
mod prospect;
mod samples;
mod settle;
mod smooth;
mod stopping;
mod summary;
mod supports;
mod umpire;

pub use analyse::{History, analyse};
pub use error::{AnalysisError, Unsupported};
pub use findings::{
    ConditionFindings, EffectSize, FailureVerdicts, Findings, HypothesisFindings,
    MetricFindings, PairCounts, Ratio, RunnerUp, Verdict,
};
pub use forecast::{HypothesisForecast, forecast};
pub use prospect::Prospect;
pub use supports::{TestChoice, supports};
pub use umpire::Umpire;
