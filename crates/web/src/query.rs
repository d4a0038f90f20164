//! Query strings as the contract's clients send them: Rails arrays, comma lists, stray commas.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;

/// Longest query string that is read, in bytes.
pub const QUERY_MAX_BYTES: usize = 16 * 1024;
/// Most parameters that are read.
pub const QUERY_MAX_PARAMETERS: usize = 1_000;

/// The parameters of a request, decoded, in the order sent.
///
/// Decoding follows the URL standard's form rules and cannot fail: `+` is a space, a percent sign that does not
/// start an escape stands for itself, and bytes that are not UTF-8 become U+FFFD.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

/// Why a query string was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// More bytes than [`QUERY_MAX_BYTES`].
    #[error("the query string is longer than {QUERY_MAX_BYTES} bytes")]
    TooLong,
    /// More parameters than [`QUERY_MAX_PARAMETERS`].
    #[error("the query string has more than {QUERY_MAX_PARAMETERS} parameters")]
    TooMany,
}

/// Reads a query string, without the question mark.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    if text.len() > QUERY_MAX_BYTES {
        return Err(QueryError::TooLong);
    }
    let mut pairs = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if pairs.len() == QUERY_MAX_PARAMETERS {
            return Err(QueryError::TooMany);
        }
        pairs.push((name.into_owned(), value.into_owned()));
    }
    Ok(Query { pairs })
}

impl Query {
    /// See [`parse`].
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        parse(text)
    }

    /// The last value sent under exactly this name, as Rails takes it. Nested names are spelled as sent:
    /// `get("user[user_profile]")`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the parameter was sent in any form, as a scalar or as an array.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| names(key, name))
    }

    /// An array parameter: every value of `name[]=`, `name[0]=` and `name=`, each split at commas; blanks and
    /// repetitions dropped. `None` if it was not sent; empty if it was sent blank.
    pub fn list(&self, name: &str) -> Option<Vec<&str>> {
        let mut sent = false;
        let mut items: Vec<&str> = Vec::new();
        for (_, value) in self.pairs.iter().filter(|(key, _)| names(key, name)) {
            sent = true;
            for item in value.split(',').map(str::trim).filter(|item| !item.is_empty()) {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
        }
        sent.then_some(items)
    }

    /// A switch: `true` or `1` is on, `false` or `0` is off, in any case; anything else, or nothing, is `None`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        match value {
            "1" => Some(true),
            "0" => Some(false),
            _ if value.eq_ignore_ascii_case("true") => Some(true),
            _ if value.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// Name of the first parameter whose name or value holds a NUL, which no text may (row H8).
    pub fn find_nul(&self) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(name, value)| name.contains('\0') || value.contains('\0'))
            .map(|(name, _)| name.as_str())
    }

    /// All pairs in the order sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Whether `key` is `name`, `name[]` or `name[7]`.
fn names(key: &str, name: &str) -> bool {
    let Some(rest) = key.strip_prefix(name) else {
        return false;
    };
    rest.is_empty()
        || rest
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Extractor of the request's query. It never rejects; the face answers a [`QueryError`] in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryString(pub Result<Query, QueryError>);

impl<S: Sync> FromRequestParts<S> for QueryString {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parse(parts.uri.query().unwrap_or(""))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn e84_e89_array_parameters_by_table() {
        let cases: &[(&str, Option<&[&str]>)] = &[
            ("", None),
            ("section=progress", None),
            ("sections_of=progress", None),
            ("sections[]=progress", Some(&["progress"])),
            ("sections%5B%5D=progress", Some(&["progress"])),
            ("sections[]=progress&sections[]=offers", Some(&["progress", "offers"])),
            ("sections[0]=progress&sections[1]=offers", Some(&["progress", "offers"])),
            ("sections=progress,offers", Some(&["progress", "offers"])),
            ("sections=progress%2Coffers", Some(&["progress", "offers"])),
            ("sections=progress&sections=offers", Some(&["progress", "offers"])),
            ("sections[]=progress,&sections[]=offers", Some(&["progress", "offers"])),
            ("sections[]=,progress,,offers,", Some(&["progress", "offers"])),
            ("sections[]=progress,+offers", Some(&["progress", "offers"])),
            ("sections[]=progress&sections=progress", Some(&["progress"])),
            ("sections[]=", Some(&[])),
            ("sections", Some(&[])),
            ("sections[]=,", Some(&[])),
            ("sections[x]=progress", None),
            ("sections[=progress", None),
            ("sections]=progress", None),
            ("&&sections[]=a&&", Some(&["a"])),
            ("sections[]=%zz", Some(&["%zz"])),
            ("sections[]=a%", Some(&["a%"])),
            ("sections[]=%ff", Some(&["\u{fffd}"])),
            ("sections[]=a=b", Some(&["a=b"])),
        ];
        for (text, expected) in cases {
            let query = parse(text).expect("a short query");
            assert_eq!(query.list("sections").as_deref(), *expected, "{text}");
            assert_eq!(query.has("sections"), expected.is_some(), "{text}");
        }
    }

    #[test]
    fn scalars_by_table() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            ("auth_token=v2--a%2Bb--c", "auth_token", Some("v2--a+b--c")),
            ("auth_token=", "auth_token", Some("")),
            ("auth_token", "auth_token", Some("")),
            ("a=1&a=2", "a", Some("2")),
            ("user[email]=x%40y.z", "user[email]", Some("x@y.z")),
            ("user%5Bemail%5D=x", "user[email]", Some("x")),
            ("A=1", "a", None),
            ("=1", "", Some("1")),
        ];
        for (text, name, expected) in cases {
            assert_eq!(parse(text).expect("a short query").get(name), *expected, "{text}");
        }
    }

    #[test]
    fn flags_by_table() {
        for (text, expected) in [
            ("f=true", Some(true)),
            ("f=TRUE", Some(true)),
            ("f=1", Some(true)),
            ("f=false", Some(false)),
            ("f=0", Some(false)),
            ("f=", None),
            ("f=yes", None),
            ("", None),
        ] {
            assert_eq!(parse(text).expect("a short query").flag("f"), expected, "{text}");
        }
    }

    #[test]
    fn h8_a_nul_is_found() {
        assert_eq!(parse("a=b&c=d%00e").expect("short").find_nul(), Some("c"));
        assert_eq!(parse("a%00=b").expect("short").find_nul(), Some("a\0"));
        assert_eq!(parse("a=%2500").expect("short").find_nul(), None);
    }

    #[test]
    fn size_is_bounded_at_its_edge() {
        assert!(parse(&"a".repeat(QUERY_MAX_BYTES)).is_ok());
        assert_eq!(parse(&"a".repeat(QUERY_MAX_BYTES + 1)), Err(QueryError::TooLong));
        assert!(parse(&"a&".repeat(QUERY_MAX_PARAMETERS)).is_ok());
        assert_eq!(parse(&"a&".repeat(QUERY_MAX_PARAMETERS + 1)), Err(QueryError::TooMany));
    }

    #[test]
    fn the_fuzzers_corpus_is_read_or_refused_as_its_files_are_named() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/query_string");
        let mut replayed = 0;
        for entry in std::fs::read_dir(corpus).expect("the corpus is part of the repository") {
            let path = entry.expect("a readable folder").path();
            // What a fuzzer run leaves beside the hand-made files has no extension and no expectation.
            if path.extension().is_none_or(|extension| extension != "txt") {
                continue;
            }
            let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("readable");
            let refused = parse(&text).is_err();
            assert_eq!(refused, name.starts_with("refused-"), "{name}");
            replayed += 1;
        }
        assert!(replayed >= 20, "{replayed} files");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            if let Ok(query) = parse(&text) {
                for (name, value) in query.pairs() {
                    prop_assert_eq!(query.has(name), true);
                    prop_assert!(value.len() <= 3 * text.len());
                }
            }
        }

        #[test]
        fn however_an_array_is_spelled_it_reads_alike(
            items in prop::collection::vec("[a-z]{1,8}", 1..6),
            stray in prop::collection::vec(0usize..3, 6),
        ) {
            let mut unique = items.clone();
            let mut seen = Vec::new();
            unique.retain(|item| { let new = !seen.contains(item); seen.push(item.clone()); new });
            let brackets: Vec<_> = items.iter().map(|item| format!("s[]={item}")).collect();
            let commas: Vec<_> =
                items.iter().zip(&stray).map(|(item, n)| format!("{item}{}", ",".repeat(*n))).collect();
            for text in [brackets.join("&"), format!("s={}", commas.join(",")), format!("s[]={}", items.join("%2c"))] {
                let query = parse(&text).expect("short");
                prop_assert_eq!(query.list("s").expect("sent"), unique.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
    }
}
