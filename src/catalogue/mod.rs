//! All signatures, collected, and what builds from them.
