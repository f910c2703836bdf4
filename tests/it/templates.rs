//! Templates and sections of reports that the author of an experiment wrote.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

fn crucible(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

/// Writes an experiment whose report has these fields.
fn write(folder: &Path, report: &str) {
    std::fs::write(
        folder.join("e.crucible"),
        format!(
            "experiment e \"A < B & C\" {{ seed: 3 }}\n\
             dataset d = items(20, |i| #{{ input: `q ${{i}}`, target: i }})\n\
             model m = sim(accuracy: 70%)\n\
             model n = sim(accuracy: 90%)\n\
             condition low = ask(m)\n\
             condition high = ask(n)\n\
             metric correct = exact_match()\n\
             hypothesis h {{ claim: high.correct > low.correct }}\n\
             report {{ {report} }}\n"
        ),
    )
    .unwrap();
}

fn run(folder: &Path) -> (PathBuf, Json) {
    let output =
        crucible(folder, &["e.crucible", "--yes", "--fresh", "--format", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    (folder.join(document["run_dir"].as_str().unwrap()), document)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_template_of_ones_own_is_rendered_and_escaped_for_its_format() {
    let folder = TempDir::new().unwrap();
    for (name, made, title) in [
        ("paper.md.tera", "paper.md", "A &lt; B &amp; C"),
        ("paper.tera", "paper.md", "A &lt; B &amp; C"),
        ("paper.tex.tera", "paper.tex", "A \\textless{} B \\& C"),
        ("paper.html.tera", "paper.html", "A &lt; B &amp; C"),
    ] {
        std::fs::create_dir_all(folder.path().join("t")).unwrap();
        let text = "{{ title }}|{% for h in confirmatory %}{{ h.name }} is {{ h.verdict }}{% endfor %}";
        std::fs::write(folder.path().join("t").join(name), text).unwrap();
        write(folder.path(), &format!("formats: [json], template: \"t/{name}\""));
        let (run, document) = run(folder.path());
        let verdict = document["hypotheses"]["h"]["verdict"].as_str().unwrap();
        assert_eq!(read(&run.join(made)), format!("{title}|h is {verdict}"));
        // The run keeps the template with its other sources, and makes the page from them.
        let sources = document["sources"].as_array().unwrap();
        let own = sources.iter().find(|source| source["path"] == format!("t/{name}"));
        let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
        assert_eq!(own.unwrap()["digest"], digest);
        std::fs::remove_file(folder.path().join("t").join(name)).unwrap();
        std::fs::remove_file(run.join(made)).unwrap();
        let output = crucible(folder.path(), &["report", run.to_str().unwrap()]);
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains(made));
        assert_eq!(read(&run.join(made)), format!("{title}|h is {verdict}"));
    }
}

#[test]
fn what_is_wrong_with_a_template_is_told_by_check_at_its_place() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("bad.md.tera"), "# {{ title }}\n{% for x in %}\n")
        .unwrap();
    std::fs::write(folder.path().join("odd.md.tera"), "# {{ title }}\n\n{{ titel }}\n")
        .unwrap();
    std::fs::write(folder.path().join("odd.txt"), "x").unwrap();
    for (name, code, exit, place) in [
        ("none.md.tera", "check::unreadable", 2, "e.crucible:9:"),
        ("bad.md.tera", "check::report_template", 2, "bad.md.tera:2:"),
        ("odd.txt", "check::report_template", 2, "e.crucible:9:"),
        ("odd.md.tera", "check::report_template", 0, "odd.md.tera:3:"),
    ] {
        write(folder.path(), &format!("template: \"{name}\""));
        let output = crucible(folder.path(), &["check", "e.crucible"]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let told = [text(&output.stderr), text(&output.stdout)].concat();
        assert_eq!(output.status.code(), Some(exit), "{name}: {told}");
        assert!(told.contains(code) && told.contains(place), "{name}: {told}");
    }
}

#[test]
fn a_section_of_ones_own_stands_in_every_format() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        "formats: [markdown, html, latex, jupyter], sections: [\n\
         |findings| #{ title: \"Counts & such\", text: `There were ${findings.trials.done} trials.`,\n\
         columns: [\"condition\", \"n\"], rows: { let rows = []; for name in findings.conditions.keys() { rows.push([name, findings.conditions[name].correct.n]); } rows } },\n\
         |findings| (),\n\
         |findings| \"Nothing *else*.\"]",
    );
    let (run, _) = run(folder.path());
    for (file, title, row, other) in [
        ("report.md", "## Counts &amp; such", "| low | 20 |", "Nothing \\*else\\*."),
        (
            "report.html",
            "<h2>Counts &amp; such</h2>",
            "<tr><td>low</td><td>20</td></tr>",
            "<p>Nothing *else*.</p>",
        ),
        (
            "report-further.tex",
            "\\section{Counts \\& such}",
            "low & 20 \\\\",
            "Nothing {*}else{*}.",
        ),
        (
            "report.ipynb",
            "## Counts &amp; such",
            "| low | 20 |",
            "Nothing \\\\*else\\\\*.",
        ),
    ] {
        let text = read(&run.join(file));
        for part in [title, "There were 40 trials.", row, other] {
            assert!(text.contains(part), "{file} lacks {part}:\n{text}");
        }
    }
    let twice = read(&run.join("report.html"));
    crucible(folder.path(), &["report", run.to_str().unwrap()]);
    assert_eq!(read(&run.join("report.html")), twice, "the same run, the same bytes");
}

#[test]
fn a_section_that_fails_is_told_at_its_place_and_costs_nothing_else() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "sections: [|findings| findings.nothing.at_all]");
    let output = crucible(folder.path(), &["e.crucible", "--yes"]);
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("a section of the report failed: e.crucible:9:"), "{told}");
}

#[test]
fn doc_lists_what_a_template_may_show() {
    let folder = TempDir::new().unwrap();
    let output = crucible(folder.path(), &["doc", "report"]);
    let told = String::from_utf8(output.stdout).unwrap();
    for part in
        ["template:", "sections:", "confirmatory[].verdict", "results.rows[].cells"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
}
