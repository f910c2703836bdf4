//! Resampling: bootstraps and permutation tests, keyed by seed and name.
//!
//! A result depends on the data, the seed and the name of what it is for, never on the number
//! of threads. [`Bootstrap`] serves any statistic; [`StudentisedBootstrap`] and
//! [`PercentileBootstrap`] serve what `auto` chooses. To add a statistic that is fast: a
//! variant of [`Statistic`] with its value of weighted rows, and a drawer where there is a
//! quicker way.

mod bootstrap;
#[cfg(test)]
mod bootstrap_laws;
mod bootstrap_t;
mod bulk;
mod design;
mod drawer;
mod estimand;
mod grouped;
mod multinomial;
mod order;
mod percentile;
mod permutation;
mod plan;
mod replicate;
mod sign_flip;
mod split;
mod studentised;
mod weighted;
mod window;

pub use bootstrap::{Bootstrap, BootstrapMethod};
pub use bootstrap_t::{BootstrapT, Scaled};
pub use design::Design;
pub use estimand::{Estimand, Statistic};
pub use percentile::{PercentileBootstrap, PlugIn, Pooled};
pub use permutation::{Permutation, permute_groups, permute_pairs};
pub(super) use plan::Draws;
pub use plan::Resampling;
pub use sign_flip::{SignFlip, sign_flip};
pub use studentised::StudentisedBootstrap;
