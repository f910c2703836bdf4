//! The Cochran-Armitage test of a trend in proportions.

use super::jonckheere::Trend;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::outcome::{finite, paired};

/// Tests whether the share of successes rises with a score.
///
/// # Formula
///
/// ```text
/// p̂ = Σ kᵢ / N,  s̄ = Σ nᵢ sᵢ / N,  T = Σ (sᵢ − s̄)(kᵢ − nᵢ p̂)
/// z = T / √[p̂ (1 − p̂) Σ nᵢ (sᵢ − s̄)²]
/// ```
///
/// The statistic of the result is `T`. No continuity correction.
///
/// # Shapes and units
///
/// One count of successes, one of trials and one score for each group, at least two; scores
/// are finite and have any unit.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`, `TooFew`; `InvalidParameter` for more successes
/// than trials; `Constant` when the scores of groups with trials are equal; `NoSpread` when
/// all trials succeed or none does.
///
/// # Source
///
/// W. G. Cochran, Biometrics 10(4), 1954, 417–451; P. Armitage, Biometrics 11(3), 1955,
/// 375–386.
pub fn cochran_armitage(
    successes: &[u64],
    trials: &[u64],
    scores: &[f64],
) -> Result<Trend, StatsError> {
    paired(successes.len(), trials.len())?;
    paired(successes.len(), scores.len())?;
    if successes.is_empty() {
        return Err(StatsError::Empty);
    }
    finite(scores)?;
    if successes.len() < 2 {
        return Err(StatsError::TooFew { of: "groups", needed: 2, got: 1 });
    }
    if successes.iter().zip(trials).any(|(k, n)| k > n) {
        let name = "number of successes";
        return Err(StatsError::InvalidParameter { name, wanted: "at most the trials" });
    }
    let used: Vec<Group> = successes
        .iter()
        .zip(trials)
        .zip(scores)
        .filter(|((_, n), _)| **n > 0)
        .map(|((k, n), score)| Group { k: *k as f64, n: *n as f64, score: *score })
        .collect();
    let Some(first) = used.first().map(|group| group.score) else {
        return Err(StatsError::Empty);
    };
    let total = sum(used.iter().map(|group| group.n));
    let wins = sum(used.iter().map(|group| group.k));
    let centre = sum(used.iter().map(|group| group.n * (group.score - first))) / total;
    let offset = |group: &Group| group.score - first - centre;
    let spread = sum(used.iter().map(|group| group.n * offset(group).powi(2)));
    if used.iter().all(|group| group.score.total_cmp(&first).is_eq()) || spread == 0.0 {
        return Err(StatsError::Constant);
    }
    let (share, rest) = (wins / total, (total - wins) / total);
    if share * rest == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let t = sum(used.iter().map(|group| offset(group) * (group.k - group.n * share)));
    Trend::new(t, 0.0, share * rest * spread)
}

struct Group {
    k: f64,
    n: f64,
    score: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_statistic_is_that_of_statsmodels() {
        // statsmodels 0.15, Table(k, n − k).test_ordinal_association(scores, [1, 0]): its
        // variance divides by N − 1 where Armitage's divides by N.
        let test =
            cochran_armitage(&[3, 5, 9, 14], &[20, 18, 22, 25], &[0.0, 1.0, 2.0, 4.0]);
        let test = test.unwrap();
        let want = 2.928897298130776 * (85.0_f64 / 84.0).sqrt();
        assert_relative_eq!(test.z, want, max_relative = 1e-12);
    }

    #[test]
    fn two_groups_are_the_pooled_z_of_two_shares() {
        let test = cochran_armitage(&[3, 9], &[20, 22], &[0.0, 1.0]).unwrap();
        let pooled: f64 = 12.0 / 42.0;
        let se = (pooled * (1.0 - pooled) * (1.0 / 20.0 + 1.0 / 22.0)).sqrt();
        let want = (9.0 / 22.0 - 3.0 / 20.0) / se;
        assert_relative_eq!(test.z, want, max_relative = 1e-13);
        let moved = cochran_armitage(&[3, 9, 0], &[20, 22, 0], &[1e9, 1e9 + 8.0, 0.0]);
        assert_relative_eq!(moved.unwrap().z, want, max_relative = 1e-13);
    }

    #[test]
    fn shares_that_cannot_rise_are_refused() {
        let test = cochran_armitage;
        assert_eq!(test(&[1, 2], &[3, 3], &[1.0, 1.0]), Err(StatsError::Constant));
        assert_eq!(test(&[0, 0], &[3, 3], &[1.0, 2.0]), Err(StatsError::NoSpread));
        assert_eq!(test(&[], &[], &[]), Err(StatsError::Empty));
        assert!(test(&[4, 1], &[3, 3], &[1.0, 2.0]).is_err());
        assert!(
            test(&[1], &[3], &[1.0]).is_err() && test(&[1], &[3, 3], &[1.0]).is_err()
        );
        assert!(test(&[1, 2], &[3, 3], &[1.0, f64::NAN]).is_err());
    }
}
