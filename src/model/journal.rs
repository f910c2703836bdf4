//! What became of the limits of models, until somebody writes it down.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::record::LimitEvent;

/// Events that are kept for the next look; what comes beyond them is left out.
const MOST: usize = 10_000;

/// The same thing of the same model is told once in this time.
const OFTEN: Duration = Duration::from_secs(1);

/// The events since the last look.
#[derive(Debug)]
pub(super) struct Journal {
    began: Instant,
    any: AtomicBool,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    events: Vec<LimitEvent>,
    /// When each thing was last told of each model.
    told: Vec<(Arc<str>, &'static str, Duration)>,
}

impl Pages {
    fn is_old(&mut self, model: &Arc<str>, what: &'static str, now: Duration) -> bool {
        let known =
            self.told.iter_mut().find(|(name, word, _)| name == model && *word == what);
        match known {
            Some((_, _, last)) if now.saturating_sub(*last) < OFTEN => true,
            Some((_, _, last)) => {
                *last = now;
                false
            }
            None => {
                self.told.push((Arc::clone(model), what, now));
                false
            }
        }
    }
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            any: AtomicBool::new(false),
            pages: Mutex::default(),
        }
    }

    /// Writes down that something became of a model's limit, at most once a second.
    pub(super) fn note(&self, model: &Arc<str>, what: &'static str, size: Option<usize>) {
        let after = self.began.elapsed();
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.events.len() >= MOST || pages.is_old(model, what, after) {
            return;
        }
        pages.events.push(LimitEvent { after, model: Arc::clone(model), what, size });
        self.any.store(true, Ordering::Release);
    }

    /// Takes the events.
    pub(super) fn take(&self) -> Vec<LimitEvent> {
        if !self.any.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut pages.events)
    }
}
