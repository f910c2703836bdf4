//! The parameters of batches.

use std::time::Duration;

use crate::model::lane::complaint;
use crate::spec::{Call, Complaint, Fallback, Param, Type};

/// How long nothing new may come before what waits is sent.
const QUIET: Duration = Duration::from_secs(2);

/// What waits is sent after so many quiet times, even if more keeps coming.
const PATIENCE: u32 = 30;

/// How long after a batch was sent it is first asked after.
const ASK: Duration = Duration::from_secs(5);

/// Each wait for the next question is so much longer …
const GROWTH: f64 = 1.5;

/// … up to so many times the first.
const MOST: u32 = 12;

/// How calls are gathered and asked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long nothing new may come before what waits is sent.
    pub quiet: Duration,
    /// How long after a batch was sent it is first asked after.
    pub poll: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { quiet: QUIET, poll: ASK }
    }
}

impl Terms {
    pub(in crate::model) fn of(call: &Call) -> Self {
        let time = |name: &str, usual: Duration| {
            let seconds = call.number(name);
            seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()).unwrap_or(usual)
        };
        Self { quiet: time("batch_wait", QUIET), poll: time("poll", ASK) }
    }

    /// Returns the longest that the first of the calls that gather waits for others.
    pub(super) fn longest(&self) -> Duration {
        self.quiet.saturating_mul(PATIENCE)
    }

    /// Returns the wait for the next question after one of this length.
    pub(super) fn next_poll(&self, wait: Duration) -> Duration {
        wait.mul_f64(GROWTH).min(self.poll.saturating_mul(MOST))
    }
}

pub(in crate::model) const BATCH: Param = Param::default(
    "batch",
    Type::Bool,
    Fallback::Bool(false),
    "Whether its calls are sent in batches: at half the price, answered within a day.",
)
.operational();

pub(in crate::model) const BATCH_WAIT: Param = Param::optional(
    "batch_wait",
    Type::Duration,
    "How long no new call may come before those that wait are sent as a batch; 2 s where it is not given.",
)
.operational();

pub(in crate::model) const POLL: Param = Param::optional(
    "poll",
    Type::Duration,
    "How long after a batch was sent it is first asked after; the waits grow to twelve times that. 5 s where it is not given.",
)
.operational();

/// Finds what is wrong with the parameters of batches.
pub(in crate::model) fn check(call: &Call) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let on = call.flag("batch") == Some(true);
    for name in ["batch_wait", "poll"] {
        let Some(quantity) = call.quantity(name) else { continue };
        if quantity.value <= 0.0 {
            complaints.push(complaint(
                name,
                format!("`{name}` is {quantity}, wanted more than zero"),
                &format!("`{name}: 5s`"),
            ));
        } else if !on {
            complaints.push(complaint(
                name,
                format!("`{name}` is for batches, and the model has none"),
                "`batch: true`, or leave it out",
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Quantity, Unit};
    use crate::model::testing::call;
    use crate::spec::Value;

    #[test]
    fn waits_between_questions_grow_to_a_minute() {
        let terms = Terms::default();
        let mut wait = terms.poll;
        let waits: Vec<u128> = (0..8)
            .map(|_| {
                let now = wait.as_millis();
                wait = terms.next_poll(wait);
                now
            })
            .collect();
        assert_eq!(waits, [5_000, 7_500, 11_250, 16_875, 25_312, 37_968, 56_953, 60_000]);
    }

    #[test]
    fn the_waits_of_batches_want_batches_and_more_than_zero() {
        let seconds = |n| Value::Quantity(Quantity::new(n, Unit::Seconds));
        let lone = call("openai", vec![("poll", seconds(1.0))]);
        assert!(check(&lone)[0].message.contains("the model has none"));
        let on = ("batch", Value::Bool(true));
        let none = call("openai", vec![on.clone(), ("batch_wait", seconds(0.0))]);
        assert_eq!(check(&none)[0].param, Some("batch_wait"));
        assert!(check(&call("openai", vec![on, ("poll", seconds(1.0))])).is_empty());
    }
}
