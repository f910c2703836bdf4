//! Analysis of variance of repeated measures, and its assumption.

use serde::Serialize;

use super::sums::{columns_of, power_of_two};
use super::triangle::{Triangle, contrasts};
use crate::stats::StatsError;
use crate::stats::describe::{mean, sum};
use crate::stats::dist::{ChiSquared, FisherF};

/// How far the covariances of the conditions are from spherical: 1 when they are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sphericity {
    /// Greenhouse and Geisser's estimate.
    pub greenhouse_geisser: f64,
    /// Huynh and Feldt's estimate, at most 1.
    pub huynh_feldt: f64,
    /// The least that is possible, `1 / (k − 1)`.
    pub lower_bound: f64,
}

/// The table of an analysis of variance with repeated measures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RepeatedAnova {
    /// Fisher's F.
    pub f: f64,
    /// Conditions less one.
    pub df_effect: usize,
    /// That times subjects less one.
    pub df_error: usize,
    /// The p of equal means, for spherical covariances.
    pub p: f64,
    /// Squares between conditions.
    pub ss_effect: f64,
    /// Squares of the interaction of subjects and conditions.
    pub ss_error: f64,
    /// Squares between subjects.
    pub ss_subjects: f64,
    /// Generalised η², comparable with designs between subjects.
    pub ges: f64,
    /// Partial η².
    pub partial_eta_sq: f64,
    /// The estimates of ε.
    pub epsilon: Sphericity,
    /// The p with both degrees of freedom times Greenhouse and Geisser's ε.
    pub p_greenhouse_geisser: f64,
    /// The p with Huynh and Feldt's ε.
    pub p_huynh_feldt: f64,
    /// The p with the lowest possible ε, which no covariances make too small.
    pub p_lower_bound: f64,
}

/// Tests whether conditions tried on the same subjects have equal means.
///
/// # Formula
///
/// ```text
/// eᵢⱼ = yᵢⱼ − ȳᵢ. − ȳ.ⱼ + ȳ,  SSe = Σ eᵢⱼ²,  SSc = n Σ (ȳ.ⱼ − ȳ)²,  SSs = k Σ (ȳᵢ. − ȳ)²
/// F = [SSc / (k − 1)] / [SSe / ((k − 1)(n − 1))],  ges = SSc / (SSc + SSs + SSe)
/// A = eᵀ e / (n − 1),  ε_GG = (tr A)² / [(k − 1) tr A²]
/// ε_HF = min{1, [n (k − 1) ε_GG − 2] / [(k − 1)(n − 1 − (k − 1) ε_GG)]}
/// ```
///
/// # Shapes and units
///
/// `rows[subject][condition]`, at least two of each; all in one unit.
///
/// # Numerics
///
/// Measured from the first value; squares are summed from residuals, never as differences.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite` (counted through the rows), `TooFew`; `NoSpread`
/// when every subject shows the same differences.
///
/// # Source
///
/// G. E. P. Box, Annals of Mathematical Statistics 25(3), 1954, 484–498; S. W. Greenhouse and
/// S. Geisser, Psychometrika 24(2), 1959, 95–112; H. Huynh and L. S. Feldt, Journal of
/// Educational Statistics 1(1), 1976, 69–82; ges: S. Olejnik and J. Algina, Psychological
/// Methods 8(4), 2003, 434–447.
///
/// # Example
///
/// ```
/// let rows = [[1.0, 2.0, 4.0], [2.0, 2.0, 3.0], [0.0, 1.0, 5.0]];
/// let anova = crucible::stats::anova_repeated(&rows)?;
/// assert_eq!((anova.df_effect, anova.df_error), (2, 4));
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn anova_repeated<R: AsRef<[f64]>>(rows: &[R]) -> Result<RepeatedAnova, StatsError> {
    columns_of(rows, 2, 2)?;
    let split = Split::of(rows)?;
    let (n, k) = (rows.len() as f64, split.columns as f64);
    let error = split.error();
    if error == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let effect = n * sum(split.conditions.iter().map(|m| m * m));
    let subjects = k * sum(split.subjects.iter().map(|m| m * m));
    let (df1, df2) = (k - 1.0, (k - 1.0) * (n - 1.0));
    let f = effect / df1 / (error / df2);
    let epsilon = split.sphericity();
    let p = |epsilon: f64| FisherF::new(df1 * epsilon, df2 * epsilon)?.sf(f);
    let unit = split.unit.powi(2);
    Ok(RepeatedAnova {
        f,
        df_effect: split.columns - 1,
        df_error: (split.columns - 1) * (rows.len() - 1),
        p: p(1.0)?,
        ss_effect: effect * unit,
        ss_error: error * unit,
        ss_subjects: subjects * unit,
        ges: effect / (effect + subjects + error),
        partial_eta_sq: effect / (effect + error),
        epsilon,
        p_greenhouse_geisser: p(epsilon.greenhouse_geisser)?,
        p_huynh_feldt: p(epsilon.huynh_feldt)?,
        p_lower_bound: p(epsilon.lower_bound)?,
    })
}

/// The outcome of Mauchly's test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mauchly {
    /// The ratio of a determinant to that of a sphere, in `[0, 1]`.
    pub w: f64,
    /// The statistic, nearly chi-squared.
    pub chi2: f64,
    /// Its degrees of freedom.
    pub df: usize,
    /// The p of spherical covariances, with a second term of the expansion.
    pub p: f64,
    /// The estimates of ε.
    pub epsilon: Sphericity,
}

/// Tests whether the covariances of repeated measures are spherical.
///
/// # Formula
///
/// ```text
/// d = k − 1,  ν = n − 1,  T: covariance of d orthonormal contrasts
/// W = |T| / (tr T / d)ᵈ,  f = 1 − (2d² + d + 2) / (6 d ν),  χ² = −ν f ln W
/// df = d (d + 1) / 2 − 1,  w₂ = (d + 2)(d − 1)(d − 2)(2d³ + 6d² + 3k + 2) / [288 (ν d f)²]
/// p = P(χ²_df > χ²) + w₂ [P(χ²_{df+4} > χ²) − P(χ²_df > χ²)]
/// ```
///
/// # Shapes and units
///
/// `rows[subject][condition]`, at least three conditions and as many subjects.
///
/// # Numerics
///
/// `ln W` from the triangle of a QR decomposition of the contrasts.
///
/// # Errors
///
/// As [`anova_repeated`]; `Singular` when the differences of conditions depend on one another.
///
/// # Source
///
/// J. W. Mauchly, "Significance Test for Sphericity of a Normal n-Variate Distribution",
/// Annals of Mathematical Statistics 11(2), 1940, 204–209; the expansion as in R 4.2.2,
/// `mauchly.test`.
pub fn mauchly_sphericity<R: AsRef<[f64]>>(rows: &[R]) -> Result<Mauchly, StatsError> {
    let k = columns_of(rows, 2, 3)?;
    columns_of(rows, k, 3)?;
    let split = Split::of(rows)?;
    let error = split.error();
    if error == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let rotated: Vec<Vec<f64>> =
        split.residuals.iter().map(|row| contrasts(row)).collect();
    let columns =
        (0..k - 1).map(|j| rotated.iter().map(|row| row[j]).collect()).collect();
    let fit = Triangle::new(columns, vec![0.0; rows.len()])?;
    let (d, nu) = (k as f64 - 1.0, rows.len() as f64 - 1.0);
    let log_w = (fit.log_determinant() - d * (error / d).ln()).min(0.0);
    let f = 1.0 - (2.0 * d * d + d + 2.0) / (6.0 * d * nu);
    let chi2 = -nu * f * log_w;
    let df = (k - 1) * k / 2 - 1;
    let cubic = 2.0 * d.powi(3) + 6.0 * d * d + 3.0 * k as f64 + 2.0;
    let second =
        (d + 2.0) * (d - 1.0) * (d - 2.0) * cubic / (288.0 * (nu * d * f).powi(2));
    let first = ChiSquared::new(df as f64)?.sf(chi2)?;
    let next = ChiSquared::new(df as f64 + 4.0)?.sf(chi2)?;
    let p = (first + second * (next - first)).clamp(0.0, 1.0);
    Ok(Mauchly { w: log_w.exp(), chi2, df, p, epsilon: split.sphericity() })
}

/// A matrix split into means of rows, means of columns and what is left.
struct Split {
    columns: usize,
    unit: f64,
    subjects: Vec<f64>,
    conditions: Vec<f64>,
    residuals: Vec<Vec<f64>>,
}

impl Split {
    fn of<R: AsRef<[f64]>>(rows: &[R]) -> Result<Self, StatsError> {
        let all = || rows.iter().flat_map(|row| row.as_ref());
        let origin = all().next().copied().ok_or(StatsError::Empty)?;
        let unit = power_of_two(all().fold(0.0, |most, x| most.max((x - origin).abs())))?;
        let mut residuals: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| row.as_ref().iter().map(|x| (x - origin) / unit).collect())
            .collect();
        let columns = residuals.first().map_or(0, Vec::len);
        let mut subjects =
            residuals.iter().map(|r| mean(r)).collect::<Result<Vec<_>, _>>()?;
        for (row, centre) in residuals.iter_mut().zip(&subjects) {
            row.iter_mut().for_each(|x| *x -= centre);
        }
        let grand = mean(&subjects)?;
        subjects.iter_mut().for_each(|m| *m -= grand);
        let mut conditions = Vec::with_capacity(columns);
        for j in 0..columns {
            let column: Vec<f64> = residuals.iter().map(|row| row[j]).collect();
            let centre = mean(&column)?;
            residuals.iter_mut().for_each(|row| row[j] -= centre);
            conditions.push(centre);
        }
        // Residuals that are only the rounding of these subtractions are none.
        let noise = 8.0 * f64::EPSILON * (columns as f64).sqrt();
        if residuals.iter().flatten().all(|e| e.abs() <= noise) {
            residuals.iter_mut().flatten().for_each(|e| *e = 0.0);
        }
        Ok(Self { columns, unit, subjects, conditions, residuals })
    }

    fn error(&self) -> f64 {
        sum(self.residuals.iter().flatten().map(|e| e * e))
    }

    fn sphericity(&self) -> Sphericity {
        let (n, k) = (self.residuals.len() as f64, self.columns as f64);
        let product =
            |i: usize, j: usize| sum(self.residuals.iter().map(|row| row[i] * row[j]));
        let cells =
            (0..self.columns).flat_map(|i| (0..self.columns).map(move |j| (i, j)));
        let squares = sum(cells.map(|(i, j)| product(i, j).powi(2)));
        let lower_bound = 1.0 / (k - 1.0);
        let ratio = self.error().powi(2) / squares * lower_bound;
        let greenhouse_geisser = ratio.clamp(lower_bound, 1.0);
        let above = n * (k - 1.0) * greenhouse_geisser - 2.0;
        let below = (k - 1.0) * (n - 1.0 - (k - 1.0) * greenhouse_geisser);
        let huynh_feldt = if self.columns == 2 || below <= 0.0 && above > 0.0 {
            1.0
        } else if below <= 0.0 {
            lower_bound
        } else {
            (above / below).min(1.0)
        };
        Sphericity { greenhouse_geisser, huynh_feldt, lower_bound }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::stats::{UnitMean, Units, differences};
    use approx::assert_relative_eq;

    const ROWS: [[f64; 3]; 5] = [
        [1.0, 2.0, 4.0],
        [2.0, 2.0, 3.0],
        [0.0, 1.0, 5.0],
        [3.0, 2.5, 4.0],
        [1.0, 3.0, 3.5],
    ];

    #[test]
    fn two_conditions_are_a_paired_t_test_squared() {
        let rows = ROWS.map(|row| [row[0], row[2]]);
        let anova = anova_repeated(&rows).unwrap();
        let gaps = differences(&rows.map(|r| r[0]), &rows.map(|r| r[1])).unwrap();
        let t = UnitMean::new(&gaps, &Units::single(5)).unwrap();
        assert_relative_eq!(anova.f, t.t(0.0).unwrap().powi(2), max_relative = 1e-13);
        let epsilon = anova.epsilon;
        assert_eq!((epsilon.greenhouse_geisser, epsilon.huynh_feldt), (1.0, 1.0));
        assert_eq!(anova.p, anova.p_greenhouse_geisser);
    }

    #[test]
    fn offsets_of_subjects_and_of_all_change_nothing() {
        let plain = anova_repeated(&ROWS).unwrap();
        let mut moved = ROWS.map(|row| row.map(|x| 1e9 + x));
        moved[3] = moved[3].map(|x| x + 16.0);
        let test = anova_repeated(&moved).unwrap();
        assert_relative_eq!(test.f, plain.f, max_relative = 1e-12);
        assert_relative_eq!(
            test.p_greenhouse_geisser,
            plain.p_greenhouse_geisser,
            max_relative = 1e-12
        );
        let sphere = mauchly_sphericity(&ROWS).unwrap();
        let far = mauchly_sphericity(&moved).unwrap();
        assert_relative_eq!(sphere.p, far.p, max_relative = 1e-12);
        assert!(plain.p <= plain.p_huynh_feldt);
        assert!(plain.p_greenhouse_geisser <= plain.p_lower_bound);
    }

    #[test]
    fn subjects_who_agree_leave_no_error() {
        let rows = [[0.1, 0.3, 0.7], [1.1, 1.3, 1.7], [2.1, 2.3, 2.7]];
        assert_eq!(anova_repeated(&rows), Err(StatsError::NoSpread));
        assert_eq!(mauchly_sphericity(&rows), Err(StatsError::NoSpread));
        assert!(anova_repeated(&ROWS[..1]).is_err());
        assert!(mauchly_sphericity(&ROWS[..2]).is_err());
        assert!(anova_repeated(&ROWS[..2]).is_ok());
        let doubled = ROWS.map(|row| [row[0], row[1], 2.0 * row[1] - row[0]]);
        assert_eq!(mauchly_sphericity(&doubled), Err(StatsError::Singular));
    }
}
