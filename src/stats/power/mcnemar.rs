//! Power of McNemar's test, by enumeration.

use super::plan::{Plan, Solve, finite, one_can_find, open, signed};
use crate::stats::dist::{Binomial, Normal};
use crate::stats::special::bracketed_root;
use crate::stats::{Alternative, StatsError};

/// Numbers of discordant pairs less probable than this, on either side, are left out.
const RARE: f64 = 1e-17;

/// The largest number of pairs that is tried.
const MOST_PAIRS: u64 = 100_000_000;

/// Which p-value the test will use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum McNemarRule {
    /// The exact p: never above its level, hence of less power.
    #[default]
    Exact,
    /// The mid-p: half the probability of the observed table taken off.
    MidP,
}

/// Power of McNemar's test on paired right and wrong answers, exact.
///
/// # Formula
///
/// ```text
/// power = Σ_m P(M = m) P(reject | m),  M ~ Binomial(n, ψ)
/// P(reject | m) = P(B ≥ c_m) + P(B ≤ m − c_m),  B ~ Binomial(m, (ψ + e) / 2ψ)
/// ```
///
/// `c_m` is the smallest count that the test of `m` discordant pairs rejects; one-sided
/// tests have one of the two terms.
///
/// # Shapes and units
///
/// `n` counts pairs (items) and is whole. `ψ`, the discordance, is the probability that just
/// one of a pair is right; the effect `e` is the probability that only the first is right
/// less that of only the second, the difference of the accuracies, in `[−ψ, ψ]`.
///
/// # Numerics
///
/// The exact test's power rises in saw teeth: the size found is the first from which the
/// power stays at its target over at least the `8 / ψ` sizes that follow (at most 400). The
/// level found is the smallest that suffices.
///
/// # Errors
///
/// `InvalidParameter`, `NotFinite`; `Undefined` for the size of an effect of zero or of one on
/// the other side, for more than 100,000,000 pairs, for a power that no effect of the
/// discordance reaches.
///
/// # Source
///
/// S. W. Duffy, "Asymptotic and Exact Power for the McNemar Test and its Analogue with R
/// Controls per Case", Biometrics 40(4), 1984, 1005–1015.
///
/// # Example
///
/// ```
/// use crucible::stats::{Alternative, McNemarPower, McNemarRule, Solve};
///
/// // The first is right on 80%, the second on 74%; their errors are independent.
/// let test = McNemarPower {
///     discordance: McNemarPower::independent(0.80, 0.74)?,
///     alternative: Alternative::TwoSided,
///     rule: McNemarRule::Exact,
/// };
/// let plan = test.solve(Solve::N { effect: 0.06, power: 0.8, alpha: 0.05 })?;
/// assert!(plan.power >= 0.8 && plan.n > 500.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemarPower {
    /// The probability that just one of a pair is right, `ψ`, above 0.
    pub discordance: f64,
    /// The side that the test looks at; greater means in favour of the first.
    pub alternative: Alternative,
    /// Which p-value the test will use.
    pub rule: McNemarRule,
}

impl McNemarPower {
    /// Returns the discordance of two accuracies whose errors are independent.
    ///
    /// # Formula
    ///
    /// ```text
    /// ψ = p_A (1 − p_B) + p_B (1 − p_A)
    /// ```
    ///
    /// # Shapes and units
    ///
    /// Shares in `[0, 1]`. Models that fail on the same items have less.
    ///
    /// # Errors
    ///
    /// `OutOfRange` for what is no share.
    ///
    /// # Source
    ///
    /// As the type.
    pub fn independent(first: f64, second: f64) -> Result<f64, StatsError> {
        if [first, second].iter().all(|p| (0.0..=1.0).contains(p)) {
            Ok(first * (1.0 - second) + second * (1.0 - first))
        } else {
            Err(StatsError::OutOfRange)
        }
    }

    /// Returns the plan with the missing number found; its power is the one reached.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn solve(self, question: Solve) -> Result<Plan, StatsError> {
        if !(finite(self.discordance)? > 0.0 && self.discordance <= 1.0) {
            let wanted = "above 0 and at most 1";
            return Err(StatsError::InvalidParameter { name: "discordance", wanted });
        }
        let mut plan = match question {
            Solve::N { effect, power, alpha } => {
                let (power, alpha) = (open(power, "power")?, open(alpha, "level")?);
                question.with(self.size(self.effect(effect)?, power, alpha)? as f64)
            }
            Solve::Effect { n, power, alpha } => {
                let (power, alpha) = (open(power, "power")?, open(alpha, "level")?);
                question.with(self.smallest_effect(whole(n)?, power, alpha)?)
            }
            Solve::Power { effect, alpha, .. } => {
                self.effect(effect)?;
                open(alpha, "level")?;
                question.with(f64::NAN)
            }
            Solve::Alpha { n, effect, power } => {
                let (effect, power) = (self.effect(effect)?, open(power, "power")?);
                question.with(self.level(whole(n)?, effect, power))
            }
        };
        plan.power = self.power(whole(plan.n)?, plan.effect, plan.alpha);
        Ok(plan)
    }

    /// Refuses an effect beyond the discordance.
    fn effect(self, effect: f64) -> Result<f64, StatsError> {
        if finite(effect)?.abs() <= self.discordance {
            return Ok(effect);
        }
        let wanted = "at most the discordance";
        Err(StatsError::InvalidParameter { name: "effect", wanted })
    }

    fn power(self, n: u64, effect: f64, alpha: f64) -> f64 {
        let first =
            ((self.discordance + effect) / (2.0 * self.discordance)).clamp(0.0, 1.0);
        let sided = match self.alternative {
            Alternative::TwoSided => alpha / 2.0,
            Alternative::Less | Alternative::Greater => alpha,
        };
        let Ok(discordant) = Binomial::new(n, self.discordance) else { return f64::NAN };
        let ends = (discordant.quantile(RARE), discordant.upper_quantile(RARE));
        let (Ok(low), Ok(high)) = ends else { return f64::NAN };
        // Half of the pairs has a p above one half: the walk starts there where it can.
        let mut critical = if sided < 0.5 { low / 2 } else { 0 };
        let mut power = 0.0;
        for m in low..=high {
            while critical <= m && self.tail(critical, m) > sided {
                critical += 1;
            }
            if critical <= m {
                power += discordant.pmf(m) * self.rejected(critical, m, first);
            }
        }
        power.min(1.0)
    }

    /// Returns the one-sided p of a count in favour of one side.
    fn tail(self, count: u64, m: u64) -> f64 {
        Binomial::new(m, 0.5).map_or(1.0, |half| match self.rule {
            McNemarRule::Exact => half.at_least(count),
            McNemarRule::MidP => half.at_least(count) - half.pmf(count) / 2.0,
        })
    }

    /// Returns the probability that a test of `m` discordant pairs rejects.
    fn rejected(self, critical: u64, m: u64, first: f64) -> f64 {
        let Ok(counts) = Binomial::new(m, first) else { return f64::NAN };
        let (above, below) = (counts.at_least(critical), counts.cdf(m - critical));
        match self.alternative {
            Alternative::TwoSided => (above + below).min(1.0),
            Alternative::Greater => above,
            Alternative::Less => below,
        }
    }

    /// Returns the first size from which the power stays at its target.
    fn size(self, effect: f64, power: f64, alpha: f64) -> Result<u64, StatsError> {
        one_can_find(effect, self.alternative)?;
        let enough = |n: u64| self.power(n, effect, alpha) >= power;
        let mut high = self.roughly(effect, power, alpha)?;
        while !enough(high) {
            if high >= MOST_PAIRS {
                return Err(StatsError::Undefined { what: "a size below 100,000,000" });
            }
            high = (high + high / 4 + 1).min(MOST_PAIRS);
        }
        let mut low = high;
        while low > 0 && enough(low) {
            high = low;
            low -= low.div_ceil(5);
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if enough(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        let window = whole((8.0 / self.discordance).ceil().min(400.0))?;
        let dip = (high..=high + window).rev().find(|n| !enough(*n));
        Ok(dip.map_or(high, |n| n + 1))
    }

    /// Returns the size of the normal approximation.
    fn roughly(self, effect: f64, power: f64, alpha: f64) -> Result<u64, StatsError> {
        let sided = match self.alternative {
            Alternative::TwoSided => alpha / 2.0,
            Alternative::Less | Alternative::Greater => alpha,
        };
        let null = Normal.upper_quantile(sided)? * self.discordance.sqrt();
        let spread = (self.discordance - effect * effect).max(0.0).sqrt();
        let root = (null + Normal.quantile(power)? * spread).max(0.0) / effect;
        whole((root * root).ceil().clamp(1.0, MOST_PAIRS as f64))
    }

    fn smallest_effect(self, n: u64, power: f64, alpha: f64) -> Result<f64, StatsError> {
        let side = |size: f64| signed(size, self.alternative);
        let gap = |size: f64| self.power(n, side(size), alpha) - power;
        if gap(0.0) >= 0.0 {
            let what = "an effect with a power below the level";
            return Err(StatsError::Undefined { what });
        }
        if gap(self.discordance) < 0.0 {
            let what = "an effect of this discordance with the power";
            return Err(StatsError::Undefined { what });
        }
        Ok(side(bracketed_root(0.0, self.discordance, gap)))
    }

    /// Returns the smallest level at which the power is reached; power rises in steps.
    fn level(self, n: u64, effect: f64, power: f64) -> f64 {
        let (mut low, mut high) = (-690.0_f64, 0.0_f64);
        for _ in 0..64 {
            let middle = f64::midpoint(low, high);
            if self.power(n, effect, middle.exp()) >= power {
                high = middle;
            } else {
                low = middle;
            }
        }
        high.exp()
    }
}

/// Returns a size as a whole number.
fn whole(n: f64) -> Result<u64, StatsError> {
    if finite(n)? >= 1.0 && n <= MOST_PAIRS as f64 && n.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and between 1 and MOST_PAIRS"
        )]
        return Ok(n as u64);
    }
    let wanted = "a whole number from 1 to 100,000,000";
    Err(StatsError::InvalidParameter { name: "number of pairs", wanted })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::McNemar;
    use approx::assert_relative_eq;

    fn test(discordance: f64) -> McNemarPower {
        let (alternative, rule) = (Alternative::TwoSided, McNemarRule::Exact);
        McNemarPower { discordance, alternative, rule }
    }

    /// Adds up every table of `n` pairs that the test itself rejects.
    fn enumerated(test: McNemarPower, n: u64, effect: f64, alpha: f64) -> f64 {
        let mut power = 0.0;
        let first = (test.discordance + effect) / 2.0 / test.discordance;
        for m in 0..=n {
            let of = Binomial::new(n, test.discordance).unwrap().pmf(m);
            for b in 0..=m {
                let fit = McNemar::new(b, m - b);
                let p = match test.rule {
                    McNemarRule::Exact => fit.exact.p(test.alternative),
                    McNemarRule::MidP => fit.mid.p(test.alternative),
                };
                if p <= alpha {
                    power += of * Binomial::new(m, first).unwrap().pmf(b);
                }
            }
        }
        power
    }

    #[test]
    fn the_power_is_that_of_every_table_that_the_test_rejects() {
        for rule in [McNemarRule::Exact, McNemarRule::MidP] {
            for alternative in
                [Alternative::TwoSided, Alternative::Less, Alternative::Greater]
            {
                for (psi, effect, alpha) in
                    [(0.3, 0.2, 0.05), (1.0, -0.6, 0.01), (0.5, 0.0, 0.3)]
                {
                    let test = McNemarPower { discordance: psi, alternative, rule };
                    let question = Solve::Power { n: 40.0, effect, alpha };
                    let power = test.solve(question).unwrap().power;
                    let wanted = enumerated(test, 40, effect, alpha);
                    assert_relative_eq!(power, wanted, max_relative = 1e-10);
                }
            }
        }
    }

    #[test]
    fn the_size_found_is_the_first_from_which_the_power_stays() {
        let test = test(0.2);
        let plan = test.solve(Solve::N { effect: 0.1, power: 0.8, alpha: 0.05 }).unwrap();
        let power =
            |n| test.solve(Solve::Power { n, effect: 0.1, alpha: 0.05 }).unwrap().power;
        assert!(power(plan.n - 1.0) < 0.8);
        assert!((0..100_u32).all(|k| power(plan.n + f64::from(k)) >= 0.8));
    }

    #[test]
    fn the_effect_and_the_level_found_reach_the_power() {
        let test = McNemarPower { alternative: Alternative::Less, ..test(0.25) };
        let question = Solve::Effect { n: 200.0, power: 0.9, alpha: 0.05 };
        let plan = test.solve(question).unwrap();
        assert!(plan.effect < 0.0);
        assert_relative_eq!(plan.power, 0.9, max_relative = 1e-9);
        let level = test
            .solve(Solve::Alpha { n: 200.0, effect: plan.effect, power: 0.9 - 1e-9 })
            .unwrap();
        assert!(level.alpha <= 0.05 && level.power >= 0.9 - 1e-9);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let n = |test: McNemarPower, effect| {
            test.solve(Solve::N { effect, power: 0.8, alpha: 0.05 })
        };
        assert!(matches!(n(test(0.2), 0.0), Err(StatsError::Undefined { .. })));
        assert!(matches!(n(test(0.2), 0.3), Err(StatsError::InvalidParameter { .. })));
        assert!(n(test(0.0), 0.0).is_err());
        assert!(n(test(f64::NAN), 0.0).is_err());
        let few = Solve::Effect { n: 4.0, power: 0.8, alpha: 0.05 };
        assert!(matches!(test(0.2).solve(few), Err(StatsError::Undefined { .. })));
        let half = Solve::Power { n: 10.5, effect: 0.1, alpha: 0.05 };
        assert!(test(0.2).solve(half).is_err());
        assert_eq!(McNemarPower::independent(1.2, 0.5), Err(StatsError::OutOfRange));
    }
}
