//! One trial as a task: run, score, record.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use tokio::time::{Duration, Instant};

use crate::engine::laboratory::{Attempt, Laboratory};
use crate::plan::TrialSpec;
use crate::record::{Failure, FailureKind, Outcome, Output, Score, TrialRecord, Usage};

/// Scoring that takes longer than this goes to a thread of its own, so that it holds up no
/// other trial.
const SLOW: Duration = Duration::from_millis(2);

/// How long scoring takes, learnt as the run goes.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU64);

impl Pace {
    fn is_slow(&self) -> bool {
        Duration::from_nanos(self.0.load(Ordering::Relaxed)) > SLOW
    }

    /// Mixes in an observation; a race between two loses one of them, which does no harm.
    fn learn(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX / 8);
        let known = self.0.load(Ordering::Relaxed);
        self.0.store(known - known / 8 + took / 8, Ordering::Relaxed);
    }
}

/// Runs and scores a trial. A panic becomes a failure of the trial or of the score.
pub(super) async fn carry_out<L: Laboratory>(
    laboratory: Arc<L>,
    spec: TrialSpec,
    pace: Arc<Pace>,
) -> TrialRecord {
    let attempt = AssertUnwindSafe(laboratory.attempt(&spec)).catch_unwind().await;
    let Attempt { outcome, usage, calls } = attempt.unwrap_or_else(|panic| Attempt {
        outcome: Err(Failure::new(FailureKind::Script, words(&*panic))),
        usage: Usage::default(),
        calls: Vec::new(),
    });
    let (outcome, scores) = match outcome {
        Ok(output) => {
            let scores = scores(&laboratory, &spec, &output, &pace).await;
            let output = Arc::try_unwrap(output).unwrap_or_else(|kept| (*kept).clone());
            (Outcome::Done(output), scores)
        }
        Err(failure) => {
            let reason = Score::Failed("the trial failed".to_owned());
            (Outcome::Failed(failure), vec![reason; laboratory.metrics()])
        }
    };
    TrialRecord {
        id: spec.id,
        item: spec.item,
        condition: spec.condition,
        repeat: spec.repeat,
        outcome,
        usage,
        scores,
        calls,
    }
}

async fn scores<L: Laboratory>(
    laboratory: &Arc<L>,
    spec: &TrialSpec,
    output: &Arc<Output>,
    pace: &Pace,
) -> Vec<Score> {
    let started = Instant::now();
    let scores = if pace.is_slow() {
        let (laboratory, spec, output) = (laboratory.clone(), *spec, output.clone());
        let metrics = laboratory.metrics();
        tokio::task::spawn_blocking(move || all_scores(&*laboratory, &spec, &output))
            .await
            .unwrap_or_else(|error| vec![Score::Failed(error.to_string()); metrics])
    } else {
        all_scores(&**laboratory, spec, output)
    };
    pace.learn(started.elapsed());
    scores
}

/// Scores an output with every metric.
pub(super) fn all_scores<L: Laboratory>(
    laboratory: &L,
    spec: &TrialSpec,
    output: &Arc<Output>,
) -> Vec<Score> {
    (0..laboratory.metrics())
        .map(|metric| score(laboratory, metric, spec, output))
        .collect()
}

/// Scores an output with one metric; a panic is a failed score.
pub(super) fn score<L: Laboratory>(
    laboratory: &L,
    metric: usize,
    spec: &TrialSpec,
    output: &Arc<Output>,
) -> Score {
    std::panic::catch_unwind(AssertUnwindSafe(|| laboratory.score(metric, spec, output)))
        .unwrap_or_else(|panic| Score::Failed(words(&*panic)))
}

/// Says in words what a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("a fault of the program: {said}")
}

/// Returns why a trial is not a fact about its condition and must not be recorded: the
/// budget, the missing network, a recording without its call, a model that was given up or
/// the user kept it from running.
/// `None` for a fact.
pub(super) fn excuse(record: &TrialRecord) -> Option<&Failure> {
    let excused = |failure: &&Failure| {
        matches!(
            failure.kind,
            FailureKind::Budget
                | FailureKind::Offline
                | FailureKind::NotReplayed
                | FailureKind::Unreachable
        )
    };
    let of_trial = match &record.outcome {
        Outcome::Failed(failure) => Some(failure),
        Outcome::Done(_) => None,
    };
    let mut of_calls = record.calls.iter().filter_map(|call| call.result.as_ref().err());
    of_trial
        .filter(|failure| excused(failure) || failure.kind == FailureKind::Cancelled)
        .or_else(|| of_calls.find(excused))
}
