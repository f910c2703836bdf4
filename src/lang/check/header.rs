//! Definitions that have fields: the header, metrics and hypotheses.

use std::collections::BTreeSet;

use crate::base::{Digest, Digester, Span};
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Expr, ExprKind, Word};
use crate::spec::{
    Alternative, Call, Claim, Column, Condition, Correction, DatasetDef, Design, Header,
    Hooks, Hypothesis, Metric, Missing, Over, Param, Scale, StopRule, Type, Value,
};

use super::claim;
use super::due::Due;
use super::{Checker, Def, Scope};

impl<'a> Checker<'a> {
    /// Checks the fields of a definition against the signature of its kind.
    pub(super) fn field_call(&mut self, def: Def<'a>) -> Option<Call> {
        let signature = self.kind_signature(def)?;
        let block = self.fields(def)?;
        let scope = Scope::of(def.unit);
        let bound = self.bind_fields(block, &def.node.kind, signature.params, &scope);
        self.arguments(signature, &bound, def.node.kind.span, &scope)
    }

    /// The header of the experiment, and the dataset that it names.
    pub(super) fn header(&mut self, def: Def<'a>) -> Option<(Header, Option<Value>)> {
        let call = self.field_call(def)?;
        let authors = call.list("authors").unwrap_or_default().iter();
        let small = |name: &str| call.count(name).and_then(|n| u32::try_from(n).ok());
        let header = Header {
            authors: authors.filter_map(Value::as_text).map(str::to_owned).collect(),
            seed: call.count("seed")?,
            repeats: small("repeats")?,
            budget: call.number("budget"),
            timeout: call.number("timeout"),
            concurrency: small("concurrency")?,
            max_failures: call.number("max_failures")?,
            correction: match call.text("correction") {
                Some("bonferroni") => Correction::Bonferroni,
                Some("none") => Correction::None,
                _ => Correction::Holm,
            },
            cluster: call.text("cluster").map(str::to_owned),
            design: match call.text("design") {
                Some("unpaired") => Design::Unpaired,
                _ => Design::Paired,
            },
            stop: call.arg("stop").and_then(StopRule::of),
            hooks: hooks(&call),
            cluster_span: call.args.get("cluster").map(|a| a.span).unwrap_or_default(),
        };
        Some((header, call.arg("dataset").cloned()))
    }

    /// Works out a `metric` definition.
    pub(super) fn metric_of(&mut self, def: Def<'a>) -> Option<Metric> {
        let scope = Scope::of(def.unit);
        let name = def.node.name.as_ref().map(|name| name.text.clone());
        let expr = self.right_side(def)?;
        let (value, beside) = self.scorer(def, expr, &scope)?;
        let Value::Call(mut call) = value else {
            return None;
        };
        let signature = self.signature(&call.name)?;
        let scale = signature.scale.map_or(Scale::Continuous, |scale| scale(&call));
        let name = name?;
        call.label = Some(name.clone());
        let word = beside.missing.or_else(|| call.text("missing").map(str::to_owned));
        Some(Metric {
            name,
            title: def.node.title.as_ref().map(|title| title.value.clone()),
            doc: def.node.doc.clone(),
            call: *call,
            scale,
            missing: match word.as_deref() {
                Some("wrong") => Missing::Wrong,
                Some("drop") => Missing::Drop,
                _ => Missing::ByScale,
            },
            by: beside.by,
        })
    }

    /// The scorer of a metric, and the fields of the metric that stand among its arguments.
    fn scorer(
        &mut self,
        def: Def<'a>,
        expr: &'a Expr,
        scope: &Scope<'a, '_>,
    ) -> Option<(Value, Beside)> {
        let due = Due::of(Type::Scorer);
        let ExprKind::Call(call) = &expr.ungrouped().kind else {
            let value = self.value(expr, due, scope)?;
            return Some((value, Beside::default()));
        };
        // A scorer that knows a field itself keeps it.
        let own = self.signature(&call.path.text());
        let known =
            |name: &str| own.is_some_and(|signature| signature.param(name).is_some());
        let fields: Vec<&Param> = self.kind_signature(def)?.params.iter().collect();
        let names: Vec<&str> =
            fields.iter().map(|field| field.name).filter(|name| !known(name)).collect();
        let (value, extra) = self.call_with(call, expr.span, due, scope, &names)?;
        let mut beside = Beside::default();
        let mut seen: Vec<&Word> = Vec::new();
        for (label, expr) in extra {
            let name = label.text.as_str();
            if let Some(first) = seen.iter().find(|word| word.text == name) {
                self.report(
                    Diagnostic::error(
                        "check::duplicate_argument",
                        format!("`{name}` is given twice"),
                    )
                    .label(label.span, "again here")
                    .label(first.span, "first given here"),
                );
                return None;
            }
            seen.push(label);
            let field = fields.iter().find(|field| field.name == name)?;
            let value = self.value(expr, Due::param(field.ty, field.name), scope)?;
            if name == "by" {
                beside.by = columns(&value, expr.span);
            } else {
                beside.missing = value.as_text().map(str::to_owned);
            }
        }
        Some((value, beside))
    }

    /// Works out a `hypothesis` definition; its digest is filled in later.
    pub(super) fn hypothesis(&mut self, def: Def<'a>) -> Option<Hypothesis> {
        let signature = self.kind_signature(def)?;
        let block = self.fields(def)?;
        let scope = Scope::of(def.unit);
        let mut bound = self.bind_fields(block, &def.node.kind, signature.params, &scope);
        // The claim and the power are sentences, not values.
        let mut take = |name: &str| {
            let at = signature.params.iter().position(|param| param.name == name)?;
            bound.given.get_mut(at)?.take()
        };
        let (said, goal) = (take("claim"), take("power"));
        let sentence = said.and_then(|expr| self.claim(expr, def.unit));
        let dimension = sentence.as_ref().map(|sentence| sentence.dimension);
        let power = goal.map(|expr| self.power(expr, dimension, def.unit));
        let call = self.arguments(signature, &bound, def.node.kind.span, &scope);
        let (sentence, call) = (sentence?, call?);
        let power = match power {
            Some(power) => Some(power?),
            None => None,
        };
        Some(Hypothesis {
            name: def.node.name.as_ref()?.text.clone(),
            title: def.node.title.as_ref().map(|title| title.value.clone()),
            doc: def.node.doc.clone(),
            claim: sentence.claim,
            claim_text: said.map(|expr| self.one_line(expr.span)).unwrap_or_default(),
            alpha: call.number("alpha")?,
            alternative: match call.text("alternative") {
                Some("one_sided") => Alternative::OneSided,
                _ => Alternative::TwoSided,
            },
            power,
            test: call.text("test").map(str::to_owned),
            over: match call.text("over") {
                Some("repeats") => Over::Repeats,
                _ => Over::Items,
            },
            span: said.map_or(def.node.span, |expr| expr.span),
            digest: Digest::default(),
        })
    }
}

/// What a metric says beside its scorer.
#[derive(Debug, Default)]
struct Beside {
    missing: Option<String>,
    by: Vec<Column>,
}

/// Returns the columns that a field names: one, or a list of them, each once.
pub(super) fn columns(value: &Value, span: Span) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let list = match value {
        Value::List(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    for name in list.iter().filter_map(Value::as_text) {
        if columns.iter().all(|column| column.name != name) {
            columns.push(Column { name: name.to_owned(), span });
        }
    }
    columns
}

fn hooks(call: &Call) -> Hooks {
    let hook = |name: &str| call.function(name).cloned();
    Hooks {
        before_experiment: hook("before_experiment"),
        after_experiment: hook("after_experiment"),
        before_trial: hook("before_trial"),
        after_trial: hook("after_trial"),
        on_error: hook("on_error"),
    }
}

/// What a hypothesis may reach, for its digest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<'e> {
    pub(super) header: &'e Header,
    pub(super) dataset: Option<&'e DatasetDef>,
    pub(super) conditions: &'e [Condition],
    pub(super) metrics: &'e [Metric],
}

/// Returns the digest of a hypothesis: the claim, the level, the alternative, the test, the
/// correction, the stop rule, and the conditions, metrics, dataset and repeats that the claim
/// reaches.
pub(super) fn digest(hypothesis: &Hypothesis, reach: Reach<'_>) -> Digest {
    let mut digester = Digester::new("hypothesis");
    claim::digest_claim(&hypothesis.claim, &mut digester);
    digester.float(hypothesis.alpha);
    digester.number(u64::from(hypothesis.alternative == Alternative::OneSided));
    digester.text(hypothesis.test.as_deref().unwrap_or("auto"));
    digester.text(reach.header.correction.word());
    digester.number(u64::from(reach.header.repeats));
    digester.text(reach.header.cluster.as_deref().unwrap_or_default());
    // What is the default is no part of it, so that older digests stand.
    if hypothesis.over != Over::Items {
        digester.text(hypothesis.over.word());
    }
    if reach.header.design.is_unpaired() {
        digester.text(reach.header.design.word());
    }
    if let Some(stop) = reach.header.stop {
        digester.text("stop").text(&stop.words());
    }
    if let Some(dataset) = reach.dataset {
        digester.text("dataset").digest(&dataset.call.digest());
    }
    let (conditions, metrics) = named(&hypothesis.claim);
    for condition in reach.conditions {
        if conditions.contains(condition.name.as_str()) {
            digester.text(&condition.name).digest(&condition.strategy.digest());
        }
    }
    for metric in reach.metrics {
        if metrics.contains(metric.name.as_str()) {
            digester.text(&metric.name).digest(&metric.call.digest());
            digester.text(metric.scale.word()).text(metric.missing.word());
        }
    }
    digester.finish()
}

/// The conditions and metrics that a claim names.
pub(super) fn named(claim: &Claim) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let samples = claim.samples();
    let conditions = samples.iter().map(|sample| sample.condition.as_str()).collect();
    let metrics = samples.iter().map(|sample| sample.metric.as_str()).collect();
    (conditions, metrics)
}
