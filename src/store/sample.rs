//! The store as the analysis sees it: samples of metrics and measures.

use std::collections::BTreeMap;

use crate::record::{
    Item, Observation, Observed, Outcome, Place, SampleSource, SourceError, Voted,
};
use crate::store::error::StoreError;
use crate::store::read::with;
use crate::store::rows::{list_of, parsed};
use crate::store::run::Store;

/// How a measure is read: its column, and whether a failed trial has it.
struct MeasureColumn {
    name: &'static str,
    sql: &'static str,
    known_when_failed: bool,
}

impl MeasureColumn {
    const fn new(name: &'static str, sql: &'static str, known_when_failed: bool) -> Self {
        Self { name, sql, known_when_failed }
    }
}

// Only these ask the table of parts; a trial without a row there had none.
const FROM_CACHE: &str =
    "COALESCE((SELECT from_cache FROM trial_parts AS p WHERE p.trial = trials.trial), 0)";
const REASONING: &str =
    "COALESCE((SELECT reasoning FROM trial_parts AS p WHERE p.trial = trials.trial), 0)";
const TTFT: &str = "(SELECT ttft FROM trial_parts AS p WHERE p.trial = trials.trial)";

/// The measures. What a failed trial cost and asked is known; it has no latency.
const MEASURE_COLUMNS: &[MeasureColumn] = &[
    MeasureColumn::new("latency", "latency", false),
    MeasureColumn::new("cost", "cost", true),
    MeasureColumn::new("requests", "requests", true),
    MeasureColumn::new("tokens_in", "tokens_in", true),
    MeasureColumn::new("tokens_out", "tokens_out", true),
    MeasureColumn::new("tokens_cached", FROM_CACHE, true),
    MeasureColumn::new("tokens_reasoning", REASONING, true),
    MeasureColumn::new("ttft", TTFT, false),
    MeasureColumn::new("consensus", "consensus", false),
    MeasureColumn::new("margin", "margin", false),
    MeasureColumn::new("members_called", "members", false),
    MeasureColumn::new("hedged", "COALESCE(hedged, 0)", true),
    MeasureColumn::new("hedged_after", "hedged_after", false),
    MeasureColumn::new("won_by", "won_by", false),
    // Without a row of marks nothing was wasted.
    MeasureColumn::new("wasted_cost", "IIF(hedged IS NULL, 0, wasted)", true),
];

/// The measures that only some trials give, and in which table a row shows that one does.
const SOMETIMES: &[(&str, &str, &str)] = &[
    ("consensus", "marks", "consensus IS NOT NULL"),
    ("margin", "marks", "margin IS NOT NULL"),
    ("members_called", "marks", "members IS NOT NULL"),
    ("hedged", "marks", "won_by IS NOT NULL"),
    ("hedged_after", "marks", "hedged_after IS NOT NULL"),
    ("won_by", "marks", "won_by IS NOT NULL"),
    ("wasted_cost", "marks", "won_by IS NOT NULL"),
    ("tokens_cached", "trial_parts", "from_cache > 0"),
    ("tokens_reasoning", "trial_parts", "reasoning > 0"),
    ("ttft", "trial_parts", "ttft IS NOT NULL"),
];

impl SampleSource for Store {
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError> {
        if condition as usize >= self.info().conditions.len() {
            let message = format!("the run has no condition number {condition}");
            return Err(SourceError { message });
        }
        let known = &self.info().metrics;
        let read = if let Some(index) = known.iter().position(|m| m.name == metric) {
            self.metric_sample(condition, index)
        } else if let Some(measure) =
            MEASURE_COLUMNS.iter().find(|measure| measure.name == metric)
        {
            self.measure_sample(condition, measure)
        } else {
            let message = format!("the run has no metric or measure `{metric}`");
            return Err(SourceError { message });
        };
        read.map_err(|source| source_error(&self.failed(source)))
    }

    fn gives(&self, condition: u32, metric: &str) -> Result<bool, SourceError> {
        let own = self.info().metrics.iter().any(|known| known.name == metric);
        let mut sometimes = SOMETIMES.iter().filter(|_| !own);
        let Some((_, table, shows)) = sometimes.find(|(name, ..)| *name == metric) else {
            return Ok(true);
        };
        let (first, last) = self.info().range(condition);
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {table} WHERE trial BETWEEN ?1 AND ?2 AND {shows})"
        );
        with(|| self.connection.query_row(&sql, [first, last], |row| row.get(0)))
            .map_err(|source| source_error(&self.failed(source)))
    }

    fn votes(
        &self,
        condition: u32,
        each: &mut dyn FnMut(Voted),
    ) -> Result<(), SourceError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT trial, target, votes FROM trials JOIN items USING (item)
                 WHERE trial BETWEEN ?1 AND ?2 AND votes IS NOT NULL ORDER BY trial",
            )?;
            let (first, last) = self.info().range(condition);
            let mut rows = statement.query([first, last])?;
            while let Some(row) = rows.next()? {
                let Place { item, repeat, .. } = self.info().place(row.get(0)?);
                let target = parsed(1, &row.get::<_, String>(1)?)?;
                each(Voted { item, repeat, target, votes: list_of(row, 2)? });
            }
            Ok(())
        };
        with(read).map_err(|source| source_error(&self.failed(source)))
    }

    fn items(&self) -> Result<u32, SourceError> {
        Ok(self.info().items)
    }

    fn clusters(&self, column: &str) -> Result<Vec<u32>, SourceError> {
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        let mut clusters = Vec::new();
        let mut missing = None;
        let mut take = |item: Item| {
            let label = match item.lookup(column) {
                Some(value) => shown(value),
                None => {
                    missing.get_or_insert(item.id);
                    return;
                }
            };
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            clusters.push(*known.entry(label).or_insert(next));
        };
        self.each_item(&mut take).map_err(|error| source_error(&error))?;
        match missing {
            None => Ok(clusters),
            Some(id) => {
                let message = format!("item `{id}` has no column `{column}`");
                Err(SourceError { message })
            }
        }
    }

    fn labels(&self, column: &str) -> Result<Vec<Option<String>>, SourceError> {
        let mut labels = Vec::new();
        self.each_item(|item| labels.push(item.lookup(column).map(shown)))
            .map_err(|error| source_error(&error))?;
        Ok(labels)
    }

    fn id_of(&self, item: u32) -> Result<String, SourceError> {
        let id = self.item_id(item).map_err(|error| source_error(&error))?;
        let message = || format!("the run has no item number {item}");
        id.ok_or_else(|| SourceError { message: message() })
    }

    fn answer(&self, place: Place) -> Result<Option<String>, SourceError> {
        let trial = self.trial(place).map_err(|error| source_error(&error))?;
        Ok(trial.and_then(|trial| match trial.outcome {
            Outcome::Done(output) => Some(output.text),
            Outcome::Failed(_) => None,
        }))
    }
}

/// Returns the value of a column as it is shown.
fn shown(value: serde_json::Value) -> String {
    if let serde_json::Value::String(text) = value { text } else { value.to_string() }
}

impl Store {
    fn metric_sample(
        &self,
        condition: u32,
        metric: usize,
    ) -> rusqlite::Result<Vec<Observed>> {
        with(|| {
            let mut statement = self.connection.prepare_cached(
                "SELECT trial, value, problem IS NULL, failure IS NOT NULL
                 FROM scores JOIN trials USING (trial)
                 WHERE metric = ?1 AND trial BETWEEN ?2 AND ?3 ORDER BY trial",
            )?;
            let metric = i64::try_from(metric).unwrap_or(i64::MAX);
            let (first, last) = self.info().range(condition);
            let mut rows = statement.query([metric, first, last])?;
            let mut sample = Vec::new();
            while let Some(row) = rows.next()? {
                let value = match row.get(1)? {
                    _ if row.get(3)? => Observation::Failed,
                    Some(value) => Observation::Value(value),
                    None if row.get(2)? => Observation::Unscored,
                    None => Observation::ScoreFailed,
                };
                sample.push(self.observed(row.get(0)?, value));
            }
            Ok(ordered(sample))
        })
    }

    fn measure_sample(
        &self,
        condition: u32,
        measure: &MeasureColumn,
    ) -> rusqlite::Result<Vec<Observed>> {
        with(|| {
            let column = measure.sql;
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT trial, CAST({column} AS REAL), failure IS NOT NULL
                 FROM trials LEFT JOIN marks USING (trial) WHERE trial BETWEEN ?1 AND ?2 ORDER BY trial"
            ))?;
            let (first, last) = self.info().range(condition);
            let mut rows = statement.query([first, last])?;
            let mut sample = Vec::new();
            while let Some(row) = rows.next()? {
                let failed: bool = row.get(2)?;
                let value = match row.get(1)? {
                    _ if failed && !measure.known_when_failed => Observation::Failed,
                    Some(value) => Observation::Value(value),
                    None => Observation::Unscored,
                };
                sample.push(self.observed(row.get(0)?, value));
            }
            Ok(ordered(sample))
        })
    }

    fn observed(&self, trial: i64, value: Observation) -> Observed {
        let Place { item, repeat, .. } = self.info().place(trial);
        Observed { item, repeat, value }
    }
}

/// Orders a sample by item, then repeat.
fn ordered(mut sample: Vec<Observed>) -> Vec<Observed> {
    sample.sort_unstable_by_key(|observed| (observed.item, observed.repeat));
    sample
}

fn source_error(error: &StoreError) -> SourceError {
    SourceError { message: error.to_string() }
}
