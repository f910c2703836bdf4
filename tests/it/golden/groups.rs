//! Several groups: analyses of variance, their rank versions, comparisons of pairs.

use crucible::stats::{
    AnovaTerm, Correction, MeanPair, SquaresType, StudentizedRange, TwoWay,
    anova_brown_forsythe, anova_one_way, anova_repeated, anova_two_way, anova_welch,
    cochran_q, dunn, dunnett, friedman, games_howell, kruskal_wallis, mauchly_sphericity,
    tukey_hsd,
};
use serde_json::{Value as Json, json};

use super::{Case, out, whole};

#[test]
fn golden_dist_studentized_range() {
    whole("dist_studentized_range", |case| {
        let means = case.count("k").map_or(0, |k| usize::try_from(k).unwrap_or(0));
        let range = StudentizedRange::new(means, case.number("df"))?;
        let value = match case.option("function") {
            "cdf" => range.cdf(case.number("q")),
            "sf" => range.sf(case.number("q")),
            "ppf" => range.quantile(case.number("p")),
            _ => range.upper_quantile(case.number("p")),
        };
        Ok(json!({ "value": out(value?) }))
    });
}

#[test]
fn golden_anova_one_way() {
    whole("anova_one_way", |case| {
        let anova = anova_one_way(&case.rows("groups"))?;
        Ok(json!({
            "statistic": anova.f,
            "df_between": anova.df_between,
            "df_within": anova.df_within,
            "pvalue": anova.p,
            "ss_between": anova.ss_between,
            "ss_within": anova.ss_within,
            "eta_sq": anova.eta_sq,
            "omega_sq": anova.omega_sq,
            "epsilon_sq": anova.epsilon_sq,
        }))
    });
}

#[test]
fn golden_nist_anova() {
    whole("nist_anova", |case| {
        let anova = anova_one_way(&case.rows("groups"))?;
        Ok(json!({
            "statistic": anova.f,
            "df_between": anova.df_between,
            "df_within": anova.df_within,
            "ss_between": anova.ss_between,
            "ss_within": anova.ss_within,
            "r_squared": anova.eta_sq,
            "residual_sd": anova.residual_sd(),
        }))
    });
}

#[test]
fn golden_anova_welch() {
    whole("anova_welch", |case| {
        let groups = case.rows("groups");
        let anova = match case.option("method") {
            "brown_forsythe" => anova_brown_forsythe(&groups)?,
            _ => anova_welch(&groups)?,
        };
        Ok(json!({
            "statistic": anova.f, "df1": anova.df1, "df2": anova.df2, "pvalue": anova.p,
        }))
    });
}

fn term(term: &AnovaTerm) -> Json {
    json!({
        "ss": term.ss,
        "df": term.df,
        "statistic": term.f,
        "pvalue": term.p,
        "partial_eta_sq": term.partial_eta_sq,
    })
}

#[test]
fn golden_anova_two_way() {
    whole("anova_two_way", |case| {
        let squares = match case.0["options"]["type"].as_u64() {
            Some(1) => SquaresType::Sequential,
            Some(3) => SquaresType::Marginal,
            _ => SquaresType::Hierarchical,
        };
        let model = TwoWay { squares, interaction: case.flag("interaction", true) };
        let (a, b) = (case.words("a"), case.words("b"));
        let anova = anova_two_way(&case.numbers("y"), &a, &b, model)?;
        let residual = json!({ "ss": anova.ss_residual, "df": anova.df_residual });
        let mut answer =
            json!({ "a": term(&anova.a), "b": term(&anova.b), "residual": residual });
        if let Some(both) = &anova.interaction {
            answer["a:b"] = term(both);
        }
        Ok(answer)
    });
}

#[test]
fn golden_anova_repeated() {
    whole("anova_repeated", |case| {
        let anova = anova_repeated(&case.rows("y"))?;
        Ok(json!({
            "ss_effect": anova.ss_effect,
            "ss_error": anova.ss_error,
            "df_effect": anova.df_effect,
            "df_error": anova.df_error,
            "statistic": anova.f,
            "pvalue": anova.p,
            "ges": anova.ges,
            "partial_eta_sq": anova.partial_eta_sq,
            "eps_gg": anova.epsilon.greenhouse_geisser,
            "eps_hf": anova.epsilon.huynh_feldt,
            "eps_lb": anova.epsilon.lower_bound,
            "pvalue_gg": anova.p_greenhouse_geisser,
            "pvalue_hf": anova.p_huynh_feldt,
            "pvalue_lb": anova.p_lower_bound,
        }))
    });
}

#[test]
fn golden_mauchly_sphericity() {
    whole("mauchly_sphericity", |case| {
        let test = mauchly_sphericity(&case.rows("y"))?;
        Ok(json!({
            "w": test.w,
            "chi2": test.chi2,
            "df": test.df,
            "pvalue": test.p,
            "eps_gg": test.epsilon.greenhouse_geisser,
            "eps_hf": test.epsilon.huynh_feldt,
            "eps_lb": test.epsilon.lower_bound,
        }))
    });
}

#[test]
fn golden_kruskal_wallis() {
    whole("kruskal_wallis", |case| {
        let test = kruskal_wallis(&case.rows("groups"))?;
        let undefined = json!({ "error": "undefined" });
        Ok(json!({
            "statistic": test.h,
            "df": test.df,
            "pvalue": test.p,
            "epsilon_sq": test.epsilon_sq,
            "eta_sq_h": test.eta_sq_h.map_or(undefined, |eta| json!(eta)),
        }))
    });
}

#[test]
fn golden_friedman() {
    whole("friedman", |case| {
        let test = friedman(&case.rows("y"))?;
        Ok(json!({
            "statistic": test.chi2,
            "df": test.df,
            "pvalue": test.p,
            "kendall_w": test.kendall_w,
        }))
    });
}

#[test]
fn golden_cochran_q() {
    whole("cochran_q", |case| {
        let test = cochran_q(&case.rows("y"))?;
        Ok(json!({ "statistic": test.q, "df": test.df, "pvalue": test.p }))
    });
}

fn mean_pair(pair: &MeanPair) -> Json {
    json!({
        "i": pair.i,
        "j": pair.j,
        "diff": pair.difference,
        "se": pair.se,
        "df": pair.df,
        "t": pair.t(),
        "q": pair.q,
        "pvalue": pair.p,
        "ci_low": pair.interval.low,
        "ci_high": pair.interval.high,
    })
}

fn degrees(pairs: &[MeanPair]) -> f64 {
    pairs.first().map_or(f64::NAN, |pair| pair.df)
}

#[test]
fn golden_tukey_hsd() {
    whole("tukey_hsd", |case| {
        let pairs = tukey_hsd(&case.rows("groups"), case.confidence())?;
        let rows: Vec<Json> = pairs.iter().map(mean_pair).collect();
        Ok(json!({ "df": degrees(&pairs), "pairs": rows }))
    });
}

#[test]
fn golden_games_howell() {
    whole("games_howell", |case| {
        let pairs = games_howell(&case.rows("groups"), case.confidence())?;
        Ok(json!({ "pairs": pairs.iter().map(mean_pair).collect::<Vec<Json>>() }))
    });
}

fn correction(case: &Case) -> Correction {
    match case.option("adjust") {
        "bonferroni" => Correction::Bonferroni,
        "sidak" => Correction::Sidak,
        "holm" => Correction::Holm,
        "holm_sidak" | "holm-sidak" => Correction::HolmSidak,
        "hochberg" | "simes-hochberg" => Correction::Hochberg,
        "hommel" => Correction::Hommel,
        "fdr_bh" | "bh" => Correction::BenjaminiHochberg,
        "fdr_by" | "by" => Correction::BenjaminiYekutieli,
        _ => Correction::None,
    }
}

#[test]
fn golden_dunn() {
    whole("dunn", |case| {
        let pairs = dunn(&case.rows("groups"), correction(case))?;
        let row = |p: &crucible::stats::RankPair| json!({ "i": p.i, "j": p.j, "z": p.z, "pvalue": p.p });
        Ok(json!({ "pairs": pairs.iter().map(row).collect::<Vec<Json>>() }))
    });
}

#[test]
fn golden_dunnett() {
    whole("dunnett", |case| {
        let (control, treatments) = (case.numbers("control"), case.rows("treatments"));
        let test = dunnett(&control, &treatments, case.alternative(), case.confidence())?;
        let rows: Vec<Json> = test
            .pairs
            .iter()
            .enumerate()
            .map(|(i, pair)| {
                json!({
                    "group": i + 1,
                    "diff": pair.difference,
                    "statistic": pair.t,
                    "pvalue": pair.p,
                    "ci_low": out(pair.interval.low),
                    "ci_high": out(pair.interval.high),
                })
            })
            .collect();
        let critical = test.critical;
        Ok(json!({ "df": test.df, "critical_value": critical, "comparisons": rows }))
    });
}
