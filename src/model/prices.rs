//! The dated table of list prices.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::contract::Price;

const TABLE: &str = include_str!("../../stdlib/prices.json");

/// Tokens in the unit of the table.
const MILLION: f64 = 1e6;

#[derive(Debug, Default, Deserialize)]
struct Table {
    date: String,
    openai: Listed,
    anthropic: Listed,
    google: Listed,
}

#[derive(Debug, Default, Deserialize)]
struct Listed {
    models: BTreeMap<String, Row>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Row {
    input: f64,
    output: f64,
    /// What is not listed costs as much as any token sent.
    cached: Option<f64>,
    written: Option<f64>,
}

/// Returns the date of the table of list prices, as `YYYY-MM-DD`.
#[must_use]
pub fn price_date() -> &'static str {
    &table().date
}

/// Returns the list price of a provider's model; `None` where it is not listed. A dated
/// version such as `gpt-4o-mini-2024-07-18` has the price of its model.
#[must_use]
pub fn list_price(provider: &str, model: &str) -> Option<Price> {
    let listed = match provider {
        "openai" => &table().openai,
        "anthropic" => &table().anthropic,
        "google" => &table().google,
        _ => return None,
    };
    let row = listed.models.get(model).or_else(|| listed.models.get(undated(model)))?;
    Some(Price {
        input: row.input / MILLION,
        output: row.output / MILLION,
        cached: row.cached.unwrap_or(row.input) / MILLION,
        written: row.written.unwrap_or(row.input) / MILLION,
    })
}

/// Takes `-2024-07-18`, `-20251001`, `-001` or `-latest` from the end of a model's name.
fn undated(model: &str) -> &str {
    let model = model.strip_suffix("-latest").unwrap_or(model);
    let bare = model.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    let date = model.get(bare.len()..).unwrap_or_default();
    let dated = |shape: &[usize]| {
        let (parts, lengths): (Vec<&str>, Vec<usize>) =
            date.rsplit('-').take(shape.len()).map(|part| (part, part.len())).unzip();
        let cut: usize = lengths.iter().sum::<usize>() + parts.len();
        (lengths == shape && date.len() >= cut).then(|| model.len() - cut)
    };
    let cut = dated(&[2, 2, 4]).or_else(|| dated(&[8])).or_else(|| dated(&[3]));
    cut.and_then(|end| model.get(..end)).unwrap_or(model)
}

/// Reads the table once; a test says that it can be read.
fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_dated_and_its_prices_are_a_token() {
        assert_eq!(price_date().len(), 10);
        let price = list_price("openai", "gpt-4o-mini").unwrap();
        assert!((price.input - 0.15e-6).abs() < 1e-15);
        assert!((price.output - 0.60e-6).abs() < 1e-15);
    }

    #[test]
    fn dated_versions_have_the_price_of_their_model_and_others_have_none() {
        for (provider, model, known) in [
            ("openai", "gpt-4o-mini-2024-07-18", true),
            ("anthropic", "claude-haiku-4-5-20251001", true),
            ("anthropic", "claude-sonnet-4-20250514", true),
            ("anthropic", "claude-3-5-haiku-latest", true),
            ("google", "gemini-2.0-flash-001", true),
            ("openai", "gpt-4o-mini-audio", false),
            ("openai", "gpt-6", false),
            ("google", "gpt-4o", false),
            ("openai", "", false),
            ("openai", "2024-07-18", false),
        ] {
            assert_eq!(list_price(provider, model).is_some(), known, "{model}");
        }
    }
}
