//! The Rhai host as the rest of the house meets it: whole files cut by hand.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fall over")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crucible::base::{Digest, FileId, Span};
use crucible::record::{Item, Output};
use crucible::script::{
    HOST_FUNCTIONS, Host, ScriptRun, Snippet, Workshop, item_value, output_value,
};
use crucible::spec::{Function, Library};

/// A file with three closures that cannot run: see the acceptance file of the same shape.
const FILE: &str = "experiment script_error { seed: 1 }
model m = sim(accuracy: 70%)
dataset d = items(3, |i| #{ input: `q`, target: i )
condition c = ask(m)
metric correct = score(|output, item| outptu.text == item.target)
metric endless = score(|output, item| { loop { } })
";

fn cut(from: &str, to: &str) -> (usize, &'static str) {
    let start = FILE.find(from).unwrap() + from.len();
    let end = start + FILE[start..].find(to).unwrap();
    (start, &FILE[start..end])
}

fn names(params: &[&str]) -> Vec<String> {
    params.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn an_unclosed_map_is_told_at_its_place_in_the_file() {
    let (start, body) = cut("|i| ", ")\ncondition");
    let study = Host::default().study(&Snippet { params: &names(&["i"]), body });
    let problem = &study.problems[0];
    assert_eq!(&FILE[start + problem.start..start + problem.end], "#{");
    assert_eq!(study.problems.len(), 1);
}

#[test]
fn an_unknown_variable_is_told_at_its_place_in_the_file() {
    let (start, body) = cut("score(|output, item| ", ")\nmetric");
    let params = names(&["output", "item"]);
    let study = Host::default().study(&Snippet { params: &params, body });
    assert!(study.problems.is_empty());
    let [unknown] = &study.variables[..] else { panic!("{study:?}") };
    assert_eq!(&FILE[start + unknown.start..start + unknown.end], "outptu");
}

#[test]
fn an_endless_closure_fails_by_the_cap_at_its_place_in_the_file() {
    let (start, body) = cut("endless = score(|output, item| ", ")\n");
    let function = Function {
        params: names(&["output", "item"]),
        body: body.to_owned(),
        span: Span::new(FileId(0), start, start + body.len()),
        library: 0,
        captures: indexmap::IndexMap::new(),
        digest: Digest::of(body.as_bytes()),
    };
    let workshop = Workshop::new(Host::default(), vec![Library::default()]);
    let item = Item::new(0, "1".into(), "q".into(), 1.into(), serde_json::Map::new());
    let args =
        vec![output_value(&Arc::new(Output::default())), item_value(&Arc::new(item))];
    let callable = workshop.callable(&function).unwrap();
    let failure = callable.call(args, &ScriptRun::default()).unwrap_err();
    assert!(failure.message.contains("cap of 1,000,000 operations"), "{failure}");
    let at = failure.span.start as usize;
    assert!((start..start + body.len()).contains(&at), "{at}");
}

#[test]
fn one_callable_serves_many_threads() {
    let body = "n * 2 + `x${n}`.len()";
    let function = Function {
        params: names(&["n"]),
        body: body.to_owned(),
        span: Span::new(FileId(0), 0, body.len()),
        library: 0,
        captures: indexmap::IndexMap::new(),
        digest: Digest::of(body.as_bytes()),
    };
    let workshop = Workshop::new(Host::default(), Vec::new());
    let callable = workshop.callable(&function).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_i64 {
            let callable = callable.clone();
            scope.spawn(move || {
                for n in 0..2_000 {
                    let n = n * 10 + thread;
                    let digits = i64::try_from(n.to_string().len()).unwrap();
                    let result = callable.call(vec![n.into()], &ScriptRun::default());
                    assert_eq!(result.unwrap().as_int().unwrap(), n * 2 + 1 + digits);
                }
            });
        }
    });
}

#[test]
fn every_host_function_is_known_to_the_checker() {
    let known: BTreeSet<&str> = Host::default().function_names().into_iter().collect();
    for function in HOST_FUNCTIONS.iter().copied().flatten() {
        assert!(known.contains(function.name), "{}", function.name);
    }
}
