//! The answer to a request.

use std::path::PathBuf;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value as Json;

use super::body::{self, Body};
use super::guard::Guard;
use super::live::Live;
use super::route::{Asked, Astray};
use super::shelf::Shelf;
use super::{explore, page};
use crate::store::{Store, StoreError};

/// What answers are made from.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) guard: Guard,
    pub(super) live: Arc<Live>,
    pub(super) shelf: Arc<Shelf>,
}

impl Desk {
    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, _) = request.into_parts();
        let path = match self.guard.admit(&head) {
            Ok(path) => path,
            Err(refusal) => {
                let mut response = body::refused(refusal.status, refusal.why);
                if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
                    let allowed = HeaderValue::from_static("GET, HEAD");
                    response.headers_mut().insert(ALLOW, allowed);
                }
                return response;
            }
        };
        match Asked::read(path, head.uri.query()) {
            Ok(Asked::Events) if head.method == Method::HEAD => {
                body::whole(StatusCode::OK, "text/event-stream", String::new())
            }
            Ok(asked) => self.give(asked).await,
            Err(Astray::Nowhere) => {
                body::refused(StatusCode::NOT_FOUND, "there is nothing here")
            }
            Err(Astray::Question(why)) => body::refused(StatusCode::BAD_REQUEST, &why),
        }
    }

    async fn give(&self, asked: Asked) -> Response<Body> {
        match asked {
            Asked::Page => match page::page() {
                Ok((text, nonce)) => body::page(text, &nonce),
                Err(error) => failed(&error.to_string()),
            },
            Asked::Events => body::events(self.live.subscribe()),
            Asked::Results => {
                let contents = Arc::clone(&self.live.state().contents);
                body::json(StatusCode::OK, &contents)
            }
            Asked::Run => self.look(|store| explore::run(store).map(Some)).await,
            Asked::Trials(filter, after) => {
                self.look(move |store| explore::trials(store, &filter, after).map(Some))
                    .await
            }
            Asked::Count(filter) => {
                self.look(move |store| explore::count(store, &filter).map(Some)).await
            }
            Asked::Trial(number) => {
                self.look(move |store| explore::trial(store, number)).await
            }
            Asked::Item(item) => self.look(move |store| explore::item(store, item)).await,
        }
    }

    /// Reads from the store of the run that is shown, on a thread of its own.
    async fn look(
        &self,
        read: impl FnOnce(&Store) -> Result<Option<Json>, StoreError> + Send + 'static,
    ) -> Response<Body> {
        let folder: Option<PathBuf> = self.live.state().folder.clone();
        let Some(folder) = folder else {
            return body::refused(StatusCode::NOT_FOUND, "there is no run yet");
        };
        let shelf = Arc::clone(&self.shelf);
        let looked = tokio::task::spawn_blocking(move || shelf.read(&folder, read)).await;
        match looked {
            Ok(Ok(Some(found))) => body::json(StatusCode::OK, &found),
            Ok(Ok(None)) => body::refused(StatusCode::NOT_FOUND, "there is none"),
            Ok(Err(error)) => failed(&error.to_string()),
            Err(error) => failed(&error.to_string()),
        }
    }
}

fn failed(why: &str) -> Response<Body> {
    body::refused(StatusCode::INTERNAL_SERVER_ERROR, why)
}
