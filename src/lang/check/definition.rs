//! The kinds of definition, and what a definition must have.

use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Block, Body, Definition, Expr};
use crate::spec::{RIGHT_SIDE, Signature};

use super::{Checker, Def};
use crate::lang::suggest;

/// A kind of definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Experiment,
    Model,
    Dataset,
    Prompt,
    Condition,
    Strategy,
    Metric,
    Hypothesis,
    Report,
    Script,
    Let,
    Use,
}

/// Names of one space must differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Space {
    /// What an expression may name.
    Values,
    /// What may stand after a dot.
    Metrics,
    /// Hypotheses, which nothing names.
    Hypotheses,
}

impl Kind {
    /// Finds a kind by its word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "experiment" => Self::Experiment,
            "model" => Self::Model,
            "dataset" => Self::Dataset,
            "prompt" => Self::Prompt,
            "condition" => Self::Condition,
            "strategy" => Self::Strategy,
            "metric" => Self::Metric,
            "hypothesis" => Self::Hypothesis,
            "report" => Self::Report,
            "script" => Self::Script,
            "let" => Self::Let,
            "use" => Self::Use,
            _ => return None,
        })
    }

    /// Returns the word with its article.
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::Experiment => "an experiment",
            Self::Model => "a model",
            Self::Dataset => "a dataset",
            Self::Prompt => "a prompt",
            Self::Condition => "a condition",
            Self::Strategy => "a strategy",
            Self::Metric => "a metric",
            Self::Hypothesis => "a hypothesis",
            Self::Report => "a report",
            Self::Script => "a script",
            Self::Let => "a `let`",
            Self::Use => "a `use`",
        }
    }

    /// Returns the space of its names; `None` for kinds whose name nothing refers to.
    pub(super) fn space(self) -> Option<Space> {
        match self {
            Self::Model
            | Self::Dataset
            | Self::Prompt
            | Self::Condition
            | Self::Strategy
            | Self::Let => Some(Space::Values),
            Self::Metric => Some(Space::Metrics),
            Self::Hypothesis => Some(Space::Hypotheses),
            Self::Experiment | Self::Report | Self::Script | Self::Use => None,
        }
    }

    fn is_named(self) -> bool {
        !matches!(self, Self::Report | Self::Script | Self::Use)
    }
}

impl<'a> Checker<'a> {
    /// Looks at the shape of a definition: its kind, name, family and parameters. Returns
    /// the kind when it is one.
    pub(super) fn shape(&mut self, node: &'a Definition) -> Option<Kind> {
        let Some(kind) = Kind::of(&node.kind.text) else {
            self.unknown_kind(node);
            return None;
        };
        let word = node.kind.text.as_str();
        let mut problems = Vec::new();
        if kind.is_named() && node.name.is_none() {
            problems.push(
                Diagnostic::error(
                    "check::nameless",
                    format!("{} needs a name", kind.described()),
                )
                .label(node.kind.span, "no name follows")
                .help(format!("write `{word} some_name …`")),
            );
        }
        if let (false, Some(name)) = (kind.is_named(), &node.name) {
            problems.push(
                Diagnostic::error(
                    "check::shape",
                    format!("`{word}` has no name, but `{}` follows it", name.text),
                )
                .label(name.span, "leave this out"),
            );
        }
        if let (false, Some(first)) = (kind == Kind::Condition, node.family.first()) {
            problems.push(
                Diagnostic::error(
                    "check::shape",
                    format!("only a condition can be a family, not {}", kind.described()),
                )
                .label(first.span, "variables of a family"),
            );
        }
        if let (false, Some(first)) = (kind == Kind::Strategy, node.params.first()) {
            problems.push(
                Diagnostic::error(
                    "check::shape",
                    format!("only a strategy has parameters, not {}", kind.described()),
                )
                .label(first.span, "parameters"),
            );
        }
        problems.into_iter().for_each(|problem| self.report(problem));
        Some(kind)
    }

    fn unknown_kind(&mut self, node: &'a Definition) {
        let word = node.kind.text.as_str();
        let kinds = crate::spec::KINDS.iter().map(|kind| kind.name);
        let help = suggest::did_you_mean(word, kinds.clone())
            .unwrap_or_else(|| format!("the kinds are {}", suggest::listed_all(kinds)));
        self.report(
            Diagnostic::error(
                "check::unknown_kind",
                format!("there is no kind of definition called `{word}`"),
            )
            .label(node.kind.span, "not a kind")
            .help(help),
        );
    }

    /// Returns the signature of a definition's kind.
    pub(super) fn kind_signature(&self, def: Def<'a>) -> Option<&'static Signature> {
        crate::spec::KINDS.iter().find(|kind| kind.name == def.node.kind.text)
    }

    /// Returns the expression after the `=` of a definition.
    pub(super) fn right_side(&mut self, def: Def<'a>) -> Option<&'a Expr> {
        match &def.node.body {
            Body::Expr(expr) => Some(expr),
            Body::Block(block) => {
                let signature = self.kind_signature(def);
                let example = signature.map_or("", |signature| signature.example);
                self.report(
                    Diagnostic::error(
                        "check::shape",
                        format!(
                            "{} is written with `=`, not with fields",
                            def.kind.described()
                        ),
                    )
                    .label(block.span, "fields")
                    .help(format!("write for example `{example}`")),
                );
                None
            }
            Body::Script(_) | Body::Use(_) => None,
        }
    }

    /// Returns the fields of a definition.
    pub(super) fn fields(&mut self, def: Def<'a>) -> Option<&'a Block> {
        match &def.node.body {
            Body::Block(block) => Some(block),
            Body::Expr(expr) => {
                let word = &def.node.kind.text;
                let signature = self.kind_signature(def);
                let fields = signature.map_or(&[][..], |signature| signature.params);
                let fields = fields
                    .iter()
                    .map(|field| field.name)
                    .filter(|name| *name != RIGHT_SIDE);
                let help = format!("its fields are {}", suggest::listed_all(fields));
                self.report(
                    Diagnostic::error(
                        "check::shape",
                        format!("`{word}` has fields in braces, not an expression"),
                    )
                    .label(expr.span, "fields in braces are due")
                    .help(help),
                );
                None
            }
            Body::Script(_) | Body::Use(_) => None,
        }
    }
}
