//! Statistics over plain slices: slices in, structs with named fields out.
//!
//! Knows nothing of models, conditions or trials. Every public function states its formula,
//! its shapes and its source, refuses what has no value with a [`StatsError`], and panics on
//! no slice. To add a method: write a file, test it against a value that somebody else
//! computed, and let its name out here.

mod association;
mod assumptions;
mod binomial_test;
mod calibration;
mod clustered;
mod components;
mod counts;
mod describe;
mod dist;
mod dominance;
mod early;
mod effect;
mod error;
mod estimate;
mod groups;
mod judge;
mod linear;
mod location;
mod mcnemar;
mod mean;
mod mover;
mod multiple;
mod outcome;
mod power;
mod proportion;
mod ranks;
mod resample;
mod special;
mod tango;
mod units;

pub use association::{
    CohenKappa, Correlation, CorrelationMeasure, CorrelationMethod, Icc, Iccs,
    KappaMargins, KappaWeights, Kendall, KendallMethod, MeasurementLevel,
    PermutedCorrelation, TauVariant, cohen_kappa, correlation_interval, fleiss_kappa,
    icc, kendall, krippendorff_alpha, pearson, permuted_correlation, spearman,
};
pub use assumptions::{
    AndersonDarling, Centre, DagostinoK2, EqualVariances, JarqueBera, Levene,
    ShapiroWilk, anderson_darling_normal, bartlett, dagostino_k2, fligner_killeen,
    jarque_bera, levene, shapiro_wilk,
};
pub use binomial_test::{binomial_tails, binomial_test};
pub use calibration::{
    Auroc, AurocError, Binning, Forecasts, Reliability, ReliabilityBin, average_precision,
};
pub use clustered::{ClusteredMean, PairedDifference};
pub use components::{Components, Costs, SamplingPlan, best_plan};
pub use counts::{
    Contingency, Continuity, DifferenceMethod, DifferenceVariance, Divergence,
    FisherExact, GoodnessOfFit, LogRatio, MiettinenNurminen, OddsRiskRatio, Proportion,
    RatioMethod, ShareVariance, UnconditionalTest, ZTest, ZeroCells, barnard_exact,
    boschloo_exact, contingency_test, goodness_of_fit, newcombe_paired, odds_risk_ratio,
    one_proportion_z, proportion_difference_interval, proportion_ratio_interval,
    two_proportions_z,
};
pub use describe::{Moments, mean, quantile, quantile_sorted, skewness, variance};
pub use dist::{
    Beta, Binomial, ChiSquared, FisherF, Kolmogorov, ManyToOne, NoncentralChiSquared,
    NoncentralF, NoncentralT, Normal, Sides, StudentT, StudentizedRange, Tail,
};
pub use dominance::{Dominance, RankBiserial, TableEffects, table_effects};
pub use early::{
    BernsteinSequence, BettingSequence, BettingSpec, Bounds, GroupSequential, Look,
    Spending,
};
pub use effect::{
    CohenD, FEffect, Magnitude, PairedD, PairedRatio, Reading, SingleD, Thresholds,
    cohen_d, cohen_d_paired, cohen_d_single, cohens_h, cohens_w, d_z, discordant_odds,
    f_effect, hedges_factor, paired_dominance,
};
pub use error::StatsError;
pub use estimate::{Estimate, Reference};
pub use groups::{
    AnovaTerm, CochranQ, ControlPair, Dunnett, Friedman, Hotelling, KruskalWallis,
    Mauchly, MeanPair, OneWayAnova, RankPair, RankTrend, RepeatedAnova, Sphericity,
    SquaresType, Trend, TwoWay, TwoWayAnova, UnequalAnova, WithinPermutation,
    anova_brown_forsythe, anova_one_way, anova_repeated, anova_two_way, anova_welch,
    cochran_armitage, cochran_q, dunn, dunnett, friedman, games_howell, hotelling_t2,
    jonckheere, kruskal_wallis, mauchly_sphericity, page_trend, tukey_hsd,
    within_permutation,
};
pub use judge::{
    JudgedShare, Labelled, Part, PredictionPowered, Tuning, prediction_powered,
    rogan_gladen,
};
pub use linear::{
    FTest, LinearErrors, Logistic, Ols, RandomIntercept, logistic, ols, random_intercept,
};
pub use location::{
    Better, BrunnerMunzel, Description, Equivalence, KolmogorovSmirnov, KsMethod, Law,
    MannWhitney, MeanContrast, MedianStatistic, MedianTies, MoodMedian, MoodOptions,
    RankNull, Shape, ShiftInterval, SignTest, SignedRank, Spreads, TTest, Zeros,
    autocorrelation, brunner_munzel, describe, hodges_lehmann, hodges_lehmann_interval,
    ks_one_sample, ks_two_sample, mann_whitney, mean_interval, mood_median,
    pseudo_median, pseudo_median_interval, sign_test, t_one_sample, t_paired,
    t_two_sample, t_welch, wilcoxon, yuen,
};
pub use mcnemar::{McNemar, McNemarChi, mcnemar_chi2};
pub use mean::{ClusterErrors, UnitMean, differences};
pub use mover::{Mover, PooledQuantile};
pub use multiple::{Adjusted, Correction, adjust, adjust_at};
pub use outcome::{Alternative, Interval, Tails};
pub use power::{
    Aim, AnovaPower, ChiSquaredPower, Clusters, CorrelationPower, EvalPower,
    EvalVariance, McNemarPower, McNemarRule, Plan, ProportionPower, Solve, TDesign,
    TTestPower, detectable_effect, items_to_settle,
};
pub use proportion::{
    ClusteredShare, ProportionMethod, proportion_bound, proportion_interval,
};
pub use ranks::Ranks;
pub use resample::{
    Bootstrap, BootstrapMethod, BootstrapT, Design, Estimand, PercentileBootstrap,
    Permutation, PlugIn, Pooled, Resampling, Scaled, SignFlip, Statistic,
    StudentisedBootstrap, permute_groups, permute_pairs, sign_flip,
};
pub use tango::Tango;
pub use units::Units;
