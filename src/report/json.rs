//! The result document of a run: what `--format json` prints.

use serde_json::{Value as Json, json};

use crate::analysis::Findings;
use crate::report::facts::RunFacts;
use crate::report::view::Report;
use crate::spec::Experiment;

/// Returns the document of a run. Its fields are a contract for tools; numbers are in base
/// units (seconds, dollars, fractions of one) and not rounded.
#[must_use]
pub fn document(experiment: &Experiment, facts: &RunFacts, findings: &Findings) -> Json {
    let view = Report::new(experiment, facts, findings);
    let conditions: serde_json::Map<String, Json> = findings
        .conditions
        .iter()
        .map(|(name, condition)| (name.clone(), json!(condition.metrics)))
        .collect();
    let stopped: serde_json::Map<String, Json> = findings
        .conditions
        .iter()
        .filter_map(|(name, found)| Some((name.clone(), json!(found.stopped_after?))))
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
        "stopped_early": stopped,
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
        "abstract": view.in_short,
        "limitations": view.limitations,
        "references": view.references,
    })
}
