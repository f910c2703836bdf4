//! Batches that are under way at providers: told, and cancelled when somebody asks.

use std::path::Path;

use super::exit::{Exit, Trouble};
use super::{say, tell};
use crate::model::Gateway;
use crate::record::{BatchEntry, BatchLedger};
use crate::store::{Batches, Store};

/// Tells which batches go on at their providers.
pub(super) fn tell_open(ledger: &dyn BatchLedger) {
    match ledger.open() {
        Ok(open) => {
            for entry in &open {
                tell(&format!(
                    "note: {} goes on at its provider; the same command waits for its answers\n",
                    words(entry)
                ));
            }
        }
        Err(message) => tell(&format!("note: the batches cannot be read: {message}\n")),
    }
}

/// Cancels every batch of a run that is under way.
pub(super) fn cancel(gateway: &Gateway, run: Option<&Path>) -> Result<Exit, Trouble> {
    let open = match run {
        Some(folder) => {
            // Held so that nobody goes on with the run meanwhile.
            let store = Store::open(folder).map_err(|error| Trouble::failed(&error))?;
            let batches =
                Batches::open(store.folder()).map_err(|error| Trouble::failed(&error))?;
            batches.open().map_err(Trouble::Failed)?
        }
        None => Vec::new(),
    };
    if open.is_empty() {
        say("no batch is under way\n");
        return Ok(Exit::Complete);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::failed(&error))?;
    let mut failed = Vec::new();
    for entry in &open {
        match runtime.block_on(gateway.cancel_batch(entry)) {
            Ok(()) => say(&format!("{} is cancelled\n", words(entry))),
            Err(failure) => {
                failed.push(format!("{} is not cancelled: {failure}", words(entry)));
            }
        }
    }
    if failed.is_empty() {
        say("what was answered before is paid for, and used by the next run\n");
        Ok(Exit::Complete)
    } else {
        Err(Trouble::Failed(failed.join("; ")))
    }
}

fn words(entry: &BatchEntry) -> String {
    let id = entry.id.as_deref().map_or_else(String::new, |id| format!(" `{id}`"));
    format!("batch{id} of model `{}` with {} calls", entry.model, entry.calls.len())
}
