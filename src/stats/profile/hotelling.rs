//! Hotelling's test that all levels have the same mean.

use super::checked;
use crate::stats::StatsError;
use crate::stats::dist::FisherF;
use crate::stats::outcome::enough;

/// The outcome of Hotelling's test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hotelling {
    /// `T²`, no unit.
    pub t_squared: f64,
    /// The `F` that it is compared by.
    pub f: f64,
    /// Contrasts that vary independently of one another: the numerator's degrees of freedom.
    pub df1: f64,
    /// The denominator's degrees of freedom.
    pub df2: f64,
    /// The p of equal means, in `[0, 1]`.
    pub p: f64,
}

/// A pivot below this share of its contrast's variance is rounding.
const NOTHING: f64 = 1e-10;

/// Tests whether all levels have the same mean.
///
/// # Formula
///
/// ```text
/// dᵢ = (x_i1 − x_iL, …, x_i,L−1 − x_iL),  p = L − 1
/// T² = n d̄ᵀ S⁻¹ d̄,  F = T² (n − p) / (p (n − 1)),  compared with F of p and n − p
/// ```
///
/// `S` is the covariance of the contrasts with divisor `n − 1`. No sphericity is assumed:
/// levels may vary and correlate as they like.
///
/// # Shapes and units
///
/// `rows[unit][level]`, all in one unit; more units than contrasts.
///
/// # Numerics
///
/// Contrasts that do not vary, or that follow from others, are left out where their mean
/// does too, and `p` is the number that is left. With none left the levels are equal, and p
/// is 1.
///
/// # Errors
///
/// `Empty`, `TooFew`, `LengthMismatch`, `NotFinite`; `Undefined` where levels differ by the
/// same amount on every unit, so that there is no spread to compare it with.
///
/// # Source
///
/// H. Hotelling, "The Generalization of Student's Ratio", Annals of Mathematical Statistics
/// 2(3), 1931, 360–378.
pub fn hotelling(rows: &[Vec<f64>]) -> Result<Hotelling, StatsError> {
    let levels = checked(rows)?;
    let n = rows.len();
    enough(n, levels + 1)?;
    let contrasts = levels - 1;
    let part = |row: &[f64], j: usize| row[j] - row[contrasts];
    let count = n as f64;
    let means: Vec<f64> = (0..contrasts)
        .map(|j| {
            let first = part(&rows[0], j);
            first + rows.iter().map(|row| part(row, j) - first).sum::<f64>() / count
        })
        .collect();
    let covariance = |j: usize, k: usize| {
        let sum: f64 = rows
            .iter()
            .map(|row| (part(row, j) - means[j]) * (part(row, k) - means[k]))
            .sum();
        sum / (count - 1.0)
    };
    let mut matrix: Vec<Vec<f64>> = (0..contrasts)
        .map(|j| (0..contrasts).map(|k| covariance(j, k)).collect())
        .collect();
    let (t_squared, rank) = quadratic(&mut matrix, &means, count)?;
    if rank == 0 {
        return Ok(Hotelling { t_squared: 0.0, f: 0.0, df1: 0.0, df2: count, p: 1.0 });
    }
    let p = rank as f64;
    let f = t_squared * (count - p) / (p * (count - 1.0));
    let tail = FisherF::new(p, count - p)?.sf(f)?;
    Ok(Hotelling { t_squared, f, df1: p, df2: count - p, p: tail })
}

/// Returns `n d̄ᵀ S⁻¹ d̄` and the rank of S by Cholesky's factor with the largest pivot first.
fn quadratic(
    matrix: &mut [Vec<f64>],
    means: &[f64],
    n: f64,
) -> Result<(f64, usize), StatsError> {
    let size = means.len();
    let whole: Vec<f64> = (0..size).map(|j| matrix[j][j]).collect();
    let mut rest = means.to_vec();
    let mut open: Vec<usize> = (0..size).collect();
    let (mut total, mut rank) = (0.0, 0);
    while let Some(at) = (0..open.len())
        .max_by(|a, b| matrix[open[*a]][open[*a]].total_cmp(&matrix[open[*b]][open[*b]]))
    {
        let pivot = open[at];
        let variance = matrix[pivot][pivot];
        if variance <= NOTHING * whole[pivot] || variance <= 0.0 {
            break;
        }
        open.swap_remove(at);
        total += rest[pivot] * rest[pivot] / variance;
        rank += 1;
        for j in &open {
            let slope = matrix[*j][pivot] / variance;
            rest[*j] -= slope * rest[pivot];
            for k in &open {
                matrix[*j][*k] -= slope * matrix[pivot][*k];
            }
        }
    }
    // What is left does not vary: then it must be nothing.
    let scale = means.iter().fold(0.0_f64, |most, mean| most.max(mean.abs()));
    if open.iter().any(|j| rest[*j].abs() > 1e-9 * scale) {
        return Err(StatsError::Undefined { what: "a test of levels without spread" });
    }
    Ok((n * total, rank))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Seven subjects under three conditions.
    fn table() -> Vec<Vec<f64>> {
        [
            [45.0, 50.0, 55.0],
            [42.0, 42.0, 45.0],
            [36.0, 41.0, 43.0],
            [39.0, 35.0, 40.0],
            [51.0, 55.0, 59.0],
            [44.0, 49.0, 56.0],
            [40.0, 46.0, 44.0],
        ]
        .map(Vec::from)
        .to_vec()
    }

    #[test]
    fn t_squared_is_that_of_the_matrix_formula() {
        // numpy: d = x[:, :2] - x[:, 2:]; m = d.mean(0); n * m @ inv(cov(d.T)) @ m,
        // scipy.stats.f.sf for p.
        let found = hotelling(&table()).unwrap();
        assert_relative_eq!(found.t_squared, 20.213_045_518_535_9, max_relative = 1e-10);
        assert_relative_eq!(found.f, 8.422_102_299_389_957, max_relative = 1e-10);
        assert_relative_eq!(found.p, 0.025_065_964_590_830_065, max_relative = 1e-9);
        assert_relative_eq!(found.df2, 5.0);
    }

    #[test]
    fn it_does_not_depend_on_the_order_of_levels_or_on_scale() {
        let turned: Vec<Vec<f64>> = table()
            .into_iter()
            .map(|row| vec![3.0 * row[2] - 7.0, 3.0 * row[0] - 7.0, 3.0 * row[1] - 7.0])
            .collect();
        let (one, other) = (hotelling(&table()).unwrap(), hotelling(&turned).unwrap());
        assert_relative_eq!(one.t_squared, other.t_squared, max_relative = 1e-10);
    }

    #[test]
    fn two_levels_give_the_paired_t_squared() {
        let two: Vec<Vec<f64>> =
            table().into_iter().map(|row| row[..2].to_vec()).collect();
        let found = hotelling(&two).unwrap();
        let gaps: Vec<f64> = two.iter().map(|row| row[0] - row[1]).collect();
        let mean = crate::stats::mean(&gaps).unwrap();
        let t2 = mean * mean / (crate::stats::variance(&gaps).unwrap() / 7.0);
        assert_relative_eq!(found.t_squared, t2, max_relative = 1e-12);
    }

    #[test]
    fn levels_that_are_the_same_have_p_one_and_constant_gaps_no_test() {
        let same = vec![vec![1.0, 1.0, 1.0], vec![0.0; 3], vec![1.0; 3], vec![0.5; 3]];
        assert_relative_eq!(hotelling(&same).unwrap().p, 1.0);
        let twin: Vec<Vec<f64>> =
            table().into_iter().map(|row| vec![row[0], row[1], row[1]]).collect();
        assert_relative_eq!(hotelling(&twin).unwrap().df1, 1.0);
        let shifted: Vec<Vec<f64>> =
            (0..6).map(|n| vec![f64::from(n), f64::from(n) + 1.0]).collect();
        assert!(matches!(hotelling(&shifted), Err(StatsError::Undefined { .. })));
        assert!(hotelling(&[]).is_err() && hotelling(&table()[..2]).is_err());
    }
}
