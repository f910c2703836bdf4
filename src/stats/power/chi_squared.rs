//! Power of chi-squared tests.

use super::plan::{Design, Plan, Solve, solve, undirected};
use crate::stats::{ChiSquared, NoncentralChiSquared, StatsError};

/// Power of Pearson's chi-squared test, by its limit for large counts.
///
/// # Formula
///
/// ```text
/// power = P(X > χ²_{df, 1−α}),  X noncentral chi-squared with λ = n w²
/// ```
///
/// # Shapes and units
///
/// `n` is the number of observations in all; the effect is Cohen's `w`. Goodness of fit to
/// `b` given shares has `df = b − 1`, an `r × c` table `df = (r − 1)(c − 1)`.
///
/// # Errors
///
/// `InvalidParameter` for no degrees of freedom, a negative effect or a number outside its
/// domain, `NotFinite`; `Undefined` for the size of an effect of zero.
///
/// # Source
///
/// J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., 1988,
/// chapter 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChiSquaredPower {
    /// The degrees of freedom of the test.
    pub df: u32,
}

impl ChiSquaredPower {
    /// Returns the plan with the missing number found.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn solve(self, question: Solve) -> Result<Plan, StatsError> {
        if self.df == 0 {
            let name = "number of degrees of freedom";
            return Err(StatsError::InvalidParameter { name, wanted: "at least 1" });
        }
        solve(&self, question)
    }
}

impl Design for ChiSquaredPower {
    fn power(&self, n: f64, effect: f64, alpha: f64) -> Result<f64, StatsError> {
        let df = f64::from(self.df);
        let bound = ChiSquared::new(df)?.upper_quantile(alpha)?;
        NoncentralChiSquared::new(df, n * effect * effect)?.sf(bound)
    }

    fn least(&self) -> f64 {
        0.0
    }

    fn check(&self, effect: f64) -> Result<(), StatsError> {
        undirected(effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn each_of_the_four_numbers_is_recovered_from_the_other_three() {
        let test = ChiSquaredPower { df: 6 };
        let (n, effect, alpha) = (250.0, 0.2, 0.001);
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
    fn a_test_without_degrees_of_freedom_is_refused() {
        let question = Solve::Power { n: 30.0, effect: 0.3, alpha: 0.05 };
        assert!(ChiSquaredPower { df: 0 }.solve(question).is_err());
    }
}
