//! `stats compare` and `stats describe`: the values of SciPy, on files of every format.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use approx::assert_relative_eq;
use serde_json::Value as Json;
use tempfile::TempDir;

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder)
}

fn stats(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .arg("stats")
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Json {
    let output = stats(folder, &[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = stats(folder, arguments);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What `reference.py` computed with SciPy.
fn reference() -> Json {
    let text = std::fs::read_to_string(data("tables").join("reference.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn close(found: &Json, wanted: &Json) {
    assert_relative_eq!(
        found.as_f64().unwrap(),
        wanted.as_f64().unwrap(),
        max_relative = 1e-10,
        epsilon = 1e-13
    );
}

#[test]
fn paired_right_and_wrong_answers_get_the_p_of_the_exact_binomial_test() {
    let found = json(
        &data("tables"),
        &["compare", "a.csv", "b.csv", "--by", "id", "--metric", "correct"],
    );
    let (hypothesis, wanted) = (&found["hypothesis"], &reference()["mcnemar"]);
    assert_eq!(hypothesis["test"], "exact McNemar");
    close(&hypothesis["p"], &wanted["p"]);
    close(&hypothesis["estimate"], &wanted["estimate"]);
    assert_eq!(hypothesis["pairs"]["only_left"], wanted["only_a"]);
    assert_eq!(hypothesis["pairs"]["only_right"], wanted["only_b"]);
    assert_eq!(hypothesis["verdict"], "supported");
    assert_eq!(hypothesis["n_items"], 40);
    for key in [
        "claim",
        "p_adjusted",
        "ci",
        "effect_size",
        "alternative",
        "interval_level",
        "estimand",
        "n_units",
        "repeats",
        "failed",
        "unscored",
        "exploratory",
        "reason",
        "statistic",
    ] {
        assert!(hypothesis.get(key).is_some(), "{key}");
    }
    let first = found["sentences"][0].as_str().unwrap();
    assert!(
        first.starts_with("correct is higher in a.csv than in b.csv, by 40.0 pp"),
        "{first}"
    );
}

#[test]
fn paired_quantities_get_the_t_of_the_paired_t_test() {
    let found = json(
        &data("tables"),
        &["compare", "a.csv", "b.csv", "--by", "id", "--metric", "seconds"],
    );
    let (hypothesis, wanted) = (&found["hypothesis"], &reference()["paired"]);
    close(&hypothesis["statistic"], &wanted["t"]);
    close(&hypothesis["df"], &wanted["df"]);
    close(&hypothesis["estimate"], &wanted["estimate"]);
    // The larger of its p and that of the bootstrap.
    assert!(hypothesis["p"].as_f64() >= wanted["p"].as_f64());
    assert_eq!(hypothesis["verdict"], "refuted");
}

#[test]
fn rows_of_one_id_are_averaged_and_ids_without_a_partner_are_named() {
    let found = json(
        &data("tables"),
        &["compare", "a.csv", "repeated.jsonl", "--by", "id", "--metric", "seconds"],
    );
    let (hypothesis, wanted) = (&found["hypothesis"], &reference()["repeated"]);
    close(&hypothesis["statistic"], &wanted["t"]);
    close(&hypothesis["df"], &wanted["df"]);
    close(&hypothesis["estimate"], &wanted["estimate"]);
    assert_eq!(hypothesis["n_items"], wanted["n"]);
    assert_eq!(found["unmatched"][0]["count"], 2);
    assert_eq!(found["unmatched"][0]["ids"], serde_json::json!(["item-00", "item-01"]));
    assert_eq!(found["unmatched"][1]["ids"], serde_json::json!(["item-99"]));
    let sentences = found["sentences"].to_string();
    assert!(
        sentences.contains(
            "2 ids stand in a.csv only and are left out of the comparison: item-00, item-01."
        ),
        "{sentences}"
    );
    assert_eq!(found["sides"][1]["rows"], 115);
}

#[test]
fn without_pairs_quantities_get_welchs_test_and_shares_the_score_test() {
    let found =
        json(&data("tables"), &["compare", "a.csv", "b.csv", "--metric", "seconds"]);
    let (hypothesis, wanted) = (&found["hypothesis"], &reference()["welch"]);
    for (name, key) in [("statistic", "t"), ("df", "df")] {
        close(&hypothesis[name], &wanted[key]);
    }
    // The larger p and the wider interval of Welch's test and a bootstrap.
    let number = |value: &Json| value.as_f64().unwrap();
    assert!(number(&hypothesis["p"]) >= number(&wanted["p"]) - 1e-12);
    assert!(number(&hypothesis["ci"][0]) <= number(&wanted["ci"][0]) + 1e-12);
    assert!(number(&hypothesis["ci"][1]) >= number(&wanted["ci"][1]) - 1e-12);
    close(&hypothesis["effect_size"]["value"], &wanted["hedges_g"]);
    assert_eq!(found["unmatched"], Json::Null);
    let found =
        json(&data("tables"), &["compare", "a.csv", "b.csv", "--metric", "correct"]);
    let hypothesis = &found["hypothesis"];
    assert_eq!(hypothesis["test"], "Miettinen-Nurminen score");
    close(&hypothesis["estimate"], &reference()["mcnemar"]["estimate"]);
}

#[test]
fn groups_are_the_units_and_an_id_in_two_of_them_is_refused() {
    let arguments = [
        "compare",
        "a.csv",
        "b.csv",
        "--by",
        "id",
        "--metric",
        "correct",
        "--cluster",
        "topic",
    ];
    let found = json(&data("tables"), &arguments);
    assert_eq!(found["hypothesis"]["n_units"], 8);
    assert_eq!(found["hypothesis"]["test"], "CR2-t with pseudo-items");
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.csv"), "id,g,x\n1,a,2\n2,b,3\n").unwrap();
    std::fs::write(folder.path().join("b.csv"), "id,g,x\n1,b,2\n2,b,3\n").unwrap();
    let told = told(
        folder.path(),
        &["compare", "a.csv", "b.csv", "--by", "id", "--metric", "x", "--cluster", "g"],
    );
    assert!(told.contains("the rows of one id have several values of `g`"), "{told}");
}

#[test]
fn a_margin_and_a_range_are_claims_of_their_own() {
    let compare = |more: &[&str]| {
        let arguments =
            [&["compare", "a.csv", "b.csv", "--by", "id", "--metric", "correct"], more]
                .concat();
        json(&data("tables"), &arguments)["hypothesis"].clone()
    };
    let margin = compare(&["--margin", "10pp"]);
    assert_eq!(margin["claim"], "a.csv > b.csv + 10pp");
    assert_eq!(margin["test"], "Tango score");
    close(&margin["margin"], &0.1.into());
    assert_eq!(compare(&["--margin=-2pp"])["claim"], "a.csv > b.csv - 2pp");
    let within = compare(&["--within", "2pp"]);
    assert_eq!(within["claim"], "a.csv ~= b.csv within 2pp");
    assert_eq!(within["verdict"], "refuted");
    close(&within["interval_level"], &0.9.into());
    let told = told(
        &data("tables"),
        &[
            "compare", "a.csv", "b.csv", "--by", "id", "--metric", "correct", "--margin",
            "2",
        ],
    );
    assert!(told.contains("percentage points, such as 2pp"), "{told}");
}

#[test]
fn a_file_is_described_with_the_quartiles_of_numpy() {
    let found = json(&data("tables"), &["describe", "a.csv", "--metric", "seconds"]);
    let (column, wanted) = (&found["columns"][0], &reference()["describe"]);
    close(&column["summary"]["mean"], &wanted["mean"]);
    close(&column["sd"], &wanted["sd"]);
    for place in 0..5 {
        close(&column["quartiles"][place], &wanted["quartiles"][place]);
    }
    let all = json(&data("tables"), &["describe", "a.csv"]);
    let names: Vec<&str> = all["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["column"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["correct", "seconds"]);
    let harness = stats(&data("logs"), &["describe", "lm-eval-small.results.json"]);
    let page = String::from_utf8_lossy(&harness.stdout).into_owned();
    assert!(
        page.contains("arith, exact_match (digits)") && page.contains("standard error"),
        "{page}"
    );
}

#[test]
fn logs_of_the_tools_are_compared_by_their_first_score() {
    let inspect = ["compare", "inspect-large.eval", "inspect-small.eval", "--by", "id"];
    let found = json(&data("logs"), &inspect);
    assert_eq!(found["metric"], "exact");
    assert_eq!(found["hypothesis"]["n_items"], 12);
    assert_eq!(found["sides"][0]["format"], "a log of Inspect");
    let epochs =
        ["compare", "inspect-large.eval", "inspect-small-epochs.eval", "--by", "id"];
    let found = json(&data("logs"), &epochs);
    assert_eq!(found["hypothesis"]["test"], "CR2-t with pseudo-items");
    let harness = [
        "compare",
        "lm-eval-large.samples.jsonl",
        "lm-eval-small.samples.jsonl",
        "--by",
        "id",
    ];
    let several = told(&data("logs"), &harness);
    assert!(several.contains("--where filter=whole"), "{several}");
    let found =
        json(&data("logs"), &[&harness[..], &["--where", "filter=digits"]].concat());
    assert_eq!(found["metric"], "exact_match");
    let one = [
        "compare",
        "promptfoo.jsonl",
        "--left",
        "provider=openai:chat:large",
        "--right",
        "provider=openai:chat:small",
        "--by",
        "id",
    ];
    let found = json(&data("logs"), &one);
    assert_eq!(found["metric"], "success");
    assert_eq!(found["sides"][0]["name"], "openai:chat:large");
    let latency = json(&data("logs"), &[&one[..], &["--metric", "latency"]].concat());
    assert_eq!(latency["hypothesis"]["scale"], "duration");
    let found = json(
        &data("logs"),
        &[
            "compare",
            "inspect-small.eval",
            "lm-eval-small.samples.jsonl",
            "--right",
            "filter=whole",
        ],
    );
    assert_eq!(found["hypothesis"]["n_items"], 24);
}

#[test]
fn what_is_wrong_with_a_column_is_told_with_its_place_and_what_to_write() {
    let folder = TempDir::new().unwrap();
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "id,score,other\n1,0.5,2\n2,abc,3\n3,,4\n");
    write("b.csv", "id,score,other\n7,0.5,2\n8,0.7,3\n");
    let cases: [(&[&str], &str); 8] = [
        (
            &["a.csv", "b.csv", "--by", "id", "--metric", "score"],
            "a.csv:3: `abc` in `score` is no number",
        ),
        (&["a.csv", "b.csv", "--by", "id", "--metric", "scor"], "did you mean `score`?"),
        (
            &["b.csv", "b.csv", "--by", "id"],
            "say with --metric which is compared: `score`, `other`",
        ),
        (
            &["a.csv", "b.csv", "--by", "id", "--metric", "other"],
            "`1` is only in the first, `7` only in the second",
        ),
        (
            &["a.csv", "b.csv", "--by", "score", "--metric", "other"],
            "a.csv:4: there is no id in `score`",
        ),
        (&["a.csv"], "--left COLUMN=VALUE"),
        (
            &["b.csv", "b.csv", "--metric", "other", "--scale", "binary"],
            "`other` is not binary: `b.csv` holds 2",
        ),
        (
            &["b.csv", "b.csv", "--metric", "other", "--where", "id=9"],
            "`b.csv` has no rows with id = `9`",
        ),
    ];
    for (arguments, wanted) in cases {
        let found = told(folder.path(), &[&["compare"], arguments].concat());
        assert!(found.contains(wanted), "{arguments:?}: {found}");
    }
    write("c.csv", "id,x\n1\n");
    let ragged = told(folder.path(), &["describe", "c.csv"]);
    assert!(
        ragged.contains("c.csv:2: the row has 1 values; there are 2 columns"),
        "{ragged}"
    );
}

#[test]
fn equal_files_have_equal_answers_and_sides_can_be_swapped() {
    let compare = |first: &str, second: &str| {
        json(
            &data("tables"),
            &["compare", first, second, "--by", "id", "--metric", "seconds"],
        )["hypothesis"]
            .clone()
    };
    let (one, other) = (compare("a.csv", "b.csv"), compare("b.csv", "a.csv"));
    let negative = |value: &Json| Json::from(-value.as_f64().unwrap());
    close(&one["statistic"], &negative(&other["statistic"]));
    close(&one["estimate"], &negative(&other["estimate"]));
    let same = compare("a.csv", "a.csv");
    assert_eq!(same["verdict"], "inconclusive");
    close(&same["p"], &1.0.into());
}

#[test]
fn a_plan_is_that_of_gpower_and_of_the_papers() {
    let power =
        |arguments: &[&str]| json(&data("tables"), &[&["power"], arguments].concat());
    // Cohen 1988, table 2.4.1: d = .5 at 80% and two-sided 5% takes 64 values a group.
    let t = power(&["t", "--effect", "0.5", "--power", "80%"]);
    assert_eq!(t["n_whole"], 64.0);
    assert_eq!(t["solved"], "n");
    // Miller 2024, section 5: 3 points with variances 1/9, 1/6, 1/6 take 3,876 items.
    let within = (1.0_f64 / 6.0).sqrt().to_string();
    let sd = (1.0_f64 / 3.0).to_string();
    let items = power(&[
        "items",
        "--sd",
        &sd,
        "--sd-within-first",
        &within,
        "--sd-within-second",
        &within,
        "--effect",
        "3pp",
        "--power",
        "0.8",
    ]);
    assert_eq!(items["n_whole"], 3876.0);
    // Each of the four is found from the other three.
    for (left_out, given) in [
        ("effect", ["--n", "64", "--power", "0.8014596"]),
        ("power", ["--n", "64", "--effect", "0.5"]),
    ] {
        let found = power(&[&["t"], &given[..]].concat());
        assert_eq!(found["solved"], left_out);
        assert_relative_eq!(found["effect"].as_f64().unwrap(), 0.5, max_relative = 1e-6);
        assert_relative_eq!(
            found["power"].as_f64().unwrap(),
            0.801_459_6,
            max_relative = 1e-6
        );
    }
    let level = power(&["t", "--n", "64", "--effect", "0.5", "--power", "0.8014596"]);
    assert_eq!(level["solved"], "alpha");
    assert_relative_eq!(level["alpha"].as_f64().unwrap(), 0.05, max_relative = 1e-6);
    let mcnemar =
        power(&["mcnemar", "--first", "80%", "--second", "74%", "--power", "80%"]);
    assert!(mcnemar["power"].as_f64().unwrap() >= 0.8);
    let all = told(
        &data("tables"),
        &[
            "power", "t", "--n", "64", "--effect", "0.5", "--power", "0.8", "--alpha",
            "5%",
        ],
    );
    assert!(all.contains("leave out the one that is to be found"), "{all}");
    let few = told(&data("tables"), &["power", "t", "--n", "64"]);
    assert!(few.contains("two of --n, --effect and --power are due"), "{few}");
    let unit = told(&data("tables"), &["power", "t", "--n", "64", "--effect", "5pp"]);
    assert!(unit.contains("a plain number"), "{unit}");
}
