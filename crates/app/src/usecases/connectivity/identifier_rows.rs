//! Tables that name SIMs, one a line.

use super::{SimIdentifier, digits_of_msisdn};
use csv::{ByteRecord, Reader, ReaderBuilder, Trim};
use muster_domain::sim::SimName;
use std::io::Read;

/// A line of such a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifierRow {
    /// Its number, from 1, the header included; empty lines in front of it belong to it.
    pub line: u64,
    /// The SIM it names, or why it names none.
    pub identifier: Result<SimIdentifier, String>,
}

/// Reads a CSV table with a column `iccid`, `msisdn` or `imsi`; the first of these that is there counts, and other
/// columns are passed over. A table without a header is a list of ICCIDs.
pub struct IdentifierRows<R> {
    reader: Reader<R>,
    column: usize,
    kind: Kind,
    /// The first line of a table without a header.
    first: Option<ByteRecord>,
    broken: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Iccid,
    Msisdn,
    Imsi,
}

impl Kind {
    const BY_PREFERENCE: [Self; 3] = [Self::Iccid, Self::Msisdn, Self::Imsi];

    const fn name(self) -> &'static str {
        match self {
            Self::Iccid => "iccid",
            Self::Msisdn => "msisdn",
            Self::Imsi => "imsi",
        }
    }

    fn identifier(self, value: &str) -> SimIdentifier {
        SimIdentifier::Name(match self {
            Self::Iccid => SimName::Iccid(value.to_owned()),
            Self::Msisdn => SimName::Msisdn(digits_of_msisdn(value).to_owned()),
            Self::Imsi => SimName::Imsi(value.to_owned()),
        })
    }
}

impl<R: Read> IdentifierRows<R> {
    /// Reads the first line and finds the column.
    pub fn read(source: R) -> Result<Self, String> {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(source);
        let mut first = ByteRecord::new();
        reader.read_byte_record(&mut first).map_err(|error| error.to_string())?;
        let names = |kind: Kind| {
            first.iter().position(|cell| without_mark(cell).eq_ignore_ascii_case(kind.name().as_bytes()))
        };
        let found = Kind::BY_PREFERENCE.into_iter().find_map(|kind| Some((kind, names(kind)?)));
        if let Some((kind, column)) = found {
            return Ok(Self { reader, column, kind, first: None, broken: false });
        }
        let is_data = first
            .get(0)
            .map(without_mark)
            .is_some_and(|cell| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit));
        if is_data {
            return Ok(Self { reader, column: 0, kind: Kind::Iccid, first: Some(first), broken: false });
        }
        Err("names no column iccid, msisdn or imsi".to_owned())
    }

    fn row(&self, record: &ByteRecord) -> IdentifierRow {
        let line = record.position().map_or(0, csv::Position::line);
        let cell = record.get(self.column).map(without_mark).unwrap_or_default();
        let identifier = match std::str::from_utf8(cell) {
            Ok("") => Err(format!("has no {}", self.kind.name())),
            Ok(value) => Ok(self.kind.identifier(value)),
            Err(_) => Err("is not UTF-8".to_owned()),
        };
        IdentifierRow { line, identifier }
    }
}

/// The cell without the byte order mark that some programs begin a file with.
fn without_mark(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\xef\xbb\xbf").unwrap_or(cell)
}

impl<R: Read> Iterator for IdentifierRows<R> {
    type Item = IdentifierRow;

    fn next(&mut self) -> Option<IdentifierRow> {
        if let Some(first) = self.first.take() {
            return Some(self.row(&first));
        }
        if self.broken {
            return None;
        }
        let mut record = ByteRecord::new();
        match self.reader.read_byte_record(&mut record) {
            Ok(true) => Some(self.row(&record)),
            Ok(false) => None,
            Err(error) => {
                // What follows cannot be read either.
                self.broken = true;
                let line = self.reader.position().line();
                Some(IdentifierRow { line, identifier: Err(format!("cannot be read: {error}")) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &str) -> Vec<(u64, Result<String, String>)> {
        let rows = IdentifierRows::read(table.as_bytes()).expect("a column is found");
        rows.map(|row| (row.line, row.identifier.map(|found| found.to_string()))).collect()
    }

    #[test]
    fn the_column_is_found_by_name_and_lines_are_numbered() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(
            rows("label,MSISDN\na,+4912\nb,\n\nc, 4913 \nd\n"),
            [
                (2, ok("MSISDN 4912")),
                (3, Err("has no msisdn".to_owned())),
                (4, ok("MSISDN 4913")),
                (6, Err("has no msisdn".to_owned())),
            ]
        );
        assert_eq!(rows("imsi,iccid\n1,2\n"), [(2, ok("ICCID 2"))], "the card's own number goes first");
        assert_eq!(rows("\u{feff}iccid\n2\n"), [(2, ok("ICCID 2"))]);
        assert_eq!(rows("89\n90\n"), [(1, ok("ICCID 89")), (2, ok("ICCID 90"))], "a bare list");
        assert_eq!(rows("iccid\n"), []);
    }

    #[test]
    fn a_table_that_names_nothing_is_refused() {
        for table in ["", "a,b\n1,2\n", "iccids\n1\n", "\n\n"] {
            let refused = IdentifierRows::read(table.as_bytes()).err();
            assert_eq!(refused.as_deref(), Some("names no column iccid, msisdn or imsi"), "{table:?}");
        }
    }
}
