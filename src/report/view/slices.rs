//! Results within the slices of a column: a table of means, and one of claims.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{Findings, SliceClaim, SliceFindings, SlicedFindings};
use crate::report::{round, words};
use crate::spec::Experiment;

use super::links;
use super::results::interval_cell;

/// What is shown of one column.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct SlicesView {
    pub(in crate::report) column: String,
    /// One table for each metric.
    pub(in crate::report) metrics: Vec<SliceTable>,
    /// One table for each hypothesis.
    pub(in crate::report) claims: Vec<ClaimTable>,
    /// What is left out, in a sentence.
    pub(in crate::report) note: String,
}

/// A metric by slice: slices down, conditions across.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct SliceTable {
    pub(in crate::report) metric: String,
    pub(in crate::report) columns: Vec<String>,
    pub(in crate::report) rows: Vec<SliceRow>,
    /// The same slice by slice, for pages that are not wide.
    pub(in crate::report) blocks: Vec<SliceBlock>,
}

/// A slice, column by column.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct SliceBlock {
    pub(in crate::report) value: String,
    pub(in crate::report) rows: Vec<SliceBlockRow>,
}

/// A column of a slice.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct SliceBlockRow {
    pub(in crate::report) column: String,
    pub(in crate::report) cell: String,
}

/// A row of a table of slices.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct SliceRow {
    pub(in crate::report) value: String,
    pub(in crate::report) cells: Vec<String>,
    /// Where the page of HTML shows the trials of each cell.
    pub(in crate::report) links: Vec<String>,
    /// The cells without intervals, for a terminal.
    pub(in crate::report) short: Vec<String>,
}

/// A hypothesis by slice.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct ClaimTable {
    pub(in crate::report) name: String,
    pub(in crate::report) claim: String,
    pub(in crate::report) rows: Vec<ClaimRow>,
}

/// A hypothesis in one slice.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::report) struct ClaimRow {
    pub(in crate::report) value: String,
    pub(in crate::report) items: String,
    pub(in crate::report) estimate: String,
    pub(in crate::report) interval: String,
    pub(in crate::report) p: String,
    pub(in crate::report) p_adjusted: String,
    pub(in crate::report) verdict: String,
    /// Where the page of HTML shows its trials.
    pub(in crate::report) link: String,
}

/// Puts the slices of every column into words.
pub(super) fn slices(experiment: &Experiment, findings: &Findings) -> Vec<SlicesView> {
    findings.slices.iter().map(|sliced| view(sliced, experiment, findings)).collect()
}

fn view(
    sliced: &SlicedFindings,
    experiment: &Experiment,
    findings: &Findings,
) -> SlicesView {
    let first = sliced.slices.first();
    let names = |slice: &SliceFindings| -> Vec<String> {
        let metrics = slice.conditions.values().next();
        metrics.map(|own| own.keys().cloned().collect()).unwrap_or_default()
    };
    let metrics = first.map(names).unwrap_or_default();
    let hypotheses = first.map(|slice| slice.hypotheses.keys().cloned().collect());
    let hypotheses: Vec<String> = hypotheses.unwrap_or_default();
    SlicesView {
        column: sliced.column.clone(),
        metrics: metrics.iter().map(|metric| table(metric, sliced)).collect(),
        claims: hypotheses
            .iter()
            .map(|name| {
                let mut table = claims(name, sliced, findings);
                for row in &mut table.rows {
                    let slice = [
                        ("column", sliced.column.as_str()),
                        ("value", row.value.as_str()),
                    ];
                    row.link = links::of_hypothesis(experiment, name, &slice);
                }
                table
            })
            .collect(),
        note: match sliced.without {
            0 => String::new(),
            n => format!(
                "{} no value of {} and {} in no slice.",
                words::counted(u64::from(n), "item has", "items have"),
                sliced.column,
                if n == 1 { "is" } else { "are" }
            ),
        },
    }
}

fn table(metric: &str, sliced: &SlicedFindings) -> SliceTable {
    let conditions: Vec<String> = sliced.means.keys().cloned().collect();
    let mut rows = Vec::new();
    let mut scale = None;
    for slice in &sliced.slices {
        let mut cells = vec![round::count(u64::from(slice.items))];
        let mut short = cells.clone();
        for condition in &conditions {
            let found = slice.conditions.get(condition).and_then(|own| own.get(metric));
            scale = scale.or(found.map(|found| found.scale));
            short.push(found.map_or("–".to_owned(), |found| {
                interval_cell(found.mean, None, found.scale)
            }));
            cells.push(found.map_or("–".to_owned(), |found| {
                let shown = interval_cell(found.mean, found.ci, found.scale);
                format!("{shown}, n = {}", round::count(u64::from(found.n)))
            }));
        }
        let within =
            [("column", sliced.column.as_str()), ("value", slice.value.as_str())];
        let links = cell_links(metric, &conditions, &within);
        rows.push(SliceRow { value: slice.value.clone(), cells, links, short });
    }
    let items: u64 = sliced.slices.iter().map(|slice| u64::from(slice.items)).sum();
    let all = round::count(items + u64::from(sliced.without));
    let kinds = [
        "micro mean (each item weighs the same)",
        "macro mean (each slice weighs the same)",
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let size = if index == 0 {
            all.clone()
        } else {
            words::counted(sliced.slices.len() as u64, "slice", "slices")
        };
        let (mut cells, mut short) = (vec![size.clone()], vec![size]);
        for condition in &conditions {
            let means = sliced.means.get(condition).and_then(|own| own.get(metric));
            let (mean, ci) = match means {
                Some(means) if index == 0 => (means.micro, means.micro_ci),
                Some(means) => (means.macro_mean, means.macro_ci),
                None => (None, None),
            };
            let cell = |ci| {
                scale.map_or("–".to_owned(), |scale| interval_cell(mean, ci, scale))
            };
            cells.push(cell(ci));
            short.push(cell(None));
        }
        let links = cell_links(metric, &conditions, &[]);
        rows.push(SliceRow { value: kind.to_owned(), cells, links, short });
    }
    let columns: Vec<String> =
        std::iter::once("items".to_owned()).chain(conditions).collect();
    let blocks = rows.iter().map(|row| block(row, &columns)).collect();
    SliceTable { metric: metric.to_owned(), columns, rows, blocks }
}

/// Returns the addresses of a row: of the slice, then of each condition in it.
fn cell_links(
    metric: &str,
    conditions: &[String],
    within: &[(&str, &str)],
) -> Vec<String> {
    let of = |condition: Option<&String>| {
        let mut filter: Vec<(&str, &str)> =
            condition.map(|name| ("condition", name.as_str())).into_iter().collect();
        filter.push(("metric", metric));
        filter.extend(within);
        links::trials(&filter)
    };
    std::iter::once(None).chain(conditions.iter().map(Some)).map(of).collect()
}

fn block(row: &SliceRow, columns: &[String]) -> SliceBlock {
    let cell = |(column, cell): (&String, &String)| SliceBlockRow {
        column: column.clone(),
        cell: cell.clone(),
    };
    SliceBlock {
        value: row.value.clone(),
        rows: columns.iter().zip(&row.cells).map(cell).collect(),
    }
}

fn claims(name: &str, sliced: &SlicedFindings, findings: &Findings) -> ClaimTable {
    let whole = findings.hypotheses.get(name);
    let shown = |value: f64| {
        whole.map_or("–".to_owned(), |whole| {
            if whole.is_level {
                round::value(value, whole.scale)
            } else {
                round::difference(value, whole.scale)
            }
        })
    };
    let row = |slice: &SliceFindings, found: &SliceClaim| ClaimRow {
        value: slice.value.clone(),
        items: round::count(u64::from(found.n_items)),
        estimate: found.estimate.map_or("–".to_owned(), shown),
        interval: found.ci.map_or("–".to_owned(), |[low, high]| {
            format!("[{}, {}]", shown(low), shown(high))
        }),
        p: round::p(found.p),
        p_adjusted: round::p(found.p_adjusted),
        verdict: match &found.reason {
            Some(reason) => format!("{} ({reason})", found.verdict.word()),
            None => found.verdict.word().to_owned(),
        },
        link: String::new(),
    };
    ClaimTable {
        name: name.to_owned(),
        claim: whole.map(|whole| whole.claim.clone()).unwrap_or_default(),
        rows: sliced
            .slices
            .iter()
            .filter_map(|slice| Some(row(slice, slice.hypotheses.get(name)?)))
            .collect(),
    }
}
