//! A test at several planned looks, as one test.

use crate::stats::{
    Alternative, GroupSequential, Interval, Resampling, Spending, StatsError, Tails,
};

use super::choose::Row;
use super::linear::Linear;
use super::procedure::{Procedure, Statistic};
use super::samples::Paired;
use super::satterthwaite::Answer;

/// The looks so far.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    /// The share of the planned items at each look; empty where there are no looks.
    pub(super) fractions: Vec<f64>,
    pub(super) spending: Spending,
    /// A p above this decides nothing, and need not be worked out: it counts as 1.
    pub(super) relevant: f64,
}

impl Sequence {
    /// Returns no looks: the data are looked at once.
    pub(super) fn once() -> Self {
        Self { fractions: Vec::new(), spending: Spending::ObrienFleming, relevant: 1.0 }
    }

    /// Says whether the data are looked at once.
    fn is_once(&self) -> bool {
        self.fractions.is_empty()
    }

    /// Returns both one-sided p of the whole sequence from those of each look: for each side
    /// the smallest level at which the sequence would have stopped by now.
    fn tails(&self, each: &[Tails]) -> Result<Tails, StatsError> {
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

    /// Returns the confidence that an interval needs at the last look for all intervals of
    /// the sequence to hold together.
    pub(super) fn confidence(&self, together: f64) -> Result<f64, StatsError> {
        if self.is_once() {
            return Ok(together);
        }
        let design = GroupSequential::new(
            &self.fractions,
            1.0 - together,
            self.spending,
            Alternative::TwoSided,
        )?;
        Ok(1.0 - design.looks().last().map_or(0.0, |look| look.nominal))
    }
}

/// The data at each look so far; the last is the one that is evaluated.
#[derive(Debug)]
pub(super) struct Stages<T> {
    pub(super) data: Vec<T>,
    pub(super) sequence: Sequence,
}

impl<T> Stages<T> {
    /// Returns data that are looked at once.
    pub(super) fn one(data: T) -> Self {
        Self { data: vec![data], sequence: Sequence::once() }
    }

    /// Makes a test ready at each look.
    pub(super) fn each<P>(
        &self,
        ready: impl Fn(&T) -> Result<P, StatsError>,
    ) -> Result<Looks<P>, StatsError> {
        let Some((last, earlier)) = self.data.split_last() else {
            return Err(StatsError::Empty);
        };
        let last = ready(last)?;
        // A look at which nothing can be computed yet decides nothing.
        let earlier = earlier.iter().map(|data| ready(data).ok()).collect();
        Ok(Looks { earlier, last, sequence: self.sequence.clone() })
    }
}

impl Stages<Paired> {
    /// Makes the test of a row ready.
    pub(super) fn ready(
        &self,
        row: Row,
        gap: &Linear,
        trials: f64,
        plan: &Resampling,
    ) -> Result<Procedure, StatsError> {
        let looks = self.each(|data| Procedure::new(row, gap, data, trials, plan))?;
        Ok(if looks.sequence.is_once() {
            looks.last
        } else {
            Procedure::Looks(Box::new(looks))
        })
    }
}

/// A test ready at each of its looks.
#[derive(Debug)]
pub(super) struct Looks<P> {
    earlier: Vec<Option<P>>,
    pub(super) last: P,
    pub(super) sequence: Sequence,
}

impl<P> Looks<P> {
    /// Returns both one-sided p of the whole sequence, by those of the test at one look.
    pub(super) fn whole(
        &self,
        tails: impl Fn(&P) -> Result<Tails, StatsError>,
    ) -> Result<Tails, StatsError> {
        let last = tails(&self.last)?;
        if self.sequence.is_once() {
            return Ok(last);
        }
        let earlier = self.earlier.iter().map(|look| {
            let tails = look.as_ref().and_then(|look| tails(look).ok());
            tails.unwrap_or(Tails { greater: 1.0, less: 1.0 })
        });
        let each: Vec<Tails> = earlier.chain([last]).collect();
        self.sequence.tails(&each)
    }
}

impl<A: Answer> Answer for Looks<A> {
    fn estimate(&self) -> f64 {
        self.last.estimate()
    }

    fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        self.whole(|look| look.tails(margin))
    }

    fn two_sided(&self, margin: f64, tails: Tails) -> f64 {
        if self.sequence.is_once() {
            return self.last.two_sided(margin, tails);
        }
        own_side(self.estimate(), margin, tails)
    }

    fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        self.last.interval(self.sequence.confidence(confidence)?)
    }

    fn statistic(&self, margin: f64) -> Statistic {
        self.last.statistic(margin)
    }
}

/// Returns the two-sided p of a test that was looked at before: that of the estimate's own
/// side, since that of the other stems from another look.
pub(super) fn own_side(estimate: f64, margin: f64, tails: Tails) -> f64 {
    let own = if estimate < margin { tails.less } else { tails.greater };
    (2.0 * own).min(1.0)
}
