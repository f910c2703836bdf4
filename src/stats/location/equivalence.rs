//! Equivalence by two one-sided tests, and non-inferiority.

use serde::{Deserialize, Serialize};

use super::super::StatsError;
use super::super::outcome::finite_number;
use super::contrast::MeanContrast;

/// The outcome of two one-sided tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equivalence {
    /// The t against the lower bound.
    pub t_low: f64,
    /// The p of an estimate at or below the lower bound.
    pub p_low: f64,
    /// The t against the upper bound.
    pub t_high: f64,
    /// The p of an estimate at or above the upper bound.
    pub p_high: f64,
    /// The larger of the two: small when the estimate lies between the bounds.
    pub p: f64,
}

/// Which direction is better, for a test of non-inferiority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Larger values are better, as of accuracy.
    Higher,
    /// Smaller values are better, as of cost.
    Lower,
}

impl MeanContrast {
    /// Tests whether the estimate lies between two bounds.
    ///
    /// # Formula
    ///
    /// ```text
    /// p_low  = P(T > (estimate − low) / se),   p_high = P(T < (estimate − high) / se)
    /// p      = max(p_low, p_high)
    /// ```
    ///
    /// # Shapes and units
    ///
    /// Bounds in the unit of the estimate, the lower one first. At level α the test agrees
    /// with the interval of confidence `1 − 2α` lying within the bounds.
    ///
    /// # Errors
    ///
    /// `NotFinite` for a bound, `InvalidParameter` unless `low < high`, `NoSpread`.
    ///
    /// # Source
    ///
    /// D. J. Schuirmann, "A comparison of the two one-sided tests procedure and the power
    /// approach for assessing the equivalence of average bioavailability", Journal of
    /// Pharmacokinetics and Biopharmaceutics 15(6), 1987, 657–680.
    ///
    /// # Example
    ///
    /// ```
    /// use crucible::stats::MeanContrast;
    /// let gap = MeanContrast::paired(&[1.0, 2.1, 2.9, 4.0], &[1.1, 2.0, 3.0, 4.1])?;
    /// assert!(gap.equivalence(-0.5, 0.5)?.p < 0.01);
    /// # Ok::<(), crucible::stats::StatsError>(())
    /// ```
    pub fn equivalence(&self, low: f64, high: f64) -> Result<Equivalence, StatsError> {
        if finite_number(low)? >= finite_number(high)? {
            let name = "lower bound of equivalence";
            return Err(StatsError::InvalidParameter { name, wanted: "below the upper" });
        }
        let (below, above) = (self.test(low)?, self.test(high)?);
        let (p_low, p_high) = (below.tails.greater, above.tails.less);
        let p = p_low.max(p_high);
        Ok(Equivalence { t_low: below.t, p_low, t_high: above.t, p_high, p })
    }

    /// Returns the p of being worse by `margin` or more: small when the first is not.
    ///
    /// # Formula
    ///
    /// ```text
    /// higher is better: P(T > (estimate + margin) / se)
    /// lower is better:  P(T < (estimate − margin) / se)
    /// ```
    ///
    /// # Shapes and units
    ///
    /// The margin is positive, in the unit of the estimate.
    ///
    /// # Errors
    ///
    /// `NotFinite`, `InvalidParameter` unless the margin is positive, `NoSpread`.
    ///
    /// # Source
    ///
    /// G. Piaggio, D. R. Elbourne, S. J. Pocock, S. J. W. Evans and D. G. Altman, Journal of
    /// the American Medical Association 308(24), 2012, 2594–2604.
    pub fn non_inferiority(
        &self,
        margin: f64,
        better: Better,
    ) -> Result<f64, StatsError> {
        if finite_number(margin)? <= 0.0 {
            let name = "margin of non-inferiority";
            return Err(StatsError::InvalidParameter { name, wanted: "positive" });
        }
        Ok(match better {
            Better::Higher => self.test(-margin)?.tails.greater,
            Better::Lower => self.test(margin)?.tails.less,
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "both sides are computed alike")]
mod tests {
    use super::*;
    use crate::stats::Alternative;

    const XS: [f64; 5] = [1.0, 2.2, 2.9, 4.1, 5.0];
    const YS: [f64; 5] = [1.3, 2.0, 3.1, 4.0, 5.2];

    #[test]
    fn the_test_agrees_with_the_interval_of_twice_the_level() {
        let gap = MeanContrast::paired(&XS, &YS).unwrap();
        let inner = gap.interval(0.90, Alternative::TwoSided).unwrap();
        let just = gap.equivalence(inner.low - 1e-9, inner.high + 1e-9).unwrap();
        let miss = gap.equivalence(inner.low + 1e-9, inner.high + 1e-9).unwrap();
        assert!(just.p < 0.05 && miss.p > 0.05, "{just:?} {miss:?}");
    }

    #[test]
    fn swapping_the_samples_turns_the_bounds_round() {
        let one = MeanContrast::welch(&XS, &YS).unwrap().equivalence(-0.5, 0.7).unwrap();
        let two = MeanContrast::welch(&YS, &XS).unwrap().equivalence(-0.7, 0.5).unwrap();
        assert_eq!((one.p_low, one.p_high), (two.p_high, two.p_low));
    }

    #[test]
    fn not_worse_is_one_side_of_equivalence() {
        let gap = MeanContrast::two_sample(&XS, &YS).unwrap();
        let both = gap.equivalence(-0.5, 0.5).unwrap();
        assert_eq!(gap.non_inferiority(0.5, Better::Higher).unwrap(), both.p_low);
        assert_eq!(gap.non_inferiority(0.5, Better::Lower).unwrap(), both.p_high);
        assert!(gap.non_inferiority(0.0, Better::Lower).is_err());
        assert!(gap.non_inferiority(f64::NAN, Better::Lower).is_err());
    }

    #[test]
    fn bounds_in_the_wrong_order_are_refused() {
        let gap = MeanContrast::two_sample(&XS, &YS).unwrap();
        assert!(gap.equivalence(0.5, -0.5).is_err());
        assert!(gap.equivalence(f64::NEG_INFINITY, 0.5).is_err());
        let flat = MeanContrast::one_sample(&[2.0; 3]).unwrap();
        assert_eq!(flat.equivalence(1.0, 3.0), Err(StatsError::NoSpread));
    }
}
