//! The mean of items in independent units: standard error, t, interval.

use super::StatsError;
use super::describe::{mean, sum};
use super::dist::{Normal, StudentT};
use super::outcome::{
    Alternative, Interval, Tails, finite, finite_number, level, paired,
};
use super::units::Units;

/// The mean of item values or item contrasts, with what its units say of its error.
///
/// # Formula
///
/// ```text
/// r_c = Σ_{i∈c} (ℓᵢ − ℓ̄),  h_c = n_c / n,  q_c = h_c² / (1 − h_c)
/// SE² = n⁻² Σ r_c² / (1 − h_c)
/// ν   = 1 / (Σ h² + (Σ q)² − Σ q²)
/// t   = (ℓ̄ − m) / SE,  compared with t of ν degrees of freedom
/// ```
///
/// `n` values in `G` units of `n_c` values each. When each value is a unit this is the
/// ordinary one-sample t (or, of differences, the paired t) with `n − 1`.
///
/// # Shapes and units
///
/// At least two units of finite values; mean, SE, margins and intervals are in the unit
/// of the values.
///
/// # Numerics
///
/// Sums are compensated and taken around the mean; a constant sample has an SE of exactly
/// zero. Margins far away give `t = ±∞`, not an overflow.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite`, `LengthMismatch`; `NoSpread` where a t is asked of a
/// sample whose SE is zero.
///
/// # Source
///
/// R. M. Bell and D. F. McCaffrey, Survey Methodology 28(2), 2002, 169–181; J. E.
/// Pustejovsky and E. Tipton, Journal of Business & Economic Statistics 36(4), 2018,
/// 672–683; for evaluations of language models E. Miller, arXiv:2411.00640, 2024.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitMean {
    /// The mean, each value with the same weight.
    pub mean: f64,
    /// Its standard error.
    pub se: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Number of values.
    pub n: usize,
    /// Number of independent units.
    pub units: usize,
}

impl UnitMean {
    /// Returns the mean of `values` in `units`, with the CR2 standard error.
    ///
    /// # Errors
    ///
    /// `LengthMismatch`, `Empty`, `NotFinite`, `TooFew` for fewer than two units.
    pub fn new(values: &[f64], units: &Units) -> Result<Self, StatsError> {
        paired(values.len(), units.values())?;
        let centre = mean(values)?;
        let got = units.count();
        if got < 2 {
            return Err(StatsError::TooFew { of: "units", needed: 2, got });
        }
        let n = values.len() as f64;
        let residuals = unit_residuals(values, units, centre);
        let (mut ss, mut hh, mut q1, mut q2) = (0.0, 0.0, 0.0, 0.0);
        for (r, size) in residuals.iter().zip(units.sizes()) {
            let h = *size as f64 / n;
            let q = h * h / (1.0 - h);
            // One unit of weight: r / n first, so that huge values cannot overflow.
            ss += (r / n).powi(2) / (1.0 - h);
            hh += h * h;
            q1 += q;
            q2 += q * q;
        }
        let df = 1.0 / (hh + q1 * q1 - q2);
        Ok(Self { mean: centre, se: ss.sqrt(), df, n: values.len(), units: got })
    }

    /// Returns the mean with two pseudo-items `±size` added, each a unit of its own.
    ///
    /// They keep the test honest where few items differ: the SE cannot be zero, and the
    /// estimate is drawn a little towards zero. With binary scores, one trial an item and
    /// `size = 1` it is Bonett and Price's interval with t in place of z.
    ///
    /// # Errors
    ///
    /// As [`UnitMean::new`]; `InvalidParameter` for a size that is not positive and finite.
    ///
    /// # Source
    ///
    /// D. G. Bonett and R. M. Price, "Adjusted Wald Confidence Interval for a Difference of
    /// Binomial Proportions Based on Paired Data", Journal of Educational and Behavioral
    /// Statistics 37(4), 2012, 479–488; extended here to repeats.
    pub fn with_pseudo_items(
        values: &[f64],
        units: &Units,
        size: f64,
    ) -> Result<Self, StatsError> {
        paired(values.len(), units.values())?;
        if !(size > 0.0 && size.is_finite()) {
            let wanted = "positive and finite";
            return Err(StatsError::InvalidParameter {
                name: "size of pseudo-items",
                wanted,
            });
        }
        let mut more = values.to_vec();
        more.extend([size, -size]);
        Self::new(&more, &units.and_single(2))
    }

    /// Returns the t statistic against a margin.
    ///
    /// # Errors
    ///
    /// `NoSpread` when the SE is zero, `NotFinite` for the margin.
    pub fn t(&self, margin: f64) -> Result<f64, StatsError> {
        let gap = self.mean - finite_number(margin)?;
        if self.se == 0.0 { Err(StatsError::NoSpread) } else { Ok(gap / self.se) }
    }

    /// Returns both one-sided p against a margin.
    ///
    /// # Errors
    ///
    /// As [`UnitMean::t`].
    pub fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        let t = self.t(margin)?;
        let dist = StudentT::new(self.df)?;
        Ok(Tails { greater: dist.sf(t)?, less: dist.cdf(t)? })
    }

    /// Returns the t interval of a level of confidence; without spread it is the mean.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - level(confidence)?) / 2.0;
        let reach = StudentT::new(self.df)?.upper_quantile(tail)? * self.se;
        Ok(Interval { low: self.mean - reach, high: self.mean + reach })
    }

    /// Returns the one-sided t interval of an alternative, open at its other end.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn bound(
        &self,
        confidence: f64,
        alternative: Alternative,
    ) -> Result<Interval, StatsError> {
        let reach = || {
            let tail = 1.0 - level(confidence)?;
            Ok(StudentT::new(self.df)?.upper_quantile(tail)? * self.se)
        };
        match alternative {
            Alternative::TwoSided => self.interval(confidence),
            Alternative::Less => {
                Ok(Interval { low: f64::NEG_INFINITY, high: self.mean + reach()? })
            }
            Alternative::Greater => {
                Ok(Interval { low: self.mean - reach()?, high: f64::INFINITY })
            }
        }
    }

    /// Returns the normal interval of a level of confidence.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval_z(&self, confidence: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - level(confidence)?) / 2.0;
        let reach = Normal.upper_quantile(tail)? * self.se;
        Ok(Interval { low: self.mean - reach, high: self.mean + reach })
    }
}

/// Returns the sum of the residuals of each unit.
pub(super) fn unit_residuals(values: &[f64], units: &Units, centre: f64) -> Vec<f64> {
    if units.all_single() {
        return values.iter().map(|x| x - centre).collect();
    }
    let mut sums = vec![0.0; units.count()];
    for (x, unit) in values.iter().zip(units.of()) {
        sums[*unit] += x - centre;
    }
    sums
}

/// Returns the item differences `xᵢ − yᵢ`.
///
/// # Errors
///
/// `LengthMismatch`, `NotFinite`.
pub fn differences(xs: &[f64], ys: &[f64]) -> Result<Vec<f64>, StatsError> {
    paired(xs.len(), ys.len())?;
    finite(xs)?;
    finite(ys)?;
    Ok(xs.iter().zip(ys).map(|(x, y)| x - y).collect())
}

/// The older standard errors of a clustered mean, for comparison with other tools.
///
/// # Formula
///
/// ```text
/// CR0²    = n⁻² Σ r_c²,   CR1² = CR0² G / (G − 1)
/// Miller² = s²/n + n⁻² Σ_c Σ_{i≠j} (xᵢ − x̄)(xⱼ − x̄)
/// ```
///
/// # Shapes and units
///
/// As [`UnitMean`].
///
/// # Errors
///
/// As [`UnitMean::new`].
///
/// # Source
///
/// K.-Y. Liang and S. L. Zeger, Biometrika 73(1), 1986, 13–22; E. Miller, arXiv:2411.00640,
/// 2024, section 2.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterErrors {
    /// Without correction for few clusters.
    pub cr0: f64,
    /// With the factor `G / (G − 1)`.
    pub cr1: f64,
    /// Miller's: the central-limit error plus the covariances within clusters.
    pub miller: f64,
}

impl ClusterErrors {
    /// Returns the standard errors of the mean of `values` in `units`.
    ///
    /// # Errors
    ///
    /// As [`UnitMean::new`].
    pub fn new(values: &[f64], units: &Units) -> Result<Self, StatsError> {
        let fit = UnitMean::new(values, units)?;
        let n = values.len() as f64;
        let g = units.count() as f64;
        let of_units = sum(unit_residuals(values, units, fit.mean)
            .into_iter()
            .map(|r| (r / n).powi(2)));
        let own = sum(values.iter().map(|x| ((x - fit.mean) / n).powi(2)));
        let miller = own * n / (n - 1.0) + (of_units - own);
        Ok(Self {
            cr0: of_units.sqrt(),
            cr1: (of_units * g / (g - 1.0)).sqrt(),
            miller: miller.max(0.0).sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn single_items_give_the_ordinary_t() {
        let xs = [1.0, 2.0, 4.0, 7.0];
        let fit = UnitMean::new(&xs, &Units::single(4)).unwrap();
        assert_relative_eq!(fit.df, 3.0, max_relative = 1e-14);
        assert_relative_eq!(fit.se, (7.0_f64 / 4.0).sqrt(), max_relative = 1e-14);
        assert_relative_eq!(
            fit.t(0.0).unwrap(),
            3.5 / 1.75_f64.sqrt(),
            max_relative = 1e-14
        );
    }

    #[test]
    fn swapping_the_sign_swaps_the_tails() {
        let (xs, ys) = ([0.3, 0.1, -0.2, 0.9], [-0.3, -0.1, 0.2, -0.9]);
        let units = Units::labelled(&[0, 0, 1, 2]);
        let up = UnitMean::new(&xs, &units).unwrap().tails(0.1).unwrap();
        let down = UnitMean::new(&ys, &units).unwrap().tails(-0.1).unwrap();
        assert_relative_eq!(up.greater, down.less, max_relative = 1e-12);
        assert_relative_eq!(up.greater + up.less, 1.0, max_relative = 1e-12);
    }

    #[test]
    fn pseudo_items_of_one_are_the_interval_of_bonett_and_price() {
        // Two of five items differ, both in favour of the first: b = 2, c = 0, n = 5.
        let xs = [1.0, 1.0, 0.0, 0.0, 0.0];
        let fit = UnitMean::with_pseudo_items(&xs, &Units::single(5), 1.0).unwrap();
        let (p12, p21) = (3.0_f64 / 7.0, 1.0 / 7.0);
        assert_relative_eq!(fit.mean, p12 - p21, max_relative = 1e-14);
        // Their variance has n + 2 where the t has n + 1.
        let wald = (p12 + p21 - (p12 - p21).powi(2)) / 7.0;
        assert_relative_eq!(fit.se.powi(2), wald * 7.0 / 6.0, max_relative = 1e-13);
    }

    #[test]
    fn a_mean_without_spread_has_no_t_but_an_interval() {
        let fit = UnitMean::new(&[0.1; 3], &Units::single(3)).unwrap();
        assert_eq!(fit.t(0.0), Err(StatsError::NoSpread));
        assert_eq!(fit.interval(0.95).unwrap(), Interval { low: 0.1, high: 0.1 });
        let one = UnitMean::new(&[1.0, 2.0], &Units::labelled(&["a", "a"]));
        assert_eq!(one, Err(StatsError::TooFew { of: "units", needed: 2, got: 1 }));
    }
}
