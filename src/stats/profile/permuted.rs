//! A permutation test that all levels have the same distribution within an item.

use super::checked;
use crate::stats::StatsError;
use crate::stats::outcome::enough;
use crate::stats::resample::Resampling;

/// The outcome of a permutation test over levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutedLevels {
    /// The F ratio of the repeated-measures analysis, no unit; infinite where nothing is
    /// left within items.
    pub f: f64,
    /// The p of exchangeable levels, in `(0, 1]`.
    pub p: f64,
}

/// Tests whether levels are exchangeable within units.
///
/// # Formula
///
/// ```text
/// F = SS_levels / (L − 1) / (SS_rest / ((L − 1)(n − 1)))
/// p = (1 + #{F* ≥ F}) / (B + 1)
/// ```
///
/// F* is that of the values of each unit in random order. With unit and total sums fixed, F
/// grows with the sum of the squared level totals, so that sum is compared.
///
/// # Shapes and units
///
/// `rows[unit][level]`, at least two levels and two units.
///
/// # Numerics
///
/// Sums within 1e-12 of the observed one count as equal. The draw depends on the plan alone.
///
/// # Errors
///
/// `Empty`, `TooFew`, `LengthMismatch`, `NotFinite`.
///
/// # Source
///
/// R. A. Fisher, The Design of Experiments, 1935; E. S. Edgington and P. Onghena,
/// Randomization Tests, 4th edition, 2007, chapter 6; with one added for the arrangement
/// observed after B. Phipson and G. K. Smyth, Statistical Applications in Genetics and
/// Molecular Biology 9(1), 2010, article 39.
pub fn permuted_levels(
    rows: &[Vec<f64>],
    plan: &Resampling,
) -> Result<PermutedLevels, StatsError> {
    let levels = checked(rows)?;
    enough(rows.len(), 2)?;
    let (centred, f) = split(rows, levels);
    let squares = |totals: &[f64]| totals.iter().map(|t| t * t).sum::<f64>();
    let observed = squares(&sums(&centred, levels));
    let within: f64 = centred.iter().flatten().map(|x| x * x).sum();
    if within == 0.0 {
        return Ok(PermutedLevels { f: 0.0, p: 1.0 });
    }
    let slack = 1e-12 * within * rows.len() as f64;
    // Units whose levels agree add nothing, whatever their order.
    let moved: Vec<&Vec<f64>> =
        centred.iter().filter(|row| row.iter().any(|x| *x != 0.0)).collect();
    let scratch = || (vec![0.0; levels], (0..levels).collect::<Vec<usize>>());
    let draws = plan.run("levels", scratch, |(totals, order), draws| {
        totals.fill(0.0);
        for row in &moved {
            for last in (1..levels).rev() {
                order.swap(last, draws.index(last + 1));
            }
            for (total, from) in totals.iter_mut().zip(order.iter()) {
                *total += row[*from];
            }
        }
        squares(totals)
    });
    let above = draws.iter().filter(|square| **square >= observed - slack).count();
    let p = (above as f64 + 1.0) / (draws.len() as f64 + 1.0);
    Ok(PermutedLevels { f, p })
}

/// Returns the F ratio of the repeated-measures analysis of variance, no unit.
///
/// # Formula
///
/// ```text
/// F = SS_levels / (L − 1) / (SS_rest / ((L − 1)(n − 1)))
/// ```
///
/// Cohen's f of the factor, for its partial η², is `√(F / (n − 1))`.
///
/// # Errors
///
/// As [`permuted_levels`].
///
/// # Source
///
/// S. E. Maxwell and H. D. Delaney, Designing Experiments and Analyzing Data, 2nd edition,
/// 2004, chapter 11.
pub fn repeated_f(rows: &[Vec<f64>]) -> Result<f64, StatsError> {
    let levels = checked(rows)?;
    enough(rows.len(), 2)?;
    Ok(split(rows, levels).1)
}

/// Returns the values around each unit's mean, which costs large ones no digits, and F.
fn split(rows: &[Vec<f64>], levels: usize) -> (Vec<Vec<f64>>, f64) {
    let centred: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| {
            let mean = row.iter().sum::<f64>() / levels as f64;
            row.iter().map(|x| x - mean).collect()
        })
        .collect();
    let within: f64 = centred.iter().flatten().map(|x| x * x).sum();
    let n = rows.len() as f64;
    let between = sums(&centred, levels).iter().map(|t| t * t).sum::<f64>() / n;
    let rest = (within - between).max(0.0) / (n - 1.0);
    // What is left of rounding is nothing.
    let rest = if rest <= 1e-14 * within { 0.0 } else { rest };
    let f = if between <= 1e-14 * within { 0.0 } else { between / rest };
    (centred, f)
}

fn sums(centred: &[Vec<f64>], levels: usize) -> Vec<f64> {
    let mut totals = vec![0.0; levels];
    for row in centred {
        totals.iter_mut().zip(row).for_each(|(total, x)| *total += x);
    }
    totals
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn plan() -> Resampling {
        Resampling { resamples: 20_000, seed: 3, name: "levels".to_owned() }
    }

    #[test]
    fn p_is_that_of_all_arrangements() {
        // Three units of three levels: of the 6³ arrangements 6 have totals as unequal as
        // these, one for each order of the levels.
        let rows = vec![vec![1.0, 2.0, 3.0]; 3];
        let found = permuted_levels(&rows, &plan()).unwrap();
        assert!((found.p - 6.0 / 216.0).abs() < 4e-3, "{found:?}");
        assert_eq!(found.f, f64::INFINITY);
    }

    #[test]
    fn levels_that_agree_have_p_one() {
        let rows = vec![vec![1.0; 3], vec![0.0; 3]];
        assert_eq!(permuted_levels(&rows, &plan()).unwrap().p, 1.0);
        assert!(permuted_levels(&[], &plan()).is_err());
        assert!(permuted_levels(&[vec![1.0, 2.0]], &plan()).is_err());
    }

    #[test]
    fn f_is_that_of_the_analysis_of_variance() {
        // statsmodels AnovaRM on the seven subjects of the test of Hotelling's T².
        let rows: Vec<Vec<f64>> = [
            [45.0, 50.0, 55.0],
            [42.0, 42.0, 45.0],
            [36.0, 41.0, 43.0],
            [39.0, 35.0, 40.0],
            [51.0, 55.0, 59.0],
            [44.0, 49.0, 56.0],
            [40.0, 46.0, 44.0],
        ]
        .map(Vec::from)
        .to_vec();
        let found = permuted_levels(&rows, &plan()).unwrap();
        approx::assert_relative_eq!(found.f, 11.670_076_726_342_71, max_relative = 1e-9);
    }
}
