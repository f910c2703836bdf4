//! Sizes of effects, with intervals, and the words that authors have for them.
//!
//! A p says whether there is a difference, an effect how large it is. Intervals come from the
//! noncentral distribution of the test statistic: they hold every effect that the test would
//! not reject. To add an effect: write a file; if somebody named thresholds for it, add them
//! to [`Thresholds`].

mod cohen;
mod hedges;
mod magnitude;
mod paired;
mod paired_d;
mod proportions;
mod variance_explained;

pub use cohen::{CohenD, cohen_d};
pub use hedges::hedges_factor;
pub use magnitude::{Magnitude, Reading, Thresholds};
pub use paired::{PairedRatio, d_z, discordant_odds, paired_dominance};
pub use paired_d::{PairedD, SingleD, cohen_d_paired, cohen_d_single};
pub use proportions::{cohens_h, cohens_w};
pub use variance_explained::{FEffect, f_effect};
