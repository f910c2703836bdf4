//! Power: each family solves for the number that the case leaves out.

use crucible::stats::{
    Alternative, AnovaPower, ChiSquaredPower, Clusters, CorrelationPower, EvalPower,
    EvalVariance, Plan, ProportionPower, Solve, StatsError, TDesign, TTestPower,
};
use serde_json::json;

use super::{Answer, Case, whole};

/// Returns the question of a case; `effect` and `n` are its words for these two.
fn question(case: &Case, effect: &str, n: &str) -> Solve {
    let of = |name: &str| {
        if case.input(name).is_null() { f64::NAN } else { case.number(name) }
    };
    let (size, found) = (of(n), of(effect));
    let (power, alpha) = (of("power"), of("alpha"));
    match case.option("solve_for") {
        "power" => Solve::Power { n: size, effect: found, alpha },
        "alpha" => Solve::Alpha { n: size, effect: found, power },
        wanted if wanted == n => Solve::N { effect: found, power, alpha },
        _ => Solve::Effect { n: size, power, alpha },
    }
}

fn answer(plan: Result<Plan, StatsError>, effect: &str, n: &str) -> Answer {
    plan.map(|plan| {
        json!({
            n: plan.n, effect: plan.effect, "power": plan.power, "alpha": plan.alpha,
        })
    })
}

fn below(case: &Case, name: &'static str) -> Result<u32, StatsError> {
    let count = case.counted(name)?.saturating_sub(1);
    let wanted = "a count";
    u32::try_from(count).map_err(|_| StatsError::InvalidParameter { name, wanted })
}

#[test]
fn golden_power_t() {
    whole("power_t", |case| {
        let (design, n) = if case.option("design") == "independent" {
            (TDesign::Independent { ratio: case.number("ratio") }, "nobs1")
        } else {
            (TDesign::Single, "nobs")
        };
        let test = TTestPower { design, alternative: case.alternative() };
        answer(test.solve(question(case, "effect_size", n)), "effect_size", n)
    });
}

#[test]
fn golden_power_anova() {
    whole("power_anova", |case| {
        let test = AnovaPower { groups: below(case, "k_groups")? + 1 };
        let plan = test.solve(question(case, "effect_size", "nobs"));
        answer(plan, "effect_size", "nobs")
    });
}

#[test]
fn golden_power_two_proportions() {
    whole("power_two_proportions", |case| {
        let alternative = case.alternative();
        let test = ProportionPower { ratio: case.number("ratio"), alternative };
        let question = match question(case, "effect_size", "nobs1") {
            Solve::Effect { n, power, alpha } => Solve::Effect { n, power, alpha },
            given => {
                let effect =
                    ProportionPower::effect(case.number("p1"), case.number("p2"))?;
                match given {
                    Solve::N { power, alpha, .. } => Solve::N { effect, power, alpha },
                    Solve::Power { n, alpha, .. } => Solve::Power { n, effect, alpha },
                    Solve::Alpha { n, power, .. } => Solve::Alpha { n, effect, power },
                    Solve::Effect { .. } => given,
                }
            }
        };
        answer(test.solve(question), "effect_size", "nobs1")
    });
}

#[test]
fn golden_power_chi2() {
    whole("power_chi2", |case| {
        let test = ChiSquaredPower { df: below(case, "n_bins")? };
        let plan = test.solve(question(case, "effect_size", "nobs"));
        answer(plan, "effect_size", "nobs")
    });
}

#[test]
fn golden_power_correlation() {
    whole("power_correlation", |case| {
        let test = CorrelationPower { alternative: case.alternative() };
        answer(test.solve(question(case, "r", "nobs")), "r", "nobs")
    });
}

#[test]
fn golden_power_eval_miller() {
    whole("power_eval_miller", |case| {
        let variance = EvalVariance {
            between: case.number("omega_sq"),
            within_a: case.number("sigma_a_sq"),
            within_b: case.number("sigma_b_sq"),
            repeats_a: below(case, "k_a")? + 1,
            repeats_b: below(case, "k_b")? + 1,
        };
        assert_eq!(case.alternative(), Alternative::TwoSided);
        let test = EvalPower { variance, clusters: Clusters::NONE };
        answer(test.solve(question(case, "delta", "nobs")), "delta", "nobs")
    });
}
