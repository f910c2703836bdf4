//! The k-th smallest of all pairs of two sorted samples, without forming the pairs.

/// Maps a float to a whole number of the same order.
fn order_of(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn float_of(order: u64) -> f64 {
    f64::from_bits(if order >> 63 == 1 { order & !(1 << 63) } else { !order })
}

/// Returns the smallest float at or below which `count` finds `k` pairs or more.
///
/// Halves the ordered set of all floats: 64 counts, whatever the number of pairs.
fn smallest(k: u128, count: impl Fn(f64) -> u128) -> f64 {
    let (mut low, mut high) = (order_of(f64::NEG_INFINITY), order_of(f64::INFINITY));
    while low < high {
        let middle = low + (high - low) / 2;
        if count(float_of(middle)) >= k {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    float_of(low) + 0.0
}

/// Returns the `k`-th smallest (from 1) of all `xᵢ − yⱼ`, of two ascending samples.
///
/// # Numerics
///
/// The rounded difference grows with `x` and falls with `y`, so the pairs at or below a
/// value form a staircase that is counted in `O(n + m)`; the result is one of the
/// differences, to the last bit.
///
/// # Source
///
/// The staircase of a sorted matrix: D. B. Johnson and T. Mizoguchi, SIAM Journal on
/// Computing 7(2), 1978, 147–153; J. F. Monahan, ACM Transactions on Mathematical Software
/// 10(3), 1984, 265–270.
pub(super) fn difference(xs: &[f64], ys: &[f64], k: u128) -> f64 {
    smallest(k, |limit| {
        let (mut from, mut total) = (0, 0_u128);
        for x in xs {
            while from < ys.len() && x - ys[from] > limit {
                from += 1;
            }
            total += (ys.len() - from) as u128;
        }
        total
    })
}

/// Returns the `k`-th smallest (from 1) of all `(xᵢ + xⱼ) / 2`, `i ≤ j`, of an ascending
/// sample; see [`difference`].
pub(super) fn walsh_average(xs: &[f64], k: u128) -> f64 {
    smallest(k, |limit| {
        let (mut end, mut total) = (xs.len(), 0_u128);
        for (i, x) in xs.iter().enumerate() {
            while end > i && average(*x, xs[end - 1]) > limit {
                end -= 1;
            }
            if end <= i {
                break;
            }
            total += (end - i) as u128;
        }
        total
    })
}

/// Returns the middle of two values, also where their sum overflows.
pub(super) fn average(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if sum.is_finite() { sum / 2.0 } else { a / 2.0 + b / 2.0 }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the result is one of the pairs")]
mod tests {
    use super::*;

    fn sorted(n: i32, step: i32) -> Vec<f64> {
        let mut xs: Vec<f64> =
            (0..n).map(|i| f64::from(i * step % 101) / 7.0 - 5.0).collect();
        xs.sort_unstable_by(f64::total_cmp);
        xs
    }

    #[test]
    fn every_order_statistic_is_that_of_the_pairs_themselves() {
        let (xs, ys) = (sorted(9, 37), sorted(14, 53));
        let mut pairs: Vec<f64> =
            xs.iter().flat_map(|x| ys.iter().map(move |y| x - y)).collect();
        pairs.sort_unstable_by(f64::total_cmp);
        for (i, want) in pairs.iter().enumerate() {
            assert_eq!(difference(&xs, &ys, i as u128 + 1), *want);
        }
        let mut walsh: Vec<f64> = (0..ys.len())
            .flat_map(|i| (i..ys.len()).map(move |j| (i, j)))
            .map(|(i, j)| average(ys[i], ys[j]))
            .collect();
        walsh.sort_unstable_by(f64::total_cmp);
        for (i, want) in walsh.iter().enumerate() {
            assert_eq!(walsh_average(&ys, i as u128 + 1), *want);
        }
    }

    #[test]
    fn floats_and_their_order_are_one() {
        let rising = [f64::NEG_INFINITY, -1.0, -1e-310, 0.0, 2.0, f64::MAX];
        for pair in rising.windows(2) {
            assert!(order_of(pair[0]) < order_of(pair[1]));
            assert_eq!(float_of(order_of(pair[0])), pair[0]);
        }
    }
}
