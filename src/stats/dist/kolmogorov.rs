//! Kolmogorov's distribution of the largest gap between a sample and its law.

use std::f64::consts::{PI, TAU};

use super::argument;
use crate::stats::StatsError;
use crate::stats::special::binomial_density;

/// Up to this many values the two-sided tail is computed without approximation.
const MOST_EXACT: u64 = 10_000;

/// Up to this many values Smirnov's sum for one side is added up term by term.
const MOST_TERMS: u64 = 10_000_000;

/// Beyond this `n d²` both sides are never far at once, to the last digits of the tail:
/// the share of that event is about `exp(−6 n d²)`.
const SIDES_APART: f64 = 4.5;

/// The same limit where the approximation for many values takes over below it.
const SIDES_APART_MANY: f64 = 4.0;

/// Steps of a Poisson process longer than this have no weight in a unit of time.
const LONGEST_JUMP: u32 = 26;

/// Jumps less probable than this are left out.
const SMALLEST_JUMP: f64 = 1e-22;

/// Within this many `√n` to either side the process stays, but for `2 exp(−50)`.
const WIDE: f64 = 5.0;

/// The distribution of Kolmogorov's `D` and Smirnov's `D⁺` of `n` values.
///
/// # Formula
///
/// ```text
/// P(D⁺ ≥ d) = Σ_{j ≤ n(1−d)} d / p_j · C(n, j) p_jʲ (1 − p_j)ⁿ⁻ʲ,   p_j = d + j / n
/// P(D < d)  = P(s − nd < N(s) < s + nd for all s in [0, n] | N(n) = n)
/// limit:      P(√n D ≥ x) → 2 Σ_{k ≥ 1} (−1)ᵏ⁻¹ exp(−2 k² x²)
/// ```
///
/// `N` is a Poisson process of rate one.
///
/// # Shapes and units
///
/// `n ≥ 1` values; `d` is a gap between two shares, `x` is `√n d`; results are
/// probabilities.
///
/// # Numerics
///
/// Every sum has terms of one sign. The two-sided tail is twice the one-sided one where the
/// two sides cannot both be far (`n d² ≥ 4.5`), and one minus the probability of staying
/// inside below, where the tail is above 1e-4. Above 10,000 values that probability is Pelz
/// and Good's expansion (1e-9); above 10⁷ values the one-sided tail is Smirnov's limit with
/// its first correction, good to about `1 / n`.
///
/// # Errors
///
/// `InvalidParameter` when there are no values; `NotFinite` for NaN.
///
/// # Source
///
/// N. V. Smirnov, Annals of Mathematical Statistics 19(2), 1948, 279–281; Z. W. Birnbaum and
/// F. H. Tingey, Annals of Mathematical Statistics 22(4), 1951, 592–596; W. Pelz and I. J.
/// Good, Journal of the Royal Statistical Society B 38(2), 1976, 152–156; R. Simard and P.
/// L'Ecuyer, Journal of Statistical Software 39(11), 2011, 1–18.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kolmogorov {
    n: u64,
}

impl Kolmogorov {
    /// Returns the distribution for `n` values.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` unless `n` is at least 1.
    pub fn new(n: u64) -> Result<Self, StatsError> {
        if n == 0 {
            let name = "number of values";
            return Err(StatsError::InvalidParameter { name, wanted: "at least 1" });
        }
        Ok(Self { n })
    }

    /// Returns `P(D ≥ d)`, both sides.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, d: f64) -> Result<f64, StatsError> {
        let d = argument(d)?;
        if d >= 1.0 {
            return Ok(0.0);
        }
        let n = self.n as f64;
        let many = self.n > MOST_EXACT;
        if d * n <= 0.5 {
            return Ok(1.0);
        }
        let apart = if many { SIDES_APART_MANY } else { SIDES_APART };
        if d >= 0.5 || n * d * d >= apart {
            return Ok((2.0 * one_sided(self.n, d)).min(1.0));
        }
        let inside = if many { pelz_good(n, d) } else { inside(self.n, d) };
        Ok((1.0 - inside).clamp(0.0, 1.0))
    }

    /// Returns `P(D⁺ ≥ d)`, one side.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf_one_sided(self, d: f64) -> Result<f64, StatsError> {
        let d = argument(d)?;
        if d >= 1.0 {
            Ok(0.0)
        } else if d <= 0.0 {
            Ok(1.0)
        } else {
            Ok(one_sided(self.n, d).min(1.0))
        }
    }

    /// Returns the limit of `P(√n D ≥ x)` for many values.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn limit_sf(x: f64) -> Result<f64, StatsError> {
        let x = argument(x)?;
        if x <= 0.0 {
            return Ok(1.0);
        }
        if x < 1.0 {
            let q = -PI * PI / (8.0 * x * x);
            let sum: f64 =
                [1.0_f64, 3.0, 5.0, 7.0].iter().map(|k| (q * k * k).exp()).sum();
            return Ok(1.0 - TAU.sqrt() / x * sum);
        }
        let term = |k: f64| (-2.0 * k * k * x * x).exp();
        Ok(2.0 * (term(1.0) - term(2.0) + term(3.0) - term(4.0)))
    }
}

/// Adds up Smirnov's formula, for `0 < d < 1`.
fn one_sided(n: u64, d: f64) -> f64 {
    let size = n as f64;
    if n > MOST_TERMS {
        let root = 6.0 * size * d + 1.0;
        return (-root * root / (18.0 * size)).exp();
    }
    let mut total = 0.0;
    for j in 0..n {
        let share = j as f64 / size;
        let rest = (1.0 - d) - share;
        if rest <= 0.0 {
            break;
        }
        let p = d + share;
        total += d / p * binomial_density(j as f64, (n - j) as f64, p, rest);
    }
    total
}

/// Probabilities of the value of a counting process, from `low` on.
struct Counts {
    low: usize,
    shares: Vec<f64>,
}

impl Counts {
    /// Lets the process run for a while and keeps what ends between two bounds.
    fn step(&mut self, jumps: &[f64], low: i64, high: i64) {
        let low = usize::try_from(low).unwrap_or(0).max(self.low);
        let high = usize::try_from(high).unwrap_or(0);
        let mut next = vec![0.0; (high + 1).saturating_sub(low)];
        for (jump, weight) in jumps.iter().enumerate() {
            // The value `low` is reached from `low − jump`, where that is a value kept.
            let (from, into) = if low >= self.low + jump {
                (low - jump - self.low, 0)
            } else {
                (0, self.low + jump - low)
            };
            let (before, after) = (self.shares.iter().skip(from), next.iter_mut());
            after.skip(into).zip(before).for_each(|(a, b)| *a += weight * b);
        }
        *self = Self { low, shares: next };
    }
}

/// Returns Poisson probabilities of the numbers of jumps in a time of at most one.
fn jumps(time: f64) -> Vec<f64> {
    let mut weight = (-time).exp();
    let mut all = vec![weight];
    for k in 1..=LONGEST_JUMP {
        weight *= time / f64::from(k);
        if weight < SMALLEST_JUMP {
            break;
        }
        all.push(weight);
    }
    all
}

/// Returns `P(D < d)` by carrying a Poisson process between its two boundaries.
///
/// What weights and times lack in the last digit adds up over `n` steps, so the result is
/// measured against the same process between boundaries so wide that it stays inside.
#[expect(clippy::cast_possible_truncation, reason = "at most 10,000 times a share")]
fn inside(n: u64, d: f64) -> f64 {
    let size = n as f64;
    let whole = (size * d).floor();
    let part = size * d - whole;
    let wide = whole.max((WIDE * size.sqrt()).ceil());
    carried(n, whole as i64, part) / carried(n, wide as i64, part)
}

/// Returns the probability of `n` events within boundaries `reach + part` to either side.
///
/// The boundaries `s ± (reach + part)` pass a whole number twice in each unit of time, and
/// only there can the set of allowed counts change.
fn carried(n: u64, reach: i64, part: f64) -> f64 {
    let last = i64::try_from(n).unwrap_or(i64::MAX);
    let early = part <= 0.5;
    let near = if early { part } else { 1.0 - part };
    let (first, between, within) =
        (jumps(near), jumps(2.0 * near), jumps(1.0 - 2.0 * near));
    let mut counts = Counts { low: 0, shares: vec![1.0] };
    for t in 0..last {
        let start = if t == 0 { &first } else { &between };
        // The lower boundary passes at `t + part`, the upper one at `t + 1 − part`.
        let (low, end_high) =
            if early { (t - reach + 1, t + reach) } else { (t - reach, t + 1 + reach) };
        counts.step(start, low, (t + reach).min(last));
        counts.step(&within, t - reach + 1, end_high.min(last));
    }
    counts.step(&first, last, last);
    counts.shares.first().copied().unwrap_or(0.0)
}

/// Returns `P(D < d)` by the expansion of Pelz and Good, up to `n^(−3/2)`.
fn pelz_good(n: f64, d: f64) -> f64 {
    let z = n.sqrt() * d;
    let (z2, pi2) = (z * z, PI * PI);
    let (z4, z6, pi4) = (z2 * z2, z2 * z2 * z2, PI.powi(4));
    let mut sums = [0.0_f64; 6];
    for k in 1..=40_u32 {
        let odd = f64::from(2 * k - 1) / 2.0;
        let (h2, k2) = (odd * odd, f64::from(k).powi(2));
        let at_half = (-pi2 * h2 / (2.0 * z2)).exp();
        let at_whole = (-pi2 * k2 / (2.0 * z2)).exp();
        let second = (6.0 * z6 + 2.0 * z4)
            + pi2 * (2.0 * z4 - 5.0 * z2) * h2
            + pi4 * (1.0 - 2.0 * z2) * h2 * h2;
        let third = (-30.0 * z6 - 90.0 * z4 * z4)
            + pi2 * (135.0 * z4 - 96.0 * z6) * h2
            + pi4 * (212.0 * z4 - 60.0 * z2) * h2 * h2
            + pi4 * pi2 * (5.0 - 30.0 * z2) * h2 * h2 * h2;
        let terms = [
            at_half,
            (pi2 * h2 - z2) * at_half,
            second * at_half,
            third * at_half,
            k2 * at_whole,
            (3.0 * z2 - pi2 * k2) * k2 * at_whole,
        ];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    let [zeroth, first, second, third, extra_second, extra_third] = sums;
    let k0 = zeroth / z;
    let k1 = first / (6.0 * z4);
    let k2 = second / (72.0 * z6 * z) - pi2 * extra_second / (36.0 * z2 * z);
    let k3 = third / (6480.0 * z6 * z4) + pi2 * extra_third / (216.0 * z6);
    let root = n.sqrt();
    TAU.sqrt() * (k0 + k1 / root + k2 / n + k3 / (n * root))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn one_value_has_the_tails_of_a_uniform() {
        let one = Kolmogorov::new(1).unwrap();
        assert_relative_eq!(one.sf_one_sided(0.3).unwrap(), 0.7, max_relative = 1e-13);
        assert_relative_eq!(one.sf(0.8).unwrap(), 0.4, max_relative = 1e-13);
        assert_eq!(one.sf(0.5).unwrap(), 1.0);
        assert_eq!((one.sf(1.0).unwrap(), one.sf(-1.0).unwrap()), (0.0, 1.0));
        assert_eq!(one.sf(0.3).unwrap(), 1.0);
    }

    #[test]
    fn two_values_stay_inside_with_the_probability_of_an_area() {
        // P(D < d) = 2 (2d − ½)² for ¼ ≤ d ≤ ½, by hand.
        let two = Kolmogorov::new(2).unwrap();
        for d in [0.26, 0.3, 0.4, 0.49] {
            let want = 1.0 - 2.0 * (2.0 * d - 0.5_f64).powi(2);
            assert_relative_eq!(two.sf(d).unwrap(), want, max_relative = 1e-12);
        }
    }

    #[test]
    fn both_sides_agree_with_forty_digit_arithmetic() {
        // Durbin's matrix (Marsaglia, Tsang and Wang 2003) in mpmath, mp.dps = 40.
        let cases = [
            (137, 0.17, 0.000_624_649_031_305_346_8),
            (137, 0.05, 0.865_981_165_744_133_4),
            (500, 0.09, 0.000_565_375_823_668_057_6),
            (10, 0.3, 0.270_535_574_800_000_04),
        ];
        for (n, d, want) in cases {
            let got = Kolmogorov::new(n).unwrap().sf(d).unwrap();
            assert_relative_eq!(got, want, max_relative = 2e-11);
        }
    }

    #[test]
    fn the_two_ways_agree_where_they_meet() {
        for n in [10_u64, 137, 1_000] {
            let size = n as f64;
            let d = (4.5_f64 / size).sqrt();
            if d < 0.5 {
                let tail = 2.0 * one_sided(n, d);
                assert_relative_eq!(1.0 - inside(n, d), tail, max_relative = 1e-9);
            }
        }
        let d = 1.1 / 10_000.0_f64.sqrt();
        let (long, short) = (inside(10_000, d), pelz_good(10_000.0, d));
        assert_relative_eq!(1.0 - long, 1.0 - short, max_relative = 1e-8);
        let d = (4.0_f64 / 10_000.0).sqrt();
        let (tail, short) = (2.0 * one_sided(10_000, d), pelz_good(10_000.0, d));
        assert_relative_eq!(tail, 1.0 - short, max_relative = 1e-7);
    }

    #[test]
    fn the_limit_is_smooth_where_its_two_forms_meet() {
        let below = Kolmogorov::limit_sf(1.0 - 1e-12).unwrap();
        let above = Kolmogorov::limit_sf(1.0 + 1e-12).unwrap();
        assert_relative_eq!(below, above, max_relative = 1e-10);
        assert_eq!(Kolmogorov::limit_sf(0.0).unwrap(), 1.0);
        assert_eq!(Kolmogorov::limit_sf(f64::INFINITY).unwrap(), 0.0);
        assert!(Kolmogorov::limit_sf(f64::NAN).is_err());
    }

    #[test]
    fn no_values_have_no_distribution() {
        assert!(Kolmogorov::new(0).is_err());
        assert!(Kolmogorov::new(5).unwrap().sf(f64::NAN).is_err());
        let many = Kolmogorov::new(u64::MAX).unwrap();
        assert!((0.0..=1.0).contains(&many.sf(1e-9).unwrap()));
    }
}
