//! The run itself: starts trials, takes their records, and knows when to stop.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::base::CallId;
use crate::engine::courier::{Courier, Parcel};
use crate::engine::failures::{exceeds, too_many};
use crate::engine::laboratory::Laboratory;
use crate::engine::notes::HookLedger;
use crate::engine::observe::{Observer, Progress};
use crate::engine::recorder::{Recorder, Written};
use crate::engine::schedule::Schedule;
use crate::engine::spending::dollars;
use crate::engine::standing::{Standing, recall};
use crate::engine::terms::{
    EngineError, EngineOptions, RunSummary, StopReason, StopSignal,
};
use crate::engine::trial::{Ended, Shift, carry_out, excuse};
use crate::plan::{Bitmap, Plan};
use crate::record::{Failure, FailureKind, LimitEvent, Outcome, Place, Referee};
use crate::store::{HistoryEvent, RunStatus, Store};

/// How often an observer hears of a run when nothing is committed.
const TICK: Duration = Duration::from_millis(500);

/// How long cancelled trials may take to end; one that computes cannot be dropped earlier.
const JOIN: Duration = Duration::from_secs(2);

/// Carries out a plan, from where the store stands to its end or to a reason to stop.
///
/// Plan and observer are borrowed or shared. With shared ones the future can be a task of
/// its own, so that its owner runs on the threads of its trials and is not woken across
/// threads by each of them.
///
/// The store is closed when it returns. Dropping the future drops the trials under way; what
/// was committed stays.
///
/// # Errors
///
/// When the store cannot be read or written, or belongs to another plan.
pub async fn run<P, O, L>(
    plan: P,
    laboratory: Arc<L>,
    mut store: Store,
    options: EngineOptions,
    stop: watch::Receiver<StopSignal>,
    observer: O,
) -> Result<RunSummary, EngineError>
where
    P: Deref<Target = Plan>,
    O: Deref<Target: Observer>,
    L: Laboratory,
{
    let standing = Standing::of(&plan, &store, options.retry_failed)?;
    store.set_status(RunStatus::Underway)?;
    recall(&plan, &*laboratory, &store)?;
    let recorded_usd = store.spent()?.recorded;
    let failures = standing.failures(&store)?;
    let spent_before = laboratory.spend().usd;
    let (courier, parcels) = Courier::new();
    let mut handed = BTreeMap::new();
    if laboratory.keeps_calls() {
        let known = store.checkpoints()?;
        for (place, calls) in &known {
            handed.insert(*place, calls.iter().map(|call| call.id).collect());
        }
        laboratory.resume(known, courier.clone());
    }
    let mut referee = laboratory.referee();
    if let Some(referee) = &mut referee {
        let done = |place| standing.done.contains(plan.index(place));
        referee.resume(&store, &done)?;
    }
    let crowd = |condition| laboratory.crowd(condition);
    let schedule = Schedule::new(&plan, &standing.done, crowd);
    let planned = plan.len();
    let mut owner = Owner {
        plan,
        shift: Arc::new(Shift::new(laboratory, courier)),
        options,
        observer,
        stop,
        recorder: Recorder::new(store),
        tasks: JoinSet::new(),
        parcels,
        handed,
        hooks: HookLedger::default(),
        started: Instant::now(),
        schedule,
        recorded_usd,
        spent_before,
        warned: false,
        progress: Progress {
            planned,
            done: standing.reused,
            reused: standing.reused,
            failed: standing.failed,
            failures,
            skipped: standing.skipped,
            ..Progress::default()
        },
        done: standing.done,
        finished: standing.reused,
        failed: standing.failed,
        skipped: standing.skipped,
        unrecorded: 0,
        reason: None,
        because: None,
        patience: None,
        referee,
        over: BTreeMap::new(),
    };
    owner.judged();
    owner.begin().await;
    owner.carry_on().await?;
    owner.finish().await;
    owner.close().await
}

/// The one owner of a run's state.
pub(super) struct Owner<P, O, L> {
    pub(super) plan: P,
    pub(super) shift: Arc<Shift<L>>,
    pub(super) options: EngineOptions,
    pub(super) observer: O,
    stop: watch::Receiver<StopSignal>,
    pub(super) recorder: Recorder,
    tasks: JoinSet<Ended>,
    /// What trials under way hand over.
    parcels: mpsc::UnboundedReceiver<Parcel>,
    /// The calls of trials under way that are recorded before their trial is.
    pub(super) handed: BTreeMap<Place, BTreeSet<CallId>>,
    pub(super) hooks: HookLedger,
    pub(super) started: Instant,
    pub(super) schedule: Schedule,
    /// Dollars that recorded calls account for.
    pub(super) recorded_usd: f64,
    /// What earlier sessions spent.
    pub(super) spent_before: f64,
    /// Whether it was told that the budget will not do.
    pub(super) warned: bool,
    pub(super) done: Bitmap,
    pub(super) progress: Progress,
    /// Selected trials finished, on the disk or on their way there.
    finished: u64,
    /// Of those, how many failed.
    failed: u64,
    /// Of those, how many a hook of the file skipped or let go.
    skipped: u64,
    unrecorded: u64,
    reason: Option<StopReason>,
    pub(super) because: Option<Failure>,
    /// When trials under way are dropped.
    patience: Option<Instant>,
    /// Who says that a condition is over, where the file has a stop rule.
    pub(super) referee: Option<Box<dyn Referee>>,
    /// The conditions that are over, with the items that decided.
    pub(super) over: BTreeMap<u32, u32>,
}

impl<P, O, L> Owner<P, O, L>
where
    P: Deref<Target = Plan>,
    O: Deref<Target: Observer>,
    L: Laboratory,
{
    /// Runs until nothing is under way and nothing more is to be started.
    async fn carry_on(&mut self) -> Result<(), EngineError> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listening = true;
        self.heed();
        loop {
            self.open_parcels();
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
                Some(parcel) = self.parcels.recv() => self.open(parcel),
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
                    self.judge();
                }
            }
        }
    }

    /// Starts trials until enough are under way.
    fn refill(&mut self) {
        let most = usize::try_from(self.options.concurrency.max(1)).unwrap_or(usize::MAX);
        while self.reason.is_none_or(StopReason::is_of_some) && !self.recorder.is_behind()
        {
            let Some(spec) = self.schedule.next(&self.plan, &self.done, most) else {
                return;
            };
            self.tasks.spawn(carry_out(self.shift.clone(), spec));
        }
    }

    /// Takes the record of a trial that ended.
    fn joined(&mut self, joined: Result<Ended, JoinError>) {
        // What a trial handed over comes before its record.
        self.open_parcels();
        // A task ends by itself or by being cancelled; panics are caught inside.
        let Ok(Ended { record, abort }) = joined else {
            self.unrecorded += 1;
            return;
        };
        self.schedule.ended(record.condition);
        if abort {
            self.unrecorded += 1;
            self.end(StopReason::Hook);
            if let Outcome::Failed(failure) = record.outcome {
                self.because.get_or_insert(failure);
            }
            return;
        }
        if let Some(failure) = excuse(&record) {
            self.unrecorded += 1;
            self.end(reason_of(failure.kind));
            self.because.get_or_insert_with(|| failure.clone());
            return;
        }
        self.account(record.place(), &record.calls);
        self.finished += 1;
        if let Outcome::Failed(failure) = &record.outcome {
            self.failed += 1;
            *self.progress.failures.entry(failure.kind).or_default() += 1;
            self.skipped += u64::from(failure.kind == FailureKind::Skipped);
            self.observer.failed(&record);
        }
        self.done.insert(self.plan.index(record.place()));
        if let Some(referee) = &mut self.referee {
            referee.hear(&record);
        }
        self.recorder.take(record);
        self.flush(false);
        let planned = self.progress.planned;
        if self.finished < planned
            && too_many(
                self.failed - self.skipped,
                self.finished,
                planned,
                self.options.max_failures,
            )
        {
            self.end(StopReason::TooManyFailures);
        }
    }

    /// Opens what trials under way have handed over.
    fn open_parcels(&mut self) {
        while let Ok(parcel) = self.parcels.try_recv() {
            self.open(parcel);
        }
    }

    fn open(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Call(place, call) => {
                self.recorded_usd += dollars(&call);
                self.handed.entry(place).or_default().insert(call.id);
                self.recorder.keep(place, *call);
            }
            Parcel::GivenUp(given_up) => {
                self.account(given_up.place, &given_up.calls);
                self.recorder.give_up(given_up);
            }
            Parcel::Note(note) => self.noted(note),
        }
    }

    /// Returns the time by the user's clock; the time since the start where there is none.
    pub(super) fn now(&self) -> String {
        moment(self.options.started, self.started.elapsed())
    }

    fn written(&mut self, written: Written) {
        self.progress.done += written.trials;
        self.progress.failed += written.failed;
        self.progress.skipped += written.skipped;
        self.tell();
    }

    fn tell(&mut self) {
        self.progress.under_way = self.tasks.len() as u64;
        self.progress.elapsed = self.started.elapsed();
        self.progress.spend = self.shift.laboratory.spend();
        self.foresee();
        self.observer.progress(&self.progress);
    }

    /// Starts a commit if one is due, with what was spent and is not recorded.
    fn flush(&mut self, at_once: bool) {
        if self.recorder.is_due(at_once) {
            self.expose();
            self.recorder.flush(at_once, self.now());
        }
    }

    /// Writes down what became of the models' limits.
    fn note_limits(&mut self) {
        let events = self.shift.laboratory.limit_events();
        let started = self.options.started;
        self.recorder.note(events.iter().map(|event| limit_event(event, started)));
    }

    /// Starts no more trials. The first reason counts, except that one that stops the whole
    /// run counts more than one that only some trials have.
    pub(super) fn end(&mut self, reason: StopReason) {
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
        self.shift.laboratory.stop();
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
        let Progress { planned, done, reused, failed, skipped, .. } = self.progress;
        let allowed = self.options.max_failures;
        let spared = self.spared();
        let asked = planned - spared.selected;
        if self.reason.is_none() && exceeds(failed - skipped, asked, allowed) {
            self.end(StopReason::TooManyFailures);
        }
        let complete = done == asked && self.reason != Some(StopReason::TooManyFailures);
        let stopped = if complete { None } else { self.reason };
        let status = match stopped {
            None if self.done.count() == self.plan.whole() => RunStatus::Complete,
            None if self.done.count() + spared.whole == self.plan.whole() => {
                RunStatus::Decided
            }
            None => RunStatus::Selection,
            Some(StopReason::Interrupted) => RunStatus::Interrupted,
            Some(StopReason::Budget) => RunStatus::Budget,
            Some(StopReason::TooManyFailures) => RunStatus::TooManyFailures,
            Some(StopReason::Offline | StopReason::NotReplayed) => RunStatus::Offline,
            Some(StopReason::Unreachable) => RunStatus::Unreachable,
            Some(StopReason::Hook) => RunStatus::Stopped,
        };
        let at = self.now();
        self.recorder.close(status, at).await?;
        let unrecorded = self.unrecorded;
        let because = self.because.filter(|_| stopped.is_some());
        let because = because.map(|failure| failure.to_string());
        Ok(RunSummary {
            planned,
            done,
            failed,
            skipped,
            reused,
            unrecorded,
            spared: spared.selected,
            complete,
            stopped,
            because,
            hook_failures: self.hooks.failures(),
        })
    }
}

/// Returns why a run ends for a trial that is not recorded.
fn reason_of(kind: FailureKind) -> StopReason {
    if kind == FailureKind::Budget {
        StopReason::Budget
    } else if kind == FailureKind::Offline {
        StopReason::Offline
    } else if kind == FailureKind::NotReplayed {
        StopReason::NotReplayed
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
    HistoryEvent {
        at: moment(started, event.after),
        kind: "limit".to_owned(),
        detail: json!({
            "model": event.model.as_ref(),
            "what": event.what,
            "size": event.size,
            "after_s": event.after.as_secs_f64(),
        }),
    }
}

fn moment(started: Option<DateTime<FixedOffset>>, after: Duration) -> String {
    let at = started
        .zip(TimeDelta::from_std(after).ok())
        .and_then(|(started, after)| started.checked_add_signed(after));
    at.map_or_else(|| format!("+{:.3}s", after.as_secs_f64()), |at| at.to_rfc3339())
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
