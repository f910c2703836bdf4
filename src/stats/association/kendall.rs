//! Kendall's rank correlation.

use super::concordance::{Concordance, tied};
use super::correlation::{CorrelationMethod, correlation_interval, pairs};
use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Alternative, Interval, Tails};

/// The largest sample whose exact distribution is counted.
const EXACT_MOST: usize = 1_000;

/// Up to this size the exact distribution is taken where there are no ties, as in SciPy.
const EXACT_USUAL: usize = 33;

/// Which of Kendall's coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TauVariant {
    /// Corrected for ties in either variable.
    #[default]
    B,
    /// Stuart's, for tables that are not square.
    C,
}

/// How the p of Kendall's coefficient is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KendallMethod {
    /// Exact without ties and up to 33 pairs, else asymptotic.
    #[default]
    Auto,
    /// By counting permutations; refuses ties.
    Exact,
    /// By the normal approximation with the variance under ties.
    Asymptotic,
}

/// Kendall's coefficient with its test against none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kendall {
    /// The coefficient, in `[−1, 1]`.
    pub tau: f64,
    /// Number of pairs.
    pub n: usize,
    /// Both one-sided p of no correlation.
    pub tails: Tails,
    /// Whether the p is exact.
    pub exact: bool,
}

impl Kendall {
    /// Returns the interval of a level of confidence, on the scale of Fisher's z with
    /// [`CorrelationMethod::Kendall`].
    ///
    /// # Errors
    ///
    /// As [`correlation_interval`]; at least five pairs.
    pub fn interval(
        &self,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        let method = CorrelationMethod::Kendall;
        correlation_interval(self.tau, self.n, confidence, alternative, method)
    }
}

/// Returns Kendall's rank correlation of pairs.
///
/// # Formula
///
/// ```text
/// C, D: pairs of pairs in the same and in opposite orders;  n₀ = n(n − 1)/2
/// n₁, n₂: pairs tied in x, in y;  m: the smaller number of distinct values
/// τ_b = (C − D) / √((n₀ − n₁)(n₀ − n₂)),   τ_c = 2 m (C − D) / (n² (m − 1))
/// exact: under the null D is distributed as the inversions of a random permutation
/// asymptotic: z = (C − D) / √V,
///   V = [n(n−1)(2n+5) − Σ t(t−1)(2t+5) − Σ u(u−1)(2u+5)] / 18
///       + Σ t(t−1) Σ u(u−1) / (2n(n−1))
///       + Σ t(t−1)(t−2) Σ u(u−1)(u−2) / (9n(n−1)(n−2))
/// ```
///
/// with `t` and `u` the sizes of groups of equal x and equal y.
///
/// # Shapes and units
///
/// Two slices of one length, at least two finite pairs; only the order within each counts.
///
/// # Numerics
///
/// `C` and `D` are counted by a merge sort, exactly. The exact distribution is built from its
/// thin end, by sums of positive numbers, and keeps its digits down to 1e-300.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite`, `TooFew`; `Constant` when either does not vary;
/// `InvalidParameter` for the exact method with ties or more than 1,000 pairs.
///
/// # Source
///
/// M. G. Kendall, Rank Correlation Methods, 4th ed., 1970, chapters 3 and 5; W. R. Knight,
/// Journal of the American Statistical Association 61(314), 1966, 436–439; `τ_c`: A. Stuart,
/// Biometrika 40(1–2), 1953, 105–110.
///
/// # Example
///
/// ```
/// use crucible::stats::{KendallMethod, TauVariant, kendall};
///
/// let (xs, ys) = ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]);
/// let fit = kendall(&xs, &ys, TauVariant::B, KendallMethod::Auto)?;
/// assert!((fit.tau - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn kendall(
    xs: &[f64],
    ys: &[f64],
    variant: TauVariant,
    method: KendallMethod,
) -> Result<Kendall, StatsError> {
    pairs(xs, ys)?;
    let counts = Concordance::new(xs, ys);
    let n = xs.len();
    let (first, second) = (&counts.first, &counts.second);
    let untied = first.len() == n && second.len() == n;
    let exact = match method {
        KendallMethod::Auto => untied && n <= EXACT_USUAL,
        KendallMethod::Exact if untied && n <= EXACT_MOST => true,
        KendallMethod::Exact => {
            let wanted = "asymptotic with ties or more than 1,000 pairs";
            return Err(StatsError::InvalidParameter { name: "method", wanted });
        }
        KendallMethod::Asymptotic => false,
    };
    let net = counts.net();
    let tau = match variant {
        TauVariant::B => {
            let apart = |groups: &[u64]| ((counts.all() - tied(groups)) as f64).sqrt();
            net / apart(first) / apart(second)
        }
        TauVariant::C => {
            let m = first.len().min(second.len()) as f64;
            2.0 * net * m / ((n as f64).powi(2) * (m - 1.0))
        }
    };
    let tails = if exact {
        exact_tails(n, &counts)
    } else {
        let z = net / variance(n as f64, first, second).sqrt();
        Tails { greater: Normal.sf(z)?, less: Normal.cdf(z)? }
    };
    Ok(Kendall { tau: tau.clamp(-1.0, 1.0), n, tails, exact })
}

/// Returns the variance of concordant less discordant pairs under ties; positive.
fn variance(n: f64, first: &[u64], second: &[u64]) -> f64 {
    let over = |groups: &[u64], f: fn(f64) -> f64| -> f64 {
        groups.iter().map(|size| f(*size as f64)).sum()
    };
    let main = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
    let two = |t: f64| t * (t - 1.0);
    let three = |t: f64| t * (t - 1.0) * (t - 2.0);
    let pairs = over(first, two) * over(second, two) / (2.0 * two(n));
    let triples = over(first, three) * over(second, three);
    let triples = if triples > 0.0 { triples / (9.0 * three(n)) } else { 0.0 };
    (main(n) - over(first, main) - over(second, main)) / 18.0 + pairs + triples
}

/// Returns both tails of the exact distribution without ties.
fn exact_tails(n: usize, counts: &Concordance) -> Tails {
    let fewer = counts.concordant.min(counts.discordant);
    let thin = at_most(n, usize::try_from(fewer).unwrap_or(0));
    let at = thin.at;
    // The other tail holds the observed count too.
    let thick = 1.0 - (thin.below - at);
    if counts.discordant <= counts.concordant {
        Tails { greater: thin.below, less: thick }
    } else {
        Tails { greater: thick, less: thin.below }
    }
}

/// Probabilities of numbers of inversions.
#[derive(Debug, Clone, Copy)]
struct Inversions {
    /// Of exactly so many.
    at: f64,
    /// Of so many or fewer.
    below: f64,
}

/// Returns the probability of at most `k` inversions of `n`, for `k` in the lower half.
///
/// One more item brings `0 … size − 1` new inversions, each as likely.
fn at_most(n: usize, k: usize) -> Inversions {
    let mut chances = vec![0.0; k + 1];
    chances[0] = 1.0;
    for size in 2..=n {
        let old = chances.clone();
        let mut window = 0.0;
        for (j, chance) in chances.iter_mut().enumerate() {
            window += old[j];
            if j >= size {
                window -= old[j - size];
            }
            *chance = window / size as f64;
        }
    }
    Inversions { at: chances[k], below: chances.iter().sum::<f64>().min(1.0) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn b(xs: &[f64], ys: &[f64], method: KendallMethod) -> Result<Kendall, StatsError> {
        kendall(xs, ys, TauVariant::B, method)
    }

    #[test]
    fn inversions_are_counted_as_permutations_are() {
        // Of 24 permutations of four items 1, 3, 5, 6, 5, 3, 1 have 0 … 6 inversions.
        for (k, want) in [(0, 1.0), (1, 4.0), (2, 9.0), (3, 15.0)] {
            assert_relative_eq!(at_most(4, k).below, want / 24.0, max_relative = 1e-14);
        }
        assert_relative_eq!(at_most(4, 3).at, 6.0 / 24.0, max_relative = 1e-14);
    }

    #[test]
    fn only_the_order_counts_and_turning_flips_the_sign() {
        let (xs, ys) = ([1.0, 5.0, 2.0, 4.0, 3.0], [2.0, 3.0, 1.0, 5.0, 4.0]);
        let plain = b(&xs, &ys, KendallMethod::Exact).unwrap();
        let bent = b(&xs.map(f64::exp), &ys, KendallMethod::Auto).unwrap();
        assert_eq!(plain, bent);
        let turned = b(&xs, &ys.map(|y| -y), KendallMethod::Exact).unwrap();
        assert_eq!(plain.tau, -turned.tau);
        assert_relative_eq!(plain.tails.greater, turned.tails.less, max_relative = 1e-13);
    }

    #[test]
    fn a_perfect_order_has_the_p_of_one_permutation() {
        let xs: Vec<f64> = (0..18).map(f64::from).collect();
        let fit = b(&xs, &xs, KendallMethod::Auto).unwrap();
        let factorial: f64 = (1..=18).map(f64::from).product();
        assert_relative_eq!(fit.tails.greater, 1.0 / factorial, max_relative = 1e-12);
        assert_eq!((fit.tau, fit.tails.less, fit.exact), (1.0, 1.0, true));
        assert_eq!(fit.interval(0.95, Alternative::TwoSided).unwrap().high, 1.0);
    }

    #[test]
    fn ties_and_large_samples_are_not_counted_exactly() {
        let tied = b(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0], KendallMethod::Exact);
        assert!(matches!(tied, Err(StatsError::InvalidParameter { .. })));
        let auto = b(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0], KendallMethod::Auto).unwrap();
        assert!(!auto.exact);
        let many: Vec<f64> = (0..1_001).map(f64::from).collect();
        assert!(b(&many, &many, KendallMethod::Exact).is_err());
        let two = b(&[1.0, 2.0], &[2.0, 1.0], KendallMethod::Asymptotic).unwrap();
        assert!(two.tau == -1.0 && two.tails.two_sided() > 0.3);
        assert_eq!(
            b(&[0.0, -0.0], &[1.0, 2.0], KendallMethod::Auto),
            Err(StatsError::Constant)
        );
    }
}
