//! How many requests are under way at once, as the server sees it.

#![expect(
    clippy::disallowed_methods,
    reason = "this test runs the program on real files"
)]

use std::time::Duration;

use serde_json::Value as Json;

use crate::crash::program;
use crate::standin::{Config, Standin};

/// The most requests that were under way together.
fn most(server: &Standin) -> usize {
    let open = server.requests();
    open.iter().filter(|request| request.outcome == "open").count()
}

#[test]
fn two_thousand_requests_are_under_way_when_two_thousand_are_allowed() {
    let latency = Duration::from_secs(2);
    let server = Standin::spawn(Config { latency, ..Config::default() });
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "experiment fire {{ seed: 5, concurrency: 2000 }}\n\
         model m = openai(\"stand-in\") {{ base_url: \"{}/v1\", concurrency: 2000 }}\n\
         dataset d = items(9000, |i| #{{ input: `What is ${{i}} + 1?`, target: i + 1 }})\n\
         condition c = ask(m)\n\
         metric correct = exact_match(extract: last_number)\n",
        server.url()
    );
    std::fs::write(folder.path().join("fire.crucible"), text).unwrap();
    let mut run = program(folder.path()).spawn().unwrap();
    let mut peak = 0;
    while run.try_wait().unwrap().is_none() {
        peak = peak.max(most(&server));
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = run.wait_with_output().unwrap();
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["trials"]["done"], 9_000);
    assert_eq!(server.requests().len(), 9_000, "none is asked twice");
    assert!((1_900..=2_000).contains(&peak), "{peak} at once");
}
