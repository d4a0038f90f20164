//! Entity tags and the conditions on them (RFC 9110 §8.8, §13.1).

use crate::error::ApiError;
use axum::http::{HeaderMap, HeaderName, header};
use muster_app::secrets;
use serde::Serialize;

/// The tag of an entity that counts its versions.
pub(crate) fn of_version(version: u64) -> String {
    format!("\"v{version}\"")
}

/// The tag of an entity without a version of its own: a digest of what the caller sees.
pub(crate) fn of_content(content: &impl Serialize) -> String {
    // What is serialized here has been serialized for the answer; should it fail, no condition holds.
    let text = serde_json::to_string(content).unwrap_or_default();
    let digest = secrets::digest(&text);
    format!("\"{}\"", digest.get(..32).unwrap_or(&digest))
}

/// A condition on the tag of what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Anything that exists.
    Any,
    /// One of these tags.
    Tags(Vec<String>),
}

impl Condition {
    /// Whether the stored entity has a tag that is asked for. Strong comparison: a weak tag matches nothing.
    pub(crate) fn holds(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|asked| asked == tag),
        }
    }
}

/// The header's condition; `None` without the header.
pub(crate) fn condition(
    headers: &HeaderMap,
    name: &HeaderName,
    spelled: &'static str,
) -> Result<Option<Condition>, ApiError> {
    let unreadable = || ApiError::Header { name: spelled, reason: "must be `*` or a list of quoted tags" };
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| unreadable())?.trim();
        if text == "*" {
            return Ok(Some(Condition::Any));
        }
        for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            if opaque.len() < 2 || !opaque.starts_with('"') || !opaque.ends_with('"') {
                return Err(unreadable());
            }
            tags.push(tag.to_owned());
        }
    }
    Ok(headers.contains_key(name).then_some(Condition::Tags(tags)))
}

/// `If-Match`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Condition>, ApiError> {
    condition(headers, &header::IF_MATCH, "If-Match")
}

/// Whether `If-None-Match` says that the caller has this already; an unreadable header says nothing.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let condition = condition(headers, &header::IF_NONE_MATCH, "If-None-Match").ok().flatten();
    condition.is_some_and(|condition| match condition {
        Condition::Any => true,
        // Weak comparison: readers do not mind.
        Condition::Tags(tags) => tags.iter().any(|asked| asked.strip_prefix("W/").unwrap_or(asked) == tag),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn parse(value: &'static str) -> Result<Option<Condition>, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
        if_match(&headers)
    }

    #[test]
    fn conditions_are_read() {
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
        assert_eq!(parse("*").unwrap(), Some(Condition::Any));
        let two = parse("\"v1\", \"v2\"").unwrap().unwrap();
        assert!(two.holds("\"v2\"") && !two.holds("\"v3\""));
        let weak = parse("W/\"v1\"").unwrap().unwrap();
        assert!(!weak.holds("\"v1\""), "a weak tag never matches strongly");
        assert!(parse("v1").is_err());
        assert!(parse("\"").is_err());
        assert!(!parse("").unwrap().unwrap().holds("\"v1\""));
    }
}
