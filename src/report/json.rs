//! The result document of a run: what `--format json` prints.

use serde_json::{Value as Json, json};

use crate::analysis::Findings;
use crate::report::facts::RunFacts;

/// Returns the document of a run. Its fields are a contract for tools; numbers are in base
/// units (seconds, dollars, fractions of one) and not rounded.
#[must_use]
pub fn document(facts: &RunFacts, findings: &Findings) -> Json {
    let conditions: serde_json::Map<String, Json> = findings
        .conditions
        .iter()
        .map(|(name, condition)| (name.clone(), json!(condition.metrics)))
        .collect();
    let cost = (facts.calls.unknown_cost == 0).then_some(facts.calls.cost_usd);
    json!({
        "run_dir": facts.run_dir,
        "complete": facts.complete,
        "stopped": facts.stopped,
        "digest": facts.digest,
        "version": facts.version,
        "items": facts.items,
        "selection": facts.selection,
        "command": facts.command,
        "trials": facts.trials,
        "calls": facts.calls.calls,
        "call_totals": facts.calls,
        "cost_usd": cost,
        "conditions": conditions,
        "ensembles": findings.ensembles,
        "frontiers": findings.frontiers,
        "hypotheses": findings.hypotheses,
        "correction": findings.correction,
        "slices": findings.slices,
        "pairs": findings.pairs,
        "remarks": findings.remarks,
        "hedging": findings.hedging,
        "models": facts.models,
        "failures": facts.failures,
        "score_failures": facts.score_failures,
        "removed_hypotheses": facts.removed_hypotheses,
        "earlier_runs": facts.earlier_runs,
        "sources": facts.sources,
    })
}
