//! Intraclass correlations: how far ratings of one target agree.

use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::FisherF;
use crate::stats::outcome::{Interval, level};

/// An intraclass correlation with its test against none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Icc {
    /// The coefficient; may be negative.
    pub icc: f64,
    /// The F statistic.
    pub f: f64,
    /// Its degrees of freedom above.
    pub df1: usize,
    /// Its degrees of freedom below.
    pub df2: usize,
    /// The p of no correlation.
    pub p: f64,
    /// The interval of the coefficient.
    pub interval: Interval,
}

/// The six intraclass correlations of Shrout and Fleiss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iccs {
    /// One rating, raters differ from target to target: ICC(1,1).
    pub one: Icc,
    /// One rating, raters drawn at random: ICC(2,1), absolute agreement.
    pub two: Icc,
    /// One rating, these raters only: ICC(3,1), consistency.
    pub three: Icc,
    /// Mean of the ratings, as `one`: ICC(1,k).
    pub one_mean: Icc,
    /// Mean of the ratings, as `two`: ICC(2,k).
    pub two_mean: Icc,
    /// Mean of the ratings, as `three`: ICC(3,k).
    pub three_mean: Icc,
}

/// Returns the intraclass correlations of a matrix of ratings.
///
/// # Formula
///
/// ```text
/// MSB between targets, MSW within, MSJ between raters, MSE residual; n targets, k raters
/// ICC(1,1) = (MSB − MSW) / (MSB + (k − 1) MSW)                       F = MSB/MSW
/// ICC(2,1) = (MSB − MSE) / (MSB + (k − 1) MSE + k (MSJ − MSE)/n)     F = MSB/MSE
/// ICC(3,1) = (MSB − MSE) / (MSB + (k − 1) MSE)                       F = MSB/MSE
/// ICC(·,k): the same for means, k ρ / (1 + (k − 1) ρ)
/// ```
///
/// Intervals of ICC(1) and ICC(3) from `F / F_α` and `F · F_α`; of ICC(2) with Satterthwaite's
/// degrees of freedom.
///
/// # Shapes and units
///
/// A row for each target, a column for each rater, at least two of each, in one unit.
///
/// # Numerics
///
/// Ratings are measured from the first and sums of squares from means, so a common offset
/// costs no digits.
///
/// # Errors
///
/// `Empty`; `LengthMismatch` for ragged rows; `NotFinite` with the position in its row;
/// `TooFew`; `NoSpread` when nothing varies beyond targets and raters; `InvalidParameter` for
/// the level.
///
/// # Source
///
/// P. E. Shrout and J. L. Fleiss, Psychological Bulletin 86(2), 1979, 420–428; K. O. McGraw and
/// S. P. Wong, Psychological Methods 1(1), 1996, 30–46.
///
/// # Example
///
/// ```
/// use crucible::stats::icc;
///
/// let ratings = [[9.0, 2.0, 5.0, 8.0], [6.0, 1.0, 3.0, 2.0], [8.0, 4.0, 6.0, 8.0],
///     [7.0, 1.0, 2.0, 6.0], [10.0, 5.0, 6.0, 9.0], [6.0, 2.0, 4.0, 7.0]];
/// let all = icc(&ratings, 0.95)?;
/// assert!((all.two.icc - 0.29).abs() < 0.005 && (all.three_mean.icc - 0.91).abs() < 0.005);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn icc<R: AsRef<[f64]>>(ratings: &[R], confidence: f64) -> Result<Iccs, StatsError> {
    let rows: Vec<&[f64]> = ratings.iter().map(AsRef::as_ref).collect();
    let squares = MeanSquares::new(&rows)?;
    let tail = (1.0 - level(confidence)?) / 2.0;
    let one = squares.one_way(tail)?;
    let three = squares.consistency(tail)?;
    let two = Icc { icc: squares.agreement(), interval: squares.agreed(tail)?, ..three };
    let k = squares.k;
    let mean = |single: Icc| Icc {
        icc: of_mean(single.icc, k),
        interval: Interval {
            low: of_mean(single.interval.low, k),
            high: of_mean(single.interval.high, k),
        },
        ..single
    };
    let means = (mean(one), mean(two), mean(three));
    let (one_mean, two_mean, three_mean) = means;
    Ok(Iccs { one, two, three, one_mean, two_mean, three_mean })
}

/// Returns the reliability of a mean of `k` ratings (Spearman and Brown).
fn of_mean(single: f64, k: f64) -> f64 {
    k * single / (1.0 + (k - 1.0) * single)
}

/// Mean squares of targets by raters.
#[derive(Debug, Clone, Copy)]
struct MeanSquares {
    n: f64,
    k: f64,
    targets: usize,
    raters: usize,
    between: f64,
    within: f64,
    of_raters: f64,
    residual: f64,
}

impl MeanSquares {
    fn new(rows: &[&[f64]]) -> Result<Self, StatsError> {
        let (targets, raters) = (rows.len(), rows.first().map_or(0, |row| row.len()));
        if targets == 0 || raters == 0 {
            return Err(StatsError::Empty);
        }
        for row in rows {
            if row.len() != raters {
                return Err(StatsError::LengthMismatch {
                    left: raters,
                    right: row.len(),
                });
            }
            if let Some(index) = row.iter().position(|x| !x.is_finite()) {
                return Err(StatsError::NotFinite { index });
            }
        }
        for (of, got) in [("targets", targets), ("raters", raters)] {
            if got < 2 {
                return Err(StatsError::TooFew { of, needed: 2, got });
            }
        }
        let (n, k) = (targets as f64, raters as f64);
        let first = rows[0][0];
        let mut cells: Vec<Vec<f64>> =
            rows.iter().map(|row| row.iter().map(|x| x - first).collect()).collect();
        let grand = sum(cells.iter().flatten().copied()) / (n * k);
        cells.iter_mut().flatten().for_each(|x| *x -= grand);
        let of_target: Vec<f64> =
            cells.iter().map(|row| sum(row.iter().copied()) / k).collect();
        let of_rater: Vec<f64> =
            (0..raters).map(|j| sum(cells.iter().map(|row| row[j])) / n).collect();
        let square = |means: &[f64]| sum(means.iter().map(|m| m * m));
        let rest = sum(cells.iter().zip(&of_target).flat_map(|(row, target)| {
            row.iter().zip(&of_rater).map(move |(x, rater)| (x - target - rater).powi(2))
        }));
        let raters_square = n * square(&of_rater);
        let squares = Self {
            n,
            k,
            targets,
            raters,
            between: k * square(&of_target) / (n - 1.0),
            within: (rest + raters_square) / (n * (k - 1.0)),
            of_raters: raters_square / (k - 1.0),
            residual: rest / ((n - 1.0) * (k - 1.0)),
        };
        // What remains of exact additivity is rounding.
        let total = squares.between + squares.within;
        if !total.is_finite() || squares.residual <= total * 1e-28 {
            return Err(StatsError::NoSpread);
        }
        Ok(squares)
    }

    fn one_way(&self, tail: f64) -> Result<Icc, StatsError> {
        self.test(self.within, self.targets * (self.raters - 1), tail)
    }

    fn consistency(&self, tail: f64) -> Result<Icc, StatsError> {
        self.test(self.residual, (self.targets - 1) * (self.raters - 1), tail)
    }

    /// Returns the coefficient whose error is one mean square.
    fn test(&self, error: f64, df2: usize, tail: f64) -> Result<Icc, StatsError> {
        let (df1, k) = (self.targets - 1, self.k);
        let f = self.between / error;
        let (above, below) = (df1 as f64, df2 as f64);
        let ratio = |f: f64| (f - 1.0) / (f + k - 1.0);
        let interval = Interval {
            low: ratio(f / FisherF::new(above, below)?.upper_quantile(tail)?),
            high: ratio(f * FisherF::new(below, above)?.upper_quantile(tail)?),
        };
        let p = FisherF::new(above, below)?.sf(f)?;
        Ok(Icc { icc: ratio(f), f, df1, df2, p, interval })
    }

    fn agreement(&self) -> f64 {
        let Self { n, k, between, of_raters, residual, .. } = *self;
        (between - residual)
            / (between + (k - 1.0) * residual + k * (of_raters - residual) / n)
    }

    fn agreed(&self, tail: f64) -> Result<Interval, StatsError> {
        let Self { n, k, between, of_raters, residual, .. } = *self;
        let (icc, f) = (self.agreement(), of_raters / residual);
        let rest = n * (1.0 + (k - 1.0) * icc) - k * icc;
        let above = (k - 1.0) * (n - 1.0) * (k * icc * f + rest).powi(2);
        let below = (n - 1.0) * (k * icc * f).powi(2) + rest.powi(2);
        let df = above / below;
        let high = FisherF::new(n - 1.0, df)?.upper_quantile(tail)?;
        let low = FisherF::new(df, n - 1.0)?.upper_quantile(tail)?;
        let others = k * of_raters + (k * n - k - n) * residual;
        Ok(Interval {
            low: n * (between - high * residual) / (high * others + n * between),
            high: n * (low * between - residual) / (others + n * low * between),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// The table of Shrout and Fleiss.
    const RATINGS: [[f64; 4]; 6] = [
        [9.0, 2.0, 5.0, 8.0],
        [6.0, 1.0, 3.0, 2.0],
        [8.0, 4.0, 6.0, 8.0],
        [7.0, 1.0, 2.0, 6.0],
        [10.0, 5.0, 6.0, 9.0],
        [6.0, 2.0, 4.0, 7.0],
    ];

    #[test]
    fn the_published_table_has_the_published_coefficients() {
        let all = icc(&RATINGS, 0.95).unwrap();
        for (found, want) in [
            (all.one, 0.17),
            (all.two, 0.29),
            (all.three, 0.71),
            (all.one_mean, 0.44),
            (all.two_mean, 0.62),
            (all.three_mean, 0.91),
        ] {
            assert!((found.icc - want).abs() < 0.005, "{found:?}");
            assert!(found.interval.holds(found.icc));
        }
    }

    #[test]
    fn a_common_offset_and_scale_change_nothing() {
        let plain = icc(&RATINGS, 0.9).unwrap();
        let moved = icc(&RATINGS.map(|row| row.map(|x| 1e9 + 4.0 * x)), 0.9).unwrap();
        assert_relative_eq!(plain.two.icc, moved.two.icc, max_relative = 1e-12);
        assert_relative_eq!(plain.one.p, moved.one.p, max_relative = 1e-11);
    }

    #[test]
    fn what_has_no_error_or_too_little_is_refused() {
        let test = |rows: &[Vec<f64>]| icc(rows, 0.95).map(|all| all.one.icc);
        assert_eq!(test(&[]), Err(StatsError::Empty));
        assert_eq!(test(&[vec![]]), Err(StatsError::Empty));
        assert!(matches!(test(&[vec![1.0, 2.0]]), Err(StatsError::TooFew { .. })));
        assert!(matches!(test(&[vec![1.0], vec![2.0]]), Err(StatsError::TooFew { .. })));
        let ragged = test(&[vec![1.0, 2.0], vec![1.0]]);
        assert!(matches!(ragged, Err(StatsError::LengthMismatch { .. })));
        let same = test(&[vec![0.1, 0.1], vec![0.3, 0.3], vec![0.7, 0.7]]);
        assert_eq!(same, Err(StatsError::NoSpread));
        assert_eq!(test(&[vec![5.0, 5.0], vec![5.0, 5.0]]), Err(StatsError::NoSpread));
        assert!(icc(&RATINGS, 1.0).is_err());
    }
}
