//! How many members of a vote are reckoned to be called, before it runs.

use crate::base::Stream;
use crate::strategy::vote::Schedule;
use crate::strategy::vote::ballot::Ballot;
use crate::strategy::vote::rules::Counting;
use crate::strategy::vote::stop::{Needs, is_settled};
use crate::text::AnswerKey;

/// How often a member is reckoned to give the answer that most give, where nothing is known.
pub(super) const USUAL: f64 = 0.75;

/// The share of trials in which a cascade is reckoned to go on behind each member.
const GOES_ON: f64 = 0.5;

/// Votes that are played for the reckoning.
const PLAYED: u32 = 200;

/// More members than this are reckoned to be called all: playing them would take too long.
const MOST: usize = 60;

/// Wrong answers among which a member is reckoned to choose, as `sim` does.
const WRONG: u64 = 9;

/// Returns for each member the share of the trials in which it is called. A sequential vote
/// is played with members that are independent and give the usual answer so often.
pub(super) fn shares(
    counting: &Counting,
    schedule: &Schedule,
    quorum: usize,
    likely: &[f64],
) -> Vec<f64> {
    let all = vec![1.0; likely.len()];
    match schedule {
        Schedule::Parallel | Schedule::Hedged(_) => all,
        Schedule::Cascade { .. } => {
            std::iter::successors(Some(1.0), |share| Some(share * GOES_ON))
                .take(likely.len())
                .collect()
        }
        Schedule::Sequential { .. } if likely.len() > MOST => all,
        Schedule::Sequential { until } => {
            let needs = Needs { members: likely.len(), quorum, until: *until };
            let mut stream = Stream::new(0, "vote forecast");
            let mut called = vec![0_u32; likely.len()];
            for _ in 0..PLAYED {
                let played = play(counting, needs, likely, &mut stream);
                called.iter_mut().take(played).for_each(|count| *count += 1);
            }
            called.into_iter().map(|n| f64::from(n) / f64::from(PLAYED)).collect()
        }
    }
}

/// Plays one vote and returns how many members were called.
fn play(counting: &Counting, needs: Needs, likely: &[f64], stream: &mut Stream) -> usize {
    let mut ballots: Vec<Ballot> = Vec::with_capacity(likely.len());
    for (member, p) in likely.iter().enumerate() {
        let usual = stream.unit() < *p;
        let answer = if usual { 0 } else { 1 + stream.below(WRONG) };
        ballots.push(Ballot {
            key: Some(AnswerKey::Text(answer.to_string())),
            confidence: Some(*p),
            weight: counting.weight(member, Some(*p)),
        });
        if is_settled(counting, &ballots, needs) {
            break;
        }
    }
    ballots.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::vote::rules::{Rule, Ties};

    #[test]
    fn a_vote_of_three_needs_its_third_member_where_the_first_two_differ() {
        let counting = Counting { rule: Rule::Majority, ties: Ties::First, alike: None };
        let schedule = Schedule::Sequential { until: None };
        let shares = shares(&counting, &schedule, 0, &[USUAL; 3]);
        assert_eq!(shares[..2], [1.0, 1.0]);
        // They agree with probability 0.75² + 0.25²/9 = 0.569; 200 plays, 4 deviations of 0.035.
        assert!((shares[2] - 0.431).abs() < 0.14, "{shares:?}");
    }
}
