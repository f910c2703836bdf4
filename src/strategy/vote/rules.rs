//! Which answer wins: pure functions of the ballots.

use std::sync::{Arc, OnceLock};

use crate::strategy::vote::ballot::{Ballot, Standing, borda, grouped};

/// What a member without confidence counts as where the surest wins: less than any.
const UNSURE: f64 = -1.0;

/// Sums that differ by less are the same: they were added in another order.
pub(super) const ROUNDING: f64 = 1e-12;

/// How votes are counted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    /// The answer with the most voters.
    Majority,
    /// The answer with the largest sum of weights.
    Weighted(Weights),
    /// The answer of the member that is surest.
    BestConfidence,
    /// The only answer; where there are several, none.
    Unanimous,
    /// The answer with the most points over rankings.
    Ranked,
}

/// Where weights come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Weights {
    /// One for each member.
    Fixed(Vec<f64>),
    /// Each ballot's confidence.
    Confidence,
    /// One for each member, once they are learned.
    Learned(Arc<OnceLock<Vec<f64>>>),
}

/// What becomes of answers that stand equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ties {
    /// The one whose first voter is named first wins.
    First,
    /// One of them wins by a draw.
    Random,
    /// None wins.
    Abstain,
}

/// How votes are counted, in full.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Counting {
    pub(super) rule: Rule,
    pub(super) ties: Ties,
    /// The similarity from which two texts are one answer.
    pub(super) alike: Option<f64>,
}

/// Returns the log-odds of a member that is right with probability p, `ln(p / (1 − p))`.
///
/// # Source
///
/// S. Nitzan and J. Paroush, "Optimal Decision Rules in Uncertain Dichotomous Choice
/// Situations", International Economic Review 23(2), 1982, 289–297, theorem 1.
pub(super) fn log_odds(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

impl Counting {
    /// Returns how much a member's ballot counts.
    pub(super) fn weight(&self, member: usize, confidence: Option<f64>) -> f64 {
        match &self.rule {
            Rule::Weighted(Weights::Fixed(weights)) => {
                weights.get(member).copied().unwrap_or(0.0)
            }
            Rule::Weighted(Weights::Learned(weights)) => {
                weights.get().and_then(|all| all.get(member).copied()).unwrap_or(0.0)
            }
            Rule::Weighted(Weights::Confidence) => confidence
                .filter(|sure| !sure.is_nan())
                .map_or(0.0, |c| c.clamp(0.0, 1.0)),
            Rule::Majority | Rule::BestConfidence | Rule::Unanimous | Rule::Ranked => 1.0,
        }
    }

    /// Returns the most that a member's ballot can count, up or down.
    pub(super) fn most_weight(&self, member: usize) -> f64 {
        self.weight(member, Some(1.0)).abs()
    }

    /// Returns how the answers stand, in the order of their first voters.
    pub(super) fn standings(&self, ballots: &[Ballot]) -> Vec<Standing> {
        if self.rule == Rule::Ranked {
            return borda(ballots);
        }
        let mut standings = grouped(ballots, self.alike);
        for standing in &mut standings {
            let voters = standing.voters.iter().filter_map(|voter| ballots.get(*voter));
            standing.score = if self.rule == Rule::BestConfidence {
                let sure = voters.filter_map(|ballot| ballot.confidence);
                sure.filter(|sure| !sure.is_nan()).fold(UNSURE, f64::max)
            } else {
                voters.map(|ballot| ballot.weight).sum()
            };
        }
        standings
    }

    /// Returns which of the standings wins; `draw` draws a whole number below its bound.
    pub(super) fn winner(
        &self,
        standings: &[Standing],
        draw: impl FnOnce(usize) -> usize,
    ) -> Option<usize> {
        if self.rule == Rule::Unanimous {
            return (standings.len() == 1).then_some(0);
        }
        let leaders = leaders(standings);
        match (self.ties, leaders.as_slice()) {
            (_, []) => None,
            (_, [one]) => Some(*one),
            (Ties::First, [first, ..]) => Some(*first),
            (Ties::Random, several) => several.get(draw(several.len())).copied(),
            (Ties::Abstain, _) => None,
        }
    }
}

/// Returns which standings are the best, in order.
pub(super) fn leaders(standings: &[Standing]) -> Vec<usize> {
    let best = standings.iter().map(|one| one.score).fold(f64::NEG_INFINITY, f64::max);
    let slack = ROUNDING * best.abs().max(1.0);
    let good =
        |(index, one): (usize, &Standing)| (best - one.score <= slack).then_some(index);
    standings.iter().enumerate().filter_map(good).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::answer;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn counting(rule: Rule) -> Counting {
        Counting { rule, ties: Ties::First, alike: None }
    }

    /// The voters of the answer that wins; ballots are answers with confidences.
    fn voters(counting: &Counting, said: &[(Json, Option<f64>)]) -> Option<Vec<usize>> {
        let ballots: Vec<Ballot> = said
            .iter()
            .enumerate()
            .map(|(member, (json, confidence))| Ballot {
                key: answer::key(json),
                confidence: *confidence,
                weight: counting.weight(member, *confidence),
            })
            .collect();
        let standings = counting.standings(&ballots);
        let winner = counting.winner(&standings, |bound| bound - 1)?;
        Some(standings[winner].voters.clone())
    }

    fn plain(counting: &Counting, answers: &[Json]) -> Option<Vec<usize>> {
        let said: Vec<_> = answers.iter().map(|answer| (answer.clone(), None)).collect();
        voters(counting, &said)
    }

    #[test]
    fn the_answer_with_the_most_voters_wins() {
        let table: &[(&[Json], Option<&[usize]>)] = &[
            (&[json!("a"), json!("b"), json!("b")], Some(&[1, 2])),
            (&[json!("b"), json!("a")], Some(&[0])),
            (&[json!("a"), json!("b"), json!("b"), json!("a")], Some(&[0, 3])),
            (&[json!(null), json!("b"), json!("c")], Some(&[1])),
            (&[json!(null), json!(null)], None),
            (&[], None),
            (&[json!(7), json!(5), json!("5.00"), json!(5.0)], Some(&[1, 2, 3])),
            (
                &[json!("c"), json!("a"), json!("b"), json!("b"), json!("a")],
                Some(&[1, 4]),
            ),
        ];
        for (answers, expected) in table {
            let won = plain(&counting(Rule::Majority), answers);
            assert_eq!(won.as_deref(), *expected, "{answers:?}");
        }
    }

    #[test]
    fn ties_go_to_the_first_by_draw_or_to_nobody() {
        let said = [json!("c"), json!("a"), json!("b"), json!("b"), json!("a")];
        let with = |ties| plain(&Counting { ties, ..counting(Rule::Majority) }, &said);
        assert_eq!(with(Ties::First), Some(vec![1, 4]));
        assert_eq!(with(Ties::Random), Some(vec![2, 3]), "the last was drawn");
        assert_eq!(with(Ties::Abstain), None);
    }

    #[test]
    fn weights_add_up_and_a_strong_member_outvotes_two_weak_ones() {
        let weights = [0.9, 0.6, 0.6].map(log_odds).to_vec();
        let rule = Rule::Weighted(Weights::Fixed(weights));
        let said = [json!("a"), json!("b"), json!("b")];
        // ln 9 = 2.197 against 2 · ln 1.5 = 0.811.
        assert_eq!(plain(&counting(rule), &said), Some(vec![0]));
        let even = Rule::Weighted(Weights::Fixed(vec![0.3, 0.1, 0.2]));
        assert_eq!(plain(&counting(even), &said), Some(vec![0]), "0.1 + 0.2 is 0.3");
        let own = counting(Rule::Weighted(Weights::Confidence));
        let sure = [
            (json!("a"), Some(0.9)),
            (json!("b"), Some(0.5)),
            (json!("b"), Some(0.3)),
            (json!("b"), None),
        ];
        assert_eq!(voters(&own, &sure), Some(vec![0]));
    }

    #[test]
    fn the_surest_wins_with_all_who_say_the_same() {
        let rule = counting(Rule::BestConfidence);
        let said = [
            (json!("a"), Some(0.4)),
            (json!("b"), Some(0.7)),
            (json!("a"), Some(0.8)),
            (json!("c"), None),
        ];
        assert_eq!(voters(&rule, &said), Some(vec![0, 2]));
    }

    #[test]
    fn unanimous_is_all_that_answered_or_nothing() {
        let rule = counting(Rule::Unanimous);
        assert_eq!(
            plain(&rule, &[json!(5), json!(null), json!("5.0")]),
            Some(vec![0, 2])
        );
        assert_eq!(plain(&rule, &[json!(5), json!(5), json!(6)]), None);
        assert_eq!(plain(&rule, &[json!(null)]), None);
    }

    proptest! {
        #[test]
        fn abstentions_change_no_winner(answers in prop::collection::vec(0_u8..4, 0..12)) {
            let votes: Vec<Json> = answers
                .iter()
                .map(|n| if *n == 0 { Json::Null } else { json!(n) })
                .collect();
            let without: Vec<Json> =
                votes.iter().filter(|vote| !vote.is_null()).cloned().collect();
            for rule in [Rule::Majority, Rule::Unanimous, Rule::Ranked] {
                let winner = |votes: &[Json]| {
                    plain(&counting(rule.clone()), votes)
                        .map(|voters| votes[voters[0]].clone())
                };
                prop_assert_eq!(winner(&votes), winner(&without));
            }
        }

        #[test]
        fn every_ballot_that_speaks_is_counted_once(
            answers in prop::collection::vec(0_u8..4, 0..12)
        ) {
            let ballots: Vec<Ballot> = answers
                .iter()
                .map(|n| Ballot {
                    key: (*n > 0).then(|| answer::key(&json!(n)).unwrap()),
                    confidence: None,
                    weight: 1.0,
                })
                .collect();
            let mut counted: Vec<usize> = counting(Rule::Majority)
                .standings(&ballots)
                .into_iter()
                .flat_map(|one| one.voters)
                .collect();
            counted.sort_unstable();
            let spoke: Vec<usize> =
                (0..answers.len()).filter(|member| answers[*member] > 0).collect();
            prop_assert_eq!(counted, spoke);
        }

        #[test]
        fn no_answer_has_more_voters_than_the_winner(
            answers in prop::collection::vec(0_u8..4, 1..12)
        ) {
            let votes: Vec<Json> = answers.iter().map(|n| json!(n)).collect();
            let won = plain(&counting(Rule::Majority), &votes).unwrap();
            for answer in &answers {
                let voters = answers.iter().filter(|other| *other == answer).count();
                prop_assert!(voters <= won.len());
            }
        }
    }
}
