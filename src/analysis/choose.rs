//! Which test a claim gets: the table of `docs/design/statistics.md`, as one `match`.

use crate::spec::Scale;

use super::error::Unsupported;
use super::linear::{Form, Linear, What};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// 1: binary, paired, one trial an item, no margin.
    PairedBinary,
    /// 2: the same with a margin, or an equivalence.
    PairedBinaryMargin,
    /// 3: binary, paired, with repeats, clusters, or more than two conditions.
    BinaryContrast,
    /// 5: binary, one condition, one trial an item.
    OneShareExact,
    /// 5: binary, one condition, with repeats or clusters.
    OneShare,
    /// 6: ordinal means.
    OrdinalMean,
    /// 7: means of money, durations, counts, fractions and other numbers.
    NumericMean,
    /// 9: a quantile of one condition.
    OneQuantile,
    /// 10: contrasts of quantiles.
    QuantileContrast,
    /// 11: standard deviations and contrasts of them.
    Smooth,
    /// 12: whether three levels or more differ.
    Levels,
    /// 14: a correlation over the items.
    Correlation,
    /// Means of fractions that are watched item by item, under `stop: decided`.
    Anytime,
}

/// What the choice depends on beside the contrast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Design {
    /// Trials planned for each item and condition.
    pub(super) repeats: u32,
    /// Whether items come in clusters.
    pub(super) clustered: bool,
    /// Whether the claim is an equivalence.
    pub(super) equivalence: bool,
}

/// The shape of a contrast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One mean, times any number.
    One,
    /// The plain difference of two means, times any number.
    Pair,
    /// Any other contrast of means.
    Many,
    /// Quantiles, of so many terms.
    Quantiles(usize),
    /// A contrast with a standard deviation in it.
    Smooth,
    /// Whether levels differ.
    Levels,
    /// How two samples go together.
    Correlation,
}

/// The scale as the table counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Binary,
    Ordinal,
    Numeric,
}

impl Row {
    /// Every row that has a test.
    #[cfg(test)]
    pub(super) const ALL: [Self; 13] = [
        Self::PairedBinary,
        Self::PairedBinaryMargin,
        Self::BinaryContrast,
        Self::OneShareExact,
        Self::OneShare,
        Self::OrdinalMean,
        Self::NumericMean,
        Self::OneQuantile,
        Self::QuantileContrast,
        Self::Smooth,
        Self::Levels,
        Self::Correlation,
        Self::Anytime,
    ];

    /// Says whether it is about means, whose contrast is a mean over the items itself.
    pub(super) fn is_of_means(self) -> bool {
        match self {
            Self::PairedBinary
            | Self::PairedBinaryMargin
            | Self::BinaryContrast
            | Self::OneShareExact
            | Self::OneShare
            | Self::OrdinalMean
            | Self::NumericMean
            | Self::Anytime => true,
            Self::OneQuantile
            | Self::QuantileContrast
            | Self::Smooth
            | Self::Levels
            | Self::Correlation => false,
        }
    }

    /// Chooses the row for a contrast. This is the table.
    pub(super) fn choose(gap: &Linear, design: Design) -> Result<Self, Unsupported> {
        let independent = design.repeats == 1 && !design.clustered;
        let plain = gap.margin() == 0.0 && !design.equivalence;
        match (class(gap)?, shape(gap)?, independent, plain) {
            (Class::Binary, Shape::Pair, true, true) => Ok(Self::PairedBinary),
            (Class::Binary, Shape::Pair, true, false) => Ok(Self::PairedBinaryMargin),
            (Class::Binary, Shape::One, true, _) => Ok(Self::OneShareExact),
            (Class::Binary, Shape::One, false, _) => Ok(Self::OneShare),
            (Class::Binary, Shape::Pair | Shape::Many, _, _) => Ok(Self::BinaryContrast),
            (Class::Ordinal, Shape::One | Shape::Pair | Shape::Many, _, _) => {
                Ok(Self::OrdinalMean)
            }
            (Class::Numeric, Shape::One | Shape::Pair | Shape::Many, _, _) => {
                Ok(Self::NumericMean)
            }
            (Class::Numeric, Shape::Quantiles(terms), _, _) if terms > 1 => {
                Ok(Self::QuantileContrast)
            }
            (Class::Numeric, Shape::Quantiles(_), _, _) => Ok(Self::OneQuantile),
            (Class::Numeric | Class::Ordinal, Shape::Smooth, _, _) => Ok(Self::Smooth),
            (Class::Binary, Shape::Smooth, _, _) => Err(Unsupported::new(
                "the standard deviation of a binary metric follows from its mean",
                "compare the means",
            )),
            (_, Shape::Levels, _, _) => Ok(Self::Levels),
            (_, Shape::Correlation, _, _) => Ok(Self::Correlation),
            (Class::Binary | Class::Ordinal, Shape::Quantiles(_), _, _) => {
                Err(Unsupported::new(
                    "a quantile of a binary or ordinal metric says nothing",
                    "compare the means",
                ))
            }
        }
    }

    /// Returns the name of the test.
    pub(super) fn test(self) -> &'static str {
        match self {
            Self::PairedBinary => "exact McNemar",
            Self::PairedBinaryMargin => "Tango score",
            Self::BinaryContrast => "CR2-t with pseudo-items",
            Self::OneShareExact => "exact binomial",
            Self::OneShare => "score with effective sample size",
            Self::OrdinalMean => "CR2-t",
            Self::NumericMean => "CR2-t and studentised bootstrap",
            Self::OneQuantile => "binomial test of the quantile",
            Self::QuantileContrast => "percentile bootstrap",
            Self::Smooth => "BCa bootstrap",
            Self::Levels => "Hotelling's T² or within-item permutation F",
            Self::Correlation => "Fisher z",
            Self::Anytime => "betting test",
        }
    }

    /// Returns the short names under which `test:` takes it too.
    pub(super) fn short(self) -> &'static [&'static str] {
        match self {
            Self::PairedBinary => &["mcnemar", "exact_mcnemar"],
            Self::PairedBinaryMargin => &["tango"],
            Self::BinaryContrast => &["t", "cr2", "cr2_t", "cr2-t"],
            Self::OneShareExact => &["binomial", "exact_binomial"],
            Self::OneShare => &["score", "wilson"],
            Self::OrdinalMean => &["t", "cr2", "cr2_t"],
            Self::NumericMean => &["t", "cr2", "cr2_t", "cr2-t", "studentised"],
            Self::OneQuantile => &["binomial", "sign", "quantile"],
            Self::QuantileContrast => &["bootstrap", "percentile"],
            Self::Smooth => &["bca", "bootstrap"],
            Self::Levels => &["hotelling", "omnibus", "permutation"],
            Self::Correlation => &["fisher_z", "pearson", "spearman"],
            Self::Anytime => &["betting", "anytime"],
        }
    }

    /// Returns why this test: one sentence.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::PairedBinary => {
                "Chosen because right-or-wrong scores are paired by item, with one trial each and no margin."
            }
            Self::PairedBinaryMargin => {
                "Chosen because right-or-wrong scores are paired by item, with one trial each, and compared by a margin."
            }
            Self::BinaryContrast => {
                "Chosen because right-or-wrong scores are averaged within items or compared over several conditions; pseudo-items keep it honest where few items differ."
            }
            Self::OneShareExact => {
                "Chosen because the share of one condition, with one trial an item, is compared with a number."
            }
            Self::OneShare => {
                "Chosen because the share of one condition is compared with a number, and its trials come in groups."
            }
            Self::OrdinalMean => "Chosen because ordinal scores are averaged over items.",
            Self::NumericMean => {
                "Chosen because means of a quantity that may be skewed are compared item by item; the larger p of the two tests counts."
            }
            Self::OneQuantile => {
                "Chosen because a quantile of one condition is compared with a number: the share of trials up to that number is tested against the quantile's."
            }
            Self::Smooth => {
                "Chosen because standard deviations are compared, resampling items with all their trials."
            }
            Self::Levels => {
                "Chosen because three levels or more are compared within items: Hotelling's test with at least 50 items and five for each level, else a permutation within items."
            }
            Self::Correlation => {
                "Chosen because two metrics are correlated over the items: Pearson's coefficient where both are continuous, else Spearman's."
            }
            Self::QuantileContrast => {
                "Chosen because quantiles are compared, resampling items with all their trials."
            }
            Self::Anytime => {
                "Chosen because `stop: decided` looks at the data all the time: a bet on every item in the planned order, whose capital bounds the error however often one looks."
            }
        }
    }

    /// Returns how the interval is made.
    pub(super) fn interval(self) -> &'static str {
        match self {
            Self::PairedBinary | Self::PairedBinaryMargin => "Tango",
            Self::BinaryContrast => "CR2-t with pseudo-items",
            Self::OneShareExact => "Wilson",
            Self::OneShare => "Wilson with effective sample size",
            Self::OrdinalMean => "CR2-t",
            Self::NumericMean => "wider of CR2-t and studentised bootstrap",
            Self::OneQuantile => "order statistics, or Woodruff's",
            Self::QuantileContrast => "percentile bootstrap",
            Self::Smooth => "BCa bootstrap",
            Self::Levels => "",
            Self::Anytime => "betting confidence sequence",
            Self::Correlation => "Fisher z, with Bonett and Wright's error for ranks",
        }
    }
}

fn class(gap: &Linear) -> Result<Class, Unsupported> {
    let of = |scale: Scale| match scale {
        Scale::Binary => Class::Binary,
        Scale::Ordinal => Class::Ordinal,
        Scale::Fraction
        | Scale::Continuous
        | Scale::Duration
        | Scale::Money
        | Scale::Count => Class::Numeric,
    };
    let mut classes = gap.terms.iter().map(|term| of(term.sample.scale));
    let first = classes.next().ok_or_else(|| {
        Unsupported::new("the claim compares nothing that varies", "name two conditions")
    })?;
    Ok(if classes.all(|class| class == first) { first } else { Class::Numeric })
}

fn shape(gap: &Linear) -> Result<Shape, Unsupported> {
    match &gap.form {
        Form::Sum => {}
        Form::Levels { .. } if gap.margin() == 0.0 => return Ok(Shape::Levels),
        Form::Correlation => return Ok(Shape::Correlation),
        Form::Levels { .. } | Form::Mixed => {
            return Err(Unsupported::new(
                "a correlation, or an effect of three levels or more, stands alone on its side of a claim",
                "write `correlation(a.x, a.y) > 0.3` or `effect(n, family.metric) > 0`",
            ));
        }
    }
    if gap.terms.iter().any(|term| term.what == What::Sd) {
        if gap.terms.iter().any(|term| matches!(term.what, What::Quantile(_))) {
            return Err(Unsupported::new(
                "a standard deviation and a quantile in one claim have no test",
                "compare them in claims of their own",
            ));
        }
        return Ok(Shape::Smooth);
    }
    let quantiles =
        gap.terms.iter().filter(|t| matches!(t.what, What::Quantile(_))).count();
    if quantiles > 0 {
        return Ok(Shape::Quantiles(gap.terms.len()));
    }
    Ok(match (gap.common_factor(), gap.terms.len()) {
        (Some(_), 1) => Shape::One,
        (Some(_), _) => Shape::Pair,
        (None, _) => Shape::Many,
    })
}
