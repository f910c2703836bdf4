//! A test at several planned looks, as one test.

use crate::stats::{
    Alternative, GroupSequential, Interval, Resampling, Spending, StatsError, Tails,
};

use super::choose::Row;
use super::linear::Linear;
use super::procedure::Procedure;
use super::samples::Paired;

/// The data at each look so far; the last is the one that is evaluated.
#[derive(Debug)]
pub(super) struct Stages {
    pub(super) data: Vec<Paired>,
    /// The share of the planned items at each look; empty where there are no looks.
    pub(super) fractions: Vec<f64>,
    pub(super) spending: Spending,
    /// A p above this decides nothing, and need not be worked out: it counts as 1.
    pub(super) relevant: f64,
}

impl Stages {
    /// Returns data that are looked at once.
    pub(super) fn one(data: Paired) -> Self {
        Self {
            data: vec![data],
            fractions: Vec::new(),
            spending: Spending::ObrienFleming,
            relevant: 1.0,
        }
    }

    /// Makes the test of a row ready.
    pub(super) fn ready(
        &self,
        row: Row,
        gap: &Linear,
        trials: f64,
        plan: &Resampling,
    ) -> Result<Procedure, StatsError> {
        let ready = |data: &Paired| Procedure::new(row, gap, data, trials, plan);
        let Some((last, earlier)) = self.data.split_last() else {
            return Err(StatsError::Empty);
        };
        let last = ready(last)?;
        if self.fractions.is_empty() {
            return Ok(last);
        }
        // A look at which nothing can be computed yet decides nothing.
        let earlier = earlier.iter().map(|data| ready(data).ok()).collect();
        Ok(Procedure::Looks(Box::new(Looks {
            earlier,
            last,
            fractions: self.fractions.clone(),
            spending: self.spending,
            relevant: self.relevant,
        })))
    }
}

/// A test ready at each of its looks.
#[derive(Debug)]
pub(super) struct Looks {
    earlier: Vec<Option<Procedure>>,
    pub(super) last: Procedure,
    fractions: Vec<f64>,
    spending: Spending,
    relevant: f64,
}

impl Looks {
    /// Returns both one-sided p of the whole sequence: for each side the smallest level at
    /// which the sequence would have stopped by now.
    pub(super) fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let mut each = Vec::with_capacity(self.fractions.len());
        for look in &self.earlier {
            let tails = look.as_ref().and_then(|look| look.tails(margin).ok());
            each.push(tails.unwrap_or(Tails { greater: 1.0, less: 1.0 }));
        }
        each.push(self.last.tails(margin)?);
        // The level at which it is solved does not matter for its p.
        let design = GroupSequential::new(
            &self.fractions,
            0.025,
            self.spending,
            Alternative::Greater,
        )?;
        let side = |of: fn(&Tails) -> f64| {
            let nominal: Vec<f64> =
                each.iter().map(|tails| of(tails).clamp(0.0, 1.0)).collect();
            // The p of the sequence is never below the least ordinary one.
            if nominal.iter().all(|p| *p > self.relevant) {
                return Ok(1.0);
            }
            design.p(&nominal)
        };
        Ok(Tails { greater: side(|t| t.greater)?, less: side(|t| t.less)? })
    }

    /// Returns the repeated interval of a level: all of the sequence hold together.
    pub(super) fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let design = GroupSequential::new(
            &self.fractions,
            1.0 - confidence,
            self.spending,
            Alternative::TwoSided,
        )?;
        let nominal = design.looks().last().map_or(0.0, |look| look.nominal);
        self.last.interval(1.0 - nominal)
    }
}
