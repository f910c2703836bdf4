//! One mistake is one error with what to write instead, and every mistake is told at once.

use crucible::catalogue::signatures;
use crucible::diag::Severity;
use crucible::lang::{self, Files};
use crucible::script::Host;
use crucible::spec::Standing;

use super::lang_check::{load, refused, shown};

const REST: &str = "dataset d = items(3, |i| #{ input: `q`, target: i })\n\
    condition c = ask(m)\nmetric correct = exact_match()\n";

/// Each mistake of a file as its code, the text at its place, and its help.
fn of(text: &str) -> Vec<(&'static str, String, String)> {
    refused(&[("e.crucible", text)])
}

fn with_model(header: &str, model: &str, rest: &str) -> String {
    format!("experiment e {{ {header} }}\nmodel m = {model}\n{REST}{rest}")
}

/// Asserts that a file has one mistake, of this code and at this text, whose help holds some
/// words.
fn one(text: &str, code: &str, at: &str, help: &str) {
    let told = of(text);
    assert_eq!(told.len(), 1, "{text}: {told:?}");
    let (found, place, advice) = &told[0];
    assert_eq!((*found, place.as_str()), (code, at), "{text}");
    assert!(advice.contains(help), "{text}: {advice}");
}

#[test]
fn a_field_that_is_wrong_hides_no_other() {
    let told = of(&with_model(
        "repeats: 0, order: file, max_failures: 300%, timeout: 3",
        "sim(accuracy: 140%, latency: 3)",
        "hypothesis h { claim: c.correct > 5s, alpha: 0% }\n",
    ));
    let found: Vec<(&str, &str)> =
        told.iter().map(|(code, at, _)| (*code, at.as_str())).collect();
    let wanted = [
        ("check::refused", "0"),
        ("check::unknown_argument", "order"),
        ("check::refused", "300%"),
        ("check::unit", "3"),
        ("check::refused", "140%"),
        ("check::type", "3"),
        ("check::compare", "5s"),
        ("check::refused", "0%"),
    ];
    assert_eq!(found, wanted, "{told:#?}");
    assert!(told[1].2.contains("not there yet; the fields are `authors`"), "{told:?}");
}

#[test]
fn a_shortened_argument_counts_as_given() {
    let text = with_model("seed: 1", "sim(acc: 5%)", "");
    one(&text, "check::unknown_argument", "acc", "did you mean `accuracy`?");
}

#[test]
fn a_function_defined_twice_is_one_mistake() {
    let text = with_model(
        "seed: 1",
        "sim(accuracy: 5%)",
        "script {\n    fn f(x) { x }\n    fn f(y) { y }\n}\n\
         metric n = score(|output, item| f(1))\n",
    );
    one(&text, "check::duplicate_function", "fn f(y) { y }", "another name");
}

#[test]
fn what_is_half_written_gets_its_other_half() {
    let model = "sim(accuracy: 5%)";
    let claim = |claim: &str| {
        with_model(
            "seed: 1",
            model,
            &format!("hypothesis h {{\n    claim: {claim}\n}}\n"),
        )
    };
    one(&claim("c.correct > .5"), "syntax::unexpected", ".", "`0.5`");
    one(&claim("c.correct = c.correct"), "syntax::unexpected", "=", "`a.x ~= b.x within");
    one("let a = 1.\n", "syntax::unexpected", "\n", "`1.0`");
    one("let a = [1., 2]\n", "syntax::unexpected", ",", "`1.0`");
    one("condition c = ask { model: m }\n", "syntax::unexpected", "{", "`ask(…) { … }`");
}

#[test]
fn values_of_another_shape_are_answered_with_the_right_one() {
    let model = "sim(accuracy: 5%)";
    let dataset = "dataset o = items(3, |i| #{ input: `q`, target: i }) { sample: 3 }\n";
    let text = with_model("seed: 1, dataset: d", model, dataset);
    one(&text, "check::type", "3", "`first(3)` or `random(3)`");
    let text = with_model("seed: 1", model, "report { formats: \"markdown\" }\n");
    one(&text, "check::type", "\"markdown\"", "`[markdown]`");
    let text = with_model("seed: 1", "sim(accuracy: 5%, price: [$5/tok, $1/Mtok])", "");
    one(&text, "check::unknown_name", "tok", "`$0.15/Mtok`");
    let text = with_model("budget: 5usd", model, "");
    one(&text, "syntax::unit", "usd", "`$5`");
    let text =
        with_model("seed: 1", model, "hypothesis h { claim: max(c.latency) < 3s }\n");
    assert!(of(&text)[0].2.contains("p99"), "{:?}", of(&text));
}

#[test]
fn a_pattern_that_is_none_is_told_and_an_escape_between_backticks_is_doubted() {
    let text = with_model(
        "seed: 1",
        "sim(accuracy: 5%)",
        "metric n = score(|output, item| output.text.find(`(a`) == ())\n",
    );
    one(&text, "check::script", "`(a`", "backslash");
    let text = with_model(
        "seed: 1",
        "sim(accuracy: 5%)",
        "strategy s(model) = |ctx, item| ctx.ask(model, `${item.input}\\nThink.`)\n\
         condition t = s(m)\n",
    );
    let loaded = load(&[("e.crucible", &text)], &[]);
    assert!(loaded.experiment.is_some(), "{}", shown(&loaded));
    let [doubt] = &loaded.diagnostics[..] else { panic!("{}", shown(&loaded)) };
    assert_eq!(
        (doubt.severity, doubt.code),
        (Severity::Warning, "check::backtick_escape")
    );
    assert_eq!(loaded.sources.text(doubt.span().unwrap()), Some("\\n"));
}

#[test]
fn lines_that_end_in_a_lone_return_are_lines() {
    let text = "experiment e { seed: 1 }\rmodel m = sim(acuracy: 5%)\rlet a = 1\r";
    let loaded = load(&[("e.crucible", text)], &[]);
    let page = shown(&loaded);
    assert!(page.contains("e.crucible:2:15"), "{page}");
    assert!(!page.contains('\r'), "{page:?}");
}

struct OneFile(String);

impl Files for OneFile {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone().into_bytes())
    }
}

#[test]
fn an_address_that_stands_in_the_environment_is_part_of_the_experiment() {
    let text = with_model("seed: 1", "openai(\"m\")", "");
    let digest = |address: Option<&str>, text: &str| {
        let standing = address.map(|address| Standing {
            call: "openai",
            param: "base_url",
            value: address.to_owned(),
        });
        let signatures = signatures().with_standing(standing.into_iter().collect());
        let files = OneFile(text.to_owned());
        let loaded = lang::load("e.crucible", &files, &signatures, &Host::default(), &[]);
        loaded.experiment.unwrap().digest()
    };
    let (one, other) = ("http://localhost:8000/v1", "http://localhost:9000/v1");
    assert_eq!(digest(Some(one), &text), digest(Some(one), &text));
    assert_ne!(digest(Some(one), &text), digest(Some(other), &text));
    assert_ne!(digest(Some(one), &text), digest(None, &text));
    let written = text.replace("\"m\")", &format!("\"m\") {{ base_url: \"{one}\" }}"));
    assert_eq!(digest(Some(one), &text), digest(None, &written));
    assert_eq!(digest(Some(other), &written), digest(None, &written), "the file wins");
}
