//! What a file is, found out by its content.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::logs::error::LogError;
use crate::logs::{inspect, json, stream};

/// A format of tables or logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table with a header, its values parted by this byte.
    Csv(u8),
    /// One JSON object a line.
    Jsonl,
    /// Inspect's `.eval`: a zip archive with a member for each sample.
    InspectEval,
    /// Inspect's log as one JSON document.
    InspectJson,
    /// `samples_*.jsonl` of lm-evaluation-harness.
    LmEvalSamples,
    /// `results_*.json` of lm-evaluation-harness: sums of whole tasks.
    LmEvalResults,
    /// What promptfoo writes to a `.json` file.
    PromptfooJson,
    /// What promptfoo writes to a `.jsonl` file.
    PromptfooJsonl,
}

/// Longest first line that is looked at.
const LONGEST_LINE: u64 = 64 << 20;

impl Format {
    /// Returns the name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv(b'\t') => "a table with tabs",
            Self::Csv(b';') => "a CSV table with semicolons",
            Self::Csv(_) => "a CSV table",
            Self::Jsonl => "JSONL",
            Self::InspectEval | Self::InspectJson => "a log of Inspect",
            Self::LmEvalSamples => "samples of lm-evaluation-harness",
            Self::LmEvalResults => "results of lm-evaluation-harness",
            Self::PromptfooJson | Self::PromptfooJsonl => "results of promptfoo",
        }
    }

    /// Says whether it is the log of a tool, whose columns have one meaning.
    #[must_use]
    pub fn is_log(self) -> bool {
        match self {
            Self::Csv(_) | Self::Jsonl => false,
            Self::InspectEval
            | Self::InspectJson
            | Self::LmEvalSamples
            | Self::LmEvalResults
            | Self::PromptfooJson
            | Self::PromptfooJsonl => true,
        }
    }

    /// Finds out what a file is.
    pub(super) fn detect(path: &Path) -> Result<Self, LogError> {
        let unreadable = |error: &std::io::Error| LogError::unreadable(path, error);
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        if file.metadata().map_err(|error| unreadable(&error))?.is_dir() {
            return Err(unreadable(&std::io::ErrorKind::IsADirectory.into()));
        }
        let mut line = Vec::new();
        let mut reader = BufReader::new(file).take(LONGEST_LINE);
        // The first line with something in it.
        while line.iter().all(u8::is_ascii_whitespace) {
            line.clear();
            let read = reader
                .read_until(b'\n', &mut line)
                .map_err(|error| unreadable(&error))?;
            if read == 0 {
                return Err(unknown(path, "it is empty"));
            }
        }
        if line.starts_with(b"PK\x03\x04") {
            return inspect::is_log(path).map(|()| Self::InspectEval);
        }
        if line.starts_with(b"PK\x05\x06") {
            return Err(unknown(path, "it is a zip archive without members"));
        }
        if line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]) {
            return Err(unknown(path, "it is UTF-16; save it as UTF-8"));
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        match line.first() {
            Some(b'{') => Self::of_json(path, line),
            Some(b'[') => Err(unknown(
                path,
                "it is a JSON list; write one object a line, as `jq -c '.[]'` does",
            )),
            _ => Self::of_text(path, line),
        }
    }

    fn of_json(path: &Path, line: &[u8]) -> Result<Self, LogError> {
        if let Ok(first) = json::parse::<Map<String, Json>>(line) {
            let has = |name: &str| first.contains_key(name);
            if has("doc_id") && (has("resps") || has("filtered_resps")) {
                return Ok(Self::LmEvalSamples);
            }
            if has("testIdx") && has("promptIdx") {
                return Ok(Self::PromptfooJsonl);
            }
            let keys: Vec<&str> = first.keys().map(String::as_str).collect();
            return Ok(document(&keys).unwrap_or(Self::Jsonl));
        }
        let file =
            File::open(path).map_err(|error| LogError::unreadable(path, &error))?;
        let keys = stream::keys(BufReader::new(file)).map_err(|error| {
            let found = format!("it begins like JSON, and is none: {error}");
            unknown(path, &found)
        })?;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        document(&keys).ok_or_else(|| {
            let shown: Vec<&str> = keys.iter().copied().take(8).collect();
            let found = format!(
                "it is a JSON document with `{}`, which none of these tools writes",
                shown.join("`, `")
            );
            unknown(path, &found)
        })
    }

    fn of_text(path: &Path, line: &[u8]) -> Result<Self, LogError> {
        if line.contains(&0) || std::str::from_utf8(line).is_err() {
            return Err(unknown(path, "it is no text in UTF-8"));
        }
        let mut quoted = false;
        let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
        for byte in line {
            quoted ^= *byte == b'"';
            for (delimiter, count) in &mut counts {
                *count += usize::from(!quoted && byte == delimiter);
            }
        }
        let [comma, semicolon, tab] = counts;
        let most = [semicolon, tab]
            .into_iter()
            .fold(comma, |most, other| if other.1 > most.1 { other } else { most });
        Ok(Self::Csv(most.0))
    }
}

/// Says which tool writes a document with these keys.
fn document(keys: &[&str]) -> Option<Format> {
    let has = |name: &str| keys.contains(&name);
    if has("eval") && has("samples") {
        Some(Format::InspectJson)
    } else if has("results") && (has("evalId") || has("shareableUrl")) {
        Some(Format::PromptfooJson)
    } else if has("results") && (has("configs") || has("versions")) {
        Some(Format::LmEvalResults)
    } else {
        None
    }
}

pub(super) fn unknown(path: &Path, found: &str) -> LogError {
    LogError::Unknown { path: path.display().to_string(), found: found.to_owned() }
}
