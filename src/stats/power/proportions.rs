//! Power of the comparison of two proportions.

use super::plan::{Design, Plan, Solve, positive_ratio, signed, solve};
use crate::stats::{Alternative, Normal, StatsError, cohens_h};

/// Power of the comparison of two independent proportions, by the arcsine approximation.
///
/// # Formula
///
/// ```text
/// two-sided: power = Φ(h / σ − z_{1−α/2}) + Φ(−h / σ − z_{1−α/2}),  σ² = 1/n + 1/(r n)
/// h = 2 arcsin √p₁ − 2 arcsin √p₂
/// ```
///
/// One-sided tests have the one tail, at `z_{1−α}`.
///
/// # Shapes and units
///
/// `n` is the size of the first sample, `r n` that of the second; the effect is Cohen's
/// `h`, in radians: see [`ProportionPower::effect`].
///
/// # Errors
///
/// `InvalidParameter`, `NotFinite`; `Undefined` for the size of an effect of zero or of one
/// on the other side.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988,
/// chapter 6.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProportionPower {
    /// Size of the second sample over that of the first, `r`.
    pub ratio: f64,
    /// The side that the test looks at.
    pub alternative: Alternative,
}

impl ProportionPower {
    /// Returns the effect of two proportions, Cohen's `h`.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for a proportion outside `[0, 1]`, `NotFinite`.
    pub fn effect(first: f64, second: f64) -> Result<f64, StatsError> {
        cohens_h(first, second).map_err(|error| match error {
            StatsError::OutOfRange => {
                let name = "proportion";
                StatsError::InvalidParameter { name, wanted: "between 0 and 1" }
            }
            other => other,
        })
    }

    /// Returns the plan with the missing number found.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn solve(self, question: Solve) -> Result<Plan, StatsError> {
        positive_ratio(self.ratio)?;
        solve(&self, question)
    }
}

impl Design for ProportionPower {
    fn power(&self, n: f64, effect: f64, alpha: f64) -> Result<f64, StatsError> {
        let scaled = effect * (n * self.ratio / (1.0 + self.ratio)).sqrt();
        Ok(match self.alternative {
            Alternative::TwoSided => {
                let bound = Normal.upper_quantile(alpha / 2.0)?;
                (Normal.sf(bound - scaled)? + Normal.sf(bound + scaled)?).min(1.0)
            }
            Alternative::Greater => Normal.sf(Normal.upper_quantile(alpha)? - scaled)?,
            Alternative::Less => Normal.sf(Normal.upper_quantile(alpha)? + scaled)?,
        })
    }

    fn least(&self) -> f64 {
        0.0
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

    #[test]
    fn each_of_the_four_numbers_is_recovered_from_the_other_three() {
        for (alternative, effect) in
            [(Alternative::TwoSided, 0.3), (Alternative::Less, -0.2)]
        {
            let test = ProportionPower { ratio: 2.0, alternative };
            let (n, alpha) = (90.0, 0.02);
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
    fn equal_proportions_have_no_size() {
        let test = ProportionPower { ratio: 1.0, alternative: Alternative::TwoSided };
        let effect = ProportionPower::effect(0.4, 0.4).unwrap();
        let found = test.solve(Solve::N { effect, power: 0.8, alpha: 0.05 });
        assert!(matches!(found, Err(StatsError::Undefined { .. })));
        assert!(matches!(
            ProportionPower::effect(1.5, 0.5),
            Err(StatsError::InvalidParameter { .. })
        ));
    }
}
