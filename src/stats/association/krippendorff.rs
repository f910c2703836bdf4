//! Krippendorff's α: agreement of raters, some of whose ratings are missing.

use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::ranks::sorted;

/// What differences between ratings mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MeasurementLevel {
    /// Names: the same or not.
    #[default]
    Nominal,
    /// Orders: how many ratings lie between.
    Ordinal,
    /// Numbers with a unit: their difference.
    Interval,
    /// Numbers with a zero: their difference in their sum.
    Ratio,
}

/// Returns Krippendorff's α of a matrix of ratings.
///
/// # Formula
///
/// ```text
/// α = 1 − D_o / D_e
/// D_o = 1/n Σ_u Σ_{i≠j ∈ u} δ²(i, j) / (m_u − 1),  D_e = Σ_c Σ_k n_c n_k δ²(c, k) / (n (n − 1))
/// nominal δ² = 1 for c ≠ k            interval δ² = (c − k)²
/// ratio   δ² = ((c − k) / (c + k))²   ordinal  δ  = Σ_{g from c to k} n_g − (n_c + n_k) / 2
/// ```
///
/// over units `u` with `m_u ≥ 2` ratings; `n` of them in all, `n_c` with the value `c`.
///
/// # Shapes and units
///
/// A row for each rater, a column for each unit, `None` for a rating that is missing. At most
/// 1. At the ratio level ratings are not negative.
///
/// # Numerics
///
/// Differences are taken between values as they are, so a common offset costs no digits.
///
/// # Errors
///
/// `Empty`; `LengthMismatch` for ragged rows; `NotFinite` with the position in its row;
/// `InvalidParameter` for a negative rating at the ratio level; `TooFew` when no unit has two
/// ratings; `Undefined` when all ratings are equal.
///
/// # Source
///
/// K. Krippendorff, Content Analysis: An Introduction to Its Methodology, 2nd ed., 2004,
/// chapter 11; A. F. Hayes and K. Krippendorff, Communication Methods and Measures 1(1), 2007,
/// 77–89.
///
/// # Example
///
/// ```
/// use crucible::stats::{MeasurementLevel, krippendorff_alpha};
///
/// let (yes, no) = (Some(1.0), Some(0.0));
/// let ratings = [vec![yes, no, yes, no], vec![yes, no, yes, None]];
/// assert_eq!(krippendorff_alpha(&ratings, MeasurementLevel::Nominal)?, 1.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn krippendorff_alpha<R: AsRef<[Option<f64>]>>(
    ratings: &[R],
    level: MeasurementLevel,
) -> Result<f64, StatsError> {
    let units = units(ratings, level)?;
    let values: Vec<f64> = units.iter().flatten().copied().collect();
    let scale = Scale::new(&values, level);
    let observed = sum(units.iter().map(|unit| {
        let places: Vec<usize> = unit.iter().map(|x| scale.place(*x)).collect();
        scale.spread(&places) / (unit.len() as f64 - 1.0)
    }));
    let expected = scale.expected() / (values.len() as f64 - 1.0);
    if expected <= 0.0 {
        return Err(StatsError::Undefined {
            what: "alpha of ratings that are all equal",
        });
    }
    Ok(1.0 - observed / expected)
}

/// Returns the ratings of every unit that has at least two.
fn units<R: AsRef<[Option<f64>]>>(
    ratings: &[R],
    level: MeasurementLevel,
) -> Result<Vec<Vec<f64>>, StatsError> {
    let rows: Vec<&[Option<f64>]> = ratings.iter().map(AsRef::as_ref).collect();
    let width = rows.first().map_or(0, |row| row.len());
    if width == 0 {
        return Err(StatsError::Empty);
    }
    for row in &rows {
        if row.len() != width {
            return Err(StatsError::LengthMismatch { left: width, right: row.len() });
        }
        let wrong = |x: &Option<f64>| x.is_some_and(|x| !x.is_finite());
        if let Some(index) = row.iter().position(wrong) {
            return Err(StatsError::NotFinite { index });
        }
        if level == MeasurementLevel::Ratio && row.iter().flatten().any(|x| *x < 0.0) {
            let name = "rating at the ratio level";
            return Err(StatsError::InvalidParameter { name, wanted: "zero or more" });
        }
    }
    let mut units: Vec<Vec<f64>> =
        (0..width).map(|u| rows.iter().filter_map(|row| row[u]).collect()).collect();
    units.retain(|unit| unit.len() > 1);
    if units.is_empty() {
        return Err(StatsError::TooFew {
            of: "units with two ratings",
            needed: 1,
            got: 0,
        });
    }
    Ok(units)
}

/// The distinct values with their numbers, and how far they lie apart.
struct Scale {
    level: MeasurementLevel,
    values: Vec<f64>,
    counts: Vec<f64>,
    /// How many ratings lie below the middle of each value's.
    middles: Vec<f64>,
    /// Half of how far the largest value lies from the smallest: halves do not overflow.
    half_width: f64,
}

impl Scale {
    fn new(ratings: &[f64], level: MeasurementLevel) -> Self {
        let (mut values, mut counts, mut middles) = (Vec::new(), Vec::new(), Vec::new());
        let mut below = 0.0;
        for run in sorted(ratings).chunk_by(|a, b| ratings[*a] >= ratings[*b]) {
            let count = run.len() as f64;
            values.extend(run.first().map(|place| ratings[*place] + 0.0));
            counts.push(count);
            middles.push(below + count / 2.0);
            below += count;
        }
        let ends = values.first().zip(values.last());
        let half_width =
            ends.map_or(1.0, |(low, high): (&f64, &f64)| high / 2.0 - low / 2.0);
        Self { level, values, counts, middles, half_width }
    }

    fn place(&self, value: f64) -> usize {
        self.values.partition_point(|known| *known < value)
    }

    /// Returns the square of the distance of two values, by their places.
    fn distance(&self, a: usize, b: usize) -> f64 {
        if a == b {
            return 0.0;
        }
        match self.level {
            MeasurementLevel::Nominal => 1.0,
            MeasurementLevel::Ordinal => (self.middles[a] - self.middles[b]).powi(2),
            MeasurementLevel::Interval => {
                ((self.values[a] / 2.0 - self.values[b] / 2.0) / self.half_width).powi(2)
            }
            MeasurementLevel::Ratio => {
                let (x, y) = (self.values[a], self.values[b]);
                ((x / 2.0 - y / 2.0) / (x / 2.0 + y / 2.0)).powi(2)
            }
        }
    }

    /// Returns the sum of squares over all ordered pairs of one unit.
    fn spread(&self, places: &[usize]) -> f64 {
        2.0 * sum(places
            .iter()
            .enumerate()
            .flat_map(|(i, a)| places[..i].iter().map(move |b| self.distance(*a, *b))))
    }

    /// Returns the sum of squares over all ordered pairs of ratings.
    fn expected(&self) -> f64 {
        2.0 * sum((0..self.values.len()).flat_map(|a| {
            (0..a).map(move |b| self.counts[a] * self.counts[b] * self.distance(a, b))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const LEVELS: [MeasurementLevel; 4] = [
        MeasurementLevel::Nominal,
        MeasurementLevel::Ordinal,
        MeasurementLevel::Interval,
        MeasurementLevel::Ratio,
    ];

    fn some(row: &[f64]) -> Vec<Option<f64>> {
        row.iter().map(|x| Some(*x)).collect()
    }

    #[test]
    fn raters_who_always_agree_have_alpha_one_and_units_of_one_rating_do_not_count() {
        let row = some(&[1.0, 2.0, 3.0, 2.0]);
        let lone = some(&[1.0, 2.0, 3.0, 2.0, 9.0]);
        for level in LEVELS {
            assert_eq!(krippendorff_alpha(&[row.clone(), row.clone()], level), Ok(1.0));
            let mut other = lone.clone();
            other[4] = None;
            assert_eq!(krippendorff_alpha(&[lone.clone(), other], level), Ok(1.0));
        }
    }

    #[test]
    fn levels_forget_what_they_do_not_mean() {
        let (a, b) = ([1.0, 2.0, 4.0, 2.0, 1.0], [1.0, 4.0, 4.0, 2.0, 2.0]);
        let alpha = |f: fn(f64) -> f64, level| {
            krippendorff_alpha(&[some(&a.map(f)), some(&b.map(f))], level).unwrap()
        };
        let names = |x: f64| (x * 7.0) % 5.0;
        let plain = alpha(|x| x, MeasurementLevel::Nominal);
        assert_relative_eq!(
            plain,
            alpha(names, MeasurementLevel::Nominal),
            max_relative = 1e-14
        );
        let order = alpha(|x| x, MeasurementLevel::Ordinal);
        assert_relative_eq!(
            order,
            alpha(f64::exp, MeasurementLevel::Ordinal),
            max_relative = 1e-14
        );
        let units = alpha(|x| x, MeasurementLevel::Interval);
        let moved = alpha(|x| 1e9 + 8.0 * x, MeasurementLevel::Interval);
        assert_relative_eq!(units, moved, max_relative = 1e-12);
        let huge = alpha(|x| (x - 2.5) * 1e308, MeasurementLevel::Interval);
        assert_relative_eq!(units, huge, max_relative = 1e-12);
        let zero = alpha(|x| x, MeasurementLevel::Ratio);
        assert_relative_eq!(
            zero,
            alpha(|x| 3.0 * x, MeasurementLevel::Ratio),
            max_relative = 1e-13
        );
    }

    #[test]
    fn what_has_no_alpha_is_refused() {
        let test =
            |rows: &[Vec<Option<f64>>]| krippendorff_alpha(rows, MeasurementLevel::Ratio);
        assert_eq!(test(&[]), Err(StatsError::Empty));
        let ragged = test(&[some(&[1.0]), some(&[1.0, 2.0])]);
        assert_eq!(ragged, Err(StatsError::LengthMismatch { left: 1, right: 2 }));
        let nan = test(&[some(&[1.0, f64::NAN])]);
        assert_eq!(nan, Err(StatsError::NotFinite { index: 1 }));
        assert!(matches!(
            test(&[some(&[-1.0])]),
            Err(StatsError::InvalidParameter { .. })
        ));
        assert!(matches!(test(&[some(&[1.0, 2.0])]), Err(StatsError::TooFew { .. })));
        let same = test(&[some(&[0.0, -0.0]), some(&[0.0, 0.0])]);
        assert!(matches!(same, Err(StatsError::Undefined { .. })));
    }
}
