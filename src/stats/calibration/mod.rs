//! How well stated probabilities fit what happened, and how well scores rank it.
//!
//! [`Forecasts`] holds probabilities and outcomes once they are found to belong together;
//! ranking by any score is in [`Auroc`] and [`average_precision`].

mod forecasts;
mod ranking;
mod reliability;

pub use forecasts::Forecasts;
pub use ranking::{Auroc, AurocError, average_precision};
pub use reliability::{Binning, Reliability, ReliabilityBin};
