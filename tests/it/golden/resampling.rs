//! Intervals and tests by resampling.

use crucible::stats::{
    Alternative, Bootstrap, BootstrapMethod, Resampling, StatsError, mean,
    permute_groups, permute_pairs, quantile, variance,
};
use serde_json::{Map, Value as Json, json};

use super::{Answer, Case, kind, number, out, whole};

fn rows(value: &Json) -> Vec<Vec<f64>> {
    let list = |row: &Json| row.as_array().unwrap().iter().map(number).collect();
    value.as_array().unwrap().iter().map(list).collect()
}

/// Positions; one below zero lies beyond every sample.
fn indices(value: &Json) -> Vec<Vec<Vec<usize>>> {
    let at = |x: &Json| x.as_u64().and_then(|x| usize::try_from(x).ok());
    let row = |row: &Json| {
        row.as_array().unwrap().iter().map(|x| at(x).unwrap_or(usize::MAX)).collect()
    };
    let list = |list: &Json| list.as_array().unwrap().iter().map(row).collect();
    value.as_array().unwrap().iter().map(list).collect()
}

fn pearson(xs: &[f64], ys: &[f64]) -> f64 {
    let (Ok(x), Ok(y)) = (mean(xs), mean(ys)) else { return f64::NAN };
    let dot = |of: &mut dyn Iterator<Item = f64>| of.sum::<f64>();
    let xy = dot(&mut xs.iter().zip(ys).map(|(a, b)| (a - x) * (b - y)));
    let xx = dot(&mut xs.iter().map(|a| (a - x).powi(2)));
    let yy = dot(&mut ys.iter().map(|b| (b - y).powi(2)));
    xy / (xx * yy).sqrt()
}

fn statistic(name: &str) -> fn(&[&[f64]]) -> f64 {
    match name {
        "mean" => |data| mean(data[0]).unwrap_or(f64::NAN),
        "median" => |data| quantile(data[0], 0.5).unwrap_or(f64::NAN),
        "std" => |data| variance(data[0]).map_or(f64::NAN, f64::sqrt),
        "mean_difference" => |data| match (mean(data[0]), mean(data[1])) {
            (Ok(x), Ok(y)) => x - y,
            _ => f64::NAN,
        },
        _ => |data| pearson(data[0], data[1]),
    }
}

fn ends(boot: &Bootstrap, method: BootstrapMethod, level: f64) -> Answer {
    let both = boot.interval(method, level)?;
    let less = boot.bound(method, level, Alternative::Less)?;
    let greater = boot.bound(method, level, Alternative::Greater)?;
    Ok(json!({
        "low": out(both.low), "high": out(both.high),
        "upper_bound": out(less.high), "lower_bound": out(greater.low),
    }))
}

#[test]
fn golden_bootstrap_ci() {
    whole("bootstrap_ci", |case: &Case| {
        let data = rows(case.input("data"));
        let samples: Vec<&[f64]> = data.iter().map(Vec::as_slice).collect();
        let what = statistic(case.option("statistic"));
        let boot =
            Bootstrap::of_indices(&samples, &indices(case.input("indices")), what)?;
        let mut answer = Map::new();
        answer.insert("estimate".to_owned(), out(boot.estimate));
        answer.insert("standard_error".to_owned(), out(boot.standard_error()?));
        for (name, method) in [
            ("percentile", BootstrapMethod::Percentile),
            ("basic", BootstrapMethod::Basic),
            ("bca", BootstrapMethod::Bca),
        ] {
            let value = match ends(&boot, method, case.confidence()) {
                Err(error @ (StatsError::NoSpread | StatsError::Undefined { .. })) => {
                    json!({ "error": kind(error) })
                }
                other => other?,
            };
            answer.insert(name.to_owned(), value);
        }
        Ok(Json::Object(answer))
    });
}

#[test]
fn golden_permutation_test() {
    whole("permutation_test", |case: &Case| {
        let (xs, ys) = (case.numbers("x"), case.numbers("y"));
        let plan = Resampling::new(1, "golden");
        let test = if case.option("kind") == "paired_sign_flip" {
            permute_pairs(&xs, &ys, &plan)?
        } else {
            permute_groups(&xs, &ys, &plan)?
        };
        assert!(test.exact);
        Ok(json!({
            "statistic": test.difference,
            "pvalue": test.tails.p(case.alternative()),
            "n_permutations": test.arrangements,
        }))
    });
}
