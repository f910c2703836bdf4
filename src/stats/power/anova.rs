//! Power of the one-way analysis of variance.

use super::plan::{Design, Plan, Solve, solve, undirected};
use crate::stats::{FisherF, NoncentralF, StatsError};

/// Power of the one-way analysis of variance, exact for normal values of equal variance.
///
/// # Formula
///
/// ```text
/// power = P(F > F_{k−1, n−k, 1−α}),  F noncentral with λ = n f²
/// ```
///
/// # Shapes and units
///
/// `n` counts the values of all `k` groups together, which are equally large. The effect is
/// Cohen's `f`, the standard deviation of the group means over that within groups.
///
/// # Errors
///
/// `InvalidParameter` for fewer than two groups, a negative effect or a number outside its
/// domain, `NotFinite`; `Undefined` for the size of an effect of zero.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988,
/// chapter 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnovaPower {
    /// The number of groups, `k`.
    pub groups: u32,
}

impl AnovaPower {
    /// Returns the plan with the missing number found.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn solve(self, question: Solve) -> Result<Plan, StatsError> {
        if self.groups < 2 {
            let name = "number of groups";
            return Err(StatsError::InvalidParameter { name, wanted: "at least 2" });
        }
        solve(&self, question)
    }
}

impl Design for AnovaPower {
    fn power(&self, n: f64, effect: f64, alpha: f64) -> Result<f64, StatsError> {
        let k = f64::from(self.groups);
        let bound = FisherF::new(k - 1.0, n - k)?.upper_quantile(alpha)?;
        NoncentralF::new(k - 1.0, n - k, n * effect * effect)?.sf(bound)
    }

    fn least(&self) -> f64 {
        f64::from(self.groups)
    }

    fn check(&self, effect: f64) -> Result<(), StatsError> {
        undirected(effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Alternative, TDesign, TTestPower};
    use approx::assert_relative_eq;

    #[test]
    fn two_groups_have_the_power_of_the_t_test_with_f_half_of_d() {
        let t = TTestPower {
            design: TDesign::Independent { ratio: 1.0 },
            alternative: Alternative::TwoSided,
        };
        let t = t.solve(Solve::Power { n: 20.0, effect: 0.8, alpha: 0.05 }).unwrap();
        let f = AnovaPower { groups: 2 };
        let f = f.solve(Solve::Power { n: 40.0, effect: 0.4, alpha: 0.05 }).unwrap();
        assert_relative_eq!(f.power, t.power, max_relative = 1e-11);
    }

    #[test]
    fn each_of_the_four_numbers_is_recovered_from_the_other_three() {
        let test = AnovaPower { groups: 4 };
        let (n, effect, alpha) = (61.5, 0.3, 0.01);
        let power = test.solve(Solve::Power { n, effect, alpha }).unwrap().power;
        let plan = |question| test.solve(question).unwrap();
        assert_relative_eq!(
            plan(Solve::N { effect, power, alpha }).n,
            n,
            max_relative = 1e-9
        );
        let least = plan(Solve::Effect { n, power, alpha }).effect;
        assert_relative_eq!(least, effect, max_relative = 1e-9);
        let level = plan(Solve::Alpha { n, effect, power }).alpha;
        assert_relative_eq!(level, alpha, max_relative = 1e-9);
    }

    #[test]
    fn too_few_groups_and_negative_effects_are_refused() {
        let question = Solve::Power { n: 30.0, effect: 0.3, alpha: 0.05 };
        assert!(AnovaPower { groups: 1 }.solve(question).is_err());
        assert!(AnovaPower { groups: 30 }.solve(question).is_err());
        let negative = Solve::Power { n: 30.0, effect: -0.3, alpha: 0.05 };
        assert!(AnovaPower { groups: 3 }.solve(negative).is_err());
    }
}
