//! Agreement of two raters beyond chance.

use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Interval, enough, level, paired};

/// The largest number of categories: the table of both raters has its square.
const MOST: usize = 2_000;

/// How disagreements of two raters are weighted by the distance of their categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KappaWeights {
    /// All disagreements alike.
    #[default]
    None,
    /// By the distance.
    Linear,
    /// By its square.
    Quadratic,
}

impl KappaWeights {
    /// Returns how far two categories disagree, 0 for the same.
    fn distance(self, i: usize, j: usize) -> f64 {
        let gap = i.abs_diff(j) as f64;
        match self {
            Self::None => gap.min(1.0),
            Self::Linear => gap,
            Self::Quadratic => gap * gap,
        }
    }
}

/// Cohen's κ with its errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CohenKappa {
    /// Agreement beyond chance; 1 is perfect, 0 is chance.
    pub kappa: f64,
    /// Standard error of the estimate.
    pub se: f64,
    /// Standard error when there is no agreement beyond chance.
    pub se_null: f64,
}

impl CohenKappa {
    /// Returns the statistic of the test against chance, standard normal under the null.
    ///
    /// # Errors
    ///
    /// `Undefined` when chance leaves no room for error.
    pub fn z(&self) -> Result<f64, StatsError> {
        if self.se_null > 0.0 {
            Ok(self.kappa / self.se_null)
        } else {
            Err(StatsError::Undefined { what: "the test of kappa" })
        }
    }

    /// Returns the two-sided p of the test against chance.
    ///
    /// # Errors
    ///
    /// As [`CohenKappa::z`].
    pub fn p(&self) -> Result<f64, StatsError> {
        Ok((2.0 * Normal.sf(self.z()?.abs())?).min(1.0))
    }

    /// Returns the interval of a level of confidence, not cut at 1.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let reach = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)? * self.se;
        Ok(Interval { low: self.kappa - reach, high: self.kappa + reach })
    }
}

/// Returns Cohen's κ of two raters.
///
/// # Formula
///
/// ```text
/// wᵢⱼ = 1 − dᵢⱼ / d_max,   d = 1 for i ≠ j, |i − j| or (i − j)²
/// p_o = Σ wᵢⱼ pᵢⱼ,  p_e = Σ wᵢⱼ pᵢ. p.ⱼ,  κ = (p_o − p_e) / (1 − p_e)
/// aᵢⱼ = w̄ᵢ. + w̄.ⱼ,  w̄ᵢ. = Σⱼ wᵢⱼ p.ⱼ,  w̄.ⱼ = Σᵢ wᵢⱼ pᵢ.
/// se²      = {Σ pᵢⱼ [wᵢⱼ − aᵢⱼ (1 − κ)]² − [κ − p_e (1 − κ)]²} / (n (1 − p_e)²)
/// se_null² = {Σ pᵢ. p.ⱼ [wᵢⱼ − aᵢⱼ]² − p_e²} / (n (1 − p_e)²)
/// ```
///
/// # Shapes and units
///
/// Two slices of one length, at least one item; labels are whole, from 0, below `categories`,
/// in their order when weights are not `None`.
///
/// # Numerics
///
/// Whether chance leaves room is decided in distances that are whole numbers.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`; `InvalidParameter` for a label that is no category or for more
/// than 2,000 categories; `Undefined` when chance alone agrees always.
///
/// # Source
///
/// J. Cohen, Educational and Psychological Measurement 20(1), 1960, 37–46; J. Cohen,
/// Psychological Bulletin 70(4), 1968, 213–220; J. L. Fleiss, J. Cohen and B. S. Everitt,
/// Psychological Bulletin 72(5), 1969, 323–327.
///
/// # Example
///
/// ```
/// use crucible::stats::{KappaWeights, cohen_kappa};
///
/// let kappa = cohen_kappa(&[0, 0, 1, 1], &[0, 1, 1, 1], 2, KappaWeights::None)?;
/// assert!((kappa.kappa - 0.5).abs() < 1e-15);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn cohen_kappa(
    first: &[usize],
    second: &[usize],
    categories: usize,
    weights: KappaWeights,
) -> Result<CohenKappa, StatsError> {
    paired(first.len(), second.len())?;
    enough(first.len(), 1)?;
    if first.iter().chain(second).any(|label| *label >= categories) || categories > MOST {
        let wanted = "below the number of categories, which is at most 2,000";
        return Err(StatsError::InvalidParameter { name: "label", wanted });
    }
    let n = first.len() as f64;
    let shares = |labels: &[usize]| {
        let mut shares = vec![0.0; categories];
        labels.iter().for_each(|label| shares[*label] += 1.0);
        shares.iter_mut().for_each(|share| *share /= n);
        shares
    };
    let (rows, columns) = (shares(first), shares(second));
    let all = || (0..categories).flat_map(|i| (0..categories).map(move |j| (i, j)));
    let by_chance =
        sum(all().map(|(i, j)| weights.distance(i, j) * rows[i] * columns[j]));
    if by_chance <= 0.0 {
        return Err(StatsError::Undefined {
            what: "kappa without disagreement by chance",
        });
    }
    let observed =
        sum(first.iter().zip(second).map(|(i, j)| weights.distance(*i, *j))) / n;
    let kappa = 1.0 - observed / by_chance;
    let widest = weights.distance(0, categories - 1);
    let weight = |i, j| 1.0 - weights.distance(i, j) / widest;
    let of_row: Vec<f64> = (0..categories)
        .map(|i| sum((0..categories).map(|j| weight(i, j) * columns[j])))
        .collect();
    let of_column: Vec<f64> = (0..categories)
        .map(|j| sum((0..categories).map(|i| weight(i, j) * rows[i])))
        .collect();
    let rest = by_chance / widest;
    let expected = 1.0 - rest;
    let spread = sum(first.iter().zip(second).map(|(i, j)| {
        (weight(*i, *j) - (of_row[*i] + of_column[*j]) * (1.0 - kappa)).powi(2)
    })) / n;
    let spread_null = sum(all().map(|(i, j)| {
        rows[i] * columns[j] * (weight(i, j) - of_row[i] - of_column[j]).powi(2)
    }));
    let error = |square: f64| (square.max(0.0) / n).sqrt() / rest;
    Ok(CohenKappa {
        kappa,
        se: error(spread - (kappa - expected * (1.0 - kappa)).powi(2)),
        se_null: error(spread_null - expected * expected),
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const A: [usize; 9] = [0, 1, 2, 2, 1, 0, 1, 2, 0];
    const B: [usize; 9] = [0, 1, 1, 2, 1, 0, 2, 2, 1];

    #[test]
    fn exchanging_the_raters_changes_nothing() {
        for weights in [KappaWeights::None, KappaWeights::Linear, KappaWeights::Quadratic]
        {
            let there = cohen_kappa(&A, &B, 3, weights).unwrap();
            let back = cohen_kappa(&B, &A, 3, weights).unwrap();
            assert_relative_eq!(there.kappa, back.kappa, max_relative = 1e-14);
            assert_relative_eq!(there.se, back.se, max_relative = 1e-12);
            assert_relative_eq!(there.se_null, back.se_null, max_relative = 1e-12);
        }
    }

    #[test]
    fn two_categories_have_one_kappa_whatever_the_weights() {
        let (a, b) = ([0, 1, 1, 0, 1, 0], [0, 1, 0, 0, 1, 1]);
        let plain = cohen_kappa(&a, &b, 2, KappaWeights::None).unwrap();
        let square = cohen_kappa(&a, &b, 2, KappaWeights::Quadratic).unwrap();
        assert_eq!(plain, square);
    }

    #[test]
    fn raters_who_always_agree_have_kappa_one_unless_chance_does() {
        let perfect = cohen_kappa(&A, &A, 3, KappaWeights::Linear).unwrap();
        assert_eq!(perfect.kappa, 1.0);
        assert!(
            perfect.interval(0.95).unwrap().holds(1.0) && perfect.p().unwrap() < 0.05
        );
        for categories in [1, 2] {
            let same = cohen_kappa(&[0; 3], &[0; 3], categories, KappaWeights::None);
            assert!(matches!(same, Err(StatsError::Undefined { .. })));
        }
    }

    #[test]
    fn labels_are_categories() {
        let test = |a: &[usize], b: &[usize]| cohen_kappa(a, b, 2, KappaWeights::None);
        assert_eq!(test(&[], &[]), Err(StatsError::Empty));
        assert!(matches!(test(&[0], &[]), Err(StatsError::LengthMismatch { .. })));
        assert!(matches!(
            test(&[0, 2], &[0, 1]),
            Err(StatsError::InvalidParameter { .. })
        ));
        assert!(cohen_kappa(&[0], &[0], 0, KappaWeights::None).is_err());
        assert!(cohen_kappa(&[0], &[1], usize::MAX, KappaWeights::None).is_err());
    }
}
