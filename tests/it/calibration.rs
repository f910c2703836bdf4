//! The analysis as a whole: worked examples, and error rates under true nulls.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::float_cmp, reason = "these values are exact")]

use crucible::analysis::{Findings, History, Verdict, analyse};
use crucible::base::{Digest, Quantity, Span, Stream, Unit};
use crucible::record::{Observation, Observed, SampleSource, SourceError};
use crucible::spec::{
    Alternative, Call, Claim, Condensed, Condition, Correction, Direction, Estimand,
    Experiment, Header, Hypothesis, Metric, Missing, ReportSpec, Sample, Scale,
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
    fn clusters(&self, _: &str) -> Result<Vec<String>, SourceError> {
        Ok((0..self.0[0].len()).map(|item| (item / 5).to_string()).collect())
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
        }],
        hypotheses: claims.into_iter().enumerate().map(hypothesis).collect(),
        report: ReportSpec { formats: Vec::new() },
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
    assert!((first.p_adjusted / first.p - 2.0).abs() < 1e-12);
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
fn a_quantile_without_enough_items_in_the_tail_is_inconclusive_with_the_reason() {
    let table = Table(vec![once((0..100).map(f64::from)); 3]);
    let side = |name| of(Condensed::Quantile(0.99), name, Scale::Duration);
    let found = run(Scale::Duration, 1, vec![greater(side("a"), side("b"))], &table);
    let h = &found.hypotheses["h1"];
    assert_eq!((h.verdict, h.p), (Verdict::Inconclusive, 1.0));
    assert!(h.reason.as_ref().unwrap().contains("tail"));
}

/// Draws one item's scores in two conditions with the same law.
type Draw = fn(&mut Stream, usize) -> (Vec<f64>, Vec<f64>);

/// Returns how often a true null is rejected at 5%.
fn rejections(
    row: &str,
    claim: &Claim,
    scale: Scale,
    shape: (u32, usize, u32),
    draw: Draw,
) -> f64 {
    let (repeats, n, runs) = shape;
    let mut rejected = 0;
    for number in 0..runs {
        let mut stream = Stream::keyed(7, row, &[&number.to_le_bytes()]);
        let (a, b): (Vec<_>, Vec<_>) = (0..n)
            .map(|_| {
                let (a, b) = draw(&mut stream, repeats as usize);
                let seen =
                    |xs: Vec<f64>| xs.into_iter().map(Observation::Value).collect();
                (seen(a), seen(b))
            })
            .unzip();
        let table = Table(vec![a, b, Vec::new()]);
        let mut experiment = experiment(scale, repeats, vec![claim.clone()]);
        experiment.conditions.truncate(2);
        let found = analyse(&experiment, &table, &History::default()).unwrap();
        rejected += u32::from(found.hypotheses["h1"].p <= 0.05);
    }
    f64::from(rejected) / f64::from(runs)
}

fn binary(stream: &mut Stream, repeats: usize) -> (Vec<f64>, Vec<f64>) {
    // Four in ten items are decided for both conditions at once; the others are fair draws.
    let shared = (stream.unit() < 0.4).then(|| f64::from(u8::from(stream.unit() < 0.6)));
    let mut side = || {
        (0..repeats)
            .map(|_| {
                let own = f64::from(u8::from(stream.unit() < 0.6));
                shared.unwrap_or(own)
            })
            .collect()
    };
    (side(), side())
}

fn grades(stream: &mut Stream, repeats: usize) -> (Vec<f64>, Vec<f64>) {
    let mut side = || (0..repeats).map(|_| stream.below(5) as f64).collect();
    (side(), side())
}

fn skewed(stream: &mut Stream, repeats: usize) -> (Vec<f64>, Vec<f64>) {
    let mut side = || (0..repeats).map(|_| stream.normal().exp()).collect();
    (side(), side())
}

fn limit(nominal: f64, runs: u32) -> f64 {
    nominal + 3.7 * (nominal * (1.0 - nominal) / f64::from(runs)).sqrt()
}

fn mean_claim(scale: Scale, right: Estimand) -> Claim {
    greater(of(Condensed::Mean, "a", scale), right)
}

#[test]
fn true_nulls_are_rejected_no_oftener_than_promised_on_binary_scores() {
    let b = || of(Condensed::Mean, "b", Scale::Binary);
    let exact = limit(0.05, 800);
    let near = limit(0.065, 800);
    let row1 = mean_claim(Scale::Binary, b());
    let found = rejections("row 1", &row1, Scale::Binary, (1, 100, 800), binary);
    assert!(found <= exact, "row 1: {found}");
    let found = rejections("row 3", &row1, Scale::Binary, (3, 50, 800), binary);
    assert!(found <= near, "row 3: {found}");
    let equal = Claim::Equivalent {
        left: of(Condensed::Mean, "a", Scale::Binary),
        right: Estimand::Sum(Box::new(b()), Box::new(constant(0.1))),
        within: Quantity::new(0.1, Unit::Points),
    };
    // θ lies on the lower bound: equivalence must be found no oftener than at α.
    let found = rejections("row 2", &equal, Scale::Binary, (1, 100, 800), binary);
    assert!(found <= near, "row 2: {found}");
    let share = mean_claim(Scale::Binary, constant(0.6));
    let found = rejections("row 5", &share, Scale::Binary, (1, 100, 800), binary);
    assert!(found <= exact, "row 5 exact: {found}");
    let found = rejections("row 5 score", &share, Scale::Binary, (3, 50, 800), binary);
    assert!(found <= near, "row 5 score: {found}");
}

#[test]
fn true_nulls_are_rejected_no_oftener_than_promised_on_other_scales() {
    let side = |scale| of(Condensed::Mean, "b", scale);
    let ordinal = mean_claim(Scale::Ordinal, side(Scale::Ordinal));
    let found = rejections("row 6", &ordinal, Scale::Ordinal, (1, 50, 800), grades);
    assert!(found <= limit(0.065, 800), "row 6: {found}");
    let money = mean_claim(Scale::Money, side(Scale::Money));
    let found = rejections("row 7", &money, Scale::Money, (1, 100, 100), skewed);
    assert!(found <= limit(0.065, 100), "row 7: {found}");
    let quantile = |name| of(Condensed::Quantile(0.5), name, Scale::Duration);
    let median = greater(quantile("a"), quantile("b"));
    let found = rejections("row 10", &median, Scale::Duration, (1, 100, 100), skewed);
    assert!(found <= limit(0.065, 100), "row 10: {found}");
}
