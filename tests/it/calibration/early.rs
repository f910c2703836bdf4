//! Error rates of runs that stop early, through the analysis alone.

use crucible::analysis::{Findings, History, Verdict, analyse};
use crucible::base::Stream;
use crucible::spec::{Claim, Condensed, Scale, StopRule};
use rayon::prelude::*;

use super::{Table, experiment, greater, limit, of, once};

const ITEMS: u32 = 200;
const FIVE: StopRule = StopRule::Sequential { looks: 5, even: false };

fn side(name: &str) -> crucible::spec::Estimand {
    of(Condensed::Mean, name, Scale::Binary)
}

fn run(stop: StopRule, claims: Vec<Claim>, table: &Table) -> Findings {
    let mut experiment = experiment(Scale::Binary, 1, claims);
    experiment.header.stop = Some(stop);
    analyse(&experiment, table, &History::default()).unwrap()
}

/// Right and wrong answers under three conditions that are right this often; items differ.
fn table(stream: &mut Stream, shares: [f64; 3]) -> Table {
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ITEMS {
        let hard = stream.unit();
        for (column, share) in columns.iter_mut().zip(shares) {
            // Half of the items are as hard for each condition, the others are their own.
            let own = stream.unit();
            let luck = if stream.unit() < 0.5 { hard } else { own };
            column.push(f64::from(u8::from(luck < share)));
        }
    }
    Table(columns.map(once).into())
}

#[derive(Default)]
struct Rates {
    conclusive: u32,
    missed: u32,
    early: u32,
}

fn rates(stop: StopRule, shares: [f64; 3], runs: u32) -> Rates {
    let one = |run_index: u32| {
        let mut stream = Stream::new(u64::from(run_index), "early");
        let table = table(&mut stream, shares);
        let h = &run(stop, vec![greater(side("a"), side("b"))], &table).hypotheses["h1"];
        let truth = shares[0] - shares[1];
        let missed = |ci: [f64; 2]| truth < ci[0] - 1e-12 || truth > ci[1] + 1e-12;
        Rates {
            conclusive: u32::from(h.verdict != Verdict::Inconclusive),
            missed: u32::from(h.ci.is_some_and(missed)),
            early: u32::from(h.decided_after.is_some_and(|n| n < ITEMS)),
        }
    };
    let sum = |a: Rates, b: Rates| Rates {
        conclusive: a.conclusive + b.conclusive,
        missed: a.missed + b.missed,
        early: a.early + b.early,
    };
    (0..runs).into_par_iter().map(one).reduce(Rates::default, sum)
}

#[test]
fn looking_all_the_time_at_a_true_null_errs_at_most_at_the_level() {
    let runs = 1_000;
    let found = rates(StopRule::Decided, [0.7, 0.7, 0.7], runs);
    let most = limit(0.05, runs) * f64::from(runs);
    assert!(f64::from(found.conclusive) <= most, "{}", found.conclusive);
    assert!(f64::from(found.missed) <= most, "{}", found.missed);
}

#[test]
fn five_looks_at_a_true_null_err_at_most_at_the_level() {
    let runs = 1_000;
    let found = rates(FIVE, [0.7, 0.7, 0.7], runs);
    let most = limit(0.05, runs) * f64::from(runs);
    assert!(f64::from(found.conclusive) <= most, "{}", found.conclusive);
    assert!(f64::from(found.missed) <= most, "{}", found.missed);
}

#[test]
fn a_large_difference_is_found_early_and_its_interval_still_holds() {
    for stop in [StopRule::Decided, FIVE] {
        let runs = 300;
        let found = rates(stop, [0.95, 0.5, 0.5], runs);
        assert!(found.early > runs * 9 / 10, "{stop:?}: {}", found.early);
        let most = limit(0.05, runs) * f64::from(runs);
        assert!(f64::from(found.missed) <= most, "{stop:?}: {}", found.missed);
    }
}

#[test]
fn the_family_errs_at_most_at_the_level_when_one_of_two_claims_is_true() {
    let runs = 500;
    let mut stream = Stream::new(12, "early family");
    let mut wrong = 0;
    for _ in 0..runs {
        let table = table(&mut stream, [0.9, 0.6, 0.6]);
        let claims = vec![greater(side("a"), side("b")), greater(side("b"), side("c"))];
        let found = run(StopRule::Decided, claims, &table);
        wrong += u32::from(found.hypotheses["h2"].verdict != Verdict::Inconclusive);
    }
    assert!(f64::from(wrong) <= limit(0.05, runs) * f64::from(runs), "{wrong}");
}

#[test]
fn what_came_after_the_deciding_look_is_in_no_number() {
    let mut stream = Stream::new(13, "early tail");
    let whole = table(&mut stream, [0.95, 0.4, 0.4]);
    let claims = || vec![greater(side("a"), side("b"))];
    let found = run(StopRule::Decided, claims(), &whole);
    let n = found.hypotheses["h1"].decided_after.unwrap();
    assert!(n < ITEMS / 2, "{n}");
    // The same items with the later ones of the order spoilt.
    let order = crucible::base::ItemOrder::new(1, ITEMS).items;
    let mut spoilt = Table(whole.0.clone());
    for rank in n..ITEMS {
        let item = usize::try_from(order.at(u64::from(rank))).unwrap();
        for column in &mut spoilt.0[..2] {
            column[item] = vec![crucible::record::Observation::Failed];
        }
    }
    let after = run(StopRule::Decided, claims(), &spoilt);
    assert_eq!(after.hypotheses, found.hypotheses);
    assert_eq!(after.conditions["a"].metrics["y"], found.conditions["a"].metrics["y"]);
    assert_eq!(found.conditions["a"].stopped_after, Some(n));
    assert_eq!(found.conditions["c"].stopped_after, None);
}

#[test]
fn a_paired_design_of_one_look_less_is_not_another_test() {
    // With sequential looks the last one is nearly the ordinary test.
    let mut stream = Stream::new(14, "early last");
    let table = table(&mut stream, [0.7, 0.64, 0.6]);
    let claims = vec![greater(side("a"), side("b"))];
    let h = run(FIVE, claims.clone(), &table).hypotheses["h1"].clone();
    let plain = super::run(Scale::Binary, 1, claims, &table).hypotheses["h1"].clone();
    assert_eq!(h.decided_after, None);
    assert!(h.p >= plain.p && h.p <= 1.6 * plain.p + 0.05, "{} and {}", h.p, plain.p);
    assert_eq!(h.estimate, plain.estimate);
    let (wide, narrow) = (h.ci.unwrap(), plain.ci.unwrap());
    assert!(wide[0] <= narrow[0] && wide[1] >= narrow[1]);
}
