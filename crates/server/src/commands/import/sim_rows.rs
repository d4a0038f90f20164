//! Rows of a table of SIM cards. What is wrong with one is told without a word of its keys.

use super::rows::Position;
use super::unreadable;
use crate::failure::Outcome;
use csv::{ByteRecord, ReaderBuilder, Trim};
use muster_app::usecases::connectivity::{KeySetInClear, NewSim, digits_of_msisdn};
use muster_domain::sim::{COUNTER_MAX, CipherAlgorithm, Iccid, ImsiMsisdn};
use std::fs::File;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Parts the labels in a cell.
const LABEL_SEPARATOR: char = '|';

/// Columns that a table may have.
const COLUMNS: [&str; 12] = [
    "iccid",
    "imsi",
    "msisdn",
    "kvn",
    "kic_algorithm",
    "kic",
    "kid_algorithm",
    "kid",
    "counter",
    "profile",
    "time_zone",
    "label",
];
/// Columns that a table must have.
const NEEDED: [&str; 2] = ["iccid", "imsi"];

/// A row: the line it begins at, and the card with at most one key set, or why it is none.
pub(super) struct SimRow {
    pub(super) line: u64,
    pub(super) sim: Result<NewSim, String>,
}

/// A table of SIM cards.
pub(super) struct SimRows {
    file: PathBuf,
    size_bytes: u64,
    reader: csv::Reader<File>,
    columns: Vec<String>,
    profile: String,
    check_digit: bool,
}

impl SimRows {
    /// Opens a table and reads the names of its columns.
    pub(super) fn open(path: &Path, profile: &str, check_digit: bool) -> Outcome<Self> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let size_bytes = file.metadata().map_err(|error| unreadable(path, error))?.len();
        // Rows of the wrong length are told with their line, and the rest goes on.
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(file);
        let header = reader.headers().map_err(|error| unreadable(path, error))?;
        let columns: Vec<String> =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
        if let Some(fault) = fault(&columns) {
            let advice = format!("columns are {}", COLUMNS.join(", "));
            return Err(unreadable(path, fault).advise(advice));
        }
        Ok(Self {
            file: path.to_owned(),
            size_bytes,
            reader,
            columns,
            profile: profile.to_owned(),
            check_digit,
        })
    }

    /// Size of the file.
    pub(super) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Where the next row begins.
    pub(super) fn position(&self) -> Position {
        let position = self.reader.position();
        Position { byte: position.byte(), line: position.line() }
    }

    /// The next row, `None` at the end. Fails when the file itself cannot be read.
    pub(super) fn next(&mut self) -> Outcome<Option<SimRow>> {
        let mut record = ByteRecord::new();
        let more =
            self.reader.read_byte_record(&mut record).map_err(|error| unreadable(&self.file, error))?;
        let line = record.position().map_or(0, csv::Position::line);
        Ok(more.then(|| SimRow { line, sim: self.read(&record) }))
    }

    fn read(&self, record: &ByteRecord) -> Result<NewSim, String> {
        if record.len() != self.columns.len() {
            return Err(format!("has {} cells, the first line names {}", record.len(), self.columns.len()));
        }
        let row = Cells { columns: &self.columns, record };
        let iccid = row.text("iccid")?.unwrap_or_default();
        let iccid = if self.check_digit { Iccid::with_check_digit(iccid) } else { iccid.parse() };
        let iccid = iccid.map_err(|error| format!("iccid: {error}"))?;
        let imsi = row.text("imsi")?.ok_or("imsi: is missing")?.to_owned();
        let msisdn = row.text("msisdn")?.map(|text| digits_of_msisdn(text).to_owned());
        let labels = row.text("label")?.unwrap_or_default().split(LABEL_SEPARATOR).map(str::trim);
        Ok(NewSim {
            labels: labels.filter(|label| !label.is_empty()).map(str::to_owned).collect(),
            profile: Some(row.text("profile")?.unwrap_or(&self.profile).to_owned()),
            time_zone: row.text("time_zone")?.map(str::to_owned),
            key_sets: row.key_set()?.into_iter().collect(),
            ..NewSim::new(iccid, vec![ImsiMsisdn { imsi, msisdn, is_last_active: true }])
        })
    }
}

fn fault(columns: &[String]) -> Option<String> {
    let unknown = columns.iter().find(|name| !COLUMNS.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Some(format!("the column {name:?} is not known"));
    }
    let twice = columns.iter().enumerate().find(|(index, name)| columns[..*index].contains(name));
    if let Some((_, name)) = twice {
        return Some(format!("the column {name:?} is there twice"));
    }
    let missing = NEEDED.iter().find(|name| columns.iter().all(|column| column != *name));
    missing.map(|name| format!("the column {name:?} is missing"))
}

/// The cells of a row by the names of their columns.
struct Cells<'a> {
    columns: &'a [String],
    record: &'a ByteRecord,
}

impl<'a> Cells<'a> {
    /// The cell of a column; `None` where it is empty or the column is not there.
    fn text(&self, column: &str) -> Result<Option<&'a str>, String> {
        let Some(index) = self.columns.iter().position(|name| name == column) else { return Ok(None) };
        let cell = self.record.get(index).unwrap_or_default();
        let text = std::str::from_utf8(cell).map_err(|_| format!("{column}: is not UTF-8"))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The key set of the row, if it has one.
    fn key_set(&self) -> Result<Option<KeySetInClear>, String> {
        let names = ["kvn", "kic_algorithm", "kic", "kid_algorithm", "kid"];
        let mut cells = [None; 5];
        for (cell, name) in cells.iter_mut().zip(names) {
            *cell = self.text(name)?;
        }
        let counter = self.text("counter")?;
        if cells.iter().all(Option::is_none) {
            return match counter {
                None => Ok(None),
                Some(_) => Err("counter: is given without keys".to_owned()),
            };
        }
        let cell = |index: usize| cells[index].ok_or_else(|| format!("{}: is missing", names[index]));
        let (kvn, kic_algorithm, kic, kid_algorithm, kid) =
            (cell(0)?, cell(1)?, cell(2)?, cell(3)?, cell(4)?);
        let algorithm = |column: &str, name: &str| {
            CipherAlgorithm::from_name(name).ok_or_else(|| format!("{column}: must be 3des2, 3des3 or aes"))
        };
        let kvn = kvn.parse().ok().filter(|kvn| (1..=15).contains(kvn)).ok_or("kvn: must be 1 to 15")?;
        let counter: u64 = match counter {
            None => 0,
            Some(text) => {
                let counter = text.parse().ok().filter(|counter| *counter <= COUNTER_MAX);
                counter.ok_or_else(|| format!("counter: must be 0 to {COUNTER_MAX}"))?
            }
        };
        Ok(Some(KeySetInClear {
            kvn,
            kic_algorithm: algorithm("kic_algorithm", kic_algorithm)?,
            kic: Zeroizing::new(kic.to_owned()),
            kid_algorithm: algorithm("kid_algorithm", kid_algorithm)?,
            kid: Zeroizing::new(kid.to_owned()),
            // The table tells what the card has stored: the next packet has to be above it.
            next_counter: counter + 1,
        }))
    }
}
