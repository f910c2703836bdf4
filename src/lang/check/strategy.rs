//! Bare models where a strategy is due, strategies of one's own, and prompts.

use indexmap::IndexMap;

use crate::base::{Span, Unit};
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Body, Expr, ExprKind};
use crate::spec::{Argument, Call, Function, PromptSpec, Shot, Type, Value};

use super::bind::Slot;
use super::call::default;
use super::due::Due;
use super::{Checker, Def, Scope};

/// A `strategy` of the file.
#[derive(Debug, Clone)]
pub(super) struct OwnStrategy {
    pub(super) name: String,
    pub(super) params: Vec<OwnParam>,
    pub(super) body: Function,
}

/// A parameter of such a strategy; its type is that of its default.
#[derive(Debug, Clone)]
pub(super) struct OwnParam {
    pub(super) name: String,
    pub(super) ty: Type,
    pub(super) default: Option<Value>,
}

impl OwnStrategy {
    /// Returns the parameters for binding.
    pub(super) fn slots(&self) -> Vec<Slot<'_>> {
        self.params
            .iter()
            .map(|param| Slot {
                name: &param.name,
                required: param.default.is_none(),
                example: format!("{}: …", param.name),
            })
            .collect()
    }

    /// Returns the names of the parameters as they stand in brackets.
    pub(super) fn params_text(&self) -> String {
        let names: Vec<&str> =
            self.params.iter().map(|param| param.name.as_str()).collect();
        names.join(", ")
    }
}

impl<'a> Checker<'a> {
    /// Turns a bare model into the call that it stands for, with the prompt of the
    /// combinator around it.
    pub(super) fn lift(
        &mut self,
        model: Call,
        at: Span,
        scope: &Scope<'a, '_>,
    ) -> Option<Value> {
        let signature =
            self.input.signatures.iter().find(|signature| signature.lifts).copied();
        let Some(signature) = signature else {
            self.mismatch(at, Due::of(Type::Strategy), "a model", None);
            return None;
        };
        let mut model = Some(model);
        let mut args = IndexMap::with_capacity(signature.params.len());
        for param in signature.params {
            let argument = if param.ty == Type::Model && model.is_some() {
                model.take().map(|model| Argument {
                    value: Value::Call(Box::new(model)),
                    span: at,
                    given: true,
                    operational: param.operational,
                })
            } else if param.ty == Type::Prompt && scope.prompt.is_some() {
                scope.prompt.cloned()
            } else {
                default(param, at)
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
        let call = self.approved(&signature, call)?;
        Some(Value::Call(Box::new(call)))
    }

    /// Works out a `strategy` definition.
    pub(super) fn own_strategy(&mut self, def: Def<'a>) -> Option<OwnStrategy> {
        let scope = Scope::of(def.unit);
        let mut params: Vec<OwnParam> = Vec::new();
        let mut whole = true;
        for param in &def.node.params {
            let name = param.name.text.clone();
            if params.iter().any(|other| other.name == name)
                || name == "ctx"
                || name == "item"
            {
                self.report(
                    Diagnostic::error(
                        "check::duplicate_name",
                        format!("`{name}` is a parameter of the strategy already"),
                    )
                    .label(param.name.span, "again here")
                    .help(
                        "every strategy has `ctx` and `item` beside its own parameters",
                    ),
                );
                whole = false;
                continue;
            }
            let default = match &param.default {
                Some(expr) => {
                    let value = self.value(expr, Due::of(Type::Any), &scope);
                    whole &= value.is_some();
                    value
                }
                None => None,
            };
            let ty = default.as_ref().map_or(Type::Any, type_of);
            params.push(OwnParam { name, ty, default });
        }
        let expr = self.right_side(def)?;
        let ExprKind::Closure(closure) = &expr.ungrouped().kind else {
            let due = Due::of(Type::Function(&["ctx", "item"]));
            // A named function cannot see the strategy's parameters, so it is refused too.
            self.mismatch(
                expr.span,
                due,
                "something else",
                Some("write `|ctx, item| …`".to_owned()),
            );
            return None;
        };
        let names: Vec<&str> =
            def.node.params.iter().map(|param| param.name.text.as_str()).collect();
        let body = self.function(closure, expr.span, &["ctx", "item"], &names, &scope)?;
        let name = def.node.name.as_ref()?.text.clone();
        whole.then_some(OwnStrategy { name, params, body })
    }

    /// Works out a `prompt` definition.
    pub(super) fn prompt_of(&mut self, def: Def<'a>) -> Option<PromptSpec> {
        let scope = Scope::of(def.unit);
        let label = def.node.name.as_ref().map(|name| name.text.clone());
        match &def.node.body {
            Body::Expr(expr) => match self.value(expr, Due::of(Type::Prompt), &scope)? {
                Value::Prompt(prompt) => Some(PromptSpec { label, ..*prompt }),
                _ => None,
            },
            Body::Block(block) => {
                let signature = self.kind_signature(def)?;
                let bound =
                    self.bind_fields(block, &def.node.kind, signature.params, &scope);
                let examples =
                    signature.params.iter().position(|param| param.name == "examples");
                let examples =
                    examples.and_then(|at| bound.given.get(at).copied().flatten());
                let shots = examples.map(|expr| self.shots(expr, &scope));
                let call =
                    self.arguments(signature, &bound, def.node.kind.span, &scope)?;
                let Some(template) = call.text("template") else {
                    self.report(
                        Diagnostic::error(
                            "check::missing_argument",
                            "`prompt` needs `template`",
                        )
                        .label(def.node.kind.span, "`template` is not given")
                        .help("add `template: \"{{ input }}\"`"),
                    );
                    return None;
                };
                Some(PromptSpec {
                    label,
                    system: call.text("system").map(str::to_owned),
                    template: template.to_owned(),
                    examples: match shots {
                        Some(shots) => shots?,
                        None => Vec::new(),
                    },
                })
            }
            Body::Script(_) | Body::Use(_) => None,
        }
    }

    /// The few-shot examples of a prompt: `[{ input: "…", output: "…" }]`.
    fn shots(&mut self, expr: &'a Expr, scope: &Scope<'a, '_>) -> Option<Vec<Shot>> {
        let value =
            self.value(expr, Due::param(Type::List(&Type::Map), "examples"), scope)?;
        let mut shots = Vec::new();
        for value in value.as_list()? {
            let Value::Map(map) = value else {
                return None;
            };
            let text =
                |key: &str| map.get(key).and_then(Value::as_text).map(str::to_owned);
            match (text("input"), text("output"), map.len()) {
                (Some(input), Some(output), 2) => shots.push(Shot { input, output }),
                _ => {
                    self.report(
                        Diagnostic::error(
                            "check::type",
                            "an example of a prompt has `input` and `output`, both strings",
                        )
                        .label(expr.span, "not in every example")
                        .help("write `{ input: \"What is 1 + 1?\", output: \"2\" }`"),
                    );
                    return None;
                }
            }
        }
        Some(shots)
    }
}

/// The type of a parameter, from its default.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::Bool,
        Value::Quantity(quantity) => match quantity.unit {
            Unit::One => Type::Number,
            Unit::Fraction => Type::Fraction,
            Unit::Points => Type::Points,
            Unit::Seconds => Type::Duration,
            Unit::Dollars => Type::Money,
            Unit::DollarsPerToken => Type::Price,
            Unit::PerSecond => Type::Rate,
        },
        Value::Text(_) => Type::Text,
        Value::List(_) => Type::List(&Type::Any),
        Value::Map(_) => Type::Map,
        Value::Prompt(_) => Type::Prompt,
        Value::Word(_) | Value::Function(_) | Value::Call(_) => Type::Any,
    }
}
