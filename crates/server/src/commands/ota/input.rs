//! Objects from a stream: one a line, or all in one document.

use super::refusal::Refusal;
use super::vector::Vector;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result as IoResult};
use zeroize::Zeroizing;

/// The longest line, in octets: a document of many thousand objects on one line.
const MAX_LINE_LEN: usize = 16 * 1024 * 1024;
/// The longest document of several lines, in octets.
const MAX_DOCUMENT_LEN: usize = 64 * 1024 * 1024;

/// One object, understood or not.
pub(super) struct Object {
    /// What `number` counts: `line`, or `item` inside a document.
    pub(super) counted_in: &'static str,
    /// From 1.
    pub(super) number: u64,
    pub(super) vector: Result<Vector, Refusal>,
}

/// Calls `then` for every object in turn, and tells whether more input was read already. Blank lines count and say
/// nothing; a line that is not understood is an object that is not.
///
/// # Errors
/// Those of the reader and of `then`, and a document above [`MAX_DOCUMENT_LEN`].
pub(super) fn for_each<R: Read>(
    reader: &mut BufReader<R>,
    mut then: impl FnMut(Object, bool) -> IoResult<()>,
) -> IoResult<()> {
    let mut number = 0;
    let mut first = true;
    loop {
        number += 1;
        let line = match read_line(reader)? {
            Line::End => return Ok(()),
            Line::Text(line) => line,
            Line::TooLong => {
                let refusal = Refusal::input(format!("the line is longer than {MAX_LINE_LEN} octets"));
                then(Object { counted_in: "line", number, vector: Err(refusal) }, true)?;
                continue;
            }
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        // A first line that is the beginning of something is the beginning of a document, if that is one.
        if std::mem::take(&mut first) && begins_document(&line) {
            return document(line, number, reader, then);
        }
        let objects = understand(&line, number);
        let count = objects.len();
        for (index, object) in objects.into_iter().enumerate() {
            then(object, index + 1 < count || !reader.buffer().is_empty())?;
        }
    }
}

enum Line {
    Text(Zeroizing<Vec<u8>>),
    TooLong,
    End,
}

fn read_line<R: Read>(reader: &mut BufReader<R>) -> IoResult<Line> {
    let mut line = Zeroizing::new(Vec::new());
    let limit = MAX_LINE_LEN as u64 + 1;
    if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(Line::End);
    }
    if line.len() <= MAX_LINE_LEN {
        return Ok(Line::Text(line));
    }
    reader.skip_until(b'\n')?;
    Ok(Line::TooLong)
}

fn begins_document(line: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

/// The whole input as one document; as lines after all, when it is none.
fn document<R: Read>(
    mut text: Zeroizing<Vec<u8>>,
    first_line: u64,
    reader: &mut BufReader<R>,
    mut then: impl FnMut(Object, bool) -> IoResult<()>,
) -> IoResult<()> {
    reader.by_ref().take(MAX_DOCUMENT_LEN as u64 + 1).read_to_end(&mut text)?;
    if text.len() > MAX_DOCUMENT_LEN {
        let reason = format!("a document of several lines is longer than {MAX_DOCUMENT_LEN} octets");
        return Err(Error::new(ErrorKind::FileTooLarge, reason));
    }
    if serde_json::from_slice::<IgnoredAny>(&text).is_ok() {
        return understand(&text, first_line).into_iter().try_for_each(|object| then(object, true));
    }
    for (number, line) in (first_line..).zip(text.split(|octet| *octet == b'\n')) {
        if !line.trim_ascii().is_empty() {
            understand(line, number).into_iter().try_for_each(|object| then(object, true))?;
        }
    }
    Ok(())
}

/// One object, or those in a list.
fn understand(text: &[u8], line: u64) -> Vec<Object> {
    let Ok(text) = std::str::from_utf8(text) else {
        return vec![Object {
            counted_in: "line",
            number: line,
            vector: Err(Refusal::input("this is no text")),
        }];
    };
    // Some editors put a byte order mark in front of a file.
    let text = text.trim_start_matches('\u{feff}').trim();
    let listed = if text.starts_with('[') {
        serde_json::from_str(text).map(Some).map_err(|error| Refusal::input(format!("no JSON: {error}")))
    } else {
        match Vector::parse(text) {
            Ok(mut vector) => match vector.vectors.take() {
                Some(listed) => Ok(Some(listed)),
                None => return vec![Object { counted_in: "line", number: line, vector: Ok(vector) }],
            },
            Err(refusal) => Err(refusal),
        }
    };
    match listed {
        Ok(listed) => listed
            .unwrap_or_default()
            .into_iter()
            .zip(1..)
            .map(|(item, number): (Value, u64)| Object {
                counted_in: "item",
                number,
                vector: Vector::from_value(item),
            })
            .collect(),
        Err(refusal) => vec![Object { counted_in: "line", number: line, vector: Err(refusal) }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was counted, and what came of it: the identifier, or the class of the refusal.
    fn read(text: &[u8]) -> Vec<(&'static str, u64, String)> {
        let mut seen = Vec::new();
        for_each(&mut BufReader::new(text), |object, _| {
            let what = match &object.vector {
                Ok(vector) => vector.id.as_ref().map_or_else(String::new, ToString::to_string),
                Err(refusal) => refusal.class().to_owned(),
            };
            seen.push((object.counted_in, object.number, what));
            Ok(())
        })
        .unwrap();
        seen
    }

    #[test]
    fn lines_and_documents() {
        let line = |number, what: &str| ("line", number, what.to_owned());
        let item = |number, what: &str| ("item", number, what.to_owned());
        for (text, expected) in [
            ("", vec![]),
            ("\n \n", vec![]),
            ("{\"id\":1}\n{\"id\":2}", vec![line(1, "1"), line(2, "2")]),
            ("\n{\"id\":1}\r\n\r\n{\"id\":2}\n", vec![line(2, "1"), line(4, "2")]),
            ("{\"id\":1}\nnonsense\n{\"id\":2}", vec![line(1, "1"), line(2, "input"), line(3, "2")]),
            // A broken first line does not take the others with it.
            ("{\"id\":1\n{\"id\":2}\n", vec![line(1, "input"), line(2, "2")]),
            ("{\"vectors\":[{\"id\":1},{\"id\":2}]}", vec![item(1, "1"), item(2, "2")]),
            ("{\n\"vectors\": [\n{\"id\":1},\n7]\n}\n", vec![item(1, "1"), item(2, "input")]),
            ("[{\"id\":1},\n{\"id\":2}]", vec![item(1, "1"), item(2, "2")]),
            ("\u{feff}{\"id\":1}", vec![line(1, "1")]),
            ("{\n\"id\": 1\n}", vec![line(1, "1")]),
        ] {
            assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(read(b"\xFF\n{\"id\":1}"), [line(1, "input"), line(2, "1")]);
    }

    #[test]
    fn a_line_has_a_limit_and_the_next_is_read() {
        let mut text = vec![b'x'; MAX_LINE_LEN + 10];
        text.extend_from_slice(b"\n{\"id\":1}");
        assert_eq!(read(&text), [("line", 1, "input".to_owned()), ("line", 2, "1".to_owned())]);
    }
}
