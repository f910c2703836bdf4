//! Comparisons of several groups with one control.

use serde::Serialize;

use super::sums::{Parts, groups_of};
use crate::stats::StatsError;
use crate::stats::dist::{ManyToOne, Sides};
use crate::stats::outcome::{Alternative, Interval, level};

/// One treatment against the control.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ControlPair {
    /// Mean of the treatment less mean of the control, in the unit of the values.
    pub difference: f64,
    /// That in standard errors.
    pub t: f64,
    /// The p, corrected for all treatments.
    pub p: f64,
    /// The simultaneous interval of the difference; open at one end when the test is.
    pub interval: Interval,
}

/// The outcome of Dunnett's test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dunnett {
    /// Degrees of freedom of the common variance.
    pub df: usize,
    /// What the largest t exceeds with the probability left by the level.
    pub critical: f64,
    /// The treatments, in their order.
    pub pairs: Vec<ControlPair>,
}

/// Compares the means of treatments with that of a control, all with one common variance.
///
/// # Formula
///
/// ```text
/// s² = Σ Σ (xᵢⱼ − x̄ᵢ)² / (N − k − 1),  tᵢ = (x̄ᵢ − x̄₀) / √[s² (1/nᵢ + 1/n₀)]
/// p = P(max |T| > |tᵢ|),  greater: P(max T > tᵢ),  less: P(max T > −tᵢ)
/// ```
///
/// `T` has the joint distribution of [`ManyToOne`], an exact integral.
///
/// # Shapes and units
///
/// A control and at least one treatment, each of at least one value, more values than
/// groups; all in one unit.
///
/// # Errors
///
/// `Empty`, `NotFinite` (counted from the control on), `TooFew`, `InvalidParameter` for the
/// level; `NoSpread` when every group is constant.
///
/// # Source
///
/// C. W. Dunnett, "A Multiple Comparison Procedure for Comparing Several Treatments with a
/// Control", Journal of the American Statistical Association 50(272), 1955, 1096–1121.
///
/// # Example
///
/// ```
/// use crucible::stats::{Alternative, dunnett};
/// let treatments = [[2.0, 3.0, 2.5], [7.0, 8.0, 7.5]];
/// let test = dunnett(&[2.0, 2.5, 3.0], &treatments, Alternative::TwoSided, 0.95)?;
/// assert!(test.pairs[0].p > 0.9 && test.pairs[1].p < 0.001);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn dunnett<G: AsRef<[f64]>>(
    control: &[f64],
    treatments: &[G],
    alternative: Alternative,
    confidence: f64,
) -> Result<Dunnett, StatsError> {
    let treated = treatments.iter().map(AsRef::as_ref);
    let groups: Vec<&[f64]> = std::iter::once(control).chain(treated).collect();
    groups_of(&groups, 1)?;
    let alpha = 1.0 - level(confidence)?;
    let parts = Parts::of(&groups)?;
    let df = parts.df_within()?;
    let variance = parts.within() / df as f64;
    if variance == 0.0 {
        return Err(StatsError::NoSpread);
    }
    let sizes: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let sides = match alternative {
        Alternative::TwoSided => Sides::Two,
        Alternative::Less | Alternative::Greater => Sides::One,
    };
    let largest = ManyToOne::new(sizes[0], &sizes[1..], df as f64, sides)?;
    let critical = largest.upper_quantile(alpha)?;
    let base = parts.each[0];
    let pairs = parts.each[1..]
        .iter()
        .map(|part| {
            let gap = part.mean - base.mean;
            let se = (variance * (1.0 / part.n + 1.0 / base.n)).sqrt();
            let t = gap / se;
            let (beyond, half) = (directed(t, alternative), critical * se);
            let interval =
                open(Interval { low: gap - half, high: gap + half }, alternative);
            let p = largest.sf(beyond)?;
            let interval = interval.times(parts.unit);
            Ok(ControlPair { difference: gap * parts.unit, t, p, interval })
        })
        .collect::<Result<_, StatsError>>()?;
    Ok(Dunnett { df, critical, pairs })
}

fn directed(t: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided => t.abs(),
        Alternative::Greater => t,
        Alternative::Less => -t,
    }
}

/// Opens the end that a one-sided test says nothing about.
fn open(interval: Interval, alternative: Alternative) -> Interval {
    match alternative {
        Alternative::TwoSided => interval,
        Alternative::Greater => Interval { high: f64::INFINITY, ..interval },
        Alternative::Less => Interval { low: f64::NEG_INFINITY, ..interval },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::anova_one_way;
    use approx::assert_relative_eq;

    const CONTROL: [f64; 4] = [1.0, 2.0, 4.5, 3.0];
    const TREATMENTS: [[f64; 4]; 2] = [[3.0, 3.5, 5.0, 9.0], [0.0, 2.0, 2.5, 2.0]];

    #[test]
    fn one_treatment_is_the_analysis_of_variance() {
        let test =
            dunnett(&CONTROL, &TREATMENTS[..1], Alternative::TwoSided, 0.95).unwrap();
        let anova = anova_one_way(&[CONTROL, TREATMENTS[0]]).unwrap();
        assert_relative_eq!(test.pairs[0].p, anova.p, max_relative = 1e-10);
    }

    #[test]
    fn turning_all_values_around_swaps_the_sides() {
        let up = dunnett(&CONTROL, &TREATMENTS, Alternative::Greater, 0.9).unwrap();
        let turned = TREATMENTS.map(|group| group.map(|x| -x));
        let down =
            dunnett(&CONTROL.map(|x| -x), &turned, Alternative::Less, 0.9).unwrap();
        for (a, b) in up.pairs.iter().zip(&down.pairs) {
            assert_relative_eq!(a.p, b.p, max_relative = 1e-12);
            assert_relative_eq!(a.interval.low, -b.interval.high, max_relative = 1e-12);
        }
    }

    #[test]
    fn samples_without_an_error_are_refused() {
        let test = |control: &[f64], treatments: &[Vec<f64>]| {
            dunnett(control, treatments, Alternative::TwoSided, 0.95)
        };
        assert_eq!(test(&[], &[vec![1.0, 2.0]]), Err(StatsError::Empty));
        assert!(matches!(test(&CONTROL, &[]), Err(StatsError::TooFew { .. })));
        assert_eq!(test(&[1.0; 2], &[vec![2.0; 2]]), Err(StatsError::NoSpread));
        assert!(matches!(test(&[1.0], &[vec![2.0]]), Err(StatsError::TooFew { .. })));
    }
}
