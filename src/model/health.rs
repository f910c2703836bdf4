//! Whether anybody answers at all: the circuit breaker of one model.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::base::CallId;
use crate::record::{Failure, FailureKind};

/// Calls that must fail one after another, with no answer between, before an outage is
/// seen. Fewer may be calls that the server falls over.
const CALLS: usize = 5;

/// Calls that must be refused for good, with no answer ever, before the model is given up.
const REFUSALS: usize = 3;

/// The same where the model answered before: a key that ran out.
const LATE_REFUSALS: usize = 10;

/// The waits between probes double from the first to the last of these.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// How long an outage is waited out, where the model had answered before …
const PATIENCE: Duration = Duration::from_secs(300);

/// … and where it never had.
const FIRST_PATIENCE: Duration = Duration::from_secs(30);

const WELL: u8 = 0;
const PROBED: u8 = 1;
const DEAD: u8 = 2;

/// The health of one model's server.
///
/// While it is well, a call passes at the cost of one atomic read. After five calls in a
/// row found nobody (connection refused or broken, no answer in time, 502, 503, 504, 529),
/// one probe at a time is let through, at growing intervals, and all others wait without using
/// up their attempts. The first answer lets them go on. Where no answer comes for five
/// minutes, 30 seconds if there never was one, the model is given up.
///
/// # Source
///
/// M. T. Nygard, Release It!, second edition, Pragmatic Bookshelf 2018, 95–98 (the circuit
/// breaker, open and half open).
#[derive(Debug)]
pub(super) struct Health {
    state: AtomicU8,
    /// Whether nothing is to be forgotten when an answer comes.
    clean: AtomicBool,
    course: Mutex<Course>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Course {
    /// Whether the model ever answered.
    answered: bool,
    /// Calls that found nobody since the last answer.
    failed: BTreeSet<CallId>,
    /// Calls that were refused for good since the last answer.
    refused: BTreeSet<CallId>,
    since: Option<Instant>,
    probe: Option<Instant>,
    probing: bool,
    wait: Duration,
    last: Option<Failure>,
}

/// What became of a model's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nobody answers; one probe at a time is sent.
    Outage,
    /// It answers again.
    Recovery,
    /// It was given up.
    GivenUp,
}

impl Turn {
    /// Returns its word in the history.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Recovery => "recovery",
            Self::GivenUp => "given_up",
        }
    }
}

/// Leave to send one request while nobody answers.
#[derive(Debug)]
pub(super) struct Probe<'a>(&'a Health);

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        self.0.lock().probing = false;
        self.0.changed.notify_waiters();
    }
}

/// What is to be done with a call that wants to be sent.
enum Next {
    Go,
    Probe,
    WaitUntil(Instant),
    Wait,
    GiveUp(Failure),
}

impl Health {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(WELL),
            clean: AtomicBool::new(false),
            course: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Says whether requests may be sent freely.
    pub(super) fn is_well(&self) -> bool {
        self.state.load(Ordering::Acquire) == WELL
    }

    /// Waits until a request may be sent; gives leave for a probe while nobody answers.
    ///
    /// # Errors
    ///
    /// When the model was given up.
    pub(super) async fn admit(&self) -> Result<Option<Probe<'_>>, Failure> {
        loop {
            if self.is_well() {
                return Ok(None);
            }
            // Made before the look at the course, so that no change slips in between.
            let changed = self.changed.notified();
            match self.next() {
                Next::Go => return Ok(None),
                Next::Probe => return Ok(Some(Probe(self))),
                Next::GiveUp(failure) => return Err(failure),
                Next::Wait => changed.await,
                Next::WaitUntil(until) => {
                    tokio::select! {
                        () = changed => {}
                        () = sleep_until(until) => {}
                    }
                }
            }
        }
    }

    fn next(&self) -> Next {
        let mut course = self.lock();
        match self.state.load(Ordering::Acquire) {
            WELL => Next::Go,
            DEAD => Next::GiveUp(course.farewell()),
            _ if course.probing => Next::Wait,
            _ => match course.probe {
                Some(probe) if probe > Instant::now() => Next::WaitUntil(probe),
                Some(_) | None => {
                    course.probing = true;
                    Next::Probe
                }
            },
        }
    }

    /// Hears of an answer, or of a failure that shows that somebody is there.
    pub(super) fn well(&self) -> Option<Turn> {
        if self.clean.load(Ordering::Relaxed) && self.is_well() {
            return None;
        }
        let mut course = self.lock();
        *course = Course { answered: true, probing: course.probing, ..Course::default() };
        self.clean.store(true, Ordering::Relaxed);
        let before = self.state.swap(WELL, Ordering::AcqRel);
        drop(course);
        if before == WELL {
            return None;
        }
        self.changed.notify_waiters();
        Some(Turn::Recovery)
    }

    /// Hears that a call found nobody.
    pub(super) fn nobody(&self, id: CallId, failure: &Failure) -> Option<Turn> {
        let now = Instant::now();
        let mut course = self.lock();
        self.clean.store(false, Ordering::Relaxed);
        course.last = Some(failure.clone());
        if course.failed.len() < CALLS {
            course.failed.insert(id);
        }
        let since = *course.since.get_or_insert(now);
        match self.state.load(Ordering::Acquire) {
            WELL if course.failed.len() >= CALLS => {
                course.wait = WAITS.0;
                course.probe = now.checked_add(WAITS.0);
                self.state.store(PROBED, Ordering::Release);
                Some(Turn::Outage)
            }
            PROBED => {
                let patience = if course.answered { PATIENCE } else { FIRST_PATIENCE };
                if now - since >= patience {
                    return Some(self.give_up(course));
                }
                if course.probing {
                    course.wait = course.wait.saturating_mul(2).min(WAITS.1);
                    course.probe = now.checked_add(course.wait);
                }
                None
            }
            _ => None,
        }
    }

    /// Hears that a call was refused for good: no such model, or not with this key.
    pub(super) fn refused(&self, id: CallId, failure: &Failure) -> Option<Turn> {
        let mut course = self.lock();
        self.clean.store(false, Ordering::Relaxed);
        course.last = Some(failure.clone());
        let most = if course.answered { LATE_REFUSALS } else { REFUSALS };
        if course.refused.len() < most {
            course.refused.insert(id);
        }
        let dead = self.state.load(Ordering::Acquire) == DEAD;
        if dead || course.refused.len() < most {
            return None;
        }
        Some(self.give_up(course))
    }

    fn give_up(&self, course: MutexGuard<'_, Course>) -> Turn {
        self.state.store(DEAD, Ordering::Release);
        drop(course);
        self.changed.notify_waiters();
        Turn::GivenUp
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    /// Says why the model was given up.
    fn farewell(&self) -> Failure {
        let last = self.last.as_ref().map_or_else(String::new, Failure::to_string);
        let message = match self.since {
            Some(_) if self.refused.is_empty() => {
                let patience = if self.answered { PATIENCE } else { FIRST_PATIENCE };
                format!(
                    "no answer for {} s; the last failure: {last}",
                    patience.as_secs()
                )
            }
            Some(_) | None => format!("it refuses every request: {last}"),
        };
        Failure::new(FailureKind::Unreachable, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;

    fn id(n: u64) -> CallId {
        CallId::from_digest(&Digest::of(&n.to_le_bytes()))
    }

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, "as told")
    }

    fn fails(health: &Health, calls: std::ops::Range<u64>) -> Vec<Turn> {
        let refused = failure(FailureKind::Connection);
        calls.filter_map(|n| health.nobody(id(n), &refused)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_that_fails_again_and_again_is_no_outage() {
        let health = Health::new();
        for _ in 0..50 {
            assert!(fails(&health, 0..4).is_empty());
        }
        assert!(health.is_well());
        assert_eq!(fails(&health, 4..5), [Turn::Outage]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_in_between_starts_the_count_again() {
        let health = Health::new();
        fails(&health, 0..4);
        health.well();
        assert!(fails(&health, 4..8).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn in_an_outage_one_probe_at_a_time_goes_out_and_the_rest_wait() {
        let health = Health::new();
        health.well();
        fails(&health, 0..5);
        let start = Instant::now();
        let probe = health.admit().await.unwrap();
        assert!(probe.is_some());
        assert_eq!(start.elapsed().as_millis(), 250);
        let late = tokio::time::timeout(Duration::from_secs(9), health.admit()).await;
        assert!(late.is_err(), "a second probe waits for the first");
        fails(&health, 5..6);
        drop(probe);
        let probe = health.admit().await.unwrap();
        let (waiter, ()) = tokio::join!(health.admit(), async {
            assert_eq!(health.well(), Some(Turn::Recovery));
            drop(probe);
        });
        assert!(waiter.unwrap().is_none() && health.is_well());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_answered_is_given_up_after_half_a_minute() {
        for (answered, seconds) in [(false, 30), (true, 300)] {
            let health = Health::new();
            if answered {
                health.well();
            }
            let start = Instant::now();
            fails(&health, 0..5);
            let mut probes = 0_u64;
            let farewell = loop {
                match health.admit().await {
                    Ok(probe) => {
                        probes += 1;
                        fails(&health, 5..6);
                        drop(probe);
                    }
                    Err(farewell) => break farewell,
                }
            };
            let took = start.elapsed().as_secs();
            assert!((seconds..=seconds + 15).contains(&took), "{took}");
            assert!(probes < 30, "{probes}");
            assert_eq!(farewell.kind, FailureKind::Unreachable);
            assert!(
                farewell.message.contains("connection failed: as told"),
                "{farewell}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_refused_three_times_is_not_tried_a_fourth() {
        let health = Health::new();
        let refused = failure(FailureKind::Unauthorized);
        assert_eq!(health.refused(id(1), &refused), None);
        assert_eq!(health.refused(id(1), &refused), None);
        assert_eq!(health.refused(id(2), &refused), None);
        assert_eq!(health.refused(id(3), &refused), Some(Turn::GivenUp));
        let farewell = health.admit().await.unwrap_err();
        assert!(farewell.message.starts_with("it refuses every request"), "{farewell}");
    }
}
