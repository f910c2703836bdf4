//! Power of the test of a correlation.

use super::plan::{Design, Plan, Solve, finite, signed, solve};
use crate::stats::{Alternative, Normal, StatsError, StudentT};

/// Power of the test that a correlation is zero, by Fisher's z with its bias term.
///
/// # Formula
///
/// ```text
/// two-sided: power = Φ((z_r − z_c) √(n − 3)) + Φ((−z_r − z_c) √(n − 3))
/// z_r = artanh |r| + |r| / (2 (n − 1)),  z_c = arsinh(t_{n−2, 1−α/2} / √(n − 2))
/// ```
///
/// One-sided tests have the one term, at `t_{n−2, 1−α}`. `z_c` is the `z` of the smallest
/// correlation that the t test of `n` pairs rejects.
///
/// # Shapes and units
///
/// `n` counts pairs and is above 4, below which the approximation does not rise with `n`;
/// the effect is the correlation, strictly between −1 and 1.
///
/// # Errors
///
/// `InvalidParameter`, `NotFinite`; `Undefined` for the size of a correlation of zero or of
/// one on the other side, or when four pairs have more than the power.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988,
/// chapter 3; the form of `pwr.r.test` in R's pwr 1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorrelationPower {
    /// The side that the test looks at.
    pub alternative: Alternative,
}

impl CorrelationPower {
    /// Returns the plan with the missing number found.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn solve(self, question: Solve) -> Result<Plan, StatsError> {
        solve(&self, question)
    }
}

impl Design for CorrelationPower {
    fn power(&self, n: f64, effect: f64, alpha: f64) -> Result<f64, StatsError> {
        let t = StudentT::new(n - 2.0)?;
        let bound = |tail: f64| -> Result<f64, StatsError> {
            Ok((t.upper_quantile(tail)? / (n - 2.0).sqrt()).asinh())
        };
        let size = effect.abs();
        let z = (size.atanh() + size / (2.0 * (n - 1.0))).copysign(effect);
        let root = (n - 3.0).sqrt();
        Ok(match self.alternative {
            Alternative::TwoSided => {
                let bound = bound(alpha / 2.0)?;
                let other = Normal.sf((bound + z.abs()) * root)?;
                (Normal.sf((bound - z.abs()) * root)? + other).min(1.0)
            }
            Alternative::Greater => Normal.sf((bound(alpha)? - z) * root)?,
            Alternative::Less => Normal.sf((bound(alpha)? + z) * root)?,
        })
    }

    fn least(&self) -> f64 {
        4.0
    }

    fn alternative(&self) -> Alternative {
        self.alternative
    }

    fn sized(&self, size: f64) -> f64 {
        signed(size.tanh(), self.alternative)
    }

    fn check(&self, effect: f64) -> Result<(), StatsError> {
        if finite(effect)?.abs() < 1.0 {
            return Ok(());
        }
        let wanted = "strictly between -1 and 1";
        Err(StatsError::InvalidParameter { name: "correlation", wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn each_of_the_four_numbers_is_recovered_from_the_other_three() {
        for (alternative, effect) in
            [(Alternative::TwoSided, 0.3), (Alternative::Less, -0.5)]
        {
            let test = CorrelationPower { alternative };
            let (n, alpha) = (60.0, 0.02);
            let power = test.solve(Solve::Power { n, effect, alpha }).unwrap().power;
            let plan = |question| test.solve(question).unwrap();
            let size = plan(Solve::N { effect, power, alpha }).n;
            assert_relative_eq!(size, n, max_relative = 1e-9);
            let least = plan(Solve::Effect { n, power, alpha }).effect;
            assert_relative_eq!(least, effect, max_relative = 1e-9);
            let level = plan(Solve::Alpha { n, effect, power }).alpha;
            assert_relative_eq!(level, alpha, max_relative = 1e-9);
        }
    }

    #[test]
    fn the_sign_of_a_correlation_does_not_matter_to_both_sides() {
        let test = CorrelationPower { alternative: Alternative::TwoSided };
        let of = |effect| test.solve(Solve::Power { n: 30.0, effect, alpha: 0.05 });
        assert_eq!(of(0.3).unwrap().power.to_bits(), of(-0.3).unwrap().power.to_bits());
        assert!(of(1.0).is_err());
    }

    #[test]
    fn a_power_that_four_pairs_exceed_has_no_size() {
        let test = CorrelationPower { alternative: Alternative::TwoSided };
        let found = test.solve(Solve::N { effect: 0.99, power: 0.3, alpha: 0.05 });
        assert!(matches!(found, Err(StatsError::Undefined { .. })));
    }
}
