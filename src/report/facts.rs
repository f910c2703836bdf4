//! What a report says of a run beside its findings: counts, models, failures, sources.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The facts of a run, read from its store. Nothing here depends on when or how fast the
/// run went, so that equal runs with the same runs before them give equal reports.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunFacts {
    /// The run's folder; in the JSON document alone.
    pub run_dir: String,
    /// The version of the program that made the report.
    pub version: String,
    /// The digest of the experiment.
    pub digest: String,
    /// Whether every planned trial is done or failed.
    pub complete: bool,
    /// Why it is not complete, if it is not.
    pub stopped: Option<String>,
    /// Items asked.
    pub items: u32,
    /// What was asked, where that is not the whole experiment.
    pub selection: Option<SelectionFacts>,
    /// The command that repeats it: the file, and those flags that say what is asked.
    pub command: String,
    /// The seed of the experiment.
    pub seed: u64,
    /// Trials.
    pub trials: TrialTotals,
    /// Calls.
    pub calls: CallTotals,
    /// The models, in file order.
    pub models: Vec<ModelFacts>,
    /// Failures of trials by condition and kind, most frequent first.
    pub failures: Vec<FailureCount>,
    /// Scores that a metric failed to give, by condition and metric, with an example.
    pub score_failures: Vec<FailureCount>,
    /// The files of the experiment with their digests.
    pub sources: Vec<SourceFacts>,
    /// Hypotheses of the stored family that the file no longer has.
    pub removed_hypotheses: Vec<String>,
    /// Runs of the experiment that were there when this one was made, oldest first.
    pub earlier_runs: Vec<EarlierFacts>,
    /// What the sections of the file say of the findings.
    #[serde(default)]
    pub sections: Vec<SectionText>,
}

/// A section that a closure of the file wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SectionText {
    /// Its heading.
    pub title: String,
    /// Its text, a paragraph each.
    pub paragraphs: Vec<String>,
    /// The heads of its table; empty where it has none.
    pub columns: Vec<String>,
    /// The rows of its table, as wide as the heads.
    pub rows: Vec<Vec<String>>,
}

/// The part of an experiment that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SelectionFacts {
    /// Items asked, of any condition.
    pub items: u32,
    /// Items of the experiment.
    pub of_items: u32,
    /// The conditions asked, in file order.
    pub conditions: Vec<String>,
    /// How many conditions the experiment has.
    pub of_conditions: u32,
    /// Whether its conditions were asked different numbers of items.
    pub uneven: bool,
}

/// A run of the experiment that was there when this one was made, as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EarlierFacts {
    /// The name of its folder.
    pub name: String,
    /// When it was made.
    pub created: String,
    /// Trials planned.
    pub planned: u64,
    /// Trials committed.
    pub committed: u64,
    /// Of those, how many had failed.
    pub failed: u64,
    /// How far it was, in words.
    pub status: String,
    /// Whether it was of the same experiment, by digest.
    pub same_experiment: bool,
    /// Its seed, where that was noted.
    #[serde(default)]
    pub seed: Option<u64>,
    /// The claims of its family, where they were noted.
    #[serde(default)]
    pub claims: Vec<String>,
}

/// Counts of trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrialTotals {
    /// In the plan.
    pub planned: u64,
    /// Committed without failure.
    pub done: u64,
    /// Committed as failed.
    pub failed: u64,
    /// Of those committed, found in the store instead of being run.
    pub reused: u64,
    /// Trials that were run again after a failure; left out of the document where none was.
    #[serde(default, skip_serializing_if = "is_none")]
    pub retried: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Counts of calls.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CallTotals {
    /// Calls of the committed trials.
    pub calls: u64,
    /// Calls answered from the cache.
    pub cached: u64,
    /// Requests beyond the first of a call.
    pub retries: u64,
    /// The sum of all known costs, in dollars.
    pub cost_usd: f64,
    /// Calls whose cost is not known.
    pub unknown_cost: u64,
    /// The sum of known tokens sent.
    pub tokens_in: u64,
    /// The sum of known tokens received.
    pub tokens_out: u64,
}

/// A model and what its provider called it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModelFacts {
    /// The name in the file.
    pub name: String,
    /// The ids under which the provider answered, such as dated versions.
    pub resolved: Vec<String>,
    /// Calls made to it.
    pub calls: u64,
}

/// How often something failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FailureCount {
    /// The condition.
    pub condition: String,
    /// The kind of failure in words, or the metric's name.
    pub kind: String,
    /// How many trials.
    pub count: u64,
    /// One message.
    pub example: String,
}

/// A source file of the experiment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Its path as it was found.
    pub path: String,
    /// The BLAKE3 digest of its text.
    pub digest: String,
}
