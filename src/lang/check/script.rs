//! Rhai in the file: `script` functions, which of them a file sees, and closures.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::IndexMap;

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::Closure;
use crate::script::{FnUse, ScriptProblem, Snippet, Study, Use};
use crate::spec::{Function, Type, Value};

use super::definition::{Kind, Space};
use super::due::Due;
use super::settle::Settled;
use super::table::Found;
use super::{BoundValue, Checker, Scope};
use crate::lang::suggest;

/// A name and a number of parameters: what tells functions apart.
pub(super) type Key = (String, usize);

/// One `fn` of a `script`.
#[derive(Debug)]
pub(super) struct Fun {
    pub(super) unit: usize,
    pub(super) name: String,
    pub(super) params: Vec<String>,
    pub(super) text: String,
    pub(super) span: Span,
    pub(super) study: Study,
}

/// The functions of one file.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Those of its own `script` blocks, in order.
    pub(super) own: Vec<Rc<Fun>>,
    /// Those that its closures may call by name.
    pub(super) visible: BTreeMap<Key, Rc<Fun>>,
    /// Names that more than one `use` brought.
    pub(super) ambiguous: BTreeSet<Key>,
    /// What its own functions read of the file's `let` values, by function.
    pub(super) captures: BTreeMap<Key, IndexMap<String, Value>>,
}

impl<'a> Checker<'a> {
    /// Studies the functions of all files.
    pub(super) fn study_scripts(&mut self) {
        for (unit, content) in self.input.units.iter().enumerate() {
            let mut shelf = Shelf::default();
            for part in &content.scripts {
                let block = self.input.host.study_block(&part.text);
                for problem in &block.problems {
                    self.script_problem(problem, part.span);
                }
                for function in block.functions {
                    let text =
                        part.text.get(function.start..function.end).unwrap_or_default();
                    let fun = Rc::new(Fun {
                        unit,
                        name: function.name,
                        params: function.params,
                        text: text.to_owned(),
                        span: within(part.span, function.start, function.end),
                        study: function.study,
                    });
                    let key = fun.key();
                    if let Some(first) = shelf.visible.get(&key) {
                        self.report(twice(&fun, first));
                        continue;
                    }
                    shelf.visible.insert(key, Rc::clone(&fun));
                    shelf.own.push(fun);
                }
            }
            self.libraries.push(shelf);
        }
    }

    /// Works out which functions each file sees, and checks all of them.
    pub(super) fn shelve(&mut self) {
        for (unit, content) in self.input.units.iter().enumerate() {
            let mut brought: BTreeMap<Key, Rc<Fun>> = BTreeMap::new();
            let mut ambiguous = BTreeSet::new();
            for used in &content.uses {
                let Some(shelf) = self.libraries.get(used.unit) else {
                    continue;
                };
                let wanted = shelf.own.iter().filter(|fun| {
                    used.only.as_ref().is_none_or(|only| only.text == fun.name)
                });
                for fun in wanted {
                    let known =
                        brought.entry(fun.key()).or_insert_with(|| Rc::clone(fun));
                    if known.span != fun.span {
                        ambiguous.insert(fun.key());
                    }
                }
            }
            if let Some(shelf) = self.libraries.get_mut(unit) {
                for (key, fun) in brought {
                    shelf.visible.entry(key).or_insert(fun);
                }
                ambiguous.retain(|key| {
                    shelf.visible.get(key).is_some_and(|fun| fun.unit != unit)
                });
                shelf.ambiguous = ambiguous;
            }
        }
        for unit in 0..self.libraries.len() {
            self.check_functions(unit);
        }
    }

    /// Checks the names in a file's own functions.
    fn check_functions(&mut self, unit: usize) {
        let own =
            self.libraries.get(unit).map(|shelf| shelf.own.clone()).unwrap_or_default();
        for fun in own {
            let mut captures = IndexMap::new();
            for variable in &fun.study.variables {
                let at = within(fun.span, variable.start, variable.end);
                let scope = Scope::of(unit);
                self.capture(variable, at, &[], &fun.params, &scope, &mut captures);
            }
            self.known_functions(&fun.study.functions, fun.span, unit);
            self.script_doubts(&fun.study.doubts, fun.span);
            if let Some(shelf) = self.libraries.get_mut(unit) {
                shelf.captures.insert(fun.key(), captures);
            }
        }
    }

    /// Says whether a file has a function of its own with this name.
    pub(super) fn has_function(&self, unit: usize, name: &str) -> bool {
        let shelf = self.libraries.get(unit);
        shelf.is_some_and(|shelf| shelf.own.iter().any(|fun| fun.name == name))
    }

    /// Says whether a file sees a function with this name.
    pub(super) fn has_visible_function(&self, unit: usize, name: &str) -> bool {
        let shelf = self.libraries.get(unit);
        shelf.is_some_and(|shelf| shelf.visible.keys().any(|(known, _)| known == name))
    }

    /// Checks a closure where something is due.
    pub(super) fn closure(
        &mut self,
        closure: &'a Closure,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let Some(params) = params_of(due.ty) else {
            let help = if due.ty == Type::Scorer {
                let names: Vec<&str> =
                    closure.params.iter().map(|word| word.text.as_str()).collect();
                format!("write `score(|{}| …)`", names.join(", "))
            } else {
                "a closure stands only where a function is due; put it into a `script` block"
                    .to_owned()
            };
            self.mismatch(at, due, "a closure", Some(help));
            return None;
        };
        let function = self.function(closure, at, params, &[], scope)?;
        Some(Value::Function(Box::new(function)))
    }

    /// Checks a closure that takes these parameters and also sees those in `beside`.
    pub(super) fn function(
        &mut self,
        closure: &'a Closure,
        at: Span,
        params: &[&str],
        beside: &[&str],
        scope: &Scope<'a, '_>,
    ) -> Option<Function> {
        let before = self.out.len();
        if closure.params.len() != params.len() {
            self.report(
                Diagnostic::error(
                    "check::closure_parameters",
                    format!(
                        "this closure gets {}, but takes {}",
                        parameters(params.len()),
                        parameters(closure.params.len())
                    ),
                )
                .label(at, "other parameters are due")
                .help(format!("write `|{}| …`", params.join(", "))),
            );
        }
        let names: Vec<String> =
            closure.params.iter().map(|word| word.text.clone()).collect();
        let study =
            self.input.host.study(&Snippet { params: &names, body: &closure.body.text });
        for problem in &study.problems {
            self.script_problem(problem, closure.body.span);
        }
        let mut captures = IndexMap::new();
        for variable in &study.variables {
            let place = within(closure.body.span, variable.start, variable.end);
            self.capture(variable, place, beside, &names, scope, &mut captures);
        }
        self.known_functions(&study.functions, closure.body.span, scope.unit);
        self.known_fields(&study.fields, params, &names, closure.body.span);
        if self.out.len() > before {
            return None;
        }
        self.script_doubts(&study.doubts, closure.body.span);
        let digest = self.function_digest(&names, &study, &captures, scope.unit);
        Some(Function {
            params: names,
            body: closure.body.text.clone(),
            span: closure.body.span,
            library: scope.unit,
            captures,
            digest,
        })
    }

    /// A `script` function named where a closure is due. `None` when there is no such
    /// function; `Some(None)` when there is and it does not fit.
    pub(super) fn named_function(
        &mut self,
        name: &str,
        at: Span,
        ty: Type,
        unit: usize,
    ) -> Option<Option<Function>> {
        let params = params_of(ty)?;
        let shelf = self.libraries.get(unit)?;
        let arities: Vec<usize> = shelf
            .visible
            .keys()
            .filter(|(known, _)| known == name)
            .map(|key| key.1)
            .collect();
        let first = arities.first()?;
        if !arities.contains(&params.len()) {
            self.report(
                Diagnostic::error(
                    "check::closure_parameters",
                    format!(
                        "`{name}` gets {} here, but takes {}",
                        parameters(params.len()),
                        parameters(*first)
                    ),
                )
                .label(at, format!("called with {}", params.join(", "))),
            );
            return Some(None);
        }
        let call = FnUse {
            start: 0,
            end: name.len(),
            name: name.to_owned(),
            arity: params.len(),
            method: false,
        };
        self.known_functions(std::slice::from_ref(&call), at, unit);
        let names: Vec<String> = params.iter().map(|&param| param.to_owned()).collect();
        let body = format!("{name}({})", params.join(", "));
        let study = self.input.host.study(&Snippet { params: &names, body: &body });
        let digest = self.function_digest(&names, &study, &IndexMap::new(), unit);
        Some(Some(Function {
            params: names,
            body,
            span: at,
            library: unit,
            captures: IndexMap::new(),
            digest,
        }))
    }

    /// Finds what a free variable stands for.
    fn capture(
        &mut self,
        variable: &Use,
        at: Span,
        beside: &[&str],
        params: &[String],
        scope: &Scope<'a, '_>,
        captures: &mut IndexMap<String, Value>,
    ) {
        let name = variable.name.as_str();
        if captures.contains_key(name)
            || beside.contains(&name)
            || self.has_visible_function(scope.unit, name)
        {
            return;
        }
        if let Some(bound) = scope.family.iter().find(|bound| bound.name == name) {
            let value = match bound.value.clone() {
                BoundValue::Number(quantity) => Some(Value::Quantity(quantity)),
                BoundValue::Expr(expr, unit) => {
                    self.value(expr, Due::of(Type::Any), &Scope::of(unit))
                }
            };
            captures.extend(value.map(|value| (name.to_owned(), value)));
            return;
        }
        match self.find(scope.unit, Space::Values, name, at) {
            Found::Broken => {}
            Found::Def(id) => {
                let kind = self.def(id).map(|def| def.kind);
                match (kind, self.settle(id, at)) {
                    (Some(Kind::Let), Settled::Value(value)) => {
                        if self.spend(super::settle::size(&value), at) {
                            captures.insert(name.to_owned(), Value::clone(&value));
                        }
                    }
                    (Some(Kind::Let) | None, _) => {}
                    (Some(kind), _) => self.report(
                        Diagnostic::error(
                            "check::not_in_scripts",
                            format!("`{name}` is {}, which Rhai does not see", kind.described()),
                        )
                        .label(at, "not visible here")
                        .help(
                            "a closure sees its parameters, `script` functions, `let` values, \
                             its family's variables and its strategy's parameters",
                        ),
                    ),
                }
            }
            Found::Nothing => {
                let lets = self.visible(scope.unit, Space::Values);
                let lets = lets.iter().filter(|(_, id)| {
                    self.def(*id).is_some_and(|def| def.kind == Kind::Let)
                });
                let known = params
                    .iter()
                    .map(String::as_str)
                    .chain(beside.iter().copied())
                    .chain(scope.family.iter().map(|bound| bound.name))
                    .chain(lets.map(|(name, _)| name.as_str()));
                let help = suggest::did_you_mean(name, known);
                let mut problem = Diagnostic::error(
                    "check::unknown_variable",
                    format!("there is no variable `{name}` here"),
                )
                .label(at, "not defined");
                problem.help = help;
                self.report(problem);
            }
        }
    }

    /// Reports calls of functions that a file does not see.
    fn known_functions(&mut self, calls: &[FnUse], span: Span, unit: usize) {
        for call in calls {
            let at = within(span, call.start, call.end);
            let Some(shelf) = self.libraries.get(unit) else {
                continue;
            };
            let key = (call.name.clone(), call.arity);
            if shelf.ambiguous.contains(&key) {
                self.report(
                    Diagnostic::error(
                        "check::ambiguous_name",
                        format!(
                            "function `{}` is brought by more than one `use`",
                            call.name
                        ),
                    )
                    .label(at, "which one?")
                    .help("define it in this file, or use only one of the files"),
                );
                continue;
            }
            if shelf.visible.contains_key(&key) || self.is_broken(unit, &call.name) {
                continue;
            }
            let others: Vec<usize> = shelf
                .visible
                .keys()
                .filter(|(name, _)| *name == call.name)
                .map(|key| key.1)
                .collect();
            let problem = match others.first() {
                Some(other) => Diagnostic::error(
                    "check::unknown_function",
                    format!(
                        "function `{}` takes {}, not {}",
                        call.name,
                        parameters(*other),
                        parameters(call.arity)
                    ),
                )
                .label(at, "other arguments"),
                None => {
                    let own = shelf.visible.keys().map(|(name, _)| name.as_str());
                    let host = self.input.host.function_names();
                    let known = own.chain(host.iter().map(AsRef::as_ref));
                    let arity = host.contains(&call.name.as_str());
                    let mut problem = if arity {
                        Diagnostic::error(
                            "check::unknown_function",
                            format!(
                                "function `{}` does not take {}",
                                call.name,
                                parameters(call.arity)
                            ),
                        )
                    } else {
                        Diagnostic::error(
                            "check::unknown_function",
                            format!("there is no function `{}`", call.name),
                        )
                    };
                    problem = problem.label(at, "not a function here");
                    problem.help = suggest::did_you_mean(&call.name, known);
                    problem
                }
            };
            self.report(problem);
        }
    }

    /// Warns of what is probably not meant in a piece of text that stands at `span`.
    fn script_doubts(&mut self, doubts: &[ScriptProblem], span: Span) {
        for doubt in doubts {
            let at = within(span, doubt.start, doubt.end);
            let mut found =
                Diagnostic::warning("check::backtick_escape", doubt.message.clone())
                    .label(at, "no escape here");
            found.help.clone_from(&doubt.help);
            self.report(found);
        }
    }

    /// Reports what Rhai has against a piece of text that stands at `span`.
    fn script_problem(&mut self, problem: &ScriptProblem, span: Span) {
        let at = within(span, problem.start, problem.end);
        let mut found = Diagnostic::error("check::script", problem.message.clone())
            .label(at, "in this Rhai");
        found.help.clone_from(&problem.help);
        self.report(found);
    }
}

impl Fun {
    /// Returns what tells the function from others.
    pub(super) fn key(&self) -> Key {
        (self.name.clone(), self.params.len())
    }
}

/// The parameters of the closure that a type takes.
fn params_of(ty: Type) -> Option<&'static [&'static str]> {
    match ty {
        Type::Function(params) => Some(params),
        Type::Extractor => Some(&["output"]),
        _ => None,
    }
}

fn parameters(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        _ => format!("{count} arguments"),
    }
}

pub(super) fn twice(fun: &Fun, first: &Fun) -> Diagnostic {
    Diagnostic::error(
        "check::duplicate_function",
        format!("function `{}` is there twice for the closures of one file", fun.name),
    )
    .label(fun.span, "defined again here")
    .label(first.span, "first defined here")
    .help("give one of them another name")
}

/// The span of the bytes `start..end` of a text that stands at `span`.
pub(super) fn within(span: Span, start: usize, end: usize) -> Span {
    let base = span.start as usize;
    let last = span.end as usize;
    Span::new(span.file, (base + start).min(last), (base + end).min(last))
}
