//! When the sampling of a condition may end before its items do.

use serde::{Deserialize, Serialize};

use crate::spec::call::Call;
use crate::spec::signature::{Complaint, Fallback, Param, Signature, Type};
use crate::spec::value::Value;

/// The fewest looks that are more than one test at the end.
const FEWEST_LOOKS: u64 = 2;
/// The most looks; with more, `stop: decided` looks all the time.
const MOST_LOOKS: u64 = 50;

/// The calls that `stop:` of an `experiment` takes.
pub const STOP_RULES: &[Signature] = &[SEQUENTIAL];

const SEQUENTIAL: Signature = Signature::new(
    "sequential",
    Type::Looks,
    "Looks at the data a planned number of times, evenly spread over the items, and ends what is decided.",
)
.with_details(
    "The level is spent over the looks (Lan and DeMets 1983): with `obrien_fleming` almost \
     nothing early, so that the last look is nearly an ordinary test; with `pocock` nearly the \
     same at each. p-values are those of the whole sequence, and intervals are repeated ones.",
)
.with_params(&[
    Param::required("looks", Type::Count, "How many looks, the last one at the end; from 2 to 50."),
    Param::default(
        "spending",
        Type::Choice(&["obrien_fleming", "pocock"]),
        Fallback::Word("obrien_fleming"),
        "How the level is spent over the looks.",
    ),
])
.with_check(check)
.with_example("experiment voting { stop: sequential(looks: 5) }");

/// When the sampling of a condition may end before its items do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopRule {
    /// As soon as every hypothesis that names it is decided, by tests that may be looked at
    /// any time.
    Decided,
    /// At one of a few planned looks.
    Sequential {
        /// How many looks, the last one at the end.
        looks: u32,
        /// Whether the level is spent evenly (Pocock) instead of late (O'Brien-Fleming).
        even: bool,
    },
}

impl StopRule {
    /// Reads the value of `stop:`.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        if let Value::Call(call) = value
            && call.name == SEQUENTIAL.name
        {
            let looks = u32::try_from(call.count("looks")?).ok()?;
            let even = call.text("spending") == Some("pocock");
            return Some(Self::Sequential { looks, even });
        }
        (value.as_text() == Some("decided")).then_some(Self::Decided)
    }

    /// Returns it as it is written in a file.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Decided => "decided".to_owned(),
            Self::Sequential { looks, even: false } => {
                format!("sequential(looks: {looks})")
            }
            Self::Sequential { looks, even: true } => {
                format!("sequential(looks: {looks}, spending: pocock)")
            }
        }
    }
}

fn check(call: &Call) -> Vec<Complaint> {
    let fits =
        call.count("looks").is_some_and(|n| (FEWEST_LOOKS..=MOST_LOOKS).contains(&n));
    let complaint = Complaint {
        param: Some("looks"),
        message: format!("`looks` is at least {FEWEST_LOOKS} and at most {MOST_LOOKS}"),
        help: Some(
            "write `sequential(looks: 5)`, or `decided` to look all the time".to_owned(),
        ),
    };
    (!fits).then_some(complaint).into_iter().collect()
}

/// The field `stop:` of an `experiment`.
pub(super) const STOP: Param = Param::optional(
    "stop",
    Type::OneOf(&[Type::Choice(&["decided"]), Type::Looks]),
    "Ends a condition early, once every hypothesis that names it is decided: `sequential(looks: 5)` \
     at one of so many looks, `decided` whenever that is so, at the price of wider intervals. \
     Claims are then of means of fractions.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_written_as_it_is_read() {
        assert_eq!(StopRule::of(&Value::Word("decided".into())), Some(StopRule::Decided));
        assert_eq!(StopRule::of(&Value::Word("never".into())), None);
        let rule = StopRule::Sequential { looks: 5, even: false };
        assert_eq!(rule.words(), "sequential(looks: 5)");
    }
}
