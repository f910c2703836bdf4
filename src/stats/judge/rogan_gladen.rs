//! The true share behind what an imperfect judge passes.

use serde::{Deserialize, Serialize};

use crate::stats::StatsError;
use crate::stats::dist::Normal;
use crate::stats::outcome::{Interval, level};

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How many are counted.
    pub count: u64,
    /// Out of how many.
    pub of: u64,
}

impl Part {
    fn share(self) -> Result<f64, StatsError> {
        if self.of == 0 {
            return Err(StatsError::Empty);
        }
        if self.count > self.of {
            let wanted = "at most the number it is out of";
            return Err(StatsError::InvalidParameter { name: "count", wanted });
        }
        Ok(self.count as f64 / self.of as f64)
    }
}

/// The share of right answers, corrected for the errors of the judge.
///
/// Values are those of [`rogan_gladen`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct JudgedShare {
    /// The corrected share, cut to `[0, 1]`.
    pub share: f64,
    /// The corrected share as it comes out: outside `[0, 1]` the judge's errors do not fit
    /// the answers that it judged.
    pub uncut: f64,
    /// The share that the judge passed.
    pub passed: f64,
    /// The judge's sensitivity: the share of right answers that it passes.
    pub sensitivity: f64,
    /// The judge's specificity: the share of wrong answers that it fails.
    pub specificity: f64,
    /// The interval of the true share, which knows how uncertain all three are; in `[0, 1]`.
    pub interval: Interval,
}

/// Corrects the share that a judge passes for the judge's errors.
///
/// # Formula
///
/// ```text
/// p  = (a + Sp − 1) / (Se + Sp − 1)
/// n' = n + z²,  a' = (n a + z²/2) / n',  Se' = (n_Se Se + 1) / (n_Se + 2),  Sp' alike
/// p' = (a' + Sp' − 1) / (Se' + Sp' − 1)
/// d  = 2 z² [p' Se'(1 − Se')/n'_Se − (1 − p') Sp'(1 − Sp')/n'_Sp]
/// V  = [a'(1 − a')/n' + p'² Se'(1 − Se')/n'_Se + (1 − p')² Sp'(1 − Sp')/n'_Sp]
///      / (Se' + Sp' − 1)²
/// interval p' + d ± z √V
/// ```
///
/// with `a` the share passed of `n`, and `n'_Se = n_Se + 2`.
///
/// # Shapes and units
///
/// `passed` counts what the judge passed among the answers of interest; `right_passed` what
/// it passed among answers known to be right; `wrong_failed` what it failed among answers
/// known to be wrong. The three are independent samples. Shares are in `[0, 1]`.
///
/// # Errors
///
/// `Empty` for a count out of nothing; `InvalidParameter` for a count above its total or a
/// level outside `(0, 1)`; `Undefined` when the judge does no better than chance, so that
/// `Se + Sp ≤ 1`.
///
/// # Source
///
/// W. J. Rogan and B. Gladen, "Estimating prevalence from the results of a screening test",
/// American Journal of Epidemiology 107(1), 1978, 71–76; the interval Z. Lang and J.
/// Reiczigel, "Confidence limits for prevalence of disease adjusted for estimated
/// sensitivity and specificity", Preventive Veterinary Medicine 113(1), 2014, 13–22,
/// equations 4 to 17.
///
/// # Example
///
/// ```
/// use crucible::stats::{Part, rogan_gladen};
///
/// let judged = rogan_gladen(
///     Part { count: 300, of: 500 },
///     Part { count: 90, of: 100 },
///     Part { count: 80, of: 100 },
///     0.95,
/// )?;
/// assert!((judged.share - 4.0 / 7.0).abs() < 1e-12);
/// # Ok::<(), crucible::stats::StatsError>(())
/// ```
pub fn rogan_gladen(
    passed: Part,
    right_passed: Part,
    wrong_failed: Part,
    confidence: f64,
) -> Result<JudgedShare, StatsError> {
    let z = Normal.upper_quantile((1.0 - level(confidence)?) / 2.0)?;
    let a = passed.share()?;
    let (se, sp) = (right_passed.share()?, wrong_failed.share()?);
    let uncut = corrected(a, se, sp)?;

    let towards = |share: f64, n: u64, added: f64| {
        let size = n as f64 + added;
        ((n as f64 * share + added / 2.0) / size, size)
    };
    let (a1, n1) = towards(a, passed.of, z * z);
    let (se1, n_se) = towards(se, right_passed.of, 2.0);
    let (sp1, n_sp) = towards(sp, wrong_failed.of, 2.0);
    let p1 = corrected(a1, se1, sp1)?;
    let of_se = se1 * (1.0 - se1) / n_se;
    let of_sp = sp1 * (1.0 - sp1) / n_sp;
    let shift = 2.0 * z * z * (p1 * of_se - (1.0 - p1) * of_sp);
    let spread = a1 * (1.0 - a1) / n1 + p1 * p1 * of_se + (1.0 - p1) * (1.0 - p1) * of_sp;
    let reach = z * spread.sqrt() / (se1 + sp1 - 1.0);
    let end = |x: f64| x.clamp(0.0, 1.0);
    Ok(JudgedShare {
        share: end(uncut),
        uncut,
        passed: a,
        sensitivity: se,
        specificity: sp,
        interval: Interval {
            low: end(p1 + shift - reach),
            high: end(p1 + shift + reach),
        },
    })
}

fn corrected(a: f64, se: f64, sp: f64) -> Result<f64, StatsError> {
    let better = se + sp - 1.0;
    if better > 0.0 {
        Ok((a + sp - 1.0) / better)
    } else {
        Err(StatsError::Undefined {
            what: "the share behind a judge no better than chance",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stream;
    use approx::assert_relative_eq;

    fn part(count: u64, of: u64) -> Part {
        Part { count, of }
    }

    #[test]
    fn three_samples_give_the_interval_of_lang_and_reiczigel() {
        // tests/data/stats/judge_reference.py, the formulas of the paper.
        let judged =
            rogan_gladen(part(259, 400), part(44, 50), part(61, 70), 0.95).unwrap();
        assert_relative_eq!(judged.share, 0.690_589_353_612_167_3, max_relative = 1e-12);
        assert_relative_eq!(
            judged.interval.low,
            0.591_560_297_442_400_1,
            max_relative = 1e-10
        );
        assert_relative_eq!(
            judged.interval.high,
            0.821_082_449_877_838_6,
            max_relative = 1e-10
        );
    }

    #[test]
    fn turning_right_and_wrong_around_turns_the_interval() {
        let one = rogan_gladen(part(120, 200), part(45, 50), part(30, 40), 0.9).unwrap();
        let other = rogan_gladen(part(80, 200), part(30, 40), part(45, 50), 0.9).unwrap();
        assert_relative_eq!(one.share, 1.0 - other.share, max_relative = 1e-12);
        let (a, b) = (one.interval, other.interval);
        assert_relative_eq!(a.low, 1.0 - b.high, max_relative = 1e-12);
    }

    #[test]
    fn a_judge_no_better_than_chance_says_nothing() {
        let judge = |right, wrong| rogan_gladen(part(5, 10), right, wrong, 0.95);
        assert!(matches!(
            judge(part(5, 10), part(5, 10)),
            Err(StatsError::Undefined { .. })
        ));
        assert!(judge(part(0, 10), part(10, 10)).is_err());
        assert_eq!(judge(part(0, 0), part(1, 1)), Err(StatsError::Empty));
        assert!(judge(part(3, 2), part(1, 1)).is_err());
        let far = rogan_gladen(part(0, 10), part(9, 10), part(8, 10), 0.95).unwrap();
        assert_relative_eq!(far.share, 0.0);
        assert!(far.uncut < 0.0 && far.interval.low >= 0.0);
    }

    #[test]
    fn the_interval_misses_the_true_share_as_often_as_it_says() {
        let mut stream = Stream::new(4, "judge");
        let mut draw = |n: u64, p: f64| {
            let hits = (0..n).filter(|_| stream.unit() < p).count();
            part(hits as u64, n)
        };
        let (share, se, sp) = (0.7, 0.9, 0.8);
        let rate = share * se + (1.0 - share) * (1.0 - sp);
        let runs = 4_000;
        let mut missed = 0.0;
        for _ in 0..runs {
            let (a, b, c) = (draw(300, rate), draw(80, se), draw(60, sp));
            let judged = rogan_gladen(a, b, c, 0.95).unwrap();
            missed += f64::from(u8::from(!judged.interval.holds(share)));
        }
        let missed = missed / f64::from(runs);
        assert!(missed < 0.05 + 3.7 * (0.0475_f64 / 4e3).sqrt(), "{missed}");
        assert!(missed > 0.02, "{missed}");
    }
}
