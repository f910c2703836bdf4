//! What the headers of a reply say is left of a provider's limits.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::HeaderMap;

use crate::model::contract::{Left, Quota};

/// The names of the headers of one limit: what is left, and when it is whole again.
type Names = (&'static str, &'static str);

/// OpenAI's names, and those of the servers that speak like it.
const OPENAI: [Names; 2] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
];

/// Anthropic's.
const ANTHROPIC: [Names; 2] = [
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
];

/// Reads what is left; `None` where the provider does not say.
pub(super) fn read(headers: &HeaderMap) -> Option<Quota> {
    [OPENAI, ANTHROPIC].iter().find_map(|[requests, tokens]| {
        let quota =
            Quota { requests: left(headers, *requests), tokens: left(headers, *tokens) };
        (quota.requests.is_some() || quota.tokens.is_some()).then_some(quota)
    })
}

fn left(headers: &HeaderMap, (count, reset): Names) -> Option<Left> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let count = text(count)?.trim().parse().ok()?;
    let reset = text(reset)?.trim();
    let reset = span(reset).or_else(|| until(reset, text("date")?))?;
    Some(Left { count, reset })
}

/// Reads a span such as `6m0s`, `1.5s`, `17ms` or, without a unit, seconds.
fn span(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 5] =
        [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let (unit, scale) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        sum += number.parse::<f64>().ok()? * scale;
        rest = after.get(unit.len()..)?;
    }
    Duration::try_from_secs_f64(sum).ok()
}

/// Reads a moment; how far off it is follows from the reply's own date.
fn until(text: &str, date: &str) -> Option<Duration> {
    let until = DateTime::parse_from_rfc3339(text).ok()?;
    let now = DateTime::parse_from_rfc2822(date).ok()?;
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn spans_are_read_in_the_forms_that_providers_use() {
        let cases = [
            ("1s", Some(1.0)),
            ("6m0s", Some(360.0)),
            ("17ms", Some(0.017)),
            ("1m30.5s", Some(90.5)),
            ("2", Some(2.0)),
            ("1d2h", Some(93_600.0)),
            ("soon", None),
            ("-3", None),
            ("3x", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(span(text).map(|span| span.as_secs_f64()), seconds, "{text}");
        }
    }

    #[test]
    fn what_is_left_is_read_from_each_provider() {
        let openai = headers(&[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6ms"),
        ]);
        let quota = read(&openai).unwrap();
        let requests = Left { count: 0, reset: Duration::from_secs(360) };
        assert_eq!(quota.requests, Some(requests));
        assert_eq!(quota.tokens.unwrap().count, 149_984);
        let anthropic = headers(&[
            ("anthropic-ratelimit-requests-remaining", "12"),
            ("anthropic-ratelimit-requests-reset", "2026-11-25T02:30:20Z"),
            ("date", "Wed, 25 Nov 2026 02:30:00 GMT"),
        ]);
        let requests = read(&anthropic).unwrap().requests.unwrap();
        assert_eq!((requests.count, requests.reset.as_secs()), (12, 20));
        assert_eq!(read(&headers(&[("x-ratelimit-remaining-requests", "3")])), None);
        assert_eq!(read(&HeaderMap::new()), None);
    }
}
