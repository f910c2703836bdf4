//! Tables of counts, proportions, corrections.

use crucible::stats::{
    Continuity, Correction, DifferenceMethod, DifferenceVariance, Divergence,
    FisherExact, Interval, LogRatio, McNemar, MiettinenNurminen, Proportion,
    ProportionMethod, RatioMethod, ShareVariance, StatsError, UnconditionalTest, ZTest,
    ZeroCells, adjust_at, barnard_exact, binomial_test, boschloo_exact, contingency_test,
    goodness_of_fit, mcnemar_chi2, odds_risk_ratio, one_proportion_z, proportion_bound,
    proportion_difference_interval, proportion_interval, proportion_ratio_interval,
    two_proportions_z,
};
use serde_json::{Value as Json, json};

use super::{Answer, Case, out, whole, whole_but};

/// A table of counts; the types refuse cells below zero before the test.
pub(super) fn table(case: &Case, name: &str) -> Result<Vec<Vec<u64>>, StatsError> {
    let rows = case.input(name).as_array().unwrap().iter();
    rows.map(|row| row.as_array().unwrap().iter().map(Json::as_u64).collect())
        .collect::<Option<_>>()
        .ok_or(StatsError::InvalidTable)
}

/// A table of two by two; the types refuse any other.
fn two_by_two(case: &Case) -> Result<[[u64; 2]; 2], StatsError> {
    let rows: Vec<[u64; 2]> = table(case, "table")?
        .into_iter()
        .map(|row| row.try_into().map_err(|_| StatsError::InvalidTable))
        .collect::<Result<_, _>>()?;
    rows.try_into().map_err(|_| StatsError::InvalidTable)
}

/// The proportions of a case; the types refuse counts below zero.
fn proportions(case: &Case) -> Result<Vec<Proportion>, StatsError> {
    let counts = |name| case.input(name).as_array().unwrap().iter().map(Json::as_u64);
    counts("count")
        .zip(counts("nobs"))
        .map(|(count, nobs)| {
            let below = StatsError::InvalidParameter { name: "count", wanted: "whole" };
            Proportion::new(count.ok_or(below)?, nobs.ok_or(below)?)
        })
        .collect()
}

fn count(case: &Case, name: &'static str) -> Result<u64, StatsError> {
    case.count(name).ok_or(StatsError::InvalidParameter { name, wanted: "whole" })
}

fn divergence(case: &Case) -> Divergence {
    match case.option("lambda") {
        "log-likelihood" => Divergence::LogLikelihood,
        "freeman-tukey" => Divergence::FreemanTukey,
        "cressie-read" => Divergence::CressieRead,
        _ => Divergence::Pearson,
    }
}

fn ends(interval: Interval) -> Json {
    json!({ "low": out(interval.low), "high": out(interval.high) })
}

#[test]
fn golden_chi2_contingency() {
    whole("chi2_contingency", |case| {
        let continuity = if case.flag("correction", true) {
            Continuity::Yates
        } else {
            Continuity::None
        };
        let test =
            contingency_test(&table(case, "table")?, divergence(case), continuity)?;
        Ok(json!({
            "statistic": test.statistic, "pvalue": test.p, "df": test.df,
            "expected": test.expected,
        }))
    });
}

#[test]
fn golden_chi2_gof() {
    whole("chi2_gof", |case| {
        let observed = case.input("observed").as_array().unwrap();
        let observed: Option<Vec<u64>> = observed.iter().map(Json::as_u64).collect();
        let observed = observed.ok_or(StatsError::InvalidTable)?;
        let given = !case.input("expected").is_null();
        let expected = given.then(|| case.numbers("expected"));
        let estimated = case.0["options"]["ddof"].as_u64().unwrap_or(0);
        let test = goodness_of_fit(
            &observed,
            expected.as_deref(),
            usize::try_from(estimated).unwrap(),
            divergence(case),
        )?;
        Ok(json!({ "statistic": test.statistic, "pvalue": test.p, "df": test.df }))
    });
}

#[test]
fn golden_fisher_exact() {
    whole("fisher_exact", |case| {
        let test = FisherExact::new(two_by_two(case)?)?;
        let mut answer = json!({ "pvalue": test.p(case.alternative()) });
        if let Ok(odds) = test.odds_ratio() {
            answer["odds_ratio"] = out(odds);
        }
        if let Ok(odds) = test.conditional_odds_ratio() {
            let interval = test.interval(case.confidence(), case.alternative())?;
            answer["odds_ratio_conditional"] = out(odds);
            answer["ci_low"] = out(interval.low);
            answer["ci_high"] = out(interval.high);
        }
        Ok(answer)
    });
}

fn unconditional(test: UnconditionalTest) -> Json {
    json!({ "statistic": out(test.statistic), "pvalue": test.p })
}

#[test]
fn golden_barnard_exact() {
    whole("barnard_exact", |case| {
        let variance = if case.flag("pooled", true) {
            DifferenceVariance::Pooled
        } else {
            DifferenceVariance::Unpooled
        };
        barnard_exact(two_by_two(case)?, variance, case.alternative()).map(unconditional)
    });
}

#[test]
fn golden_boschloo_exact() {
    whole("boschloo_exact", |case| {
        boschloo_exact(two_by_two(case)?, case.alternative()).map(unconditional)
    });
}

#[test]
fn golden_mcnemar() {
    whole("mcnemar", |case| {
        let [[_, b], [c, _]] = two_by_two(case)?;
        if !case.flag("exact", true) {
            return mcnemar_chi2(b, c, case.flag("correction", true))
                .map(|test| json!({ "statistic": test.chi2, "pvalue": test.p }));
        }
        let test = McNemar::new(b, c);
        let mid = case.flag("mid_p", false);
        let p = if mid { test.mid_p() } else { test.exact.two_sided() };
        Ok(json!({ "statistic": b.min(c) as f64, "pvalue": p }))
    });
}

#[test]
fn golden_binomial_test() {
    whole("binomial_test", |case| {
        let (k, n) = (count(case, "k")?, count(case, "n")?);
        let bound = |method| {
            proportion_bound(k, n, case.confidence(), case.alternative(), method)
        };
        let pvalue = binomial_test(k, n, case.number("p"), case.alternative())?;
        let exact = bound(ProportionMethod::ClopperPearson)?;
        let wilson = bound(ProportionMethod::Wilson)?;
        Ok(json!({
            "statistic": k as f64 / n as f64, "pvalue": pvalue,
            "ci_exact_low": exact.low, "ci_exact_high": exact.high,
            "ci_wilson_low": wilson.low, "ci_wilson_high": wilson.high,
        }))
    });
}

#[test]
fn golden_proportions_z() {
    whole("proportions_z", |case| {
        let answer = |test: ZTest| json!({ "statistic": test.z, "pvalue": test.tails.p(case.alternative()) });
        let variance = case.option("variance");
        match proportions(case)?.as_slice() {
            [one] => {
                let variance = match variance {
                    "sample" => ShareVariance::Sample,
                    _ => ShareVariance::Null,
                };
                one_proportion_z(*one, case.number("value"), variance).map(answer)
            }
            [one, two] => {
                let variance = match variance {
                    "unpooled" => DifferenceVariance::Unpooled,
                    _ => DifferenceVariance::Pooled,
                };
                two_proportions_z(*one, *two, variance).map(answer)
            }
            _ => Err(StatsError::LengthMismatch { left: 0, right: 2 }),
        }
    });
}

#[test]
fn golden_proportion_ci() {
    whole("proportion_ci", |case| {
        let method = match case.option("method") {
            "wald" => ProportionMethod::Wald,
            "agresti_coull" => ProportionMethod::AgrestiCoull,
            "wilson" => ProportionMethod::Wilson,
            "wilson_cc" => ProportionMethod::WilsonContinuity,
            "clopper_pearson" => ProportionMethod::ClopperPearson,
            _ => ProportionMethod::Jeffreys,
        };
        let (k, n) = (count(case, "k")?, count(case, "n")?);
        proportion_interval(k, n, case.confidence(), method).map(ends)
    });
}

/// Two cases hold what statsmodels 0.15 returns for Miettinen and Nurminen, whose cubic has
/// the successes of the second sample where its trials belong: 0.0526 to 0.3440 for 56/70
/// against 48/80, where Newcombe (Statistics in Medicine 17(8), 1998) has 0.0528 to 0.3382.
/// The right values are tested in `src/stats/counts/miettinen_nurminen.rs`.
#[test]
fn golden_proportion_diff_ci() {
    whole_but("proportion_diff_ci", |case| {
        let method = match case.option("method") {
            "newcombe" => DifferenceMethod::Newcombe,
            "wald" => DifferenceMethod::Wald,
            "agresti_caffo" => DifferenceMethod::AgrestiCaffo,
            _ => return None,
        };
        let answer = || {
            let samples = proportions(case)?;
            let (one, two) = (samples[0], samples[1]);
            let interval =
                proportion_difference_interval(one, two, case.confidence(), method)?;
            let mut answer = ends(interval);
            answer["diff"] = json!(MiettinenNurminen::new(one, two).estimate());
            Ok(answer)
        };
        Some(answer())
    });
}

#[test]
fn golden_proportion_ratio_ci() {
    whole("proportion_ratio_ci", |case| {
        let method = match case.option("method") {
            "log" => RatioMethod::Log,
            "log_adjusted" => RatioMethod::LogAdjusted,
            "logit" => RatioMethod::Logit,
            _ => RatioMethod::LogitAdjusted,
        };
        let samples = proportions(case)?;
        let (one, two) = (samples[0], samples[1]);
        proportion_ratio_interval(one, two, case.confidence(), method).map(ends)
    });
}

#[test]
fn golden_odds_risk_ratio() {
    whole("odds_risk_ratio", |case| {
        let zeros = if case.flag("shift_zeros", true) {
            ZeroCells::Half
        } else {
            ZeroCells::Keep
        };
        let ratios = odds_risk_ratio(two_by_two(case)?, zeros)?;
        let interval = |ratio: &LogRatio| ratio.interval(case.confidence());
        let (odds, risk) = (interval(&ratios.odds)?, interval(&ratios.risk)?);
        Ok(json!({
            "odds_ratio": ratios.odds.ratio, "log_or_se": ratios.odds.log_se,
            "or_low": odds.low, "or_high": odds.high, "or_pvalue": ratios.odds.p()?,
            "risk_ratio": ratios.risk.ratio, "log_rr_se": ratios.risk.log_se,
            "rr_low": risk.low, "rr_high": risk.high, "rr_pvalue": ratios.risk.p()?,
        }))
    });
}

#[test]
fn golden_multiple_testing() {
    whole("multiple_testing", |case| -> Answer {
        let correction = match case.option("method") {
            "bonferroni" => Correction::Bonferroni,
            "sidak" => Correction::Sidak,
            "holm" => Correction::Holm,
            "holm_sidak" => Correction::HolmSidak,
            "hochberg" => Correction::Hochberg,
            "hommel" => Correction::Hommel,
            "bh" => Correction::BenjaminiHochberg,
            _ => Correction::BenjaminiYekutieli,
        };
        let alpha = case.0["options"]["alpha"].as_f64().unwrap_or(0.05);
        let family = adjust_at(&case.numbers("pvalues"), correction, alpha)?;
        let rejections = family.rejected.iter().filter(|yes| **yes).count();
        Ok(json!({
            "adjusted": family.p, "reject": family.rejected, "n_reject": rejections,
        }))
    });
}
