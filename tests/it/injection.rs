//! A run in which everything that others say is hostile leaves every format valid and inert.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program, pdflatex and a browser on real files"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::tools::missing;

const STRINGS: &str = include_str!("../data/hostile/strings.json");

fn strings() -> Vec<String> {
    serde_json::from_str(STRINGS).unwrap()
}

fn crucible(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

/// Runs an experiment of which every id, input, target, answer, group, title, name of an
/// author and error is a hostile string; returns its folder.
fn hostile(folder: &Path) -> PathBuf {
    let strings = strings();
    let mut lines = String::new();
    for (n, text) in strings.iter().enumerate() {
        let item = json!({
            "id": format!("{text}{n}"),
            "q": text,
            "target": text,
            "kind": strings[n / 4 * 4],
            "right": text,
            "other": strings[(n + 1) % strings.len()],
        });
        lines.push_str(&item.to_string());
        lines.push('\n');
    }
    std::fs::write(folder.join("items.jsonl"), lines).unwrap();
    // What a file of the language may hold in a string.
    let quoted: Vec<String> = strings
        .iter()
        .filter(|text| !text.chars().any(char::is_control) && !text.is_empty())
        .map(|text| text.replace('\\', "\\\\").replace('"', "\\\""))
        .collect();
    let title = |n: usize| format!("\"{}\"", quoted[n % quoted.len()]);
    let authors: Vec<String> = (0..quoted.len()).map(title).collect();
    std::fs::write(
        folder.join("hostile.crucible"),
        format!(
            "//! {doc}\n\
             experiment hostile {t0} {{ authors: [{authors}], seed: 3, max_failures: 100% }}\n\
             dataset d {t1} = jsonl(\"items.jsonl\") {{ id: \"id\", input: \"q\", target: \"target\" }}\n\
             model a {t2} = recorded(d, output: \"right\")\n\
             model b {t3} = recorded(d, output: \"other\")\n\
             strategy breaks() = |ctx, item| {{ throw item.input; }}\n\
             condition first {t4} = ask(a)\n\
             condition second {t15} = ask(b)\n\
             condition panel {t8} = vote([a, b, ask(a)], by: majority)\n\
             condition broken {t22} = breaks()\n\
             metric correct {t10} = exact_match()\n\
             metric fussy = score(|output, item| {{ throw output.text; }})\n\
             hypothesis h1 {t16} {{ claim: first.correct > second.correct }}\n\
             report {{ formats: [markdown, html, json, latex, jupyter], by: \"kind\", template: \"own.html.tera\", sections: [\n\
             |findings| #{{ title: {t0}, text: {t12}, columns: [{t0}, {t6}], rows: [[{t1}, {t2}]] }}] }}\n",
            doc = quoted[0],
            authors = authors.join(", "),
            t0 = title(0), t1 = title(1), t2 = title(2), t3 = title(3), t4 = title(4),
            t6 = title(6), t8 = title(8), t10 = title(10), t12 = title(12),
            t15 = title(15), t16 = title(16), t22 = title(22),
        ),
    )
    .unwrap();
    std::fs::write(
        folder.join("own.html.tera"),
        "<!doctype html><title>{{ title }}</title><p title='{{ title }}'>{{ authors }}</p>\
         {% for f in failures %}<p>{{ f.example }}</p>{% endfor %}\
         {% for s in sections %}<h2>{{ s.title }}</h2>{% endfor %}",
    )
    .unwrap();
    let output = crucible(folder, &["hostile.crucible", "--yes", "--format", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    folder.join(document["run_dir"].as_str().unwrap())
}

#[test]
fn no_hostile_string_acts_in_a_browser_and_each_is_shown() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    for page in ["report.html", "own.html"] {
        browser.open(&run.join(page), "");
        if page == "report.html" {
            browser.until("document.getElementById('explorer').dataset.searchable");
            // The page has its own script, and the blocks of trials that are none.
            let scripts = browser.evaluate(
                "[...document.scripts].filter((one) => one.type !== 'application/octet-stream').length",
            );
            assert_eq!(scripts, json!(1));
            // Every item is opened under every condition, with its calls.
            let count = strings().len();
            browser.evaluate("document.querySelector('#trials-list button').click()");
            for _ in 0..count {
                browser.until("!document.getElementById('trial').hidden");
                browser.evaluate(
                    "document.querySelectorAll('details').forEach((one) => { one.open = true; }),
                     document.getElementById('trial-after').click()",
                );
            }
        }
        let foreign = browser.evaluate(
            "document.querySelectorAll('main img, iframe, object, embed, main svg:not(figure svg.drawing), [onload], [onerror], [ontoggle], [onfocus], a[href^=javascript]').length",
        );
        assert_eq!(foreign, json!(0), "{page}");
        assert_eq!(browser.evaluate("typeof window.pwned"), "undefined", "{page}");
        assert_eq!(browser.reached_out(), Vec::<String>::new(), "{page}");
    }
    // A search for each finds it: the explorer shows what was said, unchanged.
    browser.open(&run.join("report.html"), "");
    browser.until("document.getElementById('explorer').dataset.searchable");
    for text in strings().iter().filter(|text| !text.is_empty()) {
        // What an address cannot hold is typed by nobody either.
        browser.evaluate(&format!(
            "(() => {{ delete document.getElementById('explorer').dataset.found;
               location.hash = '#trials?text=' + encodeURIComponent({}); }})()",
            json!(text)
        ));
        browser.until("document.getElementById('explorer').dataset.found");
        let one_line = text.replace(['\r', '\n'], "");
        if one_line == *text {
            let found =
                browser.evaluate("document.getElementById('explorer').dataset.found");
            assert_ne!(found, "0", "{text:?}");
        }
    }
    assert_eq!(browser.evaluate("typeof window.pwned"), "undefined");
    assert_eq!(browser.reached_out(), Vec::<String>::new());
}

#[test]
fn the_policy_of_the_page_refuses_a_script_that_got_in() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    // As if escaping had failed once.
    let page = run.join("report.html");
    let text = std::fs::read_to_string(&page).unwrap();
    let open = text.replacen(
        "<main id=\"main\">",
        "<main id=\"main\"><script>window.pwned = 1</script><img src=x onerror=\"window.pwned = 1\"><p onclick=\"window.pwned = 1\" id=\"trap\">x</p>",
        1,
    );
    assert_ne!(open, text);
    std::fs::write(&page, open).unwrap();
    browser.open(&page, "");
    browser.until("document.getElementById('explorer').dataset.ready");
    browser.evaluate("document.getElementById('trap').click()");
    assert_eq!(browser.evaluate("typeof window.pwned"), "undefined");
}

#[test]
fn no_hostile_string_is_more_than_text_in_markdown() {
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    let text = std::fs::read_to_string(run.join("report.md")).unwrap();
    for (number, line) in text.lines().enumerate() {
        let at = format!("line {}: {line}", number + 1);
        // A figure of the report's own: what it shows, and a file of ours.
        let line = match line.strip_prefix("![").and_then(|rest| rest.rsplit_once("](")) {
            Some((shown, file)) => {
                let name = file.strip_prefix("figures/");
                let name = name.and_then(|name| name.strip_suffix(".svg)"));
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                assert!(name.is_some_and(|name| name.chars().all(plain)), "{at}");
                shown
            }
            None => line,
        };
        // No sign that means something to Markdown stands unescaped but those of the template.
        let mut before = ' ';
        for character in line.chars() {
            assert!(!matches!(character, '<'), "{at}");
            assert!(!character.is_control(), "{at}");
            assert!(!('\u{202a}'..='\u{202e}').contains(&character), "{at}");
            if matches!(character, '[' | ']' | '`' | '~') {
                assert_eq!(before, '\\', "{at}");
            }
            before = if before == '\\' && character == '\\' { ' ' } else { character };
        }
        assert!(
            !line.contains("://") && !line.contains("www.") && !line.contains('@'),
            "{at}"
        );
    }
    // Every row of a table is as wide as its head.
    let cells =
        |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
    let mut head = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            head = None;
            continue;
        }
        let wide = *head.get_or_insert(cells(line));
        assert_eq!(cells(line), wide, "{line}");
    }
}

#[test]
fn hostile_strings_leave_an_article_that_compiles_and_runs_nothing() {
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    let found = Command::new("pdflatex").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        missing("pdflatex");
        return;
    }
    let output = Command::new("pdflatex")
        .args([
            "-interaction=nonstopmode",
            "-halt-on-error",
            "-no-shell-escape",
            "report.tex",
        ])
        .current_dir(&run)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    let log = std::fs::read(run.join("report.log")).unwrap();
    let log = String::from_utf8_lossy(&log);
    assert!(!log.contains("/etc/passwd)") && !log.contains("(/etc"), "it read a file");
    assert!(!run.join("pwned").exists() && !folder.path().join("pwned").exists());
}

#[test]
fn a_notebook_has_the_same_code_whatever_was_said() {
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    let code = |notebook: &Json| -> Vec<String> {
        let cells = notebook["cells"].as_array().unwrap().iter();
        let code = cells.filter(|cell| cell["cell_type"] == "code");
        code.map(|cell| cell["source"].to_string()).collect()
    };
    let read = |path: &Path| -> Json {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let benign = TempDir::new().unwrap();
    std::fs::write(
        benign.path().join("plain.crucible"),
        "experiment plain { seed: 1 }\n\
         dataset d = items(4, |i| #{ input: `${i}`, target: i })\n\
         model m = sim(accuracy: 70%)\ncondition c = ask(m)\nmetric correct = exact_match()\n\
         report { formats: [jupyter] }\n",
    )
    .unwrap();
    let output =
        crucible(benign.path(), &["plain.crucible", "--yes", "--format", "json"]);
    let document: Json = serde_json::from_slice(&output.stdout).unwrap();
    let plain = benign.path().join(document["run_dir"].as_str().unwrap());
    let (hostile, plain) =
        (read(&run.join("report.ipynb")), read(&plain.join("report.ipynb")));
    assert!(!code(&plain).is_empty());
    assert_eq!(code(&hostile), code(&plain));
    // What GitHub or Jupyter would render of its text is text.
    for cell in hostile["cells"].as_array().unwrap() {
        if cell["cell_type"] == "markdown" {
            let text = cell["source"].to_string();
            assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
        }
    }
}

#[test]
fn the_terminal_gets_no_command_from_an_answer() {
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    let run = run.to_str().unwrap();
    for arguments in [
        &["show", run][..],
        &["show", run, "--discordant", "h1"],
        &["report", run],
        &["list"],
        &["check", "hostile.crucible"],
        &["plan", "hostile.crucible"],
    ] {
        let output = crucible(folder.path(), arguments);
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(text.clone()).unwrap();
            let acts = text.chars().find(|c| {
                (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c)
            });
            assert_eq!(acts, None, "{arguments:?}: {text}");
        }
    }
}

#[test]
fn no_cell_of_the_table_is_a_formula() {
    let folder = TempDir::new().unwrap();
    let run = hostile(folder.path());
    let output =
        crucible(folder.path(), &["export", run.to_str().unwrap(), "--to", "csv"]);
    let mut table = csv::Reader::from_reader(output.stdout.as_slice());
    let mut rows = 0;
    for row in table.records() {
        let row = row.unwrap();
        rows += 1;
        for cell in &row {
            let first = cell.chars().next().unwrap_or(' ');
            let acts = "=+-@\t\r\n＝＋－＠".contains(first);
            assert!(!acts || cell.parse::<f64>().is_ok(), "{cell:?}");
        }
    }
    assert_eq!(rows, strings().len() * 4);
    // The table for programs holds every answer as it was.
    let output =
        crucible(folder.path(), &["export", run.to_str().unwrap(), "--to", "jsonl"]);
    let table = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<String> = table
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap())
        .filter(|trial| trial["condition"] == "first")
        .map(|trial| trial["text"].as_str().unwrap().to_owned())
        .collect();
    let mut wanted = strings();
    let mut answers = answers;
    wanted.sort();
    answers.sort();
    assert_eq!(answers, wanted);
}

#[test]
fn a_lone_surrogate_in_a_dataset_is_told_at_its_line() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("items.jsonl"),
        "{\"q\": \"fine\", \"target\": 1}\n{\"q\": \"\\ud800\", \"target\": 2}\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("lone.crucible"),
        "experiment lone { seed: 1 }\n\
         dataset d = jsonl(\"items.jsonl\") { input: \"q\", target: \"target\" }\n\
         model m = sim(accuracy: 70%)\ncondition c = ask(m)\nmetric correct = exact_match()\n",
    )
    .unwrap();
    let output = crucible(folder.path(), &["lone.crucible", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("line 2") || told.contains(":2"), "{told}");
}
