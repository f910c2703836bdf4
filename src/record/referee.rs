//! Who says that the sampling of a condition may end.

use crate::record::observed::{SampleSource, SourceError};
use crate::record::trial::{Place, TrialRecord};

/// A condition whose sampling is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    /// Its index in the experiment.
    pub condition: u32,
    /// How many items of the keyed order decided: those that its numbers are of.
    pub items: u32,
}

/// Hears of every trial of a run and says which conditions need no more of them.
///
/// What it says follows from the first items of the keyed order that are complete, and so
/// neither from the order in which trials end nor from how many run at once.
pub trait Referee: Send {
    /// Takes what is recorded already: the trials whose place counts as done.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn resume(
        &mut self,
        source: &dyn SampleSource,
        done: &dyn Fn(Place) -> bool,
    ) -> Result<(), SourceError>;

    /// Hears of a trial that ended and is recorded.
    fn hear(&mut self, trial: &TrialRecord);

    /// Returns every condition that is over.
    ///
    /// # Errors
    ///
    /// When the data cannot be judged; the run then goes on to its end.
    fn over(&mut self) -> Result<Vec<Over>, SourceError>;
}
