//! What a run keeps beside its store: the cache, and the recording.

use std::sync::Arc;

use super::args::RunArgs;
use super::exit::Trouble;
use super::plan::Session;
use super::tell;
use crate::record::{AnswerCache, Recording, Tape};
use crate::store::{Exchanges, Recorder, Store, StoreError};

/// The cache, and what is recorded or replayed.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Answers that runs of one folder share; a replay has none.
    pub(super) cache: Option<Arc<Exchanges>>,
    tape: Option<Arc<Recorder>>,
    replay: Option<Arc<Exchanges>>,
}

impl Kept {
    /// Opens what the flags ask for.
    pub(super) fn open(args: &RunArgs) -> Result<Self, Trouble> {
        if let Some(folder) = &args.replay {
            let recording = Exchanges::read(folder).map_err(|error| {
                if matches!(error, StoreError::NoRecording { .. }) {
                    Trouble::wrong(&error)
                } else {
                    Trouble::failed(&error)
                }
            })?;
            return Ok(Self { replay: Some(Arc::new(recording)), ..Self::default() });
        }
        let open = |folder| Exchanges::open(folder).map_err(|e| Trouble::failed(&e));
        let cache = open(&args.out)?;
        if args.refresh {
            cache.replace();
        }
        let tape = match &args.record {
            Some(folder) => Some(Arc::new(Recorder::start(open(folder)?))),
            None => None,
        };
        Ok(Self { cache: Some(Arc::new(cache)), tape, replay: None })
    }

    /// Returns a session with all of it.
    pub(super) fn session(&self, args: &RunArgs) -> Session {
        Session {
            cache: self.cache.clone().map(|cache| cache as Arc<dyn AnswerCache>),
            tape: self.tape.clone().map(|tape| tape as Arc<dyn Tape>),
            replay: self.replay.clone().map(|replay| replay as Arc<dyn Recording>),
            offline: args.offline,
            refresh: args.refresh,
            ..Session::default()
        }
    }

    /// Writes what is left: the recording with the calls of trials that were there before it
    /// began, the cache within its limit.
    pub(super) fn close(
        &self,
        run: &Store,
        some_were_there: bool,
        args: &RunArgs,
    ) -> Result<(), Trouble> {
        let failed = |error: StoreError| Trouble::failed(&error);
        if let Some(tape) = &self.tape {
            tape.finish().map_err(failed)?;
            if some_were_there {
                tape.complete(run).map_err(failed)?;
            }
        }
        if let Some(cache) = &self.cache {
            cache.settle().map_err(failed)?;
            if let Some(bytes) = args.cache_limit {
                let gone = cache.limit(bytes).map_err(failed)?;
                if gone > 0 {
                    tell(&format!(
                        "note: {gone} answers left the cache (--cache-limit)\n"
                    ));
                }
            }
        }
        Ok(())
    }
}
