//! Which trial is started next: items in the plan's order, conditions side by side, each with
//! a fair share of the trials under way.

use crate::plan::{Bitmap, Plan, TrialSpec};
use crate::record::Place;

/// How far each condition is.
///
/// The next trial is that of the condition which is least far, of those that have fewer than
/// their share under way; the conditions of one item are shuffled. The shares are equal
/// among the conditions that have trials left, so a slow model holds up its own
/// conditions and no others.
///
/// # Source
///
/// Max-min fairness: D. Bertsekas and R. Gallager, Data Networks, second edition, Prentice
/// Hall 1992, section 6.5.2.
#[derive(Debug)]
pub(super) struct Schedule {
    conditions: Vec<Progress>,
    /// Conditions that have trials left.
    open: usize,
}

#[derive(Debug)]
struct Progress {
    condition: u32,
    /// Which of the condition's trials is next.
    nth: u64,
    next: Option<Next>,
    under_way: usize,
}

#[derive(Debug, Clone, Copy)]
struct Next {
    place: Place,
    order: (u64, u64),
}

impl Schedule {
    pub(super) fn new(plan: &Plan, done: &Bitmap) -> Self {
        let conditions: Vec<Progress> = plan
            .conditions()
            .iter()
            .map(|&condition| {
                let mut progress =
                    Progress { condition, nth: 0, next: None, under_way: 0 };
                progress.advance(plan, done);
                progress
            })
            .collect();
        let open = conditions.iter().filter(|progress| progress.next.is_some()).count();
        Self { conditions, open }
    }

    /// Returns the next trial where `most` may be under way; `None` while every condition
    /// that has trials left has its share under way, and when none has.
    pub(super) fn next(
        &mut self,
        plan: &Plan,
        done: &Bitmap,
        most: usize,
    ) -> Option<TrialSpec> {
        loop {
            let share = most.div_ceil(self.open.max(1)).max(1);
            let first = self
                .conditions
                .iter_mut()
                .filter(|progress| progress.under_way < share)
                .filter_map(|progress| Some((progress.next?, progress)))
                .min_by_key(|(next, _)| next.order);
            let (next, progress) = first?;
            progress.nth += 1;
            progress.advance(plan, done);
            if progress.next.is_none() {
                self.open -= 1;
            }
            if let Some(spec) = plan.find(next.place) {
                progress.under_way += 1;
                return Some(spec);
            }
        }
    }

    /// Hears that a trial of a condition is no longer under way.
    pub(super) fn ended(&mut self, condition: u32) {
        let known = self.conditions.iter_mut().find(|p| p.condition == condition);
        if let Some(progress) = known {
            progress.under_way = progress.under_way.saturating_sub(1);
        }
    }
}

impl Progress {
    /// Goes on to the next trial that is not done.
    fn advance(&mut self, plan: &Plan, done: &Bitmap) {
        let repeats = u64::from(plan.repeats().max(1));
        loop {
            let Some(place) = plan.place_of(self.condition, self.nth) else {
                self.next = None;
                return;
            };
            if !done.contains(plan.index(place)) {
                let order = (self.nth / repeats, plan.shuffle(place));
                self.next = Some(Next { place, order });
                return;
            }
            self.nth += 1;
        }
    }
}
