//! Ordinary least squares.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::factor::LeastSquares;
use super::sandwich::{LinearErrors, same_length, standard_errors};
use crate::stats::StatsError;
use crate::stats::dist::FisherF;
use crate::stats::estimate::Estimate;
use crate::stats::outcome::{enough, finite, paired};

/// A linear model fitted by least squares.
///
/// Values are those of [`ols`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ols {
    /// The coefficients; the intercept comes first where there is one.
    pub coefficients: Vec<Estimate>,
    /// Number of observations.
    pub n: usize,
    /// Residual degrees of freedom, `n − k`.
    pub df: f64,
    /// Standard deviation of the residuals, with divisor `n − k`, in the unit of `y`.
    pub sigma: f64,
    /// Share of the variation of `y` that is fitted, in `[0, 1]`; about zero rather than
    /// about the mean where there is no intercept.
    pub r_squared: f64,
    /// The same, corrected for the number of coefficients; may be negative.
    pub adjusted_r_squared: f64,
    /// Logarithm of the normal likelihood; infinite where the fit is exact.
    pub log_likelihood: f64,
    /// Akaike's criterion with `k` parameters.
    pub aic: f64,
    /// Schwarz's criterion with `k` parameters.
    pub bic: f64,
    /// The test that all coefficients but the intercept are zero; only with classical
    /// errors, and with at least one such coefficient.
    pub f: Option<FTest>,
}

/// An F statistic and its p.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FTest {
    /// The statistic; infinite where the fit is exact.
    pub f: f64,
    /// Degrees of freedom of the numerator.
    pub df_model: f64,
    /// Degrees of freedom of the denominator.
    pub df_residual: f64,
    /// The p-value, in `[0, 1]`.
    pub p: f64,
}

/// Fits `y` by a linear combination of columns.
///
/// # Formula
///
/// ```text
/// b = argmin Σ eᵢ²,  eᵢ = yᵢ − Σⱼ bⱼ xᵢⱼ,   σ² = Σ eᵢ² / (n − k)
/// R² = 1 − Σ eᵢ² / Σ (yᵢ − ȳ)²,             adjusted 1 − (1 − R²)(n − 1)/(n − k)
/// F  = (explained / (k − 1)) / σ²
/// ln L = −n/2 (ln 2π + ln(Σ eᵢ² / n) + 1),  AIC = 2k − 2 ln L,  BIC = k ln n − 2 ln L
/// ```
///
/// Without an intercept sums are about zero, and `n` and `k` stand for `n − 1` and `k − 1`.
///
/// # Shapes and units
///
/// `columns` are the predictors, each as long as `y`; with the intercept fewer than there
/// are observations. Coefficients have the unit of `y` over that of their column.
///
/// # Numerics
///
/// The factorisation has some thirty digits: NIST's Filip data come out to 1e-7 and better,
/// and a common offset of 1e9 costs nothing.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite`; `TooFew` without residual degrees of freedom or
/// with fewer than two clusters; `Constant` when `y` does not vary; `Singular` when columns
/// depend on one another; `Undefined` for HC2 and HC3 where a point fits itself.
///
/// # Source
///
/// N. R. Draper and H. Smith, Applied Regression Analysis, 3rd ed., 1998, chapters 1–6; the
/// errors as [`LinearErrors`] says.
///
/// # Example
///
/// ```
/// use crucible::stats::{LinearErrors, ols};
///
/// let x = [1.0, 2.0, 3.0, 4.0];
/// let fit = ols(&[2.0, 4.1, 5.9, 8.0], &[x], true, LinearErrors::Hc1)?;
/// assert!((fit.coefficients[1].value - 1.98).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn ols<C: AsRef<[f64]>>(
    y: &[f64],
    columns: &[C],
    intercept: bool,
    errors: LinearErrors<'_>,
) -> Result<Ols, StatsError> {
    let design = design(y, columns, intercept)?;
    same_length(errors, y.len())?;
    let constant = if intercept { y.first().copied().unwrap_or(0.0) } else { 0.0 };
    if y.iter().all(|v| (v - constant).abs() == 0.0) {
        return Err(StatsError::Constant);
    }
    let fit = LeastSquares::new(y, &design)?;
    let se = standard_errors(&fit, errors)?;
    let estimates = fit.coefficients.iter().zip(se);
    let coefficients =
        estimates.map(|(value, se)| Estimate { value: *value, se }).collect();
    let found = summary(&fit, coefficients, intercept);
    // The F test supposes errors of one size.
    Ok(if errors == LinearErrors::Classical { found } else { Ols { f: None, ..found } })
}

/// Returns the columns with the intercept in front, once they are found to belong to `y`.
pub(super) fn design<C: AsRef<[f64]>>(
    y: &[f64],
    columns: &[C],
    intercept: bool,
) -> Result<Vec<Vec<f64>>, StatsError> {
    enough(y.len(), 1)?;
    for column in columns {
        paired(y.len(), column.as_ref().len())?;
    }
    finite(y)?;
    for column in columns {
        finite(column.as_ref())?;
    }
    let mut design = Vec::with_capacity(columns.len() + 1);
    if intercept {
        design.push(vec![1.0; y.len()]);
    }
    design.extend(columns.iter().map(|column| column.as_ref().to_vec()));
    enough(design.len(), 1)?;
    if y.len() <= design.len() {
        let needed = design.len() + 1;
        return Err(StatsError::TooFew { of: "values", needed, got: y.len() });
    }
    Ok(design)
}

fn summary(fit: &LeastSquares, coefficients: Vec<Estimate>, intercept: bool) -> Ols {
    let fixed = usize::from(intercept);
    let (n, k) = (fit.residuals.len() as f64, coefficients.len() as f64);
    let (df, df_model) = (n - k, k - fixed as f64);
    let rss = fit.rss();
    let explained: f64 = fit.effects.iter().skip(fixed).map(|z| z * z).sum();
    let unexplained = rss / (rss + explained);
    let log_likelihood = -n / 2.0 * (TAU.ln() + (rss / n).ln() + 1.0);
    let sigma = (rss / df).sqrt();
    let f = explained / df_model / (rss / df);
    let test = |dist: FisherF| {
        let p = dist.sf(f).ok()?;
        Some(FTest { f, df_model, df_residual: df, p })
    };
    Ols {
        n: fit.residuals.len(),
        df,
        sigma,
        r_squared: 1.0 - unexplained,
        adjusted_r_squared: 1.0 - unexplained * (n - fixed as f64) / df,
        log_likelihood,
        aic: 2.0 * k - 2.0 * log_likelihood,
        bic: k * n.ln() - 2.0 * log_likelihood,
        f: FisherF::new(df_model, df).ok().and_then(test),
        coefficients,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{StudentT, Units};
    use approx::assert_relative_eq;

    const X: [f64; 6] = [1.0, 2.0, 4.0, 5.0, 7.0, 9.0];
    const Y: [f64; 6] = [2.0, 1.0, 4.0, 6.0, 5.0, 9.0];

    #[test]
    fn the_mean_is_the_intercept_of_nothing_else() {
        let none: [[f64; 6]; 0] = [];
        let fit = ols(&Y, &none, true, LinearErrors::Classical).unwrap();
        assert_relative_eq!(fit.coefficients[0].value, 4.5, max_relative = 1e-15);
        assert_relative_eq!(fit.r_squared, 0.0, epsilon = 1e-15);
        assert_eq!(fit.f, None);
        // Clustered errors of the mean are CR1.
        let units = Units::labelled(&[0, 0, 1, 1, 2, 2]);
        let fit = ols(&Y, &none, true, LinearErrors::Clustered(&units)).unwrap();
        let cr1 = crate::stats::ClusterErrors::new(&Y, &units).unwrap().cr1;
        assert_relative_eq!(fit.coefficients[0].se, cr1, max_relative = 1e-13);
    }

    #[test]
    fn one_slope_has_the_f_of_its_squared_t() {
        let fit = ols(&Y, &[X], true, LinearErrors::Classical).unwrap();
        let t = fit.coefficients[1].statistic(0.0).unwrap();
        let f = fit.f.unwrap();
        assert_relative_eq!(f.f, t * t, max_relative = 1e-12);
        let p = 2.0 * StudentT::new(fit.df).unwrap().sf(t.abs()).unwrap();
        assert_relative_eq!(f.p, p, max_relative = 1e-10);
    }

    #[test]
    fn shifts_move_the_intercept_and_scales_scale() {
        let near = ols(&Y, &[X], true, LinearErrors::Hc3).unwrap();
        let x: Vec<f64> = X.iter().map(|x| 1e9 + x).collect();
        let y: Vec<f64> = Y.iter().map(|y| 1e9 + 4.0 * y).collect();
        let far = ols(&y, &[x], true, LinearErrors::Hc3).unwrap();
        assert_relative_eq!(
            far.coefficients[1].value,
            4.0 * near.coefficients[1].value,
            max_relative = 1e-12
        );
        assert_relative_eq!(
            far.coefficients[1].se,
            4.0 * near.coefficients[1].se,
            max_relative = 1e-12
        );
        assert_relative_eq!(far.r_squared, near.r_squared, max_relative = 1e-12);
    }

    #[test]
    fn an_exact_line_fits_to_the_last_digit() {
        let y: Vec<f64> = X.iter().map(|x| 3.0 * x - 1.0).collect();
        let fit = ols(&y, &[X], true, LinearErrors::Classical).unwrap();
        assert_relative_eq!(fit.coefficients[1].value, 3.0, max_relative = 1e-15);
        assert_relative_eq!(fit.r_squared, 1.0);
        assert!(fit.sigma < 1e-25);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let fit = |y: &[f64], x: &[f64]| ols(y, &[x], true, LinearErrors::Classical);
        assert_eq!(fit(&[], &[]), Err(StatsError::Empty));
        assert!(matches!(fit(&Y[..2], &X[..2]), Err(StatsError::TooFew { .. })));
        assert!(matches!(fit(&Y, &X[..5]), Err(StatsError::LengthMismatch { .. })));
        assert_eq!(fit(&[0.1; 6], &X), Err(StatsError::Constant));
        assert_eq!(fit(&Y, &[0.1; 6]), Err(StatsError::Singular));
        assert_eq!(fit(&Y, &[0.0; 6]), Err(StatsError::Singular));
        let mut holed = Y;
        holed[4] = f64::NAN;
        assert_eq!(fit(&holed, &X), Err(StatsError::NotFinite { index: 4 }));
        assert_eq!(fit(&Y, &holed), Err(StatsError::NotFinite { index: 4 }));
        let none: [[f64; 6]; 0] = [];
        assert_eq!(ols(&Y, &none, false, LinearErrors::Hc0), Err(StatsError::Empty));
        let lone = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        assert!(ols(&Y, &[lone], true, LinearErrors::Hc1).is_ok());
        assert!(matches!(
            ols(&Y, &[lone], true, LinearErrors::Hc3),
            Err(StatsError::Undefined { .. })
        ));
    }
}
