//! The formatter: it settles spaces, keeps comments, and never changes meaning.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;

use crucible::base::FileId;
use crucible::lang::syntax::{format, parse};

use crate::lang_syntax::example_files;

/// A file's tree without places.
fn shape(text: &str) -> String {
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.errors, [], "{text}");
    let tree = format!("{:?}", parsed.tree);
    let spans = regex::Regex::new(r"(Span|Origin) \{[^}]*\}").unwrap();
    spans.replace_all(&tree, "").into_owned()
}

/// The comments of a file, in order. Only for files without `//` in text or Rhai.
fn comments(text: &str) -> Vec<String> {
    let marks = regex::Regex::new(r"(?s)/\*.*?\*/|//[^\r\n]*").unwrap();
    marks.find_iter(text).map(|found| found.as_str().trim_end().to_owned()).collect()
}

fn assert_tidies(text: &str, expected: &str) {
    let tidy = format(text).unwrap();
    assert_eq!(tidy, expected, "{text}");
    assert_eq!(format(&tidy).unwrap(), tidy, "tidy text stays as it is");
    assert_eq!(shape(text), shape(&tidy));
    assert_eq!(comments(text), comments(&tidy));
}

#[test]
fn spaces_and_indentation_are_settled() {
    assert_tidies(
        "  model  m=sim( accuracy :70% ,latency:1s ){limit:3}",
        "model m = sim(accuracy: 70%, latency: 1s) { limit: 3 }\n",
    );
    assert_tidies(
        "experiment e \"t\" {\nseed:1,\n\n\n  repeats :  3\n}\n\n\n\nlet a=[1,\n2,]\n",
        "experiment e \"t\" {\n    seed: 1\n\n    repeats: 3\n}\n\nlet a = [1,\n    2]\n",
    );
    assert_tidies("let a=-1+-2*3-b\n", "let a = -1 + -2 * 3 - b\n");
    assert_tidies("let a = 1 ..= 5\n", "let a = 1..=5\n");
    assert_tidies("let a = b [1] . c\n", "let a = b[1].c\n");
    assert_tidies("let a =\n  b\n", "let a =\n    b\n");
    assert_tidies("let a = b +\nc\n", "let a = b +\n    c\n");
    assert_tidies("let a = [(1+2), -3]\r\n", "let a = [(1 + 2), -3]\n");
    assert_tidies("let a = f ( )\n", "let a = f()\n");
    assert_tidies("let a = { }\n", "let a = {}\n");
    assert_tidies(
        "condition c [n in(1),m in [1]]=x\n",
        "condition c[n in (1), m in [1]] = x\n",
    );
    assert_tidies("let a = b ~= c within(3)\n", "let a = b ~= c within (3)\n");
    assert_tidies("", "");
}

#[test]
fn every_comment_keeps_its_place() {
    assert_tidies(
        "//! file\n/// doc\nlet a = 1 // why\n/* long */ let b=2\n//// rule ////\n",
        "//! file\n/// doc\nlet a = 1 // why\n/* long */ let b = 2\n//// rule ////\n",
    );
    assert_tidies(
        "let a = [ // first\n1, // one\n/* two */ 2 // last\n]\n",
        "let a = [ // first\n    1, // one\n    /* two */ 2 // last\n]\n",
    );
    assert_tidies(
        "let a = f(/* none */)\nlet b = f(1 /* one */, 2)\n",
        "let a = f( /* none */ )\nlet b = f(1 /* one */, 2)\n",
    );
}

#[test]
fn rhai_and_long_text_stay_as_they_are() {
    assert_tidies(
        "let a=|x,y|x . y+ 1\nscript{\n  fn f( x ){ `a\n b` }\n}\n",
        "let a = |x, y| x . y+ 1\nscript {\n  fn f( x ){ `a\n b` }\n}\n",
    );
    assert_tidies(
        "prompt p=\"\"\"\n  a\n b\n  \"\"\"\n",
        "prompt p = \"\"\"\n  a\n b\n  \"\"\"\n",
    );
    assert_tidies("let a = |x|\n    x +\n 1\n", "let a = |x| x +\n 1\n");
}

#[test]
fn what_was_aligned_stays_aligned() {
    for aligned in [
        "let a    = 1\nlet long = 2\n",
        "experiment e {\n    seed:    1\n    // why\n    repeats: 3\n}\n",
        "let a = 1   // one\nlet b = 200 // two\n",
        "let a = [\n    { x: 1,   y: 2 },\n    { x: 100, y: 2 },\n]\n",
        "model a \"\u{65e5}\u{672c}\"  = sim()\nmodel b \"12345\" = sim()\n",
        "let a    = \"\"\"\n  x\n  \"\"\"\nlet long = 2\n",
        "hypothesis a  \"one\"   { claim: x }\nhypothesis bb \"three\" { claim: x }\nhypothesis c  \"more than three\" { claim: x }\n",
    ] {
        assert_tidies(aligned, aligned);
    }
    assert_tidies("let a   = 1\nlet bb  =  2\n", "let a  = 1\nlet bb = 2\n");
    assert_tidies("let a\t= 1\nlet b\t= 2\n", "let a = 1\nlet b = 2\n");
}

#[test]
fn a_space_too_many_is_no_alignment() {
    assert_tidies("let a    = 1\n\nlet long = 2\n", "let a = 1\n\nlet long = 2\n");
    assert_tidies("let a  =  1\nlet long = 2\n", "let a = 1\nlet long = 2\n");
    assert_tidies("let a = f(1,   2)\n", "let a = f(1, 2)\n");
}

/// Draws the spaces between words of a line together.
fn single(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        format!("{:indent$}{}", "", words.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn examples_stand_as_the_formatter_would_put_them() {
    for (name, text) in example_files() {
        let tidy = format(&text).unwrap();
        if name.contains("acceptance") {
            // Files of others: some of their columns are wider than they need to be.
            assert_eq!(single(&tidy), single(&text), "{name}");
        } else if !name.contains("seeds") {
            assert_eq!(tidy, text, "{name}");
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test looks at the clock")]
fn a_long_file_takes_no_more_than_its_length() {
    let line = "let v = [1, 2, 3s] // some comment\n";
    let text = format!("let first = 1\n{}", line.replace('v', "_v").repeat(20_000));
    let began = std::time::Instant::now();
    assert_eq!(format(&text).unwrap(), text);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn a_file_with_a_mistake_is_not_touched() {
    assert_eq!(format("let a = (\n").unwrap_err().len(), 1);
}

#[test]
fn examples_are_tidied_without_a_change_of_meaning() {
    for (name, text) in example_files() {
        let tidy = format(&text).unwrap();
        assert_eq!(format(&tidy).unwrap(), tidy, "{name}");
        assert_eq!(shape(&text), shape(&tidy), "{name}");
    }
}

/// Expressions of some depth, as text.
fn expression() -> BoxedStrategy<String> {
    let leaf = prop::sample::select(vec![
        "1",
        "95%",
        "$0.15/Mtok",
        "600/min",
        "name",
        "std::a::b",
        "\"te, xt\"",
        "in",
        "to",
        "\"\"\"\n  a\n   b\n\"\"\"",
        "within",
        "- 3pp",
        "|x| x.y + 1",
        "|| `a ${1} b`",
        "detect",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(4, 32, 4, |inner| {
            let closed = |text: String| {
                if text.contains('|') { format!("({text})") } else { text }
            };
            let many = (prop::collection::vec(inner.clone(), 0..4), gap())
                .prop_map(|(all, gap)| all.join(&gap))
                .boxed();
            prop_oneof![
                many.clone().prop_map(|all| format!("[{all}]")),
                many.prop_map(|all| format!("f({all})")),
                (inner.clone(), gap()).prop_map(|(a, gap)| format!("{{a: {a}{gap}b:1}}")),
                (inner.clone(), operator(), inner.clone())
                    .prop_map(move |(a, op, b)| format!("({}{op}{b})", closed(a))),
                inner.clone().prop_map(|a| format!("g( a ) {{ x :{a}\n}}")),
                inner.prop_map(|a| format!("g[ {a} ] . c")),
            ]
        })
        .boxed()
}

fn gap() -> BoxedStrategy<String> {
    prop::sample::select(vec![
        ", ",
        ",\n",
        "\n",
        " // note\n",
        ",// note\n",
        " /* n */ ,\n\n",
        "\n\n\n",
    ])
    .prop_map(str::to_owned)
    .boxed()
}

fn operator() -> BoxedStrategy<&'static str> {
    prop::sample::select(vec![
        "+", " - ", "* ", " /", " < ", ">=", "\n+ ", " +\n", " and ", "\nor ", "..",
        " ~= ",
    ])
    .boxed()
}

fn file() -> BoxedStrategy<String> {
    let definition =
        (expression(), 0..5_u8, gap()).prop_map(|(value, form, gap)| match form {
            0 => format!("let a={value}\nlet  bc    = 1   // x\nlet d      =  22 // y\n"),
            1 => format!("/// doc\n  model  m \"title\" = {value} // why\n"),
            2 => format!("\n\n\nexperiment e{{ a : {value}{gap}b: 2 }}\n"),
            3 => format!(
                "condition c [ n in {value}{gap}m in 1 ..= 2 ] = ask(m)\n/* end */\n"
            ),
            _ => format!("strategy s(a , b : {value}{gap}c) =\n |x|  x\n"),
        });
    prop::collection::vec(definition, 1..5).prop_map(|all| all.concat()).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_tidied_once_and_keeps_its_meaning(text in file()) {
        prop_assume!(parse(FileId(0), &text).errors.is_empty());
        let tidy = format(&text).unwrap();
        prop_assert_eq!(format(&tidy).unwrap(), tidy.clone(), "{}", text);
        prop_assert_eq!(shape(&text), shape(&tidy), "{}", text);
        prop_assert_eq!(comments(&text), comments(&tidy), "{}", text);
    }
}
