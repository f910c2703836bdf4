//! Answers that somebody already has.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::model::contract::{CallError, Model, Profile};
use crate::model::provider::{BuildError, Provider, Surroundings};
use crate::record::{Answer, FailureKind, Item, Request};
use crate::spec::{Call, Param, Signature, Type};

/// A model whose answers stand in a dataset, looked up by the item's id.
///
/// It sends nothing. Time, money and tokens of its answers are unknown, not zero.
#[derive(Debug)]
pub struct Recorded {
    rows: BTreeMap<String, Option<String>>,
}

const SIGNATURE: Signature = Signature::new(
    "recorded",
    Type::Model,
    "A model whose answers somebody already has: real outputs, published or kept.",
)
.with_details(
    "Each answer is looked up by the item's id, so the experiment's items must have the same ids as the rows. Nothing is sent. Latency, cost and tokens are unknown, not zero. An item without an answer fails its trial.",
)
.with_params(&[
    Param::required("dataset", Type::Dataset, "The dataset that holds the answers."),
    Param::required(
        "output",
        Type::Text,
        "The column of the answer; a dotted path reaches into nested JSON.",
    ),
])
.with_example("model large = recorded(gsm8k, output: \"175b_finetuning.solution\")");

pub(super) const PROVIDER: Provider = Provider { signature: SIGNATURE, build };

fn build(
    call: &Call,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Model>, BuildError> {
    let (Some(dataset), Some(output)) = (call.call("dataset"), call.text("output"))
    else {
        return Err(BuildError::new("`recorded` needs a dataset and an output column"));
    };
    let Some(rows) = surroundings.recorded else {
        return Err(BuildError::new("no rows were given for `recorded`"));
    };
    Ok(Box::new(Recorded::new(rows(dataset, output)?)))
}

impl Recorded {
    /// Returns the model that gives these answers, by item id; `None` where the row has none.
    #[must_use]
    pub fn new(rows: BTreeMap<String, Option<String>>) -> Self {
        Self { rows }
    }

    /// Takes the answers out of a dataset: for each item's id what stands at `path`, text as
    /// it is and other values as JSON.
    #[must_use]
    pub fn rows_of(items: &[Arc<Item>], path: &str) -> BTreeMap<String, Option<String>> {
        items
            .iter()
            .map(|item| {
                let text = item.lookup(path).and_then(|value| match value {
                    Json::Null => None,
                    Json::String(text) => Some(text),
                    Json::Bool(_)
                    | Json::Number(_)
                    | Json::Array(_)
                    | Json::Object(_) => Some(value.to_string()),
                });
                (item.id.clone(), text)
            })
            .collect()
    }
}

#[async_trait]
impl Model for Recorded {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        match self.rows.get(&request.item.id) {
            Some(Some(text)) => Ok(Answer { text: text.clone(), ..Answer::default() }),
            Some(None) => Err(CallError::new(
                FailureKind::NotRecorded,
                format!("the recorded answer of item `{}` is empty", request.item.id),
            )),
            None => Err(CallError::new(
                FailureKind::NotRecorded,
                format!("no recorded answer for item `{}`", request.item.id),
            )),
        }
    }

    fn profile(&self) -> Profile {
        Profile {
            free: true,
            kept: true,
            typical_latency: Some(0.0),
            ..Profile::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::CallId;
    use serde_json::{Map, json};

    fn item(id: &str, answer: Json) -> Arc<Item> {
        let columns: Map<String, Json> =
            [("m".to_owned(), json!({ "text": answer }))].into_iter().collect();
        Arc::new(Item::new(0, id.into(), "q".into(), Json::Null, columns))
    }

    async fn ask(model: &Recorded, item: Arc<Item>) -> Result<Answer, CallError> {
        let request = Request {
            id: CallId::default(),
            system: None,
            messages: Vec::new(),
            item,
            repeat: 0,
            seed: 0,
        };
        model.answer(&request).await
    }

    #[tokio::test]
    async fn answers_are_found_by_item_and_nothing_is_known_of_time_or_tokens() {
        let items =
            [item("1", json!("seven")), item("2", json!(7)), item("3", json!(null))];
        let model = Recorded::new(Recorded::rows_of(&items, "m.text"));
        let one = ask(&model, items[0].clone()).await.unwrap();
        assert_eq!((one.text.as_str(), one.tokens_in), ("seven", None));
        assert_eq!(ask(&model, items[1].clone()).await.unwrap().text, "7");
        for missing in [items[2].clone(), item("9", json!("x"))] {
            let error = ask(&model, missing).await.unwrap_err();
            assert_eq!(error.failure.kind, FailureKind::NotRecorded);
        }
        assert!(!model.profile().cacheable);
    }
}
