//! Queries given as text: where in the text a mistake is, and keys that stand twice.

use super::error::{Position, Reason};
use super::parse::OwnedSegment;

/// Whether brackets outside of strings ever stand deeper than `levels`, decided without recursion and whether
/// or not the text is JSON.
pub(super) fn is_nested_beyond(text: &str, levels: usize) -> bool {
    let (mut open, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        if in_string {
            (in_string, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => open += 1,
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > levels {
            return true;
        }
    }
    false
}

/// Finds the first key that stands twice in one object. The text must be JSON.
pub(super) fn duplicate_key(text: &str) -> Option<(Reason, Position)> {
    let mut scanner = Scanner::new(text);
    scanner.value(None);
    let (offset, key) = scanner.duplicate?;
    Some((Reason::DuplicateKey(key), position(text, offset)))
}

/// Where the path leads: to the key of an object's member, to the element of an array, without steps to
/// the whole value. The text must be JSON.
pub(super) fn locate(text: &str, path: &[OwnedSegment]) -> Option<Position> {
    let mut scanner = Scanner::new(text);
    if path.is_empty() {
        scanner.peek();
        scanner.found = Some(scanner.at);
    }
    scanner.value(Some(path));
    scanner.found.map(|offset| position(text, offset))
}

fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

/// A walk over text that a JSON parser has accepted, which also bounds the recursion.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    found: Option<usize>,
    duplicate: Option<(usize, String)>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, found: None, duplicate: None }
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Passes over one value; `path` leads on from it, when it still can.
    fn value(&mut self, path: Option<&[OwnedSegment]>) {
        match self.peek() {
            Some(b'{') => self.object(path),
            Some(b'[') => self.array(path),
            Some(b'"') => {
                self.string();
            }
            _ => {
                let rest = &self.text[self.at..];
                let ends = |byte: u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                self.at += rest.bytes().position(ends).unwrap_or(rest.len());
            }
        }
    }

    fn object(&mut self, path: Option<&[OwnedSegment]>) {
        let mut keys = std::collections::HashSet::new();
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let key_at = self.at;
                    let key = self.string();
                    if self.peek() == Some(b':') {
                        self.at += 1;
                    }
                    let inner = match path.and_then(<[OwnedSegment]>::split_first) {
                        Some((OwnedSegment::Key(wanted), rest)) if *wanted == key => {
                            if rest.is_empty() {
                                self.found = Some(key_at);
                            }
                            Some(rest)
                        }
                        _ => None,
                    };
                    if self.duplicate.is_none() && !keys.insert(key.clone()) {
                        self.duplicate = Some((key_at, key));
                    }
                    self.value(inner);
                }
                b'}' => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    fn array(&mut self, path: Option<&[OwnedSegment]>) {
        self.at += 1;
        let mut index = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b']' => {
                    self.at += 1;
                    return;
                }
                b',' => self.at += 1,
                _ => {
                    let inner = match path.and_then(<[OwnedSegment]>::split_first) {
                        Some((OwnedSegment::Index(wanted), rest)) if *wanted == index => {
                            if rest.is_empty() {
                                self.found = Some(self.at);
                            }
                            Some(rest)
                        }
                        _ => None,
                    };
                    self.value(inner);
                    index += 1;
                }
            }
        }
    }

    fn string(&mut self) -> String {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                _ => 1,
            };
            if *byte == b'"' {
                break;
            }
        }
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(quoted).unwrap_or_default()
    }
}
