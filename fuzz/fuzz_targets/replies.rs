//! Any bytes a server may send are read as an answer or a failure, without a panic.
#![no_main]

use crucible::model::{read_reply, read_stream};
use libfuzzer_sys::fuzz_target;

const PROVIDERS: [&str; 3] = ["openai", "anthropic", "google"];
const STATUSES: [u16; 15] =
    [200, 201, 302, 400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 529];

fuzz_target!(|bytes: &[u8]| {
    // The first two bytes say which provider and which status; the rest is the body.
    let [provider, status, body @ ..] = bytes else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let read = read_reply(PROVIDERS[usize::from(*provider) % 3], status, body);
    match read {
        Ok(_) => assert!((200..300).contains(&status)),
        Err(failure) => assert!(failure.message.len() < 10_000),
    }
    // As events, whole and in two pieces: where they are cut makes no difference.
    let provider = PROVIDERS[usize::from(*provider) % 3];
    let whole = read_stream(provider, &[body]);
    let (a, b) = body.split_at(body.len() / 2);
    assert_eq!(read_stream(provider, &[a, b]), whole);
    if let Err(failure) = whole {
        assert!(failure.message.len() < 10_000);
    }
});
