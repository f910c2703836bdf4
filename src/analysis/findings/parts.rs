//! What the parts of a joined claim, and the items behind a paired one, came to.

use serde::{Deserialize, Serialize};

use crate::spec::Scale;

use super::Verdict;

/// How claims are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinRule {
    /// `and`: an intersection-union test, whose p is the largest of the parts.
    And,
    /// `or`: a union-intersection test, whose p is the smallest times their number.
    Or,
}

/// A joined claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// What stands between the parts.
    pub rule: JoinRule,
    /// Whether parts are joined themselves; they are listed one by one.
    pub nested: bool,
    /// The parts, in the order of the text.
    pub parts: Vec<PartFindings>,
}

/// One comparison or equivalence of a joined claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartFindings {
    /// The comparison in words.
    pub claim: String,
    /// The test that ran; empty when none could.
    pub test: String,
    /// The estimate of left minus right side, margin not included.
    pub estimate: Option<f64>,
    /// Whether that is the level of one condition.
    pub is_level: bool,
    /// The scale in which it is shown.
    pub scale: Scale,
    /// Its interval, unadjusted.
    pub ci: Option<[f64; 2]>,
    /// The level of the interval.
    pub interval_level: f64,
    /// The p-value of the part alone.
    pub p: f64,
    /// The p-value after Holm's correction over the parts.
    pub p_holm: f64,
    /// What the part alone came to at the level of the hypothesis: with the p that
    /// supports its rule, its own under `and`, the corrected one under `or`.
    pub verdict: Verdict,
    /// Items with a value on every side.
    pub n_items: u32,
    /// Why nothing could be computed.
    pub reason: Option<String>,
}

/// Items on which only one side of a paired comparison was right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discordant {
    /// The left condition.
    pub left: String,
    /// The right condition.
    pub right: String,
    /// The metric.
    pub metric: String,
    /// How many items only the left side was right on.
    pub only_left_count: u32,
    /// How many items only the right side was right on.
    pub only_right_count: u32,
    /// The first of them in the keyed order.
    pub only_left: Vec<DiscordantItem>,
    /// The first of the others.
    pub only_right: Vec<DiscordantItem>,
}

/// An item with what both sides answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscordantItem {
    /// Its id.
    pub id: String,
    /// What the left side answered, cut where it is long; `None` where its trial failed.
    pub left: Option<String>,
    /// What the right side answered.
    pub right: Option<String>,
}

/// How the variance of a metric is split between items and repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Variance of the items' true means.
    pub item: f64,
    /// Variance of the repeats of one item.
    pub repeat: f64,
    /// The share of the items: the intraclass correlation of single trials.
    pub item_share: Option<f64>,
    /// Repeats of an item, on average.
    pub repeats: f64,
    /// The standard error of the mean with the trials as they were dealt.
    pub se: f64,
    /// The standard error of the same number of trials with one for each item.
    pub se_once: f64,
    /// What it means for the next run, in a sentence.
    pub advice: String,
}
