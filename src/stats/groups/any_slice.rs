//! Whatever the slices, the tests of several groups answer or refuse.

use proptest::prelude::*;

use super::*;
use crate::stats::{Alternative, Correction, Resampling};

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-4_i32..=4).prop_map(f64::from),
        4 => -1.0..1.0_f64,
        1 => any::<f64>(),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let ragged =
        proptest::collection::vec(proptest::collection::vec(value(), 0..5), 0..5);
    let even = (1_usize..5).prop_flat_map(|columns| {
        proptest::collection::vec(proptest::collection::vec(value(), columns), 0..7)
    });
    prop_oneof![ragged, even]
}

/// An answer's p is a probability.
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
    fn every_p_is_a_probability(table in table()) {
        prop_assert!(fine(anova_one_way(&table).ok().map(|t| t.p)));
        prop_assert!(fine(anova_welch(&table).ok().map(|t| t.p)));
        prop_assert!(fine(anova_brown_forsythe(&table).ok().map(|t| t.p)));
        prop_assert!(fine(anova_repeated(&table).ok().map(|t| t.p_huynh_feldt)));
        prop_assert!(fine(anova_repeated(&table).ok().map(|t| t.p_greenhouse_geisser)));
        prop_assert!(fine(mauchly_sphericity(&table).ok().map(|t| t.p)));
        prop_assert!(fine(hotelling_t2(&table).ok().map(|t| t.p)));
        prop_assert!(fine(kruskal_wallis(&table).ok().map(|t| t.p)));
        prop_assert!(fine(friedman(&table).ok().map(|t| t.p)));
        prop_assert!(fine(cochran_q(&table).ok().map(|t| t.p)));
        prop_assert!(fine(jonckheere(&table).ok().map(|t| t.trend.tails.two_sided())));
        prop_assert!(fine(page_trend(&table).ok().map(|t| t.trend.tails.two_sided())));
        let plan = Resampling { resamples: 20, seed: 1, name: "any".to_owned() };
        prop_assert!(fine(within_permutation(&table, &plan).ok().map(|t| t.p)));
    }

    #[test]
    fn every_design_is_answered_or_refused(
        rows in proptest::collection::vec((value(), 0_u8..3, 0_u8..3), 0..14),
        interaction in any::<bool>(),
    ) {
        let y: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let a: Vec<u8> = rows.iter().map(|row| row.1).collect();
        let b: Vec<u8> = rows.iter().map(|row| row.2).collect();
        let kinds =
            [SquaresType::Sequential, SquaresType::Hierarchical, SquaresType::Marginal];
        for squares in kinds {
            let anova = anova_two_way(&y, &a, &b, TwoWay { squares, interaction });
            prop_assert!(fine(anova.ok().map(|t| t.a.p)));
        }
        let counts: Vec<u64> = a.iter().map(|x| u64::from(*x)).collect();
        let sizes: Vec<u64> = b.iter().map(|x| u64::from(*x)).collect();
        let trend = cochran_armitage(&counts, &sizes, &y);
        prop_assert!(fine(trend.ok().map(|t| t.tails.two_sided())));
    }
}

proptest! {
    // Quantiles of the studentized range take long.
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_pair_has_a_probability(table in table()) {
        for pair in tukey_hsd(&table, 0.9).unwrap_or_default() {
            prop_assert!(fine(Some(pair.p)), "{pair:?}");
        }
        for pair in games_howell(&table, 0.9).unwrap_or_default() {
            prop_assert!(fine(Some(pair.p)), "{pair:?}");
        }
        for pair in dunn(&table, Correction::Holm).unwrap_or_default() {
            prop_assert!(fine(Some(pair.p)), "{pair:?}");
        }
        if let Some((control, treatments)) = table.split_first() {
            for alternative in [Alternative::TwoSided, Alternative::Less] {
                if let Ok(test) = dunnett(control, treatments, alternative, 0.9) {
                    prop_assert!(test.pairs.iter().all(|pair| fine(Some(pair.p))));
                }
            }
        }
    }
}
