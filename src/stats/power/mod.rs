//! Power: how many values a design needs, and what so many can show.
//!
//! Each design answers one question, [`Solve`]: of the four of size, effect, power and level
//! it finds the one that is left open, and returns all four as a [`Plan`]. The effect is
//! always the one that the study is to find, declared before it; the power "observed" at
//! the effect that a finished study happened to estimate is a function of its p and tells
//! nothing more, so nothing here computes it. To add a design: implement `Design` in a file.

mod anova;
mod chi_squared;
mod clusters;
mod correlation;
mod eval;
mod mcnemar;
mod plan;
mod proportions;
mod settle;
mod t_test;

pub use anova::AnovaPower;
pub use chi_squared::ChiSquaredPower;
pub use clusters::Clusters;
pub use correlation::CorrelationPower;
pub use eval::{EvalPower, EvalVariance};
pub use mcnemar::{McNemarPower, McNemarRule};
pub use plan::{Plan, Solve};
pub use proportions::ProportionPower;
pub use settle::{Aim, detectable_effect, items_to_settle};
pub use t_test::{TDesign, TTestPower};
