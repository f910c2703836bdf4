//! Group-sequential designs: a few looks, one error level.

use serde::{Deserialize, Serialize};

use super::course::Course;
use super::spending::Spending;
use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Alternative, Interval, enough, finite_number, level};
use crate::stats::special::bracketed_root;

/// Looks closer than a hundred-thousandth, less some rounding, cost too much to integrate.
const CLOSEST: f64 = 0.999_999e-5;
/// The smallest sequential p that is told from zero.
const SMALLEST: f64 = 1e-300;

/// One look of a design.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Share of the planned information that is there, in `(0, 1]`.
    pub fraction: f64,
    /// Error level spent up to and with this look, all sides together.
    pub spent: f64,
    /// The z from which the look decides, on the side of the alternative; `|z|` when
    /// two-sided. Infinite where nothing is spent.
    pub bound: f64,
    /// The ordinary p at or below which the look decides: the level of `bound`.
    pub nominal: f64,
}

/// The boundaries of a test that may stop at any of several looks.
///
/// # Formula
///
/// ```text
/// P(no stop before look k, stop at k | H₀) = α*(t_k) − α*(t_{k−1})
/// ```
///
/// solved for the bound of each look in turn; `Z_k √t_k` has independent normal increments
/// of variance `t_k − t_{k−1}`. A two-sided design spends half on each side.
///
/// # Shapes and units
///
/// Shares of the information: at least one, in `(0, 1]`, rising by at least 0.00001; the
/// last need not be 1, and shares seen later may replace the planned ones as long as the
/// earlier looks stay. Bounds are in standard errors.
///
/// # Numerics
///
/// Paths are integrated with a Gauss-Legendre rule on panels no wider than two standard
/// deviations of an increment; bounds agree with 30-digit arithmetic to 1e-10.
///
/// # Errors
///
/// `Empty`, `NotFinite`, `InvalidParameter`.
///
/// # Source
///
/// K. K. G. Lan and D. L. `DeMets`, Biometrika 70(3), 1983, 659–663; the integration of P.
/// Armitage, C. K. `McPherson` and B. C. Rowe, Journal of the Royal Statistical Society A
/// 132(2), 1969, 235–244.
///
/// # Example
///
/// ```
/// use crucible::stats::{Alternative, GroupSequential, Spending};
///
/// let design =
///     GroupSequential::even(5, 0.05, Spending::ObrienFleming, Alternative::TwoSided)?;
/// assert!((design.looks()[4].bound - 2.0310).abs() < 1e-4);
/// // The second look finds an ordinary p of 0.01: the design does not stop there.
/// assert!(design.p(&[0.2, 0.01])? > 0.05);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSequential {
    spending: Spending,
    alternative: Alternative,
    alpha: f64,
    looks: Vec<Look>,
}

impl GroupSequential {
    /// Returns the design with looks at these shares of the information.
    ///
    /// # Errors
    ///
    /// As the type says.
    pub fn new(
        fractions: &[f64],
        alpha: f64,
        spending: Spending,
        alternative: Alternative,
    ) -> Result<Self, StatsError> {
        enough(fractions.len(), 1)?;
        level(alpha)?;
        let mut before = 0.0;
        for (index, fraction) in fractions.iter().enumerate() {
            if !fraction.is_finite() {
                return Err(StatsError::NotFinite { index });
            }
            if fraction - before < CLOSEST || *fraction > 1.0 {
                let wanted = "above 0, rising by at least 0.00001, at most 1";
                return Err(StatsError::InvalidParameter {
                    name: "shares of the information",
                    wanted,
                });
            }
            before = *fraction;
        }
        let mut design = Self { spending, alternative, alpha, looks: Vec::new() };
        design.looks = design.solve(fractions)?;
        Ok(design)
    }

    /// Returns the design with so many looks, equally far apart, the last at the end.
    ///
    /// # Errors
    ///
    /// As [`GroupSequential::new`].
    pub fn even(
        looks: usize,
        alpha: f64,
        spending: Spending,
        alternative: Alternative,
    ) -> Result<Self, StatsError> {
        let n = looks as f64;
        let fractions: Vec<f64> = (1..=looks).map(|k| k as f64 / n).collect();
        Self::new(&fractions, alpha, spending, alternative)
    }

    /// Returns the looks in order.
    #[must_use]
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// Returns the repeated confidence interval at a look, counted from 0.
    ///
    /// All intervals of the course hold at once with confidence `1 − α`, whether or not the
    /// test stops; so one may be shown at each look.
    ///
    /// # Formula
    ///
    /// ```text
    /// θ̂ ± c_k SE;  one-sided: open at the other end
    /// ```
    ///
    /// # Shapes and units
    ///
    /// `estimate` and `se` are those of the data at the look, in one unit.
    ///
    /// # Errors
    ///
    /// `InvalidParameter` for a look that the design does not have or a negative SE,
    /// `NotFinite`.
    ///
    /// # Source
    ///
    /// C. Jennison and B. W. Turnbull, "Interim Analyses: The Repeated Confidence Interval
    /// Approach", Journal of the Royal Statistical Society B 51(3), 1989, 305–361.
    pub fn interval(
        &self,
        look: usize,
        estimate: f64,
        se: f64,
    ) -> Result<Interval, StatsError> {
        let Some(Look { bound, .. }) = self.looks.get(look) else {
            return Err(unknown_look());
        };
        finite_number(estimate)?;
        if finite_number(se)? < 0.0 {
            let wanted = "zero or positive";
            return Err(StatsError::InvalidParameter { name: "standard error", wanted });
        }
        let reach = if bound.is_finite() { bound * se } else { *bound };
        let (low, high) = (estimate - reach, estimate + reach);
        Ok(match self.alternative {
            Alternative::TwoSided => Interval { low, high },
            Alternative::Less => Interval { low: f64::NEG_INFINITY, high },
            Alternative::Greater => Interval { low, high: f64::INFINITY },
        })
    }

    /// Returns the sequential p after the looks whose ordinary p-values are given.
    ///
    /// It is the smallest level at which the design would have stopped by now; it is at
    /// most `α` exactly when the design has stopped. It holds at every look, so it may be
    /// corrected for several hypotheses like any other p.
    ///
    /// # Formula
    ///
    /// ```text
    /// p = min over j ≤ k of the α with c_j(α) = z_j
    /// ```
    ///
    /// # Shapes and units
    ///
    /// `nominal` has the p of each look so far, in order, of the alternative of the design;
    /// from one p to as many as there are looks.
    ///
    /// # Numerics
    ///
    /// To ten digits; below 1e-300 it is zero.
    ///
    /// # Errors
    ///
    /// `Empty`, `OutOfRange` for what is not a probability, `InvalidParameter` for more
    /// p-values than looks.
    ///
    /// # Source
    ///
    /// Q. Liu and K. M. Anderson, "On Adaptive Extensions of Group Sequential Trials for
    /// Clinical Investigations", Journal of the American Statistical Association 103(484),
    /// 2008, 1621–1630.
    pub fn p(&self, nominal: &[f64]) -> Result<f64, StatsError> {
        enough(nominal.len(), 1)?;
        if nominal.len() > self.looks.len() {
            return Err(unknown_look());
        }
        if nominal.iter().any(|p| !(0.0..=1.0).contains(p)) {
            return Err(StatsError::OutOfRange);
        }
        let mut least = 1.0_f64;
        for (look, p) in nominal.iter().enumerate().rev() {
            // The level at which a look stops is never below its ordinary p.
            if *p < least {
                least = least.min(self.p_of_look(look, *p)?);
            }
        }
        Ok(least)
    }

    fn sides(&self) -> f64 {
        match self.alternative {
            Alternative::TwoSided => 2.0,
            Alternative::Less | Alternative::Greater => 1.0,
        }
    }

    /// Follows the bounds of a level of one side over these looks.
    fn course(&self, fractions: &[f64], side: f64) -> Result<Course, StatsError> {
        let mut course =
            Course::start(self.spending, side, self.alternative == Alternative::TwoSided);
        for fraction in fractions {
            course.look(*fraction)?;
        }
        Ok(course)
    }

    fn solve(&self, fractions: &[f64]) -> Result<Vec<Look>, StatsError> {
        let sides = self.sides();
        let course = self.course(fractions, self.alpha / sides)?;
        let mut looks = Vec::with_capacity(fractions.len());
        for (fraction, bound) in fractions.iter().zip(course.bounds()) {
            let spent = sides * self.spending.spent(self.alpha / sides, *fraction)?;
            let nominal = (sides * Normal.sf(*bound)?).min(1.0);
            looks.push(Look { fraction: *fraction, spent, bound: *bound, nominal });
        }
        Ok(looks)
    }

    /// Returns the level at which a look with this p lies on its bound.
    fn p_of_look(&self, look: usize, nominal: f64) -> Result<f64, StatsError> {
        let sides = self.sides();
        let z = Normal.upper_quantile(nominal / sides)?;
        let fractions: Vec<f64> = self.looks.iter().map(|l| l.fraction).collect();
        let (Some(earlier), Some(fraction)) =
            (fractions.get(..look), fractions.get(look))
        else {
            return Err(unknown_look());
        };
        if z == f64::INFINITY {
            return Ok(0.0);
        }
        let excess = |log: f64| {
            let side = log.exp();
            let excess =
                self.course(earlier, side).and_then(|course| course.excess(*fraction, z));
            excess.unwrap_or(f64::NAN)
        };
        let most = ((1.0 - 1e-9) / sides).ln();
        let least = (SMALLEST / sides).ln();
        if excess(least) < 0.0 {
            return Ok(0.0);
        }
        if excess(most) >= 0.0 {
            return Ok(1.0);
        }
        Ok((sides * bracketed_root(least, most, excess).exp()).min(1.0))
    }
}

fn unknown_look() -> StatsError {
    StatsError::InvalidParameter {
        name: "look",
        wanted: "one of the looks of the design",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stream;
    use approx::assert_relative_eq;

    const FIFTHS: [f64; 5] = [0.2, 0.4, 0.6, 0.8, 1.0];

    fn bounds(spending: Spending, alpha: f64, alternative: Alternative) -> Vec<f64> {
        let design = GroupSequential::new(&FIFTHS, alpha, spending, alternative).unwrap();
        design.looks().iter().map(|look| look.bound).collect()
    }

    fn near(got: &[f64], want: &[f64], tolerance: f64) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert_relative_eq!(*got, *want, max_relative = tolerance);
        }
    }

    #[test]
    fn five_looks_have_the_bounds_of_the_literature() {
        // tests/data/stats/early_reference.py, mpmath with 30 digits; to four places these
        // are the bounds that ldbounds and gsDesign print.
        let obf = bounds(Spending::ObrienFleming, 0.05, Alternative::TwoSided);
        let want = [
            4.876_884_948_790_76,
            3.357_011_921_574_64,
            2.680_280_064_544_99,
            2.289_816_767_711_95,
            2.031_032_043_310_06,
        ];
        near(&obf, &want, 1e-10);
        let pocock = bounds(Spending::Pocock, 0.05, Alternative::TwoSided);
        let want = [
            2.437_976_688_050_01,
            2.426_813_858_150_11,
            2.410_193_840_271_32,
            2.396_645_400_648_73,
            2.385_984_571_622_55,
        ];
        near(&pocock, &want, 1e-10);
    }

    #[test]
    fn one_side_forgets_the_paths_that_left_on_the_other() {
        // The same script, one-sided at 0.025 and at uneven looks.
        let pocock = bounds(Spending::Pocock, 0.025, Alternative::Greater);
        let want = [
            2.437_976_688_050_01,
            2.426_813_858_438_36,
            2.410_194_142_500_75,
            2.396_649_265_382_67,
            2.385_999_649_817_66,
        ];
        near(&pocock, &want, 1e-10);
        let uneven = |alpha, spending, alternative| {
            let looks = [0.15, 0.4, 0.9];
            let design =
                GroupSequential::new(&looks, alpha, spending, alternative).unwrap();
            design.looks().iter().map(|look| look.bound).collect::<Vec<_>>()
        };
        near(
            &uneven(0.01, Spending::ObrienFleming, Alternative::TwoSided),
            &[7.153_224_413_326_96, 4.286_713_567_443_81, 2.738_677_405_764_82],
            1e-10,
        );
        near(
            &uneven(0.1, Spending::Pocock, Alternative::Less),
            &[1.996_645_986_082_35, 1.784_269_034_548_93, 1.555_677_892_841_32],
            1e-10,
        );
    }

    #[test]
    fn one_look_is_an_ordinary_test() {
        let design =
            GroupSequential::even(1, 0.05, Spending::Pocock, Alternative::TwoSided)
                .unwrap();
        assert_relative_eq!(design.looks()[0].nominal, 0.05, max_relative = 1e-10);
        for p in [0.9, 0.05, 1e-12, 1e-200] {
            assert_relative_eq!(design.p(&[p]).unwrap(), p, max_relative = 1e-9);
        }
    }

    #[test]
    fn the_sequential_p_is_at_the_level_exactly_on_the_bound() {
        for spending in [Spending::ObrienFleming, Spending::Pocock] {
            for alternative in [Alternative::TwoSided, Alternative::Greater] {
                let design =
                    GroupSequential::even(3, 0.05, spending, alternative).unwrap();
                let mut nominal = Vec::new();
                for look in design.looks() {
                    nominal.push(look.nominal);
                    let p = design.p(&nominal).unwrap();
                    assert_relative_eq!(p, 0.05, max_relative = 1e-8);
                    if let Some(last) = nominal.last_mut() {
                        *last = 1.0;
                    }
                }
                assert_relative_eq!(design.p(&nominal).unwrap(), 1.0);
            }
        }
    }

    #[test]
    fn sequential_p_values_only_fall_and_tiny_ones_keep_their_digits() {
        let design =
            GroupSequential::even(4, 0.05, Spending::Pocock, Alternative::TwoSided)
                .unwrap();
        let (first, second) = (design.p(&[0.2]).unwrap(), design.p(&[0.2, 0.5]).unwrap());
        assert!(second <= first);
        // Pocock's first look spends α ln(1 + (e − 1)/4) of each level.
        let share = ((std::f64::consts::E - 1.0) / 4.0).ln_1p();
        let tiny = design.p(&[1e-250]).unwrap();
        assert_relative_eq!(tiny, 1e-250 / share, max_relative = 1e-8);
        assert_relative_eq!(design.p(&[0.0]).unwrap(), 0.0);
    }

    #[test]
    fn under_the_null_all_looks_together_err_at_the_level() {
        // 20,000 paths of five looks at fixed seed; binomial band of 3.7 deviations.
        let mut stream = Stream::new(11, "early");
        for spending in [Spending::ObrienFleming, Spending::Pocock] {
            let limits = bounds(spending, 0.05, Alternative::TwoSided);
            let errs = |stream: &mut Stream| {
                let mut sum = 0.0;
                limits.iter().enumerate().any(|(k, limit)| {
                    sum += stream.normal();
                    (sum / (k as f64 + 1.0).sqrt()).abs() >= *limit
                })
            };
            let wrong = (0..20_000).filter(|_| errs(&mut stream)).count();
            let share = wrong as f64 / 20_000.0;
            assert!((share - 0.05).abs() < 3.7 * (0.0475_f64 / 2e4).sqrt(), "{share}");
        }
    }

    #[test]
    fn repeated_intervals_are_open_where_nothing_is_spent() {
        let looks = [0.0005, 1.0];
        let new = |alternative| {
            GroupSequential::new(&looks, 0.05, Spending::ObrienFleming, alternative)
                .unwrap()
        };
        let both = new(Alternative::TwoSided);
        assert!(both.looks()[0].bound.is_infinite());
        assert!(both.interval(0, 0.0, 1.0).unwrap().low.is_infinite());
        assert!(both.interval(0, 0.0, 0.0).unwrap().low.is_infinite());
        let end = both.interval(1, 3.0, 2.0).unwrap();
        assert_relative_eq!(
            end.high - 3.0,
            2.0 * 1.959_963_984_540_054,
            max_relative = 1e-8
        );
        assert!(new(Alternative::Less).interval(1, 3.0, 2.0).unwrap().low.is_infinite());
        assert!(
            new(Alternative::Greater).interval(1, 3.0, 2.0).unwrap().high.is_infinite()
        );
        assert!(both.interval(2, 0.0, 1.0).is_err());
        assert!(both.interval(1, 0.0, -1.0).is_err());
        assert!(both.interval(1, f64::NAN, 1.0).is_err());
    }

    #[test]
    fn looks_out_of_order_are_refused() {
        let new = |looks: &[f64]| {
            GroupSequential::new(looks, 0.05, Spending::Pocock, Alternative::TwoSided)
        };
        assert_eq!(new(&[]), Err(StatsError::Empty));
        assert_eq!(new(&[0.5, f64::NAN]), Err(StatsError::NotFinite { index: 1 }));
        for bad in [&[0.5, 0.5][..], &[0.0, 1.0], &[0.9, 0.1], &[0.5, 1.1]] {
            assert!(new(bad).is_err(), "{bad:?}");
        }
        let design = new(&[0.5, 1.0]).unwrap();
        assert!(design.p(&[]).is_err());
        assert!(design.p(&[0.1, 0.1, 0.1]).is_err());
        assert_eq!(design.p(&[1.5]), Err(StatsError::OutOfRange));
    }
}
