//! Every number of a run by name, as it is printed and as it is.

use indexmap::IndexMap;

use crate::analysis::{
    FamilyPairs, Findings, HypothesisFindings, MetricFindings, SlicedFindings,
};
use crate::report::facts::RunFacts;
use crate::report::round;
use crate::spec::{Experiment, Scale};

/// What stands for the run itself, where other numbers have the name of a condition or a
/// hypothesis. It is no name of the language.
const RUN: &str = "the-run";

/// One number, or one word, of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// What it is of: a condition, a hypothesis, a pair, a slice, or `the-run`.
    pub of: String,
    /// What it is: `p`, `estimate`, a metric.
    pub key: String,
    /// As it is printed.
    pub shown: String,
    /// The forms in which a text may print it: a fraction as a share and as percent, a
    /// duration in seconds and in milliseconds. Empty for a word.
    pub values: Vec<f64>,
    /// Whether it is a p-value, which a text may print as a bound.
    pub is_p: bool,
}

/// Returns every number of a run, in the order of its file.
#[must_use]
pub fn numbers(
    experiment: &Experiment,
    facts: &RunFacts,
    findings: &Findings,
) -> Vec<Number> {
    let mut list = List::default();
    run(&mut list, experiment, facts);
    for (name, found) in &findings.conditions {
        list.count(name, "n-trials", u64::from(found.trials));
        list.count(name, "n-failed", u64::from(found.failed));
        for (metric, found) in &found.metrics {
            of_metric(&mut list, name, metric, found);
        }
    }
    for (name, found) in &findings.hypotheses {
        hypothesis(&mut list, name, found);
    }
    findings.pairs.iter().for_each(|family| pairs(&mut list, family));
    findings.slices.iter().for_each(|sliced| slices(&mut list, sliced));
    list.numbers.into_values().collect()
}

/// The numbers by their two names; the first of a name stands.
#[derive(Debug, Default)]
struct List {
    numbers: IndexMap<(String, String), Number>,
}

impl List {
    fn put(&mut self, of: &str, key: &str, shown: String, values: Vec<f64>) {
        let (of, key) = (name(of), name(key));
        let is_p = key == "p" || key.ends_with("-p") || key.ends_with("p-adjusted");
        let number = Number { of: of.clone(), key: key.clone(), shown, values, is_p };
        self.numbers.entry((of, key)).or_insert(number);
    }

    fn word(&mut self, of: &str, key: &str, word: &str) {
        if !word.is_empty() {
            self.put(of, key, word.to_owned(), Vec::new());
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn count(&mut self, of: &str, key: &str, count: u64) {
        self.put(of, key, round::count(count), vec![count as f64]);
    }

    fn value(&mut self, of: &str, key: &str, value: f64, scale: Scale) {
        self.put(of, key, round::value(value, scale), forms(value, scale));
    }

    fn plain(&mut self, of: &str, key: &str, value: f64) {
        self.put(of, key, round::significant(value, 4), vec![value]);
    }

    fn share(&mut self, of: &str, key: &str, value: f64) {
        self.put(of, key, round::percent(value), forms(value, Scale::Fraction));
    }

    fn p(&mut self, of: &str, key: &str, value: f64) {
        self.put(of, key, round::p(value), vec![value]);
    }

    /// Puts a value with the ends of its interval.
    fn between(
        &mut self,
        of: &str,
        key: &str,
        ends: Option<[f64; 2]>,
        shown: impl Fn(f64) -> (String, Vec<f64>),
    ) {
        let Some([low, high]) = ends else { return };
        let ((low, low_forms), (high, high_forms)) = (shown(low), shown(high));
        let prefix = if key.is_empty() { String::new() } else { format!("{key}-") };
        self.put(of, &format!("{prefix}low"), low.clone(), low_forms);
        self.put(of, &format!("{prefix}high"), high.clone(), high_forms);
        self.word(of, &format!("{prefix}ci"), &format!("[{low}, {high}]"));
    }
}

/// Returns a name that a macro's argument can hold as it is.
fn name(text: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || " _.:=,[]()+-/@\"".contains(c) { c } else { '?' }
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().map(safe).collect()
}

/// Returns the forms in which a text may print a value.
fn forms(value: f64, scale: Scale) -> Vec<f64> {
    match scale {
        Scale::Binary | Scale::Fraction => vec![value * 100.0, value],
        Scale::Duration => vec![value, value * 1e3, value * 1e6, value / 60.0],
        Scale::Money => vec![value, value * 100.0],
        Scale::Ordinal | Scale::Continuous | Scale::Count => vec![value],
    }
}

fn run(list: &mut List, experiment: &Experiment, facts: &RunFacts) {
    let counts = [
        ("items", u64::from(facts.items)),
        ("conditions", experiment.conditions.len() as u64),
        ("hypotheses", experiment.hypotheses.len() as u64),
        ("repeats", u64::from(experiment.header.repeats)),
        ("trials", facts.trials.planned),
        ("done", facts.trials.done),
        ("failed", facts.trials.failed),
        ("calls", facts.calls.calls),
        ("cached", facts.calls.cached),
        ("retries", facts.calls.retries),
        ("tokens-in", facts.calls.tokens_in),
        ("tokens-out", facts.calls.tokens_out),
        ("unknown-cost", facts.calls.unknown_cost),
    ];
    for (key, count) in counts {
        list.count(RUN, key, count);
    }
    if let Some(part) = &facts.selection {
        list.count(RUN, "all-items", u64::from(part.of_items));
    }
    list.value(RUN, "cost", facts.calls.cost_usd, Scale::Money);
    #[expect(clippy::cast_precision_loss, reason = "a text prints no more digits")]
    list.put(RUN, "seed", facts.seed.to_string(), vec![facts.seed as f64]);
    list.word(RUN, "version", &facts.version);
    list.word(RUN, "digest", &facts.digest);
}

fn of_metric(list: &mut List, of: &str, metric: &str, found: &MetricFindings) {
    let scale = found.scale;
    if let Some(mean) = found.mean {
        list.value(of, metric, mean, scale);
        list.between(of, metric, found.ci, |end| {
            (round::value(end, scale), forms(end, scale))
        });
    }
    list.count(of, &format!("{metric}-n"), u64::from(found.n));
    list.count(of, &format!("{metric}-items"), u64::from(found.n_items));
    if found.unscored > 0 {
        list.count(of, &format!("{metric}-unscored"), u64::from(found.unscored));
    }
    for (quantile, value) in &found.quantiles {
        list.value(of, &format!("{metric}-{quantile}"), *value, scale);
    }
    if let Some(share) = found.components.as_ref().and_then(|split| split.item_share) {
        list.share(of, &format!("{metric}-item-share"), share);
    }
}

fn hypothesis(list: &mut List, of: &str, found: &HypothesisFindings) {
    let scale = found.scale;
    let shown = |value: f64| {
        let text = if found.is_level {
            round::value(value, scale)
        } else {
            round::difference(value, scale)
        };
        (text, forms(value, scale))
    };
    list.word(of, "verdict", found.verdict.word());
    list.word(of, "test", &found.test);
    if let Some(estimate) = found.estimate {
        let (text, values) = shown(estimate);
        list.put(of, "estimate", text, values);
    }
    list.between(of, "", found.ci, shown);
    list.share(of, "level", found.interval_level);
    list.share(of, "alpha", found.alpha);
    list.p(of, "p", found.p);
    if let Some(p) = found.p_adjusted {
        list.p(of, "p-adjusted", p);
    }
    if let Some(statistic) = found.statistic {
        list.plain(of, "statistic", statistic);
    }
    if let Some(df) = found.df {
        list.plain(of, "df", df);
    }
    if let Some(effect) = &found.effect_size {
        list.word(of, "effect-name", &effect.name);
        if let Some(value) = effect.value {
            list.put(of, "effect", round::significant(value, 3), vec![value]);
            list.between(of, "effect", effect.ci, |end| {
                (round::significant(end, 3), vec![end])
            });
        }
    }
    if let Some(ratio) = &found.ratio {
        list.plain(of, "ratio", ratio.value);
        list.between(of, "ratio", ratio.ci, |end| {
            (round::significant(end, 4), vec![end])
        });
    }
    list.count(of, "items", u64::from(found.n_items));
    list.count(of, "units", u64::from(found.n_units));
    if let Some(pairs) = &found.pairs {
        list.count(of, "both", pairs.both);
        list.count(of, "only-left", pairs.only_left);
        list.count(of, "only-right", pairs.only_right);
        list.count(of, "neither", pairs.neither);
    }
    if let Some(runner_up) = &found.runner_up {
        list.word(of, "runner-up", &runner_up.test);
        list.p(of, "runner-up-p", runner_up.p);
    }
}

fn pairs(list: &mut List, family: &FamilyPairs) {
    for pair in &family.pairs {
        let of = format!("{} vs {}", pair.left, pair.right);
        let key = |what: &str| format!("{}-{what}", family.metric);
        let shown = |value: f64| {
            (round::difference(value, family.scale), forms(value, family.scale))
        };
        if let Some(estimate) = pair.estimate {
            let (text, values) = shown(estimate);
            list.put(&of, &key("estimate"), text, values);
        }
        list.between(&of, &family.metric, pair.ci, shown);
        list.p(&of, &key("p"), pair.p);
        list.p(&of, &key("p-adjusted"), pair.p_adjusted);
    }
}

fn slices(list: &mut List, sliced: &SlicedFindings) {
    for slice in &sliced.slices {
        let place = format!("{}={}", sliced.column, slice.value);
        list.count(&place, "items", u64::from(slice.items));
        for (condition, metrics) in &slice.conditions {
            for (metric, found) in metrics {
                of_metric(list, &format!("{condition}@{place}"), metric, found);
            }
        }
        for (name, found) in &slice.hypotheses {
            let of = format!("{name}@{place}");
            list.p(&of, "p", found.p);
            list.p(&of, "p-adjusted", found.p_adjusted);
            list.count(&of, "items", u64::from(found.n_items));
        }
    }
}
