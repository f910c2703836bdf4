//! What a run has spent: recorded, beside the record, and foreseen.

use std::ops::Deref;

use crate::engine::laboratory::Laboratory;
use crate::engine::observe::{Observer, Progress};
use crate::engine::run::Owner;
use crate::plan::Plan;
use crate::record::{CallRecord, Place};

/// Trials of this session after which it is foreseen what the rest will cost.
const ENOUGH: u64 = 20;

/// By how much a forecast must exceed the budget before it is told.
const SLACK: f64 = 1.02;

impl<P, O, L> Owner<P, O, L>
where
    P: Deref<Target = Plan>,
    O: Deref<Target: Observer>,
    L: Laboratory,
{
    /// Adds up the calls of a trial that are recorded with it, and not before it.
    pub(super) fn account(&mut self, place: Place, calls: &[CallRecord]) {
        let handed = self.handed.remove(&place).unwrap_or_default();
        let new = calls.iter().filter(|call| !handed.contains(&call.id));
        self.recorded_usd += new.map(dollars).sum::<f64>();
    }

    /// Tells, once, that the budget will be spent before the plan is.
    #[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
    pub(super) fn foresee(&mut self) {
        let Some(budget) = self.options.budget.filter(|_| !self.warned) else { return };
        let Progress { planned, done, reused, spend, .. } = &self.progress;
        let new = done.saturating_sub(*reused);
        let left = planned.saturating_sub(*done) as f64;
        if new < ENOUGH {
            return;
        }
        let each = (spend.usd - self.spent_before) / new as f64;
        if spend.usd + each * left > budget * SLACK {
            self.warned = true;
            let more = ((budget - spend.usd) / each).max(0.0);
            let text = format!(
                "at ${each:.6} a trial the budget of ${budget:.2} will be spent after about {:.0} of {planned} trials",
                *done as f64 + more
            );
            self.observer.warning(&text);
        }
    }

    /// Works out what is spent or held back beside the calls that are recorded.
    pub(super) fn expose(&mut self) {
        let spend = self.shift.laboratory.spend();
        let dollars = (spend.usd + spend.reserved_usd - self.recorded_usd).max(0.0);
        // Less than a millionth of a cent is the rounding of sums.
        let dollars = if dollars < 1e-8 { 0.0 } else { dollars };
        self.recorder.expose(dollars);
    }
}

/// What a call cost, or may have cost at most.
pub(super) fn dollars(call: &CallRecord) -> f64 {
    call.cost.unwrap_or(0.0) + call.presumed
}
