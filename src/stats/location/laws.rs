//! What holds of every test of this folder, whatever the sample.

use proptest::prelude::*;

use super::*;
use crate::base::Stream;
use crate::stats::{Alternative, Resampling, Tails};

const NORMAL: RankNull = RankNull::Normal { continuity: true };

fn plan() -> Resampling {
    Resampling { resamples: 50, seed: 1, name: "laws".to_owned() }
}

/// Any floats at all, but often small whole numbers, so that ties and shapes occur.
fn sample() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        6 => (-3..4_i32).prop_map(f64::from),
        3 => -1e3..1e3_f64,
        1 => any::<f64>(),
    ];
    prop::collection::vec(value, 0..12)
}

fn is_probability(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

fn are_tails(tails: Tails) -> bool {
    is_probability(tails.greater) && is_probability(tails.less)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_pair_of_samples_makes_a_test_panic_or_leave_the_unit_interval(
        xs in sample(), ys in sample(), share in 0.0..1.0_f64,
    ) {
        let tests = [
            t_welch(&xs, &ys),
            t_two_sample(&xs, &ys),
            t_paired(&xs, &ys),
            yuen(&xs, &ys, share, Spreads::Separate),
            yuen(&xs, &ys, share / 2.0, Spreads::Pooled),
        ];
        for test in tests.into_iter().flatten() {
            prop_assert!(are_tails(test.tails), "{test:?}");
            let ends = test.interval(share, Alternative::TwoSided);
            prop_assert!(ends.is_err() || ends.is_ok_and(|i| i.low <= i.high));
            if let Ok(both) = test.contrast.equivalence(-1.0, share) {
                prop_assert!(is_probability(both.p));
            }
        }
        for null in [RankNull::Exact, NORMAL] {
            if let Ok(test) = mann_whitney(&xs, &ys, null) {
                prop_assert!(are_tails(test.tails), "{test:?}");
                let least = test.tails.greater + test.tails.less;
                prop_assert!(least >= 1.0 - 1e-9, "{test:?}");
            }
        }
        if let Ok(test) = brunner_munzel(&xs, &ys) {
            prop_assert!(are_tails(test.tails) && is_probability(test.relative_effect));
        }
        for method in [KsMethod::Exact, KsMethod::Asymptotic] {
            if let Ok(test) = ks_two_sample(&xs, &ys, method) {
                prop_assert!(is_probability(test.p) && is_probability(test.p_less));
                prop_assert!(test.p_greater >= 0.0 && test.d <= 1.0, "{test:?}");
            }
        }
        if let Ok(test) = hodges_lehmann_interval(&xs, &ys, share) {
            prop_assert!(test.interval.low <= test.interval.high);
            let shift = hodges_lehmann(&xs, &ys);
            prop_assert!(shift.is_ok_and(|shift| test.interval.holds(shift)));
        }
        let pairs = [
            crate::stats::permute_groups(&xs, &ys, &plan()),
            crate::stats::permute_pairs(&xs, &ys, &plan()),
        ];
        for test in pairs.into_iter().flatten() {
            prop_assert!(are_tails(test.tails), "{test:?}");
        }
        if let Ok(test) = mood_median(&[&xs, &ys], MoodOptions::default()) {
            prop_assert!(is_probability(test.p));
        }
    }

    #[test]
    fn no_single_sample_makes_a_test_panic_or_leave_the_unit_interval(
        xs in sample(), margin in any::<f64>(), share in 0.0..1.0_f64, lag in 0..15_usize,
    ) {
        for test in [t_one_sample(&xs, margin), t_one_sample(&xs, share)] {
            prop_assert!(test.is_err() || test.is_ok_and(|test| are_tails(test.tails)));
        }
        if let Ok(test) = sign_test(&xs, margin) {
            prop_assert!(are_tails(test.tails));
        }
        for zeros in [Zeros::Drop, Zeros::Pratt, Zeros::Split] {
            for null in [RankNull::Exact, NORMAL] {
                if let Ok(test) = wilcoxon(&xs, null, zeros) {
                    prop_assert!(are_tails(test.tails), "{test:?}");
                }
            }
        }
        if let Ok(test) = pseudo_median_interval(&xs, share) {
            prop_assert!(test.interval.low <= test.interval.high);
        }
        if let Ok(said) = describe(&xs) {
            prop_assert!(said.range.holds(said.median) && said.iqr >= 0.0, "{said:?}");
        }
        if let Ok(r) = autocorrelation(&xs, lag) {
            prop_assert!(r.abs() <= 1.0 + 1e-9);
        }
        let law = Law::Normal { mean: 0.0, sd: 1.0 + share };
        for method in [KsMethod::Exact, KsMethod::Asymptotic] {
            if let Ok(test) = ks_one_sample(&xs, |x| law.cdf(x), method) {
                prop_assert!(is_probability(test.p) && test.p_less <= 1.0, "{test:?}");
            }
        }
    }
}

#[test]
fn under_a_true_null_one_test_in_twenty_rejects() {
    let mut stream = Stream::new(20, "calibration of location");
    let mut rejected = [0_u32; 6];
    for _ in 0..4_000 {
        let mut draw = |n: usize| (0..n).map(|_| stream.normal()).collect::<Vec<f64>>();
        let (xs, ys) = (draw(30), draw(24));
        let p = [
            t_welch(&xs, &ys).unwrap().tails,
            t_two_sample(&xs, &ys).unwrap().tails,
            yuen(&xs, &ys, 0.2, Spreads::Separate).unwrap().tails,
            mann_whitney(&xs, &ys, RankNull::Exact).unwrap().tails,
            brunner_munzel(&xs, &ys).unwrap().tails,
            wilcoxon(&xs, RankNull::Exact, Zeros::Drop).unwrap().tails,
        ];
        for (count, tails) in rejected.iter_mut().zip(p) {
            *count += u32::from(tails.two_sided() <= 0.05);
        }
    }
    // Binomial: 200 ± 3.7 standard deviations of 13.8.
    assert!(rejected.iter().all(|n| (149..=251).contains(n)), "{rejected:?}");
}
