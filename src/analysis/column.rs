//! The values of a sample, item by item.

use crate::record::{Observation, Observed};

/// Returns the items that every column has; `None` without columns.
pub(super) fn shared(columns: &[Column]) -> Option<Vec<u32>> {
    let (first, rest) = columns.split_first()?;
    let mut items = first.items.clone();
    for column in rest {
        let mut theirs = column.items.iter().peekable();
        items.retain(|item| {
            while theirs.next_if(|other| *other < item).is_some() {}
            theirs.peek() == Some(&item)
        });
    }
    Some(items)
}

/// What stands for what failed: a value, or nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lost {
    trial: Option<f64>,
    score: Option<f64>,
}

impl Lost {
    /// A value for failed trials; failed scores are left out.
    pub(super) fn trials(trial: Option<f64>) -> Self {
        Self { trial, score: None }
    }

    /// One value for failed trials and failed scores.
    pub(super) fn all(value: Option<f64>) -> Self {
        Self { trial: value, score: value }
    }
}

/// The values of a sample's trials, item by item.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// The items with a value, ascending.
    pub(super) items: Vec<u32>,
    /// Where the values of each end.
    ends: Vec<u32>,
    pub(super) values: Vec<f64>,
}

impl Column {
    /// Takes the values out of observations, which are ordered by item.
    pub(super) fn new(observed: &[Observed], lost: Lost) -> Self {
        let mut column = Self::default();
        for trial in observed {
            let value = match trial.value {
                Observation::Value(value) => Some(value),
                Observation::Failed => lost.trial,
                Observation::ScoreFailed => lost.score,
                Observation::Unscored => None,
            };
            let Some(value) = value.filter(|value| !value.is_nan()) else { continue };
            if column.items.last() != Some(&trial.item) {
                column.items.push(trial.item);
                column.ends.push(0);
            }
            column.values.push(value);
            if let Some(end) = column.ends.last_mut() {
                *end = u32::try_from(column.values.len()).unwrap_or(u32::MAX);
            }
        }
        column
    }

    /// Returns the mean of each item.
    pub(super) fn means(&self) -> Vec<f64> {
        self.of(&self.items)
            .map(|own| own.iter().sum::<f64>() / own.len() as f64)
            .collect()
    }

    /// Returns the values of these items, which are ascending and have some.
    pub(super) fn of<'a>(&'a self, items: &'a [u32]) -> impl Iterator<Item = &'a [f64]> {
        let mut place = 0;
        items.iter().map(move |item| {
            while self.items.get(place).is_some_and(|own| own < item) {
                place += 1;
            }
            let end = |at: Option<usize>| at.and_then(|at| self.ends.get(at)).copied();
            let start = end(place.checked_sub(1)).unwrap_or(0) as usize;
            let end = end(Some(place)).unwrap_or(0) as usize;
            self.values.get(start..end).unwrap_or_default()
        })
    }
}
