//! A linear model with a random intercept for each item, by restricted likelihood.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::factor::LeastSquares;
use super::ols::design;
use super::sandwich::unit_errors;
use crate::stats::StatsError;
use crate::stats::estimate::Estimate;
use crate::stats::outcome::paired;
use crate::stats::special::bracketed_root;
use crate::stats::units::Units;

/// Ratios of variances between which the maximum is looked for, as natural logarithms.
const RATIOS: (f64, f64) = (-20.0, 25.0);
/// Steps of the first search over the ratios.
const STEPS: u32 = 45;

/// A linear model whose observations of one item share a random intercept.
///
/// Values are those of [`random_intercept`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomIntercept {
    /// The fixed effects; the intercept comes first where there is one.
    pub coefficients: Vec<Estimate>,
    /// Variance between items, in the squared unit of `y`; may be zero.
    pub item_variance: f64,
    /// Variance between repeats of an item, in the same unit.
    pub repeat_variance: f64,
    /// Logarithm of the restricted likelihood.
    pub log_likelihood: f64,
    /// Number of observations.
    pub n: usize,
    /// Number of items.
    pub items: usize,
}

impl RandomIntercept {
    /// Returns the share of the variance that lies between items, in `[0, 1]`.
    #[must_use]
    pub fn intraclass(&self) -> f64 {
        self.item_variance / (self.item_variance + self.repeat_variance)
    }
}

/// Fits a linear model with a random intercept for each item.
///
/// # Formula
///
/// ```text
/// y = X b + u_item + e,   u ~ N(0, θσ²),  e ~ N(0, σ²)
/// ln L = −½ [(N − k)(ln 2πσ² + 1) + Σ ln(1 + n_i θ) + ln |Xᵀ V⁻¹ X|]
/// ```
///
/// with `V` of ones and `θ` within items, and `σ²` and `b` at their best for each `θ`. It is
/// ordinary least squares on `x − κᵢ x̄ᵢ` with `κᵢ = 1 − 1/√(1 + n_i θ)`; the `θ` that makes
/// the slope of `ln L` zero is found by bracketing, and is zero where it falls from there.
///
/// # Shapes and units
///
/// `y` and the columns have one value an observation, `items` says whose each is. At least
/// two items, and one with two observations or more. Compare coefficients with the normal
/// distribution, or with t of the items less the fixed effects between items.
///
/// # Numerics
///
/// Each likelihood is a least-squares problem solved with thirty digits; estimates and
/// variances agree with those of `MixedLM` (statsmodels 0.15) to 1e-10. Its standard errors
/// differ in the fourth digit: it takes them from the joint Hessian, not from `(XᵀV⁻¹X)⁻¹`.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite`, `TooFew`, `Singular`; `Constant` when `y` does
/// not vary; `NoSpread` when repeats of an item never differ from their fit.
///
/// # Source
///
/// H. D. Patterson and R. Thompson, "Recovery of inter-block information when block sizes
/// are unequal", Biometrika 58(3), 1971, 545–554; D. A. Harville, Journal of the American
/// Statistical Association 72(358), 1977, 320–338.
///
/// # Example
///
/// ```
/// use crucible::stats::{Units, random_intercept};
///
/// let scores = [0.9, 0.8, 0.2, 0.3, 0.6, 0.5];
/// let items = Units::labelled(&["a", "a", "b", "b", "c", "c"]);
/// let none: [&[f64]; 0] = [];
/// let fit = random_intercept(&scores, &none, true, &items)?;
/// assert!(fit.intraclass() > 0.9);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn random_intercept<C: AsRef<[f64]>>(
    y: &[f64],
    columns: &[C],
    intercept: bool,
    items: &Units,
) -> Result<RandomIntercept, StatsError> {
    let design = design(y, columns, intercept)?;
    paired(y.len(), items.values())?;
    if items.count() < 2 {
        return Err(StatsError::TooFew { of: "items", needed: 2, got: items.count() });
    }
    if items.all_single() {
        return Err(StatsError::TooFew { of: "repeats of an item", needed: 2, got: 1 });
    }
    if y.iter().all(|v| (v - y[0]).abs() == 0.0) {
        return Err(StatsError::Constant);
    }
    // What least squares leaves is fitted by a basis: offsets and scales cost nothing.
    let first = LeastSquares::new(y, &design)?;
    let model = Model { y: &first.residuals, design: first.basis(), items };
    let theta = model.best_ratio()?;
    let at = model.at(theta)?;
    let fit = at.fit.by_columns_of(&first);
    let spread = at.variance.sqrt();
    let estimates =
        first.coefficients.iter().zip(&fit.coefficients).zip(unit_errors(&fit));
    Ok(RandomIntercept {
        coefficients: estimates
            .map(|((b, more), e)| Estimate { value: b + more, se: spread * e })
            .collect(),
        item_variance: theta * at.variance,
        repeat_variance: at.variance,
        log_likelihood: at.log_likelihood - 0.5 * first.log_determinant,
        n: y.len(),
        items: items.count(),
    })
}

struct Model<'a> {
    y: &'a [f64],
    design: Vec<Vec<f64>>,
    items: &'a Units,
}

/// The best fit for one ratio of the variances.
struct Profile {
    fit: LeastSquares,
    variance: f64,
    log_likelihood: f64,
    /// Slope of the log-likelihood in the ratio.
    slope: f64,
}

impl Model<'_> {
    fn best_ratio(&self) -> Result<f64, StatsError> {
        let (low, high) = RATIOS;
        let width = (high - low) / f64::from(STEPS);
        let mut best = (0.0, self.at(0.0)?);
        for step in 0..=STEPS {
            let log = low + width * f64::from(step);
            let profile = self.at(log.exp())?;
            if profile.log_likelihood > best.1.log_likelihood {
                best = (log.exp(), profile);
            }
        }
        if best.0 == 0.0 {
            return Ok(0.0);
        }
        let log = best.0.ln();
        if log > high - width / 2.0 {
            return Err(StatsError::NoSpread);
        }
        let slope = |log: f64| self.at(log.exp()).map_or(f64::NAN, |p| p.slope);
        // At the lowest ratio of the search the maximum may lie at zero itself.
        if log < low + width / 2.0 && slope(log) < 0.0 {
            return Ok(0.0);
        }
        Ok(bracketed_root(log - width, log + width, slope).exp())
    }

    fn at(&self, theta: f64) -> Result<Profile, StatsError> {
        let design: Vec<Vec<f64>> =
            self.design.iter().map(|column| self.within(column, theta)).collect();
        let fit = LeastSquares::new(&self.within(self.y, theta), &design)?;
        let df = (self.y.len() - self.design.len()) as f64;
        let variance = fit.rss() / df;
        if variance == 0.0 {
            return Err(StatsError::NoSpread);
        }
        let sizes = self.items.sizes().iter();
        let determinant: f64 = sizes.map(|n| (theta * *n as f64).ln_1p()).sum();
        let log_likelihood = -0.5
            * (df * ((TAU * variance).ln() + 1.0) + determinant + fit.log_determinant);
        let slope = self.slope(&fit, theta, variance);
        Ok(Profile { fit, variance, log_likelihood, slope })
    }

    /// Takes the share `κ` of its item's mean from each value.
    fn within(&self, values: &[f64], theta: f64) -> Vec<f64> {
        let sizes = self.items.sizes();
        let mut means = vec![0.0; sizes.len()];
        for (x, item) in values.iter().zip(self.items.of()) {
            means[*item] += x;
        }
        for (mean, n) in means.iter_mut().zip(sizes) {
            let n = *n as f64;
            *mean *= (1.0 - (1.0 + n * theta).sqrt().recip()) / n;
        }
        values.iter().zip(self.items.of()).map(|(x, item)| x - means[*item]).collect()
    }

    /// Returns `−½ Σ [n/w − ‖q_i‖²/w − r_i²/(wσ²)]`, with `w = 1 + nθ` and sums over items
    /// of the transformed residuals `r` and rows `q`.
    fn slope(&self, fit: &LeastSquares, theta: f64, variance: f64) -> f64 {
        let sizes = self.items.sizes();
        let k = self.design.len();
        let mut residuals = vec![0.0; sizes.len()];
        let mut rows = vec![vec![0.0; k]; sizes.len()];
        for ((e, q), item) in fit.residuals.iter().zip(&fit.rows).zip(self.items.of()) {
            residuals[*item] += e;
            for (sum, part) in rows[*item].iter_mut().zip(q) {
                *sum += part;
            }
        }
        let items = sizes.iter().zip(residuals).zip(rows);
        let parts = items.map(|((n, r), q)| {
            let n = *n as f64;
            let lengths: f64 = q.iter().map(|x| x * x).sum();
            (n - lengths - r * r / variance) / (1.0 + n * theta)
        });
        -0.5 * parts.sum::<f64>()
    }
}

/// Sixty observations of thirteen items, without pattern: `y`, two predictors, the items.
#[cfg(test)]
pub(super) fn sixty() -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<u32>) {
    let over = |of: u32, divisor: f64| f64::from(of) / divisor;
    let numbers = 0..60_u32;
    let item: Vec<u32> = numbers.clone().map(|i| (i * i + 2 * i) % 13).collect();
    let x1: Vec<f64> =
        numbers.clone().map(|i| over((7 * i * i + 3 * i) % 11, 10.0)).collect();
    let x2: Vec<f64> =
        numbers.clone().map(|i| over((5 * i * i * i + i) % 17, 17.0)).collect();
    let rest = numbers.map(|i| over((11 * i * i + 5 * i) % 19, 40.0));
    let y = item.iter().zip(&x1).zip(&x2).zip(rest).map(|(((c, a), b), e)| {
        0.3 + 0.5 * a - 0.2 * b + over((3 * c * c + c) % 7, 10.0) + e
    });
    (y.collect(), x1, x2, item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn equal_repeats_give_the_variances_of_the_analysis_of_variance() {
        let y = [0.9, 0.8, 0.2, 0.3, 0.6, 0.5, 0.1, 0.4];
        let items = Units::labelled(&[0, 0, 1, 1, 2, 2, 3, 3]);
        let none: [[f64; 8]; 0] = [];
        let fit = random_intercept(&y, &none, true, &items).unwrap();
        // Mean squares: within Σd²/2 / 4 with gaps .1 .1 .1 .3; between 2 Σ(ȳᵢ − ȳ)² / 3.
        let within = (0.01 + 0.01 + 0.01 + 0.09) / 2.0 / 4.0;
        let means = [0.85_f64, 0.25, 0.55, 0.25];
        let between = 2.0 * means.iter().map(|m| (m - 0.475).powi(2)).sum::<f64>() / 3.0;
        assert_relative_eq!(fit.repeat_variance, within, max_relative = 1e-9);
        assert_relative_eq!(
            fit.item_variance,
            (between - within) / 2.0,
            max_relative = 1e-9
        );
        let b = fit.coefficients[0];
        assert_relative_eq!(b.value, 0.475, max_relative = 1e-12);
        assert_relative_eq!(b.se, (between / 8.0).sqrt(), max_relative = 1e-9);
    }

    #[test]
    fn sixty_observations_agree_with_statsmodels() {
        // tests/data/stats/regression_reference.py: estimates of MixedLM (statsmodels 0.15.0),
        // errors of generalised least squares with dense matrices.
        let (y, x1, x2, item) = sixty();
        let fit = random_intercept(&y, &[x1, x2], true, &Units::labelled(&item)).unwrap();
        let want = [
            (0.693_686_408_417, 0.073_793_479_881_745),
            (0.468_462_166_239, 0.054_994_625_500_489),
            (-0.228_748_823_736, 0.056_577_720_896_455),
        ];
        for (b, (estimate, se)) in fit.coefficients.iter().zip(want) {
            assert_relative_eq!(b.value, estimate, max_relative = 1e-10);
            assert_relative_eq!(b.se, se, max_relative = 1e-10);
        }
        assert_relative_eq!(
            fit.item_variance,
            0.027_317_332_063_176,
            max_relative = 1e-10
        );
        assert_relative_eq!(
            fit.repeat_variance,
            0.021_214_678_510_389,
            max_relative = 1e-10
        );
        assert_relative_eq!(
            fit.log_likelihood,
            17.606_498_674_452_58,
            max_relative = 1e-9
        );
    }

    #[test]
    fn an_offset_of_a_billion_moves_the_intercept_only() {
        let (y, x1, x2, item) = sixty();
        let items = Units::labelled(&item);
        let near = random_intercept(&y, &[&x1, &x2], true, &items).unwrap();
        // A multiple of 2⁻²³ keeps its place at 1e9.
        let step = (23.0_f64).exp2();
        let even =
            |v: &[f64]| v.iter().map(|x| (x * step).round() / step).collect::<Vec<_>>();
        let far = |v: &[f64]| even(v).iter().map(|x| x + 1e9).collect::<Vec<_>>();
        let a =
            random_intercept(&even(&y), &[even(&x1), even(&x2)], true, &items).unwrap();
        let b = random_intercept(&far(&y), &[far(&x1), far(&x2)], true, &items).unwrap();
        assert_relative_eq!(a.item_variance, b.item_variance, max_relative = 1e-9);
        assert_relative_eq!(
            a.coefficients[2].se,
            b.coefficients[2].se,
            max_relative = 1e-9
        );
        assert_relative_eq!(a.item_variance, near.item_variance, max_relative = 1e-5);
    }

    #[test]
    fn items_that_differ_less_than_chance_have_no_variance() {
        let y = [0.0, 1.0, 1.0, 0.0, 0.1, 0.9];
        let items = Units::labelled(&[0, 0, 1, 1, 2, 2]);
        let none: [[f64; 6]; 0] = [];
        let fit = random_intercept(&y, &none, true, &items).unwrap();
        assert_relative_eq!(fit.item_variance, 0.0);
        assert_relative_eq!(fit.intraclass(), 0.0);
    }

    #[test]
    fn repeats_that_never_differ_have_no_scale() {
        let y = [0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let none: [[f64; 6]; 0] = [];
        let items = Units::labelled(&[0, 0, 1, 1, 2, 2]);
        let fit = |y: &[f64], items: &Units| random_intercept(y, &none, true, items);
        assert_eq!(fit(&y, &items), Err(StatsError::NoSpread));
        assert_eq!(fit(&[0.5; 6], &items), Err(StatsError::Constant));
        assert!(matches!(fit(&y, &Units::single(6)), Err(StatsError::TooFew { .. })));
        let one = Units::labelled(&[0; 6]);
        assert!(matches!(fit(&y, &one), Err(StatsError::TooFew { .. })));
        assert!(matches!(
            random_intercept(&y, &[[1.0, 2.0]], true, &items),
            Err(StatsError::LengthMismatch { .. })
        ));
    }
}
