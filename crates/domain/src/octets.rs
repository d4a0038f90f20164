//! Octets as one binary value instead of a list of numbers, for `#[serde(with = "crate::octets")]`.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(octets)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    struct Octets;
    impl<'de> Visitor<'de> for Octets {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("octets")
        }

        fn visit_bytes<E: Error>(self, octets: &[u8]) -> Result<Self::Value, E> {
            Ok(octets.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, octets: Vec<u8>) -> Result<Self::Value, E> {
            Ok(octets)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut octets = Vec::new();
            while let Some(octet) = list.next_element()? {
                octets.push(octet);
            }
            Ok(octets)
        }
    }
    deserializer.deserialize_byte_buf(Octets)
}
