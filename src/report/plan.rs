//! The numbers of a plan, rounded.

use crate::report::round;
use crate::stats::Plan;

/// A plan as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanText {
    /// The size.
    pub n: String,
    /// The effect.
    pub effect: String,
    /// The power.
    pub power: String,
    /// The level.
    pub alpha: String,
}

/// Rounds the numbers of a plan.
#[must_use]
pub fn power(plan: &Plan) -> PlanText {
    PlanText {
        n: round::significant(plan.n, 6),
        effect: round::significant(plan.effect, 4),
        power: round::percent(plan.power),
        alpha: round::percent(plan.alpha),
    }
}

/// Shows a whole number with its digits grouped.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size is positive, and cut where it is beyond counting"
)]
pub fn whole(n: f64) -> String {
    round::count(n as u64)
}
