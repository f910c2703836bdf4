//! How many requests to one model may be under way: found, not guessed.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Requests under way at first, where the file allows as many; a quarter of what it allows
/// where that is more.
const START: usize = 64;

/// The most requests under way where the file does not say.
const MOST: usize = 10_000;

/// What is left of the window after the provider said that it is too large.
const CUT: (usize, usize) = (7, 10);

/// Rounds of fewer answers say nothing about queueing.
const ENOUGH: usize = 16;

/// A larger window that brings less than this much more answers a second …
const GAIN: f64 = 1.05;

/// … while each takes this much longer, has made a queue and nothing else.
const LONGER: f64 = 1.5;

/// The number of requests that may be under way, which follows what the provider bears.
///
/// It doubles with every window of answers until the provider first refuses (slow start),
/// grows by a sixteenth afterwards, and is cut by three tenths when a request that was sent after
/// the last cut is refused for its rate. It grows only while it is used to the full. Where a
/// larger window brings longer answers and not more of them, requests queue on the other
/// side: then it goes back to the size that brought as many. How many a full window brings is
/// its size by the mean time of an answer (Little's law), of answers to what was sent since
/// the size last changed: others tell of a queue that another size made.
///
/// # Source
///
/// V. Jacobson, "Congestion Avoidance and Control", SIGCOMM 1988, 314–329 (slow start and
/// additive increase); J. D. C. Little, "A Proof for the Queuing Formula: L = λW", Operations
/// Research 9(3), 1961, 383–387; L. S. Brakmo and L. L. Peterson, "TCP Vegas: End to End Congestion
/// Avoidance on a Global Internet", IEEE JSAC 13(8), 1995, 1465–1480 (queueing seen by time).
#[derive(Debug)]
pub(super) struct Window {
    room: Semaphore,
    most: usize,
    size: AtomicUsize,
    /// Permits that are to be forgotten as they come back.
    debt: AtomicUsize,
    /// Answers in this round, and the microseconds that they took.
    answers: AtomicUsize,
    busy_us: AtomicU64,
    born: Instant,
    /// When the size last changed, in microseconds after `born`.
    changed_us: AtomicU64,
    course: Mutex<Course>,
}

#[derive(Debug)]
struct Course {
    /// Below it the window doubles, above it grows by a sixteenth.
    threshold: usize,
    last_cut: Option<Instant>,
    best: Option<Round>,
}

/// What a window brought.
#[derive(Debug, Clone, Copy)]
struct Round {
    size: usize,
    /// Answers a second of a full window.
    rate: f64,
    /// Mean seconds of an answer.
    latency: f64,
}

/// Why a window changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Every answer was good.
    Answers,
    /// The provider refused a request for its rate.
    Refusal,
    /// Requests queued on the other side.
    Queueing,
}

impl Cause {
    /// Returns its word in the history.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Refusal => "rate_limited",
            Self::Queueing => "queueing",
        }
    }
}

/// A window that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) size: usize,
    pub(super) cause: Cause,
}

/// Room for one request; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room<'a> {
    window: &'a Window,
    permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if self.window.debt.load(Ordering::Acquire) == 0 {
            return;
        }
        let owed =
            self.window.debt.fetch_update(Ordering::AcqRel, Ordering::Acquire, |debt| {
                debt.checked_sub(1)
            });
        if owed.is_ok()
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
        }
    }
}

impl Window {
    /// Returns a window of at most so many requests; `known` is where an earlier session
    /// left it.
    pub(super) fn new(most: Option<usize>, known: Option<usize>) -> Self {
        let allowed = most.unwrap_or(0);
        let most = most.unwrap_or(MOST).clamp(1, Semaphore::MAX_PERMITS);
        let size = known.unwrap_or(START.max(allowed / 4)).clamp(1, most);
        Self {
            room: Semaphore::new(size),
            most,
            size: AtomicUsize::new(size),
            debt: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
            busy_us: AtomicU64::new(0),
            born: Instant::now(),
            changed_us: AtomicU64::new(0),
            course: Mutex::new(Course {
                threshold: known.map_or(usize::MAX, |_| size),
                last_cut: None,
                best: None,
            }),
        }
    }

    /// Returns how many requests may be under way now.
    pub(super) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Waits for room.
    pub(super) async fn enter(&self) -> Room<'_> {
        // Never closed, so acquiring cannot fail.
        Room { window: self, permit: self.room.acquire().await.ok() }
    }

    /// Hears of an answer to what was sent then and took so long, and grows once a whole
    /// window was answered.
    pub(super) fn answered(&self, sent: Instant, took: Duration) -> Option<Change> {
        if self.is_old(sent) {
            return None;
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX >> 20);
        self.busy_us.fetch_add(micros, Ordering::Relaxed);
        let answers = self.answers.fetch_add(1, Ordering::Relaxed) + 1;
        let size = self.size();
        if answers < size {
            return None;
        }
        let mut course = match self.course.try_lock() {
            Ok(course) => course,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Somebody else ends this round at this moment.
            Err(TryLockError::WouldBlock) => return None,
        };
        let answers = self.answers.swap(0, Ordering::Relaxed);
        let busy_us = self.busy_us.swap(0, Ordering::Relaxed);
        if self.room.available_permits() > 0 {
            return None;
        }
        let round = Round::of(size, answers, busy_us);
        if course.queues(&round, answers) {
            let size = course.best.map_or(size, |best| best.size);
            course.threshold = size;
            return Some(self.resize(size, Cause::Queueing));
        }
        // Only a clear gain moves the mark, so that small steps cannot carry it along.
        if course
            .best
            .is_none_or(|best| round.rate >= best.rate * GAIN || size <= best.size)
        {
            course.best = Some(round);
        }
        let wanted = if size < course.threshold {
            size.saturating_mul(2).min(course.threshold)
        } else {
            size + (size / 16).max(1)
        };
        let wanted = wanted.min(self.most);
        (wanted > size).then(|| self.resize(wanted, Cause::Answers))
    }

    /// Hears that a request that was sent then was refused for its rate.
    pub(super) fn refused(&self, sent: Instant) -> Option<Change> {
        let mut course = self.lock();
        if course.last_cut.is_some_and(|cut| sent < cut) {
            return None;
        }
        course.last_cut = Some(Instant::now());
        course.best = None;
        let before = self.size();
        let size = (before * CUT.0 / CUT.1).max(1);
        course.threshold = size;
        (size < before).then(|| self.resize(size, Cause::Refusal))
    }

    /// Says whether it was sent before the size last changed.
    fn is_old(&self, sent: Instant) -> bool {
        let changed = self.changed_us.load(Ordering::Relaxed);
        changed > 0 && self.micros(sent) < changed
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.born).as_micros())
            .unwrap_or(u64::MAX)
    }

    /// Sets the size; called with the course locked.
    fn resize(&self, size: usize, cause: Cause) -> Change {
        self.changed_us.store(self.micros(Instant::now()) + 1, Ordering::Relaxed);
        self.answers.store(0, Ordering::Relaxed);
        self.busy_us.store(0, Ordering::Relaxed);
        let before = self.size.swap(size, Ordering::Relaxed);
        if size > before {
            let mut more = size - before;
            let pay = |debt: usize| Some(debt.saturating_sub(more));
            let debt = self
                .debt
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, pay)
                .unwrap_or(0);
            more -= debt.min(more);
            self.room.add_permits(more);
        } else {
            let less = before - size;
            let gone = self.room.forget_permits(less);
            self.debt.fetch_add(less - gone, Ordering::AcqRel);
        }
        Change { size, cause }
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    fn queues(&self, round: &Round, answers: usize) -> bool {
        self.best.is_some_and(|best| {
            answers >= ENOUGH
                && round.size > best.size
                && round.rate < best.rate * GAIN
                && round.latency > best.latency * LONGER
        })
    }
}

impl Round {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    fn of(size: usize, answers: usize, busy_us: u64) -> Self {
        let latency = (busy_us.max(1) as f64) * 1e-6 / (answers.max(1) as f64);
        Self { size, rate: size as f64 / latency, latency }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use tokio::time::sleep;

    /// Keeps the window full for so many rounds against a server that answers `capacity`
    /// requests at a time, 100 ms each; the rest queue there.
    async fn drive(window: &Window, capacity: usize, requests: usize) -> Vec<Change> {
        let server = Semaphore::new(capacity);
        let asks = (0..requests).map(|_| async {
            let _room = window.enter().await;
            let sent = Instant::now();
            let _slot = server.acquire().await;
            sleep(Duration::from_millis(100)).await;
            window.answered(sent, sent.elapsed())
        });
        join_all(asks).await.into_iter().flatten().collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_doubles_to_what_the_file_allows() {
        let window = Window::new(Some(2_000), None);
        drive(&window, 10_000, 20_000).await;
        assert_eq!(window.size(), 2_000);
        assert_eq!(window.room.available_permits(), 2_000);
        assert_eq!(Window::new(Some(3), None).size(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_is_not_full_does_not_grow() {
        let window = Window::new(None, None);
        for _ in 0..1_000 {
            let _room = window.enter().await;
            let sent = Instant::now();
            sleep(Duration::from_millis(1)).await;
            assert_eq!(window.answered(sent, sent.elapsed()), None);
        }
        assert_eq!(window.size(), START);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_cuts_once_for_all_that_were_sent_before_it() {
        let window = Window::new(Some(100), Some(100));
        let sent = Instant::now();
        sleep(Duration::from_millis(10)).await;
        let cut = window.refused(sent);
        assert_eq!(cut, Some(Change { size: 70, cause: Cause::Refusal }));
        assert_eq!(window.refused(sent), None);
        sleep(Duration::from_millis(10)).await;
        assert_eq!(window.refused(Instant::now()).unwrap().size, 49);
        assert_eq!(window.room.available_permits(), 49);
    }

    #[tokio::test(start_paused = true)]
    async fn rooms_given_back_after_a_cut_are_not_given_out_again() {
        let window = Window::new(Some(10), Some(10));
        let mut rooms = Vec::new();
        for _ in 0..10 {
            rooms.push(window.enter().await);
        }
        assert_eq!(window.refused(Instant::now()).unwrap().size, 7);
        rooms.truncate(7);
        assert_eq!(window.room.available_permits(), 0);
        rooms.clear();
        assert_eq!(window.room.available_permits(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_cut_it_grows_by_steps() {
        let window = Window::new(Some(1_000), Some(100));
        window.refused(Instant::now());
        let changes = drive(&window, 10_000, 800).await;
        let sizes: Vec<_> = changes.iter().map(|change| change.size).collect();
        assert_eq!(sizes[..3], [74, 78, 82], "{sizes:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_on_the_other_side_is_seen_and_left() {
        let window = Window::new(None, None);
        let changes = drive(&window, 128, 20_000).await;
        assert!(changes.iter().any(|change| change.cause == Cause::Queueing));
        // A server of 128 places is used to the full, and not much more is sent.
        assert!((120..=260).contains(&window.size()), "{}", window.size());
    }
}
