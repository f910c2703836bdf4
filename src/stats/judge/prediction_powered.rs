//! The mean of true scores, helped by the scores of a judge.

use serde::{Deserialize, Serialize};

use crate::stats::StatsError;
use crate::stats::describe::{mean, sum};
use crate::stats::estimate::Estimate;
use crate::stats::mean::unit_residuals;
use crate::stats::outcome::{enough, finite, finite_number, paired};
use crate::stats::units::Units;

/// Answers that have both a true score and one of the judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Labelled<'a> {
    /// The true scores.
    pub truth: &'a [f64],
    /// The judge's scores of the same answers, in the same order.
    pub judged: &'a [f64],
}

/// How much weight the judge gets.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tuning {
    /// The weight with the smallest variance, read off the data (PPI++).
    #[default]
    Best,
    /// The judge counts fully, as in the original method (PPI).
    Full,
    /// A stated weight; 0 leaves the judge out.
    Weight(f64),
}

/// The mean of true scores, helped by a judge.
///
/// Values are those of [`prediction_powered`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PredictionPowered {
    /// The mean and its standard error: compare it with the normal.
    pub estimate: Estimate,
    /// The weight of the judge's scores.
    pub weight: f64,
    /// The mean and error of the true scores alone, for comparison.
    pub truth_alone: Estimate,
    /// Mean of true minus judged score on the labelled answers: the judge's bias, negated.
    pub rectifier: f64,
}

/// Estimates the mean of true scores from few labelled and many judged answers.
///
/// It is unbiased however wrong the judge is; a good judge only makes it more precise.
///
/// # Formula
///
/// ```text
/// θ  = λ f̄_N + mean(Yᵢ − λ fᵢ)
/// V  = λ² s²(f on the N) / N + s²(Y − λ f) / n
/// λ* = cov(Y, f) / (s²(f on all) (1 + n/N)),  cut to [0, 1]
/// ```
///
/// `Yᵢ` and `fᵢ` are the true and the judged scores of the `n` labelled answers, `f̄_N` is
/// the mean of the judge over the `N` others; variances divide by the number, `s²` on all by
/// one less. In clusters
/// `s²/n` is `Σ_c (Σ_{i∈c} residual)² / n²` for each sample, times `G/(G − 1)`.
///
/// # Shapes and units
///
/// At least two labelled answers and two others, all of one population: draw the labelled
/// ones at random. Scores are in one unit. `units` gives the units of the labelled and of
/// the other answers; items of one unit must not be in both.
///
/// # Errors
///
/// `LengthMismatch`, `Empty`, `NotFinite`, `TooFew`; `InvalidParameter` for a weight that
/// is not finite.
///
/// # Source
///
/// A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan and T. Zrnic,
/// "Prediction-powered inference", Science 382(6671), 2023, 669–674; A. N. Angelopoulos,
/// J. C. Duchi and T. Zrnic, "PPI++: Efficient Prediction-Powered Inference",
/// arXiv:2311.01453, 2023. Values agree with ppi-python 0.2.3.
///
/// # Example
///
/// ```
/// use crucible::stats::{Labelled, Tuning, prediction_powered};
///
/// let truth = [1.0, 0.0, 1.0, 1.0];
/// let judged = [0.9, 0.2, 0.8, 0.7];
/// let others = [0.8, 0.9, 0.1, 0.7, 0.6, 0.9];
/// let labelled = Labelled { truth: &truth, judged: &judged };
/// let mean = prediction_powered(labelled, &others, Tuning::Best, None)?;
/// assert!(mean.estimate.se < mean.truth_alone.se);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn prediction_powered(
    labelled: Labelled<'_>,
    others: &[f64],
    tuning: Tuning,
    units: Option<(&Units, &Units)>,
) -> Result<PredictionPowered, StatsError> {
    let Labelled { truth, judged } = labelled;
    paired(truth.len(), judged.len())?;
    for sample in [truth, judged, others] {
        enough(sample.len(), 2)?;
        finite(sample)?;
    }
    let weight = match tuning {
        Tuning::Best => best_weight(truth, judged, others)?,
        Tuning::Full => 1.0,
        Tuning::Weight(weight) => finite_number(weight)?,
    };
    let rest = |weight: f64| -> Vec<f64> {
        truth.iter().zip(judged).map(|(y, f)| y - weight * f).collect()
    };
    let (of_labelled, of_others) = (units.map(|u| u.0), units.map(|u| u.1));
    let judge = of_mean(others, of_others)?;
    let remainder = of_mean(&rest(weight), of_labelled)?;
    Ok(PredictionPowered {
        estimate: Estimate {
            value: weight * judge.value + remainder.value,
            se: (weight * judge.se).hypot(remainder.se),
        },
        weight,
        truth_alone: of_mean(truth, of_labelled)?,
        rectifier: mean(&rest(1.0))?,
    })
}

/// Returns the weight with the smallest variance; 0 where the judge never varies.
fn best_weight(truth: &[f64], judged: &[f64], others: &[f64]) -> Result<f64, StatsError> {
    let (n, more) = (truth.len() as f64, others.len() as f64);
    let (of_truth, of_judged) = (mean(truth)?, mean(judged)?);
    let products =
        truth.iter().zip(judged).map(|(y, f)| (y - of_truth) * (f - of_judged));
    let covariance = sum(products) / n;
    let all: Vec<f64> = judged.iter().chain(others).copied().collect();
    let centre = mean(&all)?;
    let spread = sum(all.iter().map(|f| (f - centre).powi(2))) / (n + more - 1.0);
    if spread > 0.0 {
        Ok((covariance / (spread * (1.0 + n / more))).clamp(0.0, 1.0))
    } else {
        Ok(0.0)
    }
}

/// Returns a mean with its error: variances divide by the number, unless in clusters.
fn of_mean(values: &[f64], units: Option<&Units>) -> Result<Estimate, StatsError> {
    let value = mean(values)?;
    let n = values.len() as f64;
    let (residuals, factor) = match units {
        None => (values.iter().map(|x| x - value).collect(), 1.0),
        Some(units) => {
            paired(values.len(), units.values())?;
            let got = units.count();
            if got < 2 {
                return Err(StatsError::TooFew { of: "clusters", needed: 2, got });
            }
            let g = got as f64;
            (unit_residuals(values, units, value), g / (g - 1.0))
        }
    };
    let squares = sum(residuals.iter().map(|r: &f64| (r / n).powi(2)));
    Ok(Estimate { value, se: (squares * factor).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stream;
    use crate::stats::Reference;
    use approx::assert_relative_eq;

    /// Thirty labelled answers and two hundred others, without pattern.
    fn samples() -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let over = |x: u32, divisor: f64| f64::from(x) / divisor;
        let score = |i: u32| over((7 * i * i + 3 * i) % 11, 10.0);
        let judged: Vec<f64> = (0..30).map(score).collect();
        let truth = (0..30)
            .zip(&judged)
            .map(|(i, f)| 0.1 + 0.6 * f + over((5 * i * i * i + i) % 17, 40.0));
        (truth.collect(), judged, (30..230).map(score).collect())
    }

    fn fit(tuning: Tuning) -> PredictionPowered {
        let (truth, judged, others) = samples();
        let labelled = Labelled { truth: &truth, judged: &judged };
        prediction_powered(labelled, &others, tuning, None).unwrap()
    }

    #[test]
    fn two_hundred_judged_answers_agree_with_ppi_python() {
        // tests/data/stats/judge_reference.py.
        for (tuning, weight, value, se) in [
            (
                Tuning::Best,
                0.529_202_619_709_866,
                0.524_223_886_751_108_9,
                0.031_120_260_131_466_95,
            ),
            (Tuning::Full, 1.0, 0.527_833_333_333_333_4, 0.042_942_075_541_965_274),
            (Tuning::Weight(0.5), 0.5, 0.524, 0.031_285_981_507_520_086),
        ] {
            let fit = fit(tuning);
            assert_relative_eq!(fit.weight, weight, max_relative = 1e-11);
            assert_relative_eq!(fit.estimate.value, value, max_relative = 1e-12);
            assert_relative_eq!(fit.estimate.se, se, max_relative = 1e-11);
        }
    }

    #[test]
    fn without_weight_the_judge_is_left_out() {
        let fit = fit(Tuning::Weight(0.0));
        assert_eq!(fit.estimate, fit.truth_alone);
        let (truth, judged, _) = samples();
        let labelled = Labelled { truth: &truth, judged: &judged };
        let same = prediction_powered(labelled, &[0.5; 9], Tuning::Best, None);
        assert!(same.unwrap().weight > 0.0);
        let flat = Labelled { truth: &truth, judged: &[0.5; 30] };
        let fit = prediction_powered(flat, &[0.5; 9], Tuning::Best, None).unwrap();
        assert_relative_eq!(fit.weight, 0.0);
    }

    #[test]
    fn a_bias_of_the_judge_changes_nothing() {
        let (truth, judged, others) = samples();
        let shift = |v: &[f64]| v.iter().map(|x| x + 3.0).collect::<Vec<_>>();
        let labelled = Labelled { truth: &truth, judged: &shift(&judged) };
        let far =
            prediction_powered(labelled, &shift(&others), Tuning::Best, None).unwrap();
        let near = fit(Tuning::Best);
        assert_relative_eq!(
            far.estimate.value,
            near.estimate.value,
            max_relative = 1e-12
        );
        assert_relative_eq!(far.estimate.se, near.estimate.se, max_relative = 1e-12);
        assert_relative_eq!(far.rectifier, near.rectifier - 3.0, max_relative = 1e-12);
    }

    #[test]
    fn lone_units_add_their_correction_only() {
        let (truth, judged, others) = samples();
        let labelled = Labelled { truth: &truth, judged: &judged };
        let units = (&Units::single(30), &Units::single(200));
        let by_units =
            prediction_powered(labelled, &others, Tuning::Weight(0.0), Some(units))
                .unwrap();
        let alone = fit(Tuning::Weight(0.0));
        let factor = (30.0_f64 / 29.0).sqrt();
        assert_relative_eq!(by_units.estimate.se, alone.estimate.se * factor);
        let one = Units::labelled(&[0; 30]);
        let units = (&one, &Units::single(200));
        assert!(
            prediction_powered(labelled, &others, Tuning::Full, Some(units)).is_err()
        );
    }

    #[test]
    fn the_interval_misses_the_true_mean_as_often_as_it_says() {
        let mut stream = Stream::new(9, "ppi");
        let runs = 2_000;
        let mut missed = 0.0;
        for _ in 0..runs {
            let mut draw = |n: usize| -> (Vec<f64>, Vec<f64>) {
                (0..n)
                    .map(|_| {
                        let y = stream.normal();
                        (y, 1.0 + 0.8 * y + 0.5 * stream.normal())
                    })
                    .unzip()
            };
            let (truth, judged) = draw(100);
            let (_, others) = draw(600);
            let labelled = Labelled { truth: &truth, judged: &judged };
            let fit = prediction_powered(labelled, &others, Tuning::Best, None).unwrap();
            let interval = fit.estimate.interval(0.95, Reference::Normal).unwrap();
            missed += f64::from(u8::from(!interval.holds(0.0)));
        }
        let missed = missed / f64::from(runs);
        assert!(missed < 0.065 + 3.7 * (0.061_f64 / 2e3).sqrt(), "{missed}");
        assert!(missed > 0.03, "{missed}");
    }

    #[test]
    fn samples_that_say_nothing_are_refused() {
        let (truth, judged, others) = samples();
        let fit = |truth: &[f64], judged: &[f64], others: &[f64]| {
            prediction_powered(Labelled { truth, judged }, others, Tuning::Best, None)
        };
        assert!(fit(&truth, &judged[..3], &others).is_err());
        assert_eq!(fit(&[], &[], &others), Err(StatsError::Empty));
        assert!(matches!(fit(&truth, &judged, &[1.0]), Err(StatsError::TooFew { .. })));
        assert!(fit(&truth, &judged, &[1.0, f64::NAN]).is_err());
        let labelled = Labelled { truth: &truth, judged: &judged };
        let bad = Tuning::Weight(f64::INFINITY);
        assert!(prediction_powered(labelled, &others, bad, None).is_err());
    }
}
