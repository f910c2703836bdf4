//! Yuen's t test of trimmed means.

use super::super::StatsError;
use super::super::outcome::{enough, finite};
use super::contrast::{MeanContrast, TTest};
use super::sample::Sample;

/// Whether two samples share a variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spreads {
    /// Each sample has its own.
    #[default]
    Separate,
    /// One variance, pooled.
    Pooled,
}

/// Tests whether the trimmed means of two samples are equal.
///
/// # Formula
///
/// ```text
/// g = ⌊trim n⌋ values are cut from each end, h = n − 2g are left
/// x̄_t = mean of those left,  s_w² = Σ (wᵢ − w̄)² / (h − 1),  w winsorised at both ends
/// t = (x̄_t − ȳ_t) / √(s_wx²/h_x + s_wy²/h_y),  df by Satterthwaite from h − 1
/// ```
///
/// Pooled: the formula of the two-sample t, with `h` and `s_w²`.
///
/// # Shapes and units
///
/// Samples of which at least two values are left, in one unit; `trim` in `[0, ½)` is the
/// share cut from each end.
///
/// # Numerics
///
/// See [`MeanContrast`]; `trim = 0` is Welch's test (or Student's) to the last digit.
///
/// # Errors
///
/// `InvalidParameter` for the share, `Empty`, `TooFew`, `NotFinite`; `NoSpread` when both
/// winsorised samples are constant.
///
/// # Source
///
/// K. K. Yuen, "The two-sample trimmed t for unequal population variances", Biometrika
/// 61(1), 1974, 165–170; pooled: K. K. Yuen and W. J. Dixon, Biometrika 60(2), 1973,
/// 369–374.
pub fn yuen(
    xs: &[f64],
    ys: &[f64],
    trim: f64,
    spreads: Spreads,
) -> Result<TTest, StatsError> {
    if !(0.0..0.5).contains(&trim) {
        let name = "share to trim";
        return Err(StatsError::InvalidParameter { name, wanted: "from 0 to below ½" });
    }
    enough(xs.len().min(ys.len()), 1)?;
    let (x, y) = (trimmed(xs, trim)?, trimmed(ys, trim)?);
    let contrast = match spreads {
        Spreads::Separate => MeanContrast::separate(&x, &y),
        Spreads::Pooled => MeanContrast::pooled(&x, &y),
    };
    contrast.test(0.0)
}

/// Returns the number cut from each end of `n` values.
#[expect(clippy::cast_possible_truncation, reason = "less than half of n")]
#[expect(clippy::cast_sign_loss, reason = "neither factor is negative")]
pub(super) fn cut(n: usize, trim: f64) -> usize {
    (trim * n as f64).floor() as usize
}

/// Summarises what is left, with the winsorised standard deviation as if of `h` values.
fn trimmed(values: &[f64], trim: f64) -> Result<Sample, StatsError> {
    enough(values.len(), 1)?;
    finite(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let g = cut(sorted.len(), trim);
    let last = sorted.len() - 1 - g;
    let (low, high) = (sorted[g], sorted[last]);
    enough(last + 1 - g, 2)?;
    let kept = Sample::of(&sorted[g..=last])?;
    sorted.iter_mut().for_each(|x| *x = x.clamp(low, high));
    let winsorised = Sample::of(&sorted)?;
    let sd = winsorised.sd * ((winsorised.n - 1.0) / (kept.n - 1.0)).sqrt();
    Ok(Sample { sd, ..kept })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::{t_two_sample, t_welch};
    use approx::assert_relative_eq;

    const XS: [f64; 6] = [1.0, 2.5, 2.0, 9.0, 3.0, 2.2];
    const YS: [f64; 7] = [4.0, 3.5, 8.0, 3.9, 4.4, -20.0, 5.0];

    #[test]
    fn nothing_trimmed_is_welch_or_student() {
        let plain = yuen(&XS, &YS, 0.0, Spreads::Separate).unwrap();
        let welch = t_welch(&XS, &YS).unwrap();
        assert_relative_eq!(plain.t, welch.t, max_relative = 1e-13);
        let pooled = yuen(&XS, &YS, 0.1, Spreads::Pooled).unwrap();
        let student = t_two_sample(&XS, &YS).unwrap();
        assert_relative_eq!(pooled.t, student.t, max_relative = 1e-13);
    }

    #[test]
    fn a_straggler_moves_nothing_once_it_is_cut() {
        let mut far = YS;
        far[5] = -2e6;
        let (near, moved) = (
            yuen(&XS, &YS, 0.2, Spreads::Separate).unwrap(),
            yuen(&XS, &far, 0.2, Spreads::Separate).unwrap(),
        );
        assert_eq!(near.t, moved.t);
    }

    #[test]
    fn shares_and_samples_out_of_bounds_are_refused() {
        for trim in [-0.1, 0.5, f64::NAN] {
            assert!(yuen(&XS, &YS, trim, Spreads::Separate).is_err());
        }
        assert_eq!(yuen(&[], &YS, 0.2, Spreads::Pooled), Err(StatsError::Empty));
        let few = yuen(&XS[..3], &YS, 0.4, Spreads::Pooled);
        assert_eq!(few, Err(StatsError::TooFew { of: "values", needed: 2, got: 1 }));
        assert_eq!(
            yuen(&[1.0; 5], &[2.0; 5], 0.2, Spreads::Pooled),
            Err(StatsError::NoSpread)
        );
    }
}
