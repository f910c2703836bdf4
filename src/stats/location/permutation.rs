//! Permutation tests of a difference of means, every arrangement visited where few are.

use super::super::StatsError;
use super::super::mean::differences;
use super::super::outcome::{Tails, enough, finite};
use super::super::resample::{Draws, Resampling};
use super::super::sign_flip::sign_flip;
use super::super::units::Units;
use super::sample::Sample;

/// Up to this many splits every one is visited.
const MOST_SPLITS: u64 = 1_000_000;

/// Sums this close, in the sum of all sizes, are ties.
const SLACK: f64 = 1e-12;

/// The outcome of a permutation test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Permutation {
    /// The difference of the means.
    pub statistic: f64,
    /// Both one-sided p; two-sided is twice the smaller.
    pub tails: Tails,
    /// How many arrangements there are, or how many were drawn.
    pub arrangements: u64,
    /// Whether every arrangement was visited.
    pub exact: bool,
}

/// Tests a difference of means over the ways to split all values between two samples.
///
/// # Formula
///
/// ```text
/// T = x̄ − ȳ,  greater = #{T* ≥ T} / C(n + m, n),  less = #{T* ≤ T} / C(n + m, n)
/// ```
///
/// Over all splits when there are at most a million; else over `B` random ones, with one
/// added to both counts for the split observed.
///
/// # Shapes and units
///
/// At least one finite value in each sample, in one unit; order does not matter. It supposes
/// that both samples have one distribution under the null.
///
/// # Numerics
///
/// A split is known by the sum of its smaller sample, measured from the first value; sums
/// within 1e-12 of one another (relative to the sum of all sizes) are ties.
///
/// # Errors
///
/// `Empty`, `NotFinite`; `Undefined` when the spread exceeds the largest number.
///
/// # Source
///
/// E. J. G. Pitman, "Significance Tests Which May be Applied to Samples From any
/// Populations", Supplement to the Journal of the Royal Statistical Society 4(1), 1937,
/// 119–130; B. Phipson and G. K. Smyth, Statistical Applications in Genetics and Molecular
/// Biology 9(1), 2010, article 39.
///
/// # Example
///
/// ```
/// use crucible::stats::{Resampling, permutation_independent};
/// let plan = Resampling::new(1, "example");
/// let test = permutation_independent(&[1.0, 2.0], &[5.0, 7.0], &plan)?;
/// assert_eq!((test.arrangements, test.exact), (6, true));
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn permutation_independent(
    xs: &[f64],
    ys: &[f64],
    plan: &Resampling,
) -> Result<Permutation, StatsError> {
    enough(xs.len().min(ys.len()), 1)?;
    finite(xs)?;
    finite(ys)?;
    let (x, y) = (Sample::of(xs)?, Sample::of(ys)?);
    let statistic = (x.anchor - y.anchor) + (x.shift - y.shift);
    let split = Split::of(xs, ys)?;
    let count = binomial(split.pool.len() as u64, split.size as u64);
    let Some(arrangements) = count.filter(|count| *count <= MOST_SPLITS) else {
        let tails = split.random(plan).turned(split.turned);
        let arrangements = plan.resamples as u64;
        return Ok(Permutation { statistic, tails, arrangements, exact: false });
    };
    let tails = split.every(arrangements).turned(split.turned);
    Ok(Permutation { statistic, tails, arrangements, exact: true })
}

/// Tests the mean of paired differences over the ways to turn their signs.
///
/// # Formula
///
/// ```text
/// T = mean(xᵢ − yᵢ),  greater = #{T* ≥ T} / 2ⁿ,  less = #{T* ≤ T} / 2ⁿ
/// ```
///
/// Over all signs when at most 18 pairs differ; else over `B` random ones, as [`sign_flip`].
///
/// # Shapes and units
///
/// Two slices of one length, at least one, in one unit; `x[i]` belongs to `y[i]`.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`.
///
/// # Source
///
/// R. A. Fisher, The Design of Experiments, 1935, section 21.
pub fn permutation_paired(
    xs: &[f64],
    ys: &[f64],
    plan: &Resampling,
) -> Result<Permutation, StatsError> {
    let gaps = differences(xs, ys)?;
    let sample = Sample::of(&gaps)?;
    let test = sign_flip(&gaps, &Units::single(gaps.len()), 0.0, plan)?;
    let arrangements = if test.exact {
        u32::try_from(gaps.len())
            .ok()
            .and_then(|n| 2_u64.checked_pow(n))
            .unwrap_or(u64::MAX)
    } else {
        plan.resamples as u64
    };
    let Tails { greater, less } = test.tails;
    let tails = Tails { greater, less };
    Ok(Permutation { statistic: sample.mean(), tails, arrangements, exact: test.exact })
}

/// Returns the number of ways to choose, `None` when it exceeds 64 bits.
fn binomial(n: u64, k: u64) -> Option<u64> {
    let mut ways = 1_u128;
    for i in 0..k.min(n - k) {
        ways = ways * u128::from(n - i) / u128::from(i + 1);
        if ways > u128::from(u64::MAX) {
            return None;
        }
    }
    u64::try_from(ways).ok()
}

/// All values, the smaller sample first, and the sum that it has.
struct Split {
    pool: Vec<f64>,
    size: usize,
    observed: f64,
    slack: f64,
    /// Whether the smaller sample is the second.
    turned: bool,
}

/// How many splits have a sum at least, and at most, as large as the one observed.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    up: u64,
    down: u64,
    of: u64,
}

impl Reached {
    /// Returns the tails of the first sample.
    fn turned(self, turned: bool) -> Tails {
        let share = |count: u64| count as f64 / self.of as f64;
        let (up, down) = (share(self.up), share(self.down));
        if turned {
            Tails { greater: down, less: up }
        } else {
            Tails { greater: up, less: down }
        }
    }
}

impl Split {
    fn of(xs: &[f64], ys: &[f64]) -> Result<Self, StatsError> {
        let turned = ys.len() < xs.len();
        let (small, large) = if turned { (ys, xs) } else { (xs, ys) };
        let all = [small, large].concat();
        let centre = Sample::of(&all)?;
        // Only the anchor is subtracted: a difference of values, exact where it matters.
        let pool: Vec<f64> = all.iter().map(|x| x - centre.anchor).collect();
        let observed = pool[..small.len()].iter().sum();
        let slack = SLACK * pool.iter().map(|x| x.abs()).sum::<f64>();
        Ok(Self { pool, size: small.len(), observed, slack, turned })
    }

    fn note(&self, sum: f64, reached: &mut Reached) {
        reached.up += u64::from(sum >= self.observed - self.slack);
        reached.down += u64::from(sum <= self.observed + self.slack);
    }

    /// Visits every choice in lexicographic order, keeping the sums of its beginnings.
    fn every(&self, of: u64) -> Reached {
        let mut reached = Reached { of, ..Reached::default() };
        let (k, n) = (self.size, self.pool.len());
        let mut chosen: Vec<usize> = (0..k).collect();
        let mut sums = vec![0.0; k + 1];
        let mut from = 0;
        loop {
            for place in from..k {
                sums[place + 1] = sums[place] + self.pool[chosen[place]];
            }
            self.note(sums[k], &mut reached);
            let Some(place) = (0..k).rev().find(|place| chosen[*place] < n - k + place)
            else {
                return reached;
            };
            let next = chosen[place] + 1;
            for (step, slot) in chosen[place..].iter_mut().enumerate() {
                *slot = next + step;
            }
            from = place;
        }
    }

    /// Draws the smaller sample anew each time: the first places of a shuffle.
    fn random(&self, plan: &Resampling) -> Reached {
        let one = |pool: &mut Vec<f64>, draws: &mut Draws| {
            let mut sum = 0.0;
            for place in 0..self.size {
                let other = place + draws.index(pool.len() - place);
                pool.swap(place, other);
                sum += pool[place];
            }
            // The next resample must not depend on this one: begin again in order.
            pool.copy_from_slice(&self.pool);
            sum
        };
        let sums = plan.run("permutations", || self.pool.clone(), one);
        let mut reached = Reached { up: 1, down: 1, of: sums.len() as u64 + 1 };
        for sum in sums {
            self.note(sum, &mut reached);
        }
        reached
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn plan() -> Resampling {
        Resampling { resamples: 4_000, seed: 1, name: "test".to_owned() }
    }

    #[test]
    fn samples_apart_are_one_split_of_all() {
        let test =
            permutation_independent(&[5.0, 6.0, 7.0], &[1.0, 2.0], &plan()).unwrap();
        assert_eq!(test.tails, Tails { greater: 0.1, less: 1.0 });
        assert_eq!((test.statistic, test.arrangements), (4.5, 10));
    }

    #[test]
    fn swapping_the_samples_swaps_the_tails() {
        let (xs, ys) = ([0.1, 0.7, 0.3, 0.2], [0.2, 0.4, 0.1]);
        let one = permutation_independent(&xs, &ys, &plan()).unwrap();
        let other = permutation_independent(&ys, &xs, &plan()).unwrap();
        assert_eq!(one.tails.greater, other.tails.less);
    }

    #[test]
    fn an_offset_of_a_billion_changes_no_count() {
        let (xs, ys) = ([0.5, 1.25, 3.0], [0.25, 0.75, 2.0, 1.0]);
        let far = |xs: &[f64]| xs.iter().map(|x| x + 1e9).collect::<Vec<_>>();
        let near = permutation_independent(&xs, &ys, &plan()).unwrap();
        let moved = permutation_independent(&far(&xs), &far(&ys), &plan()).unwrap();
        assert_eq!(near.tails, moved.tails);
    }

    #[test]
    fn random_splits_come_close_to_every_split() {
        // 9 of 18 values: 48,620 splits.
        let xs: Vec<f64> = (0..9).map(|i| f64::from(i * i % 11) + 1.5).collect();
        let ys: Vec<f64> = (0..9).map(|i| f64::from(i * 3 % 7)).collect();
        let exact = permutation_independent(&xs, &ys, &plan()).unwrap();
        let split = Split::of(&xs, &ys).unwrap();
        let drawn = split.random(&plan()).turned(split.turned);
        assert!(exact.exact);
        assert!(
            (drawn.greater - exact.tails.greater).abs() < 0.03,
            "{drawn:?} {exact:?}"
        );
        let many: Vec<f64> = (0..60).map(f64::from).collect();
        let test = permutation_independent(&many, &xs, &plan()).unwrap();
        assert!(!test.exact && test.arrangements == 4_000);
    }

    #[test]
    fn signs_of_pairs_are_all_turned() {
        let test =
            permutation_paired(&[3.0, 2.0, 1.0], &[1.0, 1.0, 1.0], &plan()).unwrap();
        assert_eq!((test.arrangements, test.tails.greater), (8, 0.25));
        assert!(permutation_paired(&[1.0], &[1.0, 2.0], &plan()).is_err());
        assert!(permutation_paired(&[], &[], &plan()).is_err());
        assert!(permutation_independent(&[], &[1.0], &plan()).is_err());
        assert!(permutation_independent(&[f64::NAN], &[1.0], &plan()).is_err());
    }
}
