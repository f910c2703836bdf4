//! The table of results: conditions down, metrics and measures across.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{ConditionFindings, Findings, MetricFindings};
use crate::report::round;
use crate::spec::{Experiment, MEASURES, Scale};

use super::links;

/// The table of conditions and metrics.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct ResultTable {
    /// The heads of the columns behind the condition's name.
    pub(in crate::report) columns: Vec<String>,
    /// One row for each condition.
    pub(in crate::report) rows: Vec<ResultRow>,
    /// The same by column, for pages that are not wide.
    pub(in crate::report) blocks: Vec<ResultBlock>,
    /// What the cells hold: a sentence for each kind of column.
    pub(in crate::report) notes: Vec<String>,
}

/// One column, condition by condition.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct ResultBlock {
    pub(in crate::report) column: String,
    pub(in crate::report) rows: Vec<BlockRow>,
}

/// A condition in a column.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct BlockRow {
    pub(in crate::report) condition: String,
    pub(in crate::report) cell: String,
}

/// One condition.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct ResultRow {
    pub(in crate::report) condition: String,
    pub(in crate::report) title: String,
    pub(in crate::report) cells: Vec<String>,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
    /// Where it shows those of each cell.
    pub(in crate::report) links: Vec<String>,
}

impl ResultTable {
    /// Builds the table; measures that no condition knows are left out, metrics of the file
    /// never.
    pub(super) fn new(experiment: &Experiment, findings: &Findings) -> Self {
        let names = shown_metrics(experiment, findings);
        let mut columns = names.clone();
        columns.push("trials".to_owned());
        columns.push("failed".to_owned());
        let rows: Vec<ResultRow> = findings
            .conditions
            .iter()
            .map(|(name, found)| ResultRow {
                condition: name.clone(),
                title: experiment
                    .condition(name)
                    .and_then(|(_, condition)| condition.title.clone())
                    .unwrap_or_default(),
                cells: cells(found, &names),
                link: links::trials(&[("condition", name)]),
                links: cell_links(name, &names),
            })
            .collect();
        Self { blocks: blocks(&columns, &rows), columns, rows, notes: notes(findings) }
    }
}

fn blocks(columns: &[String], rows: &[ResultRow]) -> Vec<ResultBlock> {
    let block = |(at, column): (usize, &String)| ResultBlock {
        column: column.clone(),
        rows: rows
            .iter()
            .map(|row| BlockRow {
                condition: row.condition.clone(),
                cell: row.cells.get(at).cloned().unwrap_or_default(),
            })
            .collect(),
    };
    columns.iter().enumerate().map(block).collect()
}

fn shown_metrics(experiment: &Experiment, findings: &Findings) -> Vec<String> {
    let metrics = experiment.metrics.iter().map(|metric| metric.name.as_str());
    let measures = MEASURES.iter().map(|measure| measure.name);
    let known = |name: &str| {
        experiment.metrics.iter().any(|metric| metric.name == name)
            || findings.conditions.values().any(|condition| {
                condition.metrics.get(name).is_some_and(|metric| metric.mean.is_some())
            })
    };
    let mut names: Vec<String> = Vec::new();
    for name in metrics.chain(measures) {
        if known(name) && names.iter().all(|other| other != name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn cell_links(condition: &str, names: &[String]) -> Vec<String> {
    let own = ("condition", condition);
    let mut addresses: Vec<String> =
        names.iter().map(|name| links::trials(&[own, ("metric", name)])).collect();
    addresses.push(links::trials(&[own]));
    addresses.push(links::trials(&[own, ("failure", "yes")]));
    addresses
}

fn cells(found: &ConditionFindings, names: &[String]) -> Vec<String> {
    let mut cells: Vec<String> = names
        .iter()
        .map(|name| found.metrics.get(name).map_or("–".to_owned(), cell))
        .collect();
    cells.push(round::count(u64::from(found.trials)));
    cells.push(round::count(u64::from(found.failed)));
    cells
}

/// Writes a mean with its interval.
pub(super) fn interval_cell(
    mean: Option<f64>,
    ci: Option<[f64; 2]>,
    scale: Scale,
) -> String {
    let Some(mean) = mean else {
        return "–".to_owned();
    };
    let mut cell = round::value(mean, scale);
    if let Some([low, high]) = ci
        && (high - low).abs() > 0.0
    {
        let (low, high) = (round::value(low, scale), round::value(high, scale));
        cell += &format!(" [{low}, {high}]");
    }
    cell
}

fn cell(metric: &MetricFindings) -> String {
    let mut cell = interval_cell(metric.mean, metric.ci, metric.scale);
    if metric.mean.is_none() {
        return cell;
    }
    if metric.scale == Scale::Duration
        && let (Some(p50), Some(p99)) =
            (metric.quantiles.get("p50"), metric.quantiles.get("p99"))
    {
        cell += &format!(
            "; p50 {}, p99 {}",
            round::value(*p50, metric.scale),
            round::value(*p99, metric.scale)
        );
    }
    cell
}

fn notes(findings: &Findings) -> Vec<String> {
    let mut methods: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, metric) in findings.conditions.values().flat_map(|found| &found.metrics) {
        let told = |(_, names): &(&str, Vec<&str>)| names.contains(&name.as_str());
        if metric.mean.is_none() || metric.ci.is_none() || methods.iter().any(told) {
            continue;
        }
        match methods.iter_mut().find(|(method, _)| *method == metric.ci_method) {
            Some((_, names)) => names.push(name),
            None => methods.push((&metric.ci_method, vec![name])),
        }
    }
    methods
        .into_iter()
        .map(|(method, names)| {
            format!("95% interval of {} in brackets: {method}.", names.join(", "))
        })
        .collect()
}
