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
mod column;
mod components;
mod correlate;
mod decide;
mod discordant;
mod effect;
mod ensemble;
mod error;
mod evaluate;
mod family;
mod findings;
mod fixed;
mod forecast;
mod frontier;
mod hedging;
mod hypothesis;
mod joined;
mod levels;
mod linear;
mod looks;
mod memory;
mod method;
mod one_quantile;
mod pairwise;
mod portray;
mod power;
mod procedure;
mod prospect;
mod samples;
mod satterthwaite;
mod settle;
mod slices;
mod smooth;
mod stopping;
mod summary;
mod supports;
mod umpire;
mod unpaired;
mod unpaired_shares;

pub use analyse::{History, analyse, analyse_again};
pub use discordant::all_discordant;
pub use ensemble::{EnsembleFindings, LevelFindings, MemberFindings, MemberPair};
pub use error::{AnalysisError, Unsupported};
pub use findings::{
    Components, ConditionFindings, Discordant, DiscordantItem, EffectSize,
    FailureVerdicts, FamilyPairs, Findings, HedgeAudit, HypothesisFindings, JoinRule,
    Joined, MetricFindings, PairCounts, PairFindings, PartFindings, Ranked, Ratio,
    RunnerUp, SliceClaim, SliceFindings, SliceMeans, SlicedFindings, TailAudit, Verdict,
    Winner,
};
pub use forecast::{HypothesisForecast, PowerCurve, PowerPoint, forecast};
pub use frontier::{FrontierFindings, FrontierMember};
pub use memory::Memory;
pub use portray::{Differences, Distribution, Portraits, Spend, Spent, Step, portray};
pub use prospect::Prospect;
pub use supports::{TestChoice, supports};
pub use umpire::Umpire;
