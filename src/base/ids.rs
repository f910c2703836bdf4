//! Ids of trials and calls: sixteen bytes of a digest.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digest::{Digest, parse_hex, write_hex};

macro_rules! id {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Returns the id made of the first sixteen bytes of a digest.
            #[must_use]
            pub fn from_digest(digest: &Digest) -> Self {
                let mut id = [0; 16];
                for (to, from) in id.iter_mut().zip(digest.as_bytes()) {
                    *to = *from;
                }
                Self(id)
            }

            /// Returns the id with these bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Returns the bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                parse_hex(&text).map(Self).ok_or_else(|| {
                    serde::de::Error::custom("an id is 32 hexadecimal digits")
                })
            }
        }
    };
}

id!(
    TrialId,
    "The id of a trial: item, condition, resolved strategy, repeat and seed, digested."
);
id!(
    CallId,
    "The id of a call: its trial's key, the resolved request and its place, digested."
);
