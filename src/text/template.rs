//! Templates: text with places, `{{ dotted.path }}`, and nothing else.

use serde_json::Value as Json;
use thiserror::Error;

/// A text with places that are filled from an item's or a row's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    places: Vec<Place>,
}

/// One place of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The dotted path, without the space around it.
    pub path: String,
    /// First byte of the `{{`.
    pub start: usize,
    /// One past the last byte of the `}}`.
    pub end: usize,
}

/// A template that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What was found and what was wanted.
    pub message: String,
    /// First byte of the mistake.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// A path of a template that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no `{path}` to fill the template with")]
pub struct MissingPath {
    /// The path.
    pub path: String,
    /// First byte of its place in the template.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl Template {
    /// Reads a template.
    ///
    /// A path is made of letters, digits, `_`, `-` and inner spaces, its steps parted by dots.
    /// A `}}` without a `{{` before it is text.
    ///
    /// # Errors
    ///
    /// At the first place that is not closed, is empty or holds more than a path.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| rest.find("{{")) {
            let start = from + found;
            let inside = text.get(start + 2..).unwrap_or_default();
            let closed = inside.find("}}").filter(|&length| {
                inside.get(..length).is_some_and(|held| !held.contains("{{"))
            });
            let Some(length) = closed else {
                return Err(TemplateError {
                    message: "`{{` is not closed by `}}`".to_owned(),
                    start,
                    end: start + 2,
                });
            };
            let end = start + 2 + length + 2;
            let path = inside.get(..length).unwrap_or_default().trim();
            if let Some(message) = complaint(path) {
                return Err(TemplateError { message, start, end });
            }
            places.push(Place { path: path.to_owned(), start, end });
            from = end;
        }
        Ok(Self { text: text.to_owned(), places })
    }

    /// Returns the text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the places, from left to right.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Returns the paths of the places, from left to right.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| place.path.as_str())
    }

    /// Fills the places.
    ///
    /// # Errors
    ///
    /// At the first path for which `value` has nothing.
    pub fn render(
        &self,
        value: &dyn Fn(&str) -> Option<Json>,
    ) -> Result<String, MissingPath> {
        let mut filled = String::with_capacity(self.text.len() + 64);
        let mut from = 0;
        for place in &self.places {
            filled.push_str(self.text.get(from..place.start).unwrap_or_default());
            let Some(found) = value(&place.path) else {
                let Place { path, start, end } = place.clone();
                return Err(MissingPath { path, start, end });
            };
            match found.as_str() {
                Some(text) => filled.push_str(text),
                None => filled.push_str(&shown(&found)),
            }
            from = place.end;
        }
        filled.push_str(self.text.get(from..).unwrap_or_default());
        Ok(filled)
    }
}

/// Returns a value as a template shows it: text bare, nothing for `null`, else its JSON.
#[must_use]
pub fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            value.to_string()
        }
    }
}

/// Says what is wrong with a path.
fn complaint(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("`{{ }}` is empty; a dotted path is due in it".to_owned());
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.');
    if let Some(odd) = path.chars().find(|c| !fits(*c)) {
        return Some(format!(
            "`{{{{ {path} }}}}` holds `{odd}`; it may hold a dotted path and nothing else"
        ));
    }
    path.split('.')
        .any(|step| step.trim().is_empty())
        .then(|| format!("`{path}` is no dotted path: a name is missing beside a dot"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fill(template: &str, value: &Json) -> Result<String, MissingPath> {
        let template = Template::parse(template).unwrap();
        template.render(&|path| {
            value.pointer(&format!("/{}", path.replace('.', "/"))).cloned()
        })
    }

    #[test]
    fn places_are_filled_with_bare_text_and_json() {
        let value =
            json!({"q": "A \"b\"", "n": 1.50, "in": {"list": [1, "x"]}, "no": null});
        assert_eq!(
            fill("{{ q }} {{n}}|{{in.list}}|{{ no }}.", &value).unwrap(),
            "A \"b\" 1.5|[1,\"x\"]|."
        );
        assert_eq!(fill("{{in.list.1}}é{{ q }}", &value).unwrap(), "xéA \"b\"");
    }

    #[test]
    fn a_filled_place_is_not_read_again() {
        assert_eq!(fill("{{ q }}", &json!({"q": "{{ q }}"})).unwrap(), "{{ q }}");
    }

    #[test]
    fn braces_that_open_no_place_are_text() {
        let json = r#"{"a": {"b": 1}}"#;
        assert_eq!(fill(json, &Json::Null).unwrap(), json);
        assert_eq!(Template::parse("{ { x } }").unwrap().places(), []);
    }

    #[test]
    fn a_missing_path_says_where_it_stands() {
        let missing = fill("é {{ q }} {{ target }}", &json!({"q": 1})).unwrap_err();
        assert_eq!(missing, MissingPath { path: "target".into(), start: 11, end: 23 });
    }

    #[test]
    fn mistakes_are_refused_at_their_bytes() {
        for (text, start, end) in [
            ("a {{ q", 2, 4),
            ("{{ }}", 0, 5),
            ("x{{a | upper}}", 1, 14),
            ("{{ a..b }}", 0, 10),
            ("{{ .a }}", 0, 8),
            ("{{ a {{ b }}", 0, 2),
            ("é{{{a}}}", 2, 8),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert_eq!((error.start, error.end), (start, end), "{text}: {error}");
        }
    }

    #[test]
    fn paths_may_hold_spaces_inside() {
        let template = Template::parse("{{  Best Answer }}{{a-b.c_d}}").unwrap();
        assert_eq!(template.paths().collect::<Vec<_>>(), ["Best Answer", "a-b.c_d"]);
    }
}
