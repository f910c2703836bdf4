//! One column of a file, gathered row by row.

use crate::base::Digest;
use crate::logs::{Cell, Log, Row};
use crate::record::Observation;
use crate::spec::{Scale, measure};
use crate::tables::error::TablesError;

/// Rows that are looked at to learn the columns.
const LOOKED_AT: u64 = 100;

/// What of a file is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The column of the values; where there is none, the one that suggests itself.
    pub metric: Option<String>,
    /// The column of the ids; without it each row stands for itself.
    pub by: Option<String>,
    /// The column of the groups that are the independent units.
    pub cluster: Option<String>,
    /// The scale of the values; where there is none, what they look like.
    pub scale: Option<Scale>,
    /// The rows that are wanted: those that fulfil all.
    pub rows: Vec<Condition>,
    /// The flag that picks rows of this file, for messages.
    pub flag: &'static str,
}

/// A column that has to have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// The value, as it is shown.
    pub value: String,
}

/// A column that was gathered. All its lists have an element for each wanted row.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// NaN where there is no value, −∞ where the row failed.
    values: Vec<f64>,
    /// 128 bits of the digest of each id; empty without ids.
    pub(super) ids: Vec<u128>,
    /// The same of each group; empty without groups.
    pub(super) groups: Vec<u128>,
    /// The smallest scale that holds all values.
    pub(super) scale: Scale,
}

/// What the columns of a file are called, and which are what.
#[derive(Debug, Default)]
struct Names {
    all: Vec<String>,
    scores: Vec<String>,
    /// Columns all of whose values so far are numbers.
    numbers: Vec<String>,
}

impl Column {
    pub(super) fn rows(&self) -> usize {
        self.values.len()
    }

    /// Returns the value of a row.
    pub(super) fn value(&self, row: usize) -> Observation {
        match self.values.get(row) {
            Some(value) if value.is_finite() => Observation::Value(*value),
            Some(value) if value.is_infinite() => Observation::Failed,
            Some(_) | None => Observation::Unscored,
        }
    }

    /// Returns the values that are there.
    pub(super) fn known(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().copied().filter(|value| value.is_finite())
    }

    /// Gathers the column that a choice means.
    pub(super) fn gather(log: &Log, choice: &Choice) -> Result<Self, TablesError> {
        let name = metric(log, choice)?;
        let measure = measure(&name).filter(|_| log.format().is_log());
        let (mut values, mut ids, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let mut not_binary = None;
        each_row(log, choice, |row| {
            let found = row.get(&name).filter(|cell| !cell.is_empty());
            values.push(match found {
                _ if row.failed && measure.is_none() => f64::NEG_INFINITY,
                Some(cell) => {
                    let value = cell.number().ok_or_else(|| TablesError::NotNumber {
                        place: place(log, row),
                        column: name.clone(),
                        value: cell.shown(),
                    })?;
                    if value != 0.0 && (value - 1.0).abs() > 0.0 {
                        not_binary = not_binary.or(Some(value));
                    }
                    value
                }
                None if row.failed => f64::NEG_INFINITY,
                None => f64::NAN,
            });
            let lists = [(&choice.by, &mut ids), (&choice.cluster, &mut groups)];
            for (column, list) in lists {
                let Some(column) = column else { continue };
                let cell = row.get(column).filter(|cell| !cell.is_empty());
                let cell = cell.ok_or_else(|| TablesError::NoId {
                    place: place(log, row),
                    column: column.clone(),
                })?;
                list.push(key(cell));
            }
            Ok(true)
        })?;
        let path = || log.path().display().to_string();
        if values.is_empty() {
            let which: Vec<String> = choice
                .rows
                .iter()
                .map(|one| format!("{} = `{}`", one.column, one.value))
                .collect();
            let which = if which.is_empty() {
                String::new()
            } else {
                format!(" with {}", which.join(" and "))
            };
            return Err(TablesError::Empty { path: path(), which });
        }
        let seen = match (measure, not_binary) {
            (Some(measure), _) => measure.scale,
            (None, None) => Scale::Binary,
            (None, Some(_)) => Scale::Continuous,
        };
        if choice.scale == Some(Scale::Binary)
            && let Some(value) = not_binary
        {
            let (path, scale) = (path(), Scale::Binary.word());
            return Err(TablesError::Scale { path, column: name, scale, value });
        }
        let outside = |value: &f64| !(0.0..=1.0).contains(value);
        if choice.scale == Some(Scale::Fraction)
            && let Some(value) =
                values.iter().copied().filter(|v| v.is_finite()).find(outside)
        {
            let (path, scale) = (path(), "a fraction of one");
            return Err(TablesError::Scale { path, column: name, scale, value });
        }
        let scale = choice.scale.unwrap_or(seen);
        Ok(Self { name, values, ids, groups, scale })
    }
}

/// Calls `take` with every row that is wanted.
pub(super) fn each_row(
    log: &Log,
    choice: &Choice,
    mut take: impl FnMut(&Row<'_>) -> Result<bool, TablesError>,
) -> Result<(), TablesError> {
    let mut first: Option<Vec<(&str, String)>> = None;
    log.each(|row| {
        let wanted = choice.rows.iter().all(|condition| {
            let cell = row.get(&condition.column);
            cell.is_some_and(|cell| cell.shown().trim() == condition.value)
        });
        if !wanted {
            return Ok(true);
        }
        if log.format().is_log() {
            one_kind(log, choice, row, &mut first)?;
        }
        take(row)
    })
}

/// Refuses rows of a log that are results of something else than the first one.
fn one_kind(
    log: &Log,
    choice: &Choice,
    row: &Row<'_>,
    first: &mut Option<Vec<(&'static str, String)>>,
) -> Result<(), TablesError> {
    let told = ["filter", "provider", "prompt"];
    let shown = |name: &'static str| Some((name, row.get(name)?.shown()));
    match first {
        None => *first = Some(told.into_iter().filter_map(shown).collect()),
        Some(first) => {
            for (column, one) in first.iter() {
                let other = row.get(column).map(Cell::shown).unwrap_or_default();
                if other != *one {
                    return Err(TablesError::Several {
                        path: log.path().display().to_string(),
                        column: (*column).to_owned(),
                        one: one.clone(),
                        other,
                        flag: if column == &"filter" { "--where" } else { choice.flag },
                    });
                }
            }
        }
    }
    Ok(())
}

/// Returns the columns that hold numbers, those of scores and measures first.
pub(super) fn numeric(log: &Log, choice: &Choice) -> Result<Vec<String>, TablesError> {
    let names = look(log, choice)?;
    Ok(candidates(log, choice, &names))
}

fn candidates(log: &Log, choice: &Choice, names: &Names) -> Vec<String> {
    let taken = |name: &String| {
        choice.by.as_ref() == Some(name)
            || choice.cluster.as_ref() == Some(name)
            || choice.rows.iter().any(|condition| condition.column == *name)
    };
    let log = log.format().is_log();
    let wanted = |name: &&String| {
        let known = names.scores.contains(name) || measure(name).is_some();
        !taken(name) && (!log || known)
    };
    names.numbers.iter().filter(wanted).cloned().collect()
}

/// Finds the column that is meant.
fn metric(log: &Log, choice: &Choice) -> Result<String, TablesError> {
    let names = look(log, choice)?;
    let path = || log.path().display().to_string();
    let known = |list: &[String]| {
        let shown: Vec<String> =
            list.iter().take(20).map(|name| format!("`{name}`")).collect();
        shown.join(", ")
    };
    let asked = [&choice.metric, &choice.by, &choice.cluster];
    let conditions = choice.rows.iter().map(|condition| &condition.column);
    for column in asked.into_iter().flatten().chain(conditions) {
        if !names.all.contains(column) && !names.has(column) {
            let near = names
                .all
                .iter()
                .map(|name| (strsim::damerau_levenshtein(name, column), name))
                .filter(|(distance, _)| *distance <= 1 + column.chars().count() / 4)
                .min();
            let known = match near {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => format!("it has {}", known(&names.all)),
            };
            return Err(TablesError::NoColumn {
                path: path(),
                column: column.clone(),
                known,
            });
        }
    }
    if let Some(metric) = &choice.metric {
        return Ok(metric.clone());
    }
    let candidates = candidates(log, choice, &names);
    match candidates.as_slice() {
        // What a tool scores first is what it reports first.
        [first, ..] if log.format().is_log() && names.scores.contains(first) => {
            Ok(first.clone())
        }
        [one] => Ok(one.clone()),
        [] => Err(TablesError::NoNumbers { path: path(), names: known(&names.all) }),
        several => Err(TablesError::WhichColumn { path: path(), names: known(several) }),
    }
}

impl Names {
    /// Says whether a dotted path leads below a column that is known.
    fn has(&self, path: &str) -> bool {
        let scored = path.strip_prefix("scores.");
        scored.is_some_and(|score| self.scores.iter().any(|name| name == score))
    }
}

/// Looks at the first rows.
fn look(log: &Log, choice: &Choice) -> Result<Names, TablesError> {
    let mut names = Names::default();
    let mut others = Vec::new();
    let mut seen = 0;
    log.each::<TablesError>(|row| {
        for name in row.names() {
            let cell = row.get(&name).filter(|cell| !cell.is_empty());
            match cell.map(|cell| cell.number().is_some()) {
                Some(true) if !names.numbers.contains(&name) => {
                    names.numbers.push(name.clone());
                }
                Some(false) if !others.contains(&name) => others.push(name.clone()),
                Some(_) | None => {}
            }
            if !names.all.contains(&name) {
                names.all.push(name);
            }
        }
        for score in row.scores() {
            if !names.scores.contains(&score) {
                names.scores.push(score);
            }
        }
        // What lies deeper is found when it is asked for.
        let deep = [&choice.metric, &choice.by, &choice.cluster].into_iter().flatten();
        let conditions = choice.rows.iter().map(|condition| &condition.column);
        for path in deep.chain(conditions) {
            if row.get(path).is_some() && !names.all.contains(path) {
                names.all.push(path.clone());
            }
        }
        seen += 1;
        Ok(seen < LOOKED_AT)
    })?;
    names.numbers.retain(|name| !others.contains(name));
    Ok(names)
}

/// Says where a row stands.
fn place(log: &Log, row: &Row<'_>) -> String {
    let path = log.path().display();
    match row.line {
        Some(line) => format!("{path}:{line}"),
        None => format!("{path}, row {}", row.number),
    }
}

/// Returns 128 bits of the digest of a value.
fn key(cell: Cell<'_>) -> u128 {
    let digest = match cell {
        Cell::Text(text) => Digest::of(text.trim().as_bytes()),
        Cell::Json(_) => Digest::of(cell.shown().trim().as_bytes()),
    };
    digest.as_bytes().iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte))
}
