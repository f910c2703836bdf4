//! Codes from the middle of the alphabet to `within`.

use crate::diag::Explanation;

use super::of;

pub(super) const SECOND: &[Explanation] = &[
    of(
        "check::reserved_name",
        "a name of the language",
        "Strategies share their space with the calls of the catalogue, metrics with the measures that every trial has.",
        "metric latency = exact_match()\n\n// Better:\nmetric my_latency = exact_match()\n",
    ),
    of(
        "check::script",
        "a mistake in Rhai",
        "The text is not Rhai. The place is that in this file.",
        "metric m = score(|output, item| output.text ==)\n\n// Better:\nmetric m = score(|output, item| output.text == item.target)\n",
    ),
    of(
        "check::second_of_its_kind",
        "a second experiment or report",
        "A file has one `experiment` and at most one `report`.",
        "experiment again { seed: 2 }\n\n// Better:\n// take one of them out\n",
    ),
    of(
        "check::set",
        "`--set` names nothing that can be set",
        "A path is `experiment.field`, `report.field`, the name of a definition and one of its fields or arguments, or the name of a `let`.",
        "// crucible-run file.crucible --set experment.seed=7\n\n// Better:\n// crucible-run file.crucible --set experiment.seed=7\n",
    ),
    of(
        "check::shape",
        "a definition in the wrong shape",
        "`experiment`, `hypothesis` and `report` have fields in braces; the other kinds have an expression after `=`. Only conditions are families, only strategies have parameters.",
        "report = \"markdown\"\n\n// Better:\nreport { formats: [markdown] }\n",
    ),
    of(
        "check::template",
        "a template that cannot be read",
        "Between `{{` and `}}` stands the name of a column, or a dotted path into one, and nothing else.",
        "condition x = ask(a, prompt: \"{{ input\")\n\n// Better:\ncondition x = ask(a, prompt: \"{{ input }}\")\n",
    ),
    of(
        "check::too_deep",
        "values nested too deep",
        "Lists, calls and definitions that name one another may nest about two hundred deep.",
        "// let x1 = x0, let x2 = x1, and so on hundreds of times\n\n// Better:\nlet x = 1\n",
    ),
    of(
        "check::too_large",
        "more than one experiment needs",
        "There are caps on conditions, on the values that definitions spread out to and on the files of one experiment, so that a slip cannot fill the memory.",
        "condition x[n in 1..=1000000] = vote(repeat(a, n))\n\n// Better:\ncondition x[n in 1..=10] = vote(repeat(a, n))\n",
    ),
    of(
        "check::too_many_arguments",
        "more arguments than parameters",
        "The call takes fewer arguments. Lists stand in square brackets.",
        "condition x = ask(a, \"{{ input }}\", stated, 1, 2, 3)\n\n// Better:\ncondition x = ask(a, prompt: \"{{ input }}\")\n",
    ),
    of(
        "check::trend_values",
        "a trend over something that has no numbers",
        "A trend is a slope over a variable whose values are numbers, at least two of them.",
        "condition g[m in [a, b]] = ask(m)\nhypothesis h { claim: trend(g.correct, m) > 0 }\n\n// Better:\ncondition g[m in [a, b]] = ask(m)\nhypothesis h { claim: effect(m, g.correct) > 0 }\n",
    ),
    of(
        "check::type",
        "a value of another type than is due",
        "Every parameter and field takes values of one type.",
        "condition x = ask(\"a\")\n\n// Better:\ncondition x = ask(a)\n",
    ),
    of(
        "check::unit",
        "a number in another unit than is due",
        "Numbers carry units: `95%` is a fraction, `3pp` a difference of fractions, `250ms` a duration, `$0.15` money, `600/min` a rate, `$0.15/Mtok` a price.",
        "model m = sim(accuracy: 70)\n\n// Better:\nmodel m = sim(accuracy: 70%)\n",
    ),
    of(
        "check::unknown_argument",
        "a call that takes no such argument",
        "The name before the colon is not a parameter of the call, or not a field of the definition. `crucible-run doc NAME` lists them.",
        "model m = sim(acuracy: 70%)\n\n// Better:\nmodel m = sim(accuracy: 70%)\n",
    ),
    of(
        "check::unknown_call",
        "a call that does not exist",
        "Neither the catalogue nor a `strategy` of the file has this name.",
        "condition x = aks(a)\n\n// Better:\ncondition x = ask(a)\n",
    ),
    of(
        "check::unknown_factor",
        "a family without such a variable",
        "`trend` and `effect` speak of one of the variables in the square brackets of the family.",
        "hypothesis h { claim: trend(panel.correct, k) > 0 }\n\n// Better:\nhypothesis h { claim: trend(panel.correct, n) > 0 }\n",
    ),
    of(
        "check::unknown_field",
        "a field that no output has",
        "An output has `text`, `confidence`, `votes`, `usage`, `latency`, `cost`, `requests`, `tokens_in`, `tokens_out`, `tokens_cached`, `tokens_reasoning`, `ttft`, `waited`, `trace`, `consensus`, `margin`, `members_called`, `hedged`, `won_by` and `wasted_cost`. Every trial would fail its score on another one. The columns of an item are compared once the data are read, before the first call.",
        "metric m = score(|output, item| output.txt == item.target)\n\n// Better:\nmetric m = score(|output, item| output.text == item.target)\n",
    ),
    of(
        "check::unknown_function",
        "a function that does not exist",
        "Neither Rhai, the host nor a `script` that the file sees has a function of this name with so many arguments.",
        "metric m = score(|output, item| lenght(output.text))\n\n// Better:\nmetric m = score(|output, item| len(output.text))\n",
    ),
    of(
        "check::unknown_kind",
        "a kind of definition that does not exist",
        "A definition begins with its kind.",
        "modle m = sim(accuracy: 70%)\n\n// Better:\nmodel m = sim(accuracy: 70%)\n",
    ),
    of(
        "check::unknown_metric",
        "a metric that does not exist",
        "After a dot stand the metrics of the file and the measures that every trial has.",
        "hypothesis h { claim: c.corect > 70% }\n\n// Better:\nhypothesis h { claim: c.correct > 70% }\n",
    ),
    of(
        "check::unknown_name",
        "a name that does not exist",
        "Nothing in the file, or in what it uses, has this name.",
        "condition x = ask(n)\n\n// Better:\ncondition x = ask(a)\n",
    ),
    of(
        "check::unknown_use",
        "`use` of something that does not exist",
        "The library of the program has no such file, or the file no such name.",
        "use std::prompts::step_by_stop\n\n// Better:\nuse std::prompts::step_by_step\n",
    ),
    of(
        "check::unknown_variable",
        "a Rhai variable that does not exist",
        "Nothing that the closure sees has this name.",
        "metric m = score(|output, item| outptu.text == item.target)\n\n// Better:\nmetric m = score(|output, item| output.text == item.target)\n",
    ),
    of(
        "check::unknown_word",
        "a word that is not one of the choices",
        "The parameter takes one of a few words.",
        "report { formats: [markdwon] }\n\n// Better:\nreport { formats: [markdown] }\n",
    ),
    of(
        "check::unreadable",
        "a file that cannot be read",
        "Paths are relative to the file they stand in.",
        "use \"nowhere.crucible\"\n\n// Better:\nuse \"models.crucible\"\n",
    ),
    of(
        "check::unused",
        "a definition that nothing uses",
        "This is a warning: the file can be run. Often the name is misspelt where it should be used.",
        "let spare = 3\n\n// Better:\nlet _spare = 3\n",
    ),
    of(
        "check::use_cycle",
        "files that use one another",
        "A file may not use itself, not even through others.",
        "use \"e.crucible\"\n\n// Better:\nuse \"models.crucible\"\n",
    ),
    of(
        "check::which_dataset",
        "several datasets, and none is named",
        "With one dataset its items are asked; with several the experiment says which.",
        "dataset other = items(3, |i| #{ input: `q`, target: i })\n\n// Better:\nexperiment e { dataset: other }\n",
    ),
    of(
        "check::within",
        "`~=` and `within` go together",
        "Two numbers are never exactly equal; a claim of equivalence says how far apart they may be.",
        "hypothesis h { claim: v.correct ~= c.correct }\n\n// Better:\nhypothesis h { claim: v.correct ~= c.correct within 5pp }\n",
    ),
];
