//! The audit of hedges, in words and tables.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{Findings, HedgeAudit, TailAudit};
use crate::report::round;
use crate::spec::Scale;

use super::links;

/// The audit of one condition.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct HedgeView {
    pub(in crate::report) condition: String,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
    /// What it did, a sentence each.
    pub(in crate::report) lines: Vec<String>,
    /// Quantiles of the latency.
    pub(in crate::report) tails: Vec<TailRow>,
    /// The condition that it is compared with; empty where there is none.
    pub(in crate::report) plain: String,
}

/// A quantile with and without the hedge.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct TailRow {
    pub(in crate::report) quantile: String,
    pub(in crate::report) hedged: String,
    pub(in crate::report) plain: String,
}

/// Returns the audits of all hedged conditions.
pub(super) fn hedges(findings: &Findings) -> Vec<HedgeView> {
    findings.hedging.iter().map(|(name, audit)| view(name, audit)).collect()
}

fn view(name: &str, audit: &HedgeAudit) -> HedgeView {
    HedgeView {
        condition: name.to_owned(),
        link: links::trials(&[("condition", name), ("metric", "latency")]),
        lines: lines(audit),
        tails: audit.tails.iter().map(row).collect(),
        plain: audit.plain.clone().unwrap_or_default(),
    }
}

fn lines(audit: &HedgeAudit) -> Vec<String> {
    let seconds = |x: f64| round::value(x, Scale::Duration);
    let percent = |x: f64| round::value(x, Scale::Fraction);
    let ci = audit.fire_rate_ci.map_or(String::new(), |[low, high]| {
        format!(" [{}, {}]", percent(low), percent(high))
    });
    let mut lines = vec![format!(
        "A backup started in {} of {} trials ({}{ci}); there were {} extra requests.",
        round::count(audit.fired),
        round::count(audit.trials),
        percent(audit.fire_rate),
        percent(audit.extra_requests),
    )];
    let winners: Vec<String> = audit
        .winners
        .iter()
        .map(|winner| format!("the {} in {}", winner.run, round::count(winner.trials)))
        .collect();
    lines.push(format!("First to answer was {}.", winners.join(", ")));
    if audit.fired > 0 {
        let delays: Vec<String> = audit
            .delays
            .iter()
            .map(|delay| delay.map_or("–".to_owned(), seconds))
            .collect();
        lines.push(format!(
            "The median delay before a backup, by quarters of the planned order: {}.",
            delays.join(", ")
        ));
    }
    lines.push(match (audit.wasted_cost, audit.cost) {
        (Some(wasted), Some(cost)) => format!(
            "Of {} in all, at most {} went to requests that lost.",
            round::money(cost),
            round::money(wasted)
        ),
        _ => "What the requests that lost cost is not known.".to_owned(),
    });
    lines.push(audit.statement.clone());
    lines
}

fn row(tail: &TailAudit) -> TailRow {
    let seconds = |x: f64| round::value(x, Scale::Duration);
    let shown = |value: f64, ci: Option<[f64; 2]>| {
        let ci = ci.map_or(String::new(), |[low, high]| {
            format!(" [{}, {}]", seconds(low), seconds(high))
        });
        format!("{}{ci}", seconds(value))
    };
    TailRow {
        quantile: format!("p{}", tail.q * 100.0),
        hedged: shown(tail.hedged, tail.hedged_ci),
        plain: tail.plain.map_or("–".to_owned(), |value| shown(value, tail.plain_ci)),
    }
}
