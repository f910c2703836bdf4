//! Items: the rows of a dataset, ready to be asked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::base::{Digest, Digester};

/// One row of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its position in the dataset after filtering and sampling, from 0.
    pub index: u32,
    /// Its id: the column `id` where there is one, else its row number in the source, from 1.
    pub id: String,
    /// What is asked.
    pub input: String,
    /// What a right answer is; `null` where there is none.
    pub target: Json,
    /// Every column, `id`, `input` and `target` as they stand in the source included.
    pub columns: Map<String, Json>,
    /// Digest of id, input, target and columns.
    pub digest: Digest,
}

impl Item {
    /// Returns the item with its digest worked out.
    #[must_use]
    pub fn new(
        index: u32,
        id: String,
        input: String,
        target: Json,
        columns: Map<String, Json>,
    ) -> Self {
        let mut digester = Digester::new("item");
        digester.text(&id).text(&input);
        digest_json(&target, &mut digester);
        digester.number(columns.len() as u64);
        for (name, value) in &columns {
            digester.text(name);
            digest_json(value, &mut digester);
        }
        let digest = digester.finish();
        Self { index, id, input, target, columns, digest }
    }

    /// Looks up a dotted path: `input`, `target` and `id` first, then the columns, into
    /// nested objects and, by number, into lists.
    #[must_use]
    pub fn lookup(&self, path: &str) -> Option<Json> {
        match path {
            "input" => return Some(Json::String(self.input.clone())),
            "target" => return Some(self.target.clone()),
            "id" => return Some(Json::String(self.id.clone())),
            _ => {}
        }
        if let Some(value) = self.columns.get(path) {
            return Some(value.clone());
        }
        let mut parts = path.split('.');
        let mut value = self.columns.get(parts.next()?)?;
        for part in parts {
            value = match value {
                Json::Object(map) => map.get(part)?,
                Json::Array(list) => list.get(part.parse::<usize>().ok()?)?,
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                    return None;
                }
            };
        }
        Some(value.clone())
    }
}

fn digest_json(value: &Json, digester: &mut Digester) {
    match value {
        Json::Null => digester.text("null"),
        Json::Bool(flag) => digester.text("bool").number(u64::from(*flag)),
        Json::Number(number) => digester.text("number").text(&number.to_string()),
        Json::String(text) => digester.text("text").text(text),
        Json::Array(list) => {
            digester.text("list").number(list.len() as u64);
            list.iter().for_each(|value| digest_json(value, digester));
            digester
        }
        Json::Object(map) => {
            digester.text("map").number(map.len() as u64);
            for (key, value) in map {
                digester.text(key);
                digest_json(value, digester);
            }
            digester
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dotted_path_reaches_into_nested_columns() {
        let Json::Object(columns) = json!({"a": {"b": [1, {"c": "x"}]}, "a.b": 7}) else {
            unreachable!()
        };
        let item = Item::new(0, "1".into(), "q".into(), Json::Null, columns);
        assert_eq!(item.lookup("a.b.1.c"), Some(json!("x")));
        assert_eq!(item.lookup("a.b"), Some(json!(7)));
        assert_eq!(item.lookup("a.z"), None);
        assert_eq!(item.lookup("input"), Some(json!("q")));
    }
}
