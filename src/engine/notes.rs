//! What the hooks of a file say: told as it comes, and written into the run's events.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde_json::json;

use crate::engine::courier::Note;
use crate::engine::laboratory::Laboratory;
use crate::engine::moment::{Heard, Moment, RunCounts};
use crate::engine::observe::Observer;
use crate::engine::run::Owner;
use crate::engine::terms::StopReason;
use crate::plan::Plan;
use crate::record::{Failure, FailureKind};
use crate::store::HistoryEvent;

/// Lines of hooks that the events of one session keep.
const MOST_LINES: u64 = 10_000;

/// What a session's hooks did so far.
#[derive(Debug, Default)]
pub(super) struct HookLedger {
    /// Whether the session is one that hooks are told of.
    told: bool,
    lines: u64,
    failures: BTreeMap<&'static str, u64>,
}

impl HookLedger {
    /// Returns how many calls of hooks failed.
    pub(super) fn failures(&self) -> u64 {
        self.failures.values().sum()
    }
}

impl<P, O, L> Owner<P, O, L>
where
    P: Deref<Target = Plan>,
    O: Deref<Target: Observer>,
    L: Laboratory,
{
    /// Calls `before_experiment`, if there is something to run.
    pub(super) async fn begin(&mut self) {
        self.hooks.told = self.progress.done < self.progress.planned;
        if !self.hooks.told || !self.shift.laboratory.hooks().before_experiment {
            return;
        }
        let moment = Moment::BeforeExperiment(self.run_counts());
        let heard = self.shift.heard(&moment).await;
        let trouble = heard.trouble.clone();
        self.heard(&moment, heard);
        if let Some(message) = trouble {
            self.end(StopReason::Hook);
            let message = format!("`before_experiment` failed: {message}");
            self.because = Some(Failure::new(FailureKind::Script, message));
        }
    }

    /// Calls `after_experiment`, and writes down how often hooks failed.
    pub(super) async fn finish(&mut self) {
        if self.hooks.told && self.shift.laboratory.hooks().after_experiment {
            let moment = Moment::AfterExperiment(self.run_counts());
            let heard = self.shift.heard(&moment).await;
            self.heard(&moment, heard);
        }
        if self.hooks.failures() > 0 {
            let detail = json!(self.hooks.failures);
            let at = self.now();
            self.recorder.note([HistoryEvent {
                at,
                kind: "hook_failures".into(),
                detail,
            }]);
        }
    }

    fn heard(&mut self, moment: &Moment, heard: Heard) {
        let Heard { lines, trouble, .. } = heard;
        let (hook, place) = (moment.hook(), moment.place());
        self.noted(Note { hook, place, lines, trouble });
    }

    fn run_counts(&self) -> RunCounts {
        let progress = &self.progress;
        RunCounts {
            planned: progress.planned,
            done: progress.done,
            failed: progress.failed,
            reused: progress.reused,
            spent_usd: self.shift.laboratory.spend().usd,
            seconds: self.started.elapsed().as_secs_f64(),
            complete: progress.done == progress.planned,
        }
    }

    /// Tells and keeps what a hook said; of its failures, the first.
    pub(super) fn noted(&mut self, note: Note) {
        let Note { hook, place, lines, trouble } = note;
        let at = self.now();
        for text in lines {
            self.observer.said(hook, &text);
            self.hooks.lines += 1;
            let text = match self.hooks.lines {
                0..=MOST_LINES => text,
                n if n == MOST_LINES + 1 => "… (the rest was not kept)".to_owned(),
                _ => continue,
            };
            let detail = json!({ "hook": hook, "trial": place, "text": text });
            let event = HistoryEvent { at: at.clone(), kind: "log".into(), detail };
            self.recorder.note([event]);
        }
        let Some(message) = trouble else { return };
        let count = self.hooks.failures.entry(hook).or_default();
        *count += 1;
        if *count == 1 {
            if place.is_some() {
                let told = format!("failed: {message}; further failures are counted");
                self.observer.said(hook, &told);
            } else if hook != "before_experiment" {
                self.observer.said(hook, &format!("failed: {message}"));
            }
            let detail = json!({ "hook": hook, "trial": place, "message": message });
            self.recorder.note([HistoryEvent { at, kind: "hook_failed".into(), detail }]);
        }
    }
}
