//! Signatures: what a call, kind or claim function takes and gives.

use serde::Serialize;

use crate::base::{Quantity, Unit};
use crate::spec::call::Call;
use crate::spec::scale::Scale;
use crate::spec::value::Value;

/// The type of a parameter or of what a call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Any plain value.
    Any,
    /// `true` or `false`.
    Bool,
    /// A string.
    Text,
    /// A whole number of at least zero.
    Count,
    /// A plain number.
    Number,
    /// A fraction of one, such as `70%`.
    Fraction,
    /// A difference of fractions, such as `5pp`.
    Points,
    /// A duration, such as `30s`.
    Duration,
    /// An amount of money, such as `$5.00`.
    Money,
    /// A price per token, such as `$0.15/Mtok`.
    Price,
    /// A rate, such as `600/min`.
    Rate,
    /// A list of values of one type. For lists of strategies, lists in lists flatten.
    List(&'static Self),
    /// A map of plain values.
    Map,
    /// One of several types, the first that fits.
    OneOf(&'static [Self]),
    /// One of these words; they win over names of the file.
    Choice(&'static [&'static str]),
    /// A Rhai closure with these parameters, or the name of a `script` function.
    Function(&'static [&'static str]),
    /// A string with `{{ path }}` places, over an item's or a row's columns.
    Template,
    /// A prompt: its definition's name, or a template string.
    Prompt,
    /// A model.
    Model,
    /// A strategy; a model stands for `ask(model)`.
    Strategy,
    /// A dataset.
    Dataset,
    /// A scorer of trials, the right-hand side of a `metric`.
    Scorer,
    /// A distribution of latencies.
    Distribution,
    /// When a backup of a hedge starts, as a call.
    Delay,
    /// In which order the members of a vote are called, as a call.
    Schedule,
    /// When two answers in free text are the same, as a call.
    Likeness,
    /// What takes the answer out of an output: a word such as `last_number`, a call such as
    /// `regex(…)`, or a closure of the output.
    Extractor,
    /// How items are sampled: `first(n)`, `random(n)`.
    Sampling,
    /// Looks at the data while a run goes: `sequential(looks: 5)`.
    Looks,
    /// A claim of a hypothesis.
    Claim,
    /// A number summed up from a sample, in a claim.
    Estimand,
    /// A goal of power: `80% to detect 5pp`.
    PowerGoal,
    /// A definition: what a kind makes.
    Definition,
}

/// What stands for an argument that is not given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// The argument must be given.
    Required,
    /// Nothing: the argument is absent.
    Absent,
    /// A switch.
    Bool(bool),
    /// A number with its unit, in base units.
    Quantity(f64, Unit),
    /// A word of a choice.
    Word(&'static str),
    /// A text.
    Text(&'static str),
}

impl Fallback {
    /// Returns the value that is filled in, if there is one.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Required | Self::Absent => None,
            Self::Bool(flag) => Some(Value::Bool(flag)),
            Self::Quantity(value, unit) => {
                Some(Value::Quantity(Quantity::new(value, unit)))
            }
            Self::Word(word) => Some(Value::Word(word.to_owned())),
            Self::Text(text) => Some(Value::Text(text.to_owned())),
        }
    }
}

/// One parameter. All can be given by name; those given without a name come first, in order.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its type and unit.
    pub ty: Type,
    /// What stands for it when it is not given.
    pub fallback: Fallback,
    /// One line of documentation.
    pub doc: &'static str,
    /// Whether it only says how the work is done (a limit, a price, a timeout): such
    /// arguments are not part of a trial's identity.
    pub operational: bool,
}

impl Param {
    /// Returns a parameter that must be given.
    #[must_use]
    pub const fn required(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self { name, ty, fallback: Fallback::Required, doc, operational: false }
    }

    /// Returns a parameter that may be absent.
    #[must_use]
    pub const fn optional(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self { name, ty, fallback: Fallback::Absent, doc, operational: false }
    }

    /// Returns a parameter with a default.
    #[must_use]
    pub const fn default(
        name: &'static str,
        ty: Type,
        fallback: Fallback,
        doc: &'static str,
    ) -> Self {
        Self { name, ty, fallback, doc, operational: false }
    }

    /// Returns the parameter marked operational.
    #[must_use]
    pub const fn operational(self) -> Self {
        Self { operational: true, ..self }
    }
}

/// What is wrong with an argument although its type is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The parameter it concerns; the whole call where `None`.
    pub param: Option<&'static str>,
    /// What was found and what was wanted: lower case, no full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Works out a call when the file is checked.
pub type Evaluate = fn(&Call) -> Result<Value, Complaint>;

/// What a call takes, gives and promises.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Signature {
    /// The name as it is called.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// More than one sentence, for the reference; may be empty.
    pub details: &'static str,
    /// The parameters, in order.
    pub params: &'static [Param],
    /// What it returns.
    pub returns: Type,
    /// A definition or field that uses it, ready to paste.
    pub example: &'static str,
    /// Whether a bare model that stands where a strategy is due becomes this call, with the
    /// model as its first parameter of type [`Type::Model`]. One signature says so: `ask`.
    pub lifts: bool,
    /// For a scorer: the scale of its scores.
    #[serde(skip)]
    pub scale: Option<fn(&Call) -> Scale>,
    /// For a call that is worked out when the file is checked, such as `repeat(s, n)`.
    #[serde(skip)]
    pub evaluate: Option<Evaluate>,
    /// Finds what is wrong with arguments beyond their types.
    #[serde(skip)]
    pub check: Option<fn(&Call) -> Vec<Complaint>>,
    /// For a model or strategy that says itself how sure it is: whether a call of it does.
    #[serde(skip)]
    pub confidence: Option<fn(&Call) -> bool>,
}

impl Signature {
    /// Returns a signature with no parameters; the `with_` functions fill it.
    #[must_use]
    pub const fn new(name: &'static str, returns: Type, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            details: "",
            params: &[],
            returns,
            example: "",
            lifts: false,
            scale: None,
            evaluate: None,
            check: None,
            confidence: None,
        }
    }

    /// Sets the parameters.
    #[must_use]
    pub const fn with_params(self, params: &'static [Param]) -> Self {
        Self { params, ..self }
    }

    /// Sets the longer documentation.
    #[must_use]
    pub const fn with_details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    /// Sets the example.
    #[must_use]
    pub const fn with_example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// Marks the call that a bare model stands for.
    #[must_use]
    pub const fn with_lift(self) -> Self {
        Self { lifts: true, ..self }
    }

    /// Sets the function that says the scale of a scorer.
    #[must_use]
    pub const fn with_scale(self, scale: fn(&Call) -> Scale) -> Self {
        Self { scale: Some(scale), ..self }
    }

    /// Sets the function that works out the call at check time.
    #[must_use]
    pub const fn with_evaluate(self, evaluate: Evaluate) -> Self {
        Self { evaluate: Some(evaluate), ..self }
    }

    /// Sets the function that checks arguments beyond their types.
    #[must_use]
    pub const fn with_check(self, check: fn(&Call) -> Vec<Complaint>) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Sets the function that says whether the outputs of a call come with a confidence.
    #[must_use]
    pub const fn with_confidence(self, confidence: fn(&Call) -> bool) -> Self {
        Self { confidence: Some(confidence), ..self }
    }

    /// Finds a parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }
}

/// All signatures that a file may use.
#[derive(Debug, Clone, Default)]
pub struct Signatures {
    all: Vec<Signature>,
    standing: Vec<Standing>,
}

/// What stands for a parameter that a file does not give, by the surroundings of the
/// program: part of the call as if it were written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The name of the call.
    pub call: &'static str,
    /// The name of the parameter, which takes a text.
    pub param: &'static str,
    /// The text.
    pub value: String,
}

impl Signatures {
    /// Collects signatures, in the order given.
    #[must_use]
    pub fn new(lists: &[&[Signature]]) -> Self {
        Self { all: lists.concat(), standing: Vec::new() }
    }

    /// Adds what stands for parameters that a file does not give.
    #[must_use]
    pub fn with_standing(mut self, standing: Vec<Standing>) -> Self {
        self.standing.extend(standing);
        self
    }

    /// Returns the text that stands for a parameter of a call, if one does.
    #[must_use]
    pub fn standing(&self, call: &str, param: &str) -> Option<&str> {
        let mut standing = self.standing.iter();
        let found = standing.find(|one| one.call == call && one.param == param);
        found.map(|one| one.value.as_str())
    }

    /// Finds a signature by the name of the call; of several, the first.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Signature> {
        self.all.iter().find(|signature| signature.name == name)
    }

    /// Returns the signatures by the name of a call. What is due says which is meant.
    pub fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Signature> {
        self.all.iter().filter(move |signature| signature.name == name)
    }

    /// Returns every signature.
    pub fn iter(&self) -> impl Iterator<Item = &Signature> {
        self.all.iter()
    }
}
