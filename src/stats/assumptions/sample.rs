//! A sample as tests of normality see it: sorted, about its mean.

use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::outcome::{enough, finite};

/// The sorted distances of a sample from its mean, in units of the largest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deviations {
    /// Ascending; the largest in size is 1.
    pub(super) sorted: Vec<f64>,
}

impl Deviations {
    /// Centres and sorts a sample; refuses too few values and a constant sample.
    ///
    /// Measured from the first value, so that a large offset costs no digits.
    pub(super) fn of(values: &[f64], least: usize) -> Result<Self, StatsError> {
        enough(values.len(), 1)?;
        finite(values)?;
        enough(values.len(), least)?;
        let first = values[0];
        let far = values.iter().fold(0.0, |most: f64, x| most.max((x - first).abs()));
        if far == 0.0 {
            return Err(StatsError::NoSpread);
        }
        if !far.is_finite() {
            return Err(StatsError::Undefined {
                what: "a spread beyond the range of numbers",
            });
        }
        let n = values.len() as f64;
        let near: Vec<f64> = values.iter().map(|x| (x - first) / far).collect();
        let centre = sum(near.iter().copied()) / n;
        let mut sorted: Vec<f64> = near.iter().map(|x| x - centre).collect();
        let rest = sum(sorted.iter().copied()) / n;
        let largest = sorted.iter().fold(0.0, |most: f64, x| most.max((x - rest).abs()));
        sorted.iter_mut().for_each(|x| *x = (*x - rest) / largest);
        sorted.sort_by(f64::total_cmp);
        Ok(Self { sorted })
    }

    /// Returns the number of values.
    pub(super) fn n(&self) -> f64 {
        self.sorted.len() as f64
    }

    /// Returns `Σ dᵏ / n`.
    fn moment(&self, k: i32) -> f64 {
        sum(self.sorted.iter().map(|d| d.powi(k))) / self.n()
    }

    /// Returns the variance with divisor `n − 1`.
    pub(super) fn variance(&self) -> f64 {
        self.moment(2) * self.n() / (self.n() - 1.0)
    }

    /// Returns `m₃ / m₂^(3/2)`.
    pub(super) fn skewness(&self) -> f64 {
        self.moment(3) / self.moment(2).powf(1.5)
    }

    /// Returns `m₄ / m₂²`, 3 for a normal distribution.
    pub(super) fn kurtosis(&self) -> f64 {
        self.moment(4) / self.moment(2).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn moments_know_no_offset_and_no_scale() {
        let xs = [1.0, 2.0, 3.0, 10.0, 4.5];
        let plain = Deviations::of(&xs, 2).unwrap();
        let far = Deviations::of(&xs.map(|x| 1e9 + x), 2).unwrap();
        let huge = Deviations::of(&xs.map(|x| 1e307 * x), 2).unwrap();
        for other in [far, huge] {
            assert_relative_eq!(plain.skewness(), other.skewness(), max_relative = 1e-13);
            assert_relative_eq!(plain.kurtosis(), other.kurtosis(), max_relative = 1e-13);
        }
    }

    #[test]
    fn samples_without_shape_are_refused() {
        assert_eq!(Deviations::of(&[], 3), Err(StatsError::Empty));
        assert_eq!(Deviations::of(&[0.1; 5], 3), Err(StatsError::NoSpread));
        assert_eq!(
            Deviations::of(&[1.0, f64::NAN], 3),
            Err(StatsError::NotFinite { index: 1 })
        );
        assert!(matches!(
            Deviations::of(&[1.0, 2.0], 3),
            Err(StatsError::TooFew { needed: 3, .. })
        ));
        assert!(Deviations::of(&[f64::MAX, f64::MIN, 0.0], 3).is_err());
    }
}
