//! Summaries of one sample.

use super::StatsError;
use super::outcome::{enough, finite};

/// Number, mean and spread of a sample, added up one value at a time.
///
/// # Formula
///
/// ```text
/// mean  = x̄,   m₂ = Σ (xᵢ − x̄)²,   variance = m₂ / (n − 1)
/// join:  δ = x̄₂ − x̄₁,  x̄ = x̄₁ + δ n₂/n,  m₂ = m₂₁ + m₂₂ + δ² n₁ n₂ / n
/// ```
///
/// # Shapes and units
///
/// Any number of finite values in one unit; the mean has it, the variance its square.
///
/// # Numerics
///
/// Updates around the running mean, so a large common offset costs no digits.
///
/// # Errors
///
/// None: a value that is not finite makes the mean NaN, which callers refuse at the door.
///
/// # Source
///
/// B. P. Welford, Technometrics 4(3), 1962, 419–420; joining: T. F. Chan, G. H. Golub and
/// R. J. LeVeque, The American Statistician 37(3), 1983, 242–247.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    n: u64,
    mean: f64,
    m2: f64,
}

impl Moments {
    /// Adds a value.
    pub fn push(&mut self, x: f64) {
        self.n += 1;
        let delta = x - self.mean;
        self.mean += delta / self.n as f64;
        self.m2 += delta * (x - self.mean);
    }

    /// Adds all values of another summary.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let n = (self.n + other.n) as f64;
        let delta = other.mean - self.mean;
        self.m2 += other.m2 + delta * delta * self.n as f64 * other.n as f64 / n;
        self.mean += delta * other.n as f64 / n;
        self.n += other.n;
    }

    /// Returns the number of values.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Returns the mean; `None` of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// Returns the variance with divisor `n − 1`; `None` of fewer than two values.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.n > 1).then(|| self.m2.max(0.0) / (self.n - 1) as f64)
    }
}

/// Returns the sum of a slice, with the rounding errors of each step added back.
///
/// # Source
///
/// A. Neumaier, Zeitschrift für Angewandte Mathematik und Mechanik 54(1), 1974, 39–51.
pub(super) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = 0.0_f64;
    let mut lost = 0.0;
    for x in values {
        let next = total + x;
        lost +=
            if total.abs() >= x.abs() { (total - next) + x } else { (x - next) + total };
        total = next;
    }
    if lost.is_finite() { total + lost } else { total }
}

/// Returns the mean of a sample.
///
/// # Formula
///
/// ```text
/// x̄ = x₁ + Σ (xᵢ − x₁) / n
/// ```
///
/// # Shapes and units
///
/// At least one finite value; the mean has their unit.
///
/// # Numerics
///
/// Measured from the first value with a compensated sum: a constant sample gives its value.
///
/// # Errors
///
/// `Empty`, `NotFinite`.
///
/// # Source
///
/// N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section 1.9.
pub fn mean(values: &[f64]) -> Result<f64, StatsError> {
    enough(values.len(), 1)?;
    finite(values)?;
    let first = values[0];
    let shift = sum(values.iter().map(|x| x - first)) / values.len() as f64;
    if shift.is_finite() {
        return Ok(first + shift);
    }
    Ok(sum(values.iter().map(|x| x / values.len() as f64)))
}

/// Returns the variance of a sample, with divisor `n − 1`.
///
/// # Formula
///
/// ```text
/// s² = [Σ (xᵢ − x̄)² − (Σ (xᵢ − x̄))² / n] / (n − 1)
/// ```
///
/// # Shapes and units
///
/// At least two finite values; the result has their unit squared.
///
/// # Numerics
///
/// Two passes; the second term takes back the rounding of the mean. A constant sample has
/// a variance of exactly zero.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`.
///
/// # Source
///
/// T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37(3), 1983,
/// 242–247.
pub fn variance(values: &[f64]) -> Result<f64, StatsError> {
    enough(values.len(), 2)?;
    let centre = mean(values)?;
    let n = values.len() as f64;
    let squares = sum(values.iter().map(|x| (x - centre).powi(2)));
    let rest = sum(values.iter().map(|x| x - centre));
    Ok(((squares - rest * rest / n) / (n - 1.0)).max(0.0))
}

/// Returns the skewness of a sample.
///
/// # Formula
///
/// ```text
/// g₁ = [Σ (xᵢ − x̄)³ / n] / [Σ (xᵢ − x̄)² / n]^(3/2)
/// ```
///
/// # Shapes and units
///
/// At least two finite values; the result has no unit.
///
/// # Numerics
///
/// Deviations are measured in the largest one, so that no power overflows.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`; `NoSpread` when all values are equal.
///
/// # Source
///
/// D. N. Joanes and C. A. Gill, "Comparing measures of sample skewness and kurtosis", The
/// Statistician 47(1), 1998, 183–189.
pub fn skewness(values: &[f64]) -> Result<f64, StatsError> {
    enough(values.len(), 2)?;
    let centre = mean(values)?;
    let largest = values.iter().fold(0.0_f64, |most, x| most.max((x - centre).abs()));
    if largest == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let n = values.len() as f64;
    let moment =
        |k: i32| sum(values.iter().map(|x| ((x - centre) / largest).powi(k))) / n;
    let skew = moment(3) / moment(2).powf(1.5);
    if skew.is_finite() { Ok(skew) } else { Err(StatsError::NoSpread) }
}

/// Returns a quantile of a sorted sample (type 7, the default of R and NumPy).
///
/// # Formula
///
/// ```text
/// h = (n − 1) q,  Q = x₍⌊h⌋₎ + (h − ⌊h⌋)(x₍⌊h⌋+1₎ − x₍⌊h⌋₎)      positions from 0
/// ```
///
/// # Shapes and units
///
/// At least one value in ascending order; `+∞` is allowed, NaN is not. `q` in `[0, 1]`.
///
/// # Errors
///
/// `Empty`, `OutOfRange` for `q`.
///
/// # Source
///
/// R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", The American
/// Statistician 50(4), 1996, 361–365, definition 7.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> Result<f64, StatsError> {
    enough(sorted.len(), 1)?;
    if !(0.0..=1.0).contains(&q) {
        return Err(StatsError::OutOfRange);
    }
    let place = Place::of(sorted.len(), q);
    Ok(place
        .between(sorted[place.index], sorted[(place.index + 1).min(sorted.len() - 1)]))
}

/// Returns a quantile of a sample in any order; see [`quantile_sorted`].
///
/// # Errors
///
/// `Empty`, `OutOfRange` for `q`, `NotFinite` for NaN or `−∞`.
pub fn quantile(values: &[f64], q: f64) -> Result<f64, StatsError> {
    let mut sorted = values.to_vec();
    if let Some(index) = sorted.iter().position(|x| x.is_nan() || *x == f64::NEG_INFINITY)
    {
        return Err(StatsError::NotFinite { index });
    }
    sorted.sort_by(f64::total_cmp);
    quantile_sorted(&sorted, q)
}

/// Where a type-7 quantile lies between two order statistics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// The lower order statistic, from 0.
    pub(super) index: usize,
    /// How far towards the next, in `[0, 1)`.
    pub(super) share: f64,
}

impl Place {
    #[expect(clippy::cast_possible_truncation, reason = "a position in a slice")]
    #[expect(clippy::cast_sign_loss, reason = "neither factor is negative")]
    pub(super) fn of(n: usize, q: f64) -> Self {
        let h = n.saturating_sub(1) as f64 * q;
        Self { index: h.floor() as usize, share: h - h.floor() }
    }

    /// Returns the value between; an infinite neighbour counts only if it is reached.
    pub(super) fn between(self, low: f64, high: f64) -> f64 {
        if self.share == 0.0 || !low.is_finite() || low.total_cmp(&high).is_eq() {
            low
        } else {
            low + self.share * (high - low)
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_constant_sample_has_its_value_and_no_variance() {
        let xs = [0.1; 7];
        assert_eq!(mean(&xs).unwrap(), 0.1);
        assert_eq!(variance(&xs).unwrap(), 0.0);
    }

    #[test]
    fn skewness_is_that_of_scipy() {
        // scipy.stats.skew([1, 2, 3, 10, 4.5]) with SciPy 1.17.
        let xs = [1.0, 2.0, 3.0, 10.0, 4.5];
        let want = 1.037_698_687_005_213_2;
        assert_relative_eq!(skewness(&xs).unwrap(), want, max_relative = 1e-12);
        assert_relative_eq!(
            skewness(&xs.map(|x| -1e200 * x)).unwrap(),
            -1.037_698_687_005_213_2,
            max_relative = 1e-12
        );
        assert_eq!(skewness(&[2.0; 3]), Err(StatsError::NoSpread));
    }

    #[test]
    fn a_common_offset_costs_no_digits() {
        let xs = [1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0];
        assert_relative_eq!(variance(&xs).unwrap(), 7.0 / 3.0, max_relative = 1e-14);
    }

    #[test]
    fn joined_summaries_equal_the_summary_of_all() {
        let xs: Vec<f64> = (0..50).map(|i| f64::from(i * i % 37) + 1e6).collect();
        let gather = |part: &[f64]| {
            let mut moments = Moments::default();
            part.iter().for_each(|x| moments.push(*x));
            moments
        };
        let mut joined = gather(&xs[..13]);
        joined.merge(&Moments::default());
        joined.merge(&gather(&xs[13..]));
        assert_eq!(joined.n(), 50);
        let (mean, variance) = (mean(&xs).unwrap(), variance(&xs).unwrap());
        assert_relative_eq!(joined.mean().unwrap(), mean, max_relative = 1e-14);
        assert_relative_eq!(joined.variance().unwrap(), variance, max_relative = 1e-11);
        assert_eq!(Moments::default().mean(), None);
    }

    #[test]
    fn quantiles_interpolate_and_reach_infinity_only_when_they_must() {
        let xs = [3.0, 1.0, 2.0, f64::INFINITY];
        assert_eq!(quantile(&xs, 0.5).unwrap(), 2.5);
        assert_eq!(quantile(&xs, 2.0 / 3.0).unwrap(), 3.0);
        assert_eq!(quantile(&xs, 0.9).unwrap(), f64::INFINITY);
        assert!(quantile(&[f64::NAN], 0.5).is_err());
        assert!(quantile(&[1.0], 1.5).is_err());
        assert!(quantile(&[], 0.5).is_err());
    }

    #[test]
    fn huge_values_do_not_overflow_the_mean() {
        assert_relative_eq!(
            mean(&[1.7e308, -1.7e308, 1.7e308]).unwrap(),
            1.7e308 / 3.0,
            max_relative = 1e-12
        );
    }
}
