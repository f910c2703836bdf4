//! Families about where a sample lies.

use crucible::stats::{
    Alternative, Better, Interval, Kolmogorov, KsMethod, Law, MeanContrast,
    MedianStatistic, MedianTies, MoodOptions, RankNull, Spreads, StatsError, TTest,
    Zeros, autocorrelation, brunner_munzel, describe, hodges_lehmann,
    hodges_lehmann_interval, ks_one_sample, ks_two_sample, mann_whitney, mean,
    mood_median, pseudo_median, pseudo_median_interval, sign_test, t_one_sample,
    t_paired, t_two_sample, t_welch, variance, wilcoxon, yuen,
};
use serde_json::{Value as Json, json};

use super::{Answer, Case, kind, out, whole};

fn t_answer(test: TTest, case: &Case, estimate: &str) -> Answer {
    let interval = test.interval(case.confidence(), case.alternative())?;
    let mut answer = json!({
        "statistic": out(test.t),
        "df": test.contrast.df,
        "pvalue": test.tails.p(case.alternative()),
        "se": test.contrast.se,
        "ci_low": out(interval.low),
        "ci_high": out(interval.high),
    });
    answer[estimate] = json!(test.contrast.estimate);
    Ok(answer)
}

#[test]
fn golden_t_one_sample() {
    whole("t_one_sample", |case| {
        let test = t_one_sample(&case.numbers("x"), case.number("popmean"))?;
        t_answer(test, case, "mean")
    });
}

#[test]
fn golden_t_two_sample() {
    whole("t_two_sample", |case| {
        let test = t_two_sample(&case.numbers("x"), &case.numbers("y"))?;
        t_answer(test, case, "mean_diff")
    });
}

#[test]
fn golden_t_welch() {
    whole("t_welch", |case| {
        let test = t_welch(&case.numbers("x"), &case.numbers("y"))?;
        t_answer(test, case, "mean_diff")
    });
}

#[test]
fn golden_t_paired() {
    whole("t_paired", |case| {
        let test = t_paired(&case.numbers("x"), &case.numbers("y"))?;
        t_answer(test, case, "mean_diff")
    });
}

fn spreads(case: &Case) -> Spreads {
    if case.flag("equal_var", false) { Spreads::Pooled } else { Spreads::Separate }
}

#[test]
fn golden_t_yuen_trimmed() {
    whole("t_yuen_trimmed", |case| {
        let trim = case.option_number("trim").unwrap_or(0.2);
        let (x, y) = (case.numbers("x"), case.numbers("y"));
        t_answer(yuen(&x, &y, trim, spreads(case))?, case, "mean_diff")
    });
}

#[test]
fn golden_tost() {
    whole("tost", |case| {
        let x = case.numbers("x");
        let contrast = match case.option("design") {
            "paired" => MeanContrast::paired(&x, &case.numbers("y"))?,
            "one_sample" => MeanContrast::one_sample(&x)?,
            _ if case.flag("equal_var", true) => {
                MeanContrast::two_sample(&x, &case.numbers("y"))?
            }
            _ => MeanContrast::welch(&x, &case.numbers("y"))?,
        };
        let bound = |name| case.option_number(name).unwrap();
        let test = contrast.equivalence(bound("low"), bound("upp"))?;
        if bound("low") < 0.0 {
            let p = contrast.non_inferiority(-bound("low"), Better::Higher)?;
            assert_eq!(p, test.p_low);
        }
        Ok(json!({
            "pvalue": test.p, "t_low": test.t_low, "p_low": test.p_low,
            "t_upp": test.t_high, "p_upp": test.p_high, "df": contrast.df,
        }))
    });
}

#[test]
fn golden_mean_ci() {
    whole("mean_ci", |case| {
        let fit = MeanContrast::one_sample(&case.numbers("x"))?;
        let t = fit.interval(case.confidence(), case.alternative())?;
        let z = fit.interval_z(case.confidence(), case.alternative())?;
        Ok(json!({
            "mean": fit.estimate, "se": fit.se, "t_low": out(t.low), "t_high": out(t.high),
            "z_low": out(z.low), "z_high": out(z.high),
        }))
    });
}

/// A number, or the error that stands in its place.
fn nested(value: Result<f64, StatsError>) -> Json {
    value.map_or_else(|error| json!({ "error": kind(error) }), out)
}

#[test]
fn golden_descriptive() {
    whole("descriptive", |case| {
        let said = describe(&case.numbers("x"))?;
        Ok(json!({
            "n": said.n, "mean": said.mean, "var": nested(said.variance),
            "std": nested(said.sd), "sem": nested(said.sem), "min": said.range.low,
            "max": said.range.high, "median": said.median,
            "q05": said.middle_90.low, "q25": said.quartiles.low,
            "q75": said.quartiles.high, "q95": said.middle_90.high, "iqr": said.iqr,
            "mad": said.mad, "trim_mean_10": said.trimmed_mean,
            "skew_biased": nested(said.shape.skewness),
            "kurtosis_biased": nested(said.shape.kurtosis),
            "skew_unbiased": nested(said.shape_unbiased.skewness),
            "kurtosis_unbiased": nested(said.shape_unbiased.kurtosis),
            "gmean": nested(said.geometric_mean), "hmean": nested(said.harmonic_mean),
        }))
    });
}

#[test]
fn golden_nist_univariate() {
    whole("nist_univariate", |case| {
        let xs = case.numbers("x");
        Ok(json!({
            "mean": mean(&xs)?, "std": variance(&xs)?.sqrt(),
            "autocorrelation_lag1": autocorrelation(&xs, 1)?,
        }))
    });
}

/// The exact test counts ties as they are, so it is the permutation of the ranks as well.
fn rank_null(case: &Case) -> RankNull {
    match case.option("method") {
        "asymptotic" => RankNull::Normal { continuity: case.flag("continuity", false) },
        _ => RankNull::Exact,
    }
}

#[test]
fn golden_mann_whitney() {
    whole("mann_whitney", |case| {
        let (x, y) = (case.numbers("x"), case.numbers("y"));
        let test = mann_whitney(&x, &y, rank_null(case))?;
        let pvalue = test.tails.p(case.alternative());
        Ok(json!({ "u1": test.u1, "u2": test.u2, "pvalue": pvalue }))
    });
}

#[test]
fn golden_hodges_lehmann() {
    whole("hodges_lehmann", |case| {
        let (x, level) = (case.numbers("x"), case.confidence());
        let (estimate, interval) = if case.option("design") == "one_sample" {
            (pseudo_median(&x)?, pseudo_median_interval(&x, level)?)
        } else {
            let y = case.numbers("y");
            (hodges_lehmann(&x, &y)?, hodges_lehmann_interval(&x, &y, level)?)
        };
        let Interval { low, high } = interval.interval;
        Ok(json!({
            "estimate": estimate, "ci_low": low, "ci_high": high,
            "achieved_confidence": interval.achieved,
        }))
    });
}

#[test]
fn golden_wilcoxon_signed_rank() {
    whole("wilcoxon_signed_rank", |case| {
        let zeros = match case.option("zero_method") {
            "pratt" => Zeros::Pratt,
            "zsplit" => Zeros::Split,
            _ => Zeros::Drop,
        };
        let test = wilcoxon(&case.numbers("d"), rank_null(case), zeros)?;
        let alternative = case.alternative();
        Ok(json!({
            "statistic": test.statistic(alternative), "w_plus": test.w_plus,
            "w_minus": test.w_minus, "pvalue": test.tails.p(alternative),
            "z": test.z(alternative),
        }))
    });
}

#[test]
fn golden_sign_test() {
    whole("sign_test", |case| {
        let test = sign_test(&case.numbers("x"), case.number("mu0"))?;
        Ok(json!({
            "n_pos": test.above, "n_neg": test.below, "n_zero": test.equal, "m": test.m,
            "pvalue": test.tails.p(case.alternative()),
        }))
    });
}

#[test]
fn golden_brunner_munzel() {
    whole("brunner_munzel", |case| {
        let test = brunner_munzel(&case.numbers("x"), &case.numbers("y"))?;
        let tails = match case.option("distribution") {
            "normal" => test.tails_normal,
            _ => test.tails,
        };
        Ok(json!({
            "statistic": test.w, "pvalue": tails.p(case.alternative()),
            "relative_effect": test.relative_effect,
        }))
    });
}

#[test]
fn golden_mood_median() {
    whole("mood_median", |case| {
        let options = MoodOptions {
            ties: match case.option("ties") {
                "above" => MedianTies::Above,
                "ignore" => MedianTies::Ignore,
                _ => MedianTies::Below,
            },
            statistic: match case.option("lambda") {
                "log-likelihood" => MedianStatistic::LogLikelihood,
                "cressie-read" => MedianStatistic::CressieRead,
                "freeman-tukey" => MedianStatistic::FreemanTukey,
                "mod-log-likelihood" => MedianStatistic::ModifiedLogLikelihood,
                "neyman" => MedianStatistic::Neyman,
                _ => MedianStatistic::Pearson,
            },
            corrected: case.flag("correction", true),
        };
        let test = mood_median(&case.groups("groups"), options)?;
        Ok(json!({
            "statistic": test.statistic, "pvalue": test.p, "median": test.median,
            "table": [test.above, test.below],
        }))
    });
}

fn ks_method(case: &Case) -> KsMethod {
    match case.option("method") {
        "asymp" => KsMethod::Asymptotic,
        _ => KsMethod::Exact,
    }
}

#[test]
fn golden_ks_one_sample() {
    whole("ks_one_sample", |case| {
        let parameters = case.numbers("params");
        let at = |i: usize| parameters[i];
        let law = match case.input("dist").as_str().unwrap() {
            "uniform" => Law::Uniform { low: at(0), high: at(1) },
            "expon" => Law::Exponential { rate: at(0) },
            _ => Law::Normal { mean: at(0), sd: at(1) },
        };
        let law = law.checked()?;
        let test = ks_one_sample(&case.numbers("x"), |x| law.cdf(x), ks_method(case))?;
        let alternative = case.alternative();
        Ok(json!({
            "statistic": test.statistic(alternative), "pvalue": test.p(alternative),
        }))
    });
}

#[test]
fn golden_ks_two_sample() {
    whole("ks_two_sample", |case| {
        let (x, y) = (case.numbers("x"), case.numbers("y"));
        let test = ks_two_sample(&x, &y, ks_method(case))?;
        let alternative = case.alternative();
        Ok(json!({
            "statistic": test.statistic(alternative), "pvalue": test.p(alternative),
        }))
    });
}

#[test]
fn golden_dist_kolmogorov() {
    whole("dist_kolmogorov", |case| {
        let law = || Kolmogorov::new(case.count("n").unwrap_or(0));
        let value = match case.option("function") {
            "ksone_sf" => law()?.sf_one_sided(case.number("d"))?,
            "kstwo_sf" => law()?.sf(case.number("d"))?,
            _ => Kolmogorov::limit_sf(case.number("x"))?,
        };
        Ok(json!({ "value": value }))
    });
}

#[test]
fn the_p_of_a_two_sided_test_is_twice_the_smaller_tail() {
    let test = t_welch(&[1.0, 2.0, 4.0], &[2.5, 3.0, 6.5]).unwrap();
    let sides = [Alternative::Less, Alternative::Greater].map(|side| test.tails.p(side));
    assert_eq!(test.tails.p(Alternative::TwoSided), 2.0 * sides[0].min(sides[1]));
}
