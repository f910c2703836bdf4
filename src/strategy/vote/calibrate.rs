//! Weights that are learned: each member answers the items of a calibration once, before the
//! first vote, and counts by the log-odds of how often it was right there.

use std::sync::{Arc, OnceLock};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::Mutex;

use crate::base::{Digest, Digester};
use crate::record::{Failure, FailureKind, Item, Items, Usage};
use crate::spec::Call;
use crate::strategy::context::{TrialContext, TrialKey};
use crate::strategy::contract::{BuildError, Builder};
use crate::strategy::vote::Vote;
use crate::strategy::vote::rules::log_odds;
use crate::text::answer;

/// Items that are asked beside one another.
const BESIDE: usize = 16;

/// The items from which the weights of a vote are learned.
#[derive(Debug)]
pub(super) struct Calibration {
    items: Items,
    /// What the calls of a calibration have in common, whichever trial waits for them.
    digest: Digest,
    /// Items of the experiment: so many share the calls of the calibration.
    trials: usize,
    weights: Arc<OnceLock<Vec<f64>>>,
    busy: Mutex<()>,
}

/// How often a member was right.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    right: u32,
    answered: u32,
}

impl Tally {
    /// Returns the log-odds of the member's accuracy.
    ///
    /// # Formula
    ///
    /// ```text
    /// w = ln(p / (1 − p)),  p = (right + 1) / (answered + 2)
    /// ```
    ///
    /// p is the mean of the posterior under a uniform prior, so that a member which was always
    /// right counts for much and not for all.
    ///
    /// # Source
    ///
    /// S. Nitzan and J. Paroush, International Economic Review 23(2), 1982, 289–297, theorem 1;
    /// P. S. de Laplace, "Mémoire sur la probabilité des causes par les événements", 1774 (the
    /// rule of succession).
    fn weight(self) -> f64 {
        log_odds((f64::from(self.right) + 1.0) / (f64::from(self.answered) + 2.0))
    }
}

impl Calibration {
    /// Returns the calibration of a vote, if it has one.
    pub(super) fn of(
        call: &Call,
        builder: &dyn Builder,
    ) -> Result<Option<Self>, BuildError> {
        let Some(argument) = call.args.get("calibration") else { return Ok(None) };
        let Some(dataset) = argument.value.as_call() else {
            return Err(BuildError::new("`calibration` is a dataset", argument.span));
        };
        let wrong = |message: String, help: &str| BuildError {
            help: Some(help.to_owned()),
            ..BuildError::new(message, argument.span)
        };
        let items = builder.items(dataset, argument.span)?;
        if items.is_empty() {
            return Err(wrong("the calibration has no items".to_owned(), "a larger one"));
        }
        if let Some(item) = items.iter().find(|item| item.target.is_null()) {
            let message = format!("item `{}` of the calibration has no target", item.id);
            return Err(wrong(message, "a dataset whose items have a `target`"));
        }
        let tested = builder.tested();
        let inputs: std::collections::BTreeSet<String> =
            items.iter().map(|item| item.input.clone()).collect();
        if let Some(item) = tested.iter().find(|item| inputs.contains(&item.input)) {
            let message = format!(
                "the experiment's item `{}` is in the calibration too: the vote would be scored on what it learned from",
                item.id
            );
            let help = "items of their own for the calibration, such as another split";
            return Err(wrong(message, help));
        }
        Ok(Some(Self {
            items,
            digest: call.digest(),
            trials: tested.len(),
            weights: Arc::default(),
            busy: Mutex::default(),
        }))
    }

    /// Returns where the weights will be once they are known.
    pub(super) fn weights(&self) -> Arc<OnceLock<Vec<f64>>> {
        Arc::clone(&self.weights)
    }

    /// Returns how many items there are.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns the share of a calibration that falls to each of the experiment's items.
    #[expect(clippy::cast_precision_loss, reason = "counts of items")]
    pub(super) fn share(&self) -> f64 {
        1.0 / self.trials.max(1) as f64
    }

    fn key(&self, item: &Item, seed: u64) -> TrialKey {
        let mut digester = Digester::new("calibration");
        let digest =
            digester.digest(&self.digest).digest(&item.digest).number(seed).finish();
        TrialKey { digest, repeat: 0, seed }
    }
}

impl Vote {
    /// Sees to it that the weights are known: the first trial that comes asks, the others wait.
    /// What that takes is booked on the trial that asks, except for its time.
    pub(super) async fn calibrated(&self, ctx: &TrialContext) -> Result<(), Failure> {
        let Some(calibration) = &self.calibration else { return Ok(()) };
        if calibration.weights.get().is_some() {
            return Ok(());
        }
        let _busy = calibration.busy.lock().await;
        if calibration.weights.get().is_some() {
            return Ok(());
        }
        let items = (0..calibration.items.len()).filter_map(|n| calibration.items.get(n));
        let mut heard = stream::iter(items.enumerate())
            .map(|(index, item)| self.asked(calibration, index, item, ctx))
            .buffered(BESIDE);
        let mut tallies = vec![Tally::default(); self.members.len()];
        while let Some(right) = heard.next().await {
            for (tally, right) in tallies.iter_mut().zip(right?) {
                tally.answered += u32::from(right.is_some());
                tally.right += u32::from(right == Some(true));
            }
        }
        let weights = tallies.into_iter().map(Tally::weight).collect();
        // Nobody else has set them: only who holds the lock does.
        let _set = calibration.weights.set(weights);
        Ok(())
    }

    /// Asks every member one item; says who was right, `None` for one that did not answer.
    async fn asked(
        &self,
        calibration: &Calibration,
        index: usize,
        item: Arc<Item>,
        ctx: &TrialContext,
    ) -> Result<Vec<Option<bool>>, Failure> {
        let key = calibration.key(&item, ctx.key().seed);
        let target = answer::key(&item.target);
        let aside = Aside { ctx, own: ctx.aside(item, key, index) };
        let mut right = Vec::with_capacity(self.members.len());
        for ran in aside.own.run_all(&self.members).await {
            right.push(match ran.result {
                Ok(output) => {
                    let said = self.answer(&Arc::new(output), &aside.own)?;
                    answer::key(&said).map(|said| Some(&said) == target.as_ref())
                }
                Err(failure) if is_of_run(failure.kind) => return Err(failure),
                Err(_) => None,
            });
        }
        Ok(right)
    }
}

/// Says whether a failure speaks of the run and not of the member that was asked.
fn is_of_run(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Budget
            | FailureKind::Offline
            | FailureKind::NotReplayed
            | FailureKind::Unreachable
            | FailureKind::Cancelled
    )
}

/// A place beside a trial's tree. What was asked there is the trial's, also where it is
/// dropped.
struct Aside<'a> {
    ctx: &'a TrialContext,
    own: TrialContext,
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        let usage = Usage { latency: Some(0.0), waited: 0.0, ..self.own.usage() };
        self.ctx.take_over(self.own.take_calls(), usage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_counts_by_the_log_odds_of_its_mean_accuracy() {
        let weight = |right, answered| Tally { right, answered }.weight();
        // (8 + 1) / (10 + 2) = 3/4, whose odds are 3.
        assert!((weight(8, 10) - 3.0_f64.ln()).abs() < 1e-12);
        assert!(weight(5, 10).abs() < 1e-12, "a coin counts for nothing");
        assert!((weight(2, 10) + weight(8, 10)).abs() < 1e-12);
        assert!(weight(0, 0).abs() < 1e-12, "and so does who never answered");
        assert!(weight(10, 10).is_finite());
    }
}
