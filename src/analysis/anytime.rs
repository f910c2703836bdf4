//! A mean of bounded scores, watched item by item: tests and intervals that hold at every
//! item, however often one looks.

use crate::stats::{
    Alternative, BettingSequence, BettingSpec, Bounds, Interval, StatsError, Tails,
};

use super::linear::Linear;
use super::samples::Paired;

/// The level at which the bets aim; p-values and intervals of every level hold.
const AIMED_AT: f64 = 0.95;
/// Into how many steps the range is cut for intervals.
const STEPS: usize = 1_000;
/// By this share of the range sums of factors may pass it, from rounding.
const ROUNDING: f64 = 1e-9;

/// The contrasts of the items, in the order in which the items were planned.
#[derive(Debug)]
pub(super) struct Anytime {
    bounds: Bounds,
    scores: Vec<f64>,
}

impl Anytime {
    /// Puts the contrasts into the planned order.
    pub(super) fn new(gap: &Linear, data: &Paired) -> Result<Self, StatsError> {
        let sum = |side: f64| -> f64 {
            gap.terms.iter().map(|term| (side * term.factor).max(0.0) * side).sum()
        };
        let bounds = Bounds::new(sum(-1.0), sum(1.0))?;
        let slack = ROUNDING * (bounds.high() - bounds.low());
        let mut ranked: Vec<(u32, f64)> =
            data.ranks.iter().copied().zip(data.contrast(gap)).collect();
        ranked.sort_unstable_by_key(|(rank, _)| *rank);
        let inside = |x: f64| {
            let held = x.clamp(bounds.low(), bounds.high());
            if (held - x).abs() <= slack { held } else { x }
        };
        Ok(Self { bounds, scores: ranked.into_iter().map(|(_, x)| inside(x)).collect() })
    }

    /// Returns both one-sided p against a margin.
    pub(super) fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        Ok(self.watched(margin, 1)?.tails())
    }

    /// Returns the interval of a level of confidence.
    pub(super) fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let middle = f64::midpoint(self.bounds.low(), self.bounds.high());
        self.watched(middle, STEPS)?.bound(confidence, Alternative::TwoSided)
    }

    /// Returns the capital of the bettor against a margin: the larger of both sides.
    pub(super) fn capital(&self, margin: f64) -> Option<f64> {
        let tails = self.tails(margin).ok()?;
        Some(1.0 / tails.greater.min(tails.less))
    }

    fn watched(&self, margin: f64, steps: usize) -> Result<BettingSequence, StatsError> {
        let spec =
            BettingSpec { bounds: self.bounds, confidence: AIMED_AT, margin, steps };
        let mut sequence = BettingSequence::new(spec)?;
        for score in &self.scores {
            sequence.push(*score)?;
        }
        Ok(sequence)
    }
}
