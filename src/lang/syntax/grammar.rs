//! The parser that `grammar/crucible.pest` describes.

use pest::iterators::Pair;

use crate::base::FileId;
use crate::base::Span;

pub(super) use generated::{Grammar, Rule};

#[expect(unreachable_pub, reason = "written by the derive of the parser")]
mod generated {
    /// Reads text by the rules of `grammar/crucible.pest`.
    #[derive(Debug, pest_derive::Parser)]
    #[grammar = "../grammar/crucible.pest"]
    pub struct Grammar;
}

/// A node of the grammar's own tree.
pub(super) type Node<'a> = Pair<'a, Rule>;

/// Where the text of a node stands: the file, and the bytes before the parsed text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) file: FileId,
    pub(super) offset: usize,
}

impl Place {
    /// Returns the span of a node.
    pub(super) fn span(self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        Span::new(self.file, self.offset + span.start(), self.offset + span.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pest::Parser;

    /// Every rule that leaves a node, a text that it takes whole, and one that it does not.
    const RULES: &[(Rule, &[&str], &[&str])] = &[
        (Rule::sep, &[",", "\n", "\n,\n"], &[";", ",,"]),
        (Rule::file, &["", "let a = 1\nlet b = 2\n"], &["let a = 1 let b = 2"]),
        (Rule::shebang, &["#!/bin/x"], &["# /bin/x"]),
        (Rule::file_doc, &["//! about"], &["// about", "/// about"]),
        (Rule::doc, &["/// about"], &["// about", "//// about"]),
        (Rule::definition, &["/// a\n/// b\nlet a = 1"], &["/// a"]),
        (Rule::use_def, &["use std::a", "use \"f\""], &["use", "users"]),
        (Rule::kw_use, &["use"], &["users"]),
        (
            Rule::script_def,
            &["script { fn f() { \"}\" } }", "script = \"f\""],
            &["script a {}"],
        ),
        (Rule::kw_script, &["script"], &["scripts"]),
        (
            Rule::plain_def,
            &[
                "report {}",
                "let a = 1",
                "a b[c in 1] \"t\" = 1",
                "a b(c) = |x| x",
                "let in = 1",
            ],
            &["let a", "let a b = 1", "let a =", "let a == 1"],
        ),
        (Rule::kind, &["model"], &["1"]),
        (Rule::name, &["mini_2"], &["2", "é"]),
        (Rule::equals, &["="], &["=="]),
        (
            Rule::family,
            &["[a in 1..=3, b in [c]]", "[a in b\nc in d]"],
            &["[a]", "(a in b)"],
        ),
        (Rule::over, &["n in 1..=7", "in in in"], &["n of 1", "n index"]),
        (Rule::kw_in, &["in"], &["inner"]),
        (Rule::params, &["()", "(a, b: 2,)"], &["(1)", "(a: )"]),
        (Rule::param, &["a", "a: 1", "a:\n1"], &["a = 1"]),
        (
            Rule::fields,
            &["{}", "{ a: 1, b: 2 }", "{\na: 1\nb: 2\n}"],
            &["{ a }", "{ a: 1 b: 2 }"],
        ),
        (Rule::field, &["a: 1", "/// d\na: 1"], &["a = 1", "\"a\": 1"]),
        (Rule::colon, &[":"], &["::"]),
        (
            Rule::expr,
            &[
                "1",
                "a + b * -c",
                "a ~= b within 5pp",
                "80% to detect 5pp",
                "a\n  and b",
                "a\n+ b",
                "a +\nb",
            ],
            &["", "a b", "a +", "a\n- b", "--a"],
        ),
        (Rule::minus, &["-"], &["+"]),
        (
            Rule::lead_word,
            &["and c", "to detect 5"],
            &["and", "and : 3", "and: 3", "andy c"],
        ),
        (Rule::mark_op, &["+", "..=", "~=", "/"], &["-", "==", "//", "/*"]),
        (Rule::minus_op, &["-"], &["+"]),
        (Rule::word_op, &["and", "or", "within", "to detect"], &["to", "order"]),
        (Rule::kw_detect, &["to detect", "to  detect"], &["to", "to detects"]),
        (Rule::kw_word, &["and", "or", "within"], &["ands", "xor"]),
        (Rule::index, &["[a, b]", "[1]"], &["(1)"]),
        (Rule::member, &[".a"], &["..a", ".1"]),
        (Rule::group, &["(a)", "(\na\n)"], &["()", "(a, b)"]),
        (Rule::list, &["[]", "[a, b,]", "[a\nb]"], &["[,,]", "[a b]"]),
        (Rule::named, &["a", "a::b", "a(b)", "a(b) { c: 1 }"], &["a(b)\n{ c: 1 }", "1"]),
        (Rule::args, &["()", "(a, b: c)", "(a\nb: c\n)"], &["(a b)", "(a = b)"]),
        (Rule::arg, &["a", "a: b", "a::b"], &["a:", "1: a"]),
        (Rule::label, &[], &["a", "a::b"]),
        (Rule::path, &["a", "a::b::c"], &["a:b", "a::", "a :: b"]),
        (Rule::word, &["a", "_a1"], &["1a", "é"]),
        (
            Rule::quantity,
            &["5", "95%", "3pp", "250ms", "$0.15/Mtok", "600/min", "4k", "1_000", "1e-6"],
            &["5 %", "$ 5", "5/ s", "600/size", "1.", ".5"],
        ),
        (Rule::money, &["$"], &["€"]),
        (Rule::magnitude, &["5", "0.5", "1e9", "1e+9"], &["1.", "e9", "_1"]),
        (Rule::unit, &["%", "ms"], &["1"]),
        (Rule::per, &["/min", "/Mtok"], &["/sec", "/day", "/s("]),
        (
            Rule::string,
            &["\"a\\\"b\"", "\"\"", "\"\"\"a\n\"b\"\n\"\"\""],
            &["\"a\nb\"", "'a'"],
        ),
        (
            Rule::long_text,
            &["\"\"\"a\nb\"\"\"", "\"\"\"\\\"\"\"\""],
            &["\"a\"", "\"\"\"a\""],
        ),
        (Rule::short_text, &["\"a\"", "\"\\\\\""], &["\"a", "\"\\\""]),
        (
            Rule::closure,
            &[
                "|a, b| a + b",
                "|| 1",
                "|x|\n  x",
                "|x| x +\n 1",
                "|x| { a;\n b }",
                "|x| `,${\")\"}`",
            ],
            &["|x|", "|x| a, b", "|x| a\n.b", "|x| a // b", "|1| x"],
        ),
        (Rule::bars, &["||", "|a|", "| a , b |"], &["|a b|", "|a,|"]),
        (
            Rule::rhai_body,
            &[
                "a[1, 2]",
                "'\"'",
                "#\"\"a\"\"#",
                "\"a\\\"b\"",
                "a /* , */ b",
                "x ||\n\n y",
                "`\\${`",
            ],
            &["a, b", "a)", "a\nb", "(a", "\"a"],
        ),
        (Rule::rhai_braces, &["{}", "{ fn f(x) { [x, `}`] } // }\n}"], &["{ ( }", "{"]),
        (Rule::rhai_inside, &["", "fn f() { 1 }", "a, b\n\nc"], &["}", "a)"]),
    ];

    fn takes(rule: Rule, text: &str) -> bool {
        Grammar::parse(rule, text).is_ok_and(|mut nodes| {
            nodes.next().map(|node| node.as_str().len()).unwrap_or(0) == text.len()
        })
    }

    #[test]
    fn every_rule_takes_what_it_should_and_nothing_else() {
        for (rule, accepted, rejected) in RULES {
            for text in *accepted {
                assert!(takes(*rule, text), "{rule:?} takes {text:?}");
            }
            for text in *rejected {
                assert!(!takes(*rule, text), "{rule:?} refuses {text:?}");
            }
        }
        // A label is only one before a colon, which it leaves.
        assert_eq!(
            Grammar::parse(Rule::label, "a: 1").map(|nodes| nodes.as_str().to_owned()),
            Ok("a".to_owned())
        );
    }

    #[test]
    fn every_rule_has_a_comment_with_an_example() {
        let grammar = include_str!("../../../grammar/crucible.pest");
        let mut note = String::new();
        for line in grammar.lines() {
            if let Some(text) = line.strip_prefix("///") {
                note.push_str(text);
            } else if let Some((rule, after)) = line.split_once(" = ") {
                if rule.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
                    assert!(note.contains("Example"), "`{rule}` has no example");
                    let silent = after.starts_with('_');
                    let tested =
                        RULES.iter().any(|(known, ..)| format!("{known:?}") == rule);
                    assert!(silent || tested, "`{rule}` has no test");
                }
                note.clear();
            }
        }
    }
}
