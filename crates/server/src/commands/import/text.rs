//! The text of a table, whatever encoding it was saved in.

use super::unreadable;
use crate::failure::{Failure, Outcome};
use encoding_rs::{Decoder, Encoding, UTF_8, WINDOWS_1252};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Octets that are read at once.
const PIECE: usize = 64 * 1024;
/// Longest row, in octets of UTF-8: far beyond the longest contact. One that is longer is a quotation mark that
/// nobody closed, and would take the rest of the file with it.
const ROW_MAX_BYTES: u64 = 1024 * 1024;

/// How a table was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Saved {
    /// Its encoding; a byte order mark in the file goes before it.
    pub(super) encoding: &'static Encoding,
    /// Whether it was found out rather than told.
    pub(super) is_guess: bool,
}

impl Saved {
    /// The encoding of that label, or else the one that the file seems to have: that of its byte order mark, else
    /// UTF-8 if all of it is, else Windows-1252.
    pub(super) fn of(path: &Path, label: Option<&str>) -> Outcome<Self> {
        let failed = |error: io::Error| unreadable(path, error);
        let mut file = File::open(path).map_err(failed)?;
        let mut piece = vec![0; PIECE];
        let count = fill(&mut file, &mut piece).map_err(failed)?;
        let first = &piece[..count];
        if first.starts_with(b"PK\x03\x04") || first.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(unreadable(path, "it is a spreadsheet or an archive, not a table of text")
                .advise("save it as CSV"));
        }
        if let Some(label) = label {
            let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                Failure::new(format!("read {} as {label:?}", path.display()), "no encoding has that name")
                    .advise(
                        "names are those of the web, such as utf-8, utf-16le, windows-1252 and iso-8859-15",
                    )
            })?;
            return Ok(Self { encoding, is_guess: false });
        }
        if let Some((encoding, _)) = Encoding::for_bom(first) {
            return Ok(Self { encoding, is_guess: false });
        }
        if first.contains(&0) {
            return Err(unreadable(path, "it holds NUL octets: perhaps UTF-16 without a byte order mark")
                .advise("name its encoding, as by `--encoding utf-16le`"));
        }
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let is_utf8 = is_utf8(&mut file).map_err(failed)?;
        Ok(if is_utf8 {
            Self { encoding: UTF_8, is_guess: false }
        } else {
            Self { encoding: WINDOWS_1252, is_guess: true }
        })
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match file.read(&mut buffer[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

fn is_utf8(file: &mut File) -> io::Result<bool> {
    let mut decoder = UTF_8.new_decoder();
    let mut piece = vec![0; PIECE];
    let mut text = vec![0; 4 * PIECE];
    loop {
        let count = fill(file, &mut piece)?;
        let is_last = count < piece.len();
        let (_, _, _, has_errors) = decoder.decode_to_utf8(&piece[..count], &mut text, is_last);
        if has_errors {
            return Ok(false);
        }
        if is_last {
            return Ok(true);
        }
    }
}

/// A file read as UTF-8.
pub(super) struct Text {
    file: File,
    decoder: Decoder,
    /// What was read of the file last.
    octets: Vec<u8>,
    /// What is decoded of it, and how much of that was handed out.
    decoded: Vec<u8>,
    given: usize,
    is_end: bool,
    taken: u64,
    row: u64,
    has_errors: bool,
    /// Whether the octet before was a carriage return, which stands in the text as a line feed.
    after_return: bool,
    /// Whether the last line so far is ended.
    is_line_ended: bool,
}

impl Text {
    /// From its beginning. A byte order mark is left out. Every line ends with a line feed, the last one too, whatever
    /// the file ends them with: that makes lines countable.
    pub(super) fn open(path: &Path, saved: Saved) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            decoder: saved.encoding.new_decoder(),
            octets: vec![0; PIECE],
            decoded: Vec::new(),
            given: 0,
            is_end: false,
            taken: 0,
            row: 0,
            has_errors: false,
            after_return: false,
            is_line_ended: true,
        })
    }

    /// Octets of the file that were read; rows may be read that end before them.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether anything so far was not of the encoding; U+FFFD stands for it then.
    pub(super) const fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// Whether all of the file was handed out.
    pub(super) fn is_exhausted(&self) -> bool {
        self.is_end && self.given == self.decoded.len()
    }

    /// A new row begins: its length is counted from here, give or take what was read ahead.
    pub(super) const fn begin_row(&mut self) {
        self.row = 0;
    }

    /// Decodes the next piece of the file.
    fn decode(&mut self) -> io::Result<()> {
        let count = self.file.read(&mut self.octets)?;
        self.is_end = count == 0;
        self.taken += count as u64;
        let piece = &self.octets[..count];
        // Room for whatever can come of it, so that all of it is decoded at once.
        let room = self.decoder.max_utf8_buffer_length(count).unwrap_or(4 * PIECE);
        self.decoded.resize(room, 0);
        let (_, _, written, has_errors) = self.decoder.decode_to_utf8(piece, &mut self.decoded, self.is_end);
        self.decoded.truncate(written);
        self.given = 0;
        self.has_errors |= has_errors;
        self.end_lines();
        Ok(())
    }

    /// Puts a line feed for whatever ends a line in the piece.
    fn end_lines(&mut self) {
        let mut kept = 0;
        for at in 0..self.decoded.len() {
            let octet = self.decoded[at];
            let is_second_half = octet == b'\n' && self.after_return;
            self.after_return = octet == b'\r';
            if !is_second_half {
                self.decoded[kept] = if self.after_return { b'\n' } else { octet };
                kept += 1;
            }
        }
        self.decoded.truncate(kept);
        if let Some(last) = self.decoded.last() {
            self.is_line_ended = *last == b'\n';
        }
        if self.is_end && !self.is_line_ended {
            self.decoded.push(b'\n');
            self.is_line_ended = true;
        }
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.row > ROW_MAX_BYTES {
            let why = format!(
                "a row is longer than {ROW_MAX_BYTES} octets: perhaps a quotation mark that opens is never closed"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        while self.given == self.decoded.len() && !self.is_end {
            self.decode()?;
        }
        let rest = &self.decoded[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        self.row += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8], label: Option<&str>) -> Result<(String, Saved, bool), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, content).unwrap();
        let saved = Saved::of(&path, label).map_err(|error| error.to_string())?;
        let mut text = Text::open(&path, saved).unwrap();
        let mut all = String::new();
        text.read_to_string(&mut all).map_err(|error| error.to_string())?;
        Ok((all, saved, text.has_errors()))
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_that_is_marked_named_or_evident_is_read() {
        let text = "Name;Straße\nJürgen;Öl €\n";
        let windows: &[u8] = b"Name;Stra\xDFe\nJ\xFCrgen;\xD6l \x80\n";
        let marked = |mark: &[u8], rest: Vec<u8>| [mark.to_vec(), rest].concat();
        let little = utf16(text, u16::to_le_bytes);
        for (content, label, encoding, is_guess) in [
            (text.as_bytes().to_vec(), None, "UTF-8", false),
            (marked(b"\xEF\xBB\xBF", text.as_bytes().to_vec()), None, "UTF-8", false),
            (marked(b"\xFF\xFE", little.clone()), None, "UTF-16LE", false),
            (marked(b"\xFE\xFF", utf16(text, u16::to_be_bytes)), None, "UTF-16BE", false),
            (little.clone(), Some("utf-16le"), "UTF-16LE", false),
            (windows.to_vec(), None, "windows-1252", true),
            (windows.to_vec(), Some("latin1"), "windows-1252", false),
            // A mark goes before the name that somebody gave.
            (marked(b"\xFF\xFE", little.clone()), Some("windows-1252"), "windows-1252", false),
        ] {
            let (all, saved, has_errors) = read(&content, label).unwrap();
            assert_eq!((all.as_str(), has_errors), (text, false), "{encoding}");
            assert_eq!((saved.encoding.name(), saved.is_guess), (encoding, is_guess));
        }
        assert_eq!(read(b"", None).unwrap().0, "");
    }

    #[test]
    fn long_files_are_read_in_pieces_that_cut_characters() {
        let text = format!("x{}\n", "€".repeat(PIECE));
        assert_eq!(read(text.as_bytes(), None).unwrap().0, text);
        // One octet at the very end decides.
        let broken = [text.as_bytes(), b"\xFF"].concat();
        assert_eq!(read(&broken, None).unwrap().1.encoding, WINDOWS_1252);
        let (all, _, has_errors) = read(&broken, Some("utf-8")).unwrap();
        assert!(has_errors && all.ends_with("\n\u{FFFD}\n"));
    }

    #[test]
    fn lines_end_alike_wherever_pieces_are_cut() {
        for (content, expected) in [
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\rb\r", "a\nb\n"),
            ("a\n\r\n\rb", "a\n\n\nb\n"),
            ("a\r\r\n", "a\n\n"),
            ("", ""),
        ] {
            assert_eq!(read(content.as_bytes(), None).unwrap().0, expected, "{content:?}");
        }
        let cut = format!("{}\r\nb", "x".repeat(PIECE - 1));
        assert_eq!(read(cut.as_bytes(), None).unwrap().0, format!("{}\nb\n", "x".repeat(PIECE - 1)));
    }

    #[test]
    fn what_is_no_text_is_refused_with_advice() {
        for (content, label, words) in [
            (&b"PK\x03\x04xl"[..], None, "save it as CSV"),
            (&b"N\0a\0m\0e\0"[..], None, "--encoding utf-16le"),
            (&b"Name"[..], Some("klingon"), "no encoding has that name"),
        ] {
            let error = read(content, label).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let endless = vec![b'x'; ROW_MAX_BYTES as usize + 2 * PIECE];
        assert!(read(&endless, None).unwrap_err().contains("quotation mark"));
    }
}
