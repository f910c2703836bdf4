//! Counts of a multinomial draw, without drawing its members one by one.

use super::plan::Bits;
use crate::stats::special::stirling_error;

/// Draws how many of `n` draws with replacement fall to each of these counts, calling `each`
/// with the position and the number for those that get any.
///
/// # Formula
///
/// ```text
/// X₁ ~ Bin(n, m₁/M),  X₂ | X₁ ~ Bin(n − X₁, m₂/(M − m₁)),  …,  M = Σ m
/// ```
///
/// # Source
///
/// L. Devroye, Non-Uniform Random Variate Generation, Springer 1986, section XI.1.2.
pub(super) fn multinomial(
    counts: &[u64],
    mut n: u64,
    draws: &mut impl Bits,
    mut each: impl FnMut(usize, u64),
) {
    let mut left: u64 = counts.iter().sum();
    for (place, count) in counts.iter().enumerate() {
        if n == 0 {
            return;
        }
        let got = if *count >= left {
            n
        } else {
            binomial(n, *count as f64 / left as f64, draws)
        };
        left = left.saturating_sub(*count);
        n -= got;
        if got > 0 {
            each(place, got);
        }
    }
}

/// Draws from the binomial distribution of `n` trials.
///
/// # Numerics
///
/// Exact up to the rounding of `f64`: sequential search where fewer than ten successes (or
/// failures) are due, else rejection from a table mountain.
///
/// # Source
///
/// W. Hörmann, "The generation of binomial random variates", Journal of Statistical
/// Computation and Simulation 46, 1993, 101–110: algorithms BINV and BTRS.
pub(super) fn binomial(n: u64, p: f64, draws: &mut impl Bits) -> u64 {
    if n == 0 || p <= 0.0 {
        0
    } else if p >= 1.0 {
        n
    } else if p > 0.5 {
        n - smaller(n, 1.0 - p, draws)
    } else {
        smaller(n, p, draws)
    }
}

/// Draws for `p` of at most a half.
fn smaller(n: u64, p: f64, draws: &mut impl Bits) -> u64 {
    if n as f64 * p < 10.0 { searched(n, p, draws) } else { rejected(n, p, draws) }
}

fn searched(n: u64, p: f64, draws: &mut impl Bits) -> u64 {
    let odds = p / (1.0 - p);
    let none = (n as f64 * (-p).ln_1p()).exp();
    loop {
        let (mut k, mut mass, mut u) = (0, none, draws.unit());
        while u > mass {
            u -= mass;
            k += 1;
            if k > n || k > 200 {
                break;
            }
            mass *= (n - k + 1) as f64 / k as f64 * odds;
        }
        // Beyond 200 with fewer than ten due there is rounding and nothing else.
        if k <= n && k <= 200 {
            return k;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to lie in 0..=n")]
#[expect(clippy::cast_sign_loss, reason = "checked to lie in 0..=n")]
fn rejected(n: u64, p: f64, draws: &mut impl Bits) -> u64 {
    let count = n as f64;
    let q = 1.0 - p;
    let spread = (count * p * q).sqrt();
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let centre = count * p + 0.5;
    let sure = 0.92 - 4.2 / b;
    loop {
        let u = draws.unit() - 0.5;
        let v = draws.unit();
        let edge = 0.5 - u.abs();
        let k = ((2.0 * a / edge + b) * u + centre).floor();
        if !(k >= 0.0 && k <= count) {
            continue;
        }
        if edge >= 0.07 && v <= sure {
            return k as u64;
        }
        let alpha = (2.83 + 5.1 / b) * spread;
        let mode = ((count + 1.0) * p).floor();
        let height = ln_factorial(mode) + ln_factorial(count - mode)
            - ln_factorial(k)
            - ln_factorial(count - k)
            + (k - mode) * (p / q).ln();
        if (v * alpha / (a / (edge * edge) + b)).ln() <= height {
            return k as u64;
        }
    }
}

/// `ln k!` by Stirling's formula with its error term.
fn ln_factorial(k: f64) -> f64 {
    if k < 1.0 {
        return 0.0;
    }
    0.5 * (std::f64::consts::TAU * k).ln() + k * (k.ln() - 1.0) + stirling_error(k)
}

#[cfg(test)]
mod tests {
    use super::super::plan::Draws;
    use super::*;
    use crate::base::Stream;
    use crate::stats::{Binomial, ChiSquared};

    fn draws(name: &str) -> Draws {
        Draws::new(Stream::new(11, name))
    }

    #[test]
    fn factorials_have_their_logarithms() {
        let mut product = 0.0;
        for k in 1_u32..40 {
            product += f64::from(k).ln();
            assert!((ln_factorial(f64::from(k)) - product).abs() < 1e-10, "{k}");
        }
    }

    #[test]
    fn draws_have_the_binomial_distribution() {
        for (n, p) in [(7, 0.3), (40, 0.9), (1_000, 0.004), (60, 0.5), (900, 0.31)] {
            let (mut draws, mut seen) = (draws("binomial"), vec![0_u32; n + 1]);
            let times = 40_000;
            for _ in 0..times {
                let k = binomial(n as u64, p, &mut draws);
                seen[usize::try_from(k).unwrap()] += 1;
            }
            // Pearson's statistic over the outcomes of which at least ten are due.
            let known = Binomial::new(n as u64, p).unwrap();
            let (mut statistic, mut cells) = (0.0, 0.0);
            let (mut rest, mut rest_due) = (0.0, 0.0);
            for (k, count) in seen.iter().enumerate() {
                let due = known.pmf(k as u64) * f64::from(times);
                if due < 10.0 {
                    rest += f64::from(*count);
                    rest_due += due;
                } else {
                    statistic += (f64::from(*count) - due).powi(2) / due;
                    cells += 1.0;
                }
            }
            if rest_due > 1.0 {
                statistic += (rest - rest_due).powi(2) / rest_due;
            }
            let p_value = ChiSquared::new(cells).unwrap().sf(statistic).unwrap();
            assert!(p_value > 1e-3, "n {n}, p {p}: χ² {statistic} of {cells}");
        }
    }

    #[test]
    fn a_multinomial_draw_adds_up_and_has_its_means() {
        let (counts, mut draws) = ([5, 1, 0, 14], draws("multinomial"));
        let mut sums = [0_u64; 4];
        for _ in 0..10_000 {
            let mut sum = 0;
            multinomial(&counts, 20, &mut draws, |place, got| {
                sums[place] += got;
                sum += got;
            });
            assert_eq!(sum, 20);
        }
        // Means of 5, 1, 0 and 14 a draw, within 5 standard errors of at most 0.02.
        for (sum, count) in sums.iter().zip(counts) {
            assert!((*sum as f64 / 10_000.0 - count as f64).abs() < 0.1, "{sums:?}");
        }
    }
}
