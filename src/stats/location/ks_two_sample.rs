//! The Kolmogorov-Smirnov test of two samples.

use serde::{Deserialize, Serialize};

use super::super::StatsError;
use super::super::dist::Kolmogorov;
use super::super::outcome::Alternative;
use super::mann_whitney::tie_groups;
use super::rank_sum::countable;

/// Where the p of a Kolmogorov-Smirnov test comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KsMethod {
    /// The distribution for samples of these sizes without ties.
    Exact,
    /// An approximation for large samples.
    Asymptotic,
}

/// The outcome of a Kolmogorov-Smirnov test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The largest gap on either side.
    pub d: f64,
    /// The largest gap by which the first distribution function lies above.
    pub d_plus: f64,
    /// The largest gap by which it lies below.
    pub d_minus: f64,
    /// The p of `d`.
    pub p: f64,
    /// The p of `d_plus`: small when the first function lies above, its values below.
    pub p_greater: f64,
    /// The p of `d_minus`.
    pub p_less: f64,
}

impl KolmogorovSmirnov {
    /// Returns the statistic of an alternative about the first distribution function.
    #[must_use]
    pub fn statistic(&self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.d,
            Alternative::Less => self.d_minus,
            Alternative::Greater => self.d_plus,
        }
    }

    /// Returns the p of an alternative about the first distribution function.
    #[must_use]
    pub fn p(&self, alternative: Alternative) -> f64 {
        match alternative {
            Alternative::TwoSided => self.p,
            Alternative::Less => self.p_less,
            Alternative::Greater => self.p_greater,
        }
    }
}

/// Tests whether two samples come from one distribution.
///
/// # Formula
///
/// ```text
/// D⁺ = max (F_x − F_y),  D⁻ = max (F_y − F_x),  D = max(D⁺, D⁻)
/// exact: the share of lattice paths from (0, 0) to (n, m) that reach |i/n − j/m| ≥ D
/// asymptotic, two-sided: P(D ≥ d) of one sample of round(nm / (n + m)) values
/// asymptotic, one-sided: exp(−2z² − ⅔ z (n + 2m) / √(nm (n + m))),
///                        z = √(nm / (n + m)) d,  n ≥ m
/// ```
///
/// # Shapes and units
///
/// At least one finite value in each sample, in one unit; order does not matter. The exact
/// p is that of samples without ties, and too large with them.
///
/// # Numerics
///
/// Gaps are compared as whole numbers `i m − j n`. The share of paths outside is carried as
/// an average of shares, all terms positive, in `O(nm)`, and keeps its digits at 1e-300;
/// above 4·10⁹ steps for the three of them it is refused.
///
/// # Errors
///
/// `Empty`, `NotFinite`; `InvalidParameter` for an exact count that would not end.
///
/// # Source
///
/// J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för
/// Matematik 3, 1958, 469–486, equation 5.3; the recursion is that of T. Viehmann,
/// arXiv:2102.08037, 2021.
///
/// # Example
///
/// ```
/// use crucible::stats::{KsMethod, ks_two_sample};
/// let test = ks_two_sample(&[1.0, 2.0], &[3.0, 4.0], KsMethod::Exact)?;
/// assert!((test.p - 1.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn ks_two_sample(
    xs: &[f64],
    ys: &[f64],
    method: KsMethod,
) -> Result<KolmogorovSmirnov, StatsError> {
    let groups = tie_groups(xs, ys)?;
    let (n, m) = (xs.len() as i128, ys.len() as i128);
    let (mut above, mut below, mut i, mut j) = (0_i128, 0_i128, 0_i128, 0_i128);
    for group in &groups {
        i += group.first as i128;
        j += (group.all - group.first) as i128;
        above = above.max(i * m - j * n);
        below = below.max(j * n - i * m);
    }
    let both = above.max(below);
    let pairs = n as f64 * m as f64;
    let (d, d_plus, d_minus) =
        (both as f64 / pairs, above as f64 / pairs, below as f64 / pairs);
    let sizes = Sizes { n, m };
    let (p, p_greater, p_less) = match method {
        KsMethod::Exact => {
            countable(3.0 * pairs)?;
            let one = |gap| sizes.outside(gap, Sides::One);
            (sizes.outside(both, Sides::Both), one(above), one(below))
        }
        KsMethod::Asymptotic => {
            (sizes.two_sided(d)?, sizes.hodges(d_plus), sizes.hodges(d_minus))
        }
    };
    Ok(KolmogorovSmirnov { d, d_plus, d_minus, p, p_greater, p_less })
}

/// Whether paths may leave on one side of the diagonal or on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sides {
    One,
    Both,
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    n: i128,
    m: i128,
}

impl Sizes {
    /// Returns the share of paths that reach a gap of `gap / (n m)`.
    ///
    /// On one side both samples play the same part: a path turned round leaves on the other.
    /// A row keeps ones outside the band, so a path that has left stays outside.
    fn outside(self, gap: i128, sides: Sides) -> f64 {
        if gap <= 0 {
            return 1.0;
        }
        let (n, m) = (self.n, self.m);
        let place = |j: i128| usize::try_from(j.clamp(0, m + 1)).unwrap_or(0);
        let width = place(m + 1);
        let mut row = match sides {
            Sides::Both => vec![1.0; width],
            Sides::One => vec![0.0; width],
        };
        for i in 0..=n {
            // Inside: i m − j n < gap, and on both sides also j n − i m < gap.
            let low = place((i * m - gap).div_euclid(n) + 1);
            let end = match sides {
                Sides::Both => place((i * m + gap - 1).div_euclid(n) + 1),
                Sides::One => width,
            };
            row[..low].fill(1.0);
            let up = i as f64;
            let mut before = if low > 0 { 1.0 } else { 0.0 };
            for (j, share) in row.iter_mut().enumerate().take(end).skip(low) {
                let across = j as f64;
                let under = if i > 0 { *share } else { 0.0 };
                let steps = (up + across).max(1.0);
                *share = (up * under + across * before) / steps;
                before = *share;
            }
        }
        row[width - 1].min(1.0)
    }

    fn two_sided(self, d: f64) -> Result<f64, StatsError> {
        let (n, m) = (self.n as f64, self.m as f64);
        let size = (n * m / (n + m)).round_ties_even().max(1.0);
        Kolmogorov::new(whole(size))?.sf(d)
    }

    fn hodges(self, d: f64) -> f64 {
        let (n, m) = (self.n.max(self.m) as f64, self.n.min(self.m) as f64);
        let z = (n * m / (n + m)).sqrt() * d;
        let correction = 2.0 * z * (n + 2.0 * m) / (n * m * (n + m)).sqrt() / 3.0;
        (-2.0 * z * z - correction).exp()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "below the number of values")]
#[expect(clippy::cast_sign_loss, reason = "at least 1")]
fn whole(size: f64) -> u64 {
    size as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn swapping_the_samples_swaps_the_sides() {
        let (xs, ys) = ([1.0, 4.0, 6.0, 9.0], [2.0, 3.0, 5.0, 5.5, 8.0, 11.0]);
        for method in [KsMethod::Exact, KsMethod::Asymptotic] {
            let one = ks_two_sample(&xs, &ys, method).unwrap();
            let other = ks_two_sample(&ys, &xs, method).unwrap();
            assert_eq!((one.d, one.d_plus), (other.d, other.d_minus));
            assert_relative_eq!(one.p, other.p, max_relative = 1e-13);
            assert_relative_eq!(one.p_less, other.p_greater, max_relative = 1e-13);
        }
    }

    #[test]
    fn equal_sizes_have_the_ratio_of_two_binomial_coefficients() {
        // P(D⁺ ≥ h/n) = C(2n, n − h) / C(2n, n) (Gnedenko and Korolyuk 1951).
        for (n, h) in [(5_u32, 2_u32), (40, 17), (200, 200)] {
            let size = i128::from(n);
            let sizes = Sizes { n: size, m: size };
            let want: f64 =
                (0..h).map(|j| f64::from(n - j) / f64::from(n + j + 1)).product();
            let got = sizes.outside(i128::from(h) * size, Sides::One);
            assert_relative_eq!(got, want, max_relative = 1e-12);
        }
    }

    #[test]
    fn small_samples_are_counted_path_by_path() {
        // All C(5, 2) orders of 2 and 3 values: a gap of 2/3 or more in 6 of 10, on one
        // side in 3.
        let sizes = Sizes { n: 2, m: 3 };
        assert_relative_eq!(sizes.outside(4, Sides::Both), 0.6, max_relative = 1e-14);
        assert_relative_eq!(sizes.outside(4, Sides::One), 0.3, max_relative = 1e-14);
        assert_relative_eq!(sizes.outside(6, Sides::Both), 0.2, max_relative = 1e-14);
    }

    #[test]
    fn samples_alike_or_apart_are_at_the_ends() {
        let same = ks_two_sample(&[1.0, 2.0], &[2.0, 1.0], KsMethod::Exact).unwrap();
        assert_eq!((same.d, same.p, same.p_less), (0.0, 1.0, 1.0));
        let one = ks_two_sample(&[1.0], &[2.0], KsMethod::Asymptotic).unwrap();
        assert_eq!((one.d, one.d_plus), (1.0, 1.0));
        assert!(ks_two_sample(&[], &[1.0], KsMethod::Exact).is_err());
        assert!(ks_two_sample(&[f64::NAN], &[1.0], KsMethod::Exact).is_err());
    }
}
