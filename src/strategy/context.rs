//! What a running strategy sees of its trial, and its only way to models.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;

use crate::base::{CallId, Digest, Digester};
use crate::model::{Gateway, ModelRef, Witness};
use crate::record::{CallRecord, Failure, FailureKind, Item, Output, Request, Usage};
use crate::strategy::contract::Strategy;
use crate::strategy::heat::Heat;
use crate::strategy::render::Rendered;

/// What a trial is, as far as its calls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialKey {
    /// Digest of seed, item, condition and repeat.
    pub digest: Digest,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The experiment's seed.
    pub seed: u64,
}

/// Returns the id of a call: of its trial, of what is sent to which model, and of its place
/// in the strategy tree.
pub(super) fn call_id(
    key: &TrialKey,
    model: &ModelRef,
    rendered: &Rendered,
    place: &str,
) -> CallId {
    let Rendered { system, messages } = rendered;
    let sent = Request::digest(system.as_deref(), messages, &model.digest);
    let mut digester = Digester::new("call");
    CallId::from_digest(&digester.digest(&key.digest).digest(&sent).text(place).finish())
}

/// A place in the strategy tree of a running trial. Clones are the same place.
///
/// Each place adds up what ran at it and below it; a call's id is made of the trial, the
/// request and the place, so it does not depend on timing.
#[derive(Debug, Clone)]
pub struct TrialContext {
    trial: Arc<Shared>,
    item: Arc<Item>,
    node: Arc<Node>,
    /// The run of a race that this place belongs to, if there is one.
    heat: Option<Arc<Heat>>,
}

/// Adds to a place what its children took, also where it is dropped before they ended.
pub(super) struct Gathering<'a> {
    place: &'a TrialContext,
    children: Vec<TrialContext>,
    /// Whether all but the first child are backups of it.
    is_race: bool,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(place: &'a TrialContext, children: Vec<TrialContext>) -> Self {
        Self { place, children, is_race: false }
    }

    /// Gathers the runs of a race.
    pub(super) fn of_race(place: &'a TrialContext) -> Self {
        Self { place, children: Vec::new(), is_race: true }
    }

    /// Adds another child.
    pub(super) fn add(&mut self, child: TrialContext) {
        self.children.push(child);
    }

    /// Ends the gathering with what the children took together.
    pub(super) fn end(mut self, taken: Usage) {
        self.children.clear();
        self.place.add(Usage::then, taken);
    }
}

impl Drop for Gathering<'_> {
    fn drop(&mut self) {
        let taken = self.children.iter().map(TrialContext::usage).reduce(Usage::beside);
        let Some(taken) = taken else { return };
        let hedged = if self.is_race { backups_among(&self.children) } else { 0 };
        self.place.add(Usage::then, Usage { hedged: taken.hedged + hedged, ..taken });
    }
}

/// Counts the backups of a race that asked: one may be dropped before its first request.
pub(super) fn backups_among(runs: &[TrialContext]) -> u32 {
    let asked = runs.iter().skip(1).filter(|run| run.usage().requests > 0);
    u32::try_from(asked.count()).unwrap_or(u32::MAX)
}

/// What a run of a strategy came to, and what it took, failed or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The output, or why there is none.
    pub result: Result<Output, Failure>,
    /// What it took.
    pub usage: Usage,
}

/// What is known of a trial's calls from an earlier session, and where those go that end.
pub trait Checkpoints: Send + Sync + fmt::Debug {
    /// Returns a call that was answered before.
    fn known(&self, id: &CallId) -> Option<CallRecord>;

    /// Takes a call that was answered now.
    fn keep(&self, call: &CallRecord);
}

#[derive(Debug)]
struct Shared {
    gateway: Arc<Gateway>,
    key: TrialKey,
    calls: Mutex<Vec<CallRecord>>,
    /// `None` for a trial of one call: it ends with its call.
    checkpoints: Option<Arc<dyn Checkpoints>>,
}

#[derive(Debug, Default)]
struct Node {
    /// The child indices from the root: `0.2`.
    path: String,
    state: Mutex<NodeState>,
}

#[derive(Debug, Default)]
struct NodeState {
    usage: Usage,
    calls: u32,
}

/// Locks what only ever holds whole values: a thread that fell over left nothing half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TrialContext {
    /// Returns the context at the root of a trial's strategy.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, item: Arc<Item>, key: TrialKey) -> Self {
        Self::going_on(gateway, item, key, None)
    }

    /// Returns the context of a trial that goes on from its last committed call.
    #[must_use]
    pub fn going_on(
        gateway: Arc<Gateway>,
        item: Arc<Item>,
        key: TrialKey,
        checkpoints: Option<Arc<dyn Checkpoints>>,
    ) -> Self {
        let trial = Shared { gateway, key, calls: Mutex::default(), checkpoints };
        Self { trial: Arc::new(trial), item, node: Arc::default(), heat: None }
    }

    /// Returns the item that is to be answered.
    #[must_use]
    pub fn item(&self) -> &Arc<Item> {
        &self.item
    }

    /// Returns the trial's key.
    #[must_use]
    pub fn key(&self) -> &TrialKey {
        &self.trial.key
    }

    /// Returns the gateway.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.trial.gateway
    }

    /// Returns the key of random numbers for a purpose at this place of the trial.
    #[must_use]
    pub fn random_key(&self, purpose: &str) -> Digest {
        Digester::new("random")
            .digest(&self.trial.key.digest)
            .text(purpose)
            .text(&self.node.path)
            .finish()
    }

    /// Returns the place: the child indices from the root, such as `0.2`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.node.path
    }

    /// Returns the place of the `index`-th child.
    #[must_use]
    pub fn child(&self, index: usize) -> Self {
        let mut path = String::with_capacity(self.node.path.len() + 4);
        path.push_str(&self.node.path);
        if !path.is_empty() {
            path.push('.');
        }
        // Writing to a string cannot fail.
        let _written = write!(path, "{index}");
        let node = Node { path, state: Mutex::default() };
        Self { node: Arc::new(node), ..self.clone() }
    }

    /// Returns a place beside the trial's tree, about an item of its own; what is asked there
    /// does not depend on this trial.
    pub(super) fn aside(&self, item: Arc<Item>, key: TrialKey, index: usize) -> Self {
        let gateway = Arc::clone(&self.trial.gateway);
        let root = Self::new(gateway, item, key);
        let path = format!("calibration.{index}");
        Self { node: Arc::new(Node { path, state: Mutex::default() }), ..root }
    }

    /// Takes over what was asked at another place, and what that took.
    pub(super) fn take_over(&self, calls: Vec<CallRecord>, usage: Usage) {
        locked(&self.trial.calls).extend(calls);
        self.add(Usage::then, usage);
    }

    /// Returns the same place as a run of a race, and the run.
    pub(super) fn in_heat(&self) -> (Self, Arc<Heat>) {
        let heat = Heat::below(self.heat.clone());
        (Self { heat: Some(Arc::clone(&heat)), ..self.clone() }, heat)
    }

    /// Returns the same place with another item.
    #[must_use]
    pub fn with_item(&self, item: Arc<Item>) -> Self {
        Self { item, ..self.clone() }
    }

    /// Asks a model.
    ///
    /// # Errors
    ///
    /// When the call fails, after all retries.
    pub async fn ask(
        &self,
        model: &ModelRef,
        rendered: Rendered,
    ) -> Result<Output, Failure> {
        let count = {
            let mut state = locked(&self.node.state);
            state.calls += 1;
            state.calls - 1
        };
        let place = format!("{}#{count}", self.node.path);
        let request = self.request(model, rendered, &place);
        let checkpoints = self.trial.checkpoints.as_deref();
        let known = checkpoints.and_then(|checkpoints| checkpoints.known(&request.id));
        let fresh = known.is_none();
        let record = match known {
            Some(record) => record,
            None => self.trial.gateway.ask_before(model, request, place, self).await,
        };
        if self.has_lost_before(&record) {
            // The recorded race had another winner by now: this run waits to be dropped.
            locked(&self.trial.calls).push(record.clone());
            self.add(Usage::then, usage_of(&record));
            self.lose();
            return std::future::pending().await;
        }
        let usage = usage_of(&record);
        let result = match &record.result {
            Ok(answer) => Ok(Output {
                text: answer.text.clone(),
                confidence: answer.confidence,
                usage,
                ..Output::default()
            }),
            Err(failure) => Err(failure.clone()),
        };
        {
            let mut calls = locked(&self.trial.calls);
            if fresh
                && record.result.is_ok()
                && let Some(checkpoints) = checkpoints
            {
                checkpoints.keep(&record);
            }
            calls.push(record);
        }
        self.add(Usage::then, usage);
        result
    }

    /// Says whether a call that is replayed was cancelled by a race.
    fn has_lost_before(&self, record: &CallRecord) -> bool {
        let cancelled = |failure: &Failure| failure.kind == FailureKind::Cancelled;
        self.heat.is_some()
            && self.trial.gateway.is_replay()
            && record.result.as_ref().is_err_and(cancelled)
    }

    fn request(&self, model: &ModelRef, rendered: Rendered, place: &str) -> Request {
        let id = call_id(&self.trial.key, model, &rendered, place);
        let Rendered { system, messages } = rendered;
        let TrialKey { repeat, seed, .. } = self.trial.key;
        Request { id, system, messages, item: Arc::clone(&self.item), repeat, seed }
    }

    /// Runs a strategy at a place below; what it took follows what this place took so far.
    ///
    /// # Errors
    ///
    /// When the strategy fails.
    pub async fn run_at(
        &self,
        child: &Self,
        strategy: &dyn Strategy,
    ) -> Result<Output, Failure> {
        let _gathering = Gathering::new(self, vec![child.clone()]);
        child.finish(strategy).await
    }

    /// Runs strategies at the same time, each at a place of its own; what they came to is in
    /// the order of the strategies.
    pub async fn run_all(&self, strategies: &[Arc<dyn Strategy>]) -> Vec<Ran> {
        let children: Vec<Self> =
            (0..strategies.len()).map(|index| self.child(index)).collect();
        self.run_beside(&children, strategies).await
    }

    /// Runs strategies at the same time at these places below.
    pub(super) async fn run_beside(
        &self,
        children: &[Self],
        strategies: &[Arc<dyn Strategy>],
    ) -> Vec<Ran> {
        let _gathering = Gathering::new(self, children.to_vec());
        let runs = children.iter().zip(strategies).map(|(child, strategy)| async move {
            let result = child.finish(strategy.as_ref()).await;
            Ran { result, usage: child.usage() }
        });
        join_all(runs).await
    }

    /// Runs a strategy here; its output says what everything at this place took.
    ///
    /// # Errors
    ///
    /// When the strategy fails.
    pub async fn finish(&self, strategy: &dyn Strategy) -> Result<Output, Failure> {
        let mut output = strategy.run(self).await?;
        output.usage = self.usage();
        Ok(output)
    }

    fn add(&self, join: fn(Usage, Usage) -> Usage, more: Usage) {
        let mut state = locked(&self.node.state);
        state.usage = join(state.usage, more);
    }

    /// Returns what was taken at this place and below, failures included.
    #[must_use]
    pub fn usage(&self) -> Usage {
        locked(&self.node.state).usage
    }

    /// Notes that the run of a race at this place lost it, in a replay.
    pub(super) fn lose(&self) {
        if let Some(heat) = &self.heat {
            heat.lose();
        }
    }

    /// Keeps what a race here came to, where the run is recorded.
    pub(super) fn keep_decision(&self, text: &str) {
        let (id, place) = self.decision();
        self.trial.gateway.keep_decision(id, place, &self.item.id, text);
    }

    /// Returns what the race here came to, where the run is replayed.
    pub(super) fn recorded_decision(&self) -> Option<Result<String, Failure>> {
        let (id, place) = self.decision();
        self.trial.gateway.decision(id, &place, &self.item, self.trial.key.seed)
    }

    fn decision(&self) -> (CallId, String) {
        let place = format!("{}#race", self.node.path);
        let mut digester = Digester::new("race");
        let digest = digester.digest(&self.trial.key.digest).text(&place).finish();
        (CallId::from_digest(&digest), place)
    }

    /// Takes the records of the trial's calls, in the order in which they ended.
    #[must_use]
    pub fn take_calls(&self) -> Vec<CallRecord> {
        std::mem::take(&mut *locked(&self.trial.calls))
    }

    /// Returns how many calls each model answered or failed so far, by name.
    #[must_use]
    pub fn calls_by_model(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for call in locked(&self.trial.calls).iter() {
            *counts.entry(call.model.clone()).or_default() += 1;
        }
        counts
    }
}

/// What a call took. A failed call's tokens are known to be none only where nothing was sent.
fn usage_of(record: &CallRecord) -> Usage {
    let unsent = record.attempts == 0 && record.result.is_err();
    let cancelled =
        matches!(&record.result, Err(failure) if failure.kind == FailureKind::Cancelled);
    let (tokens_in, tokens_out) = match &record.result {
        Ok(answer) => (answer.tokens_in, answer.tokens_out),
        Err(_) if unsent => (Some(0), Some(0)),
        Err(_) => (None, None),
    };
    let parts = record.result.as_ref().map(|answer| answer.parts).unwrap_or_default();
    Usage {
        requests: 1,
        tokens_in,
        tokens_out,
        // What was dropped is booked at its upper bound, where its price is known.
        cost: match record.cost {
            None if cancelled && record.presumed > 0.0 => Some(record.presumed),
            cost => cost,
        },
        tokens_cached: parts.cached,
        tokens_reasoning: parts.reasoning,
        latency: record.latency,
        ttft: record.ttft,
        waited: record.waited,
        ..Usage::default()
    }
}

impl Witness for TrialContext {
    fn admitted(&self) {
        if let Some(heat) = &self.heat {
            heat.admit();
        }
    }

    fn dropped(&self, record: CallRecord) {
        self.add(Usage::then, usage_of(&record));
        if self.heat.as_ref().is_some_and(|heat| heat.is_decided()) {
            self.trial.gateway.keep_dropped(&self.item.id, &record);
        }
        locked(&self.trial.calls).push(record);
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::Value;
    use crate::strategy::testing::{self, Bench};

    #[tokio::test(start_paused = true)]
    async fn a_calls_id_depends_on_trial_request_and_place_alone() {
        let bench = Bench::saying(&[("a", "x")]);
        let strategy = bench.build(&testing::vote(&["a", "a"]));
        let mut ids = Vec::new();
        for _ in 0..2 {
            let ctx = bench.context();
            ctx.finish(strategy.as_ref()).await.unwrap();
            let mut calls = ctx.take_calls();
            calls.sort_by(|a, b| a.place.cmp(&b.place));
            ids.push(calls.into_iter().map(|call| call.id).collect::<Vec<_>>());
        }
        assert_eq!(ids[0], ids[1]);
        assert_ne!(ids[0][0], ids[0][1], "the same request at two places is two calls");
    }

    #[tokio::test(start_paused = true)]
    async fn places_are_paths_of_child_indices_and_a_count() {
        let bench = Bench::saying(&[("a", "x"), ("b", "y")]);
        let inner = Value::Call(Box::new(testing::vote(&["a", "b"])));
        let outer = testing::call(
            "vote",
            vec![("strategies", Value::List(vec![testing::model_value("a"), inner]))],
        );
        let ctx = bench.context();
        ctx.finish(bench.build(&outer).as_ref()).await.unwrap();
        let mut places: Vec<_> =
            ctx.take_calls().into_iter().map(|call| call.place).collect();
        places.sort();
        assert_eq!(places, ["0#0", "1.0#0", "1.1#0"]);
    }
}
