//! How often each sum of positive ranks occurs among all arrangements of signs.

use super::super::StatsError;
use super::super::outcome::Tails;
use super::rank_sum::countable;

/// Returns the probabilities of the sums 0 to `last` of weights whose signs are random.
///
/// # Formula
///
/// ```text
/// Σ_s P(s) qˢ = Π_i (1 + q^{rᵢ}) / 2
/// ```
///
/// # Numerics
///
/// All terms are positive and each factor halves, so nothing overflows and every tail keeps
/// its digits.
///
/// # Source
///
/// F. Wilcoxon, Biometrics Bulletin 1(6), 1945, 80–83; the product is in E. L. Lehmann,
/// Nonparametrics: Statistical Methods Based on Ranks, 1975, chapter 3.
pub(super) fn shares(weights: &[usize], last: usize) -> Result<Vec<f64>, StatsError> {
    countable(weights.len() as f64 * (last as f64 + 1.0))?;
    let mut share = vec![0.0; last + 1];
    share[0] = 1.0;
    let mut reached = 0_usize;
    for weight in weights {
        reached = reached.saturating_add(*weight).min(last);
        for s in (0..=reached).rev() {
            let with = s.checked_sub(*weight).map_or(0.0, |from| share[from]);
            share[s] = 0.5 * (share[s] + with);
        }
    }
    Ok(share)
}

/// Returns both tails of a sum of weights whose signs are random.
pub(super) fn tails(weights: &[usize], sum: usize) -> Result<Tails, StatsError> {
    let all: usize = weights.iter().sum();
    let mirrored = all.saturating_sub(sum);
    let near = sum.min(mirrored);
    let shares = shares(weights, near)?;
    let below: f64 = shares[..near].iter().sum();
    let (small, large) = ((below + shares[near]).min(1.0), 1.0 - below);
    Ok(if sum <= mirrored {
        Tails { greater: large, less: small }
    } else {
        Tails { greater: small, less: large }
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn three_ranks_have_eight_arrangements() {
        let got = shares(&[1, 2, 3], 6).unwrap();
        assert_eq!(got, [0.125, 0.125, 0.125, 0.25, 0.125, 0.125, 0.125]);
        let tails = tails(&[1, 2, 3], 5).unwrap();
        assert_eq!((tails.greater, tails.less), (0.25, 0.875));
    }

    #[test]
    fn no_ranks_have_one_arrangement() {
        assert_eq!(tails(&[], 0).unwrap(), Tails { greater: 1.0, less: 1.0 });
    }

    #[test]
    fn the_far_end_of_many_ranks_is_a_power_of_two() {
        let ranks: Vec<usize> = (1..=900).collect();
        let far = tails(&ranks, 0).unwrap();
        assert_eq!(far.less, 0.5_f64.powi(900));
        assert!(tails(&(1..=100_000).collect::<Vec<_>>(), 2_000_000_000).is_err());
    }
}
