//! Answers that somebody already has.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::base::Digest;
use crate::model::contract::{CallError, Model, Profile};
use crate::model::provider::{BuildError, Provider, Surroundings};
use crate::record::{Answer, FailureKind, Item, Items, Request};
use crate::spec::{Call, Param, Signature, Type};

/// A model whose answers stand in a dataset, looked up by the item's id.
///
/// It sends nothing. Time, money and tokens of its answers are unknown, not zero.
#[derive(Debug)]
pub struct Recorded {
    items: Items,
    /// The column of the answer.
    path: String,
    /// The column of how sure the model was, if there is one.
    sure: Option<String>,
    /// Where each id stands; made when an item is asked that stands elsewhere here.
    index: OnceLock<Vec<(u64, u32)>>,
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
    Param::optional(
        "confidence",
        Type::Text,
        "The column of how sure the model was of its answer, a number from 0 to 1; without it the answers have no confidence.",
    ),
])
.with_confidence(|call| call.arg("confidence").is_some())
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
    let Some(items) = surroundings.recorded else {
        return Err(BuildError::new("no items were given for `recorded`"));
    };
    let sure = call.text("confidence").map(str::to_owned);
    Ok(Box::new(Recorded { sure, ..Recorded::new(items(dataset)?, output) }))
}

impl Recorded {
    /// Returns the model whose answers stand in a column of these items: text as it is, other
    /// values as JSON.
    #[must_use]
    pub fn new(items: Items, path: &str) -> Self {
        Self { items, path: path.to_owned(), sure: None, index: OnceLock::new() }
    }

    /// Finds the item of the same id here.
    fn find(&self, asked: &Arc<Item>) -> Option<Arc<Item>> {
        let place = asked.index as usize;
        if self.items.digest(place) == Some(asked.digest) {
            return Some(Arc::clone(asked));
        }
        let same = |item: &Arc<Item>| item.id == asked.id;
        if let Some(found) = self.items.get(place).filter(same) {
            return Some(found);
        }
        let index = self.index.get_or_init(|| self.indexed());
        let key = key(&asked.id);
        let first = index.partition_point(|(other, _)| *other < key);
        index
            .iter()
            .skip(first)
            .take_while(|(other, _)| *other == key)
            .find_map(|(_, place)| self.items.get(*place as usize).filter(same))
    }

    fn indexed(&self) -> Vec<(u64, u32)> {
        let mut index: Vec<_> =
            self.items.iter().map(|item| key(&item.id)).zip(0..).collect();
        index.sort_unstable();
        index
    }

    fn answer_of(&self, item: &Item) -> Option<String> {
        match item.lookup(&self.path)? {
            Json::Null => None,
            Json::String(text) => Some(text),
            value @ (Json::Bool(_)
            | Json::Number(_)
            | Json::Array(_)
            | Json::Object(_)) => Some(value.to_string()),
        }
    }
}

impl Recorded {
    /// Returns how sure the model was, where its column has a number from 0 to 1.
    fn confidence_of(&self, item: &Item) -> Option<f64> {
        let sure = item.lookup(self.sure.as_deref()?)?.as_f64()?;
        (0.0..=1.0).contains(&sure).then_some(sure)
    }
}

/// Returns 64 bits of the digest of an id; ids that share them are compared as they stand.
fn key(id: &str) -> u64 {
    Digest::of(id.as_bytes()).head()
}

#[async_trait]
impl Model for Recorded {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        let found = self.find(&request.item);
        match found.map(|item| (self.answer_of(&item), self.confidence_of(&item))) {
            Some((Some(text), confidence)) => {
                Ok(Answer { text, confidence, ..Answer::default() })
            }
            Some((None, _)) => Err(CallError::new(
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
        let model = Recorded::new(Items::from(items.to_vec()), "m.text");
        let one = ask(&model, items[0].clone()).await.unwrap();
        assert_eq!((one.text.as_str(), one.tokens_in), ("seven", None));
        assert_eq!(ask(&model, items[1].clone()).await.unwrap().text, "7");
        for missing in [items[2].clone(), item("9", json!("x"))] {
            let error = ask(&model, missing).await.unwrap_err();
            assert_eq!(error.failure.kind, FailureKind::NotRecorded);
        }
        assert!(!model.profile().cacheable);
    }

    #[tokio::test]
    async fn a_confidence_is_there_where_its_column_has_a_share() {
        let item = |id: &str, sure: Json| {
            let columns =
                [("m".to_owned(), json!({ "text": "a", "sure": sure }))].into_iter();
            Arc::new(Item::new(
                0,
                id.into(),
                "q".into(),
                Json::Null,
                columns.collect::<Map<_, _>>(),
            ))
        };
        let items = [item("1", json!(0.8)), item("2", json!(80)), item("3", json!("x"))];
        let model = Recorded {
            sure: Some("m.sure".into()),
            ..Recorded::new(Items::from(items.to_vec()), "m.text")
        };
        let mut found = Vec::new();
        for one in &items {
            found.push(ask(&model, Arc::clone(one)).await.unwrap().confidence);
        }
        assert_eq!(found, [Some(0.8), None, None]);
    }
}
