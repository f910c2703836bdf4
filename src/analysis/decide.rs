//! From p-values to verdicts.

use crate::spec::{Alternative, Direction};
use crate::stats::{Interval, Tails};

use super::findings::Verdict;

/// A p-value, and the verdict that it speaks for when it is small enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Decision {
    /// The p-value before the correction of the family.
    pub(super) p: f64,
    /// The verdict when the corrected p is at most α.
    pub(super) toward: Verdict,
}

impl Decision {
    /// The decision of what could not be computed.
    pub(super) const NONE: Self = Self { p: 1.0, toward: Verdict::Inconclusive };

    /// Returns the verdict for a corrected p.
    pub(super) fn verdict(self, p_adjusted: f64, alpha: f64) -> Verdict {
        if p_adjusted <= alpha { self.toward } else { Verdict::Inconclusive }
    }

    /// Decides a comparison from its one-sided p and its two-sided one.
    pub(super) fn compare(
        claim: Claimed,
        estimate: f64,
        tails: Tails,
        two_sided: f64,
    ) -> Self {
        let Claimed { direction, margin, alternative } = claim;
        let (for_it, against) = match direction {
            Direction::Greater => (estimate > margin, estimate < margin),
            Direction::Less => (estimate < margin, estimate > margin),
        };
        let toward_p = match direction {
            Direction::Greater => tails.greater,
            Direction::Less => tails.less,
        };
        match alternative {
            Alternative::OneSided => {
                let toward =
                    if for_it { Verdict::Supported } else { Verdict::Inconclusive };
                Self { p: toward_p, toward }
            }
            Alternative::TwoSided => {
                let toward = match (for_it, against) {
                    (true, _) => Verdict::Supported,
                    (_, true) => Verdict::Refuted,
                    _ => Verdict::Inconclusive,
                };
                Self { p: two_sided, toward }
            }
        }
    }

    /// Decides an equivalence from the tails at its two bounds.
    pub(super) fn equivalent(
        inside: bool,
        low: Tails,
        high: Tails,
        alternative: Alternative,
    ) -> Self {
        if inside {
            return Self { p: low.greater.max(high.less), toward: Verdict::Supported };
        }
        match alternative {
            Alternative::OneSided => {
                Self { p: low.greater.max(high.less), toward: Verdict::Inconclusive }
            }
            Alternative::TwoSided => {
                let p = (2.0 * high.greater.min(low.less)).min(1.0);
                Self { p, toward: Verdict::Refuted }
            }
        }
    }

    /// Joins claims by `and`: supported when all are (intersection-union), refuted when one
    /// is, with Bonferroni's correction for the choice.
    pub(super) fn all(parts: &[Self]) -> Self {
        Self::join(parts, Verdict::Supported, Verdict::Refuted)
    }

    /// Joins claims by `or`: refuted when all are, supported when one is, with Bonferroni's
    /// correction for the choice.
    pub(super) fn any(parts: &[Self]) -> Self {
        Self::join(parts, Verdict::Refuted, Verdict::Supported)
    }

    fn join(parts: &[Self], together: Verdict, alone: Verdict) -> Self {
        if !parts.is_empty() && parts.iter().all(|part| part.toward == together) {
            let p = parts.iter().fold(0.0, |most: f64, part| most.max(part.p));
            return Self { p, toward: together };
        }
        let best = parts
            .iter()
            .filter(|part| part.toward == alone)
            .map(|part| part.p)
            .fold(f64::INFINITY, f64::min);
        if best.is_finite() {
            Self { p: (best * parts.len() as f64).min(1.0), toward: alone }
        } else {
            Self::NONE
        }
    }
}

/// What a comparison claims of θ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Claimed {
    pub(super) direction: Direction,
    pub(super) margin: f64,
    pub(super) alternative: Alternative,
}

/// In what a test differs from its interval beside the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides {
    /// The correction raised the p.
    pub(super) adjusted: bool,
    /// The test looks to one side; intervals look to both.
    pub(super) one_sided: bool,
}

/// Returns a sentence where interval and p disagree, else nothing.
pub(super) fn disagreement(
    verdict: Verdict,
    interval: Interval,
    margin: f64,
    test: Sides,
) -> Option<String> {
    let outside = !interval.holds(margin);
    match (verdict, outside) {
        (Verdict::Inconclusive, true) if test.one_sided => Some(
            "The interval, which looks to both sides, leaves out the margin; the one-sided test does not speak for the claim."
                .to_owned(),
        ),
        (Verdict::Supported | Verdict::Refuted, false) if test.one_sided => Some(
            "The interval, which looks to both sides, still holds the margin; the one-sided test decides."
                .to_owned(),
        ),
        (Verdict::Inconclusive, true) if test.adjusted => Some(
            "The interval, which is not corrected for the other hypotheses, leaves out the margin; the corrected p is above α and decides."
                .to_owned(),
        ),
        (Verdict::Inconclusive, true) => Some(
            "The interval, made by another method than the test, leaves out the margin; the p is above α and decides."
                .to_owned(),
        ),
        (Verdict::Supported | Verdict::Refuted, false) => Some(
            "The interval, made by another method than the test, still holds the margin; the test decides."
                .to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(p: f64, toward: Verdict) -> Decision {
        Decision { p, toward }
    }

    #[test]
    fn a_significant_result_on_the_other_side_refutes() {
        let claim = Claimed {
            direction: Direction::Less,
            margin: 0.0,
            alternative: Alternative::TwoSided,
        };
        let tails = Tails { greater: 0.001, less: 0.999 };
        let found = Decision::compare(claim, 1.0, tails, 0.002);
        assert_eq!(found.verdict(0.002, 0.05), Verdict::Refuted);
        assert_eq!(found.verdict(0.06, 0.05), Verdict::Inconclusive);
        let one = Claimed { alternative: Alternative::OneSided, ..claim };
        let found = Decision::compare(one, 1.0, tails, 0.002);
        assert_eq!((found.p, found.verdict(0.0, 0.05)), (0.999, Verdict::Inconclusive));
    }

    #[test]
    fn equivalence_is_supported_inside_and_refuted_outside() {
        let (low, high) =
            (Tails { greater: 0.01, less: 0.99 }, Tails { greater: 0.97, less: 0.03 });
        let inside = Decision::equivalent(true, low, high, Alternative::TwoSided);
        assert_eq!((inside.p, inside.toward), (0.03, Verdict::Supported));
        let far = Tails { greater: 0.001, less: 0.999 };
        let outside = Decision::equivalent(false, far, far, Alternative::TwoSided);
        assert_eq!((outside.p, outside.toward), (0.002, Verdict::Refuted));
    }

    #[test]
    fn and_needs_all_and_or_needs_one() {
        let yes = decision(0.01, Verdict::Supported);
        let weak = decision(0.2, Verdict::Supported);
        let no = decision(0.004, Verdict::Refuted);
        assert_eq!(Decision::all(&[yes, weak]), decision(0.2, Verdict::Supported));
        assert_eq!(Decision::all(&[yes, no]), decision(0.008, Verdict::Refuted));
        assert_eq!(Decision::any(&[yes, weak]), decision(0.02, Verdict::Supported));
        assert_eq!(Decision::any(&[no, no]), decision(0.004, Verdict::Refuted));
        assert_eq!(Decision::all(&[]), Decision::NONE);
    }
}
