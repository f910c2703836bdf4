//! Integrals over the whole line of functions with one peak.

/// Terms after which a sum ends whatever it holds; sums that converge need hundreds.
const MOST_TERMS: u32 = 20_000;

/// Share of the sum below which a term no longer counts.
const NEGLIGIBLE: f64 = 1e-18;

/// Returns `∫ f` by the trapezoidal rule, outwards from `centre` until terms are negligible.
///
/// `f` is smooth, has one peak and falls at least exponentially on both sides; the rule is
/// then exact up to `exp(−2π²σ²/step²)` for a peak of width `σ`.
///
/// # Source
///
/// L. N. Trefethen and J. A. C. Weideman, "The Exponentially Convergent Trapezoidal Rule",
/// SIAM Review 56(3), 2014, 385–458.
pub(in crate::stats) fn trapezoid(centre: f64, step: f64, f: impl Fn(f64) -> f64) -> f64 {
    let middle = f(centre);
    let mut sum = middle;
    for direction in [step, -step] {
        let mut before = middle;
        for i in 1..MOST_TERMS {
            let term = f(centre + f64::from(i) * direction);
            sum += term;
            if term <= before && term <= NEGLIGIBLE * sum {
                break;
            }
            before = term;
        }
    }
    sum * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_bell_has_its_area_from_wherever_the_sum_begins() {
        for centre in [-3.0, 0.0, 0.4, 5.0] {
            let area = trapezoid(centre, 0.5, |x| (-x * x / 2.0).exp());
            assert_relative_eq!(area, std::f64::consts::TAU.sqrt(), max_relative = 1e-14);
        }
    }
}
