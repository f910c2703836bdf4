//! A name where a value is due.

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Expr, ExprKind, Path};
use crate::spec::{Call, Type, Value};

use super::definition::{Kind, Space};
use super::due::{self, Due};
use super::settle::{self, Settled};
use super::table::Found;
use super::{BoundValue, Checker, Def, Scope};
use crate::lang::suggest;

impl<'a> Checker<'a> {
    /// Checks a name. Words of a choice come first, then variables of the family, then the
    /// names of the file.
    pub(super) fn path(
        &mut self,
        path: &'a Path,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let Some(word) = path.as_word() else {
            self.qualified(path);
            return None;
        };
        let name = word.text.as_str();
        if self.is_word_of(due.ty, name) {
            return Some(Value::Word(name.to_owned()));
        }
        if let ("true" | "false", Type::Bool | Type::Any) = (name, due.ty) {
            return Some(Value::Bool(name == "true"));
        }
        if let Some(bound) = scope.family.iter().find(|bound| bound.name == name) {
            return match bound.value.clone() {
                BoundValue::Number(quantity) => self.number(quantity, path.span, due),
                BoundValue::Expr(expr, unit) => {
                    let scope = Scope { unit, family: &[], prompt: scope.prompt };
                    self.stand_in(name, path.span, (expr, bound.span), due, &scope)
                }
            };
        }
        match self.find(scope.unit, Space::Values, name, path.span) {
            Found::Broken => None,
            Found::Def(id) => self.named(id, name, path.span, due, scope),
            Found::Nothing => {
                if let Type::Function(_) | Type::Extractor = due.ty
                    && let Some(function) =
                        self.named_function(name, path.span, due.ty, scope.unit)
                {
                    return function.map(|function| Value::Function(Box::new(function)));
                }
                if due.ty == Type::Any && self.is_any_word(name) {
                    return Some(Value::Word(name.to_owned()));
                }
                self.unknown(name, path.span, due, scope);
                None
            }
        }
    }

    /// Says whether a name is a word of what is due.
    fn is_word_of(&self, ty: Type, name: &str) -> bool {
        match ty {
            Type::Choice(words) => words.contains(&name),
            Type::Extractor => {
                self.input.signatures.find(name).is_some_and(|signature| {
                    signature.returns == Type::Extractor
                        && signature.params.iter().all(|param| {
                            param.fallback != crate::spec::Fallback::Required
                        })
                })
            }
            _ => false,
        }
    }

    /// Says whether a name is a word of any choice or an extractor.
    fn is_any_word(&self, name: &str) -> bool {
        fn of(ty: Type, name: &str) -> bool {
            match ty {
                Type::Choice(words) => words.contains(&name),
                Type::OneOf(types) => types.iter().any(|&ty| of(ty, name)),
                Type::List(&ty) => of(ty, name),
                _ => false,
            }
        }
        self.is_word_of(Type::Extractor, name)
            || self
                .input
                .signatures
                .iter()
                .chain(crate::spec::KINDS)
                .flat_map(|signature| signature.params)
                .any(|param| of(param.ty, name))
    }

    fn qualified(&mut self, path: &Path) {
        let text = path.text();
        let last = path.words.last().map_or("", |word| word.text.as_str());
        self.report(
            Diagnostic::error(
                "check::unknown_name",
                format!("`{text}` is not brought here"),
            )
            .label(path.span, "a path stands only after `use`")
            .help(format!("write `use {text}` at the top, and `{last}` here")),
        );
    }

    /// The value of a definition where something is due.
    fn named(
        &mut self,
        id: usize,
        name: &str,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let def = self.def(id)?;
        let settled = self.settle(id, at);
        if let (Kind::Let, Settled::Value(_)) = (def.kind, &settled) {
            let expr = self.right_side(def)?;
            let scope = Scope { unit: def.unit, family: &[], prompt: scope.prompt };
            return self.stand_in(name, at, (expr, expr.span), due, &scope);
        }
        match settled {
            Settled::Nothing => None,
            Settled::Call(call, size) => {
                let ty =
                    if def.kind == Kind::Model { Type::Model } else { Type::Dataset };
                if !self.spend(size, at) {
                    return None;
                }
                self.take(Call::clone(&call), ty, at, due, scope, def.kind.described())
            }
            Settled::Members(members) => match members.as_slice() {
                [condition] if super::family::is_broken(condition) => None,
                [condition] if condition.family.is_none() => {
                    if !self.spend(settle::size_of(&condition.strategy), at) {
                        return None;
                    }
                    let mut call = condition.strategy.clone();
                    call.label = Some(name.to_owned());
                    self.take(call, Type::Strategy, at, due, scope, "a condition")
                }
                members => {
                    let first = members.first().map_or("", |member| &member.name);
                    let problem = Diagnostic::error(
                        "check::family_without_index",
                        format!("`{name}` is a family of {} conditions", members.len()),
                    )
                    .label(at, "which of them?")
                    .help(format!("name one of them: `{first}`"));
                    self.report(problem);
                    None
                }
            },
            Settled::Prompt(prompt) => match due.ty {
                Type::Prompt | Type::Any => {
                    Some(Value::Prompt(Box::new((*prompt).clone())))
                }
                Type::Template | Type::Text if prompt.system.is_none() => {
                    Some(Value::Text(prompt.template.clone()))
                }
                _ => {
                    self.mismatch(at, due, "a prompt", None);
                    None
                }
            },
            Settled::Strategy(own) => {
                self.mismatch(
                    at,
                    due,
                    "a strategy without its arguments",
                    Some(format!("call it: `{name}({})`", own.params_text())),
                );
                None
            }
            Settled::Metric(_) | Settled::Value(_) => None,
        }
    }

    /// Checks what a name stands for as if it stood at the name's place. What is wrong with
    /// it there is told at the name.
    fn stand_in(
        &mut self,
        name: &str,
        at: Span,
        (expr, stands): (&'a Expr, Span),
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let before = self.out.len();
        let value = self.value(expr, due, scope);
        if self.out.len() > before {
            for problem in self.out.iter_mut().skip(before) {
                if matches!(problem.code, "check::type" | "check::unit" | "check::range")
                {
                    for label in &mut problem.labels {
                        label.text.clear();
                    }
                    let text = format!("`{name}` is used here");
                    problem.labels.insert(0, crate::diag::Label { span: at, text });
                    problem.labels.truncate(1);
                    let text = format!("`{name}` comes from here");
                    problem.labels.push(crate::diag::Label { span: stands, text });
                }
            }
        }
        value
    }

    /// Takes a call of one type where another may be due.
    pub(super) fn take(
        &mut self,
        call: Call,
        ty: Type,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
        found: &str,
    ) -> Option<Value> {
        match due.ty {
            Type::Any => Some(Value::Call(Box::new(call))),
            wanted if wanted == ty => Some(Value::Call(Box::new(call))),
            Type::Strategy if ty == Type::Model => self.lift(call, at, scope),
            _ => {
                let help = match due.ty {
                    Type::List(&of)
                        if of == ty || (of == Type::Strategy && ty == Type::Model) =>
                    {
                        let text = self.one_line(at);
                        Some(format!("write it in a list: `[{text}]`"))
                    }
                    _ => None,
                };
                self.mismatch(at, due, found, help);
                None
            }
        }
    }

    /// Reports a name that nothing stands for.
    pub(super) fn unknown(
        &mut self,
        name: &str,
        at: Span,
        due: Due<'_>,
        scope: &Scope<'a, '_>,
    ) {
        if self
            .input
            .signatures
            .find(name)
            .is_some_and(|s| super::table::is_call(s.returns))
        {
            self.report(
                Diagnostic::error("check::unknown_name", format!("`{name}` is a call"))
                    .label(at, "its arguments are missing")
                    .help(format!("write `{name}(…)`")),
            );
            return;
        }
        if let Type::Choice(words) = due.ty {
            let message = due.mismatch(&format!("`{name}`"));
            let help = suggest::did_you_mean(name, words.iter().copied());
            let mut problem = Diagnostic::error("check::unknown_word", message)
                .label(at, "not one of them");
            problem.help = help;
            self.report(problem);
            return;
        }
        let names = self.candidates(due.ty, scope);
        let words: Vec<&str> = if due.ty == Type::Extractor {
            let extractors = self.input.signatures.iter();
            extractors.filter(|s| s.returns == Type::Extractor).map(|s| s.name).collect()
        } else {
            Vec::new()
        };
        let known = names.iter().map(String::as_str).chain(words.iter().copied());
        let what = match due.ty {
            Type::Any => "nothing".to_owned(),
            ty if due::unit_of(ty).is_some() => "no number".to_owned(),
            ty => {
                let text = due::described(ty);
                let text =
                    text.strip_prefix("an ").or(text.strip_prefix("a ")).unwrap_or(&text);
                format!("no {text}")
            }
        };
        let mut problem = Diagnostic::error(
            "check::unknown_name",
            format!("there is {what} called `{name}`"),
        )
        .label(at, "not defined");
        problem.help = unit_of_name(name);
        let near = || suggest::did_you_mean(name, known.clone());
        problem.help = problem.help.or_else(near).or_else(|| {
            if due.ty == Type::Text {
                return Some(format!("a string stands in quotes: `\"{name}\"`"));
            }
            let all = suggest::listed(known);
            (!all.is_empty()).then(|| format!("what is defined: {all}"))
        });
        self.report(problem);
    }

    /// The names that could stand where a type is due.
    fn candidates(&self, ty: Type, scope: &Scope<'a, '_>) -> Vec<String> {
        let fits = |def: Def<'a>| match def.kind {
            Kind::Let => true,
            Kind::Model => matches!(ty, Type::Any | Type::Model | Type::Strategy),
            Kind::Dataset => matches!(ty, Type::Any | Type::Dataset),
            Kind::Prompt => matches!(ty, Type::Any | Type::Prompt),
            Kind::Condition => matches!(ty, Type::Any | Type::Strategy),
            _ => false,
        };
        let own = self.visible(scope.unit, Space::Values);
        let own = own.into_iter().filter(|(_, id)| self.def(*id).is_some_and(fits));
        let family = scope.family.iter().map(|bound| bound.name.to_owned());
        family.chain(own.map(|(name, _)| name)).collect()
    }

    /// Counts the names in an expression as used, without checking it.
    pub(super) fn touch(&mut self, expr: &'a Expr, scope: &Scope<'a, '_>) {
        match &expr.kind {
            ExprKind::Path(path) => {
                if let Some(word) = path.as_word() {
                    let _found =
                        self.find(scope.unit, Space::Values, &word.text, word.span);
                }
            }
            ExprKind::List(items) => {
                items.iter().for_each(|item| self.touch(item, scope));
            }
            ExprKind::Map(block) => {
                block.fields.iter().for_each(|field| self.touch(&field.value, scope));
            }
            ExprKind::Group(inner) | ExprKind::Negative(inner) => {
                self.touch(inner, scope);
            }
            ExprKind::Call(call) => {
                call.args.iter().for_each(|arg| self.touch(&arg.value, scope));
                for field in call.block.iter().flat_map(|block| &block.fields) {
                    self.touch(&field.value, scope);
                }
            }
            ExprKind::Index { base, values, .. } => {
                self.touch(base, scope);
                values.iter().for_each(|value| self.touch(value, scope));
            }
            ExprKind::Member { base, .. } => self.touch(base, scope),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Relation { left, right, .. } => {
                self.touch(left, scope);
                self.touch(right, scope);
            }
            ExprKind::Logic { terms, .. } => {
                terms.iter().for_each(|term| self.touch(term, scope));
            }
            ExprKind::Range { from, to, .. } => {
                self.touch(from, scope);
                self.touch(to, scope);
            }
            ExprKind::Closure(_)
            | ExprKind::Quantity(_)
            | ExprKind::Text(_)
            | ExprKind::Detect { .. } => {}
        }
    }
}

/// Returns what a name means that was taken for the second half of a price or a rate.
fn unit_of_name(name: &str) -> Option<String> {
    let help = match name.to_ascii_lowercase().as_str() {
        "tok" | "token" | "tokens" | "mtok" | "ktok" | "mtoken" | "ktoken" => {
            "a price is counted by `/Mtok` or `/ktok`, as in `$0.15/Mtok`"
        }
        "sec" | "second" | "minute" | "hour" | "hr" => {
            "a rate is counted by `/s`, `/min` or `/h`, as in `600/min`"
        }
        _ => return None,
    };
    Some(help.to_owned())
}
