//! Findings: all that the analysis says of a run, as data for reports and JSON.

mod pairs;
mod parts;
mod slices;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::analysis::ensemble::EnsembleFindings;
use crate::analysis::frontier::FrontierFindings;
use crate::spec::{Alternative, Correction, Over, Scale};

pub use pairs::{FamilyPairs, PairFindings, Ranked};
pub use parts::{Components, Discordant, DiscordantItem, JoinRule, Joined, PartFindings};
pub use slices::{SliceClaim, SliceFindings, SliceMeans, SlicedFindings};

/// What the analysis found. Values are in base units: seconds, dollars, fractions of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// For each condition, in file order, its metrics and measures by name: the metrics in
    /// file order, then the measures.
    pub conditions: IndexMap<String, ConditionFindings>,
    /// The hypotheses, in file order.
    pub hypotheses: IndexMap<String, HypothesisFindings>,
    /// How the p-values of the family were corrected.
    pub correction: Correction,
    /// Results by the values of columns, for each column of `by:`.
    #[serde(default)]
    pub slices: Vec<SlicedFindings>,
    /// Every pair of the families that `pairs:` of the report names.
    #[serde(default)]
    pub pairs: Vec<FamilyPairs>,
    /// Remarks that concern the whole run, such as too few items to generalise.
    pub remarks: Vec<String>,
    /// The audit of conditions whose trials were hedged, by condition.
    #[serde(default)]
    pub hedging: IndexMap<String, HedgeAudit>,
    /// What the votes of conditions that vote say, by condition.
    #[serde(default)]
    pub ensembles: IndexMap<String, EnsembleFindings>,
    /// Accuracy against cost over the members of each family.
    #[serde(default)]
    pub frontiers: Vec<FrontierFindings>,
}

/// What hedging did under one condition. Latencies are in seconds, costs in dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HedgeAudit {
    /// Trials.
    pub trials: u64,
    /// Trials in which a backup started.
    pub fired: u64,
    /// Their share.
    pub fire_rate: f64,
    /// Its interval, 95%, by Wilson.
    pub fire_rate_ci: Option<[f64; 2]>,
    /// Who answered first, how often.
    pub winners: Vec<Winner>,
    /// The median delay before a first backup in each quarter of the planned order; `None`
    /// where none started.
    pub delays: Vec<Option<f64>>,
    /// Backup requests for each other request.
    pub extra_requests: f64,
    /// What went to requests that lost, at most; `None` where it is unknown.
    pub wasted_cost: Option<f64>,
    /// What all requests cost.
    pub cost: Option<f64>,
    /// The condition that does the same without the hedge, where there is one.
    pub plain: Option<String>,
    /// Quantiles of the latency.
    pub tails: Vec<TailAudit>,
    /// What it gained, or why it could not: a sentence or two.
    pub statement: String,
}

/// Who answered first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Winner {
    /// `primary`, `backup 1` and so on.
    pub run: String,
    /// In how many trials.
    pub trials: u64,
}

/// A quantile of the latency with and without the hedge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TailAudit {
    /// The share of trials below it.
    pub q: f64,
    /// With the hedge.
    pub hedged: f64,
    /// Its interval, 95%.
    pub hedged_ci: Option<[f64; 2]>,
    /// Without it.
    pub plain: Option<f64>,
    /// Its interval, 95%.
    pub plain_ci: Option<[f64; 2]>,
}

/// What was found of one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionFindings {
    /// Committed trials.
    pub trials: u32,
    /// Trials that failed.
    pub failed: u32,
    /// How many items of the keyed order its numbers are of, where its sampling ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_after: Option<u32>,
    /// Metrics and measures by name.
    pub metrics: IndexMap<String, MetricFindings>,
}

/// A metric or measure over the trials of one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricFindings {
    /// Its scale.
    pub scale: Scale,
    /// Trials that count in the mean.
    pub n: u32,
    /// Items that count in the mean.
    pub n_items: u32,
    /// The mean; `None` where nothing is known.
    pub mean: Option<f64>,
    /// Its interval, 95%; `None` where it cannot be computed.
    pub ci: Option<[f64; 2]>,
    /// How the interval was made, such as `Wilson`.
    pub ci_method: String,
    /// Quantiles of durations (`p50`, `p90`, `p99`), empty for other scales.
    pub quantiles: IndexMap<String, f64>,
    /// Trials that failed, or whose score did.
    pub failed: u32,
    /// Of those, the trials that are done and on which the metric failed.
    #[serde(default)]
    pub failed_scores: u32,
    /// Trials without a value.
    pub unscored: u32,
    /// Its variance between items and between repeats, where items have repeats.
    #[serde(default)]
    pub components: Option<Components>,
}

/// What a hypothesis came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The data speak for the claim.
    Supported,
    /// The data speak against it.
    Refuted,
    /// Neither.
    Inconclusive,
}

impl Verdict {
    /// Returns the word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Refuted => "refuted",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// Says whether it is one of the two that decide.
    #[must_use]
    pub fn is_conclusive(self) -> bool {
        self != Self::Inconclusive
    }
}

/// What was found of one hypothesis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HypothesisFindings {
    /// The title of its definition, if it has one.
    pub title: Option<String>,
    /// The claim as written.
    pub claim: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The test that ran, such as `exact McNemar`; empty when none could.
    pub test: String,
    /// Why this test: one sentence.
    pub test_reason: String,
    /// The name and value of the test statistic.
    pub statistic_name: String,
    /// Its value; `None` when there is none.
    pub statistic: Option<f64>,
    /// Degrees of freedom, where the test has them.
    pub df: Option<f64>,
    /// The p-value of the hypothesis alone, 0 to 1; 1 when it could not be computed.
    pub p: f64,
    /// The smallest p that the test could have given here, where that is not near 0.
    pub p_floor: Option<f64>,
    /// The p-value after the correction of the family; `None` for exploratory ones, which
    /// are outside it.
    pub p_adjusted: Option<f64>,
    /// What is estimated, in words: `mean correct of a − mean correct of b`.
    pub estimand: String,
    /// The estimate of left minus right side, margin not included.
    pub estimate: Option<f64>,
    /// Whether that is the level of one condition, and no difference of several.
    #[serde(default)]
    pub is_level: bool,
    /// The scale in which the estimate is shown.
    pub scale: Scale,
    /// The margin m.
    pub margin: f64,
    /// The interval of the estimate, unadjusted.
    pub ci: Option<[f64; 2]>,
    /// The level of the interval, such as 0.95.
    pub interval_level: f64,
    /// How the interval was made.
    pub ci_method: String,
    /// The effect size, where there is one.
    pub effect_size: Option<EffectSize>,
    /// The ratio of left to right side with its interval, where both sides are one term.
    pub ratio: Option<Ratio>,
    /// The level of the hypothesis.
    pub alpha: f64,
    /// Two-sided or one-sided.
    pub alternative: Alternative,
    /// Items with a value on every side.
    pub n_items: u32,
    /// Independent units: items, or the groups of `cluster:`.
    pub n_units: u32,
    /// Repeats planned for each item.
    pub repeats: u32,
    /// Failed trials in the conditions of the claim, by condition.
    pub failed: IndexMap<String, u32>,
    /// Done trials on which a metric of the claim failed, by condition: left out.
    #[serde(default)]
    pub failed_scores: IndexMap<String, u32>,
    /// Trials without a score, by condition.
    pub unscored: IndexMap<String, u32>,
    /// Paired counts of a binary comparison, where there is one.
    pub pairs: Option<PairCounts>,
    /// The parts of a claim with `and` or `or`.
    #[serde(default)]
    pub joined: Option<Joined>,
    /// The items behind a paired binary comparison of two conditions.
    #[serde(default)]
    pub discordant: Option<Discordant>,
    /// Which population it speaks of.
    #[serde(default)]
    pub over: Over,
    /// After how many items of the keyed order it was decided, where the file has a stop rule
    /// and it was: p, estimate and interval are of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_after: Option<u32>,
    /// What the test assumes, and whether that held here: a sentence each.
    pub assumptions: Vec<String>,
    /// What the runner-up would have said.
    pub runner_up: Option<RunnerUp>,
    /// The verdicts with every failed trial and failed score counted against and for the
    /// claim.
    pub with_failures: Option<FailureVerdicts>,
    /// Why the hypothesis is not part of the family, if it is not.
    pub exploratory: Option<String>,
    /// Why it is inconclusive, or a remark on the verdict.
    pub reason: Option<String>,
    /// What it would take to settle it: a sentence; only when inconclusive.
    pub to_settle: Option<String>,
    /// Further remarks, a sentence each: interval and p that disagree, few units.
    pub remarks: Vec<String>,
}

/// A standardised or paired effect size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectSize {
    /// Its name, such as `odds b/c` or `d_z`.
    pub name: String,
    /// Its value; `None` when it is infinite or undefined.
    pub value: Option<f64>,
    /// Its interval, where there is one.
    pub ci: Option<[f64; 2]>,
    /// How large it is called, and whose thresholds say so: `medium (Cohen 1988)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
}

/// A ratio of two sides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// Left over right.
    pub value: f64,
    /// Its interval; `None` where the right side may be zero.
    pub ci: Option<[f64; 2]>,
}

/// The pairs behind a paired binary comparison (one trial an item and side).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairCounts {
    /// Right on both sides.
    pub both: u64,
    /// Right on the left side only.
    pub only_left: u64,
    /// Right on the right side only.
    pub only_right: u64,
    /// Right on neither.
    pub neither: u64,
}

/// The test that would have been chosen next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Its name.
    pub test: String,
    /// Its p-value on the side or sides of the hypothesis, before correction.
    pub p: f64,
    /// Whether the verdict would be another (with the same correction).
    pub changes_verdict: bool,
}

/// Verdicts with failures counted otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureVerdicts {
    /// Every failed trial and failed score counted against the claim.
    pub worst: Verdict,
    /// Every one counted for it.
    pub best: Verdict,
}
