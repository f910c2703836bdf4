//! The providers: how a checked call becomes a model.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use thiserror::Error;

use crate::model::contract::Model;
use crate::model::stream::Gathered;
use crate::model::wire::{Http, Reply};
use crate::model::{address, anthropic, chat, google, openai, recorded, sim, streaming};
use crate::record::{Answer, Failure, FailureKind, Items};
use crate::spec::{Call, Signature, Standing};

/// Makes the model of a checked call.
pub type Build = fn(&Call, &Surroundings<'_>) -> Result<Box<dyn Model>, BuildError>;

/// A provider of models: its signature and what makes a model of a call that fits it.
#[derive(Debug, Clone, Copy)]
pub struct Provider {
    /// What the call takes.
    pub signature: Signature,
    /// Makes the model.
    pub build: Build,
}

/// Every provider.
pub const PROVIDERS: &[Provider] = &[
    openai::PROVIDER,
    anthropic::PROVIDER,
    google::PROVIDER,
    sim::PROVIDER,
    recorded::PROVIDER,
];

/// Finds a provider by the name of its call.
#[must_use]
pub fn provider(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.signature.name == name)
}

/// Returns the addresses that the environment gives instead of the providers' own, as
/// arguments that stand where a file gives none: so they are part of a model's identity.
#[must_use]
pub fn addresses(environment: &BTreeMap<String, SecretString>) -> Vec<Standing> {
    [&openai::DIALECT, &anthropic::DIALECT, &google::DIALECT]
        .into_iter()
        .filter_map(|dialect| {
            let value = address::of_environment(environment, &dialect.home)?;
            let param = chat::BASE_URL.name;
            Some(Standing { call: dialect.name, param, value })
        })
        .collect()
}

/// Reads what a provider's server replied: an answer, or which failure it is. This is what
/// becomes of any reply, whatever its bytes.
///
/// # Errors
///
/// The failure that the reply says or is; `NotFound` for a provider that has no server.
pub fn read_reply(provider: &str, status: u16, body: &[u8]) -> Result<Answer, Failure> {
    let dialect = dialect(provider)?;
    let reply = Reply { status, body: body.to_owned(), ..Reply::default() };
    chat::read(dialect, &reply, None).map_err(|error| error.failure)
}

/// Reads the events that a provider's server streamed, in the pieces in which they came: an
/// answer, or which failure it is. This is what becomes of any stream, whatever its bytes.
///
/// # Errors
///
/// The failure that the stream says or is; `NotFound` for a provider that has no server.
pub fn read_stream(provider: &str, pieces: &[&[u8]]) -> Result<Answer, Failure> {
    let dialect = dialect(provider)?;
    let mut gathered = Gathered::new(dialect.stream);
    for piece in pieces {
        if !gathered.feed(piece) {
            break;
        }
    }
    let reply = Reply { status: 200, ..Reply::default() };
    let read = streaming::read_streamed(dialect, gathered, &reply, None);
    read.map_err(|error| error.failure)
}

fn dialect(provider: &str) -> Result<&'static chat::Dialect, Failure> {
    let dialects = [&openai::DIALECT, &anthropic::DIALECT, &google::DIALECT];
    dialects.into_iter().find(|one| one.name == provider).ok_or_else(|| {
        let message = format!("`{provider}` has no server");
        Failure::new(FailureKind::NotFound, message)
    })
}

/// Loads the dataset that recorded answers stand in.
pub type RecordedItems<'a> = &'a dyn Fn(&Call) -> Result<Items, BuildError>;

/// What a model may need from outside its call.
#[derive(Clone, Default)]
pub struct Surroundings<'a> {
    /// The environment's keys and addresses, such as `OPENAI_API_KEY`.
    pub environment: BTreeMap<String, SecretString>,
    /// Where `recorded` finds its items.
    pub recorded: Option<RecordedItems<'a>>,
    /// The HTTP clients that all models share.
    pub http: Http,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("environment", &self.environment.keys())
            .field("recorded", &self.recorded.is_some())
            .finish_non_exhaustive()
    }
}

/// A model could not be made of its call.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct BuildError {
    /// What was found and what was wanted; nothing secret.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl BuildError {
    /// Returns an error without help.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Returns the error with help.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
