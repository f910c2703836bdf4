//! The experiment, put together from the definitions of the file that was named.

use std::collections::BTreeMap;

use crate::base::{FileId, Span};
use crate::diag::Diagnostic;
use crate::lang::load::Sound;
use crate::spec::{
    Call, Condition, DatasetDef, Experiment, Header, Hypothesis, Metric, ModelDef,
    ReportSpec, Type, Value,
};

use super::definition::{Kind, Space};
use super::header::{self, Reach};
use super::settle::Settled;
use super::{Checker, Def};
use crate::lang::suggest;

impl<'a> Checker<'a> {
    /// Checks every definition and puts the experiment together.
    pub(super) fn experiment(&mut self) -> Option<Experiment> {
        let head = self.head();
        let header = head.and_then(|def| self.header(def));
        self.settle_all();
        let hypotheses = self.hypotheses();
        let report = self.only(Kind::Report);
        let report = self.report_of(report);
        let conditions = self.conditions(&hypotheses, report.as_ref());
        let metrics = self.metrics();
        let named = header.as_ref().and_then(|(_, dataset)| dataset.as_ref());
        let dataset = self.dataset(named, head, !conditions.is_empty());
        let libraries = self.shelves();
        let models = self.models();
        self.unused();
        self.sound = Sound {
            header: header.as_ref().map(|(header, _)| header.clone()),
            hypotheses: hypotheses.clone(),
            datasets: self.datasets(dataset.as_ref(), &conditions),
            template: report.as_ref().and_then(|report| report.template.clone()),
            ..Sound::default()
        };
        let (header, _) = header?;
        let name = head?.node.name.as_ref()?.text.clone();
        let hypotheses =
            sealed(hypotheses, &header, dataset.as_ref(), &conditions, &metrics);
        Some(Experiment {
            name,
            title: head?.node.title.as_ref().map(|title| title.value.clone()),
            doc: self.input.units.first().map(|unit| unit.tree.docs.clone())?,
            header,
            models,
            dataset,
            conditions,
            metrics,
            hypotheses,
            report: report?,
            libraries,
            sources: Vec::new(),
        })
    }

    /// The definitions of a kind in the file that was named.
    fn own(&self, kind: Kind) -> Vec<(usize, Def<'a>)> {
        self.defs
            .iter()
            .enumerate()
            .filter(|(_, def)| def.unit == 0 && def.kind == kind)
            .map(|(id, def)| (id, *def))
            .collect()
    }

    /// Finds the one `experiment` of the file that was named; the others must have none.
    fn head(&mut self) -> Option<Def<'a>> {
        let head = self.only(Kind::Experiment);
        let broken = self.input.units.first().is_some_and(|unit| unit.damaged);
        if head.is_none() && !broken {
            let end = self.input.texts.first().map(|text| (text.file, text.text.len()));
            let mut problem = Diagnostic::error(
                "check::no_experiment",
                "a file that is run has an `experiment`, and this one has none",
            );
            if let Some((file, end)) = end {
                let first = end.min(1);
                problem = problem
                    .label(Span::new(file, 0, first), "no `experiment` in this file");
            }
            self.report(problem.help("add `experiment some_name { seed: 42 }`"));
        }
        let others: Vec<Span> = self
            .defs
            .iter()
            .filter(|def| def.unit != 0 && def.kind == Kind::Experiment)
            .map(|def| def.node.kind.span)
            .collect();
        for at in others {
            self.report(
                Diagnostic::error(
                    "check::experiment_in_library",
                    "a file that others use has no `experiment`",
                )
                .label(at, "this file is used by another")
                .help("move the shared definitions into a file of their own"),
            );
        }
        head
    }

    /// Finds the only definition of a kind in the file that was named.
    fn only(&mut self, kind: Kind) -> Option<Def<'a>> {
        let found = self.own(kind);
        let (_, first) = *found.first()?;
        for (_, def) in found.iter().skip(1) {
            self.report(
                Diagnostic::error(
                    "check::second_of_its_kind",
                    format!("a file has one `{}`", def.node.kind.text),
                )
                .label(def.node.kind.span, "another one")
                .label(first.node.kind.span, "the first"),
            );
        }
        Some(first)
    }

    /// Works out every definition, so that each mistake is told.
    fn settle_all(&mut self) {
        for id in 0..self.defs.len() {
            let Some(def) = self.def(id) else {
                continue;
            };
            let at = def.node.name.as_ref().map_or(def.node.kind.span, |name| name.span);
            if def.kind.space().is_some() && def.kind != Kind::Hypothesis {
                let _settled = self.settle(id, at);
            }
        }
    }

    fn hypotheses(&mut self) -> Vec<Hypothesis> {
        let found = self.own(Kind::Hypothesis);
        found.into_iter().filter_map(|(_, def)| self.hypothesis(def)).collect()
    }

    /// The file's own conditions, then those of other files that a hypothesis or the report
    /// names.
    fn conditions(
        &mut self,
        hypotheses: &[Hypothesis],
        report: Option<&ReportSpec>,
    ) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (id, def) in self.own(Kind::Condition) {
            if let Settled::Members(members) = self.settle(id, def.node.span) {
                conditions.extend(members.iter().cloned());
            }
        }
        let named: std::collections::BTreeSet<&str> = hypotheses
            .iter()
            .flat_map(|hypothesis| header::named(&hypothesis.claim).0)
            .chain(
                report
                    .iter()
                    .flat_map(|report| &report.pairs)
                    .flat_map(|pairs| pairs.conditions.iter().map(String::as_str)),
            )
            .collect();
        for (_, id) in self.visible(0, Space::Values) {
            let Some(def) = self.def(id) else {
                continue;
            };
            if def.unit == 0 || def.kind != Kind::Condition {
                continue;
            }
            if let Settled::Members(members) = self.settle(id, def.node.span) {
                let wanted =
                    members.iter().filter(|member| named.contains(member.name.as_str()));
                conditions.extend(wanted.cloned());
            }
        }
        conditions
    }

    /// The file's own metrics, then those that it brought.
    fn metrics(&mut self) -> Vec<Metric> {
        let own: Vec<usize> =
            self.own(Kind::Metric).into_iter().map(|(id, _)| id).collect();
        let brought = self.visible(0, Space::Metrics).into_iter().map(|(_, id)| id);
        let brought: Vec<usize> = brought.filter(|id| !own.contains(id)).collect();
        let mut metrics = Vec::new();
        for id in own.into_iter().chain(brought) {
            if let Settled::Metric(metric) = self.settle(id, Span::default()) {
                metrics.push(Metric::clone(&metric));
            }
        }
        metrics
    }

    /// The dataset that the header names, or the only one.
    fn dataset(
        &mut self,
        named: Option<&Value>,
        head: Option<Def<'a>>,
        running: bool,
    ) -> Option<DatasetDef> {
        if let Some(Value::Call(call)) = named {
            let label = call.label.as_deref();
            let id = label.and_then(|label| {
                let datasets = self.visible(0, Space::Values);
                datasets.into_iter().find(|(name, _)| name == label).map(|(_, id)| id)
            });
            let def =
                id.and_then(|id| self.def(id)).filter(|def| def.kind == Kind::Dataset);
            return Some(match def {
                Some(def) => dataset_def(def, (**call).clone()),
                None => DatasetDef {
                    name: call.shown().to_owned(),
                    title: None,
                    doc: String::new(),
                    call: (**call).clone(),
                },
            });
        }
        let visible = self.visible(0, Space::Values);
        let all: Vec<(usize, Def<'a>)> = visible
            .into_iter()
            .filter_map(|(_, id)| Some((id, self.def(id)?)))
            .filter(|(_, def)| def.kind == Kind::Dataset)
            .collect();
        let own: Vec<(usize, Def<'a>)> =
            all.iter().filter(|(_, def)| def.unit == 0).copied().collect();
        let choice = if own.is_empty() { all } else { own };
        match choice.as_slice() {
            [] => None,
            [(id, def)] => {
                self.used.insert(*id);
                match self.settle(*id, def.node.span) {
                    Settled::Call(call, _) => Some(dataset_def(*def, (*call).clone())),
                    _ => None,
                }
            }
            many => {
                for (id, _) in many {
                    self.used.insert(*id);
                }
                if running {
                    let problem = which_dataset(many, head);
                    self.report(problem);
                }
                None
            }
        }
    }

    /// The calls of datasets that a run would read, each once, in the order of the file.
    fn datasets(
        &self,
        dataset: Option<&DatasetDef>,
        conditions: &[Condition],
    ) -> Vec<Call> {
        let mut found = BTreeMap::new();
        let calls = conditions.iter().map(|condition| &condition.strategy);
        for call in dataset.map(|dataset| &dataset.call).into_iter().chain(calls) {
            self.datasets_in(call, &mut found);
        }
        found.into_values().cloned().collect()
    }

    fn datasets_in<'c>(
        &self,
        call: &'c Call,
        found: &mut BTreeMap<(FileId, u32, u32), &'c Call>,
    ) {
        let returns = self.input.signatures.find(&call.name).map(|one| one.returns);
        if returns == Some(Type::Dataset) {
            let Span { file, start, end } = call.span;
            found.entry((file, start, end)).or_insert(call);
            return;
        }
        let mut values: Vec<&Value> = call.args.values().map(|arg| &arg.value).collect();
        while let Some(value) = values.pop() {
            match value {
                Value::Call(inner) => self.datasets_in(inner, found),
                Value::List(inner) => values.extend(inner),
                Value::Map(inner) => values.extend(inner.values()),
                _ => {}
            }
        }
    }

    /// The models of the file that was named, then those of other files that are used.
    fn models(&mut self) -> Vec<ModelDef> {
        let used = self.used.clone();
        let wanted: Vec<usize> = self
            .defs
            .iter()
            .enumerate()
            .filter(|(id, def)| {
                def.kind == Kind::Model && (def.unit == 0 || used.contains(id))
            })
            .map(|(id, _)| id)
            .collect();
        let mut models = Vec::new();
        for id in wanted {
            let Some(def) = self.def(id) else {
                continue;
            };
            if let (Settled::Call(call, _), Some(name)) =
                (self.settle(id, def.node.span), &def.node.name)
            {
                models.push(ModelDef {
                    name: name.text.clone(),
                    title: def.node.title.as_ref().map(|title| title.value.clone()),
                    doc: def.node.doc.clone(),
                    call: (*call).clone(),
                });
            }
        }
        models
    }

    /// Warns of definitions in the file that was named which nothing uses.
    fn unused(&mut self) {
        let unused: Vec<Def<'a>> = self
            .defs
            .iter()
            .enumerate()
            .filter(|(id, def)| {
                let counts = matches!(
                    def.kind,
                    Kind::Let
                        | Kind::Model
                        | Kind::Prompt
                        | Kind::Strategy
                        | Kind::Dataset
                );
                def.unit == 0 && counts && !self.used.contains(id)
            })
            .map(|(_, def)| *def)
            .collect();
        for def in unused {
            let Some(name) = &def.node.name else {
                continue;
            };
            if name.text.starts_with('_') {
                continue;
            }
            self.report(
                Diagnostic::warning(
                    "check::unused",
                    format!("nothing uses `{}`", name.text),
                )
                .label(name.span, "defined here")
                .help("take it out, or let its name begin with `_`"),
            );
        }
    }
}

fn dataset_def(def: Def<'_>, call: Call) -> DatasetDef {
    DatasetDef {
        name: def.node.name.as_ref().map(|name| name.text.clone()).unwrap_or_default(),
        title: def.node.title.as_ref().map(|title| title.value.clone()),
        doc: def.node.doc.clone(),
        call,
    }
}

fn which_dataset(many: &[(usize, Def<'_>)], head: Option<Def<'_>>) -> Diagnostic {
    let names: Vec<&str> = many
        .iter()
        .filter_map(|(_, def)| def.node.name.as_ref())
        .map(|name| name.text.as_str())
        .collect();
    let first = names.first().copied().unwrap_or_default();
    let mut problem = Diagnostic::error(
        "check::which_dataset",
        format!("the items of which dataset are asked: {}?", suggest::listed_all(names)),
    );
    if let Some(head) = head {
        problem = problem.label(head.node.kind.span, "does not say which");
    }
    for (_, def) in many {
        if let Some(name) = &def.node.name {
            problem = problem.label(name.span, "a dataset");
        }
    }
    problem.help(format!("add `dataset: {first}` to the `experiment`"))
}

/// Fills in the digests of the hypotheses.
fn sealed(
    mut hypotheses: Vec<Hypothesis>,
    header: &Header,
    dataset: Option<&DatasetDef>,
    conditions: &[Condition],
    metrics: &[Metric],
) -> Vec<Hypothesis> {
    let reach = Reach { header, dataset, conditions, metrics };
    for hypothesis in &mut hypotheses {
        hypothesis.digest = header::digest(hypothesis, reach);
    }
    hypotheses
}
