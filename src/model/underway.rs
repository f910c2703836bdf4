//! A call while it is under way: what it took so far, and who hears of it when it is dropped.

use std::time::Duration;

use tokio::time::Instant;

use crate::record::{CallRecord, Failure, FailureKind, Request};

/// Who hears what becomes of a call while it is under way.
pub trait Witness: Send + Sync {
    /// The call has room, money and its rates: its first request leaves now.
    fn admitted(&self) {}

    /// The call was dropped before it ended. Its record says what it took so far; what may
    /// still be billed for it is in `presumed`, at most.
    fn dropped(&self, record: CallRecord) {
        drop(record);
    }
}

/// Nobody hears of the call.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Witness for Nobody {}

/// What the attempts at one call took so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) attempts: u32,
    /// Attempts that count towards their end: those that were probes do not.
    pub(super) charged: u32,
    pub(super) busy: Duration,
    /// Of the time of the attempts, that until the first token of the answer.
    first_token: Option<Duration>,
    /// What attempts without an answer may be billed at, at most; `None` while none may.
    pub(super) presumed: Option<f64>,
    /// The attempt that is under way: when it left, and what it may cost at most.
    open: Option<(Instant, f64)>,
}

impl Tally {
    /// Notes that an attempt leaves.
    pub(super) fn leaves(&mut self, is_probe: bool, most: f64) -> Instant {
        let now = Instant::now();
        self.attempts += 1;
        self.charged += u32::from(!is_probe);
        self.open = Some((now, most));
        now
    }

    /// Notes that the attempt under way ended, and when the first token of its answer came;
    /// returns how long it took.
    pub(super) fn ended(&mut self, first_token: Option<Instant>) -> Duration {
        let Some((left, _)) = self.open.take() else { return Duration::ZERO };
        let took = left.elapsed();
        let first = first_token.map(|at| self.busy + at.saturating_duration_since(left));
        self.first_token = first;
        self.busy += took;
        took
    }

    /// Returns the seconds of the attempts, the one under way included; `None` without one.
    fn latency(&self) -> Option<f64> {
        let open = self.open.map(|(left, _)| left.elapsed()).unwrap_or_default();
        (self.attempts > 0).then(|| (self.busy + open).as_secs_f64())
    }
}

/// A call that is under way. Dropped before its end, it tells its witness.
pub(super) struct Underway<'a> {
    pub(super) request: Request,
    pub(super) record: CallRecord,
    pub(super) tally: Tally,
    begun: Instant,
    witness: &'a dyn Witness,
    is_over: bool,
}

impl<'a> Underway<'a> {
    pub(super) fn new(
        request: Request,
        place: String,
        model: &str,
        witness: &'a dyn Witness,
    ) -> Self {
        let record = CallRecord {
            id: request.id,
            place,
            model: model.to_owned(),
            system: None,
            messages: Vec::new(),
            result: Err(Failure::new(FailureKind::NotFound, "no such model")),
            attempts: 0,
            latency: None,
            ttft: None,
            waited: 0.0,
            cost: Some(0.0),
            presumed: 0.0,
            cached: false,
        };
        let tally = Tally::default();
        let begun = Instant::now();
        Self { request, record, tally, begun, witness, is_over: false }
    }

    /// Tells the witness that the first request leaves.
    pub(super) fn admitted(&self) {
        if self.tally.attempts == 0 {
            self.witness.admitted();
        }
    }

    /// Writes into the record how long it took, as far as it came.
    pub(super) fn measure(&mut self) {
        let latency = self.tally.latency();
        let all = self.begun.elapsed().as_secs_f64();
        self.record.attempts = self.tally.attempts;
        self.record.latency = latency;
        self.record.ttft = self.tally.first_token.map(|first| first.as_secs_f64());
        self.record.waited = (all - latency.unwrap_or(0.0)).max(0.0);
        self.record.presumed = self.tally.presumed.unwrap_or(0.0);
    }

    /// Ends it: the record with what was asked, and the request.
    pub(super) fn end(mut self) -> (CallRecord, Request) {
        self.is_over = true;
        self.taken()
    }

    fn taken(&mut self) -> (CallRecord, Request) {
        let empty = Request {
            id: self.request.id,
            system: None,
            messages: Vec::new(),
            item: std::sync::Arc::clone(&self.request.item),
            repeat: self.request.repeat,
            seed: self.request.seed,
        };
        let mut request = std::mem::replace(&mut self.request, empty);
        let blank = CallRecord {
            id: request.id,
            place: String::new(),
            model: String::new(),
            system: None,
            messages: Vec::new(),
            result: Err(Failure { kind: FailureKind::Cancelled, message: String::new() }),
            attempts: 0,
            latency: None,
            ttft: None,
            waited: 0.0,
            cost: None,
            presumed: 0.0,
            cached: false,
        };
        let mut record = std::mem::replace(&mut self.record, blank);
        record.system = request.system.take();
        record.messages = std::mem::take(&mut request.messages);
        (record, request)
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        self.measure();
        if let Some((_, most)) = self.tally.open {
            self.record.presumed += most;
        }
        self.record.cost = (self.tally.attempts == 0).then_some(0.0);
        self.record.result = Err(Failure::new(FailureKind::Cancelled, Failure::DROPPED));
        let (record, _) = self.taken();
        self.witness.dropped(record);
    }
}
