//! Tests of counts against expected ones.

use super::divergence::Divergence;
use super::table::total;
use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::ChiSquared;
use crate::stats::outcome::{finite, paired};

/// How far the totals may differ, relative to the smaller: the square root of the machine's
/// precision, as in SciPy.
const SAME_TOTAL: f64 = 1.490_116_119_384_765_6e-8;

/// The outcome of a test of counts against expected ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoodnessOfFit {
    /// The statistic, chi-squared in the limit; not negative.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// The p of the expected counts, in `[0, 1]`.
    pub p: f64,
}

/// Tests whether counts follow expected ones.
///
/// # Formula
///
/// ```text
/// statistic as in contingency_test, over the k categories
/// p = P(χ²_{k − 1 − estimated} > statistic)
/// ```
///
/// # Shapes and units
///
/// `observed` holds at least two counts; `expected` as many positive numbers with the same
/// total, or `None` for equal ones; `estimated` parameters were fitted to the same counts.
///
/// # Numerics
///
/// Every term is written so that it is not negative; nothing cancels where the fit is good.
///
/// # Errors
///
/// `Empty`; `LengthMismatch`; `NotFinite`, `InvalidParameter` for an expected count below
/// zero; `SumMismatch` when the totals differ by more than a relative 1.5e-8;
/// `ZeroMarginal` when an expected count is zero; `TooFew` without degrees of freedom.
///
/// # Source
///
/// K. Pearson, Philosophical Magazine 50(302), 1900, 157–175; N. Cressie and T. R. C. Read,
/// Journal of the Royal Statistical Society B 46(3), 1984, 440–464.
///
/// # Example
///
/// ```
/// use crucible::stats::{Divergence, goodness_of_fit};
///
/// let die = goodness_of_fit(&[16, 18, 16, 14, 12, 12], None, 0, Divergence::Pearson)?;
/// assert_eq!(die.statistic, 2.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn goodness_of_fit(
    observed: &[u64],
    expected: Option<&[f64]>,
    estimated: usize,
    divergence: Divergence,
) -> Result<GoodnessOfFit, StatsError> {
    if observed.is_empty() {
        return Err(StatsError::Empty);
    }
    let all = total(observed)? as f64;
    let equal = vec![all / observed.len() as f64; observed.len()];
    let expected = expected.unwrap_or(&equal);
    paired(observed.len(), expected.len())?;
    finite(expected)?;
    if expected.iter().any(|e| *e < 0.0) {
        let wanted = "zero or more";
        return Err(StatsError::InvalidParameter { name: "expected count", wanted });
    }
    let wanted = sum(expected.iter().copied());
    if (all - wanted).abs() > SAME_TOTAL * all.min(wanted) {
        return Err(StatsError::SumMismatch);
    }
    if expected.contains(&0.0) {
        return Err(StatsError::ZeroMarginal);
    }
    let needed = estimated.saturating_add(2);
    let Some(df) = observed.len().checked_sub(needed).map(|more| more + 1) else {
        return Err(StatsError::TooFew { of: "categories", needed, got: observed.len() });
    };
    let terms = observed.iter().zip(expected).map(|(o, e)| {
        let o = *o as f64;
        divergence.term(o, *e, o - e)
    });
    let statistic = (sum(terms) + divergence.remainder(all - wanted)).max(0.0);
    Ok(GoodnessOfFit { statistic, df, p: ChiSquared::new(df as f64)?.sf(statistic)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_estimated_costs_degrees_of_freedom() {
        let test =
            |estimated| goodness_of_fit(&[5, 9, 4], None, estimated, Divergence::Pearson);
        assert_eq!(test(0).unwrap().df, 2);
        assert_eq!(test(1).unwrap().df, 1);
        assert!(test(1).unwrap().p < test(0).unwrap().p);
        let few = StatsError::TooFew { of: "categories", needed: 4, got: 3 };
        assert_eq!(test(2), Err(few));
        assert!(test(usize::MAX).is_err());
    }

    #[test]
    fn expected_counts_are_positive_and_have_the_same_total() {
        let test = |expected: &[f64]| {
            goodness_of_fit(&[10, 20], Some(expected), 0, Divergence::Pearson)
        };
        assert_eq!(test(&[15.0, 14.0]), Err(StatsError::SumMismatch));
        assert_eq!(test(&[30.0, 0.0]), Err(StatsError::ZeroMarginal));
        assert!(matches!(test(&[31.0, -1.0]), Err(StatsError::InvalidParameter { .. })));
        assert_eq!(test(&[f64::NAN, 1.0]), Err(StatsError::NotFinite { index: 0 }));
        let nothing = goodness_of_fit(&[0, 0], None, 0, Divergence::Pearson);
        assert_eq!(nothing, Err(StatsError::ZeroMarginal));
    }

    #[test]
    fn all_divergences_agree_on_a_perfect_and_nearly_on_a_good_fit() {
        for divergence in
            [Divergence::LogLikelihood, Divergence::FreemanTukey, Divergence::CressieRead]
        {
            let test = |o: &[u64]| goodness_of_fit(o, None, 0, divergence).unwrap();
            assert!(test(&[7, 7, 7]).statistic.abs() < 1e-300);
            let near = test(&[1_000_000_001, 1_000_000_000, 999_999_999]).statistic;
            assert!((near / 2e-9 - 1.0).abs() < 1e-6, "{divergence:?}: {near}");
        }
    }
}
