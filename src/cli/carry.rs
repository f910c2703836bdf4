//! A run under way, and who looks on.

use std::convert::Infallible;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep};

use super::args::{Look, RunArgs};
use super::exit::Trouble;
use super::plan::Ready;
use super::progress::{Bar, interrupts};
use super::results::{self, Results};
use super::serve::Page;
use super::watch::Vigil;
use super::{environment, load};
use crate::analysis::Umpire;
use crate::engine::{
    self, EngineOptions, Observer, Progress, RunSummary, StopReason, StopSignal,
};
use crate::record::TrialRecord;
use crate::serve::{Live, Phase};
use crate::spec::Experiment;
use crate::store::Store;

/// The least time between two looks at results that move, and how much longer than a look it
/// is at least: what is looked at must not be held up by it.
const LOOK: (Duration, u32) = (Duration::from_secs(2), 20);

/// Who looks on beside the terminal.
#[derive(Debug, Default)]
pub(super) struct Company<'a> {
    /// A page that follows the run.
    pub(super) page: Option<&'a Page>,
    /// Whoever follows the file, which may change meanwhile.
    pub(super) vigil: Option<&'a mut Vigil>,
}

impl Company<'_> {
    /// Says that a run begins.
    pub(super) fn begins(&self, ready: &Ready, folder: &Path) {
        let Some(page) = self.page else { return };
        let experiment = &ready.prepared.experiment;
        let live = page.live();
        live.run(experiment.title.as_deref().unwrap_or(&experiment.name), folder);
        live.phase(Phase::Running);
    }

    /// Says what a run came to.
    pub(super) fn ends(&self, results: &Results, complete: bool) {
        if let Some(page) = self.page {
            page.ended(results, complete);
        }
    }

    /// Says whether the run was stopped since the file asks for another now.
    pub(super) fn is_superseded(&self) -> bool {
        self.vigil.as_ref().is_some_and(|vigil| vigil.is_superseded())
    }
}

/// The bar, and the page where there is one.
#[derive(Debug)]
struct Crowd {
    bar: Bar,
    page: Option<Arc<Live>>,
}

impl Observer for Crowd {
    fn progress(&self, progress: &Progress) {
        self.bar.progress(progress);
        if let Some(page) = &self.page {
            page.progress(progress);
        }
    }

    fn failed(&self, record: &TrialRecord) {
        self.bar.failed(record);
    }

    fn warning(&self, text: &str) {
        self.bar.warning(text);
        if let Some(page) = &self.page {
            page.warning(text);
        }
    }

    fn said(&self, hook: &'static str, text: &str) {
        self.bar.said(hook, text);
        if let Some(page) = &self.page {
            page.said(hook, text);
        }
    }

    fn stopping(&self, reason: StopReason, under_way: u64) {
        self.bar.stopping(reason, under_way);
        if let Some(page) = &self.page {
            page.stopping(reason, under_way);
        }
    }
}

/// Carries out what is left of a run.
pub(super) fn carry_out(
    ready: &Ready,
    store: Store,
    args: &RunArgs,
    company: &mut Company<'_>,
) -> Result<RunSummary, Trouble> {
    let prepared = &ready.prepared;
    if !args.offline {
        ready
            .bench
            .assembly()
            .ready()
            .map_err(|error| load::told(&prepared.experiment, &error))?;
    }
    let history = results::history(&store)?;
    if let Some(umpire) = Umpire::new(&prepared.experiment, history) {
        ready.bench.appoint(Box::new(umpire));
    }
    environment::open_files();
    let crowd = Arc::new(Crowd {
        bar: Bar::new(args.format == Look::Human),
        page: company.page.map(Page::live),
    });
    let (stop, listener) = watch::channel(StopSignal::GoOn);
    let folder = store.folder().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(crate::script::STACK_BYTES)
        .build()
        .map_err(|error| Trouble::failed(&error))?;
    let ended = runtime.block_on(async {
        // The run's owner is a task among those of its trials: see `engine::run`.
        let mut owner = JoinSet::new();
        owner.spawn(engine::run(
            Arc::clone(&prepared.plan),
            Arc::clone(&ready.bench),
            store,
            options(&prepared.experiment, args),
            listener,
            Arc::clone(&crowd),
        ));
        tokio::select! {
            Some(ended) = owner.join_next() => match ended {
                Ok(ended) => ended.map_err(|error| Trouble::failed(&error)),
                Err(error) => Err(Trouble::failed(&error)),
            },
            trouble = interrupts(&stop) => Err(trouble),
            never = look_on(company.vigil.as_deref_mut(), ready, &stop, &crowd.bar) => {
                match never {}
            }
            never = follow(company.page, folder, ready) => match never {},
        }
    });
    crowd.bar.end();
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}

fn options(experiment: &Experiment, args: &RunArgs) -> EngineOptions {
    let header = &experiment.header;
    EngineOptions {
        concurrency: header.concurrency,
        max_failures: header.max_failures,
        retry_failed: args.retry_failed,
        started: Some(environment::now()),
        budget: header.budget,
        ..EngineOptions::default()
    }
}

/// Lets whoever follows the file stop the run where it asks for other trials now.
async fn look_on(
    vigil: Option<&mut Vigil>,
    ready: &Ready,
    stop: &watch::Sender<StopSignal>,
    bar: &Bar,
) -> Infallible {
    match vigil {
        Some(vigil) => vigil.look_on(ready, stop, bar).await,
        None => pending().await,
    }
}

/// Shows on the page what is found so far, again and again.
async fn follow(page: Option<&Page>, folder: PathBuf, ready: &Ready) -> Infallible {
    let Some(page) = page else { return pending().await };
    let planned = Some(ready.prepared.plan.len());
    let mut pause = LOOK.0 / 2;
    loop {
        sleep(pause).await;
        let begun = Instant::now();
        let (folder, experiment) = (folder.clone(), ready.prepared.experiment.clone());
        let look = move || {
            let store = Store::read(&folder).map_err(|error| Trouble::failed(&error))?;
            Results::gather(&store, experiment, planned, 0)
        };
        if let Ok(Ok(results)) = spawn_blocking(look).await {
            page.results(&results, true);
        }
        pause = LOOK.0.max(begun.elapsed() * LOOK.1);
    }
}
