//! Statistics of files that no experiment made: two tables or logs compared, one described.
//!
//! A column is gathered row by row, one number and one digest of its id a row; then it is a
//! sample like any other, and `analysis` chooses the test and decides. Knows nothing of
//! terminals and reports. To add a question: build the claim in `compare.rs`; the rest
//! follows from the table of tests.

mod column;
mod compare;
mod describe;
mod error;
mod joined;

pub use column::{Choice, Condition};
pub use compare::{Asked, Compared, Goal, SideFindings, Unmatched, compare};
pub use describe::{Described, Description, describe};
pub use error::TablesError;
