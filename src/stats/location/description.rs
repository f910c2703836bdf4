//! One sample in numbers: centre, spread, order statistics and shape.

use super::super::StatsError;
use super::super::describe::{quantile_sorted, sum};
use super::super::outcome::{Interval, enough};
use super::sample::Sample;
use super::yuen::cut;

/// Share that the trimmed mean cuts from each end.
const TRIM: f64 = 0.1;

/// What is said of a sample; a number that has no value says why.
///
/// # Formula
///
/// ```text
/// sem = s / √n,  iqr = Q(¾) − Q(¼),  mad = median |xᵢ − median|
/// g₁ = m₃ / m₂^(3/2),  g₂ = m₄ / m₂² − 3,  m_k = Σ (xᵢ − x̄)ᵏ / n
/// G₁ = g₁ √(n(n − 1)) / (n − 2),  G₂ = (n − 1) [(n + 1) g₂ + 6] / [(n − 2)(n − 3)]
/// geometric = exp(Σ ln xᵢ / n),  harmonic = n / Σ (1 / xᵢ)
/// ```
///
/// Quantiles are of type 7; the trimmed mean cuts a tenth from each end.
///
/// # Shapes and units
///
/// Means, quantiles and spreads are in the unit of the values, the variance in its square;
/// skewness and excess kurtosis have none.
///
/// # Numerics
///
/// Deviations are measured from a value of the sample, so a large common offset costs no
/// digits.
///
/// # Errors
///
/// Of single fields: `TooFew` below two values (three for `G₁`, four for `G₂`), `NoSpread`
/// for the shape of a constant sample, `Undefined` for the geometric and the harmonic mean
/// of values that are not all positive.
///
/// # Source
///
/// D. N. Joanes and C. A. Gill, The Statistician 47(1), 1998, 183–189; R. J. Hyndman and Y.
/// Fan, The American Statistician 50(4), 1996, 361–365.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Description {
    /// Number of values.
    pub n: usize,
    /// The mean.
    pub mean: f64,
    /// The variance, with divisor `n − 1`.
    pub variance: Result<f64, StatsError>,
    /// The standard deviation.
    pub sd: Result<f64, StatsError>,
    /// The standard error of the mean.
    pub sem: Result<f64, StatsError>,
    /// The smallest and the largest value.
    pub range: Interval,
    /// The median.
    pub median: f64,
    /// The quartiles.
    pub quartiles: Interval,
    /// The quantiles of 5% and 95%.
    pub middle_90: Interval,
    /// The distance of the quartiles.
    pub iqr: f64,
    /// The median distance from the median, not scaled.
    pub mad: f64,
    /// The mean without the lowest and the highest tenth.
    pub trimmed_mean: f64,
    /// Skewness `g₁` and excess kurtosis `g₂` by plain moments.
    pub shape: Shape,
    /// Skewness `G₁` and excess kurtosis `G₂` by k-statistics.
    pub shape_unbiased: Shape,
    /// The geometric mean.
    pub geometric_mean: Result<f64, StatsError>,
    /// The harmonic mean.
    pub harmonic_mean: Result<f64, StatsError>,
}

/// Skewness and excess kurtosis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Above zero when the right tail is the longer one.
    pub skewness: Result<f64, StatsError>,
    /// Above zero when the tails are heavier than the normal ones.
    pub kurtosis: Result<f64, StatsError>,
}

/// Describes a sample; see [`Description`].
///
/// # Errors
///
/// `Empty`, `NotFinite`; `Undefined` when the spread exceeds the largest number.
pub fn describe(values: &[f64]) -> Result<Description, StatsError> {
    let sample = Sample::of(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| quantile_sorted(&sorted, q);
    let (median, quartiles) = (at(0.5)?, Interval { low: at(0.25)?, high: at(0.75)? });
    let mut distances: Vec<f64> = values.iter().map(|x| (x - median).abs()).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let g = cut(sorted.len(), TRIM);
    let spread = enough(values.len(), 2).map(|()| sample);
    let shape = plain_shape(values, &sample);
    Ok(Description {
        n: values.len(),
        mean: sample.mean(),
        variance: spread.map(|s| s.sd * s.sd),
        sd: spread.map(|s| s.sd),
        sem: spread.map(|s| s.se()),
        range: Interval { low: at(0.0)?, high: at(1.0)? },
        median,
        quartiles,
        middle_90: Interval { low: at(0.05)?, high: at(0.95)? },
        iqr: quartiles.high - quartiles.low,
        mad: quantile_sorted(&distances, 0.5)?,
        trimmed_mean: Sample::of(&sorted[g..sorted.len() - g])?.mean(),
        shape,
        shape_unbiased: unbiased_shape(sample.n, shape),
        geometric_mean: geometric(values),
        harmonic_mean: harmonic(values),
    })
}

fn plain_shape(values: &[f64], sample: &Sample) -> Shape {
    if let Err(error) = enough(values.len(), 2) {
        return Shape { skewness: Err(error), kurtosis: Err(error) };
    }
    if sample.sd == 0.0 {
        let none = Err(StatsError::NoSpread);
        return Shape { skewness: none, kurtosis: none };
    }
    let units: Vec<f64> =
        values.iter().map(|x| sample.deviation(*x) / sample.sd).collect();
    let moment = |k: i32| sum(units.iter().map(|u| u.powi(k))) / sample.n;
    let m2 = moment(2);
    Shape {
        skewness: Ok(moment(3) / m2.powf(1.5)),
        kurtosis: Ok(moment(4) / (m2 * m2) - 3.0),
    }
}

fn unbiased_shape(n: f64, plain: Shape) -> Shape {
    let too_few = |needed| {
        Err(StatsError::TooFew { of: "values", needed, got: if n > 2.0 { 3 } else { 2 } })
    };
    let skewness = match plain.skewness {
        Ok(_) if n < 3.0 => too_few(3),
        other => other.map(|g| g * (n * (n - 1.0)).sqrt() / (n - 2.0)),
    };
    let kurtosis = match plain.kurtosis {
        Ok(_) if n < 4.0 => too_few(4),
        other => {
            other.map(|g| (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * g + 6.0))
        }
    };
    Shape { skewness, kurtosis }
}

fn all_positive(values: &[f64], what: &'static str) -> Result<(), StatsError> {
    if values.iter().all(|x| *x > 0.0) {
        Ok(())
    } else {
        Err(StatsError::Undefined { what })
    }
}

/// Measured from the largest value, so that the logarithms add up to little.
fn geometric(values: &[f64]) -> Result<f64, StatsError> {
    all_positive(values, "the geometric mean of values not all positive")?;
    let largest = values.iter().fold(0.0_f64, |most, x| most.max(*x));
    let logs = sum(values.iter().map(|x| x.ln() - largest.ln()));
    Ok(largest * (logs / values.len() as f64).exp())
}

fn harmonic(values: &[f64]) -> Result<f64, StatsError> {
    all_positive(values, "the harmonic mean of values not all positive")?;
    let smallest = values.iter().fold(f64::INFINITY, |least, x| least.min(*x));
    let inverse = sum(values.iter().map(|x| smallest / x));
    Ok(smallest * (values.len() as f64 / inverse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn shape_is_that_of_scipy() {
        // scipy 1.17.1, x = [1, 2, 3, 10, 4.5]: skew(x), kurtosis(x), both with bias=False.
        let said = describe(&[1.0, 2.0, 3.0, 10.0, 4.5]).unwrap();
        let check = |got: Result<f64, StatsError>, want: f64| {
            assert_relative_eq!(got.unwrap(), want, max_relative = 1e-12);
        };
        check(said.shape.skewness, 1.037_698_687_005_213_2);
        check(said.shape.kurtosis, -0.371_021_888_541_452_7);
        check(said.shape_unbiased.skewness, 1.546_909_869_537_289_6);
        check(said.shape_unbiased.kurtosis, 2.515_912_445_834_187_5);
    }

    #[test]
    fn a_common_offset_changes_the_centre_alone() {
        let xs = [0.5, 1.25, 4.0, -2.75, 0.5];
        let far: Vec<f64> = xs.iter().map(|x| x + 1e9).collect();
        let (near, far) = (describe(&xs).unwrap(), describe(&far).unwrap());
        let skews = (near.shape.skewness.unwrap(), far.shape.skewness.unwrap());
        assert_relative_eq!(skews.0, skews.1, max_relative = 1e-12);
        assert_eq!((near.iqr, near.mad), (far.iqr, far.mad));
        assert_relative_eq!(near.sd.unwrap(), far.sd.unwrap(), max_relative = 1e-14);
    }

    #[test]
    fn small_and_constant_samples_say_what_is_missing() {
        let one = describe(&[3.0]).unwrap();
        let few = StatsError::TooFew { of: "values", needed: 2, got: 1 };
        assert_eq!((one.mean, one.sd, one.shape.skewness), (3.0, Err(few), Err(few)));
        let three = describe(&[1.0, 2.0, 4.0]).unwrap();
        assert!(three.shape_unbiased.skewness.is_ok());
        assert!(three.shape_unbiased.kurtosis.is_err());
        let same = describe(&[0.1; 5]).unwrap();
        assert_eq!(same.sd, Ok(0.0));
        assert_eq!(same.shape.kurtosis, Err(StatsError::NoSpread));
        assert_eq!(describe(&[]), Err(StatsError::Empty));
        assert!(describe(&[f64::INFINITY]).is_err());
    }

    #[test]
    fn means_of_ratios_need_positive_values() {
        let said = describe(&[1.0, 4.0, 16.0]).unwrap();
        assert_relative_eq!(said.geometric_mean.unwrap(), 4.0, max_relative = 1e-14);
        let harmonic = said.harmonic_mean.unwrap();
        assert_relative_eq!(harmonic, 48.0 / 21.0, max_relative = 1e-14);
        assert!(describe(&[0.0, 1.0]).unwrap().geometric_mean.is_err());
        let tiny = describe(&[1e-300, 1e-300]).unwrap();
        assert_relative_eq!(tiny.geometric_mean.unwrap(), 1e-300, max_relative = 1e-12);
    }
}
