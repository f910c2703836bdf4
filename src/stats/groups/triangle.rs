//! The QR decomposition of a small matrix.

use crate::stats::StatsError;
use crate::stats::describe::sum;

/// Below this share of its length a column depends on those before it.
const DEPENDENT: f64 = 1e-11;

/// The upper triangle `R` of `X = Q R`, and `Qᵀ y`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Triangle {
    /// Column `j` of `R`, its first `j + 1` entries.
    columns: Vec<Vec<f64>>,
    /// `Qᵀ y`, all of it: the entries past the columns are the residual.
    rotated: Vec<f64>,
}

impl Triangle {
    /// Decomposes the columns of a matrix by Householder reflections, and rotates `y`.
    ///
    /// # Source
    ///
    /// A. S. Householder, Journal of the ACM 5(4), 1958, 339–342.
    pub(super) fn new(
        mut columns: Vec<Vec<f64>>,
        mut y: Vec<f64>,
    ) -> Result<Self, StatsError> {
        let rows = y.len();
        if columns.len() > rows || columns.iter().any(|column| column.len() != rows) {
            return Err(StatsError::Singular);
        }
        for j in 0..columns.len() {
            let (done, later) = columns.split_at_mut(j + 1);
            let own = &mut done[j];
            let length = norm(own);
            let rest = norm(&own[j..]);
            if rest.is_nan() || rest <= DEPENDENT * length {
                return Err(StatsError::Singular);
            }
            // The reflection that sends the rest of this column to its first place.
            let mut mirror = own[j..].to_vec();
            let diagonal = -rest.copysign(mirror[0]);
            mirror[0] -= diagonal;
            let size = sum(mirror.iter().map(|v| v * v));
            for other in later.iter_mut().chain([&mut y]) {
                let rest = &mut other[j..];
                let along = sum(mirror.iter().zip(rest.iter()).map(|(v, x)| v * x));
                let factor = 2.0 * along / size;
                rest.iter_mut().zip(&mirror).for_each(|(x, v)| *x -= factor * v);
            }
            own.truncate(j);
            own.push(diagonal);
        }
        Ok(Self { columns, rotated: y })
    }

    /// Returns `Σ (Qᵀ y)²` over some columns: what they explain beyond those before them.
    pub(super) fn explained(&self, columns: std::ops::Range<usize>) -> f64 {
        let part = self.rotated.get(columns).unwrap_or_default();
        sum(part.iter().map(|x| x * x))
    }

    /// Returns the squares that no column explains.
    pub(super) fn residual(&self) -> f64 {
        self.explained(self.columns.len()..self.rotated.len())
    }

    /// Returns `Σ ln Rⱼⱼ²`, the logarithm of the determinant of `Xᵀ X`.
    pub(super) fn log_determinant(&self) -> f64 {
        sum(self.columns.iter().filter_map(|c| c.last()).map(|r| 2.0 * r.abs().ln()))
    }

    /// Returns `bᵀ (Xᵀ X)⁻¹ b`, for `b` with one entry a column.
    pub(super) fn form(&self, b: &[f64]) -> f64 {
        // Solves Rᵀ u = b from the top.
        let mut solved: Vec<f64> = Vec::with_capacity(b.len());
        for (column, b) in self.columns.iter().zip(b) {
            let known = sum(solved.iter().zip(column).map(|(u, r)| u * r));
            solved.extend(column.last().map(|diagonal| (b - known) / diagonal));
        }
        sum(solved.iter().map(|u| u * u))
    }
}

fn norm(values: &[f64]) -> f64 {
    sum(values.iter().map(|x| x * x)).sqrt()
}

/// Returns one row's values as `k − 1` orthonormal contrasts of its `k` columns (Helmert's).
pub(super) fn contrasts(row: &[f64]) -> Vec<f64> {
    let first = row.first().copied().unwrap_or(0.0);
    let mut before = 0.0;
    let mut result = Vec::with_capacity(row.len());
    for (j, x) in row.iter().enumerate().skip(1) {
        let (n, x) = (j as f64, x - first);
        result.push((n * x - before) / (n * (n + 1.0)).sqrt());
        before += x;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_line_is_fitted() {
        // y = 1, 3, 2 on x = 0, 1, 2: slope ½, so it explains ½; mean 2, residual 3/2.
        let columns = vec![vec![1.0; 3], vec![0.0, 1.0, 2.0]];
        let fit = Triangle::new(columns, vec![1.0, 3.0, 2.0]).unwrap();
        assert_relative_eq!(fit.explained(0..1), 12.0, max_relative = 1e-14);
        assert_relative_eq!(fit.explained(1..2), 0.5, max_relative = 1e-14);
        assert_relative_eq!(fit.residual(), 1.5, max_relative = 1e-14);
        assert_relative_eq!(fit.log_determinant(), 6.0_f64.ln(), max_relative = 1e-14);
        // (XᵀX)⁻¹ = [[5, −3], [−3, 3]] / 6.
        assert_relative_eq!(fit.form(&[1.0, 0.0]), 5.0 / 6.0, max_relative = 1e-14);
        assert_relative_eq!(fit.form(&[1.0, 2.0]), 5.0 / 6.0, max_relative = 1e-14);
    }

    #[test]
    fn dependent_columns_are_refused() {
        let columns = vec![vec![1.0, 2.0, 3.0], vec![2.0, 4.0, 6.0]];
        assert_eq!(Triangle::new(columns, vec![0.0; 3]), Err(StatsError::Singular));
        assert!(Triangle::new(vec![vec![0.0; 2]], vec![1.0; 2]).is_err());
        assert!(Triangle::new(vec![vec![1.0]; 2], vec![1.0]).is_err());
    }

    #[test]
    fn contrasts_keep_the_squares_about_the_mean() {
        let row = [1e9, 1e9 + 3.0, 1e9 + 1.0, 1e9 + 4.0];
        let squares: f64 = contrasts(&row).iter().map(|x| x * x).sum();
        assert_relative_eq!(squares, 10.0, max_relative = 1e-14);
        assert!(contrasts(&[]).is_empty());
    }
}
