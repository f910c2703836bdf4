//! A model with a known accuracy, latency, price and failure rate, for trying out a design.

use async_trait::async_trait;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::base::{Digest, Stream};
use crate::model::contract::{
    Attempted, CallError, Model, Price, Profile, tokens_of, tokens_of_text,
};
use crate::model::guess;
use crate::model::lane::{
    ATTEMPT_LIMIT, CONCURRENCY, LIMIT, PRICE, TIMEOUT, TOKEN_LIMIT, check_shared,
    complaint, price,
};
use crate::model::latency::Latency;
use crate::model::provider::{BuildError, Provider, Surroundings};
use crate::record::{Answer, FailureKind, Item, Request, TokenParts};
use crate::spec::{Call, Complaint, Param, Signature, Type};

/// A simulated model. Every call is an independent draw keyed by the call's id.
///
/// # Formula
///
/// ```text
/// right  ⇔  √c · z_item + √d · z_model,item + √(1 − c − d) · e_call  <  Φ⁻¹(accuracy)
/// ```
///
/// `c` is the correlation, `d` the difficulty, and the three `z` and `e` are independent
/// standard normal draws: keyed by the item, by model and item, and by the call. Their sum
/// is standard normal, so a call is right with probability `accuracy` whatever `c` and `d`
/// are. The confidence is the probability of being right once the item is known.
///
/// # Source
///
/// The one-factor probit model: O. A. Vasicek, "The Distribution of Loan Portfolio Value",
/// Risk 15(12), 2002, 160–162.
#[derive(Debug)]
pub(super) struct Sim {
    digest: Digest,
    accuracy: f64,
    /// Φ⁻¹(accuracy).
    threshold: f64,
    correlation: f64,
    difficulty: f64,
    failures: f64,
    latency: Option<Latency>,
    tokens: Option<u64>,
    price: Option<Price>,
}

const SIGNATURE: Signature = Signature::new(
    "sim",
    Type::Model,
    "A simulated model with a known accuracy, latency, price and failure rate.",
)
.with_details(
    "Every call is an independent draw keyed by the call's id: the text is the item's target with probability `accuracy`, else one of nine plausible wrong answers, each equally likely (of `true`, `false`, `yes` and `no` the opposite). `difficulty` and `correlation` make items harder or easier, for this model or for all models alike, and leave the accuracy over all items as it is; two models with the same parameters are the same model. The confidence of an answer is the probability of being right once the item is known. The model really takes its latency. Tokens are counted as one for every four characters begun, and four for each message sent. Answers are never cached. Simulated dollars count towards the budget, but nothing is asked before they are spent.",
)
.with_params(&[
    Param::required("accuracy", Type::Fraction, "The probability that a call is right."),
    Param::optional(
        "latency",
        Type::OneOf(&[Type::Duration, Type::Distribution]),
        "How long a request takes: a duration, or a distribution such as `lognormal(median: 20ms, p99: 120ms)`. Nothing where it is not given.",
    ),
    PRICE,
    Param::optional(
        "failures",
        Type::Fraction,
        "The share of requests that fail with a server error, drawn anew for each attempt.",
    ),
    Param::optional("tokens", Type::Count, "Tokens of every answer; counted where not given."),
    Param::optional(
        "difficulty",
        Type::Fraction,
        "The share of this model's luck that belongs to the item: its calls on one item agree.",
    ),
    Param::optional(
        "correlation",
        Type::Fraction,
        "The share of luck that belongs to the item for all models that have it: they agree.",
    ),
    LIMIT,
    TOKEN_LIMIT,
    CONCURRENCY,
    TIMEOUT,
    ATTEMPT_LIMIT,
])
.with_example(
    "model small = sim(accuracy: 78%, latency: lognormal(median: 20ms, p99: 120ms), price: [$0.15/Mtok, $0.60/Mtok])",
)
.with_check(check)
.with_confidence(|_| true);

pub(super) const PROVIDER: Provider = Provider { signature: SIGNATURE, build };

fn check(call: &Call) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for name in ["accuracy", "failures", "difficulty", "correlation"] {
        if let Some(found) =
            call.quantity(name).filter(|found| !(0.0..=1.0).contains(&found.value))
        {
            let message = format!("`{name}` is {found}, wanted 0% to 100%");
            complaints.push(complaint(name, message, &format!("`{name}: 70%`")));
        }
    }
    let both = call.number("difficulty").unwrap_or(0.0)
        + call.number("correlation").unwrap_or(0.0);
    if complaints.is_empty() && both > 1.0 + 1e-12 {
        complaints.push(complaint(
            "correlation",
            "`difficulty` and `correlation` together are more than 100%".to_owned(),
            "they are shares of one whole: `difficulty: 30%, correlation: 40%`",
        ));
    }
    complaints.extend(check_shared(call));
    complaints
}

#[expect(clippy::unnecessary_wraps, reason = "the shape that all providers have")]
fn build(call: &Call, _: &Surroundings<'_>) -> Result<Box<dyn Model>, BuildError> {
    Ok(Box::new(Sim::of(call)))
}

impl Sim {
    fn of(call: &Call) -> Self {
        let share = |name| call.number(name).unwrap_or(0.0).clamp(0.0, 1.0);
        let accuracy = share("accuracy");
        Self {
            digest: call.digest(),
            accuracy,
            threshold: Normal::standard().inverse_cdf(accuracy),
            correlation: share("correlation"),
            difficulty: share("difficulty"),
            failures: share("failures"),
            latency: call.arg("latency").and_then(Latency::of),
            tokens: call.count("tokens"),
            price: price(call),
        }
    }

    /// Returns the probability of being right on an item.
    fn chance(&self, item: &Item, seed: u64) -> f64 {
        let (shared, own) = (self.correlation, self.difficulty);
        if shared + own <= 0.0 {
            return self.accuracy;
        }
        let item = item.digest.as_bytes().as_slice();
        let all = Stream::keyed(seed, "sim correlation", &[item]).normal();
        let parts = [self.digest.as_bytes().as_slice(), item];
        let mine = Stream::keyed(seed, "sim difficulty", &parts).normal();
        let known = shared.sqrt() * all + own.sqrt() * mine;
        let rest = (1.0 - shared - own).max(0.0).sqrt();
        if rest < 1e-9 {
            return if known < self.threshold { 1.0 } else { 0.0 };
        }
        Normal::standard().cdf((self.threshold - known) / rest)
    }

    fn respond(&self, request: &Request) -> Answer {
        let id = request.id.as_bytes().as_slice();
        let mut stream = Stream::keyed(request.seed, "sim answer", &[id]);
        let chance = self.chance(&request.item, request.seed);
        let target = &request.item.target;
        let text = if stream.unit() < chance {
            guess::right(target)
        } else {
            guess::wrong(target, |bound| stream.below(bound))
        };
        Answer {
            tokens_in: Some(tokens_of(request.system.as_deref(), &request.messages)),
            tokens_out: Some(self.tokens.unwrap_or_else(|| tokens_of_text(&text))),
            parts: TokenParts::default(),
            confidence: Some(chance),
            finish: Some("stop".to_owned()),
            model: None,
            text,
        }
    }
}

#[async_trait]
impl Model for Sim {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        self.attempt(request, 0).await.result
    }

    async fn attempt(&self, request: &Request, attempt: u32) -> Attempted {
        if self.latency.is_some() || self.failures > 0.0 {
            let parts = [request.id.as_bytes().as_slice(), &attempt.to_le_bytes()];
            let mut stream = Stream::keyed(request.seed, "sim attempt", &parts);
            let failed = stream.unit() < self.failures;
            if let Some(latency) = self.latency {
                tokio::time::sleep(latency.draw(&mut stream)).await;
            }
            if failed {
                let message = "simulated failure";
                return Err(CallError::new(FailureKind::Server, message)).into();
            }
        }
        Ok(self.respond(request)).into()
    }

    fn profile(&self) -> Profile {
        Profile {
            free: true,
            price: self.price,
            typical_tokens: Some(self.tokens.unwrap_or(2)),
            typical_latency: Some(self.latency.map_or(0.0, Latency::mean)),
            ..Profile::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Quantity, Unit};
    use crate::model::testing::{call, request};
    use crate::spec::Value;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn fraction(value: f64) -> Value {
        Value::Quantity(Quantity::new(value, Unit::Fraction))
    }

    fn sim(args: &[(&'static str, f64)]) -> Sim {
        let args = args.iter().map(|(name, value)| (*name, fraction(*value))).collect();
        Sim::of(&call("sim", args))
    }

    fn is_right(sim: &Sim, n: u64, item: u64) -> bool {
        sim.respond(&request(n, item, json!(50))).text == "50"
    }

    #[test]
    fn a_call_is_right_with_the_stated_probability_and_the_same_each_time() {
        let sim = sim(&[("accuracy", 0.7)]);
        let right = (0..20_000).filter(|n| is_right(&sim, *n, *n)).count();
        // Binomial: 14,000 ± 5 standard deviations of 65.
        assert!((13_675..=14_325).contains(&right), "{right}");
        let again = sim.respond(&request(7, 7, json!(50)));
        assert_eq!(sim.respond(&request(7, 7, json!(50))), again);
    }

    #[test]
    fn wrong_answers_are_nine_and_equally_likely() {
        let sim = sim(&[("accuracy", 0.0)]);
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for n in 0..18_000 {
            *counts.entry(sim.respond(&request(n, n, json!(50))).text).or_default() += 1;
        }
        assert_eq!(counts.len(), 9);
        // Binomial: 2,000 ± 5 standard deviations of 42.
        assert!(counts.values().all(|n| (1_790..=2_210).contains(n)), "{counts:?}");
        assert!(!counts.contains_key("50"));
    }

    #[test]
    fn difficulty_keeps_the_accuracy_and_makes_calls_on_an_item_agree() {
        let sim = sim(&[("accuracy", 0.7), ("difficulty", 0.5)]);
        let pairs: Vec<_> = (0..20_000)
            .map(|item| {
                (is_right(&sim, 2 * item, item), is_right(&sim, 2 * item + 1, item))
            })
            .collect();
        let share = |test: fn(&(bool, bool)) -> bool| {
            f64::from(u32::try_from(pairs.iter().filter(|p| test(p)).count()).unwrap())
                / 20_000.0
        };
        assert!((share(|p| p.0) - 0.7).abs() < 0.02);
        // Independent calls would agree on 58%; with a latent correlation of one half on 68%.
        assert!(share(|p| p.0 == p.1) > 0.65, "{}", share(|p| p.0 == p.1));
    }

    #[test]
    fn correlation_is_shared_across_models_and_difficulty_is_not() {
        let agree = |args_a: &[(&'static str, f64)], args_b: &[(&'static str, f64)]| {
            let (a, b) = (sim(args_a), sim(args_b));
            (0..20_000)
                .filter(|n| is_right(&a, 2 * n, *n) == is_right(&b, 2 * n + 1, *n))
                .count()
        };
        let apart = agree(
            &[("accuracy", 0.7), ("difficulty", 0.5)],
            &[("accuracy", 0.71), ("difficulty", 0.5)],
        );
        let together = agree(
            &[("accuracy", 0.7), ("correlation", 0.5)],
            &[("accuracy", 0.71), ("correlation", 0.5)],
        );
        assert!((11_300..=12_000).contains(&apart), "{apart}");
        assert!(together > 13_000, "{together}");
    }

    #[test]
    fn confidence_is_calibrated() {
        let sim = sim(&[("accuracy", 0.6), ("difficulty", 0.4), ("correlation", 0.2)]);
        let mut bins = [(0.0, 0.0, 0.0); 10];
        for n in 0..40_000 {
            let answer = sim.respond(&request(n, n, json!(50)));
            let sure = answer.confidence.unwrap();
            let bin = (0_u8..10).rfind(|b| sure >= f64::from(*b) / 10.0).unwrap();
            let bin = &mut bins[usize::from(bin)];
            *bin = (bin.0 + 1.0, bin.1 + sure, bin.2 + f64::from(answer.text == "50"));
        }
        for (n, sure, right) in bins {
            assert!((sure - right).abs() / n < 0.05, "{n} {sure} {right}");
        }
    }

    #[test]
    fn the_ends_are_sure_whatever_the_difficulty() {
        for difficulty in [0.0, 0.5, 1.0] {
            let never = sim(&[("accuracy", 0.0), ("difficulty", difficulty)]);
            let always = sim(&[("accuracy", 1.0), ("difficulty", difficulty)]);
            assert!((0..500).all(|n| !is_right(&never, n, n) && is_right(&always, n, n)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_drawn_anew_for_each_attempt() {
        let sim = sim(&[("accuracy", 1.0), ("failures", 0.5)]);
        let mut counts = [0; 4];
        for n in 0..1_000 {
            let request = request(n, n, json!(1));
            let first = sim.attempt(&request, 0).await.result.is_err();
            let second = sim.attempt(&request, 1).await.result.is_err();
            counts[usize::from(first) * 2 + usize::from(second)] += 1;
        }
        assert!(counts.iter().all(|n| (180..=320).contains(n)), "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn it_really_takes_its_latency() {
        let latency = Value::Quantity(Quantity::new(0.25, Unit::Seconds));
        let sim = Sim::of(&call(
            "sim",
            vec![("accuracy", fraction(1.0)), ("latency", latency)],
        ));
        let start = tokio::time::Instant::now();
        sim.answer(&request(1, 1, json!(1))).await.unwrap();
        assert_eq!(start.elapsed().as_millis(), 250);
    }

    #[test]
    fn fractions_out_of_range_are_told_and_so_is_too_much_luck() {
        let complain = |args: Vec<(&str, Value)>| check(&call("sim", args));
        let high = complain(vec![("accuracy", fraction(1.7))]);
        assert_eq!(high[0].message, "`accuracy` is 170%, wanted 0% to 100%");
        let both = complain(vec![
            ("accuracy", fraction(0.7)),
            ("difficulty", fraction(0.7)),
            ("correlation", fraction(0.4)),
        ]);
        assert_eq!(both[0].param, Some("correlation"));
    }
}
