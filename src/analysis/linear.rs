//! Claims brought to θ ⋈ m, where θ is a linear contrast of means or quantiles.

use crate::spec::{Condensed, Estimand, Sample, Scale};

use super::error::Unsupported;

/// What a sample is condensed to in a contrast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    /// The mean over items.
    Mean,
    /// A quantile of the pooled trials.
    Quantile(f64),
    /// The standard deviation of the pooled trials.
    Sd,
}

/// What a contrast asks of its terms, where that is no weighted sum of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Form {
    /// The weighted sum.
    #[default]
    Sum,
    /// Whether levels differ: the level of each term, and the labels of the levels.
    Levels { of: Vec<usize>, labels: Vec<String> },
    /// The correlation of the first term with the second.
    Correlation,
    /// One of the two that was added to or multiplied by something.
    Mixed,
}

/// One condensed sample with its factor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) factor: f64,
    pub(super) what: What,
    pub(super) sample: Sample,
}

/// `Σ factor · term + constant`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Linear {
    pub(super) terms: Vec<Term>,
    pub(super) constant: f64,
    /// A word for contrasts that are not written out: `trend` or `effect`.
    pub(super) named: Option<String>,
    /// Whether a sum is in it, so that it counts items.
    pub(super) summed: bool,
    /// What is asked of the terms.
    pub(super) form: Form,
}

impl Linear {
    /// Returns the linear form of an estimand over a run of so many items.
    pub(super) fn of(estimand: &Estimand, items: f64) -> Result<Self, Unsupported> {
        match estimand {
            Estimand::Constant(quantity) => {
                Ok(Self { constant: quantity.value, ..Self::default() })
            }
            Estimand::Of(condensed, sample) => condense(*condensed, sample, items),
            Estimand::Trend { variable, points } => {
                let xs: Vec<f64> = points.iter().map(|point| point.x).collect();
                let centre = xs.iter().sum::<f64>() / xs.len() as f64;
                let square: f64 = xs.iter().map(|x| (x - centre).powi(2)).sum();
                if square.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
                    return Err(Unsupported::new(
                        format!(
                            "a trend over `{variable}` needs at least two values of it"
                        ),
                        "give the family another value",
                    ));
                }
                let parts: Vec<_> = points
                    .iter()
                    .map(|p| ((p.x - centre) / square, &p.samples))
                    .collect();
                Ok(Self::averages(&parts).named(format!("slope per unit of {variable}")))
            }
            Estimand::Effect { factor, levels } => match levels.as_slice() {
                [first, last] => {
                    let parts = [(1.0, &last.samples), (-1.0, &first.samples)];
                    let word =
                        format!("effect of {factor}: {} − {}", last.label, first.label);
                    Ok(Self::averages(&parts).named(word))
                }
                [] | [_] => Err(Unsupported::new(
                    format!("the effect of `{factor}` needs at least two levels"),
                    "list another level in the family",
                )),
                levels => Ok(Self::levels(factor, levels)),
            },
            Estimand::Correlation(a, b) => Ok(Self::correlation(a, b)),
            Estimand::Sum(a, b) => Ok(Self::of(a, items)?.plus(Self::of(b, items)?)),
            Estimand::Difference(a, b) => {
                Ok(Self::of(a, items)?.plus(Self::of(b, items)?.times(-1.0)))
            }
            Estimand::Product(a, b) => product(Self::of(a, items)?, Self::of(b, items)?),
            Estimand::Quotient(a, b) => {
                let below = Self::of(b, items)?;
                if below.terms.is_empty() && below.constant != 0.0 {
                    return Ok(Self::of(a, items)?.times(1.0 / below.constant));
                }
                Err(Unsupported::new(
                    "a quotient of samples has a test only when it is compared with a number",
                    "write `a <= 2 * b` for `a / b <= 2`",
                ))
            }
        }
    }

    /// Returns left minus right; a quotient against a number is multiplied out. Of two
    /// terms the one that is added stands first.
    pub(super) fn gap(
        left: &Estimand,
        right: &Estimand,
        items: f64,
    ) -> Result<Self, Unsupported> {
        let mut gap = Self::as_written(left, right, items)?;
        if let [first, second] = gap.terms.as_mut_slice()
            && first.factor < 0.0
            && second.factor > 0.0
        {
            std::mem::swap(first, second);
        }
        Ok(gap)
    }

    fn as_written(
        left: &Estimand,
        right: &Estimand,
        items: f64,
    ) -> Result<Self, Unsupported> {
        if let Estimand::Quotient(above, below) = left
            && let (Ok(bound), Ok(under)) =
                (Self::of(right, items), Self::of(below, items))
            && bound.terms.is_empty()
            && !under.terms.is_empty()
            && under
                .terms
                .iter()
                .all(|t| t.factor > 0.0 && never_negative(t.sample.scale))
        {
            return Ok(Self::of(above, items)?.plus(under.times(-bound.constant)));
        }
        if let Estimand::Quotient(above, below) = right
            && let (Ok(bound), Ok(under)) =
                (Self::of(left, items), Self::of(below, items))
            && bound.terms.is_empty()
            && !under.terms.is_empty()
            && under
                .terms
                .iter()
                .all(|t| t.factor > 0.0 && never_negative(t.sample.scale))
        {
            return Ok(under
                .times(bound.constant)
                .plus(Self::of(above, items)?.times(-1.0)));
        }
        Ok(Self::of(left, items)?.plus(Self::of(right, items)?.times(-1.0)))
    }

    /// Returns the common size of the factors of one term or of a plain difference.
    ///
    /// `sum(a.y) > sum(b.y)` is the question of `a.y > b.y`, asked in items: its test is that
    /// of the shares, and only what is shown is in items.
    pub(super) fn common_factor(&self) -> Option<f64> {
        match self.terms.as_slice() {
            [one] if one.factor > 0.0 => Some(one.factor),
            [a, b]
                if a.factor > 0.0 && (a.factor + b.factor).abs() < 1e-12 * a.factor =>
            {
                Some(a.factor)
            }
            _ => None,
        }
    }

    /// Returns the margin `m` of θ ⋈ m.
    pub(super) fn margin(&self) -> f64 {
        if self.constant == 0.0 { 0.0 } else { -self.constant }
    }

    /// Returns the contrast in words.
    pub(super) fn words(&self) -> String {
        if let Some(named) = &self.named
            && let Some(term) = self.terms.first()
        {
            return match self.form {
                Form::Correlation | Form::Mixed => named.clone(),
                Form::Sum | Form::Levels { .. } => {
                    format!("{named}, of mean {}", term.sample.metric)
                }
            };
        }
        let mut text = String::new();
        for (index, term) in self.terms.iter().enumerate() {
            let sign = if term.factor < 0.0 { "−" } else { "+" };
            match index {
                0 if term.factor < 0.0 => text.push('−'),
                0 => {}
                _ => text.extend([" ", sign, " "]),
            }
            if (term.factor.abs() - 1.0).abs() > 1e-12 {
                text.extend([term.factor.abs().to_string().as_str(), " · "]);
            }
            let Sample { condition, metric, .. } = &term.sample;
            match term.what {
                What::Mean => text.extend(["mean ", metric, " of ", condition]),
                What::Sd => text.extend(["sd of ", metric, " of ", condition]),
                What::Quantile(q) => {
                    text.extend([
                        "p",
                        &(q * 100.0).to_string(),
                        " of ",
                        metric,
                        " of ",
                        condition,
                    ]);
                }
            }
        }
        text
    }

    /// Asks whether the means of the levels of a factor differ.
    fn levels(factor: &str, levels: &[crate::spec::Level]) -> Self {
        let (mut terms, mut of) = (Vec::new(), Vec::new());
        for (index, level) in levels.iter().enumerate() {
            let factor = 1.0 / level.samples.len() as f64;
            for sample in &level.samples {
                terms.push(Term { factor, what: What::Mean, sample: sample.clone() });
                of.push(index);
            }
        }
        let labels: Vec<String> =
            levels.iter().map(|level| level.label.clone()).collect();
        let named = Some(format!("effect of {factor} ({})", labels.join(", ")));
        Self { terms, named, form: Form::Levels { of, labels }, ..Self::default() }
    }

    /// Asks how two samples go together over the items.
    fn correlation(a: &Sample, b: &Sample) -> Self {
        let term = |sample: &Sample| Term {
            factor: 1.0,
            what: What::Mean,
            sample: sample.clone(),
        };
        let words =
            |sample: &Sample| format!("{} of {}", sample.metric, sample.condition);
        let named = Some(format!("correlation of {} and {}", words(a), words(b)));
        let terms = vec![term(a), term(b)];
        Self { terms, named, form: Form::Correlation, ..Self::default() }
    }

    fn averages(parts: &[(f64, &Vec<Sample>)]) -> Self {
        let term = |factor: f64, sample: &Sample| Term {
            factor,
            what: What::Mean,
            sample: sample.clone(),
        };
        let all = parts.iter().flat_map(|(factor, samples)| {
            let each = factor / samples.len() as f64;
            samples.iter().map(move |sample| term(each, sample)).collect::<Vec<_>>()
        });
        Self { terms: all.collect(), ..Self::default() }.tidy()
    }

    fn named(self, word: String) -> Self {
        Self { named: Some(word), ..self }
    }

    fn plus(mut self, other: Self) -> Self {
        let (simple, was_simple) = (other.terms.is_empty(), self.terms.is_empty());
        let named = if simple { self.named.take() } else { None };
        self.terms.extend(other.terms);
        let constant = self.constant + other.constant;
        let summed = self.summed || other.summed;
        let form = match (self.form, other.form) {
            (Form::Sum, Form::Sum) => Form::Sum,
            (form, Form::Sum) if simple => form,
            // A number may stand on either side.
            (Form::Sum, form) if was_simple => form,
            _ => Form::Mixed,
        };
        let named = if was_simple { other.named } else { named };
        Self { terms: self.terms, constant, named, summed, form }.tidy()
    }

    pub(super) fn times(self, factor: f64) -> Self {
        let terms = self
            .terms
            .into_iter()
            .map(|t| Term { factor: t.factor * factor, ..t })
            .collect();
        let form = match self.form {
            // A correlation that is turned around with its margin is the same question.
            Form::Correlation | Form::Levels { .. }
                if (factor.abs() - 1.0).abs() > 1e-12 =>
            {
                Form::Mixed
            }
            form
            @ (Form::Sum | Form::Levels { .. } | Form::Correlation | Form::Mixed) => form,
        };
        Self { terms, constant: self.constant * factor, form, ..self }.tidy()
    }

    /// Joins equal terms and drops those that cancel.
    fn tidy(self) -> Self {
        if self.form != Form::Sum {
            return self;
        }
        let mut terms: Vec<Term> = Vec::new();
        for term in self.terms {
            let same = |t: &&mut Term| t.what == term.what && t.sample == term.sample;
            match terms.iter_mut().find(same) {
                Some(found) => found.factor += term.factor,
                None => terms.push(term),
            }
        }
        terms.retain(|term| term.factor != 0.0);
        Self { terms, ..self }
    }
}

fn condense(
    condensed: Condensed,
    sample: &Sample,
    items: f64,
) -> Result<Linear, Unsupported> {
    let (factor, what) = match condensed {
        Condensed::Mean => (1.0, What::Mean),
        Condensed::Sum => (items, What::Mean),
        Condensed::Quantile(q) => (1.0, What::Quantile(q)),
        Condensed::Sd => (1.0, What::Sd),
    };
    let term = Term { factor, what, sample: sample.clone() };
    let summed = condensed == Condensed::Sum;
    Ok(Linear { terms: vec![term], summed, ..Linear::default() })
}

fn product(a: Linear, b: Linear) -> Result<Linear, Unsupported> {
    if a.terms.is_empty() {
        return Ok(b.times(a.constant));
    }
    if b.terms.is_empty() {
        return Ok(a.times(b.constant));
    }
    Err(Unsupported::new(
        "a product of two samples has no test",
        "multiply a sample by a number only",
    ))
}

fn never_negative(scale: Scale) -> bool {
    match scale {
        Scale::Binary
        | Scale::Fraction
        | Scale::Duration
        | Scale::Money
        | Scale::Count => true,
        Scale::Ordinal | Scale::Continuous => false,
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use crate::base::{Quantity, Unit};

    fn mean(condition: &str) -> Estimand {
        let sample = Sample {
            condition: condition.to_owned(),
            metric: "cost".to_owned(),
            scale: Scale::Money,
        };
        Estimand::Of(Condensed::Mean, sample)
    }

    fn constant(value: f64) -> Estimand {
        Estimand::Constant(Quantity::new(value, Unit::One))
    }

    fn factors(linear: &Linear) -> Vec<f64> {
        linear.terms.iter().map(|term| term.factor).collect()
    }

    #[test]
    fn factors_stay_inside_and_constants_become_the_margin() {
        let right = Estimand::Sum(
            Box::new(Estimand::Product(Box::new(constant(4.0)), Box::new(mean("b")))),
            Box::new(constant(0.5)),
        );
        let gap = Linear::gap(&mean("a"), &right, 10.0).unwrap();
        assert_eq!(factors(&gap), [1.0, -4.0]);
        assert_eq!(gap.margin(), 0.5);
        assert_eq!(gap.words(), "mean cost of a − 4 · mean cost of b");
    }

    #[test]
    fn a_quotient_against_a_number_is_multiplied_out() {
        let quotient = Estimand::Quotient(Box::new(mean("a")), Box::new(mean("b")));
        let gap = Linear::gap(&quotient, &constant(2.0), 10.0).unwrap();
        assert_eq!(factors(&gap), [1.0, -2.0]);
        assert_eq!(gap.margin(), 0.0);
        assert!(Linear::gap(&quotient, &mean("c"), 10.0).is_err());
    }

    #[test]
    fn a_condition_minus_itself_is_nothing() {
        let gap = Linear::gap(&mean("a"), &mean("a"), 10.0).unwrap();
        assert!(gap.terms.is_empty());
    }
}
