//! What the program takes from its surroundings: keys, versions, the log.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Local};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tracing_subscriber::EnvFilter;

use super::args::Log;

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

/// Starts the log on stderr, if `RUST_LOG` or `--log` asks for one. With `--log` alone it
/// tells what the program does at the level `info`.
pub(super) fn log(form: Option<Log>) {
    let filter = match (std::env::var_os("RUST_LOG"), form) {
        (None, None) => return,
        (None, Some(_)) => EnvFilter::new("crucible=info"),
        (Some(_), _) => EnvFilter::from_default_env(),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(super::colour_err());
    // A second start keeps the first log.
    drop(match form {
        Some(Log::Json) => tracing::subscriber::set_global_default(
            builder.json().flatten_event(true).finish(),
        ),
        Some(Log::Text) | None => {
            tracing::subscriber::set_global_default(builder.finish())
        }
    });
}

/// Lets the process hold as many connections at once as the system allows it.
pub(super) fn open_files() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
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
