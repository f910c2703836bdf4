//! Conditions that are over before their items are.

use std::ops::Deref;

use serde_json::json;

use crate::engine::laboratory::Laboratory;
use crate::engine::observe::Observer;
use crate::engine::run::Owner;
use crate::plan::Plan;
use crate::record::{Over, Place};
use crate::store::HistoryEvent;

/// Trials that are left out since their condition is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Spared {
    /// Of the selected ones.
    pub(super) selected: u64,
    /// Of the whole experiment.
    pub(super) whole: u64,
}

impl<P, O, L> Owner<P, O, L>
where
    P: Deref<Target = Plan>,
    O: Deref<Target: Observer>,
    L: Laboratory,
{
    /// Asks the referee which conditions are over, and writes down those that are now.
    pub(super) fn judge(&mut self) {
        for Over { condition, items } in self.judged() {
            let name = self.plan.condition_name(condition).unwrap_or_default().to_owned();
            let event = HistoryEvent {
                at: self.now(),
                kind: "decided".to_owned(),
                detail: json!({ "condition": name, "items": items }),
            };
            self.recorder.note([event]);
        }
    }

    /// Asks the referee which conditions are over, and starts no more trials of them. Those
    /// under way go on. Returns those that were not over before.
    pub(super) fn judged(&mut self) -> Vec<Over> {
        let Some(referee) = &mut self.referee else { return Vec::new() };
        match referee.over() {
            Ok(mut over) => {
                over.retain(|one| self.over.insert(one.condition, one.items).is_none());
                over.iter().for_each(|one| self.schedule.close(one.condition));
                over
            }
            Err(error) => {
                let told = format!(
                    "the stop rule cannot be followed, and every trial is run: {error}"
                );
                self.observer.warning(&told);
                self.referee = None;
                Vec::new()
            }
        }
    }

    /// Counts the trials that are left out since their condition is over.
    pub(super) fn spared(&self) -> Spared {
        let mut spared = Spared::default();
        let items = u32::try_from(self.plan.items().len()).unwrap_or(u32::MAX);
        for &condition in self.over.keys() {
            for item in (0..items).filter(|item| self.plan.asks(*item, condition)) {
                for repeat in 0..self.plan.repeats() {
                    let place = Place { item, condition, repeat };
                    spared.whole += u64::from(self.is_missing(place));
                }
            }
            if self.plan.conditions().contains(&condition) {
                let places = (0..).map_while(|nth| self.plan.place_of(condition, nth));
                spared.selected +=
                    places.filter(|place| self.is_missing(*place)).count() as u64;
            }
        }
        spared
    }

    fn is_missing(&self, place: Place) -> bool {
        !self.done.contains(self.plan.index(place))
    }
}
