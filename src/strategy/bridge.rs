//! Between a script on its thread and the trial on the async side.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, ImmutableString, Map};
use tokio::sync::{mpsc, oneshot};

use crate::base::Digest;
use crate::model::ModelRef;
use crate::record::{Failure, FailureKind, Item, Message, Output, Role};
use crate::script::{
    CallValue, PromptValue, ScriptContext, cast, item_of, output_of, to_json,
};
use crate::strategy::contract::Strategy;
use crate::strategy::render::{Prompt, Rendered};
use crate::text::shown;

/// What a script wants of the async side.
pub(super) enum Demand {
    /// A call to a model.
    Ask {
        /// The model.
        model: ModelRef,
        /// What is sent.
        rendered: Rendered,
        /// Where the script waits.
        reply: Reply,
    },
    /// The run of a strategy.
    Run {
        /// The strategy.
        strategy: Arc<dyn Strategy>,
        /// The item.
        item: Arc<Item>,
        /// Where the script waits.
        reply: Reply,
    },
    /// The runs of strategies at the same time.
    RunAll {
        /// The strategies, each with its item.
        runs: Vec<(Arc<dyn Strategy>, Arc<Item>)>,
        /// Where the script waits.
        reply: Replies,
    },
}

impl Demand {
    /// Tells the script that it does not get what it wants.
    pub(super) fn refuse(self, failure: Failure) {
        // Nobody listens once the script has ended.
        match self {
            Self::Ask { reply, .. } | Self::Run { reply, .. } => {
                let _unheard = reply.send(Err(failure));
            }
            Self::RunAll { reply, .. } => {
                let _unheard = reply.send(Err(failure));
            }
        }
    }

    /// Returns how many calls it is at least.
    pub(super) fn calls(&self) -> u64 {
        match self {
            Self::Ask { .. } | Self::Run { .. } => 1,
            Self::RunAll { runs, .. } => runs.len() as u64,
        }
    }
}

/// What one call or run came to.
pub(super) type Reply = oneshot::Sender<Result<Output, Failure>>;

/// What runs beside one another came to, in their order.
pub(super) type Replies = oneshot::Sender<Result<Vec<Result<Output, Failure>>, Failure>>;

/// The models and strategies that a script holds, by the digest of their calls as they were
/// handed to it.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    pub(super) models: BTreeMap<Digest, ModelRef>,
    pub(super) strategies: BTreeMap<Digest, Arc<dyn Strategy>>,
}

/// `ctx` of one run of a script.
pub(super) struct Bridge {
    pub(super) demands: mpsc::UnboundedSender<Demand>,
    pub(super) holdings: Arc<Holdings>,
    pub(super) item: Arc<Item>,
    pub(super) trace: Arc<Mutex<Vec<String>>>,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge").finish_non_exhaustive()
    }
}

/// Lines that a script may log; what comes after is dropped, and said to be.
const MOST_LINES: usize = 1_000;

impl ScriptContext for Bridge {
    fn ask(&self, model: &Dynamic, prompt: &Dynamic) -> Result<Output, Failure> {
        let model = self.model(model)?;
        let rendered = self.rendered(prompt)?;
        self.demand(|reply| Demand::Ask { model, rendered, reply })
    }

    fn run(&self, strategy: &Dynamic, item: &Dynamic) -> Result<Output, Failure> {
        let strategy = self.strategy(strategy)?;
        let item = self.item(item)?;
        self.demand(|reply| Demand::Run { strategy, item, reply })
    }

    fn run_all(
        &self,
        strategies: &Dynamic,
        items: &Dynamic,
    ) -> Result<Vec<Result<Output, Failure>>, Failure> {
        let Ok(strategies) = strategies.as_array_ref() else {
            return Err(mistake(format!(
                "`ctx.run_all` takes a list of strategies, not {}",
                kind_of(strategies)
            )));
        };
        let mut runs = Vec::with_capacity(strategies.len());
        if let Ok(items) = items.as_array_ref() {
            if items.len() != strategies.len() {
                return Err(mistake(format!(
                    "`ctx.run_all` got {} strategies and {} items; a list of items has one for each",
                    strategies.len(),
                    items.len()
                )));
            }
            for (strategy, item) in strategies.iter().zip(items.iter()) {
                runs.push((self.strategy(strategy)?, self.item(item)?));
            }
        } else {
            let item = self.item(items)?;
            for strategy in strategies.iter() {
                runs.push((self.strategy(strategy)?, Arc::clone(&item)));
            }
        }
        self.demand(|reply| Demand::RunAll { runs, reply })
    }

    fn log(&self, text: &str) {
        let mut trace = self.trace.lock().unwrap_or_else(PoisonError::into_inner);
        match trace.len() {
            0..MOST_LINES => trace.push(text.to_owned()),
            MOST_LINES => trace.push("… (the rest was not kept)".to_owned()),
            _ => {}
        }
    }
}

impl Bridge {
    fn demand<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, Failure>>) -> Demand,
    ) -> Result<T, Failure> {
        let gone = || Failure::new(FailureKind::Cancelled, "the trial was dropped");
        let (reply, answer) = oneshot::channel();
        self.demands.send(make(reply)).map_err(|_| gone())?;
        answer.blocking_recv().map_err(|_| gone())?
    }

    fn model(&self, value: &Dynamic) -> Result<ModelRef, Failure> {
        let Some(call) = cast::<CallValue>(value) else {
            return Err(mistake(format!(
                "`ctx.ask` takes a model, not {}; hand the model over as a parameter of the strategy",
                kind_of(value)
            )));
        };
        let model = self.holdings.models.get(&call.0.digest_with_label());
        model.cloned().ok_or_else(|| {
            mistake(format!(
                "`{}` is not a model; `ctx.run(strategy, item)` runs a strategy",
                call.0.shown()
            ))
        })
    }

    fn strategy(&self, value: &Dynamic) -> Result<Arc<dyn Strategy>, Failure> {
        let Some(call) = cast::<CallValue>(value) else {
            return Err(mistake(format!(
                "`ctx.run` takes a strategy, not {}; hand it over as a parameter",
                kind_of(value)
            )));
        };
        let strategy = self.holdings.strategies.get(&call.0.digest_with_label());
        strategy
            .cloned()
            .ok_or_else(|| mistake(format!("`{}` is not a strategy", call.0.shown())))
    }

    /// The item that a script hands to `ctx.run`: an item, a text in place of its input, or
    /// a map of what is different.
    fn item(&self, value: &Dynamic) -> Result<Arc<Item>, Failure> {
        if let Some(item) = item_of(value) {
            return Ok(item);
        }
        let own = &self.item;
        let changed = |input: String, target, columns| {
            Arc::new(Item::new(own.index, own.id.clone(), input, target, columns))
        };
        if let Ok(text) = value.as_immutable_string_ref() {
            return Ok(changed(
                text.to_string(),
                own.target.clone(),
                own.columns.clone(),
            ));
        }
        let Ok(map) = value.as_map_ref() else {
            return Err(mistake(format!(
                "`ctx.run` takes an item, a text or a map, not {}",
                kind_of(value)
            )));
        };
        let mut columns = own.columns.clone();
        for (name, value) in map.iter().filter(|(name, _)| name.as_str() != "id") {
            columns.insert(name.to_string(), to_json(value));
        }
        let input =
            map.get("input").map_or_else(|| own.input.clone(), |v| shown(&to_json(v)));
        let target = map.get("target").map_or_else(|| own.target.clone(), to_json);
        Ok(changed(input, target, columns))
    }

    fn rendered(&self, prompt: &Dynamic) -> Result<Rendered, Failure> {
        if let Ok(text) = prompt.as_immutable_string_ref() {
            return Ok(Rendered::text(text.as_str()));
        }
        if let Some(prompt) = cast::<PromptValue>(prompt) {
            let prompt = Prompt::new(&prompt.0).map_err(|e| mistake(e.message))?;
            return prompt.render(&self.item);
        }
        if let Ok(map) = prompt.as_map_ref() {
            return from_map(&map);
        }
        Err(mistake(format!(
            "`ctx.ask` takes a text, a prompt or a map, not {}",
            kind_of(prompt)
        )))
    }
}

/// Reads `#{ system, prompt }` or `#{ system, messages: [#{ role, text }, …] }`.
fn from_map(map: &Map) -> Result<Rendered, Failure> {
    let known = ["system", "prompt", "messages"];
    if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(mistake(format!(
            "a prompt has no `{name}`; it has `system`, and `prompt` or `messages`"
        )));
    }
    let text = |name: &str| map.get(name).map(|value| shown(&to_json(value)));
    let system = map.get("system").filter(|value| !value.is_unit());
    let system = system.map(|value| shown(&to_json(value)));
    let messages = match (text("prompt"), map.get("messages")) {
        (Some(prompt), None) => vec![Message { role: Role::User, text: prompt }],
        (None, Some(messages)) => messages
            .as_array_ref()
            .map_err(|_| mistake("`messages` is a list of maps"))?
            .iter()
            .map(message)
            .collect::<Result<_, _>>()?,
        (Some(_), Some(_)) => {
            return Err(mistake("a prompt has `prompt` or `messages`, not both"));
        }
        (None, None) => return Err(mistake("a prompt needs `prompt` or `messages`")),
    };
    if messages.last().is_none_or(|last: &Message| last.role != Role::User) {
        return Err(mistake("the last message must be the user's"));
    }
    Ok(Rendered { system, messages })
}

fn message(value: &Dynamic) -> Result<Message, Failure> {
    let wrong = || {
        mistake(
            "a message is `#{ role: \"user\", text: \"…\" }`, or with the role `assistant`",
        )
    };
    let map = value.as_map_ref().map_err(|_| wrong())?;
    let text = |name: &str| map.get(name).and_then(text_of);
    let role = match text("role").as_deref() {
        None | Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some(_) => return Err(wrong()),
    };
    let text = text("text").or_else(|| text("content")).ok_or_else(wrong)?;
    Ok(Message { role, text: text.into() })
}

fn text_of(value: &Dynamic) -> Option<ImmutableString> {
    value.clone().into_immutable_string().ok()
}

fn mistake(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Script, message)
}

fn kind_of(value: &Dynamic) -> String {
    if value.is_unit() {
        return "nothing".to_owned();
    }
    if value.is_string() {
        return "a text".to_owned();
    }
    if output_of(value).is_some() {
        return "an output".to_owned();
    }
    if item_of(value).is_some() {
        return "an item".to_owned();
    }
    format!("`{}`", shown(&to_json(value)))
}
