//! The noncentral t distribution.

use std::f64::consts::TAU;

use super::normal::upper as normal_upper;
use super::{StudentT, Tail, argument, positive};
use crate::stats::StatsError;
use crate::stats::special::{
    Both, bracketed_root, climb, gamma_tails, poisson_density, stirling_error,
};

/// Below this the normal tail is taken from its asymptotic series.
const FAR: f64 = -30.0;

/// Longest step of the quadrature: the integrand is analytic for `|Im u| < π/4`.
const LONGEST_STEP: f64 = 0.12;

/// A noncentrality is sharp above this, and above [`SHARP_RATIO`] spreads of the root of `V`:
/// then the integral over `Z` is the smoother one.
const SHARP: f64 = 40.0;

/// See [`SHARP`].
const SHARP_RATIO: f64 = 3.0;

/// Most steps to one side; reached only where the degrees of freedom are below 1e-4.
const MOST_STEPS: u32 = 4_000_000;

/// The noncentral t distribution: the statistic of a t test where there is an effect.
///
/// # Formula
///
/// ```text
/// T = (Z + δ) / √(V / ν)
/// P(T ≤ t) = ∫ Φ(t eᵘ − δ) g(u) du
/// g(u) = 2 (ν/2)^(ν/2) / Γ(ν/2) · exp(ν u − ν e²ᵘ / 2)
/// ```
///
/// `Z` is standard normal, `V` chi-squared with `ν` degrees of freedom, `g` the density of
/// `u = ln √(V / ν)`.
///
/// # Shapes and units
///
/// `t`, `ν > 0` and the noncentrality `δ` are plain numbers; probabilities in `[0, 1]`.
///
/// # Numerics
///
/// The integrand has one maximum and is analytic, so the trapezoidal rule from there on
/// converges geometrically; either tail has ten digits down to 1e-300. Where `Z` varies much
/// less than `t √(V / ν)`, the same probability is integrated over `Z`.
///
/// # Errors
///
/// `InvalidParameter` for degrees of freedom that are not positive and finite, `NotFinite`
/// for a noncentrality that is not finite.
///
/// # Source
///
/// N. L. Johnson, S. Kotz and N. Balakrishnan, Continuous Univariate Distributions,
/// volume 2, 2nd ed., 1995, chapter 31.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoncentralT {
    df: f64,
    noncentrality: f64,
}

impl NoncentralT {
    /// Returns the distribution with `df` degrees of freedom and this noncentrality.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(df: f64, noncentrality: f64) -> Result<Self, StatsError> {
        let df = positive(df, "number of degrees of freedom")?;
        if !noncentrality.is_finite() {
            return Err(StatsError::NotFinite { index: 0 });
        }
        Ok(Self { df, noncentrality })
    }

    /// Returns `P(T ≤ t)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn cdf(self, t: f64) -> Result<f64, StatsError> {
        argument(t).map(|t| self.lower(t))
    }

    /// Returns `P(T > t)`.
    ///
    /// # Errors
    ///
    /// `NotFinite` for NaN.
    pub fn sf(self, t: f64) -> Result<f64, StatsError> {
        argument(t).map(|t| self.upper(t))
    }

    /// Returns the `t` with `P(T ≤ t) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn quantile(self, p: f64) -> Result<f64, StatsError> {
        Tail::Lower(p).smaller().map(|tail| self.at(tail))
    }

    /// Returns the `t` with `P(T > t) = p`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` when `p` is not a probability.
    pub fn upper_quantile(self, p: f64) -> Result<f64, StatsError> {
        Tail::Upper(p).smaller().map(|tail| self.at(tail))
    }

    /// Returns the noncentrality under which `t` has this tail.
    ///
    /// # Errors
    ///
    /// As the type, `NotFinite` for a `t` that is not finite, `OutOfRange` when the tail is
    /// no probability, `Undefined` when it is 0 or 1.
    ///
    /// # Source
    ///
    /// J. H. Steiger and R. T. Fouladi, in L. L. Harlow, S. A. Mulaik and J. H. Steiger
    /// (eds.), What If There Were No Significance Tests?, 1997, 221–257.
    pub fn noncentrality(df: f64, t: f64, tail: Tail) -> Result<f64, StatsError> {
        let start = Self::new(df, t)?;
        let tail = tail.smaller()?;
        if matches!(tail, Tail::Lower(p) | Tail::Upper(p) if p <= 0.0) {
            return Err(StatsError::Undefined { what: "a noncentrality without a tail" });
        }
        let gap = |noncentrality: f64| {
            let all = Self { noncentrality, ..start };
            tail.gap(|| all.lower(t), || all.upper(t))
        };
        let up = gap(t) > 0.0;
        let width = 1.0 + t.abs() / (2.0 * df).sqrt();
        let step = if up { width } else { -width };
        let past = climb(t, step, |value| (gap(value) < 0.0) == up);
        Ok(bracketed_root(t, past, gap))
    }

    fn lower(self, t: f64) -> f64 {
        if self.noncentrality == 0.0 {
            return StudentT::new(self.df).and_then(|d| d.cdf(t)).unwrap_or(f64::NAN);
        }
        if t.is_infinite() {
            return if t > 0.0 { 1.0 } else { 0.0 };
        }
        if t == 0.0 {
            return normal_upper(self.noncentrality);
        }
        let (df, delta) = (self.df, self.noncentrality);
        if self.is_sharp() && delta > 0.0 && t > 0.0 {
            return sharp_integral(df, delta, t, |tails| tails.upper);
        }
        if self.is_sharp() && delta < 0.0 && t < 0.0 {
            return sharp_integral(df, -delta, -t, |tails| tails.lower);
        }
        self.integral(t)
    }

    fn is_sharp(self) -> bool {
        let size = self.noncentrality.abs();
        size > SHARP && size > SHARP_RATIO * (2.0 * self.df).sqrt()
    }

    fn upper(self, t: f64) -> f64 {
        Self { noncentrality: -self.noncentrality, ..self }.lower(-t)
    }

    /// Returns the integral of the formula by the trapezoidal rule around its maximum.
    fn integral(self, t: f64) -> f64 {
        let (half, delta) = (self.df / 2.0, self.noncentrality);
        let log = |u: f64| -half * excess(2.0 * u) + ln_normal(t * u.exp() - delta);
        let peak = self.peak(t);
        let reach = t * peak.exp();
        let bend = 2.0 * self.df * (2.0 * peak).exp().min(1.0)
            + 2.0 * reach * reach
            + (reach * delta).abs()
            + delta * delta;
        let step = LONGEST_STEP.min(0.7 / bend.sqrt());
        let sum = relative_sum(peak, step, log);
        let scale = 2.0 * (half / TAU).sqrt();
        (scale * step * sum * (log(peak) - stirling_error(half)).exp()).min(1.0)
    }

    /// Returns the `u` where the integrand is largest: `ν (1 − s²) + t s φ/Φ(t s − δ) = 0`.
    fn peak(self, t: f64) -> f64 {
        let slope = |u: f64| {
            let s = u.exp();
            let z = t * s - self.noncentrality;
            self.df * (1.0 - s * s) + t * s * mills(z)
        };
        let step = if slope(0.0) > 0.0 { 0.25 } else { -0.25 };
        let past = climb(0.0, step, |u| (slope(u) <= 0.0) == (step > 0.0));
        bracketed_root(0.0, past, slope)
    }

    fn at(self, tail: Tail) -> f64 {
        match tail {
            Tail::Lower(p) if p <= 0.0 => return f64::NEG_INFINITY,
            Tail::Upper(p) if p <= 0.0 => return f64::INFINITY,
            Tail::Lower(_) | Tail::Upper(_) => {}
        }
        let gap = |t: f64| tail.gap(|| self.lower(t), || self.upper(t));
        let start = self.noncentrality;
        let up = gap(start) < 0.0;
        let width = 1.0 + start.abs() / (2.0 * self.df).sqrt();
        let step = if up { width } else { -width };
        let past = climb(start, step, |t| (gap(t) > 0.0) == up);
        bracketed_root(start, past, gap)
    }
}

/// Returns the sum of `exp(log(x))` at steps to both sides of a peak, the peak being 1.
fn relative_sum(peak: f64, step: f64, log: impl Fn(f64) -> f64) -> f64 {
    let top = log(peak);
    let mut sum = 1.0;
    for direction in [step, -step] {
        for k in 1..MOST_STEPS {
            let term = (log(peak + f64::from(k) * direction) - top).exp();
            sum += term;
            if term < 1e-20 * sum {
                break;
            }
        }
    }
    sum
}

/// Returns a tail for positive `delta` and `t` as an integral over `Z`.
///
/// # Formula
///
/// ```text
/// ∫ φ(z) P(V ≤ or > ν (z + δ)² / t²) dz,  from z = −δ
/// ```
///
/// What lies below `−δ` is less than 1e-300 of the whole, as `δ` is sharp.
fn sharp_integral(df: f64, delta: f64, t: f64, side: fn(Both) -> f64) -> f64 {
    let half = df / 2.0;
    let rises = side(Both { lower: 0.0, upper: 1.0 }) < 0.5;
    let at = |z: f64| {
        let s = (z + delta) / t;
        half * s * s
    };
    let log = |z: f64| {
        if z <= -delta {
            return if rises { f64::NEG_INFINITY } else { -0.5 * z * z };
        }
        -0.5 * z * z + side(gamma_tails(half, at(z))).ln()
    };
    // The slope of the logarithm; the density of V over its tail is the inverse of Mills.
    let slope = |z: f64| {
        let tail = side(gamma_tails(half, at(z)));
        let density = df * poisson_density(half, at(z)) / (z + delta);
        let steep = if density.is_finite() { density } else { 0.0 };
        match (tail > 0.0, rises) {
            (true, true) => steep / tail - z,
            (true, false) => -steep / tail - z,
            (false, true) => f64::INFINITY,
            (false, false) => f64::NEG_INFINITY,
        }
    };
    let peak = if rises {
        let past = climb(0.0, 0.25, |z| slope(z) <= 0.0);
        bracketed_root(0.0, past, slope)
    } else {
        let floor = -delta * (1.0 - 1e-9);
        let past = climb(0.0, -0.25, |z| z <= floor || slope(z) >= 0.0).max(floor);
        bracketed_root(past, 0.0, slope)
    };
    let bend = 1.0 + 2.0 * df / (t * t) + df / (peak + delta).powi(2);
    let step = 0.5 / bend.sqrt();
    let top = log(peak);
    if top == f64::NEG_INFINITY {
        return 0.0;
    }
    (step / TAU.sqrt() * relative_sum(peak, step, log) * top.exp()).min(1.0)
}

/// Returns `eᵛ − 1 − v` without cancellation.
fn excess(v: f64) -> f64 {
    if v.abs() > 0.5 {
        return v.exp_m1() - v;
    }
    // v²/2 (1 + v/3 (1 + v/4 (…))), to 18 terms.
    let inner = (3..=18).rev().fold(1.0, |sum, k| 1.0 + v / f64::from(k) * sum);
    v * v / 2.0 * inner
}

/// Returns `1 − 1/z² + 3/z⁴ − …`, the factor of the asymptotic normal tail.
fn far_factor(z: f64) -> f64 {
    let w = 1.0 / (z * z);
    1.0 - w * (1.0 - 3.0 * w * (1.0 - 5.0 * w * (1.0 - 7.0 * w * (1.0 - 9.0 * w))))
}

/// Returns `ln Φ(z)`, which does not underflow.
fn ln_normal(z: f64) -> f64 {
    if z >= FAR {
        normal_upper(-z).ln()
    } else {
        -0.5 * z * z - 0.5 * TAU.ln() - (-z).ln() + far_factor(z).ln()
    }
}

/// Returns `φ(z) / Φ(z)`.
fn mills(z: f64) -> f64 {
    if z >= FAR {
        (-0.5 * z * z).exp() / TAU.sqrt() / normal_upper(-z)
    } else {
        -z / far_factor(z)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn nct(df: f64, noncentrality: f64) -> NoncentralT {
        NoncentralT::new(df, noncentrality).unwrap()
    }

    /// mpmath 1.4.1 at 40 digits: the integral of the formula, step 1/(20 √bend).
    #[test]
    fn both_tails_are_good_far_out() {
        for (df, noncentrality, t, lower, upper) in REFERENCE {
            let all = nct(df, noncentrality);
            assert_relative_eq!(all.cdf(t).unwrap(), lower, max_relative = 1e-10);
            assert_relative_eq!(all.sf(t).unwrap(), upper, max_relative = 1e-10);
        }
    }

    #[test]
    fn the_two_integrals_agree_where_both_are_good() {
        for (df, delta) in [(2.0, 41.0), (30.0, 60.0), (0.7, 300.0)] {
            for t in [0.3 * delta, 0.9 * delta, delta, 4.0 * delta] {
                let plain = nct(df, delta).integral(t);
                let sharp = sharp_integral(df, delta, t, |tails| tails.upper);
                assert_relative_eq!(plain, sharp, max_relative = 1e-10);
                let plain = nct(df, -delta).integral(-t);
                let sharp = sharp_integral(df, delta, t, |tails| tails.lower);
                assert_relative_eq!(plain, sharp, max_relative = 1e-10);
            }
        }
    }

    #[test]
    fn without_noncentrality_it_is_students() {
        let central = StudentT::new(7.0).unwrap();
        for t in [-30.0, -1.0, 0.5, 8.0] {
            assert_eq!(nct(7.0, 0.0).cdf(t), central.cdf(t));
            assert_relative_eq!(
                nct(7.0, 1e-15).cdf(t).unwrap(),
                central.cdf(t).unwrap(),
                max_relative = 1e-12
            );
        }
    }

    #[test]
    fn swapping_the_signs_swaps_the_tails() {
        for (df, nc, t) in [(3.0, 2.0, 1.0), (40.0, -7.0, -9.0)] {
            assert_eq!(nct(df, nc).cdf(t), nct(df, -nc).sf(-t));
            let both = nct(df, nc).cdf(t).unwrap() + nct(df, nc).sf(t).unwrap();
            assert_relative_eq!(both, 1.0, max_relative = 1e-13);
        }
    }

    #[test]
    fn many_degrees_of_freedom_are_normal() {
        let all = nct(1e15, 2.5).cdf(1.5).unwrap();
        assert_relative_eq!(all, normal_upper(1.0), max_relative = 1e-9);
    }

    #[test]
    fn quantiles_and_noncentralities_undo_tails() {
        for (df, nc) in [(1.5, 3.0), (12.0, -4.0), (500.0, 25.0)] {
            for p in [1e-60, 1e-6, 0.5, 0.9] {
                let t = nct(df, nc).quantile(p).unwrap();
                assert_relative_eq!(nct(df, nc).cdf(t).unwrap(), p, max_relative = 1e-8);
                let back = NoncentralT::noncentrality(df, t, Tail::Lower(p)).unwrap();
                assert_relative_eq!(back, nc, max_relative = 1e-8);
            }
        }
        assert_eq!(nct(3.0, 1.0).quantile(0.0), Ok(f64::NEG_INFINITY));
        assert_eq!(nct(3.0, 1.0).upper_quantile(0.0), Ok(f64::INFINITY));
    }

    #[test]
    fn parameters_outside_their_domain_are_refused() {
        assert!(NoncentralT::new(-1.0, 0.5).is_err());
        assert!(NoncentralT::new(1.0, f64::INFINITY).is_err());
        assert!(nct(2.0, 1.0).cdf(f64::NAN).is_err());
        assert!(NoncentralT::noncentrality(2.0, 1.0, Tail::Upper(0.0)).is_err());
        assert!(NoncentralT::noncentrality(2.0, f64::NAN, Tail::Upper(0.1)).is_err());
    }

    const REFERENCE: [(f64, f64, f64, f64, f64); 8] = [
        (3.0, 2.0, -40.0, 1.174_448_674_057_884e-7, 0.999_999_882_555_132_6),
        (200.0, 30.0, 0.5, 1.860_670_588_618_819e-191, 1.0),
        (10.0, -5.0, 4.0, 0.999_999_999_999_785_8, 2.142_116_417_786_44e-13),
        (1000.0, 0.3, -35.0, 3.094_127_402_235_808e-179, 1.0),
        (0.7, 3.0, 2.0, 0.173_074_964_401_354_7, 0.826_925_035_598_645_3),
        (50.0, 12.0, 60.0, 1.0, 1.014_856_870_032_505e-23),
        (29.0, -66.0, -50.0, 0.991_559_251_610_726_8, 0.008_440_748_389_273_154),
        (5.0, 20.0, 1.0, 2.050_223_761_358_283e-71, 1.0),
    ];
}
