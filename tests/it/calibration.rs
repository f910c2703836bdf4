//! The analysis as a whole: worked examples, and error rates under true nulls.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::float_cmp, reason = "these values are exact")]

mod designs;
mod early;
mod grid;
mod more;

use crucible::analysis::{Findings, History, Verdict, analyse};
use crucible::base::{Digest, Quantity, Span, Unit};
use crucible::record::{Observation, Observed, SampleSource, SourceError};
use crucible::spec::{
    Alternative, Call, Claim, Condensed, Condition, Correction, Design, Direction,
    Estimand, Experiment, Header, Hooks, Hypothesis, Metric, Missing, Over, ReportSpec,
    Sample, Scale,
};
use indexmap::IndexMap;

/// Samples in memory: for each condition, for each item, the repeats of metric `y`.
struct Table(Vec<Vec<Vec<Observation>>>);

impl SampleSource for Table {
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError> {
        let items = &self.0[condition as usize];
        Ok(items
            .iter()
            .zip(0..)
            .flat_map(|(repeats, item)| {
                let known = metric == "y";
                repeats.iter().zip(0..).map(move |(value, repeat)| {
                    let value = if known { *value } else { Observation::Unscored };
                    Observed { item, repeat, value }
                })
            })
            .collect())
    }
    fn items(&self) -> Result<u32, SourceError> {
        Ok(u32::try_from(self.0[0].len()).unwrap())
    }
    fn clusters(&self, _: &str) -> Result<Vec<u32>, SourceError> {
        Ok((0..).take(self.0[0].len()).map(|item| item / 5).collect())
    }
}

fn call() -> Call {
    Call {
        name: "ask".into(),
        args: IndexMap::new(),
        span: Span::default(),
        label: None,
        body: None,
    }
}

fn experiment(scale: Scale, repeats: u32, claims: Vec<Claim>) -> Experiment {
    let condition = |name: &str| Condition {
        name: name.into(),
        title: None,
        doc: String::new(),
        family: None,
        strategy: call(),
        span: Span::default(),
    };
    let hypothesis = |(index, claim): (usize, Claim)| Hypothesis {
        name: format!("h{}", index + 1),
        title: None,
        doc: String::new(),
        claim,
        claim_text: String::new(),
        alpha: 0.05,
        alternative: Alternative::TwoSided,
        power: None,
        test: None,
        over: Over::Items,
        span: Span::default(),
        digest: Digest::default(),
    };
    Experiment {
        name: "e".into(),
        title: None,
        doc: String::new(),
        header: Header {
            authors: Vec::new(),
            seed: 1,
            repeats,
            budget: None,
            timeout: None,
            concurrency: 1,
            max_failures: 0.1,
            correction: Correction::Holm,
            cluster: None,
            design: Design::Paired,
            stop: None,
            hooks: Hooks::default(),
            cluster_span: Span::default(),
        },
        models: Vec::new(),
        dataset: None,
        conditions: vec![condition("a"), condition("b"), condition("c")],
        metrics: vec![Metric {
            name: "y".into(),
            title: None,
            doc: String::new(),
            call: call(),
            scale,
            missing: Missing::ByScale,
            by: Vec::new(),
        }],
        hypotheses: claims.into_iter().enumerate().map(hypothesis).collect(),
        report: ReportSpec::default(),
        libraries: Vec::new(),
        sources: Vec::new(),
    }
}

fn of(condensed: Condensed, condition: &str, scale: Scale) -> Estimand {
    Estimand::Of(
        condensed,
        Sample { condition: condition.into(), metric: "y".into(), scale },
    )
}

fn greater(left: Estimand, right: Estimand) -> Claim {
    Claim::Compare { left, direction: Direction::Greater, right }
}

fn constant(value: f64) -> Estimand {
    Estimand::Constant(Quantity::new(value, Unit::Fraction))
}

fn run(scale: Scale, repeats: u32, claims: Vec<Claim>, table: &Table) -> Findings {
    analyse(&experiment(scale, repeats, claims), table, &History::default()).unwrap()
}

fn once(values: impl IntoIterator<Item = f64>) -> Vec<Vec<Observation>> {
    values.into_iter().map(|x| vec![Observation::Value(x)]).collect()
}

/// Two conditions with so many pairs right on the left only and on the right only.
fn pairs(left: usize, right: usize, both: usize, neither: usize) -> (Vec<f64>, Vec<f64>) {
    let spread = |values: [f64; 4]| -> Vec<f64> {
        [left, right, both, neither]
            .into_iter()
            .zip(values)
            .flat_map(|(n, x)| std::iter::repeat_n(x, n))
            .collect()
    };
    (spread([1.0, 0.0, 1.0, 0.0]), spread([0.0, 1.0, 1.0, 0.0]))
}

#[test]
fn the_paired_counts_of_gsm8k_give_mcnemars_p() {
    let claim = || {
        greater(
            of(Condensed::Mean, "a", Scale::Binary),
            of(Condensed::Mean, "b", Scale::Binary),
        )
    };
    // 515 and 458 right answers of 1,319; 209 and 152 of them alone.
    let (a, b) = pairs(209, 152, 306, 652);
    let table = Table(vec![once(a), once(b), once(vec![0.0; 1319])]);
    let found = run(Scale::Binary, 1, vec![claim()], &table);
    let h = &found.hypotheses["h1"];
    assert_eq!(h.verdict, Verdict::Supported);
    assert_eq!(h.test, "exact McNemar");
    let counts = h.pairs.unwrap();
    assert_eq!((counts.only_left, counts.only_right), (209, 152));
    // Exact rational arithmetic: 2 Σ_{k ≥ 209} C(361, k) / 2³⁶¹.
    assert!((h.p / 0.003_150_656_880_360_604_2 - 1.0).abs() < 1e-12, "{}", h.p);
    assert!((h.estimate.unwrap() - 57.0 / 1319.0).abs() < 1e-12);
    let c = &found.conditions["c"].metrics["y"];
    assert_eq!(c.ci.unwrap()[0], 0.0);
    assert!(c.ci.unwrap()[1] > 0.002);
}

#[test]
fn a_family_is_corrected_together_and_identical_conditions_are_inconclusive() {
    let (a, b) = pairs(209, 152, 306, 652);
    let table = Table(vec![once(a.clone()), once(b), once(a)]);
    let side = |name| of(Condensed::Mean, name, Scale::Binary);
    let claims = vec![greater(side("a"), side("b")), greater(side("a"), side("c"))];
    let found = run(Scale::Binary, 1, claims, &table);
    let (first, second) = (&found.hypotheses["h1"], &found.hypotheses["h2"]);
    assert!((first.p_adjusted.unwrap() / first.p - 2.0).abs() < 1e-12);
    assert_eq!((second.p, second.verdict), (1.0, Verdict::Inconclusive));
}

#[test]
fn failures_count_as_wrong_and_are_reported_both_ways() {
    let mut a = once(vec![1.0; 60]);
    let b = once((0..60).map(|i| f64::from(u8::from(i < 52))));
    for trial in a.iter_mut().take(12) {
        trial[0] = Observation::Failed;
    }
    let claim = greater(
        of(Condensed::Mean, "a", Scale::Binary),
        of(Condensed::Mean, "b", Scale::Binary),
    );
    let found = run(Scale::Binary, 1, vec![claim], &Table(vec![a, b.clone(), b]));
    let h = &found.hypotheses["h1"];
    assert_eq!(h.failed["a"], 12);
    assert_eq!(h.verdict, Verdict::Inconclusive);
    assert_eq!(h.with_failures.unwrap().best, Verdict::Supported);
}

#[test]
fn a_score_that_failed_is_left_out_with_its_pair_and_pushed_both_ways() {
    let mut a = once(vec![1.0; 60]);
    let b = once((0..60).map(|i| f64::from(u8::from(i < 52))));
    for trial in a.iter_mut().take(12) {
        trial[0] = Observation::ScoreFailed;
    }
    let side = |name| of(Condensed::Mean, name, Scale::Binary);
    let claim = greater(side("a"), side("b"));
    let found = run(Scale::Binary, 1, vec![claim], &Table(vec![a, b.clone(), b]));
    let h = &found.hypotheses["h1"];
    assert_eq!((h.failed["a"], h.failed_scores["a"], h.n_items), (0, 12, 48));
    // Eight pairs differ, all one way: 2 / 2⁸.
    assert!((h.p - 2.0 / 256.0).abs() < 1e-15, "{}", h.p);
    assert_eq!(h.verdict, Verdict::Supported);
    assert_eq!(h.with_failures.unwrap().worst, Verdict::Inconclusive);
    let shown = &found.conditions["a"].metrics["y"];
    assert_eq!((shown.n, shown.failed, shown.failed_scores), (48, 12, 12));
    assert_eq!(shown.mean, Some(1.0));
}

#[test]
fn a_quantile_without_enough_items_in_the_tail_is_inconclusive_with_the_reason() {
    let table = Table(vec![once((0..100).map(f64::from)); 3]);
    let side = |name| of(Condensed::Quantile(0.99), name, Scale::Duration);
    let found = run(Scale::Duration, 1, vec![greater(side("a"), side("b"))], &table);
    let h = &found.hypotheses["h1"];
    assert_eq!((h.verdict, h.p), (Verdict::Inconclusive, 1.0));
    assert!(h.reason.as_ref().unwrap().contains("tail"));
}

fn limit(nominal: f64, runs: u32) -> f64 {
    nominal + 3.7 * (nominal * (1.0 - nominal) / f64::from(runs)).sqrt()
}

fn mean_claim(scale: Scale, right: Estimand) -> Claim {
    greater(of(Condensed::Mean, "a", scale), right)
}

#[test]
fn sums_and_factors_of_binary_scores_are_tested_as_the_shares_are() {
    let (a, b) = pairs(209, 152, 306, 652);
    let table = Table(vec![once(a), once(b), once(vec![0.0; 1319])]);
    let of_sum = |name| of(Condensed::Sum, name, Scale::Binary);
    let plain = |name| of(Condensed::Mean, name, Scale::Binary);
    let claims = vec![
        greater(of_sum("a"), of_sum("b")),
        greater(plain("a"), plain("b")),
        greater(of_sum("a"), constant(500.0)),
        // The sides the other way round.
        Claim::Compare {
            left: constant(0.0),
            direction: Direction::Less,
            right: Estimand::Difference(Box::new(plain("a")), Box::new(plain("b"))),
        },
    ];
    let found = run(Scale::Binary, 1, claims, &table);
    let h = |name: &str| &found.hypotheses[name];
    assert_eq!((h("h1").test.as_str(), h("h1").p), ("exact McNemar", h("h2").p));
    assert!((h("h1").estimate.unwrap() - 57.0).abs() < 1e-9);
    let (sum, share) = (h("h1").ci.unwrap(), h("h2").ci.unwrap());
    assert!((sum[0] / 1319.0 - share[0]).abs() < 1e-12);
    assert_eq!(h("h3").test, "exact binomial");
    let ci = h("h3").ci.unwrap();
    assert!(ci[0] < 515.0 && 515.0 < ci[1] && ci[0] > 450.0, "{ci:?}");
    assert_eq!((h("h4").test.as_str(), h("h4").p), ("exact McNemar", h("h2").p));
    assert_eq!(h("h4").verdict, Verdict::Supported);
}

#[test]
fn costs_that_are_equal_but_for_rounding_are_no_finding() {
    // Three calls of $0.1 cost 0.30000000000000004; three times $0.1 is another sum.
    let three = || {
        once((0..60).map(|i| {
            let c = 0.1 + 0.01 * f64::from(i % 7);
            c + c + c
        }))
    };
    let one = || once((0..60).map(|i| 0.1 + 0.01 * f64::from(i % 7)));
    let table = Table(vec![three(), one(), one()]);
    let factor = Estimand::Constant(Quantity::new(3.0, Unit::One));
    let right = Estimand::Product(
        Box::new(factor),
        Box::new(of(Condensed::Mean, "b", Scale::Money)),
    );
    let claim = greater(of(Condensed::Mean, "a", Scale::Money), right);
    let found = run(Scale::Money, 1, vec![claim], &table);
    let h = &found.hypotheses["h1"];
    assert_eq!((h.p, h.verdict, h.estimate), (1.0, Verdict::Inconclusive, Some(0.0)));
}

#[test]
fn ten_units_in_the_tail_are_ten() {
    let table = Table(vec![once((0..100).map(f64::from)); 3]);
    let side = |name| of(Condensed::Quantile(0.9), name, Scale::Duration);
    let found = run(Scale::Duration, 1, vec![greater(side("a"), side("b"))], &table);
    let h = &found.hypotheses["h1"];
    assert_eq!(h.reason, None);
    assert!(h.ci.is_some());
}

#[test]
fn the_runner_up_looks_to_the_side_of_the_hypothesis_and_equivalence_has_one() {
    let (a, b) = pairs(30, 16, 40, 14);
    let table = Table(vec![once(a), once(b), once(vec![0.0; 100])]);
    let side = |name| of(Condensed::Mean, name, Scale::Binary);
    let equal = Claim::Equivalent {
        left: side("a"),
        right: side("b"),
        within: Quantity::new(0.3, Unit::Points),
    };
    let claims = vec![greater(side("a"), side("b")), equal];
    let mut experiment = experiment(Scale::Binary, 1, claims);
    experiment.hypotheses[0].alternative = Alternative::OneSided;
    let found = analyse(&experiment, &table, &History::default()).unwrap();
    let h1 = &found.hypotheses["h1"];
    // One-sided: P(X ≥ 30) of 46, and the same less half of P(X = 30).
    assert!(h1.p < 0.03 && h1.runner_up.as_ref().unwrap().p < h1.p, "{h1:?}");
    let h2 = &found.hypotheses["h2"];
    assert_eq!(h2.runner_up.as_ref().unwrap().test, "CR2-t");
    assert_eq!(h2.statistic_name, "z");
    assert!(h2.statistic.is_some());
    assert!(h2.assumptions.iter().any(|line| line.starts_with("That held: 46 pairs")));
}

#[test]
fn an_inconclusive_correlation_or_effect_says_how_many_items_would_settle_it() {
    let sample = |name: &str| Sample {
        condition: name.into(),
        metric: "y".into(),
        scale: Scale::Continuous,
    };
    let values = |step: usize| {
        once((0..60).map(|i| f64::from(u8::try_from(i * step % 61).unwrap())))
    };
    let table = Table(vec![values(7), values(23), values(41)]);
    let correlated = Claim::Compare {
        left: Estimand::Correlation(sample("a"), sample("b")),
        direction: Direction::Greater,
        right: Estimand::Constant(Quantity::new(0.0, Unit::One)),
    };
    let level = |name: &str| crucible::spec::Level {
        label: name.into(),
        samples: vec![sample(name)],
    };
    let effect = Claim::Compare {
        left: Estimand::Effect {
            factor: "m".into(),
            levels: ["a", "b", "c"].map(level).into(),
        },
        direction: Direction::Greater,
        right: Estimand::Constant(Quantity::new(0.0, Unit::One)),
    };
    let mut asked = experiment(Scale::Continuous, 1, vec![correlated, effect]);
    asked.header.correction = Correction::None;
    let found = analyse(&asked, &table, &History::default()).unwrap();
    let told = |name: &str| found.hypotheses[name].to_settle.clone().unwrap();
    // R, pwr.r.test(n = 60, power = 0.8): r = 0.3527.
    assert!(
        told("h1").contains("60 items find a correlation of 0.35 with 80%"),
        "{}",
        told("h1")
    );
    assert!(told("h2").contains("60 items find a range of"), "{}", told("h2"));
    let goal = |value: f64| crucible::spec::PowerGoal {
        power: 0.8,
        effect: Quantity::new(value, Unit::One),
    };
    asked.hypotheses[0].power = Some(goal(0.3));
    let found = analyse(&asked, &table, &History::default()).unwrap();
    let told = found.hypotheses["h1"].to_settle.clone().unwrap();
    // R, pwr.r.test(r = 0.3, power = 0.8): n = 84.07.
    assert!(told.contains("about 85 items would find 0.3 with 80% power"), "{told}");
}
