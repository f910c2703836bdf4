//! Calls: a name of the catalogue, or of a strategy of the file, with its arguments.

use indexmap::IndexMap;

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{self, Word};
use crate::spec::{Argument, Call, Complaint, Param, Signature, Type, Value};

use super::alternative::stands_for;
use super::bind::{Bound, Slot};
use super::definition::{Kind, Space};
use super::due::{self, Due};
use super::settle::Settled;
use super::table::{Found, is_call};
use super::{Checker, Scope};
use crate::lang::suggest;

impl<'a> Checker<'a> {
    /// Checks a call where something is due.
    pub(super) fn call(
        &mut self,
        call: &'a tree::Call,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let (value, _) = self.call_with(call, at, due, scope, &[])?;
        Some(value)
    }

    /// Checks a call; named arguments in `extra` are not its own and are handed back.
    pub(super) fn call_with(
        &mut self,
        call: &'a tree::Call,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
        extra: &[&str],
    ) -> Option<(Value, Vec<(&'a Word, &'a tree::Expr)>)> {
        let name = call.path.text();
        let own = call.path.as_word().map_or(Found::Nothing, |word| {
            self.find(scope.unit, Space::Values, &word.text, word.span)
        });
        if let Found::Def(id) = own
            && let Some(def) = self.def(id)
        {
            if def.kind == Kind::Strategy {
                let value = self.own_call(id, call, at, due, scope)?;
                return Some((value, Vec::new()));
            }
            if self.signature(&name).is_none() {
                self.report(
                    Diagnostic::error(
                        "check::unknown_call",
                        format!("`{name}` is {}, not a call", def.kind.described()),
                    )
                    .label(call.path.span, "takes no arguments")
                    .help(format!("write `{name}`")),
                );
                return None;
            }
        }
        let Some(signature) = self.signature_for(&name, due.ty) else {
            if own != Found::Broken {
                self.unknown_call(call, due, scope);
            }
            self.touch_arguments(call, scope);
            return None;
        };
        self.catalogue_call(&signature, call, at, due, scope, extra)
    }

    /// Finds the signature of a call.
    pub(super) fn signature(&self, name: &str) -> Option<Signature> {
        self.input.signatures.find(name).filter(|found| is_call(found.returns)).copied()
    }

    /// Finds the signature of a call where something is due: of several by one name, that
    /// which gives it.
    fn signature_for(&self, name: &str, due: Type) -> Option<Signature> {
        let named = || {
            let named = self.input.signatures.named(name);
            named.filter(|found| is_call(found.returns)).copied()
        };
        named().find(|found| stands_for(found.returns, due)).or_else(|| named().next())
    }

    fn catalogue_call(
        &mut self,
        signature: &Signature,
        call: &'a tree::Call,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
        extra: &[&str],
    ) -> Option<(Value, Vec<(&'a Word, &'a tree::Expr)>)> {
        let slots: Vec<Slot<'_>> = signature.params.iter().map(Slot::from).collect();
        let bound = self.bind(call, &slots, extra, scope);
        let fits = match signature.returns {
            Type::List(_) => matches!(due.ty, Type::List(_) | Type::Any),
            returns => stands_for(returns, due.ty),
        };
        if !fits {
            let found = format!(
                "{} (what `{}` gives)",
                due::described(signature.returns),
                signature.name
            );
            self.mismatch(call.path.span, due, &found, None);
        }
        let checked = self.arguments(signature, &bound, at, scope)?;
        if !fits {
            return None;
        }
        let value = match signature.evaluate {
            Some(evaluate) => match evaluate(&checked) {
                Ok(value) => {
                    if !self.spend(super::settle::size(&value), at) {
                        return None;
                    }
                    value
                }
                Err(complaint) => {
                    self.complain(&checked, &complaint);
                    return None;
                }
            },
            None if signature.returns == Type::Model && due.ty == Type::Strategy => {
                self.lift(checked, at, scope)?
            }
            None => Value::Call(Box::new(checked)),
        };
        Some((value, bound.extra))
    }

    /// Checks bound arguments against a signature and fills in the defaults.
    pub(super) fn arguments(
        &mut self,
        signature: &Signature,
        bound: &Bound<'a>,
        at: Span,
        scope: &Scope<'a, '_>,
    ) -> Option<Call> {
        let mut whole = bound.whole;
        // The prompt of a combinator is known before the bare models in it are checked.
        let prompt_at =
            signature.params.iter().position(|param| is_prompt(signature, param));
        let prompt =
            match prompt_at.and_then(|at| Some((at, bound.given.get(at).copied()??))) {
                Some((index, expr)) => {
                    let param = signature.params.get(index)?;
                    let argument = self.argument(param, expr, scope);
                    whole &= argument.is_some();
                    argument
                }
                None => None,
            };
        let inner = Scope { prompt: prompt.as_ref().or(scope.prompt), ..*scope };
        let mut args = IndexMap::with_capacity(signature.params.len());
        for (index, param) in signature.params.iter().enumerate() {
            let given = bound.given.get(index).copied().flatten();
            let argument = match given {
                Some(_) if Some(index) == prompt_at => prompt.clone(),
                Some(expr) => {
                    let argument = self.argument(param, expr, &inner);
                    whole &= argument.is_some();
                    argument
                }
                None => {
                    self.standing(signature, param, at).or_else(|| default(param, at))
                }
            };
            if let Some(argument) = argument {
                args.insert(param.name.to_owned(), argument);
            }
        }
        let call = Call {
            name: signature.name.to_owned(),
            args,
            span: at,
            label: None,
            body: None,
        };
        if !whole {
            self.in_part(signature, &call);
            return None;
        }
        self.approved(signature, call)
    }

    /// Asks the signature about the arguments that are fine although others are not. Only
    /// where its complaints are about one argument each: elsewhere one that is missing may
    /// be what makes another wrong.
    fn in_part(&mut self, signature: &Signature, call: &Call) {
        let each = matches!(signature.returns, Type::Definition | Type::Model);
        let Some(check) = signature.check.filter(|_| each) else { return };
        for complaint in check(call) {
            if complaint.param.is_some_and(|param| call.args.contains_key(param)) {
                self.complain(call, &complaint);
            }
        }
    }

    /// What stands for an argument that is not given, by the program's surroundings.
    fn standing(
        &self,
        signature: &Signature,
        param: &Param,
        at: Span,
    ) -> Option<Argument> {
        let text = self.input.signatures.standing(signature.name, param.name)?;
        let value = Value::Text(text.to_owned());
        Some(Argument { value, span: at, given: true, operational: param.operational })
    }

    fn argument(
        &mut self,
        param: &Param,
        expr: &'a tree::Expr,
        scope: &Scope<'a, '_>,
    ) -> Option<Argument> {
        let value = self.value(expr, Due::param(param.ty, param.name), scope)?;
        let given = param.fallback.value().is_none_or(|default| default != value);
        Some(Argument { value, span: expr.span, given, operational: param.operational })
    }

    /// Asks the signature whether it has anything against a call.
    pub(super) fn approved(&mut self, signature: &Signature, call: Call) -> Option<Call> {
        let complaints = signature.check.map(|check| check(&call)).unwrap_or_default();
        if complaints.is_empty() {
            return Some(call);
        }
        for complaint in &complaints {
            self.complain(&call, complaint);
        }
        None
    }

    fn complain(&mut self, call: &Call, complaint: &Complaint) {
        let argument = complaint.param.and_then(|param| call.args.get(param));
        let at = argument.map_or(call.span, |argument| argument.span);
        let mut problem = Diagnostic::error("check::refused", complaint.message.clone())
            .label(at, "this");
        problem.help.clone_from(&complaint.help);
        self.report(problem);
    }

    fn unknown_call(&mut self, call: &tree::Call, due: Due<'_>, scope: &Scope<'a, '_>) {
        let name = call.path.text();
        let own: Vec<String> = self
            .visible(scope.unit, Space::Values)
            .into_iter()
            .filter(|(_, id)| self.def(*id).is_some_and(|def| def.kind == Kind::Strategy))
            .map(|(name, _)| name)
            .collect();
        let fitting = |all: bool| {
            self.input.signatures.iter().filter(move |signature| {
                is_call(signature.returns)
                    && (all
                        || stands_for(signature.returns, due.ty)
                        || matches!(signature.returns, Type::List(&of) if stands_for(of, due.ty)))
            })
        };
        let near = |all: bool| {
            let names = fitting(all).map(|signature| signature.name);
            suggest::did_you_mean(&name, names.chain(own.iter().map(String::as_str)))
        };
        let help = near(false).or_else(|| near(true)).or_else(|| {
            let names: Vec<&str> =
                fitting(false).map(|signature| signature.name).collect();
            (!names.is_empty() && due.ty != Type::Any).then(|| {
                format!(
                    "{} is due here: {}",
                    due::described(due.ty),
                    suggest::listed(names)
                )
            })
        });
        let mut problem = Diagnostic::error(
            "check::unknown_call",
            format!("there is no call `{name}`"),
        )
        .label(call.path.span, "not in the catalogue");
        problem.help = help;
        self.report(problem);
    }

    /// Looks at the arguments of a call that is unknown: their names are used, and may be
    /// unknown themselves.
    fn touch_arguments(&mut self, call: &'a tree::Call, scope: &Scope<'a, '_>) {
        let args = call.args.iter().map(|arg| &arg.value);
        let fields = call.block.iter().flat_map(|block| &block.fields);
        for expr in args.chain(fields.map(|field| &field.value)) {
            self.touch(expr, scope);
        }
    }
}

fn is_prompt(signature: &Signature, param: &Param) -> bool {
    signature.returns == Type::Strategy && param.name == "prompt" && !signature.lifts
}

/// Returns what stands for an argument that is not given.
pub(super) fn default(param: &Param, at: Span) -> Option<Argument> {
    let value = param.fallback.value()?;
    Some(Argument { value, span: at, given: false, operational: param.operational })
}

impl<'a> Checker<'a> {
    fn own_call(
        &mut self,
        id: usize,
        call: &'a tree::Call,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let Settled::Strategy(own) = self.settle(id, call.path.span) else {
            self.touch_arguments(call, scope);
            return None;
        };
        let bound = self.bind(call, &own.slots(), &[], scope);
        let mut whole = bound.whole;
        let mut args = IndexMap::with_capacity(own.params.len());
        for (param, given) in own.params.iter().zip(&bound.given) {
            let argument = match given {
                Some(expr) => {
                    let due = Due { ty: param.ty, name: Some(&param.name) };
                    let value = self.value(expr, due, scope);
                    whole &= value.is_some();
                    value.map(|value| {
                        let given = param.default.as_ref() != Some(&value);
                        Argument { value, span: expr.span, given, operational: false }
                    })
                }
                None => param.default.clone().map(|value| Argument {
                    value,
                    span: at,
                    given: false,
                    operational: false,
                }),
            };
            if let Some(argument) = argument {
                args.insert(param.name.clone(), argument);
            }
        }
        if !whole {
            return None;
        }
        let call = Call {
            name: own.name.clone(),
            args,
            span: at,
            label: None,
            body: Some(own.body.clone()),
        };
        self.take(call, Type::Strategy, at, due, scope, "a strategy")
    }
}
