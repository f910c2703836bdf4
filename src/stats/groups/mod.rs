//! Several groups or conditions: do they differ, which of them, and is there a trend?
//!
//! Groups are slices of slices; repeated measures are rows of one subject each. Every test
//! measures from a common origin, so that a large offset costs no digits. To add a test:
//! check the shapes with `groups_of` or `columns_of`, and let its name out here.

#[cfg(test)]
mod any_slice;
#[cfg(test)]
mod calibration;
mod cochran_armitage;
mod cochran_q;
mod dunnett;
mod friedman;
mod hotelling;
mod jonckheere;
mod kruskal_wallis;
mod one_way;
mod page;
mod pairs;
mod permuted;
mod ranks;
mod repeated;
mod sums;
mod triangle;
mod two_way;
mod unequal;

pub use cochran_armitage::cochran_armitage;
pub use cochran_q::{CochranQ, cochran_q};
pub use dunnett::{ControlPair, Dunnett, dunnett};
pub use friedman::{Friedman, friedman};
pub use hotelling::{Hotelling, hotelling_t2};
pub use jonckheere::{RankTrend, Trend, jonckheere};
pub use kruskal_wallis::{KruskalWallis, kruskal_wallis};
pub use one_way::{OneWayAnova, anova_one_way};
pub use page::page_trend;
pub use pairs::{MeanPair, RankPair, dunn, games_howell, tukey_hsd};
pub use permuted::{WithinPermutation, within_permutation};
pub use repeated::{
    Mauchly, RepeatedAnova, Sphericity, anova_repeated, mauchly_sphericity,
};
pub use two_way::{AnovaTerm, SquaresType, TwoWay, TwoWayAnova, anova_two_way};
pub use unequal::{UnequalAnova, anova_brown_forsythe, anova_welch};

pub(super) use sums::{Parts, groups_of};
