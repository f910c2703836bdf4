//! `repeat`: a list of the same strategy, worked out when the file is checked.

use crate::spec::{Call, Complaint, Param, Signature, Type, Value};

/// More members than any vote needs.
const MOST: u64 = 1_000;

pub(super) const SIGNATURE: Signature = Signature::new(
    "repeat",
    Type::List(&Type::Strategy),
    "A list of the same strategy several times, each with calls of its own.",
)
.with_params(&[
    Param::required("strategy", Type::Strategy, "What is repeated."),
    Param::required("n", Type::Count, "How many times; at least 1, at most 1000."),
])
.with_check(check)
.with_evaluate(evaluate)
.with_example("condition panel = vote(repeat(mini, 5), by: majority)");

pub(super) fn check(call: &Call) -> Vec<Complaint> {
    wrong_count(call).into_iter().collect()
}

fn wrong_count(call: &Call) -> Option<Complaint> {
    let n = call.count("n")?;
    let message = if n == 0 {
        "`n` is 0, wanted at least 1".to_owned()
    } else if n > MOST {
        format!("`n` is {n}, wanted at most {MOST}")
    } else {
        return None;
    };
    Some(Complaint { param: Some("n"), message, help: None })
}

pub(super) fn evaluate(call: &Call) -> Result<Value, Complaint> {
    if let Some(complaint) = wrong_count(call) {
        return Err(complaint);
    }
    let missing = |param, what: &str| Complaint {
        param: Some(param),
        message: format!("{what} is due here"),
        help: None,
    };
    let strategy =
        call.arg("strategy").ok_or_else(|| missing("strategy", "a strategy"))?;
    let n = call.count("n").ok_or_else(|| missing("n", "a whole number"))?;
    Ok(Value::List((0..n).map(|_| strategy.clone()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Quantity, Unit};
    use crate::strategy::testing;

    fn repeat(n: f64) -> Call {
        testing::call(
            "repeat",
            vec![
                ("strategy", Value::Text("s".into())),
                ("n", Value::Quantity(Quantity::new(n, Unit::One))),
            ],
        )
    }

    #[test]
    fn a_list_has_as_many_members_as_were_asked_for() {
        let Ok(Value::List(list)) = evaluate(&repeat(3.0)) else { panic!() };
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn none_and_too_many_are_refused_at_n() {
        for n in [0.0, 1_001.0] {
            assert_eq!(check(&repeat(n))[0].param, Some("n"));
            assert!(evaluate(&repeat(n)).is_err());
        }
        assert!(check(&repeat(1_000.0)).is_empty());
    }
}
