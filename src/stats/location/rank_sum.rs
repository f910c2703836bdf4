//! How often each rank sum of one of two samples occurs among all arrangements.

use super::super::StatsError;
use super::super::outcome::Tails;
use super::super::special::binomial_density;

/// Steps that an exact count may take; beyond, the normal approximation is the one to ask.
const MOST_STEPS: f64 = 4e9;

/// Refuses a count that would take more than [`MOST_STEPS`].
pub(super) fn countable(steps: f64) -> Result<(), StatsError> {
    if steps <= MOST_STEPS {
        Ok(())
    } else {
        let name = "number of values of an exact test";
        let wanted = "small enough to count every arrangement";
        Err(StatsError::InvalidParameter { name, wanted })
    }
}

/// Returns `P(U = u)` for `u` from 0 to `last`, of samples of `n` and `m` without ties.
///
/// # Formula
///
/// ```text
/// Σ_u #(u) qᵘ = Π_{i ≤ m} (1 − q^{n+i}) / (1 − qⁱ)
/// ```
///
/// # Numerics
///
/// Each factor is applied as a probability, `i / (n + i)` with it, so nothing overflows. The
/// distribution of each stage is symmetric: its upper half is copied from the lower one,
/// where the terms taken away are the smaller ones.
///
/// # Source
///
/// H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18(1), 1947, 50–60; the
/// product is Gauss's binomial coefficient.
pub(super) fn untied(n: usize, m: usize, last: usize) -> Result<Vec<f64>, StatsError> {
    let (n, m) = (n.max(m), n.min(m));
    countable(m as f64 * (last as f64 + 1.0))?;
    let mut share = vec![0.0; last + 1];
    share[0] = 1.0;
    for i in 1..=m {
        let top = n * i;
        let end = last.min(top / 2);
        for u in (n + i..=end).rev() {
            share[u] -= share[u - n - i];
        }
        for u in i..=end {
            share[u] += share[u - i];
        }
        let factor = i as f64 / (n + i) as f64;
        share[..=end].iter_mut().for_each(|p| *p *= factor);
        for u in end + 1..=last.min(top) {
            share[u] = share[top - u];
        }
    }
    Ok(share)
}

/// Returns both tails of `U = u`, of samples of `n` and `m` without ties.
#[expect(clippy::cast_possible_truncation, reason = "a whole number of pairs")]
#[expect(clippy::cast_sign_loss, reason = "a whole number of pairs")]
pub(super) fn untied_tails(n: usize, m: usize, u: f64) -> Result<Tails, StatsError> {
    let pairs = n as f64 * m as f64;
    let near = u.min(pairs - u);
    countable(n.min(m) as f64 * (near + 1.0))?;
    let shares = untied(n, m, near as usize)?;
    let below: f64 = shares[..near as usize].iter().sum();
    let small = (below + shares[near as usize]).min(1.0);
    let large = 1.0 - below;
    Ok(if u <= pairs - u {
        Tails { greater: large, less: small }
    } else {
        Tails { greater: small, less: large }
    })
}

/// A group of equal values of the two samples together.
#[derive(Debug, Clone, Copy)]
pub(super) struct TieGroup {
    /// How many of them belong to the first sample.
    pub(super) first: usize,
    /// How many there are.
    pub(super) all: usize,
}

/// Returns both tails of the observed `U` over all arrangements of tied values.
///
/// # Formula
///
/// ```text
/// P(k₁, k₂, …) = Π_g Binomial(k_g; t_g, n/N) / Binomial(n; N, n/N)
/// 2U = Σ_g [2 k_g #{y below group g} + k_g (t_g − k_g)]
/// ```
///
/// # Numerics
///
/// Whole twice-`U`; all terms are positive, so both tails keep their digits.
pub(super) fn tied_tails(groups: &[TieGroup]) -> Result<Tails, StatsError> {
    let n: usize = groups.iter().map(|group| group.first).sum();
    let total: usize = groups.iter().map(|group| group.all).sum();
    if 2 * n > total {
        // The smaller sample takes fewer rows; its wins are the other's losses.
        let turn = |g: &TieGroup| TieGroup { first: g.all - g.first, all: g.all };
        let turned: Vec<TieGroup> = groups.iter().map(turn).collect();
        let Tails { greater, less } = tied_tails(&turned)?;
        return Ok(Tails { greater: less, less: greater });
    }
    let width = 2.0 * n as f64 * (total - n) as f64 + 1.0;
    let choices: f64 = groups.iter().map(|group| group.all.min(n) as f64 + 1.0).sum();
    countable((n as f64 + 1.0) * width * choices)?;
    let width = 2 * n * (total - n) + 1;
    let (p, q) = (n as f64 / total as f64, (total - n) as f64 / total as f64);
    let (mut below, mut taken, mut observed) = (0, 0, 0);
    let mut rows = vec![vec![0.0; width]; n + 1];
    rows[0][0] = 1.0;
    for group in groups {
        observed += twice_u(below - taken, group.first, group.all);
        taken += group.first;
        let mut next = vec![vec![0.0; width]; n + 1];
        for k in 0..=group.all.min(n) {
            let weight = binomial_density(k as f64, (group.all - k) as f64, p, q);
            for chosen in 0..=(n - k).min(below) {
                let shift = twice_u(below - chosen, k, group.all);
                let (from, to) = (&rows[chosen], &mut next[chosen + k]);
                to.iter_mut().skip(shift).zip(from).for_each(|(t, f)| *t += weight * f);
            }
        }
        rows = next;
        below += group.all;
    }
    let all = binomial_density(n as f64, (total - n) as f64, p, q);
    let row = &rows[n];
    let less = row.iter().take(observed + 1).sum::<f64>() / all;
    let greater = row.iter().skip(observed).sum::<f64>() / all;
    Ok(Tails { greater: greater.min(1.0), less: less.min(1.0) })
}

/// Returns what `k` of `all` equal values add to twice `U`, above `others` of the second.
fn twice_u(others: usize, k: usize, all: usize) -> usize {
    2 * k * others + k * (all - k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn small_samples_are_counted_by_hand() {
        // 2 and 3 values: U = 0 … 6 occurs 1, 1, 2, 2, 2, 1, 1 times.
        let shares = untied(2, 3, 6).unwrap();
        for (got, want) in shares.iter().zip([1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0]) {
            assert_relative_eq!(*got, want / 10.0, max_relative = 1e-14);
        }
    }

    #[test]
    fn counts_with_and_without_ties_agree_where_there_are_none() {
        // x, y, y, x, x, y, x in ascending order.
        let order = [1, 0, 0, 1, 1, 0, 1];
        let groups = order.map(|first| TieGroup { first, all: 1 });
        let tied = tied_tails(&groups).unwrap();
        let untied = untied_tails(4, 3, 7.0).unwrap();
        assert_relative_eq!(tied.less, untied.less, max_relative = 1e-12);
        assert_relative_eq!(tied.greater, untied.greater, max_relative = 1e-12);
    }

    #[test]
    fn hundreds_of_values_keep_the_digits_of_whole_numbers() {
        // Python integers: the product of polynomials over C(600, 300), as fractions.
        let tails = untied_tails(300, 300, 30_000.0).unwrap();
        assert_relative_eq!(tails.less, LESS_300, max_relative = 1e-11);
        let lowest = untied_tails(300, 300, 0.0).unwrap();
        assert_relative_eq!(lowest.less, LOWEST_300, max_relative = 1e-11);
        assert!(untied_tails(1_000_000, 1_000_000, 5e11).is_err());
    }

    const LESS_300: f64 = 4.277_332_929_749_959e-13;
    const LOWEST_300: f64 = 7.401_489_395_998_409e-180;
}
