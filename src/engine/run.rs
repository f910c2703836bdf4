//! The run itself: starts trials, takes their records, and knows when to stop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Serialize;
use serde_json::json;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::engine::failures::{exceeds, too_many};
use crate::engine::laboratory::Laboratory;
use crate::engine::observe::{Observer, Progress};
use crate::engine::recorder::{Recorder, Written};
use crate::engine::schedule::Schedule;
use crate::engine::trial::{Pace, carry_out, excuse};
use crate::plan::{Bitmap, Plan};
use crate::record::{Failure, FailureKind, LimitEvent, Outcome, TrialRecord};
use crate::store::{HistoryEvent, RunStatus, Store, StoreError};

/// Trials of this session after which it is foreseen what the rest will cost.
const ENOUGH: u64 = 20;

/// By how much a forecast must exceed the budget before it is told.
const SLACK: f64 = 1.02;

/// How often an observer hears of a run when nothing is committed.
const TICK: Duration = Duration::from_millis(500);

/// How long cancelled trials may take to end; one that computes cannot be dropped earlier.
const JOIN: Duration = Duration::from_secs(2);

/// How a plan is carried out. None of it changes a result.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineOptions {
    /// Trials under way at once.
    pub concurrency: u32,
    /// The share of trials that may fail, 0 to 1.
    pub max_failures: f64,
    /// How long trials under way may take to finish once the user stops the run.
    pub grace: Duration,
    /// Whether trials that failed are carried out again. A run that stopped for too many
    /// failures does so by itself.
    pub retry_failed: bool,
    /// When the session began, by the user's clock: events are dated by it.
    pub started: Option<DateTime<FixedOffset>>,
    /// The budget in dollars, so that it can be told early that it will not do.
    pub budget: Option<f64>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            concurrency: 32,
            max_failures: 0.1,
            grace: Duration::from_secs(10),
            retry_failed: false,
            started: None,
            budget: None,
        }
    }
}

/// What the user wants of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum StopSignal {
    /// It may go on.
    #[default]
    GoOn,
    /// It starts no more trials, and ends when those under way have or the grace is over.
    Finish,
    /// It drops the trials under way, commits what is there, and ends.
    AtOnce,
}

/// Why a run ended before its plan did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The user stopped it.
    Interrupted,
    /// The budget does not allow another call.
    Budget,
    /// More than the allowed share of the trials failed.
    TooManyFailures,
    /// Some answers were not in the cache while offline.
    Offline,
    /// A model was given up: nobody answers, or every request is refused.
    Unreachable,
}

impl StopReason {
    /// Says whether other trials may go on all the same.
    fn is_of_some(self) -> bool {
        match self {
            Self::Offline | Self::Unreachable => true,
            Self::Interrupted | Self::Budget | Self::TooManyFailures => false,
        }
    }
}

/// What a session did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// Trials selected.
    pub planned: u64,
    /// Of those, how many are recorded now, failed ones included.
    pub done: u64,
    /// Of those done, how many failed.
    pub failed: u64,
    /// Of those done, how many were recorded before this session.
    pub reused: u64,
    /// Trials that ran in this session and are not recorded, since the budget, the missing
    /// network or the user kept them from finishing.
    pub unrecorded: u64,
    /// Whether every selected trial is recorded and no more than the allowed share failed.
    pub complete: bool,
    /// Why it ended early.
    pub stopped: Option<StopReason>,
    /// The failure of a trial that made it end early, where one did.
    pub because: Option<String>,
}

/// A run could not be carried out.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run on disk holds trials of another experiment or of other items.
    #[error("the run in `{folder}` holds trials of another experiment or other items")]
    OtherExperiment {
        /// The run's folder.
        folder: String,
    },
}

/// Carries out a plan, from where the store stands to its end or to a reason to stop.
///
/// The store is closed when it returns. Dropping the future drops the trials under way; what
/// was committed stays.
///
/// # Errors
///
/// When the store cannot be read or written, or belongs to another plan.
pub async fn run<L: Laboratory>(
    plan: &Plan,
    laboratory: Arc<L>,
    mut store: Store,
    options: EngineOptions,
    stop: watch::Receiver<StopSignal>,
    observer: &dyn Observer,
) -> Result<RunSummary, EngineError> {
    let standing = Standing::of(plan, &store, options.retry_failed)?;
    store.set_status(RunStatus::Underway)?;
    let recorded_usd = store.spent()?.recorded;
    let failures = standing.failures(&store)?;
    let spent_before = laboratory.spend().usd;
    let crowd = |condition| laboratory.crowd(condition);
    let schedule = Schedule::new(plan, &standing.done, crowd);
    let mut owner = Owner {
        plan,
        laboratory,
        options,
        observer,
        stop,
        recorder: Recorder::new(store),
        tasks: JoinSet::new(),
        pace: Arc::default(),
        started: Instant::now(),
        schedule,
        recorded_usd,
        spent_before,
        warned: false,
        progress: Progress {
            planned: plan.len(),
            done: standing.reused,
            reused: standing.reused,
            failed: standing.failed,
            failures,
            ..Progress::default()
        },
        done: standing.done,
        finished: standing.reused,
        failed: standing.failed,
        unrecorded: 0,
        reason: None,
        because: None,
        patience: None,
    };
    owner.carry_on().await?;
    owner.close().await
}

/// Where a store stands when a session begins.
struct Standing {
    done: Bitmap,
    /// Selected trials that are done.
    reused: u64,
    /// Of those, how many failed.
    failed: u64,
}

impl Standing {
    fn of(plan: &Plan, store: &Store, retry: bool) -> Result<Self, EngineError> {
        let retry = retry || store.status()? == RunStatus::TooManyFailures;
        let mut done = Bitmap::new(plan.whole());
        let mut failures = BTreeSet::new();
        let mut strange = plan.whole() != store.info().planned;
        store.committed(|trial| {
            let known = plan.find(trial.place).is_some_and(|spec| spec.id == trial.id);
            strange |= !known;
            let index = plan.index(trial.place);
            if trial.failed && !retry {
                failures.insert(index);
            }
            if !trial.failed || !retry {
                done.insert(index);
            }
        })?;
        if strange {
            let folder = store.folder().display().to_string();
            return Err(EngineError::OtherExperiment { folder });
        }
        let (mut reused, mut failed) = (done.count(), failures.len() as u64);
        if plan.len() < plan.whole() && reused > 0 {
            (reused, failed) = (0, 0);
            for position in 0..plan.len() {
                let index = plan.index(plan.place(position));
                reused += u64::from(done.contains(index));
                failed += u64::from(failures.contains(&index));
            }
        }
        Ok(Self { done, reused, failed })
    }

    /// Counts by kind the failures that stand.
    fn failures(&self, store: &Store) -> Result<BTreeMap<FailureKind, u64>, StoreError> {
        let mut kinds = BTreeMap::new();
        if self.failed > 0 {
            for count in store.failures()? {
                *kinds.entry(count.kind).or_default() += count.trials;
            }
        }
        Ok(kinds)
    }
}

/// The one owner of a run's state.
struct Owner<'a, L> {
    plan: &'a Plan,
    laboratory: Arc<L>,
    options: EngineOptions,
    observer: &'a dyn Observer,
    stop: watch::Receiver<StopSignal>,
    recorder: Recorder,
    tasks: JoinSet<TrialRecord>,
    pace: Arc<Pace>,
    started: Instant,
    schedule: Schedule,
    /// Dollars that recorded calls account for.
    recorded_usd: f64,
    /// What earlier sessions spent.
    spent_before: f64,
    /// Whether it was told that the budget will not do.
    warned: bool,
    done: Bitmap,
    progress: Progress,
    /// Selected trials finished, on the disk or on their way there.
    finished: u64,
    /// Of those, how many failed.
    failed: u64,
    unrecorded: u64,
    reason: Option<StopReason>,
    because: Option<Failure>,
    /// When trials under way are dropped.
    patience: Option<Instant>,
}

impl<L: Laboratory> Owner<'_, L> {
    /// Runs until nothing is under way and nothing more is to be started.
    async fn carry_on(&mut self) -> Result<(), EngineError> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listening = true;
        self.heed();
        loop {
            self.refill();
            let idle = self.tasks.is_empty();
            self.flush(idle);
            if idle && self.recorder.is_settled() {
                return Ok(());
            }
            let wake =
                [self.recorder.deadline(), self.patience].into_iter().flatten().min();
            tokio::select! {
                biased;
                changed = self.stop.changed(), if listening => match changed {
                    Ok(()) => self.heed(),
                    Err(_) => listening = false,
                },
                written = self.recorder.committed() => self.written(written?),
                () = wait(wake) => self.lose_patience().await,
                _ = tick.tick() => {
                    self.note_limits();
                    self.expose();
                    self.tell();
                }
                Some(joined) = self.tasks.join_next(), if !idle => {
                    self.joined(joined);
                    while let Some(joined) = self.tasks.try_join_next() {
                        self.joined(joined);
                    }
                }
            }
        }
    }

    /// Starts trials until enough are under way.
    fn refill(&mut self) {
        let most = usize::try_from(self.options.concurrency.max(1)).unwrap_or(usize::MAX);
        while self.reason.is_none_or(StopReason::is_of_some) && !self.recorder.is_behind()
        {
            let Some(spec) = self.schedule.next(self.plan, &self.done, most) else {
                return;
            };
            let (laboratory, pace) = (self.laboratory.clone(), self.pace.clone());
            self.tasks.spawn(carry_out(laboratory, spec, pace));
        }
    }

    /// Takes the record of a trial that ended.
    fn joined(&mut self, joined: Result<TrialRecord, JoinError>) {
        // A task ends by itself or by being cancelled; panics are caught inside.
        let Ok(record) = joined else {
            self.unrecorded += 1;
            return;
        };
        self.schedule.ended(record.condition);
        if let Some(failure) = excuse(&record) {
            self.unrecorded += 1;
            self.end(reason_of(failure.kind));
            self.because.get_or_insert_with(|| failure.clone());
            return;
        }
        self.recorded_usd += record
            .calls
            .iter()
            .map(|call| call.cost.unwrap_or(0.0) + call.presumed)
            .sum::<f64>();
        self.finished += 1;
        if let Outcome::Failed(failure) = &record.outcome {
            self.failed += 1;
            *self.progress.failures.entry(failure.kind).or_default() += 1;
            self.observer.failed(&record);
        }
        self.done.insert(self.plan.index(record.place()));
        self.recorder.take(record);
        self.flush(false);
        let planned = self.progress.planned;
        if self.finished < planned
            && too_many(self.failed, self.finished, planned, self.options.max_failures)
        {
            self.end(StopReason::TooManyFailures);
        }
    }

    fn written(&mut self, written: Written) {
        self.progress.done += written.trials;
        self.progress.failed += written.failed;
        self.tell();
    }

    fn tell(&mut self) {
        self.progress.under_way = self.tasks.len() as u64;
        self.progress.elapsed = self.started.elapsed();
        self.progress.spend = self.laboratory.spend();
        self.foresee();
        self.observer.progress(&self.progress);
    }

    /// Tells, once, that the budget will be spent before the plan is.
    #[expect(clippy::cast_precision_loss, reason = "counts of trials are below 2⁵³")]
    fn foresee(&mut self) {
        let Some(budget) = self.options.budget.filter(|_| !self.warned) else { return };
        let Progress { planned, done, reused, spend, .. } = &self.progress;
        let new = done.saturating_sub(*reused);
        let left = planned.saturating_sub(*done) as f64;
        if new < ENOUGH {
            return;
        }
        let each = (spend.usd - self.spent_before) / new as f64;
        if spend.usd + each * left > budget * SLACK {
            self.warned = true;
            let more = ((budget - spend.usd) / each).max(0.0);
            let text = format!(
                "at ${each:.6} a trial the budget of ${budget:.2} will be spent after about {:.0} of {planned} trials",
                *done as f64 + more
            );
            self.observer.warning(&text);
        }
    }

    /// Starts a commit if one is due, with what was spent and is not recorded.
    fn flush(&mut self, at_once: bool) {
        if self.recorder.is_due(at_once) {
            self.expose();
            self.recorder.flush(at_once);
        }
    }

    /// Works out what is spent or held back beside the calls that are recorded.
    fn expose(&mut self) {
        let spend = self.laboratory.spend();
        let dollars = (spend.usd + spend.reserved_usd - self.recorded_usd).max(0.0);
        // Less than a millionth of a cent is the rounding of sums.
        let dollars = if dollars < 1e-8 { 0.0 } else { dollars };
        self.recorder.expose(dollars);
    }

    /// Writes down what became of the models' limits.
    fn note_limits(&mut self) {
        let events = self.laboratory.limit_events();
        let started = self.options.started;
        self.recorder.note(events.iter().map(|event| limit_event(event, started)));
    }

    /// Starts no more trials. The first reason counts, except that one that stops the whole
    /// run counts more than one that only some trials have.
    fn end(&mut self, reason: StopReason) {
        if self.reason.is_none_or(StopReason::is_of_some) {
            let told = self.reason == Some(reason);
            if self.reason.is_none() || !reason.is_of_some() {
                self.because = None;
                self.reason = Some(reason);
            }
            if !told {
                self.observer.stopping(reason, self.tasks.len() as u64);
            }
        }
    }

    /// Heeds the user.
    fn heed(&mut self) {
        let signal = *self.stop.borrow_and_update();
        let now = Instant::now();
        match signal {
            StopSignal::GoOn => {}
            StopSignal::Finish => {
                self.end(StopReason::Interrupted);
                self.patience.get_or_insert(now + self.options.grace);
            }
            StopSignal::AtOnce => {
                self.end(StopReason::Interrupted);
                self.patience = Some(now);
            }
        }
    }

    /// Drops the trials under way if their time is over.
    async fn lose_patience(&mut self) {
        if self.patience.is_none_or(|patience| patience > Instant::now()) {
            return;
        }
        self.patience = None;
        self.laboratory.stop();
        while let Some(joined) = self.tasks.try_join_next() {
            self.joined(joined);
        }
        self.flush(true);
        self.tasks.abort_all();
        let join = async {
            while let Some(joined) = self.tasks.join_next().await {
                self.joined(joined);
            }
        };
        if timeout(JOIN, join).await.is_err() {
            self.unrecorded += self.tasks.len() as u64;
            self.tasks.detach_all();
        }
    }

    /// Says how far the run is and lets the store go.
    async fn close(mut self) -> Result<RunSummary, EngineError> {
        self.note_limits();
        self.expose();
        self.tell();
        let Progress { planned, done, reused, failed, .. } = self.progress;
        let allowed = self.options.max_failures;
        if self.reason.is_none() && exceeds(failed, planned, allowed) {
            self.end(StopReason::TooManyFailures);
        }
        let complete =
            done == planned && self.reason != Some(StopReason::TooManyFailures);
        let stopped = if complete { None } else { self.reason };
        let status = match stopped {
            None if planned == self.plan.whole() => RunStatus::Complete,
            None => RunStatus::Selection,
            Some(StopReason::Interrupted) => RunStatus::Interrupted,
            Some(StopReason::Budget) => RunStatus::Budget,
            Some(StopReason::TooManyFailures) => RunStatus::TooManyFailures,
            Some(StopReason::Offline) => RunStatus::Offline,
            Some(StopReason::Unreachable) => RunStatus::Unreachable,
        };
        self.recorder.close(status).await?;
        let unrecorded = self.unrecorded;
        let because = self.because.filter(|_| stopped.is_some());
        let because = because.map(|failure| failure.to_string());
        Ok(RunSummary {
            planned,
            done,
            failed,
            reused,
            unrecorded,
            complete,
            stopped,
            because,
        })
    }
}

/// Returns why a run ends for a trial that is not recorded.
fn reason_of(kind: FailureKind) -> StopReason {
    if kind == FailureKind::Budget {
        StopReason::Budget
    } else if kind == FailureKind::Offline {
        StopReason::Offline
    } else if kind == FailureKind::Unreachable {
        StopReason::Unreachable
    } else {
        StopReason::Interrupted
    }
}

fn limit_event(
    event: &LimitEvent,
    started: Option<DateTime<FixedOffset>>,
) -> HistoryEvent {
    let after = event.after.as_secs_f64();
    let at = started
        .zip(TimeDelta::from_std(event.after).ok())
        .and_then(|(started, after)| started.checked_add_signed(after));
    HistoryEvent {
        at: at.map_or_else(|| format!("+{after:.3}s"), |at| at.to_rfc3339()),
        kind: "limit".to_owned(),
        detail: json!({
            "model": event.model.as_ref(),
            "what": event.what,
            "size": event.size,
            "after_s": after,
        }),
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
