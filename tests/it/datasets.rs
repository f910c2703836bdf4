//! Datasets as a file asks for them: read, filtered, sampled, and refused with a reason.

#![expect(clippy::disallowed_methods, reason = "writes data files to a scratch folder")]

use std::path::Path;

use crucible::base::{Digest, FileId, Quantity, Span, Unit};
use crucible::dataset::{
    DatasetError, Desk, IN_MEMORY, Loaded, SOURCES, count_hint, load,
};
use crucible::record::Item;
use crucible::script::{Host, Workshop};
use crucible::spec::{Argument, Call, Complaint, Function, Value};
use serde_json::json;

fn call(name: &str, args: Vec<(&str, Value)>) -> Call {
    let span = Span::new(FileId(0), 10, 20);
    let args = args.into_iter().map(|(name, value)| {
        (name.to_owned(), Argument { value, span, given: true, operational: false })
    });
    Call { name: name.into(), args: args.collect(), span, label: None, body: None }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn count(n: u32) -> Value {
    Value::Quantity(Quantity::new(f64::from(n), Unit::One))
}

fn sample(name: &str, n: u32) -> Value {
    Value::Call(Box::new(call(name, vec![("n", count(n))])))
}

fn closure(param: &str, body: &str) -> Value {
    Value::Function(Box::new(Function {
        params: vec![param.into()],
        body: body.into(),
        span: Span::new(FileId(0), 100, 100 + body.len()),
        library: 0,
        captures: indexmap::IndexMap::new(),
        digest: Digest::of(body.as_bytes()),
    }))
}

fn loaded(folder: &Path, call: &Call) -> Result<Loaded, DatasetError> {
    loaded_within(folder, call, IN_MEMORY)
}

/// Loads with so many bytes of memory for the items.
fn loaded_within(
    folder: &Path,
    call: &Call,
    in_memory: usize,
) -> Result<Loaded, DatasetError> {
    let workshop = Workshop::new(Host::default(), Vec::new());
    let folders = [folder.display().to_string()];
    load(call, &Desk { workshop: &workshop, folders: &folders, seed: 5, in_memory })
}

fn all(loaded: &Loaded) -> Vec<Item> {
    loaded.items.iter().map(|item| (*item).clone()).collect()
}

/// Writes a data file and loads it.
fn from_file(
    name: &str,
    bytes: &[u8],
    args: Vec<(&str, Value)>,
) -> Result<Loaded, DatasetError> {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("data.{name}");
    std::fs::write(folder.path().join(&file), bytes).unwrap();
    let mut all = vec![("path", text(&file))];
    all.extend(args);
    loaded(folder.path(), &call(name, all))
}

/// Returns the message after the scratch folder, and the help.
fn complaint(result: Result<Loaded, DatasetError>) -> (String, String) {
    let error = result.unwrap_err();
    let message = error.to_string();
    let message = message.rsplit("/data.").next().unwrap().to_owned();
    (message, error.help.unwrap_or_default())
}

fn checked(call: &Call) -> Vec<Complaint> {
    let signature = SOURCES.iter().find(|signature| signature.name == call.name).unwrap();
    (signature.check.unwrap())(call)
}

#[test]
fn a_jsonl_file_is_read_whatever_its_line_ends_and_mark() {
    let bytes = b"\xef\xbb\xbf{\"q\": \"a\", \"n\": {\"x\": [7]}}\r\n\r\n{\"q\": \"b\", \"n\": {\"x\": [8]}}";
    let args = vec![("input", text("Q: {{ q }}")), ("target", text("n.x.0"))];
    let loaded = from_file("jsonl", bytes, args).unwrap();
    let items = all(&loaded);
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            (item.index, item.id.as_str(), item.input.as_str(), item.target.clone())
        })
        .collect();
    assert_eq!(rows, [(0, "1", "Q: a", json!(7)), (1, "2", "Q: b", json!(8))]);
    assert_eq!(items[0].columns.get("q"), Some(&json!("a")));
    assert_eq!(loaded.files[0].bytes, bytes.len() as u64);
    assert_eq!(loaded.files[0].digest, Digest::of(bytes));
}

#[test]
fn a_csv_file_is_read_with_quotes_delimiters_and_names() {
    let bytes = "id;input;target\r\na;\"x; \"\"y\"\"\nz\";1.50\r\nb;é;\r\n".as_bytes();
    let loaded = from_file("csv", bytes, vec![("delimiter", text(";"))]).unwrap();
    let items = all(&loaded);
    let [a, b] = items.as_slice() else { panic!("{loaded:?}") };
    assert_eq!((a.id.as_str(), a.input.as_str()), ("a", "x; \"y\"\nz"));
    assert_eq!((&a.target, &b.target), (&json!("1.50"), &json!("")));
    let columns = Value::List(vec![text("input"), text("target")]);
    let loaded = from_file("csv", b"q,1\nr,2\n", vec![("columns", columns)]).unwrap();
    assert_eq!((loaded.items.len(), all(&loaded)[0].input.as_str()), (2, "q"));
}

#[test]
fn closures_read_rows_and_filters_keep_some() {
    let bytes: String = (0..10).map(|n| format!("{{\"n\": {n}}}\n")).collect();
    let args = |keep: &str| {
        vec![
            ("input", closure("row", "`What is ${row.n}?`")),
            ("target", closure("row", "row.n * 2")),
            ("filter", closure("row", keep)),
        ]
    };
    let loaded = from_file("jsonl", bytes.as_bytes(), args("row.n % 3 == 0")).unwrap();
    let items = all(&loaded);
    let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["1", "4", "7", "10"]);
    assert_eq!((&*items[3].input, &items[3].target), ("What is 9?", &json!(18)));
    let (message, _) = complaint(from_file("jsonl", bytes.as_bytes(), args("row.n")));
    assert_eq!(message, "jsonl:1: `filter` gives i64; `true` or `false` is due");
    let (message, _) = complaint(from_file("jsonl", bytes.as_bytes(), args("false")));
    assert!(message.contains("10 rows were read, the filter kept 0"), "{message}");
    let error = from_file("jsonl", bytes.as_bytes(), args("throw \"oh\"")).unwrap_err();
    assert_eq!(error.span.start, 100);
    assert!(error.to_string().contains("data.jsonl:1: "), "{error}");
}

#[test]
fn a_sample_depends_on_the_seed_and_keeps_the_order() {
    let rows = |kind, n| {
        let row = closure("i", "#{ input: `${i}` }");
        let args = vec![("items", count(50)), ("row", row), ("sample", sample(kind, n))];
        let call = call("items", args);
        assert_eq!(count_hint(&call), Some(u64::from(n).min(50)));
        loaded(Path::new(""), &call).map(|loaded| {
            loaded.items.iter().map(|i| i.id.parse::<u32>().unwrap()).collect::<Vec<_>>()
        })
    };
    assert_eq!(rows("first", 3).unwrap(), [1, 2, 3]);
    let random = rows("random", 10).unwrap();
    assert!(random.len() == 10 && random.is_sorted(), "{random:?}");
    assert_eq!(random, rows("random", 10).unwrap());
    assert_eq!(
        rows("random", 51).unwrap_err().help.unwrap(),
        "write `random(50)`, or leave `sample:` out"
    );
}

#[test]
fn what_is_wrong_is_told_at_its_line() {
    let question = || vec![("input", text("question"))];
    let cases: [(&str, &[u8], &str, &str); 10] = [
        (
            "jsonl",
            b"{\"question\": 1}\n\n{\"question\"",
            "jsonl:3: not JSON: EOF while parsing an object at column 11",
            "",
        ),
        ("jsonl", b"[1]\n", "jsonl:1: a JSON object is due on each line, not a list", ""),
        (
            "jsonl",
            b"{\"qestion\": 1}",
            "jsonl:1: there is no column `question` for `input`",
            "did you mean `qestion`?",
        ),
        (
            "jsonl",
            b"{\"question\": \"\xff\"}",
            "jsonl:1: byte 15 of the line is not UTF-8",
            "",
        ),
        (
            "jsonl",
            b"{\"question\": null}",
            "jsonl:1: `input` gives nothing; a text is due",
            "",
        ),
        ("jsonl", b"\xff\xfea\0", "jsonl:1: the file is UTF-16; save it as UTF-8", ""),
        (
            "csv",
            b"question,a\nx,1\ny\n",
            "csv:3: the row has 1 values; there are 2 columns",
            "",
        ),
        ("csv", b"question,a,a\n", "csv:1: columns 2 and 3 are both called `a`", ""),
        ("csv", b"question\nx\n\xff\n", "csv:3: value 1 of the row is not UTF-8", ""),
        (
            "csv",
            b"a,b\n1,2\n",
            "csv:2: there is no column `question` for `input`",
            "the columns are `a`, `b`",
        ),
    ];
    for (name, bytes, message, help) in cases {
        let told = complaint(from_file(name, bytes, question()));
        assert_eq!(told, (message.to_owned(), help.to_owned()), "{name}");
    }
    for (name, bytes) in [("jsonl", &b"\n"[..]), ("csv", b""), ("csv", b"question\n")] {
        let (message, _) = complaint(from_file(name, bytes, question()));
        assert!(message.contains("has no items"), "{message}");
    }
}

#[test]
fn two_rows_with_one_id_are_refused_with_both_lines() {
    let bytes = b"{\"id\": 1, \"input\": \"a\"}\n\n{\"id\": \"1\", \"input\": \"b\"}\n";
    let error = from_file("jsonl", bytes, Vec::new()).unwrap_err().to_string();
    assert!(error.contains("data.jsonl:3: the id `1` was taken by"), "{error}");
    assert!(error.ends_with("data.jsonl:1"), "{error}");
}

#[test]
fn a_missing_file_names_its_neighbour() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("questions.jsonl"), "").unwrap();
    let call = call("jsonl", vec![("path", text("question.jsonl"))]);
    let error = loaded(folder.path(), &call).unwrap_err();
    assert!(error.to_string().contains("there is no such file"), "{error}");
    assert_eq!(error.help.unwrap(), "did you mean `questions.jsonl`?");
}

#[test]
fn a_list_of_items_is_checked_before_anything_runs() {
    let map =
        |key: &str, value| Value::Map([(key.to_owned(), value)].into_iter().collect());
    let list = |values, more: Vec<(&'static str, Value)>| {
        let mut args = vec![("items", Value::List(values))];
        args.extend(more);
        call("items", args)
    };
    let good = list(vec![text("What is 1 + 1?"), map("input", text("b"))], Vec::new());
    assert_eq!(checked(&good), []);
    let loaded = loaded(Path::new(""), &good).unwrap();
    assert_eq!(all(&loaded)[0].input, "What is 1 + 1?");
    let first = |call: &Call| checked(call).first().map(|c| (c.param, c.message.clone()));
    for (call, param, words) in [
        (list(vec![], vec![]), "items", "empty"),
        (list(vec![map("inputs", text("a"))], vec![]), "items", "no column `input`"),
        (list(vec![text("a")], vec![("target", text("x"))]), "target", "no column `x`"),
        (list(vec![text("a")], vec![("input", text("{{ x"))]), "input", "not closed"),
        (
            list(vec![text("a")], vec![("sample", sample("random", 2))]),
            "sample",
            "more items",
        ),
        (call("items", vec![("items", count(3))]), "items", "closure"),
    ] {
        let (found, message) = first(&call).unwrap();
        assert_eq!(found, Some(param), "{message}");
        assert!(message.contains(words), "{message}");
    }
    let zipped = call("jsonl", vec![("path", text("a.jsonl.gz"))]);
    assert_eq!(checked(&zipped)[0].param, Some("path"));
}

#[test]
fn the_published_solutions_load() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let path = text("gsm8k/example_model_solutions.jsonl");
    let target = closure("row", "number(row.ground_truth.split(\"\\nA: \")[-1])");
    let args = vec![("path", path), ("input", text("question")), ("target", target)];
    let loaded = loaded(&root, &call("jsonl", args)).unwrap();
    assert_eq!(loaded.items.len(), 1_319);
    let first = loaded.items.get(0).unwrap();
    assert_eq!(first.target.as_f64(), Some(18.0));
    assert!(first.lookup("6b_finetuning.solution").is_some());
    let args = vec![("path", text("capitals.csv")), ("input", text("country"))];
    assert_eq!(self::loaded(&root, &call("csv", args)).unwrap().items.len(), 24);
}

#[test]
fn items_that_are_kept_in_a_file_are_those_that_are_kept_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: String = (0..400)
        .map(|n| format!("{{\"q\": \"What is {n}?\", \"n\": {{\"x\": [{n}, null]}}}}\n"))
        .collect();
    std::fs::write(folder.path().join("data.jsonl"), &bytes).unwrap();
    let made = closure("i", "#{ q: `${i} ü`, n: #{ x: [i, 0.1 * i] } }");
    let question = || vec![("input", text("{{ q }}")), ("target", text("n.x.0"))];
    for part in [None, Some(sample("first", 90)), Some(sample("random", 90))] {
        let sampled = || part.clone().map(|part| ("sample", part));
        let file = question().into_iter().chain([("path", text("data.jsonl"))]);
        let closure =
            question().into_iter().chain([("items", count(400)), ("row", made.clone())]);
        for call in [
            call("jsonl", file.chain(sampled()).collect()),
            call("items", closure.chain(sampled()).collect()),
        ] {
            let here = loaded(folder.path(), &call).unwrap();
            for in_memory in [0, 1, 3_000] {
                let there = loaded_within(folder.path(), &call, in_memory).unwrap();
                assert_eq!(all(&there), all(&here));
                assert!(there.items.digests().eq(here.items.digests()));
                assert_eq!(there.files, here.files);
            }
        }
    }
}

#[test]
fn an_id_that_stands_twice_is_found_among_items_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: String = (0..50)
        .map(|n| format!("{{\"id\": \"{}\", \"input\": \"q\"}}\n\n", n % 40))
        .collect();
    std::fs::write(folder.path().join("data.jsonl"), bytes).unwrap();
    let call = call("jsonl", vec![("path", text("data.jsonl"))]);
    for in_memory in [0, IN_MEMORY] {
        let error = loaded_within(folder.path(), &call, in_memory).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("data.jsonl:81: the id `0` was taken by"), "{message}");
        assert!(message.ends_with("data.jsonl:1"), "{message}");
    }
}

#[test]
fn a_row_of_a_table_is_told_at_its_line_whatever_ends_the_lines() {
    for end in ["\n", "\r\n"] {
        let bytes = ["input,target", "\"a\nb\",1", "c,2", "d"].join(end);
        let (message, _) = complaint(from_file("csv", bytes.as_bytes(), Vec::new()));
        assert!(message.starts_with("csv:5: the row has 1 values"), "{end:?}: {message}");
    }
    let bytes = b"id,input\r\n1,a\r\n1,b\r\n";
    let error = from_file("csv", bytes, Vec::new()).unwrap_err();
    let (message, help) = (error.to_string(), error.help.unwrap_or_default());
    assert!(message.contains("data.csv:3: the id `1` was taken by"), "{message}");
    assert!(message.ends_with("data.csv:2"), "{message}");
    assert!(help.contains("the column `id` names the items"), "{help}");
}
