//! What the program takes from its surroundings: keys, versions, the log.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Local};
use secrecy::SecretString;
use serde_json::{Value as Json, json};

/// Returns the environment for the models, which may name any variable as their key. The
/// values cannot be printed; empty ones count as unset.
pub(super) fn variables() -> BTreeMap<String, SecretString> {
    std::env::vars_os()
        .filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        })
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| (name, SecretString::from(value)))
        .collect()
}

/// Starts the log on stderr, if `RUST_LOG` asks for one.
pub(super) fn log() {
    if std::env::var_os("RUST_LOG").is_none() {
        return;
    }
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .with_ansi(super::colour_err())
        .finish();
    // A second start keeps the first log.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// Returns the present by the user's clock.
pub(super) fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset()
}

/// Returns the command line behind the program's name. Keys never stand in it.
pub(super) fn command() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Returns what is written to `environment.json`: what may differ between machines and is
/// therefore no part of a report.
pub(super) fn document(seed: u64, started: DateTime<FixedOffset>) -> Json {
    json!({
        "format": 1,
        "program": "crucible-run",
        "version": env!("CARGO_PKG_VERSION"),
        "command": command(),
        "seed": seed,
        "started": started.to_rfc3339_opts(chrono::SecondsFormat::Secs, false),
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
    })
}
