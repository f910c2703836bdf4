//! What can go wrong with serving a page.

use std::net::SocketAddr;

use thiserror::Error;

use crate::store::StoreError;

/// The page cannot be served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address is taken, or not of this machine.
    #[error("the page cannot be served at {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gives no thread, or no random numbers.
    #[error("the page cannot be served: {0}")]
    System(String),
    /// The run cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
