//! What the power of a claim is reckoned from: an earlier run's spread, or assumptions.

use crate::base::grouped;
use crate::record::SampleSource;
use crate::spec::{Claim, Experiment, Hypothesis};
use crate::stats::{
    self, ChiSquared, Clusters, McNemarPower, ProportionMethod, UnitMean,
    proportion_bound,
};

use super::choose::Row;
use super::evaluate::Question;
use super::linear::{Form, Linear, Term, What};
use super::method::Way;
use super::power::Model;
use super::samples::{Counts, Samples};
use super::satterthwaite::{Part, Summed};
use super::supports::question;
use super::unpaired;

/// The confidence of the upper limit at which a pilot's spread is taken.
const PILOT_LIMIT: f64 = 0.8;
/// A pilot of fewer items says too little of the spread.
const SMALLEST_PILOT: usize = 10;
/// With more items than these McNemar's test is summed by its normal approximation.
const MOST_SUMMED: f64 = 5_000.0;
/// The correlation of two items of a group, where nothing is known of it, and its range.
const ASSUMED_CORRELATION: [f64; 3] = [0.1, 0.5, 0.0];

/// What a forecast knows beside the experiment.
#[derive(Default)]
pub struct Prospect<'a> {
    /// How many items will be asked.
    pub items: u32,
    /// How many of them each group of `cluster:` has; empty without groups.
    pub groups: Vec<usize>,
    /// For each condition how often it is right, where that is known beforehand.
    pub accuracy: Vec<Option<f64>>,
    /// An earlier run with its own experiment, for the spread of scores: never for an effect.
    pub pilot: Option<(&'a Experiment, &'a dyn SampleSource)>,
}

impl std::fmt::Debug for Prospect<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prospect")
            .field("items", &self.items)
            .field("groups", &self.groups.len())
            .field("accuracy", &self.accuracy)
            .field("pilot", &self.pilot.is_some())
            .finish()
    }
}

/// What power is reckoned with, and why.
pub(super) struct Basis {
    pub(super) model: Model,
    /// The same at both ends of what is assumed.
    pub(super) range: Option<[Model; 2]>,
    pub(super) assumed: String,
}

/// Finds what the power of a claim is reckoned with, or says why there is nothing.
pub(super) fn reckoned(
    experiment: &Experiment,
    hypothesis: &Hypothesis,
    prospect: &Prospect<'_>,
) -> Result<(Basis, Linear), String> {
    let header = &experiment.header;
    match &hypothesis.claim {
        Claim::All(_) | Claim::Any(_) => {
            return Err("a joined claim has several, one for each part".to_owned());
        }
        Claim::Equivalent { .. } => {
            return Err("no formula is there for a test of equivalence".to_owned());
        }
        Claim::Compare { .. } => {}
    }
    let asked = question(&hypothesis.claim, f64::from(prospect.items));
    let asked = asked.map_err(|refused| refused.reason)?;
    let way =
        Way::of(&asked, hypothesis.over, header).map_err(|refused| refused.reason)?;
    let Question::Compare { gap, .. } = asked else {
        return Err("no formula is there for it".to_owned());
    };
    let row = match way {
        Way::Table(row) => row,
        Way::Fixed => {
            return Err(
                "how much the repeats of an item vary is not known beforehand".to_owned()
            );
        }
        Way::Unpaired(_) => {
            let basis = match piloted_apart(&gap, prospect) {
                Some(basis) => basis,
                None => assumed(experiment, way, &gap, prospect)?,
            };
            return Ok((basis, gap));
        }
    };
    let basis = match row {
        Row::QuantileContrast | Row::Smooth => {
            Err("no formula is there for a bootstrap".to_owned())
        }
        Row::OneQuantile => {
            Err("how many trials lie near the number is not known beforehand".to_owned())
        }
        Row::Correlation if gap.margin() != 0.0 => {
            Err("a formula is there for correlations against 0 alone".to_owned())
        }
        Row::Correlation => Ok(Basis {
            model: Model::Correlation,
            range: None,
            assumed: "one pair of values an item".to_owned(),
        }),
        Row::Levels => levels(experiment, &gap, prospect),
        Row::PairedBinary
        | Row::PairedBinaryMargin
        | Row::BinaryContrast
        | Row::OneShareExact
        | Row::OneShare
        | Row::OrdinalMean
        | Row::NumericMean
        | Row::Anytime => match piloted(row, &gap, prospect) {
            Some(basis) => Ok(basis),
            None => assumed(experiment, way, &gap, prospect),
        },
    }?;
    Ok((basis, gap))
}

/// Finds what the power of a claim is reckoned with from a pilot alone.
pub(super) fn from_pilot(
    experiment: &Experiment,
    hypothesis: &Hypothesis,
    prospect: &Prospect<'_>,
) -> Option<(Basis, Linear)> {
    let asked = question(&hypothesis.claim, f64::from(prospect.items)).ok()?;
    let way = Way::of(&asked, hypothesis.over, &experiment.header).ok()?;
    let Question::Compare { gap, .. } = asked else { return None };
    let basis = match way {
        Way::Fixed => None,
        Way::Unpaired(_) => piloted_apart(&gap, prospect),
        Way::Table(row) if row.is_of_means() => piloted(row, &gap, prospect),
        Way::Table(_) => None,
    }?;
    Some((basis, gap))
}

/// Takes the spread of a pilot, if it has these conditions and metrics as they are now.
fn piloted(row: Row, gap: &Linear, prospect: &Prospect<'_>) -> Option<Basis> {
    let (experiment, source) = prospect.pilot?;
    let mut samples = Samples::new(experiment, source).ok()?;
    let data = samples.paired(gap, Counts::AsDeclared).ok()?;
    if data.items() < SMALLEST_PILOT {
        return None;
    }
    let contrast = data.contrast(gap);
    let told = |what: &str| {
        format!(
            "{what} of an earlier run over {} items, at its upper 80% limit",
            grouped(data.items() as u64)
        )
    };
    if row == Row::PairedBinary {
        let differing = contrast.iter().filter(|x| **x != 0.0).count() as u64;
        let n = data.items() as u64;
        let method = ProportionMethod::ClopperPearson;
        let side = stats::Alternative::Less;
        let limit = proportion_bound(differing, n, PILOT_LIMIT, side, method).ok()?;
        let share = limit.high.min(1.0);
        let factor = gap.common_factor().unwrap_or(1.0).abs();
        let model = if f64::from(prospect.items) > MOST_SUMMED {
            let variance = share * factor * factor;
            Model::Normal { variance, clusters: Clusters::NONE }
        } else {
            Model::Pairs { discordance: share, factor }
        };
        let assumed = told(&format!("discordance {:.0}%, that", share * 100.0));
        return Some(Basis { model, range: None, assumed });
    }
    let fit = UnitMean::new(&contrast, &data.units).ok()?;
    if fit.se.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) || fit.df <= 0.0 {
        return None;
    }
    let lower = ChiSquared::new(fit.df).ok()?.quantile(1.0 - PILOT_LIMIT).ok()?;
    let variance = fit.se.powi(2) * fit.n as f64 * fit.df / lower;
    let model = if data.units.all_single() {
        Model::Items { variance }
    } else {
        // The error of the groups is in the variance already.
        Model::Normal { variance, clusters: Clusters::NONE }
    };
    Some(Basis { model, range: None, assumed: told("the spread of the contrasts") })
}

/// Takes the spread of each condition in a pilot, where each has items of its own.
fn piloted_apart(gap: &Linear, prospect: &Prospect<'_>) -> Option<Basis> {
    let (experiment, source) = prospect.pilot?;
    let mut samples = Samples::new(experiment, source).ok()?;
    let fits = unpaired::spreads(gap, &mut samples).ok()??;
    let fewest = fits.iter().map(|fit| fit.n).min()?;
    if fewest < SMALLEST_PILOT {
        return None;
    }
    let part =
        |fit: &UnitMean| Part { variance: fit.se.powi(2) * fit.n as f64, df: fit.df };
    let parts: Vec<Part> = fits.iter().map(part).collect();
    let summed = Summed::new(0.0, &parts, fewest);
    if summed.se <= 0.0 || !summed.df.is_finite() {
        return None;
    }
    let lower = ChiSquared::new(summed.df).ok()?.quantile(1.0 - PILOT_LIMIT).ok()?;
    let variance = summed.se.powi(2) * summed.df / lower;
    Some(Basis {
        model: Model::Normal { variance, clusters: Clusters::NONE },
        range: None,
        assumed: format!(
            "the spread of each condition in an earlier run over {} items or more of each, at its upper 80% limit",
            grouped(fewest as u64)
        ),
    })
}

/// Returns of how many items of the plan a condition is asked one.
pub(super) fn items_for_one(experiment: &Experiment) -> f64 {
    if experiment.header.design.is_unpaired() {
        experiment.conditions.len().max(1) as f64
    } else {
        1.0
    }
}

/// Returns how often the condition of a term is right, and whether that is known.
fn accuracy_of(
    experiment: &Experiment,
    name: &str,
    prospect: &Prospect<'_>,
) -> Option<f64> {
    let (index, _) = experiment.condition(name)?;
    prospect.accuracy.get(index).copied().flatten()
}

/// Reckons with stated assumptions, where fractions are claimed of.
#[expect(clippy::too_many_lines, reason = "a table of contents, in order")]
fn assumed(
    experiment: &Experiment,
    way: Way,
    gap: &Linear,
    prospect: &Prospect<'_>,
) -> Result<Basis, String> {
    let fraction =
        |term: &Term| term.what == What::Mean && term.sample.scale.is_fraction();
    if !gap.terms.iter().all(fraction) {
        return Err(
            "how much the scores differ between items is not known before a pilot"
                .to_owned(),
        );
    }
    let mut names = Vec::new();
    let mut shares = Vec::new();
    let mut known = true;
    for term in &gap.terms {
        let share = accuracy_of(experiment, &term.sample.condition, prospect);
        known &= share.is_some();
        let share = share.unwrap_or(0.5);
        names.push(format!("{} {:.0}%", term.sample.condition, share * 100.0));
        shares.push(share);
    }
    let right = if known {
        format!("accuracies as simulated ({})", names.join(", "))
    } else {
        format!("accuracies of 50% where nothing is known ({})", names.join(", "))
    };
    let repeats = f64::from(experiment.header.repeats.max(1));
    let variance: f64 = gap
        .terms
        .iter()
        .zip(&shares)
        .map(|(term, p)| term.factor * term.factor * p * (1.0 - p))
        .sum();
    let apart = matches!(way, Way::Unpaired(_));
    let errors = if gap.terms.len() > 1 && !apart {
        ", errors independent between conditions"
    } else {
        ""
    };
    if let (Way::Table(Row::PairedBinary), [a, b]) = (way, shares.as_slice()) {
        let factor = gap.common_factor().unwrap_or(1.0).abs();
        let share = McNemarPower::independent(*a, *b).unwrap_or(0.5).max(1e-6);
        let of = |share: f64| {
            if f64::from(prospect.items) > MOST_SUMMED {
                let variance = share * factor * factor;
                Model::Normal { variance, clusters: Clusters::NONE }
            } else {
                Model::Pairs { discordance: share, factor }
            }
        };
        return Ok(Basis {
            model: of(share),
            range: Some([of(share), of(share / 2.0)]),
            assumed: format!(
                "{right}{errors}: {:.0}% of the pairs discordant, in the range down to half of that, as where models fail on the same items",
                share * 100.0
            ),
        });
    }
    if !prospect.groups.is_empty() {
        let of = |correlation: f64| {
            let clusters = Clusters::of_sizes(&prospect.groups, correlation);
            clusters.map(|clusters| Model::Normal { variance, clusters })
        };
        let [middle, worst, best] = ASSUMED_CORRELATION.map(of);
        let told = |error: stats::StatsError| error.to_string();
        return Ok(Basis {
            model: middle.map_err(told)?,
            range: Some([worst.map_err(told)?, best.map_err(told)?]),
            assumed: format!(
                "{right}{errors}, a correlation of 0.1 between items of a group, in the range 0.5 to 0"
            ),
        });
    }
    let of = |variance: f64| Model::Normal { variance, clusters: Clusters::NONE };
    let (range, spread) = if repeats > 1.0 {
        let range = [of(variance), of(variance / repeats)];
        (Some(range), "all of the spread between items, in the range down to none of it")
    } else if apart {
        (None, "items of its own under each condition")
    } else if gap.terms.len() > 1 {
        let range = [of(variance), of(variance / 2.0)];
        (Some(range), "in the range down to half of their spread shared by item")
    } else {
        (None, "scores that are right or wrong")
    };
    let assumed = format!("{right}{errors}, {spread}");
    Ok(Basis { model: of(variance), range, assumed })
}

fn levels(
    experiment: &Experiment,
    gap: &Linear,
    prospect: &Prospect<'_>,
) -> Result<Basis, String> {
    let Form::Levels { labels, .. } = &gap.form else {
        return Err("no formula is there for it".to_owned());
    };
    let fraction = gap.terms.iter().all(|term| term.sample.scale.is_fraction());
    if !fraction {
        return Err(
            "how much the scores differ between items is not known before a pilot"
                .to_owned(),
        );
    }
    let known: Vec<f64> = gap
        .terms
        .iter()
        .map(|term| {
            accuracy_of(experiment, &term.sample.condition, prospect).unwrap_or(0.5)
        })
        .collect();
    let spread = known.iter().map(|p| p * (1.0 - p)).fold(0.0, f64::max);
    let count = u32::try_from(labels.len()).unwrap_or(u32::MAX);
    let repeats = f64::from(experiment.header.repeats.max(1));
    let of = |variance: f64| Model::Levels { count, variance };
    Ok(Basis {
        model: of(spread),
        range: (repeats > 1.0).then(|| [of(spread), of(spread / repeats)]),
        assumed: "levels independent within items, two of them apart by the effect and the others half way"
            .to_owned(),
    })
}
