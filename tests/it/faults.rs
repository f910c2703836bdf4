//! What becomes of a request for everything that a server may do, as `docs/failures.md` says.

#![expect(clippy::unwrap_used, reason = "a helper that fails, fails the test")]

use std::time::Duration;

use crucible::record::{CallRecord, FailureKind};

use crate::providers::{ask, gateway, limited};
use crate::standin::{Config, Fault, Standin};

/// What a fault comes to where every request meets it: its kind, whether it is tried again,
/// and whether it is booked. `None` where the answer counts.
type Outcome = Option<(FailureKind, bool, bool)>;

const MATRIX: [(&str, Fault, Outcome); 19] = {
    use FailureKind::{
        BadRequest, Conflict, Connection, Malformed, NotFound, RateLimited, Server,
        Timeout, Unauthorized,
    };
    [
        (
            "429 without `Retry-After`",
            Fault::TooMany { retry_after: None },
            Some((RateLimited, true, false)),
        ),
        (
            "429 with `Retry-After`",
            Fault::TooMany { retry_after: Some(0.2) },
            Some((RateLimited, true, false)),
        ),
        (
            "429 that says with its headers",
            Fault::Spent,
            Some((RateLimited, true, false)),
        ),
        ("500", Fault::Status(500), Some((Server, true, false))),
        ("502, 503, 504, 529", Fault::Status(503), Some((Server, true, false))),
        ("408", Fault::Status(408), Some((Timeout, true, true))),
        ("409", Fault::Status(409), Some((Conflict, true, false))),
        ("400, 422", Fault::Status(422), Some((BadRequest, false, false))),
        ("401, 402, 403", Fault::Status(402), Some((Unauthorized, false, false))),
        ("404", Fault::Status(404), Some((NotFound, false, false))),
        ("a redirect", Fault::Redirect, Some((BadRequest, false, false))),
        (
            "reset or closed before the reply",
            Fault::ResetBefore,
            Some((Connection, true, false)),
        ),
        ("reset or closed in the body", Fault::ResetIn, Some((Malformed, true, true))),
        ("reset after the whole body", Fault::ResetAfter, None),
        ("JSON of another shape", Fault::Wrong, Some((Malformed, true, true))),
        (
            "a page of HTML with status 200",
            Fault::Page(200),
            Some((Malformed, true, true)),
        ),
        (
            "a page of HTML with an error status",
            Fault::Page(502),
            Some((Server, true, false)),
        ),
        ("no answer at all", Fault::Hang, Some((Timeout, true, true))),
        ("an answer of up to 32 MB", Fault::Long(10 << 20), None),
    ]
};

/// Faults that the table of the page puts into one row with another.
const LIKE: [(Fault, Outcome); 5] = [
    (Fault::Reset, Some((FailureKind::Connection, true, false))),
    (Fault::Cut, Some((FailureKind::Malformed, true, true))),
    (Fault::Truncated, Some((FailureKind::Malformed, true, true))),
    (Fault::Drip(10, Duration::from_millis(20)), None),
    (
        Fault::Drip(30, Duration::from_millis(100)),
        Some((FailureKind::Timeout, true, true)),
    ),
];

async fn meet(fault: Fault, always: bool) -> (CallRecord, usize) {
    let faults = if always { vec![(fault, 1.0)] } else { Vec::new() };
    let first = if always { Vec::new() } else { vec![fault] };
    let server = Standin::start(Config { faults, first, ..Config::default() }).await;
    let base = format!("{}/v1", server.url());
    let gateway = gateway("openai", &base, limited(2, Duration::from_millis(1_500)));
    (ask(&gateway, 3).await, server.requests().len())
}

async fn matches(name: &str, fault: Fault, outcome: Outcome) {
    let (record, requests) = meet(fault, true).await;
    let (once, after) = meet(fault, false).await;
    match outcome {
        None => {
            assert!(record.result.is_ok(), "{name}: {:?}", record.result);
            assert_eq!((requests, record.presumed > 0.0), (1, false), "{name}");
        }
        Some((kind, again, booked)) => {
            let failure = record.result.unwrap_err();
            assert_eq!(failure.kind, kind, "{name}: {failure}");
            assert_eq!(requests, if again { 2 } else { 1 }, "{name}: {failure}");
            assert_eq!(record.presumed > 0.0, booked, "{name}: {}", record.presumed);
            assert_eq!(once.result.is_ok(), again, "{name}: {:?}", once.result);
            assert_eq!(after, if again { 2 } else { 1 }, "{name}");
        }
    }
}

#[tokio::test]
async fn everything_that_a_server_may_do_comes_to_what_the_page_says() {
    let named = MATRIX.iter().map(|(name, fault, outcome)| (*name, *fault, *outcome));
    let like = LIKE.iter().map(|(fault, outcome)| ("the same row", *fault, *outcome));
    let all =
        named.chain(like).map(|(name, fault, outcome)| matches(name, fault, outcome));
    futures_util::future::join_all(all).await;
}

#[test]
fn the_page_has_a_row_for_every_fault() {
    let page = include_str!("../../docs/failures.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    for (name, _, outcome) in MATRIX {
        let row = rows.iter().find(|row| row.contains(name));
        let row = *row.unwrap_or_else(|| panic!("no row for {name}"));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Some((kind, again, booked)) = outcome else {
            assert!(row.contains("the answer counts"), "{row}");
            continue;
        };
        if !cells[2].starts_with("as ") {
            let word = serde_json::to_value(kind).unwrap();
            assert_eq!(cells[2], format!("`{}`", word.as_str().unwrap()), "{row}");
            assert_eq!(cells[3].starts_with("no"), !again, "{row}");
            assert_eq!(cells[4] == "yes", booked, "{row}");
        }
    }
}
