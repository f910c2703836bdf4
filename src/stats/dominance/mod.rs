//! How often one sample is above another, and how strongly two labels go together.
//!
//! Effects without a unit, by counting pairs in `O(n log n)`, each with its interval where a
//! published one exists. To add one: a file of its own.

mod cliff;
mod rank_biserial;
mod table_effects;

pub use cliff::Dominance;
pub use rank_biserial::RankBiserial;
pub use table_effects::{TableEffects, table_effects};
