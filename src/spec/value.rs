//! Typed values: what an argument of a checked call may be.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, Digester, Quantity, Span};
use crate::spec::call::Call;

/// A value after checking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A switch.
    Bool(bool),
    /// A number with its unit.
    Quantity(Quantity),
    /// Plain text.
    Text(String),
    /// A word of a choice, such as `majority`.
    Word(String),
    /// A list; lists of strategies are flat.
    List(Vec<Self>),
    /// A map in file order.
    Map(IndexMap<String, Self>),
    /// A prompt: template, system text and examples.
    Prompt(Box<PromptSpec>),
    /// Behaviour in Rhai.
    Function(Box<Function>),
    /// A call of the catalogue: a strategy, model, dataset, scorer, distribution …
    Call(Box<Call>),
}

impl Value {
    /// Adds the value to a digest; operational arguments of calls stay out.
    pub fn digest_into(&self, digester: &mut Digester) {
        match self {
            Self::Bool(value) => digester.text("bool").number(u64::from(*value)),
            Self::Quantity(quantity) => digester
                .text("quantity")
                .number(quantity.unit as u64)
                .float(quantity.value),
            Self::Text(text) => digester.text("text").text(text),
            Self::Word(word) => digester.text("word").text(word),
            Self::List(values) => {
                digester.text("list").number(values.len() as u64);
                values.iter().for_each(|value| value.digest_into(digester));
                digester
            }
            Self::Map(map) => {
                digester.text("map").number(map.len() as u64);
                for (key, value) in map {
                    digester.text(key);
                    value.digest_into(digester);
                }
                digester
            }
            Self::Prompt(prompt) => prompt.digest_into(digester),
            Self::Function(function) => {
                digester.text("function").digest(&function.digest)
            }
            Self::Call(call) => digester.text("call").digest(&call.digest()),
        };
    }

    /// Returns the quantity, if it is one.
    #[must_use]
    pub fn as_quantity(&self) -> Option<Quantity> {
        if let Self::Quantity(quantity) = self { Some(*quantity) } else { None }
    }

    /// Returns the text of a text or a word.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) | Self::Word(text) = self { Some(text) } else { None }
    }

    /// Returns the call, if it is one.
    #[must_use]
    pub fn as_call(&self) -> Option<&Call> {
        if let Self::Call(call) = self { Some(call) } else { None }
    }

    /// Returns the values of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(values) = self { Some(values) } else { None }
    }

    /// Returns the function, if it is one.
    #[must_use]
    pub fn as_function(&self) -> Option<&Function> {
        if let Self::Function(function) = self { Some(function) } else { None }
    }
}

/// A prompt: what is sent for an item. The texts are templates over the item's columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PromptSpec {
    /// The name of its definition, if it has one; for people, not part of its identity.
    pub label: Option<String>,
    /// The system text, if any.
    pub system: Option<String>,
    /// The template of the last message.
    pub template: String,
    /// Examples sent before it, as pairs of messages.
    pub examples: Vec<Shot>,
}

/// One few-shot example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// What was asked; takes the place of `{{ input }}` in the prompt's template.
    pub input: String,
    /// What a good answer is.
    pub output: String,
}

impl PromptSpec {
    fn digest_into<'a>(&self, digester: &'a mut Digester) -> &'a mut Digester {
        digester.text("prompt").text(self.system.as_deref().unwrap_or_default());
        digester.number(u64::from(self.system.is_some())).text(&self.template);
        digester.number(self.examples.len() as u64);
        for shot in &self.examples {
            digester.text(&shot.input).text(&shot.output);
        }
        digester
    }
}

/// A Rhai closure, or a named `script` function standing for one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// The names of its parameters, in order.
    pub params: Vec<String>,
    /// Its body as it stands in the file: a Rhai expression or block.
    pub body: String,
    /// Where the body stands.
    pub span: Span,
    /// Which of the experiment's libraries of `script` functions it sees.
    pub library: usize,
    /// The plain `let` values, family variables and strategy parameters that it reads.
    pub captures: IndexMap<String, Value>,
    /// Digest of its tokens (without space and comments), of all `script` functions that
    /// it reaches and of its captures.
    pub digest: Digest,
}
