//! The laboratory of a real run: an assembly of strategies, metrics and models.

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::Digester;
use crate::catalogue::Assembly;
use crate::engine::laboratory::{Attempt, Laboratory, Spend};
use crate::plan::TrialSpec;
use crate::record::{Failure, FailureKind, LimitEvent, Output, Score, Usage};
use crate::score;
use crate::script::ScriptRun;
use crate::strategy::{TrialContext, TrialKey};

/// An assembly at work.
#[derive(Debug)]
pub struct Bench {
    assembly: Assembly,
    seed: u64,
}

impl Bench {
    /// Puts an assembly to work under the experiment's seed.
    #[must_use]
    pub fn new(assembly: Assembly, seed: u64) -> Self {
        Self { assembly, seed }
    }

    /// Returns the assembly.
    #[must_use]
    pub fn assembly(&self) -> &Assembly {
        &self.assembly
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
            return Attempt {
                outcome: Err(failure),
                usage: Usage::default(),
                calls: Vec::new(),
            };
        };
        let key = TrialKey { digest: trial.key, repeat: trial.repeat, seed: self.seed };
        let context =
            TrialContext::new(Arc::clone(&self.assembly.gateway), Arc::clone(item), key);
        let outcome = context.finish(strategy.as_ref()).await;
        Attempt {
            outcome: outcome.map(Arc::new),
            usage: context.usage(),
            calls: context.take_calls(),
        }
    }

    fn metrics(&self) -> usize {
        self.assembly.scorers.len()
    }

    fn score(&self, metric: usize, trial: &TrialSpec, output: &Arc<Output>) -> Score {
        let scorer = self.assembly.scorers.get(metric);
        let item = self.assembly.items.get(trial.item as usize);
        let (Some(scorer), Some(item)) = (scorer, item) else {
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

    fn crowd(&self, condition: u32) -> Option<usize> {
        self.assembly.crowds.get(condition as usize).copied().flatten()
    }

    fn stop(&self) {
        self.assembly.gateway.stop();
    }
}
