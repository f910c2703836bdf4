//! One trial as a task: run, score, record.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use tokio::time::{Duration, Instant};

use crate::engine::courier::{Courier, Note, Parcel};
use crate::engine::laboratory::{Attempt, Laboratory};
use crate::engine::moment::{Decision, Heard, HookSet, Moment};
use crate::plan::TrialSpec;
use crate::record::{Failure, FailureKind, Item, Outcome, Output, Score, TrialRecord};
use crate::store::GivenUp;

/// Scoring or a hook that takes longer than this goes to a thread of its own, so that it
/// holds up no other trial.
const SLOW: Duration = Duration::from_millis(2);

/// How often `on_error` may have a trial run again.
const MOST_RETRIES: u32 = 3;

/// How long something takes, learnt as the run goes.
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

/// What the trials of a session share.
#[derive(Debug)]
pub(super) struct Shift<L> {
    pub(super) laboratory: Arc<L>,
    pub(super) courier: Courier,
    hooks: HookSet,
    scoring: Pace,
    hooking: Pace,
}

/// An item, where it can be read, and the output that is scored on it.
pub(super) type Scored = (Option<Arc<Item>>, Arc<Output>);

/// A trial that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) record: TrialRecord,
    /// Whether a hook wants the run to stop for its failure.
    pub(super) abort: bool,
}

impl<L: Laboratory> Shift<L> {
    pub(super) fn new(laboratory: Arc<L>, courier: Courier) -> Self {
        let hooks = laboratory.hooks();
        Self {
            laboratory,
            courier,
            hooks,
            scoring: Pace::default(),
            hooking: Pace::default(),
        }
    }

    /// Calls a hook, and hands over what it said.
    pub(super) async fn hook(&self, moment: Moment) -> Decision {
        let Heard { decision, lines, trouble } = self.heard(&moment).await;
        if !lines.is_empty() || trouble.is_some() {
            let (hook, place) = (moment.hook(), moment.place());
            self.courier.send(Parcel::Note(Note { hook, place, lines, trouble }));
        }
        decision
    }

    /// Calls a hook and returns all that it said.
    pub(super) async fn heard(&self, moment: &Moment) -> Heard {
        let started = Instant::now();
        let slow = moment.trial().is_none() || self.hooking.is_slow();
        let heard = if slow {
            let (laboratory, moment) = (self.laboratory.clone(), moment.clone());
            tokio::task::spawn_blocking(move || laboratory.hook(&moment))
                .await
                .unwrap_or_else(|error| Heard {
                    trouble: Some(error.to_string()),
                    ..Heard::default()
                })
        } else {
            self.laboratory.hook(moment)
        };
        self.hooking.learn(started.elapsed());
        heard
    }
}

/// Runs and scores a trial, as often as `on_error` wants. A panic becomes a failure of the
/// trial or of the score.
pub(super) async fn carry_out<L: Laboratory>(
    shift: Arc<Shift<L>>,
    spec: TrialSpec,
) -> Ended {
    let hooks = shift.hooks;
    if hooks.before_trial
        && let Decision::Skip(reason) = shift.hook(Moment::BeforeTrial(spec)).await
    {
        let attempt = Attempt::failed(Failure::new(FailureKind::Skipped, reason));
        return Ended { record: record(&*shift, &spec, attempt).await, abort: false };
    }
    let mut failures = 0;
    loop {
        let attempt =
            AssertUnwindSafe(shift.laboratory.attempt(&spec)).catch_unwind().await;
        let attempt = attempt.unwrap_or_else(|panic| {
            Attempt::failed(Failure::new(FailureKind::Script, words(&*panic)))
        });
        let mut record = record(&*shift, &spec, attempt).await;
        let Outcome::Failed(failure) = &record.outcome else {
            return Ended { record, abort: false };
        };
        if !hooks.on_error || excuse(&record).is_some() {
            return Ended { record, abort: false };
        }
        failures += 1;
        let failure = failure.clone();
        let moment = Moment::OnError(spec, failure.clone(), failures);
        let again = match shift.hook(moment).await {
            Decision::Retry if failures <= MOST_RETRIES => true,
            Decision::Retry | Decision::GoOn => return Ended { record, abort: false },
            Decision::Skip(reason) => {
                record.outcome =
                    Outcome::Failed(Failure::new(FailureKind::Skipped, reason));
                return Ended { record, abort: false };
            }
            Decision::Abort => false,
        };
        let calls = std::mem::take(&mut record.calls);
        let given_up = GivenUp { place: spec.place(), failure, calls, again };
        shift.courier.send(Parcel::GivenUp(given_up));
        if !again {
            return Ended { record, abort: true };
        }
    }
}

/// Scores what an attempt gave.
async fn record<L: Laboratory>(
    shift: &Shift<L>,
    spec: &TrialSpec,
    attempt: Attempt,
) -> TrialRecord {
    let Attempt { outcome, usage, calls, item } = attempt;
    let (outcome, scores) = match outcome {
        Ok(output) => {
            let scored = (item.or_else(|| shift.laboratory.item(spec)), output);
            let scores = scores(&shift.laboratory, spec, &scored, &shift.scoring).await;
            let (_, output) = scored;
            if shift.hooks.after_trial {
                let (output, scores) = (Arc::clone(&output), scores.clone());
                shift.hook(Moment::AfterTrial(*spec, output, scores)).await;
            }
            let output = Arc::try_unwrap(output).unwrap_or_else(|kept| (*kept).clone());
            (Outcome::Done(output), scores)
        }
        Err(failure) => {
            let reason = Score::Failed("the trial failed".to_owned());
            (Outcome::Failed(failure), vec![reason; shift.laboratory.metrics()])
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
    scored: &Scored,
    pace: &Pace,
) -> Vec<Score> {
    let started = Instant::now();
    let scores = if pace.is_slow() {
        let (laboratory, spec, scored) = (laboratory.clone(), *spec, scored.clone());
        let metrics = laboratory.metrics();
        tokio::task::spawn_blocking(move || all_scores(&*laboratory, &spec, &scored))
            .await
            .unwrap_or_else(|error| vec![Score::Failed(error.to_string()); metrics])
    } else {
        all_scores(&**laboratory, spec, scored)
    };
    pace.learn(started.elapsed());
    scores
}

/// Scores an output with every metric.
pub(super) fn all_scores<L: Laboratory>(
    laboratory: &L,
    spec: &TrialSpec,
    scored: &Scored,
) -> Vec<Score> {
    (0..laboratory.metrics())
        .map(|metric| score(laboratory, metric, spec, scored))
        .collect()
}

/// Scores an output with one metric; a panic is a failed score.
pub(super) fn score<L: Laboratory>(
    laboratory: &L,
    metric: usize,
    spec: &TrialSpec,
    (item, output): &Scored,
) -> Score {
    let Some(item) = item else { return Score::Unscored };
    std::panic::catch_unwind(AssertUnwindSafe(|| {
        laboratory.score(metric, spec, item, output)
    }))
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
