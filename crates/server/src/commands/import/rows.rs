//! Rows of a file, with the place of each.

use super::unreadable;
use crate::failure::Outcome;
use csv::{ByteRecord, ReaderBuilder};
use muster_app::usecases::customers::{ImportRow, StandingPatch};
use muster_domain::customer::ProfilePatch;
use muster_domain::ids::CustomerId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Longest line of an NDJSON file, in bytes; the limits of a profile lie far below.
const LINE_MAX_BYTES: u64 = 1024 * 1024;
/// Parts the tags in a cell.
const TAG_SEPARATOR: char = '|';

/// Where the next row begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Bytes before it.
    pub(super) byte: u64,
    /// Its line, from 1.
    pub(super) line: u64,
}

/// A row, or why it is none. The reason does not repeat the row.
pub(super) type Row = Result<ImportRow, String>;

/// A file of rows in either format.
pub(super) struct Rows {
    file: PathBuf,
    size_bytes: u64,
    source: Source,
}

enum Source {
    Csv { reader: Box<csv::Reader<File>>, columns: Vec<String>, record: ByteRecord },
    Ndjson { reader: BufReader<File>, position: Position },
}

impl Rows {
    /// Opens a file and reads the names of its columns.
    pub(super) fn open(path: &Path) -> Outcome<Self> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let size_bytes = file.metadata().map_err(|error| unreadable(path, error))?.len();
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let source = match extension.as_deref() {
            Some("csv") => {
                // Rows of the wrong length are told with their line, and the rest goes on.
                let mut reader = Box::new(ReaderBuilder::new().flexible(true).from_reader(file));
                let columns = columns(path, &mut reader)?;
                Source::Csv { reader, columns, record: ByteRecord::new() }
            }
            Some("ndjson" | "jsonl") => {
                Source::Ndjson { reader: BufReader::new(file), position: Position { byte: 0, line: 1 } }
            }
            _ => {
                return Err(unreadable(path, "its name says neither CSV nor NDJSON")
                    .advise("rename it to end in .csv, .ndjson or .jsonl"));
            }
        };
        Ok(Self { file: path.to_owned(), size_bytes, source })
    }

    /// Size of the file.
    pub(super) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Where the next row begins.
    pub(super) fn position(&self) -> Position {
        match &self.source {
            Source::Csv { reader, .. } => {
                let position = reader.position();
                Position { byte: position.byte(), line: position.line() }
            }
            Source::Ndjson { position, .. } => *position,
        }
    }

    /// Goes on where an earlier run was.
    pub(super) fn resume(&mut self, at: Position) -> Outcome<()> {
        let sought = match &mut self.source {
            Source::Csv { reader, .. } => {
                let mut position = csv::Position::new();
                position.set_byte(at.byte).set_line(at.line);
                reader.seek(position).map_err(|error| error.to_string())
            }
            Source::Ndjson { reader, position } => {
                *position = at;
                reader.seek(SeekFrom::Start(at.byte)).map(drop).map_err(|error| error.to_string())
            }
        };
        sought.map_err(|error| unreadable(&self.file, error))
    }

    /// The next row with its line, `None` at the end. Fails when the file itself cannot be read.
    pub(super) fn next(&mut self) -> Outcome<Option<(u64, Row)>> {
        match &mut self.source {
            Source::Csv { reader, columns, record } => {
                let more = reader.read_byte_record(record).map_err(|error| unreadable(&self.file, error))?;
                let line = record.position().map_or(0, csv::Position::line);
                Ok(more.then(|| (line, from_record(columns, record))))
            }
            Source::Ndjson { reader, position } => {
                let found = next_line(reader, position).map_err(|error| unreadable(&self.file, error))?;
                Ok(found.map(|(line, text)| (line, text.and_then(|text| from_json(&text)))))
            }
        }
    }
}

/// Reads the header and refuses columns that mean nothing: a misspelled one would lose its data silently.
fn columns(path: &Path, reader: &mut csv::Reader<File>) -> Outcome<Vec<String>> {
    let header = reader.headers().map_err(|error| unreadable(path, error))?;
    let mut columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(first) = columns.first_mut()
        && let Some(rest) = first.strip_prefix('\u{feff}')
    {
        *first = rest.to_owned();
    }
    let fault = if columns.iter().all(String::is_empty) {
        Some("the first line names no columns".to_owned())
    } else {
        columns.iter().enumerate().find_map(|(index, name)| {
            if columns[..index].contains(name) {
                Some(format!("the column {name:?} is there twice"))
            } else if set_cell(&mut ImportRow::default(), name, "").is_ok_and(|known| !known) {
                Some(format!("the column {name:?} is not known"))
            } else {
                None
            }
        })
    };
    match fault {
        None => Ok(columns),
        Some(fault) => Err(unreadable(path, fault).advise(
            "columns are id, the attributes of a profile such as external_id, email and first_name, \
             user_profile.<name>, phone_number, tags, available_points, activated, suspended, marketing_ceased, \
             test_account and account_status",
        )),
    }
}

fn from_record(columns: &[String], record: &ByteRecord) -> Row {
    if record.len() != columns.len() {
        return Err(format!("has {} cells, the first line names {}", record.len(), columns.len()));
    }
    let mut row = ImportRow::default();
    for (column, cell) in columns.iter().zip(record) {
        let cell = std::str::from_utf8(cell).map_err(|_| format!("{column}: is not UTF-8"))?;
        set_cell(&mut row, column, cell)?;
    }
    Ok(row)
}

/// Sets what a cell says; an empty one says nothing. `Ok(false)` if no column has that name.
fn set_cell(row: &mut ImportRow, column: &str, cell: &str) -> Result<bool, String> {
    if let Some(flag) = standing_flag(&mut row.standing, column) {
        if !cell.is_empty() {
            *flag = Some(cell.parse().map_err(|_| format!("{column}: must be true or false"))?);
        }
        return Ok(true);
    }
    match column {
        "id" | "tags" | "available_points" | "account_status" if cell.is_empty() => {}
        "id" => row.id = Some(customer_id(cell)?),
        "account_status" => row.standing.account_status = Some(cell.to_owned()),
        "tags" => {
            let tags = cell.split(TAG_SEPARATOR).map(str::trim).filter(|tag| !tag.is_empty());
            row.tags = tags.map(str::to_owned).collect();
        }
        "available_points" => {
            row.points =
                Some(cell.parse().map_err(|_| "available_points: must be a whole number".to_owned())?);
        }
        _ => return row.patch.set_text(column, cell).map_err(|error| error.to_string()),
    }
    Ok(true)
}

fn standing_flag<'a>(standing: &'a mut StandingPatch, name: &str) -> Option<&'a mut Option<bool>> {
    match name {
        "activated" => Some(&mut standing.activated),
        "suspended" => Some(&mut standing.suspended),
        "marketing_ceased" => Some(&mut standing.marketing_ceased),
        "test_account" => Some(&mut standing.test_account),
        _ => None,
    }
}

fn customer_id(text: &str) -> Result<CustomerId, String> {
    Uuid::try_parse(text).map(CustomerId).map_err(|_| "id: must be a GUID".to_owned())
}

/// A line's number and its text, or why it cannot be held.
type Line = (u64, Result<Vec<u8>, String>);

/// The next line that is not blank.
fn next_line(reader: &mut BufReader<File>, position: &mut Position) -> std::io::Result<Option<Line>> {
    loop {
        let mut text = Vec::new();
        let mut taken = reader.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut text)? as u64;
        if taken == 0 {
            return Ok(None);
        }
        let is_whole = text.last() == Some(&b'\n') || taken < LINE_MAX_BYTES;
        if !is_whole {
            taken += skip_line(reader)?;
        }
        let line = position.line;
        *position = Position { byte: position.byte + taken, line: line + 1 };
        if !is_whole {
            return Ok(Some((line, Err(format!("is longer than {LINE_MAX_BYTES} bytes")))));
        }
        if !text.iter().all(u8::is_ascii_whitespace) {
            return Ok(Some((line, Ok(text))));
        }
    }
}

/// Passes over the rest of a line without holding it, and tells its length.
fn skip_line(reader: &mut BufReader<File>) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let count = end.unwrap_or(buffer.len());
        reader.consume(count);
        skipped += count as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

/// Attributes of a row that are not the profile's.
const OWN: [&str; 8] = [
    "id",
    "tags",
    "available_points",
    "activated",
    "suspended",
    "marketing_ceased",
    "test_account",
    "account_status",
];

fn from_json(text: &[u8]) -> Row {
    let value = muster_web::json::parse(text).map_err(|error| error.to_string())?;
    let Value::Object(mut object) = value else {
        return Err("is not a JSON object".to_owned());
    };
    let mut own = Map::new();
    for name in OWN {
        if let Some(value) = object.shift_remove(name).filter(|value| !value.is_null()) {
            own.insert(name.to_owned(), value);
        }
    }
    if let Some(unknown) = ProfilePatch::unknown_attributes(&object).first() {
        return Err(format!("the attribute {unknown:?} is not known"));
    }
    let mut row = ImportRow {
        patch: ProfilePatch::from_json(&object).map_err(|e| e.to_string())?,
        ..ImportRow::default()
    };
    for (name, value) in &own {
        match (name.as_str(), value) {
            ("id", Value::String(id)) => row.id = Some(customer_id(id)?),
            ("account_status", Value::String(status)) => row.standing.account_status = Some(status.clone()),
            ("available_points", Value::Number(number)) if number.is_i64() => row.points = number.as_i64(),
            ("tags", Value::Array(tags)) => {
                let texts = tags.iter().map(|tag| tag.as_str().map(str::to_owned));
                row.tags = texts.collect::<Option<_>>().ok_or("tags: must be an array of text")?;
            }
            (flag, Value::Bool(value)) if standing_flag(&mut row.standing, flag).is_some() => {
                if let Some(slot) = standing_flag(&mut row.standing, flag) {
                    *slot = Some(*value);
                }
            }
            (other, _) => return Err(format!("{other}: has the wrong type")),
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::customer::Patch;
    use proptest::prelude::*;
    use serde_json::json;

    fn open(name: &str, content: &[u8]) -> (tempfile::TempDir, Outcome<Rows>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let rows = Rows::open(&path);
        (folder, rows)
    }

    fn read(name: &str, content: &[u8]) -> Vec<(u64, Row)> {
        let (_folder, rows) = open(name, content);
        let mut rows = rows.unwrap();
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    fn external_id(row: &Row) -> Option<&str> {
        match row {
            Ok(ImportRow { patch: ProfilePatch { external_id: Patch::Set(id), .. }, .. }) => Some(id),
            _ => None,
        }
    }

    #[test]
    fn every_column_of_a_table_arrives() {
        let id = "3f0e9f5e-6a53-4e0c-9b8e-0a4a7a3a9f11";
        let content = format!(
            "\u{feff}id,external_id,email,user_profile.size,tags,available_points,suspended,account_status,opted_in\n\
             {id},c-1,ada@example.com,7,gold | vip|,250,true,warned,false\n"
        );
        let rows = read("a.csv", content.as_bytes());
        let row = rows[0].1.clone().unwrap();
        assert_eq!(rows[0].0, 2);
        assert_eq!(row.id, Some(CustomerId(id.parse().unwrap())));
        assert_eq!(row.patch.external_id, Patch::Set("c-1".to_owned()));
        assert_eq!(row.patch.email, Patch::Set("ada@example.com".to_owned()));
        assert_eq!(row.patch.opted_in, Patch::Set(false));
        let Patch::Set(custom) = &row.patch.user_profile else { panic!("no custom attribute") };
        assert_eq!(custom["size"], json!(7));
        assert_eq!(row.tags, ["gold", "vip"]);
        assert_eq!(row.points, Some(250));
        assert_eq!(row.standing.suspended, Some(true));
        assert_eq!(row.standing.account_status.as_deref(), Some("warned"));
    }

    #[test]
    fn every_attribute_of_an_object_arrives() {
        let id = "3f0e9f5e-6a53-4e0c-9b8e-0a4a7a3a9f11";
        let line = json!({"id": id, "external_id": "c-1", "tags": ["gold"], "available_points": -3,
            "marketing_ceased": true, "user_profile": {"size": [1, 2]}, "email": null, "activated": null});
        let rows = read("a.ndjson", line.to_string().as_bytes());
        let row = rows[0].1.clone().unwrap();
        assert_eq!(row.id, Some(CustomerId(id.parse().unwrap())));
        assert_eq!((row.points, row.tags.as_slice()), (Some(-3), &["gold".to_owned()][..]));
        assert_eq!((row.standing.marketing_ceased, row.standing.activated), (Some(true), None));
        assert_eq!(row.patch.email, Patch::Cleared);
    }

    #[test]
    fn bad_rows_are_told_with_their_line_and_the_rest_is_read() {
        let table = b"external_id,opted_in,dob\n\
            c-1,true,\n\
            c-2\n\
            c-3,perhaps,\n\
            \"c-\n4\",true,\n\
            c-\xff,true,\n\
            c-6,true,31.12.1999\n\
            c-7,,1999-12-31\n";
        let rows = read("a.csv", table);
        let told: Vec<_> = rows.iter().map(|(line, row)| (*line, external_id(row))).collect();
        let expected = [
            (2, Some("c-1")),
            (3, None),
            (4, None),
            (5, Some("c-\n4")),
            (7, None),
            (8, None),
            (9, Some("c-7")),
        ];
        assert_eq!(told, expected);

        let long = format!("{{\"external_id\":\"{}\"}}\n", "x".repeat(LINE_MAX_BYTES as usize));
        let lines = format!(
            "{{\"external_id\":\"c-1\"}}\n\n  \nnonsense\n[1]\n{{\"external_idd\":\"c-2\"}}\n{{\"tags\":\"gold\"}}\n\
             {{\"id\":\"7\"}}\n{{\"suspended\":\"yes\"}}\n{long}{{\"external_id\":\"c-9\"}}"
        );
        let rows = read("a.jsonl", lines.as_bytes());
        let told: Vec<_> = rows.iter().map(|(line, row)| (*line, external_id(row))).collect();
        let expected = [
            (1, Some("c-1")),
            (4, None),
            (5, None),
            (6, None),
            (7, None),
            (8, None),
            (9, None),
            (10, None),
            (11, Some("c-9")),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_header_that_means_nothing_is_refused() {
        for (content, word) in [
            ("external_id,shoe_size\n", "shoe_size"),
            ("external_id,email,email\n", "twice"),
            ("", "no columns"),
        ] {
            let (_folder, rows) = open("a.csv", content.as_bytes());
            let message = rows.err().expect(content).to_string();
            assert!(message.contains(word), "{message}");
        }
        let (_folder, rows) = open("a.xlsx", b"");
        assert!(rows.err().expect("another format").to_string().contains(".ndjson"));
    }

    proptest! {
        #[test]
        fn reading_may_stop_anywhere_and_go_on(
            names in prop::collection::vec("[a-z\"\n,]{0,6}", 1..20),
            stop in 0usize..20,
            is_table: bool,
        ) {
            let (name, content) = if is_table {
                let mut writer = csv::Writer::from_writer(Vec::new());
                writer.write_record(["external_id", "city"]).unwrap();
                for name in &names {
                    writer.write_record([name.as_str(), "x"]).unwrap();
                }
                ("a.csv", writer.into_inner().unwrap())
            } else {
                let lines: Vec<_> = names.iter().map(|name| json!({"external_id": name}).to_string()).collect();
                ("a.ndjson", lines.join("\n\n").into_bytes())
            };
            let whole = read(name, &content);
            let (_folder, rows) = open(name, &content);
            let mut first = rows.unwrap();
            let mut pieces: Vec<_> = (0..stop).map_while(|_| first.next().unwrap()).collect();
            let (_folder, rows) = open(name, &content);
            let mut second = rows.unwrap();
            second.resume(first.position()).unwrap();
            pieces.extend(std::iter::from_fn(|| second.next().unwrap()));
            prop_assert_eq!(pieces, whole);
        }
    }
}
