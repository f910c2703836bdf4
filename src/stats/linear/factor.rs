//! Least squares by an orthogonal factorisation of thirty digits.

use super::double::Double;
use crate::stats::StatsError;

/// A column nearer to the others than this (sine of the angle) depends on them: sixty-four
/// times the rounding of its values.
const DEPENDENT: f64 = 64.0 * f64::EPSILON;

/// A least-squares fit: `X = Q R` and what it says of `y`.
///
/// # Numerics
///
/// Modified Gram-Schmidt on the columns, each scaled by a power of two, with `y` as the
/// last; all in double-double arithmetic, so a condition number of 1e15 costs no digit.
///
/// # Source
///
/// Å. Björck, "Solving linear least squares problems by Gram-Schmidt orthogonalization",
/// BIT 7(1), 1967, 1–21.
#[derive(Debug, Clone)]
pub(super) struct LeastSquares {
    /// The coefficients, in the order of the columns.
    pub(super) coefficients: Vec<f64>,
    /// `y` minus its fit.
    pub(super) residuals: Vec<f64>,
    /// The rows of `Q`: their squared lengths are the leverages.
    pub(super) rows: Vec<Vec<f64>>,
    /// The rows of the inverse of `R`; zero below the diagonal.
    pub(super) inverse: Vec<Vec<f64>>,
    /// `Qᵀy`: what each column adds to the fit beyond those before it.
    pub(super) effects: Vec<f64>,
    /// The logarithm of `|XᵀX|`.
    pub(super) log_determinant: f64,
}

impl LeastSquares {
    /// Fits `y` by the columns, which are as long as `y` and finite.
    ///
    /// # Errors
    ///
    /// `Singular` when a column depends on those before it.
    pub(super) fn new(y: &[f64], columns: &[Vec<f64>]) -> Result<Self, StatsError> {
        let basis = Basis::new(columns)?;
        let scale = power_of_two(y);
        let mut rest: Vec<Double> = y.iter().map(|v| Double::new(v * scale)).collect();
        let effects: Vec<Double> =
            basis.columns.iter().map(|q| take_out(&mut rest, q)).collect();
        let scaled = basis.solve(&effects);
        let fitted = scaled.iter().zip(&basis.scales);
        let rows = (0..y.len())
            .map(|i| basis.columns.iter().map(|q| q[i].value()).collect())
            .collect();
        Ok(Self {
            coefficients: fitted.map(|(b, s)| b.value() * s / scale).collect(),
            residuals: rest.iter().map(|r| r.value() / scale).collect(),
            rows,
            inverse: basis.inverse(),
            effects: effects.iter().map(|z| z.value() / scale).collect(),
            log_determinant: basis.log_determinant(),
        })
    }

    /// Returns the columns of `Q`: a design that fits alike and is of condition one.
    pub(super) fn basis(&self) -> Vec<Vec<f64>> {
        let k = self.coefficients.len();
        (0..k).map(|j| self.rows.iter().map(|row| row[j]).collect()).collect()
    }

    /// Returns the coefficients of the columns from those of the basis.
    pub(super) fn of_columns(&self, of_basis: &[f64]) -> Vec<f64> {
        let own = self.inverse.iter();
        own.map(|row| row.iter().zip(of_basis).map(|(r, b)| r * b).sum()).collect()
    }

    /// Turns a fit by the basis of `first` into one by its columns, the errors with it.
    pub(super) fn by_columns_of(mut self, first: &Self) -> Self {
        let k = self.coefficients.len();
        self.coefficients = first.of_columns(&self.coefficients);
        let product = |row: &Vec<f64>| {
            let entry = |j: usize| {
                row.iter().zip(&self.inverse).map(|(r, other)| r * other[j]).sum()
            };
            (0..k).map(entry).collect()
        };
        self.inverse = first.inverse.iter().map(product).collect();
        self.log_determinant += first.log_determinant;
        self
    }

    /// Returns the sum of squared residuals.
    pub(super) fn rss(&self) -> f64 {
        self.residuals.iter().map(|r| r * r).sum()
    }
}

/// An orthonormal basis of the columns, and `R` by its columns.
struct Basis {
    columns: Vec<Vec<Double>>,
    triangle: Vec<Vec<Double>>,
    scales: Vec<f64>,
}

impl Basis {
    fn new(columns: &[Vec<f64>]) -> Result<Self, StatsError> {
        let mut basis = Self { columns: vec![], triangle: vec![], scales: vec![] };
        for column in columns {
            basis.add(column)?;
        }
        Ok(basis)
    }

    fn add(&mut self, column: &[f64]) -> Result<(), StatsError> {
        let scale = power_of_two(column);
        let mut rest: Vec<Double> =
            column.iter().map(|x| Double::new(x * scale)).collect();
        let length = norm(&rest).value();
        let mut entries: Vec<Double> =
            self.columns.iter().map(|q| take_out(&mut rest, q)).collect();
        let left = norm(&rest);
        if left.value() <= DEPENDENT * length {
            return Err(StatsError::Singular);
        }
        entries.push(left);
        self.columns.push(rest.into_iter().map(|x| x / left).collect());
        self.triangle.push(entries);
        self.scales.push(scale);
        Ok(())
    }

    /// Solves `R b = z` for the scaled columns.
    fn solve(&self, z: &[Double]) -> Vec<Double> {
        let mut b = z.to_vec();
        for (j, column) in self.triangle.iter().enumerate().rev() {
            let value = b[j] / column[j];
            b[j] = value;
            for (i, entry) in column.iter().enumerate().take(j) {
                b[i] = b[i] - *entry * value;
            }
        }
        b
    }

    /// Returns the rows of the inverse of `R`, in the units of the columns.
    fn inverse(&self) -> Vec<Vec<f64>> {
        let k = self.triangle.len();
        let mut rows = vec![vec![0.0; k]; k];
        for j in 0..k {
            let mut unit = vec![Double::ZERO; k];
            unit[j] = Double::new(1.0);
            for (i, value) in self.solve(&unit).into_iter().enumerate() {
                rows[i][j] = value.value() * self.scales[i];
            }
        }
        rows
    }

    fn log_determinant(&self) -> f64 {
        let own = self.triangle.iter().zip(&self.scales);
        own.map(|(column, s)| {
            2.0 * (column.last().map_or(0.0, |r| r.value().ln()) - s.ln())
        })
        .sum()
    }
}

/// Takes the part along a unit vector out of a vector, and returns its length.
fn take_out(vector: &mut [Double], unit: &[Double]) -> Double {
    let along = dot(vector, unit);
    for (x, q) in vector.iter_mut().zip(unit) {
        *x = *x - along * *q;
    }
    along
}

fn dot(a: &[Double], b: &[Double]) -> Double {
    a.iter().zip(b).fold(Double::ZERO, |sum, (x, y)| sum + *x * *y)
}

fn norm(a: &[Double]) -> Double {
    dot(a, a).sqrt()
}

/// Returns the power of two that brings the largest value near one; exact to apply.
fn power_of_two(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if largest == 0.0 { 1.0 } else { (-largest.log2().floor().max(-1_000.0)).exp2() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_nearly_dependent_column_keeps_its_digits() {
        // x = 1e9 + {0, 1, 2, 3} beside an intercept; the line is y = 5 + 2 (x − 1e9).
        let x: Vec<f64> = (0..4_i32).map(|i| 1e9 + f64::from(i)).collect();
        let fit = LeastSquares::new(&[5.0, 7.0, 9.0, 11.0], &[vec![1.0; 4], x]).unwrap();
        assert_relative_eq!(fit.coefficients[1], 2.0, max_relative = 1e-15);
        assert_relative_eq!(fit.coefficients[0], 5.0 - 2e9, max_relative = 1e-15);
        assert!(fit.rss() < 1e-40);
    }

    #[test]
    fn huge_and_tiny_columns_fit_alike() {
        let x = [1.0, 2.0, 4.0, 7.0];
        let y = [1.0, 3.0, 2.0, 5.0];
        let slope = |scale: f64| {
            let column = x.iter().map(|x| x * scale).collect();
            let fit = LeastSquares::new(&y, &[vec![1.0; 4], column]).unwrap();
            fit.coefficients[1] * scale
        };
        assert_relative_eq!(slope(1e200), slope(1.0), max_relative = 1e-14);
        assert_relative_eq!(slope(1e-200), slope(1.0), max_relative = 1e-14);
    }

    #[test]
    fn dependent_columns_are_refused() {
        let tenth: Vec<f64> = (1..6_i32).map(|i| 0.1 * f64::from(i)).collect();
        let third: Vec<f64> = tenth.iter().map(|x| x / 3.0 + 0.7).collect();
        let columns = [vec![1.0; 5], tenth, third];
        assert!(matches!(
            LeastSquares::new(&[1.0, 2.0, 0.0, 1.0, 4.0], &columns),
            Err(StatsError::Singular)
        ));
    }
}
