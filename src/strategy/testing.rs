//! What the room's tests share: a gateway over a model that answers as the test says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, json};

use crate::base::{Digest, Span};
use crate::model::{
    CallError, Gateway, GatewaySettings, Lane, Limits, Model, ModelRef, Profile,
};
use crate::record::{Answer, FailureKind, Item, Request};
use crate::script::{Host, Workshop};
use crate::spec::{Argument, Call, SourceText, Value};
use crate::strategy::context::{TrialContext, TrialKey};
use crate::strategy::contract::{BuildError, Builder, Strategy};
use crate::strategy::{Ask, COMBINATORS, Scripted};

pub(super) type Respond = dyn Fn(&Request) -> Result<String, FailureKind> + Send + Sync;

/// A model that answers with a function, after some time.
pub(super) struct Fake {
    pub(super) respond: Box<Respond>,
    /// Milliseconds of the n-th call, from 0.
    pub(super) takes: Box<Takes>,
    /// How sure it says it is.
    sure: Option<f64>,
    calls: AtomicU64,
}

type Takes = dyn Fn(u64) -> u64 + Send + Sync;

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

#[async_trait]
impl Model for Fake {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        let n = self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis((self.takes)(n))).await;
        match (self.respond)(request) {
            Ok(text) => Ok(Answer {
                text,
                tokens_in: Some(10),
                tokens_out: Some(1),
                confidence: self.sure,
                ..Answer::default()
            }),
            Err(kind) => Err(CallError::new(kind, "as the test wants")),
        }
    }

    fn profile(&self) -> Profile {
        Profile { free: true, ..Profile::default() }
    }
}

/// A gateway in front of fakes, and what builds strategies over them.
pub(super) struct Bench {
    pub(super) gateway: Arc<Gateway>,
    workshop: Workshop,
}

impl Bench {
    /// A bench with these models; each takes so many milliseconds.
    pub(super) fn new(models: Vec<(&str, u64, Box<Respond>)>) -> Self {
        let constant = |(name, millis, respond)| {
            let takes: Box<Takes> = Box::new(move |_| millis);
            (name, takes, respond)
        };
        Self::timed(models.into_iter().map(constant).collect())
    }

    /// A bench with these models; each call takes what the function of its number says.
    pub(super) fn timed(models: Vec<(&str, Box<Takes>, Box<Respond>)>) -> Self {
        Self::with(models, GatewaySettings::default())
    }

    /// A bench whose gateway has these settings.
    pub(super) fn with(
        models: Vec<(&str, Box<Takes>, Box<Respond>)>,
        settings: GatewaySettings,
    ) -> Self {
        let fakes = models.into_iter().map(|(name, takes, respond)| {
            (name, Fake { respond, takes, sure: None, calls: AtomicU64::new(0) })
        });
        Self::of(fakes.collect(), settings)
    }

    /// A bench whose models always say the same and how sure they are.
    pub(super) fn sure(models: &[(&str, &str, f64)]) -> Self {
        let fakes = models.iter().map(|(name, text, sure)| {
            let text = (*text).to_owned();
            let respond: Box<Respond> = Box::new(move |_| Ok(text.clone()));
            let (takes, calls) = (Box::new(|_| 10), AtomicU64::new(0));
            (*name, Fake { respond, takes, sure: Some(*sure), calls })
        });
        Self::of(fakes.collect(), GatewaySettings::default())
    }

    fn of(models: Vec<(&str, Fake)>, settings: GatewaySettings) -> Self {
        let lanes = models
            .into_iter()
            .map(|(name, fake)| Lane {
                name: name.to_owned(),
                digest: model(name).digest(),
                model: Box::new(fake),
                limits: Limits { attempts: 1, ..Limits::default() },
            })
            .collect();
        let gateway = Arc::new(Gateway::new(lanes, settings));
        let workshop = Workshop::new(Host::default(), Vec::new());
        Self { gateway, workshop }
    }

    /// A bench whose models always say the same.
    pub(super) fn saying(models: &[(&str, &str)]) -> Self {
        Self::new(
            models
                .iter()
                .map(|(name, text)| {
                    let text = (*text).to_owned();
                    let respond: Box<Respond> = Box::new(move |_| Ok(text.clone()));
                    (*name, 10, respond)
                })
                .collect(),
        )
    }

    pub(super) fn context(&self) -> TrialContext {
        self.context_of(item())
    }

    pub(super) fn context_of(&self, item: Arc<Item>) -> TrialContext {
        let key = TrialKey { digest: Digest::of(b"trial"), repeat: 0, seed: 1 };
        TrialContext::new(Arc::clone(&self.gateway), item, key)
    }

    pub(super) fn build(&self, call: &Call) -> Arc<dyn Strategy> {
        self.strategy(&Value::Call(Box::new(call.clone()))).unwrap()
    }
}

impl Builder for Bench {
    fn strategy(&self, value: &Value) -> Result<Arc<dyn Strategy>, BuildError> {
        let call =
            value.as_call().ok_or_else(|| BuildError::new("no", Span::default()))?;
        if self.is_model(call) {
            return Ok(Arc::new(Ask::new(self.model(value)?, None)));
        }
        match COMBINATORS.iter().find(|c| c.signature.name == call.name) {
            Some(combinator) => (combinator.build)(call, self),
            None => Scripted::build(call, self),
        }
    }

    fn model(&self, value: &Value) -> Result<ModelRef, BuildError> {
        let name = value.as_call().map(Call::shown).unwrap_or_default();
        let known = self.gateway.models().iter().find(|model| &*model.name == name);
        known.cloned().ok_or_else(|| BuildError::new("no model", Span::default()))
    }

    fn is_model(&self, call: &Call) -> bool {
        call.name == "fake"
    }

    fn is_strategy(&self, call: &Call) -> bool {
        call.body.is_some()
            || COMBINATORS.iter().any(|combinator| combinator.signature.name == call.name)
    }

    fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    fn sources(&self) -> Arc<[SourceText]> {
        Arc::from(Vec::new())
    }
}

pub(super) fn call(name: &str, args: Vec<(&str, Value)>) -> Call {
    let argument = |(name, value): (&str, Value)| {
        let argument =
            Argument { value, span: Span::default(), given: true, operational: false };
        (name.to_owned(), argument)
    };
    Call {
        name: name.to_owned(),
        args: args.into_iter().map(argument).collect(),
        span: Span::default(),
        label: None,
        body: None,
    }
}

pub(super) fn model(name: &str) -> Call {
    Call {
        label: Some(name.to_owned()),
        ..call("fake", vec![("name", Value::Text(name.into()))])
    }
}

pub(super) fn model_value(name: &str) -> Value {
    Value::Call(Box::new(model(name)))
}

pub(super) fn vote(members: &[&str]) -> Call {
    let members = members.iter().map(|name| model_value(name)).collect();
    call("vote", vec![("strategies", Value::List(members))])
}

pub(super) fn item() -> Arc<Item> {
    let columns: Map<_, _> =
        BTreeMap::from([("hint".to_owned(), json!("h"))]).into_iter().collect();
    Arc::new(Item::new(0, "1".into(), "What is 2 + 3?".into(), json!(5), columns))
}
