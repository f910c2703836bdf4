//! `--set path=value`: fields of the file given on the command line.

use crate::base::{FileId, Span};
use crate::diag::Diagnostic;
use crate::lang::bundle::Bundle;
use crate::lang::syntax;
use crate::lang::syntax::tree::{
    Block, Body, Call, Definition, Expr, ExprKind, Field, Word,
};
use crate::spec::{Signatures, SourceText};

use crate::lang::suggest;

/// A field of the file with another value: `experiment.seed=7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// What is set: `experiment.seed`, `mini.temperature`, or the name of a `let`.
    pub path: String,
    /// The value, as it would stand in the file.
    pub value: String,
}

/// What is written before an override where it is shown.
const SHOWN: &str = "--set ";

/// Puts overrides into the tree of the file that was named.
pub(in crate::lang) fn apply(
    bundle: &mut Bundle,
    overrides: &[Override],
    signatures: &Signatures,
) {
    for wanted in overrides {
        let file = FileId(u32::try_from(bundle.texts.len()).unwrap_or(u32::MAX));
        let shown = format!("{SHOWN}{}={}", wanted.path, wanted.value);
        bundle.sources.add("the command line", shown.as_str());
        bundle.texts.push(SourceText {
            file,
            path: "the command line".to_owned(),
            folder: String::new(),
            text: shown,
        });
        if let Err(problems) = one(bundle, wanted, file, signatures) {
            bundle.out.extend(problems);
        }
    }
}

fn one(
    bundle: &mut Bundle,
    wanted: &Override,
    file: FileId,
    signatures: &Signatures,
) -> Result<(), Vec<Diagnostic>> {
    let start = SHOWN.len();
    let at = Span::new(file, start, start + wanted.path.len());
    let value = read(wanted, file)?;
    let (target, field) = match wanted.path.split_once('.') {
        Some((target, field)) => (target.trim(), Some(field.trim())),
        None => (wanted.path.trim(), None),
    };
    let Some(unit) = bundle.units.first_mut() else {
        return Ok(());
    };
    let broken = unit.damaged;
    let position = unit.tree.definitions.iter().position(|node| named(node, target));
    let Some(node) = position.and_then(|at| unit.tree.definitions.get_mut(at)) else {
        let names = unit.tree.definitions.iter().filter_map(|node| match &node.name {
            _ if is_single(node) => Some(node.kind.text.as_str()),
            name => name.as_ref().map(|name| name.text.as_str()),
        });
        let help = suggest::did_you_mean(target, names.clone())
            .unwrap_or_else(|| format!("the file has {}", suggest::listed(names)));
        if broken {
            return Ok(());
        }
        return Err(vec![
            Diagnostic::error("check::set", format!("there is no `{target}` to set"))
                .label(at, "not in the file")
                .help(help),
        ]);
    };
    let Some(field) = field else {
        if node.kind.text == "let" {
            node.body = Body::Expr(value);
            return Ok(());
        }
        let help = format!("name a field of it: `{target}.field=value`");
        return Err(vec![
            Diagnostic::error("check::set", format!("`{target}` is not a `let`"))
                .label(at, "which field of it?")
                .help(help),
        ]);
    };
    let name = Word { text: field.to_owned(), span: at };
    put(node, name, value, signatures).map_err(|()| {
        vec![
            Diagnostic::error("check::set", format!("`{target}` has no fields"))
                .label(at, "cannot be set")
                .help("only fields in braces and the arguments of a call can be set"),
        ]
    })
}

/// Reads the value, at the place where it is shown.
fn read(wanted: &Override, file: FileId) -> Result<Expr, Vec<Diagnostic>> {
    // The same bytes as are shown, with a definition in front of the value.
    let name = "_".repeat(SHOWN.len() + wanted.path.len() - "let ".len());
    let text = format!("let {name}={}", wanted.value);
    let parsed = syntax::parse(file, &text);
    if !parsed.errors.is_empty() {
        return Err(parsed.errors.iter().map(syntax::SyntaxError::diagnostic).collect());
    }
    let mut definitions = parsed.tree.definitions.into_iter();
    match (definitions.next().map(|node| node.body), definitions.next()) {
        (Some(Body::Expr(value)), None) => Ok(value),
        _ => {
            let start = SHOWN.len() + wanted.path.len() + 1;
            let at = Span::new(file, start, start + wanted.value.len());
            Err(vec![
                Diagnostic::error("check::set", "one value is due after the `=`")
                    .label(at, "not one value"),
            ])
        }
    }
}

/// Says whether a path's first word means a definition.
fn named(node: &Definition, target: &str) -> bool {
    if is_single(node) {
        return node.kind.text == target;
    }
    node.name.as_ref().is_some_and(|name| name.text == target)
}

/// Kinds of which a file has one; they go by their kind.
fn is_single(node: &Definition) -> bool {
    matches!(node.kind.text.as_str(), "experiment" | "report")
}

/// Puts a field into a definition: into its braces, or into the call after its `=`.
fn put(
    node: &mut Definition,
    name: Word,
    value: Expr,
    signatures: &Signatures,
) -> Result<(), ()> {
    match &mut node.body {
        Body::Block(block) => {
            put_field(block, name, value);
            Ok(())
        }
        Body::Expr(expr) => {
            let Some(call) = call_in(expr) else {
                return Err(());
            };
            let params =
                signatures.find(&call.path.text()).map_or(&[][..], |found| found.params);
            let index = params.iter().position(|param| param.name == name.text);
            let positional = call.args.iter().position(|arg| match &arg.label {
                Some(label) => label.text == name.text,
                None => false,
            });
            let positional = positional.or(index.filter(|index| {
                call.args.get(*index).is_some_and(|arg| arg.label.is_none())
            }));
            if let Some(arg) = positional.and_then(|at| call.args.get_mut(at)) {
                arg.value = value;
                return Ok(());
            }
            let span = call.brackets;
            let block =
                call.block.get_or_insert_with(|| Block { fields: Vec::new(), span });
            put_field(block, name, value);
            Ok(())
        }
        Body::Script(_) | Body::Use(_) => Err(()),
    }
}

/// The call inside any number of round brackets.
fn call_in(expr: &mut Expr) -> Option<&mut Call> {
    match &mut expr.kind {
        ExprKind::Call(call) => Some(call),
        ExprKind::Group(inner) => call_in(inner),
        _ => None,
    }
}

fn put_field(block: &mut Block, name: Word, value: Expr) {
    if let Some(field) =
        block.fields.iter_mut().find(|field| field.name.text == name.text)
    {
        field.value = value;
        return;
    }
    let span = name.span.to(value.span);
    block.fields.push(Field { doc: String::new(), name, value, span });
}
