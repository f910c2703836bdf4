//! Distributions of the time that a simulated model takes.

use std::time::Duration;

use crate::base::Stream;
use crate::model::lane::complaint;
use crate::spec::{Call, Complaint, Fallback, Param, Signature, Type, Value};

/// The 99th percentile of the standard normal distribution.
const Z_99: f64 = 2.326_347_874_040_841;

/// A distribution of latencies, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Latency {
    Constant(f64),
    Uniform { low: f64, high: f64 },
    LogNormal { median: f64, sigma: f64 },
    Stragglers { median: f64, sigma: f64, slow: f64, factor: f64 },
}

impl Latency {
    /// Reads a distribution: a call of one, or a duration that is always the same.
    pub(super) fn of(value: &Value) -> Option<Self> {
        if let Some(duration) = value.as_quantity() {
            return Some(Self::Constant(duration.value));
        }
        let call = value.as_call()?;
        match call.name.as_str() {
            "constant" => Some(Self::Constant(call.number("duration")?)),
            "uniform" => Some(Self::Uniform {
                low: call.number("low")?,
                high: call.number("high")?,
            }),
            "lognormal" => {
                let median = call.number("median")?;
                let sigma = (call.number("p99")? / median).ln() / Z_99;
                Some(Self::LogNormal { median, sigma })
            }
            "stragglers" => Some(Self::Stragglers {
                median: call.number("median")?,
                sigma: call.number("spread")?,
                slow: call.number("slow")?,
                factor: call.number("factor")?,
            }),
            _ => None,
        }
    }

    /// Draws a latency.
    pub(super) fn draw(self, stream: &mut Stream) -> Duration {
        let seconds = match self {
            Self::Constant(seconds) => seconds,
            Self::Uniform { low, high } => low + (high - low) * stream.unit(),
            Self::LogNormal { median, sigma } => median * (sigma * stream.normal()).exp(),
            Self::Stragglers { median, sigma, slow, factor } => {
                let factor = if stream.unit() < slow { factor } else { 1.0 };
                median * factor * (sigma * stream.normal()).exp()
            }
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// Returns the mean in seconds.
    ///
    /// # Formula
    ///
    /// ```text
    /// lognormal   median · exp(σ² / 2)
    /// stragglers  median · exp(σ² / 2) · (1 + slow · (factor − 1))
    /// ```
    pub(super) fn mean(self) -> f64 {
        match self {
            Self::Constant(seconds) => seconds,
            Self::Uniform { low, high } => f64::midpoint(low, high),
            Self::LogNormal { median, sigma } => median * (sigma * sigma / 2.0).exp(),
            Self::Stragglers { median, sigma, slow, factor } => {
                median * (sigma * sigma / 2.0).exp() * (1.0 + slow * (factor - 1.0))
            }
        }
    }
}

const CONSTANT: Signature =
    Signature::new("constant", Type::Distribution, "A latency that is always the same.")
        .with_params(&[Param::required("duration", Type::Duration, "The latency.")])
        .with_example("model m = sim(accuracy: 80%, latency: constant(40ms))")
        .with_check(not_negative);

const UNIFORM: Signature = Signature::new(
    "uniform",
    Type::Distribution,
    "A latency between two bounds, each value in between equally likely.",
)
.with_params(&[
    Param::required("low", Type::Duration, "The shortest latency."),
    Param::required("high", Type::Duration, "The longest latency."),
])
.with_example("model m = sim(accuracy: 80%, latency: uniform(20ms, 60ms))")
.with_check(check_uniform);

const LOGNORMAL: Signature = Signature::new(
    "lognormal",
    Type::Distribution,
    "A latency with a long right tail, as services have: its logarithm is normal.",
)
.with_params(&[
    Param::required("median", Type::Duration, "Half of the latencies are shorter."),
    Param::required("p99", Type::Duration, "One in a hundred latencies is longer."),
])
.with_example(
    "model m = sim(accuracy: 80%, latency: lognormal(median: 20ms, p99: 120ms))",
)
.with_check(check_lognormal);

const STRAGGLERS: Signature = Signature::new(
    "stragglers",
    Type::Distribution,
    "A latency that is usually near its median, and now and then many times as long.",
)
.with_details(
    "The logarithm of a usual latency is normal around that of `median`, with standard deviation `spread`. A share `slow` of the requests takes `factor` times as long. After J. Dean and L. A. Barroso, \"The Tail at Scale\", Communications of the ACM 56(2), 2013, 74–80.",
)
.with_params(&[
    Param::required("median", Type::Duration, "The median of a usual request."),
    Param::default(
        "spread",
        Type::Fraction,
        Fallback::Quantity(0.2, crate::base::Unit::Fraction),
        "How much usual requests differ: the standard deviation of the logarithm.",
    ),
    Param::default(
        "slow",
        Type::Fraction,
        Fallback::Quantity(0.02, crate::base::Unit::Fraction),
        "The share of requests that are stragglers.",
    ),
    Param::default(
        "factor",
        Type::Number,
        Fallback::Quantity(10.0, crate::base::Unit::One),
        "How many times as long a straggler takes.",
    ),
])
.with_example(
    "model m = sim(accuracy: 80%, latency: stragglers(median: 40ms, spread: 20%, slow: 4%, factor: 20))",
)
.with_check(check_stragglers);

/// The distributions that `latency:` takes.
pub const DISTRIBUTIONS: &[Signature] = &[CONSTANT, UNIFORM, LOGNORMAL, STRAGGLERS];

fn not_negative(call: &Call) -> Vec<Complaint> {
    at_least_zero(call, "duration").into_iter().collect()
}

fn at_least_zero(call: &Call, param: &'static str) -> Option<Complaint> {
    let found = call.quantity(param).filter(|quantity| quantity.value < 0.0)?;
    let message = format!("`{param}` is {found}, wanted at least 0s");
    Some(complaint(param, message, &format!("`{param}: 40ms`")))
}

fn check_uniform(call: &Call) -> Vec<Complaint> {
    let mut complaints: Vec<_> = at_least_zero(call, "low").into_iter().collect();
    if let (Some(low), Some(high)) = (call.quantity("low"), call.quantity("high"))
        && high.value < low.value
    {
        let message = format!("`high` is {high}, less than `low`, which is {low}");
        complaints.push(complaint("high", message, &format!("`uniform({high}, {low})`")));
    }
    complaints
}

fn check_lognormal(call: &Call) -> Vec<Complaint> {
    let (Some(median), Some(p99)) = (call.quantity("median"), call.quantity("p99"))
    else {
        return Vec::new();
    };
    if median.value <= 0.0 {
        let message = format!("`median` is {median}, wanted more than 0s");
        return vec![complaint("median", message, "`median: 20ms`")];
    }
    if p99.value < median.value {
        let message = format!("`p99` is {p99}, less than the median, which is {median}");
        return vec![complaint(
            "p99",
            message,
            "the 99th percentile is at least the median",
        )];
    }
    Vec::new()
}

fn check_stragglers(call: &Call) -> Vec<Complaint> {
    let mut complaints: Vec<_> = at_least_zero(call, "median").into_iter().collect();
    if let Some(found) = call.quantity("slow").filter(|q| !(0.0..=1.0).contains(&q.value))
    {
        let message = format!("`slow` is {found}, wanted 0% to 100%");
        complaints.push(complaint("slow", message, "`slow: 4%`"));
    }
    if let Some(found) = call.quantity("spread").filter(|q| q.value < 0.0) {
        let message = format!("`spread` is {found}, wanted at least 0%");
        complaints.push(complaint("spread", message, "`spread: 20%`"));
    }
    if let Some(found) = call.quantity("factor").filter(|q| q.value < 1.0) {
        let message = format!("`factor` is {found}, wanted at least 1");
        complaints.push(complaint("factor", message, "`factor: 20`"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Quantity, Unit};
    use crate::model::testing::call;

    fn seconds(value: f64) -> Value {
        Value::Quantity(Quantity::new(value, Unit::Seconds))
    }

    fn quantiles(latency: Latency) -> [f64; 3] {
        let mut stream = Stream::new(1, "test");
        let mut draws: Vec<f64> =
            (0..50_000).map(|_| latency.draw(&mut stream).as_secs_f64()).collect();
        draws.sort_by(f64::total_cmp);
        let mean = draws.iter().sum::<f64>() / 50_000.0;
        [draws[25_000], draws[49_500], mean]
    }

    #[test]
    fn lognormal_has_the_median_and_the_99th_percentile_that_were_asked() {
        let value = Value::Call(Box::new(call(
            "lognormal",
            vec![("median", seconds(0.020)), ("p99", seconds(0.120))],
        )));
        let latency = Latency::of(&value).unwrap();
        let [median, p99, mean] = quantiles(latency);
        assert!((median / 0.020 - 1.0).abs() < 0.02, "{median}");
        assert!((p99 / 0.120 - 1.0).abs() < 0.05, "{p99}");
        assert!((mean / latency.mean() - 1.0).abs() < 0.03, "{mean}");
    }

    #[test]
    fn a_share_of_stragglers_takes_many_times_as_long() {
        let latency =
            Latency::Stragglers { median: 0.04, sigma: 0.2, slow: 0.04, factor: 20.0 };
        let mut stream = Stream::new(2, "test");
        let slow = (0..50_000)
            .filter(|_| latency.draw(&mut stream) > Duration::from_millis(300))
            .count();
        // Binomial: 2,000 ± 5 standard deviations of 44.
        assert!((1_780..=2_220).contains(&slow), "{slow}");
        let [_, _, mean] = quantiles(latency);
        assert!((mean / latency.mean() - 1.0).abs() < 0.05, "{mean}");
    }

    #[test]
    fn bounds_the_wrong_way_round_are_told() {
        let call = call("uniform", vec![("low", seconds(0.2)), ("high", seconds(0.1))]);
        let complaints = check_uniform(&call);
        assert_eq!(complaints[0].param, Some("high"));
        assert_eq!(complaints[0].help.as_deref(), Some("`uniform(100ms, 200ms)`"));
    }
}
