//! From trees to the experiment: names, types, units, families, closures and claims.
//!
//! Every expression is checked against what is due at its place, and becomes a
//! [`crate::spec::Value`]; `None` means that the mistake is told already (or belongs to a
//! definition that did not parse). What calls there are is read from signatures; to add a
//! check of a value, see `value`; of a call, `call`; of a claim, `claim` and `estimand`;
//! a new code needs its explanation in `codes`.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is due takes a few types or forms, and all others are told alike"
)]

mod alternative;
mod arith;
mod bind;
mod call;
mod claim;
pub(super) mod codes;
mod definition;
mod dimension;
mod due;
mod estimand;
mod experiment;
mod factor;
mod family;
mod field;
mod header;
mod library;
mod overrides;
mod path;
mod report;
mod sample;
mod script;
mod settle;
mod strategy;
mod table;
mod value;

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::{Quantity, Span};
use crate::diag::{Diagnostic, Severity};
use crate::lang::bundle::Unit;
use crate::lang::load::Sound;
use crate::lang::syntax::tree::{Definition, Expr};
use crate::script::Host;
use crate::spec::{Argument, Experiment, Signatures, SourceText};

pub use overrides::Override;
pub(super) use overrides::apply as apply_overrides;

use definition::Kind;
use settle::State;
use table::Names;

/// How deep values may nest, through all definitions that they name.
const MOST_DEPTH: usize = 240;
/// How many values may be made from one file, families spread out.
const MOST_VALUES: u64 = 8_000_000;
/// How many conditions a file may have, families spread out.
const MOST_CONDITIONS: usize = 20_000;

/// What the checker looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) units: &'a [Unit],
    pub(super) texts: &'a [SourceText],
    pub(super) signatures: &'a Signatures,
    pub(super) host: &'a Host,
}

/// A definition of one of the files.
#[derive(Debug, Clone, Copy)]
struct Def<'a> {
    kind: Kind,
    unit: usize,
    node: &'a Definition,
}

/// What an expression sees beside the names of its file.
#[derive(Debug, Clone, Copy)]
struct Scope<'a, 's> {
    /// The file.
    unit: usize,
    /// The variables of a family, with their values.
    family: &'s [Bound<'a>],
    /// The prompt of the combinator around it, for bare models.
    prompt: Option<&'s Argument>,
}

/// A variable of a family with one of its values.
#[derive(Debug, Clone)]
struct Bound<'a> {
    name: &'a str,
    label: Rc<str>,
    value: BoundValue<'a>,
    span: Span,
}

/// One value of a variable.
#[derive(Debug, Clone)]
enum BoundValue<'a> {
    Expr(&'a Expr, usize),
    Number(Quantity),
}

#[derive(Debug)]
struct Checker<'a> {
    input: Input<'a>,
    defs: Vec<Def<'a>>,
    names: Vec<Names>,
    states: Vec<State>,
    /// The definitions that are being looked at, with the places that named them.
    way: Vec<(usize, Span)>,
    used: BTreeSet<usize>,
    libraries: Vec<script::Shelf>,
    depth: usize,
    values: u64,
    conditions: usize,
    /// Whether a cap was hit and told.
    full: bool,
    sound: Sound,
    out: Vec<Diagnostic>,
}

/// Checks the files; the first unit is the one that was named.
pub(super) fn check(
    input: Input<'_>,
    out: Vec<Diagnostic>,
) -> (Option<Experiment>, Sound, Vec<Diagnostic>) {
    let mut checker = Checker {
        input,
        defs: Vec::new(),
        names: Vec::new(),
        states: Vec::new(),
        way: Vec::new(),
        used: BTreeSet::new(),
        libraries: Vec::new(),
        depth: 0,
        values: 0,
        conditions: 0,
        full: false,
        sound: Sound::default(),
        out,
    };
    checker.study_scripts();
    checker.collect();
    checker.shelve();
    let experiment = checker.experiment();
    let Checker { sound, mut out, .. } = checker;
    let failed = out.iter().any(|found| found.severity == Severity::Error);
    if failed {
        out.retain(|found| found.severity == Severity::Error);
    }
    tidy(&mut out);
    (experiment.filter(|_| !failed), sound, out)
}

/// Sorts findings by place and drops those that say the same of the same place.
fn tidy(out: &mut Vec<Diagnostic>) {
    out.sort_by_key(|found| found.span().map(|span| (span.file, span.start, span.end)));
    let mut seen = BTreeSet::new();
    out.retain(|found| seen.insert((found.code, found.span(), found.message.clone())));
}

impl<'a> Checker<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        /// More findings than anybody reads.
        const MOST: usize = 10_000;
        if self.out.len() < MOST {
            self.out.push(diagnostic);
        }
    }

    fn def(&self, id: usize) -> Option<Def<'a>> {
        self.defs.get(id).copied()
    }

    /// Counts values that are made; says whether there may be so many.
    fn spend(&mut self, values: u64, at: Span) -> bool {
        self.values = self.values.saturating_add(values);
        if self.values > MOST_VALUES && !self.full {
            self.full = true;
            self.report(
                Diagnostic::error(
                    "check::too_large",
                    format!(
                        "the definitions spread out to more than {MOST_VALUES} values"
                    ),
                )
                .label(at, "here they become too many")
                .help("name a list once, not lists of lists of it"),
            );
        }
        !self.full
    }

    /// Runs a step one level deeper; says so when that is too deep.
    fn deeper<T>(
        &mut self,
        at: Span,
        step: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.depth >= MOST_DEPTH {
            self.report(
                Diagnostic::error(
                    "check::too_deep",
                    format!("values nest more than {MOST_DEPTH} deep"),
                )
                .label(at, "too deep here")
                .help("shorten the chain of definitions that name one another"),
            );
            return None;
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }

    /// Returns the text of a place in a file, on one line and without comments.
    fn one_line(&self, span: Span) -> String {
        let text = self.input.texts.iter().find(|text| text.file == span.file);
        let piece = text
            .and_then(|text| text.text.get(span.start as usize..span.end as usize))
            .unwrap_or_default();
        on_one_line(piece)
    }
}

/// Puts a piece of a file on one line: comments out, space drawn together.
fn on_one_line(piece: &str) -> String {
    let mut line = String::new();
    let mut rest = piece;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        let mut step = c.len_utf8();
        if quoted {
            if c == '\\' {
                step += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
            quoted = c != '"';
            line.push_str(rest.get(..step).unwrap_or_default());
        } else if rest.starts_with("//") {
            step = rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            step = rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if c.is_whitespace() {
            if !line.ends_with(' ') && !line.is_empty() {
                line.push(' ');
            }
        } else {
            quoted = c == '"';
            line.push(c);
        }
        rest = rest.get(step..).unwrap_or_default();
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::on_one_line;

    #[test]
    fn a_claim_over_several_lines_is_shown_on_one() {
        let piece = "a.correct > // better\n    b.correct /* by */ + 2pp";
        assert_eq!(on_one_line(piece), "a.correct > b.correct + 2pp");
        assert_eq!(on_one_line("f(\"a // b  c\")"), "f(\"a // b  c\")");
    }
}
