//! The Mann-Whitney test: does one sample tend to be larger than another?

use serde::{Deserialize, Serialize};

use super::super::StatsError;
use super::super::dist::Normal;
use super::super::outcome::{Tails, enough, finite};
use super::rank_sum::{TieGroup, tied_tails, untied_tails};
use crate::stats::ranks::tie_term;

/// Where the null distribution of a rank statistic comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankNull {
    /// Every arrangement of the ranks, ties as they are.
    Exact,
    /// The normal approximation, its variance corrected for ties.
    Normal {
        /// Whether half a step is taken off the distance from the mean.
        continuity: bool,
    },
}

/// The outcome of a Mann-Whitney test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannWhitney {
    /// Pairs in which the first sample is larger, ties counted half.
    pub u1: f64,
    /// Pairs in which the second is.
    pub u2: f64,
    /// Both one-sided p; `greater` is small when the first sample is larger.
    pub tails: Tails,
}

/// Tests whether values of one sample tend to be larger than those of another.
///
/// # Formula
///
/// ```text
/// U₁ = #{xᵢ > yⱼ} + ½ #{xᵢ = yⱼ},  U₂ = nm − U₁
/// z  = (U₁ − nm/2 ∓ c) / σ,  c = ½ with continuity, else 0
/// σ² = nm/12 · [N + 1 − Σ (t³ − t) / (N (N − 1))],  N = n + m
/// ```
///
/// `t` counts the values of each group of ties.
///
/// # Shapes and units
///
/// At least one finite value in each sample; order does not matter.
///
/// # Numerics
///
/// One sort and one pass, `O(N log N)`; the exact count takes `min(n, m) · min(U₁, U₂)`
/// steps without ties, about `4 N n² m` with them (`n` the smaller), and is refused above
/// 4·10⁹ (some 2,000 values a side, or 100 with ties). When all values are tied every p is 1.
///
/// # Errors
///
/// `Empty`, `NotFinite`; `InvalidParameter` for an exact count that would not end.
///
/// # Source
///
/// H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18(1), 1947, 50–60; ties:
/// E. L. Lehmann, Nonparametrics: Statistical Methods Based on Ranks, 1975, chapter 1.
///
/// # Example
///
/// ```
/// use crucible::stats::{RankNull, mann_whitney};
/// let test = mann_whitney(&[1.0, 2.0], &[3.0, 4.0, 5.0], RankNull::Exact)?;
/// assert!((test.tails.less - 0.1).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn mann_whitney(
    xs: &[f64],
    ys: &[f64],
    null: RankNull,
) -> Result<MannWhitney, StatsError> {
    let groups = tie_groups(xs, ys)?;
    let u1 = first_wins(&groups);
    let u2 = xs.len() as f64 * ys.len() as f64 - u1;
    let tied = groups.iter().any(|group| group.all > 1);
    let tails = match null {
        RankNull::Exact if tied => tied_tails(&groups)?,
        RankNull::Exact => untied_tails(xs.len(), ys.len(), u1)?,
        RankNull::Normal { continuity } => {
            let sizes: Vec<usize> = groups.iter().map(|group| group.all).collect();
            let sd = standard_deviation(xs.len() as f64, ys.len() as f64, &sizes);
            normal_tails((u1 - u2) / 2.0, sd, continuity)?
        }
    };
    Ok(MannWhitney { u1, u2, tails })
}

/// Returns the groups of equal values of two samples together, in ascending order.
pub(super) fn tie_groups(xs: &[f64], ys: &[f64]) -> Result<Vec<TieGroup>, StatsError> {
    enough(xs.len(), 1)?;
    enough(ys.len(), 1)?;
    finite(xs)?;
    finite(ys)?;
    let mark = |sample: &[f64], first: bool| -> Vec<(f64, bool)> {
        sample.iter().map(|x| (x + 0.0, first)).collect()
    };
    let mut all = mark(xs, true);
    all.extend(mark(ys, false));
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let count = |group: &[(f64, bool)]| TieGroup {
        first: group.iter().filter(|(_, first)| *first).count(),
        all: group.len(),
    };
    Ok(all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()).map(count).collect())
}

/// Counts the pairs that the first sample wins, ties half.
pub(super) fn first_wins(groups: &[TieGroup]) -> f64 {
    let (mut below, mut wins) = (0.0, 0.0);
    for group in groups {
        let (first, second) = (group.first as f64, (group.all - group.first) as f64);
        wins += first * (below + second / 2.0);
        below += second;
    }
    wins
}

fn standard_deviation(n: f64, m: f64, groups: &[usize]) -> f64 {
    let all = n + m;
    // A single tie in each sample has no pairs to correct for.
    let ties = if all > 1.0 { tie_term(groups) / (all * (all - 1.0)) } else { 0.0 };
    (n * m / 12.0 * ((all + 1.0) - ties)).max(0.0).sqrt()
}

/// Returns the normal tails of a distance from the mean; both 1 when nothing can vary.
pub(super) fn normal_tails(
    gap: f64,
    sd: f64,
    continuity: bool,
) -> Result<Tails, StatsError> {
    if sd == 0.0 {
        return Ok(Tails { greater: 1.0, less: 1.0 });
    }
    let half = if continuity { 0.5 } else { 0.0 };
    Ok(Tails {
        greater: Normal.sf((gap - half) / sd)?,
        less: Normal.cdf((gap + half) / sd)?,
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "counts and symmetric tails are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const NORMAL: RankNull = RankNull::Normal { continuity: true };

    #[test]
    fn swapping_the_samples_swaps_the_tails() {
        let (xs, ys) = ([1.0, 2.0, 2.0, 5.0], [0.0, 2.0, 3.0, 3.0, 6.0]);
        for null in [RankNull::Exact, NORMAL] {
            let one = mann_whitney(&xs, &ys, null).unwrap();
            let other = mann_whitney(&ys, &xs, null).unwrap();
            assert_eq!((one.u1, one.u2), (other.u2, other.u1));
            let (up, down) = (one.tails.greater, other.tails.less);
            assert_relative_eq!(up, down, max_relative = 1e-12);
        }
    }

    #[test]
    fn only_the_order_of_values_counts() {
        let (xs, ys) = ([0.1, 0.7, 0.3], [0.2, 0.9, 1.1, 0.35]);
        let grow = |xs: &[f64]| xs.iter().map(|x| 1e9 + x.exp()).collect::<Vec<_>>();
        let far = mann_whitney(&grow(&xs), &grow(&ys), RankNull::Exact).unwrap();
        assert_eq!(mann_whitney(&xs, &ys, RankNull::Exact).unwrap(), far);
    }

    #[test]
    fn samples_that_are_all_tied_surprise_nobody() {
        for null in [RankNull::Exact, NORMAL] {
            let test = mann_whitney(&[2.0; 5], &[2.0; 4], null).unwrap();
            assert_eq!((test.u1, test.tails.two_sided()), (10.0, 1.0));
        }
    }

    #[test]
    fn a_million_values_are_ranked_in_one_sort() {
        let xs: Vec<f64> = (0..500_000).map(|i| f64::from(i * 7 % 500_009)).collect();
        let ys: Vec<f64> = xs.iter().map(|x| x + 0.5).collect();
        let test = mann_whitney(&xs, &ys, NORMAL).unwrap();
        assert_eq!(test.u1 + test.u2, 2.5e11);
        assert!(test.tails.less < 0.5 && test.tails.less > 0.4);
        assert!(mann_whitney(&xs, &ys, RankNull::Exact).is_err());
    }

    #[test]
    fn empty_samples_and_nan_are_refused() {
        assert_eq!(mann_whitney(&[], &[1.0], NORMAL), Err(StatsError::Empty));
        let nan = mann_whitney(&[1.0], &[f64::NAN], NORMAL);
        assert_eq!(nan, Err(StatsError::NotFinite { index: 0 }));
        let pair = mann_whitney(&[1.0], &[2.0], RankNull::Exact).unwrap();
        assert_eq!((pair.tails.less, pair.tails.two_sided()), (0.5, 1.0));
    }
}
