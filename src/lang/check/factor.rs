//! `trend` and `effect`: what a claim says of a whole family.

use std::rc::Rc;

use crate::base::{Span, Unit};
use crate::diag::Diagnostic;
use crate::lang::syntax::tree::{Expr, ExprKind};
use crate::spec::{Condition, Estimand, Level, Sample, TrendPoint};

use super::dimension::Dimension;
use super::estimand::Number;
use super::sample::MetricUse;
use super::{Checker, Scope};
use crate::lang::suggest;

/// `family.metric` and one of the family's variables.
struct Factor {
    members: Rc<Vec<Condition>>,
    metric: MetricUse,
    variable: String,
}

impl Factor {
    fn sample(&self, member: &Condition) -> Sample {
        Sample {
            condition: member.name.clone(),
            metric: self.metric.name.clone(),
            scale: self.metric.scale,
        }
    }

    /// The members by their value of the variable, in family order.
    fn levels(&self) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        for member in self.members.iter() {
            let values = member.family.as_ref().map(|family| &family.values);
            let Some(label) = values.and_then(|values| values.get(&self.variable)) else {
                continue;
            };
            let sample = self.sample(member);
            match levels.iter_mut().find(|level| level.label == *label) {
                Some(level) => level.samples.push(sample),
                None => {
                    levels.push(Level { label: label.clone(), samples: vec![sample] });
                }
            }
        }
        levels
    }
}

impl<'a> Checker<'a> {
    /// `trend(family.metric, variable)`.
    pub(super) fn trend(
        &mut self,
        sample: &'a Expr,
        over: &'a Expr,
        at: Span,
        unit: usize,
    ) -> Option<Number> {
        let factor = self.factor(sample, over, "trend", unit)?;
        let mut points = Vec::new();
        let mut plain = true;
        for level in factor.levels() {
            let Some((x, unit)) = number_of(&level.label) else {
                self.report(
                    Diagnostic::error(
                        "check::trend_values",
                        format!(
                            "`{}` is not a number, so there is no trend over it",
                            level.label
                        ),
                    )
                    .label(over.span, "has values that are not numbers")
                    .help(format!("write `effect({}, …)`", factor.variable)),
                );
                return None;
            };
            plain &= unit == Unit::One;
            points.push(TrendPoint { x, samples: level.samples });
        }
        if points.len() < 2 {
            self.report(too_few(over.span, &factor.variable, "check::trend_values"));
            return None;
        }
        let dimension = Dimension::of_scale(factor.metric.scale).of_difference();
        let dimension = if plain { dimension } else { Dimension::Slope };
        let estimand = Estimand::Trend { variable: factor.variable, points };
        Some(Number { estimand, dimension, at })
    }

    /// `effect(variable, family.metric)`.
    pub(super) fn effect(
        &mut self,
        over: &'a Expr,
        sample: &'a Expr,
        at: Span,
        unit: usize,
    ) -> Option<Number> {
        let factor = self.factor(sample, over, "effect", unit)?;
        let levels = factor.levels();
        if levels.len() < 2 {
            self.report(too_few(over.span, &factor.variable, "check::effect_levels"));
            return None;
        }
        let dimension = Dimension::of_scale(factor.metric.scale).of_difference();
        let estimand = Estimand::Effect { factor: factor.variable, levels };
        Some(Number { estimand, dimension, at })
    }

    fn factor(
        &mut self,
        sample: &'a Expr,
        over: &'a Expr,
        function: &str,
        unit: usize,
    ) -> Option<Factor> {
        let ExprKind::Member { base, name } = &sample.ungrouped().kind else {
            let order = if function == "trend" {
                "`trend(family.metric, variable)`"
            } else {
                "`effect(variable, family.metric)`"
            };
            self.report(
                Diagnostic::error(
                    "check::claim",
                    format!("`{function}` speaks of a family's metric"),
                )
                .label(sample.span, "not a family's metric")
                .help(format!("write {order}")),
            );
            self.touch(sample, &Scope::of(unit));
            return None;
        };
        let members = self.conditions_named(base, unit);
        let metric = self.metric_use(name, unit);
        let (members, metric) = (members?, metric?);
        let family = members.first().and_then(|member| member.family.as_ref());
        let Some(family) = family else {
            self.report(
                Diagnostic::error(
                    "check::claim",
                    format!("`{function}` speaks of a family, and this is one condition"),
                )
                .label(base.span, "not a family"),
            );
            return None;
        };
        let variable = over.ungrouped().as_word().map(|word| word.text.clone());
        let known: Vec<&str> = family.values.keys().map(String::as_str).collect();
        match variable.filter(|variable| family.values.contains_key(variable)) {
            Some(variable) => {
                Some(Factor { members: Rc::clone(&members), metric, variable })
            }
            None => {
                let text = self.one_line(over.span);
                let help = suggest::did_you_mean(&text, known.iter().copied())
                    .unwrap_or_else(|| {
                        format!("its variables are {}", suggest::listed_all(known))
                    });
                let problem = Diagnostic::error(
                    "check::unknown_factor",
                    format!("`{}` has no variable `{text}`", family.family),
                )
                .label(over.span, "not a variable of the family")
                .help(help);
                self.report(problem);
                None
            }
        }
    }
}

fn too_few(at: Span, variable: &str, code: &'static str) -> Diagnostic {
    Diagnostic::error(
        code,
        format!("`{variable}` has only one value, so nothing can differ"),
    )
    .label(at, "one value")
    .help("give the family a second value")
}

/// Reads the label of a family's value as the number that it shows.
fn number_of(label: &str) -> Option<(f64, Unit)> {
    if let Ok(value) = label.parse::<f64>() {
        return value.is_finite().then_some((value, Unit::One));
    }
    let scaled = |end: &str, by: f64, unit: Unit| {
        let number = label.strip_suffix(end)?.parse::<f64>().ok()?;
        Some((number * by, unit))
    };
    let money =
        |text: &str| text.strip_prefix('$').and_then(|text| text.parse::<f64>().ok());
    scaled("%", 0.01, Unit::Fraction)
        .or_else(|| scaled("pp", 0.01, Unit::Points))
        .or_else(|| scaled("ms", 1e-3, Unit::Seconds))
        .or_else(|| scaled("s", 1.0, Unit::Seconds))
        .or_else(|| scaled("/min", 1.0 / 60.0, Unit::PerSecond))
        .or_else(|| money(label).map(|value| (value, Unit::Dollars)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_numbers_are_read_in_base_units() {
        assert_eq!(number_of("3"), Some((3.0, Unit::One)));
        assert_eq!(number_of("50%"), Some((0.5, Unit::Fraction)));
        assert_eq!(number_of("250ms"), Some((0.25, Unit::Seconds)));
        assert_eq!(number_of("$2"), Some((2.0, Unit::Dollars)));
        assert_eq!(number_of("strong"), None);
        assert_eq!(number_of("inf"), None);
    }
}
