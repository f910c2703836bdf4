//! Standard errors of coefficients, from residuals or from sums of them over clusters.

use super::factor::LeastSquares;
use crate::stats::StatsError;
use crate::stats::outcome::paired;
use crate::stats::units::Units;

/// How the errors of coefficients are estimated.
///
/// # Formula
///
/// ```text
/// classical  σ² (XᵀX)⁻¹
/// HC0        (XᵀX)⁻¹ Σ eᵢ² xᵢxᵢᵀ (XᵀX)⁻¹,   HC1 = HC0 n / (n − k)
/// HC2, HC3   with eᵢ² / (1 − hᵢ), with eᵢ² / (1 − hᵢ)²
/// clustered  (XᵀX)⁻¹ Σ_c s_c s_cᵀ (XᵀX)⁻¹ · G/(G − 1) · (n − 1)/(n − k),  s_c = Σ_{i∈c} eᵢxᵢ
/// ```
///
/// # Source
///
/// H. White, Econometrica 48(4), 1980, 817–838; J. G. `MacKinnon` and H. White, Journal of
/// Econometrics 29(3), 1985, 305–325; K.-Y. Liang and S. L. Zeger, Biometrika 73(1), 1986,
/// 13–22.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearErrors<'a> {
    /// Equal variances, independent observations.
    Classical,
    /// Unequal variances, without correction.
    Hc0,
    /// Unequal variances, with `n / (n − k)`.
    Hc1,
    /// Unequal variances, each residual corrected for its leverage.
    Hc2,
    /// Unequal variances, close to the jackknife.
    Hc3,
    /// Observations of the same unit may depend on one another.
    Clustered(&'a Units),
}

/// Returns the standard error of each coefficient.
///
/// `fit` is the (weighted) fit; its residuals take part as they are.
pub(super) fn standard_errors(
    fit: &LeastSquares,
    errors: LinearErrors<'_>,
) -> Result<Vec<f64>, StatsError> {
    let (n, k) = (fit.residuals.len() as f64, fit.coefficients.len() as f64);
    let meat = match errors {
        LinearErrors::Classical => {
            let sigma = (fit.rss() / (n - k)).sqrt();
            return Ok(unit_errors(fit).into_iter().map(|e| sigma * e).collect());
        }
        LinearErrors::Hc0 => scores(fit, |_| Ok(1.0))?,
        LinearErrors::Hc1 => scores(fit, |_| Ok((n / (n - k)).sqrt()))?,
        LinearErrors::Hc2 => scores(fit, |row| room(row).map(|rest| 1.0 / rest.sqrt()))?,
        LinearErrors::Hc3 => scores(fit, |row| room(row).map(f64::recip))?,
        LinearErrors::Clustered(units) => {
            let factor = cluster_factor(units, n, k)?;
            summed(&scores(fit, |_| Ok(factor.sqrt()))?, units)
        }
    };
    Ok(fit.inverse.iter().map(|row| spread(row, &meat)).collect())
}

/// Returns the errors of coefficients whose residuals have a variance of one.
pub(super) fn unit_errors(fit: &LeastSquares) -> Vec<f64> {
    fit.inverse.iter().map(|row| length(row)).collect()
}

/// Returns the correction for few clusters.
fn cluster_factor(units: &Units, n: f64, k: f64) -> Result<f64, StatsError> {
    let got = units.count();
    if got < 2 {
        return Err(StatsError::TooFew { of: "clusters", needed: 2, got });
    }
    let g = got as f64;
    Ok(g / (g - 1.0) * (n - 1.0) / (n - k))
}

/// Refuses clusters of another number of observations.
pub(super) fn same_length(errors: LinearErrors<'_>, n: usize) -> Result<(), StatsError> {
    match errors {
        LinearErrors::Clustered(units) => paired(n, units.values()),
        LinearErrors::Classical
        | LinearErrors::Hc0
        | LinearErrors::Hc1
        | LinearErrors::Hc2
        | LinearErrors::Hc3 => Ok(()),
    }
}

/// Returns the rows of `Q`, each times its residual and a weight.
fn scores(
    fit: &LeastSquares,
    weight: impl Fn(&[f64]) -> Result<f64, StatsError>,
) -> Result<Vec<Vec<f64>>, StatsError> {
    let pairs = fit.rows.iter().zip(&fit.residuals);
    pairs
        .map(|(row, residual)| {
            let factor = weight(row)? * residual;
            Ok(row.iter().map(|q| q * factor).collect())
        })
        .collect()
}

fn summed(scores: &[Vec<f64>], units: &Units) -> Vec<Vec<f64>> {
    let width = scores.first().map_or(0, Vec::len);
    let mut sums = vec![vec![0.0; width]; units.count()];
    for (score, unit) in scores.iter().zip(units.of()) {
        for (sum, part) in sums[*unit].iter_mut().zip(score) {
            *sum += part;
        }
    }
    sums
}

/// Returns one minus the leverage; a point that fits itself leaves no error to estimate.
fn room(row: &[f64]) -> Result<f64, StatsError> {
    let rest = 1.0 - row.iter().map(|q| q * q).sum::<f64>();
    if rest > 1e-10 {
        Ok(rest)
    } else {
        Err(StatsError::Undefined { what: "the error of a point that fits itself" })
    }
}

fn length(row: &[f64]) -> f64 {
    row.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn spread(row: &[f64], scores: &[Vec<f64>]) -> f64 {
    let along = |score: &Vec<f64>| row.iter().zip(score).map(|(r, s)| r * s).sum::<f64>();
    scores.iter().map(|score| along(score).powi(2)).sum::<f64>().sqrt()
}
