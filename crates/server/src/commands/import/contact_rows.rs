//! Rows of a table of contacts.

use super::contact_cells::{Column, Numbers, read_row};
use super::rows::Position;
use super::text::{Saved, Text};
use super::unreadable;
use crate::failure::{Failure, Outcome};
use csv::{ReaderBuilder, StringRecord};
use muster_app::usecases::dialler::ContactInput;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What may part cells, most likely first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// So much of a table is looked at for its first line.
const HEADER_MAX_BYTES: u64 = 64 * 1024;

/// A row: the line that it begins at, and the contact or why it is none.
pub(super) struct ContactRow {
    pub(super) line: u64,
    pub(super) contact: Result<ContactInput, String>,
    /// What of it was left out, and why.
    pub(super) left_out: Vec<String>,
}

/// How a table is to be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Label of its encoding; found out if absent.
    pub(super) encoding: Option<String>,
    /// What parts its cells; found out if absent.
    pub(super) delimiter: Option<u8>,
    /// Columns with a name of their own, and the fields that they are.
    pub(super) names: Vec<(String, String)>,
    /// How its numbers are written.
    pub(super) numbers: Numbers,
}

/// A table of contacts.
pub(super) struct ContactRows {
    file: PathBuf,
    size_bytes: u64,
    saved: Saved,
    delimiter: u8,
    reader: csv::Reader<Text>,
    columns: Vec<Option<Column>>,
    ignored: Vec<String>,
    numbers: Numbers,
}

impl ContactRows {
    /// Opens a table and finds out what its columns are.
    pub(super) fn open(path: &Path, reading: Reading) -> Outcome<Self> {
        let failed = |error: std::io::Error| unreadable(path, error);
        let saved = Saved::of(path, reading.encoding.as_deref())?;
        let size_bytes = std::fs::metadata(path).map_err(failed)?.len();
        let delimiter = match reading.delimiter {
            Some(delimiter) => delimiter,
            None => delimiter_of(&first_line(Text::open(path, saved).map_err(failed)?).map_err(failed)?),
        };
        // Rows of the wrong length are told with their line, and the rest goes on.
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Text::open(path, saved).map_err(failed)?);
        let header = reader.headers().map_err(|error| unreadable(path, error))?.clone();
        let (columns, ignored) = columns(&header, &reading.names)
            .map_err(|(why, advice)| Failure::new(format!("read {}", path.display()), why).advise(advice))?;
        let file = path.to_owned();
        Ok(Self { file, size_bytes, saved, delimiter, reader, columns, ignored, numbers: reading.numbers })
    }

    /// Size of the file.
    pub(super) const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// How it was saved.
    pub(super) const fn saved(&self) -> Saved {
        self.saved
    }

    /// What parts its cells.
    pub(super) fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// Columns that mean nothing here.
    pub(super) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// A place in the file behind all that was read, and the line of the next row.
    pub(super) fn position(&self) -> Position {
        Position { byte: self.reader.get_ref().taken(), line: self.reader.position().line() }
    }

    /// The next row that is not blank, `None` at the end. Fails when the file itself cannot be read.
    pub(super) fn next(&mut self) -> Outcome<Option<ContactRow>> {
        let mut record = StringRecord::new();
        loop {
            self.reader.get_mut().begin_row();
            let more = self.reader.read_record(&mut record);
            let line = line_of(&self.reader, &record);
            let more = more.map_err(|error| {
                let attempted =
                    format!("read {} from line {}", self.file.display(), self.reader.position().line());
                Failure::new(attempted, error)
            })?;
            if !more {
                return Ok(None);
            }
            // Spreadsheets write rows without anything in them.
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let mut left_out = Vec::new();
            let contact = self.read(&record, &mut left_out);
            return Ok(Some(ContactRow { line, contact, left_out }));
        }
    }

    fn read(&self, record: &StringRecord, left_out: &mut Vec<String>) -> Result<ContactInput, String> {
        if record.len() != self.columns.len() {
            let open_quote = record.iter().any(|cell| cell.contains('\n'));
            let hint = if open_quote { "; perhaps a quotation mark is not closed" } else { "" };
            let (has, named) = (record.len(), self.columns.len());
            return Err(format!("has {has} cells, the first line names {named}{hint}"));
        }
        if self.reader.get_ref().has_errors() && record.iter().any(|cell| cell.contains('\u{FFFD}')) {
            return Err(format!("is not {}", self.saved.encoding.name()));
        }
        let cells = self.columns.iter().zip(record);
        let cells = cells.filter_map(|(column, cell)| Some((column.as_ref()?, cell.trim())));
        read_row(cells, &self.numbers, left_out)
    }
}

/// The line that a row begins at, just after it was read: it ends before the line that the reader is at. A row that
/// ends with the file inside of quotation marks ends at that line.
pub(super) fn line_of(reader: &csv::Reader<Text>, record: &StringRecord) -> u64 {
    let inside = record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
    let is_open =
        reader.get_ref().is_exhausted() && record.iter().next_back().is_some_and(|cell| cell.ends_with('\n'));
    reader.position().line().saturating_sub(inside + u64::from(!is_open))
}

/// The first line, without its end.
pub(super) fn first_line(text: Text) -> std::io::Result<String> {
    let mut begin = Vec::new();
    text.take(HEADER_MAX_BYTES).read_to_end(&mut begin)?;
    let begin = String::from_utf8_lossy(&begin);
    Ok(begin.split(['\n', '\r']).next().unwrap_or_default().to_owned())
}

/// What parts the cells of a first line: whatever stands in it most often, outside of quotation marks.
pub(super) fn delimiter_of(header: &str) -> u8 {
    let mut counts = [0; DELIMITERS.len()];
    let mut is_quoted = false;
    for octet in header.bytes() {
        is_quoted ^= octet == b'"';
        if let Some(place) = DELIMITERS.iter().position(|known| *known == octet && !is_quoted) {
            counts[place] += 1;
        }
    }
    // Of several that stand there as often, the first: the iterator gives the last of equal ones.
    let best = (0..DELIMITERS.len()).rev().max_by_key(|place| counts[*place]);
    DELIMITERS[best.unwrap_or(0)]
}

/// What the columns are, and the names of those that mean nothing; or why the table cannot be used, and what to do.
#[expect(clippy::type_complexity, reason = "a pair of each kind, taken apart at the one place that calls")]
fn columns(
    header: &StringRecord,
    names: &[(String, String)],
) -> Result<(Vec<Option<Column>>, Vec<String>), (String, String)> {
    let header: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    let there = || format!("its columns are {}", header.join(", "));
    if header.iter().all(String::is_empty) {
        return Err((
            "the first line names no columns".to_owned(),
            "a table of contacts has a header".to_owned(),
        ));
    }
    for (name, field) in names {
        if !header.iter().any(|column| column.eq_ignore_ascii_case(name)) {
            return Err((format!("no column is named {name:?}"), there()));
        }
        if Column::named(field).is_none() {
            let advice =
                "fields are Name, UserData, PhoneNumber1 to PhoneNumber6 and the others of docs/contacts.md";
            return Err((format!("contacts have no field {field:?}"), advice.to_owned()));
        }
    }
    let (mut columns, mut ignored) = (Vec::new(), Vec::new());
    for name in &header {
        let told = names.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
        let column = Column::named(told.map_or(name, |(_, field)| field));
        if column.is_none() && !name.is_empty() {
            ignored.push(name.clone());
        }
        if let Some(column) = &column
            && columns.contains(&Some(column.clone()))
        {
            let advice = "rename one, or give another field to it by `--map COLUMN=FIELD`";
            return Err((format!("two columns are {}", column.name()), advice.to_owned()));
        }
        columns.push(column);
    }
    let is_there = |wanted: &dyn Fn(&Column) -> bool| columns.iter().flatten().any(wanted);
    let advice =
        || format!("{}; name it by `--map COLUMN=FIELD`, as in --map \"Phone=PhoneNumber1\"", there());
    if !is_there(&|column| column.name() == "Name") {
        return Err(("no column is Name".to_owned(), advice()));
    }
    if !is_there(&Column::is_number) {
        return Err(("no column is PhoneNumber1".to_owned(), advice()));
    }
    Ok((columns, ignored))
}

#[cfg(test)]
#[path = "contact_rows_tests.rs"]
mod tests;
