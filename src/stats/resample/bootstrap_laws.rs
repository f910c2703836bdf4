//! Laws that the bootstrap obeys, on every way of drawing.

use super::design::Design;
use super::estimand::{Estimand, Statistic};
use super::plan::Resampling;
use super::{Bootstrap, BootstrapMethod, BootstrapT, permute_groups, permute_pairs};
use crate::base::Stream;
use crate::stats::{Alternative, Interval, StatsError, Units, mean, variance};

const METHODS: [BootstrapMethod; 3] =
    [BootstrapMethod::Percentile, BootstrapMethod::Basic, BootstrapMethod::Bca];
const MEAN: Estimand = Estimand::Of(Statistic::Mean);
const GAP: Estimand = Estimand::Difference(Statistic::Mean);

fn plan(resamples: usize) -> Resampling {
    Resampling { resamples, seed: 12, name: "laws".to_owned() }
}

fn skewed(n: u32, step: u32) -> Vec<f64> {
    (1..=n).map(|i| (f64::from(i * step % 101) / 30.0).exp()).collect()
}

fn near(got: Interval, want: Interval, within: f64) -> bool {
    (got.low - want.low).abs() <= within && (got.high - want.high).abs() <= within
}

#[test]
fn shifting_and_scaling_the_data_shifts_and_scales_every_interval() {
    let (xs, units) = (skewed(60, 37), Units::labelled(&[0, 1, 2, 3, 4, 5].repeat(10)));
    let moved = |scale: f64, shift: f64| -> Vec<f64> {
        xs.iter().map(|x| scale * x + shift).collect()
    };
    for design in [Design::Rows, Design::Units(&units), Design::Strata(&units)] {
        for (estimand, shift) in [
            (MEAN, 1e6),
            (Estimand::Of(Statistic::Quantile(0.3)), 1e6),
            (Estimand::Of(Statistic::StandardDeviation), 0.0),
        ] {
            let boot = |xs: &[f64]| Bootstrap::new(&[xs], design, estimand, &plan(500));
            let (one, two) = (boot(&xs).unwrap(), boot(&moved(4.0, shift)).unwrap());
            for method in METHODS {
                let want = one.interval(method, 0.9).unwrap().times(4.0);
                let want = Interval { low: want.low + shift, high: want.high + shift };
                let got = two.interval(method, 0.9).unwrap();
                assert!(near(got, want, 1e-8), "{estimand:?} {got:?} {want:?}");
            }
            let (a, b) = (one.acceleration().unwrap(), two.acceleration().unwrap());
            assert!((a - b).abs() < 1e-8, "{a} {b}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (xs, ys) = (skewed(120, 37), skewed(120, 53));
    let few: Vec<f64> = (0..600).map(|i| f64::from(i % 7)).collect();
    let units = Units::labelled(&(0..120).map(|i| i / 3).collect::<Vec<_>>());
    let boots = || -> Vec<Bootstrap> {
        let pairs: [&[f64]; 2] = [&xs, &ys];
        let ratio = Estimand::Ratio(Statistic::Quantile(0.5));
        let closure =
            |data: &[&[f64]]| data[0].iter().sum::<f64>() / data[1].len() as f64;
        vec![
            Bootstrap::new(&[&xs], Design::Rows, MEAN, &plan(5_000)).unwrap(),
            Bootstrap::new(&[&few], Design::Rows, MEAN, &plan(5_000)).unwrap(),
            Bootstrap::new(&pairs, Design::Apart, ratio, &plan(5_000)).unwrap(),
            Bootstrap::new(&pairs, Design::Units(&units), ratio, &plan(5_000)).unwrap(),
            Bootstrap::with(&pairs, Design::Apart, closure, &plan(5_000)).unwrap(),
        ]
    };
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    let one = pool(1).install(boots);
    assert_eq!(one, pool(2).install(boots));
    assert_eq!(one, pool(3).install(boots));
    assert_eq!(one, boots());
}

#[test]
fn the_quick_ways_have_the_law_of_rows_drawn_one_by_one() {
    let (xs, ys) = (skewed(90, 37), skewed(80, 53));
    let (coins, others): (Vec<f64>, Vec<f64>) =
        (0..90).map(|i| (f64::from(i % 3 / 2), f64::from(i % 5 / 3))).unzip();
    let sd = Estimand::Of(Statistic::StandardDeviation);
    let median = Estimand::Difference(Statistic::Quantile(0.5));
    let cases: [(Vec<&[f64]>, Design<'_>, Estimand); 5] = [
        (vec![&xs], Design::Rows, MEAN),
        (vec![&coins], Design::Rows, sd),
        (vec![&coins, &others], Design::Rows, GAP),
        (vec![&xs, &ys], Design::Apart, median),
        (vec![&xs, &ys], Design::Apart, Estimand::Ratio(Statistic::Mean)),
    ];
    for (samples, design, estimand) in cases {
        let plain = |data: &[&[f64]]| {
            let of = |xs: &[f64]| match estimand.statistic() {
                Statistic::Mean => mean(xs).unwrap(),
                Statistic::StandardDeviation => variance(xs).unwrap().sqrt(),
                Statistic::Quantile(q) => crate::stats::quantile(xs, q).unwrap(),
            };
            estimand.join(of(data[0]), data.get(1).map_or(0.0, |ys| of(ys)))
        };
        let quick = Bootstrap::new(&samples, design, estimand, &plan(20_000)).unwrap();
        let slow = Bootstrap::with(&samples, design, plain, &plan(20_000)).unwrap();
        assert!((quick.estimate - slow.estimate).abs() < 1e-12);
        let (a, b) = (quick.acceleration().unwrap(), slow.acceleration().unwrap());
        assert!((a - b).abs() < 1e-9, "{estimand:?}: {a} {b}");
        // Kolmogorov's distance of two samples of 20,000 passes 0.0195 once in a thousand;
        // values that are equal but for rounding count as equal.
        let step = 1e-9 * quick.estimate.abs().max(1.0);
        for at in slow.replicates().iter().step_by(97) {
            let share = |of: &Bootstrap| {
                of.replicates().partition_point(|x| *x <= at + step) as f64 / 2e4
            };
            let gap = (share(&quick) - share(&slow)).abs();
            assert!(gap < 0.0195, "{estimand:?} at {at}: {gap}");
        }
    }
}

#[test]
fn the_p_of_bca_is_the_level_at_which_its_bound_meets_the_margin() {
    let xs = skewed(70, 37);
    let boot = Bootstrap::new(&[&xs], Design::Rows, MEAN, &plan(20_000)).unwrap();
    for confidence in [0.8, 0.95, 0.99] {
        let bound = |side| boot.bound(BootstrapMethod::Bca, confidence, side).unwrap();
        let low = bound(Alternative::Greater).low;
        let high = bound(Alternative::Less).high;
        let p = |margin| boot.tails(BootstrapMethod::Bca, margin).unwrap();
        let want = 1.0 - confidence;
        assert!((p(low).greater - want).abs() < 3e-4, "{:?} {want}", p(low));
        assert!((p(high).less - want).abs() < 3e-4, "{:?} {want}", p(high));
    }
    let floor = 1.0 / 20_001.0;
    assert!(
        (boot.tails(BootstrapMethod::Bca, -1e3).unwrap().greater - floor).abs() < 1e-15
    );
    assert!(boot.tails(BootstrapMethod::Bca, f64::NAN).is_err());
}

#[test]
fn swapping_the_sign_swaps_the_tails() {
    let xs = skewed(50, 37);
    let minus: Vec<f64> = xs.iter().map(|x| -x).collect();
    let boot =
        |xs: &[f64]| Bootstrap::new(&[xs], Design::Rows, MEAN, &plan(999)).unwrap();
    let (up, down) = (boot(&xs), boot(&minus));
    for method in METHODS {
        let (p, q) = (up.tails(method, 9.0).unwrap(), down.tails(method, -9.0).unwrap());
        assert!((p.greater - q.less).abs() < 1e-12, "{method:?} {p:?} {q:?}");
        assert!((p.less - q.greater).abs() < 1e-12, "{method:?} {p:?} {q:?}");
    }
}

#[test]
fn bca_of_a_lognormal_mean_misses_less_often_than_percentile() {
    // 600 samples of 40 log-normal values with σ = 1, mean e^½, level 90 %. BCa is known to
    // miss somewhat more than it says: 10 to 20 % (standard error of 600: 1.4 %).
    let truth = 0.5_f64.exp();
    let (mut bca, mut percentile) = (0_u32, 0_u32);
    for round in 0..600 {
        let mut stream = Stream::new(round, "lognormal");
        let xs: Vec<f64> = (0..40).map(|_| stream.normal().exp()).collect();
        let plan = Resampling { resamples: 1_000, seed: round, name: "cover".to_owned() };
        let boot = Bootstrap::new(&[&xs], Design::Rows, MEAN, &plan).unwrap();
        let misses = |method| !boot.interval(method, 0.9).unwrap().holds(truth);
        bca += u32::from(misses(BootstrapMethod::Bca));
        percentile += u32::from(misses(BootstrapMethod::Percentile));
    }
    assert!((60..=120).contains(&bca), "{bca} of 600");
    assert!(bca <= percentile, "{bca} {percentile}");
}

#[test]
fn clusters_widen_and_strata_narrow_the_interval() {
    let xs: Vec<f64> = (0..60).map(|i| f64::from(i / 6 * 10 + i % 3)).collect();
    let groups = Units::labelled(&(0..60).map(|i| i / 6).collect::<Vec<_>>());
    let width = |design| {
        let boot = Bootstrap::new(&[&xs], design, MEAN, &plan(2_000)).unwrap();
        let Interval { low, high } = boot.interval(BootstrapMethod::Bca, 0.95).unwrap();
        high - low
    };
    let plain = width(Design::Rows);
    assert!(width(Design::Units(&groups)) > 2.0 * plain);
    assert!(width(Design::Strata(&groups)) < 0.2 * plain);
    assert!(width(Design::ApartUnits(&[&groups])) > 2.0 * plain);
}

#[test]
fn samples_without_spread_collapse_and_have_no_acceleration() {
    for xs in [[0.1; 5].as_slice(), &[0.1; 400]] {
        let boot = Bootstrap::new(&[xs], Design::Rows, MEAN, &plan(50)).unwrap();
        let ends = boot.interval(BootstrapMethod::Percentile, 0.95).unwrap();
        assert_eq!(ends, Interval { low: 0.1, high: 0.1 });
        let bca = boot.interval(BootstrapMethod::Bca, 0.95);
        assert_eq!(bca, Err(StatsError::NoSpread));
    }
}

#[test]
fn wrong_shapes_and_numbers_are_refused() {
    let refused = |samples: &[&[f64]], design, estimand| {
        Bootstrap::new(samples, design, estimand, &plan(20)).map(|_| ()).unwrap_err()
    };
    let two = StatsError::TooFew { of: "values", needed: 2, got: 1 };
    let units = Units::labelled(&["a", "a"]);
    let ratio = Estimand::Ratio(Statistic::Mean);
    let beyond = Estimand::Of(Statistic::Quantile(1.5));
    let xs: &[f64] = &[1.0, 2.0];
    assert_eq!(refused(&[&[]], Design::Rows, MEAN), StatsError::Empty);
    assert_eq!(refused(&[], Design::Rows, MEAN), StatsError::Empty);
    assert_eq!(refused(&[&[1.0]], Design::Rows, MEAN), two);
    let nan = refused(&[&[1.0, f64::NAN]], Design::Rows, MEAN);
    assert_eq!(nan, StatsError::NotFinite { index: 1 });
    let one_unit = refused(&[xs], Design::Units(&units), MEAN);
    assert_eq!(one_unit, StatsError::TooFew { of: "units", needed: 2, got: 1 });
    let unlike = StatsError::LengthMismatch { left: 2, right: 3 };
    assert_eq!(refused(&[xs, &[1.0, 2.0, 3.0]], Design::Rows, GAP), unlike);
    assert_eq!(refused(&[xs], Design::Rows, beyond), StatsError::OutOfRange);
    assert!(matches!(
        refused(&[xs], Design::Rows, GAP),
        StatsError::InvalidParameter { .. }
    ));
    let undefined = refused(&[&[0.0; 3], &[0.0; 3]], Design::Rows, ratio);
    assert_eq!(undefined, StatsError::Undefined { what: "the statistic" });
    let none = Bootstrap::new(&[xs], Design::Rows, MEAN, &plan(0));
    assert_eq!(none, Err(StatsError::Empty));
    let boot = Bootstrap::new(&[xs], Design::Rows, MEAN, &plan(20)).unwrap();
    for level in [0.0, 1.0, f64::NAN] {
        assert!(boot.interval(BootstrapMethod::Percentile, level).is_err());
    }
}

#[test]
fn no_slice_makes_a_bootstrap_or_a_permutation_test_fall_over() {
    const ODD: [f64; 7] = [0.0, -1.0, 1e308, -1e308, 5e-324, f64::NAN, f64::INFINITY];
    let slice = |code: usize, n: u32| -> Vec<f64> {
        (0..n).map(|i| ODD[code / ODD.len().pow(i) % ODD.len()]).collect()
    };
    let statistics =
        [Statistic::Mean, Statistic::StandardDeviation, Statistic::Quantile(0.4)];
    for n in 0..=3 {
        let units = Units::labelled(&[1, 0, 1][..n as usize]);
        for code in 0..ODD.len().pow(n) {
            let (xs, ys) = (slice(code, n), slice(code / 3 + 5, n));
            let all: [&[f64]; 2] = [&xs, &ys];
            for statistic in statistics {
                for design in [Design::Rows, Design::Apart, Design::Units(&units)] {
                    let estimand = Estimand::Ratio(statistic);
                    let boot = Bootstrap::new(&all, design, estimand, &plan(20));
                    for method in METHODS {
                        let _ends = boot.as_ref().map(|boot| boot.interval(method, 0.9));
                        let _tails = boot.as_ref().map(|boot| boot.tails(method, 0.5));
                    }
                }
                let one = Estimand::Of(statistic);
                let _one = Bootstrap::new(&[&xs], Design::Strata(&units), one, &plan(20));
            }
            let _means = BootstrapT::of_means(&xs, &ys, &plan(20));
            let _groups = permute_groups(&xs, &ys, &plan(20));
            let _pairs = permute_pairs(&xs, &ys, &plan(20));
            let _given =
                Bootstrap::of_indices(&all, &[vec![vec![0, 9]]], |data| data[0][0]);
        }
    }
}
