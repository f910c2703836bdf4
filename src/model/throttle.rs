//! What holds the requests to one model back: how many in a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::model::lane::Limits;

/// How far ahead of its place a request may go, so that timers of a millisecond do not slow
/// a fast model down.
const TOLERANCE: Duration = Duration::from_millis(4);

/// The gate of one model.
///
/// Rates follow the generic cell rate algorithm: every request takes the next free place in
/// time, the places `1 / rate` apart, and sleeps until it comes. So no window holds more
/// than the rate allows and one, nothing turns in a loop, and waiting is first come, first
/// served. A request dropped while it waits leaves its place empty.
///
/// # Source
///
/// ITU-T Recommendation I.371 (2004), annex A: the virtual scheduling algorithm.
#[derive(Debug)]
pub(super) struct Throttle {
    requests: Option<f64>,
    tokens: Option<f64>,
    /// Whether the places have to be looked at: a rate is set, or a pause was asked for.
    active: AtomicBool,
    places: Mutex<Places>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Places {
    request: Option<Instant>,
    token: Option<Instant>,
    paused: Option<Instant>,
}

impl Throttle {
    pub(super) fn new(limits: &Limits) -> Self {
        let rated = limits.requests.is_some() || limits.tokens.is_some();
        Self {
            requests: limits.requests,
            tokens: limits.tokens,
            active: AtomicBool::new(rated),
            places: Mutex::new(Places::default()),
        }
    }

    /// Waits until the rates allow a request of so many tokens, and no pause is on.
    pub(super) async fn pace(&self, tokens: u64) {
        if !self.active.load(Ordering::Acquire) {
            return;
        }
        loop {
            let place = self.take(Instant::now(), tokens);
            if place > Instant::now() {
                sleep_until(place).await;
            }
            let paused = self.lock().paused;
            if paused.is_none_or(|until| until <= Instant::now()) {
                return;
            }
        }
    }

    /// Lets no request through until then: the provider asked for it.
    pub(super) fn pause(&self, until: Instant) {
        let mut places = self.lock();
        places.paused = places.paused.max(Some(until));
        if self.requests.is_some() {
            places.request = places.request.max(Some(until));
        }
        self.active.store(true, Ordering::Release);
    }

    /// Corrects the tokens that were reserved to those that were used.
    pub(super) fn settle(&self, reserved: u64, used: u64) {
        let Some(rate) = self.tokens else { return };
        let mut places = self.lock();
        let Some(next) = places.token else { return };
        let correction = span(reserved.abs_diff(used), rate);
        places.token = if used > reserved {
            next.checked_add(correction)
        } else {
            next.checked_sub(correction)
        };
    }

    fn take(&self, now: Instant, tokens: u64) -> Instant {
        let mut places = self.lock();
        let earliest = now.checked_sub(TOLERANCE).unwrap_or(now);
        let mut place = places.paused.unwrap_or(now).max(now);
        if let Some(rate) = self.requests {
            let mine = places.request.map_or(earliest, |next| next.max(earliest));
            places.request = mine.checked_add(span(1, rate));
            place = place.max(mine);
        }
        if let Some(rate) = self.tokens {
            let mine = places.token.map_or(earliest, |next| next.max(earliest));
            places.token = mine.checked_add(span(tokens, rate));
            place = place.max(mine);
        }
        place
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns how long a rate (events a second) takes for so many events, at most a day.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn span(events: u64, rate: f64) -> Duration {
    const DAY: Duration = Duration::from_secs(86_400);
    Duration::try_from_secs_f64(events as f64 / rate).unwrap_or(DAY).min(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;

    fn throttle(requests: Option<f64>, tokens: Option<f64>) -> Throttle {
        Throttle::new(&Limits { requests, tokens, ..Limits::default() })
    }

    async fn admitted(throttle: &Throttle, n: usize, tokens: u64) -> Vec<u128> {
        let start = Instant::now();
        let waits = (0..n).map(|_| async {
            throttle.pace(tokens).await;
            start.elapsed().as_millis()
        });
        join_all(waits).await
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_spaced_and_no_window_holds_more_than_its_rate_and_one() {
        let times = admitted(&throttle(Some(10.0), None), 51, 1).await;
        assert!((4_990..=5_002).contains(times.last().unwrap()), "{times:?}");
        for start in &times {
            let window = times.iter().filter(|t| (*start..start + 1000).contains(t));
            assert!(window.count() <= 11);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_rate_is_not_slowed_by_timers_of_a_millisecond() {
        let times = admitted(&throttle(Some(4_000.0), None), 8_000, 1).await;
        assert!((1_990..=2_010).contains(times.last().unwrap()), "{:?}", times.last());
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_are_paced_and_corrected_after_the_answer() {
        let throttle = throttle(None, Some(1_000.0));
        let times = admitted(&throttle, 3, 500).await;
        assert_eq!(times.iter().map(|t| t / 100).collect::<Vec<_>>(), [0, 4, 9]);
        // The last took 100 instead of 500 tokens: the next may start 400 ms earlier.
        throttle.settle(500, 100);
        let start = Instant::now();
        throttle.pace(1).await;
        assert!(
            (90..=110).contains(&start.elapsed().as_millis()),
            "{:?}",
            start.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_those_who_wait_already_and_spaces_them_afterwards() {
        let throttle = throttle(Some(10.0), None);
        throttle.pace(1).await;
        let (times, ()) = tokio::join!(admitted(&throttle, 3, 1), async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            throttle.pause(Instant::now() + Duration::from_secs(5));
        });
        assert!(times.iter().all(|t| *t >= 5_000), "{times:?}");
        assert!(times.iter().max() >= Some(&5_190), "{times:?}");
    }
}
