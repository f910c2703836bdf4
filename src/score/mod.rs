//! Metrics: what a trial's output is worth.
//!
//! A scorer is a trait object built from a checked call; it reads the output and the item
//! and gives one number, nothing (`Unscored`) or a reason why it could not. It never fails
//! the trial. To add one, write its file (doc, signature, struct, `impl Scorer`, tests) and
//! list it in [`SCORERS`].

mod closure;
mod comparison;
mod contains;
mod exact_match;
mod options;
mod target;

pub use exact_match::{compares, is_right};

use std::fmt;
use std::sync::Arc;

use crate::record::{Item, Output, Score};
use crate::script::{ScriptFailure, ScriptProblem, ScriptRun, Workshop};
use crate::spec::{Call, Signature, SourceText};

/// A metric, ready to score trials.
pub trait Scorer: Send + Sync + fmt::Debug {
    /// Scores a trial, or says where the file's script failed.
    ///
    /// # Errors
    ///
    /// When a script of the file fails.
    fn try_score(
        &self,
        output: &Arc<Output>,
        item: &Arc<Item>,
        run: &ScriptRun,
    ) -> Result<Score, ScriptFailure>;

    /// Scores a trial; a script that fails gives [`Score::Failed`] without its place.
    /// Whoever has the sources uses [`Scorer::try_score`] and [`failed`].
    fn score(&self, output: &Arc<Output>, item: &Arc<Item>, run: &ScriptRun) -> Score {
        self.try_score(output, item, run)
            .unwrap_or_else(|failure| Score::Failed(failure.message))
    }
}

/// Builds a scorer from its checked call.
pub type BuildScorer = fn(&Call, &Workshop) -> Result<Box<dyn Scorer>, ScriptProblem>;

/// A scorer of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct ScorerEntry {
    /// Its signature.
    pub signature: Signature,
    /// Builds it.
    pub build: BuildScorer,
}

/// Every scorer.
pub const SCORERS: &[ScorerEntry] =
    &[exact_match::ENTRY, contains::ENTRY, closure::ENTRY];

/// Builds the scorer of a checked call.
///
/// # Errors
///
/// When there is no such scorer, or a closure of it does not compile; a checked file has
/// neither.
pub fn build(call: &Call, workshop: &Workshop) -> Result<Box<dyn Scorer>, ScriptProblem> {
    let entry = SCORERS.iter().find(|entry| entry.signature.name == call.name);
    match entry {
        Some(entry) => (entry.build)(call, workshop),
        None => Err(ScriptProblem::whole(format!("`{}` is no scorer", call.name), "")),
    }
}

/// Returns the score of a metric whose script failed, with the place in the file:
/// `file.crucible:12:30: message`.
#[must_use]
pub fn failed(failure: &ScriptFailure, sources: &[SourceText]) -> Score {
    Score::Failed(failure.placed(sources))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Digest, FileId, Span};
    use crate::script::Host;
    use crate::spec::{Argument, Function, Value};
    use indexmap::IndexMap;
    use serde_json::{Value as Json, json};

    #[test]
    fn a_failure_names_its_place_in_the_file() {
        let source = SourceText {
            file: FileId(3),
            path: "a.crucible".into(),
            folder: String::new(),
            text: "one\nté = x".into(),
        };
        let start = source.text.find('x').unwrap();
        let failure = ScriptFailure {
            message: "no".into(),
            span: Span::new(FileId(3), start, start + 1),
            cause: None,
        };
        let score = failed(&failure, &[source]);
        assert_eq!(score, Score::Failed("a.crucible:2:6: no".into()));
        assert_eq!(failed(&failure, &[]), Score::Failed("no".into()));
    }

    fn argument(value: Value) -> Argument {
        Argument { value, span: Span::default(), given: true, operational: false }
    }

    fn closure(params: &[&str], body: &str) -> Value {
        Value::Function(Box::new(Function {
            params: params.iter().map(|&name| name.to_owned()).collect(),
            body: body.to_owned(),
            span: Span::new(FileId(0), 50, 50 + body.len()),
            library: 0,
            captures: IndexMap::new(),
            digest: Digest::of(body.as_bytes()),
        }))
    }

    fn scored(name: &str, args: Vec<(&str, Value)>) -> Score {
        let args =
            args.into_iter().map(|(name, value)| (name.to_owned(), argument(value)));
        let call = Call {
            name: name.to_owned(),
            args: args.collect(),
            span: Span::default(),
            label: None,
            body: None,
        };
        let workshop = Workshop::new(Host::default(), Vec::new());
        let output = Output { text: "It is 7".to_owned(), ..Output::default() };
        let Json::Object(columns) = json!({"other": "7.0", "none": null}) else {
            unreachable!()
        };
        let item = Item::new(0, "1".into(), "q".into(), json!(7), columns);
        let scorer = build(&call, &workshop).unwrap();
        scorer.score(&Arc::new(output), &Arc::new(item), &ScriptRun::default())
    }

    #[test]
    fn scorers_run_on_outputs_and_items() {
        let last = || closure(&["output"], "output.text.split(\" \")[-1]");
        let both = &["output", "item"];
        let text = |text: &str| Value::Text(text.to_owned());
        let right = Score::Value(1.0);
        assert_eq!(scored("exact_match", vec![]), Score::Value(0.0));
        assert_eq!(scored("exact_match", vec![("extract", last())]), right);
        let other = vec![("extract", last()), ("target", text("other"))];
        assert_eq!(scored("exact_match", other), right);
        let whole = vec![("target", text("It is {{ target }}"))];
        assert_eq!(scored("exact_match", whole), right);
        assert_eq!(
            scored("exact_match", vec![("target", text("none"))]),
            Score::Unscored
        );
        let missing = scored("exact_match", vec![("target", text("nowhere"))]);
        assert_eq!(missing, Score::Failed("the item has no `nowhere`".into()));
        assert_eq!(scored("contains", vec![]), right);
        let length = closure(both, "output.text.split(\" \").len()");
        assert_eq!(scored("score", vec![("closure", length)]), Score::Value(3.0));
        let same = closure(both, "output.text == item.target");
        assert_eq!(scored("score", vec![("closure", same)]), Score::Value(0.0));
        assert_eq!(
            scored("score", vec![("closure", closure(both, "()"))]),
            Score::Unscored
        );
        let endless = scored("score", vec![("closure", closure(both, "loop { }"))]);
        assert!(matches!(endless, Score::Failed(_)), "{endless:?}");
    }
}
