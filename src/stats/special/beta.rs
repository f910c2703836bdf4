//! The incomplete beta function.

use std::f64::consts::PI;

use super::Both;
use super::gamma::{MOST_TERMS, deviance, stirling_error};

/// Returns `Γ(n + 1) / (Γ(a + 1) Γ(b + 1)) xᵃ yᵇ` with `n = a + b` and `y = 1 − x`.
///
/// For whole `a` and `b` this is the binomial probability of `a` successes in `n`.
///
/// # Source
///
/// C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
pub(in crate::stats) fn binomial_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if a == 0.0 {
        return if b == 0.0 { 1.0 } else { power(y, x, b) };
    }
    if b == 0.0 {
        return power(x, y, a);
    }
    if x <= 0.0 || y <= 0.0 {
        return 0.0;
    }
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    exponent.exp() * (n / (2.0 * PI * a * b)).sqrt()
}

/// Returns `baseᵗ`, with `rest = 1 − base` giving the digits near one.
fn power(base: f64, rest: f64, t: f64) -> f64 {
    if base < 0.5 { base.powf(t) } else { (t * (-rest).ln_1p()).exp() }
}

/// Returns both tails of the beta distribution with shapes `a, b > 0` at `x`.
///
/// `y` is `1 − x`, given apart so that neither end loses digits.
///
/// # Numerics
///
/// Continued fraction (modified Lentz) of the smaller tail; checked to ten digits against
/// 60-digit arithmetic, down to 1e-300 and for parameters up to 1e6, and for one parameter
/// up to 1e15 beside a small one.
///
/// # Source
///
/// A. R. DiDonato and A. H. Morris, ACM Transactions on Mathematical Software 18(3), 1992,
/// 360–373; the fraction is Abramowitz and Stegun 26.5.8.
pub(in crate::stats) fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Both {
    if x <= 0.0 {
        return Both::from_lower(0.0);
    }
    if y <= 0.0 {
        return Both::from_upper(0.0);
    }
    if x < (a + 1.0) / (a + b + 2.0) {
        Both::from_lower(lower(a, b, x, y))
    } else {
        Both::from_upper(lower(b, a, y, x))
    }
}

fn lower(a: f64, b: f64, x: f64, y: f64) -> f64 {
    binomial_density(a, b, x, y) * b / (a + b) * a * fraction(a, b, x, y)
}

/// Returns the fraction `B(a, b) I_x(a, b) / (xᵃ yᵇ)`, the even part of 26.5.8.
///
/// Its first partial denominator holds `a − (a + b) x`, taken from the smaller of `x` and
/// `y`: so a large `a` beside a small `y` costs no digits.
fn fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let tiny = f64::MIN_POSITIVE * 1e20;
    let safe = |v: f64| if v.abs() < tiny { tiny } else { v };
    let distance = if x <= 0.5 { a - (a + b) * x } else { (a + b) * y - b };
    let first = 1.0 + 1.0 / a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / safe((1.0 + distance) / first);
    let mut h = d;
    for n in 1..MOST_TERMS {
        let n = f64::from(n);
        let (before, here) = (1.0 + (n - 1.0) / a, 1.0 + n / a);
        let s = a + 2.0 * n - 1.0;
        let w = n * (b - n) * x;
        let even = before * (before + b / a) * (a / s) * (a / s) * w * x;
        let odd =
            n + w / s + here / (first + 2.0 * n / a) * (1.0 + distance + n * (1.0 + y));
        d = 1.0 / safe(odd + even * d);
        c = safe(odd + even / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    h
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_uniform_is_the_beta_of_ones() {
        for x in [1e-200, 0.25, 0.5, 0.999] {
            let both = beta_tails(1.0, 1.0, x, 1.0 - x);
            assert_relative_eq!(both.lower, x, max_relative = 1e-13);
            assert_relative_eq!(both.upper, 1.0 - x, max_relative = 1e-13);
        }
    }

    #[test]
    fn densities_at_the_ends_are_powers() {
        assert_relative_eq!(
            binomial_density(0.0, 3.0, 0.1, 0.9),
            0.729,
            max_relative = 1e-14
        );
        assert_relative_eq!(
            binomial_density(3.0, 0.0, 0.1, 0.9),
            0.001,
            max_relative = 1e-14
        );
        assert_eq!(binomial_density(1.0, 1.0, 0.0, 1.0), 0.0);
    }
}
