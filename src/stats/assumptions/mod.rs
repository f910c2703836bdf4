//! Are the assumptions of a test met: a normal distribution, equal variances?
//!
//! These are there by name. A test that is chosen by another test keeps neither its level
//! nor its power, so `auto` asks none of them.

mod anderson_darling;
#[cfg(test)]
mod any_slice;
mod equal_spread;
mod moments;
mod sample;
mod shapiro_wilk;

pub use anderson_darling::{AndersonDarling, anderson_darling_normal};
pub use equal_spread::{
    Centre, EqualVariances, Levene, bartlett, fligner_killeen, levene,
};
pub use moments::{DagostinoK2, JarqueBera, dagostino_k2, jarque_bera};
pub use shapiro_wilk::{ShapiroWilk, shapiro_wilk};
