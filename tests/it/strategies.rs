//! Strategies over the real gateway and simulated models.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fall over")]

use std::sync::Arc;

use crucible::base::{Digest, Quantity, Span, Unit};
use crucible::catalogue::{self, Materials, Needs};
use crucible::lang::{self, Files};
use crucible::model::{Gateway, GatewaySettings, ModelRef, Surroundings, lane};
use crucible::record::{Item, Output, Score};
use crucible::script::{Host, ScriptRun};
use crucible::spec::{Argument, Call, Value};
use crucible::strategy::{Ask, CallForecast, Strategy, TrialContext, TrialKey};

fn sim(name: &str, accuracy: f64) -> Call {
    let quantity = Quantity::new(accuracy, Unit::Fraction);
    let argument = Argument {
        value: Value::Quantity(quantity),
        span: Span::default(),
        given: true,
        operational: false,
    };
    Call {
        name: "sim".to_owned(),
        args: [("accuracy".to_owned(), argument)].into_iter().collect(),
        span: Span::default(),
        label: Some(name.to_owned()),
        body: None,
    }
}

fn gateway() -> Arc<Gateway> {
    let lane = lane(&sim("m", 0.7), &Surroundings::default()).unwrap();
    Arc::new(Gateway::new(
        vec![lane],
        GatewaySettings { seed: 7, ..GatewaySettings::default() },
    ))
}

fn item(n: u32) -> Arc<Item> {
    let input = format!("What is {n} + 5?");
    Arc::new(Item::new(n, n.to_string(), input, (n + 5).into(), serde_json::Map::new()))
}

fn context(gateway: &Arc<Gateway>, n: u32) -> TrialContext {
    let key = TrialKey { digest: Digest::of(&n.to_le_bytes()), repeat: 0, seed: 7 };
    TrialContext::new(Arc::clone(gateway), item(n), key)
}

async fn answers(order: impl Iterator<Item = u32>) -> Vec<(u32, String)> {
    let gateway = gateway();
    let model: ModelRef = gateway.models()[0].clone();
    let ask = Ask::new(model, None);
    let mut answers = Vec::new();
    for n in order {
        let output = context(&gateway, n).finish(&ask).await.unwrap();
        answers.push((n, output.text));
    }
    answers.sort();
    answers
}

#[tokio::test]
async fn what_a_simulated_model_answers_does_not_depend_on_the_order() {
    let forward = answers(0..200).await;
    let backward = answers((0..200).rev()).await;
    assert_eq!(forward, backward);
    let right = forward.iter().filter(|(n, text)| *text == (n + 5).to_string()).count();
    // Binomial with n = 200 and p = 0.7: 140 ± 5 standard deviations of 6.5.
    assert!((108..=172).contains(&right), "{right}");
}

#[tokio::test]
async fn a_trial_says_what_it_took() {
    let gateway = gateway();
    let ask = Ask::new(gateway.models()[0].clone(), None);
    let ctx = context(&gateway, 1);
    let output = ctx.finish(&ask).await.unwrap();
    assert_eq!(output.usage, ctx.usage());
    assert_eq!(output.usage.requests, 1);
    let calls = ctx.take_calls();
    assert_eq!((calls.len(), calls[0].place.as_str()), (1, "#0"));
    let forecast: CallForecast = ask.forecast(&item(1), &gateway);
    assert_eq!((forecast.worst_calls, forecast.at_least), (Some(1), false));
}

const OWN_STRATEGY: &str = "experiment custom_strategy \"Checking one's own answer\" { seed: 3 }
model m = sim(accuracy: 70%)
dataset sums = items(40, |i| #{ input: `What is ${i} + 5?`, target: i + 5 })
strategy double_check(model, times: 1) = |ctx, item| {
    let answer = ctx.ask(model, item.input);
    for i in 0..times {
        let again = ctx.ask(model, `${item.input}\nEarlier answer: ${answer.text}`);
        if again.text == answer.text { break; }
        answer = again;
    }
    answer
}
condition once    = ask(m)
condition checked = double_check(m, times: 3)
condition panel[n in 1..=3] = vote(repeat(m, n), answer: last_number, prompt: \"{{ input }}!\")
metric correct = exact_match(extract: last_number)
metric endless = score(|output, item| { loop { } })
";

struct Memory;

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "own.crucible" { Ok(OWN_STRATEGY.into()) } else { Err("no".into()) }
    }
}

#[tokio::test]
async fn a_checked_file_is_assembled_and_its_trials_run() {
    let host = Host::default();
    let signatures = catalogue::signatures();
    let loaded = lang::load("own.crucible", &Memory, &signatures, &host, &[]);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let experiment = loaded.experiment.unwrap();
    let materials = Materials::load(&experiment, host).unwrap();
    let assembly =
        catalogue::assemble(&experiment, &materials, &Needs::default()).unwrap();
    assert_eq!(assembly.gateway.models().len(), 1, "one model is one lane");
    assert_eq!((assembly.strategies.len(), assembly.items.len()), (5, 40));
    let mut requests = vec![0; assembly.strategies.len()];
    for (index, strategy) in assembly.strategies.iter().enumerate() {
        for item in assembly.items.iter() {
            let condition = index.to_le_bytes();
            let digest = Digest::of(
                &[condition.as_slice(), item.digest.as_bytes().as_slice()].concat(),
            );
            let key = TrialKey { digest, repeat: 0, seed: 3 };
            let gateway = Arc::clone(&assembly.gateway);
            let ctx = TrialContext::new(gateway, item, key);
            let output = ctx.finish(strategy.as_ref()).await.unwrap();
            requests[index] += output.usage.requests;
            assert_eq!(ctx.take_calls().len(), output.usage.requests as usize);
        }
    }
    assert_eq!((requests[0], &requests[2..]), (40, &[40, 80, 120][..]));
    assert!(requests[1] > 80, "each answer is checked at least once: {requests:?}");
    let script = assembly.forecast(1).unwrap();
    assert!(script.at_least);
    assert_eq!(assembly.forecast(4).unwrap().worst_calls, Some(3));
    let output = Arc::new(Output { text: "5".into(), ..Output::default() });
    let run = ScriptRun::default();
    let first = assembly.items.get(0).unwrap();
    let score = |metric: usize| assembly.scorers[metric].score(&output, &first, &run);
    assert_eq!(score(0), Score::Value(1.0));
    assert!(matches!(score(1), Score::Failed(reason) if reason.contains("operations")));
}
