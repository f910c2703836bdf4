//! What a closure costs: the path that every trial's metrics take.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use crucible::base::{Digest, FileId, Quantity, Span, Unit};
use crucible::record::{Item, Output};
use crucible::script::{
    Callable, Host, ScriptRun, Workshop, from_json, item_value, output_value, to_json,
};
use crucible::spec::{Function, Library, ScriptFunction, Value};
use serde_json::{Map, json};

const FINAL_NUMBER: &str = "fn final_number(text) {
    let hits = text.find_all(`-?[0-9][0-9,]*(\\.[0-9]+)?`);
    if hits.is_empty() { () } else { number(hits[-1].replaced(\",\", \"\")) }
}";

fn workshop() -> Workshop {
    let function = ScriptFunction {
        name: "final_number".into(),
        params: vec!["text".into()],
        text: FINAL_NUMBER.into(),
        span: Span::new(FileId(0), 0, FINAL_NUMBER.len()),
        captures: indexmap::IndexMap::new(),
    };
    Workshop::new(Host::default(), vec![Library { functions: vec![function] }])
}

fn callable(workshop: &Workshop, params: &[&str], body: &str, list: u32) -> Callable {
    let words = (0..list)
        .map(|n| Value::Quantity(Quantity::new(f64::from(n), Unit::One)))
        .collect();
    let function = Function {
        params: params.iter().map(|param| (*param).to_owned()).collect(),
        body: body.to_owned(),
        span: Span::new(FileId(0), 1_000, 1_000 + body.len()),
        library: 0,
        captures: (list > 0)
            .then(|| ("list".to_owned(), Value::List(words)))
            .into_iter()
            .collect(),
        digest: Digest::of(body.as_bytes()),
    };
    workshop.callable(&function).expect("the body compiles")
}

fn closures(criterion: &mut Criterion) {
    let workshop = workshop();
    let text = "First 3 apples, then 4 pears. So there are 1,234.5 in all.".repeat(8);
    let columns: Map<_, _> = [("level".to_owned(), json!("hard"))].into_iter().collect();
    let item = Arc::new(Item::new(0, "1".into(), "How many?".into(), json!(5), columns));
    let output = Arc::new(Output { text, ..Output::default() });
    let run = ScriptRun::keyed(Digest::of(b"trial"));
    let cases = [
        ("a comparison", "output.text == item.target", 0),
        (
            "a block with a column",
            "{ let l = item.level; if l == `hard` { 1 } else { 0 } }",
            0,
        ),
        ("the final number", "final_number(output.text) == item.target", 0),
        ("a captured list of 1000", "list[7] == item.target", 1_000),
        ("normalised by the host", "normalize(output.text) == normalize(item.input)", 0),
        ("a loop of 100", "{ let n = 0; for i in 0..100 { n += i; } n }", 0),
    ];
    for (name, body, list) in cases {
        let callable = callable(&workshop, &["output", "item"], body, list);
        criterion.bench_function(&format!("closure/{name}"), |bencher| {
            bencher.iter(|| {
                let args = vec![output_value(&output), item_value(&item)];
                black_box(callable.call(args, &run)).expect("the closure runs")
            });
        });
    }
}

fn rows(criterion: &mut Criterion) {
    let workshop = workshop();
    let callable = callable(&workshop, &["row"], "final_number(row.answer)", 0);
    let row =
        json!({"question": "How many?", "answer": "4 + 5 = 9\n#### 9", "n": [1, 2, 3]});
    criterion.bench_function("row/target", |bencher| {
        bencher.iter(|| {
            let value = callable.call(vec![from_json(&row)], &ScriptRun::default());
            to_json(&value.expect("the closure runs"))
        });
    });
}

fn checking(criterion: &mut Criterion) {
    let host = Host::default();
    let params = ["output".to_owned(), "item".to_owned()];
    criterion.bench_function("check/study a closure", |bencher| {
        bencher.iter(|| {
            host.study(&crucible::script::Snippet {
                params: &params,
                body: black_box("final_number(output.text) == item.target"),
            })
        });
    });
    criterion
        .bench_function("check/build the host", |bencher| bencher.iter(Host::default));
}

criterion_group!(benches, closures, rows, checking);
criterion_main!(benches);
