//! `condition.metric` in a claim: which conditions, which metric.

use std::rc::Rc;

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Expr, ExprKind, Word};
use crate::spec::{Condition, MEASURES, Sample, Scale, Type, measure};

use super::definition::{Kind, Space};
use super::due::Due;
use super::settle::Settled;
use super::table::Found;
use super::{Checker, Scope};
use crate::lang::suggest;

/// A metric or measure by name.
#[derive(Debug, Clone)]
pub(super) struct MetricUse {
    pub(super) name: String,
    pub(super) scale: Scale,
}

impl<'a> Checker<'a> {
    /// Checks `condition.metric` or `family[value].metric`.
    pub(super) fn sample(
        &mut self,
        base: &'a Expr,
        name: &'a Word,
        unit: usize,
    ) -> Option<Sample> {
        let condition = self.one_condition(base, name, unit);
        let metric = self.metric_use(name, unit);
        let (condition, metric) = (condition?, metric?);
        Some(Sample { condition, metric: metric.name, scale: metric.scale })
    }

    fn one_condition(
        &mut self,
        base: &'a Expr,
        metric: &Word,
        unit: usize,
    ) -> Option<String> {
        match &base.ungrouped().kind {
            ExprKind::Index { .. } => {
                self.indexed(base.ungrouped(), unit).map(|condition| condition.name)
            }
            ExprKind::Path(_) => {
                let members = self.conditions_named(base, unit)?;
                match members.as_slice() {
                    [condition] if condition.family.is_none() => {
                        Some(condition.name.clone())
                    }
                    members => {
                        let problem = without_index(base, metric, members);
                        self.report(problem);
                        None
                    }
                }
            }
            _ => {
                self.report(
                    Diagnostic::error(
                        "check::claim",
                        "a condition is due before the dot",
                    )
                    .label(base.span, "not the name of a condition")
                    .help("write `condition.metric`, or `family[value].metric`"),
                );
                None
            }
        }
    }

    /// The conditions of the definition that an expression names.
    pub(super) fn conditions_named(
        &mut self,
        expr: &'a Expr,
        unit: usize,
    ) -> Option<Rc<Vec<Condition>>> {
        let word = expr.ungrouped().as_word();
        let Some(word) = word else {
            self.report(
                Diagnostic::error("check::claim", "a condition is due here")
                    .label(expr.span, "not the name of a condition"),
            );
            return None;
        };
        match self.find(unit, Space::Values, &word.text, word.span) {
            Found::Broken => None,
            Found::Nothing => {
                self.unknown_condition(word, unit);
                None
            }
            Found::Def(id) => {
                let def = self.def(id)?;
                if def.kind != Kind::Condition {
                    let message = format!(
                        "`{}` is {}, not a condition",
                        word.text,
                        def.kind.described()
                    );
                    self.report(
                        Diagnostic::error("check::type", message)
                            .label(word.span, "only conditions have metrics"),
                    );
                    return None;
                }
                match self.settle(id, word.span) {
                    Settled::Members(members) => Some(members),
                    _ => None,
                }
            }
        }
    }

    fn unknown_condition(&mut self, word: &Word, unit: usize) {
        let names = self.visible(unit, Space::Values);
        let known = names.iter().filter(|(_, id)| {
            self.def(*id).is_some_and(|def| def.kind == Kind::Condition)
        });
        let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
        let help =
            suggest::did_you_mean(&word.text, known.iter().copied()).or_else(|| {
                (!known.is_empty())
                    .then(|| format!("the conditions are {}", suggest::listed(known)))
            });
        let mut problem = Diagnostic::error(
            "check::unknown_name",
            format!("there is no condition called `{}`", word.text),
        )
        .label(word.span, "not defined");
        problem.help = help;
        self.report(problem);
    }

    /// The member of a family that an index names: `panel[3]`, `grid[strong, direct]`.
    pub(super) fn indexed(&mut self, expr: &'a Expr, unit: usize) -> Option<Condition> {
        let ExprKind::Index { base, values, brackets } = &expr.kind else {
            return None;
        };
        let members = self.conditions_named(base, unit)?;
        let family = members.first().and_then(|member| member.family.clone());
        let Some(family) = family else {
            self.report(
                Diagnostic::error(
                    "check::no_such_member",
                    "this condition is not a family",
                )
                .label(*brackets, "nothing to pick from"),
            );
            return None;
        };
        let mut labels = Vec::new();
        for value in values {
            labels.push(self.index_label(value, unit)?);
        }
        let name = format!("{}[{}]", family.family, labels.join(", "));
        if let Some(found) = members.iter().find(|member| member.name == name) {
            return Some(found.clone());
        }
        let names = members.iter().map(|member| member.name.as_str());
        let help = if labels.len() == family.values.len() {
            format!("its members are {}", suggest::listed(names))
        } else {
            let variables: Vec<&str> = family.values.keys().map(String::as_str).collect();
            format!("write `{}[{}]`", family.family, variables.join(", "))
        };
        self.report(
            Diagnostic::error("check::no_such_member", format!("there is no `{name}`"))
                .label(*brackets, "not one of its members")
                .help(help),
        );
        None
    }

    /// A value in an index as it names a member.
    fn index_label(&mut self, value: &'a Expr, unit: usize) -> Option<String> {
        let value = value.ungrouped();
        match &value.kind {
            ExprKind::Path(_)
            | ExprKind::Text(_)
            | ExprKind::Call(_)
            | ExprKind::List(_) => {
                self.touch(value, &Scope::of(unit));
                Some(self.one_line(value.span))
            }
            _ => self.constant(value, &Scope::of(unit)).map(|number| number.to_string()),
        }
    }

    /// Finds what stands after a dot: a metric of the file, or a measure.
    pub(super) fn metric_use(&mut self, word: &Word, unit: usize) -> Option<MetricUse> {
        match self.find(unit, Space::Metrics, &word.text, word.span) {
            Found::Broken => None,
            Found::Def(id) => match self.settle(id, word.span) {
                Settled::Metric(metric) => {
                    Some(MetricUse { name: metric.name.clone(), scale: metric.scale })
                }
                _ => None,
            },
            Found::Nothing => {
                if let Some(found) = measure(&word.text) {
                    return Some(MetricUse {
                        name: found.name.to_owned(),
                        scale: found.scale,
                    });
                }
                let names = self.visible(unit, Space::Metrics);
                let known = names.iter().map(|(name, _)| name.as_str());
                let known = known.chain(MEASURES.iter().map(|measure| measure.name));
                let help = suggest::did_you_mean(&word.text, known.clone())
                    .unwrap_or_else(|| {
                        format!("after a dot stand {}", suggest::listed(known))
                    });
                self.report(
                    Diagnostic::error(
                        "check::unknown_metric",
                        format!("there is no metric or measure called `{}`", word.text),
                    )
                    .label(word.span, "not defined")
                    .help(help),
                );
                None
            }
        }
    }

    /// Checks a number that a claim names: a plain `let`.
    pub(super) fn claim_number(
        &mut self,
        expr: &'a Expr,
        unit: usize,
    ) -> Option<crate::base::Quantity> {
        let Some(word) = expr.as_word() else {
            return self.constant(expr, &Scope::of(unit));
        };
        let kind = self.peek(unit, Space::Values, &word.text).map(|def| def.kind);
        let metric = self.peek(unit, Space::Metrics, &word.text).is_some()
            || measure(&word.text).is_some();
        match kind {
            Some(Kind::Condition) => {
                let _found = self.find(unit, Space::Values, &word.text, word.span);
                self.report(bare(
                    word.span,
                    &word.text,
                    "is a condition",
                    "correct",
                    false,
                ));
                None
            }
            None if metric => {
                self.report(bare(
                    word.span,
                    &word.text,
                    "is a metric",
                    "condition",
                    true,
                ));
                None
            }
            Some(_) => self.constant(expr, &Scope::of(unit)),
            None => {
                if !self.is_broken(unit, &word.text) {
                    self.unknown(
                        &word.text,
                        word.span,
                        Due::of(Type::Any),
                        &Scope::of(unit),
                    );
                }
                None
            }
        }
    }
}

fn bare(at: Span, name: &str, what: &str, other: &str, metric: bool) -> Diagnostic {
    let help = if metric {
        format!("write `{other}.{name}`")
    } else {
        format!("write `{name}.{other}`")
    };
    let wanted = if metric { "whose?" } else { "which metric of it?" };
    Diagnostic::error("check::claim", format!("`{name}` {what}, not a number"))
        .label(at, wanted)
        .help(help)
}

fn without_index(base: &Expr, metric: &Word, members: &[Condition]) -> Diagnostic {
    let first = members.first();
    let member = first.map_or("", |member| member.name.as_str());
    let family = first.and_then(|member| member.family.as_ref());
    let name = family.map_or("", |family| family.family.as_str());
    let variable =
        family.and_then(|family| family.values.keys().next()).map_or("", String::as_str);
    let metric = &metric.text;
    Diagnostic::error(
        "check::family_without_index",
        format!("`{name}` is a family of {} conditions", members.len()),
    )
    .label(base.span, "which of them?")
    .help(format!(
        "write `{member}.{metric}`, `trend({name}.{metric}, {variable})` or `effect({variable}, {name}.{metric})`"
    ))
}
