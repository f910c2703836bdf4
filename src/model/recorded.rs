//! Answers that somebody already has.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::base::Digest;
use crate::model::contract::{CallError, Model, Profile};
use crate::model::provider::{BuildError, Provider, Surroundings};
use crate::record::{Answer, FailureKind, Item, Items, Request};
use crate::spec::{Argument, Call, Complaint, Param, Signature, Type, Value};

/// A model whose answers stand in a dataset, looked up by the item's id, or in a log, by its
/// input and id.
///
/// It sends nothing. Time, money and tokens of its answers are unknown, not zero.
#[derive(Debug)]
pub struct Recorded {
    items: Items,
    /// The column of the answer.
    path: String,
    /// Whether they are those of a log, where an id alone says too little.
    log: bool,
    /// The column of how sure the model was, if there is one.
    sure: Option<String>,
    /// Where each id stands; made when an item is asked that stands elsewhere here.
    index: OnceLock<Vec<(u64, u32)>>,
    /// Where each input stands.
    inputs: OnceLock<Vec<(u64, u32)>>,
}

const SIGNATURE: Signature = Signature::new(
    "recorded",
    Type::Model,
    "A model whose answers somebody already has: real outputs, published or kept.",
)
.with_details(
    "Of a dataset each answer is looked up by the item's id, so the experiment's items must have the same ids as the rows. Of a log (`recorded(\"gpqa.eval\")`, in any form that `log` reads) it is that of the item with the same input, or with the same id where the one input holds the other; repeats get the answers of the log's epochs or repeats in their order. Nothing is sent. Latency, cost and tokens are unknown, not zero. An item without an answer fails its trial.",
)
.with_params(&[
    Param::required(
        "dataset",
        Type::OneOf(&[Type::Dataset, Type::Text]),
        "The dataset that holds the answers, or the path of a log.",
    ),
    Param::optional(
        "output",
        Type::Text,
        "The column of the answer; a dotted path reaches into nested JSON. What the model said where absent, which only a log knows.",
    ),
    Param::optional(
        "confidence",
        Type::Text,
        "The column of how sure the model was of its answer, a number from 0 to 1; without it the answers have no confidence.",
    ),
])
.with_check(check)
.with_confidence(|call| call.arg("confidence").is_some())
.with_example("model large = recorded(gsm8k, output: \"175b_finetuning.solution\")");

pub(super) const PROVIDER: Provider = Provider { signature: SIGNATURE, build };

/// The column of a log that holds what the model said.
const SAID: &str = "output";

fn check(call: &Call) -> Vec<Complaint> {
    let complaint = |param, message: &str, help: &str| {
        let help = Some(help.to_owned());
        vec![Complaint { param: Some(param), message: message.to_owned(), help }]
    };
    match call.arg("dataset") {
        Some(Value::Call(dataset))
            if dataset.name != LOG && call.text(SAID).is_none() =>
        {
            complaint(
                "dataset",
                "which column of the dataset holds the answers is not said",
                "write `output: \"answer\"` with the column's name",
            )
        }
        Some(Value::Text(path)) if path.trim().is_empty() => complaint(
            "dataset",
            "the path of a log is due; the text is empty",
            "name a log",
        ),
        Some(_) | None => Vec::new(),
    }
}

/// The source that reads a log.
const LOG: &str = "log";

fn build(
    call: &Call,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Model>, BuildError> {
    let Some(items) = surroundings.recorded else {
        return Err(BuildError::new("no items were given for `recorded`"));
    };
    let output = call.text("output");
    let sure = call.text("confidence").map(str::to_owned);
    match call.args.get("dataset") {
        Some(Argument { value: Value::Call(dataset), .. }) => {
            let log = dataset.name == LOG;
            let output = output.or(log.then_some(SAID)).ok_or_else(|| {
                BuildError::new("`recorded` needs a dataset and an output column")
            })?;
            Ok(Box::new(Recorded { log, sure, ..Recorded::new(items(dataset)?, output) }))
        }
        Some(path @ Argument { value: Value::Text(_), span, .. }) => {
            let args = [("path".to_owned(), path.clone())].into_iter().collect();
            let log =
                Call { name: LOG.to_owned(), args, span: *span, label: None, body: None };
            let answers = Recorded::new(items(&log)?, output.unwrap_or(SAID));
            Ok(Box::new(Recorded { log: true, sure, ..answers }))
        }
        Some(_) | None => Err(BuildError::new("`recorded` needs a dataset or a log")),
    }
}

impl Recorded {
    /// Returns the model whose answers stand in a column of these items: text as it is, other
    /// values as JSON.
    #[must_use]
    pub fn new(items: Items, path: &str) -> Self {
        Self {
            items,
            path: path.to_owned(),
            log: false,
            sure: None,
            index: OnceLock::new(),
            inputs: OnceLock::new(),
        }
    }

    /// Finds the item of a log that is the one asked: of the same input, else of the same id
    /// where the inputs agree.
    fn find_in_log(&self, asked: &Arc<Item>) -> Result<Arc<Item>, String> {
        let named = self.find(asked);
        if let Some(found) = named.as_ref().filter(|found| found.input == asked.input) {
            return Ok(Arc::clone(found));
        }
        let index = self.inputs.get_or_init(|| self.indexed(|item| &item.input));
        let same = |item: &Arc<Item>| item.input == asked.input;
        if let Some(found) = self.look_up(index, &asked.input, same) {
            return Ok(found);
        }
        match named {
            Some(found) if agree(&found.input, &asked.input) => Ok(found),
            Some(found) => Err(format!(
                "the log has no item with the input of `{}`, and what it calls `{}` asks something else: {}",
                asked.id,
                asked.id,
                found.input.chars().take(80).collect::<String>()
            )),
            None => Err(format!(
                "the log has no item with the input or the id of `{}`",
                asked.id
            )),
        }
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
        let index = self.index.get_or_init(|| self.indexed(|item| &item.id));
        self.look_up(index, &asked.id, same)
    }

    fn look_up(
        &self,
        index: &[(u64, u32)],
        text: &str,
        same: impl Fn(&Arc<Item>) -> bool,
    ) -> Option<Arc<Item>> {
        let key = key(text);
        let first = index.partition_point(|(other, _)| *other < key);
        index
            .iter()
            .skip(first)
            .take_while(|(other, _)| *other == key)
            .find_map(|(_, place)| self.items.get(*place as usize).filter(&same))
    }

    fn indexed(&self, text: impl Fn(&Item) -> &str) -> Vec<(u64, u32)> {
        let mut index: Vec<_> =
            self.items.iter().map(|item| key(text(&item))).zip(0..).collect();
        index.sort_unstable();
        index
    }

    /// Returns what was said of an item when it was asked so often before.
    fn repeat_of(&self, item: &Item, repeat: u32) -> Option<String> {
        if self.path == SAID
            && let Some(Json::Array(all)) = item.columns.get("outputs")
        {
            return all.get(repeat as usize).and_then(text_of);
        }
        self.answer_of(item)
    }

    fn answer_of(&self, item: &Item) -> Option<String> {
        text_of(&item.lookup(&self.path)?)
    }
}

fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            Some(value.to_string())
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

/// Says whether one input is the other with something around it, as a template puts it.
fn agree(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    !short.is_empty() && long.contains(short)
}

/// Returns 64 bits of the digest of a text; texts that share them are compared as they stand.
fn key(text: &str) -> u64 {
    Digest::of(text.as_bytes()).head()
}

#[async_trait]
impl Model for Recorded {
    async fn answer(&self, request: &Request) -> Result<Answer, CallError> {
        let missing = |why| CallError::new(FailureKind::NotRecorded, why);
        if self.log {
            let found = self.find_in_log(&request.item).map_err(missing)?;
            let Some(text) = self.repeat_of(&found, request.repeat) else {
                let (id, repeat) = (&request.item.id, request.repeat + 1);
                return Err(missing(format!(
                    "the log holds no answer to repeat {repeat} of item `{id}`"
                )));
            };
            return Ok(Answer { text, ..Answer::default() });
        }
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
