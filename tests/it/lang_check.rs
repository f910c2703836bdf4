//! Whole files through the checker: what is accepted, and what is said of mistakes.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "tests read example files, say what they skip, and fail where a helper fails"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crucible::dataset::SOURCES;
use crucible::diag::{Look, Severity, render};
use crucible::lang::{self, Files, Loaded, Override};
use crucible::model::{DISTRIBUTIONS, PROVIDERS};
use crucible::score::SCORERS;
use crucible::script::{EXTRACTORS, Host};
use crucible::spec::{
    CLAIM_FUNCTIONS, Experiment, Hypothesis, KINDS, Signature, Signatures,
};
use crucible::strategy::{COMBINATORS, EVALUATED};

/// Files on the disk.
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| error.to_string())
    }
}

/// Files in memory, by path.
pub(crate) struct Memory(BTreeMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let text = self.0.get(path).ok_or("there is no such file")?;
        Ok(text.clone().into_bytes())
    }
}

pub(crate) fn signatures() -> Signatures {
    let strategies: Vec<Signature> =
        COMBINATORS.iter().map(|one| one.signature).collect();
    let models: Vec<Signature> = PROVIDERS.iter().map(|one| one.signature).collect();
    let scorers: Vec<Signature> = SCORERS.iter().map(|one| one.signature).collect();
    Signatures::new(&[
        &strategies,
        EVALUATED,
        &models,
        DISTRIBUTIONS,
        SOURCES,
        &scorers,
        EXTRACTORS,
        KINDS,
        CLAIM_FUNCTIONS,
    ])
}

/// Loads files from memory; the first is the one that is named.
pub(crate) fn load(files: &[(&str, &str)], overrides: &[(&str, &str)]) -> Loaded {
    let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let overrides: Vec<Override> = overrides
        .iter()
        .map(|(path, value)| Override {
            path: (*path).to_owned(),
            value: (*value).to_owned(),
        })
        .collect();
    let memory = Memory(texts.collect());
    lang::load(files[0].0, &memory, &signatures(), &Host::default(), &overrides)
}

pub(crate) fn shown(loaded: &Loaded) -> String {
    let pages = loaded.diagnostics.iter();
    pages.map(|found| render(found, &loaded.sources, Look::default())).collect()
}

/// Loads a file that must be accepted.
fn accepted(text: &str) -> Experiment {
    let loaded = load(&[("e.crucible", text)], &[]);
    assert!(loaded.experiment.is_some(), "{}", shown(&loaded));
    loaded.experiment.unwrap()
}

/// Loads files that must be refused, and returns code, text at the place, and help.
pub(crate) fn refused(files: &[(&str, &str)]) -> Vec<(&'static str, String, String)> {
    told(&load(files, &[]))
}

pub(crate) fn told(loaded: &Loaded) -> Vec<(&'static str, String, String)> {
    loaded
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            let at = found.span().and_then(|span| loaded.sources.text(span));
            (
                found.code,
                at.unwrap_or("").to_owned(),
                found.help.clone().unwrap_or_default(),
            )
        })
        .collect()
}

pub(crate) fn acceptance() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("SHARED_DIR").map_or_else(default, PathBuf::from);
    let folder = shared.join("acceptance");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

const HEAD: &str = "experiment e { seed: 1 }\n\
    model a = sim(accuracy: 70%)\n\
    model b = sim(accuracy: 80%)\n\
    dataset d = items(3, |i| #{ input: `q`, target: i })\n";

fn with_head(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

#[test]
fn the_acceptance_files_whose_calls_exist_are_accepted() {
    let Some(folder) = acceptance() else { return };
    for (name, conditions) in [("voting-simulated", 7), ("custom-strategy", 2)] {
        let path = folder.join(format!("{name}.crucible"));
        let loaded = lang::load(
            &path.display().to_string(),
            &Disk,
            &signatures(),
            &Host::default(),
            &[],
        );
        let experiment = loaded.experiment.as_ref();
        assert_eq!(
            experiment.map(|experiment| experiment.conditions.len()),
            Some(conditions),
            "{}",
            shown(&loaded)
        );
    }
    for name in ["factorial-simulated", "gsm8k-verifiers"] {
        let path = folder.join(format!("{name}.crucible"));
        let loaded = lang::load(
            &path.display().to_string(),
            &Disk,
            &signatures(),
            &Host::default(),
            &[],
        );
        assert!(told(&loaded).is_empty(), "{}", shown(&loaded));
    }
}

#[test]
fn a_prompt_of_a_combinator_goes_to_the_bare_models_in_it_and_nowhere_else() {
    let experiment = accepted(&with_head(
        "prompt p = \"P {{ input }}\"\ncondition c = vote([a, repeat(b, 2), ask(a)], prompt: p)\n",
    ));
    let list = experiment.conditions[0].strategy.args.values().next().unwrap();
    let members = list.value.as_list().unwrap();
    assert_eq!(members.len(), 4);
    let prompts: Vec<bool> = members
        .iter()
        .map(|one| one.as_call().unwrap().arg("prompt").is_some())
        .collect();
    assert_eq!(prompts, [true, true, true, false]);
}

#[test]
fn families_spread_out_and_are_named_by_their_values() {
    let experiment = accepted(&with_head(
        "let both = [a, b]\nprompt x = \"{{ input }}\"\nprompt y = \"y {{ input }}\"\n\
         condition grid[m in both, p in [x, y]] = ask(m, prompt: p)\n\
         condition panel[n in 1..=3] = vote(repeat(a, n))\n\
         metric correct = exact_match()\n\
         hypothesis h { claim: trend(panel.correct, n) > 0 and grid[a, y].correct > 50% }\n",
    ));
    let names: Vec<&str> =
        experiment.conditions.iter().map(|condition| condition.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "grid[a, x]",
            "grid[a, y]",
            "grid[b, x]",
            "grid[b, y]",
            "panel[1]",
            "panel[2]",
            "panel[3]"
        ]
    );
}

#[test]
fn functions_of_another_file_are_seen_and_count_in_the_digest() {
    let main = with_head(
        "use \"lib.crucible\"\ncondition c = ask(a)\n\
         metric m = score(|output, item| outer(output.text))\n",
    );
    let digest = |lib: &str| {
        let loaded = load(&[("e.crucible", &main), ("lib.crucible", lib)], &[]);
        assert!(loaded.experiment.is_some(), "{}", shown(&loaded));
        loaded.experiment.unwrap().metrics[0].call.digest()
    };
    let first =
        digest("script {\n fn outer(x) { inner(x) }\n fn inner(x) { x.len() }\n}\n");
    let spaced = digest(
        "script {\n fn outer(x) {  inner( x ) }\n fn inner(x) { x.len() /* n */ }\n}\n",
    );
    let changed =
        digest("script {\n fn outer(x) { inner(x) }\n fn inner(x) { x.len() + 1 }\n}\n");
    assert_eq!(first, spaced);
    assert_ne!(first, changed);
}

#[test]
fn a_set_value_takes_the_place_of_the_one_in_the_file() {
    let file = with_head("let times = 2\ncondition c = vote(repeat(a, times))\n");
    let files = [("e.crucible", file.as_str())];
    let loaded =
        load(&files, &[("experiment.seed", "7"), ("a.accuracy", "60%"), ("times", "3")]);
    let experiment = loaded.experiment.unwrap();
    assert_eq!(experiment.header.seed, 7);
    assert_eq!(experiment.models[0].call.number("accuracy"), Some(0.6));
    let list = experiment.conditions[0].strategy.args.values().next().unwrap();
    assert_eq!(list.value.as_list().unwrap().len(), 3);
    let wrong =
        load(&files, &[("a.acuracy", "60%"), ("experiment.timeout", "$3"), ("z.x", "1")]);
    let codes: Vec<&str> = told(&wrong).iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes.len(), 3, "{}", shown(&wrong));
    assert!(codes.contains(&"check::unknown_argument") && codes.contains(&"check::set"));
}

#[test]
fn every_item_of_the_library_checks_and_can_be_used() {
    let experiment = accepted(&with_head(
        "use std::prompts\nuse std::extract::last_line\nuse std::extract::after_answer\n\
         condition c[p in [direct, step_by_step, answer_only, multiple_choice, self_check, careful]] = ask(a, prompt: p)\n\
         metric x = exact_match(extract: last_line)\n\
         metric y = exact_match(extract: after_answer)\n",
    ));
    assert_eq!(experiment.conditions.len(), 6);
}

#[test]
fn a_thousand_conditions_check_quickly() {
    let mut file =
        with_head("metric correct = exact_match(extract: |output| output.text)\n");
    for n in 0..1_000 {
        file += &format!("condition c{n} = vote([a, b, repeat(a, 3)])\n");
    }
    let started = tokio::time::Instant::now();
    assert_eq!(accepted(&file).conditions.len(), 1_000);
    assert!(started.elapsed().as_secs_f64() < 3.0, "{:?}", started.elapsed());
}

#[test]
fn definitions_that_grow_or_nest_without_end_are_refused() {
    let mut bomb = with_head("let x0 = [1, 1]\n");
    let mut chain = with_head("let y0 = 1\n");
    for n in 1..60 {
        bomb += &format!("let x{n} = [x{0}, x{0}]\n", n - 1);
    }
    for n in 1..3_000 {
        chain += &format!("let y{n} = y{}\n", n - 1);
    }
    chain += "let z = y2999\n";
    assert_eq!(refused(&[("e.crucible", &bomb)])[0].0, "check::too_large");
    let reversed: Vec<&str> = chain.lines().rev().collect();
    let told = refused(&[("e.crucible", &(reversed.join("\n") + "\n"))]);
    assert_eq!(told[0].0, "check::too_deep", "{told:?}");
    let family =
        with_head("condition c[n in 1..=200, m in 1..=200] = vote(repeat(a, n))\n");
    assert_eq!(refused(&[("e.crucible", &family)])[0].0, "check::too_large");
}

/// The hypotheses of a file with the claims given.
fn claims(claims: &[&str]) -> Vec<Hypothesis> {
    let mut file = with_head(AROUND);
    for (n, claim) in claims.iter().enumerate() {
        file += &format!("hypothesis h{n} {{ claim: {claim} }}\n");
    }
    accepted(&file).hypotheses
}

#[test]
fn less_and_less_or_equal_are_one_claim_and_a_margin_is_part_of_it() {
    let told = claims(&[
        "v.correct < c.correct",
        "v.correct <= c.correct",
        "v.correct < c.correct + 2pp",
        "v.correct > c.correct",
    ]);
    assert_eq!(told[0].claim, told[1].claim);
    assert_eq!(told[0].digest, told[1].digest);
    assert_ne!(told[0].digest, told[2].digest);
    assert_ne!(told[0].claim, told[3].claim);
}

#[test]
fn claims_about_quantities_of_one_kind_are_accepted() {
    let told = claims(&[
        "mean(v.cost) <= 4 * mean(c.cost)",
        "p99(v.latency) <= 50% * p99(c.latency)",
        "sum(v.requests) <= 115% * sum(c.requests)",
        "mean(v.cost) / mean(c.cost) < 120%",
        "v.correct - c.correct > 2pp and v.cost ~= c.cost within 10%",
        "v.latency ~= c.latency within 200ms or c.correct > 70%",
        "correlation(v.correct, v.cost) > 0",
        "trend(panel.correct, n) > 1pp",
        "quantile(v.latency, 75%) < 2s",
        "-v.latency < -1s",
    ]);
    assert_eq!(told[3].claim_text, "mean(v.cost) / mean(c.cost) < 120%");
    assert_eq!(told[7].claim.samples().len(), 3);
}

#[test]
fn a_hypothesis_has_another_digest_when_what_it_reaches_changes() {
    let hypothesis = "hypothesis h { claim: v.correct > c.correct }\n";
    let digest = |from: &str, to: &str| {
        let file = with_head(&format!("{AROUND}{hypothesis}"));
        accepted(&file.replace(from, to)).hypotheses[0].digest
    };
    let first = digest("", "");
    assert_eq!(first, digest("1..=3", "1..=4"), "a condition that it does not name");
    assert_ne!(first, digest("accuracy: 70%", "accuracy: 71%"));
    assert_ne!(first, digest("items(3,", "items(4,"));
    assert_ne!(first, digest("seed: 1", "seed: 1, repeats: 2"));
    assert_ne!(first, digest("seed: 1", "seed: 1, correction: none"));
}

/// What the examples of the explanations stand in.
const AROUND: &str = "condition c = ask(a)\ncondition v = vote([a, b])\n\
    condition panel[n in 1..=3] = vote(repeat(a, n))\nmetric correct = exact_match()\n";

const BESIDE: [(&str, &str); 4] = [
    ("models.crucible", "model mini = sim(accuracy: 70%)\n"),
    ("other.crucible", "model mini = sim(accuracy: 80%)\n"),
    ("run.crucible", "experiment other { seed: 1 }\n"),
    ("lib.rhai", "fn twice(x) { x + x }\n"),
];

/// Loads the part of an explanation's example that has the mistake.
fn example(code: &str, example: &str) -> Loaded {
    let mistake = example.split("\n// Better:").next().unwrap().to_owned() + "\n";
    let whole = match mistake.strip_prefix("// alone\n") {
        Some(alone) => alone.to_owned(),
        None => with_head(&format!("{AROUND}{mistake}")),
    };
    let whole = match code {
        "check::too_deep" => (0..400)
            .fold(format!("{whole}let x400 = 1\n"), |text, n| {
                format!("{text}let x{n} = x{}\n", n + 1)
            }),
        _ => whole,
    };
    let mut files = vec![("e.crucible", whole.as_str())];
    files.extend(BESIDE);
    let set: &[(&str, &str)] =
        if code == "check::set" { &[("experment.seed", "7")] } else { &[] };
    load(&files, set)
}

#[test]
fn every_code_is_explained_and_its_example_shows_it() {
    let mut codes = codes_in_source();
    let (mut pages, mut wrong) = (String::new(), String::new());
    for explanation in lang::explanations() {
        let code = explanation.code;
        if !code.starts_with("check::") {
            continue;
        }
        codes.retain(|known| known != code);
        let loaded = example(code, explanation.example);
        let found: Vec<&str> =
            loaded.diagnostics.iter().map(|found| found.code).collect();
        let page = shown(&loaded);
        if !found.contains(&code) || found.iter().any(|one| *one != code) {
            wrong += &format!("{code}: {found:?}\n{page}");
        }
        if code != "check::too_deep" {
            pages += &format!("{}\n{page}\n", explanation.title);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(codes.is_empty(), "without explanation: {codes:?}");
    insta::assert_snapshot!("codes", pages);
}

/// Every code that stands in the checker's source.
fn codes_in_source() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lang");
    let mut codes = Vec::new();
    for folder in [root.clone(), root.join("check")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            codes.extend(
                text.split("\"check::")
                    .skip(1)
                    .map(|rest| format!("check::{}", rest.split('"').next().unwrap())),
            );
        }
    }
    codes.sort();
    codes.dedup();
    codes
}
