//! Wilcoxon's signed-rank test: are paired differences symmetric about zero?

use serde::{Deserialize, Serialize};

use super::super::StatsError;
use super::super::outcome::{Alternative, Tails, enough, finite};
use super::mann_whitney::{RankNull, normal_tails};
use super::signed_ranks;
use crate::stats::ranks::Ranks;

/// What becomes of differences that are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// They are dropped before ranking (Wilcoxon).
    #[default]
    Drop,
    /// They are ranked, then dropped (Pratt).
    Pratt,
    /// They are ranked, and their ranks shared between both signs.
    Split,
}

/// The outcome of a signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// Sum of the ranks of positive differences.
    pub w_plus: f64,
    /// Sum of the ranks of negative differences.
    pub w_minus: f64,
    /// Both one-sided p; `greater` is small when differences are above zero.
    pub tails: Tails,
    gap: f64,
    sd: f64,
    half: f64,
}

impl SignedRank {
    /// Returns the statistic that tables list: `min(W⁺, W⁻)` two-sided, else `W⁺`.
    #[must_use]
    pub fn statistic(&self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.w_plus.min(self.w_minus),
            Alternative::Less | Alternative::Greater => self.w_plus,
        }
    }

    /// Returns the z of the normal approximation, `−|z|` two-sided; 0 when nothing varies.
    #[must_use]
    pub fn z(&self, alternative: Alternative) -> f64 {
        let still = alternative == Alternative::TwoSided && self.gap == 0.0;
        if self.sd == 0.0 || still {
            return 0.0;
        }
        match alternative {
            Alternative::TwoSided => -(self.gap.abs() - self.half).abs() / self.sd,
            Alternative::Less => (self.gap + self.half) / self.sd,
            Alternative::Greater => (self.gap - self.half) / self.sd,
        }
    }
}

/// Tests whether paired differences lie symmetrically about zero.
///
/// # Formula
///
/// ```text
/// W⁺ = Σ_{dᵢ > 0} rank |dᵢ|,  W⁻ = Σ_{dᵢ < 0} rank |dᵢ|
/// z  = (W⁺ − μ ∓ c) / σ,  c = ½ with continuity, else 0
/// μ  = [n (n + 1) − n₀ (n₀ + 1)] / 4
/// σ² = [n (n + 1)(2n + 1) − n₀ (n₀ + 1)(2n₀ + 1) − ½ Σ (t³ − t)] / 24
/// ```
///
/// `n` values are ranked, `t` counts ties; `n₀` counts zeros with [`Zeros::Pratt`], whose
/// ties are then left out of the sum, and is 0 otherwise.
///
/// # Shapes and units
///
/// At least one finite difference; order does not matter.
///
/// # Numerics
///
/// `O(n log n)`; the exact count takes `n · min(W⁺, W⁻)` steps, twice with ties, and is
/// refused above 4·10⁹. When every difference is zero, p is 1.
///
/// # Errors
///
/// `Empty`, `NotFinite`; `InvalidParameter` for an exact count that would not end.
///
/// # Source
///
/// F. Wilcoxon, Biometrics Bulletin 1(6), 1945, 80–83; J. W. Pratt, Journal of the American
/// Statistical Association 54(287), 1959, 655–667; E. E. Cureton, Journal of the American
/// Statistical Association 62(319), 1967, 1068–1069.
///
/// # Example
///
/// ```
/// use crucible::stats::{RankNull, Zeros, wilcoxon};
/// let test = wilcoxon(&[1.5, 0.5, 2.0, 0.0], RankNull::Exact, Zeros::Drop)?;
/// assert_eq!(test.tails.greater, 0.125);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn wilcoxon(
    differences: &[f64],
    null: RankNull,
    zeros: Zeros,
) -> Result<SignedRank, StatsError> {
    enough(differences.len(), 1)?;
    finite(differences)?;
    let kept: Vec<f64> = match zeros {
        Zeros::Drop => differences.iter().copied().filter(|d| *d != 0.0).collect(),
        Zeros::Pratt | Zeros::Split => differences.to_vec(),
    };
    let sizes: Vec<f64> = kept.iter().map(|d| d.abs()).collect();
    let ranks = Ranks::of(&sizes)?;
    let sums = Sums::of(&kept, &ranks.ranks);
    let shared = if zeros == Zeros::Split { sums.zero / 2.0 } else { 0.0 };
    let (w_plus, w_minus) = (sums.plus + shared, sums.minus + shared);
    let sd = standard_deviation(&ranks, sums.zeros, zeros);
    let gap = (w_plus - w_minus) / 2.0;
    let half = match null {
        RankNull::Normal { continuity: true } => 0.5,
        RankNull::Exact | RankNull::Normal { continuity: false } => 0.0,
    };
    let tails = match null {
        RankNull::Exact => exact(&kept, &ranks, sums.plus)?,
        RankNull::Normal { continuity } => normal_tails(gap, sd, continuity)?,
    };
    Ok(SignedRank { w_plus, w_minus, tails, gap, sd, half })
}

/// Sums of ranks by sign, and the number of zeros.
struct Sums {
    plus: f64,
    minus: f64,
    zero: f64,
    zeros: usize,
}

impl Sums {
    fn of(differences: &[f64], ranks: &[f64]) -> Self {
        let mut sums = Self { plus: 0.0, minus: 0.0, zero: 0.0, zeros: 0 };
        for (d, rank) in differences.iter().zip(ranks) {
            if *d > 0.0 {
                sums.plus += rank;
            } else if *d < 0.0 {
                sums.minus += rank;
            } else {
                sums.zero += rank;
                sums.zeros += 1;
            }
        }
        sums
    }
}

fn standard_deviation(ranks: &Ranks, count: usize, zeros: Zeros) -> f64 {
    let cubic = |n: f64| n * (n + 1.0) * (2.0 * n + 1.0);
    let (n, tied) = (ranks.ranks.len() as f64, ranks.tie_term());
    let all = cubic(n) - tied / 2.0;
    let variance = match zeros {
        Zeros::Drop | Zeros::Split => all,
        Zeros::Pratt => {
            let none = count as f64;
            // The zeros' own group of ties was taken off above with the others.
            all - cubic(none) + (none - 1.0) * none * (none + 1.0) / 2.0
        }
    };
    (variance.max(0.0) / 24.0).sqrt()
}

/// Counts all arrangements of signs of the differences that have one.
#[expect(clippy::cast_possible_truncation, reason = "twice a rank is a whole number")]
#[expect(clippy::cast_sign_loss, reason = "ranks are positive")]
fn exact(differences: &[f64], ranks: &Ranks, plus: f64) -> Result<Tails, StatsError> {
    let steps = if ranks.has_ties() { 2.0 } else { 1.0 };
    let weights: Vec<usize> = differences
        .iter()
        .zip(&ranks.ranks)
        .filter(|(d, _)| **d != 0.0)
        .map(|(_, rank)| (steps * rank) as usize)
        .collect();
    signed_ranks::tails(&weights, (steps * plus) as usize)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "counts and symmetric tails are exact")]
mod tests {
    use super::*;

    const NORMAL: RankNull = RankNull::Normal { continuity: true };
    const DIFFERENCES: [f64; 8] = [1.0, -2.0, 2.0, 0.0, 3.0, 0.0, -1.0, 4.0];

    #[test]
    fn turning_the_signs_swaps_the_tails() {
        let turned = DIFFERENCES.map(|d| -d);
        for null in [RankNull::Exact, NORMAL] {
            for zeros in [Zeros::Drop, Zeros::Pratt, Zeros::Split] {
                let one = wilcoxon(&DIFFERENCES, null, zeros).unwrap();
                let other = wilcoxon(&turned, null, zeros).unwrap();
                assert_eq!(one.tails.greater, other.tails.less);
                assert_eq!((one.w_plus, one.w_minus), (other.w_minus, other.w_plus));
                let (up, down) = (Alternative::Greater, Alternative::Less);
                assert_eq!(one.z(up), -other.z(down));
            }
        }
    }

    #[test]
    fn zeros_move_neither_tail_when_they_are_dropped() {
        let kept: Vec<f64> = DIFFERENCES.into_iter().filter(|d| *d != 0.0).collect();
        let with = wilcoxon(&DIFFERENCES, RankNull::Exact, Zeros::Drop).unwrap();
        assert_eq!(with, wilcoxon(&kept, RankNull::Exact, Zeros::Drop).unwrap());
    }

    #[test]
    fn no_difference_at_all_surprises_nobody() {
        for null in [RankNull::Exact, NORMAL] {
            for zeros in [Zeros::Drop, Zeros::Pratt, Zeros::Split] {
                let test = wilcoxon(&[0.0, -0.0, 0.0], null, zeros).unwrap();
                assert_eq!(test.tails.two_sided(), 1.0, "{null:?} {zeros:?}");
                assert_eq!(test.z(Alternative::TwoSided), 0.0);
            }
        }
    }

    #[test]
    fn a_million_differences_are_ranked_in_one_sort() {
        let many: Vec<f64> =
            (0..1_000_000).map(|i| f64::from(i * 7 % 1_000_003) - 5e5).collect();
        let test = wilcoxon(&many, NORMAL, Zeros::Drop).unwrap();
        assert!(test.tails.two_sided() > 0.5, "{test:?}");
        assert!(wilcoxon(&many, RankNull::Exact, Zeros::Drop).is_err());
    }

    #[test]
    fn nothing_and_nan_are_refused() {
        assert_eq!(wilcoxon(&[], NORMAL, Zeros::Drop), Err(StatsError::Empty));
        let nan = wilcoxon(&[1.0, f64::NAN], NORMAL, Zeros::Pratt);
        assert_eq!(nan, Err(StatsError::NotFinite { index: 1 }));
    }
}
