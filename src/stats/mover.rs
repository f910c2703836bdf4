//! Intervals of quantiles, and of contrasts of quantiles by variance recovery.

use super::StatsError;
use super::describe::quantile_sorted;
use super::dist::Normal;
use super::mean::UnitMean;
use super::outcome::{Interval, Tails, enough, level, paired};
use super::special::bracketed_root;
use super::units::Units;

/// A quantile of pooled trials, with the error of its share.
///
/// # Formula
///
/// ```text
/// p̂ = share of trials at most Q̂,  SE² = q(1 − q) / n_eff,  n_eff = p̂(1 − p̂) / SE_CR2²
/// interval: [Q(q − z SE), Q(q + z SE)]
/// ```
///
/// `n_eff` is no less than the number of units and no more than that of trials.
///
/// # Shapes and units
///
/// At least two units of trials in one unit of measure; `+∞` is allowed. `q` in `(0, 1)`.
///
/// # Errors
///
/// `Empty`, `TooFew`, `NotFinite` for NaN, `OutOfRange` for `q`, `LengthMismatch`.
///
/// # Source
///
/// R. S. Woodruff, "Confidence Intervals for Medians and Other Position Measures", Journal
/// of the American Statistical Association 47(260), 1952, 635–646.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledQuantile {
    sorted: Vec<f64>,
    q: f64,
    se: f64,
}

impl PooledQuantile {
    /// Returns the quantile `q` of `values` in `units`.
    ///
    /// # Errors
    ///
    /// See the type.
    pub fn new(values: &[f64], units: &Units, q: f64) -> Result<Self, StatsError> {
        paired(values.len(), units.values())?;
        enough(values.len(), 2)?;
        if !(q > 0.0 && q < 1.0) {
            return Err(StatsError::OutOfRange);
        }
        if let Some(index) = values.iter().position(|x| x.is_nan()) {
            return Err(StatsError::NotFinite { index });
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let estimate = quantile_sorted(&sorted, q)?;
        let below: Vec<f64> =
            values.iter().map(|x| if *x <= estimate { 1.0 } else { 0.0 }).collect();
        let fit = UnitMean::new(&below, units)?;
        let spread = fit.mean * (1.0 - fit.mean);
        let (fewest, most) = (units.count() as f64, values.len() as f64);
        let n_eff = spread / (fit.se * fit.se);
        let n_eff = if n_eff.is_finite() { n_eff.clamp(fewest, most) } else { fewest };
        Ok(Self { sorted, q, se: (q * (1.0 - q) / n_eff).sqrt() })
    }

    /// Returns the estimate.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.at(self.q)
    }

    /// Returns the interval of so many standard errors of the share on each side.
    #[must_use]
    pub fn interval(&self, z: f64) -> Interval {
        let reach = z * self.se;
        Interval { low: self.at(self.q - reach), high: self.at(self.q + reach) }
    }

    fn at(&self, q: f64) -> f64 {
        quantile_sorted(&self.sorted, q.clamp(0.0, 1.0)).unwrap_or(f64::NAN)
    }
}

/// A linear contrast `Σ aⱼ Qⱼ` of quantiles, each with its own interval.
///
/// # Formula
///
/// ```text
/// low  = θ̂ − √Σ (aⱼ Q̂ⱼ − min(aⱼ lⱼ, aⱼ uⱼ))²
/// high = θ̂ + √Σ (max(aⱼ lⱼ, aⱼ uⱼ) − aⱼ Q̂ⱼ)²
/// p⁺   = P(Z > z) of the z whose interval has its lower end at m
/// ```
///
/// It takes the quantiles as uncorrelated, which on paired data is conservative.
///
/// # Shapes and units
///
/// Coefficients are plain numbers; everything else is in the unit of the quantiles.
///
/// # Errors
///
/// `Empty` without terms, `InvalidParameter` for the level.
///
/// # Source
///
/// G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a
/// general approach", Statistics in Medicine 27(10), 2008, 1693–1702.
#[derive(Debug, Clone, PartialEq)]
pub struct Mover {
    terms: Vec<(f64, PooledQuantile)>,
}

impl Mover {
    /// Returns the contrast of these terms, each a coefficient and a quantile.
    ///
    /// # Errors
    ///
    /// `Empty` without terms.
    pub fn new(terms: Vec<(f64, PooledQuantile)>) -> Result<Self, StatsError> {
        enough(terms.len(), 1)?;
        Ok(Self { terms })
    }

    /// Returns the contrast of the sample.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.terms.iter().map(|(a, quantile)| a * quantile.estimate()).sum()
    }

    /// Returns the interval of a level of confidence.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for the level.
    pub fn interval(&self, confidence: f64) -> Result<Interval, StatsError> {
        let z = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?;
        Ok(self.reach(z))
    }

    /// Returns both one-sided p against a margin, by inversion of the interval.
    ///
    /// # Errors
    ///
    /// None in practice; those of the normal distribution.
    pub fn tails(&self, margin: f64) -> Result<Tails, StatsError> {
        /// Beyond this many standard errors a p is below 1e-300.
        const FAR: f64 = 37.0;
        let above = self.estimate() > margin;
        let gap = |z: f64| {
            let interval = self.reach(z);
            if above { interval.low - margin } else { margin - interval.high }
        };
        let z = if gap(FAR) > 0.0 { FAR } else { bracketed_root(0.0, FAR, gap) };
        let tail = Normal.sf(z)?;
        let (greater, less) = if above { (tail, 1.0 - tail) } else { (1.0 - tail, tail) };
        Ok(Tails { greater, less })
    }

    fn reach(&self, z: f64) -> Interval {
        recovered(
            self.terms
                .iter()
                .map(|(a, quantile)| (*a, quantile.estimate(), quantile.interval(z))),
        )
    }
}

/// Joins the estimates and intervals of terms into the interval of `Σ a θ`.
fn recovered(terms: impl Iterator<Item = (f64, f64, Interval)>) -> Interval {
    let (mut centre, mut down, mut up) = (0.0, 0.0, 0.0);
    for (a, estimate, ends) in terms {
        let (low, high) = (a * ends.low, a * ends.high);
        centre += a * estimate;
        down += (a * estimate - low.min(high)).powi(2);
        up += (low.max(high) - a * estimate).powi(2);
    }
    Interval { low: centre - f64::sqrt(down), high: centre + f64::sqrt(up) }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn quantile(shift: f64, q: f64) -> PooledQuantile {
        let xs: Vec<f64> = (0..401).map(|i| f64::from(i * 13 % 401) + shift).collect();
        PooledQuantile::new(&xs, &Units::single(401), q).unwrap()
    }

    #[test]
    fn one_quantile_has_woodruffs_interval() {
        let median = quantile(0.0, 0.5);
        let interval = Mover::new(vec![(1.0, median)]).unwrap().interval(0.95).unwrap();
        // 401 values one apart: 400 q ± 1.96 · 400 · √(¼ / 401).
        let reach = 1.959_964 * 400.0 * (0.25_f64 / 401.0).sqrt();
        assert_relative_eq!(interval.low, 200.0 - reach, max_relative = 2e-3);
        assert_relative_eq!(interval.high, 200.0 + reach, max_relative = 2e-3);
    }

    #[test]
    fn two_shares_have_newcombes_published_interval() {
        // R. G. Newcombe, Statistics in Medicine 17(8), 1998, 873-890, table II, method 10:
        // 56/70 - 48/80 has 0.0524 to 0.3339, 9/10 - 3/10 has 0.1705 to 0.8090.
        let wilson = |k, n| {
            crate::stats::proportion_interval(
                k,
                n,
                0.95,
                crate::stats::ProportionMethod::Wilson,
            )
            .unwrap()
        };
        for ((k, n), (l, m), low, high) in
            [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090)]
        {
            let share = |k: u64, n: u64| k as f64 / n as f64;
            let terms =
                [(1.0, share(k, n), wilson(k, n)), (-1.0, share(l, m), wilson(l, m))];
            let found = recovered(terms.into_iter());
            assert_relative_eq!(found.low, low, epsilon = 5e-5);
            assert_relative_eq!(found.high, high, epsilon = 5e-5);
        }
    }

    #[test]
    fn p_is_the_level_at_which_the_interval_touches_the_margin() {
        let contrast =
            Mover::new(vec![(1.0, quantile(60.0, 0.5)), (-1.0, quantile(0.0, 0.5))])
                .unwrap();
        assert_relative_eq!(contrast.estimate(), 60.0, max_relative = 1e-12);
        let p = contrast.tails(0.0).unwrap().two_sided();
        let touching = contrast.interval(1.0 - p).unwrap();
        assert_relative_eq!(touching.low, 0.0, epsilon = 1e-6);
        assert_eq!(contrast.tails(60.0).unwrap().two_sided(), 1.0);
    }
}
