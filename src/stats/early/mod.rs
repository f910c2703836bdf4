//! Deciding before the last item: looks planned in number, or a look after every item.
//!
//! [`GroupSequential`] spends the error level over a few looks at stated shares of the
//! information; [`BettingSequence`] and [`BernsteinSequence`] hold at every item, however
//! often one looks. All of them keep the level over the whole course, not at one look. To
//! add a spending function: a variant of [`Spending`] with its formula and its boundaries.

mod bernstein;
mod betting;
mod bounds;
mod capital;
mod course;
mod group;
mod integral;
mod spending;

pub use bernstein::BernsteinSequence;
pub use betting::{BettingSequence, BettingSpec};
pub use bounds::Bounds;
pub use group::{GroupSequential, Look};
pub use spending::Spending;
