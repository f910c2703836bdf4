//! A model with its limits, and the parameters that all providers share.

use std::time::Duration;

use crate::base::Digest;
use crate::model::contract::{Model, Price};
use crate::model::provider::{BuildError, Surroundings, provider};
use crate::spec::{Call, Complaint, Param, Type, Value};

/// Most attempts at a call where the file does not say: seven more tries, about half a
/// minute of waiting, outlast the short troubles that providers have.
pub(super) const ATTEMPTS: u32 = 8;

/// A model with its name, identity and limits.
#[derive(Debug)]
pub struct Lane {
    /// The name in the file.
    pub name: String,
    /// The digest of its call.
    pub digest: Digest,
    /// The model.
    pub model: Box<dyn Model>,
    /// What holds its calls back.
    pub limits: Limits,
}

/// What holds back the calls of one model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Attempts a second.
    pub requests: Option<f64>,
    /// Tokens a second, sent and received.
    pub tokens: Option<f64>,
    /// Attempts under way at once; at least 1.
    pub concurrency: Option<usize>,
    /// How long one attempt may take; the experiment's timeout where `None`.
    pub timeout: Option<Duration>,
    /// Attempts at a call before it fails; at least 1.
    pub attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: None,
            tokens: None,
            concurrency: None,
            timeout: None,
            attempts: ATTEMPTS,
        }
    }
}

/// Builds the lane of a model's call: the model of its provider, with its limits.
///
/// # Errors
///
/// When no provider has the call's name, or the provider refuses it.
pub fn lane(call: &Call, surroundings: &Surroundings<'_>) -> Result<Lane, BuildError> {
    let Some(provider) = provider(&call.name) else {
        return Err(BuildError::new(format!("`{}` is not a provider", call.name)));
    };
    Ok(Lane {
        name: call.shown().to_owned(),
        digest: call.digest(),
        model: (provider.build)(call, surroundings)?,
        limits: Limits::of(call),
    })
}

impl Limits {
    /// Reads the limits of a model's call.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let attempts = call.count("attempts").and_then(|n| u32::try_from(n).ok());
        let concurrency = call.count("concurrency").and_then(|n| usize::try_from(n).ok());
        Self {
            requests: call.number("limit").filter(|rate| *rate > 0.0),
            tokens: call.number("token_limit").filter(|rate| *rate > 0.0),
            concurrency: concurrency.map(|n| n.max(1)),
            timeout: call
                .number("timeout")
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            attempts: attempts.unwrap_or(ATTEMPTS).max(1),
        }
    }
}

pub(super) const PRICE: Param = Param::optional(
    "price",
    Type::List(&Type::Price),
    "What a token sent and a token received cost: `[$0.15/Mtok, $0.60/Mtok]`; a third price is that of a token sent which the provider had in its own cache, a fourth that of one which it wrote there, both as any token sent where not given.",
)
.operational();

pub(super) const LIMIT: Param =
    Param::optional("limit", Type::Rate, "Most requests in a time, retries included.")
        .operational();

pub(super) const TOKEN_LIMIT: Param = Param::optional(
    "token_limit",
    Type::Rate,
    "Most tokens in a time, sent and received, estimated before each request.",
)
.operational();

pub(super) const CONCURRENCY: Param =
    Param::optional("concurrency", Type::Count, "Most requests under way at once.")
        .operational();

pub(super) const TIMEOUT: Param = Param::optional(
    "timeout",
    Type::Duration,
    "How long one request may take; the experiment's `timeout` where it is not given.",
)
.operational();

pub(super) const ATTEMPT_LIMIT: Param = Param::optional(
    "attempts",
    Type::Count,
    "Most requests for one call, the first included; 8 where it is not given.",
)
.operational();

/// Reads `price: [in, out]`, with the prices of the provider's cache where they are given.
pub(super) fn price(call: &Call) -> Option<Price> {
    let [input, output, cache @ ..] = call.list("price")? else { return None };
    let usual = Price::new(input.as_quantity()?.value, output.as_quantity()?.value);
    let of_cache = |place: usize, usual: f64| {
        let given = cache.get(place).and_then(Value::as_quantity);
        given.map_or(usual, |given| given.value)
    };
    Some(Price {
        cached: of_cache(0, usual.cached),
        written: of_cache(1, usual.written),
        ..usual
    })
}

/// Finds what is wrong with the parameters that all providers share.
pub(super) fn check_shared(call: &Call) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if let Some(prices) = call.list("price") {
        let negative = |value: &Value| value.as_quantity().is_some_and(|q| q.value < 0.0);
        if !(2..=4).contains(&prices.len()) || prices.iter().any(negative) {
            complaints.push(complaint(
                "price",
                format!(
                    "found {} prices, wanted two to four of at least zero",
                    prices.len()
                ),
                "`price: [$0.15/Mtok, $0.60/Mtok]`, for a token sent and one received",
            ));
        }
    }
    for name in ["limit", "token_limit", "timeout"] {
        if let Some(quantity) = call.quantity(name).filter(|q| q.value <= 0.0) {
            let example = quantity.unit.example();
            complaints.push(complaint(
                name,
                format!("`{name}` is {quantity}, wanted more than zero"),
                &format!("`{name}: {example}`"),
            ));
        }
    }
    for name in ["concurrency", "attempts"] {
        if call.number(name).is_some_and(|n| n < 1.0) {
            complaints.push(complaint(
                name,
                format!("`{name}` is 0, wanted at least 1"),
                &format!("`{name}: 4`"),
            ));
        }
    }
    complaints
}

/// Returns a complaint about one parameter.
pub(super) fn complaint(param: &'static str, message: String, help: &str) -> Complaint {
    Complaint { param: Some(param), message, help: Some(help.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Quantity, Unit};
    use crate::model::testing::call;

    fn quantity(value: f64, unit: Unit) -> Value {
        Value::Quantity(Quantity::new(value, unit))
    }

    #[test]
    fn limits_are_read_in_base_units() {
        let call = call(
            "sim",
            vec![
                ("limit", quantity(10.0, Unit::PerSecond)),
                ("timeout", quantity(1.5, Unit::Seconds)),
                ("concurrency", quantity(4.0, Unit::One)),
            ],
        );
        let limits = Limits::of(&call);
        assert_eq!(limits.requests, Some(10.0));
        assert_eq!(limits.timeout, Some(Duration::from_millis(1500)));
        assert_eq!((limits.concurrency, limits.attempts), (Some(4), ATTEMPTS));
        assert!(check_shared(&call).is_empty());
    }

    #[test]
    fn a_third_price_is_that_of_what_was_cached() {
        let of = |prices: &[f64]| {
            let prices = prices.iter().map(|p| quantity(*p, Unit::DollarsPerToken));
            price(&call("sim", vec![("price", Value::List(prices.collect()))])).unwrap()
        };
        assert_eq!(of(&[4.0, 8.0]), Price::new(4.0, 8.0));
        assert_eq!(of(&[4.0, 8.0, 1.0]), Price { cached: 1.0, ..Price::new(4.0, 8.0) });
        let four = Price { cached: 1.0, written: 5.0, ..Price::new(4.0, 8.0) };
        assert_eq!(of(&[4.0, 8.0, 1.0, 5.0]), four);
    }

    #[test]
    fn one_price_is_not_two_and_no_limit_is_zero() {
        let price = Value::List(vec![quantity(1e-6, Unit::DollarsPerToken)]);
        let limit = quantity(0.0, Unit::PerSecond);
        let attempts = quantity(0.0, Unit::One);
        let call =
            call("sim", vec![("price", price), ("limit", limit), ("attempts", attempts)]);
        let params: Vec<_> = check_shared(&call).iter().map(|c| c.param).collect();
        assert_eq!(params, [Some("price"), Some("limit"), Some("attempts")]);
    }
}
