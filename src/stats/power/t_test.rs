//! Power of t tests.

use super::plan::{Design, Plan, Solve, positive_ratio, signed, solve};
use crate::stats::{Alternative, NoncentralT, StatsError, StudentT};

/// How the values of a t test are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TDesign {
    /// Two independent samples of equal variance; `n` is the size of the first.
    Independent {
        /// Size of the second sample over that of the first.
        ratio: f64,
    },
    /// One sample, or the differences of pairs; `n` counts values or pairs.
    Single,
}

/// Power of Student's t test, exact for normal values.
///
/// # Formula
///
/// ```text
/// two-sided: power = P(T > t_{ν,1−α/2}) + P(T < −t_{ν,1−α/2}),  T noncentral t with ν, δ
/// independent: ν = n (1 + r) − 2,  δ = d √(n r / (1 + r));   single: ν = n − 1,  δ = d √n
/// ```
///
/// One-sided tests have the one tail, at `t_{ν,1−α}`.
///
/// # Shapes and units
///
/// The effect is Cohen's `d`, the difference in standard deviations (for pairs `d_z`, in
/// those of the differences); its sign counts in one-sided tests.
///
/// # Numerics
///
/// Both tails of the noncentral t are kept, and the root is found to the last digits.
///
/// # Errors
///
/// `InvalidParameter`, `NotFinite`; `Undefined` for the size of an effect of zero, of one on
/// the other side, or of a power at or below the level.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988,
/// chapter 2.
///
/// # Example
///
/// ```
/// use crucible::stats::{Alternative, Solve, TDesign, TTestPower};
///
/// let test = TTestPower {
///     design: TDesign::Independent { ratio: 1.0 },
///     alternative: Alternative::TwoSided,
/// };
/// let plan = test.solve(Solve::N { effect: 0.5, power: 0.8, alpha: 0.05 })?;
/// assert_eq!(plan.n.ceil(), 64.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTestPower {
    /// How the values are drawn.
    pub design: TDesign,
    /// The side that the test looks at.
    pub alternative: Alternative,
}

impl TTestPower {
    /// Returns the plan with the missing number found.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn solve(self, question: Solve) -> Result<Plan, StatsError> {
        if let TDesign::Independent { ratio } = self.design {
            positive_ratio(ratio)?;
        }
        solve(&self, question)
    }
}

impl Design for TTestPower {
    fn power(&self, n: f64, effect: f64, alpha: f64) -> Result<f64, StatsError> {
        let (df, root) = match self.design {
            TDesign::Independent { ratio } => {
                (n * (1.0 + ratio) - 2.0, n * ratio / (1.0 + ratio))
            }
            TDesign::Single => (n - 1.0, n),
        };
        let central = StudentT::new(df)?;
        let shifted = NoncentralT::new(df, effect * root.sqrt())?;
        Ok(match self.alternative {
            Alternative::TwoSided => {
                let bound = central.upper_quantile(alpha / 2.0)?;
                (shifted.sf(bound)? + shifted.cdf(-bound)?).min(1.0)
            }
            Alternative::Greater => shifted.sf(central.upper_quantile(alpha)?)?,
            Alternative::Less => shifted.cdf(central.quantile(alpha)?)?,
        })
    }

    fn least(&self) -> f64 {
        match self.design {
            TDesign::Independent { ratio } => 2.0 / (1.0 + ratio),
            TDesign::Single => 1.0,
        }
    }

    fn alternative(&self) -> Alternative {
        self.alternative
    }

    fn sized(&self, size: f64) -> f64 {
        signed(size, self.alternative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const TWO: TTestPower = TTestPower {
        design: TDesign::Independent { ratio: 1.5 },
        alternative: Alternative::TwoSided,
    };
    const ONE: TTestPower =
        TTestPower { design: TDesign::Single, alternative: Alternative::Less };

    #[test]
    fn each_of_the_four_numbers_is_recovered_from_the_other_three() {
        for (test, n, effect, alpha) in
            [(TWO, 40.0, 0.6, 0.05), (ONE, 17.5, -0.4, 1e-4), (TWO, 3.0, 4.0, 0.2)]
        {
            let power = test.solve(Solve::Power { n, effect, alpha }).unwrap().power;
            let plan = |question| test.solve(question).unwrap();
            let size = plan(Solve::N { effect, power, alpha });
            assert_relative_eq!(size.n, n, max_relative = 1e-9);
            let least = plan(Solve::Effect { n, power, alpha });
            assert_relative_eq!(least.effect, effect, max_relative = 1e-9);
            let level = plan(Solve::Alpha { n, effect, power });
            assert_relative_eq!(level.alpha, alpha, max_relative = 1e-9);
        }
    }

    #[test]
    fn without_an_effect_the_power_is_the_level() {
        let none = Solve::Power { n: 20.0, effect: 0.0, alpha: 0.03 };
        assert_relative_eq!(TWO.solve(none).unwrap().power, 0.03, max_relative = 1e-12);
    }

    #[test]
    fn a_size_for_nothing_or_for_the_other_side_is_undefined() {
        let undefined = |test: TTestPower, effect, power| {
            let found = test.solve(Solve::N { effect, power, alpha: 0.05 });
            matches!(found, Err(StatsError::Undefined { .. }))
        };
        assert!(undefined(TWO, 0.0, 0.8));
        assert!(undefined(ONE, 0.5, 0.8));
        assert!(undefined(TWO, 0.5, 0.05));
    }

    #[test]
    fn numbers_outside_their_domain_are_refused() {
        let power = |n, effect, alpha| TWO.solve(Solve::Power { n, effect, alpha });
        assert!(power(0.5, 0.5, 0.05).is_err());
        assert!(power(f64::NAN, 0.5, 0.05).is_err());
        assert!(power(20.0, f64::INFINITY, 0.05).is_err());
        assert!(power(20.0, 0.5, 1.0).is_err());
        let lame = TTestPower { design: TDesign::Independent { ratio: 0.0 }, ..TWO };
        assert!(lame.solve(Solve::Power { n: 9.0, effect: 1.0, alpha: 0.1 }).is_err());
    }

    #[test]
    fn a_tiny_effect_needs_about_the_size_of_the_normal_formula() {
        // (1.959964 + 0.841621)² / 1e-10, without the tail on the other side.
        let question = Solve::N { effect: 1e-5, power: 0.8, alpha: 0.025 };
        let pairs = TTestPower { alternative: Alternative::Greater, ..ONE };
        let n = pairs.solve(question).unwrap().n;
        assert_relative_eq!(n, 7.848_879_734_e10, max_relative = 1e-7);
    }
}
