//! The syntax of the language: what is read, what is refused, and how that is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "what is skipped is said")]
#![expect(clippy::disallowed_methods, reason = "these tests read example files")]

use std::path::{Path, PathBuf};

use crucible::base::FileId;
use crucible::diag::SOURCE_EXPLANATIONS;
use crucible::lang::syntax::tree::{Block, Body, Expr, ExprKind, Script};
use crucible::lang::syntax::{EXPLANATIONS, Parsed, SyntaxError, parse};

/// Every experiment file that stands beside the tests, and those shared with others.
pub(crate) fn example_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var("SHARED_DIR")
        .map_or_else(|_| root.join("../shared"), PathBuf::from)
        .join("acceptance");
    if !shared.is_dir() {
        println!("skipped: no acceptance files at {}", shared.display());
    }
    let folders = [root.join("examples"), root.join("fuzz/seeds/files"), shared];
    folders
        .iter()
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| files(folder))
        .collect()
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "crucible"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

fn read(text: &str) -> Parsed {
    parse(FileId(0), text)
}

/// Each error as its code and the text that it points at.
fn told(text: &str) -> Vec<(&'static str, String)> {
    read(text)
        .errors
        .iter()
        .map(|error| {
            let at = error.at();
            (error.code(), text[at.start as usize..at.end as usize].to_owned())
        })
        .collect()
}

#[test]
fn every_example_is_read_without_an_error() {
    for (name, text) in example_files() {
        let parsed = read(&text);
        let shown: Vec<_> = parsed.errors.iter().map(SyntaxError::diagnostic).collect();
        assert!(shown.is_empty(), "{name}: {shown:#?}");
        assert!(!parsed.tree.definitions.is_empty(), "{name}");
    }
}

#[test]
fn each_mistake_of_a_file_is_told_at_its_own_place() {
    let text = "experiment syntax { seed: 1\n\
                model m = sim(accuracy: 70%\n\
                condition c = ask(m)\n\n\
                dataset = items(3)\n\n\
                hypothesis h { claim: c.correct >> 3 }\n";
    let parsed = read(text);
    let places: Vec<_> = parsed.errors.iter().map(|error| error.at().start).collect();
    assert_eq!(
        told(text),
        [
            ("syntax::unclosed", "{".to_owned()),
            ("syntax::unclosed", "(".to_owned()),
            ("syntax::unexpected", ">>".to_owned())
        ]
    );
    assert_eq!(places, [18, 41, 130]);
    let names: Vec<_> =
        parsed.broken_names.iter().map(|name| name.text.as_str()).collect();
    assert_eq!(names, ["syntax", "m", "h"]);
    assert_eq!(parsed.tree.definitions.len(), 2);
}

#[test]
fn mistakes_are_told_in_the_users_words() {
    let cases = [
        ("let a = |x| x.trim()\n    .len()\n", "syntax::closure_line", "."),
        ("let a = f(x)\n    .len\n", "syntax::line_start", "."),
        ("let a = 1\n  + 2\n", "syntax::line_start", "+"),
        ("condition c\n    = ask(m)\n", "syntax::line_start", "="),
        ("let a = 30sec\n", "syntax::unit", "sec"),
        ("let a = $5%\n", "syntax::unit", "%"),
        ("let a = 1e999\n", "syntax::number", "1e999"),
        ("let a = \"\\d\"\n", "syntax::escape", "\\d"),
        ("let a = \"b\n", "syntax::unclosed_text", "\"b"),
        ("let a = \"\"\"b\n", "syntax::unclosed_text", "\"\"\""),
        ("let a = |x| `b\n", "syntax::unclosed_text", "`"),
        ("let a = |x| #\"b\n", "syntax::unclosed_text", "#\""),
        ("/* a /* b */\n", "syntax::unclosed_comment", "/*"),
        ("let a = (1]\n", "syntax::mismatched", "]"),
        ("let a = 1\n}\n", "syntax::unopened", "}"),
        ("let a = 1;\n", "syntax::unexpected", ";"),
        ("let a = 'x'\n", "syntax::unexpected", "'"),
        ("let a = “x”\n", "syntax::unexpected", "“"),
        ("let a = b == c\n", "syntax::unexpected", "=="),
        ("let a = b && c\n", "syntax::unexpected", "&&"),
        ("let a = b < c < d\n", "syntax::unexpected", "<"),
        ("let a = 1..2..3\n", "syntax::unexpected", ".."),
        ("let a = b within 3\n", "syntax::unexpected", "within"),
        ("let a = --1\n", "syntax::unexpected", "--"),
        ("let a = 1 /// why\n", "syntax::unexpected", "/// why"),
        ("let a =\nlet b = 2\n", "syntax::unexpected", ""),
        ("let a: 1\n", "syntax::unexpected", ":"),
        ("script s { fn f() { 1 } }\n", "syntax::unexpected", "s"),
        ("use\n", "syntax::unexpected", ""),
        ("report { formats = [html] }\n", "syntax::unexpected", "="),
        ("let a = |x|\n", "syntax::unexpected", ""),
        ("let a = f(x)\n{ b: 1 }\n", "syntax::unexpected", "{"),
        ("= 3\n", "syntax::unexpected", "="),
        ("let é = 3\n", "syntax::unexpected", "é"),
        ("let a\u{a0}= 3\n", "syntax::unexpected", "\u{a0}"),
    ];
    for (text, code, at) in cases {
        let told = told(text);
        let diagnostics: Vec<_> =
            read(text).errors.iter().map(SyntaxError::diagnostic).collect();
        assert_eq!(told, [(code, at.to_owned())], "{text:?}: {diagnostics:#?}");
    }
}

#[test]
fn odd_encodings_are_read_as_well() {
    let plain = read("let a = [\n    1,\n    2,\n]\n").tree.definitions.len();
    for text in [
        "let a = [\r\n    1,\r\n    2,\r\n]\r\n",
        "\u{feff}let a = [\n\t1,\n\t2,\n]",
        "\u{feff}#!/usr/bin/env crucible-run\r\nlet a = [1\r\n2]\r\n",
        "let a = [ 1 /* 日本 */, 2 ] // é\n",
    ] {
        let parsed = read(text);
        assert_eq!(parsed.errors, [], "{text:?}");
        assert_eq!(parsed.tree.definitions.len(), plain, "{text:?}");
    }
    assert_eq!(told("#!/bin/x"), []);
    assert_eq!(told(""), []);
    assert_eq!(told("\u{feff}"), []);
    assert_eq!(told("let a = \"日本\" ;\n"), [("syntax::unexpected", ";".to_owned())]);
}

#[test]
fn brackets_nest_a_hundred_deep_and_no_deeper() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("{a: ", "}")] {
        let nested =
            |depth| format!("let a = {}1{}\n", open.repeat(depth), close.repeat(depth));
        assert_eq!(told(&nested(100)), [], "{open}");
        let told: Vec<_> =
            told(&nested(10_000)).into_iter().map(|(code, _)| code).collect();
        assert_eq!(told, ["syntax::too_deep"], "{open}");
    }
    let chains = ["a + ", "-", "a.b + (", "a and ", "1 * "];
    for chain in chains {
        let text = format!("let a = {}1\n", chain.repeat(10_000));
        assert!(read(&text).errors.len() <= 1, "{chain}");
    }
    let rhai = format!("let a = |x| {}{}\n", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(told(&rhai).len(), 1);
    let notes = format!("{}{}\n", "/* ".repeat(10_000), "*/".repeat(10_000));
    assert_eq!(told(&notes).len(), 1);
    let picks = format!("let a = b{}\n", ".c".repeat(10_000));
    assert_eq!(told(&picks).len(), 1);
}

#[test]
fn ten_megabytes_are_read() {
    let text =
        "/// One of many.\nlet a = \"\"\"\n    text\n    \"\"\"\n// and more text\n"
            .repeat(10_000_000 / 65)
            + "let b = (\n";
    assert!(text.len() > 9_000_000);
    assert_eq!(read(&text).errors.len(), 1);
}

#[test]
fn large_files_are_read_in_proportion_to_their_length() {
    let size = 1 << 20;
    let fill = |piece: &str| piece.repeat(size / piece.len());
    let files = [
        fill("condition c = ask(m, prompt: p) { retries: 3 }\n"),
        fill("condition c = ask(m {\n"),
        fill("let a = \"\"\"x\n"),
        fill("let a = `x /* ( [ {\n"),
        fill("let a =\n"),
        fill("}\n"),
        format!("let a = [{}]\n", fill("1, ")),
        format!("let a = \"{}\"\n", fill("日本 ")),
        format!("let a = |x| {}\n", fill("'\\'")),
        fill("/// doc\n"),
        fill("/* "),
        fill("((((((((((\n))))))))))\n"),
    ];
    for text in files {
        let began = std::time::Instant::now();
        let errors = read(&text).errors.len();
        let took = began.elapsed();
        let start: String = text.chars().take(30).collect();
        assert!(took.as_secs() < 30, "{start}: {took:?}, {errors} errors");
    }
}

#[test]
fn every_code_has_an_explanation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let code = regex::Regex::new(r#""((?:syntax|source)::[a-z_0-9]+)""#).unwrap();
    let mut used = std::collections::BTreeSet::new();
    for file in ["lang/syntax/error.rs", "diag/source.rs"] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        used.extend(code.captures_iter(&text).map(|found| found[1].to_owned()));
    }
    let all = EXPLANATIONS.iter().chain(SOURCE_EXPLANATIONS);
    let explained: std::collections::BTreeSet<String> =
        all.map(|one| one.code.to_owned()).collect();
    assert_eq!(used, explained);
    assert!(used.len() >= 14);
}

#[test]
fn the_examples_of_explanations_show_the_mistake() {
    for one in EXPLANATIONS.iter().filter(|one| one.code != "syntax::too_deep") {
        let told: Vec<_> = told(one.example).into_iter().map(|(code, _)| code).collect();
        assert_eq!(told, [one.code], "{}", one.example);
    }
}

fn fields_of(block: &Block) -> impl Iterator<Item = &Expr> {
    block.fields.iter().map(|field| &field.value)
}

/// Adds the Rhai of every closure in an expression.
fn closures(expr: &Expr, found: &mut Vec<String>) {
    let mut inner: Vec<&Expr> = Vec::new();
    match &expr.kind {
        ExprKind::Closure(closure) => found.push(closure.body.text.clone()),
        ExprKind::List(values) | ExprKind::Logic { terms: values, .. } => {
            inner.extend(values);
        }
        ExprKind::Map(block) => inner.extend(fields_of(block)),
        ExprKind::Group(one) | ExprKind::Negative(one) => inner.push(one),
        ExprKind::Call(call) => {
            inner.extend(call.args.iter().map(|arg| &arg.value));
            inner.extend(call.block.iter().flat_map(fields_of));
        }
        ExprKind::Index { base, values, .. } => {
            inner.push(base);
            inner.extend(values);
        }
        ExprKind::Member { base, .. } => inner.push(base),
        ExprKind::Binary { left, right, .. } | ExprKind::Relation { left, right, .. } => {
            inner.extend([&**left, &**right]);
        }
        ExprKind::Range { from, to, .. } => inner.extend([&**from, &**to]),
        ExprKind::Detect { power, effect } => inner.extend([&**power, &**effect]),
        ExprKind::Path(_) | ExprKind::Quantity(_) | ExprKind::Text(_) => {}
    }
    for one in inner {
        closures(one, found);
    }
}

/// The Rhai of every closure and script of a file.
fn rhai_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for definition in read(text).tree.definitions {
        match &definition.body {
            Body::Expr(expr) => closures(expr, &mut found),
            Body::Block(block) => {
                fields_of(block).for_each(|value| closures(value, &mut found));
            }
            Body::Script(Script::Text(rhai)) => found.push(rhai.text.clone()),
            Body::Script(Script::File(_)) | Body::Use(_) => {}
        }
    }
    found
}

#[test]
fn every_closure_that_is_cut_out_compiles() {
    let engine = rhai::Engine::new();
    let odd = "let a = [|x| `,${ \"]\" }` + ')', |y| y +\n 1, |z| #{ a: [z], b: #\"\"]\"# }]\n\
               let b = f(|x| if x { 1 } else { 2 } /* , */, |y| { let z = y;\n z })\n";
    let mut files = example_files();
    files.push(("odd".to_owned(), odd.to_owned()));
    let mut count = 0;
    for (name, text) in files {
        for rhai in rhai_of(&text) {
            assert!(engine.compile(&rhai).is_ok(), "{name}: {rhai}");
            count += 1;
        }
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn operators_bind_as_they_are_read() {
    let shape = |text: &str| {
        let parsed = read(&format!("let a = {text}\n"));
        assert_eq!(parsed.errors, [], "{text}");
        match &parsed.tree.definitions[0].body {
            Body::Expr(expr) => bracketed(expr),
            Body::Block(_) | Body::Script(_) | Body::Use(_) => {
                panic!("no expression: {text}")
            }
        }
    };
    assert_eq!(shape("a + b * c - d"), "((a + (b * c)) - d)");
    assert_eq!(
        shape("a > b + 1 and c < d or e > f"),
        "(((a > (b + 1)) and (c < d)) or (e > f))"
    );
    assert_eq!(
        shape("a.x ~= b.x - 1 within 2 * c"),
        "((a.x ~= (b.x - 1)) within (2 * c))"
    );
    assert_eq!(shape("1..=n + 1"), "(1 ..= (n + 1))");
    assert_eq!(shape("-a.x / -b"), "((-a.x) / (-b))");
    assert_eq!(shape("80% to detect 5pp"), "(80% to detect 5pp)");
}

/// An expression with brackets around every operator.
fn bracketed(expr: &Expr) -> String {
    let show = bracketed;
    match &expr.kind {
        ExprKind::Path(path) => path.text(),
        ExprKind::Quantity(literal) => literal.text.clone(),
        ExprKind::Member { base, name } => format!("{}.{}", show(base), name.text),
        ExprKind::Negative(inner) => format!("(-{})", show(inner)),
        ExprKind::Binary { op, left, right, .. } => {
            format!("({} {} {})", show(left), op.symbol(), show(right))
        }
        ExprKind::Relation { op, left, right, within, .. } => {
            let pair = format!("({} {} {})", show(left), op.symbol(), show(right));
            match within {
                Some(margin) => format!("({pair} within {})", show(margin)),
                None => pair,
            }
        }
        ExprKind::Range { from, to, inclusive } => {
            format!(
                "({} {} {})",
                show(from),
                if *inclusive { "..=" } else { ".." },
                show(to)
            )
        }
        ExprKind::Detect { power, effect } => {
            format!("({} to detect {})", show(power), show(effect))
        }
        ExprKind::Logic { op, terms } => {
            let terms: Vec<_> = terms.iter().map(show).collect();
            format!("({})", terms.join(&format!(" {} ", op.symbol())))
        }
        ExprKind::Closure(_)
        | ExprKind::Text(_)
        | ExprKind::List(_)
        | ExprKind::Map(_)
        | ExprKind::Group(_)
        | ExprKind::Call(_)
        | ExprKind::Index { .. } => format!("{expr:?}"),
    }
}
