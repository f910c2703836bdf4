//! What an imperfect judge of answers says of the truth.
//!
//! [`rogan_gladen()`] corrects the share of answers that a judge passes by its measured
//! errors; [`prediction_powered()`] corrects the mean of any scores of a judge by answers
//! that were scored both by the judge and by people.

mod prediction_powered;
mod rogan_gladen;

pub use prediction_powered::{Labelled, PredictionPowered, Tuning, prediction_powered};
pub use rogan_gladen::{JudgedShare, Part, rogan_gladen};
