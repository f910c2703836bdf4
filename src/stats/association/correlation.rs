//! Pearson's and Spearman's correlation.

use std::cmp::Ordering;

use crate::stats::StatsError;
use crate::stats::describe::sum;
use crate::stats::dist::{Normal, StudentT};
use crate::stats::outcome::{
    Alternative, Interval, Tails, enough, finite, level, paired,
};
use crate::stats::ranks::midranks;

/// A correlation with its test against none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// The coefficient, in `[−1, 1]`.
    pub r: f64,
    /// Number of pairs.
    pub n: usize,
    /// Both one-sided p of no correlation; 1 for two pairs, which always lie on a line.
    pub tails: Tails,
}

impl Correlation {
    /// Returns the degrees of freedom, `n − 2`.
    #[must_use]
    pub fn df(&self) -> usize {
        self.n.saturating_sub(2)
    }

    /// Returns the interval of a level of confidence; see [`correlation_interval`].
    ///
    /// # Errors
    ///
    /// As [`correlation_interval`].
    pub fn interval(
        &self,
        confidence: f64,
        alternative: Alternative,
        method: CorrelationMethod,
    ) -> Result<Interval, StatsError> {
        correlation_interval(self.r, self.n, confidence, alternative, method)
    }
}

/// Which standard error a correlation has on the scale of Fisher's z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CorrelationMethod {
    /// Fisher's, for Pearson's coefficient: `1 / √(n − 3)`.
    #[default]
    Fisher,
    /// Bonett and Wright's for Spearman's: `√((1 + r²/2) / (n − 3))`.
    BonettWright,
    /// Fieller, Hartley and Pearson's for Kendall's: `√(0.437 / (n − 4))`.
    Kendall,
}

impl CorrelationMethod {
    fn error(self, r: f64, n: usize) -> Result<f64, StatsError> {
        let (square, lost) = match self {
            Self::Fisher => (1.0, 3),
            Self::BonettWright => (1.0 + r * r / 2.0, 3),
            Self::Kendall => (0.437, 4),
        };
        enough(n, lost + 1)?;
        Ok((square / (n - lost) as f64).sqrt())
    }
}

/// Returns an interval of a correlation.
///
/// # Formula
///
/// ```text
/// tanh(atanh r ± z · se),  se by CorrelationMethod
/// ```
///
/// A one-sided interval ends at −1 or 1 on the open side.
///
/// # Shapes and units
///
/// `r` in `[−1, 1]` from `n` pairs, at least four (five for Kendall's); the interval lies in
/// `[−1, 1]` and collapses at its ends.
///
/// # Errors
///
/// `OutOfRange` for `r`; `Empty`, `TooFew`; `InvalidParameter` for the level.
///
/// # Source
///
/// R. A. Fisher, Metron 1, 1921, 3–32; D. G. Bonett and T. A. Wright, "Sample size requirements
/// for estimating Pearson, Kendall and Spearman correlations", Psychometrika 65(1), 2000,
/// 23–28; E. C. Fieller, H. O. Hartley and E. S. Pearson, Biometrika 44(3–4), 1957, 470–481.
pub fn correlation_interval(
    r: f64,
    n: usize,
    confidence: f64,
    alternative: Alternative,
    method: CorrelationMethod,
) -> Result<Interval, StatsError> {
    let alpha = 1.0 - level(confidence)?;
    if !(-1.0..=1.0).contains(&r) {
        return Err(StatsError::OutOfRange);
    }
    let error = method.error(r, n)?;
    let tail = match alternative {
        Alternative::TwoSided => alpha / 2.0,
        Alternative::Less | Alternative::Greater => alpha,
    };
    let reach = Normal.upper_quantile(tail)? * error;
    let ends =
        Interval { low: (r.atanh() - reach).tanh(), high: (r.atanh() + reach).tanh() };
    Ok(match alternative {
        Alternative::TwoSided => ends,
        Alternative::Less => Interval { low: -1.0, ..ends },
        Alternative::Greater => Interval { high: 1.0, ..ends },
    })
}

/// Returns Pearson's correlation of pairs.
///
/// # Formula
///
/// ```text
/// r = Σ (xᵢ − x̄)(yᵢ − ȳ) / √(Σ (xᵢ − x̄)² Σ (yᵢ − ȳ)²)
/// t = r √(n − 2) / √(1 − r²),   Student's t with n − 2 degrees of freedom
/// ```
///
/// # Shapes and units
///
/// Two slices of one length, at least two finite pairs; each variable in a unit of its own,
/// `r` in none.
///
/// # Numerics
///
/// Deviations are measured from the first value, and scaled so that no square overflows;
/// `1 − r²` is the sum of squares left over, so that p keeps its digits near `|r| = 1`.
///
/// # Errors
///
/// `Empty`, `LengthMismatch`, `NotFinite`, `TooFew`; `Constant` when either does not vary.
///
/// # Source
///
/// K. Pearson, Proceedings of the Royal Society of London 58, 1895, 240–242; Student,
/// Biometrika 6(2–3), 1908, 302–310.
///
/// # Example
///
/// ```
/// use crucible::stats::pearson;
///
/// let fit = pearson(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0])?;
/// assert!((fit.r - 0.8).abs() < 1e-15);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn pearson(xs: &[f64], ys: &[f64]) -> Result<Correlation, StatsError> {
    pairs(xs, ys)?;
    linear(xs, ys)
}

/// Returns Spearman's correlation: Pearson's of the ranks.
///
/// # Formula
///
/// ```text
/// ρ = r of the ranks, equal values sharing the mean of theirs; p by t as for r
/// ```
///
/// # Shapes and units
///
/// As [`pearson`].
///
/// # Numerics
///
/// Ranks are halves of whole numbers; p is approximate, good from about ten pairs on.
///
/// # Errors
///
/// As [`pearson`].
///
/// # Source
///
/// C. Spearman, American Journal of Psychology 15(1), 1904, 72–101; M. G. Kendall and A.
/// Stuart, The Advanced Theory of Statistics, vol. 2, 3rd ed., 1973, section 31.19.
///
/// # Example
///
/// ```
/// use crucible::stats::spearman;
///
/// let fit = spearman(&[1.0, 2.0, 3.0], &[1.0, 10.0, 100.0])?;
/// assert_eq!(fit.r, 1.0);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn spearman(xs: &[f64], ys: &[f64]) -> Result<Correlation, StatsError> {
    pairs(xs, ys)?;
    linear(&midranks(xs), &midranks(ys))
}

/// Refuses what is no sample of at least two finite pairs that vary.
pub(super) fn pairs(xs: &[f64], ys: &[f64]) -> Result<(), StatsError> {
    paired(xs.len(), ys.len())?;
    enough(xs.len(), 1)?;
    finite(xs)?;
    finite(ys)?;
    enough(xs.len(), 2)?;
    let differ = |two: &[f64]| two[0].partial_cmp(&two[1]) != Some(Ordering::Equal);
    let varies = |values: &[f64]| values.windows(2).any(differ);
    if varies(xs) && varies(ys) { Ok(()) } else { Err(StatsError::Constant) }
}

fn linear(xs: &[f64], ys: &[f64]) -> Result<Correlation, StatsError> {
    let n = xs.len();
    let (u, v) = (unit(xs)?, unit(ys)?);
    let r = sum(u.iter().zip(&v).map(|(u, v)| u * v)).clamp(-1.0, 1.0);
    if n == 2 {
        let tails = Tails { greater: 1.0, less: 1.0 };
        return Ok(Correlation { r: r.signum(), n, tails });
    }
    // The part of one unit vector that the other leaves over: 1 − r².
    let rest = sum(u.iter().zip(&v).map(|(u, v)| (v - r * u).powi(2)));
    let df = n as f64 - 2.0;
    let noise = n as f64 * (4.0 * f64::EPSILON).powi(2);
    let (r, t) = if rest <= noise {
        (r.signum(), f64::INFINITY.copysign(r))
    } else {
        (r, r * (df / rest).sqrt())
    };
    let student = StudentT::new(df)?;
    let tails = Tails { greater: student.sf(t)?, less: student.cdf(t)? };
    Ok(Correlation { r, n, tails })
}

/// Returns the deviations from the mean as a vector of length one.
pub(super) fn unit(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let n = values.len() as f64;
    let first = values.first().copied().ok_or(StatsError::Empty)?;
    // Halves, so that the gap between the largest numbers is one too.
    let mut gaps: Vec<f64> = values.iter().map(|x| x / 2.0 - first / 2.0).collect();
    let widest = gaps.iter().fold(0.0_f64, |most, gap| most.max(gap.abs()));
    if widest == 0.0 {
        return Err(StatsError::Constant);
    }
    gaps.iter_mut().for_each(|gap| *gap /= widest);
    for _ in 0..2 {
        // Twice: the second takes back the rounding of the first.
        let centre = sum(gaps.iter().copied()) / n;
        gaps.iter_mut().for_each(|gap| *gap -= centre);
    }
    let length = sum(gaps.iter().map(|gap| gap * gap)).sqrt();
    if length == 0.0 {
        return Err(StatsError::Constant);
    }
    gaps.iter_mut().for_each(|gap| *gap /= length);
    Ok(gaps)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const XS: [f64; 6] = [2.0, 4.5, 1.0, 7.0, 3.0, 9.0];
    const YS: [f64; 6] = [1.0, 3.0, 2.0, 5.0, 2.5, 4.0];

    #[test]
    fn shifting_and_scaling_change_nothing_and_turning_flips_the_sign() {
        let plain = pearson(&XS, &YS).unwrap();
        let moved = pearson(&XS.map(|x| 1e9 + 1024.0 * x), &YS).unwrap();
        assert_relative_eq!(plain.r, moved.r, max_relative = 1e-14);
        let turned = pearson(&XS, &YS.map(|y| -y)).unwrap();
        assert_eq!(plain.r, -turned.r);
        assert_relative_eq!(plain.tails.greater, turned.tails.less, max_relative = 1e-14);
        let huge = pearson(&XS.map(|x| (x - 5.0) * 3e307), &YS).unwrap();
        assert_relative_eq!(plain.r, huge.r, max_relative = 1e-13);
        let tiny = pearson(&XS.map(|x| x * 1e-300), &YS).unwrap();
        assert_relative_eq!(plain.r, tiny.r, max_relative = 1e-13);
    }

    #[test]
    fn spearman_sees_the_order_only() {
        let plain = spearman(&XS, &YS).unwrap();
        assert_eq!(plain, spearman(&XS.map(f64::exp), &YS).unwrap());
        // 1 − 6 Σ d² / (n (n² − 1)) with Σ d² = 4.
        assert_relative_eq!(plain.r, 1.0 - 24.0 / 210.0, max_relative = 1e-14);
    }

    #[test]
    fn perfect_lines_have_no_p_and_two_points_always_lie_on_one() {
        let line = pearson(&[0.1, 0.2, 0.3, 0.7], &[0.3, 0.6, 0.9, 2.1]).unwrap();
        assert_eq!((line.r, line.tails.two_sided()), (1.0, 0.0));
        let both = line.interval(0.95, Alternative::TwoSided, CorrelationMethod::Fisher);
        assert_eq!(both.unwrap(), Interval { low: 1.0, high: 1.0 });
        let two = pearson(&[1.0, 2.0], &[5.0, 3.0]).unwrap();
        assert_eq!((two.r, two.tails.two_sided(), two.df()), (-1.0, 1.0, 0));
    }

    #[test]
    fn intervals_need_pairs_and_open_on_one_side() {
        let at = |n, alternative, method| {
            correlation_interval(0.5, n, 0.9, alternative, method)
        };
        let both = at(28, Alternative::TwoSided, CorrelationMethod::Fisher).unwrap();
        let z = 1.644_853_626_951_472_7 / 5.0;
        assert_relative_eq!(both.low, (0.5_f64.atanh() - z).tanh(), max_relative = 1e-12);
        let less = at(28, Alternative::Less, CorrelationMethod::Fisher).unwrap();
        assert!(less.low == -1.0 && less.high < both.high);
        let wide =
            at(28, Alternative::TwoSided, CorrelationMethod::BonettWright).unwrap();
        assert!(wide.low < both.low);
        let narrow = at(28, Alternative::TwoSided, CorrelationMethod::Kendall).unwrap();
        assert!(narrow.low > both.low);
        assert!(at(3, Alternative::Less, CorrelationMethod::Fisher).is_err());
        assert!(at(4, Alternative::Less, CorrelationMethod::Kendall).is_err());
        let bad = correlation_interval(
            f64::NAN,
            9,
            0.9,
            Alternative::Less,
            CorrelationMethod::Fisher,
        );
        assert_eq!(bad, Err(StatsError::OutOfRange));
    }

    #[test]
    fn what_cannot_correlate_is_refused() {
        for f in [pearson, spearman] {
            assert_eq!(f(&[], &[]), Err(StatsError::Empty));
            assert!(matches!(f(&[1.0], &[]), Err(StatsError::LengthMismatch { .. })));
            assert!(matches!(f(&[1.0], &[2.0]), Err(StatsError::TooFew { .. })));
            assert_eq!(f(&[1.0; 3], &[1.0, 2.0, 3.0]), Err(StatsError::Constant));
            assert_eq!(f(&[1.0, 2.0], &[0.0, -0.0]), Err(StatsError::Constant));
            let nan = f(&[1.0, f64::NAN], &[1.0, 2.0]);
            assert_eq!(nan, Err(StatsError::NotFinite { index: 1 }));
        }
        assert!(pearson(&[0.0, 5e-324], &[1.0, 2.0]).is_err());
    }
}
