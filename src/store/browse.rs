//! Trials looked through: filtered, a page at a time, in the order of their numbers.
#![expect(clippy::format_push_string, reason = "a statement of a few parts")]

use std::collections::BTreeSet;

use regex::Regex;
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use crate::record::{Item, Place, Score, TrialRecord};
use crate::store::error::StoreError;
use crate::store::read::with;
use crate::store::rows::parsed;
use crate::store::run::Store;

/// How much of a text stands in a list, in characters.
const SHOWN: usize = 240;

/// Which trials are looked for. What is not said lets every trial pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Those of one condition, by its index.
    pub condition: Option<u32>,
    /// Those that failed, or those that did not.
    pub failed: Option<bool>,
    /// Those with a score.
    pub score: Option<ScoreFilter>,
    /// Those that have these words, whatever their case, in the answer, in the message of
    /// their failure, or in the id or input of their item.
    pub text: Option<String>,
}

/// A range of scores of one metric, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreFilter {
    /// Index of the metric.
    pub metric: u32,
    /// The least score.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// A trial in a list: its texts are cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Brief {
    /// Its number in the run.
    pub number: i64,
    /// Where it stands.
    pub place: Place,
    /// The id of its item.
    pub item_id: String,
    /// The beginning of what was asked.
    pub input: String,
    /// The kind of its failure, as the store writes it.
    pub failure: Option<String>,
    /// The beginning of the answer, or of the message of its failure.
    pub text: String,
    /// A score for each metric; none where there is no number.
    pub scores: Vec<Option<f64>>,
    /// Seconds.
    pub latency: Option<f64>,
    /// Dollars.
    pub cost: Option<f64>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Browsed {
    /// The trials.
    pub trials: Vec<Brief>,
    /// The number after which the next part begins, where there is one.
    pub next: Option<i64>,
}

/// What is looked for, made ready.
struct Search {
    sql: String,
    parameters: Vec<f64>,
    words: Option<Words>,
}

/// Words that are looked for.
struct Words {
    pattern: Regex,
    /// The items that have them.
    items: BTreeSet<u32>,
}

impl Store {
    /// Returns up to `limit` trials that pass a filter, from behind the one with the number
    /// `after`; from the first with −1.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn browse(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> Result<Browsed, StoreError> {
        let mut trials = Vec::new();
        let mut more = false;
        self.each_found(filter, after, &mut |row| {
            more = trials.len() == limit;
            if !more {
                trials.push(self.brief(row)?);
            }
            Ok(!more)
        })?;
        let next = trials.last().map(|last| last.number).filter(|_| more);
        Ok(Browsed { trials, next })
    }

    /// Counts the trials that pass a filter.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn count(&self, filter: &Filter) -> Result<u64, StoreError> {
        let mut count = 0;
        self.each_found(filter, -1, &mut |_| {
            count += 1;
            Ok(true)
        })?;
        Ok(count)
    }

    /// Returns the trial with a number.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn numbered(&self, number: i64) -> Result<Option<TrialRecord>, StoreError> {
        let place = self.info().place(number);
        // Numbers beyond the last condition come round again.
        if self.info().number(place) == number { self.trial(place) } else { Ok(None) }
    }

    /// Returns an item by its index.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn item(&self, index: u32) -> Result<Option<Item>, StoreError> {
        let read = || {
            self.connection
                .prepare_cached(
                    "SELECT item, id, input, target, columns FROM items WHERE item = ?1",
                )?
                .query_row([index], |row| {
                    let text = |column| row.get::<_, String>(column);
                    let target = parsed(3, &text(3)?)?;
                    let columns = parsed(4, &text(4)?)?;
                    Ok(Item::new(row.get(0)?, text(1)?, text(2)?, target, columns))
                })
                .optional()
        };
        with(read).map_err(|source| self.failed(source))
    }

    /// Calls `each` with the rows that pass until it says that it has enough.
    fn each_found(
        &self,
        filter: &Filter,
        after: i64,
        each: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<bool>,
    ) -> Result<(), StoreError> {
        let read = || {
            let search = self.search(filter, after)?;
            let mut statement = self.connection.prepare_cached(&search.sql)?;
            let parameters = rusqlite::params_from_iter(&search.parameters);
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                let passes = match &search.words {
                    Some(words) => words.are_in(row)?,
                    None => true,
                };
                if passes && !each(row)? {
                    break;
                }
            }
            Ok(())
        };
        with(read).map_err(|source| self.failed(source))
    }

    fn search(&self, filter: &Filter, after: i64) -> rusqlite::Result<Search> {
        let (first, last) = match filter.condition {
            Some(condition) => self.info().range(condition),
            None => (0, i64::MAX),
        };
        let first = first.max(after.saturating_add(1));
        // A score leads to its trials; their numbers stand in the order of both tables.
        let (from, key) = match filter.score {
            Some(_) => ("scores CROSS JOIN trials USING (trial)", "scores.trial"),
            None => ("trials", "trials.trial"),
        };
        let mut sql = format!(
            "SELECT trials.trial, item, failure, text, message, latency, cost FROM {from}
             WHERE {key} BETWEEN {first} AND {last}"
        );
        let mut parameters = Vec::new();
        if let Some(ScoreFilter { metric, low, high }) = filter.score {
            parameters.extend([low, high]);
            sql += &format!(
                " AND metric = {metric} AND value BETWEEN ?1 AND ?2 AND failure IS NULL"
            );
        }
        match filter.failed {
            Some(true) => sql += " AND failure IS NOT NULL",
            Some(false) => sql += " AND failure IS NULL",
            None => {}
        }
        sql += &format!(" ORDER BY {key}");
        let words = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let words = words.map(|text| self.words(text)).transpose()?;
        Ok(Search { sql, parameters, words })
    }

    /// Finds the items that have some words, once for all their trials.
    fn words(&self, text: &str) -> rusqlite::Result<Words> {
        let pattern = regex::RegexBuilder::new(&regex::escape(text))
            .case_insensitive(true)
            .build()
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let mut statement =
            self.connection.prepare_cached("SELECT item, id, input FROM items")?;
        let mut rows = statement.query([])?;
        let mut items = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let has = |column| text_of(row, column).map(|text| pattern.is_match(text));
            if has(1)? || has(2)? {
                items.insert(row.get(0)?);
            }
        }
        Ok(Words { pattern, items })
    }

    fn brief(&self, row: &Row<'_>) -> rusqlite::Result<Brief> {
        let number: i64 = row.get(0)?;
        let place = self.info().place(number);
        let mut statement = self.connection.prepare_cached(
            "SELECT id, substr(input, 1, ?2) FROM items WHERE item = ?1",
        )?;
        let shown = i64::try_from(SHOWN).unwrap_or(i64::MAX);
        let asked = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (item_id, input) = statement
            .query_row([i64::from(place.item), shown], asked)
            .optional()?
            .unwrap_or_default();
        let failure: Option<String> = row.get(2)?;
        let text = text_of(row, if failure.is_some() { 4 } else { 3 })?;
        let scores = self.scores(number)?.into_iter().map(|score| match score {
            Score::Value(value) if failure.is_none() => Some(value),
            Score::Value(_) | Score::Unscored | Score::Failed(_) => None,
        });
        Ok(Brief {
            number,
            place,
            item_id,
            input,
            text: text.chars().take(SHOWN).collect(),
            scores: scores.collect(),
            latency: row.get(5)?,
            cost: row.get(6)?,
            failure,
        })
    }
}

impl Words {
    fn are_in(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        Ok(self.items.contains(&row.get(1)?)
            || self.pattern.is_match(text_of(row, 3)?)
            || self.pattern.is_match(text_of(row, 4)?))
    }
}

/// Returns the text of a column without a copy; nothing where there is none.
fn text_of<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    Ok(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default())
}
