//! What a definition comes to, worked out once, and circles among definitions.

use std::rc::Rc;

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::spec::{Call, Condition, Metric, PromptSpec, Type, Value};

use super::definition::Kind;
use super::due::Due;
use super::strategy::OwnStrategy;
use super::{Checker, Def, Scope};

/// How far a definition is worked out.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// Not at all.
    Fresh,
    /// As far as it goes.
    Done(Settled),
}

/// What a definition comes to.
#[derive(Debug, Clone)]
pub(super) enum Settled {
    /// Nothing: a mistake in it is told already.
    Nothing,
    /// A model or dataset, and the number of values in it.
    Call(Rc<Call>, u64),
    /// A prompt.
    Prompt(Rc<PromptSpec>),
    /// The conditions of a definition: one, or those of a family.
    Members(Rc<Vec<Condition>>),
    /// A metric.
    Metric(Rc<Metric>),
    /// A strategy in Rhai.
    Strategy(Rc<OwnStrategy>),
    /// The value of a `let`.
    Value(Rc<Value>),
}

impl<'a> Checker<'a> {
    /// Works out a definition; `at` is the place that names it.
    pub(super) fn settle(&mut self, id: usize, at: Span) -> Settled {
        if let Some(State::Done(settled)) = self.states.get(id) {
            return settled.clone();
        }
        let Some(def) = self.def(id) else {
            return Settled::Nothing;
        };
        if let Some(from) = self.way.iter().position(|(other, _)| *other == id) {
            self.circle(from, at);
            return Settled::Nothing;
        }
        self.way.push((id, at));
        let settled = self
            .deeper(at, |checker| Some(checker.work_out(def)))
            .unwrap_or(Settled::Nothing);
        self.way.pop();
        if let Some(state) = self.states.get_mut(id) {
            *state = State::Done(settled.clone());
        }
        settled
    }

    fn work_out(&mut self, def: Def<'a>) -> Settled {
        let settled = match def.kind {
            Kind::Model => self.call_of(def, Type::Model),
            Kind::Dataset => self.call_of(def, Type::Dataset),
            Kind::Prompt => {
                self.prompt_of(def).map(|prompt| Settled::Prompt(Rc::new(prompt)))
            }
            Kind::Condition => {
                self.members(def).map(|members| Settled::Members(Rc::new(members)))
            }
            Kind::Metric => {
                self.metric_of(def).map(|metric| Settled::Metric(Rc::new(metric)))
            }
            Kind::Strategy => self
                .own_strategy(def)
                .map(|strategy| Settled::Strategy(Rc::new(strategy))),
            Kind::Let => self
                .right_side(def)
                .and_then(|expr| {
                    self.value(expr, Due::of(Type::Any), &Scope::of(def.unit))
                })
                .map(|value| Settled::Value(Rc::new(value))),
            Kind::Experiment
            | Kind::Hypothesis
            | Kind::Report
            | Kind::Script
            | Kind::Use => None,
        };
        settled.unwrap_or(Settled::Nothing)
    }

    /// The call on the right-hand side of a model or dataset, labelled with its name.
    fn call_of(&mut self, def: Def<'a>, ty: Type) -> Option<Settled> {
        let expr = self.right_side(def)?;
        let value = self.value(expr, Due::of(ty), &Scope::of(def.unit))?;
        let Value::Call(call) = value else {
            return None;
        };
        let mut call = *call;
        call.label = def.node.name.as_ref().map(|name| name.text.clone());
        let size = size_of(&call);
        Some(Settled::Call(Rc::new(call), size))
    }

    fn circle(&mut self, from: usize, at: Span) {
        let round: Vec<(usize, Span)> = self.way.iter().skip(from).copied().collect();
        let name = |checker: &Self, id: usize| {
            let def = checker.def(id);
            let name = def.and_then(|def| def.node.name.as_ref());
            name.map(|name| name.text.clone()).unwrap_or_default()
        };
        let mut names: Vec<String> =
            round.iter().map(|(id, _)| name(self, *id)).collect();
        names.extend(round.first().map(|(id, _)| name(self, *id)));
        let mut problem = Diagnostic::error(
            "check::cycle",
            format!("these definitions need one another: {}", names.join(" → ")),
        );
        // The place that names a definition stands in the one before it.
        let places = round.iter().skip(1).map(|(_, place)| *place).chain([at]);
        for (place, pair) in places.zip(names.windows(2)) {
            if let [user, used] = pair {
                problem = problem.label(place, format!("`{user}` needs `{used}`"));
            }
        }
        self.report(problem.help("break the circle at one of these places"));
    }
}

impl Scope<'_, '_> {
    /// What an expression sees at the top of a file.
    pub(super) fn of(unit: usize) -> Self {
        Self { unit, family: &[], prompt: None }
    }
}

/// Counts the values in a call.
pub(super) fn size_of(call: &Call) -> u64 {
    1 + call.args.values().map(|argument| size(&argument.value)).sum::<u64>()
}

/// Counts the values in a value.
pub(super) fn size(value: &Value) -> u64 {
    match value {
        Value::List(values) => 1 + values.iter().map(size).sum::<u64>(),
        Value::Map(map) => 1 + map.values().map(size).sum::<u64>(),
        Value::Call(call) => size_of(call),
        Value::Function(function) => {
            1 + function.captures.values().map(size).sum::<u64>()
        }
        Value::Bool(_)
        | Value::Quantity(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::Prompt(_) => 1,
    }
}
