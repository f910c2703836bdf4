//! Sizes of effects.

use crucible::stats::{
    StatsError, cohen_d, cohen_d_paired, cohen_d_single, cohens_h, cohens_w, f_effect,
};
use serde_json::{Value as Json, json};

use super::{Answer, Case, kind, out, whole};

/// A value that may be undefined while the others are not.
fn nested(value: Result<f64, StatsError>) -> Json {
    value.map_or_else(|error| json!({ "error": kind(error) }), out)
}

#[test]
fn golden_cohen_d() {
    whole("cohen_d", |case| match case.option("design") {
        "independent" => independent(case),
        "paired" => paired(case),
        _ => single(case),
    });
}

fn independent(case: &Case) -> Answer {
    let effect = cohen_d(&case.numbers("x"), &case.numbers("y"), case.confidence())?;
    Ok(json!({
        "d": effect.d,
        "hedges_g": effect.hedges_g,
        "hedges_g_exact": effect.hedges_g_exact,
        "glass_delta": nested(effect.glass_delta),
        "ci_nct_low": effect.interval.low,
        "ci_nct_high": effect.interval.high,
        "ci_approx_low": effect.approximate.low,
        "ci_approx_high": effect.approximate.high,
    }))
}

fn paired(case: &Case) -> Answer {
    let (xs, ys) = (case.numbers("x"), case.numbers("y"));
    let effect = cohen_d_paired(&xs, &ys, case.confidence())?;
    Ok(json!({
        "d_z": effect.d_z,
        "d_av": nested(effect.d_av),
        "d_rm": nested(effect.d_rm),
        "hedges_g_z_exact": effect.hedges_g_z,
        "ci_nct_low": effect.interval.low,
        "ci_nct_high": effect.interval.high,
    }))
}

fn single(case: &Case) -> Answer {
    let effect =
        cohen_d_single(&case.numbers("x"), case.number("mu"), case.confidence())?;
    Ok(json!({
        "d": effect.d,
        "hedges_g_exact": effect.hedges_g,
        "ci_nct_low": effect.interval.low,
        "ci_nct_high": effect.interval.high,
    }))
}

#[test]
fn golden_anova_effect_ci() {
    whole("anova_effect_ci", |case| {
        let df = [case.number("df1"), case.number("df2")];
        let (f, n) = (case.number("f"), case.number("nobs"));
        let effect = f_effect(f, df, n, case.confidence())?;
        Ok(json!({
            "lambda_low": effect.noncentrality.low,
            "lambda_high": effect.noncentrality.high,
            "eta_sq_low": effect.share.low,
            "eta_sq_high": effect.share.high,
            "eta_sq_low_df": effect.share_df.low,
            "eta_sq_high_df": effect.share_df.high,
            "cohens_f_low": effect.cohens_f_interval.low,
            "cohens_f_high": effect.cohens_f_interval.high,
        }))
    });
}

#[test]
fn golden_proportion_effects() {
    whole("proportion_effects", |case| {
        let effect = if case.option("measure") == "cohens_h" {
            cohens_h(case.number("p1"), case.number("p2"))
        } else {
            cohens_w(&case.numbers("p0"), &case.numbers("p1"))
        };
        Ok(json!({ "effect": effect? }))
    });
}
