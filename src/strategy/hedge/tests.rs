//! Races in paused time, with models that answer when the test says so.

use crate::base::{Quantity, Unit};
use crate::record::{FailureKind, Output};
use crate::spec::{Argument, Call, Value};
use crate::strategy::testing::{self, Bench, call, model_value};

fn ms(n: f64) -> Value {
    Value::Quantity(Quantity::new(n / 1e3, Unit::Seconds))
}

fn hedge(strategy: Value, after: Value) -> Call {
    call("hedge", vec![("strategy", strategy), ("after", after)])
}

fn with(mut hedge: Call, name: &str, value: Value) -> Call {
    let argument = Argument {
        value,
        span: crate::base::Span::default(),
        given: true,
        operational: false,
    };
    hedge.args.insert(name.to_owned(), argument);
    hedge
}

/// A model whose n-th call takes so many milliseconds, and says which call it was.
fn timed(times: &'static [u64]) -> Bench {
    let count = std::sync::atomic::AtomicU64::new(0);
    Bench::timed(vec![(
        "m",
        Box::new(|n| times[usize::try_from(n).unwrap().min(times.len() - 1)]),
        Box::new(move |_| {
            Ok(format!(
                "answer {}",
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
            ))
        }),
    )])
}

async fn run(bench: &Bench, call: &Call) -> (Output, crate::strategy::TrialContext) {
    let ctx = bench.context();
    let output = ctx.finish(bench.build(call).as_ref()).await.unwrap();
    (output, ctx)
}

#[tokio::test(start_paused = true)]
async fn a_primary_in_time_starts_no_backup() {
    let bench = timed(&[50]);
    let (output, ctx) = run(&bench, &hedge(model_value("m"), ms(100.0))).await;
    assert_eq!((output.usage.requests, output.usage.hedged), (1, 0));
    assert_eq!(output.usage.latency, Some(0.05));
    assert_eq!((output.marks.won_by, output.marks.hedged_after), (Some(0), None));
    assert_eq!(ctx.take_calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_primary_loses_to_its_backup_and_is_cancelled() {
    let bench = timed(&[5_000, 40]);
    let begun = tokio::time::Instant::now();
    let (output, ctx) = run(&bench, &hedge(model_value("m"), ms(100.0))).await;
    assert_eq!(begun.elapsed().as_millis(), 140, "nobody waits for the loser");
    assert!((output.usage.latency.unwrap() - 0.14).abs() < 1e-9);
    assert_eq!((output.usage.requests, output.usage.hedged), (2, 1));
    assert_eq!(output.marks.won_by, Some(1));
    assert!((output.marks.hedged_after.unwrap() - 0.1).abs() < 1e-9);
    let calls = ctx.take_calls();
    let lost = calls.iter().find(|call| call.place == "0#0").unwrap();
    assert_eq!(lost.result.as_ref().unwrap_err().kind, FailureKind::Cancelled);
    assert!((lost.latency.unwrap() - 0.14).abs() < 1e-9, "it took at least so long");
    assert_eq!(calls.len(), 2, "the loser is recorded too");
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_still_wins_has_its_backup_cancelled() {
    let bench = timed(&[150, 400]);
    let (output, _) = run(&bench, &hedge(model_value("m"), ms(100.0))).await;
    assert_eq!(output.usage.latency, Some(0.15));
    assert_eq!((output.marks.won_by, output.usage.hedged), (Some(0), 1));
}

#[tokio::test(start_paused = true)]
async fn backups_start_one_after_the_other() {
    let bench = timed(&[9_000, 9_000, 9_000, 10]);
    let three = Value::Quantity(Quantity::new(3.0, Unit::One));
    let call = with(hedge(model_value("m"), ms(100.0)), "backups", three);
    let (output, _) = run(&bench, &call).await;
    assert!((output.usage.latency.unwrap() - 0.31).abs() < 1e-9, "{output:?}");
    assert_eq!((output.usage.requests, output.marks.won_by), (4, Some(3)));
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_fails_starts_its_backup_at_once() {
    let bench = Bench::timed(vec![
        ("bad", Box::new(|_| 10), Box::new(|_| Err(FailureKind::BadRequest))),
        ("good", Box::new(|_| 20), Box::new(|_| Ok("x".into()))),
    ]);
    let call = with(hedge(model_value("bad"), ms(1e3)), "to", model_value("good"));
    let (output, _) = run(&bench, &call).await;
    assert_eq!(output.text, "x");
    assert!((output.usage.latency.unwrap() - 0.03).abs() < 1e-9);
    let both = with(hedge(model_value("bad"), ms(1e3)), "to", model_value("bad"));
    let ctx = bench.context();
    let failure = ctx.finish(bench.build(&both).as_ref()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadRequest);
    assert_eq!(ctx.usage().requests, 2);
}

#[tokio::test(start_paused = true)]
async fn a_vote_that_lost_has_its_answered_and_its_cancelled_calls_counted() {
    let bench = Bench::timed(vec![
        ("fast", Box::new(|_| 10), Box::new(|_| Ok("x".into()))),
        ("slow", Box::new(|_| 900), Box::new(|_| Ok("x".into()))),
        ("other", Box::new(|_| 5), Box::new(|_| Ok("y".into()))),
    ]);
    let vote = Value::Call(Box::new(testing::vote(&["fast", "slow"])));
    let call = with(hedge(vote, ms(100.0)), "to", model_value("other"));
    let (output, ctx) = run(&bench, &call).await;
    assert_eq!((output.text.as_str(), output.usage.requests), ("y", 3));
    assert!((output.usage.latency.unwrap() - 0.105).abs() < 1e-9);
    let mut places: Vec<_> =
        ctx.take_calls().into_iter().map(|call| call.place).collect();
    places.sort();
    assert_eq!(places, ["0.0#0", "0.1#0", "1#0"]);
}

#[tokio::test(start_paused = true)]
async fn a_vote_of_hedges_waits_for_each_of_them() {
    let bench = timed(&[5_000, 10, 40]);
    let inner = Value::Call(Box::new(hedge(model_value("m"), ms(100.0))));
    let vote =
        call("vote", vec![("strategies", Value::List(vec![inner.clone(), inner]))]);
    let (output, ctx) = run(&bench, &vote).await;
    assert!((output.usage.latency.unwrap() - 0.14).abs() < 1e-9);
    assert_eq!((output.usage.requests, output.usage.hedged), (3, 1));
    assert_eq!(ctx.take_calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_quantile_is_learned_and_then_cuts_the_tail() {
    let bench = Bench::timed(vec![(
        "m",
        // Every tenth request is slow, whoever sends it.
        Box::new(|n| if n % 10 == 9 { 2_000 } else { 40 }),
        Box::new(|_| Ok("x".into())),
    )]);
    let strategy = bench.build(&hedge(model_value("m"), Value::Word("p75".into())));
    let mut late = 0;
    for n in 0..300 {
        let ctx = bench.context();
        let output = ctx.finish(strategy.as_ref()).await.unwrap();
        if n >= 100 {
            late += u32::from(output.usage.latency.unwrap() > 1.0);
        }
    }
    assert_eq!(late, 0, "after a hundred requests no slow one is waited for");
}

#[tokio::test(start_paused = true)]
async fn the_forecast_knows_what_is_expected_and_the_worst() {
    let bench = timed(&[40]);
    let strategy = bench.build(&hedge(model_value("m"), Value::Word("p90".into())));
    let forecast = strategy.forecast(&testing::item(), &bench.gateway);
    assert!((forecast.calls - 1.1).abs() < 1e-9);
    assert_eq!(forecast.worst_calls, Some(2));
}

/// A model of which every tenth request is slow, until the test wants the next to hang.
fn learning(hangs: &std::sync::Arc<std::sync::atomic::AtomicBool>) -> Bench {
    let hangs = std::sync::Arc::clone(hangs);
    Bench::timed(vec![(
        "m",
        Box::new(move |n| match hangs.load(std::sync::atomic::Ordering::SeqCst) {
            true => 60_000,
            false if n % 10 == 9 => 2_000,
            false => 40 + n % 7,
        }),
        Box::new(|_| Ok("x".into())),
    )])
}

/// When the next trial of a strategy starts its backup, if it does within a minute.
async fn next_delay(
    bench: &Bench,
    strategy: &dyn crate::strategy::Strategy,
) -> Option<f64> {
    let ctx = bench.context();
    let begun = tokio::time::Instant::now();
    let done = ctx.finish(strategy);
    // Both runs hang: the second call is the backup, and it ends a minute after its start.
    done.await.ok()?;
    let calls = ctx.take_calls();
    let backup = calls.iter().find(|call| call.place.ends_with("1#0"))?;
    Some(begun.elapsed().as_secs_f64() - backup.latency?)
}

#[tokio::test(start_paused = true)]
async fn a_session_that_goes_on_knows_what_the_one_before_it_learned() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let half = Value::Quantity(Quantity::new(0.5, Unit::Fraction));
    for rule in ["p75", "adaptive"] {
        let hangs = Arc::new(AtomicBool::new(false));
        let bench = learning(&hangs);
        let inner = hedge(model_value("m"), Value::Word(rule.into()));
        let inner = Value::Call(Box::new(with(inner, "budget", half.clone())));
        // At the root, and a place further in.
        let nested = call("vote", vec![("strategies", Value::List(vec![inner.clone()]))]);
        for written in [inner, Value::Call(Box::new(nested))] {
            hangs.store(false, Ordering::SeqCst);
            let build = || bench.build(written.as_call().unwrap());
            let (first, second, blank) = (build(), build(), build());
            assert!(first.learns());
            let mut past = Vec::new();
            for _ in 0..300 {
                let ctx = bench.context();
                ctx.finish(first.as_ref()).await.unwrap();
                past.push(ctx.take_calls());
            }
            for calls in &past {
                let past = crate::strategy::Past::of(calls);
                let took = second.recall(&bench.context(), &past).unwrap();
                assert_eq!(took.ended, crate::strategy::Ended::Answered);
            }
            hangs.store(true, Ordering::SeqCst);
            let knew = next_delay(&bench, first.as_ref()).await.unwrap();
            let knows = next_delay(&bench, second.as_ref()).await.unwrap();
            assert!((knows / knew - 1.0).abs() < 0.25, "{rule}: {knows} for {knew}");
            assert!(
                next_delay(&bench, blank.as_ref()).await.is_none(),
                "{rule}: too soon"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_holds_over_a_run_that_is_cut_in_half() {
    let bench = timed(&[5_000, 40]);
    let tenth = Value::Quantity(Quantity::new(0.1, Unit::Fraction));
    let call = with(hedge(model_value("m"), ms(0.0)), "budget", tenth);
    let mut counts = Vec::new();
    for sessions in [1, 4] {
        let mut past: Vec<Vec<crate::record::CallRecord>> = Vec::new();
        let mut backups = 0;
        for _ in 0..sessions {
            let strategy = bench.build(&call);
            for calls in &past {
                let past = crate::strategy::Past::of(calls);
                let _took = strategy.recall(&bench.context(), &past);
            }
            for _ in 0..60 / sessions {
                let ctx = bench.context();
                let output = ctx.finish(strategy.as_ref()).await.unwrap();
                backups += output.usage.hedged;
                past.push(ctx.take_calls());
            }
        }
        counts.push(backups);
    }
    // Four sessions that each begin with an empty purse would come to four.
    assert!(counts[0] >= 5, "{counts:?}");
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_of_a_hedge_and_a_vote_of_both_are_cancelled_to_their_leaves() {
    let bench = Bench::timed(vec![
        ("slow", Box::new(|_| 60_000), Box::new(|_| Ok("late".into()))),
        ("quick", Box::new(|_| 20), Box::new(|_| Ok("5".into()))),
    ]);
    let inner = |name| Value::Call(Box::new(hedge(model_value(name), ms(50.0))));
    let vote = call(
        "vote",
        vec![("strategies", Value::List(vec![inner("slow"), inner("quick")]))],
    );
    let vote = Value::Call(Box::new(vote));
    let outer = with(hedge(vote, ms(200.0)), "to", inner("quick"));
    let (output, ctx) = run(&bench, &outer).await;
    // At 0 slow and quick, at 50 ms slow's backup, at 200 ms the other strategy, which wins.
    assert_eq!((output.text.as_str(), output.usage.requests), ("5", 4));
    assert!((output.usage.latency.unwrap() - 0.22).abs() < 1e-9, "{output:?}");
    assert_eq!((output.usage.hedged, output.marks.won_by), (2, Some(1)));
    let calls = ctx.take_calls();
    let mut ended: Vec<_> = calls
        .iter()
        .map(|call| (call.place.as_str(), call.result.is_ok(), call.latency.unwrap()))
        .collect();
    ended.sort_by(|a, b| a.0.cmp(b.0));
    let found: Vec<_> = ended.iter().map(|one| (one.0, one.1)).collect();
    let wanted =
        [("0.0.0#0", false), ("0.0.1#0", false), ("0.1.0#0", true), ("1.0#0", true)];
    assert_eq!(found, wanted);
    for (one, wanted) in ended.iter().zip([0.22, 0.17, 0.02, 0.02]) {
        assert!((one.2 - wanted).abs() < 1e-9, "{one:?}");
    }
}
