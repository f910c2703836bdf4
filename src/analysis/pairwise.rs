//! Every pair of a family: Holm over the pairs, significance groups, ranks.

use crate::spec::{
    Alternative, Condensed, Direction, Estimand, FamilySample, Over, Sample, Scale,
};
use crate::stats::{Correction, Interval, Resampling, adjust, mean};

use super::error::AnalysisError;
use super::evaluate::{Evaluated, Question, Setting};
use super::findings::{FamilyPairs, PairFindings, Ranked};
use super::hypothesis::answered;
use super::linear::What;
use super::samples::{Asked, Column, Counts, Lost, Samples};
use super::stopping::{self, Course};

/// The level of all pairs of a family together.
const ALPHA: f64 = 0.05;

/// Compares every pair of each family that the report names.
pub(super) fn pairwise(
    samples: &mut Samples<'_>,
    course: &Course,
) -> Result<Vec<FamilyPairs>, AnalysisError> {
    let asked = &samples.experiment.report.pairs;
    asked.iter().map(|family| compare(family, samples, course)).collect()
}

fn compare(
    family: &FamilySample,
    samples: &mut Samples<'_>,
    course: &Course,
) -> Result<FamilyPairs, AnalysisError> {
    let members = &family.conditions;
    let mut means = Vec::new();
    for condition in members {
        let sample = sample(family, condition);
        let lost = Lost::trials(samples.rule(&sample, What::Mean));
        let observed = samples.of(condition, &family.metric)?;
        means.push(mean(&Column::new(&observed, lost).means()).ok());
    }
    let stop = samples.experiment.header.stop;
    let mut places = Vec::new();
    let mut found = Vec::new();
    for left in 0..members.len() {
        for right in left + 1..members.len() {
            places.push([left, right]);
            let sides = [left, right].map(|at| samples.index(&members[at]));
            let [Some(one_side), Some(other)] = sides else { continue };
            samples.look(course.shared(stop, &[one_side, other]));
            let pair = one(family, [left, right], samples);
            samples.look(None);
            found.push(pair?);
        }
    }
    let p: Vec<f64> = found.iter().map(|pair| pair.decision.p).collect();
    let adjusted = adjust(&p, Correction::Holm)?;
    let pairs: Vec<PairFindings> = places
        .iter()
        .zip(&found)
        .zip(&adjusted)
        .map(|(([left, right], pair), p_adjusted)| PairFindings {
            left: members[*left].clone(),
            right: members[*right].clone(),
            estimate: pair.estimate.filter(|estimate| estimate.is_finite()),
            ci: pair.interval.and_then(Interval::ends),
            p: pair.decision.p,
            p_adjusted: *p_adjusted,
            differs: *p_adjusted <= ALPHA,
            test: stopping::named(pair.method.map_or("", |method| method.test), stop),
            reason: pair.reason.clone(),
        })
        .collect();
    let smallest_first = matches!(family.scale, Scale::Money | Scale::Duration);
    let differing = Differing::new(members.len(), &places, &pairs, smallest_first);
    let mut order: Vec<usize> = (0..members.len()).collect();
    let key = |at: &usize| match means[*at] {
        Some(mean) if smallest_first => mean,
        Some(mean) => -mean,
        None => f64::INFINITY,
    };
    order.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.cmp(b)));
    let letters = differing.letters(&order);
    let ranking = order
        .iter()
        .map(|at| Ranked {
            condition: members[*at].clone(),
            mean: means[*at],
            letters: letters[*at].clone(),
            ranks: differing.ranks(*at),
        })
        .collect();
    Ok(FamilyPairs {
        family: family.family.clone(),
        metric: family.metric.clone(),
        scale: family.scale,
        alpha: ALPHA,
        smallest_first,
        ranking,
        pairs,
    })
}

fn sample(family: &FamilySample, condition: &str) -> Sample {
    Sample {
        condition: condition.to_owned(),
        metric: family.metric.clone(),
        scale: family.scale,
    }
}

fn one(
    family: &FamilySample,
    [left, right]: [usize; 2],
    samples: &mut Samples<'_>,
) -> Result<Evaluated, AnalysisError> {
    let side =
        |at: usize| Estimand::Of(Condensed::Mean, sample(family, &family.conditions[at]));
    let name = format!("pairs/{}/{}/{left}/{right}", family.family, family.metric);
    let setting = Setting {
        alpha: ALPHA,
        alternative: Alternative::TwoSided,
        plan: Resampling::new(samples.experiment.header.seed, &name),
    };
    let items = f64::from(samples.items);
    match Question::compare(&side(left), Direction::Greater, &side(right), items) {
        Ok(question) => {
            let asked = Asked { counts: Counts::AsDeclared, brief: false };
            answered(&question, Over::Items, samples, asked, &setting)
        }
        Err(unsupported) => Ok(Evaluated::refused(&unsupported, &setting)),
    }
}

/// Which members differ significantly, and in which direction.
struct Differing {
    count: usize,
    /// `better[i][j]`: i is significantly ahead of j.
    ahead: Vec<Vec<bool>>,
}

impl Differing {
    fn new(
        count: usize,
        places: &[[usize; 2]],
        pairs: &[PairFindings],
        smallest_first: bool,
    ) -> Self {
        let mut ahead = vec![vec![false; count]; count];
        for ([left, right], pair) in places.iter().zip(pairs) {
            let Some(estimate) = pair.estimate.filter(|_| pair.differs) else { continue };
            if (estimate > 0.0) == smallest_first {
                ahead[*right][*left] = true;
            } else {
                ahead[*left][*right] = true;
            }
        }
        Self { count, ahead }
    }

    fn differ(&self, one: usize, other: usize) -> bool {
        self.ahead[one][other] || self.ahead[other][one]
    }

    /// Returns the ranks that a member may have.
    ///
    /// # Formula
    ///
    /// ```text
    /// first = 1 + #{j significantly ahead},   last = L − #{j significantly behind}
    /// ```
    ///
    /// With decisions whose family-wise error is at most α all intervals hold together with
    /// probability at least 1 − α.
    ///
    /// # Source
    ///
    /// M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm, "Inference for Ranks with
    /// Applications to Mobility across Neighbourhoods and Academic Achievement across
    /// Countries", Review of Economic Studies 91(1), 2024, 476–518.
    fn ranks(&self, member: usize) -> [u32; 2] {
        let before = (0..self.count).filter(|other| self.ahead[*other][member]).count();
        let behind = (0..self.count).filter(|other| self.ahead[member][*other]).count();
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        [narrow(1 + before), narrow(self.count - behind)]
    }

    /// Returns the significance groups of each member as letters, in the order of the ranks.
    ///
    /// Two members share a letter exactly when they do not differ significantly.
    ///
    /// # Source
    ///
    /// H.-P. Piepho, "An Algorithm for a Letter-Based Representation of All-Pairwise
    /// Comparisons", Journal of Computational and Graphical Statistics 13(2), 2004, 456–466
    /// (insert and absorb).
    fn letters(&self, order: &[usize]) -> Vec<String> {
        let mut groups: Vec<Vec<bool>> = vec![vec![true; self.count]];
        for one in 0..self.count {
            for other in one + 1..self.count {
                if self.differ(one, other) {
                    groups = split(groups, one, other);
                }
            }
        }
        let place = |group: &Vec<bool>| {
            let own: Vec<usize> = order
                .iter()
                .enumerate()
                .filter(|(_, member)| group[**member])
                .map(|(at, _)| at)
                .collect();
            own
        };
        groups.sort_by_key(place);
        let mut letters = vec![String::new(); self.count];
        for (index, group) in groups.iter().enumerate() {
            let name = letter(index);
            for (member, own) in letters.iter_mut().enumerate() {
                if group[member] {
                    own.push_str(&name);
                }
            }
        }
        letters
    }
}

/// Splits every group that holds both members, and drops groups that lie within another.
fn split(groups: Vec<Vec<bool>>, one: usize, other: usize) -> Vec<Vec<bool>> {
    let mut parts: Vec<Vec<bool>> = Vec::new();
    for group in groups {
        if !(group[one] && group[other]) {
            parts.push(group);
            continue;
        }
        for left_out in [one, other] {
            let mut part = group.clone();
            part[left_out] = false;
            parts.push(part);
        }
    }
    let within = |small: &[bool], large: &[bool]| {
        small.iter().zip(large).all(|(small, large)| !small || *large)
    };
    let mut kept: Vec<Vec<bool>> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let absorbed = parts.iter().enumerate().any(|(other, large)| {
            other != at && within(part, large) && (part != large || other < at)
        });
        if !absorbed {
            kept.push(part.clone());
        }
    }
    kept
}

/// Names a group: `a` to `z`, then `(27)` and so on.
fn letter(index: usize) -> String {
    let small = u8::try_from(index).ok().filter(|small| *small < 26);
    small.map_or_else(
        || format!("({})", index + 1),
        |small| char::from(b'a' + small).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn differing(count: usize, pairs: &[(usize, usize)]) -> Differing {
        let mut ahead = vec![vec![false; count]; count];
        for (one, other) in pairs {
            ahead[*one][*other] = true;
        }
        Differing { count, ahead }
    }

    #[test]
    fn neighbours_that_do_not_differ_share_a_letter() {
        // By hand: of four members the pairs 1-3, 1-4 and 2-4 differ, so the groups are
        // {1, 2}, {2, 3} and {3, 4}.
        let found = differing(4, &[(0, 2), (0, 3), (1, 3)]);
        assert_eq!(found.letters(&[0, 1, 2, 3]), ["a", "ab", "bc", "c"]);
        let ranks: Vec<[u32; 2]> = (0..4).map(|member| found.ranks(member)).collect();
        assert_eq!(ranks, [[1, 2], [1, 3], [2, 4], [3, 4]]);
    }

    proptest! {
        #[test]
        fn members_share_a_letter_exactly_when_they_do_not_differ(
            count in 1_usize..7,
            bits in proptest::collection::vec(any::<bool>(), 21),
        ) {
            let mut pairs = Vec::new();
            let mut bits = bits.into_iter();
            for one in 0..count {
                for other in one + 1..count {
                    if bits.next().unwrap_or(false) {
                        pairs.push((one, other));
                    }
                }
            }
            let found = differing(count, &pairs);
            let order: Vec<usize> = (0..count).collect();
            let letters = found.letters(&order);
            for one in 0..count {
                prop_assert!(!letters[one].is_empty());
                for other in one + 1..count {
                    let share = letters[one].chars().any(|c| letters[other].contains(c));
                    prop_assert_eq!(share, !found.differ(one, other));
                }
            }
        }
    }
}
