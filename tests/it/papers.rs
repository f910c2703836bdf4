//! The article, the notebook and the check of a paper's numbers, from real runs. What needs
//! pdfLaTeX or SciPy says so where it is missing.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program, pdflatex and python on real files"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::tools::missing;

/// What pdfLaTeX, a browser or a kernel would act on, and what its fonts do not have.
const HOSTILE: &str = "\\input{/etc/passwd} \\write18{touch pwned} \\end{document} { } $ & # ^ _ ~ % \\\\ [2pt] \u{202e}drow\u{202c} \u{7} \u{1f600} 水 ħ \u{301} ``x'' --y ?` <script>alert(1)</script> \"\"\" '''; import os; os.system('touch pwned')";

/// A word without a place to break.
const LONG: &str = "aVeryLongWordWithoutAnyPlaceToBreakIt_0123456789_0123456789_0123456789/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

fn crucible(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

/// Runs a file and returns its run's folder.
fn run(folder: &Path, file: &str) -> PathBuf {
    let output = crucible(folder, &[file, "--yes", "--format", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    folder.join(document["run_dir"].as_str().unwrap())
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// An experiment in which everything that others say is hostile.
fn hostile(folder: &Path) -> PathBuf {
    let mut lines = String::new();
    for n in 0..40 {
        let right = format!("yes {n}");
        let item = serde_json::json!({
            "id": format!("{n} {HOSTILE} {LONG}"),
            "q": format!("{HOSTILE} {n}"),
            "target": right,
            "kind": if n % 2 == 0 { HOSTILE } else { LONG },
            "a": if n % 5 == 0 { format!("{HOSTILE} {LONG}") } else { right.clone() },
            "b": if n % 3 == 0 { right } else { format!("no {LONG} {HOSTILE}") },
        });
        lines.push_str(&item.to_string());
        lines.push('\n');
    }
    std::fs::write(folder.join("items.jsonl"), lines).unwrap();
    let quoted = serde_json::to_string(HOSTILE).unwrap();
    let quoted = quoted.replace("\\u0007", "").replace('\u{7}', "");
    std::fs::write(
        folder.join("hostile.crucible"),
        format!(
            "//! {doc}\n\
             experiment hostile {quoted} {{ authors: [{quoted}], seed: 3 }}\n\
             dataset d = jsonl(\"items.jsonl\") {{ id: \"id\", input: \"q\", target: \"target\" }}\n\
             model a {quoted} = recorded(d, output: \"a\")\n\
             model b = recorded(d, output: \"b\")\n\
             /// {doc}\n\
             condition first {quoted} = ask(a)\n\
             condition second = ask(b)\n\
             condition a_panel_with_a_rather_long_name_for_a_table = vote([a, b, ask(a)], by: majority)\n\
             metric correct {quoted} = exact_match()\n\
             metric broken = score(|output, item| {{ if item.target.contains(\"7\") {{ throw output.text; }} output.text.len() }})\n\
             hypothesis h1 {quoted} {{ claim: first.correct > second.correct }}\n\
             hypothesis a_rather_long_name_of_a_hypothesis {{ claim: a_panel_with_a_rather_long_name_for_a_table.correct > second.correct and first.broken > second.broken }}\n\
             report {{ formats: [markdown, html, latex, jupyter], by: \"kind\" }}\n",
            doc = HOSTILE.replace('\u{7}', ""),
        ),
    )
    .unwrap();
    run(folder, "hostile.crucible")
}

/// An experiment with the tests that the notebook repeats.
fn tested(folder: &Path) -> PathBuf {
    std::fs::write(
        folder.join("tested.crucible"),
        "experiment tested \"What is repeated\" { seed: 11, repeats: 2 }\n\
         dataset d = items(150, |i| #{ input: `question ${i}`, target: i })\n\
         model weak = sim(accuracy: 60%, latency: lognormal(median: 400ms, p99: 1500ms), price: [$0.10/Mtok, $0.40/Mtok])\n\
         model strong = sim(accuracy: 85%, latency: lognormal(median: 700ms, p99: 2500ms), price: [$0.60/Mtok, $2.40/Mtok])\n\
         condition low = ask(weak)\n\
         condition high = ask(strong)\n\
         metric correct = exact_match()\n\
         metric length = score(|output, item| output.text.len() + 0.5)\n\
         hypothesis dearer { claim: high.cost > low.cost }\n\
         hypothesis slower { claim: high.latency > low.latency, alternative: one_sided }\n\
         hypothesis tail { claim: p50(high.latency) > p50(low.latency) }\n\
         hypothesis longer { claim: high.length > low.length }\n\
         hypothesis better { claim: high.correct > low.correct }\n\
         report { formats: [latex, jupyter] }\n",
    )
    .unwrap();
    run(folder, "tested.crucible")
}

/// The same with one trial an item, where the exact tests are due.
fn exact(folder: &Path) -> PathBuf {
    std::fs::write(
        folder.join("exact.crucible"),
        "experiment exact { seed: 5 }\n\
         dataset d = items(120, |i| #{ input: `question ${i}`, target: i })\n\
         model weak = sim(accuracy: 60%)\n\
         model strong = sim(accuracy: 80%)\n\
         condition low = ask(weak)\n\
         condition high = ask(strong)\n\
         metric correct = exact_match()\n\
         hypothesis better { claim: high.correct > low.correct }\n\
         hypothesis worse { claim: low.correct > high.correct, alternative: one_sided }\n\
         hypothesis half { claim: high.correct > 70% }\n\
         report { formats: [markdown, latex, jupyter] }\n",
    )
    .unwrap();
    run(folder, "exact.crucible")
}

/// Compiles a file, or says that pdfLaTeX is missing.
fn compiled(folder: &Path, file: &str) -> Option<String> {
    let found = Command::new("pdflatex").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        missing("pdflatex");
        return None;
    }
    for _ in 0..2 {
        let output = Command::new("pdflatex")
            .args([
                "-interaction=nonstopmode",
                "-halt-on-error",
                "-no-shell-escape",
                file,
            ])
            .current_dir(folder)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}");
    }
    let log = std::fs::read(folder.join(file).with_extension("log")).unwrap();
    Some(String::from_utf8_lossy(&log).into_owned())
}

/// The boxes that stick out by more than a point.
fn overfull(log: &str) -> Vec<&str> {
    let wide = |line: &&str| {
        let Some(rest) = line.strip_prefix("Overfull \\hbox (") else { return false };
        let points = rest.split("pt").next().unwrap_or_default();
        points.parse::<f64>().unwrap() > 1.0
    };
    log.lines().filter(wide).collect()
}

#[test]
fn an_article_of_hostile_words_compiles_and_nothing_sticks_out() {
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    for part in ["report-results.tex", "numbers.tex", "references.bib", "report.tex"] {
        assert!(run.join(part).is_file(), "{part}");
    }
    let article = read(&run.join("report-hypotheses.tex"));
    assert!(article.contains("\\textbackslash{}input"), "{article}");
    assert!(!article.contains("\\write18"), "{article}");
    let Some(log) = compiled(&run, "report.tex") else { return };
    assert_eq!(overfull(&log), Vec::<&str>::new(), "{}", run.display());
    assert!(!log.contains("(/etc/passwd"), "{log}");
    assert!(!run.join("pwned").exists());
}

#[test]
fn a_paper_takes_its_numbers_by_name_and_an_unknown_name_is_an_error() {
    let folder = TempDir::new().unwrap();
    let run = exact(folder.path());
    let paper = |body: &str| {
        format!(
            "\\documentclass{{article}}\n\\usepackage[T1]{{fontenc}}\n\\usepackage{{array,booktabs,longtable,amssymb,textcomp}}\n\\input{{numbers}}\n\\begin{{document}}\n{body}\n\\input{{report-results}}\n\\end{{document}}\n"
        )
    };
    let known = "\\typeout{GIVEN \\crucible{exact}{better}{p}} \\crucible{exact}{the-run}{items} items, \\crucible{exact}{high}{correct}.";
    std::fs::write(run.join("paper.tex"), paper(known)).unwrap();
    let Some(log) = compiled(&run, "paper.tex") else { return };
    let document: Json =
        serde_json::from_str(&read(&run.join("data/findings.json"))).unwrap();
    let p = document["hypotheses"][0]["p"].as_f64().unwrap();
    let shown = if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") };
    let printed = shown.replace('<', "\\textless {}");
    assert!(log.contains(&format!("GIVEN {printed}")), "{log}");
    std::fs::write(run.join("paper.tex"), paper("\\crucible{exact}{better}{q}")).unwrap();
    let output = Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "paper.tex"])
        .current_dir(&run)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("no number `q' of `better' in `exact'"), "{told}");
}

#[test]
fn a_report_that_is_made_again_has_the_same_bytes_in_every_file() {
    let folder = TempDir::new().unwrap();
    let run = exact(folder.path());
    let files = || {
        let mut texts: Vec<(Vec<u8>, PathBuf)> = Vec::new();
        for place in [run.clone(), run.join("data"), run.join("figures")] {
            let mut paths: Vec<PathBuf> = std::fs::read_dir(place)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| {
                    let end = path.extension().and_then(|end| end.to_str());
                    matches!(
                        end,
                        Some("tex" | "bib" | "ipynb" | "jsonl" | "md" | "svg" | "pdf")
                    ) || path.ends_with("findings.json")
                })
                .collect();
            paths.sort();
            texts.extend(
                paths.into_iter().map(|path| (std::fs::read(&path).unwrap(), path)),
            );
        }
        texts
    };
    let before = files();
    let figures = before.iter().filter(|(_, path)| path.starts_with(run.join("figures")));
    assert_eq!(before.len() - figures.count(), 16);
    assert!(before.iter().any(|(_, path)| path.ends_with("estimates-correct.svg")));
    assert!(before.iter().any(|(_, path)| path.ends_with("estimates-correct.pdf")));
    assert!(crucible(folder.path(), &["report", run.to_str().unwrap()]).status.success());
    assert_eq!(files(), before);
}

/// Runs an example with every format.
fn example(folder: &Path, name: &str) -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let text = read(&examples.join(name));
    let text: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("report {"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let report = "report { formats: [markdown, html, latex, jupyter] }\n";
    std::fs::write(folder.join(name), text + report).unwrap();
    run(folder, name)
}

/// Reads the figures of a run, as the drawings that they are.
fn drawings(run: &Path) -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(run.join("figures"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "svg"))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

#[test]
fn the_figures_of_the_examples_are_drawings_that_parse_and_articles_that_compile() {
    for name in ["first.crucible", "ensembles.crucible", "hedging.crucible"] {
        let folder = TempDir::new().unwrap();
        let run = example(folder.path(), name);
        let drawings = drawings(&run);
        assert!(drawings.len() > 3, "{name}");
        let markdown = read(&run.join("report.md"));
        let page = read(&run.join("report.html"));
        let notebook: Json =
            serde_json::from_str(&read(&run.join("data/findings.json"))).unwrap();
        assert_eq!(notebook["figures"].as_array().unwrap().len(), drawings.len());
        for (path, text) in &drawings {
            let drawing = roxmltree::Document::parse(text).unwrap();
            let root = drawing.root_element();
            assert_eq!(root.attribute("role"), Some("img"), "{}", path.display());
            for part in ["title", "desc"] {
                let svg = "http://www.w3.org/2000/svg";
                let said = root.children().find(|node| node.has_tag_name((svg, part)));
                let words = said.and_then(|node| node.text()).unwrap_or_default();
                assert!(words.len() > 5, "{part} of {}", path.display());
            }
            for node in drawing.descendants().filter(|node| node.is_element()) {
                let known = [
                    "svg", "title", "desc", "style", "rect", "defs", "path", "g", "use",
                    "circle",
                ];
                assert!(known.contains(&node.tag_name().name()), "{node:?}");
            }
            let file = path.file_stem().unwrap().to_str().unwrap();
            assert!(markdown.contains(&format!("](figures/{file}.svg)")), "{file}");
            assert!(page.contains(&format!("<figure id=\"figure-{file}\">")), "{file}");
        }
        if let Some(log) = compiled(&run, "report.tex") {
            assert_eq!(overfull(&log), Vec::<&str>::new(), "{}", run.display());
            assert!(!log.contains("Overfull \\vbox"), "{}", run.display());
        }
    }
}

#[test]
fn a_notebook_is_valid_and_holds_no_word_of_a_model_in_its_code() {
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    let notebook: Json = serde_json::from_str(&read(&run.join("report.ipynb"))).unwrap();
    assert_eq!(notebook["nbformat"], 4);
    assert_eq!(notebook["nbformat_minor"], 5);
    assert!(notebook["metadata"].is_object());
    let mut ids = Vec::new();
    for cell in notebook["cells"].as_array().unwrap() {
        let id = cell["id"].as_str().unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(!id.is_empty() && id.len() <= 64 && id.chars().all(plain), "{id}");
        assert!(!ids.contains(&id), "{id} twice");
        ids.push(id);
        assert!(cell["metadata"].is_object());
        let source: String = cell["source"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        let mut keys: Vec<&str> =
            cell.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        if cell["cell_type"] == "code" {
            assert_eq!(
                keys,
                ["cell_type", "execution_count", "id", "metadata", "outputs", "source"]
            );
            assert!(cell["execution_count"].is_null());
            assert_eq!(cell["outputs"], serde_json::json!([]));
            for word in ["write18", "pwned", "hostile", "passwd"] {
                assert!(!source.contains(word), "{source}");
            }
        } else {
            assert_eq!(cell["cell_type"], "markdown");
            assert_eq!(keys, ["cell_type", "id", "metadata", "source"]);
            assert!(!source.contains("<script>"), "{source}");
        }
    }
    executed(&run);
    assert!(!run.join("pwned").exists());
}

/// Runs a notebook from top to bottom in a fresh kernel, or says what is missing.
fn executed(run: &Path) -> Option<String> {
    let python =
        std::env::var("CRUCIBLE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let asks = "import nbclient, nbformat, ipykernel, numpy, scipy";
    let found = Command::new(&python).args(["-c", asks]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        missing("nbclient, ipykernel, numpy and scipy in CRUCIBLE_PYTHON or python3");
        return None;
    }
    let program = "import sys, nbformat\n\
        from nbclient import NotebookClient\n\
        book = nbformat.read('report.ipynb', as_version=4)\n\
        nbformat.validate(book)\n\
        NotebookClient(book, timeout=600, kernel_name='python3').execute()\n\
        print(''.join(out.get('text', '') + str(out.get('data', {}).get('text/html', '')) for cell in book.cells if cell.cell_type == 'code' for out in cell.outputs))\n";
    let output =
        Command::new(&python).args(["-c", program]).current_dir(run).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}\n{wrong}");
    Some(told)
}

#[test]
fn the_notebook_repeats_the_tests_with_scipy_and_agrees() {
    let folder = TempDir::new().unwrap();
    let run = exact(folder.path());
    if let Some(told) = executed(&run) {
        assert!(told.contains("3 of 3 hypotheses repeated"), "{told}");
    }
    let run = tested(folder.path());
    if let Some(told) = executed(&run) {
        assert!(told.contains("4 of 5 hypotheses repeated"), "{told}");
        assert!(told.contains("CR2-t with pseudo-items is not in SciPy"), "{told}");
    }
}

#[test]
fn numbers_of_a_paper_that_no_run_backs_are_listed_with_their_place() {
    let folder = TempDir::new().unwrap();
    let run = exact(folder.path());
    let numbers = read(&run.join("numbers.tex"));
    let mean = numbers
        .lines()
        .find_map(|line| line.strip_prefix("\\crucibledefine{exact}{high}{correct}{"))
        .and_then(|rest| rest.split('\\').next())
        .unwrap()
        .to_owned();
    let paper = folder.path().join("paper.tex");
    let text = format!(
        "\\begin{{document}} % 77\nIn 2024 we saw {mean}\\% over 120 items \\cite{{x12}}.\nNot so: 12.34\\% and 121.\n\\end{{document}}\n"
    );
    std::fs::write(&paper, text).unwrap();
    let check = |flags: &[&str]| {
        let mut words = vec!["cite-check", "paper.tex"];
        words.extend(flags);
        crucible(folder.path(), &words)
    };
    for flags in [&[][..], &["--run", run.to_str().unwrap()], &["--run", "exact"]] {
        let output = check(flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 3, "{told}");
        assert!(
            lines[0].starts_with("paper.tex:3:9: 12.34; \\crucible{exact}{"),
            "{told}"
        );
        assert!(lines[1].starts_with("paper.tex:3:21: 121; "), "{told}");
        assert_eq!(lines[2], "2 of 4 numbers are in no run of exact");
    }
    std::fs::write(&paper, "All 120 items.\n").unwrap();
    assert!(check(&[]).status.success());
}
