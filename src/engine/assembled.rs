//! The laboratory of a real run: what the catalogue assembled.

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::Digester;
use crate::catalogue::Assembly;
use crate::engine::laboratory::{Attempt, Laboratory, Spend};
use crate::plan::TrialSpec;
use crate::record::{Failure, FailureKind, Output, Score, Usage};
use crate::score;
use crate::script::ScriptRun;
use crate::strategy::{TrialContext, TrialKey};

#[async_trait]
impl Laboratory for Assembly {
    async fn attempt(&self, trial: &TrialSpec) -> Attempt {
        let item = self.items.get(trial.item as usize);
        let strategy = self.strategies.get(trial.condition as usize);
        let (Some(item), Some(strategy)) = (item, strategy) else {
            let failure =
                Failure::new(FailureKind::Script, "the trial is not of this experiment");
            return Attempt {
                outcome: Err(failure),
                usage: Usage::default(),
                calls: Vec::new(),
            };
        };
        let key = TrialKey { digest: trial.key, repeat: trial.repeat, seed: trial.seed };
        let context = TrialContext::new(Arc::clone(&self.gateway), Arc::clone(item), key);
        let outcome = context.finish(&**strategy).await.map(Arc::new);
        Attempt { outcome, usage: context.usage(), calls: context.take_calls() }
    }

    fn metrics(&self) -> usize {
        self.scorers.len()
    }

    fn score(&self, metric: usize, trial: &TrialSpec, output: &Arc<Output>) -> Score {
        let scorer = self.scorers.get(metric);
        let item = self.items.get(trial.item as usize);
        let (Some(scorer), Some(item)) = (scorer, item) else {
            return Score::Failed("the trial is not of this experiment".to_owned());
        };
        let key = Digester::new("score").digest(&trial.key).finish();
        scorer
            .try_score(output, item, &ScriptRun::keyed(key))
            .unwrap_or_else(|failure| score::failed(&failure, &self.sources))
    }

    fn spend(&self) -> Spend {
        let spending = self.gateway.spending();
        Spend {
            usd: spending.spent_usd,
            unknown_calls: spending.unknown_calls,
            requests: spending.requests,
            retries: spending.retries,
            waiting: spending.waiting,
        }
    }

    fn stop(&self) {
        self.gateway.stop();
    }
}
