//! A permutation test of a correlation.

use super::correlation::{pairs, unit};
use crate::stats::StatsError;
use crate::stats::outcome::Tails;
use crate::stats::ranks::midranks;
use crate::stats::resample::Resampling;

/// Up to this many pairs every permutation is visited.
const EXACT_PAIRS: usize = 8;

/// Correlations within this of one another are ties.
const TIE: f64 = 1e-12;

/// Which correlation is permuted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CorrelationMeasure {
    /// Pearson's.
    #[default]
    Pearson,
    /// Spearman's.
    Spearman,
}

/// The outcome of a permutation test of a correlation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutedCorrelation {
    /// The coefficient observed.
    pub r: f64,
    /// Both one-sided p; two-sided is twice the smaller.
    pub tails: Tails,
    /// Whether every permutation was visited.
    pub exact: bool,
}

/// Tests a correlation by permuting one of the variables.
///
/// # Formula
///
/// ```text
/// greater = P(r* ≥ r),  less = P(r* ≤ r),  r* the correlation of x with a permuted y
/// ```
///
/// Over all `n!` permutations up to eight pairs; else over `B` random ones, with one added to
/// both counts for the arrangement observed.
///
/// # Shapes and units
///
/// As [`pearson`](super::pearson). It supposes that pairs are exchangeable under the null.
///
/// # Numerics
///
/// Correlations within 1e-12 of one another are ties. Random permutations are keyed by the
/// plan: the same whatever the number of threads.
///
/// # Errors
///
/// As [`pearson`](super::pearson).
///
/// # Source
///
/// E. J. G. Pitman, Supplement to the Journal of the Royal Statistical Society 4(2), 1937,
/// 225–232; B. Phipson and G. K. Smyth, Statistical Applications in Genetics and Molecular
/// Biology 9(1), 2010, article 39.
pub fn permuted_correlation(
    xs: &[f64],
    ys: &[f64],
    measure: CorrelationMeasure,
    plan: &Resampling,
) -> Result<PermutedCorrelation, StatsError> {
    pairs(xs, ys)?;
    let (u, v) = match measure {
        CorrelationMeasure::Pearson => (unit(xs)?, unit(ys)?),
        CorrelationMeasure::Spearman => (unit(&midranks(xs))?, unit(&midranks(ys))?),
    };
    let r = product(&u, &v).clamp(-1.0, 1.0);
    let exact = u.len() <= EXACT_PAIRS;
    let drawn = if exact { every(&u, &v) } else { random(&u, &v, plan) };
    let more = f64::from(u8::from(!exact));
    let share = |count: usize| (count as f64 + more) / (drawn.len() as f64 + more);
    let tails = Tails {
        greater: share(drawn.iter().filter(|s| **s >= r - TIE).count()),
        less: share(drawn.iter().filter(|s| **s <= r + TIE).count()),
    };
    Ok(PermutedCorrelation { r, tails, exact })
}

fn product(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(u, v)| u * v).sum()
}

/// Returns the correlation of every permutation, by Heap's algorithm.
fn every(u: &[f64], v: &[f64]) -> Vec<f64> {
    let mut v = v.to_vec();
    let mut drawn = vec![product(u, &v)];
    let mut turns = vec![0; v.len()];
    let mut i = 1;
    while i < v.len() {
        if turns[i] < i {
            v.swap(if i % 2 == 0 { 0 } else { turns[i] }, i);
            drawn.push(product(u, &v));
            turns[i] += 1;
            i = 1;
        } else {
            turns[i] = 0;
            i += 1;
        }
    }
    drawn
}

fn random(u: &[f64], v: &[f64], plan: &Resampling) -> Vec<f64> {
    plan.run("permuted correlation", Vec::new, |space: &mut Vec<f64>, draws| {
        space.clear();
        space.extend_from_slice(v);
        for last in (1..space.len()).rev() {
            let other = draws.index(last + 1);
            space.swap(last, other);
        }
        product(u, space)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn plan() -> Resampling {
        Resampling { resamples: 4_000, seed: 1, name: "test".to_owned() }
    }

    #[test]
    fn a_perfect_order_has_the_p_of_one_permutation() {
        let xs = [1.0, 2.0, 3.0, 4.0, 5.0];
        for measure in [CorrelationMeasure::Pearson, CorrelationMeasure::Spearman] {
            let test = permuted_correlation(&xs, &xs, measure, &plan()).unwrap();
            assert_relative_eq!(test.tails.greater, 1.0 / 120.0, max_relative = 1e-14);
            assert_eq!((test.tails.less, test.exact), (1.0, true));
        }
    }

    #[test]
    fn ties_count_on_both_sides() {
        // Two of six permutations give r, one gives more.
        let test = permuted_correlation(
            &[1.0, 2.0, 3.0],
            &[1.0, 3.0, 2.0],
            CorrelationMeasure::Spearman,
            &plan(),
        )
        .unwrap();
        assert_relative_eq!(test.tails.greater, 0.5, max_relative = 1e-14);
        assert_relative_eq!(test.tails.less, 5.0 / 6.0, max_relative = 1e-14);
    }

    #[test]
    fn random_permutations_come_close_to_student() {
        let xs: Vec<f64> = (0..40).map(f64::from).collect();
        let ys: Vec<f64> =
            (0..40).map(|i| f64::from(i * 17 % 40) + 0.3 * f64::from(i)).collect();
        let test =
            permuted_correlation(&xs, &ys, CorrelationMeasure::Pearson, &plan()).unwrap();
        let student = crate::stats::pearson(&xs, &ys).unwrap();
        assert!(!test.exact);
        assert!((test.tails.greater - student.tails.greater).abs() < 0.03, "{test:?}");
        let again = permuted_correlation(&xs, &ys, CorrelationMeasure::Pearson, &plan());
        assert_eq!(again.unwrap(), test);
    }
}
