//! Means of scores and of paired differences as evaluations report them, with every
//! standard error that other tools give, side by side.
//!
//! For one test that fits all designs see `UnitMean`; this room is for comparison.

mod difference;
mod mean;

pub use difference::PairedDifference;
pub use mean::ClusteredMean;
