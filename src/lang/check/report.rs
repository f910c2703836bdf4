//! The `report` definition: formats, columns to cut by, families to compare.

use crate::base::FileId;
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Expr, ExprKind};
use crate::spec::{FORMATS, FamilySample, ReportSpec, TemplateFile, Value};

use super::header::columns;
use super::{Checker, Def, Scope};

impl<'a> Checker<'a> {
    /// What is rendered; without a definition, the first format alone.
    pub(super) fn report_of(&mut self, def: Option<Def<'a>>) -> Option<ReportSpec> {
        let usual: Vec<String> =
            FORMATS.first().map(|format| (*format).to_owned()).into_iter().collect();
        let Some(def) = def else {
            return Some(ReportSpec { formats: usual, ..ReportSpec::default() });
        };
        let signature = self.kind_signature(def)?;
        let block = self.fields(def)?;
        let scope = Scope::of(def.unit);
        let mut bound = self.bind_fields(block, &def.node.kind, signature.params, &scope);
        // Families with a metric are no values.
        let at = signature.params.iter().position(|param| param.name == "pairs");
        let said = at.and_then(|at| bound.given.get_mut(at)?.take());
        let pairs = said.map(|expr| self.pairs(expr, def.unit));
        let call = self.arguments(signature, &bound, def.node.kind.span, &scope)?;
        let pairs = match pairs {
            Some(pairs) => pairs?,
            None => Vec::new(),
        };
        let mut formats: Vec<String> = Vec::new();
        for word in call.list("formats").unwrap_or_default() {
            let Some(word) = word.as_text() else { continue };
            if !formats.iter().any(|known| known == word) {
                formats.push(word.to_owned());
            }
        }
        let by = call.args.get("by");
        Some(ReportSpec {
            formats: if call.list("formats").is_some() { formats } else { usual },
            by: by.map(|by| columns(&by.value, by.span)).unwrap_or_default(),
            pairs,
            template: call.args.get("template").and_then(|named| {
                Some(TemplateFile {
                    path: named.value.as_text()?.to_owned(),
                    span: named.span,
                    text: FileId::default(),
                })
            }),
            sections: call
                .list("sections")
                .unwrap_or_default()
                .iter()
                .filter_map(Value::as_function)
                .cloned()
                .collect(),
        })
    }

    /// The families of `pairs`, each with its metric.
    fn pairs(&mut self, expr: &'a Expr, unit: usize) -> Option<Vec<FamilySample>> {
        let each = match &expr.ungrouped().kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![expr],
        };
        let found: Vec<Option<FamilySample>> =
            each.into_iter().map(|expr| self.family_sample(expr, unit)).collect();
        found.into_iter().collect()
    }

    fn family_sample(&mut self, expr: &'a Expr, unit: usize) -> Option<FamilySample> {
        let ExprKind::Member { base, name } = &expr.ungrouped().kind else {
            self.report(
                Diagnostic::error("check::type", "a family with a metric is due here")
                    .label(expr.span, "not `family.metric`")
                    .help("write for example `pairs: [panel.correct]`"),
            );
            return None;
        };
        let members = self.conditions_named(base, unit);
        let metric = self.metric_use(name, unit);
        let (members, metric) = (members?, metric?);
        let family = members.first().and_then(|member| member.family.as_ref());
        let Some(family) = family.filter(|_| members.len() > 1) else {
            self.report(
                Diagnostic::error(
                    "check::type",
                    "a family of two conditions or more is due here",
                )
                .label(base.span, "one condition, which has no pairs")
                .help("list them in a family: `condition panel[m in [a, b]] = ask(m)`"),
            );
            return None;
        };
        Some(FamilySample {
            family: family.family.clone(),
            conditions: members.iter().map(|member| member.name.clone()).collect(),
            metric: metric.name,
            scale: metric.scale,
            span: expr.span,
        })
    }
}
