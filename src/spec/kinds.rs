//! Signatures of what stands in a file itself: its kinds with their fields, and the
//! functions of claims.
//!
//! The parameter [`RIGHT_SIDE`] of a kind is what stands after its `=`; the others are the
//! fields between its braces, or, for a `metric`, arguments that its scorer does not know.

use crate::base::Unit;
use crate::spec::call::Call;
use crate::spec::signature::{Complaint, Fallback, Param, Signature, Type};
use crate::spec::stop::STOP;

/// The name of the parameter of a kind that stands after its `=`.
pub const RIGHT_SIDE: &str = "=";

/// The formats of a report.
pub const FORMATS: &[&str] = &["markdown", "html", "json", "latex", "jupyter"];

/// The kinds of definition, each with its fields.
pub const KINDS: &[Signature] = &[
    EXPERIMENT, MODEL, DATASET, PROMPT, CONDITION, STRATEGY, METRIC, HYPOTHESIS, REPORT,
    SCRIPT, LET, USE,
];

/// The functions that may stand in a claim.
pub const CLAIM_FUNCTIONS: &[Signature] =
    &[MEAN, MEDIAN, SD, SUM, P50, P90, P95, P99, QUANTILE, TREND, EFFECT, CORRELATION];

const EXPERIMENT: Signature = Signature::new(
    "experiment",
    Type::Definition,
    "The header of a file that is run; exactly one stands in it.",
)
.with_details(
    "The fields `budget`, `timeout`, `concurrency` and `max_failures` say how the work is \
     done; changing them continues the run that was begun. So do the hooks, closures that \
     are called as a run goes: `log(text)` in one writes a line to stderr and into the \
     run's events, and what one decides of a trial stands in the store and in the report. A \
     hook has the caps of every closure. One that fails is told once, with its place, and \
     changes nothing; only a `before_experiment` that fails stops the run, before anything \
     is spent.\n\n\
     A `run` is a map of `name`, `planned`, `done`, `failed`, `reused`, `spent` (in \
     dollars) and `seconds`, and at the end `complete`; a `trial` is one of `id`, `item`, \
     `condition` and `repeat`, after it was scored with `scores`; an `error` is one of \
     `kind`, `message` and `attempts`.",
)
.with_params(&[
    Param::optional("authors", Type::List(&Type::Text), "Who wrote it."),
    Param::default(
        "seed",
        Type::Count,
        Fallback::Quantity(0.0, Unit::One),
        "The seed of every random choice.",
    ),
    Param::default(
        "repeats",
        Type::Count,
        Fallback::Quantity(1.0, Unit::One),
        "Trials for each item and condition.",
    ),
    Param::optional("budget", Type::Money, "The most that a run may spend.")
        .operational(),
    Param::optional("timeout", Type::Duration, "How long one call may take.")
        .operational(),
    Param::default(
        "concurrency",
        Type::Count,
        Fallback::Quantity(32.0, Unit::One),
        "Trials under way at once; a model's own limits hold back its calls.",
    )
    .operational(),
    Param::optional(
        "dataset",
        Type::Dataset,
        "Whose items are asked; needed where the file has several datasets.",
    ),
    Param::default(
        "max_failures",
        Type::Fraction,
        Fallback::Quantity(0.1, Unit::Fraction),
        "The share of trials that may fail before the run stops as incomplete.",
    )
    .operational(),
    Param::default(
        "correction",
        Type::Choice(&["holm", "bonferroni", "none"]),
        Fallback::Word("holm"),
        "How the p-values of the file's hypotheses are corrected for their number.",
    ),
    Param::optional(
        "cluster",
        Type::Text,
        "The column of the dataset that groups items into independent units.",
    ),
    Param::default(
        "design",
        Type::Choice(&["paired", "unpaired"]),
        Fallback::Word("paired"),
        "Whether each item is asked under all conditions, or under one that the keyed order deals out.",
    ),
    STOP,
    Param::optional(
        "before_experiment",
        Type::Function(&["run"]),
        "Is called before the first trial of a session; throwing there stops the run.",
    )
    .operational(),
    Param::optional(
        "after_experiment",
        Type::Function(&["run"]),
        "Is called when a session ends, however it does.",
    )
    .operational(),
    Param::optional(
        "before_trial",
        Type::Function(&["trial"]),
        "Is called before a trial: `()` or `true` lets it go on, `false` or a text with the \
         reason skips it. A skipped trial is recorded as failed, of the kind `skipped`; it \
         does not count towards `max_failures`.",
    )
    .operational(),
    Param::optional(
        "after_trial",
        Type::Function(&["trial", "output"]),
        "Is called after a trial is scored, if it did not fail. It cannot change the output.",
    )
    .operational(),
    Param::optional(
        "on_error",
        Type::Function(&["error", "trial"]),
        "Is asked when a trial failed. `\"retry\"` runs it again from its start, three times \
         at most; `\"skip\"` records it as `skipped`, which does not count towards \
         `max_failures`; `\"abort\"` stops the run and leaves the trial to the next one; \
         `()` records the failure. It is not asked where the budget, the network or the \
         user ended the trial.",
    )
    .operational(),
])
.with_check(check_experiment)
.with_example(
    "experiment voting \"Does a vote help?\" {\n    seed:    42\n    repeats: 3\n    budget:  $5.00\n}",
);

const MODEL: Signature =
    Signature::new("model", Type::Definition, "Something that answers a prompt.")
        .with_params(&[Param::required(
            RIGHT_SIDE,
            Type::Model,
            "The call of a provider, or another model.",
        )])
        .with_example("model mini = openai(\"gpt-4o-mini\") { temperature: 0 }");

const DATASET: Signature = Signature::new(
    "dataset",
    Type::Definition,
    "The items that are asked.",
)
.with_params(&[Param::required(
    RIGHT_SIDE,
    Type::Dataset,
    "The call of a source, or another dataset.",
)])
.with_example(
    "dataset sums = items(100, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })",
);

const PROMPT: Signature = Signature::new(
    "prompt",
    Type::Definition,
    "What is sent to a model for an item: a template, or fields.",
)
.with_details(
    "Templates name columns of the item in double braces: `{{ input }}`, `{{ meta.topic }}`.",
)
.with_params(&[
    Param::optional(RIGHT_SIDE, Type::Template, "The template, when there is no more."),
    Param::optional("template", Type::Template, "The template of the last message."),
    Param::optional("system", Type::Template, "The system text."),
    Param::optional(
        "examples",
        Type::List(&Type::Map),
        "Examples sent before it, each `{ input: \"…\", output: \"…\" }`.",
    ),
])
.with_example(
    "prompt coached {\n    system:   \"You are a patient teacher.\"\n    template: \"{{ input }}\"\n}",
);

const CONDITION: Signature = Signature::new(
    "condition",
    Type::Definition,
    "A named strategy: what is compared with others.",
)
.with_details(
    "With `[v in list, w in 1..=5]` after the name it is a family: one condition for each \
     combination of values, named by them: `panel[3]`, `grid[strong, direct]`.",
)
.with_params(&[Param::required(
    RIGHT_SIDE,
    Type::Strategy,
    "The strategy; a model stands for `ask(model)`.",
)])
.with_example("condition panel[n in 1..=5] = vote(repeat(mini, n), by: majority)");

const STRATEGY: Signature = Signature::new(
    "strategy",
    Type::Definition,
    "A strategy of one's own, written in Rhai.",
)
.with_details(
    "The closure gets `ctx` and the item, and the strategy's own parameters by name. \
     `ctx.ask(model, prompt)` asks a model, `ctx.run(strategy, item)` runs a strategy; what \
     the closure returns is the output. A trial of it makes at most 1,000 calls, or ten times \
     what a parameter `calls` declares, where that is more.",
)
.with_params(&[Param::required(
    RIGHT_SIDE,
    Type::Function(&["ctx", "item"]),
    "What it does.",
)])
.with_example("strategy twice(model, times: 2) = |ctx, item| ctx.ask(model, item.input)");

const METRIC: Signature = Signature::new(
    "metric",
    Type::Definition,
    "A score for each trial.",
)
.with_params(&[
    Param::required(RIGHT_SIDE, Type::Scorer, "The call of a scorer."),
    Param::optional(
        "missing",
        Type::Choice(&["wrong", "drop"]),
        "What a failed trial counts as: 0, or left out with its pair. Without it, 0 \
                 on a fraction and left out elsewhere.",
    ),
    Param::optional(
        "by",
        COLUMNS,
        "The columns of the dataset by whose values the metric, and each hypothesis that speaks of it, is shown as well.",
    ),
])
.with_example("metric correct = exact_match(extract: last_number)");

/// One column of the dataset, or a list of them.
const COLUMNS: Type = Type::OneOf(&[Type::Text, Type::List(&Type::Text)]);

const HYPOTHESIS: Signature = Signature::new(
    "hypothesis",
    Type::Definition,
    "A claim and how it is to be tested.",
)
.with_params(&[
    Param::required("claim", Type::Claim, "The sentence that is tested."),
    Param::default(
        "alpha",
        Type::Fraction,
        Fallback::Quantity(0.05, Unit::Fraction),
        "The level of the test.",
    ),
    Param::optional("power", Type::PowerGoal, "The power wanted, and for which effect."),
    Param::default(
        "alternative",
        Type::Choice(&["two_sided", "one_sided"]),
        Fallback::Word("two_sided"),
        "Whether it can be refuted as well, or only supported.",
    ),
    Param::default(
        "over",
        Type::Choice(&["items", "repeats"]),
        Fallback::Word("items"),
        "Of what it speaks: of items like these, or of these items asked again and again, which needs two repeats.",
    ),
    Param::optional(
        "test",
        Type::Text,
        "The test that the claim is to get, in quotes; refused where another follows from scale and design, so it is a word of caution to oneself. There are `\"exact McNemar\"` (or `\"mcnemar\"`), `\"Tango score\"` (`\"tango\"`), `\"CR2-t with pseudo-items\"`, `\"CR2-t\"`, `\"CR2-t and studentised bootstrap\"` (each also `\"t\"`), `\"exact binomial\"` (`\"binomial\"`), `\"score with effective sample size\"` (`\"score\"`), `\"percentile bootstrap\"` (`\"bootstrap\"`), `\"Miettinen-Nurminen score\"` (`\"score\"`), `\"Welch\"`, `\"Welch with pseudo-items\"`, `\"Welch and studentised bootstrap\"` (each also `\"welch\"`), `\"t over repeats\"`, `\"binomial test of the quantile\"` (`\"quantile\"`), `\"BCa bootstrap\"` (`\"bca\"`), `\"Hotelling's T² or within-item permutation F\"` (`\"omnibus\"`), `\"Fisher z\"` (`\"pearson\"`, `\"spearman\"`) under `stop: decided` `\"betting test\"` (`\"betting\"`) and `\"auto\"`.",
    ),
])
.with_check(check_hypothesis)
.with_example(
    "hypothesis better \"The vote is more accurate\" {\n    claim: vote.correct > single.correct + 2pp\n    power: 80% to detect 5pp\n}",
);

const REPORT: Signature =
    Signature::new("report", Type::Definition, "What is rendered when a run ends.")
        .with_params(&[
            Param::optional(
                "formats",
                Type::List(&Type::Choice(FORMATS)),
                "The formats; Markdown where nothing is said.",
            ),
            Param::optional(
                "by",
                COLUMNS,
                "The columns of the dataset by whose values every metric and hypothesis is shown as well.",
            ),
            Param::optional(
                "pairs",
                Type::List(&Type::Estimand),
                "Families with a metric, `panel.correct`: every pair of members is compared.",
            ),
            Param::optional(
                "template",
                Type::Text,
                "A template of your own, beside this file: `paper.tex.tera`, `paper.md.tera` or `paper.html.tera`, rendered as `paper.tex` and so on into the run's folder. The ending before `.tera` says how text is escaped; without one it is Markdown. `crucible-run doc report` lists what it may show.",
            )
            .operational(),
            Param::optional(
                "sections",
                Type::List(&Type::Function(&["findings"])),
                "Sections of your own, in every format: each closure takes the document of `--format json` and returns a map of `title`, `text`, and of a table `columns` and `rows`; or a text alone, or `()` for no section.",
            )
            .operational(),
        ])
        .with_example("report {\n    formats: [markdown, json]\n    by:      \"topic\"\n    pairs:   [panel.correct]\n}");

const SCRIPT: Signature = Signature::new(
    "script",
    Type::Definition,
    "Rhai functions that every closure of the file sees.",
)
.with_details(
    "They stand between braces, or in a file of their own: `script = \"lib.rhai\"`.",
)
.with_params(&[Param::required(RIGHT_SIDE, Type::Text, "The path of a file of Rhai.")])
.with_example("script {\n    fn double(n) { 2 * n }\n}");

const LET: Signature = Signature::new("let", Type::Definition, "A name for a value.")
    .with_params(&[Param::required(RIGHT_SIDE, Type::Any, "The value.")])
    .with_example("let latency = lognormal(median: 20ms, p99: 120ms)");

const USE: Signature = Signature::new(
    "use",
    Type::Definition,
    "Names from the program's own library or from another file.",
)
.with_details(
    "`use std::prompts::step_by_step` brings one name, `use std::prompts` all of them; `use \
     \"models.crucible\"` brings what that file defines, not what it used.",
)
.with_example("use std::prompts::step_by_step");

const SAMPLE: Param =
    Param::required("x", Type::Estimand, "A sample: `condition.metric`.");

const fn of_sample(name: &'static str, doc: &'static str) -> Signature {
    Signature::new(name, Type::Estimand, doc).with_params(&[SAMPLE])
}

const MEAN: Signature =
    of_sample("mean", "The mean over items; what a bare `condition.metric` stands for.")
        .with_example("mean(vote.cost) <= 4 * mean(single.cost)");
/// What is said of a quantile.
const AGAINST_ANOTHER: &str = "It is compared with that of another condition, `p90(a.latency) < 2 * p90(b.latency)`, or with a number, `p90(a.latency) < 2s`.";

const MEDIAN: Signature = of_sample("median", "The median over trials.")
    .with_details(AGAINST_ANOTHER)
    .with_example("median(vote.latency) < median(single.latency)");
const SD: Signature = of_sample("sd", "The standard deviation over items.")
    .with_example("sd(vote.latency) < sd(single.latency)");
const SUM: Signature = of_sample("sum", "The number of items times the mean.")
    .with_example("sum(hedged.requests) <= 115% * sum(plain.requests)");
const P50: Signature = of_sample("p50", "The 50th percentile.")
    .with_details(AGAINST_ANOTHER)
    .with_example("p50(vote.latency) < p50(single.latency)");
const P90: Signature = of_sample("p90", "The 90th percentile.")
    .with_details(AGAINST_ANOTHER)
    .with_example("p90(vote.latency) > p90(single.latency)");
const P95: Signature = of_sample("p95", "The 95th percentile.")
    .with_details(AGAINST_ANOTHER)
    .with_example("p95(vote.latency) < p95(single.latency)");
const P99: Signature = of_sample("p99", "The 99th percentile.")
    .with_details(AGAINST_ANOTHER)
    .with_example("p99(hedged.latency) <= 50% * p99(plain.latency)");
const QUANTILE: Signature =
    Signature::new("quantile", Type::Estimand, "The quantile of the order given.")
        .with_params(&[
            SAMPLE,
            Param::required("q", Type::Fraction, "The order, between 0% and 100%."),
        ])
        .with_details(AGAINST_ANOTHER)
        .with_example("quantile(vote.latency, 75%) < quantile(single.latency, 75%)");
const TREND: Signature = Signature::new(
    "trend",
    Type::Estimand,
    "The least-squares slope of a metric over a variable of a family, per unit of it.",
)
.with_params(&[
    Param::required("x", Type::Estimand, "A family's sample: `panel.correct`."),
    Param::required("over", Type::Any, "The family's variable."),
])
.with_example("trend(panel.correct, n) > 0");
const EFFECT: Signature = Signature::new(
    "effect",
    Type::Estimand,
    "The effect of a variable of a family: with two values the last minus the first, with \
     more whether any differs.",
)
.with_details("With two values it is the last less the first, averaged over the other factors. With three and more the claim asks whether they differ at all, and is written `> 0`.")
.with_params(&[
    Param::required("factor", Type::Any, "The family's variable."),
    Param::required("x", Type::Estimand, "A family's sample: `grid.correct`."),
])
.with_example("effect(m, grid.correct) > 0");
const CORRELATION: Signature =
    Signature::new("correlation", Type::Estimand, "The correlation of two samples.")
        .with_params(&[
            Param::required("x", Type::Estimand, "A sample: `condition.metric`."),
            Param::required("y", Type::Estimand, "Another."),
        ])
        .with_example("correlation(vote.correct, vote.cost) > 0");

fn complain(param: &'static str, message: &str, help: &str) -> Complaint {
    Complaint {
        param: Some(param),
        message: message.to_owned(),
        help: Some(help.to_owned()),
    }
}

fn check_experiment(call: &Call) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let most = u64::from(u32::MAX);
    for (name, example) in [("repeats", "repeats: 3"), ("concurrency", "concurrency: 32")]
    {
        if call.count(name).is_none_or(|n| n == 0 || n > most) {
            let param = if name == "repeats" { "repeats" } else { "concurrency" };
            let message = format!("`{name}` is at least 1 and at most {most}");
            complaints.push(complain(param, &message, &format!("write `{example}`")));
        }
    }
    if call.number("max_failures").is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        complaints.push(complain(
            "max_failures",
            "`max_failures` lies between 0% and 100%",
            "write `max_failures: 10%`",
        ));
    }
    if call.number("timeout").is_some_and(|seconds| seconds <= 0.0) {
        complaints.push(complain(
            "timeout",
            "a `timeout` of nothing lets no call end",
            "write `timeout: 30s`",
        ));
    }
    if call.count("seed").is_none() {
        complaints.push(complain(
            "seed",
            "a `seed` is a whole number below 9,000,000,000,000,000",
            "write `seed: 42`",
        ));
    }
    complaints
}

fn check_hypothesis(call: &Call) -> Vec<Complaint> {
    if call.number("alpha").is_none_or(|alpha| alpha > 0.0 && alpha < 1.0) {
        return Vec::new();
    }
    vec![complain(
        "alpha",
        "`alpha` lies between 0% and 100%, both left out",
        "write `alpha: 5%`",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_has_documentation_and_an_example() {
        for signature in KINDS.iter().chain(CLAIM_FUNCTIONS) {
            assert!(!signature.doc.is_empty(), "{}", signature.name);
            assert!(!signature.example.is_empty(), "{}", signature.name);
            for param in signature.params {
                assert!(param.doc.ends_with('.'), "{}.{}", signature.name, param.name);
            }
        }
    }

    #[test]
    fn names_of_kinds_and_functions_do_not_repeat() {
        let mut names: Vec<_> =
            KINDS.iter().chain(CLAIM_FUNCTIONS).map(|signature| signature.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
