//! What a file may write about a vote.

use crate::base::Unit;
use crate::spec::{Call, Complaint, Fallback, Param, Signature, Type};
use crate::strategy::hedge;
use crate::strategy::vote::check;

/// The words of `by:`.
const RULES: Type = Type::Choice(&[
    "majority",
    "weighted",
    "weighted_majority",
    "best_confidence",
    "unanimous",
    "ranked",
]);

/// What `answer:` is, here and where a call stands for a vote.
pub(in crate::strategy) const ANSWER: Param = Param::optional(
    "answer",
    Type::Extractor,
    "What takes the answer out of an output; without it the whole text is the answer.",
);

/// What `same:` is.
pub(in crate::strategy) const SAME: Param = Param::optional(
    "same",
    Type::Likeness,
    "When two answers in free text are one, such as `similar(80%)`; without it they are compared as values.",
);

pub(in crate::strategy) const SIGNATURE: Signature = Signature::new(
    "vote",
    Type::Strategy,
    "Asks several strategies and returns the answer that wins.",
)
.with_details(DETAILS)
.with_params(&[
    Param::required(
        "strategies",
        Type::List(&Type::Strategy),
        "The members; a list in the list counts as its elements.",
    ),
    Param::default(
        "by",
        Type::OneOf(&[RULES, Type::Function(&["votes"])]),
        Fallback::Word("majority"),
        "How the votes are counted, or a closure of the votes that returns the answer that wins.",
    ),
    ANSWER,
    Param::optional("prompt", Type::Prompt, "What is sent to each bare model in it."),
    Param::default(
        "run",
        Type::OneOf(&[Type::Choice(&["parallel", "sequential"]), Type::Schedule]),
        Fallback::Word("parallel"),
        "In which order the members are called, and when that ends.",
    ),
    Param::optional(
        "quorum",
        Type::OneOf(&[Type::Count, Type::Fraction]),
        "How many members, or which share of them, must answer; with fewer the trial fails.",
    ),
    Param::default(
        "ties",
        Type::Choice(&["first", "random", "abstain"]),
        Fallback::Word("first"),
        "Which of several answers that stand equal wins: the one whose first voter is named first, one by a draw of the trial's own stream, or none.",
    ),
    SAME,
    Param::optional(
        "weights",
        Type::List(&Type::Number),
        "How much each member counts, in the order of the members.",
    ),
    Param::optional(
        "accuracies",
        Type::List(&Type::Fraction),
        "How often each member is right; it counts by its log-odds, ln(p / (1 − p)).",
    ),
    Param::optional(
        "calibration",
        Type::Dataset,
        "Items on which each member is asked before the first vote; it counts by the log-odds of how often it is right there.",
    ),
])
.with_confidence(|_| true)
.with_check(check::check)
.with_example(
    "condition majority = vote([mini, haiku, flash], by: majority, answer: last_number)",
);

const DETAILS: &str = "Answers are compared as values: 5, 5.0 and \"5.00\" are one. A member whose answer is `()`, or that fails, abstains. The output keeps the text of the first voter of the answer that won. When all abstain, the first that answered speaks; when all fail, the trial fails.

| `by:` | the answer that wins | `confidence` of the output |
| --- | --- | --- |
| `majority` | has the most voters | its share of the members called |
| `weighted` | has the largest sum of weights: `weights:`, or the log-odds of `accuracies:` or of what was right in the `calibration:` (Nitzan and Paroush 1982; below 50% a member counts against its answer), else each ballot's confidence, where a ballot without one counts as nothing | its share of the weights cast |
| `weighted_majority` | the same, with `weights:` | its share of the weights cast |
| `best_confidence` | is that of the member which is surest | that member's |
| `unanimous` | is the only one; where those who answered do not agree, or nobody did, there is no answer | its share of the members called |
| `ranked` | has the most Borda points; answers are lists, the best first, and the text of the output is the answer itself | its points as a share of the most there can be |
| a closure of the votes | is what it returns | its share of the members called |

The closure gets a list of maps with `member`, `model`, `answer`, `confidence`, `latency`, `cost` and `error`. Where it returns an answer that nobody gave, that is the text. No answer (a vote that must be unanimous and is not, `ties: abstain`, a closure that returns `()`) is an output with an empty text and no confidence, of which no vote has `won`.

`run: parallel` asks all at the same time. `sequential` asks one after the other and stops when the rest cannot change the winner; `sequential(until: 70%)` also when the leader has that share of all members, or of all weights. `cascade(confidence: 90%)` asks one after the other, from cheap to dear as they are listed, and takes the answer of the first that is sure enough; where none is, the votes are counted by `by:`. `hedged(after: p95)` asks the first, and the next where it is late: the first to answer wins.

With `calibration: dataset` each member is asked every item of that dataset once, by the first trial that comes; the others wait. An answer is right when it is the item's target, compared as votes are, and a member that was right in r of n answers counts by the log-odds of (r + 1) / (n + 2). None of these items may have the input of one of the experiment's: a vote is never scored on what it learned from. The calls are recorded with the trial that asked, under places that begin with `calibration`, and it bears their cost, but not their time. A run that goes on asks again, with the same ids: what is in the cache costs nothing.

`plan` reckons with a calibration whose calls are spread over the items, with members that agree on one answer as often as `accuracies:` says, 75% where it does not, and with a cascade that goes on in half of the trials; the worst case is all members.

The measures `consensus` (share of the members called who gave the answer that won), `margin` (that less the share of the next answer) and `members_called` are those of the trial; each vote keeps member, model, answer, confidence, latency, cost, error and whether it won.";

/// Schedules that are calls.
pub const SCHEDULES: &[Signature] = &[SEQUENTIAL, CASCADE, HEDGED];

const SEQUENTIAL: Signature = Signature::new(
    "sequential",
    Type::Schedule,
    "Calls the members of a vote one after the other, until the winner is settled.",
)
.with_details("Without `until:` the winner is the one that all members would have chosen.")
.with_params(&[Param::optional(
    "until",
    Type::Fraction,
    "The leader's share of all members, or of all weights, at which the vote ends.",
)])
.with_check(|call| share_of(call, "until"))
.with_example(
    "condition thrifty = vote(repeat(mini, 9), run: sequential(until: 50%), answer: last_number)",
);

const CASCADE: Signature = Signature::new(
    "cascade",
    Type::Schedule,
    "Calls the members of a vote one after the other, until one is sure enough.",
)
.with_details(
    "The members stand in the order of their price, the cheapest first. What counts is the confidence that a member gives: L. Chen, M. Zaharia and J. Zou, \"FrugalGPT: How to Use Large Language Models While Reducing Cost and Improving Performance\", Transactions on Machine Learning Research, 2024.",
)
.with_params(&[Param::required(
    "confidence",
    Type::Fraction,
    "How sure a member must be for its answer to be taken.",
)])
.with_check(|call| share_of(call, "confidence"))
.with_example(
    "condition frugal = vote([mini, large], run: cascade(confidence: 90%), answer: last_number)",
);

const HEDGED: Signature = Signature::new(
    "hedged",
    Type::Schedule,
    "Calls the first member of a vote, and the next where it is late: the first answer wins.",
)
.with_details("The members are the primary and the backups of a `hedge`.")
.with_params(&[
    Param::default(
        "after",
        hedge::AFTER,
        Fallback::Word("p95"),
        "How late a member must be before the next starts, as in `hedge`.",
    ),
    Param::optional(
        "budget",
        Type::Fraction,
        "The most backups as a share of the trials, as in `hedge`.",
    ),
])
.with_check(hedge::check_delay)
.with_example("condition quick = vote([mini, haiku, flash], run: hedged(after: p95))");

/// `similar`: when two texts are one answer.
pub const SIMILAR: Signature = Signature::new(
    "similar",
    Type::Likeness,
    "Answers in free text are one when they share enough of their words.",
)
.with_details(
    "Similarity is the token F1 of SQuAD (Rajpurkar et al. 2016): twice the words that both have over the words of both, without case, punctuation and articles. An answer joins the first group whose first answer is similar enough, else it begins one.",
)
.with_params(&[Param::default(
    "level",
    Type::Fraction,
    Fallback::Quantity(0.8, Unit::Fraction),
    "How similar they must be.",
)])
.with_check(|call| share_of(call, "level"))
.with_example("condition panel = vote([mini, haiku, flash], same: similar(80%))");

fn share_of(call: &Call, name: &'static str) -> Vec<Complaint> {
    let wrong = call.quantity(name).filter(|q| !(q.value > 0.0 && q.value <= 1.0));
    let complaint = |found| Complaint {
        param: Some(name),
        message: format!("`{name}` is {found}, wanted more than 0% and at most 100%"),
        help: Some(format!("`{name}: 80%`")),
    };
    wrong.map(complaint).into_iter().collect()
}
