//! Claims become estimates, tests and verdicts.

mod findings;

pub use findings::{
    ConditionFindings, EffectSize, FailureVerdicts, Findings, HypothesisFindings,
    MetricFindings, PairCounts, Ratio, RunnerUp, Verdict,
};
