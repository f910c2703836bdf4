//! The plan: which trials there are, in which order, and what each is called.

use thiserror::Error;

use crate::base::{Digest, Digester, ItemOrder, Permutation, TrialId, mix};
use crate::record::{Items, Place};
use crate::spec::{Design, Experiment};

/// Which part of an experiment is carried out now. It does not change the run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only the first items of the keyed order, with every condition and repeat of them.
    pub limit: Option<u32>,
    /// Only these conditions, by name; a family's name stands for its members. All when
    /// empty.
    pub only: Vec<String>,
}

/// A plan could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A condition was named that there is not.
    #[error("there is no condition `{name}`; there are: {}", known.join(", "))]
    UnknownCondition {
        /// What was named.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The experiment has no conditions.
    #[error("the experiment has no conditions")]
    NoConditions,
    /// The dataset has no items.
    #[error("the dataset has no items")]
    NoItems,
}

/// One trial to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialSpec {
    /// Index of the item.
    pub item: u32,
    /// Index of the condition in the experiment.
    pub condition: u32,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The trial's id.
    pub id: TrialId,
    /// Digest of seed, item, condition and repeat: the key of its random streams, and of
    /// the ids of its calls.
    pub key: Digest,
}

impl TrialSpec {
    /// Returns where the trial stands.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { item: self.item, condition: self.condition, repeat: self.repeat }
    }
}

/// The trials of an experiment, in the order in which they are carried out.
#[derive(Debug, Clone)]
pub struct Plan {
    seed: u64,
    repeats: u32,
    items: Items,
    conditions: Vec<PlannedCondition>,
    /// Indices of the selected conditions.
    selected: Vec<u32>,
    /// How many items of the keyed order are selected.
    limit: u32,
    order: Permutation,
    block_key: u64,
    design: Design,
}

#[derive(Debug, Clone)]
struct PlannedCondition {
    name: String,
    strategy: Digest,
}

/// Makes the plan of an experiment over its items.
///
/// # Errors
///
/// When there is nothing to run, or a condition is selected that there is not.
pub fn compile(
    experiment: &Experiment,
    items: &Items,
    selection: &Selection,
) -> Result<Plan, PlanError> {
    if experiment.conditions.is_empty() {
        return Err(PlanError::NoConditions);
    }
    if items.is_empty() {
        return Err(PlanError::NoItems);
    }
    let seed = experiment.header.seed;
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let conditions = experiment
        .conditions
        .iter()
        .map(|condition| PlannedCondition {
            name: condition.name.clone(),
            strategy: condition.strategy.digest(),
        })
        .collect();
    let order = ItemOrder::new(seed, count);
    Ok(Plan {
        seed,
        repeats: experiment.header.repeats.max(1),
        items: items.clone(),
        conditions,
        selected: selected(experiment, &selection.only)?,
        limit: selection.limit.map_or(count, |limit| limit.min(count)),
        order: order.items,
        block_key: order.block_key,
        design: experiment.header.design,
    })
}

fn selected(experiment: &Experiment, only: &[String]) -> Result<Vec<u32>, PlanError> {
    let matches = |index: usize, name: &str| {
        experiment.conditions.get(index).is_some_and(|condition| {
            condition.name == name
                || condition.family.as_ref().is_some_and(|member| member.family == name)
        })
    };
    let all = 0..experiment.conditions.len();
    for name in only {
        if !all.clone().any(|index| matches(index, name)) {
            let known =
                experiment.conditions.iter().map(|condition| condition.name.clone());
            return Err(PlanError::UnknownCondition {
                name: name.clone(),
                known: known.collect(),
            });
        }
    }
    Ok(all
        .filter(|&index| only.is_empty() || only.iter().any(|name| matches(index, name)))
        .filter_map(|index| u32::try_from(index).ok())
        .collect())
}

impl Plan {
    /// Returns the number of selected trials.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self.design {
            Design::Paired => u64::from(self.limit) * self.block(),
            Design::Unpaired => {
                self.selected.iter().map(|condition| self.trials_of(*condition)).sum()
            }
        }
    }

    /// Says whether nothing is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of trials of the whole experiment, selected or not.
    #[must_use]
    pub fn whole(&self) -> u64 {
        let conditions = match self.design {
            Design::Paired => self.conditions.len() as u64,
            Design::Unpaired => 1,
        };
        self.items.len() as u64 * conditions * u64::from(self.repeats)
    }

    /// Returns where the trial at a position of the order stands.
    ///
    /// Any position gives a trial; those from [`Plan::len`] on begin again.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "below counts that are u32")]
    pub fn place(&self, position: u64) -> Place {
        if self.design.is_unpaired() {
            return self.dealt(position);
        }
        let block = self.block().max(1);
        let rank = (position / block) % u64::from(self.limit.max(1));
        let item = self.order.at(rank) as u32;
        let within = Permutation::new(block, mix(self.block_key ^ u64::from(item)));
        let slot = within.at(position % block);
        let chosen = slot / u64::from(self.repeats);
        let repeat = (slot % u64::from(self.repeats)) as u32;
        let condition = self.selected.get(chosen as usize).copied().unwrap_or(0);
        Place { item, condition, repeat }
    }

    /// Returns the place of a condition's trial in the keyed order of items, counted by
    /// item, then repeat; `None` from the end on. With it conditions may advance each at
    /// its own pace.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "below counts that are u32")]
    pub fn place_of(&self, condition: u32, nth: u64) -> Option<Place> {
        if nth >= self.trials_of(condition) {
            return None;
        }
        let repeats = u64::from(self.repeats);
        let rank = match self.design {
            Design::Paired => nth / repeats,
            Design::Unpaired => {
                nth / repeats * self.conditions.len() as u64 + u64::from(condition)
            }
        };
        let item = self.order.at(rank) as u32;
        Some(Place { item, condition, repeat: (nth % repeats) as u32 })
    }

    /// Returns a keyed number by which the conditions of one item are shuffled.
    #[must_use]
    pub fn shuffle(&self, place: Place) -> u64 {
        let cell = (u64::from(place.condition) << 32) | u64::from(place.repeat);
        mix(self.block_key ^ mix(u64::from(place.item)) ^ mix(!cell))
    }

    /// Returns the trial at a position of the order.
    #[must_use]
    pub fn trial(&self, position: u64) -> TrialSpec {
        self.named(self.place(position))
    }

    /// Returns the trial of a place, selected or not; `None` where the experiment has no
    /// such trial.
    #[must_use]
    pub fn find(&self, place: Place) -> Option<TrialSpec> {
        let known = (place.item as usize) < self.items.len()
            && (place.condition as usize) < self.conditions.len()
            && place.repeat < self.repeats
            && self.asks(place.item, place.condition);
        known.then(|| self.named(place))
    }

    /// Returns a place's index in the whole experiment: its bit in a bitmap of
    /// [`Plan::whole`] bits.
    #[must_use]
    pub fn index(&self, place: Place) -> u64 {
        // Unpaired, an item has one condition, which follows from it.
        let condition = match self.design {
            Design::Paired => u64::from(place.condition),
            Design::Unpaired => 0,
        };
        let cell = condition * self.items.len() as u64 + u64::from(place.item);
        cell * u64::from(self.repeats) + u64::from(place.repeat)
    }

    /// Returns the items.
    #[must_use]
    pub fn items(&self) -> &Items {
        &self.items
    }

    /// Returns the indices of the selected conditions, in file order.
    #[must_use]
    pub fn conditions(&self) -> &[u32] {
        &self.selected
    }

    /// Returns the name of a condition by its index.
    #[must_use]
    pub fn condition_name(&self, condition: u32) -> Option<&str> {
        self.conditions.get(condition as usize).map(|condition| condition.name.as_str())
    }

    /// Returns how many repeats each item and condition has.
    #[must_use]
    pub fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Returns how many trials a condition has, if it is selected.
    #[must_use]
    pub fn trials_of(&self, condition: u32) -> u64 {
        let items = match self.design {
            Design::Paired => u64::from(self.limit),
            Design::Unpaired => {
                let left = u64::from(self.limit.saturating_sub(condition));
                left.div_ceil(self.conditions.len().max(1) as u64)
            }
        };
        items * u64::from(self.repeats)
    }

    /// Says whether an item is asked under a condition.
    #[must_use]
    pub fn asks(&self, item: u32, condition: u32) -> bool {
        let rank = self.order.rank(u64::from(item));
        self.design.asks(rank, condition, self.conditions.len())
    }

    /// Returns how many items of the keyed order are selected.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Returns where the trial at a position stands where each item has one condition: the
    /// keyed order deals items out to the conditions in turn, so that each block of as many
    /// items as there are conditions holds every condition once.
    #[expect(clippy::cast_possible_truncation, reason = "below counts that are u32")]
    fn dealt(&self, position: u64) -> Place {
        let repeats = u64::from(self.repeats.max(1));
        let position = position % self.len().max(1);
        let (nth, repeat) = (position / repeats, (position % repeats) as u32);
        let selected = self.selected.len().max(1) as u64;
        let condition =
            self.selected.get((nth % selected) as usize).copied().unwrap_or(0);
        let rank = nth / selected * self.conditions.len() as u64 + u64::from(condition);
        Place { item: self.order.at(rank) as u32, condition, repeat }
    }

    fn block(&self) -> u64 {
        self.selected.len() as u64 * u64::from(self.repeats)
    }

    fn named(&self, place: Place) -> TrialSpec {
        let Place { item, condition, repeat } = place;
        let digest = self.items.digest(item as usize).unwrap_or_default();
        let (name, strategy) = self
            .conditions
            .get(condition as usize)
            .map(|condition| (condition.name.as_str(), condition.strategy))
            .unwrap_or_default();
        let id = Digester::new("trial")
            .digest(&digest)
            .text(name)
            .digest(&strategy)
            .number(u64::from(repeat))
            .number(self.seed)
            .finish();
        let key = Digester::new("trial key")
            .number(self.seed)
            .digest(&digest)
            .text(name)
            .number(u64::from(repeat))
            .finish();
        TrialSpec { item, condition, repeat, id: TrialId::from_digest(&id), key }
    }
}
