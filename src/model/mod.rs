//! Models, their providers and the gateway in front of them.
