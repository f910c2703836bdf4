//! Calls: a name of the catalogue with its arguments.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, Digester, Quantity, Span};
use crate::spec::value::{Function, Value};

/// A checked call: its arguments fit the signature of `name`, defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The name in the catalogue, or of a `strategy` of the file.
    pub name: String,
    /// The arguments by name, in the order of the signature. An optional parameter that
    /// was not given and has no default is absent.
    pub args: IndexMap<String, Argument>,
    /// Where the call stands.
    pub span: Span,
    /// The name of the definition that it came from, such as the model's; for people, not
    /// part of its identity.
    pub label: Option<String>,
    /// The body, when `name` is a `strategy` of the file. Its parameters are `ctx` and
    /// `item`; the strategy's own parameters are in `args`.
    pub body: Option<Function>,
}

/// One argument of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// The value.
    pub value: Value,
    /// Where it stands; the call's span for a default.
    pub span: Span,
    /// Whether it was given and differs from the default. Only such arguments are part of
    /// the call's identity, so that a new parameter does not change old ids.
    pub given: bool,
    /// Whether the parameter is operational (a limit, a price): never part of identity.
    pub operational: bool,
}

impl Call {
    /// Returns the digest of the call: its name and the arguments that count.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new("call");
        digester.text(&self.name);
        for (name, argument) in &self.args {
            if argument.given && !argument.operational {
                digester.text(name);
                argument.value.digest_into(&mut digester);
            }
        }
        if let Some(body) = &self.body {
            digester.text("body").digest(&body.digest);
        }
        digester.finish()
    }

    /// Returns the digest of the call with its label and its operational arguments: what
    /// tells apart two models that answer alike and have other limits.
    #[must_use]
    pub fn digest_with_label(&self) -> Digest {
        let mut digester = Digester::new("labelled call");
        digester.digest(&self.digest());
        digester.number(u64::from(self.label.is_some()));
        digester.text(self.label.as_deref().unwrap_or_default());
        for (name, argument) in self.args.iter().filter(|(_, arg)| arg.operational) {
            digester.text(name);
            argument.value.digest_into(&mut digester);
        }
        digester.finish()
    }

    /// Returns the value of an argument.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&Value> {
        self.args.get(name).map(|argument| &argument.value)
    }

    /// Returns an argument that is a quantity.
    #[must_use]
    pub fn quantity(&self, name: &str) -> Option<Quantity> {
        self.arg(name).and_then(Value::as_quantity)
    }

    /// Returns the value of a quantity, in the base of its unit.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.quantity(name).map(|quantity| quantity.value)
    }

    /// Returns a number that is a whole number of at least zero.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.number(name)
            .filter(|n| n.fract() == 0.0 && (0.0..9e15).contains(n))
            .map(|n| n as u64)
    }

    /// Returns an argument that is text or a word.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.arg(name).and_then(Value::as_text)
    }

    /// Returns a switch.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        if let Some(Value::Bool(flag)) = self.arg(name) { Some(*flag) } else { None }
    }

    /// Returns an argument that is a list.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&[Value]> {
        self.arg(name).and_then(Value::as_list)
    }

    /// Returns an argument that is a function.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.arg(name).and_then(Value::as_function)
    }

    /// Returns an argument that is a call.
    #[must_use]
    pub fn call(&self, name: &str) -> Option<&Self> {
        self.arg(name).and_then(Value::as_call)
    }

    /// Returns the label, or the name where there is none.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Unit;

    fn call(price: f64, given: bool) -> Call {
        let argument = |value, given, operational| Argument {
            value: Value::Quantity(Quantity::new(value, Unit::One)),
            span: Span::default(),
            given,
            operational,
        };
        Call {
            name: "sim".into(),
            args: [
                ("accuracy".into(), argument(0.7, true, false)),
                ("price".into(), argument(price, true, true)),
                ("spread".into(), argument(0.2, given, false)),
            ]
            .into_iter()
            .collect(),
            span: Span::default(),
            label: None,
            body: None,
        }
    }

    #[test]
    fn identity_leaves_out_operational_arguments_and_defaults() {
        assert_eq!(call(1.0, false).digest(), call(2.0, false).digest());
        assert_ne!(call(1.0, false).digest(), call(1.0, true).digest());
    }
}
