//! Correlation, agreement, dominance.

use crucible::stats::{
    Correlation, CorrelationMethod, Dominance, Icc, KappaMargins, KappaWeights,
    KendallMethod, MeasurementLevel, RankBiserial, StatsError, TauVariant, cohen_kappa,
    fleiss_kappa, icc, kendall, krippendorff_alpha, pearson, spearman, table_effects,
};
use serde_json::{Value as Json, json};

use super::counts::table;
use super::{Answer, Case, kind, number, out, whole};

fn correlation(case: &Case, name: &str, fit: Correlation) -> Answer {
    let method = CorrelationMethod::Fisher;
    let mut answer = json!({ "pvalue": fit.tails.p(case.alternative()), "df": fit.df() });
    answer[name] = json!(fit.r);
    match fit.interval(case.confidence(), case.alternative(), method) {
        Ok(interval) => {
            answer["ci_low"] = out(interval.low);
            answer["ci_high"] = out(interval.high);
        }
        Err(StatsError::TooFew { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(answer)
}

#[test]
fn golden_pearson() {
    whole("pearson", |case| {
        correlation(case, "r", pearson(&case.numbers("x"), &case.numbers("y"))?)
    });
}

#[test]
fn golden_spearman() {
    whole("spearman", |case| {
        correlation(case, "rho", spearman(&case.numbers("x"), &case.numbers("y"))?)
    });
}

#[test]
fn golden_kendall() {
    whole("kendall", |case| {
        let variant = match case.option("variant") {
            "c" => TauVariant::C,
            _ => TauVariant::B,
        };
        let method = match case.option("method") {
            "exact" => KendallMethod::Exact,
            "asymptotic" => KendallMethod::Asymptotic,
            _ => KendallMethod::Auto,
        };
        let fit = kendall(&case.numbers("x"), &case.numbers("y"), variant, method)?;
        Ok(json!({ "tau": fit.tau, "pvalue": fit.tails.p(case.alternative()) }))
    });
}

/// Labels; the types refuse those below zero before the test.
fn labels(case: &Case, name: &'static str) -> Result<Vec<usize>, StatsError> {
    let labels = case.input(name).as_array().unwrap().iter();
    labels
        .map(|label| label.as_u64().and_then(|label| usize::try_from(label).ok()))
        .collect::<Option<_>>()
        .ok_or(StatsError::InvalidParameter { name, wanted: "whole" })
}

fn or_kind(value: Result<f64, StatsError>) -> Json {
    value.map_or_else(|error| json!({ "error": kind(error) }), out)
}

#[test]
fn golden_cohen_kappa() {
    whole("cohen_kappa", |case| {
        let weights = match case.option("weights") {
            "linear" => KappaWeights::Linear,
            "quadratic" => KappaWeights::Quadratic,
            _ => KappaWeights::None,
        };
        let (a, b) = (labels(case, "a")?, labels(case, "b")?);
        let most = a.iter().chain(&b).max().map_or(0, |label| label + 1);
        let categories = case.count("n_categories");
        let categories = categories.and_then(|n| usize::try_from(n).ok()).unwrap_or(most);
        let fit = cohen_kappa(&a, &b, categories, weights)?;
        let interval = fit.interval(case.confidence())?;
        Ok(json!({
            "kappa": fit.kappa, "se": fit.se, "se_null": fit.se_null,
            "ci_low": interval.low, "ci_high": interval.high,
            "z": or_kind(fit.z()), "pvalue": or_kind(fit.p()),
        }))
    });
}

#[test]
fn golden_fleiss_kappa() {
    whole("fleiss_kappa", |case| {
        let margins = match case.option("method") {
            "randolph" => KappaMargins::Free,
            _ => KappaMargins::Fixed,
        };
        fleiss_kappa(&table(case, "counts")?, margins).map(|k| json!({ "kappa": k }))
    });
}

#[test]
fn golden_krippendorff_alpha() {
    whole("krippendorff_alpha", |case| {
        let level = match case.option("level") {
            "ordinal" => MeasurementLevel::Ordinal,
            "interval" => MeasurementLevel::Interval,
            "ratio" => MeasurementLevel::Ratio,
            _ => MeasurementLevel::Nominal,
        };
        let rows = case.input("ratings").as_array().unwrap().iter();
        let rating = |x: &Json| (!x.is_null()).then(|| number(x));
        let ratings: Vec<Vec<Option<f64>>> = rows
            .map(|row| row.as_array().unwrap().iter().map(rating).collect())
            .collect();
        krippendorff_alpha(&ratings, level).map(|alpha| json!({ "alpha": alpha }))
    });
}

#[test]
fn golden_icc() {
    whole("icc", |case| {
        let rows = case.input("y").as_array().unwrap().iter();
        let ratings: Vec<Vec<f64>> = rows
            .map(|row| row.as_array().unwrap().iter().map(number).collect())
            .collect();
        let all = icc(&ratings, case.confidence())?;
        let answer = |one: Icc| {
            json!({
                "icc": one.icc, "f": one.f, "df1": one.df1, "df2": one.df2,
                "pvalue": one.p, "ci_low": one.interval.low, "ci_high": one.interval.high,
            })
        };
        Ok(json!({
            "icc1": answer(all.one), "icc2": answer(all.two), "icc3": answer(all.three),
            "icc1k": answer(all.one_mean), "icc2k": answer(all.two_mean),
            "icc3k": answer(all.three_mean),
        }))
    });
}

#[test]
fn golden_dominance_effects() {
    whole("dominance_effects", |case| {
        if case.option("design") == "paired" {
            let effect = RankBiserial::new(&case.numbers("d"))?;
            return Ok(json!({ "rank_biserial": effect.r, "n_nonzero": effect.nonzero }));
        }
        let effect = Dominance::new(&case.numbers("x"), &case.numbers("y"))?;
        Ok(json!({
            "a12": effect.a12(), "cliffs_delta": effect.delta,
            "rank_biserial": effect.delta,
        }))
    });
}

#[test]
fn golden_association_effects() {
    whole("association_effects", |case| {
        let effects = table_effects(&table(case, "table")?)?;
        let corrected = effects.cramers_v_corrected;
        let small = StatsError::Undefined { what: "a correction" };
        let mut answer = json!({
            "chi2": effects.chi2, "cramers_v": effects.cramers_v,
            "cramers_v_bias_corrected": or_kind(corrected.ok_or(small)),
            "tschuprows_t": effects.tschuprows_t,
            "contingency_c": effects.contingency_c, "cohens_w": effects.cohens_w,
        });
        if let Some(phi) = effects.phi {
            answer["phi"] = json!(phi);
        }
        Ok(answer)
    });
}
