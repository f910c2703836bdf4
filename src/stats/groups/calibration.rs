//! Under a true null the tests reject about as often as they say.

use super::*;
use crate::base::Stream;
use crate::stats::Resampling;

const RUNS: u32 = 2_000;

/// Five percent of [`RUNS`], give or take four binomial standard deviations.
fn in_band(rejected: u32) -> bool {
    (61..=139).contains(&rejected)
}

/// Normal scores of items with an ability of their own, conditions of unlike spread.
fn correlated(draws: &mut Stream, items: usize) -> Vec<[f64; 4]> {
    (0..items)
        .map(|_| {
            let own = draws.normal();
            [1.0, 1.0, 2.0, 3.0].map(|spread| own + spread * draws.normal())
        })
        .collect()
}

#[test]
fn hotelling_and_greenhouse_geisser_keep_their_level_without_sphericity() {
    let mut draws = Stream::new(11, "calibration of contrasts");
    let (mut hotelling, mut corrected, mut plain) = (0, 0, 0);
    for _ in 0..RUNS {
        let rows = correlated(&mut draws, 25);
        let anova = anova_repeated(&rows).unwrap();
        hotelling += u32::from(hotelling_t2(&rows).unwrap().p < 0.05);
        corrected += u32::from(anova.p_greenhouse_geisser < 0.05);
        plain += u32::from(anova.p < 0.05);
    }
    assert!(in_band(hotelling) && in_band(corrected), "{hotelling} {corrected}");
    assert!(plain > corrected, "{plain} {corrected}");
}

#[test]
fn welch_and_games_howell_keep_their_level_with_unequal_variances() {
    let mut draws = Stream::new(12, "calibration of groups");
    let (mut welch, mut star, mut pairs) = (0, 0, 0);
    for run in 0..RUNS {
        let groups: Vec<Vec<f64>> = [(10, 3.0), (15, 1.0), (30, 0.5)]
            .iter()
            .map(|(n, spread)| (0..*n).map(|_| spread * draws.normal()).collect())
            .collect();
        welch += u32::from(anova_welch(&groups).unwrap().p < 0.05);
        star += u32::from(anova_brown_forsythe(&groups).unwrap().p < 0.05);
        // A fifth of the runs: its intervals take long. 20 ± 4 standard deviations of 4.4.
        if run % 5 == 0 {
            let all = games_howell(&groups, 0.95).unwrap();
            pairs += u32::from(all.iter().any(|pair| pair.p < 0.05));
        }
    }
    assert!(in_band(welch) && in_band(star), "{welch} {star}");
    assert!((3..=37).contains(&pairs), "{pairs}");
}

#[test]
fn the_permutation_test_keeps_its_level_for_exchangeable_scores() {
    let mut draws = Stream::new(13, "calibration of permutations");
    let mut rejected = 0;
    for run in 0..RUNS {
        let rows: Vec<[f64; 3]> = (0..12)
            .map(|_| {
                let own = draws.normal();
                [(); 3].map(|()| f64::from(u8::from(own + draws.normal() > 0.5)))
            })
            .collect();
        let plan =
            Resampling { resamples: 199, seed: run.into(), name: "test".to_owned() };
        rejected += u32::from(within_permutation(&rows, &plan).unwrap().p <= 0.05);
    }
    // Ties make it conservative.
    assert!((20..=139).contains(&rejected), "{rejected}");
}
