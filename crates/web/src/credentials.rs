//! The `Authorization` header, taken apart and never shown.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use std::convert::Infallible;
use std::fmt;

/// Longest `Authorization` value that is looked at, in bytes; keys and tokens are far shorter.
pub const AUTHORIZATION_MAX_BYTES: usize = 8 * 1024;

/// The alphabet of RFC 4648 §4; padding may be left out, as some clients do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Text that must not reach a log: its `Debug` form hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for hashing and comparing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// What the caller presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// RFC 7617: `Basic base64(user:password)`.
    Basic {
        /// Everything before the first colon; on the engagement face the `api_key`.
        user: String,
        /// Everything after it, colons included.
        password: Secret,
    },
    /// RFC 6750: `Bearer token`.
    Bearer(Secret),
}

/// Why no credentials could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// There is no `Authorization` header.
    #[error("no Authorization header was sent")]
    Missing,
    /// There is one, or several, and it does not follow its scheme.
    #[error("the Authorization header cannot be read")]
    Malformed,
    /// The scheme is neither Basic nor Bearer.
    #[error("the Authorization scheme is not supported: use Basic or Bearer")]
    UnknownScheme,
}

impl Credentials {
    /// Reads the one `Authorization` header. Two of them are malformed: proxies and servers would differ on which
    /// one counts.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, CredentialsError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(CredentialsError::Missing)?;
        if values.next().is_some() {
            return Err(CredentialsError::Malformed);
        }
        Self::from_header(value)
    }

    fn from_header(value: &HeaderValue) -> Result<Self, CredentialsError> {
        if value.len() > AUTHORIZATION_MAX_BYTES {
            return Err(CredentialsError::Malformed);
        }
        let text = value.to_str().map_err(|_| CredentialsError::Malformed)?.trim();
        let (scheme, rest) = text.split_once(' ').ok_or(CredentialsError::Malformed)?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            Self::basic(rest)
        } else if scheme.eq_ignore_ascii_case("bearer") {
            if rest.is_empty() || rest.contains(' ') {
                return Err(CredentialsError::Malformed);
            }
            Ok(Self::Bearer(Secret::new(rest)))
        } else {
            Err(CredentialsError::UnknownScheme)
        }
    }

    fn basic(encoded: &str) -> Result<Self, CredentialsError> {
        let decoded = BASE64.decode(encoded).map_err(|_| CredentialsError::Malformed)?;
        let decoded = String::from_utf8(decoded).map_err(|_| CredentialsError::Malformed)?;
        // Control characters are forbidden by RFC 7617 §2, and a NUL must never reach a store.
        if decoded.chars().any(char::is_control) {
            return Err(CredentialsError::Malformed);
        }
        let (user, password) = decoded.split_once(':').ok_or(CredentialsError::Malformed)?;
        Ok(Self::Basic { user: user.to_owned(), password: Secret::new(password) })
    }
}

/// Extractor of whatever the caller presented. It never rejects: the face decides what a missing or broken header
/// means in its contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented(pub Result<Credentials, CredentialsError>);

impl<S: Sync> FromRequestParts<S> for Presented {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(Credentials::from_headers(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CredentialsError::{Malformed, Missing, UnknownScheme};

    fn read(values: &[&[u8]]) -> Result<Credentials, CredentialsError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).expect("a header value"));
        }
        Credentials::from_headers(&headers)
    }

    type Case<'a> = (&'a str, Vec<&'a [u8]>, Result<Credentials, CredentialsError>);

    fn basic(user: &str, password: &str) -> Credentials {
        Credentials::Basic { user: user.into(), password: Secret::new(password) }
    }

    #[test]
    fn e1_authorization_headers_are_read_by_table() {
        let long = format!("Bearer {}", "a".repeat(AUTHORIZATION_MAX_BYTES));
        let cases: Vec<Case<'_>> = vec![
            ("none", vec![], Err(Missing)),
            ("basic", vec![b"Basic a2V5OnNlY3JldA=="], Ok(basic("key", "secret"))),
            ("scheme in any case", vec![b"bAsIc a2V5OnNlY3JldA=="], Ok(basic("key", "secret"))),
            ("padding left out", vec![b"Basic a2V5OnNlY3JldA"], Ok(basic("key", "secret"))),
            ("more spaces", vec![b"Basic   a2V5OnNlY3JldA== "], Ok(basic("key", "secret"))),
            ("colons belong to the password", vec![b"Basic azpzOmM="], Ok(basic("k", "s:c"))),
            ("empty user", vec![b"Basic OnNlY3JldA=="], Ok(basic("", "secret"))),
            ("empty password", vec![b"Basic a2V5Og=="], Ok(basic("key", ""))),
            ("no colon", vec![b"Basic a2V5"], Err(Malformed)),
            ("not base64", vec![b"Basic !!!!"], Err(Malformed)),
            ("not UTF-8", vec![b"Basic /zr/"], Err(Malformed)),
            ("NUL inside", vec![b"Basic awA6cw=="], Err(Malformed)),
            ("nothing after the scheme", vec![b"Basic "], Err(Malformed)),
            ("scheme alone", vec![b"Bearer"], Err(Malformed)),
            ("empty", vec![b""], Err(Malformed)),
            ("bearer", vec![b"Bearer abc.d-e_f"], Ok(Credentials::Bearer(Secret::new("abc.d-e_f")))),
            ("bearer of two words", vec![b"Bearer abc def"], Err(Malformed)),
            ("bearer beyond the limit", vec![long.as_bytes()], Err(Malformed)),
            ("not ASCII", vec![b"Bearer \xff"], Err(Malformed)),
            ("unknown scheme", vec![b"Digest username=\"x\""], Err(UnknownScheme)),
            ("two headers", vec![b"Basic a2V5OnNlY3JldA==", b"Bearer abc"], Err(Malformed)),
        ];
        for (name, values, expected) in cases {
            assert_eq!(read(&values), expected, "{name}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let shown = format!("{:?}", read(&[b"Basic a2V5OnNlY3JldA=="]));
        assert!(shown.contains("key") && !shown.contains("secret"), "{shown}");
        let shown = format!("{:?}", read(&[b"Bearer abc"]));
        assert!(!shown.contains("abc"), "{shown}");
    }
}
