//! Votes over models that answer as the test says.

use proptest::prelude::*;
use serde_json::json;

use crate::base::{Digest, FileId, Quantity, Span, Unit};
use crate::record::{Failure, FailureKind, Output};
use crate::spec::{Argument, Call, Function, Value};
use crate::strategy::testing::{self, Bench, Respond};

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
    let places: Vec<_> = ctx.take_calls().into_iter().map(|call| call.place).collect();
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
    let failure =
        ctx.finish(bench.build(&testing::vote(&["a", "b"])).as_ref()).await.unwrap_err();
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

/// A vote with further arguments.
fn vote(members: &[&str], args: Vec<(&str, Value)>) -> Call {
    let mut call = testing::vote(members);
    call.args.extend(testing::call("vote", args).args);
    call
}

fn word(word: &str) -> Value {
    Value::Word(word.to_owned())
}

fn number(value: f64, unit: Unit) -> Value {
    Value::Quantity(Quantity::new(value, unit))
}

fn schedule(name: &str, args: Vec<(&str, Value)>) -> Value {
    Value::Call(Box::new(testing::call(name, args)))
}

fn closure(param: &str, body: &str) -> Value {
    Value::Function(Box::new(Function {
        params: vec![param.to_owned()],
        span: Span::new(FileId(0), 0, body.len()),
        body: body.to_owned(),
        library: 0,
        captures: indexmap::IndexMap::new(),
        digest: Digest::default(),
    }))
}

async fn run(bench: &Bench, call: &Call) -> Result<Output, Failure> {
    bench.context().finish(bench.build(call).as_ref()).await
}

#[tokio::test(start_paused = true)]
async fn a_vote_says_of_itself_how_much_its_members_agreed() {
    let bench = Bench::saying(&[("a", "x"), ("b", "y"), ("c", "x"), ("d", "x")]);
    let output = run(&bench, &vote(&["a", "b", "c", "d"], vec![])).await.unwrap();
    let marks = output.marks;
    assert_eq!((marks.consensus, marks.margin), (Some(0.75), Some(0.5)));
    assert_eq!(marks.members_called, Some(4));
    let first = &output.votes[0];
    assert_eq!(first.model.as_deref(), Some("a"));
    assert_eq!(first.latency, Some(0.01));
}

#[tokio::test(start_paused = true)]
async fn a_sequential_vote_asks_no_more_than_it_needs_and_in_order() {
    let bench =
        Bench::saying(&[("a", "x"), ("b", "x"), ("c", "y"), ("d", "x"), ("e", "y")]);
    let call =
        vote(&["a", "b", "c", "d", "e"], vec![("run", schedule("sequential", vec![]))]);
    let ctx = bench.context();
    let output = ctx.finish(bench.build(&call).as_ref()).await.unwrap();
    let asked: Vec<_> = ctx.take_calls().into_iter().map(|call| call.model).collect();
    assert_eq!(asked, ["a", "b", "c", "d"]);
    assert_eq!((output.text.as_str(), output.votes.len()), ("x", 4));
    assert_eq!(output.marks.consensus, Some(0.75));
    assert_eq!(output.usage.latency, Some(0.04), "one after the other");
    let until = vec![("until", number(0.4, Unit::Fraction))];
    let call =
        vote(&["a", "b", "c", "d", "e"], vec![("run", schedule("sequential", until))]);
    let output = run(&bench, &call).await.unwrap();
    assert_eq!(output.usage.requests, 2, "two of five are 40%");
}

#[tokio::test(start_paused = true)]
async fn a_cascade_ends_at_the_first_that_is_sure_and_else_counts() {
    let bench = Bench::sure(&[("a", "x", 0.5), ("b", "y", 0.95), ("c", "x", 0.6)]);
    let cascade = |sure| {
        let confidence = vec![("confidence", number(sure, Unit::Fraction))];
        vote(&["a", "b", "c"], vec![("run", schedule("cascade", confidence))])
    };
    let output = run(&bench, &cascade(0.9)).await.unwrap();
    assert_eq!((output.text.as_str(), output.confidence), ("y", Some(0.95)));
    assert_eq!(output.usage.requests, 2);
    assert_eq!(output.marks.consensus, Some(0.5));
    assert_eq!(output.votes[0].confidence, Some(0.5));
    let output = run(&bench, &cascade(0.99)).await.unwrap();
    assert_eq!((output.text.as_str(), output.usage.requests), ("x", 3));
    let strategy = bench.build(&cascade(0.9));
    let forecast = strategy.forecast(&testing::item(), &bench.gateway);
    assert_eq!((forecast.calls, forecast.worst_calls), (1.75, Some(3)));
}

#[tokio::test(start_paused = true)]
async fn a_hedged_vote_takes_the_first_answer_and_says_who_was_started() {
    let bench = Bench::new(vec![
        ("slow", 500, Box::new(|_| Ok("late".into()))),
        ("fast", 30, Box::new(|_| Ok("soon".into()))),
        ("never", 30, Box::new(|_| Ok("no".into()))),
    ]);
    let after = vec![("after", number(0.1, Unit::Seconds))];
    let call = vote(&["slow", "fast", "never"], vec![("run", schedule("hedged", after))]);
    let output = run(&bench, &call).await.unwrap();
    assert_eq!(output.text, "soon");
    let marks = output.marks;
    assert_eq!((marks.won_by, marks.members_called), (Some(1), Some(2)));
    assert_eq!(marks.consensus, None, "nobody voted");
    let won: Vec<_> =
        output.votes.iter().map(|vote| (vote.won, vote.error.is_some())).collect();
    assert_eq!(won, [(false, true), (true, false)]);
    let strategy = bench.build(&call);
    let forecast = strategy.forecast(&testing::item(), &bench.gateway);
    assert_eq!(forecast.worst_calls, Some(3));
}

#[tokio::test(start_paused = true)]
async fn the_surest_member_wins_against_two() {
    let bench = Bench::sure(&[("a", "x", 0.5), ("b", "y", 0.9), ("c", "x", 0.6)]);
    let output =
        run(&bench, &vote(&["a", "b", "c"], vec![("by", word("best_confidence"))]))
            .await
            .unwrap();
    assert_eq!((output.text.as_str(), output.confidence), ("y", Some(0.9)));
    // Without weights each counts by its confidence: 1.1 for x.
    let output = run(&bench, &vote(&["a", "b", "c"], vec![("by", word("weighted"))]))
        .await
        .unwrap();
    assert_eq!((output.text.as_str(), output.confidence), ("x", Some(1.1 / 2.0)));
    let accuracies = [0.6, 0.9, 0.6].map(|p| number(p, Unit::Fraction)).to_vec();
    let args = vec![("by", word("weighted")), ("accuracies", Value::List(accuracies))];
    let output = run(&bench, &vote(&["a", "b", "c"], args)).await.unwrap();
    assert_eq!(output.text, "y", "ln 9 is more than twice ln 1.5");
}

#[tokio::test(start_paused = true)]
async fn a_vote_that_is_not_unanimous_has_no_answer() {
    let bench = Bench::saying(&[("a", "x"), ("b", "y")]);
    let call = vote(&["a", "b"], vec![("by", word("unanimous"))]);
    let output = run(&bench, &call).await.unwrap();
    assert_eq!((output.text.as_str(), output.confidence), ("", None));
    assert_eq!((output.marks.consensus, output.votes.len()), (Some(0.0), 2));
    assert!(output.votes.iter().all(|vote| !vote.won));
    let call = vote(&["a", "b"], vec![("ties", word("abstain"))]);
    assert_eq!(run(&bench, &call).await.unwrap().text, "");
    let call = vote(&["a", "a"], vec![("by", word("unanimous"))]);
    assert_eq!(run(&bench, &call).await.unwrap().text, "x");
}

#[tokio::test(start_paused = true)]
async fn a_ranking_wins_by_points_and_its_text_is_the_answer() {
    let bench = Bench::saying(&[
        ("a", "[\"m\", \"b\", \"w\"]"),
        ("b", "[\"B\", \"w\", \"m\"]"),
        ("c", "[\"w\", \"b\", \"m\"]"),
    ]);
    let args = vec![("by", word("ranked")), ("answer", word("json"))];
    let output = run(&bench, &vote(&["a", "b", "c"], args)).await.unwrap();
    // b has 1 + 2 + 1 of at most 6 points, m has 2 and w has 3.
    assert_eq!((output.text.as_str(), output.confidence), ("b", Some(4.0 / 6.0)));
    let won: Vec<_> = output.votes.iter().map(|vote| vote.won).collect();
    assert_eq!(won, [false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_closure_of_the_votes_chooses_the_answer() {
    let bench = Bench::sure(&[("a", "x", 0.5), ("b", "y", 0.9), ("c", "x", 0.6)]);
    let by = |body: &str| vote(&["a", "b", "c"], vec![("by", closure("votes", body))]);
    let body = "votes.filter(|v| v.confidence > 0.8 && v.model == v.member)[0].answer";
    let output = run(&bench, &by(body)).await.unwrap();
    assert_eq!((output.text.as_str(), output.votes[1].won), ("y", true));
    let output = run(&bench, &by("`z`")).await.unwrap();
    assert_eq!((output.text.as_str(), output.marks.consensus), ("z", Some(0.0)));
    assert_eq!(run(&bench, &by("()")).await.unwrap().text, "");
    let failure = run(&bench, &by("votes.nothing()")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Script);
}

#[tokio::test(start_paused = true)]
async fn below_its_quorum_a_vote_fails() {
    let bench = Bench::new(vec![
        ("a", 10, Box::new(|_| Ok("x".into()))),
        ("bad", 10, Box::new(|_| Err(FailureKind::ContentFilter))),
    ]);
    let members = ["a", "bad", "bad"];
    let with = |quorum| vote(&members, vec![("quorum", quorum)]);
    let failure = run(&bench, &with(number(2.0, Unit::One))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Quorum);
    assert_eq!(failure.message, "1 of 3 members answered, 2 must");
    assert!(run(&bench, &with(number(0.3, Unit::Fraction))).await.is_ok());
    assert!(run(&bench, &with(number(0.34, Unit::Fraction))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_tie_is_drawn_from_the_trials_own_stream() {
    let bench = Bench::saying(&[("a", "x"), ("b", "y")]);
    let strategy = bench.build(&vote(&["a", "b"], vec![("ties", word("random"))]));
    let mut first = 0;
    for place in 0..200 {
        let mut texts = Vec::new();
        for _ in 0..2 {
            let ctx = bench.context().child(place);
            texts.push(ctx.finish(strategy.as_ref()).await.unwrap().text);
        }
        assert_eq!(texts[0], texts[1], "the same trial draws the same");
        first += u32::from(texts[0] == "x");
    }
    // Binomial: 100 ± 5 standard deviations of 7.
    assert!((65..=135).contains(&first), "{first}");
}

#[tokio::test(start_paused = true)]
async fn texts_that_are_similar_enough_are_one_answer() {
    let bench = Bench::saying(&[
        ("a", "the Louvre"),
        ("b", "The Eiffel Tower in Paris"),
        ("c", "Eiffel Tower, Paris."),
    ]);
    let similar = schedule("similar", vec![("level", number(0.8, Unit::Fraction))]);
    let output =
        run(&bench, &vote(&["a", "b", "c"], vec![("same", similar)])).await.unwrap();
    assert_eq!(output.text, "The Eiffel Tower in Paris");
    assert_eq!(output.marks.consensus, Some(2.0 / 3.0));
}

/// What a member of the property does.
#[derive(Debug, Clone, Copy)]
enum Does {
    Answers(u8),
    Fails,
}

fn does() -> impl Strategy<Value = (Does, u64)> {
    let answers = (0_u8..3).prop_map(Does::Answers);
    (prop_oneof![3 => answers, 1 => Just(Does::Fails)], 1_u64..50)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn in_any_order_of_replies_each_vote_is_counted_once_within_the_worst_case(
        members in prop::collection::vec(does(), 1..7),
        mode in 0_usize..4,
        by in prop::sample::select(vec!["majority", "unanimous", "best_confidence"]),
    ) {
        const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let clock = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        clock.block_on(async {
            let models = members.iter().zip(NAMES).map(|((does, millis), name)| {
                let does = *does;
                let respond: Box<Respond> = Box::new(move |_| match does {
                        Does::Answers(answer) => Ok(answer.to_string()),
                        Does::Fails => Err(FailureKind::BadRequest),
                    });
                (name, *millis, respond)
            });
            let bench = Bench::new(models.collect());
            let names = &NAMES[..members.len()];
            let mut args = vec![("by", word(by))];
            match mode {
                1 => args.push(("run", schedule("sequential", vec![]))),
                2 => {
                    let sure = vec![("confidence", number(0.9, Unit::Fraction))];
                    args.push(("run", schedule("cascade", sure)));
                }
                3 if names.len() > 1 => {
                    args.push(("run", schedule("hedged", vec![("after", number(0.01, Unit::Seconds))])));
                }
                _ => {}
            }
            let hedged = mode == 3 && names.len() > 1;
            let strategy = bench.build(&vote(names, args));
            let forecast = strategy.forecast(&testing::item(), &bench.gateway);
            let ctx = bench.context();
            let result = ctx.finish(strategy.as_ref()).await;
            let requests = u64::from(ctx.usage().requests);
            assert!(requests <= forecast.worst_calls.unwrap());
            assert_eq!(requests, ctx.take_calls().len() as u64);
            let Ok(output) = result else {
                assert!(members.iter().all(|(does, _)| matches!(does, Does::Fails)));
                return;
            };
            assert_eq!(output.votes.len() as u64, requests, "one vote for each call");
            assert_eq!(output.marks.members_called, u32::try_from(requests).ok());
            let mut won = output.votes.iter().filter(|vote| vote.won);
            if hedged {
                assert_eq!(won.count(), 1);
                return;
            }
            for (vote, (does, _)) in output.votes.iter().zip(&members) {
                match does {
                    Does::Answers(answer) => assert_eq!(vote.answer, json!(answer.to_string())),
                    Does::Fails => assert!(vote.error.is_some() && vote.answer.is_null()),
                }
            }
            let same = |vote: &crate::record::Vote| vote.answer == json!(output.text);
            assert!(won.clone().all(same), "all who won said the same");
            let share = won.clone().count() as f64 / output.votes.len() as f64;
            assert!((output.marks.consensus.unwrap() - share).abs() < 1e-12);
            assert_eq!(won.next().is_none(), output.text.is_empty());
        });
    }
}
