//! What the page shows that moves: fed from outside, seen by every connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;
use tokio::sync::watch;

use crate::engine::{Observer, Progress, StopReason};

/// How many notes are kept.
const NOTES: usize = 50;

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The file is read and checked.
    #[default]
    Checking,
    /// Trials are under way.
    Running,
    /// The results stand; nothing is under way.
    Settled,
    /// The run ended before its end.
    Stopped,
    /// The file does not check; what stands are the last results that were good.
    Broken,
    /// The run cannot be made: nobody agreed to it, or something outside the file is amiss.
    Refused,
}

/// What the page shows that moves.
#[derive(Debug)]
pub struct Live {
    state: watch::Sender<State>,
}

/// A state of the page. Its numbers rise, so that the page knows what to ask for again.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct State {
    pub(super) title: String,
    pub(super) phase: Phase,
    /// Whether a file is followed.
    pub(super) watched: bool,
    pub(super) progress: Option<ProgressView>,
    /// Rises with each new result.
    pub(super) results: u64,
    /// Whether the results are of a run that is not at its end.
    pub(super) interim: bool,
    /// The errors and warnings of the last check, as `check --format json` prints them.
    pub(super) diagnostics: Json,
    pub(super) notes: Vec<String>,
    /// Rises when the trials are those of another run.
    pub(super) run: u64,
    #[serde(skip)]
    pub(super) folder: Option<PathBuf>,
    #[serde(skip)]
    pub(super) contents: Arc<Json>,
}

/// Progress in plain numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct ProgressView {
    planned: u64,
    done: u64,
    reused: u64,
    failed: u64,
    failures: Vec<(String, u64)>,
    under_way: u64,
    waiting: u64,
    requests: u64,
    retries: u64,
    spent_usd: f64,
    unknown_cost_calls: u64,
    seconds: f64,
    rate: f64,
    seconds_left: Option<f64>,
}

impl Default for Live {
    fn default() -> Self {
        Self::new("")
    }
}

impl Live {
    /// Makes the state of a page with a title.
    #[must_use]
    pub fn new(title: &str) -> Self {
        let state = State { title: title.to_owned(), ..State::default() };
        Self { state: watch::Sender::new(state) }
    }

    /// Says that a file is followed.
    pub fn watched(&self) {
        self.state.send_modify(|state| state.watched = true);
    }

    /// Says what is going on.
    pub fn phase(&self, phase: Phase) {
        self.state.send_modify(|state| state.phase = phase);
    }

    /// Shows what a check found: `{"errors": […], "warnings": […]}`.
    pub fn diagnosed(&self, diagnostics: Json) {
        self.state.send_modify(|state| state.diagnostics = diagnostics);
    }

    /// Shows the trials of a run.
    pub fn run(&self, title: &str, folder: &Path) {
        self.state.send_modify(|state| {
            title.clone_into(&mut state.title);
            if state.folder.as_deref() != Some(folder) {
                state.folder = Some(folder.to_owned());
                state.run += 1;
            }
        });
    }

    /// Shows results: what a report is made of. Those of a run under way are `interim`.
    pub fn results(&self, contents: Json, interim: bool) {
        self.state.send_modify(|state| {
            if let Some(title) = contents.get("title").and_then(Json::as_str) {
                title.clone_into(&mut state.title);
            }
            state.contents = Arc::new(contents);
            state.interim = interim;
            state.results += 1;
        });
    }

    /// Shows a sentence.
    pub fn note(&self, text: &str) {
        self.state.send_modify(|state| {
            if state.notes.len() == NOTES {
                state.notes.remove(0);
            }
            state.notes.push(text.to_owned());
        });
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn state(&self) -> watch::Ref<'_, State> {
        self.state.borrow()
    }
}

impl Observer for Live {
    fn progress(&self, progress: &Progress) {
        let failures = progress.failures.iter();
        let view = ProgressView {
            planned: progress.planned,
            done: progress.done,
            reused: progress.reused,
            failed: progress.failed,
            failures: failures.map(|(kind, n)| (kind.words().to_owned(), *n)).collect(),
            under_way: progress.under_way,
            waiting: progress.spend.waiting,
            requests: progress.spend.requests,
            retries: progress.spend.retries,
            spent_usd: progress.spend.usd,
            unknown_cost_calls: progress.spend.unknown_calls,
            seconds: progress.elapsed.as_secs_f64(),
            rate: progress.rate(),
            seconds_left: progress.seconds_left(),
        };
        self.state.send_modify(|state| state.progress = Some(view));
    }

    fn warning(&self, text: &str) {
        self.note(text);
    }

    fn said(&self, hook: &'static str, text: &str) {
        self.note(&format!("{hook}: {text}"));
    }

    fn stopping(&self, reason: StopReason, under_way: u64) {
        if reason == StopReason::Interrupted && under_way > 0 {
            self.note(&format!("stopping: {under_way} trials under way are finished"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_that_was_away_sees_the_last_state_and_notes_do_not_grow() {
        let live = Live::new("x");
        let mut seen = live.subscribe();
        for n in 0..200 {
            live.note(&n.to_string());
            live.results(json!({"title": "y"}), true);
        }
        let state = seen.borrow_and_update();
        assert_eq!(state.notes.len(), NOTES);
        assert_eq!(state.notes.last().map(String::as_str), Some("199"));
        assert_eq!((state.results, state.title.as_str()), (200, "y"));
    }

    #[test]
    fn another_run_is_told_and_the_same_run_is_not() {
        let live = Live::default();
        for (folder, run) in [("a", 1), ("a", 1), ("b", 2)] {
            live.run("t", Path::new(folder));
            assert_eq!(live.state().run, run);
        }
    }
}
