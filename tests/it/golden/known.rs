//! The families of which `stats` answers a part so far.

use crucible::stats::{
    Aim, Alternative, Beta, Binomial, ChiSquared, Correction, EvalVariance, FisherF,
    Interval, McNemar, Normal, ProportionMethod, Resampling, StatsError, StudentT,
    UnitMean, Units, adjust, binomial_tails, binomial_test, differences, mcnemar_chi2,
    mean, proportion_interval, quantile, sign_flip, variance,
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
