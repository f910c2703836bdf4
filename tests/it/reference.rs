//! Statistics against `tests/data/stats/reference.py`, which shares no formula with them:
//! whole matrices, and every resample of tiny samples.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use crucible::stats::{
    Mover, PairedRatio, PercentileBootstrap, PlugIn, Pooled, PooledQuantile, Resampling,
    StudentisedBootstrap, UnitMean, Units,
};
use serde_json::Value as Json;

fn cases(name: &str) -> Vec<Json> {
    let text = include_str!("../data/stats/reference.json");
    let all: Json = serde_json::from_str(text).unwrap();
    all[name].as_array().unwrap().clone()
}

fn number(case: &Json, name: &str) -> f64 {
    case[name].as_f64().unwrap()
}

fn numbers(case: &Json, name: &str) -> Vec<f64> {
    case[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn units(case: &Json) -> Units {
    let labels: Vec<u64> =
        case["labels"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect();
    Units::labelled(&labels)
}

#[track_caller]
fn near(found: f64, want: f64, relative: f64) {
    let gap = (found - want).abs();
    assert!(gap <= relative * want.abs().max(1e-300), "found {found}, want {want}");
}

/// A share among 10,000 resamples, within five standard errors of the true one.
#[track_caller]
fn drawn(found: f64, want: f64) {
    let reach = 5.0 * (want * (1.0 - want) / 1e4).sqrt() + 1e-4;
    assert!((found - want).abs() <= reach, "found {found}, want {want} ± {reach}");
}

#[test]
fn cr2_and_its_degrees_of_freedom_are_those_of_whole_matrices() {
    for case in cases("cr2") {
        let fit = UnitMean::new(&numbers(&case, "values"), &units(&case)).unwrap();
        near(fit.mean, number(&case, "mean"), 1e-12);
        near(fit.se, number(&case, "se"), 1e-12);
        near(fit.df, number(&case, "df"), 1e-11);
        let p = fit.tails(number(&case, "margin")).unwrap().two_sided();
        near(p, number(&case, "p"), 1e-9);
        let interval = fit.interval(0.95).unwrap();
        near(interval.low, number(&case, "low"), 1e-9);
        near(interval.high, number(&case, "high"), 1e-9);
    }
}

#[test]
fn the_studentised_bootstrap_draws_from_all_resamples_alike() {
    for case in cases("studentised") {
        let plan = Resampling::new(5, "reference");
        let values = numbers(&case, "values");
        let boot = StudentisedBootstrap::new(&values, &units(&case), &plan).unwrap();
        let tails = boot.tails(number(&case, "margin")).unwrap();
        drawn(tails.greater, number(&case, "greater"));
        drawn(tails.less, number(&case, "less"));
        let interval = boot.interval(0.9).unwrap();
        for (end, name) in [(interval.low, "low"), (interval.high, "high")] {
            let within = numbers(&case, name);
            assert!(within[0] <= end && end <= within[1], "{end} not in {within:?}");
        }
    }
}

#[test]
fn the_percentile_bootstrap_draws_from_all_resamples_alike() {
    for case in cases("percentile") {
        let (xs, ys) = (numbers(&case, "x"), numbers(&case, "y"));
        let own: Vec<usize> = (0..xs.len()).collect();
        let what = PlugIn::Quantile(number(&case, "q"));
        let pooled = [&xs, &ys].map(|values| Pooled { values, units: &own, what });
        let plan = Resampling::new(5, "reference");
        let boot =
            PercentileBootstrap::new(&pooled, xs.len(), |p| p[0] - p[1], &plan).unwrap();
        let margin = number(&case, "margin");
        let (below, above) = (number(&case, "not_above"), number(&case, "not_below"));
        drawn(boot.tails(margin).greater, below);
        drawn(boot.tails(margin).less, above);
        assert!((boot.two_sided(margin) - 2.0 * below.min(above)).abs() < 0.05);
    }
}

#[test]
fn variance_recovery_joins_woodruffs_intervals() {
    for case in cases("mover") {
        let quantile = |name| {
            let q = number(&case, "q");
            PooledQuantile::new(&numbers(&case, name), &units(&case), q).unwrap()
        };
        let contrast =
            Mover::new(vec![(1.0, quantile("x")), (-1.0, quantile("y"))]).unwrap();
        near(contrast.estimate(), number(&case, "estimate"), 1e-10);
        let interval = contrast.interval(number(&case, "confidence")).unwrap();
        near(interval.low, number(&case, "low"), 1e-8);
        near(interval.high, number(&case, "high"), 1e-8);
    }
}

#[test]
fn the_interval_of_a_ratio_ends_where_another_t_test_has_just_its_level() {
    for case in cases("fieller") {
        let (xs, ys) = (numbers(&case, "x"), numbers(&case, "y"));
        let confidence = number(&case, "confidence");
        let found = PairedRatio::new(&xs, &ys, &units(&case), confidence).unwrap();
        near(found.ratio, number(&case, "ratio"), 1e-12);
        near(found.interval.low, number(&case, "low"), 1e-9);
        near(found.interval.high, number(&case, "high"), 1e-9);
    }
}
