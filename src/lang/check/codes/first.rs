//! Codes from `ambiguous_name` to the middle of the alphabet.

use crate::diag::Explanation;

use super::of;

pub(super) const FIRST: &[Explanation] = &[
    of(
        "check::ambiguous_name",
        "a name is brought by two `use`",
        "Two files that this one uses define the same name, so it is not clear which is meant. A definition of the file itself would win. Define the name here, or use only one of the files.",
        "use \"models.crucible\"\nuse \"other.crucible\"\ncondition x = ask(mini)\n\n// Better:\nuse \"models.crucible\"\ncondition x = ask(mini)\n",
    ),
    of(
        "check::arithmetic",
        "numbers whose units do not go together",
        "A duration and an amount of money cannot be added. Numbers of one unit may be added; any number may be multiplied by a plain number or a fraction; two numbers of one unit have a ratio.",
        "hypothesis h { claim: c.latency + $1 > 3s }\n\n// Better:\nhypothesis h { claim: c.latency + 1s > 3s }\n",
    ),
    of(
        "check::backtick_escape",
        "an escape between backticks",
        "A text of Rhai between backticks has no escapes: `\\n` in it is a backslash and an `n`, and a model would be sent these two. A line break between the backticks is one; between double quotes `\\n` is one too. In a regular expression `\\n` stands for a line break wherever it is written, and is not warned of.",
        "metric m = score(|output, item| output.text == `${item.target}\\n`)\n\n// Better:\nmetric m = score(|output, item| output.text == item.target + \"\\n\")\n",
    ),
    of(
        "check::claim",
        "a claim that says nothing that can be tested",
        "A claim compares two numbers, and at least one of them is a condition's metric: `condition.metric`, or a function of it.",
        "hypothesis h { claim: c > 70% }\n\n// Better:\nhypothesis h { claim: c.correct > 70% }\n",
    ),
    of(
        "check::closure_parameters",
        "a closure takes other parameters than it gets",
        "What is passed to a closure is fixed by its place: an extractor gets the output, a score gets the output and the item.",
        "metric m = score(|output| output.text.len())\n\n// Better:\nmetric m = score(|output, item| output.text.len())\n",
    ),
    of(
        "check::compare",
        "two numbers that cannot be compared",
        "Both sides of a claim measure the same kind of thing: durations with durations, money with money, fractions with fractions.",
        "hypothesis h { claim: c.latency > 5pp }\n\n// Better:\nhypothesis h { claim: c.latency > 30s }\n",
    ),
    of(
        "check::cycle",
        "definitions that need one another",
        "A definition may name others in any order, but not, through them, itself.",
        "let x = y\nlet y = x\n\n// Better:\nlet x = 1\nlet y = x\n",
    ),
    of(
        "check::duplicate_argument",
        "an argument is given twice",
        "An argument is given once, in the brackets or in the block after them.",
        "condition x = vote([a, b], by: majority, by: majority)\n\n// Better:\ncondition x = vote([a, b], by: majority)\n",
    ),
    of(
        "check::duplicate_function",
        "two functions of one name",
        "The functions of all `script` blocks that a file reaches share one space, and two of them have the same name and number of parameters.",
        "script { fn twice(x) { 2 * x } }\nscript = \"lib.rhai\"\n\n// Better:\nscript { fn double(x) { 2 * x } }\n",
    ),
    of(
        "check::duplicate_name",
        "a name is defined twice",
        "Models, datasets, prompts, conditions, strategies and `let` values share one space of names.",
        "condition c = ask(b)\n\n// Better:\ncondition c2 = ask(b)\n",
    ),
    of(
        "check::effect_levels",
        "an effect of a variable with one value",
        "`effect` compares the values of a variable of a family, so there must be two.",
        "condition one[m in [a]] = ask(m)\nhypothesis h { claim: effect(m, one.correct) > 0 }\n\n// Better:\ncondition two[m in [a, b]] = ask(m)\nhypothesis h { claim: effect(m, two.correct) > 0 }\n",
    ),
    of(
        "check::effect_margin",
        "a margin for an effect of three or more levels",
        "With three or more levels the test says whether any differs from the others; it knows no direction and no size.",
        "hypothesis h { claim: effect(n, panel.correct) > 2pp }\n\n// Better:\nhypothesis h { claim: effect(n, panel.correct) > 0 }\n",
    ),
    of(
        "check::experiment_in_library",
        "a file that others use has an experiment",
        "A file that is run has one `experiment`. What several experiments share stands in a file without one.",
        "use \"run.crucible\"\n\n// Better:\nuse \"models.crucible\"\n",
    ),
    of(
        "check::family_values",
        "a family without proper values",
        "A variable of a family runs over a list or a range with at least one value, each of them once, since each names a condition.",
        "condition x[m in [a, a]] = ask(m)\n\n// Better:\ncondition x[m in [a, b]] = ask(m)\n",
    ),
    of(
        "check::family_without_index",
        "a family where one condition is due",
        "A family is many conditions. Name one of them by its value, or speak of all of them with `trend` or `effect`.",
        "hypothesis h { claim: panel.correct > 70% }\n\n// Better:\nhypothesis h { claim: panel[3].correct > 70% }\n",
    ),
    of(
        "check::margin",
        "a margin in the wrong unit",
        "On fractions a margin is a difference, written in percentage points: `70% + 5%` could mean 75% or 73.5%, `5pp` means one thing. On money, durations and counts a margin of equivalence may be relative: `within 10%`.",
        "hypothesis h { claim: v.correct ~= c.correct within 5% }\n\n// Better:\nhypothesis h { claim: v.correct ~= c.correct within 5pp }\n",
    ),
    of(
        "check::missing_argument",
        "an argument is missing",
        "Parameters without a default must be given.",
        "model m = sim()\n\n// Better:\nmodel m = sim(accuracy: 70%)\n",
    ),
    of(
        "check::nameless",
        "a definition without a name",
        "Every definition but `report`, `script` and `use` has a name.",
        "model = sim(accuracy: 70%)\n\n// Better:\nmodel m = sim(accuracy: 70%)\n",
    ),
    of(
        "check::no_experiment",
        "a file without an experiment",
        "A file that is run has exactly one `experiment`, which names the run and holds its seed, repeats and budget.",
        "// alone\nmodel m = sim(accuracy: 70%)\n\n// Better:\nexperiment e { seed: 42 }\n",
    ),
    of(
        "check::no_extremes",
        "`min`, `max` or `count` in a claim",
        "The least and the greatest value grow with the number of trials, and the number of trials follows from the plan: no test stands behind a claim about them.",
        "hypothesis h { claim: max(c.latency) < 3s }\n\n// Better:\nhypothesis h { claim: p99(c.latency) < 3s }\n",
    ),
    of(
        "check::no_such_member",
        "a family has no such member",
        "A member of a family is named by its values, in the order of the variables.",
        "hypothesis h { claim: panel[9].correct > 70% }\n\n// Better:\nhypothesis h { claim: panel[3].correct > 70% }\n",
    ),
    of(
        "check::not_in_scripts",
        "a definition that Rhai does not see",
        "A closure sees its parameters, `script` functions, `let` values, the variables of its family and the parameters of its strategy; not models, datasets, conditions or prompts. A strategy takes models as parameters.",
        "metric m = score(|output, item| output.text == a)\n\n// Better:\nmetric m = score(|output, item| output.text == item.target)\n",
    ),
    of(
        "check::positional_after_named",
        "an argument without a name after one with a name",
        "Arguments without names come first, in the order of the parameters.",
        "condition x = vote(by: majority, [a, b])\n\n// Better:\ncondition x = vote([a, b], by: majority)\n",
    ),
    of(
        "check::power",
        "a power without an effect",
        "A power is the chance to detect some effect; without the effect it says nothing.",
        "hypothesis h { claim: v.correct > c.correct, power: 80% }\n\n// Better:\nhypothesis h { claim: v.correct > c.correct, power: 80% to detect 5pp }\n",
    ),
    of(
        "check::quantile_of_grades",
        "a quantile of a binary or ordinal metric",
        "The median of right and wrong is one of them, whatever the share; compare means.",
        "hypothesis h { claim: median(v.correct) > 50% }\n\n// Better:\nhypothesis h { claim: v.correct > 50% }\n",
    ),
    of(
        "check::range",
        "a number out of range",
        "The number has the right unit, but its place takes only some values: counts are whole, durations and prices not less than nothing, orders of quantiles between 0% and 100%.",
        "condition x = vote(repeat(a, 2.5))\n\n// Better:\ncondition x = vote(repeat(a, 3))\n",
    ),
    of(
        "check::refused",
        "an argument that its call refuses",
        "The argument has the right type, and the call says why it cannot take it.",
        "// alone\nexperiment e { repeats: 0 }\n\n// Better:\nexperiment e { repeats: 1 }\n",
    ),
];
