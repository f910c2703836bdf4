//! Accuracy against cost over the members of a family.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{Findings, FrontierFindings, FrontierMember};
use crate::report::round;
use crate::spec::Scale;

/// The frontier of one family.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct FrontierView {
    pub(in crate::report) family: String,
    /// What was found, a sentence each.
    pub(in crate::report) sentences: Vec<String>,
    /// What is accuracy, and what cost.
    pub(in crate::report) metric: String,
    pub(in crate::report) cost: String,
    pub(in crate::report) rows: Vec<FrontierRow>,
}

/// One member of a family.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct FrontierRow {
    pub(in crate::report) condition: String,
    pub(in crate::report) cost: String,
    pub(in crate::report) accuracy: String,
    pub(in crate::report) standing: String,
}

/// Returns the views of all families that have a frontier.
pub(super) fn frontiers(findings: &Findings) -> Vec<FrontierView> {
    findings.frontiers.iter().map(view).collect()
}

fn view(found: &FrontierFindings) -> FrontierView {
    let best = found.members.iter().filter(|one| one.dominated_by.is_none());
    let best: Vec<&str> = best.map(|one| one.condition.as_str()).collect();
    let scale = if found.cost == "cost" { Scale::Money } else { Scale::Count };
    FrontierView {
        family: found.family.clone(),
        sentences: vec![format!(
            "On the frontier: {} of {}. No other member is at least as accurate and no dearer.",
            best.join(", "),
            found.members.len()
        )],
        metric: found.metric.clone(),
        cost: found.cost.clone(),
        rows: found.members.iter().map(|member| row(member, scale)).collect(),
    }
}

fn row(member: &FrontierMember, scale: Scale) -> FrontierRow {
    let shown = |value: f64, ci: Option<[f64; 2]>, scale: Scale| {
        let ci = ci.map_or(String::new(), |[low, high]| {
            format!(" [{}, {}]", round::value(low, scale), round::value(high, scale))
        });
        format!("{}{ci}", round::value(value, scale))
    };
    let standing = match &member.dominated_by {
        None => "on the frontier".to_owned(),
        Some(other) if member.is_clear => format!("beaten by {other}"),
        Some(other) => format!("beaten by {other}, within the intervals"),
    };
    FrontierRow {
        condition: member.condition.clone(),
        cost: shown(member.cost, member.cost_ci, scale),
        accuracy: shown(member.accuracy, member.accuracy_ci, Scale::Binary),
        standing,
    }
}
