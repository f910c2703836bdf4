//! The live page: what it says over a real socket and in a real browser, and to whom.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::live::{Live, save};

const VOTES: &str = "\
experiment w { seed: 1, max_failures: 90% }
model m = sim(accuracy: 60%, failures: 20%) { attempts: 1 }
dataset d = items(60, |i| #{ input: `What is ${i} + 1?`, target: i + 1 })
condition one = ask(m)
condition three = vote(repeat(m, 3), answer: last_number)
metric correct = exact_match(extract: last_number)
hypothesis h { claim: three.correct > one.correct }
";

/// An answer of the server.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

/// Splits `http://host:port/path`.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

/// Asks over a socket, with exactly these headers beside those that end the connection.
fn asks(url: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let (host, base) = parts(url);
    let mut stream = TcpStream::connect(host.replace("0.0.0.0", "127.0.0.1")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut request = format!("{method} {base}{path} HTTP/1.1\r\nConnection: close\r\n");
    if headers.iter().all(|(name, _)| *name != "Host") {
        request.extend(["Host: ", host, "\r\n"]);
    }
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    stream.write_all((request + "\r\n").as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

fn get(url: &str, path: &str) -> Json {
    let answer = asks(url, "GET", path, &[]);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

fn crucible(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_crucible-run"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn ran(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("w.crucible"), text).unwrap();
    crucible(folder.path(), &["w.crucible"]);
    folder
}

fn served(folder: &Path, address: &str) -> (Live, String) {
    let mut live = Live::start(folder, &["serve", "w", "--address", address]);
    let url = live.page();
    (live, url)
}

#[test]
fn nobody_but_the_page_itself_may_read_and_nobody_may_write() {
    let folder = ran(VOTES);
    let (_live, url) = served(folder.path(), "127.0.0.1:0");
    let page = asks(&url, "GET", "", &[]);
    assert_eq!(page.status, 200);
    for wanted in [
        "content-security-policy: default-src 'none'; script-src 'nonce-",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-resource-policy: same-origin",
        "cache-control: no-store",
    ] {
        assert!(page.head.contains(wanted), "{wanted}: {}", page.head);
    }
    assert!(!page.head.contains("access-control"), "{}", page.head);
    let status =
        |method, headers: &[(&str, &str)]| asks(&url, method, "run", headers).status;
    assert_eq!(status("GET", &[]), 200);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        assert_eq!(status(method, &[]), 405, "{method}");
    }
    assert_eq!(status("GET", &[("Host", "attacker.example")]), 421, "a rebound name");
    assert_eq!(status("GET", &[("Origin", "https://attacker.example")]), 403);
    assert_eq!(status("GET", &[("Sec-Fetch-Site", "cross-site")]), 403);
    let head = asks(&url, "HEAD", "run", &[]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(asks(&url, "GET", "../../etc/passwd", &[]).status, 404);
    assert_eq!(asks(&url, "GET", "trials?condition=x", &[]).status, 400);
}

#[test]
fn a_page_that_others_can_reach_has_a_word_in_its_address() {
    let folder = ran(VOTES);
    let (_live, url) = served(folder.path(), "0.0.0.0:0");
    let (host, path) = parts(&url);
    assert_eq!(path.len(), 34, "{path}");
    let open = format!("http://{host}/");
    assert_eq!(asks(&url, "GET", "run", &[("Host", "lab.example")]).status, 200);
    for path in ["", "run", "events", "0123456789abcdef0123456789abcdef/run"] {
        assert_eq!(asks(&open, "GET", path, &[]).status, 404, "{path}");
    }
}

/// Says whether a row of the export is to be found.
type Passes = Box<dyn Fn(&Json) -> bool>;

#[test]
fn a_filter_finds_the_trials_that_the_export_holds() {
    let folder = ran(VOTES);
    let export = crucible(folder.path(), &["export", "w", "--to", "jsonl"]);
    let rows: Vec<Json> =
        export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (_live, url) = served(folder.path(), "127.0.0.1:0");
    let failed = |row: &Json| !row["failure"].is_null();
    let right = move |row: &Json| !failed(row) && row["scores"]["correct"] == json!(1.0);
    let has = |row: &Json, word: &str| {
        let item = row["item"].as_str().unwrap();
        let asked = format!("What is {} + 1?", item.parse::<u32>().unwrap() - 1);
        let failure = row["failure"].as_str().unwrap_or_default();
        [row["text"].as_str().unwrap_or_default(), &asked, item, failure]
            .iter()
            .any(|text| text.to_lowercase().contains(word))
    };
    let one = |row: &Json| row["condition"] == json!("one");
    let cases: Vec<(&str, Passes)> = vec![
        ("", Box::new(|_| true)),
        ("condition=0", Box::new(one)),
        ("failed=yes", Box::new(failed)),
        ("failed=no&condition=1", Box::new(move |row| !failed(row) && !one(row))),
        ("metric=0&low=1", Box::new(right)),
        ("metric=0&high=0.5", Box::new(move |row| !failed(row) && !right(row))),
        ("metric=0&low=1&condition=0", Box::new(move |row| right(row) && one(row))),
        ("text=WHAT+is+17", Box::new(move |row| has(row, "what is 17"))),
        ("text=41&condition=1", Box::new(move |row| has(row, "41") && !one(row))),
        ("text=no%20such%20words", Box::new(|_| false)),
    ];
    for (question, passes) in cases {
        let wanted = rows.iter().filter(|row| passes(row)).count() as u64;
        let count = get(&url, &format!("count?{question}"));
        assert_eq!(count["count"], json!(wanted), "{question}");
        let mut listed = Vec::new();
        let mut after = json!(-1);
        loop {
            let part = get(&url, &format!("trials?{question}&after={after}"));
            listed.extend(part["trials"].as_array().unwrap().iter().cloned());
            after = part["next"].clone();
            if after.is_null() {
                break;
            }
        }
        assert_eq!(listed.len() as u64, wanted, "{question}");
        let numbers: Vec<i64> =
            listed.iter().map(|trial| trial["number"].as_i64().unwrap()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{question}: each once, in order");
    }
}

#[test]
fn a_trial_and_its_item_are_shown_whole() {
    let folder = ran(VOTES);
    let (_live, url) = served(folder.path(), "127.0.0.1:0");
    let list = get(&url, "trials?condition=1&failed=no");
    let brief = &list["trials"][0];
    let trial = get(&url, &format!("trial?number={}", brief["number"]));
    let record = &trial["trials"][0]["record"];
    assert_eq!(trial["item"]["id"], brief["item_id"]);
    assert_eq!(record["outcome"]["done"]["votes"].as_array().unwrap().len(), 3);
    assert_eq!(record["calls"].as_array().unwrap().len(), 3);
    let asked = &record["calls"][0]["messages"][0]["text"];
    assert_eq!(asked, &trial["item"]["input"]);
    let item = get(&url, &format!("item?item={}", trial["item"]["index"]));
    let conditions: Vec<&Json> =
        item["trials"].as_array().unwrap().iter().map(|one| &one["condition"]).collect();
    assert_eq!(conditions, ["one", "three"]);
    assert_eq!(asks(&url, "GET", "trial?number=99999", &[]).status, 404);
    assert_eq!(asks(&url, "GET", "trial?number=-7", &[]).status, 404);
    assert_eq!(asks(&url, "GET", "item?item=60", &[]).status, 404);
}

#[test]
fn the_page_of_a_run_stays_when_the_run_has_ended() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("w.crucible"), VOTES).unwrap();
    let mut live = Live::start(folder.path(), &["w.crucible", "--serve", "127.0.0.1:0"]);
    let url = live.page();
    live.hears("the page stays until Ctrl-C");
    assert_eq!(get(&url, "run")["committed"], 120);
    assert_eq!(get(&url, "results")["confirmatory"][0]["name"], "h");
    let (status, said) = live.interrupt();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(TcpStream::connect(parts(&url).0).is_err(), "nobody listens any more");
}

/// Reads states from a stream of events until one fits.
fn state(reader: &mut impl BufRead, fits: impl Fn(&Json) -> bool) -> Json {
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the stream ended");
        // Lines of chunks stand between.
        if let Some(text) = line.strip_prefix("data: ") {
            let state: Json = serde_json::from_str(text).unwrap();
            if fits(&state) {
                return state;
            }
        }
    }
}

#[test]
fn events_tell_of_a_run_as_it_moves_and_of_a_file_as_it_changes() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("w.crucible");
    let text = VOTES
        .replace("60%, failures: 20%) { attempts: 1 }", "60%, latency: 150ms)")
        .replace("seed: 1", "seed: 1, concurrency: 4");
    std::fs::write(&file, &text).unwrap();
    let arguments = ["w.crucible", "--watch", "--serve", "127.0.0.1:0"];
    let mut live = Live::start(folder.path(), &arguments);
    let url = live.page();
    let (host, path) = parts(&url);
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path}events HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    let running = state(&mut reader, |state| {
        state["phase"] == "running" && state["progress"]["done"].as_u64() > Some(0)
    });
    assert_eq!(running["progress"]["planned"], 120);
    let interim = state(&mut reader, |state| state["interim"] == true);
    assert_eq!(interim["phase"], "running", "results move before the end");
    let end = state(&mut reader, |state| state["phase"] == "settled");
    assert_eq!((&end["progress"]["done"], &end["interim"]), (&json!(120), &json!(false)));
    assert_eq!(get(&url, "results")["confirmatory"][0]["name"], "h");
    save(&file, &text.replace("three.correct >", "three.corect >"));
    let broken = state(&mut reader, |state| state["phase"] == "broken");
    assert_eq!(broken["diagnostics"]["errors"][0]["line"], 7);
    save(&file, &text.replace("three.correct >", "three.correct <"));
    let mended = state(&mut reader, |state| state["phase"] == "settled");
    assert!(mended["results"].as_u64() > end["results"].as_u64());
    assert_eq!(mended["diagnostics"]["errors"], json!([]));
    assert_eq!(
        get(&url, "results")["exploratory"][0]["claim"],
        "three.correct < one.correct"
    );
    assert_eq!(live.interrupt().0.code(), Some(0));
}

/// Answers that want to act: in HTML, in scripts, in the direction of text.
const HOSTILE: &[&str] = &[
    "<script>window.acted = 1</script>",
    "<img src=x onerror=\"window.acted = 2\">",
    "</pre></td><svg onload='window.acted = 3'>",
    "javascript:window.acted=4",
    "\" autofocus onfocus=window.acted=5 x=\"",
    "{{nonce}} ${window.acted = 6} `",
    "safe\u{202e}etadetsni\u{2066}\u{0007}\u{001b}[31m",
    "\u{2028}\u{2029}</script><script>window.acted = 7</script>",
];

/// A run whose items, answers and titles are hostile.
fn hostile() -> TempDir {
    let folder = TempDir::new().unwrap();
    let rows: String = HOSTILE
        .iter()
        .map(|text| {
            json!({ "id": text, "q": text, "a": "x", "said": text }).to_string() + "\n"
        })
        .collect();
    std::fs::write(folder.path().join("d.jsonl"), rows).unwrap();
    std::fs::write(
        folder.path().join("w.crucible"),
        "experiment w \"<script>window.acted = 8</script>\" {}\n\
         dataset d = jsonl(\"d.jsonl\") { input: \"q\", target: \"a\" }\n\
         model m = recorded(d, output: \"said\")\n\
         condition one \"<b>one</b>\" = ask(m)\n\
         condition two = ask(m, prompt: \"{{ input }}<i>\")\n\
         metric correct = exact_match()\n\
         hypothesis h \"<img src=x onerror=window.acted=9>\" { claim: mean(one.correct) > 50% }\n",
    )
    .unwrap();
    crucible(folder.path(), &["w.crucible"]);
    folder
}

#[test]
fn hostile_answers_do_nothing_in_a_browser() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = hostile();
    let (_live, url) = served(folder.path(), "127.0.0.1:0");
    browser.go(&url);
    browser.until("document.querySelectorAll('#list tbody tr').length === 16");
    browser.until("document.querySelectorAll('#verdicts tbody tr').length === 1");
    for number in 0..16 {
        browser.evaluate(&format!(
            "document.querySelectorAll('#list button')[{number}].click()"
        ));
        browser.until(&format!(
            "document.getElementById('detail-head').textContent === 'Trial {number}'"
        ));
        browser.evaluate("document.getElementById('compare').click()");
        browser.until("document.querySelectorAll('#beside > section').length === 2");
    }
    assert_eq!(browser.evaluate("typeof window.acted"), "undefined");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('img, svg, iframe').length"),
        0
    );
    assert_eq!(browser.evaluate("document.scripts.length"), 1);
    let text = browser.evaluate("document.body.textContent");
    let text = text.as_str().unwrap();
    assert!(text.contains("<script>window.acted = 1</script>"), "it is shown as it is");
    let forged = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{7}');
    assert!(!text.contains(forged), "what could forge words is not");
    // A script that was put there all the same would not run either.
    browser.evaluate(
        "(() => { \
           const bad = document.createElement('img'); \
           document.body.append(bad); \
           try { bad.setAttribute('onerror', 'window.acted = 10'); } catch (error) {} \
           bad.setAttribute('src', 'x'); \
           const script = document.createElement('script'); \
           try { script.textContent = 'window.acted = 11'; } catch (error) {} \
           document.body.append(script); \
         })()",
    );
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(browser.evaluate("typeof window.acted"), "undefined");
}

#[test]
fn a_reader_filters_opens_and_compares_with_the_keyboard_alone() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = ran(VOTES);
    let (_live, url) = served(folder.path(), "127.0.0.1:0");
    browser.go(&url);
    browser.until("document.querySelectorAll('#list tbody tr').length === 50");
    browser.until(
        "document.getElementById('found').textContent === '120 trials pass the filter'",
    );
    browser.evaluate("document.getElementById('more').click()");
    browser.until("document.querySelectorAll('#list tbody tr').length === 100");
    browser.evaluate(
        "document.getElementById('f-text').value = 'what is 17 +'; \
         document.getElementById('f-text').focus()",
    );
    browser.press("Enter");
    browser.until(
        "document.getElementById('found').textContent === '2 trials pass the filter'",
    );
    browser.evaluate("document.querySelector('#list button').focus()");
    browser.press("Enter");
    browser.until("document.activeElement.id === 'detail'");
    browser.press("Tab");
    browser.until("document.activeElement.id === 'compare'");
    browser.press("Enter");
    browser.until("document.querySelectorAll('#beside > section').length === 2");
    let heads = browser.evaluate(
        "[...document.querySelectorAll('#beside h3')].map((head) => head.textContent).join()",
    );
    assert_eq!(heads, "one,three");
    browser.press("Escape");
    browser.until("document.getElementById('detail').hidden");
    browser.until("document.activeElement.closest('#list') !== null");
}

/// Says what of the page cannot be told without eyes or read in its colours.
const ACCESSIBLE: &str = r"(() => {
  const wrong = [];
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(back(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) wrong.push('contrast of ' + node.textContent);
  }
  for (const cell of document.querySelectorAll('th')) if (!cell.scope) wrong.push('th ' + cell.textContent);
  for (const table of document.querySelectorAll('table')) if (!table.caption) wrong.push('table without caption');
  for (const field of document.querySelectorAll('input, select')) if (!field.labels.length) wrong.push('field ' + field.id);
  for (const button of document.querySelectorAll('button')) if (!button.textContent.trim()) wrong.push('button');
  let level = 0;
  for (const head of document.querySelectorAll('h1, h2, h3')) {
    const own = Number(head.tagName[1]);
    if (own > level + 1) wrong.push('heading ' + head.textContent);
    level = own;
  }
  if (!document.documentElement.lang || !document.title) wrong.push('language or title');
  if (document.querySelectorAll('[aria-live]').length < 2) wrong.push('nothing is told as it changes');
  const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id twice');
  return wrong.join('\n');
})()";

#[test]
fn the_page_is_accessible_in_the_light_and_in_the_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = ran(VOTES);
    let (_live, url) = served(folder.path(), "127.0.0.1:0");
    browser.go(&url);
    browser.until("document.querySelectorAll('#list tbody tr').length === 50");
    browser.evaluate("document.querySelector('#list button').click()");
    browser.until("!document.getElementById('detail').hidden");
    let mut backs = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        assert_eq!(browser.evaluate(ACCESSIBLE), "", "{scheme}");
        backs.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(backs[0], backs[1]);
}
