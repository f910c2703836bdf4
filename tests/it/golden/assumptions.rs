//! Tests of normality and of equal variances.

use crucible::stats::{
    Centre, EqualVariances, anderson_darling_normal, bartlett, dagostino_k2,
    fligner_killeen, jarque_bera, levene, shapiro_wilk,
};
use serde_json::{Value as Json, json};

use super::{Case, whole};

#[test]
fn golden_shapiro_wilk() {
    whole("shapiro_wilk", |case| {
        let test = shapiro_wilk(&case.numbers("x"))?;
        Ok(json!({ "w": test.w, "pvalue": test.p }))
    });
}

#[test]
fn golden_anderson_darling_normal() {
    whole("anderson_darling_normal", |case| {
        let test = anderson_darling_normal(&case.numbers("x"))?;
        Ok(json!({ "a2": test.a2, "pvalue": test.p }))
    });
}

#[test]
fn golden_dagostino_k2() {
    whole("dagostino_k2", |case| {
        let test = dagostino_k2(&case.numbers("x"))?;
        Ok(json!({
            "statistic": test.k2,
            "pvalue": test.p,
            "skew_z": test.skew_z,
            "skew_pvalue": test.skew_p,
            "kurtosis_z": test.kurtosis_z,
            "kurtosis_pvalue": test.kurtosis_p,
        }))
    });
}

#[test]
fn golden_jarque_bera() {
    whole("jarque_bera", |case| {
        let test = jarque_bera(&case.numbers("x"))?;
        Ok(json!({ "statistic": test.statistic, "pvalue": test.p }))
    });
}

fn centre(case: &Case) -> Centre {
    let share = case.0["options"]["proportiontocut"].as_f64().unwrap_or(0.05);
    match case.option("center") {
        "mean" => Centre::Mean,
        "trimmed" => Centre::Trimmed { share },
        _ => Centre::Median,
    }
}

#[test]
fn golden_levene() {
    whole("levene", |case| {
        let test = levene(&case.rows("groups"), centre(case))?;
        Ok(json!({
            "statistic": test.f, "pvalue": test.p, "df1": test.df1, "df2": test.df2,
        }))
    });
}

fn variances(test: EqualVariances) -> Json {
    json!({ "statistic": test.chi2, "pvalue": test.p, "df": test.df })
}

#[test]
fn golden_bartlett() {
    whole("bartlett", |case| bartlett(&case.rows("groups")).map(variances));
}

#[test]
fn golden_fligner_killeen() {
    whole("fligner_killeen", |case| {
        fligner_killeen(&case.rows("groups"), centre(case)).map(variances)
    });
}
