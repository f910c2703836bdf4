//! Strategies over the real gateway and simulated models.

use std::sync::Arc;

use crucible::base::{Digest, Quantity, Span, Unit};
use crucible::model::{Gateway, GatewaySettings, ModelRef, Surroundings, lane};
use crucible::record::Item;
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
