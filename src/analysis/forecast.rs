//! Which test each hypothesis will get, and what it can find: said before anything runs.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::{Quantity, Unit, grouped};
use crate::spec::{Alternative, Correction, Experiment, Hypothesis, Scale, StopRule};
use crate::stats::{self, GroupSequential, Solve, Spending};

use super::linear::{Form, Linear};
use super::power::Model;
use super::prospect::{Basis, Prospect, from_pilot, items_for_one, reckoned};
use super::supports::supports;

/// The power that is reckoned with where a hypothesis declares none.
const USUAL_POWER: f64 = 0.8;
/// What a hypothesis can be expected to find.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HypothesisForecast {
    /// The claim as it stands in the file.
    pub claim: String,
    /// The test that will run.
    pub test: String,
    /// Why this test.
    pub reason: String,
    /// The level that the correction leaves to it if every hypothesis needs its share: α/m.
    pub level: f64,
    /// The power for the declared effect; `None` where none is declared or nothing is known.
    pub power: Option<f64>,
    /// The lowest and highest power over the range of what is assumed.
    pub power_range: Option<[f64; 2]>,
    /// The power that is wanted: the declared one, else 80%.
    pub wanted: f64,
    /// The declared effect less the margin.
    pub effect: Option<f64>,
    /// The smallest effect that is found with the power that is wanted.
    pub detectable: Option<f64>,
    /// How many items would find the declared effect with the power that is wanted.
    pub items_needed: Option<u64>,
    /// The formula.
    pub method: Option<String>,
    /// What it is reckoned from: the spread of a pilot, or assumptions.
    pub assumed: Option<String>,
    /// All of it in a sentence or two.
    pub sentence: String,
}

/// Forecasts every hypothesis, by its name; those without a test are left out.
///
/// The effect is the declared one, or there is none: the smallest one that is found is told
/// then. Of a pilot only the spread is taken, at its upper 80% limit.
#[must_use]
pub fn forecast(
    experiment: &Experiment,
    prospect: &Prospect<'_>,
) -> IndexMap<String, HypothesisForecast> {
    let mut found = IndexMap::new();
    for hypothesis in &experiment.hypotheses {
        let Ok(choice) = supports(hypothesis, &experiment.header) else { continue };
        let level = level(experiment, hypothesis.alpha);
        let mut forecast = HypothesisForecast {
            claim: hypothesis.claim_text.clone(),
            test: choice.test,
            reason: choice.reason,
            level,
            power: None,
            power_range: None,
            wanted: hypothesis.power.map_or(USUAL_POWER, |goal| goal.power),
            effect: None,
            detectable: None,
            items_needed: None,
            method: None,
            assumed: None,
            sentence: String::new(),
        };
        forecast.sentence = match reckoned(experiment, hypothesis, prospect) {
            Ok((basis, gap)) => {
                forecast.fill(experiment, hypothesis, &gap, &basis, prospect)
            }
            Err(why) => format!("no forecast of its power: {why}"),
        };
        found.insert(hypothesis.name.clone(), forecast);
    }
    found
}

/// Returns the level that each hypothesis has at least.
fn level(experiment: &Experiment, alpha: f64) -> f64 {
    let family = experiment.hypotheses.len().max(1) as f64;
    match experiment.header.correction {
        Correction::Holm | Correction::Bonferroni => alpha / family,
        Correction::None => alpha,
    }
}

/// Returns the level of the test at its last look, which is what it has at least.
fn last_level(stop: Option<StopRule>, level: f64) -> f64 {
    let Some(StopRule::Sequential { looks, even }) = stop else { return level };
    let spending = if even { Spending::Pocock } else { Spending::ObrienFleming };
    let side = stats::Alternative::TwoSided;
    GroupSequential::even(looks as usize, level, spending, side)
        .ok()
        .and_then(|design| design.looks().last().map(|look| look.nominal))
        .unwrap_or(level)
}

impl HypothesisForecast {
    /// Fills in the numbers and returns the sentence.
    fn fill(
        &mut self,
        experiment: &Experiment,
        hypothesis: &Hypothesis,
        gap: &Linear,
        basis: &Basis,
        prospect: &Prospect<'_>,
    ) -> String {
        let each = items_for_one(experiment);
        let n = f64::from(prospect.items) / each;
        let alpha = last_level(experiment.header.stop, self.level);
        let side: Alternative = hypothesis.alternative;
        let solve = |model: Model, question: Solve| model.solve(question, side).ok();
        let effect =
            hypothesis.power.map(|goal| (goal.effect.value - gap.margin()).abs());
        let power_of = |model: Model| {
            let effect = effect.filter(|effect| *effect > 0.0)?;
            solve(fitted(model, effect), Solve::Power { n, effect, alpha })
                .map(|plan| plan.power)
        };
        self.method = Some(basis.model.method().to_owned());
        self.assumed = Some(basis.assumed.clone());
        self.effect = effect;
        self.power = power_of(basis.model);
        self.power_range = basis.range.and_then(|range| {
            let (one, other) = (power_of(range[0])?, power_of(range[1])?);
            Some([one.min(other), one.max(other)])
        });
        let question = Solve::Effect { n, power: self.wanted, alpha };
        self.detectable = solve(basis.model, question).map(|plan| plan.effect.abs());
        self.items_needed = effect.filter(|effect| *effect > 0.0).and_then(|effect| {
            let question = Solve::N { effect, power: self.wanted, alpha };
            let plan = solve(basis.model, question)?;
            whole(plan.n * each)
        });
        self.sentence(gap, experiment.header.stop, prospect.items)
    }

    fn sentence(&self, gap: &Linear, stop: Option<StopRule>, items: u32) -> String {
        let scale = gap.terms.first().map_or(Scale::Continuous, |term| term.sample.scale);
        let shown = |effect: f64| shown(effect, scale, gap);
        let from = if gap.margin() == 0.0 { "" } else { " from the margin" };
        let percent = |share: f64| format!("{:.0}%", share * 100.0);
        let n = grouped(u64::from(items));
        let mut text = match (self.power, self.effect) {
            (Some(power), Some(effect)) => {
                let range = self.power_range.map_or(String::new(), |[low, high]| {
                    format!(" ({} to {})", percent(low), percent(high))
                });
                let needed = self.items_needed.map_or(String::new(), |needed| {
                    format!(
                        "; {} items would give {}",
                        grouped(needed),
                        percent(self.wanted)
                    )
                });
                format!(
                    "{n} items find a difference of {}{from} with {} power{range} at level {}{needed}",
                    shown(effect),
                    percent(power),
                    rounded(self.level)
                )
            }
            _ => match self.detectable {
                Some(effect) => format!(
                    "{n} items find a difference of {}{from} with {} power at level {}",
                    shown(effect),
                    percent(self.wanted),
                    rounded(self.level)
                ),
                None => format!(
                    "{n} items find nothing with {} power at level {}",
                    percent(self.wanted),
                    rounded(self.level)
                ),
            },
        };
        if let (Some(method), Some(assumed)) = (&self.method, &self.assumed) {
            text = format!("{text}; by {method}, from {assumed}");
        }
        match stop {
            None => text,
            Some(StopRule::Sequential { .. }) => {
                format!(
                    "{text}; at the last look alone, with the level that is left to it"
                )
            }
            Some(StopRule::Decided) => {
                format!("{text}; at most that, since looking all the time costs power")
            }
        }
    }
}

/// Returns a model whose pairs differ as often as the effect demands: never less often.
fn fitted(model: Model, effect: f64) -> Model {
    match model {
        Model::Pairs { discordance, factor } => Model::Pairs {
            discordance: discordance.max(effect / factor).min(1.0),
            factor,
        },
        Model::Items { .. }
        | Model::Normal { .. }
        | Model::Correlation
        | Model::Levels { .. } => model,
    }
}

/// The power of a hypothesis over the effects that there might be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PowerCurve {
    /// The hypothesis.
    pub hypothesis: String,
    /// The scale of the effects, which are differences from the margin.
    pub scale: Scale,
    /// The level of the test: what the correction leaves it at least.
    pub level: f64,
    /// The effect that the file declares, less the margin.
    pub declared: Option<f64>,
    /// The curve, by effect.
    pub points: Vec<PowerPoint>,
}

/// The power for one effect.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerPoint {
    /// The effect.
    pub effect: f64,
    /// The probability that the test finds it.
    pub power: f64,
}

/// Steps of a power curve.
const CURVE: u32 = 32;

/// Returns the power of a hypothesis with the items of a run and the spread that they showed,
/// over effects up to one that is found nearly always; nothing where no formula is there, or
/// where a stop rule looks more than once.
pub(super) fn power_curve(
    experiment: &Experiment,
    hypothesis: &Hypothesis,
    prospect: &Prospect<'_>,
) -> Option<PowerCurve> {
    if experiment.header.stop.is_some() {
        return None;
    }
    let (basis, gap) = from_pilot(experiment, hypothesis, prospect)?;
    if gap.summed {
        return None;
    }
    let level = level(experiment, hypothesis.alpha);
    let n = f64::from(prospect.items) / items_for_one(experiment);
    let solve = |model: Model, question| model.solve(question, hypothesis.alternative);
    let declared = hypothesis.power.map(|goal| (goal.effect.value - gap.margin()).abs());
    let found = Solve::Effect { n, power: 0.99, alpha: level };
    let far = solve(basis.model, found).ok()?.effect.abs();
    let last = far.max(declared.unwrap_or(0.0) * 1.1);
    let points: Vec<PowerPoint> = (1..=CURVE)
        .filter_map(|step| {
            let effect = last * f64::from(step) / f64::from(CURVE);
            let question = Solve::Power { n, effect, alpha: level };
            let power = solve(fitted(basis.model, effect), question).ok()?.power;
            Some(PowerPoint { effect, power })
        })
        .filter(|point| point.power.is_finite())
        .collect();
    let scale = gap.terms.first().map_or(Scale::Continuous, |term| term.sample.scale);
    let name = hypothesis.name.clone();
    (points.len() > 2).then_some(PowerCurve {
        hypothesis: name,
        scale,
        level,
        declared,
        points,
    })
}

/// Shows an effect in the unit of the claim, to two digits.
fn shown(effect: f64, scale: Scale, gap: &Linear) -> String {
    let unit = match scale {
        Scale::Binary | Scale::Fraction
            if !gap.summed && gap.form != Form::Correlation =>
        {
            Unit::Points
        }
        Scale::Duration => Unit::Seconds,
        Scale::Money => Unit::Dollars,
        Scale::Binary
        | Scale::Fraction
        | Scale::Ordinal
        | Scale::Continuous
        | Scale::Count => Unit::One,
    };
    Quantity::new(rounded(effect), unit).to_string()
}

/// Rounds to two significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// Returns a number of items rounded up, where it can be counted.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive and below 2⁵³"
)]
fn whole(n: f64) -> Option<u64> {
    (n > 0.0 && n < 9e15).then(|| n.ceil() as u64)
}
