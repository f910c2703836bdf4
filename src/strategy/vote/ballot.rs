//! Ballots, and which of them give the same answer.

use crate::strategy::vote::rules::Rule;
use crate::text::{AnswerKey, Words};

/// What a member says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ballot {
    /// What its answer is compared by; `None` abstains.
    pub(super) key: Option<AnswerKey>,
    /// How sure it says it is.
    pub(super) confidence: Option<f64>,
    /// How much it counts.
    pub(super) weight: f64,
}

/// How an answer stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    /// The answer, as its first voter gave it.
    pub(super) key: AnswerKey,
    /// The members who gave it, in order; of a ranking, those who put it first.
    pub(super) voters: Vec<usize>,
    /// What the rule makes of it: more is better.
    pub(super) score: f64,
}

/// Groups ballots by their answers, in the order of the first voter.
///
/// With a level, texts are the same that are as similar to the first of their group: the
/// leader algorithm. A later ballot never changes the group of an earlier one.
///
/// # Source
///
/// J. A. Hartigan, Clustering Algorithms, Wiley 1975, chapter 3.
pub(super) fn grouped(ballots: &[Ballot], alike: Option<f64>) -> Vec<Standing> {
    let mut groups: Vec<(Standing, Option<Words>)> = Vec::new();
    for (member, ballot) in ballots.iter().enumerate() {
        let Some(key) = &ballot.key else { continue };
        let words = alike.and_then(|_| words(key));
        let same = |(known, leader): &(Standing, Option<Words>)| {
            known.key == *key
                || alike.zip(leader.as_ref()).zip(words.as_ref()).is_some_and(
                    |((level, leader), own)| leader.similarity(own) >= level - 1e-12,
                )
        };
        match groups.iter().position(same).and_then(|at| groups.get_mut(at)) {
            Some((known, _)) => known.voters.push(member),
            None => {
                let voters = vec![member];
                groups.push((Standing { key: key.clone(), voters, score: 0.0 }, words));
            }
        }
    }
    groups.into_iter().map(|(standing, _)| standing).collect()
}

/// Only texts are compared by their words; a number is another number or the same.
fn words(key: &AnswerKey) -> Option<Words> {
    if let AnswerKey::Text(text) = key { Some(Words::of(text)) } else { None }
}

/// Returns what a ballot ranks, best first, each once.
pub(super) fn ranking(key: &AnswerKey) -> Vec<&AnswerKey> {
    let AnswerKey::List(list) = key else { return vec![key] };
    let mut ranked: Vec<&AnswerKey> = Vec::new();
    for part in list.iter().filter(|part| **part != AnswerKey::Nothing) {
        if !ranked.contains(&part) {
            ranked.push(part);
        }
    }
    ranked
}

/// Counts points over answers that rank others.
///
/// # Formula
///
/// ```text
/// points of place i (from 1)  =  m − i
/// points of what is not named =  (m − k − 1) / 2, the mean of the places that are left
/// ```
///
/// m is the number of different answers over all ballots and k how many a ballot names.
///
/// # Source
///
/// J.-C. de Borda, "Mémoire sur les élections au scrutin", Histoire de l'Académie Royale des
/// Sciences, 1781 (1784), 657–665; for ballots that name only some, D. G. Saari, "Selecting a
/// voting method", Constitutional Political Economy 34, 2023, 357–366.
#[expect(clippy::cast_precision_loss, reason = "a vote has at most thousands of answers")]
pub(super) fn borda(ballots: &[Ballot]) -> Vec<Standing> {
    let rankings: Vec<(usize, Vec<&AnswerKey>)> = ballots
        .iter()
        .enumerate()
        .filter_map(|(member, ballot)| Some((member, ranking(ballot.key.as_ref()?))))
        .filter(|(_, ranked)| !ranked.is_empty())
        .collect();
    let mut all: Vec<Standing> = Vec::new();
    for key in rankings.iter().flat_map(|(_, ranked)| ranked.iter().copied()) {
        if all.iter().all(|known| known.key != *key) {
            all.push(Standing { key: key.clone(), voters: Vec::new(), score: 0.0 });
        }
    }
    let m = all.len();
    for (member, ranked) in &rankings {
        let rest = (m - ranked.len()).saturating_sub(1) as f64 / 2.0;
        for standing in &mut all {
            match ranked.iter().position(|key| **key == standing.key) {
                Some(place) => {
                    standing.score += (m - 1 - place) as f64;
                    if place == 0 {
                        standing.voters.push(*member);
                    }
                }
                None => standing.score += rest,
            }
        }
    }
    all
}

/// Says whether a ballot says anything under a rule.
pub(super) fn speaks(ballot: &Ballot, rule: &Rule) -> bool {
    match (&ballot.key, rule) {
        (None, _) => false,
        (Some(key), Rule::Ranked) => !ranking(key).is_empty(),
        (
            Some(_),
            Rule::Majority | Rule::Weighted(_) | Rule::BestConfidence | Rule::Unanimous,
        ) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::answer;
    use serde_json::{Value as Json, json};

    fn ballots(answers: &[Json]) -> Vec<Ballot> {
        let ballot =
            |json| Ballot { key: answer::key(json), confidence: None, weight: 1.0 };
        answers.iter().map(ballot).collect()
    }

    #[test]
    fn similar_texts_are_one_answer_and_numbers_never_are() {
        let said = [
            json!("The Eiffel Tower in Paris"),
            json!("the Louvre"),
            json!("Eiffel Tower, Paris"),
            json!(5),
            json!(5.5),
            json!("5.0"),
        ];
        let voters = |level| -> Vec<Vec<usize>> {
            grouped(&ballots(&said), level).into_iter().map(|one| one.voters).collect()
        };
        let alike = [vec![0, 2], vec![1], vec![3, 5], vec![4]];
        assert_eq!(voters(Some(0.8)), alike);
        assert_eq!(voters(None).len(), 5);
    }

    #[test]
    fn borda_counts_what_the_textbook_counts() {
        // Saari's beverage example: 6 for M>B>W, 5 for B>W>M, 4 for W>B>M.
        let mut said = vec![json!(["m", "b", "w"]); 6];
        said.extend(vec![json!(["b", "w", "m"]); 5]);
        said.extend(vec![json!(["w", "b", "m"]); 4]);
        let scores: Vec<(AnswerKey, f64)> =
            borda(&ballots(&said)).into_iter().map(|one| (one.key, one.score)).collect();
        let text = |text: &str| AnswerKey::Text(text.into());
        // 2·6 = 12 for M, 6 + 2·5 + 4 = 20 for B, 5 + 2·4 = 13 for W.
        assert_eq!(scores, [(text("m"), 12.0), (text("b"), 20.0), (text("w"), 13.0)]);
    }

    #[test]
    fn what_a_ballot_does_not_name_shares_the_places_that_are_left() {
        let said = [json!(["a"]), json!(["b", "c", "b", null]), json!([]), json!("a")];
        let found = borda(&ballots(&said));
        let scores: Vec<f64> = found.iter().map(|one| one.score).collect();
        // a: 2 + 0 + 2, b: ½ + 2 + ½, c: ½ + 1 + ½.
        assert_eq!(scores, [4.0, 3.0, 2.0]);
        assert_eq!(found[0].voters, [0, 3]);
    }
}
