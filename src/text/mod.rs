//! Templates, normalisers, extractors and the equality of answers.
//!
//! Text in, values out: nothing here knows items, outputs or scripts. An extractor takes
//! the answer out of a model's text; an [`AnswerKey`] says whether two answers are the
//! same value. To add an extractor, write its function below `extract`, give it a variant
//! of [`Extract`] and a line in [`Extract::WORDS`].

pub mod answer;
mod extract;
mod normalize;
mod number;
mod similarity;
mod stated;
mod template;

pub use answer::AnswerKey;
pub use extract::{Extract, boolean_word, letter_among};
pub use normalize::Normalize;
pub use number::{Decimal, number, numbers};
pub use similarity::Words;
pub use stated::{Stated, share, stated};
pub use template::{MissingPath, Place, Template, TemplateError, shown};
