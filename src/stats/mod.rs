//! Statistics over plain slices: slices in, structs with named fields out.
//!
//! Knows nothing of models, conditions or trials. Every public function states its formula,
//! its shapes and its source, refuses what has no value with a [`StatsError`], and panics on
//! no slice. To add a method: write a file, test it against a value that somebody else
//! computed, and let its name out here.

mod assumptions;
mod binomial_test;
mod describe;
mod dist;
mod effect;
mod error;
mod grouped;
mod groups;
mod mcnemar;
mod mean;
mod mover;
mod multinomial;
mod multiple;
mod outcome;
mod percentile;
mod proportion;
mod resample;
mod settle;
mod sign_flip;
mod special;
mod studentised;
mod tango;
mod units;
mod window;

pub use assumptions::{
    AndersonDarling, Centre, DagostinoK2, EqualVariances, JarqueBera, Levene,
    ShapiroWilk, anderson_darling_normal, bartlett, dagostino_k2, fligner_killeen,
    jarque_bera, levene, shapiro_wilk,
};
pub use binomial_test::{binomial_tails, binomial_test};
pub use describe::{Moments, mean, quantile, quantile_sorted, skewness, variance};
pub use dist::{
    Beta, Binomial, ChiSquared, FisherF, ManyToOne, Normal, Sides, StudentT,
    StudentizedRange,
};
pub use effect::{PairedRatio, d_z, discordant_odds, paired_dominance};
pub use error::StatsError;
pub use groups::{
    AnovaTerm, CochranQ, ControlPair, Dunnett, Friedman, Hotelling, KruskalWallis,
    Mauchly, MeanPair, OneWayAnova, RankPair, RankTrend, RepeatedAnova, Sphericity,
    SquaresType, Trend, TwoWay, TwoWayAnova, UnequalAnova, WithinPermutation,
    anova_brown_forsythe, anova_one_way, anova_repeated, anova_two_way, anova_welch,
    cochran_armitage, cochran_q, dunn, dunnett, friedman, games_howell, hotelling_t2,
    jonckheere, kruskal_wallis, mauchly_sphericity, page_trend, tukey_hsd,
    within_permutation,
};
pub use mcnemar::{McNemar, McNemarChi, mcnemar_chi2};
pub use mean::{ClusterErrors, UnitMean, differences};
pub use mover::{Mover, PooledQuantile};
pub use multiple::{Correction, adjust};
pub use outcome::{Alternative, Interval, Tails};
pub use percentile::{PercentileBootstrap, PlugIn, Pooled};
pub use proportion::{ClusteredShare, ProportionMethod, proportion_interval};
pub use resample::Resampling;
pub use settle::{Aim, EvalVariance, detectable_effect, items_to_settle};
pub use sign_flip::{SignFlip, sign_flip};
pub use studentised::StudentisedBootstrap;
pub use tango::Tango;
pub use units::Units;
