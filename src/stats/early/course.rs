//! The bounds of a design, solved look by look.

use super::integral::Paths;
use super::spending::Spending;
use crate::stats::StatsError;

/// The bounds of the looks so far, and the paths that have crossed none before the last.
pub(super) struct Course {
    spending: Spending,
    side: f64,
    two_sided: bool,
    bounds: Vec<f64>,
    paths: Paths,
    spent: f64,
    at: f64,
}

impl Course {
    /// Returns the course before the first look; `side` is the level of one side.
    pub(super) fn start(spending: Spending, side: f64, two_sided: bool) -> Self {
        let paths = Paths::start();
        Self { spending, side, two_sided, bounds: Vec::new(), paths, spent: 0.0, at: 0.0 }
    }

    /// Returns the bounds so far.
    pub(super) fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// Solves the bound of the next look.
    pub(super) fn look(&mut self, fraction: f64) -> Result<(), StatsError> {
        let spent = self.spending.spent(self.side, fraction)?;
        self.paths = self.paths_before(fraction);
        self.bounds.push(self.paths.bound(fraction, spent - self.spent));
        self.spent = spent;
        self.at = fraction;
        Ok(())
    }

    /// Returns by how much, in logarithms, paths above `z` at the next look would overspend.
    pub(super) fn excess(&self, fraction: f64, z: f64) -> Result<f64, StatsError> {
        let spend = self.spending.spent(self.side, fraction)? - self.spent;
        let above = self.paths_before(fraction).above(fraction, z);
        Ok(above.ln() - spend.max(0.0).ln())
    }

    /// Returns the paths within the last bound, ready for the look at `next`.
    fn paths_before(&self, next: f64) -> Paths {
        let Some(bound) = self.bounds.last() else { return self.paths.clone() };
        let low = if self.two_sided { -bound } else { f64::NEG_INFINITY };
        self.paths.advance(self.at, low, *bound, next)
    }
}
