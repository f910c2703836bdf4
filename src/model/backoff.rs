//! How long to wait before the next attempt.

use std::time::Duration;

use crate::base::{CallId, Stream};

/// The longest wait that is drawn before the first retry.
const BASE: Duration = Duration::from_millis(500);

/// The longest wait that is drawn before any retry.
const CAP: Duration = Duration::from_secs(60);

/// A provider that asks for more patience than this has its call failed: the run goes on,
/// and what is missing is asked when it is resumed.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// Returns the wait after the `attempt`-th attempt, from 0: drawn uniformly from zero to
/// `500 ms · 2^attempt`, at most a minute, and at least what the provider asks for.
///
/// # Source
///
/// "Full jitter": M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
/// The bound doubles as in R. M. Metcalfe and D. R. Boggs, "Ethernet: Distributed Packet
/// Switching for Local Computer Networks", Communications of the ACM 19(7), 1976, 395–404.
pub(super) fn wait(
    seed: u64,
    id: CallId,
    attempt: u32,
    asked: Option<Duration>,
) -> Duration {
    let parts = [id.as_bytes().as_slice(), &attempt.to_le_bytes()];
    let share = Stream::keyed(seed, "backoff", &parts).unit();
    let bound = BASE.saturating_mul(2_u32.saturating_pow(attempt)).min(CAP);
    let jitter = bound.mul_f64(share);
    match asked {
        // Those who were sent away together do not come back together.
        Some(asked) => asked.saturating_add(jitter.min(BASE)),
        None => jitter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;

    fn id(n: u64) -> CallId {
        CallId::from_digest(&Digest::of(&n.to_le_bytes()))
    }

    #[test]
    fn waits_fill_the_range_from_zero_to_a_bound_that_doubles() {
        for (attempt, bound) in [(0, 0.5), (1, 1.0), (3, 4.0), (7, 60.0), (40, 60.0)] {
            let waits: Vec<f64> =
                (0..2_000).map(|n| wait(1, id(n), attempt, None).as_secs_f64()).collect();
            let mean = waits.iter().sum::<f64>() / 2_000.0;
            assert!(waits.iter().all(|wait| (0.0..=bound).contains(wait)));
            assert!((mean / bound - 0.5).abs() < 0.03, "{attempt}: {mean}");
        }
    }

    #[test]
    fn a_wait_is_never_shorter_than_the_provider_asks() {
        for n in 0..100 {
            let wait = wait(1, id(n), 5, Some(Duration::from_secs(7)));
            assert!((7.0..=7.5).contains(&wait.as_secs_f64()), "{wait:?}");
        }
    }
}
