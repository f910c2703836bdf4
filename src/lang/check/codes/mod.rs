//! The long form of every code of the checker, for `crucible-run explain CODE`.
//!
//! In each example the mistake comes first and, below the line `// Better:`, what to write.

mod first;
mod second;

use crate::diag::Explanation;

/// Every code of the checker, in two lists that follow the alphabet.
pub(in crate::lang) const EXPLANATIONS: [&[Explanation]; 2] =
    [first::FIRST, second::SECOND];

const fn of(
    code: &'static str,
    title: &'static str,
    text: &'static str,
    example: &'static str,
) -> Explanation {
    Explanation { code, title, text, example }
}
