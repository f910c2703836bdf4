//! Roots of monotone functions.

/// Steps after which a bracket is narrower than the spacing of floats.
const MOST_STEPS: usize = 300;

/// Returns where `f` changes sign between `low` and `high`, to the last digits.
///
/// `f` need not be finite at the ends: `±∞` stands for its sign. When both ends have the
/// same sign the end with the smaller value is returned.
///
/// # Source
///
/// T. R. Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of
/// a nonlinear function without using derivatives", Advances in Engineering Software
/// 28(3), 1997, 145–149.
pub(in crate::stats) fn bracketed_root(
    low: f64,
    high: f64,
    f: impl Fn(f64) -> f64,
) -> f64 {
    let value = |x: f64| f(x).clamp(-1e100, 1e100);
    let (mut b, mut a) = (low, high);
    let (mut fb, mut fa) = (value(b), value(a));
    if fa == 0.0 || (fa > 0.0) == (fb > 0.0) && fa.abs() < fb.abs() {
        return a;
    }
    if fb == 0.0 || (fa > 0.0) == (fb > 0.0) {
        return b;
    }
    let mut t = 0.5;
    for _ in 0..MOST_STEPS {
        let x = a + t * (b - a);
        let fx = value(x);
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, fc) = (b, fb);
            (b, fb) = (a, fa);
        }
        (a, fa) = (x, fx);
        let (best, fbest) = if fa.abs() < fb.abs() { (a, fa) } else { (b, fb) };
        let tolerance = 2.0 * f64::EPSILON * best.abs() + f64::MIN_POSITIVE;
        let limit = tolerance / (b - c).abs();
        if fbest == 0.0 || limit > 0.5 {
            return best;
        }
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        t = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * fc / (fb - fc)
                + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        t = if t.is_finite() { t.clamp(limit, 1.0 - limit) } else { 0.5 };
    }
    a
}

/// Returns the first of `from ± step, ± 2 step, ± 4 step …` where `done` holds.
///
/// `step` carries the direction. The search ends at the largest finite number.
pub(in crate::stats) fn climb(from: f64, step: f64, done: impl Fn(f64) -> bool) -> f64 {
    let mut step = step;
    loop {
        let x = from + step;
        if !x.is_finite() {
            return f64::MAX.copysign(step);
        }
        if done(x) {
            return x;
        }
        step *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn roots_are_found_to_the_last_digits() {
        let root = bracketed_root(0.0, 2.0, |x| x * x - 2.0);
        assert_relative_eq!(root, 2.0_f64.sqrt(), max_relative = 1e-15);
        let flat = bracketed_root(-1.0, 1e9, |x| (x - 3.0).powi(9));
        assert_relative_eq!(flat, 3.0, max_relative = 1e-9);
    }

    #[test]
    fn an_infinite_end_counts_by_its_sign() {
        let root = bracketed_root(0.0, 5.0, |x| x.ln());
        assert_relative_eq!(root, 1.0, max_relative = 1e-14);
    }
}
