//! The sign-flip permutation test of a mean.

use super::grouped::groups;
use super::multinomial::binomial;
use super::plan::{Bits, Resampling};
use crate::stats::StatsError;
use crate::stats::mean::unit_residuals;
use crate::stats::outcome::{Tails, enough, finite, finite_number, paired};
use crate::stats::units::Units;

/// Up to this many units every arrangement of signs is visited.
const EXACT_UNITS: usize = 18;

/// The outcome of a sign-flip test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignFlip {
    /// Both one-sided p; two-sided is twice the smaller.
    pub tails: Tails,
    /// Whether every arrangement was visited.
    pub exact: bool,
}

/// Tests a mean by flipping the signs of its units.
///
/// # Formula
///
/// ```text
/// S_c = Σ_{i∈c} (ℓᵢ − m),  T = Σ S_c,  T* = Σ ±S_c
/// greater = P(T* ≥ T),  less = P(T* ≤ T)
/// ```
///
/// Over all `2ᴳ` arrangements when at most 18 units differ from `m`; else over `B` random
/// ones, with one added to both counts for the arrangement observed.
///
/// # Shapes and units
///
/// Finite values in one unit, at least one. It supposes that a unit's sum is symmetric
/// about `m` under the null.
///
/// # Numerics
///
/// Sums within 1e-12 of one another (relative to Σ|S|) are ties. From [`Resampling::MANY`]
/// units on, sums whose sizes lie within a hundredth of their root mean square are gathered,
/// and a resample draws how many signs of each group are positive; the variance of T* stays
/// as it is, and equal sizes lose nothing.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `LengthMismatch`.
///
/// # Source
///
/// R. A. Fisher, The Design of Experiments, 1935, section 21; B. Phipson and G. K. Smyth,
/// Statistical Applications in Genetics and Molecular Biology 9(1), 2010, article 39.
pub fn sign_flip(
    values: &[f64],
    units: &Units,
    margin: f64,
    plan: &Resampling,
) -> Result<SignFlip, StatsError> {
    paired(values.len(), units.values())?;
    enough(values.len(), 1)?;
    finite(values)?;
    let mut sums = unit_residuals(values, units, finite_number(margin)?);
    sums.retain(|s| *s != 0.0);
    let largest = sums.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
    if largest == 0.0 {
        return Ok(SignFlip { tails: Tails { greater: 1.0, less: 1.0 }, exact: true });
    }
    sums.iter_mut().for_each(|s| *s /= largest);
    let observed: f64 = sums.iter().sum();
    let slack = 1e-12 * sums.iter().map(|s| s.abs()).sum::<f64>();
    Ok(if sums.len() <= EXACT_UNITS {
        SignFlip { tails: every(&sums, observed, slack), exact: true }
    } else {
        SignFlip { tails: random(&sums, observed, slack, plan), exact: false }
    })
}

/// Visits all arrangements in Gray code, one flip at a time.
fn every(sums: &[f64], observed: f64, slack: f64) -> Tails {
    let all = 1_u32 << sums.len();
    let (mut greater, mut less) = (0_u32, 0_u32);
    for code in 0..all {
        // Added up anew for each: a running sum would gather rounding errors.
        let total: f64 = sums
            .iter()
            .enumerate()
            .map(|(i, s)| if code >> i & 1 == 0 { *s } else { -s })
            .sum();
        greater += u32::from(total >= observed - slack);
        less += u32::from(total <= observed + slack);
    }
    let share = |count| f64::from(count) / f64::from(all);
    Tails { greater: share(greater), less: share(less) }
}

fn random(sums: &[f64], observed: f64, slack: f64, plan: &Resampling) -> Tails {
    let totals = if sums.len() >= Resampling::MANY {
        in_groups(sums, plan)
    } else {
        one_by_one(sums, plan)
    };
    let share = |count: usize| (count as f64 + 1.0) / (totals.len() as f64 + 1.0);
    Tails {
        greater: share(totals.iter().filter(|t| **t >= observed - slack).count()),
        less: share(totals.iter().filter(|t| **t <= observed + slack).count()),
    }
}

/// Draws totals from how many signs of each group are positive.
fn in_groups(sums: &[f64], plan: &Resampling) -> Vec<f64> {
    let sizes: Vec<f64> = sums.iter().map(|s| s.abs()).collect();
    let (counts, groups) = groups(&sizes, |_| 1.0);
    let parts: Vec<(u64, f64)> = counts
        .into_iter()
        .zip(groups)
        .map(|(count, group)| (count, group.square.sqrt()))
        .collect();
    plan.run(
        "sign flips",
        || (),
        |(), draws| {
            parts
                .iter()
                .map(|(count, size)| {
                    let positive = binomial(*count, 0.5, draws) as f64;
                    size * (2.0 * positive - *count as f64)
                })
                .sum()
        },
    )
}

fn one_by_one(sums: &[f64], plan: &Resampling) -> Vec<f64> {
    plan.run(
        "sign flips",
        || (),
        |(), draws| {
            sums.chunks(64)
                .map(|chunk| {
                    let mut bits = draws.bits();
                    chunk.iter().fold(0.0, |total, s| {
                        let signed = if bits & 1 == 0 { *s } else { -s };
                        bits >>= 1;
                        total + signed
                    })
                })
                .sum::<f64>()
        },
    )
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn plan() -> Resampling {
        Resampling { resamples: 4_000, seed: 1, name: "test".to_owned() }
    }

    #[test]
    fn agreeing_units_have_the_p_of_a_sign_test() {
        let test =
            sign_flip(&[1.0, 2.0, 0.5, 3.0], &Units::single(4), 0.0, &plan()).unwrap();
        assert_eq!(test.tails, Tails { greater: 1.0 / 16.0, less: 1.0 });
        assert!(test.exact);
    }

    #[test]
    fn clusters_flip_together() {
        let units = Units::labelled(&["a", "a", "b"]);
        let test = sign_flip(&[1.0, 2.0, 0.5], &units, 0.0, &plan()).unwrap();
        assert_eq!(test.tails.greater, 0.25);
    }

    #[test]
    fn random_flips_come_close_to_the_exact_answer() {
        // Binary differences: the exact test is a binomial one.
        let xs: Vec<f64> = (0..40).map(|i| if i < 27 { 1.0 } else { -1.0 }).collect();
        let test = sign_flip(&xs, &Units::single(40), 0.0, &plan()).unwrap();
        let exact = crate::stats::binomial_tails(27, 40, 0.5).unwrap();
        assert!((test.tails.greater - exact.greater).abs() < 0.008, "{test:?}");
        assert!(!test.exact);
    }

    #[test]
    fn groups_of_signs_have_the_distribution_of_signs_flipped_one_by_one() {
        // Under random signs T* is nearly normal with variance Σ S²: here the shares beyond
        // one and two standard deviations, within 5 standard errors of 4,000 draws.
        let sums: Vec<f64> =
            (1..=30_000_i32).map(|i| f64::from(i * 7_919 % 30_011) / 30_011.0).collect();
        let spread = sums.iter().map(|s| s * s).sum::<f64>().sqrt();
        let totals = in_groups(&sums, &plan());
        for (z, share) in [(0.0, 0.5), (1.0, 0.158_655), (2.0, 0.022_750)] {
            let beyond = totals.iter().filter(|t| **t > z * spread).count() as f64;
            let error = (share * (1.0 - share) / 4_000.0_f64).sqrt();
            assert!((beyond / 4_000.0 - share).abs() < 5.0 * error, "{z}: {beyond}");
        }
        // Binary differences: the exact test is a binomial one.
        let xs: Vec<f64> =
            (0..40_000).map(|i| if i < 20_150 { 1.0 } else { -1.0 }).collect();
        let test = sign_flip(&xs, &Units::single(40_000), 0.0, &plan()).unwrap();
        let exact = crate::stats::binomial_tails(20_150, 40_000, 0.5).unwrap();
        assert!((test.tails.greater - exact.greater).abs() < 0.02, "{test:?} {exact:?}");
    }

    #[test]
    fn no_difference_at_all_is_no_surprise() {
        let test = sign_flip(&[2.0, 2.0], &Units::single(2), 2.0, &plan()).unwrap();
        assert_eq!(test.tails.two_sided(), 1.0);
        assert!(sign_flip(&[], &Units::single(0), 0.0, &plan()).is_err());
    }
}
