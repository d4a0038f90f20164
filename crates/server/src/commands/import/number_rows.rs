//! Files of telephone numbers: one a line, or a column of a table.

use super::contact_rows::{delimiter_of, first_line, line_of};
use super::text::{Saved, Text};
use super::unreadable;
use crate::failure::Outcome;
use csv::{ReaderBuilder, StringRecord};
use std::path::{Path, PathBuf};

/// Names of the column with the numbers.
const NAMES: [&str; 6] = ["PhoneNumber", "PhoneNumber1", "Number", "Phone", "Telephone", "Msisdn"];

/// A file of numbers.
pub(in crate::commands) struct NumberRows {
    file: PathBuf,
    size_bytes: u64,
    reader: csv::Reader<Text>,
    column: usize,
    has_header: bool,
}

impl NumberRows {
    /// Opens a file. A first line without any digit is a header.
    pub(in crate::commands) fn open(path: &Path, encoding: Option<&str>) -> Outcome<Self> {
        let failed = |error: std::io::Error| unreadable(path, error);
        let saved = Saved::of(path, encoding)?;
        let first = first_line(Text::open(path, saved).map_err(failed)?).map_err(failed)?;
        let delimiter = delimiter_of(&first);
        let reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .delimiter(delimiter)
            .from_reader(Text::open(path, saved).map_err(failed)?);
        let names: Vec<_> =
            first.split(char::from(delimiter)).map(|name| name.trim_matches([' ', '"'])).collect();
        let named = names.iter().position(|name| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)));
        let has_header = named.is_some() || !first.contains(|letter: char| letter.is_ascii_digit());
        let size_bytes = std::fs::metadata(path).map_err(failed)?.len();
        Ok(Self { file: path.to_owned(), size_bytes, reader, column: named.unwrap_or(0), has_header })
    }

    /// Size of the file.
    pub(in crate::commands) const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Octets that were read of it.
    pub(in crate::commands) fn taken(&self) -> u64 {
        self.reader.get_ref().taken()
    }

    /// The next number with its line, `None` at the end.
    pub(in crate::commands) fn next(&mut self) -> Outcome<Option<(u64, String)>> {
        let mut record = StringRecord::new();
        loop {
            self.reader.get_mut().begin_row();
            let more = self.reader.read_record(&mut record).map_err(|error| unreadable(&self.file, error))?;
            if !more {
                return Ok(None);
            }
            let is_header = std::mem::take(&mut self.has_header);
            if is_header || record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let line = line_of(&self.reader, &record);
            return Ok(Some((line, record.get(self.column).unwrap_or_default().trim().to_owned())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_alone_or_in_a_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        for (content, expected) in [
            ("+49 30 1\n\n+49 30 2", vec![(1, "+49 30 1"), (3, "+49 30 2")]),
            ("Rufnummer\n030 1\n", vec![(2, "030 1")]),
            ("Name;Phone\nA;030 1\nB\n", vec![(2, "030 1"), (3, "")]),
            ("\"phonenumber1\",x\n\"030, 1\",y\n", vec![(2, "030, 1")]),
            ("", vec![]),
        ] {
            std::fs::write(&path, content).unwrap();
            let mut rows = NumberRows::open(&path, None).unwrap();
            let found: Vec<_> = std::iter::from_fn(|| rows.next().unwrap()).collect();
            let expected: Vec<_> = expected.into_iter().map(|(line, text)| (line, text.to_owned())).collect();
            assert_eq!(found, expected, "{content:?}");
        }
    }
}
