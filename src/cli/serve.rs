//! The live page of a run, and `serve RUN`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::exit::{Exit, Trouble};
use super::progress::Signals;
use super::results::Results;
use super::{runs, tell};
use crate::report;
use crate::serve::{Address, Live, Phase, Server};
use crate::store::{RunStatus, Store};

/// How often a run that another process carries out is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// A page that is served until it is dropped.
#[derive(Debug)]
pub(super) struct Page {
    live: Arc<Live>,
    /// Held, never read.
    _server: Server,
}

impl Page {
    /// Serves a page and says where.
    pub(super) fn open(address: Address, live: Live) -> Result<Self, Trouble> {
        let live = Arc::new(live);
        let server = Server::start(address, Arc::clone(&live))
            .map_err(|error| Trouble::failed(&error))?;
        tell(&format!("the page is at {}\n", server.url()));
        Ok(Self { live, _server: server })
    }

    /// Returns what the page shows.
    pub(super) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live)
    }

    /// Shows results; those of a run under way are `interim`.
    pub(super) fn results(&self, results: &Results, interim: bool) {
        match report::contents(&results.experiment, &results.facts, &results.findings) {
            Ok(contents) => self.live.results(contents, interim),
            Err(error) => {
                self.live.note(&format!("the results cannot be shown: {error}"));
            }
        }
    }

    /// Shows the results that stand at the end of a run.
    pub(super) fn ended(&self, results: &Results, complete: bool) {
        self.results(results, false);
        self.live.phase(if complete { Phase::Settled } else { Phase::Stopped });
    }

    /// Serves on until the user ends it.
    pub(super) fn stay(self) -> Result<(), Trouble> {
        tell("the page stays until Ctrl-C\n");
        waiting()?.block_on(async {
            match Signals::new() {
                Some(mut signals) => signals.next().await,
                None => std::future::pending().await,
            }
        });
        Ok(())
    }
}

/// Returns what waits on this thread.
pub(super) fn waiting() -> Result<tokio::runtime::Runtime, Trouble> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::failed(&error))
}

/// `serve RUN`: the page of a run, of one that goes on in another process too.
pub(super) fn serve(run: &Path, address: Address) -> Result<Exit, Trouble> {
    let store = runs::read(run)?;
    let name = store.info().name.clone();
    let live = Live::new(&name);
    live.run(&name, store.folder());
    let page = Page::open(address, live)?;
    let mut seen = shown(&page, &store)?;
    tell("it stays until Ctrl-C\n");
    waiting()?.block_on(async {
        let Some(mut signals) = Signals::new() else {
            return Err(Trouble::Failed("signals cannot be heard".to_owned()));
        };
        loop {
            tokio::select! {
                () = signals.next() => return Ok(Exit::Complete),
                () = sleep(LOOK) => {}
            }
            if far(&store)? != seen {
                seen = shown(&page, &store)?;
            }
        }
    })
}

/// Shows what a run holds now, and returns how far it is.
fn shown(page: &Page, store: &Store) -> Result<Far, Trouble> {
    let far = far(store)?;
    let experiment = store.experiment().map_err(|error| Trouble::failed(&error))?;
    let results = Results::gather(store, experiment, None, 0)?;
    match far.status {
        RunStatus::Underway => {
            page.results(&results, true);
            page.live.phase(if far.busy { Phase::Running } else { Phase::Stopped });
        }
        RunStatus::Complete | RunStatus::Decided | RunStatus::Selection => {
            page.ended(&results, true);
        }
        RunStatus::Interrupted
        | RunStatus::Budget
        | RunStatus::TooManyFailures
        | RunStatus::Offline
        | RunStatus::Unreachable
        | RunStatus::Stopped => page.ended(&results, false),
    }
    Ok(far)
}

/// How far a run is.
#[derive(Debug, PartialEq, Eq)]
struct Far {
    committed: u64,
    status: RunStatus,
    /// Whether a process carries it out now.
    busy: bool,
}

fn far(store: &Store) -> Result<Far, Trouble> {
    let failed = |error: crate::store::StoreError| Trouble::failed(&error);
    let counts = store.counts().map_err(failed)?;
    let committed = counts.iter().map(|count| count.committed).sum();
    let status = store.status().map_err(failed)?;
    Ok(Far { committed, status, busy: store.is_busy() })
}
