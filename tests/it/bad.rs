//! Files with mistakes: what must be said of each, and nothing more.

use super::lang_check::{Disk, acceptance, load, shown, signatures, told};
use crucible::lang;
use crucible::script::Host;

type Told = Vec<(&'static str, String, String)>;

fn check(folder: &std::path::Path, name: &str) -> (Told, String) {
    let path = folder.join(format!("{name}.crucible")).display().to_string();
    let loaded = lang::load(&path, &Disk, &signatures(), &Host::default(), &[]);
    assert!(loaded.experiment.is_none());
    (told(&loaded), shown(&loaded))
}

fn folders() -> Vec<std::path::PathBuf> {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bad");
    std::iter::once(own).chain(acceptance().map(|shared| shared.join("bad"))).collect()
}

/// Asserts code, place and help of each mistake.
fn exactly(name: &str, wanted: &[(&str, &str, &str)]) {
    for folder in folders() {
        let (told, page) = check(&folder, name);
        let found: Vec<(&str, &str, &str)> = told
            .iter()
            .map(|(code, at, help)| (*code, at.as_str(), help.as_str()))
            .collect();
        assert_eq!(found, wanted, "{page}");
    }
}

#[test]
fn a_misspelt_argument_is_one_mistake() {
    exactly(
        "01-typo",
        &[("check::unknown_argument", "acuracy", "did you mean `accuracy`?")],
    );
}

#[test]
fn wrong_units_are_three_mistakes() {
    exactly(
        "02-unit",
        &[
            ("check::unit", "$3.00", "a duration is due here: `30s`?"),
            ("check::unit", "70", "did you mean `70%`?"),
            ("check::compare", "5pp", "a duration is due here: `30s`?"),
        ],
    );
}

#[test]
fn a_circle_is_shown_once() {
    for folder in folders() {
        let (told, page) = check(&folder, "03-cycle");
        assert_eq!(told.len(), 1, "{page}");
        assert!(page.contains("a → b → c → a"), "{page}");
    }
}

#[test]
fn unknown_names_are_told_each_at_its_place() {
    for folder in folders() {
        let (told, page) = check(&folder, "04-unknown");
        let found: Vec<(&str, &str)> =
            told.iter().map(|(code, at, _)| (*code, at.as_str())).collect();
        assert_eq!(
            found,
            [
                ("check::unknown_call", "aks"),
                ("check::duplicate_name", "c"),
                ("check::unknown_name", "n"),
                ("check::unknown_name", "e"),
                ("check::unknown_metric", "corect"),
            ],
            "{page}"
        );
        assert_eq!(told[0].2, "did you mean `ask`?");
        assert_eq!(told[4].2, "did you mean `correct`?");
        assert!(page.contains("first defined here"), "{page}");
    }
}

#[test]
fn syntax_errors_are_told_each_at_its_place_without_followers() {
    for folder in folders() {
        let (told, page) = check(&folder, "05-syntax");
        assert!(
            told.iter().filter(|(code, ..)| code.starts_with("syntax::")).count() >= 3,
            "{page}"
        );
        assert!(told.iter().all(|(code, ..)| !code.contains("unknown")), "{page}");
    }
}

#[test]
fn mistakes_in_rhai_are_told_at_their_places_in_the_file() {
    for folder in folders() {
        let (told, page) = check(&folder, "06-script");
        assert_eq!(told.len(), 2, "{page}");
        assert_eq!(told[1].1, "outptu", "{page}");
        assert_eq!(told[1].2, "did you mean `output`?");
    }
}

#[test]
fn a_file_cut_anywhere_gets_an_answer_without_a_fall() {
    let whole = "experiment e { seed: 1, repeats: 2 }\nlet l = lognormal(median: 20ms, p99: 1s)\n\
        model a = sim(accuracy: 78%, latency: l, price: [$0.15/Mtok, $0.60/Mtok])\n\
        dataset d = items(6, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })\n\
        strategy s(m, times: 2) = |ctx, item| { let x = ctx.ask(m, item.input); x }\n\
        condition g[n in 1..=3, q in [a]] = vote(repeat(q, n), by: majority) { prompt: \"{{ input }}\" }\n\
        metric correct = exact_match(extract: |output| output.text)\n\
        hypothesis h { claim: trend(g.correct, n) > 0 and g[1, a].latency ~= g[2, a].latency within 10% }\n";
    for cut in 0..whole.len() {
        for text in [whole.get(..cut), whole.get(cut..)].into_iter().flatten() {
            let loaded = load(&[("e.crucible", text)], &[]);
            let errors = told(&loaded).len();
            assert_eq!(loaded.experiment.is_none(), errors > 0, "{text}");
        }
    }
}
