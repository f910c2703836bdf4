//! The laboratory of a real run: an assembly of strategies, metrics and models.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::base::{CallId, Digester};
use crate::catalogue::Assembly;
use crate::engine::courier::Courier;
use crate::engine::hooks;
use crate::engine::laboratory::{Attempt, Laboratory, Spend};
use crate::engine::moment::{Heard, HookSet, Moment};
use crate::plan::TrialSpec;
use crate::record::{
    CallRecord, Failure, FailureKind, Item, LimitEvent, Output, Place, Referee, Score,
};
use crate::score;
use crate::script::ScriptRun;
use crate::strategy::{Checkpoints, Past, TrialContext, TrialKey};

/// An assembly at work.
pub struct Bench {
    assembly: Assembly,
    seed: u64,
    /// By condition, whether a trial may make more calls than one.
    many_calls: Vec<bool>,
    keeper: Mutex<Option<Keeper>>,
    referee: Mutex<Option<Box<dyn Referee>>>,
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench")
            .field("assembly", &self.assembly)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// The answers of trials that an earlier session broke off, and where new ones go.
#[derive(Debug)]
struct Keeper {
    known: BTreeMap<Place, Vec<CallRecord>>,
    courier: Courier,
}

/// What one trial goes on from.
#[derive(Debug)]
struct Kept {
    place: Place,
    known: BTreeMap<CallId, CallRecord>,
    courier: Courier,
}

impl Checkpoints for Kept {
    fn known(&self, id: &CallId) -> Option<CallRecord> {
        self.known.get(id).cloned()
    }

    fn keep(&self, call: &CallRecord) {
        self.courier.call(self.place, call);
    }
}

impl Bench {
    /// Puts an assembly to work under the experiment's seed.
    #[must_use]
    pub fn new(assembly: Assembly, seed: u64) -> Self {
        let many_calls = (0..assembly.strategies.len())
            .map(|condition| {
                let forecast = assembly.forecast(condition);
                forecast
                    .is_none_or(|forecast| !matches!(forecast.worst_calls, Some(0 | 1)))
            })
            .collect();
        Self {
            assembly,
            seed,
            many_calls,
            keeper: Mutex::default(),
            referee: Mutex::default(),
        }
    }

    /// Returns the assembly.
    #[must_use]
    pub fn assembly(&self) -> &Assembly {
        &self.assembly
    }

    /// Lets somebody say, in the next run, which conditions are over.
    pub fn appoint(&self, referee: Box<dyn Referee>) {
        *self.referee.lock().unwrap_or_else(PoisonError::into_inner) = Some(referee);
    }

    /// Returns what a trial goes on from: `None` where it makes one call. What was known of
    /// it is given away: a second run of it asks anew.
    fn checkpoints(&self, trial: &TrialSpec) -> Option<Arc<dyn Checkpoints>> {
        if !*self.many_calls.get(trial.condition as usize)? {
            return None;
        }
        let mut keeper = self.keeper();
        let keeper = keeper.as_mut()?;
        let place = trial.place();
        let known = keeper.known.remove(&place).unwrap_or_default();
        let known = known.into_iter().map(|call| (call.id, call)).collect();
        Some(Arc::new(Kept { place, known, courier: keeper.courier.clone() }))
    }

    fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Laboratory for Bench {
    async fn attempt(&self, trial: &TrialSpec) -> Attempt {
        let parts = (
            self.assembly.strategies.get(trial.condition as usize),
            self.assembly.items.get(trial.item as usize),
        );
        let (Some(strategy), Some(item)) = parts else {
            let failure = Failure::new(
                FailureKind::Cancelled,
                "the plan names a condition or an item that there is not",
            );
            return Attempt::failed(failure);
        };
        let key = TrialKey { digest: trial.key, repeat: trial.repeat, seed: self.seed };
        let context = TrialContext::going_on(
            Arc::clone(&self.assembly.gateway),
            Arc::clone(&item),
            key,
            self.checkpoints(trial),
        );
        let outcome = context.finish(strategy.as_ref()).await;
        Attempt {
            outcome: outcome.map(Arc::new),
            usage: context.usage(),
            calls: context.take_calls(),
            item: Some(item),
        }
    }

    fn metrics(&self) -> usize {
        self.assembly.scorers.len()
    }

    fn item(&self, trial: &TrialSpec) -> Option<Arc<Item>> {
        self.assembly.items.get(trial.item as usize)
    }

    fn score(
        &self,
        metric: usize,
        trial: &TrialSpec,
        item: &Arc<Item>,
        output: &Arc<Output>,
    ) -> Score {
        let Some(scorer) = self.assembly.scorers.get(metric) else {
            return Score::Unscored;
        };
        let key =
            Digester::new("score").digest(&trial.key).number(metric as u64).finish();
        scorer
            .try_score(output, item, &ScriptRun::keyed(key))
            .unwrap_or_else(|failure| score::failed(&failure, &self.assembly.sources))
    }

    fn spend(&self) -> Spend {
        let spending = self.assembly.gateway.spending();
        Spend {
            usd: spending.spent_usd,
            reserved_usd: spending.reserved_usd,
            unknown_calls: spending.unknown_calls,
            requests: spending.requests,
            retries: spending.retries,
            waiting: spending.waiting,
        }
    }

    fn limit_events(&self) -> Vec<LimitEvent> {
        self.assembly.gateway.take_events()
    }

    fn keeps_calls(&self) -> bool {
        self.many_calls.contains(&true)
    }

    fn resume(&self, known: BTreeMap<Place, Vec<CallRecord>>, courier: Courier) {
        *self.keeper() = Some(Keeper { known, courier });
    }

    fn learns(&self, condition: u32) -> bool {
        let strategy = self.assembly.strategies.get(condition as usize);
        strategy.is_some_and(|strategy| strategy.learns())
    }

    fn recall(&self, trial: &TrialSpec, calls: &[CallRecord]) {
        let strategy = self.assembly.strategies.get(trial.condition as usize);
        let item = self.assembly.items.get(trial.item as usize);
        let (Some(strategy), Some(item)) = (strategy, item) else { return };
        let key = TrialKey { digest: trial.key, repeat: trial.repeat, seed: self.seed };
        let context = TrialContext::new(Arc::clone(&self.assembly.gateway), item, key);
        // What the run took is of no use to anybody further out.
        let _took = strategy.recall(&context, &Past::of(calls));
    }

    fn hooks(&self) -> HookSet {
        hooks::set(&self.assembly.hooks)
    }

    fn hook(&self, moment: &Moment) -> Heard {
        let item =
            moment.trial().and_then(|trial| self.assembly.items.get(trial.item as usize));
        hooks::call(&self.assembly.hooks, &self.assembly.sources, item.as_ref(), moment)
    }

    fn crowd(&self, condition: u32) -> Option<usize> {
        self.assembly.crowds.get(condition as usize).copied().flatten()
    }

    fn referee(&self) -> Option<Box<dyn Referee>> {
        self.referee.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn stop(&self) {
        self.assembly.gateway.stop();
    }
}
