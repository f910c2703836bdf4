//! The long form of every code of the checker, for `crucible-run explain CODE`.

use crate::diag::Explanation;

/// Every code of the checker.
pub const EXPLANATIONS: &[Explanation] = &[];
