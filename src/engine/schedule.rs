//! Which trial is started next: items in the plan's order, conditions side by side, each with
//! a fair share of the trials under way.

use crate::plan::{Bitmap, Plan, TrialSpec};
use crate::record::Place;

/// How far each condition is.
///
/// The next trial is that of the condition which is least far, of those that have fewer than
/// their share under way; the conditions of one item are shuffled. The shares are equal
/// among the conditions that have trials left, so a slow model holds up its own
/// conditions and no others. A condition whose trials wait for batches has a number of its
/// own, and takes nothing from the others.
///
/// # Source
///
/// Max-min fairness: D. Bertsekas and R. Gallager, Data Networks, second edition, Prentice
/// Hall 1992, section 6.5.2.
#[derive(Debug)]
pub(super) struct Schedule {
    conditions: Vec<Progress>,
    /// Conditions that have trials left, of those that share.
    open: usize,
    /// Trials under way of the conditions that share.
    under_way: usize,
}

#[derive(Debug)]
struct Progress {
    condition: u32,
    /// Which of the condition's trials is next.
    nth: u64,
    next: Option<Next>,
    under_way: usize,
    /// How many may be under way, where they do not count among the others.
    crowd: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Next {
    place: Place,
    order: (u64, u64),
}

impl Schedule {
    /// `crowd` says how many trials of a condition may be under way where they do not count
    /// among the others.
    pub(super) fn new(
        plan: &Plan,
        done: &Bitmap,
        crowd: impl Fn(u32) -> Option<usize>,
    ) -> Self {
        let conditions: Vec<Progress> = plan
            .conditions()
            .iter()
            .map(|&condition| {
                let mut progress = Progress {
                    condition,
                    nth: 0,
                    next: None,
                    under_way: 0,
                    crowd: crowd(condition),
                };
                progress.advance(plan, done);
                progress
            })
            .collect();
        let shares = |p: &&Progress| p.next.is_some() && p.crowd.is_none();
        let open = conditions.iter().filter(shares).count();
        Self { conditions, open, under_way: 0 }
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
            let share = if self.under_way < most {
                most.div_ceil(self.open.max(1)).max(1)
            } else {
                0
            };
            let first = self
                .conditions
                .iter_mut()
                .filter(|progress| progress.under_way < progress.crowd.unwrap_or(share))
                .filter_map(|progress| Some((progress.next?, progress)))
                .min_by_key(|(next, _)| next.order);
            let (next, progress) = first?;
            progress.nth += 1;
            progress.advance(plan, done);
            if progress.next.is_none() && progress.crowd.is_none() {
                self.open -= 1;
            }
            if let Some(spec) = plan.find(next.place) {
                progress.under_way += 1;
                self.under_way += usize::from(progress.crowd.is_none());
                return Some(spec);
            }
        }
    }

    /// Starts no more trials of a condition.
    pub(super) fn close(&mut self, condition: u32) {
        let known = self.conditions.iter_mut().find(|p| p.condition == condition);
        if let Some(progress) = known
            && progress.next.take().is_some()
            && progress.crowd.is_none()
        {
            self.open -= 1;
        }
    }

    /// Hears that a trial of a condition is no longer under way.
    pub(super) fn ended(&mut self, condition: u32) {
        let known = self.conditions.iter_mut().find(|p| p.condition == condition);
        if let Some(progress) = known {
            progress.under_way = progress.under_way.saturating_sub(1);
            let counted = usize::from(progress.crowd.is_none());
            self.under_way = self.under_way.saturating_sub(counted);
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
