//! What the power of a claim is reckoned with: a design of `stats::power`, in the claim's unit.

use crate::spec::Alternative;
use crate::stats::{
    self, AnovaPower, Clusters, CorrelationPower, EvalPower, EvalVariance, McNemarPower,
    McNemarRule, Plan, Solve, StatsError, TDesign, TTestPower,
};

/// A design whose effect is in the unit of the claim and whose size counts items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Model {
    /// Pairs of which a share is discordant; the claim is `factor` times the difference.
    Pairs { discordance: f64, factor: f64 },
    /// Contrasts of single items with this variance, by the t distribution.
    Items { variance: f64 },
    /// The same by the normal distribution, single or in clusters.
    Normal { variance: f64, clusters: Clusters },
    /// A correlation.
    Correlation,
    /// The largest of so many levels less the smallest, the others in between.
    Levels { count: u32, variance: f64 },
}

impl Model {
    /// Returns the plan with the missing number found.
    pub(super) fn solve(
        self,
        question: Solve,
        alternative: Alternative,
    ) -> Result<Plan, StatsError> {
        let side = match alternative {
            Alternative::TwoSided => stats::Alternative::TwoSided,
            Alternative::OneSided => stats::Alternative::Greater,
        };
        match self {
            Self::Pairs { discordance, factor } => {
                let test = McNemarPower {
                    discordance,
                    alternative: side,
                    rule: McNemarRule::Exact,
                };
                scaled(question, factor, |inner| test.solve(inner))
            }
            Self::Items { variance } => {
                let test = TTestPower { design: TDesign::Single, alternative: side };
                scaled(question, variance.sqrt(), |inner| test.solve(inner))
            }
            Self::Normal { variance, clusters } => {
                let variance = EvalVariance {
                    between: variance,
                    within_a: 0.0,
                    within_b: 0.0,
                    repeats_a: 1,
                    repeats_b: 1,
                };
                let test = EvalPower { variance, clusters };
                match alternative {
                    Alternative::TwoSided => test.solve(question),
                    // Its two sides share the level: one has all of it.
                    Alternative::OneSided => {
                        let plan = test.solve(levelled(question, 2.0))?;
                        Ok(Plan { alpha: plan.alpha / 2.0, ..plan })
                    }
                }
            }
            Self::Correlation => CorrelationPower { alternative: side }.solve(question),
            Self::Levels { count, variance } => {
                let levels = f64::from(count);
                // Cohen's f of two levels apart by one and the others half way.
                let unit = (2.0 * levels * variance).sqrt();
                let test = AnovaPower { groups: count };
                let found = scaled(sized(question, levels), unit, |q| test.solve(q))?;
                Ok(Plan { n: found.n / levels, ..found })
            }
        }
    }

    /// Names the formula, and what it is an approximation of.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Pairs { .. } => {
                "the exact McNemar test, summed over the numbers of discordant pairs"
            }
            Self::Items { .. } => {
                "the noncentral t distribution, which is exact for normal differences and an approximation here"
            }
            Self::Normal { clusters, .. } if clusters == Clusters::NONE => {
                "the normal distribution, an approximation of the test"
            }
            Self::Normal { .. } => {
                "the normal distribution with the design effect of the groups (Miller 2024), an approximation of the test"
            }
            Self::Correlation => "Fisher's z, an approximation",
            Self::Levels { .. } => {
                "the noncentral F distribution of independent levels, an approximation of the test within items"
            }
        }
    }
}

/// Solves with the effect in another unit.
fn scaled(
    question: Solve,
    unit: f64,
    solve: impl FnOnce(Solve) -> Result<Plan, StatsError>,
) -> Result<Plan, StatsError> {
    let inner = match question {
        Solve::N { effect, power, alpha } => {
            Solve::N { effect: effect / unit, power, alpha }
        }
        Solve::Power { n, effect, alpha } => {
            Solve::Power { n, effect: effect / unit, alpha }
        }
        Solve::Alpha { n, effect, power } => {
            Solve::Alpha { n, effect: effect / unit, power }
        }
        Solve::Effect { .. } => question,
    };
    let plan = solve(inner)?;
    Ok(Plan { effect: plan.effect * unit, ..plan })
}

/// Returns the question with so many values for each item.
fn sized(question: Solve, each: f64) -> Solve {
    match question {
        Solve::N { .. } => question,
        Solve::Effect { n, power, alpha } => Solve::Effect { n: n * each, power, alpha },
        Solve::Power { n, effect, alpha } => Solve::Power { n: n * each, effect, alpha },
        Solve::Alpha { n, effect, power } => Solve::Alpha { n: n * each, effect, power },
    }
}

/// Returns the question at a multiple of its level.
fn levelled(question: Solve, by: f64) -> Solve {
    let capped = |alpha: f64| (alpha * by).min(1.0 - 1e-12);
    match question {
        Solve::N { effect, power, alpha } => {
            Solve::N { effect, power, alpha: capped(alpha) }
        }
        Solve::Effect { n, power, alpha } => {
            Solve::Effect { n, power, alpha: capped(alpha) }
        }
        Solve::Power { n, effect, alpha } => {
            Solve::Power { n, effect, alpha: capped(alpha) }
        }
        Solve::Alpha { .. } => question,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_paired_evaluation_needs_the_items_of_its_paper() {
        // E. Miller, arXiv:2411.00640, section 5: ω² = 1/9, σ² = 1/6 of each, K = 1, 3%.
        let model =
            Model::Normal { variance: 1.0 / 9.0 + 1.0 / 3.0, clusters: Clusters::NONE };
        let question = Solve::N { effect: 0.03, power: 0.8, alpha: 0.05 };
        let plan = model.solve(question, Alternative::TwoSided).unwrap();
        assert_relative_eq!(plan.n.ceil(), 3876.0);
    }

    #[test]
    fn twice_the_unit_finds_twice_the_effect_with_the_same_power() {
        let power = |model: Model, effect| {
            let question = Solve::Power { n: 60.0, effect, alpha: 0.05 };
            model.solve(question, Alternative::TwoSided).unwrap().power
        };
        let (one, two) = (Model::Items { variance: 1.0 }, Model::Items { variance: 4.0 });
        // G*Power 3.1: difference from constant, d = 0.4, n = 60, two-sided.
        assert_relative_eq!(power(one, 0.4), 0.8614, max_relative = 2e-3);
        assert_relative_eq!(power(two, 0.8), power(one, 0.4), max_relative = 1e-12);
        let levels = Model::Levels { count: 3, variance: 1.0 };
        let question = Solve::Effect { n: 50.0, power: 0.8, alpha: 0.05 };
        let found = levels.solve(question, Alternative::TwoSided).unwrap();
        let back = Solve::N { effect: found.effect, power: 0.8, alpha: 0.05 };
        let size = levels.solve(back, Alternative::TwoSided).unwrap().n;
        assert_relative_eq!(size, 50.0, max_relative = 1e-6);
    }

    #[test]
    fn a_one_sided_test_has_all_of_its_level_on_one_side() {
        let model = Model::Normal { variance: 1.0, clusters: Clusters::NONE };
        let question = |alpha| Solve::Power { n: 30.0, effect: 0.5, alpha };
        let one = model.solve(question(0.025), Alternative::OneSided).unwrap();
        let two = model.solve(question(0.05), Alternative::TwoSided).unwrap();
        assert_relative_eq!(one.power, two.power, max_relative = 1e-12);
        assert_relative_eq!(one.alpha, 0.025);
    }
}
