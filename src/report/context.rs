//! What a template finds: read off the view structs themselves, so that it is what is there.

use schemars::schema_for;
use serde_json::{Map, Value as Json};

use crate::report::view::Report;

/// How many elements a list of the sample has.
const SAMPLES: usize = 8;

/// One value that a template may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextField {
    /// Its path, such as `results.rows[].condition`.
    pub path: String,
    /// `text`, `number`, `list` or `map`; with `?` where it may be missing.
    pub kind: String,
    /// What it says; empty where the name says it all.
    pub doc: String,
}

/// Returns every value that a template may show, in the order of the structs.
#[must_use]
pub fn template_context() -> Vec<ContextField> {
    let schema = Json::from(schema_for!(Report));
    let mut fields = Vec::new();
    walk(&schema, &schema, "", &mut fields);
    fields
}

/// Returns a context in which every value is there.
pub(super) fn sample() -> Json {
    let schema = Json::from(schema_for!(Report));
    filled(&schema, &schema)
}

/// Follows a reference, and takes the part of a choice that is not `null`.
fn settled<'s>(root: &'s Json, schema: &'s Json) -> (&'s Json, bool) {
    let mut here = schema;
    let mut missing = false;
    loop {
        if let Some(choices) = here.get("anyOf").and_then(Json::as_array) {
            let null =
                |one: &&Json| one.get("type").and_then(Json::as_str) == Some("null");
            missing |= choices.iter().any(|one| null(&one));
            match choices.iter().find(|one| !null(one)) {
                Some(choice) => here = choice,
                None => return (here, missing),
            }
            continue;
        }
        let reference = here.get("$ref").and_then(Json::as_str);
        let target = reference
            .and_then(|to| to.strip_prefix('#'))
            .and_then(|pointer| root.pointer(pointer));
        match target {
            Some(target) => here = target,
            None => return (here, missing),
        }
    }
}

/// Returns the type of a value, and whether it may be missing.
fn kind(schema: &Json) -> (&str, bool) {
    match schema.get("type") {
        Some(Json::String(one)) => (one, false),
        Some(Json::Array(several)) => {
            let names = || several.iter().filter_map(Json::as_str);
            let first = names().find(|name| *name != "null").unwrap_or("string");
            (first, names().any(|name| name == "null"))
        }
        _ => ("string", false),
    }
}

fn walk(root: &Json, schema: &Json, path: &str, fields: &mut Vec<ContextField>) {
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else {
        return;
    };
    for (name, property) in properties {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let (inner, missing) = settled(root, property);
        let (word, null) = kind(inner);
        let mark = if missing || null { "?" } else { "" };
        let doc = |schema: &Json| {
            let doc = schema.get("description").and_then(Json::as_str);
            doc.unwrap_or_default().replace('\n', " ")
        };
        let said = doc(property);
        let said = if said.is_empty() { doc(inner) } else { said };
        let push = |fields: &mut Vec<ContextField>, kind: &str| {
            let kind = format!("{kind}{mark}");
            fields.push(ContextField { path: path.clone(), kind, doc: said.clone() });
        };
        match word {
            "object" => {
                push(fields, "map");
                walk(root, inner, &path, fields);
            }
            "array" => {
                let element = inner.get("items").map(|items| settled(root, items).0);
                let of = element.map_or("text", |element| plain(kind(element).0));
                push(fields, if of == "map" { "list" } else { "list of texts" });
                if let Some(element) = element {
                    walk(root, element, &format!("{path}[]"), fields);
                }
            }
            other => push(fields, plain(other)),
        }
    }
}

fn plain(word: &str) -> &'static str {
    match word {
        "integer" | "number" => "number",
        "boolean" => "true or false",
        "object" => "map",
        _ => "text",
    }
}

fn filled(root: &Json, schema: &Json) -> Json {
    let (inner, _) = settled(root, schema);
    match kind(inner).0 {
        "object" => {
            let properties = inner.get("properties").and_then(Json::as_object);
            let fill = |(name, property): (&String, &Json)| {
                (name.clone(), filled(root, property))
            };
            let known: Map<String, Json> =
                properties.map(|all| all.iter().map(fill).collect()).unwrap_or_default();
            Json::Object(known)
        }
        "array" => {
            let element = inner.get("items").map(|items| filled(root, items));
            Json::Array(vec![element.unwrap_or(Json::Null); SAMPLES])
        }
        "integer" | "number" => Json::from(1),
        "boolean" => Json::Bool(true),
        _ => Json::from("sample"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_is_told_down_to_the_cells_of_its_tables() {
        let fields = template_context();
        let find = |path: &str| {
            fields
                .iter()
                .find(|field| field.path == path)
                .map(|field| field.kind.as_str())
        };
        assert_eq!(find("title"), Some("text"));
        assert_eq!(find("incomplete"), Some("text?"));
        assert_eq!(find("results.rows[].cells"), Some("list of texts"));
        assert_eq!(find("confirmatory[].discordant[].rows[].id"), Some("text"));
    }

    #[test]
    fn every_value_of_the_context_says_what_it_is() {
        let silent: Vec<String> = template_context()
            .into_iter()
            .filter(|field| field.doc.is_empty() && !field.path.contains("[]"))
            .map(|field| field.path)
            .collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
