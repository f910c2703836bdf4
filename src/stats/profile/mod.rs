//! Whether the levels of a factor differ, where every item was asked under each of them.

mod hotelling;
mod permuted;

pub use hotelling::{Hotelling, hotelling};
pub use permuted::{PermutedLevels, permuted_levels, repeated_f};

use super::StatsError;
use super::outcome::{enough, finite, paired};

/// Refuses tables that are empty, ragged, too narrow or not finite: `rows[unit][level]`.
fn checked(rows: &[Vec<f64>]) -> Result<usize, StatsError> {
    let Some(first) = rows.first() else { return Err(StatsError::Empty) };
    let levels = first.len();
    enough(levels, 2)?;
    for row in rows {
        paired(levels, row.len())?;
        finite(row)?;
    }
    Ok(levels)
}
