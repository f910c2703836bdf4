//! Every kept input, and what a seeded mutation makes of it, through reader and formatter.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "these tests read seeds and the clock")]

use std::path::Path;
use std::time::{Duration, Instant};

use crucible::base::Stream;
use crucible::catalogue::signatures;
use crucible::diag::{Look, Sources, render, to_json};
use crucible::lang::syntax::{SyntaxError, format, parse};
use crucible::lang::{Files, load};
use crucible::model::{read_reply, read_stream};
use crucible::script::Host;

/// How long mutations are tried for.
const TIME: Duration = Duration::from_secs(4);

/// How long one small input may take, on a busy machine.
const LONGEST: Duration = Duration::from_secs(5);

fn seeds() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut seeds = Vec::new();
    for folder in ["files", "inputs"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            seeds.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    seeds.sort();
    seeds
}

/// Reads and tidies an input; panics if that goes wrong in any way.
fn try_out(bytes: &[u8]) {
    let began = Instant::now();
    let shown = String::from_utf8_lossy(bytes);
    let mut sources = Sources::new();
    let diagnostics: Vec<_> = match sources.add_bytes("fuzz.crucible", bytes) {
        Err(error) => vec![*error],
        Ok(id) => {
            let text = sources.get(id).unwrap().text();
            let parsed = parse(id, text);
            let tidy = format(text);
            assert_eq!(tidy.is_ok(), parsed.errors.is_empty(), "{shown}");
            if let Ok(tidy) = tidy {
                assert_eq!(format(&tidy).as_ref(), Ok(&tidy), "{shown}");
            }
            parsed.errors.iter().map(SyntaxError::diagnostic).collect()
        }
    };
    for found in &diagnostics {
        assert!(sources.text(found.span().unwrap()).is_some(), "{shown}");
        assert!(!render(found, &sources, Look::default()).is_empty(), "{shown}");
    }
    assert!(to_json(&diagnostics, &sources).is_object());
    check(bytes);
    assert!(began.elapsed() < LONGEST, "{:?}: {shown}", began.elapsed());
}

/// The one file of a fuzzed experiment.
struct One<'a>(&'a [u8]);

impl Files for One<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == "fuzz.crucible" {
            Ok(self.0.to_vec())
        } else {
            Err("no such file".to_owned())
        }
    }
}

/// Checks an input with the whole catalogue; shows what is wrong with it.
fn check(bytes: &[u8]) {
    let loaded = load("fuzz.crucible", &One(bytes), &signatures(), &Host::default(), &[]);
    for found in &loaded.diagnostics {
        assert!(!render(found, &loaded.sources, Look::default()).is_empty());
    }
}

#[test]
fn every_kept_input_is_read_and_tidied() {
    let seeds = seeds();
    assert!(seeds.len() >= 15);
    for (_, bytes) in seeds {
        try_out(&bytes);
    }
}

/// The kept replies of servers: a byte for the provider, one for the status, the body.
fn replies() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/replies");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Reads a reply; panics if that goes wrong in any way.
fn read_out(bytes: &[u8]) {
    const STATUSES: [u16; 15] =
        [200, 201, 302, 400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 529];
    let [provider, status, body @ ..] = bytes else { return };
    let provider = ["openai", "anthropic", "google"][usize::from(*provider) % 3];
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let began = Instant::now();
    let shown = String::from_utf8_lossy(body);
    match read_reply(provider, status, body) {
        Ok(_) => assert!((200..300).contains(&status), "{provider} {status}: {shown}"),
        Err(failure) => assert!(failure.message.len() < 10_000, "{shown}"),
    }
    // As events, whole and in two pieces: where they are cut makes no difference.
    let whole = read_stream(provider, &[body]);
    let (a, b) = body.split_at(body.len() / 2);
    assert_eq!(read_stream(provider, &[a, b]), whole, "{provider}: {shown}");
    if let Err(failure) = whole {
        assert!(failure.message.len() < 10_000, "{shown}");
    }
    assert!(began.elapsed() < LONGEST, "{:?}: {shown}", began.elapsed());
}

#[test]
fn every_reply_of_a_server_is_read() {
    let seeds = replies();
    assert!(seeds.len() > 30, "{}", seeds.len());
    let pieces: [&[u8]; 16] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"null",
        b"-1",
        b"1e999",
        b"\\u0000",
        b"\\ud800",
        b"\xff",
        b",",
        b":",
        b"{\"error\":",
        b"\"content\":",
        b"18446744073709551616",
    ];
    let mut stream = Stream::new(11, "mutations of replies");
    let mut below = |bound: usize| usize::try_from(stream.below(bound as u64)).unwrap();
    seeds.iter().for_each(|bytes| read_out(bytes));
    for _ in 0..20_000 {
        let mut bytes = seeds[below(seeds.len())].clone();
        for _ in 0..=below(4) {
            let (from, piece) = (below(bytes.len() + 1), pieces[below(pieces.len())]);
            match below(3) {
                0 => drop(bytes.splice(from..from, piece.iter().copied())),
                1 => {
                    let to = (from + below(30)).min(bytes.len()).max(from);
                    drop(bytes.drain(from..to));
                }
                _ => bytes.truncate(from.max(2)),
            }
        }
        read_out(&bytes);
    }
    // Nested as deep as a server may like.
    for open in ["[", "{\"a\":"] {
        read_out(&[b"0A", open.repeat(200_000).as_bytes()].concat());
    }
    assert!(read_reply("nobody", 200, b"{}").is_err());
}

#[test]
fn mutated_inputs_neither_panic_nor_hang() {
    let pieces: [&[u8]; 24] = [
        b"(",
        b")",
        b"[",
        b"]",
        b"{",
        b"}",
        b"\"",
        b"\"\"\"",
        b"`",
        b"${",
        b"/*",
        b"*/",
        b"//",
        b"///",
        b"\n",
        b"\r\n",
        b"|x|",
        b"#\"",
        b"\\",
        b"'",
        b",",
        b"\nlet a = ",
        b"\xff",
        b"\xc3\xa9",
    ];
    let seeds = seeds();
    let mut stream = Stream::new(7, "mutations");
    let mut below = |bound: usize| usize::try_from(stream.below(bound as u64)).unwrap();
    let began = Instant::now();
    let mut tried = 0;
    while began.elapsed() < TIME && tried < 20_000 {
        let mut bytes = seeds[below(seeds.len())].1.clone();
        for _ in 0..=below(6) {
            let (from, piece) = (below(bytes.len() + 1), pieces[below(pieces.len())]);
            match below(3) {
                0 => drop(bytes.splice(from..from, piece.iter().copied())),
                1 => drop(
                    bytes.drain(from..(from + 1 + below(20)).min(bytes.len()).max(from)),
                ),
                _ => {
                    let to = (from + below(200)).min(bytes.len());
                    let copied = bytes[from..to].to_vec();
                    let at = below(bytes.len() + 1);
                    drop(bytes.splice(at..at, copied));
                }
            }
        }
        try_out(&bytes);
        tried += 1;
    }
    assert!(tried > 100, "{tried}");
}
