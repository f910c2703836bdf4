//! From a number of the report to the trials that it was made of: addresses within the page
//! of HTML, which its explorer takes as a filter.

use std::fmt::Write;

use crate::spec::{Experiment, Sample};

/// Returns the address of the trials that fit.
pub(super) fn trials(filter: &[(&str, &str)]) -> String {
    let mut address = "#trials?".to_owned();
    for (at, (key, value)) in filter.iter().enumerate() {
        if at > 0 {
            address.push('&');
        }
        address.push_str(key);
        address.push('=');
        push(&mut address, value);
    }
    address
}

/// Returns the address of the trials of several conditions, each once.
pub(super) fn of_conditions<'a>(
    conditions: impl IntoIterator<Item = &'a str>,
    further: &[(&'a str, &'a str)],
) -> String {
    let mut filter: Vec<(&str, &str)> = Vec::new();
    for condition in conditions {
        if !filter.contains(&("condition", condition)) {
            filter.push(("condition", condition));
        }
    }
    filter.extend(further);
    trials(&filter)
}

/// Returns the address of the trials that a hypothesis speaks of.
pub(super) fn of_hypothesis(
    experiment: &Experiment,
    name: &str,
    further: &[(&str, &str)],
) -> String {
    let known = experiment.hypotheses.iter().find(|known| known.name == name);
    let samples: Vec<&Sample> =
        known.map(|known| known.claim.samples()).unwrap_or_default();
    let conditions = samples.iter().map(|sample| sample.condition.as_str());
    let mut all: Vec<(&str, &str)> = samples
        .first()
        .map(|sample| ("metric", sample.metric.as_str()))
        .into_iter()
        .collect();
    all.extend(further);
    of_conditions(conditions, &all)
}

/// Writes text so that it is a value of an address and nothing else.
fn push(address: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_value_whatever_it_holds() {
        assert_eq!(
            trials(&[("condition", "a&b=[ü]\""), ("failure", "yes")]),
            "#trials?condition=a%26b%3D%5B%C3%BC%5D%22&failure=yes"
        );
        assert_eq!(
            of_conditions(["a", "b", "a"], &[("metric", "m")]),
            "#trials?condition=a&condition=b&metric=m"
        );
    }
}
