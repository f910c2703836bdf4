//! `vote`: several strategies answer, and the answer that most of them give wins.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::base::Digest;
use crate::model::Gateway;
use crate::record::{Failure, FailureKind, Item, Output, Vote as Cast};
use crate::script::{Extractor, ScriptRun};
use crate::spec::{Call, Fallback, Param, Signature, SourceText, Type};
use crate::strategy::context::TrialContext;
use crate::strategy::contract::{BuildError, Builder, Combinator, Strategy};
use crate::strategy::forecast::CallForecast;
use crate::text::answer::{self, AnswerKey};

/// Asks all members at the same time and returns the answer that most of them give.
///
/// # Source
///
/// X. Wang, J. Wei, D. Schuurmans, Q. Le, E. Chi, S. Narang, A. Chowdhery and D. Zhou,
/// "Self-Consistency Improves Chain of Thought Reasoning in Language Models", ICLR 2023.
#[derive(Debug)]
pub struct Vote {
    name: String,
    members: Vec<Arc<dyn Strategy>>,
    answer: Option<Extractor>,
    sources: Arc<[SourceText]>,
}

const SIGNATURE: Signature = Signature::new(
    "vote",
    Type::Strategy,
    "Asks several strategies at the same time and returns what most of them answer.",
)
.with_details(
    "Answers are compared as values: 5, 5.0 and \"5.00\" are one. A tie goes to the answer \
     whose first voter is named first. A member whose answer is `()`, or that fails, \
     abstains; when all abstain the first that answered speaks, and when all fail the trial \
     fails. The output keeps the text of the first voter of the answer that won; its \
     confidence is that answer's share of the members.",
)
.with_params(&[
    Param::required(
        "strategies",
        Type::List(&Type::Strategy),
        "The members; a list in the list counts as its elements.",
    ),
    Param::default(
        "by",
        Type::Choice(&["majority"]),
        Fallback::Word("majority"),
        "How the votes are counted.",
    ),
    Param::optional(
        "answer",
        Type::Extractor,
        "What takes the answer out of an output; without it the whole text is the answer.",
    ),
    Param::optional("prompt", Type::Prompt, "What is sent to each bare model in it."),
])
.with_example(
    "condition majority = vote([mini, haiku, flash], by: majority, answer: last_number)",
);

pub(super) const COMBINATOR: Combinator = Combinator { signature: SIGNATURE, build };

fn build(call: &Call, builder: &dyn Builder) -> Result<Arc<dyn Strategy>, BuildError> {
    let members = call.list("strategies").unwrap_or_default();
    if members.is_empty() {
        return Err(BuildError::new("`vote` needs at least one member", call.span));
    }
    let members = members
        .iter()
        .map(|member| builder.strategy(member))
        .collect::<Result<_, _>>()?;
    let answer = match call.args.get("answer") {
        Some(answer) => Some(builder.extractor(&answer.value, answer.span)?),
        None => None,
    };
    let name = call.shown().to_owned();
    Ok(Arc::new(Vote { name, members, answer, sources: builder.sources() }))
}

/// A member's ballot: what its answer is compared by; `None` abstains.
pub type Ballot = Option<AnswerKey>;

/// What a vote came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The members who gave the answer that won, in order; never empty.
    pub winners: Vec<usize>,
}

/// Counts the votes. The answer with the most voters wins; among equals the one whose first
/// voter comes first. `None` when everybody abstains.
#[must_use]
pub fn tally(ballots: &[Ballot]) -> Option<Tally> {
    let mut answers: Vec<(&AnswerKey, Vec<usize>)> = Vec::new();
    for (member, ballot) in ballots.iter().enumerate() {
        let Some(key) = ballot else { continue };
        match answers.iter_mut().find(|(known, _)| *known == key) {
            Some((_, voters)) => voters.push(member),
            None => answers.push((key, vec![member])),
        }
    }
    // Of several maxima `max_by_key` takes the last, so the order is turned around.
    let (_, winners) =
        answers.into_iter().rev().max_by_key(|(_, voters)| voters.len())?;
    Some(Tally { winners })
}

impl Vote {
    fn answer(&self, output: &Arc<Output>, key: Digest) -> Result<Json, Failure> {
        let Some(extractor) = &self.answer else {
            return Ok(Json::String(output.text.clone()));
        };
        extractor.extract(output, &ScriptRun::keyed(key)).map_err(|failure| {
            Failure::new(FailureKind::Script, failure.placed(&self.sources))
        })
    }

    fn decide(
        &self,
        results: Vec<Result<Output, Failure>>,
        key: Digest,
    ) -> Result<Output, Failure> {
        let results: Vec<Result<Arc<Output>, Failure>> =
            results.into_iter().map(|result| result.map(Arc::new)).collect();
        let answers: Vec<Json> = results
            .iter()
            .map(|result| match result {
                Ok(output) => self.answer(output, key),
                Err(_) => Ok(Json::Null),
            })
            .collect::<Result<_, _>>()?;
        let ballots: Vec<Ballot> = answers.iter().map(answer::key).collect();
        let winners = tally(&ballots).map(|tally| tally.winners).unwrap_or_default();
        let spokesman = winners
            .first()
            .copied()
            .or_else(|| results.iter().position(Result::is_ok))
            .ok_or_else(|| nobody(&results))?;
        let votes = self.votes(&results, answers, &winners);
        let Some(Ok(spoken)) = results.into_iter().nth(spokesman) else {
            return Err(Failure::new(FailureKind::Quorum, "no member answered"));
        };
        let spoken = Arc::unwrap_or_clone(spoken);
        let confidence = (!winners.is_empty()).then(|| share(winners.len(), votes.len()));
        Ok(Output { confidence, votes, ..spoken })
    }

    fn votes(
        &self,
        results: &[Result<Arc<Output>, Failure>],
        answers: Vec<Json>,
        winners: &[usize],
    ) -> Vec<Cast> {
        results
            .iter()
            .zip(answers)
            .zip(&self.members)
            .enumerate()
            .map(|(index, ((result, answer), member))| Cast {
                member: member.name().to_owned(),
                answer,
                won: winners.contains(&index),
                error: result.as_ref().err().map(ToString::to_string),
            })
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a vote has at most thousands of members")]
fn share(part: usize, all: usize) -> f64 {
    part as f64 / all as f64
}

/// The failure of a vote in which no member answered: that of its first member, if all
/// failed alike.
fn nobody(results: &[Result<Arc<Output>, Failure>]) -> Failure {
    let first = results.iter().find_map(|result| result.as_ref().err());
    let reason = first.map_or_else(String::new, |failure| format!(": {failure}"));
    let all = results.len();
    Failure::new(FailureKind::Quorum, format!("all {all} members failed{reason}"))
}

#[async_trait]
impl Strategy for Vote {
    async fn run(&self, ctx: &TrialContext) -> Result<Output, Failure> {
        let results = ctx.run_all(&self.members).await;
        self.decide(results, ctx.random_key("vote"))
    }

    fn forecast(&self, item: &Item, gateway: &Gateway) -> CallForecast {
        self.members
            .iter()
            .map(|member| member.forecast(item, gateway))
            .fold(CallForecast::default(), CallForecast::beside)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FileId, Span};
    use crate::spec::{Argument, Function, Value};
    use crate::strategy::testing::{self, Bench};
    use proptest::prelude::*;
    use serde_json::json;

    fn ballots(answers: &[Json]) -> Vec<Ballot> {
        answers.iter().map(answer::key).collect()
    }

    fn winners(answers: &[Json]) -> Option<Vec<usize>> {
        tally(&ballots(answers)).map(|tally| tally.winners)
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
            assert_eq!(winners(answers).as_deref(), *expected, "{answers:?}");
        }
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
            let winner = |votes: &[Json]| {
                winners(votes).map(|winners| votes[winners[0]].clone())
            };
            prop_assert_eq!(winner(&votes), winner(&without));
        }

        #[test]
        fn no_answer_has_more_voters_than_the_winner(
            answers in prop::collection::vec(0_u8..4, 1..12)
        ) {
            let votes: Vec<Json> = answers.iter().map(|n| json!(n)).collect();
            let won = winners(&votes).unwrap();
            for answer in &answers {
                let voters = answers.iter().filter(|other| *other == answer).count();
                prop_assert!(voters <= won.len());
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_output_keeps_the_winners_own_text_and_all_votes() {
        let bench = Bench::saying(&[("a", "It is 5."), ("b", "4"), ("c", "so 5.0")]);
        let mut call = testing::vote(&["a", "b", "c"]);
        let answer = Argument {
            value: Value::Word("last_number".into()),
            span: Span::default(),
            given: true,
            operational: false,
        };
        call.args.insert("answer".into(), answer);
        let ctx = bench.context();
        let output = ctx.finish(bench.build(&call).as_ref()).await.unwrap();
        assert_eq!(output.text, "It is 5.");
        assert_eq!(output.confidence, Some(2.0 / 3.0));
        let votes: Vec<_> = output
            .votes
            .iter()
            .map(|vote| (vote.member.as_str(), vote.answer.clone(), vote.won))
            .collect();
        assert_eq!(
            votes,
            [("a", json!(5), true), ("b", json!(4), false), ("c", json!(5), true)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn members_run_beside_one_another() {
        let bench = Bench::new(vec![
            ("slow", 300, Box::new(|_| Ok("x".into()))),
            ("fast", 100, Box::new(|_| Ok("x".into()))),
        ]);
        let ctx = bench.context();
        let strategy = bench.build(&testing::vote(&["slow", "fast"]));
        let output = ctx.finish(strategy.as_ref()).await.unwrap();
        assert_eq!(output.usage.latency, Some(0.3));
        assert_eq!(output.usage.requests, 2);
        assert_eq!(output.usage.tokens_in, Some(20));
        let places: Vec<_> =
            ctx.take_calls().into_iter().map(|call| call.place).collect();
        assert_eq!(places, ["1#0", "0#0"], "in the order in which they ended");
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_that_fails_abstains_and_is_counted() {
        let bench = Bench::new(vec![
            ("bad", 10, Box::new(|_| Err(FailureKind::ContentFilter))),
            ("good", 10, Box::new(|_| Ok("x".into()))),
        ]);
        let ctx = bench.context();
        let strategy = bench.build(&testing::vote(&["bad", "good"]));
        let output = ctx.finish(strategy.as_ref()).await.unwrap();
        assert_eq!((output.text.as_str(), output.confidence), ("x", Some(0.5)));
        assert!(output.votes[0].error.as_ref().unwrap().contains("content filter"));
        assert_eq!(output.usage.requests, 2, "the failed call took place too");
    }

    #[tokio::test(start_paused = true)]
    async fn a_vote_in_which_all_fail_fails_and_still_says_what_it_took() {
        let bench = Bench::new(vec![
            ("a", 10, Box::new(|_| Err(FailureKind::BadRequest))),
            ("b", 10, Box::new(|_| Err(FailureKind::BadRequest))),
        ]);
        let ctx = bench.context();
        let failure = ctx
            .finish(bench.build(&testing::vote(&["a", "b"])).as_ref())
            .await
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Quorum);
        assert_eq!(ctx.usage().requests, 2);
        assert_eq!(ctx.take_calls().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_abstain_the_first_that_answered_speaks_without_confidence() {
        let bench = Bench::saying(&[("a", "none"), ("b", "nothing")]);
        let mut call = testing::vote(&["a", "b"]);
        let body = "()".to_owned();
        let abstain = Function {
            params: vec!["output".into()],
            span: Span::new(FileId(0), 0, body.len()),
            body,
            library: 0,
            captures: indexmap::IndexMap::new(),
            digest: Digest::default(),
        };
        let answer = Argument {
            value: Value::Function(Box::new(abstain)),
            span: Span::default(),
            given: true,
            operational: false,
        };
        call.args.insert("answer".into(), answer);
        let output = bench.context().finish(bench.build(&call).as_ref()).await.unwrap();
        assert_eq!((output.text.as_str(), output.confidence), ("none", None));
        assert!(output.votes.iter().all(|vote| !vote.won));
    }
}
