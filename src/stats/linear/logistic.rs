//! Logistic regression by maximum likelihood.

use serde::{Deserialize, Serialize};

use super::factor::LeastSquares;
use super::ols::design;
use super::sandwich::{LinearErrors, same_length, standard_errors, unit_errors};
use crate::stats::StatsError;
use crate::stats::dist::ChiSquared;
use crate::stats::estimate::Estimate;
use crate::stats::units::Units;

/// Where the largest log-odds still move by more than this, the fit goes on.
const SETTLED: f64 = 1e-8;
/// Newton's method settles within a dozen steps; on separated data it never does, and each
/// step adds about one to the log-odds.
const MOST_STEPS: usize = 60;
/// How often a step that lowers the likelihood is halved.
const MOST_HALVINGS: usize = 30;

/// A logistic model fitted by maximum likelihood.
///
/// Values are those of [`logistic`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// The coefficients, in log-odds; the intercept comes first where there is one.
    pub coefficients: Vec<Estimate>,
    /// Number of observations.
    pub n: usize,
    /// Logarithm of the likelihood.
    pub log_likelihood: f64,
    /// The same of the share of ones alone.
    pub null_log_likelihood: f64,
    /// `McFadden`'s R², one minus the ratio of the two.
    pub pseudo_r_squared: f64,
    /// The p of the likelihood ratio against the share alone, on `k − 1` degrees of freedom;
    /// `None` for a single coefficient. It is a test only where there is an intercept.
    pub likelihood_ratio_p: Option<f64>,
}

/// Fits outcomes of 0 and 1 by a logistic model.
///
/// # Formula
///
/// ```text
/// P(yᵢ = 1) = 1 / (1 + exp(−Σⱼ bⱼ xᵢⱼ)),   b maximises Σ ln P(yᵢ)
/// Wald       (Xᵀ W X)⁻¹,  W = P (1 − P)
/// clustered  the same around Σ_c s_c s_cᵀ · G/(G − 1) · (n − 1)/(n − k)
/// ```
///
/// # Shapes and units
///
/// `y` of 0 and 1, and columns as long; fewer coefficients than observations. `clusters`
/// gives each observation its unit. Compare coefficients with the normal distribution.
///
/// # Numerics
///
/// Newton's method on an orthonormal basis of the columns, with steps halved where the
/// likelihood would fall: neither scales nor a common offset of 1e9 cost digits.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite`, `TooFew`; `InvalidParameter` for an outcome that
/// is neither 0 nor 1; `Constant` when all outcomes are equal; `Singular` when columns
/// depend on one another; `Separation` when the likelihood has no finite maximum.
///
/// # Source
///
/// P. `McCullagh` and J. A. Nelder, Generalized Linear Models, 2nd ed., 1989, sections 2.5
/// and 4.4; on separation A. Albert and J. A. Anderson, Biometrika 71(1), 1984, 1–10.
///
/// # Example
///
/// ```
/// use crucible::stats::logistic;
///
/// let right = [0.0, 1.0, 0.0, 1.0, 1.0];
/// let length = [9.0, 5.0, 4.0, 3.0, 1.0];
/// let fit = logistic(&right, &[length], true, None)?;
/// assert!(fit.coefficients[1].value < 0.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn logistic<C: AsRef<[f64]>>(
    y: &[f64],
    columns: &[C],
    intercept: bool,
    clusters: Option<&Units>,
) -> Result<Logistic, StatsError> {
    let design = design(y, columns, intercept)?;
    let errors = clusters.map_or(LinearErrors::Hc0, LinearErrors::Clustered);
    same_length(errors, y.len())?;
    if y.iter().any(|v| !matches!(v, 0.0 | 1.0)) {
        return Err(StatsError::InvalidParameter { name: "outcome", wanted: "0 or 1" });
    }
    let ones = y.iter().filter(|v| **v > 0.5).count();
    if ones == 0 || ones == y.len() {
        return Err(StatsError::Constant);
    }
    // Dependent columns are told from separation before any weight is put on them.
    let first = LeastSquares::new(y, &design)?;
    let basis = first.basis();
    let (of_basis, last) = maximise(y, &basis)?;
    let beta = first.of_columns(&of_basis);
    let last = last.by_columns_of(&first);
    let se = match clusters {
        Some(_) => standard_errors(&last, errors)?,
        None => unit_errors(&last),
    };
    let estimates = beta.iter().zip(se);
    let log_likelihood = likelihood(y, &predictors(&basis, &of_basis));
    let null = null_likelihood(ones, y.len());
    let df = design.len() as f64 - 1.0;
    let ratio = (2.0 * (log_likelihood - null)).max(0.0);
    Ok(Logistic {
        coefficients: estimates
            .map(|(value, se)| Estimate { value: *value, se })
            .collect(),
        n: y.len(),
        log_likelihood,
        null_log_likelihood: null,
        pseudo_r_squared: 1.0 - log_likelihood / null,
        likelihood_ratio_p: ChiSquared::new(df).and_then(|d| d.sf(ratio)).ok(),
    })
}

fn null_likelihood(ones: usize, n: usize) -> f64 {
    let (ones, zeros, n) = (ones as f64, (n - ones) as f64, n as f64);
    ones * (ones / n).ln() + zeros * (zeros / n).ln()
}

/// Returns the coefficients, and the last weighted fit with the working residuals.
fn maximise(
    y: &[f64],
    design: &[Vec<f64>],
) -> Result<(Vec<f64>, LeastSquares), StatsError> {
    let mut beta = vec![0.0; design.len()];
    let mut eta = vec![0.0; y.len()];
    let mut value = likelihood(y, &eta);
    for _ in 0..MOST_STEPS {
        let mut step = newton(y, &eta, design)?.coefficients;
        let mut halvings = 0;
        loop {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + s).collect();
            let moved = predictors(design, &next);
            let reached = likelihood(y, &moved);
            // Rounding may lower the value a little at the very end.
            if reached >= value - 1e-12 * value.abs() || halvings == MOST_HALVINGS {
                let change = eta
                    .iter()
                    .zip(&moved)
                    .fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
                (beta, eta, value) = (next, moved, reached);
                if change < SETTLED {
                    return newton(y, &eta, design).map(|fit| (beta, fit));
                }
                break;
            }
            step.iter_mut().for_each(|s| *s /= 2.0);
            halvings += 1;
        }
    }
    Err(StatsError::Separation)
}

/// Returns the weighted fit of what is left; its coefficients are Newton's step.
fn newton(
    y: &[f64],
    eta: &[f64],
    design: &[Vec<f64>],
) -> Result<LeastSquares, StatsError> {
    let roots: Vec<f64> = eta.iter().map(|e| 0.5 / (e / 2.0).cosh()).collect();
    // (y − p) / √(p (1 − p)) is exp(−η/2) for a one and −exp(η/2) for a zero.
    let working: Vec<f64> = y
        .iter()
        .zip(eta)
        .map(|(y, e)| if *y > 0.5 { (-e / 2.0).exp() } else { -(e / 2.0).exp() })
        .collect();
    let columns: Vec<Vec<f64>> = design
        .iter()
        .map(|column| column.iter().zip(&roots).map(|(x, r)| x * r).collect())
        .collect();
    let finite = working.iter().chain(&roots).all(|x| x.is_finite());
    if !finite {
        return Err(StatsError::Separation);
    }
    LeastSquares::new(&working, &columns).map_err(|_| StatsError::Separation)
}

fn predictors(design: &[Vec<f64>], beta: &[f64]) -> Vec<f64> {
    let n = design.first().map_or(0, Vec::len);
    let mut eta = vec![0.0; n];
    for (column, b) in design.iter().zip(beta) {
        for (sum, x) in eta.iter_mut().zip(column) {
            *sum += b * x;
        }
    }
    eta
}

fn likelihood(y: &[f64], eta: &[f64]) -> f64 {
    let own = |(y, e): (&f64, &f64)| {
        let towards = if *y > 0.5 { *e } else { -*e };
        if towards > 0.0 {
            -(-towards).exp().ln_1p()
        } else {
            towards - towards.exp().ln_1p()
        }
    };
    y.iter().zip(eta).map(own).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const Y: [f64; 8] = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
    const X: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 2.5, 0.5, 6.0];

    #[test]
    fn one_binary_predictor_gives_the_log_odds_of_the_table() {
        // 3 of 4 against 1 of 4: the log odds ratio is ln 9, its variance Σ 1/cell.
        let y = [1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let x = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let fit = logistic(&y, &[x], true, None).unwrap();
        assert_relative_eq!(
            fit.coefficients[1].value,
            9.0_f64.ln(),
            max_relative = 1e-12
        );
        let variance = 2.0 * (1.0 + 1.0 / 3.0);
        assert_relative_eq!(
            fit.coefficients[1].se,
            f64::sqrt(variance),
            max_relative = 1e-10
        );
    }

    #[test]
    fn a_shift_of_a_predictor_moves_the_intercept_only() {
        let far: Vec<f64> = X.iter().map(|x| x + 1e9).collect();
        let (near, far) = (
            logistic(&Y, &[X], true, None).unwrap(),
            logistic(&Y, &[far], true, None).unwrap(),
        );
        let (a, b) = (near.coefficients[1], far.coefficients[1]);
        assert_relative_eq!(a.value, b.value, max_relative = 1e-9);
        assert_relative_eq!(a.se, b.se, max_relative = 1e-9);
        let flipped: Vec<f64> = Y.iter().map(|y| 1.0 - y).collect();
        let other = logistic(&flipped, &[X], true, None).unwrap();
        assert_relative_eq!(other.coefficients[1].value, -a.value, max_relative = 1e-9);
    }

    #[test]
    fn sixty_observations_agree_with_statsmodels() {
        // tests/data/stats/regression_reference.py, statsmodels 0.15.0.
        let (y, x1, x2, item) = crate::stats::linear::mixed::sixty();
        let mut sorted = y.clone();
        sorted.sort_by(f64::total_cmp);
        let median = f64::midpoint(sorted[29], sorted[30]);
        let one: Vec<f64> = y.iter().map(|v| f64::from(u8::from(*v > median))).collect();
        let check = |fit: &Logistic, want: &[(f64, f64)]| {
            for (b, (estimate, se)) in fit.coefficients.iter().zip(want) {
                assert_relative_eq!(b.value, *estimate, max_relative = 1e-9);
                assert_relative_eq!(b.se, *se, max_relative = 1e-9);
            }
        };
        let (b0, b1, b2) =
            (-0.493_240_539_994_654_6, 4.028_035_130_946_09, -2.361_536_173_354_343);
        let fit = logistic(&one, &[&x1, &x2], true, None).unwrap();
        check(
            &fit,
            &[
                (b0, 0.575_690_746_499_524),
                (b1, 1.156_021_302_324_416_8),
                (b2, 0.979_725_236_272_926_1),
            ],
        );
        let units = Units::labelled(&item);
        let fit = logistic(&one, &[&x1, &x2], true, Some(&units)).unwrap();
        check(
            &fit,
            &[
                (b0, 0.613_636_682_542_604_3),
                (b1, 0.886_790_941_881_242_6),
                (b2, 0.633_282_998_823_553_1),
            ],
        );
        let fit = logistic(&one, &[&x1, &x2], false, None).unwrap();
        check(
            &fit,
            &[
                (3.587_390_013_762_943_3, 1.015_675_229_199_448_6),
                (-2.804_111_018_740_629_3, 0.837_863_014_359_534_6),
            ],
        );
        assert_relative_eq!(
            fit.log_likelihood,
            -30.022_614_065_666_378,
            max_relative = 1e-12
        );
        assert_relative_eq!(
            fit.likelihood_ratio_p.unwrap(),
            1.512_183_588_457_646e-6,
            max_relative = 1e-8
        );
    }

    #[test]
    fn separation_is_found_complete_quasi_and_without_an_intercept() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let complete = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        for scale in [1.0, 1e-6, 1e6] {
            let x: Vec<f64> = x.iter().map(|x| x * scale).collect();
            assert_eq!(
                logistic(&complete, &[&x], true, None),
                Err(StatsError::Separation)
            );
        }
        // Zeros and ones meet at x = 3 only.
        let quasi = [0.0, 0.0, 3.0, 3.0, 5.0, 6.0];
        assert_eq!(
            logistic(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0], &[quasi], true, None),
            Err(StatsError::Separation)
        );
        let sided = [-1.0, -2.0, -3.0, 1.0, 2.0, 3.0];
        assert_eq!(
            logistic(&complete, &[sided], false, None),
            Err(StatsError::Separation)
        );
        // Nearly separated is not separated.
        let near = [1.0, 2.0, 3.0, 3.999, 4.0, 6.0];
        let y = [0.0, 0.0, 0.0, 1.0, 0.0, 1.0];
        assert!(logistic(&y, &[near], true, None).is_ok());
    }

    #[test]
    fn outcomes_that_are_no_outcomes_are_refused() {
        let none: [[f64; 3]; 0] = [];
        assert_eq!(logistic(&[], &[[0.0; 0]], true, None), Err(StatsError::Empty));
        assert_eq!(logistic(&[1.0; 8], &[X], true, None), Err(StatsError::Constant));
        assert!(matches!(
            logistic(&[0.5, 0.0, 1.0], &none, true, None),
            Err(StatsError::InvalidParameter { .. })
        ));
        let alone = logistic(&[0.0, 1.0, 1.0], &none, true, None).unwrap();
        assert_eq!(alone.likelihood_ratio_p, None);
        assert_relative_eq!(
            alone.coefficients[0].value,
            2.0_f64.ln(),
            max_relative = 1e-12
        );
        let one = Units::labelled(&[0; 8]);
        assert!(matches!(
            logistic(&Y, &[X], true, Some(&one)),
            Err(StatsError::TooFew { .. })
        ));
        assert!(logistic(&Y, &[X], true, Some(&Units::single(3))).is_err());
    }
}
