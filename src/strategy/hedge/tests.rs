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
