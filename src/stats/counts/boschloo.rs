//! Boschloo's exact test of two proportions.

use super::barnard::UnconditionalTest;
use super::hypergeometric::Hypergeometric;
use super::nuisance::{TwoGroups, supremum};
use crate::stats::StatsError;
use crate::stats::outcome::Alternative;

/// Fisher's p within this share of one another are ties.
const TIE: f64 = 1e-10;

/// The largest number of observations: beyond it the search would take seconds.
const MOST: u64 = 100_000;

/// Tests whether two independent proportions are equal, ordering tables by Fisher's p.
///
/// # Formula
///
/// ```text
/// F(x, y) = Fisher's one-sided p of x and y successes
/// p = sup over π of P_π(F ≤ F_obs);   two-sided: twice the smaller, at most 1
/// ```
///
/// Never less powerful than Fisher's test, since p is never larger than `F_obs`.
///
/// # Shapes and units
///
/// In `[[a, b], [c, d]]` the columns are the groups, the first row the successes; `less` says
/// that the first proportion `a / (a + c)` is the smaller. The statistic is `F_obs`.
///
/// # Numerics
///
/// For each number of successes the region is a tail; the supremum has nine digits. Fisher's
/// p within a relative 1e-10 are ties.
///
/// # Errors
///
/// `ZeroMarginal` for an empty group; `InvalidTable`, `InvalidParameter` for a total of more
/// than 100,000.
///
/// # Source
///
/// R. D. Boschloo, "Raised conditional level of significance for the 2 × 2-table when testing
/// the equality of two probabilities", Statistica Neerlandica 24(1), 1970, 1–9.
///
/// # Example
///
/// ```
/// use crucible::stats::{Alternative, boschloo_exact};
///
/// let test = boschloo_exact([[7, 12], [8, 3]], Alternative::Less)?;
/// assert!((test.p - 0.0341).abs() < 1e-4);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn boschloo_exact(
    table: [[u64; 2]; 2],
    alternative: Alternative,
) -> Result<UnconditionalTest, StatsError> {
    let groups = TwoGroups::new(table, MOST, "at most 100,000")?;
    let swapped = TwoGroups {
        first: groups.second,
        second: groups.first,
        a: groups.b,
        b: groups.a,
    };
    // That the second proportion is the larger is that the first is the smaller.
    Ok(match alternative {
        Alternative::Greater => greater(groups),
        Alternative::Less => greater(swapped),
        Alternative::TwoSided => {
            let (above, below) = (greater(groups), greater(swapped));
            let smaller = if below.p < above.p { below } else { above };
            UnconditionalTest { p: (2.0 * smaller.p).min(1.0), ..smaller }
        }
    })
}

/// Tests against a larger first proportion.
fn greater(groups: TwoGroups) -> UnconditionalTest {
    let given = |s: u64| Hypergeometric::new(groups.first, groups.second, s);
    let statistic = given(groups.a + groups.b).at_least(groups.a);
    let limit = statistic * (1.0 + TIE);
    let mut x = 0;
    let shares: Vec<f64> = (0..=groups.all())
        .map(|s| {
            let given = given(s);
            // The first value whose tail is small enough lies near that of s − 1.
            x = x.clamp(given.least(), given.most());
            let mut tail = given.at_least(x);
            while tail <= limit && x > given.least() {
                let more = given.at_least(x - 1);
                if more > limit {
                    break;
                }
                x -= 1;
                tail = more;
            }
            while tail > limit && x < given.most() {
                x += 1;
                tail = given.at_least(x);
            }
            if tail <= limit { tail } else { 0.0 }
        })
        .collect();
    let p = if limit >= 1.0 { 1.0 } else { supremum(&shares) };
    UnconditionalTest { statistic, p }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn it_is_never_less_powerful_than_fisher() {
        for table in
            [[[7, 12], [8, 3]], [[1, 5], [4, 2]], [[0, 4], [6, 5]], [[9, 9], [1, 3]]]
        {
            for alternative in [Alternative::Less, Alternative::Greater] {
                let test = boschloo_exact(table, alternative).unwrap();
                assert!(test.p <= test.statistic * (1.0 + 1e-9), "{table:?} {test:?}");
            }
        }
    }

    #[test]
    fn swapping_the_groups_swaps_the_alternatives() {
        let less = boschloo_exact([[2, 9], [8, 4]], Alternative::Less).unwrap();
        let greater = boschloo_exact([[9, 2], [4, 8]], Alternative::Greater).unwrap();
        assert_relative_eq!(less.p, greater.p, max_relative = 1e-9);
        let both = boschloo_exact([[9, 2], [4, 8]], Alternative::TwoSided).unwrap();
        assert_relative_eq!(both.p, 2.0 * greater.p, max_relative = 1e-12);
    }

    #[test]
    fn one_against_one_is_a_sum_over_four_tables() {
        let table = [[1, 0], [0, 1]];
        let test = boschloo_exact(table, Alternative::Greater).unwrap();
        assert_relative_eq!(test.statistic, 0.5, max_relative = 1e-13);
        assert_relative_eq!(test.p, 0.25, max_relative = 1e-12);
        assert_eq!(boschloo_exact(table, Alternative::Less).unwrap().p, 1.0);
    }

    #[test]
    fn few_successes_among_very_many_are_still_quick() {
        let table = [[7, 0], [20_000, 20_000]];
        let test = boschloo_exact(table, Alternative::TwoSided).unwrap();
        // Nearly a sign test of seven events: 2 · 2⁻⁷ at most.
        assert!(test.p < 0.0157 && test.p > 0.004, "{test:?}");
        assert!(boschloo_exact([[0, 1], [0, 1]], Alternative::Less).is_err());
        assert!(boschloo_exact([[1 << 18, 1], [0, 1]], Alternative::Less).is_err());
    }
}
