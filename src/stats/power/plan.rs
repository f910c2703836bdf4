//! The four numbers of a plan, and how the missing one is found.

use crate::stats::special::{bracketed_root, climb};
use crate::stats::{Alternative, StatsError};

/// What is to be found, with the three numbers that are given.
///
/// # Shapes and units
///
/// `n` counts what the design says, and need not be whole; `effect` has the scale of the
/// design; `power` and `alpha` are strictly between 0 and 1, `alpha` being the level of the
/// test after every correction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Solve {
    /// The size that reaches a power.
    N {
        /// The effect to be found.
        effect: f64,
        /// The probability of finding it.
        power: f64,
        /// The level of the test.
        alpha: f64,
    },
    /// The smallest effect that is found with a power: the minimum detectable effect.
    Effect {
        /// The size.
        n: f64,
        /// The probability of finding the effect.
        power: f64,
        /// The level of the test.
        alpha: f64,
    },
    /// The probability of finding an effect.
    Power {
        /// The size.
        n: f64,
        /// The effect to be found.
        effect: f64,
        /// The level of the test.
        alpha: f64,
    },
    /// The level at which an effect is found with a power.
    Alpha {
        /// The size.
        n: f64,
        /// The effect to be found.
        effect: f64,
        /// The probability of finding it.
        power: f64,
    },
}

/// A complete plan: any three of its numbers determine the fourth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The size; not rounded.
    pub n: f64,
    /// The effect, on the scale of the design.
    pub effect: f64,
    /// The probability of finding the effect if it is there.
    pub power: f64,
    /// The level of the test.
    pub alpha: f64,
}

/// A test whose power is a smooth function of size, effect and level.
pub(super) trait Design {
    /// Returns the power; `n` is above [`Design::least`], the level strictly in `(0, 1]`.
    fn power(&self, n: f64, effect: f64, alpha: f64) -> Result<f64, StatsError>;

    /// Returns the size that all sizes must exceed.
    fn least(&self) -> f64;

    /// Returns the side on which effects count; sizes of effects grow from 0 to infinity.
    fn alternative(&self) -> Alternative {
        Alternative::TwoSided
    }

    /// Returns the effect of a size from 0 to infinity.
    fn sized(&self, size: f64) -> f64 {
        size
    }

    /// Refuses an effect outside its domain.
    fn check(&self, effect: f64) -> Result<(), StatsError> {
        finite(effect).map(|_| ())
    }
}

/// Finds the missing number of a plan.
pub(super) fn solve(design: &impl Design, question: Solve) -> Result<Plan, StatsError> {
    let (n, effect, power, alpha) = given(question);
    checked(design, question)?;
    let found = match question {
        Solve::N { .. } => size(design, effect, power, alpha)?,
        Solve::Effect { .. } => smallest_effect(design, n, power, alpha)?,
        Solve::Power { .. } => design.power(n, effect, alpha)?,
        Solve::Alpha { .. } => bracketed_root(-690.0, 0.0, |log| {
            design.power(n, effect, log.exp()).unwrap_or(f64::NAN) - power
        })
        .exp(),
    };
    Ok(question.with(found))
}

impl Solve {
    /// Returns the plan that the number found completes.
    pub(super) fn with(self, found: f64) -> Plan {
        match self {
            Self::N { effect, power, alpha } => Plan { n: found, effect, power, alpha },
            Self::Effect { n, power, alpha } => Plan { n, effect: found, power, alpha },
            Self::Power { n, effect, alpha } => Plan { n, effect, power: found, alpha },
            Self::Alpha { n, effect, power } => Plan { n, effect, power, alpha: found },
        }
    }
}

/// Returns the numbers of a question as (n, effect, power, alpha), NaN for the missing one.
fn given(question: Solve) -> (f64, f64, f64, f64) {
    let Plan { n, effect, power, alpha } = question.with(f64::NAN);
    (n, effect, power, alpha)
}

/// Refuses numbers outside their domains.
fn checked(design: &impl Design, question: Solve) -> Result<(), StatsError> {
    let (n, effect, power, alpha) = given(question);
    if !matches!(question, Solve::Alpha { .. }) {
        open(alpha, "level")?;
    }
    if !matches!(question, Solve::Power { .. }) {
        open(power, "power")?;
    }
    if !matches!(question, Solve::Effect { .. }) {
        design.check(effect)?;
    }
    if !matches!(question, Solve::N { .. }) && finite(n)? <= design.least() {
        let wanted = "large enough to leave degrees of freedom";
        return Err(StatsError::InvalidParameter { name: "sample size", wanted });
    }
    Ok(())
}

/// Returns the size that reaches the power.
fn size(
    design: &impl Design,
    effect: f64,
    power: f64,
    alpha: f64,
) -> Result<f64, StatsError> {
    one_can_find(effect, design.alternative())?;
    if power <= alpha {
        return Err(StatsError::Undefined { what: "a size for a power below the level" });
    }
    let n = |log: f64| design.least() + log.exp();
    let gap = |log: f64| design.power(n(log), effect, alpha).unwrap_or(f64::NAN) - power;
    // A factor of e at a time: far beyond the answer a power costs much to compute.
    let up = gap(0.0) < 0.0;
    let steps = if up { 690 } else { 7 };
    let sign = if up { 1.0 } else { -1.0 };
    let past =
        (1..=steps).map(|k| sign * f64::from(k)).find(|log| (gap(*log) >= 0.0) == up);
    match past {
        Some(past) => Ok(n(bracketed_root(past - sign, past, gap))),
        None if up => Err(StatsError::Undefined { what: "a size that is finite" }),
        None => Err(StatsError::Undefined { what: "a size with so little power" }),
    }
}

/// Returns the effect that is found with the power.
fn smallest_effect(
    design: &impl Design,
    n: f64,
    power: f64,
    alpha: f64,
) -> Result<f64, StatsError> {
    let gap = |size: f64| {
        design.power(n, design.sized(size), alpha).unwrap_or(f64::NAN) - power
    };
    if gap(0.0) >= 0.0 {
        let what = "an effect with a power below the level";
        return Err(StatsError::Undefined { what });
    }
    let past = climb(0.0, 1.0 / n.sqrt(), |size| gap(size) >= 0.0);
    let size = bracketed_root(0.0, past, gap);
    if past == f64::MAX {
        return Err(StatsError::Undefined { what: "an effect that is finite" });
    }
    Ok(design.sized(size))
}

/// Refuses an effect that no size finds: none at all, or one on the other side.
pub(super) fn one_can_find(
    effect: f64,
    alternative: Alternative,
) -> Result<(), StatsError> {
    let found = match alternative {
        Alternative::TwoSided => effect != 0.0,
        Alternative::Less => effect < 0.0,
        Alternative::Greater => effect > 0.0,
    };
    if found {
        return Ok(());
    }
    let what = if effect == 0.0 {
        "a sample size for no effect"
    } else {
        "a sample size for an effect on the other side"
    };
    Err(StatsError::Undefined { what })
}

/// Refuses what is not strictly between 0 and 1.
pub(super) fn open(value: f64, name: &'static str) -> Result<f64, StatsError> {
    if finite(value)? > 0.0 && value < 1.0 {
        return Ok(value);
    }
    Err(StatsError::InvalidParameter { name, wanted: "strictly between 0 and 1" })
}

/// Refuses NaN and infinity.
pub(super) fn finite(value: f64) -> Result<f64, StatsError> {
    if value.is_finite() { Ok(value) } else { Err(StatsError::NotFinite { index: 0 }) }
}

/// Refuses an effect that is negative where effects have no direction.
pub(super) fn undirected(effect: f64) -> Result<(), StatsError> {
    if finite(effect)? >= 0.0 {
        return Ok(());
    }
    Err(StatsError::InvalidParameter { name: "effect", wanted: "not negative" })
}

/// Refuses a ratio of sizes that is not positive.
pub(super) fn positive_ratio(ratio: f64) -> Result<(), StatsError> {
    if finite(ratio)? > 0.0 {
        return Ok(());
    }
    Err(StatsError::InvalidParameter { name: "ratio of sizes", wanted: "positive" })
}

/// Returns a size of effect with the sign that an alternative looks for.
pub(super) fn signed(size: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided | Alternative::Greater => size,
        Alternative::Less => -size,
    }
}
