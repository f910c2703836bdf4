//! Regression, and scores that depend on one another.

use crucible::stats::{
    ClusteredMean, Estimate, LinearErrors, Ols, PairedDifference, Reference, StatsError,
    Units, logistic, ols,
};
use serde_json::{Value as Json, json};

use super::{Answer, Case, kind, number, out, whole};

fn columns(case: &Case) -> Vec<Vec<f64>> {
    let list = case.input("x").as_array().unwrap();
    list.iter()
        .map(|column| column.as_array().unwrap().iter().map(number).collect())
        .collect()
}

fn clusters(case: &Case) -> Units {
    let labels = case.input("cluster").as_array();
    let labels: Vec<String> =
        labels.map(|list| list.iter().map(Json::to_string).collect()).unwrap_or_default();
    Units::labelled(&labels)
}

fn or_error(value: Result<f64, StatsError>) -> Json {
    value.map_or_else(|error| json!({ "error": kind(error) }), out)
}

fn wald(
    coefficients: &[Estimate],
    statistic: &str,
    confidence: f64,
    reference: Reference,
) -> Answer {
    let mut answer = json!({});
    let mut lists: [Vec<Json>; 6] = Default::default();
    for b in coefficients {
        let interval = b.interval(confidence, reference)?;
        let p = b.tails(0.0, reference)?.two_sided();
        let row = [b.value, b.se, b.statistic(0.0)?, p, interval.low, interval.high];
        for (list, value) in lists.iter_mut().zip(row) {
            list.push(out(value));
        }
    }
    let names = ["coef", "se", statistic, "pvalue", "ci_low", "ci_high"];
    for (name, list) in names.into_iter().zip(lists) {
        answer[name] = json!(list);
    }
    Ok(answer)
}

fn fit(case: &Case, units: &Units) -> Result<Ols, StatsError> {
    let errors = match case.option("cov_type") {
        "HC0" => LinearErrors::Hc0,
        "HC1" => LinearErrors::Hc1,
        "HC2" => LinearErrors::Hc2,
        "HC3" => LinearErrors::Hc3,
        "cluster" => LinearErrors::Clustered(units),
        _ => LinearErrors::Classical,
    };
    ols(&case.numbers("y"), &columns(case), case.flag("intercept", true), errors)
}

#[test]
fn golden_ols() {
    whole("ols", |case| {
        let fit = fit(case, &clusters(case))?;
        let reference = match case.option("distribution") {
            "normal" => Reference::Normal,
            _ => Reference::StudentT(fit.df),
        };
        let mut answer =
            wald(&fit.coefficients, "statistic", case.confidence(), reference)?;
        answer["r_squared"] = out(fit.r_squared);
        answer["adj_r_squared"] = out(fit.adjusted_r_squared);
        answer["sigma"] = out(fit.sigma);
        answer["df_resid"] = json!(fit.df);
        answer["llf"] = out(fit.log_likelihood);
        answer["aic"] = out(fit.aic);
        answer["bic"] = out(fit.bic);
        if let Some(test) = fit.f {
            answer["f"] = out(test.f);
            answer["f_pvalue"] = out(test.p);
        }
        Ok(answer)
    });
}

#[test]
fn golden_nist_linear() {
    whole("nist_linear", |case| {
        let fit = fit(case, &Units::single(0))?;
        let list = |value: fn(&Estimate) -> f64| -> Vec<Json> {
            fit.coefficients.iter().map(|b| out(value(b))).collect()
        };
        Ok(json!({
            "coef": list(|b| b.value), "se": list(|b| b.se),
            "sigma": fit.sigma, "r_squared": fit.r_squared,
        }))
    });
}

#[test]
fn golden_logistic() {
    whole("logistic", |case| {
        let (y, x) = (case.numbers("y"), columns(case));
        let fit = logistic(&y, &x, case.flag("intercept", true), None)?;
        let mut answer =
            wald(&fit.coefficients, "z", case.confidence(), Reference::Normal)?;
        answer["llf"] = out(fit.log_likelihood);
        answer["llnull"] = out(fit.null_log_likelihood);
        answer["pseudo_r2"] = out(fit.pseudo_r_squared);
        if let Some(p) = fit.likelihood_ratio_p {
            answer["lr_pvalue"] = out(p);
        }
        Ok(answer)
    });
}

#[test]
fn golden_clustered_mean_se() {
    whole("clustered_mean_se", |case| {
        let fit = ClusteredMean::new(&case.numbers("x"), &clusters(case))?;
        let z = fit.interval_z(case.confidence())?;
        let t = fit.interval_t(case.confidence())?;
        Ok(json!({
            "mean": fit.mean, "n": fit.n, "n_clusters": fit.clusters, "se_clt": fit.clt,
            "se_cr0": fit.errors.cr0, "se_cr1": fit.errors.cr1,
            "se_miller": fit.errors.miller,
            "z_low": z.low, "z_high": z.high, "t_low": t.low, "t_high": t.high,
            "design_effect_cr1": or_error(fit.design_effect()),
        }))
    });
}

#[test]
fn golden_paired_eval_difference() {
    whole("paired_eval_difference", |case| {
        let units = clusters(case);
        let fit = PairedDifference::new(&case.numbers("a"), &case.numbers("b"), &units)?;
        let (items, grouped) = (fit.by_items(), fit.by_clusters());
        let (normal, t) = (Reference::Normal, Reference::StudentT(fit.n as f64 - 1.0));
        let interval = items.interval(case.confidence(), normal)?;
        Ok(json!({
            "mean_a": fit.a.value, "mean_b": fit.b.value, "diff": fit.difference,
            "se_a": fit.a.se, "se_b": fit.b.se,
            "se_unpaired": fit.unpaired, "se_paired": fit.paired,
            "z_paired": items.statistic(0.0)?,
            "pvalue_z": items.tails(0.0, normal)?.two_sided(),
            "t_paired": items.statistic(0.0)?,
            "pvalue_t": items.tails(0.0, t)?.two_sided(),
            "ci_z_low": interval.low, "ci_z_high": interval.high,
            "se_clustered_cr1": fit.errors.cr1,
            "se_clustered_miller": fit.errors.miller,
            "z_clustered_cr1": or_error(grouped.statistic(0.0)),
            "pvalue_clustered_cr1":
                or_error(grouped.tails(0.0, normal).map(|tails| tails.two_sided())),
            "correlation": or_error(fit.correlation()),
        }))
    });
}
