//! `--watch`: the file is followed, and each save does again what it asks for.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::args::RunArgs;
use super::carry::Company;
use super::exit::{Exit, Trouble};
use super::load::{self, Checked, Examined};
use super::plan::{self, Prepared, Ready};
use super::progress::{Bar, Signals};
use super::results::Results;
use super::run::{self, Ran};
use super::serve::{Page, waiting};
use super::{environment, say, tell};
use crate::analysis::Memory;
use crate::base::Digest;
use crate::diag;
use crate::engine::StopSignal;
use crate::report::RunFacts;
use crate::serve::{Live, Phase};
use crate::spec::Experiment;
use crate::store::{ShownVerdict, Store, StoreError};
use crate::watch::{Change, Remembered, Watcher, change};

/// The folder, beside those of the runs, that holds the reports of what asked nothing.
const REPORTS: &str = "watch";

/// Runs a file, and does again on each save what it asks for, until the user ends it.
pub(super) fn watch(args: &RunArgs) -> Result<Exit, Trouble> {
    let page = args
        .serve
        .map(|address| Page::open(address, Live::new(&args.file)))
        .transpose()?;
    let live = page.as_ref().map(Page::live);
    let runtime = waiting()?;
    let signals = runtime.block_on(async { Signals::new() });
    let Some(mut signals) = signals else {
        return Err(Trouble::Failed("signals cannot be heard".to_owned()));
    };
    if let Some(live) = &live {
        live.watched();
    }
    let vigil = Vigil::new(args, live);
    let mut session = Session { args: args.clone(), page, vigil, base: None };
    session.vigil.watcher.follow([PathBuf::from(&args.file)]);
    loop {
        if let Some(exit) = session.round() {
            return Ok(exit);
        }
        if !wait(&runtime, &mut signals, &mut session.vigil) {
            return Ok(Exit::Complete);
        }
    }
}

/// Waits until files have changed; says no when the user ends it.
fn wait(runtime: &Runtime, signals: &mut Signals, vigil: &mut Vigil) -> bool {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = signals.next() => false,
            () = vigil.changed() => true,
        }
    })
}

/// What goes on from save to save.
struct Session {
    args: RunArgs,
    page: Option<Page>,
    vigil: Vigil,
    /// The last run, whose trials later claims are decided by.
    base: Option<Base>,
}

/// A run and what it holds.
struct Base {
    samples: Remembered<Store>,
    memory: Memory,
    experiment: Experiment,
    items: Digest,
    facts: RunFacts,
    /// The experiment whose results were shown last.
    shown: Experiment,
    /// The verdicts that were written down as shown.
    told: BTreeSet<[String; 3]>,
}

/// Follows the files of an experiment, whether a run is under way or not.
#[derive(Debug)]
pub(super) struct Vigil {
    file: String,
    args: RunArgs,
    watcher: Watcher,
    live: Option<Arc<Live>>,
    /// Whether something changed that no round has seen.
    pending: bool,
    /// Whether the run under way was stopped since the file asks for another.
    superseded: bool,
}

impl Vigil {
    fn new(args: &RunArgs, live: Option<Arc<Live>>) -> Self {
        Self {
            file: args.file.clone(),
            args: args.clone(),
            watcher: Watcher::new(),
            live,
            pending: false,
            superseded: false,
        }
    }

    /// Says whether the run under way was stopped since the file asks for another.
    pub(super) fn is_superseded(&self) -> bool {
        self.superseded
    }

    /// Waits for a change, unless one was seen while a run was under way.
    async fn changed(&mut self) {
        if !self.pending {
            self.watcher.changed().await;
        }
    }

    /// Reads and checks the file as it is now.
    fn examine(&mut self) -> Result<Examined, Trouble> {
        self.pending = false;
        loop {
            let examined = load::examine(&self.file, &self.args.choice.set)?;
            // What is followed from now on only was perhaps read before it changed.
            if !self.watcher.follow(examined.files.iter().cloned()) {
                return Ok(examined);
            }
        }
    }

    /// Tells what a check found.
    fn diagnose(&self, examined: &Examined, told: impl FnOnce(&str)) {
        told(&load::rendered(examined));
        if let Some(live) = &self.live {
            live.diagnosed(diag::to_json(&examined.diagnostics, &examined.sources));
        }
    }

    fn phase(&self, phase: Phase) {
        if let Some(live) = &self.live {
            live.phase(phase);
        }
    }

    /// Follows the files while a run is under way, and stops it once they ask for other
    /// trials or scores. Other changes wait until it has ended.
    pub(super) async fn look_on(
        &mut self,
        ready: &Ready,
        stop: &watch::Sender<StopSignal>,
        bar: &Bar,
    ) -> Infallible {
        let running = &ready.prepared;
        let items = running.items_digest();
        loop {
            self.watcher.changed().await;
            match self.asked() {
                Ok(Some(now)) => {
                    let same = now.items_digest() == items;
                    let asked = change(&running.experiment, &now.experiment, same);
                    if asked > Change::Analysis {
                        self.superseded = true;
                        bar.aside(
                            "the file asks for something else now: this run stops\n",
                        );
                        stop.send_replace(StopSignal::Finish);
                    } else {
                        bar.aside("the file has changed; its trials are the same\n");
                    }
                }
                Ok(None) => bar.aside("the run goes on as it began\n"),
                Err(trouble) => bar.aside(&format!("crucible-run: {trouble}\n")),
            }
            self.pending = true;
        }
    }

    /// Reads, checks and prepares the file as it is now; `None` where it does not check.
    fn asked(&mut self) -> Result<Option<Prepared>, Trouble> {
        let examined = self.examine()?;
        self.diagnose(&examined, tell);
        let Examined { experiment, host, .. } = examined;
        let checked = experiment.map(|experiment| Checked { experiment, host });
        checked.map(|checked| plan::prepare(checked, &self.args.choice)).transpose()
    }
}

impl Session {
    /// Does what the files ask for now. Returns how the program ends, if it does.
    fn round(&mut self) -> Option<Exit> {
        let begun = Instant::now();
        self.vigil.phase(Phase::Checking);
        let done = match self.vigil.asked() {
            Ok(Some(prepared)) => self.again(prepared, begun),
            Ok(None) => {
                self.vigil.phase(Phase::Broken);
                if self.base.is_some() {
                    tell("the last good results stay\n");
                }
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        };
        let exit = done.unwrap_or_else(|trouble| {
            if !matches!(trouble, Trouble::Told) {
                tell(&format!("crucible-run: {trouble}\n"));
            }
            if let Some(live) = &self.vigil.live {
                live.note(&trouble.to_string());
            }
            self.vigil.phase(Phase::Refused);
            None
        });
        if exit.is_none() && !self.vigil.pending {
            let files = self.vigil.watcher.len();
            let what = if files == 1 { "file" } else { "files" };
            tell(&format!("following {files} {what}; Ctrl-C ends it\n"));
        }
        exit
    }

    /// Shows, analyses or runs, as the change asks for.
    fn again(
        &mut self,
        prepared: Prepared,
        begun: Instant,
    ) -> Result<Option<Exit>, Trouble> {
        let items = prepared.items_digest();
        let asked = self.base.as_ref().map(|base| {
            let same = base.items == items;
            let trials = change(&base.experiment, &prepared.experiment, same);
            (trials, change(&base.shown, &prepared.experiment, same))
        });
        let (Some((trials, shown)), Some(base)) = (asked, &mut self.base) else {
            return self.run(prepared);
        };
        match (trials, shown) {
            (_, Change::Nothing) if base.facts.complete => {
                tell("nothing has changed\n");
                self.vigil.phase(Phase::Settled);
                Ok(None)
            }
            (Change::Nothing | Change::Analysis, Change::Analysis) => {
                let page = self.page.as_ref();
                base.analyse(prepared.experiment, begun, &self.args, page)?;
                Ok(None)
            }
            // A save goes on with what broke off, too.
            (_, Change::Nothing | Change::Analysis | Change::Scores | Change::Trials) => {
                self.run(prepared)
            }
        }
    }

    /// Runs what is left, and keeps what it came to.
    fn run(&mut self, prepared: Prepared) -> Result<Option<Exit>, Trouble> {
        let items = prepared.items_digest();
        self.vigil.superseded = false;
        let mut company =
            Company { page: self.page.as_ref(), vigil: Some(&mut self.vigil) };
        let Ran { exit, results } = run::once(prepared, &self.args, &mut company)?;
        // What was begun anew is gone on with.
        self.args.fresh = false;
        let Some(results) = results else { return Ok(None) };
        if exit == Exit::Interrupted {
            return Ok(Some(exit));
        }
        self.base = Some(Base::new(results, items)?);
        Ok(None)
    }
}

impl Base {
    fn new(results: Results, items: Digest) -> Result<Self, Trouble> {
        let Results { experiment, facts, .. } = results;
        let store = Store::read(Path::new(&facts.run_dir))
            .map_err(|error| Trouble::failed(&error))?;
        let samples = Remembered::new(store, facts.trials.done + facts.trials.failed);
        let mut base = Self {
            samples,
            memory: Memory::default(),
            items,
            shown: experiment.clone(),
            experiment,
            facts,
            told: BTreeSet::new(),
        };
        if base.samples.keeps() {
            // Read now what a later claim is decided by, so that it need not wait for it.
            base.anew(base.experiment.clone())?;
        }
        Ok(base)
    }

    fn anew(&mut self, experiment: Experiment) -> Result<Results, Trouble> {
        Results::anew(&self.samples, &mut self.memory, experiment, &self.facts)
    }

    /// Decides the claims of another experiment by the trials that are there.
    fn analyse(
        &mut self,
        experiment: Experiment,
        begun: Instant,
        args: &RunArgs,
        page: Option<&Page>,
    ) -> Result<(), Trouble> {
        let results = self.anew(experiment)?;
        results.print();
        say(&format!(
            "nothing was asked; decided in {} ms\n",
            begun.elapsed().as_millis()
        ));
        if let Some(page) = page {
            page.ended(&results, results.facts.complete);
        }
        let folder = args.out.join(&results.experiment.name).join(REPORTS);
        std::fs::create_dir_all(&folder).map_err(|error| {
            Trouble::Failed(format!("write {}: {error}", folder.display()))
        })?;
        for file in results.write(self.samples.source(), &folder)? {
            say(&format!("{}\n", folder.join(file).display()));
        }
        if let Err(error) = self.tell(&results) {
            tell(&format!("note: that these verdicts were shown is not kept: {error}\n"));
        }
        self.shown = results.experiment;
        Ok(())
    }

    /// Writes down which claims were tried on the trials of the run, and what was shown.
    fn tell(&mut self, results: &Results) -> Result<(), StoreError> {
        let mut new = Vec::new();
        for hypothesis in &results.experiment.hypotheses {
            let Some(found) = results.findings.hypotheses.get(&hypothesis.name) else {
                continue;
            };
            let (digest, verdict) =
                (hypothesis.digest.to_string(), found.verdict.word().to_owned());
            let key = [hypothesis.name.clone(), digest, verdict];
            if !self.told.contains(&key) {
                new.push((key, hypothesis.claim_text.clone()));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let mut store = Store::open(Path::new(&self.facts.run_dir))?;
        let at = environment::now();
        for ([name, digest, verdict], claim) in new {
            store.show_verdict(&ShownVerdict {
                at: at.to_rfc3339(),
                hypothesis: name.clone(),
                digest: digest.clone(),
                verdict: verdict.clone(),
            })?;
            let detail =
                json!({ "hypothesis": name, "claim": claim, "verdict": verdict });
            store.note(at, "tried", &detail)?;
            self.told.insert([name, digest, verdict]);
        }
        store.settle()
    }
}
