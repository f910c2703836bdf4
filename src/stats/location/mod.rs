//! Where a sample lies: t tests, rank tests, permutation tests, tests of a whole law.
//!
//! Each test takes slices and gives a struct with the statistic and [`super::Tails`], from
//! which the p of an alternative is read. Rank statistics are counted exactly where that is
//! asked for, without overflow and without losing a small tail. To add a test: write a file,
//! take ranks from `super::ranks`, mean and spread from `sample`, and let its name out here.

mod autocorrelation;
mod brunner_munzel;
mod contrast;
mod description;
mod equivalence;
mod hodges_lehmann;
mod ks_one_sample;
mod ks_two_sample;
#[cfg(test)]
mod laws;
mod mann_whitney;
mod mood_median;
mod rank_sum;
mod sample;
mod selection;
mod sign_test;
mod signed_ranks;
mod student;
mod wilcoxon;
mod yuen;

pub use autocorrelation::autocorrelation;
pub use brunner_munzel::{BrunnerMunzel, brunner_munzel};
pub use contrast::{MeanContrast, TTest};
pub use description::{Description, Shape, describe};
pub use equivalence::{Better, Equivalence};
pub use hodges_lehmann::{ShiftInterval, hodges_lehmann, hodges_lehmann_interval};
pub use hodges_lehmann::{pseudo_median, pseudo_median_interval};
pub use ks_one_sample::{Law, ks_one_sample};
pub use ks_two_sample::{KolmogorovSmirnov, KsMethod, ks_two_sample};
pub use mann_whitney::{MannWhitney, RankNull, mann_whitney};
pub use mood_median::{
    MedianStatistic, MedianTies, MoodMedian, MoodOptions, mood_median,
};
pub use sign_test::{SignTest, sign_test};
pub use student::{mean_interval, t_one_sample, t_paired, t_two_sample, t_welch};
pub use wilcoxon::{SignedRank, Zeros, wilcoxon};
pub use yuen::{Spreads, yuen};
