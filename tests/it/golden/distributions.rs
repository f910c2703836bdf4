//! Distributions: tails, and quantiles from either tail.

use crucible::stats::{
    Beta, Binomial, ChiSquared, FisherF, NoncentralChiSquared, NoncentralF, NoncentralT,
    Normal, StatsError, StudentT,
};

use super::{Answer, Case, value, whole};

/// Asks the function of a continuous distribution that the case names.
macro_rules! ask {
    ($case:expr, $point:literal, $distribution:expr) => {{
        let (case, made) = ($case, $distribution);
        let function = case.option("function");
        value(match function.rsplit('_').next().unwrap_or(function) {
            "cdf" => made.and_then(|d| d.cdf(case.number($point))),
            "sf" => made.and_then(|d| d.sf(case.number($point))),
            "ppf" => made.and_then(|d| d.quantile(case.number("p"))),
            "isf" => made.and_then(|d| d.upper_quantile(case.number("p"))),
            other => unreachable!("{other}"),
        })
    }};
}

#[test]
fn golden_dist_normal() {
    whole("dist_normal", |case| ask!(case, "x", Ok::<_, StatsError>(Normal)));
}

#[test]
fn golden_dist_t() {
    whole("dist_t", |case| ask!(case, "x", StudentT::new(case.number("df"))));
}

#[test]
fn golden_dist_chi2() {
    whole("dist_chi2", |case| ask!(case, "x", ChiSquared::new(case.number("df"))));
}

#[test]
fn golden_dist_f() {
    whole("dist_f", |case| {
        ask!(case, "x", FisherF::new(case.number("dfn"), case.number("dfd")))
    });
}

#[test]
fn golden_dist_beta() {
    whole("dist_beta", |case| {
        ask!(case, "x", Beta::new(case.number("a"), case.number("b")))
    });
}

#[test]
fn golden_dist_binomial() {
    whole("dist_binomial", binomial);
}

fn binomial(case: &Case) -> Answer {
    let made = Binomial::new(case.counted("n")?, case.number("p"));
    value(match case.option("function") {
        "ppf" => made.and_then(|d| d.quantile(case.number("q"))).map(|k| k as f64),
        "isf" => made.and_then(|d| d.upper_quantile(case.number("q"))).map(|k| k as f64),
        function => {
            let k = case.counted("k")?;
            made.map(|d| match function {
                "cdf" => d.cdf(k),
                "sf" => d.sf(k),
                _ => d.pmf(k),
            })
        }
    })
}

#[test]
fn golden_dist_noncentral_t() {
    whole("dist_noncentral_t", |case| {
        ask!(case, "t", NoncentralT::new(case.number("df"), case.number("nc")))
    });
}

#[test]
fn golden_dist_noncentral_chi2_f() {
    whole("dist_noncentral_chi2_f", |case| {
        let nc = case.number("nc");
        if case.option("function").starts_with("ncx2") {
            ask!(case, "x", NoncentralChiSquared::new(case.number("df"), nc))
        } else {
            let made = NoncentralF::new(case.number("dfn"), case.number("dfd"), nc);
            ask!(case, "x", made)
        }
    });
}
