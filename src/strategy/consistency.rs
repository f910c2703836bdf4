//! `self_consistency`: a vote among answers of one strategy, worked out when the file is
//! checked.

use crate::spec::{Argument, Call, Complaint, Param, Signature, Type, Value};
use crate::strategy::repeat;
use crate::strategy::vote::{ANSWER, SAME, SIGNATURE as VOTE};

pub(super) const SIGNATURE: Signature = Signature::new(
    "self_consistency",
    Type::Strategy,
    "Asks one strategy several times and returns what it answers most often.",
)
.with_details(
    "It is `vote(repeat(strategy, n))`, and says the same of itself. The strategy must vary: a model at a temperature of 0 answers the same each time. X. Wang et al., \"Self-Consistency Improves Chain of Thought Reasoning in Language Models\", ICLR 2023.",
)
.with_params(&[
    Param::required("strategy", Type::Strategy, "What is asked."),
    Param::required("n", Type::Count, "How many times; at least 1, at most 1000."),
    ANSWER,
    SAME,
    Param::optional("prompt", Type::Prompt, "What is sent to each bare model in it."),
])
.with_confidence(|_| true)
.with_check(repeat::check)
.with_evaluate(evaluate)
.with_example("condition sampled = self_consistency(mini, 9, answer: last_number)");

fn evaluate(call: &Call) -> Result<Value, Complaint> {
    let members = repeat::evaluate(call)?;
    let span = call.args.get("strategy").map_or(call.span, |argument| argument.span);
    let members = Argument { value: members, span, given: true, operational: false };
    let mut args = indexmap::IndexMap::new();
    for param in VOTE.params {
        let argument = match param.name {
            "strategies" => Some(members.clone()),
            name => call.args.get(name).cloned().or_else(|| {
                let value = param.fallback.value()?;
                let span = call.span;
                Some(Argument { value, span, given: false, operational: false })
            }),
        };
        args.extend(argument.map(|argument| (param.name.to_owned(), argument)));
    }
    let name = VOTE.name.to_owned();
    let vote = Call { name, args, span: call.span, label: None, body: None };
    Ok(Value::Call(Box::new(vote)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Quantity, Unit};
    use crate::strategy::testing;

    #[test]
    fn it_is_a_vote_over_repeats() {
        let n = Value::Quantity(Quantity::new(3.0, Unit::One));
        let answer = Value::Word("last_number".into());
        let args =
            vec![("strategy", testing::model_value("m")), ("n", n), ("answer", answer)];
        let Ok(Value::Call(vote)) = evaluate(&testing::call("self_consistency", args))
        else {
            panic!()
        };
        assert_eq!(vote.name, "vote");
        assert_eq!(vote.list("strategies").unwrap().len(), 3);
        assert_eq!(vote.text("answer"), Some("last_number"));
        assert_eq!(vote.text("by"), Some("majority"));
    }
}
