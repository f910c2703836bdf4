//! Page's test of a trend within subjects.

use std::collections::BTreeMap;

use super::jonckheere::{RankTrend, Trend, convolved, tails_at};
use super::sums::columns_of;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::outcome::Tails;
use crate::stats::ranks::midranks;

/// Largest number of conditions for which every order of one subject is listed.
const EXACT_CONDITIONS: usize = 8;

/// Largest number of products that the exact distribution may take.
const EXACT_PRODUCTS: usize = 20_000_000;

/// Tests whether the values of subjects tend to rise over conditions in a given order.
///
/// # Formula
///
/// ```text
/// L = Σⱼ j Rⱼ,  E = n k (k + 1)² / 4,  Var = k (k + 1) / 12 · Σᵢⱼ (rᵢⱼ − (k + 1)/2)²
/// ```
///
/// `rᵢⱼ` ranks the conditions of subject `i`, ties shared; `Rⱼ` is the sum of a column.
/// Without ties `Var = n k² (k + 1)² (k − 1) / 144`. Exact: the distribution of `L` over all
/// `(k!)ⁿ` orders, by convolution.
///
/// # Shapes and units
///
/// `rows[subject][condition]`, at least one subject and three conditions, in expected order.
///
/// # Numerics
///
/// Exact tails are sums of positive numbers: they keep their digits.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite` (counted through the rows), `TooFew`; `Constant`
/// when every subject's values are equal.
///
/// # Source
///
/// E. B. Page, "Ordered Hypotheses for Multiple Treatments: A Significance Test for Linear
/// Ranks", Journal of the American Statistical Association 58(301), 1963, 216–230.
pub fn page_trend<R: AsRef<[f64]>>(rows: &[R]) -> Result<RankTrend, StatsError> {
    let conditions = columns_of(rows, 1, 3)?;
    let (n, k) = (rows.len() as f64, conditions as f64);
    let ranks: Vec<Vec<f64>> = rows.iter().map(|row| midranks(row.as_ref())).collect();
    let middle = (k + 1.0) / 2.0;
    let squares = sum(ranks.iter().flatten().map(|r| (r - middle).powi(2)));
    if squares == 0.0 {
        return Err(StatsError::Constant);
    }
    let own =
        |row: &Vec<f64>| sum(row.iter().enumerate().map(|(j, r)| (j as f64 + 1.0) * r));
    let l = sum(ranks.iter().map(own));
    let mean = n * k * (k + 1.0).powi(2) / 4.0;
    let trend = Trend::new(l, mean, k * (k + 1.0) / 12.0 * squares)?;
    // Without ties every row has the largest possible squares.
    let untied = squares >= n * k * (k * k - 1.0) / 12.0 - 0.25;
    let exact = if untied { exact(l, conditions, rows.len()) } else { None };
    Ok(RankTrend { trend, exact })
}

/// Returns the exact tails of `L`, where they can be had.
fn exact(l: f64, conditions: usize, subjects: usize) -> Option<Tails> {
    if conditions > EXACT_CONDITIONS {
        return None;
    }
    let one = one_subject(conditions);
    let most = subjects.checked_mul(one.len())?;
    if most.checked_mul(subjects)?.checked_mul(one.len())? > EXACT_PRODUCTS {
        return None;
    }
    let mut all = vec![1.0];
    for _ in 0..subjects {
        all = convolved(&all, &one);
    }
    // The first entry is the smallest L, Σ j (k + 1 − j) a subject.
    let k = conditions as f64;
    let least = subjects as f64 * k * (k + 1.0) * (k + 2.0) / 6.0;
    Some(tails_at(&all, l - least))
}

/// Returns the probabilities of `Σ j rⱼ` over all orders of one subject, from the smallest.
fn one_subject(conditions: usize) -> Vec<f64> {
    // Sets of conditions that have received the ranks 1, 2, …, with their sums so far.
    let mut sets: BTreeMap<u32, BTreeMap<usize, f64>> =
        BTreeMap::from([(0, BTreeMap::from([(0, 1.0)]))]);
    for rank in 1..=conditions {
        let mut next: BTreeMap<u32, BTreeMap<usize, f64>> = BTreeMap::new();
        for (set, sums) in &sets {
            for j in (0..conditions).filter(|j| set >> j & 1 == 0) {
                let larger = next.entry(set | 1 << j).or_default();
                for (sum, p) in sums {
                    *larger.entry(sum + rank * (j + 1)).or_default() +=
                        p / (conditions - rank + 1) as f64;
                }
            }
        }
        sets = next;
    }
    let sums = sets.into_values().next().unwrap_or_default();
    let least = sums.keys().next().copied().unwrap_or(0);
    let most = sums.keys().next_back().copied().unwrap_or(0);
    (least..=most).map(|sum| sums.get(&sum).copied().unwrap_or(0.0)).collect()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const ROWS: [[f64; 4]; 5] = [
        [1.0, 2.0, 4.0, 3.0],
        [2.0, 2.5, 3.0, 7.0],
        [0.0, 1.0, -5.0, 2.0],
        [2.0, 3.0, 1.0, 8.0],
        [1.5, 0.5, 3.0, 4.0],
    ];

    #[test]
    fn the_tails_are_those_of_scipy() {
        // scipy.stats.page_trend_test(ROWS, method=…), SciPy 1.17.
        let test = page_trend(&ROWS).unwrap();
        assert_eq!(test.trend.statistic, 142.0);
        assert_relative_eq!(
            test.trend.tails.greater,
            0.004223890953298085,
            max_relative = 1e-10
        );
        assert_relative_eq!(
            test.exact.unwrap().greater,
            0.0037191257555298347,
            max_relative = 1e-12
        );
    }

    #[test]
    fn subjects_who_all_rise_have_the_smallest_exact_tail() {
        let rows = [[1.0, 2.0, 3.0]; 4];
        let exact = page_trend(&rows).unwrap().exact.unwrap();
        assert_relative_eq!(exact.greater, 6.0_f64.powi(-4), max_relative = 1e-13);
        assert_relative_eq!(exact.less, 1.0, max_relative = 1e-14);
        let turned = page_trend(&[[3.0, 2.0, 1.0]; 4]).unwrap().exact.unwrap();
        assert_relative_eq!(turned.less, exact.greater, max_relative = 1e-13);
    }

    #[test]
    fn ties_lower_the_variance() {
        // The three orders of the tied ranks [1.5, 1.5, 3] are as likely as one another, with
        // L = 3·3 + 1.5·3, 2·3 + 1.5·4 or 1·3 + 1.5·5.
        let test = page_trend(&[[1.0, 1.0, 2.0]]).unwrap();
        let values: [f64; 3] = [13.5, 12.0, 10.5];
        let variance = values.iter().map(|l| (l - 12.0).powi(2)).sum::<f64>() / 3.0;
        assert_relative_eq!(test.trend.z, 1.5 / variance.sqrt(), max_relative = 1e-14);
        assert_eq!(test.exact, None);
        assert_eq!(page_trend(&[[1.0; 3]]), Err(StatsError::Constant));
        assert!(page_trend(&[[1.0, 2.0]]).is_err());
    }
}
