//! Two samples out of files, compared as a hypothesis of an experiment is.

use indexmap::IndexMap;
use serde::Serialize;

use crate::analysis::{self, History, HypothesisFindings, MetricFindings};
use crate::base::{Digest, Quantity, Span, Unit};
use crate::logs::Log;
use crate::spec::{
    Alternative, Call, Claim, Condensed, Condition, Design, Direction, Estimand,
    Experiment, Header, Hypothesis, Metric, Missing, Over, ReportSpec, Sample, Scale,
};
use crate::tables::column::{Choice, Column, each_row};
use crate::tables::error::TablesError;
use crate::tables::joined::Joined;

/// Ids that are named where they have no partner.
const NAMED: usize = 5;

/// What is asked of two samples.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What of each file is looked at.
    pub sides: [Choice; 2],
    /// What the sides are called.
    pub names: [String; 2],
    /// What is claimed of them.
    pub goal: Goal,
    /// The level.
    pub alpha: f64,
    /// Two-sided, or one-sided in the direction of the claim.
    pub alternative: Alternative,
    /// The seed of resampling.
    pub seed: u64,
}

/// What is claimed: the first side against the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The first is greater than the second and a margin, which may be 0 or negative.
    Greater(Quantity),
    /// They differ by less than this.
    Within(Quantity),
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The column that was compared.
    pub metric: String,
    /// The column of the ids; `None` where rows were not paired.
    pub by: Option<String>,
    /// The column of the groups.
    pub cluster: Option<String>,
    /// Each side.
    pub sides: [SideFindings; 2],
    /// The ids of one side only.
    pub unmatched: Option<[Unmatched; 2]>,
    /// The findings, as of a hypothesis.
    pub findings: HypothesisFindings,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SideFindings {
    /// What it is called.
    pub name: String,
    /// The file.
    pub path: String,
    /// What the file is.
    pub format: String,
    /// Rows that were read.
    pub rows: u64,
    /// The metric over its own items.
    pub summary: Option<MetricFindings>,
}

/// Ids that the other side does not have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Unmatched {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub ids: Vec<String>,
}

/// Compares two files.
///
/// # Errors
///
/// When a file cannot be read, a column is not there or holds no numbers, or no id stands in
/// both.
pub fn compare(logs: [&Log; 2], asked: &Asked) -> Result<Compared, TablesError> {
    let [left, right] = logs;
    let mut first = Column::gather(left, &asked.sides[0])?;
    let mut choice = asked.sides[1].clone();
    // Two tools name their scores each in its own way.
    if left.format() == right.format() || !right.format().is_log() {
        choice.metric.get_or_insert_with(|| first.name.clone());
    }
    let mut second = Column::gather(right, &choice)?;
    let scale = joint_scale(&first, &second);
    first.scale = scale;
    second.scale = scale;
    let metric = first.name.clone();
    let claim = claim(asked, &metric, scale)?;
    let other = (second.name != metric).then(|| second.name.clone());
    second.name.clone_from(&metric);
    let rows = [first.rows() as u64, second.rows() as u64];
    let by = asked.sides[0].by.clone();
    let cluster = asked.sides[0].cluster.clone();
    let path = left.path().display().to_string();
    let joined = Joined::new(vec![first, second], (&path, cluster.as_deref()))?;
    let unmatched = match &by {
        Some(by) => Some(unmatched(logs, asked, by, &joined)?),
        None => None,
    };
    let experiment = experiment(asked, &joined, claim, (&metric, scale));
    let mut found = analysis::analyse(&experiment, &joined, &History::default())?;
    let missing = || TablesError::TooMany;
    let findings = found.hypotheses.swap_remove(NAME).ok_or_else(missing)?;
    let mut summaries = found
        .conditions
        .into_values()
        .map(|mut condition| condition.metrics.swap_remove(&metric));
    let mut side = |index: usize| SideFindings {
        name: asked.names[index].clone(),
        path: logs[index].path().display().to_string(),
        format: logs[index].format().name().to_owned(),
        rows: rows[index],
        summary: summaries.next().flatten(),
    };
    let sides = [side(0), side(1)];
    let mut compared = Compared { metric, by, cluster, sides, unmatched, findings };
    let own = other
        .map(|other| format!("In {} the values are those of `{other}`.", asked.names[1]));
    compared.findings.remarks.extend(own);
    compared.findings.remarks.extend(uneven(&joined, compared.by.is_some()));
    Ok(compared)
}

const NAME: &str = "comparison";

fn uneven(joined: &Joined, paired: bool) -> Option<String> {
    let repeats = joined.repeats();
    (paired && repeats.fewest != repeats.most).then(|| {
        format!(
            "An id has {} to {} rows a side; each id weighs the same.",
            repeats.fewest, repeats.most
        )
    })
}

/// Returns the scale that holds the values of both.
fn joint_scale(first: &Column, second: &Column) -> Scale {
    if first.scale == second.scale {
        return first.scale;
    }
    match (first.scale, second.scale) {
        (Scale::Binary, other) | (other, Scale::Binary) => other,
        _ => Scale::Continuous,
    }
}

/// Writes the claim, once the margin is known to fit.
fn claim(asked: &Asked, metric: &str, scale: Scale) -> Result<Claim, TablesError> {
    let (quantity, within) = match asked.goal {
        Goal::Greater(margin) => (margin, false),
        Goal::Within(margin) => (margin, true),
    };
    let fits = match quantity.unit {
        Unit::One => !scale.is_fraction() || quantity.value == 0.0,
        Unit::Points => scale.is_fraction() || scale == Scale::Continuous,
        Unit::Fraction => within && !scale.is_fraction(),
        Unit::Seconds => scale == Scale::Duration,
        Unit::Dollars => scale == Scale::Money,
        Unit::DollarsPerToken | Unit::PerSecond => false,
    };
    if !fits {
        let due = match scale {
            Scale::Binary | Scale::Fraction => "percentage points, such as 2pp",
            Scale::Duration => "a duration, such as 250ms",
            Scale::Money => "an amount of money, such as 0.01usd",
            Scale::Ordinal | Scale::Continuous | Scale::Count => {
                "a plain number, such as 0.5"
            }
        };
        return Err(TablesError::Margin(format!(
            "the values are {}: a margin of them is {due}, not `{quantity}`",
            scale.word()
        )));
    }
    if within && quantity.value <= 0.0 {
        return Err(TablesError::Margin(
            "two sides are within a margin that is greater than 0".to_owned(),
        ));
    }
    let of = |name: &String| {
        let (condition, metric) = (name.clone(), metric.to_owned());
        let sample = Sample { condition, metric, scale };
        Estimand::Of(Condensed::Mean, sample)
    };
    let [left, right] = [of(&asked.names[0]), of(&asked.names[1])];
    Ok(if within {
        // A percentage of a column is that of the second side.
        Claim::Equivalent { left, right, within: quantity }
    } else if quantity.value == 0.0 {
        Claim::Compare { left, direction: Direction::Greater, right }
    } else {
        let margin = Box::new(Estimand::Constant(quantity));
        let right = Estimand::Sum(Box::new(right), margin);
        Claim::Compare { left, direction: Direction::Greater, right }
    })
}

/// Writes a claim as the language does.
fn claim_text(asked: &Asked) -> String {
    let [left, right] = &asked.names;
    match asked.goal {
        Goal::Greater(margin) if margin.value == 0.0 => format!("{left} > {right}"),
        Goal::Greater(margin) if margin.value < 0.0 => {
            let size = Quantity { value: -margin.value, ..margin };
            format!("{left} > {right} - {size}")
        }
        Goal::Greater(margin) => format!("{left} > {right} + {margin}"),
        Goal::Within(margin) => format!("{left} ~= {right} within {margin}"),
    }
}

/// Builds the experiment that would have given these samples.
fn experiment(
    asked: &Asked,
    joined: &Joined,
    claim: Claim,
    metric: (&str, Scale),
) -> Experiment {
    let repeats = joined.repeats();
    // Uneven rows are repeats, as few as any id has.
    let planned = if repeats.most > 1 { repeats.fewest.max(2) } else { 1 };
    let hypothesis = Hypothesis {
        name: NAME.to_owned(),
        title: None,
        doc: String::new(),
        claim,
        claim_text: claim_text(asked),
        alpha: asked.alpha,
        alternative: asked.alternative,
        power: None,
        test: None,
        over: Over::default(),
        span: Span::default(),
        digest: Digest::default(),
    };
    let header = Header {
        seed: asked.seed,
        repeats: planned,
        cluster: asked.sides[0].cluster.clone(),
        design: if asked.sides[0].by.is_some() {
            Design::Paired
        } else {
            Design::Unpaired
        },
        ..Header::default()
    };
    blank(header, &asked.names, metric, vec![hypothesis])
}

/// Returns an experiment that holds nothing but its design.
pub(super) fn blank(
    header: Header,
    conditions: &[String],
    (metric, scale): (&str, Scale),
    hypotheses: Vec<Hypothesis>,
) -> Experiment {
    let call = Call {
        name: "column".to_owned(),
        args: IndexMap::new(),
        span: Span::default(),
        label: None,
        body: None,
    };
    let condition = |name: &String| Condition {
        name: name.clone(),
        title: None,
        doc: String::new(),
        family: None,
        strategy: call.clone(),
        span: Span::default(),
    };
    let metric = Metric {
        name: metric.to_owned(),
        title: None,
        doc: String::new(),
        call: call.clone(),
        scale,
        missing: Missing::ByScale,
        by: Vec::new(),
    };
    Experiment {
        name: NAME.to_owned(),
        title: None,
        doc: String::new(),
        header,
        models: Vec::new(),
        dataset: None,
        conditions: conditions.iter().map(condition).collect(),
        metrics: vec![metric],
        hypotheses,
        report: ReportSpec::default(),
        libraries: Vec::new(),
        sources: Vec::new(),
    }
}

/// Counts the ids of one side only, and names the first of them.
fn unmatched(
    logs: [&Log; 2],
    asked: &Asked,
    by: &str,
    joined: &Joined,
) -> Result<[Unmatched; 2], TablesError> {
    let sizes = [joined.sizes(0), joined.sizes(1)];
    let mut found = [Unmatched::default(), Unmatched::default()];
    for (side, unmatched) in found.iter_mut().enumerate() {
        let (own, other) = (&sizes[side], &sizes[1 - side]);
        let alone = |item: usize| own[item] > 0 && other[item] == 0;
        let items = joined.items() as usize;
        unmatched.count = (0..items).filter(|item| alone(*item)).count() as u64;
        if unmatched.count == 0 {
            continue;
        }
        let mut places = joined.items_of(side).iter();
        let mut last = None;
        each_row(logs[side], &asked.sides[side], |row| {
            let item = places.next().map(|item| *item as usize);
            if let Some(item) = item.filter(|item| alone(*item) && last < Some(*item)) {
                last = Some(item);
                unmatched.ids.extend(row.get(by).map(|cell| cell.shown()));
            }
            Ok(unmatched.ids.len() < NAMED)
        })?;
    }
    let pairs =
        (0..joined.items() as usize).any(|item| sizes.iter().all(|side| side[item] > 0));
    if pairs {
        return Ok(found);
    }
    let name = |side: &Unmatched| side.ids.first().cloned().unwrap_or_default();
    Err(TablesError::NoPairs { left: name(&found[0]), right: name(&found[1]) })
}
