//! Words that every room shares: spans, quantities, digests, ids and random streams.
//!
//! Knows nothing of experiments. Everything here is a value: it can be copied, compared
//! and written down, and none of it touches disk, clock or network.

mod count;
mod digest;
mod ids;
mod order;
mod quantity;
mod span;
mod stream;

pub use count::grouped;
pub use digest::{Digest, Digester};
pub use ids::{CallId, TrialId};
pub use order::{ItemOrder, Permutation, mix};
pub use quantity::{Quantity, Unit};
pub use span::{FileId, Span};
pub use stream::Stream;
