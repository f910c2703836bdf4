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
