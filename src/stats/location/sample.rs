//! Mean and spread of one sample, measured from a value of its own.

use super::super::StatsError;
use super::super::describe::{mean, sum};
use super::super::outcome::{enough, finite};

/// Number, mean and standard deviation of a sample, the mean in two parts.
///
/// The mean is `anchor + shift`, where the anchor is a value of the sample: what is left of
/// a large common offset after subtracting a margin or another mean keeps its digits. The
/// standard deviation is measured in the largest deviation, so that no square over- or
/// underflows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) n: f64,
    pub(super) anchor: f64,
    pub(super) shift: f64,
    /// With divisor `n − 1`; zero of a single value.
    pub(super) sd: f64,
}

impl Sample {
    /// Summarises at least one finite value.
    pub(super) fn of(values: &[f64]) -> Result<Self, StatsError> {
        enough(values.len(), 1)?;
        finite(values)?;
        let n = values.len() as f64;
        let first = values[0];
        let shift = sum(values.iter().map(|x| x - first)) / n;
        let (anchor, shift) =
            if shift.is_finite() { (first, shift) } else { (mean(values)?, 0.0) };
        let mut sample = Self { n, anchor, shift, sd: 0.0 };
        let largest =
            values.iter().fold(0.0_f64, |most, x| most.max(sample.deviation(*x).abs()));
        if !largest.is_finite() {
            return Err(StatsError::Undefined { what: "the spread of values so large" });
        }
        if largest > 0.0 && n > 1.0 {
            let units = || values.iter().map(|x| sample.deviation(*x) / largest);
            let (squares, rest) = (sum(units().map(|u| u * u)), sum(units()));
            // The second term takes back what the rounding of the mean has added.
            let share = (squares - rest * rest / n).max(0.0) / (n - 1.0);
            sample.sd = largest * share.sqrt();
        }
        Ok(sample)
    }

    /// Returns the distance of a value from the mean.
    pub(super) fn deviation(&self, x: f64) -> f64 {
        (x - self.anchor) - self.shift
    }

    /// Returns the mean.
    pub(super) fn mean(&self) -> f64 {
        self.anchor + self.shift
    }

    /// Returns the standard error of the mean.
    pub(super) fn se(&self) -> f64 {
        self.sd / self.n.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn spread_survives_offsets_and_scales() {
        let far = Sample::of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0]).unwrap();
        assert_relative_eq!(far.sd, (7.0_f64 / 3.0).sqrt(), max_relative = 1e-15);
        for scale in [1e-300, 1e-160, 1e160, 1e300] {
            let scaled = Sample::of(&[scale, 2.0 * scale, 4.0 * scale]).unwrap();
            let want = scale * (7.0_f64 / 3.0).sqrt();
            assert_relative_eq!(scaled.sd, want, max_relative = 1e-14);
        }
    }

    #[test]
    fn the_largest_numbers_have_a_mean_or_an_error() {
        let wide = Sample::of(&[f64::MAX, f64::MAX, f64::MAX]).unwrap();
        assert_relative_eq!(wide.mean(), f64::MAX, max_relative = 1e-15);
        assert!(Sample::of(&[f64::MAX, -f64::MAX, -f64::MAX]).is_err());
        assert!(Sample::of(&[]).is_err());
    }

    #[test]
    fn a_constant_sample_has_no_spread_at_all() {
        let same = Sample::of(&[0.1; 9]).unwrap();
        assert!(same.sd == 0.0 && same.mean().total_cmp(&0.1).is_eq());
    }
}
