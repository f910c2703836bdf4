//! The permutation F test within items.

use serde::Serialize;

use super::sums::{columns_of, power_of_two};
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::resample::{Draws, Resampling};

/// Up to this many arrangements each is visited.
const EXACT_ARRANGEMENTS: u64 = 1 << 18;

/// The outcome of a permutation test within items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WithinPermutation {
    /// The F of repeated measures; infinite when items agree on every difference.
    pub f: f64,
    /// Share of arrangements with an F at least as large.
    pub p: f64,
    /// Whether every arrangement was visited.
    pub exact: bool,
}

/// Tests whether conditions differ by exchanging them within each item.
///
/// # Formula
///
/// ```text
/// p = P(F* ≥ F) over all (L!)ⁿ arrangements of the values within rows
/// ```
///
/// All of them when at most 2¹⁸ differ for the test, else `B` random ones, with one added
/// above and below for the arrangement observed. A row's squares are the same in every
/// arrangement, so `F*` rises with the squares between conditions, which are compared.
///
/// # Shapes and units
///
/// `rows[item][condition]`, at least one item and two conditions, in one unit. It supposes
/// that the conditions of an item are exchangeable under the null.
///
/// # Numerics
///
/// Squares within a relative 1e-11 of one another are ties. Rows without variation take no
/// part. Each resample has a random stream of its own.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite` (counted through the rows), `TooFew`.
///
/// # Source
///
/// E. J. G. Pitman, "Significance Tests Which May Be Applied to Samples from Any Populations.
/// III. The Analysis of Variance Test", Biometrika 29(3/4), 1938, 322–335; B. Phipson and
/// G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9(1), 2010, 39.
pub fn within_permutation<R: AsRef<[f64]>>(
    rows: &[R],
    plan: &Resampling,
) -> Result<WithinPermutation, StatsError> {
    let columns = columns_of(rows, 1, 2)?;
    let table = centred(rows)?;
    let means = column_sums(&table, columns);
    let (observed, n) = (squares(&means), rows.len() as f64);
    let all = sum(table.iter().flatten().map(|x| x * x));
    let effect = observed / n;
    let f = match (effect > 0.0, all - effect > 1e-14 * all) {
        (_, true) => effect * (n - 1.0) / (all - effect),
        (true, false) => f64::INFINITY,
        (false, false) => 0.0,
    };
    let enough = observed * (1.0 - 1e-11) - 1e-11 * all;
    let moving: Vec<Vec<f64>> =
        table.into_iter().filter(|row| row.iter().any(|x| *x != 0.0)).collect();
    Ok(match arrangements(moving.len(), columns) {
        Some(count) => WithinPermutation {
            f,
            p: every(&moving, columns, enough, count),
            exact: true,
        },
        None => WithinPermutation {
            f,
            p: random(&moving, columns, enough, plan),
            exact: false,
        },
    })
}

/// Returns the rows about their means, in a common unit; rows without variation are zero.
fn centred<R: AsRef<[f64]>>(rows: &[R]) -> Result<Vec<Vec<f64>>, StatsError> {
    let table: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| {
            let row = row.as_ref();
            let near = || row.iter().map(|x| x - row[0]);
            let centre = sum(near()) / row.len() as f64;
            near().map(|x| x - centre).collect()
        })
        .collect();
    let unit =
        power_of_two(table.iter().flatten().fold(0.0, |m: f64, x| m.max(x.abs())))?;
    Ok(table.into_iter().map(|row| row.iter().map(|x| x / unit).collect()).collect())
}

fn column_sums(table: &[Vec<f64>], columns: usize) -> Vec<f64> {
    (0..columns).map(|j| sum(table.iter().map(|row| row[j]))).collect()
}

fn squares(sums: &[f64]) -> f64 {
    sum(sums.iter().map(|x| x * x))
}

/// Returns how many arrangements there are with the first row kept, if few enough: to
/// permute all rows alike changes nothing.
fn arrangements(rows: usize, columns: usize) -> Option<u64> {
    let orders = (1..=columns as u64).try_fold(1_u64, u64::checked_mul)?;
    (1..rows)
        .try_fold(1_u64, |count, _| count.checked_mul(orders))
        .filter(|count| *count <= EXACT_ARRANGEMENTS)
}

fn every(rows: &[Vec<f64>], columns: usize, enough: f64, count: u64) -> f64 {
    let Some((first, rest)) = rows.split_first() else { return 1.0 };
    let orders = orders(columns);
    let mut hits = 0_u64;
    let mut sums = vec![0.0; columns];
    for number in 0..count {
        sums.copy_from_slice(first);
        let mut code = number;
        for row in rest {
            let order = &orders[digit(&mut code, orders.len())];
            sums.iter_mut().zip(order).for_each(|(total, j)| *total += row[*j]);
        }
        hits += u64::from(squares(&sums) >= enough);
    }
    hits as f64 / count as f64
}

/// Takes the last digit off a number written in some base.
#[expect(clippy::cast_possible_truncation, reason = "a remainder below a length")]
fn digit(code: &mut u64, base: usize) -> usize {
    let base = base as u64;
    let last = *code % base;
    *code /= base;
    last as usize
}

/// Returns every order of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    (0..n).fold(vec![Vec::new()], |shorter, next| {
        let longer = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            })
        };
        shorter.into_iter().flat_map(longer).collect()
    })
}

fn random(rows: &[Vec<f64>], columns: usize, enough: f64, plan: &Resampling) -> f64 {
    let hits = plan.run(
        "within-item permutations",
        || (vec![0.0; columns], vec![0.0; columns]),
        |(sums, row), draws| {
            sums.fill(0.0);
            for values in rows {
                row.copy_from_slice(values);
                shuffle(row, draws);
                sums.iter_mut().zip(row.iter()).for_each(|(total, x)| *total += x);
            }
            squares(sums) >= enough
        },
    );
    let count = hits.iter().filter(|hit| **hit).count();
    (count as f64 + 1.0) / (hits.len() as f64 + 1.0)
}

/// Shuffles a slice (R. Durstenfeld, Communications of the ACM 7(7), 1964, 420).
fn shuffle(values: &mut [f64], draws: &mut Draws) {
    for last in (1..values.len()).rev() {
        values.swap(last, draws.index(last + 1));
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::{Units, anova_repeated, sign_flip};
    use approx::assert_relative_eq;

    fn plan() -> Resampling {
        Resampling { resamples: 4_000, seed: 1, name: "test".to_owned() }
    }

    const ROWS: [[f64; 3]; 7] = [
        [1.0, 2.0, 4.0],
        [2.0, 2.5, 3.0],
        [0.0, 1.0, 5.0],
        [2.0, 3.0, 2.0],
        [1.5, 0.5, 3.0],
        [4.0, 4.0, 7.0],
        [3.0, 5.0, 4.5],
    ];

    #[test]
    fn the_statistic_is_the_f_of_repeated_measures() {
        let test = within_permutation(&ROWS, &plan()).unwrap();
        let anova = anova_repeated(&ROWS).unwrap();
        assert_relative_eq!(test.f, anova.f, max_relative = 1e-12);
        assert!(test.exact);
    }

    #[test]
    fn two_conditions_are_a_sign_flip_test() {
        let rows = ROWS.map(|row| [row[0], row[2]]);
        let gaps = rows.map(|row| row[0] - row[1]);
        let flips = sign_flip(&gaps, &Units::single(7), 0.0, &plan()).unwrap();
        let test = within_permutation(&rows, &plan()).unwrap();
        assert_relative_eq!(test.p, flips.tails.two_sided(), max_relative = 1e-12);
    }

    #[test]
    fn three_items_that_agree_have_one_chance_in_thirty_six() {
        let rows = [[0.1, 0.2, 0.4], [1.0, 2.0, 4.0], [5.0, 6.0, 9.0]];
        let test = within_permutation(&rows, &plan()).unwrap();
        assert_eq!(test.p, 1.0 / 36.0);
    }

    #[test]
    fn random_arrangements_come_close_to_all_of_them() {
        let exact = within_permutation(&ROWS, &plan()).unwrap();
        let table = centred(&ROWS).unwrap();
        let observed = squares(&column_sums(&table, 3));
        let p = random(&table, 3, observed * (1.0 - 1e-11), &plan());
        // Five standard errors of 4,000 draws, and the arrangement that is added.
        let error = (exact.p * (1.0 - exact.p) / 4_000.0).sqrt();
        assert!((p - exact.p).abs() < 5.0 * error + 5e-4, "{p} {exact:?}");
        let many: Vec<[f64; 3]> = ROWS.iter().copied().cycle().take(30).collect();
        let test = within_permutation(&many, &plan()).unwrap();
        assert!(!test.exact && test.p < 0.01);
    }

    #[test]
    fn equal_conditions_are_no_surprise() {
        let test = within_permutation(&[[2.0, 2.0], [1.0, 1.0]], &plan()).unwrap();
        assert_eq!((test.f, test.p), (0.0, 1.0));
        assert!(within_permutation(&[[2.0]], &plan()).is_err());
        let agreed = within_permutation(&[[1.0, 2.0], [2.0, 3.0]], &plan()).unwrap();
        assert_eq!((agreed.f, agreed.p), (f64::INFINITY, 0.5));
    }

    #[test]
    fn there_are_as_many_orders_as_the_factorial_says() {
        let mut all = orders(4);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 24);
        assert_eq!(arrangements(8, 3), Some(6_u64.pow(7)).filter(|n| *n <= 1 << 18));
    }
}
