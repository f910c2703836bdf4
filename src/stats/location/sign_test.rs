//! The sign test: are values as often above a margin as below it?

use super::super::StatsError;
use super::super::mcnemar::McNemar;
use super::super::outcome::{Tails, enough, finite, finite_number};

/// The outcome of a sign test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignTest {
    /// Values above the margin.
    pub above: u64,
    /// Values below it.
    pub below: u64,
    /// Values equal to it, which say nothing.
    pub equal: u64,
    /// Half of what the values above are more than those below.
    pub m: f64,
    /// Both one-sided p; 1 when every value equals the margin.
    pub tails: Tails,
}

/// Tests whether a median is `margin`, from the signs of the differences alone.
///
/// # Formula
///
/// ```text
/// X ~ Binomial(above + below, ½),  greater = P(X ≥ above),  less = P(X ≤ above)
/// m = (above − below) / 2
/// ```
///
/// # Shapes and units
///
/// At least one finite value; the margin has their unit. For paired samples give the
/// differences.
///
/// # Errors
///
/// `Empty`, `NotFinite`.
///
/// # Source
///
/// W. J. Dixon and A. M. Mood, "The Statistical Sign Test", Journal of the American
/// Statistical Association 41(236), 1946, 557–566.
///
/// # Example
///
/// ```
/// let test = crucible::stats::sign_test(&[1.0, 2.0, 3.0, 0.0], 0.0)?;
/// assert_eq!((test.above, test.equal), (3, 1));
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn sign_test(values: &[f64], margin: f64) -> Result<SignTest, StatsError> {
    enough(values.len(), 1)?;
    finite(values)?;
    finite_number(margin)?;
    let above = values.iter().filter(|x| **x > margin).count() as u64;
    let below = values.iter().filter(|x| **x < margin).count() as u64;
    let equal = values.len() as u64 - above - below;
    let m = (above as f64 - below as f64) / 2.0;
    Ok(SignTest { above, below, equal, m, tails: McNemar::new(above, below).exact })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "powers of two are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn signs_that_all_agree_have_a_power_of_two() {
        let test = sign_test(&[2.0; 60], 1.0).unwrap();
        assert_relative_eq!(test.tails.greater, 0.5_f64.powi(60), max_relative = 1e-12);
        assert_eq!((test.m, test.tails.less), (30.0, 1.0));
    }

    #[test]
    fn values_at_the_margin_say_nothing() {
        let test = sign_test(&[5.0; 3], 5.0).unwrap();
        assert_eq!((test.equal, test.tails.two_sided()), (3, 1.0));
    }

    #[test]
    fn turning_about_the_margin_swaps_the_tails() {
        let xs = [1e9 + 1.0, 1e9 + 2.0, 1e9 - 1.0, 1e9 + 0.5];
        let one = sign_test(&xs, 1e9).unwrap();
        let other = sign_test(&xs.map(|x| 2e9 - x), 1e9).unwrap();
        assert_eq!(one.tails.greater, other.tails.less);
    }

    #[test]
    fn nothing_and_nan_are_refused() {
        assert_eq!(sign_test(&[], 0.0), Err(StatsError::Empty));
        assert!(sign_test(&[f64::NAN], 0.0).is_err());
        assert!(sign_test(&[1.0], f64::INFINITY).is_err());
    }
}
