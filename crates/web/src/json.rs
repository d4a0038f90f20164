//! Bodies read as JSON, whatever their content type says (row H7).

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Deepest nesting of arrays and objects that is read; the JSON library's own bound.
pub const DEPTH_MAX: usize = 128;

/// Why a body is not a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// There is nothing but white space.
    #[error("the body is empty")]
    Empty,
    /// It is nested deeper than anything that Muster reads.
    #[error("the body is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// It breaks the grammar, or goes on after its end.
    #[error("the body is not valid JSON: {reason} at line {line}, column {column}")]
    Syntax {
        /// What was expected or wrong, without any of the body's own text.
        reason: String,
        /// From 1.
        line: usize,
        /// From 1; 0 if the line had not begun.
        column: usize,
    },
}

/// Reads one JSON document. Of repeated keys the last wins; a byte-order mark in front is passed over.
pub fn parse(body: &[u8]) -> Result<Value, JsonError> {
    parse_as(body)
}

/// Reads one JSON document into a type that takes any; see [`parse`].
pub fn parse_as<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(JsonError::Empty);
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        if text.starts_with("recursion limit exceeded") {
            return JsonError::TooDeep;
        }
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
        JsonError::Syntax { reason: reason.to_owned(), line: error.line(), column: error.column() }
    })
}

/// Where a NUL hides in the document's texts or keys, which may hold none (row H8): a path like
/// `user.tags[2]`, or an empty path for the document itself.
pub fn find_nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| find_nul(item).map(|path| join(&format!("[{index}]"), &path))),
        Value::Object(members) => members.iter().find_map(|(key, member)| {
            if key.contains('\0') {
                return Some(key.replace('\0', "\u{2400}"));
            }
            find_nul(member).map(|path| join(key, &path))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn join(head: &str, tail: &str) -> String {
    if tail.is_empty() || tail.starts_with('[') { format!("{head}{tail}") } else { format!("{head}.{tail}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_object_stays_an_object_whatever_its_keys() {
        for key in ["$serde_json::private::RawValue", "$serde_json::private::Number"] {
            let body = format!(r#"{{"{key}":"1"}}"#);
            assert_eq!(parse(body.as_bytes()).unwrap(), serde_json::json!({ key: "1" }));
        }
    }

    #[test]
    fn e41_bodies_by_table() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let cases: [(&str, Vec<u8>, Result<Value, usize>); 13] = [
            ("object", b"{\"a\":1}".to_vec(), Ok(json!({"a":1}))),
            ("byte-order mark", b"\xef\xbb\xbf{}".to_vec(), Ok(json!({}))),
            ("white space around", b" \n{} \n".to_vec(), Ok(json!({}))),
            ("the last of repeated keys", b"{\"a\":1,\"a\":2}".to_vec(), Ok(json!({"a":2}))),
            ("scalar", b"null".to_vec(), Ok(Value::Null)),
            ("trailing comma", b"{\"a\":1,}".to_vec(), Err(1)),
            ("cut off", b"{\"a\":\n1".to_vec(), Err(2)),
            ("two documents", b"{} {}".to_vec(), Err(1)),
            ("not UTF-8", b"\"\xff\"".to_vec(), Err(1)),
            ("lone surrogate", b"\"\\ud800\"".to_vec(), Err(1)),
            ("number out of range", b"1e999".to_vec(), Err(1)),
            ("form", b"user[email]=x".to_vec(), Err(1)),
            ("too deep", deep(128).into_bytes(), Err(1)),
        ];
        for (name, body, expected) in cases {
            let read = parse(&body).map_err(|error| match error {
                JsonError::Syntax { line, .. } => line,
                JsonError::TooDeep => 1,
                JsonError::Empty => 0,
            });
            assert_eq!(read, expected, "{name}");
        }
        assert!(parse(deep(127).as_bytes()).is_ok());
        assert_eq!(
            parse(deep(128).as_bytes()),
            Err(JsonError::TooDeep),
            "a limit is named, not a syntax error"
        );
    }

    #[test]
    fn e31_an_empty_body_is_told_apart() {
        for body in [&b""[..], b"  \r\n\t", b"\xef\xbb\xbf"] {
            assert_eq!(parse(body), Err(JsonError::Empty));
        }
    }

    #[test]
    fn messages_do_not_repeat_the_body() {
        let message = parse(b"{\"email\":\"ada@example.com\" oops}").expect_err("broken").to_string();
        assert!(!message.contains("ada") && !message.contains("oops"), "{message}");
        assert!(message.contains("line 1, column 28"), "{message}");
    }

    #[test]
    fn h8_a_nul_is_found_with_its_place() {
        let cases = [
            (json!({"a": "b"}), None),
            (json!("\0"), Some("")),
            (json!({"user": {"tags": ["a", "b\0"]}}), Some("user.tags[1]")),
            (json!([[{"x": "\0"}]]), Some("[0][0].x")),
            (json!({"a": {"k\0": 1}}), Some("a.k\u{2400}")),
            (json!({"a": 1, "b": null, "c": [true]}), None),
        ];
        for (value, expected) in cases {
            assert_eq!(find_nul(&value).as_deref(), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = parse(&body) {
                find_nul(&value);
            }
        }
    }
}
