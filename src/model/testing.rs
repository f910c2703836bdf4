//! What the room's tests share: calls and requests made by hand.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::base::{CallId, Digest, Span};
use crate::record::{Item, Message, Request, Role};
use crate::spec::{Argument, Call, Value};

pub(super) fn call(name: &str, args: Vec<(&str, Value)>) -> Call {
    let argument = |(name, value): (&str, Value)| {
        let operational =
            matches!(name, "price" | "limit" | "timeout" | "concurrency" | "attempts");
        let argument =
            Argument { value, span: Span::default(), given: true, operational };
        (name.to_owned(), argument)
    };
    Call {
        name: name.to_owned(),
        args: args.into_iter().map(argument).collect(),
        span: Span::default(),
        label: Some("m".to_owned()),
        body: None,
    }
}

/// The `n`-th call about an item with this target; equal numbers of `item` are one item.
pub(super) fn request(n: u64, item: u64, target: Json) -> Request {
    let id = CallId::from_digest(&Digest::of(&n.to_le_bytes()));
    let columns = [("n".to_owned(), Json::from(item))].into_iter().collect::<Map<_, _>>();
    Request {
        id,
        system: None,
        messages: vec![Message { role: Role::User, text: "What is it?".to_owned() }],
        item: Arc::new(Item::new(0, item.to_string(), "q".to_owned(), target, columns)),
        repeat: 0,
        seed: 1,
    }
}
