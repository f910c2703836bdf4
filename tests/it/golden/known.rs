//! The families of which `stats` answers a part so far.

use crucible::stats::{
    Aim, Alternative, Beta, Binomial, ChiSquared, ClusterErrors, EvalVariance, FisherF,
    McNemar, Normal, Resampling, StatsError, StudentT, UnitMean, Units, differences,
    mean, quantile, sign_flip, variance,
};
use serde_json::{Map, Value as Json, json};

use super::{Answer, Ask, Case, check, check_in, out, shared, value};

#[test]
fn golden_normal() {
    check("dist_normal", |case| match case.option("function") {
        "cdf" => value(Normal.cdf(case.number("x"))),
        "sf" => value(Normal.sf(case.number("x"))),
        "ppf" => value(Normal.quantile(case.number("p"))),
        "isf" => value(Normal.upper_quantile(case.number("p"))),
        _ => None,
    });
}

#[test]
fn golden_t() {
    check("dist_t", |case| {
        let t = StudentT::new(case.number("df"));
        match case.option("function") {
            "cdf" => value(t.and_then(|t| t.cdf(case.number("x")))),
            "sf" => value(t.and_then(|t| t.sf(case.number("x")))),
            "ppf" => value(t.and_then(|t| t.quantile(case.number("p")))),
            "isf" => value(t.and_then(|t| t.upper_quantile(case.number("p")))),
            _ => None,
        }
    });
}

#[test]
fn golden_chi_squared() {
    check("dist_chi2", |case| {
        let chi = ChiSquared::new(case.number("df"));
        match case.option("function") {
            "cdf" => value(chi.and_then(|d| d.cdf(case.number("x")))),
            "sf" => value(chi.and_then(|d| d.sf(case.number("x")))),
            "ppf" => value(chi.and_then(|d| d.quantile(case.number("p")))),
            "isf" => value(chi.and_then(|d| d.upper_quantile(case.number("p")))),
            _ => None,
        }
    });
}

#[test]
fn golden_f() {
    check("dist_f", |case| {
        let f = FisherF::new(case.number("dfn"), case.number("dfd"));
        match case.option("function") {
            "cdf" => value(f.and_then(|d| d.cdf(case.number("x")))),
            "sf" => value(f.and_then(|d| d.sf(case.number("x")))),
            "isf" => value(f.and_then(|d| d.upper_quantile(case.number("p")))),
            _ => None,
        }
    });
}

#[test]
fn golden_beta() {
    check("dist_beta", |case| {
        let beta = Beta::new(case.number("a"), case.number("b"));
        match case.option("function") {
            "cdf" => value(beta.and_then(|d| d.cdf(case.number("x")))),
            "sf" => value(beta.and_then(|d| d.sf(case.number("x")))),
            "ppf" => value(beta.and_then(|d| d.quantile(case.number("p")))),
            _ => None,
        }
    });
}

#[test]
fn golden_binomial() {
    check("dist_binomial", |case| {
        let d = Binomial::new(case.count("n")?, case.number("p"));
        let k = case.count("k")?;
        match case.option("function") {
            "cdf" => value(d.map(|d| d.cdf(k))),
            "sf" => value(d.map(|d| d.sf(k))),
            "pmf" => value(d.map(|d| d.pmf(k))),
            _ => None,
        }
    });
}

fn unit_mean(xs: &[f64]) -> Result<UnitMean, StatsError> {
    match UnitMean::new(xs, &Units::single(xs.len())) {
        Err(StatsError::TooFew { .. }) => {
            Err(StatsError::TooFew { of: "values", needed: 2, got: xs.len() })
        }
        other => other,
    }
}

fn t_answer(xs: &[f64], margin: f64, case: &Case, mean_name: &str) -> Answer {
    let fit = unit_mean(xs)?;
    let interval = fit.bound(case.confidence(), case.alternative())?;
    let mut answer = json!({
        "statistic": out(fit.t(margin)?),
        "df": fit.df,
        "pvalue": fit.tails(margin)?.p(case.alternative()),
        "se": fit.se,
        "ci_low": out(interval.low),
        "ci_high": out(interval.high),
    });
    answer[mean_name] = json!(fit.mean);
    Ok(answer)
}

#[test]
fn golden_t_one_sample() {
    check("t_one_sample", |case| {
        Some(t_answer(&case.numbers("x"), case.number("popmean"), case, "mean"))
    });
}

#[test]
fn golden_t_paired() {
    check("t_paired", |case| {
        let gaps = differences(&case.numbers("x"), &case.numbers("y"));
        Some(gaps.and_then(|gaps| t_answer(&gaps, 0.0, case, "mean_diff")))
    });
}

#[test]
fn golden_mean_ci() {
    check("mean_ci", |case| {
        let answer = || {
            let fit = unit_mean(&case.numbers("x"))?;
            let t = fit.bound(case.confidence(), case.alternative())?;
            let mut answer = json!({
                "mean": fit.mean, "se": fit.se, "t_low": out(t.low), "t_high": out(t.high),
            });
            if case.alternative() == Alternative::TwoSided {
                let z = fit.interval_z(case.confidence())?;
                answer["z_low"] = json!(z.low);
                answer["z_high"] = json!(z.high);
            }
            Ok(answer)
        };
        Some(answer())
    });
}

#[test]
fn golden_descriptive() {
    let ask: Ask = |case| {
        let xs = case.numbers("x");
        let answer = || {
            let mut answer = Map::new();
            answer.insert("mean".to_owned(), json!(mean(&xs)?));
            for (name, q) in
                [("q05", 0.05), ("q25", 0.25), ("median", 0.5), ("q95", 0.95)]
            {
                answer.insert(name.to_owned(), json!(quantile(&xs, q)?));
            }
            if xs.len() > 1 {
                let var = variance(&xs)?;
                answer.insert("var".to_owned(), json!(var));
                answer.insert("std".to_owned(), json!(var.sqrt()));
            }
            Ok(Json::Object(answer))
        };
        Some(answer())
    };
    match shared() {
        Some(dir) => check_in(&dir, "descriptive", &ask, false),
        None => println!("skipped: no GOLDEN_DIR"),
    }
}

#[test]
fn golden_nist_univariate() {
    check("nist_univariate", |case| {
        let xs = case.numbers("x");
        let answer = || Ok(json!({ "mean": mean(&xs)?, "std": variance(&xs)?.sqrt() }));
        Some(answer())
    });
}

fn labels(case: &Case) -> Vec<String> {
    case.input("cluster").as_array().unwrap().iter().map(Json::to_string).collect()
}

#[test]
fn golden_clustered_mean_se() {
    check("clustered_mean_se", |case| {
        let xs = case.numbers("x");
        let answer = || {
            let units = Units::labelled(&labels(case));
            let fit = UnitMean::new(&xs, &units)?;
            let errors = ClusterErrors::new(&xs, &units)?;
            Ok(json!({
                "mean": fit.mean, "n": fit.n, "n_clusters": fit.units,
                "se_cr0": errors.cr0, "se_cr1": errors.cr1, "se_miller": errors.miller,
                "se_clt": (variance(&xs)? / xs.len() as f64).sqrt(),
            }))
        };
        Some(answer())
    });
}

#[test]
fn golden_paired_eval_difference() {
    check("paired_eval_difference", |case| {
        let (a, b) = (case.numbers("a"), case.numbers("b"));
        let answer = || {
            let gaps = differences(&a, &b)?;
            let fit = unit_mean(&gaps)?;
            let p = fit.tails(0.0)?.two_sided();
            let units = Units::labelled(&labels(case));
            let errors = ClusterErrors::new(&gaps, &units)?;
            Ok(json!({
                "mean_a": mean(&a)?, "mean_b": mean(&b)?, "diff": fit.mean,
                "se_a": unit_mean(&a)?.se, "se_b": unit_mean(&b)?.se, "se_paired": fit.se,
                "t_paired": fit.t(0.0)?, "pvalue_t": p,
                "se_clustered_cr1": errors.cr1, "se_clustered_miller": errors.miller,
            }))
        };
        Some(answer())
    });
}

#[test]
fn golden_permutation_test() {
    check("permutation_test", |case| {
        if case.option("kind") != "paired_sign_flip" {
            return None;
        }
        let answer = || {
            let gaps = differences(&case.numbers("x"), &case.numbers("y"))?;
            let plan = Resampling::new(1, "golden");
            let test = sign_flip(&gaps, &Units::single(gaps.len()), 0.0, &plan)?;
            assert!(test.exact);
            let pvalue = test.tails.p(case.alternative());
            Ok(json!({ "statistic": mean(&gaps)?, "pvalue": pvalue }))
        };
        Some(answer())
    });
}

#[test]
fn golden_sign_test() {
    check("sign_test", |case| {
        let (xs, at) = (case.numbers("x"), case.number("mu0"));
        if let Some(index) = xs.iter().position(|x| x.is_nan()) {
            return Some(Err(StatsError::NotFinite { index }));
        }
        if xs.is_empty() {
            return None;
        }
        let count =
            |f: fn(&f64, f64) -> bool| xs.iter().filter(|x| f(x, at)).count() as u64;
        let (up, down) = (count(|x, at| *x > at), count(|x, at| *x < at));
        let p = McNemar::new(up, down).exact.p(case.alternative());
        Some(Ok(json!({ "n_pos": up, "n_neg": down, "pvalue": p })))
    });
}

#[test]
fn golden_power_eval_miller() {
    check("power_eval_miller", |case| {
        let repeats = |name| case.count(name).and_then(|k| u32::try_from(k).ok());
        let design = EvalVariance {
            between: case.number("omega_sq"),
            within_a: case.number("sigma_a_sq"),
            within_b: case.number("sigma_b_sq"),
            repeats_a: repeats("k_a")?,
            repeats_b: repeats("k_b")?,
        };
        let aim = Aim { alpha: case.number("alpha"), power: case.number("power") };
        Some(match case.option("solve_for") {
            "nobs" => {
                design.items(case.number("delta"), aim).map(|n| json!({ "nobs": n }))
            }
            _ => {
                design.detectable(case.number("nobs"), aim).map(|d| json!({ "delta": d }))
            }
        })
    });
}
