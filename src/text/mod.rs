//! Templates, normalisers and extractors.
