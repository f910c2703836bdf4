//! Error rates of what `auto` chooses, over a grid of true nulls: rejections at 5% and
//! misses of 95% intervals, against `5% + 3.7 √(.0475/R)` for exact tests and
//! `6.5% + 3.7 √(.061/R)` for the rest; no lower limit.
//!
//! `CALIBRATION=full` runs R = 20,000 of each cell with a closed form and 4,000 of each with
//! a bootstrap; without it R is what fits into the tests. Seeds are fixed.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the whole grid is asked for by the environment, and tells its figures"
)]

use super::{constant, experiment, greater, limit, mean_claim, of};
use crucible::analysis::{Findings, History, analyse};
use crucible::base::Stream;
use crucible::record::{Observation, Observed, SampleSource, SourceError};
use crucible::spec::{Claim, Condensed, Correction, Estimand, Experiment, Scale};
use crucible::stats::{
    ClusteredShare, PercentileBootstrap, PlugIn, Pooled, Resampling, UnitMean, Units,
    differences,
};
use rayon::prelude::*;

/// Scores of conditions: for each condition, for each item, the repeats.
pub(super) struct Drawn {
    pub(super) scores: Vec<Vec<Vec<f64>>>,
    pub(super) clusters: Vec<usize>,
}

impl SampleSource for Drawn {
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError> {
        if metric != "y" {
            return Ok(Vec::new());
        }
        let items = self.scores[condition as usize].iter().zip(0..);
        Ok(items
            .flat_map(|(repeats, item)| {
                repeats.iter().zip(0..).map(move |(score, repeat)| Observed {
                    item,
                    repeat,
                    value: Observation::Value(*score),
                })
            })
            .collect())
    }
    fn items(&self) -> Result<u32, SourceError> {
        Ok(u32::try_from(self.scores[0].len()).unwrap())
    }
    fn clusters(&self, _: &str) -> Result<Vec<u32>, SourceError> {
        Ok(self.clusters.iter().map(|c| u32::try_from(*c).unwrap()).collect())
    }
}

impl Drawn {
    fn means(&self, condition: usize) -> Vec<f64> {
        let mean = |own: &Vec<f64>| own.iter().sum::<f64>() / own.len() as f64;
        self.scores[condition].iter().map(mean).collect()
    }
    fn units(&self) -> Units {
        if self.clusters.is_empty() {
            Units::single(self.scores[0].len())
        } else {
            Units::labelled(&self.clusters)
        }
    }
}

/// How many runs a cell gets.
#[derive(Clone, Copy)]
pub(super) enum Cost {
    Closed,
    Bootstrap,
    /// With a bootstrap or a permutation for the runner-up as well.
    Slow,
}

fn is_full() -> bool {
    std::env::var("CALIBRATION").is_ok_and(|word| word == "full")
}

fn runs(cost: Cost) -> u32 {
    match (cost, is_full()) {
        (Cost::Closed, true) => 20_000,
        (Cost::Bootstrap | Cost::Slow, true) => 4_000,
        (Cost::Closed, false) => 1_000,
        (Cost::Bootstrap, false) => 500,
        (Cost::Slow, false) => 150,
    }
}

/// What is asked of a hypothesis: the true value of its θ, and what it is allowed.
pub(super) struct Asked {
    pub(super) truth: f64,
    pub(super) nominal: f64,
}

pub(super) const EXACT: f64 = 0.05;
pub(super) const NEAR: f64 = 0.065;

/// One cell: rejections and misses of each hypothesis.
pub(super) struct Rates {
    name: String,
    runs: u32,
    rejected: Vec<f64>,
    missed: Vec<f64>,
}

/// Runs a cell. Where `hopeless` says of a sample that no hypothesis can be rejected and no
/// interval miss, the analysis is left out: that saves the resamples of most samples. Every
/// twentieth is analysed all the same, and must bear it out.
pub(super) fn cell(
    name: &str,
    cost: Cost,
    experiment: &Experiment,
    asked: &[Asked],
    draw: impl Fn(&mut Stream) -> Drawn + Sync,
    hopeless: impl Fn(&Drawn) -> bool + Sync,
) -> Rates {
    let runs = runs(cost);
    let one = |number: u32| -> Vec<(bool, bool)> {
        let mut stream = Stream::keyed(7, name, &[&number.to_le_bytes()]);
        let drawn = draw(&mut stream);
        let spared = hopeless(&drawn);
        if spared && !number.is_multiple_of(20) {
            return asked.iter().map(|_| (false, false)).collect();
        }
        let found: Findings = analyse(experiment, &drawn, &History::default()).unwrap();
        let judged: Vec<(bool, bool)> = found
            .hypotheses
            .values()
            .zip(asked)
            .map(|(h, asked)| {
                let [low, high] = h.ci.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
                let holds = low <= asked.truth + 1e-12 && asked.truth - 1e-12 <= high;
                (h.p <= 0.05, !holds)
            })
            .collect();
        assert!(!spared || judged.iter().all(|j| *j == (false, false)), "{name}");
        judged
    };
    let all: Vec<Vec<(bool, bool)>> = (0..runs).into_par_iter().map(one).collect();
    let share = |pick: fn(&(bool, bool)) -> bool| -> Vec<f64> {
        (0..asked.len())
            .map(|h| {
                all.iter().filter(|run| pick(&run[h])).count() as f64 / f64::from(runs)
            })
            .collect()
    };
    Rates {
        name: name.to_owned(),
        runs,
        rejected: share(|found| found.0),
        missed: share(|found| found.1),
    }
}

/// Compares rates with their limits, tells all, and fails with those above.
pub(super) struct Ledger(pub(super) Vec<String>);

impl Ledger {
    fn enter(&mut self, what: &str, rate: f64, nominal: f64, runs: u32) {
        let most = limit(nominal, runs);
        if is_full() {
            println!("{what}: {:.2}% of at most {:.2}%", rate * 100.0, most * 100.0);
        }
        if rate > most {
            self.0.push(format!("{what}: {:.2}% > {:.2}%", rate * 100.0, most * 100.0));
        }
    }
    pub(super) fn rates(&mut self, rates: &Rates, asked: &[Asked], names: &[&str]) {
        for (h, (asked, name)) in asked.iter().zip(names).enumerate() {
            let place = format!("{}, {name}", rates.name);
            self.enter(&place, rates.rejected[h], asked.nominal, rates.runs);
            // Wilson's interval is judged by its mean over p, in the caller.
            if !name.starts_with("row 5") {
                let place = format!("{place}, interval");
                self.enter(&place, rates.missed[h], NEAR, rates.runs);
            }
        }
    }
    pub(super) fn close(self) {
        assert!(self.0.is_empty(), "over the limit:\n{}", self.0.join("\n"));
    }
}

pub(super) fn plan(
    scale: Scale,
    repeats: u32,
    clustered: bool,
    claims: Vec<Claim>,
) -> Experiment {
    let mut experiment = experiment(scale, repeats, claims);
    experiment.header.correction = Correction::None;
    experiment.header.cluster = clustered.then(|| "group".to_owned());
    experiment
}

fn side(condition: &str, scale: Scale) -> Estimand {
    of(Condensed::Mean, condition, scale)
}

/// Labels of so many clusters of unequal sizes, from 1 to 19 items.
fn unequal(clusters: usize) -> Vec<usize> {
    (0..clusters)
        .flat_map(|c| std::iter::repeat_n(c, 1 + (c * 7919 % 13).pow(2) / 8))
        .collect()
}

/// The share of items, of three repeats or one, that differ between independent draws.
fn differ(p: f64, repeats: u32) -> f64 {
    let q = 1.0 - p;
    let same: f64 = match repeats {
        1 => p * p + q * q,
        _ => [q.powi(3), 3.0 * p * q * q, 3.0 * p * p * q, p.powi(3)]
            .iter()
            .map(|share| share * share)
            .sum(),
    };
    1.0 - same
}

fn right(stream: &mut Stream, p: f64) -> f64 {
    f64::from(u8::from(stream.unit() < p))
}

/// Scores right with probability `p` under a and b and `p + gap` under c; a share `rho` of
/// the items is decided for all trials of all conditions at once.
fn shares(stream: &mut Stream, n: usize, repeats: u32, [p, gap, rho]: [f64; 3]) -> Drawn {
    let mut scores: Vec<Vec<Vec<f64>>> = vec![Vec::new(); 3];
    for _ in 0..n {
        let shared = (stream.unit() < rho).then(|| stream.unit());
        for (condition, own) in scores.iter_mut().enumerate() {
            let p = if condition == 2 { p + gap } else { p };
            let mut one =
                || f64::from(u8::from(shared.unwrap_or_else(|| stream.unit()) < p));
            own.push((0..repeats).map(|_| one()).collect());
        }
    }
    Drawn { scores, clusters: Vec::new() }
}

fn binary_claims(p: f64, gap: f64) -> (Vec<Claim>, [f64; 3]) {
    let margin =
        Estimand::Sum(Box::new(side("a", Scale::Binary)), Box::new(constant(gap)));
    let claims = vec![
        greater(side("a", Scale::Binary), side("b", Scale::Binary)),
        greater(side("c", Scale::Binary), margin),
        mean_claim(Scale::Binary, constant(p)),
    ];
    (claims, [0.0, gap, p])
}

#[test]
fn binary_scores() {
    let mut ledger = Ledger(Vec::new());
    for n in [50, 100, 400] {
        for repeats in [1, 3] {
            for rho in [0.0, 0.4, 0.9] {
                let (mut wilson, mut cells) = (0.0, 0);
                for p in [0.6, 0.9, 0.98] {
                    let gap = f64::min(0.05, (1.0 - p) / 2.0);
                    let (claims, truths) = binary_claims(p, gap);
                    let nominal =
                        if repeats == 1 { [EXACT, NEAR, EXACT] } else { [NEAR; 3] };
                    let asked = [0, 1, 2]
                        .map(|h| Asked { truth: truths[h], nominal: nominal[h] });
                    let rates = cell(
                        &format!("binary n={n} K={repeats} p={p} rho={rho}"),
                        Cost::Closed,
                        &plan(Scale::Binary, repeats, false, claims),
                        &asked,
                        |stream| shares(stream, n, repeats, [p, gap, rho]),
                        |drawn| repeats > 1 && shares_keep(drawn, repeats, [gap, p]),
                    );
                    wilson += rates.missed[2];
                    cells += 1;
                    let unequal = n as f64 * (1.0 - rho) * differ(p, repeats);
                    if unequal >= 10.0 {
                        let names = if repeats == 1 {
                            ["row 1", "row 2", "row 5 exact"]
                        } else {
                            ["row 3", "row 3 with a margin", "row 5 score"]
                        };
                        ledger.rates(&rates, &asked, &names);
                    }
                }
                let what = format!("Wilson n={n} K={repeats} rho={rho}, mean over p");
                let all = runs(Cost::Closed) * cells;
                ledger.enter(&what, wilson / f64::from(cells), NEAR, all);
            }
        }
    }
    ledger.close();
}

#[test]
fn binary_scores_in_unequal_clusters() {
    let mut ledger = Ledger(Vec::new());
    for groups in [20, 57] {
        let labels = unequal(groups);
        for repeats in [1, 3] {
            let mut wilson = 0.0;
            for p in [0.6, 0.9] {
                let (mut claims, _) = binary_claims(p, 0.0);
                claims.remove(1);
                let asked = [0.0, p].map(|truth| Asked { truth, nominal: NEAR });
                let rates = cell(
                    &format!("binary {groups} clusters K={repeats} p={p}"),
                    Cost::Closed,
                    &plan(Scale::Binary, repeats, true, claims),
                    &asked,
                    |stream| {
                        // A cluster suits one of two conditions better, each as often.
                        let tilt: Vec<f64> = (0..groups)
                            .map(|_| if stream.unit() < 0.5 { -0.08 } else { 0.08 })
                            .collect();
                        let mut own = |sign: f64| -> Vec<Vec<f64>> {
                            labels
                                .iter()
                                .map(|c| {
                                    let p = p + sign * tilt[*c];
                                    (0..repeats).map(|_| right(stream, p)).collect()
                                })
                                .collect()
                        };
                        let scores = vec![own(1.0), own(-1.0), Vec::new()];
                        Drawn { scores, clusters: labels.clone() }
                    },
                    |drawn| shares_keep(drawn, repeats, [0.0, p]),
                );
                wilson += rates.missed[1] / 2.0;
                ledger.rates(&rates, &asked, &["row 3", "row 5 score"]);
            }
            let what = format!("Wilson {groups} clusters K={repeats}, mean over p");
            ledger.enter(&what, wilson, NEAR, 2 * runs(Cost::Closed));
        }
    }
    ledger.close();
}

/// Draws a grade from 0 to 4.
fn grade(stream: &mut Stream, law: [f64; 5]) -> f64 {
    let mut left = stream.unit();
    law.iter()
        .position(|share| {
            left -= share;
            left < 0.0
        })
        .unwrap_or(4) as f64
}

#[test]
fn ordinal_scores() {
    const FLAT: [f64; 5] = [0.1, 0.2, 0.4, 0.2, 0.1];
    const LOPSIDED: [f64; 5] = [0.3, 0.1, 0.1, 0.3, 0.2];
    let mut ledger = Ledger(Vec::new());
    let claims = || vec![mean_claim(Scale::Ordinal, side("b", Scale::Ordinal))];
    let asked = [Asked { truth: 0.0, nominal: NEAR }];
    for n in [50, 100, 400] {
        for repeats in [1, 3] {
            for (rho, other) in [(0.0, FLAT), (0.4, FLAT), (0.9, FLAT), (0.0, LOPSIDED)] {
                if f64::from(n) * (1.0 - rho) * 0.74 < 10.0 {
                    continue;
                }
                let shape = if other == FLAT { "equal" } else { "unequal" };
                let rates = cell(
                    &format!("ordinal n={n} K={repeats} rho={rho} {shape}"),
                    Cost::Closed,
                    &plan(Scale::Ordinal, repeats, false, claims()),
                    &asked,
                    |stream| {
                        let mut scores = vec![Vec::new(), Vec::new(), Vec::new()];
                        for _ in 0..n {
                            let shared =
                                (stream.unit() < rho).then(|| grade(stream, FLAT));
                            for (condition, law) in [FLAT, other].into_iter().enumerate()
                            {
                                let mut one =
                                    || shared.unwrap_or_else(|| grade(stream, law));
                                scores[condition]
                                    .push((0..repeats).map(|_| one()).collect());
                            }
                        }
                        Drawn { scores, clusters: Vec::new() }
                    },
                    t_keeps,
                );
                ledger.rates(&rates, &asked, &["row 6"]);
            }
        }
    }
    for groups in [20, 57] {
        let labels = unequal(groups);
        let rates = cell(
            &format!("ordinal {groups} clusters"),
            Cost::Closed,
            &plan(Scale::Ordinal, 1, true, claims()),
            &asked,
            |stream| {
                let laws: Vec<bool> = (0..groups).map(|_| stream.unit() < 0.5).collect();
                let mut own = |flip: bool| -> Vec<Vec<f64>> {
                    let tilted = [0.05, 0.15, 0.3, 0.3, 0.2];
                    let mut back = tilted;
                    back.reverse();
                    labels
                        .iter()
                        .map(|c| {
                            let law = if laws[*c] == flip { tilted } else { back };
                            vec![grade(stream, law)]
                        })
                        .collect()
                };
                let scores = vec![own(true), own(false), Vec::new()];
                Drawn { scores, clusters: labels.clone() }
            },
            t_keeps,
        );
        ledger.rates(&rates, &asked, &["row 6"]);
    }
    ledger.close();
}

/// A law of positive numbers; each has a mean of one.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Law {
    /// Normal with a standard deviation of 0.2.
    Normal,
    /// Log-normal with this σ.
    LogNormal(f64),
    /// Four in five are zero, the others log-normal with σ = 0.5.
    Zeros,
    /// Near one, but one in twenty takes ten times as long.
    Stragglers,
}

impl Law {
    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Normal => 1.0 + 0.2 * stream.normal(),
            Self::LogNormal(s) => (s * stream.normal() - s * s / 2.0).exp(),
            Self::Zeros => {
                let some = stream.unit() < 0.2;
                if some { 5.0 * Self::LogNormal(0.5).draw(stream) } else { 0.0 }
            }
            Self::Stragglers => {
                let slow = if stream.unit() < 0.05 { 10.0 } else { 1.0 };
                slow * (0.8 + 0.4 * stream.unit()) / 1.45
            }
        }
    }
}

fn laws(stream: &mut Stream, n: usize, repeats: u32, laws: [Law; 2]) -> Drawn {
    let mut scores: Vec<Vec<Vec<f64>>> = laws
        .iter()
        .map(|law| {
            (0..n).map(|_| (0..repeats).map(|_| law.draw(stream)).collect()).collect()
        })
        .collect();
    scores.push(Vec::new());
    Drawn { scores, clusters: Vec::new() }
}

/// The closed forms behind rows 3 and 5 with repeats, whose runner-up resamples.
fn shares_keep(drawn: &Drawn, repeats: u32, [gap, p]: [f64; 2]) -> bool {
    let units = drawn.units();
    let size = 1.0 / f64::from(repeats).sqrt();
    let keeps = |left: usize, right: usize, margin: f64| {
        let gaps = differences(&drawn.means(left), &drawn.means(right)).unwrap();
        let fit = UnitMean::with_pseudo_items(&gaps, &units, size).unwrap();
        fit.tails(margin).unwrap().two_sided() > 0.0501
    };
    let with_c = drawn.scores[2].is_empty() || keeps(2, 0, gap);
    let fit = UnitMean::new(&drawn.means(0), &units).unwrap();
    let trials = drawn.scores[0].len() * repeats as usize;
    let share = ClusteredShare::new(&fit, trials).unwrap();
    with_c && keeps(0, 1, 0.0) && share.tails(p).unwrap().two_sided() > 0.0501
}

/// Rows 6 and 7: row 7 takes the larger p and the wider interval of t and a bootstrap, so
/// where t does not reject, the row does not, and does not miss.
fn t_keeps(drawn: &Drawn) -> bool {
    let gaps = differences(&drawn.means(0), &drawn.means(1)).unwrap();
    let fit = UnitMean::new(&gaps, &drawn.units()).unwrap();
    fit.tails(0.0).unwrap().two_sided() > 0.0501
}

#[test]
fn skewed_quantities() {
    let mut ledger = Ledger(Vec::new());
    let claims = || vec![mean_claim(Scale::Money, side("b", Scale::Money))];
    let asked = [Asked { truth: 0.0, nominal: NEAR }];
    let shapes = [
        [Law::Normal, Law::Normal],
        [Law::LogNormal(0.5), Law::LogNormal(0.5)],
        [Law::LogNormal(1.0), Law::LogNormal(1.0)],
        [Law::Zeros, Law::Zeros],
        [Law::Stragglers, Law::Stragglers],
        [Law::LogNormal(0.5), Law::Normal],
        [Law::LogNormal(1.0), Law::Normal],
        [Law::Zeros, Law::Normal],
        [Law::Stragglers, Law::Normal],
    ];
    for n in [50, 100, 400] {
        for repeats in [1, 3] {
            for shape in shapes {
                if n < 100 && shape[0] != Law::Normal {
                    continue;
                }
                let rates = cell(
                    &format!("{shape:?} n={n} K={repeats}"),
                    Cost::Bootstrap,
                    &plan(Scale::Money, repeats, false, claims()),
                    &asked,
                    |stream| laws(stream, n, repeats, shape),
                    t_keeps,
                );
                ledger.rates(&rates, &asked, &["row 7"]);
            }
        }
    }
    for groups in [20, 57] {
        let labels = unequal(groups);
        let rates = cell(
            &format!("money {groups} clusters"),
            Cost::Bootstrap,
            &plan(Scale::Money, 1, true, claims()),
            &asked,
            |stream| {
                let shift: Vec<f64> =
                    (0..groups).map(|_| 0.1 * stream.normal()).collect();
                let mut own = |sign: f64| -> Vec<Vec<f64>> {
                    let one =
                        |c: &usize| vec![sign * shift[*c] + Law::Normal.draw(stream)];
                    labels.iter().map(one).collect()
                };
                let scores = vec![own(1.0), own(-1.0), Vec::new()];
                Drawn { scores, clusters: labels.clone() }
            },
            t_keeps,
        );
        ledger.rates(&rates, &asked, &["row 7"]);
    }
    ledger.close();
}

/// Says that the first 400 resamples leave a p of at least 15%: with all 10,000 it cannot
/// come down to 5%, nor the interval miss (six standard errors).
fn clear(drawn: &Drawn, q: f64) -> bool {
    let pooled: Vec<(Vec<f64>, Vec<usize>)> = drawn.scores[..2]
        .iter()
        .map(|items| {
            let trials = items.iter().enumerate();
            trials.flat_map(|(i, own)| own.iter().map(move |x| (*x, i))).unzip()
        })
        .collect();
    let what = PlugIn::Quantile(q);
    let conditions: Vec<Pooled<'_>> =
        pooled.iter().map(|(values, units)| Pooled { values, units, what }).collect();
    let plan = Resampling { resamples: 400, seed: 1, name: "h1/0".to_owned() };
    let items = drawn.scores[0].len();
    let boot =
        PercentileBootstrap::new(&conditions, items, |p| p[0] - p[1], &plan).unwrap();
    boot.two_sided(0.0) > 0.15
}

#[test]
fn quantiles() {
    let mut ledger = Ledger(Vec::new());
    let asked = [Asked { truth: 0.0, nominal: NEAR }];
    let alike = [Law::LogNormal(1.0), Law::Stragglers];
    for (n, q) in [(50, 0.5), (100, 0.5), (400, 0.5), (400, 0.95)] {
        for repeats in [1, 3] {
            for law in alike {
                let quantile = |name| of(Condensed::Quantile(q), name, Scale::Duration);
                let claims = vec![greater(quantile("a"), quantile("b"))];
                let rates = cell(
                    &format!("{law:?} p{} n={n} K={repeats}", q * 100.0),
                    Cost::Bootstrap,
                    &plan(Scale::Duration, repeats, false, claims),
                    &asked,
                    |stream| laws(stream, n, repeats, [law, law]),
                    |drawn| clear(drawn, q),
                );
                ledger.rates(&rates, &asked, &["row 10"]);
            }
        }
    }
    // Unequal shapes with a common quantile: log-normals about one with σ of 1 and 0.3
    // share their median; their upper quantiles are made equal by a factor.
    for (n, q, z) in [(100, 0.5, 0.0), (400, 0.95, 1.644_853_626_951_472_2)] {
        let quantile = |name| of(Condensed::Quantile(q), name, Scale::Duration);
        let claims = vec![greater(quantile("a"), quantile("b"))];
        let rates = cell(
            &format!("unequal p{} n={n}", q * 100.0),
            Cost::Bootstrap,
            &plan(Scale::Duration, 1, false, claims),
            &asked,
            |stream| {
                let mut own = |s: f64| -> Vec<Vec<f64>> {
                    (0..n).map(|_| vec![(s * (stream.normal() - z)).exp()]).collect()
                };
                let scores = vec![own(1.0), own(0.3), Vec::new()];
                Drawn { scores, clusters: Vec::new() }
            },
            |drawn| clear(drawn, q),
        );
        ledger.rates(&rates, &asked, &["row 10"]);
    }
    ledger.close();
}
