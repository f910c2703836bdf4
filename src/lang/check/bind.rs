//! Which argument is for which parameter.

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Block, Call, Expr, Word};
use crate::spec::{Fallback, Param, RIGHT_SIDE, Type};

use super::due;
use super::{Checker, Scope};
use crate::lang::suggest;

/// Fields of `experiment` that the language has set aside for later.
const LATER: &[&str] = &["order", "store"];

/// What binding needs to know of a parameter.
#[derive(Debug, Clone)]
pub(super) struct Slot<'s> {
    pub(super) name: &'s str,
    pub(super) required: bool,
    /// How the argument is written, for the help.
    pub(super) example: String,
}

impl<'s> From<&'s Param> for Slot<'s> {
    fn from(param: &'s Param) -> Self {
        Self {
            name: param.name,
            required: param.fallback == Fallback::Required,
            example: format!("{}: {}", param.name, example(param.ty)),
        }
    }
}

/// The arguments of a call by the index of their parameters.
#[derive(Debug)]
pub(super) struct Bound<'a> {
    pub(super) given: Vec<Option<&'a Expr>>,
    /// Whether every argument was for a parameter, and none is missing.
    pub(super) whole: bool,
    /// Named arguments that no parameter takes, when they were asked for.
    pub(super) extra: Vec<(&'a Word, &'a Expr)>,
}

/// The arguments as they stand: those in round brackets, then those of the block.
struct Given<'a> {
    label: Option<&'a Word>,
    value: &'a Expr,
}

impl<'a> Checker<'a> {
    /// Binds the arguments of a call. Names in `extra` are set aside.
    pub(super) fn bind(
        &mut self,
        call: &'a Call,
        slots: &[Slot<'_>],
        extra: &[&str],
        scope: &Scope<'a, '_>,
    ) -> Bound<'a> {
        let name = call.path.text();
        let args = call
            .args
            .iter()
            .map(|arg| Given { label: arg.label.as_ref(), value: &arg.value });
        let fields = call.block.iter().flat_map(|block| &block.fields);
        let fields =
            fields.map(|field| Given { label: Some(&field.name), value: &field.value });
        let place = call.path.span.to(call.brackets);
        self.bind_all(args.chain(fields).collect(), &name, place, slots, extra, scope)
    }

    /// Binds the fields of a definition.
    pub(super) fn bind_fields(
        &mut self,
        block: &'a Block,
        kind: &Word,
        params: &'static [Param],
        scope: &Scope<'a, '_>,
    ) -> Bound<'a> {
        let slots: Vec<Slot<'_>> = params
            .iter()
            .filter(|param| param.name != RIGHT_SIDE)
            .map(Slot::from)
            .collect();
        let given = block.fields.iter();
        let given = given
            .map(|field| Given { label: Some(&field.name), value: &field.value })
            .collect();
        let mut bound = self.bind_all(given, &kind.text, kind.span, &slots, &[], scope);
        if let Some(at) = params.iter().position(|param| param.name == RIGHT_SIDE) {
            bound.given.insert(at, None);
        }
        bound
    }

    fn bind_all(
        &mut self,
        args: Vec<Given<'a>>,
        name: &str,
        place: Span,
        slots: &[Slot<'_>],
        extra: &[&str],
        scope: &Scope<'a, '_>,
    ) -> Bound<'a> {
        let mut bound =
            Bound { given: vec![None; slots.len()], whole: true, extra: Vec::new() };
        let mut labels: Vec<Option<Span>> = vec![None; slots.len()];
        let mut forgiven = vec![false; slots.len()];
        let mut named = false;
        let mut next = 0;
        for arg in args {
            let index = match arg.label {
                Some(label) => {
                    named = true;
                    let index = slots.iter().position(|slot| slot.name == label.text);
                    if index.is_none() && extra.contains(&label.text.as_str()) {
                        bound.extra.push((label, arg.value));
                        continue;
                    }
                    index
                }
                None if named => {
                    self.report(positional_after_named(arg.value.span));
                    bound.whole = false;
                    // It may be for any of those that are missing.
                    forgiven.fill(true);
                    self.touch(arg.value, scope);
                    continue;
                }
                None => {
                    next += 1;
                    (next <= slots.len()).then_some(next - 1)
                }
            };
            let Some(index) = index else {
                bound.whole = false;
                self.touch(arg.value, scope);
                self.not_a_parameter(&arg, name, slots, &mut forgiven);
                continue;
            };
            let at = arg.label.map_or(arg.value.span, |label| label.span);
            let slot = bound.given.get_mut(index);
            match slot {
                Some(Some(_)) => {
                    bound.whole = false;
                    let first = labels.get(index).copied().flatten();
                    let slot = slots.get(index).map_or("", |slot| slot.name);
                    self.report(duplicate(slot, at, first));
                }
                Some(empty) => {
                    *empty = Some(arg.value);
                    if let Some(label) = labels.get_mut(index) {
                        *label = Some(at);
                    }
                }
                None => {}
            }
        }
        for ((slot, given), forgiven) in slots.iter().zip(&bound.given).zip(&forgiven) {
            if slot.required && given.is_none() {
                bound.whole = false;
                if !forgiven {
                    self.report(
                        Diagnostic::error(
                            "check::missing_argument",
                            format!("`{name}` needs `{}`", slot.name),
                        )
                        .label(place, format!("`{}` is not given", slot.name))
                        .help(format!("add `{}`", slot.example)),
                    );
                }
            }
        }
        bound
    }

    /// Reports an argument that is for no parameter. What it was meant for counts as given.
    fn not_a_parameter(
        &mut self,
        arg: &Given<'a>,
        name: &str,
        slots: &[Slot<'_>],
        forgiven: &mut [bool],
    ) {
        let names = slots.iter().map(|slot| slot.name);
        let Some(label) = arg.label else {
            let most = slots.len();
            let message = match most {
                0 => format!("`{name}` takes no arguments"),
                1 => format!("`{name}` takes one argument"),
                _ => format!("`{name}` takes at most {most} arguments"),
            };
            self.report(
                Diagnostic::error("check::too_many_arguments", message)
                    .label(arg.value.span, "one too many"),
            );
            return;
        };
        let meant = suggest::nearest(&label.text, names.clone());
        let index =
            meant.and_then(|meant| slots.iter().position(|slot| slot.name == meant));
        if let Some(flag) = index.and_then(|index| forgiven.get_mut(index)) {
            *flag = true;
        }
        let later = name == "experiment" && LATER.contains(&label.text.as_str());
        let help = match meant {
            _ if later => format!(
                "`{}` is planned and not there yet; the fields are {}",
                label.text,
                suggest::listed_all(names)
            ),
            Some(meant) => format!("did you mean `{meant}`?"),
            None if slots.is_empty() => "it takes none".to_owned(),
            None => format!("it takes {}", suggest::listed_all(names)),
        };
        self.report(
            Diagnostic::error(
                "check::unknown_argument",
                format!("`{name}` takes no `{}`", label.text),
            )
            .label(label.span, "not one of its arguments")
            .help(help),
        );
    }
}

fn positional_after_named(at: Span) -> Diagnostic {
    Diagnostic::error(
        "check::positional_after_named",
        "an argument without a name comes after one with a name",
    )
    .label(at, "which parameter is this for?")
    .help("write `name: value`, or put it first")
}

fn duplicate(name: &str, at: Span, first: Option<Span>) -> Diagnostic {
    let problem = Diagnostic::error(
        "check::duplicate_argument",
        format!("`{name}` is given twice"),
    )
    .label(at, "again here");
    match first {
        Some(first) => problem.label(first, "first given here"),
        None => problem,
    }
}

/// Returns how a value of a type is written.
fn example(ty: Type) -> String {
    if let Some(unit) = due::unit_of(ty) {
        return unit.example().to_owned();
    }
    match ty {
        Type::Bool => "true".to_owned(),
        Type::Text => "\"…\"".to_owned(),
        Type::Template | Type::Prompt => "\"{{ input }}\"".to_owned(),
        Type::List(_) => "[…]".to_owned(),
        Type::Map => "{ … }".to_owned(),
        Type::Choice(words) => words.first().copied().unwrap_or("…").to_owned(),
        Type::Function(params) => format!("|{}| …", params.join(", ")),
        Type::Extractor => "|output| …".to_owned(),
        Type::OneOf(types) => {
            types.first().map_or_else(|| "…".to_owned(), |&ty| example(ty))
        }
        Type::Claim => "a.correct > b.correct".to_owned(),
        _ => "…".to_owned(),
    }
}
