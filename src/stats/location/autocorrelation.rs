//! How far each value of a series goes with the one before it.

use super::super::StatsError;
use super::super::describe::sum;
use super::super::outcome::enough;
use super::sample::Sample;

/// Returns the autocorrelation of a series at a lag.
///
/// # Formula
///
/// ```text
/// dᵢ = xᵢ − x̄,  r_k = Σ_{i ≤ n−k} dᵢ dᵢ₊ₖ / Σ dᵢ²
/// ```
///
/// # Shapes and units
///
/// At least two finite values in the order of time, more than the lag; `−1 ≤ r ≤ 1`.
///
/// # Numerics
///
/// Deviations are measured from the first value and in the largest deviation; sums are
/// compensated. Checked on the certified values of NIST's univariate sets.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`; `Constant` when all values are equal.
///
/// # Source
///
/// G. E. P. Box and G. M. Jenkins, Time Series Analysis: Forecasting and Control, revised
/// ed., 1976, chapter 2.
pub fn autocorrelation(values: &[f64], lag: usize) -> Result<f64, StatsError> {
    enough(values.len(), lag.saturating_add(1).max(2))?;
    let sample = Sample::of(values)?;
    if sample.sd == 0.0 {
        return Err(StatsError::Constant);
    }
    let units: Vec<f64> =
        values.iter().map(|x| sample.deviation(*x) / sample.sd).collect();
    let together = sum(units.iter().zip(units.iter().skip(lag)).map(|(a, b)| a * b));
    Ok(together / sum(units.iter().map(|u| u * u)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn alternation_goes_against_its_neighbour_and_with_the_next() {
        let xs: Vec<f64> = (0..100).map(|i| 1e9 + f64::from(i % 2)).collect();
        assert_relative_eq!(
            autocorrelation(&xs, 1).unwrap(),
            -0.99,
            max_relative = 1e-14
        );
        assert_relative_eq!(autocorrelation(&xs, 2).unwrap(), 0.98, max_relative = 1e-14);
        assert_relative_eq!(autocorrelation(&xs, 0).unwrap(), 1.0, max_relative = 1e-14);
    }

    #[test]
    fn a_series_without_variation_or_shorter_than_the_lag_is_refused() {
        assert_eq!(autocorrelation(&[0.1; 4], 1), Err(StatsError::Constant));
        assert_eq!(autocorrelation(&[], 1), Err(StatsError::Empty));
        assert!(autocorrelation(&[1.0, 2.0], 2).is_err());
        assert!(autocorrelation(&[1.0, 2.0], usize::MAX).is_err());
        assert!(autocorrelation(&[1.0, f64::NAN], 1).is_err());
    }
}
