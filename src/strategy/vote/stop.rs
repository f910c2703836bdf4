//! When a sequential vote is settled before all members were called.

use crate::strategy::vote::ballot::{Ballot, Standing, speaks};
use crate::strategy::vote::rules::{Counting, ROUNDING, Rule, Ties, leaders};

/// What a vote needs of its members.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Needs {
    /// All members, called or not.
    pub(super) members: usize,
    /// The fewest that must answer.
    pub(super) quorum: usize,
    /// The leader's share of all members, by weight, at which the vote ends.
    pub(super) until: Option<f64>,
}

/// Says whether the members that were not called yet are not needed: they cannot change the
/// winner, or the leader has the share of all that ends the vote, or the quorum is out of
/// reach.
///
/// # Formula
///
/// ```text
/// settled  ⇔  s_other + Σ |w_i of the members left| < s_leader   for every other answer
/// ```
///
/// Each member left can move the gap by its weight at most; an answer that nobody gave yet
/// has s = 0. Where ties go to the first, an equal sum of a later answer will do.
pub(super) fn is_settled(counting: &Counting, ballots: &[Ballot], needs: Needs) -> bool {
    let called = ballots.len();
    let answered = ballots.iter().filter(|ballot| speaks(ballot, &counting.rule)).count();
    if answered + needs.members.saturating_sub(called) < needs.quorum {
        return true;
    }
    if called >= needs.members {
        return true;
    }
    if answered < needs.quorum {
        return false;
    }
    let standings = counting.standings(ballots);
    match counting.rule {
        Rule::Unanimous => standings.len() > 1,
        Rule::Majority | Rule::Weighted(_) => {
            let left: f64 =
                (called..needs.members).map(|one| counting.most_weight(one)).sum();
            has_its_share(counting, &standings, needs)
                || is_out_of_reach(counting, &standings, left)
        }
        Rule::BestConfidence | Rule::Ranked => false,
    }
}

fn has_its_share(counting: &Counting, standings: &[Standing], needs: Needs) -> bool {
    let best = leaders(standings);
    let (Some(until), [leader]) = (needs.until, best.as_slice()) else { return false };
    let all: f64 = (0..needs.members).map(|one| counting.most_weight(one)).sum();
    standings.get(*leader).is_some_and(|one| one.score >= until * all - ROUNDING)
}

fn is_out_of_reach(counting: &Counting, standings: &[Standing], left: f64) -> bool {
    let Some(leader) = leaders(standings).first().copied() else { return false };
    let Some(ahead) = standings.get(leader).map(|one| one.score) else { return false };
    let slack = ROUNDING * ahead.abs().max(1.0);
    let safe = |other: f64, is_later: bool| {
        let most = other + left;
        most < ahead - slack
            || (counting.ties == Ties::First && is_later && most <= ahead)
    };
    let mut others = standings.iter().enumerate().filter(|(index, _)| *index != leader);
    safe(0.0, true) && others.all(|(index, one)| safe(one.score, index > leader))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::vote::rules::Weights;
    use crate::text::AnswerKey;
    use proptest::prelude::*;

    fn ballots(counting: &Counting, answers: &[u8]) -> Vec<Ballot> {
        answers
            .iter()
            .enumerate()
            .map(|(member, answer)| Ballot {
                key: (*answer > 0).then(|| AnswerKey::Text(answer.to_string())),
                confidence: None,
                weight: counting.weight(member, None),
            })
            .collect()
    }

    fn called(counting: &Counting, answers: &[u8], needs: Needs) -> usize {
        let all = ballots(counting, answers);
        (0..=all.len())
            .find(|called| is_settled(counting, &all[..*called], needs))
            .unwrap_or(all.len())
    }

    fn counting(rule: Rule, ties: Ties) -> Counting {
        Counting { rule, ties, alike: None }
    }

    #[test]
    fn a_vote_ends_when_the_rest_cannot_change_it() {
        let needs = Needs { members: 5, quorum: 0, until: None };
        let first = counting(Rule::Majority, Ties::First);
        let table: &[(&[u8], usize)] = &[
            (&[1, 1, 1, 2, 2], 3),
            (&[1, 1, 2, 1, 2], 4),
            (&[1, 2, 1, 2, 1], 5),
            (&[1, 1, 0, 0, 2], 3),
            (&[0, 0, 0, 0, 0], 5),
        ];
        for (answers, expected) in table {
            assert_eq!(called(&first, answers, needs), *expected, "{answers:?}");
        }
        // With four, two first ones are enough only where a tie goes to the first.
        let four = Needs { members: 4, ..needs };
        assert_eq!(called(&first, &[1, 1, 2, 2], four), 2);
        let drawn = counting(Rule::Majority, Ties::Random);
        assert_eq!(called(&drawn, &[1, 1, 2, 2], four), 4);
    }

    #[test]
    fn a_share_of_all_members_ends_it_and_a_quorum_keeps_it_going() {
        let rule = counting(Rule::Majority, Ties::First);
        let needs = Needs { members: 10, quorum: 0, until: Some(0.3) };
        assert_eq!(called(&rule, &[1; 10], needs), 3);
        assert_eq!(called(&rule, &[1; 10], Needs { quorum: 5, ..needs }), 5);
        // Three of four cannot answer once two did not.
        let lost = Needs { members: 4, quorum: 3, until: None };
        assert_eq!(called(&rule, &[0, 0, 1, 1], lost), 2);
    }

    #[test]
    fn two_answers_end_a_vote_that_must_be_unanimous() {
        let needs = Needs { members: 5, quorum: 0, until: None };
        let rule = counting(Rule::Unanimous, Ties::First);
        assert_eq!(called(&rule, &[1, 0, 2, 1, 1], needs), 3);
        assert_eq!(called(&rule, &[1; 5], needs), 5);
    }

    proptest! {
        #[test]
        fn whoever_is_not_called_would_not_have_changed_the_winner(
            answers in prop::collection::vec(0_u8..4, 1..10),
            weights in prop::collection::vec(-2_i8..4, 10),
            weighted in any::<bool>(),
            ties in prop::sample::select(vec![Ties::First, Ties::Random, Ties::Abstain]),
        ) {
            let rule = if weighted {
                let weights = weights.into_iter().map(f64::from).collect();
                Rule::Weighted(Weights::Fixed(weights))
            } else {
                Rule::Majority
            };
            let counting = counting(rule, ties);
            let needs = Needs { members: answers.len(), quorum: 0, until: None };
            let all = ballots(&counting, &answers);
            let some = called(&counting, &answers, needs);
            let winner = |ballots: &[Ballot]| {
                let standings = counting.standings(ballots);
                let won = counting.winner(&standings, |bound| bound - 1)?;
                Some(standings[won].key.clone())
            };
            prop_assert_eq!(winner(&all[..some]), winner(&all));
        }
    }
}
