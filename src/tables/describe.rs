//! A file described: each column with its mean, interval and quantiles.

use serde::Serialize;

use crate::analysis::{self, History, MetricFindings};
use crate::logs::{Aggregate, Log};
use crate::spec::Header;
use crate::stats::{quantile_sorted, variance};
use crate::tables::column::{Choice, Column, numeric};
use crate::tables::compare::blank;
use crate::tables::error::TablesError;
use crate::tables::joined::Joined;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Described {
    /// The file.
    pub path: String,
    /// What it is.
    pub format: String,
    /// Its columns of numbers.
    pub columns: Vec<Description>,
    /// What the tool says of whole tasks, where the file holds that and no rows.
    pub aggregates: Vec<Aggregate>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// Its name.
    pub column: String,
    /// Rows that were read.
    pub rows: u64,
    /// Ids, where they were named; else rows.
    pub items: u64,
    /// Mean and interval over ids, and what has no value.
    pub summary: MetricFindings,
    /// The standard deviation of the values, with divisor n − 1.
    pub sd: Option<f64>,
    /// The smallest value, the quartiles, and the largest value.
    pub quartiles: Option<[f64; 5]>,
}

/// Describes a file: one column, or all that hold numbers.
///
/// # Errors
///
/// When the file cannot be read, or the column is not there or holds no numbers.
pub fn describe(log: &Log, choice: &Choice) -> Result<Described, TablesError> {
    let path = log.path().display().to_string();
    let format = log.format().name().to_owned();
    let aggregates = log.aggregates()?;
    if !aggregates.is_empty() {
        return Ok(Described { path, format, columns: Vec::new(), aggregates });
    }
    let names = match &choice.metric {
        Some(metric) => vec![metric.clone()],
        None => numeric(log, choice)?,
    };
    let mut columns = Vec::new();
    for name in names {
        let choice = Choice { metric: Some(name), ..choice.clone() };
        columns.extend(column(log, &choice)?);
    }
    if columns.is_empty() {
        // The error says which columns there are.
        Column::gather(log, choice)?;
    }
    Ok(Described { path, format, columns, aggregates })
}

fn column(log: &Log, choice: &Choice) -> Result<Option<Description>, TablesError> {
    let column = Column::gather(log, choice)?;
    let (name, scale) = (column.name.clone(), column.scale);
    let rows = column.rows() as u64;
    let path = log.path().display().to_string();
    let joined = Joined::new(vec![column], (&path, choice.cluster.as_deref()))?;
    let repeats = joined.repeats();
    let planned = if repeats.most > 1 { repeats.fewest.max(2) } else { 1 };
    let header =
        Header { repeats: planned, cluster: choice.cluster.clone(), ..Header::default() };
    let condition = "file".to_owned();
    let experiment = blank(header, &[condition], (&name, scale), Vec::new());
    let mut found = analysis::analyse(&experiment, &joined, &History::default())?;
    let summary = found
        .conditions
        .swap_remove_index(0)
        .and_then(|(_, mut condition)| condition.metrics.swap_remove(&name));
    let Some(summary) = summary else { return Ok(None) };
    let mut values: Vec<f64> =
        joined.column(0).map(|column| column.known().collect()).unwrap_or_default();
    let sd = variance(&values).ok().map(f64::sqrt);
    values.sort_unstable_by(f64::total_cmp);
    let quartile = |q: f64| quantile_sorted(&values, q).ok();
    let quartiles = (|| {
        Some([
            quartile(0.0)?,
            quartile(0.25)?,
            quartile(0.5)?,
            quartile(0.75)?,
            quartile(1.0)?,
        ])
    })();
    let items = u64::from(joined.items());
    Ok(Some(Description { column: name, rows, items, summary, sd, quartiles }))
}
