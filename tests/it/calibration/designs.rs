//! Other designs and what stands beside the hypotheses, against the values of
//! `tests/data/stats/designs.py` (SciPy 1.17.1, statsmodels 0.15.0, NumPy 2.4.6).

use super::{Table, experiment, greater, limit, of, once, pairs, run};
use crucible::analysis::{
    Findings, History, HypothesisFindings, JoinRule, Verdict, analyse,
};
use crucible::base::{Span, Stream};
use crucible::record::{Observation, Observed, SampleSource, SourceError};
use crucible::spec::{
    Claim, Column, Condensed, Design, Estimand, FamilySample, Over, Scale,
};
use rayon::prelude::*;

const A: [[f64; 3]; 4] = [[3., 4., 4.], [1., 2., 1.], [5., 5., 5.], [2., 3., 5.]];
const B: [[f64; 3]; 4] = [[2., 2., 3.], [1., 1., 1.], [4., 3., 5.], [4., 2., 2.]];

fn close(ours: f64, theirs: f64) {
    assert!((ours / theirs - 1.0).abs() < 1e-9, "{ours} is not {theirs}");
}

fn values(rows: &[[f64; 3]], map: impl Fn(f64) -> f64 + Copy) -> Vec<Vec<Observation>> {
    let row = |row: &[f64; 3]| row.iter().map(|x| Observation::Value(map(*x))).collect();
    rows.iter().map(row).collect()
}

fn claim(scale: Scale) -> Claim {
    greater(of(Condensed::Mean, "a", scale), of(Condensed::Mean, "b", scale))
}

fn check(h: &HypothesisFindings, test: &str, values: [f64; 6]) {
    let [estimate, t, df, p, low, high] = values;
    assert_eq!(h.test, test);
    let ci = h.ci.unwrap();
    for (ours, theirs) in [
        (h.estimate.unwrap(), estimate),
        (h.statistic.unwrap(), t),
        (h.df.unwrap(), df),
        (h.p, p),
        (ci[0], low),
        (ci[1], high),
    ] {
        close(ours, theirs);
    }
}

#[test]
fn over_repeats_only_the_repeats_of_an_item_vary() {
    let table = Table(vec![values(&A, |x| x), values(&B, |x| x), values(&B, |x| x)]);
    let mut asked = experiment(Scale::Ordinal, 3, vec![claim(Scale::Ordinal)]);
    asked.hypotheses[0].over = Over::Repeats;
    let found = analyse(&asked, &table, &History::default()).unwrap();
    check(
        &found.hypotheses["h1"],
        "t over repeats",
        [
            0.833_333_333_333_333_5,
            2.425_356_250_363_330_4,
            7.506_493_506_493_508,
            0.043_437_982_144_984_96,
            0.031_849_140_059_728_5,
            1.634_817_526_606_938_5,
        ],
    );
    // Right or wrong: one pseudo-item more on each side.
    let right = |x: f64| f64::from(u8::from(x > 2.0));
    let table = Table(vec![values(&A, right), values(&B, right), values(&B, right)]);
    let mut asked = experiment(Scale::Binary, 3, vec![claim(Scale::Binary)]);
    asked.hypotheses[0].over = Over::Repeats;
    let found = analyse(&asked, &table, &History::default()).unwrap();
    check(
        &found.hypotheses["h1"],
        "t over repeats",
        [
            0.25,
            1.341_640_786_499_873_6,
            10.0,
            0.209_383_127_428_645_65,
            -0.165_189_161_362_470_97,
            0.665_189_161_362_470_9,
        ],
    );
}

/// Puts each condition's items behind those of the others.
fn unpaired(sides: &[Vec<Vec<f64>>]) -> Table {
    let all: usize = sides.iter().map(Vec::len).sum();
    let mut from = 0;
    let mut conditions = Vec::new();
    for side in sides {
        let mut items = vec![Vec::new(); all];
        for (item, own) in items[from..].iter_mut().zip(side) {
            *item = own.iter().map(|x| Observation::Value(*x)).collect();
        }
        from += side.len();
        conditions.push(items);
    }
    Table(conditions)
}

fn analysed(scale: Scale, repeats: u32, table: &Table) -> Findings {
    let mut asked = experiment(scale, repeats, vec![claim(scale)]);
    asked.header.design = Design::Unpaired;
    asked.conditions.truncate(2);
    analyse(&asked, table, &History::default()).unwrap()
}

#[test]
fn items_of_its_own_on_each_side_give_the_test_of_welch() {
    let side = |values: &[f64]| values.iter().map(|x| vec![*x]).collect::<Vec<_>>();
    let (x, y) = (side(&[3., 5., 2., 4., 4., 1.]), side(&[1., 2., 2., 4., 1., 3., 2.]));
    let table = unpaired(&[x, y]);
    let found = analysed(Scale::Ordinal, 1, &table);
    let welch = [
        19.0 / 6.0 - 15.0 / 7.0,
        1.413_831_290_826_072_6,
        9.008_684_134_608_298,
        0.191_024_424_150_641_66,
        -0.614_064_657_344_086_4,
        2.661_683_704_963_134,
    ];
    check(&found.hypotheses["h1"], "Welch", welch);
    assert_eq!(found.hypotheses["h1"].n_items, 13);
    // The bootstrap of a quantity that may be skewed only ever widens.
    let found = analysed(Scale::Money, 1, &table);
    let h = &found.hypotheses["h1"];
    assert_eq!(h.test, "Welch and studentised bootstrap");
    close(h.statistic.unwrap(), welch[1]);
    let ci = h.ci.unwrap();
    assert!(h.p >= welch[3] - 1e-12 && ci[0] <= welch[4] + 1e-12, "{h:?}");
}

#[test]
fn shares_of_different_items_get_two_pseudo_items_a_side() {
    let side = |values: &[f64]| -> Vec<Vec<f64>> {
        let of = |mean: f64| match mean {
            1.0 => vec![1.0, 1.0],
            0.5 => vec![1.0, 0.0],
            _ => vec![0.0, 0.0],
        };
        values.iter().map(|x| of(*x)).collect()
    };
    let x = side(&[1., 1., 0.5, 1., 1., 0.5]);
    let y = side(&[0.5, 0., 0.5, 1., 0., 0.]);
    let found = analysed(Scale::Binary, 2, &unpaired(&[x, y]));
    check(
        &found.hypotheses["h1"],
        "Welch with pseudo-items",
        [
            0.5,
            2.049_390_153_191_919_4,
            13.461_538_461_538_462,
            0.060_434_879_368_837_45,
            -0.018_933_653_507_483_605,
            0.768_933_653_507_483_5,
        ],
    );
}

#[test]
fn the_variance_is_split_as_by_a_one_way_analysis_of_variance() {
    let mut a = values(&A, |x| x);
    a[3].pop();
    let table = Table(vec![a, values(&B, |x| x), values(&B, |x| x)]);
    let found = run(Scale::Ordinal, 3, vec![claim(Scale::Ordinal)], &table);
    let split = found.conditions["a"].metrics["y"].components.as_ref().unwrap();
    close(split.item, 2.568_783_068_783_075_5);
    close(split.repeat, 0.261_904_761_904_761_9);
    close(split.item_share.unwrap(), 0.907_476_635_514_018_9);
    assert!(split.advice.contains("11 items asked once"), "{}", split.advice);
    let once = run(Scale::Ordinal, 1, Vec::new(), &Table(vec![once([1.0, 2.0]); 3]));
    assert_eq!(once.conditions["a"].metrics["y"].components, None);
}

#[test]
fn every_pair_is_tested_corrected_and_ranked() {
    let right = |n: usize| once((0..20).map(|i| f64::from(u8::from(i < n))));
    let table = Table(vec![right(16), right(14), right(6)]);
    let mut asked = experiment(Scale::Binary, 1, Vec::new());
    asked.report.pairs = vec![FamilySample {
        family: "panel".into(),
        conditions: ["a", "b", "c"].map(str::to_owned).into(),
        metric: "y".into(),
        scale: Scale::Binary,
        span: Span::default(),
    }];
    let found = analyse(&asked, &table, &History::default()).unwrap();
    let family = &found.pairs[0];
    let expected = [(0.5, 0.5), (0.001_953_125, 0.005_859_375), (0.007_812_5, 0.015_625)];
    for (pair, (p, adjusted)) in family.pairs.iter().zip(expected) {
        assert_eq!(pair.test, "exact McNemar");
        close(pair.p, p);
        close(pair.p_adjusted, adjusted);
    }
    let shown: Vec<_> = family
        .ranking
        .iter()
        .map(|one| (one.condition.as_str(), one.letters.as_str(), one.ranks))
        .collect();
    assert_eq!(shown, [("a", "a", [1, 2]), ("b", "a", [1, 2]), ("c", "b", [3, 3])]);
}

#[test]
fn and_takes_the_largest_p_of_its_parts_and_or_the_smallest_times_their_number() {
    let (a, b) = pairs(20, 6, 40, 14);
    let table = Table(vec![once(a), once(b.clone()), once(b)]);
    let side = |name| of(Condensed::Mean, name, Scale::Binary);
    let parts = || vec![claim(Scale::Binary), greater(side("a"), side("c"))];
    let claims = vec![Claim::All(parts()), Claim::Any(parts()), claim(Scale::Binary)];
    let found = run(Scale::Binary, 1, claims, &table);
    let [and, or, single] = ["h1", "h2", "h3"].map(|name| &found.hypotheses[name]);
    assert_eq!(and.joined.as_ref().unwrap().rule, JoinRule::And);
    assert_eq!((and.p, and.verdict), (single.p, Verdict::Supported));
    close(or.p, 2.0 * single.p);
    let joined = or.joined.as_ref().unwrap();
    assert_eq!((joined.rule, joined.parts.len()), (JoinRule::Or, 2));
    for part in &joined.parts {
        assert_eq!((part.p, part.ci), (single.p, single.ci));
        close(part.p_holm, 2.0 * single.p);
    }
    assert_eq!(joined.parts[1].claim, "mean y of a − mean y of c > 0");
    assert_eq!(single.joined, None);
}

/// A table whose items stand in three slices of ten.
struct Sliced(Table);

impl SampleSource for Sliced {
    fn sample(&self, condition: u32, metric: &str) -> Result<Vec<Observed>, SourceError> {
        self.0.sample(condition, metric)
    }
    fn items(&self) -> Result<u32, SourceError> {
        self.0.items()
    }
    fn clusters(&self, column: &str) -> Result<Vec<u32>, SourceError> {
        self.0.clusters(column)
    }
    fn labels(&self, _: &str) -> Result<Vec<Option<String>>, SourceError> {
        let label = |item: u32| (item < 30).then(|| ["x", "y", "z"][item as usize / 10]);
        Ok((0..self.items()?).map(|item| label(item).map(str::to_owned)).collect())
    }
}

#[test]
fn slices_are_corrected_among_themselves_and_have_two_means() {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for (left, right, both) in [(8, 0, 1), (5, 1, 3), (2, 3, 3)] {
        let (own, other) = pairs(left, right, both, 10 - left - right - both);
        a.extend(own);
        b.extend(other);
    }
    a.extend([1.0, 1.0]);
    b.extend([1.0, 0.0]);
    let table = Sliced(Table(vec![once(a), once(b.clone()), once(b)]));
    let mut asked = experiment(Scale::Binary, 1, vec![claim(Scale::Binary)]);
    asked.metrics[0].by = vec![Column { name: "topic".into(), span: Span::default() }];
    let found = analyse(&asked, &table, &History::default()).unwrap();
    let sliced = &found.slices[0];
    assert_eq!((sliced.column.as_str(), sliced.without), ("topic", 2));
    let expected = [(0.007_812_5, 0.023_437_5), (0.218_75, 0.437_5), (1.0, 1.0)];
    for (slice, (p, adjusted)) in sliced.slices.iter().zip(expected) {
        let h = &slice.hypotheses["h1"];
        close(h.p, p);
        close(h.p_adjusted, adjusted);
        assert_eq!((slice.items, h.n_items), (10, 10));
        assert_eq!(slice.conditions["a"]["y"].n, 10);
    }
    let means = sliced.means["a"]["y"];
    close(means.micro.unwrap(), 24.0 / 32.0);
    close(means.macro_mean.unwrap(), 2.2 / 3.0);
    close(means.macro_ci.unwrap()[0], 0.564_057_183_930_599_9);
    close(means.macro_ci.unwrap()[1], 0.836_971_336_901_884_3);
    // The family of hypotheses is as it is without slices.
    asked.metrics[0].by.clear();
    let plain = analyse(&asked, &table, &History::default()).unwrap();
    assert_eq!(plain.hypotheses, found.hypotheses);
    assert!(plain.slices.is_empty());
}

/// Counts how often a true null is rejected at 5%.
fn rejections(runs: u32, one: impl Fn(&mut Stream) -> f64 + Sync) -> f64 {
    let rejected = (0..runs)
        .into_par_iter()
        .filter(|number| {
            let number = number.to_le_bytes();
            one(&mut Stream::keyed(11, "designs", &[number.as_slice()])) <= 0.05
        })
        .count();
    f64::from(u32::try_from(rejected).unwrap()) / f64::from(runs)
}

fn drawn(stream: &mut Stream, p: f64, repeats: usize) -> Vec<f64> {
    (0..repeats).map(|_| f64::from(u8::from(stream.unit() < p))).collect()
}

fn observed(rows: Vec<Vec<f64>>) -> Vec<Vec<Observation>> {
    let row = |row: Vec<f64>| row.into_iter().map(Observation::Value).collect();
    rows.into_iter().map(row).collect()
}

#[test]
fn over_repeats_a_true_null_is_rejected_as_seldom_as_it_says() {
    const RUNS: u32 = 1_000;
    // Both sides have the same items, hard and easy ones, dealt otherwise.
    type Right = fn(usize) -> f64;
    let kinds: [(&str, Right); 3] = [
        ("hard and easy", |i| if i % 3 == 0 { 0.1 } else { 0.97 }),
        ("even", |_| 0.8),
        ("few uncertain", |i| if i % 10 == 0 { 0.5 } else { f64::from(i % 2 == 0) }),
    ];
    for (name, p) in kinds {
        for repeats in [2, 4] {
            let rate = rejections(RUNS, |stream| {
                let mut side = |shift: usize| {
                    let each =
                        (0..50).map(|i| drawn(stream, p((i + shift) % 50), repeats));
                    observed(each.collect())
                };
                let (a, b) = (side(0), side(7));
                let mut asked = experiment(
                    Scale::Binary,
                    u32::try_from(repeats).unwrap(),
                    vec![claim(Scale::Binary)],
                );
                asked.hypotheses[0].over = Over::Repeats;
                asked.conditions.truncate(2);
                let found = analyse(&asked, &Table(vec![a, b]), &History::default());
                found.unwrap().hypotheses["h1"].p
            });
            assert!(rate <= limit(0.065, RUNS), "{name}, {repeats} repeats: {rate}");
        }
    }
}

#[test]
fn with_items_of_its_own_on_each_side_a_true_null_is_rejected_as_seldom_as_it_says() {
    const RUNS: u32 = 400;
    for p in [0.6, 0.9] {
        let rate = rejections(RUNS, |stream| {
            // Half of the items are easy, the repeats of an item alike.
            let mut side = |n: usize| -> Vec<Vec<f64>> {
                (0..n)
                    .map(|_| {
                        let own = if stream.unit() < 0.5 { 1.0 } else { 2.0 * p - 1.0 };
                        drawn(stream, own, 3)
                    })
                    .collect()
            };
            let table = unpaired(&[side(50), side(30)]);
            analysed(Scale::Binary, 3, &table).hypotheses["h1"].p
        });
        assert!(rate <= limit(0.065, RUNS), "shares around {p}: {rate}");
    }
    // Costs that are mostly nought, else log-normal.
    let rate = rejections(RUNS, |stream| {
        let mut side = |n: usize| -> Vec<Vec<f64>> {
            let mut cost = || {
                if stream.unit() < 0.5 { 0.0 } else { (0.8 * stream.normal()).exp() }
            };
            (0..n).map(|_| vec![cost()]).collect()
        };
        let table = unpaired(&[side(100), side(100)]);
        analysed(Scale::Money, 1, &table).hypotheses["h1"].p
    });
    assert!(rate <= limit(0.065, RUNS), "costs: {rate}");
}

#[test]
fn a_claim_of_one_condition_is_the_same_in_either_design() {
    let table = unpaired(&[vec![vec![1.0]; 12], vec![vec![0.0]; 8]]);
    let share = || of(Condensed::Mean, "a", Scale::Binary);
    let half = Estimand::Constant(crucible::base::Quantity::new(
        0.5,
        crucible::base::Unit::Fraction,
    ));
    let mut asked = experiment(Scale::Binary, 1, vec![greater(share(), half)]);
    asked.conditions.truncate(2);
    let paired = analyse(&asked, &table, &History::default()).unwrap();
    asked.header.design = Design::Unpaired;
    let own = analyse(&asked, &table, &History::default()).unwrap();
    assert_eq!(paired.hypotheses["h1"], own.hypotheses["h1"]);
    assert_eq!(own.hypotheses["h1"].test, "exact binomial");
}
