use super::*;
use crate::base::Digest;
use crate::record::{
    Exchange, Failure, FailureKind, Message, Recording, Request, Role, Tape,
};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

fn id(n: u16) -> CallId {
    CallId::from_digest(&Digest::of(&n.to_le_bytes()))
}

fn record(n: u16, text: &str) -> CallRecord {
    CallRecord {
        id: id(n),
        place: "0#0".into(),
        model: "m".into(),
        system: None,
        messages: vec![Message { role: Role::User, text: format!("What is {n}?") }],
        result: Ok(Answer {
            text: text.to_owned(),
            tokens_in: Some(3),
            ..Answer::default()
        }),
        attempts: 2,
        latency: Some(0.1 + 0.2),
        ttft: None,
        waited: 1e-9,
        cost: None,
        presumed: 0.25,
        cached: false,
    }
}

fn request(n: u16, asked: u16) -> Request {
    let item =
        crate::record::Item::new(0, "i1".into(), "q".into(), Json::Null, Map::new());
    Request {
        id: id(n),
        system: None,
        messages: record(asked, "").messages,
        item: Arc::new(item),
        repeat: 0,
        seed: 0,
    }
}

fn exchange(reply: &str) -> Exchange {
    Exchange {
        target: "POST http://a.b/v1".into(),
        sent: "{\"q\":1}".into(),
        status: Some(200),
        failure: None,
        headers: vec![("content-type".into(), "application/json".into())],
        reply: Some(reply.to_owned()),
    }
}

#[test]
fn an_answer_is_found_again_by_another_process_and_only_by_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Exchanges::open(dir.path()).unwrap();
    assert_eq!(cache.find(id(1)), None);
    let first = record(1, "12");
    let answer = first.result.clone().ok();
    cache.keep(&[&first]).unwrap();
    assert_eq!(cache.find(id(1)), answer);
    let again = Exchanges::open(dir.path()).unwrap();
    assert_eq!(again.find(id(1)), answer);
    assert_eq!(again.find(id(2)), None);
    again.keep(&[&record(1, "13")]).unwrap();
    assert_eq!(cache.find(id(1)), answer, "the first answer stays");
    again.replace();
    again.keep(&[&record(1, "13")]).unwrap();
    assert_eq!(cache.find(id(1)).unwrap().text, "13", "until it is to be replaced");
    assert_eq!(cache.count([id(1), id(2)]), 1);
}

#[test]
fn many_threads_read_while_one_writes() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Exchanges::open(dir.path()).unwrap();
    cache.keep(&[&record(0, "")]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert!(cache.find(id(0)).is_some());
                }
            });
        }
        for n in 1..50 {
            cache.keep(&[&record(n, "")]).unwrap();
        }
    });
    assert!(cache.find(id(49)).is_some());
}

#[test]
fn a_file_that_is_not_ours_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    assert!(matches!(Exchanges::read(dir.path()), Err(StoreError::NoRecording { .. })));
    std::fs::write(&path, "x".repeat(4_096)).unwrap();
    assert!(matches!(Exchanges::open(dir.path()), Err(StoreError::Corrupt { .. })));
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Exchanges::read(dir.path()), Err(StoreError::Foreign { .. })));
    std::fs::remove_file(&path).unwrap();
    drop(Exchanges::open(dir.path()).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 9").unwrap();
    assert!(matches!(
        Exchanges::read(dir.path()),
        Err(StoreError::Format { found: 9, .. })
    ));
}

#[test]
fn a_recorded_call_is_played_as_it_was_to_the_last_bit() {
    let dir = tempfile::tempdir().unwrap();
    let tape = Recorder::start(Exchanges::open(dir.path()).unwrap());
    let long = record(1, &"The answer is long. ".repeat(200));
    let mut failed = record(2, "");
    failed.result = Err(Failure::new(FailureKind::Server, "status 500: so it is"));
    tape.keep("i1", &long, vec![exchange("a"), exchange("b")]);
    tape.keep("i1", &failed, vec![exchange("b")]);
    tape.finish().unwrap();
    let recording = Exchanges::read(dir.path()).unwrap();
    for record in [long, failed] {
        let wanted = CallRecord { messages: Vec::new(), ..record };
        let played = recording.play(
            &Request { id: wanted.id, ..request(9, 9) },
            &wanted.place,
            &wanted.model,
        );
        assert_eq!(played.unwrap(), wanted);
    }
    // The address and the body that were sent stand in the file once.
    let count = |sql: &str| -> i64 {
        recording.reading(|c| c.query_row(sql, [], |row| row.get(0))).unwrap()
    };
    assert_eq!(count("SELECT COUNT(*) FROM exchanges"), 3);
    assert_eq!(count("SELECT COUNT(*) FROM contents"), 2 + 2 + 2);
}

#[test]
fn every_content_stands_under_the_digest_of_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let tape = Recorder::start(Exchanges::open(dir.path()).unwrap());
    tape.keep("i1", &record(1, "x"), vec![exchange(&"reply ".repeat(100))]);
    tape.finish().unwrap();
    let recording = Exchanges::read(dir.path()).unwrap();
    let contents: Vec<(Vec<u8>, Vec<u8>)> = recording
        .reading(|c| {
            c.prepare("SELECT digest, bytes FROM contents")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .unwrap();
    assert_eq!(contents.len(), 4);
    for (digest, packed) in contents {
        let bytes = play::unpacked(&packed).unwrap();
        assert_eq!(Digest::of(&bytes).as_bytes().as_slice(), digest);
    }
}

#[test]
fn a_miss_shows_the_nearest_request_of_the_same_item() {
    let dir = tempfile::tempdir().unwrap();
    let tape = Recorder::start(Exchanges::open(dir.path()).unwrap());
    tape.keep("i2", &record(7, ""), Vec::new());
    tape.keep("i1", &record(1234, ""), Vec::new());
    tape.keep("i1", &record(71, ""), Vec::new());
    tape.finish().unwrap();
    let recording = Exchanges::read(dir.path()).unwrap();
    let failure = recording.play(&request(5, 7), "0#0", "m").unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotReplayed);
    assert_eq!(
        failure.message,
        "`m` was not asked this about item `i1` at `0#0`; the nearest recorded request, to \
         `m` about item `i1` at `0#0`, differs at character 10 of message 1 (user): \
         \"What is 71?\" was recorded, now it is \"What is 7?\""
    );
    let empty = tempfile::tempdir().unwrap();
    drop(Exchanges::open(empty.path()).unwrap());
    let recording = Exchanges::read(empty.path()).unwrap();
    let failure = recording.play(&request(5, 7), "0#0", "m").unwrap_err();
    assert!(failure.message.ends_with("nothing like it was recorded"), "{failure}");
}

#[test]
fn calls_that_were_kept_from_being_made_are_not_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let tape = Recorder::start(Exchanges::open(dir.path()).unwrap());
    for (n, kind) in (0..).zip([
        FailureKind::Budget,
        FailureKind::Cancelled,
        FailureKind::Unreachable,
        FailureKind::Timeout,
    ]) {
        let result = Err(Failure::new(kind, "so it is"));
        tape.keep("i1", &CallRecord { result, ..record(n, "") }, Vec::new());
    }
    tape.finish().unwrap();
    let recording = Exchanges::read(dir.path()).unwrap();
    let there: Vec<u16> = (0..4).filter(|n| recording.look(id(*n)).is_some()).collect();
    assert_eq!(there, [3]);
}

#[test]
fn what_was_used_longest_ago_leaves_first_and_the_file_shrinks() {
    let dir = tempfile::tempdir().unwrap();
    let text = "An answer of some length. ".repeat(10);
    for part in [0_u16..400, 400..800] {
        let cache = Exchanges::open(dir.path()).unwrap();
        let records: Vec<CallRecord> = part.map(|n| record(n, &text)).collect();
        cache.keep(&records.iter().collect::<Vec<_>>()).unwrap();
        cache.settle().unwrap();
    }
    let cache = Exchanges::open(dir.path()).unwrap();
    for n in 0..100 {
        assert!(cache.find(id(n)).is_some());
    }
    let size = || std::fs::metadata(cache.path()).unwrap().len();
    cache.settle().unwrap();
    let before = size();
    assert_eq!(cache.limit(before).unwrap(), 0, "it is small enough");
    let gone = cache.limit(before / 2).unwrap();
    assert!(size() <= before / 2, "{} of {before}", size());
    assert!((300..600).contains(&gone), "{gone}");
    let there = |part: std::ops::Range<u16>| cache.count(part.map(id));
    assert_eq!(there(0..100), 100, "used last");
    assert_eq!(there(100..400), 0, "used longest ago");
    assert_eq!(there(0..800), 800 - gone);
    assert!(cache.limit(0).unwrap() > 0);
    assert_eq!(there(0..800), 0);
    cache.keep(&[&record(1, "again")]).unwrap();
    assert_eq!(cache.find(id(1)).unwrap().text, "again");
}
