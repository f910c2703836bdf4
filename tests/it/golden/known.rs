//! The families of which `stats` answers a part so far.

use crucible::stats::{
    Alternative, ClusterErrors, Correction, Interval, McNemar, ProportionMethod,
    Resampling, StatsError, UnitMean, Units, adjust, binomial_tails, binomial_test,
    differences, mcnemar_chi2, mean, proportion_interval, quantile, sign_flip, variance,
};
use serde_json::{Map, Value as Json, json};

use super::{Answer, Ask, Case, check, check_in, out, shared};

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
fn golden_mcnemar() {
    check("mcnemar", |case| {
        let table = case.input("table").as_array()?;
        let cells: Option<Vec<u64>> = table
            .iter()
            .flat_map(|row| row.as_array().unwrap())
            .map(Json::as_u64)
            .collect();
        let Some([_, b, c, _]) = cells.as_deref() else {
            // The types refuse negative cells and other shapes before the test.
            return Some(Err(StatsError::InvalidTable));
        };
        let answer = if case.flag("exact", true) {
            let test = McNemar::new(*b, *c);
            let p = if case.flag("mid_p", false) {
                test.mid_p()
            } else {
                test.exact.two_sided()
            };
            Ok(json!({ "statistic": *b.min(c) as f64, "pvalue": p }))
        } else {
            mcnemar_chi2(*b, *c, case.flag("correction", true))
                .map(|test| json!({ "statistic": test.chi2, "pvalue": test.p }))
        };
        Some(answer)
    });
}

#[test]
fn golden_binomial_test() {
    check("binomial_test", |case| {
        let (k, n, p) = (case.count("k")?, case.count("n")?, case.number("p"));
        let answer = || {
            let pvalue = binomial_test(k, n, p, case.alternative())?;
            binomial_tails(k, n, p)?;
            let mut answer =
                json!({ "statistic": k as f64 / n as f64, "pvalue": pvalue });
            if case.alternative() == Alternative::TwoSided {
                let ends = |method| proportion_interval(k, n, case.confidence(), method);
                let exact = ends(ProportionMethod::ClopperPearson)?;
                let wilson = ends(ProportionMethod::Wilson)?;
                answer["ci_exact_low"] = json!(exact.low);
                answer["ci_exact_high"] = json!(exact.high);
                answer["ci_wilson_low"] = json!(wilson.low);
                answer["ci_wilson_high"] = json!(wilson.high);
            }
            Ok(answer)
        };
        Some(answer())
    });
}

#[test]
fn golden_proportion_ci() {
    check("proportion_ci", |case| {
        let method = match case.option("method") {
            "wald" => ProportionMethod::Wald,
            "agresti_coull" => ProportionMethod::AgrestiCoull,
            "wilson" => ProportionMethod::Wilson,
            "wilson_cc" => ProportionMethod::WilsonContinuity,
            "clopper_pearson" => ProportionMethod::ClopperPearson,
            _ => ProportionMethod::Jeffreys,
        };
        let (k, n) = (case.count("k")?, case.count("n")?);
        let ends = proportion_interval(k, n, case.confidence(), method);
        Some(ends.map(|Interval { low, high }| json!({ "low": low, "high": high })))
    });
}

#[test]
fn golden_multiple_testing() {
    check("multiple_testing", |case| {
        let alpha = case.0["options"]["alpha"].as_f64()?;
        if !(alpha > 0.0 && alpha < 1.0) {
            return None; // The level is the hypothesis's own, checked with the file.
        }
        let correction = match case.option("method") {
            "bonferroni" => Correction::Bonferroni,
            "sidak" => Correction::Sidak,
            "holm" => Correction::Holm,
            "holm_sidak" => Correction::HolmSidak,
            "hochberg" => Correction::Hochberg,
            "hommel" => Correction::Hommel,
            "bh" => Correction::BenjaminiHochberg,
            "by" => Correction::BenjaminiYekutieli,
            _ => return None,
        };
        let adjusted = adjust(&case.numbers("pvalues"), correction);
        Some(adjusted.map(|p| {
            let reject: Vec<bool> = p.iter().map(|p| *p <= alpha).collect();
            json!({ "adjusted": p, "reject": reject })
        }))
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
