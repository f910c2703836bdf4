//! Whether a claim has a test, said before anything runs.

use crate::spec::{Claim, Header, Hypothesis};
use crate::stats::Resampling;

use super::error::Unsupported;
use super::evaluate::Question;
use super::method::{Method, Way};
use super::stopping;

/// The test that a hypothesis will get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestChoice {
    /// Its name; several joined by commas for a claim with `and` or `or`.
    pub test: String,
    /// Why this test: one sentence.
    pub reason: String,
}

/// Returns the test that the claim of a hypothesis will get.
///
/// # Errors
///
/// [`Unsupported`] when no test fits, or when the author names one that does not.
pub fn supports(
    hypothesis: &Hypothesis,
    header: &Header,
) -> Result<TestChoice, Unsupported> {
    let methods: Vec<Method> =
        Way::all(hypothesis, header)?.into_iter().map(Way::method).collect();
    let mut names: Vec<&str> = methods.iter().map(|method| method.test).collect();
    names.dedup();
    let test = names.join(", ");
    if let Some(named) = &hypothesis.test
        && !fits(named, &test, &methods)
    {
        return Err(Unsupported::new(
            format!("the test `{named}` does not fit; this claim is tested by `{test}`"),
            format!("leave `test:` out, or write `test: \"{test}\"`"),
        ));
    }
    let floor = Resampling::new(0, "").floor() / 2.0;
    if hypothesis.alpha < floor && methods.iter().any(|method| method.resampled) {
        return Err(Unsupported::new(
            format!(
                "the level {} lies below {floor:.0e}, the smallest p that {} resamples can give",
                hypothesis.alpha,
                Resampling::DEFAULT
            ),
            "set `alpha:` to 0.1% or more",
        ));
    }
    let reason = methods.first().map_or("", |method| method.why).to_owned();
    Ok(TestChoice { test: stopping::named(&test, header.stop), reason })
}

/// Says whether a name means the test that the claim gets: its own name in any case, a
/// short one, or `auto`.
fn fits(named: &str, test: &str, methods: &[Method]) -> bool {
    let named = named.trim().to_lowercase();
    let short = |method: &Method| method.short.contains(&named.as_str());
    named == "auto" || named == test.to_lowercase() || methods.iter().all(short)
}

/// Returns the question of a single claim over so many items.
pub(super) fn question(claim: &Claim, items: f64) -> Result<Question, Unsupported> {
    match claim {
        Claim::Compare { left, direction, right } => {
            Question::compare(left, *direction, right, items)
        }
        Claim::Equivalent { left, right, within } => {
            Question::equivalent(left, right, *within, items)
        }
        Claim::All(_) | Claim::Any(_) => {
            Err(Unsupported::new("a joined claim is several questions", "ask each part"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::choose::Row;
    use crate::spec::KINDS;

    #[test]
    fn every_test_is_listed_where_test_is_documented() {
        let doc = KINDS
            .iter()
            .find(|kind| kind.name == "hypothesis")
            .and_then(|kind| kind.param("test"))
            .map(|param| param.doc)
            .unwrap();
        for row in Row::ALL {
            assert!(doc.contains(&format!("`\"{}\"`", row.test())), "{}", row.test());
        }
    }

    #[test]
    fn a_short_name_means_the_test_that_the_claim_gets() {
        let rows = [Row::PairedBinary.into()];
        for (named, same) in
            [("mcnemar", true), ("Exact McNemar", true), ("auto", true), ("t", false)]
        {
            assert_eq!(fits(named, "exact McNemar", &rows), same, "{named}");
        }
        let mixed = [Row::PairedBinary.into(), Row::NumericMean.into()];
        assert!(!fits(
            "mcnemar",
            "exact McNemar, CR2-t and studentised bootstrap",
            &mixed
        ));
    }
}
