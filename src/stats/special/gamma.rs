//! The incomplete gamma function and the pieces of Stirling's formula.

use std::f64::consts::{PI, TAU};

use statrs::function::gamma::ln_gamma;

use super::Both;

/// Below this the Stirling error is taken from `ln Γ` itself, above it from its series.
const STIRLING_FROM: f64 = 15.0;

/// Largest number of terms of a series or fraction; convergence takes about `√a` of them.
pub(super) const MOST_TERMS: u32 = 200_000;

/// Returns `ln Γ(z + 1) − [(z + ½) ln z − z + ½ ln 2π]`, for `z > 0`.
///
/// # Source
///
/// C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000; the series
/// is Abramowitz and Stegun 6.1.41.
pub(in crate::stats) fn stirling_error(z: f64) -> f64 {
    if z < STIRLING_FROM {
        return ln_gamma(z + 1.0) - (z + 0.5) * z.ln() + z - 0.5 * TAU.ln();
    }
    let w = 1.0 / (z * z);
    let tail =
        1.0 / 1260.0 - w * (1.0 / 1680.0 - w * (1.0 / 1188.0 - w * 691.0 / 360_360.0));
    (1.0 / 12.0 - w * (1.0 / 360.0 - w * tail)) / z
}

/// Returns the deviance `x ln(x / m) + m − x` without cancellation near `x = m`.
///
/// # Source
///
/// C. Loader, 2000, as above (there `bd0`).
pub(super) fn deviance(x: f64, m: f64) -> f64 {
    let gap = x - m;
    if gap.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() - gap;
    }
    let v = gap / (x + m);
    let mut sum = gap * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000_u32 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// Returns `xᵃ e⁻ˣ / Γ(a + 1)`, for `a > 0` and `x > 0`.
pub(in crate::stats) fn poisson_density(a: f64, x: f64) -> f64 {
    if a < STIRLING_FROM {
        return (a * x.ln() - x - ln_gamma(a + 1.0)).exp();
    }
    (-stirling_error(a) - deviance(a, x)).exp() / (2.0 * PI * a).sqrt()
}

/// Returns `ln(xᵃ e⁻ˣ / Γ(a + 1))`, for `a ≥ 0` and `x > 0`; it does not underflow.
///
/// # Source
///
/// C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
pub(in crate::stats) fn ln_poisson(a: f64, x: f64) -> f64 {
    if a <= 0.0 {
        return -x;
    }
    if a < STIRLING_FROM {
        return a * x.ln() - x - ln_gamma(a + 1.0);
    }
    -stirling_error(a) - deviance(a, x) - 0.5 * (TAU * a).ln()
}

/// Returns both tails of the gamma distribution of shape `a > 0` at `x ≥ 0`.
///
/// # Numerics
///
/// Series below `a + 1`, continued fraction (modified Lentz) above; checked to ten digits
/// against 60-digit arithmetic, down to 1e-300.
///
/// # Source
///
/// W. Gautschi, ACM Transactions on Mathematical Software 5(4), 1979, 466–481; the
/// fraction is Abramowitz and Stegun 6.5.31.
pub(in crate::stats) fn gamma_tails(a: f64, x: f64) -> Both {
    if x <= 0.0 {
        return Both::from_lower(0.0);
    }
    if x == f64::INFINITY {
        return Both::from_upper(0.0);
    }
    let density = poisson_density(a, x);
    if x < a + 1.0 {
        Both::from_lower(density * lower_series(a, x))
    } else {
        Both::from_upper(density * a * upper_fraction(a, x))
    }
}

/// Returns `Σ xⁿ / ((a + 1) … (a + n))`.
fn lower_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..MOST_TERMS {
        term *= x / (a + f64::from(n));
        sum += term;
        if term < sum * f64::EPSILON * 0.25 {
            break;
        }
    }
    sum
}

/// Returns the fraction `1/(x+1−a− 1·(1−a)/(x+3−a− …))`.
fn upper_fraction(a: f64, x: f64) -> f64 {
    let tiny = f64::MIN_POSITIVE * 1e20;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / if b.abs() < tiny { tiny } else { b };
    let mut h = d;
    for i in 1..MOST_TERMS {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = an * d + b;
        d = if d.abs() < tiny { tiny } else { d };
        c = b + an / c;
        c = if c.abs() < tiny { tiny } else { c };
        d = 1.0 / d;
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    h
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_stirling_error_is_smooth_where_its_two_forms_meet() {
        let (below, above) = (stirling_error(14.999_999), stirling_error(15.000_001));
        assert_relative_eq!(below, above, max_relative = 1e-6);
        // ln 15! − Stirling, in 50 digits.
        assert_relative_eq!(
            stirling_error(15.0),
            0.005_554_733_551_962_801,
            max_relative = 1e-12
        );
    }

    #[test]
    fn the_exponential_is_the_gamma_of_shape_one() {
        for x in [1e-9, 0.3, 1.0, 5.0, 300.0] {
            assert_relative_eq!(
                gamma_tails(1.0, x).upper,
                (-x).exp(),
                max_relative = 1e-12
            );
        }
        assert_relative_eq!(gamma_tails(1.0, 1e-12).lower, 1e-12, max_relative = 1e-11);
    }
}
