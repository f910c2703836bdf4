//! Statistics against values that somebody else computed.
//!
//! A selection stands in `tests/data/stats/golden`; the whole set is read in addition from
//! `GOLDEN_DIR`, or from `../shared/golden/stats` where that exists.

#![expect(clippy::disallowed_methods, reason = "this test reads reference values")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]
#![expect(clippy::float_cmp, reason = "infinities and exact zeros are compared")]
#![expect(clippy::wildcard_enum_match_arm, reason = "other JSON cannot be a number")]

mod distributions;
mod effects;
mod known;
mod power;

use std::path::{Path, PathBuf};

use crucible::stats::{Alternative, StatsError};
use serde_json::{Value as Json, json};

type Answer = Result<Json, StatsError>;

/// The cases of a family that are asked; `None` leaves a case out.
type Ask = fn(&Case) -> Option<Answer>;

struct Case(Json);

impl Case {
    fn input(&self, name: &str) -> &Json {
        &self.0["input"][name]
    }
    fn number(&self, name: &str) -> f64 {
        number(self.input(name))
    }
    fn numbers(&self, name: &str) -> Vec<f64> {
        self.input(name).as_array().unwrap().iter().map(number).collect()
    }
    /// A count; `None` for one below zero, which the types of `stats` cannot express.
    fn count(&self, name: &str) -> Option<u64> {
        self.input(name).as_u64()
    }
    /// A count, refused where it is below zero, which the types of `stats` cannot express.
    fn counted(&self, name: &'static str) -> Result<u64, StatsError> {
        let wanted = "a count";
        self.count(name).ok_or(StatsError::InvalidParameter { name, wanted })
    }
    fn option(&self, name: &str) -> &str {
        self.0["options"][name].as_str().unwrap_or_default()
    }
    fn flag(&self, name: &str, default: bool) -> bool {
        self.0["options"][name].as_bool().unwrap_or(default)
    }
    fn confidence(&self) -> f64 {
        self.0["options"]["confidence"].as_f64().unwrap_or(0.95)
    }
    fn alternative(&self) -> Alternative {
        match self.option("alternative") {
            "less" => Alternative::Less,
            "greater" => Alternative::Greater,
            _ => Alternative::TwoSided,
        }
    }
}

fn number(value: &Json) -> f64 {
    match value {
        Json::String(word) => match word.as_str() {
            "inf" => f64::INFINITY,
            "-inf" => f64::NEG_INFINITY,
            _ => f64::NAN,
        },
        _ => value.as_f64().unwrap(),
    }
}

fn out(x: f64) -> Json {
    if x.is_finite() {
        json!(x)
    } else if x > 0.0 {
        json!("inf")
    } else {
        json!("-inf")
    }
}

/// The golden set's word for an error.
fn kind(error: StatsError) -> &'static str {
    match error {
        StatsError::Empty => "empty_input",
        StatsError::TooFew { .. } => "too_few",
        StatsError::NotFinite { .. } => "non_finite",
        StatsError::NoSpread => "zero_variance",
        StatsError::LengthMismatch { .. } => "length_mismatch",
        StatsError::InvalidParameter { .. } => "invalid_parameter",
        StatsError::OutOfRange => "out_of_range",
        StatsError::InvalidTable => "invalid_table",
        StatsError::ZeroMarginal => "zero_marginal",
        StatsError::SumMismatch => "sum_mismatch",
        StatsError::NoDifference => "all_zero_differences",
        StatsError::Constant => "constant_input",
        StatsError::Singular => "singular",
        StatsError::Separation => "perfect_separation",
        StatsError::Undefined { .. } => "undefined",
        _ => "unknown",
    }
}

/// Asks every case of a family, and wants every field that it expects.
///
/// The selection in `tests/data/stats/golden` is asked where it has the family.
fn whole(family: &str, ask: fn(&Case) -> Answer) {
    let strict = |case: &Case| Some(ask(case));
    let name = format!("{family}.json");
    let own = own();
    let mut places = Vec::new();
    if own.join(&name).is_file() {
        places.push(own);
    }
    match shared() {
        Some(dir) => places.push(dir),
        None => println!("skipped the whole golden set: no GOLDEN_DIR"),
    }
    for dir in places {
        check_in(&dir, family, &strict, true);
    }
}

/// Asks some cases of a family, or some of their fields.
fn check(family: &str, ask: Ask) {
    check_in(&own(), family, &ask, false);
    match shared() {
        Some(dir) => check_in(&dir, family, &ask, false),
        None => println!("skipped the whole golden set: no GOLDEN_DIR"),
    }
}

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stats/golden")
}

fn shared() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/golden/stats");
    let dir = std::env::var("GOLDEN_DIR").map_or_else(|_| default(), PathBuf::from);
    dir.is_dir().then_some(dir)
}

fn check_in(
    dir: &Path,
    family: &str,
    ask: &dyn Fn(&Case) -> Option<Answer>,
    strict: bool,
) {
    let file = dir.join(format!("{family}.json"));
    let text = std::fs::read_to_string(&file).unwrap();
    let whole: Json = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for case in whole["cases"].as_array().unwrap() {
        let Some(answer) = ask(&Case(case.clone())) else { continue };
        asked += 1;
        if let Err(why) = compare(case, answer, strict) {
            wrong.push(format!("{}: {why}", case["name"]));
        }
    }
    assert!(asked > 0, "{family}: no case was asked");
    assert!(
        wrong.is_empty(),
        "{family}: {} of {asked}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn compare(case: &Json, answer: Answer, strict: bool) -> Result<(), String> {
    let expect = case["expect"].as_object().unwrap();
    let got = match answer {
        Err(error) if expect.get("error") == Some(&json!(kind(error))) => return Ok(()),
        Err(error) => return Err(format!("error {}", kind(error))),
        Ok(got) => got,
    };
    if let Some(error) = expect.get("error") {
        return Err(format!("wanted error {error}, got {got}"));
    }
    let got = got.as_object().unwrap();
    for (name, want) in expect {
        match got.get(name) {
            Some(value) => field(case, name, want, value)?,
            None if strict => return Err(format!("{name} is not answered")),
            None => {}
        }
    }
    if got.keys().all(|name| !expect.contains_key(name)) {
        return Err("nothing was compared".to_owned());
    }
    Ok(())
}

/// Compares one field; `top` is the name whose tolerance counts, unless a nested field has one.
fn field(case: &Json, top: &str, want: &Json, got: &Json) -> Result<(), String> {
    if let (Some(want), Some(got)) = (want.as_array(), got.as_array()) {
        if want.len() != got.len() {
            return Err(format!("{top}: lengths {} and {}", want.len(), got.len()));
        }
        return want.iter().zip(got).try_for_each(|(w, g)| field(case, top, w, g));
    }
    if let (Some(want), Some(got)) = (want.as_object(), got.as_object()) {
        return want.iter().try_for_each(|(name, w)| {
            let g = got.get(name).ok_or(format!("{top}.{name} is not answered"))?;
            let own = case["tol"].get(name).is_some();
            field(case, if own { name } else { top }, w, g)
        });
    }
    let word = want.as_str().is_some_and(|word| !matches!(word, "inf" | "-inf" | "nan"));
    if want.is_boolean() || want.is_object() || want.is_null() || word || got.is_null() {
        let same = want == got;
        return if same {
            Ok(())
        } else {
            Err(format!("{top}: wanted {want}, got {got}"))
        };
    }
    let tolerance = |which: &str| {
        case["tol"][top][which].as_f64().or(case[which].as_f64()).unwrap_or(0.0)
    };
    let (want, got) = (number(want), number(got));
    let allowed = tolerance("atol").max(tolerance("rtol") * want.abs());
    let tiny = want.abs() < 1e-300 && got == 0.0;
    if got == want || tiny || (got - want).abs() <= allowed {
        Ok(())
    } else {
        Err(format!("{top}: wanted {want:e}, got {got:e}"))
    }
}

fn value(x: Result<f64, StatsError>) -> Answer {
    x.map(|x| json!({ "value": out(x) }))
}
