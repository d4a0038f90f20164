//! One name for each request, in the answer and on every log line about it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use muster_app::ports::Entropy;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The header in which the id comes and goes.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id accepted from a caller, in bytes.
pub const REQUEST_ID_MAX_BYTES: usize = 128;

/// A request's name: the caller's own if it is sane, else one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("")
    }

    /// The id as the value of [`X_REQUEST_ID`].
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether an id from outside may be echoed and logged: one printable word without quotes, of bounded length.
fn is_sane(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= REQUEST_ID_MAX_BYTES
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte))
}

/// Names requests. A random prefix for the process and a counter: unique without asking the system for randomness
/// a hundred thousand times a second. The ids are names, not secrets.
#[derive(Debug)]
pub struct RequestIds {
    prefix: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// A source of names of its own.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut prefix = [0; 8];
        entropy.fill(&mut prefix);
        Self { prefix: u64::from_le_bytes(prefix), next: AtomicU64::new(1) }
    }

    /// The caller's id if it is sane, else a new one.
    pub fn name(&self, headers: &HeaderMap) -> RequestId {
        match headers.get(&X_REQUEST_ID) {
            Some(value) if is_sane(value) => RequestId(value.clone()),
            _ => self.make(),
        }
    }

    fn make(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let text = format!("{:016x}-{number:x}", self.prefix);
        RequestId(HeaderValue::from_maybe_shared(text).expect("hexadecimal digits are a header value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_app::ports::SeededEntropy;

    fn name(ids: &RequestIds, value: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(value).expect("a header value"));
        ids.name(&headers).to_string()
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_is_replaced() {
        let ids = RequestIds::new(&SeededEntropy::new(1));
        let longest = "a".repeat(REQUEST_ID_MAX_BYTES);
        for kept in ["a", "5f2c-11", "trace:abc/def==", &longest] {
            assert_eq!(name(&ids, kept.as_bytes()), kept);
        }
        let too_long = "a".repeat(REQUEST_ID_MAX_BYTES + 1);
        for replaced in ["", "two words", "\"quoted\"", "a\tb", "<script>", "ä", &too_long] {
            let made = name(&ids, replaced.as_bytes());
            assert_ne!(made, replaced);
            assert!(is_sane(&HeaderValue::from_str(&made).expect("a header value")), "{made}");
        }
    }

    #[test]
    fn made_ids_differ() {
        let ids = RequestIds::new(&SeededEntropy::new(1));
        let other = RequestIds::new(&SeededEntropy::new(2));
        let headers = HeaderMap::new();
        let made = [ids.name(&headers), ids.name(&headers), other.name(&headers), other.name(&headers)];
        for (index, id) in made.iter().enumerate() {
            assert!(!made[..index].contains(id), "{id}");
        }
    }
}
