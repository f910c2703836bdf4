//! What trials under way send to the run's owner before they end.

use tokio::sync::mpsc;

use crate::record::{CallRecord, Place};
use crate::store::GivenUp;

/// Something that a trial under way hands over.
#[derive(Debug)]
pub(super) enum Parcel {
    /// A call that was answered.
    Call(Place, Box<CallRecord>),
    /// A failure that is not recorded as the trial's.
    GivenUp(GivenUp),
    /// What a hook said.
    Note(Note),
}

/// What a hook said.
#[derive(Debug)]
pub(super) struct Note {
    /// The hook.
    pub(super) hook: &'static str,
    /// The trial, for a hook of trials.
    pub(super) place: Option<Place>,
    /// What it logged.
    pub(super) lines: Vec<String>,
    /// How it failed, with the place in the file.
    pub(super) trouble: Option<String>,
}

/// Brings what trials hand over to the run's owner.
#[derive(Debug, Clone)]
pub struct Courier(mpsc::UnboundedSender<Parcel>);

impl Courier {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Parcel>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Hands over a call of a trial that goes on after it.
    pub fn call(&self, place: Place, call: &CallRecord) {
        self.send(Parcel::Call(place, Box::new(call.clone())));
    }

    pub(super) fn send(&self, parcel: Parcel) {
        // Nobody listens once the run has ended.
        let _unheard = self.0.send(parcel);
    }
}
