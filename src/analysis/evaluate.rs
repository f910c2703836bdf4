//! One comparison or equivalence, evaluated on its data.

use crate::base::{Quantity, Unit};
use crate::spec::{Alternative, Direction, Estimand, Header, Scale};
use crate::stats::{Interval, Resampling, Tails, UnitMean};

use super::assume::assumptions;
use super::choose::{Design, Row};
use super::decide::{Claimed, Decision};
use super::effect::{About, effect, ratio};
use super::error::{AnalysisError, Unsupported};
use super::findings::{EffectSize, PairCounts, Ratio, Verdict};
use super::linear::{Form, Linear, What};
use super::looks::own_side;
use super::method::Method;
use super::power::Model;
use super::procedure::{Procedure, Statistic};
use super::samples::{Asked, Paired, Samples};
use super::{smooth, stopping};

/// A comparison or equivalence as contrasts against margins.
#[expect(clippy::large_enum_variant, reason = "a few of them live at once")]
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    /// θ ⋈ m.
    Compare { gap: Linear, direction: Direction },
    /// `low` is at least its margin and `high` at most its own; `gap` is what is shown.
    Equivalent { gap: Linear, low: Linear, high: Linear },
}

impl Question {
    /// Brings a comparison to θ ⋈ m.
    pub(super) fn compare(
        left: &Estimand,
        direction: Direction,
        right: &Estimand,
        items: f64,
    ) -> Result<Self, Unsupported> {
        let gap = Linear::gap(left, right, items)?;
        // One condition stands with the factor 1 on the left: `80% < a.correct` is turned.
        match gap.terms.as_slice() {
            [first, ..]
                if first.factor < 0.0
                    && (gap.terms.len() == 1 || gap.form == Form::Correlation) =>
            {
                let direction = match direction {
                    Direction::Greater => Direction::Less,
                    Direction::Less => Direction::Greater,
                };
                Ok(Self::Compare { gap: gap.times(-1.0), direction })
            }
            _ => Ok(Self::Compare { gap, direction }),
        }
    }

    /// Brings an equivalence to two one-sided bounds.
    pub(super) fn equivalent(
        left: &Estimand,
        right: &Estimand,
        within: Quantity,
        items: f64,
    ) -> Result<Self, Unsupported> {
        let mut gap = Linear::gap(left, right, items)?;
        if within.unit != Unit::Fraction && gap.terms.iter().all(|t| t.factor < 0.0) {
            gap = gap.times(-1.0);
        }
        let shifted = |by: f64| Linear { constant: gap.constant + by, ..gap.clone() };
        if within.unit != Unit::Fraction {
            let (low, high) = (shifted(within.value), shifted(-within.value));
            return Ok(Self::Equivalent { gap, low, high });
        }
        let bound = |factor: f64| {
            let factor = Quantity::new(factor, Unit::One);
            let scaled = Estimand::Product(
                Box::new(Estimand::Constant(factor)),
                Box::new(right.clone()),
            );
            Linear::gap(left, &scaled, items)
        };
        let (low, high) = (bound(1.0 - within.value)?, bound(1.0 + within.value)?);
        Ok(Self::Equivalent { gap, low, high })
    }

    /// Returns the contrast that is shown.
    pub(super) fn gap(&self) -> &Linear {
        match self {
            Self::Compare { gap, .. } | Self::Equivalent { gap, .. } => gap,
        }
    }

    /// Returns the row of the table.
    pub(super) fn row(&self, header: &Header) -> Result<Row, Unsupported> {
        let equivalence = matches!(self, Self::Equivalent { .. });
        let (repeats, clustered) = (header.repeats, header.cluster.is_some());
        let row = Row::choose(self.gap(), Design { repeats, clustered, equivalence })?;
        stopping::row(row, self.gap(), header)
    }
}

/// What an evaluation is to know beside the question.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) alpha: f64,
    pub(super) alternative: Alternative,
    pub(super) plan: Resampling,
}

/// What a question came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evaluated {
    pub(super) decision: Decision,
    pub(super) method: Option<Method>,
    pub(super) estimand: String,
    pub(super) estimate: Option<f64>,
    /// Whether that is of one condition alone.
    pub(super) is_level: bool,
    pub(super) scale: Scale,
    pub(super) margin: f64,
    pub(super) interval: Option<Interval>,
    pub(super) level: f64,
    pub(super) statistic: Option<Statistic>,
    pub(super) floor: Option<f64>,
    pub(super) effect: Option<EffectSize>,
    pub(super) ratio: Option<Ratio>,
    pub(super) pairs: Option<PairCounts>,
    pub(super) runner_up: Option<(&'static str, Decision)>,
    pub(super) items: usize,
    pub(super) units: usize,
    /// Standard error of the plain mean contrast, for "to settle it".
    pub(super) se: Option<f64>,
    /// What a correlation or the levels of a factor are settled by, in place of `se`.
    pub(super) model: Option<Model>,
    /// Size of the first side, for percentages of it.
    pub(super) size: Option<f64>,
    pub(super) reason: Option<String>,
    pub(super) assumptions: Vec<String>,
    pub(super) remarks: Vec<String>,
    /// What the independent units are called: `items` or `groups`.
    pub(super) unit_word: &'static str,
    equivalence: bool,
}

/// Evaluates a question on its samples.
pub(super) fn evaluate(
    question: &Question,
    samples: &mut Samples<'_>,
    asked: Asked,
    setting: &Setting,
) -> Result<Evaluated, AnalysisError> {
    let header = &samples.experiment.header;
    let (repeats, clustered) = (header.repeats, header.cluster.is_some());
    let gap = question.gap();
    let row = question.row(header);
    let read = |samples: &mut Samples<'_>| samples.paired(gap, asked.counts);
    let stages = stopping::stages(samples, asked, read)?;
    let Some(data) = stages.data.last() else {
        return Ok(Evaluated::empty(gap, 1.0 - setting.alpha));
    };
    let mut found = Evaluated::blank(question, data, setting);
    found.unit_word = if clustered { "groups" } else { "items" };
    let row = match row {
        Ok(row) => row,
        Err(unsupported) => {
            found.reason = Some(format!("No test: {}.", unsupported.reason));
            return Ok(found);
        }
    };
    found.method = Some(row.into());
    if let Some(reason) = too_few(gap, data, clustered) {
        found.reason = Some(stopping::unseen(samples).unwrap_or(reason));
        found.estimate = plain_estimate(row, gap, data);
        return Ok(found);
    }
    let trials = f64::from(repeats) * arms(gap);
    let ready = |gap: &Linear| stages.ready(row, gap, trials, &setting.plan);
    let procedure = match ready(gap) {
        Ok(procedure) => procedure,
        Err(error) => {
            found.reason = Some(format!("The test could not be computed: {error}."));
            return Ok(found);
        }
    };
    let done = match question {
        Question::Compare { direction, .. } => {
            found.compare(*direction, &procedure, gap, data, setting)
        }
        Question::Equivalent { low, high, .. } => {
            let same = low.terms == gap.terms && high.terms == gap.terms;
            let sides = if same { None } else { Some((ready(low), ready(high))) };
            match sides {
                None => {
                    found.equivalent([low, high], [&procedure, &procedure], data, setting)
                }
                Some((Ok(below), Ok(above))) => {
                    found.equivalent([low, high], [&below, &above], data, setting)
                }
                Some((Err(error), _) | (_, Err(error))) => Err(error),
            }
        }
    };
    if let Err(error) = done {
        found.decision = Decision::NONE;
        found.reason = Some(format!("The test could not be computed: {error}."));
        return Ok(found);
    }
    if !asked.brief {
        found.describe(row, gap, data, &procedure, setting);
    }
    Ok(found)
}

impl Evaluated {
    /// Returns what a claim without a test comes to.
    pub(super) fn refused(unsupported: &Unsupported, setting: &Setting) -> Self {
        let mut found = Self::empty(&Linear::default(), 1.0 - setting.alpha);
        found.reason = Some(format!("No test: {}.", unsupported.reason));
        found
    }

    pub(super) fn blank(question: &Question, data: &Paired, setting: &Setting) -> Self {
        let equivalence = matches!(question, Question::Equivalent { .. });
        let level = 1.0 - if equivalence { 2.0 } else { 1.0 } * setting.alpha;
        let (items, units) = (data.items(), data.units.count());
        Self { items, units, equivalence, ..Self::empty(question.gap(), level) }
    }

    pub(super) fn empty(gap: &Linear, level: f64) -> Self {
        Self {
            decision: Decision::NONE,
            method: None,
            estimand: gap.words(),
            estimate: None,
            is_level: gap.named.is_none() && gap.terms.len() == 1,
            scale: shown_scale(gap),
            margin: gap.margin(),
            interval: None,
            level,
            statistic: None,
            floor: None,
            effect: None,
            ratio: None,
            pairs: None,
            runner_up: None,
            items: 0,
            units: 0,
            se: None,
            model: None,
            size: None,
            reason: None,
            assumptions: Vec::new(),
            remarks: Vec::new(),
            unit_word: "items",
            equivalence: false,
        }
    }

    fn compare(
        &mut self,
        direction: Direction,
        procedure: &Procedure,
        gap: &Linear,
        data: &Paired,
        setting: &Setting,
    ) -> Result<(), crate::stats::StatsError> {
        let margin = gap.margin();
        let contrast = data.contrast(gap);
        let estimate = estimate_of(procedure, &contrast);
        let claim = Claimed { direction, margin, alternative: setting.alternative };
        let tails = procedure.tails(margin)?;
        let two_sided = if procedure.is_watched() {
            own_side(estimate, margin, tails)
        } else {
            procedure.two_sided(margin)?
        };
        self.estimate = Some(estimate);
        self.decision = Decision::compare(claim, estimate, tails, two_sided);
        self.statistic = Some(procedure.statistic(margin));
        self.runner_up = procedure
            .runner_up(margin, &contrast, &data.units, &setting.plan)
            .map(|(name, other)| {
                (name, Decision::compare(claim, estimate, other, other.two_sided()))
            });
        Ok(())
    }

    fn equivalent(
        &mut self,
        bounds: [&Linear; 2],
        procedures: [&Procedure; 2],
        data: &Paired,
        setting: &Setting,
    ) -> Result<(), crate::stats::StatsError> {
        let mut tails = [Tails { greater: 1.0, less: 1.0 }; 2];
        let mut others = [None; 2];
        let mut inside = true;
        for (side, (bound, procedure)) in bounds.iter().zip(procedures).enumerate() {
            let margin = bound.margin();
            let contrast = data.contrast(bound);
            let estimate = estimate_of(procedure, &contrast);
            inside &= if side == 0 { estimate >= margin } else { estimate <= margin };
            tails[side] = procedure.tails(margin)?;
            others[side] =
                procedure.runner_up(margin, &contrast, &data.units, &setting.plan);
        }
        self.decision =
            Decision::equivalent(inside, tails[0], tails[1], setting.alternative);
        // The statistic that is shown is that of the bound which decides.
        let nearer = usize::from(tails[1].less > tails[0].greater);
        self.statistic = Some(procedures[nearer].statistic(bounds[nearer].margin()));
        if let [Some((name, low)), Some((_, high))] = others {
            let other = Decision::equivalent(inside, low, high, setting.alternative);
            self.runner_up = Some((name, other));
        }
        Ok(())
    }

    /// Fills in what is said beside the decision.
    fn describe(
        &mut self,
        row: Row,
        gap: &Linear,
        data: &Paired,
        procedure: &Procedure,
        setting: &Setting,
    ) {
        let contrast = data.contrast(gap);
        self.estimate = Some(estimate_of(procedure, &contrast));
        self.interval = procedure.interval(self.level).ok();
        let at_last = procedure.last();
        let sides = match (setting.alternative, self.decision.toward) {
            (Alternative::OneSided, _) => 1.0,
            (Alternative::TwoSided, Verdict::Supported) if self.equivalence => 1.0,
            (Alternative::TwoSided, _) => 2.0,
        };
        self.floor = procedure.floor(&setting.plan, sides);
        self.assumptions = assumptions(row, gap, data, &contrast, at_last);
        self.size = data.means.first().and_then(|xs| crate::stats::mean(xs).ok());
        if row != Row::Anytime && plain_estimate(row, gap, data).is_some() {
            self.se = UnitMean::new(&contrast, &data.units).ok().map(|fit| fit.se);
        }
        if let Procedure::Counts { pairs, .. } = at_last {
            self.pairs = Some(PairCounts {
                both: pairs.both,
                only_left: pairs.left,
                only_right: pairs.right,
                neither: pairs.neither,
            });
        }
        let level = procedure.confidence(self.level);
        self.ratio = ratio(row, gap, data, level);
        let about = About {
            gap,
            data,
            contrast: &contrast,
            estimate: self.estimate,
            interval: self.interval,
            ratio: self.ratio,
            level,
        };
        self.effect = effect(row, at_last, &about);
        if let Procedure::Levels(found) = procedure {
            self.method =
                self.method.map(|method| Method { test: found.name(), ..method });
            self.model = found.model();
            self.remarks.extend(found.sentences(self.scale, setting.alpha));
        }
        if let Procedure::Correlated(found) = procedure {
            self.model = (self.margin == 0.0).then_some(Model::Correlation);
            self.remarks.push(format!("The coefficient is {}.", found.coefficient()));
        }
        if self.units < 10 {
            self.remarks
                .push(format!("These are too few {} to generalise.", self.unit_word));
        }
        if row == Row::NumericMean && self.units < 100 {
            self.remarks.push(
                "Under 100 independent units the interval of a skewed quantity is rough."
                    .to_owned(),
            );
        }
    }
}

fn estimate_of(procedure: &Procedure, contrast: &[f64]) -> f64 {
    match procedure {
        Procedure::Quantiles { boot, .. } => boot.estimate,
        Procedure::OneQuantile(found) => found.estimate,
        Procedure::Smooth(found) => found.estimate(),
        Procedure::Levels(found) => found.range(),
        Procedure::Correlated(found) => found.found.r,
        Procedure::Counts { .. }
        | Procedure::Pseudo(_)
        | Procedure::Share { .. }
        | Procedure::Mean { .. }
        | Procedure::Anytime(_)
        | Procedure::Looks(_) => crate::stats::mean(contrast).unwrap_or(f64::NAN),
    }
}

fn plain_estimate(row: Row, gap: &Linear, data: &Paired) -> Option<f64> {
    if !row.is_of_means() {
        return None;
    }
    crate::stats::mean(&data.contrast(gap)).ok()
}

/// Returns the scale in which a contrast is shown: that of its samples, but a sum of
/// fractions is a count.
fn shown_scale(gap: &Linear) -> Scale {
    if gap.form == Form::Correlation {
        return Scale::Continuous;
    }
    let scale = gap.terms.first().map_or(Scale::Continuous, |term| term.sample.scale);
    if gap.summed && scale.is_fraction() { Scale::Count } else { scale }
}

/// Returns how many conditions share one side, the most cautious of both.
fn arms(gap: &Linear) -> f64 {
    if gap.named.is_none() {
        return 1.0;
    }
    let count = |up: bool| {
        let side: Vec<f64> = gap
            .terms
            .iter()
            .filter(|term| (term.factor > 0.0) == up)
            .map(|term| term.factor.abs())
            .collect();
        let equal = side.iter().all(|f| (f - side[0]).abs() < 1e-12);
        if equal { side.len() as f64 } else { 1.0 }
    };
    // A trend weighs its arms unequally; the levels of an effect weigh theirs equally.
    let is_effect = gap.named.as_ref().is_some_and(|word| word.starts_with("effect"));
    if is_effect { count(true).min(count(false)).max(1.0) } else { 1.0 }
}

/// Returns why there is too little data, if there is.
fn too_few(gap: &Linear, data: &Paired, clustered: bool) -> Option<String> {
    let units = data.units.count();
    let (one, many) = if clustered { ("group", "groups") } else { ("item", "items") };
    match (data.items(), units) {
        (0, _) => {
            return Some("No item has a value on every side of the claim.".to_owned());
        }
        (_, 0 | 1) => {
            return Some(format!("One {one} says nothing of others."));
        }
        _ => {}
    }
    if gap.terms.iter().any(|term| term.what == What::Sd) && units < smooth::FEWEST {
        return Some(format!(
            "Too few {many}: there are {units}, and the bootstrap of a standard deviation needs {}.",
            smooth::FEWEST
        ));
    }
    // The test of one quantile against a number is exact, however few lie beyond it.
    if gap.terms.len() == 1 {
        return None;
    }
    gap.terms.iter().find_map(|term| match term.what {
        // 1 − 0.9 is a little less than 0.1: ten of 100 are ten.
        What::Quantile(q) if in_tail(units, q) < 10.0 - 1e-9 => Some(format!(
            "Too few {many} in the tail: {units} {many} leave {:.1} beyond the {} quantile, and 10 are needed.",
            in_tail(units, q),
            q
        )),
        What::Mean | What::Sd | What::Quantile(_) => None,
    })
}

/// Returns how many of so many units lie beyond a quantile.
pub(super) fn in_tail(units: usize, q: f64) -> f64 {
    units as f64 * q.min(1.0 - q)
}
