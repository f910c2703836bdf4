//! What a race between calls leaves in a recording, and finds there.

use std::sync::Arc;

use crate::base::CallId;
use crate::model::gateway::Gateway;
use crate::record::{Answer, CallRecord, Failure, Item, Request};

impl Gateway {
    /// Says whether calls are answered from a recording.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.settings().replay.is_some()
    }

    /// Records a call that was cancelled because another one answered first.
    pub fn keep_dropped(&self, item: &str, record: &CallRecord) {
        if let Some(tape) = &self.settings().tape {
            tape.keep(item, record, Vec::new());
        }
    }

    /// Records what a race came to; `id` and `place` are those of the race.
    pub fn keep_decision(&self, id: CallId, place: String, item: &str, text: &str) {
        let Some(tape) = &self.settings().tape else { return };
        let answer = Answer { text: text.to_owned(), ..Answer::default() };
        let record = CallRecord {
            id,
            place,
            model: "race".to_owned(),
            system: None,
            messages: Vec::new(),
            result: Ok(answer),
            attempts: 0,
            latency: None,
            ttft: None,
            waited: 0.0,
            cost: Some(0.0),
            presumed: 0.0,
            cached: false,
        };
        tape.keep(item, &record, Vec::new());
    }

    /// Returns what a race came to, as it was recorded; `None` where nothing is replayed.
    ///
    /// # Errors
    ///
    /// When the recording does not have it.
    pub fn decision(
        &self,
        id: CallId,
        place: &str,
        item: &Arc<Item>,
        seed: u64,
    ) -> Option<Result<String, Failure>> {
        let recording = self.settings().replay.as_ref()?;
        let request = Request {
            id,
            system: None,
            messages: Vec::new(),
            item: Arc::clone(item),
            repeat: 0,
            seed,
        };
        let played = recording.play(&request, place, "race");
        Some(played.and_then(|record| record.result).map(|answer| answer.text))
    }
}
