//! From a prompt and an item to messages.

use crate::base::Span;
use crate::record::{Failure, FailureKind, Item, Message, Role};
use crate::spec::{PromptSpec, Shot, Value};
use crate::strategy::contract::BuildError;
use crate::text::{MissingPath, Template, TemplateError};

/// A prompt whose templates are read.
#[derive(Debug, Clone)]
pub struct Prompt {
    system: Option<Template>,
    template: Template,
    examples: Vec<Shot>,
}

/// What is sent to a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rendered {
    /// The system text, if any.
    pub system: Option<String>,
    /// The messages, the last of them by the user.
    pub messages: Vec<Message>,
}

impl Rendered {
    /// Returns what is sent where only a text is asked.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { system: None, messages: vec![said(Role::User, text)] }
    }
}

fn said(role: Role, text: impl Into<String>) -> Message {
    Message { role, text: text.into() }
}

impl Prompt {
    /// Reads the templates of a prompt.
    ///
    /// # Errors
    ///
    /// When one of them is no template.
    pub fn new(spec: &PromptSpec) -> Result<Self, TemplateError> {
        Ok(Self {
            system: spec.system.as_deref().map(Template::parse).transpose()?,
            template: Template::parse(&spec.template)?,
            examples: spec.examples.clone(),
        })
    }

    /// Reads the prompt that an argument is: a prompt, or the text of its template.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn of(value: &Value, span: Span) -> Result<Self, BuildError> {
        let parsed = match value {
            Value::Prompt(spec) => Self::new(spec),
            Value::Text(text) => {
                Self::new(&PromptSpec { template: text.clone(), ..PromptSpec::default() })
            }
            Value::Bool(_)
            | Value::Quantity(_)
            | Value::Word(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Function(_)
            | Value::Call(_) => {
                return Err(BuildError::new("a prompt is due here", span));
            }
        };
        parsed.map_err(|error| BuildError::new(error.message, span))
    }

    /// Fills the prompt for an item. In an example, its own input stands for `{{ input }}`.
    ///
    /// # Errors
    ///
    /// When the item has no column of that name.
    pub fn render(&self, item: &Item) -> Result<Rendered, Failure> {
        let fill = |template: &Template| {
            template.render(&|path| item.lookup(path)).map_err(missing)
        };
        let mut messages = Vec::with_capacity(2 * self.examples.len() + 1);
        for shot in &self.examples {
            let asked = self
                .template
                .render(&|path| match path {
                    "input" => Some(shot.input.as_str().into()),
                    _ => item.lookup(path),
                })
                .map_err(missing)?;
            messages.push(said(Role::User, asked));
            messages.push(said(Role::Assistant, shot.output.as_str()));
        }
        messages.push(said(Role::User, fill(&self.template)?));
        Ok(Rendered { system: self.system.as_ref().map(fill).transpose()?, messages })
    }
}

fn missing(missing: MissingPath) -> Failure {
    Failure::new(
        FailureKind::BadRequest,
        format!("the item has no `{}` for the prompt", missing.path),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn item() -> Item {
        let columns: Map<_, _> = [("unit".to_owned(), json!("cm"))].into_iter().collect();
        Item::new(0, "1".into(), "How long?".into(), json!(4), columns)
    }

    #[test]
    fn examples_come_before_the_question_with_their_own_input() {
        let prompt = Prompt::new(&PromptSpec {
            label: None,
            system: Some("Answer in {{ unit }}.".into()),
            template: "Q ({{ unit }}): {{ input }}".into(),
            examples: vec![Shot { input: "How wide?".into(), output: "3".into() }],
        });
        let rendered = prompt.unwrap().render(&item()).unwrap();
        assert_eq!(rendered.system.as_deref(), Some("Answer in cm."));
        let texts: Vec<_> =
            rendered.messages.iter().map(|m| (m.role, m.text.as_str())).collect();
        assert_eq!(
            texts,
            [
                (Role::User, "Q (cm): How wide?"),
                (Role::Assistant, "3"),
                (Role::User, "Q (cm): How long?"),
            ]
        );
    }

    #[test]
    fn a_column_that_is_not_there_fails_the_trial_by_name() {
        let spec = PromptSpec { template: "{{ hint }}".into(), ..PromptSpec::default() };
        let failure = Prompt::new(&spec).unwrap().render(&item()).unwrap_err();
        assert_eq!(failure.message, "the item has no `hint` for the prompt");
    }
}
