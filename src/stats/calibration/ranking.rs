//! How well scores put ones above zeros.

use serde::{Deserialize, Serialize};

use crate::stats::StatsError;
use crate::stats::describe::variance;
use crate::stats::estimate::{Estimate, Reference};
use crate::stats::outcome::{Interval, enough, finite, paired};

/// How the error of an area under the curve is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AurocError {
    /// From the placements of each one among the zeros and of each zero among the ones.
    #[default]
    DeLong,
    /// From the area alone, as if scores were exponential.
    HanleyMcNeil,
}

/// The area under the receiver operating characteristic.
///
/// It is the probability that a one has a higher score than a zero, ties counting half.
///
/// # Formula
///
/// ```text
/// A = Σ_i Σ_j [x_i > y_j] + ½[x_i = y_j] / (n₁ n₀)
/// DeLong        SE² = s²(V₁)/n₁ + s²(V₀)/n₀,  V₁ᵢ = share of zeros below x_i,
///                                             V₀ⱼ = share of ones above y_j
/// Hanley-McNeil SE² = [A(1−A) + (n₁−1)(Q₁−A²) + (n₀−1)(Q₂−A²)] / (n₁ n₀),
///               Q₁ = A/(2−A),  Q₂ = 2A²/(1+A)
/// interval      A ± z SE, cut to [0, 1]
/// ```
///
/// # Shapes and units
///
/// Any finite scores; outcomes of 0 and 1, both of them present. Areas are in `[0, 1]`.
///
/// # Numerics
///
/// By sorting, in `n log n`; ranks of ties are half numbers, so sums are exact. `DeLong`'s
/// error is zero when the ranking is perfect, and its interval then a point.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`; `InvalidParameter` for another outcome;
/// `Undefined` when all outcomes are equal; `TooFew` for `DeLong`'s error with fewer than
/// two ones or two zeros.
///
/// # Source
///
/// E. R. `DeLong`, D. M. `DeLong` and D. L. Clarke-Pearson, Biometrics 44(3), 1988, 837–845;
/// the placements by ranks X. Sun and W. Xu, IEEE Signal Processing Letters 21(11), 2014,
/// 1389–1393; J. A. Hanley and B. J. `McNeil`, Radiology 143(1), 1982, 29–36.
///
/// # Example
///
/// ```
/// use crucible::stats::Auroc;
///
/// let area = Auroc::new(&[0.9, 0.4, 0.6, 0.1], &[1.0, 0.0, 1.0, 1.0])?;
/// assert!((area.area - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auroc {
    /// The area.
    pub area: f64,
    /// Number of ones.
    pub ones: usize,
    /// Number of zeros.
    pub zeros: usize,
    delong: Option<f64>,
}

impl Auroc {
    /// Returns the area of scores for outcomes.
    ///
    /// # Errors
    ///
    /// As the type says.
    pub fn new(scores: &[f64], outcomes: &[f64]) -> Result<Self, StatsError> {
        check(scores, outcomes)?;
        let (high, low) = split(scores, outcomes);
        if high.is_empty() || low.is_empty() {
            let what = "the area under the curve of one kind of outcome";
            return Err(StatsError::Undefined { what });
        }
        let above: Vec<f64> = placements(&high, &low);
        let below: Vec<f64> = placements(&low, &high).iter().map(|v| 1.0 - v).collect();
        let (ones, zeros) = (high.len(), low.len());
        // Twice a placement is a whole number of pairs: the sum is exact.
        let pairs = above.iter().map(|v| (v * 2.0 * zeros as f64).round()).sum::<f64>();
        let area = pairs / (2.0 * ones as f64 * zeros as f64);
        let delong = variance(&above).ok().zip(variance(&below).ok());
        let delong = delong.map(|(a, b)| (a / ones as f64 + b / zeros as f64).sqrt());
        Ok(Self { area, ones, zeros, delong })
    }

    /// Returns the standard error of the area.
    ///
    /// # Errors
    ///
    /// `TooFew` for `DeLong`'s with fewer than two ones or two zeros.
    pub fn se(&self, error: AurocError) -> Result<f64, StatsError> {
        let (a, n1, n0) = (self.area, self.ones as f64, self.zeros as f64);
        match error {
            AurocError::DeLong => self.delong.ok_or(StatsError::TooFew {
                of: "ones and two zeros",
                needed: 2,
                got: self.ones.min(self.zeros),
            }),
            AurocError::HanleyMcNeil => {
                let (q1, q2) = (a / (2.0 - a), 2.0 * a * a / (1.0 + a));
                let spread =
                    a * (1.0 - a) + (n1 - 1.0) * (q1 - a * a) + (n0 - 1.0) * (q2 - a * a);
                Ok((spread.max(0.0) / (n1 * n0)).sqrt())
            }
        }
    }

    /// Returns the normal interval of the area, cut to `[0, 1]`.
    ///
    /// # Errors
    ///
    /// As [`Auroc::se`]; `InvalidParameter` for the level.
    pub fn interval(
        &self,
        confidence: f64,
        error: AurocError,
    ) -> Result<Interval, StatsError> {
        let estimate = Estimate { value: self.area, se: self.se(error)? };
        Ok(estimate.interval(confidence, Reference::Normal)?.within(0.0, 1.0))
    }
}

/// Returns the average precision of a ranking.
///
/// # Formula
///
/// ```text
/// Σ (R_k − R_{k−1}) P_k  over the distinct scores, the highest first
/// ```
///
/// with `P_k` the share of ones among the scores at or above the `k`-th, and `R_k` the share
/// of the ones that are among them.
///
/// # Shapes and units
///
/// Any finite scores; outcomes of 0 and 1. In `[0, 1]`; the share of ones is what a score
/// without information gets.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`; `InvalidParameter` for another outcome;
/// `Undefined` without a one.
///
/// # Source
///
/// C. Buckley and E. M. Voorhees, "Evaluating Evaluation Measure Stability", Proceedings of
/// SIGIR 2000, 33–40; ties as scikit-learn 1.9 treats them.
pub fn average_precision(scores: &[f64], outcomes: &[f64]) -> Result<f64, StatsError> {
    check(scores, outcomes)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|i, j| scores[*j].total_cmp(&scores[*i]));
    let (mut seen, mut ones, mut total) = (0.0, 0.0, 0.0);
    let same = |i: &usize, j: &usize| scores[*i] <= scores[*j];
    for tied in order.chunk_by(same) {
        let more: f64 = tied.iter().map(|i| outcomes[*i]).sum();
        seen += tied.len() as f64;
        ones += more;
        total += more * (ones / seen);
    }
    if ones > 0.0 {
        Ok(total / ones)
    } else {
        Err(StatsError::Undefined { what: "the average precision without a one" })
    }
}

fn check(scores: &[f64], outcomes: &[f64]) -> Result<(), StatsError> {
    paired(scores.len(), outcomes.len())?;
    enough(scores.len(), 1)?;
    finite(scores)?;
    check_outcomes(outcomes)
}

/// Refuses outcomes that are neither 0 nor 1.
pub(super) fn check_outcomes(outcomes: &[f64]) -> Result<(), StatsError> {
    finite(outcomes)?;
    if outcomes.iter().all(|y| matches!(y, 0.0 | 1.0)) {
        Ok(())
    } else {
        Err(StatsError::InvalidParameter { name: "outcome", wanted: "0 or 1" })
    }
}

/// Returns the scores of the ones and those of the zeros, each in ascending order.
fn split(scores: &[f64], outcomes: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let of = |one: bool| {
        let pairs = scores.iter().zip(outcomes).filter(|(_, y)| (**y > 0.5) == one);
        let mut own: Vec<f64> = pairs.map(|(x, _)| *x).collect();
        own.sort_by(f64::total_cmp);
        own
    };
    (of(true), of(false))
}

/// Returns the share of `others` below each value, ties half; both lists ascend.
fn placements(values: &[f64], others: &[f64]) -> Vec<f64> {
    let n = others.len() as f64;
    let (mut below, mut up_to) = (0, 0);
    let mut place = |x: f64| {
        while others.get(below).is_some_and(|y| *y < x) {
            below += 1;
        }
        while others.get(up_to).is_some_and(|y| *y <= x) {
            up_to += 1;
        }
        f64::midpoint(below as f64, up_to as f64) / n
    };
    values.iter().map(|x| place(*x)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Forty scores with ties, and outcomes that follow them loosely.
    fn forty() -> (Vec<f64>, Vec<f64>) {
        let numbers = 0..40_u32;
        let scores = numbers.clone().map(|i| f64::from((7 * i * i + 3 * i) % 11) / 10.0);
        let outcomes = numbers.map(|i| {
            let noise = (5 * i * i * i + i) % 17;
            f64::from(u8::from((7 * i * i + 3 * i) % 11 + noise > 12))
        });
        (scores.collect(), outcomes.collect())
    }

    #[test]
    fn forty_scores_have_the_area_and_errors_of_the_definitions() {
        // tests/data/stats/calibration_reference.py: all pairs, no ranks.
        let (scores, outcomes) = forty();
        let area = Auroc::new(&scores, &outcomes).unwrap();
        assert_relative_eq!(area.area, 0.649_616_368_286_445, max_relative = 1e-13);
        let se = |error| area.se(error).unwrap();
        assert_relative_eq!(
            se(AurocError::DeLong),
            0.089_015_910_494_459_88,
            max_relative = 1e-12
        );
        assert_relative_eq!(
            se(AurocError::HanleyMcNeil),
            0.089_678_580_286_667_96,
            max_relative = 1e-12
        );
        let interval = area.interval(0.95, AurocError::DeLong).unwrap();
        assert!(interval.holds(area.area) && interval.high <= 1.0);
        let precision = average_precision(&scores, &outcomes).unwrap();
        assert_relative_eq!(precision, 0.561_272_387_742_976, max_relative = 1e-12);
    }

    #[test]
    fn the_area_depends_on_the_order_alone_and_turns_with_it() {
        let (scores, outcomes) = forty();
        let area = Auroc::new(&scores, &outcomes).unwrap();
        let bent: Vec<f64> = scores.iter().map(|x| (5.0 * x).exp()).collect();
        assert_eq!(Auroc::new(&bent, &outcomes).unwrap(), area);
        let turned: Vec<f64> = scores.iter().map(|x| -x).collect();
        let other = Auroc::new(&turned, &outcomes).unwrap();
        assert_relative_eq!(other.area, 1.0 - area.area, max_relative = 1e-13);
        let se = |a: Auroc| a.se(AurocError::DeLong).unwrap();
        assert_relative_eq!(se(other), se(area), max_relative = 1e-12);
    }

    #[test]
    fn a_perfect_and_an_empty_ranking_have_their_ends() {
        let perfect = Auroc::new(&[0.1, 0.2, 0.3, 0.4], &[0.0, 0.0, 1.0, 1.0]).unwrap();
        assert_relative_eq!(perfect.area, 1.0);
        let point = perfect.interval(0.9, AurocError::DeLong).unwrap();
        assert_eq!(point, Interval { low: 1.0, high: 1.0 });
        let tied = Auroc::new(&[0.5; 4], &[0.0, 1.0, 0.0, 1.0]).unwrap();
        assert_relative_eq!(tied.area, 0.5);
        let one = Auroc::new(&[0.5, 0.1], &[1.0, 0.0]).unwrap();
        assert!(matches!(one.se(AurocError::DeLong), Err(StatsError::TooFew { .. })));
        assert!(one.se(AurocError::HanleyMcNeil).is_ok());
    }

    #[test]
    fn outcomes_of_one_kind_have_no_area() {
        assert!(matches!(
            Auroc::new(&[0.1, 0.2], &[1.0, 1.0]),
            Err(StatsError::Undefined { .. })
        ));
        assert!(average_precision(&[0.1, 0.2], &[0.0, 0.0]).is_err());
        assert_relative_eq!(average_precision(&[0.1, 0.2], &[1.0, 1.0]).unwrap(), 1.0);
        assert_eq!(Auroc::new(&[], &[]), Err(StatsError::Empty));
        assert!(Auroc::new(&[0.1], &[2.0]).is_err());
        assert!(Auroc::new(&[f64::NAN], &[1.0]).is_err());
        assert!(average_precision(&[0.1], &[]).is_err());
    }
}
