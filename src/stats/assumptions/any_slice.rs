//! Whatever the slices, the tests of assumptions answer or refuse.

use proptest::prelude::*;

use super::*;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![8 => (-4_i32..=4).prop_map(f64::from), 4 => -1.0..1.0_f64, 1 => any::<f64>()]
}

fn fine(p: Option<f64>) -> bool {
    p.is_none_or(|p| (0.0..=1.0).contains(&p))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_p_of_normality_is_a_probability(
        xs in proptest::collection::vec(value(), 0..40),
    ) {
        prop_assert!(fine(shapiro_wilk(&xs).ok().map(|t| t.p)));
        prop_assert!(fine(anderson_darling_normal(&xs).ok().map(|t| t.p)));
        prop_assert!(fine(dagostino_k2(&xs).ok().map(|t| t.p)));
        prop_assert!(fine(dagostino_k2(&xs).ok().map(|t| t.kurtosis_p)));
        prop_assert!(fine(jarque_bera(&xs).ok().map(|t| t.p)));
    }

    #[test]
    fn every_p_of_equal_variances_is_a_probability(
        groups in proptest::collection::vec(proptest::collection::vec(value(), 0..6), 0..5),
        share in -0.1..0.6_f64,
    ) {
        for centre in [Centre::Mean, Centre::Median, Centre::Trimmed { share }] {
            prop_assert!(fine(levene(&groups, centre).ok().map(|t| t.p)));
            prop_assert!(fine(fligner_killeen(&groups, centre).ok().map(|t| t.p)));
        }
        prop_assert!(fine(bartlett(&groups).ok().map(|t| t.p)));
    }
}
