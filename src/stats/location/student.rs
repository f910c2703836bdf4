//! Student's and Welch's t tests.

use super::super::StatsError;
use super::super::mean::differences;
use super::super::outcome::{Alternative, Interval, enough};
use super::contrast::{MeanContrast, TTest};
use super::sample::Sample;

/// Tests whether the mean of one sample is `margin`.
///
/// # Formula
///
/// ```text
/// t = (x̄ − m) / (s / √n),  df = n − 1
/// ```
///
/// # Shapes and units
///
/// At least two values; the margin has their unit.
///
/// # Numerics
///
/// See [`MeanContrast`]; p keeps its digits down to 1e-300.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`, `NoSpread`.
///
/// # Source
///
/// "Student", Biometrika 6(1), 1908, 1–25.
///
/// # Example
///
/// ```
/// let test = crucible::stats::t_one_sample(&[1.0, 2.0, 3.0], 2.0)?;
/// assert_eq!(test.t, 0.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn t_one_sample(values: &[f64], margin: f64) -> Result<TTest, StatsError> {
    MeanContrast::one_sample(values)?.test(margin)
}

/// Tests whether the means of two samples of one variance are equal.
///
/// # Formula
///
/// ```text
/// s² = [(n − 1) s_x² + (m − 1) s_y²] / (n + m − 2)
/// t  = (x̄ − ȳ) / (s √(1/n + 1/m)),  df = n + m − 2
/// ```
///
/// # Shapes and units
///
/// At least two values in each sample, in one unit; order does not matter.
///
/// # Numerics
///
/// See [`MeanContrast`].
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`; `NoSpread` when both samples are constant.
///
/// # Source
///
/// "Student", Biometrika 6(1), 1908, 1–25; R. A. Fisher, "Applications of 'Student's'
/// Distribution", Metron 5(3), 1925, 90–104.
pub fn t_two_sample(xs: &[f64], ys: &[f64]) -> Result<TTest, StatsError> {
    MeanContrast::two_sample(xs, ys)?.test(0.0)
}

/// Tests whether the means of two samples are equal, without supposing one variance.
///
/// # Formula
///
/// ```text
/// v  = s_x²/n + s_y²/m,   t = (x̄ − ȳ) / √v
/// df = v² / [ (s_x²/n)² / (n − 1) + (s_y²/m)² / (m − 1) ]
/// ```
///
/// # Shapes and units
///
/// At least two values in each sample, in one unit; order does not matter.
///
/// # Numerics
///
/// Degrees of freedom come from shares of the variance, so that no scale over- or
/// underflows.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`; `NoSpread` when both samples are constant.
///
/// # Source
///
/// B. L. Welch, Biometrika 34(1–2), 1947, 28–35; degrees of freedom from F. E.
/// Satterthwaite, Biometrics Bulletin 2(6), 1946, 110–114.
///
/// # Example
///
/// ```
/// let test = crucible::stats::t_welch(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0])?;
/// assert_eq!(test.contrast.estimate, -2.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn t_welch(xs: &[f64], ys: &[f64]) -> Result<TTest, StatsError> {
    MeanContrast::welch(xs, ys)?.test(0.0)
}

/// Tests whether the mean of paired differences is zero.
///
/// # Formula
///
/// ```text
/// dᵢ = xᵢ − yᵢ,  t = d̄ / (s_d / √n),  df = n − 1
/// ```
///
/// # Shapes and units
///
/// Two slices of one length, at least two, in one unit; `x[i]` belongs to `y[i]`.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `TooFew`, `NotFinite`; `NoSpread` when all differences are
/// equal.
///
/// # Source
///
/// "Student", Biometrika 6(1), 1908, 1–25.
pub fn t_paired(xs: &[f64], ys: &[f64]) -> Result<TTest, StatsError> {
    MeanContrast::paired(xs, ys)?.test(0.0)
}

/// Returns the t interval of the mean of a sample.
///
/// # Formula
///
/// ```text
/// x̄ ± t_{1−α/2, n−1} s / √n
/// ```
///
/// # Shapes and units
///
/// At least two values; the interval has their unit, and is the mean when all are equal.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`, `InvalidParameter` for the level.
///
/// # Source
///
/// "Student", Biometrika 6(1), 1908, 1–25.
pub fn mean_interval(
    values: &[f64],
    confidence: f64,
    alternative: Alternative,
) -> Result<Interval, StatsError> {
    MeanContrast::one_sample(values)?.interval(confidence, alternative)
}

impl MeanContrast {
    /// Returns the mean of one sample; see [`t_one_sample`].
    ///
    /// # Errors
    ///
    /// `Empty`, `TooFew`, `NotFinite`.
    pub fn one_sample(values: &[f64]) -> Result<Self, StatsError> {
        two_or_more(values).map(|x| Self::single(&x))
    }

    /// Returns the difference of two means with one variance; see [`t_two_sample`].
    ///
    /// # Errors
    ///
    /// `Empty`, `TooFew`, `NotFinite`.
    pub fn two_sample(xs: &[f64], ys: &[f64]) -> Result<Self, StatsError> {
        both(xs, ys).map(|both| Self::pooled(&both.x, &both.y))
    }

    /// Returns the difference of two means with their own variances; see [`t_welch`].
    ///
    /// # Errors
    ///
    /// `Empty`, `TooFew`, `NotFinite`.
    pub fn welch(xs: &[f64], ys: &[f64]) -> Result<Self, StatsError> {
        both(xs, ys).map(|both| Self::separate(&both.x, &both.y))
    }

    /// Returns the mean of paired differences; see [`t_paired`].
    ///
    /// # Errors
    ///
    /// `LengthMismatch`, `Empty`, `TooFew`, `NotFinite`.
    pub fn paired(xs: &[f64], ys: &[f64]) -> Result<Self, StatsError> {
        Self::one_sample(&differences(xs, ys)?)
    }
}

struct Both {
    x: Sample,
    y: Sample,
}

/// Refuses an empty sample before one that is only too small.
fn both(xs: &[f64], ys: &[f64]) -> Result<Both, StatsError> {
    enough(xs.len().min(ys.len()), 2)?;
    Ok(Both { x: two_or_more(xs)?, y: two_or_more(ys)? })
}

fn two_or_more(values: &[f64]) -> Result<Sample, StatsError> {
    enough(values.len(), 2)?;
    Sample::of(values)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Extra hours of sleep under two drugs, ten patients (A. R. Cushny and A. R. Peebles,
    /// 1905; used by "Student", Biometrika 6(1), 1908).
    const DRUG_1: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const DRUG_2: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    #[test]
    fn welch_agrees_with_forty_digit_arithmetic_on_the_sleep_data() {
        let test = t_welch(&DRUG_1, &DRUG_2).unwrap();
        // mpmath 1.x, mp.dps = 40.
        assert_relative_eq!(test.t, -1.860_813_467_486_853, max_relative = 1e-12);
        let df = test.contrast.df;
        assert_relative_eq!(df, 17.776_473_516_178_49, max_relative = 1e-12);
        let p = test.tails.two_sided();
        assert_relative_eq!(p, 0.079_394_140_187_358_14, max_relative = 1e-12);
    }

    #[test]
    fn students_own_test_of_the_sleep_data_is_his() {
        // R 4.2.2: t.test(extra ~ group, sleep, paired = TRUE): t = -4.0621, p = 0.002833.
        let test = t_paired(&DRUG_1, &DRUG_2).unwrap();
        assert_relative_eq!(test.t, -4.062_127_683_382, max_relative = 1e-11);
        assert_relative_eq!(test.tails.two_sided(), 0.002_832_89, max_relative = 1e-5);
    }

    #[test]
    fn swapping_the_samples_swaps_the_tails() {
        for test in [t_welch, t_two_sample, t_paired] {
            let one = test(&DRUG_1, &DRUG_2).unwrap();
            let other = test(&DRUG_2, &DRUG_1).unwrap();
            assert_eq!(one.t, -other.t);
            assert_eq!(one.tails.greater, other.tails.less);
        }
    }

    #[test]
    fn equal_samples_of_one_size_agree_between_student_and_welch() {
        let (student, welch) =
            (t_two_sample(&DRUG_1, &DRUG_2).unwrap(), t_welch(&DRUG_1, &DRUG_2).unwrap());
        assert_relative_eq!(student.t, welch.t, max_relative = 1e-14);
        assert_eq!(student.contrast.df, 18.0);
    }

    #[test]
    fn an_offset_of_a_billion_costs_no_digit() {
        // Halves are exact at 1e9, so the shifted test has the same answer.
        let xs = [0.5, 1.5, 1.0, 3.5];
        let far: Vec<f64> = xs.iter().map(|x| x + 1e9).collect();
        let (near, shifted) =
            (t_one_sample(&xs, 0.0).unwrap(), t_one_sample(&far, 1e9).unwrap());
        assert_eq!(near.t, shifted.t);
        let ys = [1e9 + 2.0, 1e9 + 4.5];
        let near = t_welch(&xs, &[2.0, 4.5]).unwrap();
        assert_relative_eq!(near.t, t_welch(&far, &ys).unwrap().t, max_relative = 1e-14);
    }

    #[test]
    fn every_scale_has_the_same_t() {
        let scaled = |s: f64| -> f64 {
            let grow = |xs: &[f64]| xs.iter().map(|x| x * s).collect::<Vec<_>>();
            t_welch(&grow(&DRUG_1), &grow(&DRUG_2)).unwrap().tails.less
        };
        for s in [1e-280, 1e-120, 1e120, 1e280] {
            assert_relative_eq!(scaled(s), scaled(1.0), max_relative = 1e-11);
        }
    }

    #[test]
    fn samples_without_value_are_refused_with_a_reason() {
        let too_few = StatsError::TooFew { of: "values", needed: 2, got: 1 };
        assert_eq!(t_welch(&[], &[1.0]), Err(StatsError::Empty));
        assert_eq!(t_welch(&[1.0], &[1.0, 2.0]), Err(too_few));
        assert_eq!(t_welch(&[0.1; 3], &[0.2; 3]), Err(StatsError::NoSpread));
        assert!(t_welch(&[0.1; 3], &[0.2, 0.3]).is_ok());
        assert_eq!(
            t_one_sample(&[1.0, f64::NAN], 0.0),
            Err(StatsError::NotFinite { index: 1 })
        );
        assert!(t_one_sample(&[1.0, 2.0], f64::INFINITY).is_err());
        assert!(t_paired(&[1.0], &[1.0, 2.0]).is_err());
    }

    #[test]
    fn an_interval_without_spread_is_the_mean() {
        let both = mean_interval(&[0.75; 4], 0.95, Alternative::TwoSided).unwrap();
        assert_eq!(both, Interval { low: 0.75, high: 0.75 });
        assert!(mean_interval(&[1.0, 2.0], 1.0, Alternative::Less).is_err());
        let open = mean_interval(&[1.0, 2.0], 0.9, Alternative::Greater).unwrap();
        assert_eq!(open.high, f64::INFINITY);
    }
}
