//! What is due at a place, in words, and what to write instead of what was found.

use crate::base::{Quantity, Unit};
use crate::spec::Type;

use crate::lang::suggest;

/// What is due at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due<'s> {
    /// The type.
    pub(super) ty: Type,
    /// The parameter or field, or what else a reader would call the place.
    pub(super) name: Option<&'s str>,
}

impl<'s> Due<'s> {
    /// Something of a type for a parameter.
    pub(super) fn param(ty: Type, name: &'s str) -> Self {
        let name = (name != crate::spec::RIGHT_SIDE).then_some(name);
        Self { ty, name }
    }

    /// Something of a type at a place without a name.
    pub(super) fn of(ty: Type) -> Self {
        Self { ty, name: None }
    }

    /// The same place with another type.
    pub(super) fn with(self, ty: Type) -> Self {
        Self { ty, ..self }
    }

    /// Says what was found where something else is due.
    pub(super) fn mismatch(self, found: &str) -> String {
        let wanted = described(self.ty);
        match self.name {
            Some(name) => format!("`{name}` takes {wanted}, not {found}"),
            None => format!("{wanted} is due here, not {found}"),
        }
    }
}

/// Returns what a reader calls a type, with an article.
pub(super) fn described(ty: Type) -> String {
    match ty {
        Type::Any => "a value".to_owned(),
        Type::Bool => "`true` or `false`".to_owned(),
        Type::Text => "a string".to_owned(),
        Type::Count => "a whole number".to_owned(),
        Type::Number => "a plain number".to_owned(),
        Type::Fraction => "a fraction".to_owned(),
        Type::Points => "a difference in percentage points".to_owned(),
        Type::Duration => "a duration".to_owned(),
        Type::Money => "an amount of money".to_owned(),
        Type::Price => "a price per token".to_owned(),
        Type::Rate => "a rate".to_owned(),
        Type::List(&of) => format!("a list ({} each)", described(of)),
        Type::Map => "a map in braces".to_owned(),
        Type::OneOf(types) => {
            let each: Vec<String> = types.iter().map(|&ty| described(ty)).collect();
            each.join(" or ")
        }
        Type::Choice(words) => match words {
            [one] => format!("the word `{one}`"),
            _ => format!("one of {}", suggest::listed(words.iter().copied())),
        },
        Type::Function(params) => format!("a closure `|{}| …`", params.join(", ")),
        Type::Template => "a template string".to_owned(),
        Type::Prompt => "a prompt".to_owned(),
        Type::Model => "a model".to_owned(),
        Type::Strategy => "a strategy".to_owned(),
        Type::Dataset => "a dataset".to_owned(),
        Type::Scorer => "a scorer".to_owned(),
        Type::Distribution => "a distribution".to_owned(),
        Type::Delay => "a delay such as `by_workload(…)`".to_owned(),
        Type::Schedule => {
            "a schedule such as `sequential(…)`, `cascade(…)` or `hedged(…)`".to_owned()
        }
        Type::Likeness => "a likeness such as `similar(80%)`".to_owned(),
        Type::Extractor => "an extractor".to_owned(),
        Type::Sampling => "a way of sampling".to_owned(),
        Type::Looks => "looks such as `sequential(looks: 5)`".to_owned(),
        Type::Claim => "a claim".to_owned(),
        Type::Estimand => "a number of a claim".to_owned(),
        Type::PowerGoal => "a goal of power".to_owned(),
        Type::Definition => "a definition".to_owned(),
    }
}

/// Returns the units that a type takes.
pub(super) fn unit_of(ty: Type) -> Option<Unit> {
    match ty {
        Type::Count | Type::Number => Some(Unit::One),
        Type::Fraction => Some(Unit::Fraction),
        Type::Points => Some(Unit::Points),
        Type::Duration => Some(Unit::Seconds),
        Type::Money => Some(Unit::Dollars),
        Type::Price => Some(Unit::DollarsPerToken),
        Type::Rate => Some(Unit::PerSecond),
        Type::Any
        | Type::Bool
        | Type::Text
        | Type::List(_)
        | Type::Map
        | Type::OneOf(_)
        | Type::Choice(_)
        | Type::Function(_)
        | Type::Template
        | Type::Prompt
        | Type::Model
        | Type::Strategy
        | Type::Dataset
        | Type::Scorer
        | Type::Distribution
        | Type::Delay
        | Type::Schedule
        | Type::Likeness
        | Type::Extractor
        | Type::Sampling
        | Type::Looks
        | Type::Claim
        | Type::Estimand
        | Type::PowerGoal
        | Type::Definition => None,
    }
}

/// Says whether a description is that of a number with some unit.
pub(super) fn is_unit(described: &str) -> bool {
    [
        Unit::One,
        Unit::Fraction,
        Unit::Points,
        Unit::Seconds,
        Unit::Dollars,
        Unit::DollarsPerToken,
        Unit::PerSecond,
    ]
    .iter()
    .any(|unit| unit.name() == described)
}

/// Returns the help for a number with a wrong unit: the number as it was probably meant,
/// or what is due.
pub(super) fn unit_help(found: Quantity, wanted: Unit) -> String {
    match meant(found, wanted) {
        Some(text) => format!("did you mean `{text}`?"),
        None => format!("{} is due here: `{}`?", wanted.name(), wanted.example()),
    }
}

fn meant(found: Quantity, wanted: Unit) -> Option<String> {
    let value = found.value;
    match (found.unit, wanted) {
        (Unit::One, Unit::Fraction) if value > 0.0 && value < 1.0 => {
            Some(Quantity::new(value, Unit::Fraction).to_string())
        }
        (Unit::One, Unit::Fraction) => Some(format!("{value}%")),
        (Unit::One, Unit::Points) => Some(format!("{value}pp")),
        (Unit::One, Unit::Seconds) => Some(format!("{value}s")),
        (Unit::One, Unit::Dollars) => Some(format!("${value}")),
        (Unit::One | Unit::Dollars, Unit::DollarsPerToken) => {
            Some(format!("${value}/Mtok"))
        }
        (Unit::One, Unit::PerSecond) => Some(format!("{value}/min")),
        (Unit::Fraction, Unit::Points) | (Unit::Points, Unit::Fraction) => {
            Some(Quantity::new(value, wanted).to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_is_what_a_person_would_write() {
        let help = |value, unit, wanted| unit_help(Quantity::new(value, unit), wanted);
        let dollars = help(3.0, Unit::Dollars, Unit::Seconds);
        assert_eq!(dollars, "a duration is due here: `30s`?");
        assert_eq!(help(70.0, Unit::One, Unit::Fraction), "did you mean `70%`?");
        assert_eq!(help(0.7, Unit::One, Unit::Fraction), "did you mean `70%`?");
        assert_eq!(help(0.05, Unit::Fraction, Unit::Points), "did you mean `5pp`?");
        assert_eq!(help(30.0, Unit::One, Unit::Seconds), "did you mean `30s`?");
    }

    #[test]
    fn a_place_says_what_it_takes() {
        let due = Due::param(Type::Duration, "timeout");
        assert_eq!(
            due.mismatch("an amount of money"),
            "`timeout` takes a duration, not an amount of money"
        );
    }
}
