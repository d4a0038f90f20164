//! Files of records: READ, UPDATE, SEARCH RECORD and INCREASE (TS 102 221 §11.1.5 to §11.1.8).

use super::super::apdu::{Answer, Apdu, sw};
use super::super::execution::Operation;
use super::super::files::{FileId, Kind};
use super::{FileManager, Outcome};

impl FileManager<'_> {
    /// The file that P2 names, and its content and size of a record.
    pub(super) fn records(&mut self, apdu: &Apdu<'_>) -> Result<(FileId, Vec<u8>, usize), u16> {
        let file = match apdu.p2 >> 3 {
            0 => self.current()?,
            sfi => self.by_short_id(sfi)?,
        };
        let (Kind::Linear { size } | Kind::Cyclic { size }) = self.files.kind(file) else {
            return Err(sw::WRONG_FILE);
        };
        if !self.files.active(file) {
            return Err(sw::CONDITIONS);
        }
        Ok((file, self.files.content(file), size.max(1)))
    }

    /// The record that P1 and P2 name, from 1, among `count`.
    pub(super) fn record(&mut self, apdu: &Apdu<'_>, count: usize, cyclic: bool) -> Result<usize, u16> {
        let current = self.selection.record;
        let record = match (apdu.p2 & 7, apdu.p1) {
            (4, 0) => current,
            (4, record) => {
                return if usize::from(record) <= count {
                    Ok(record.into())
                } else {
                    Err(sw::RECORD_NOT_FOUND)
                };
            }
            (2, 0) if current < count => current + 1,
            (2, 0) if cyclic => 1,
            (3, 0) if current > 1 => current - 1,
            (3, 0) if cyclic || current == 0 => count,
            (2 | 3, 0) => 0,
            _ => return Err(sw::P1_P2),
        };
        if record == 0 {
            return Err(sw::RECORD_NOT_FOUND);
        }
        self.selection.record = record;
        Ok(record)
    }

    pub(super) fn read_record(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (file, content, size) = self.records(apdu)?;
        let cyclic = matches!(self.files.kind(file), Kind::Cyclic { .. });
        let record = self.record(apdu, content.len() / size, cyclic)?;
        if !matches!(apdu.le, None | Some(0)) && apdu.le != Some(size as u8) {
            return Err(sw::LENGTH);
        }
        Ok(Answer::data(content[(record - 1) * size..record * size].to_vec()))
    }

    pub(super) fn update_record(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (file, mut content, size) = self.records(apdu)?;
        if apdu.data.len() != size {
            return Err(sw::LENGTH);
        }
        if matches!(self.files.kind(file), Kind::Cyclic { .. }) {
            // The oldest record goes, and the new one is the first: only "previous" is legal here.
            if apdu.p2 & 7 != 3 || apdu.p1 != 0 {
                return Err(sw::P1_P2);
            }
            content.rotate_right(size);
            content[..size].copy_from_slice(apdu.data);
            self.selection.record = 1;
            self.files.write(file, content);
            self.log(Operation::UpdateRecord, file, 1, apdu.data);
            return Ok(sw::OK.into());
        }
        let record = self.record(apdu, content.len() / size, false)?;
        content[(record - 1) * size..record * size].copy_from_slice(apdu.data);
        self.files.write(file, content);
        self.log(Operation::UpdateRecord, file, record as u16, apdu.data);
        Ok(sw::OK.into())
    }

    pub(super) fn search_record(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (_, content, size) = self.records(apdu)?;
        if apdu.data.is_empty() || apdu.data.len() > size {
            return Err(sw::LENGTH);
        }
        if apdu.p2 & 7 != 4 {
            return Err(sw::P1_P2);
        }
        let first = usize::from(apdu.p1.max(1));
        let found: Vec<u8> = (first..)
            .zip(content.chunks_exact(size).skip(first - 1))
            .filter(|(_, record)| record.windows(apdu.data.len()).any(|window| window == apdu.data))
            .map(|(number, _)| number as u8)
            .collect();
        if found.is_empty() { Err(sw::END_OF_FILE) } else { Ok(Answer::data(found)) }
    }

    /// The older SEEK: the first record that begins with the pattern, and its number if that is asked for
    /// (TS 51.011 §9.2.7).
    pub(super) fn seek(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let file = self.current()?;
        let Kind::Linear { size } = self.files.kind(file) else { return Err(sw::WRONG_FILE) };
        if apdu.p1 != 0 || !matches!(apdu.p2, 0x00 | 0x10) {
            return Err(sw::P1_P2);
        }
        let content = self.files.content(file);
        let at = content.chunks_exact(size.max(1)).position(|record| record.starts_with(apdu.data));
        let record = at.ok_or(sw::FILE_NOT_FOUND)? + 1;
        self.selection.record = record;
        Ok(if apdu.p2 == 0x10 { Answer::data(vec![record as u8]) } else { sw::OK.into() })
    }

    pub(super) fn increase(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (file, mut content, size) = self.records(apdu)?;
        if !matches!(self.files.kind(file), Kind::Cyclic { .. }) {
            return Err(sw::WRONG_FILE);
        }
        if apdu.data.len() != 3 || size > 8 || content.len() < size {
            return Err(sw::LENGTH);
        }
        let number = |octets: &[u8]| octets.iter().fold(0u128, |n, octet| n << 8 | u128::from(*octet));
        let sum = number(&content[..size]) + number(apdu.data);
        if sum >= 1 << (8 * size) {
            return Err(sw::MAXIMUM_REACHED);
        }
        let new = sum.to_be_bytes()[16 - size..].to_vec();
        content.rotate_right(size);
        content[..size].copy_from_slice(&new);
        self.files.write(file, content);
        self.log(Operation::Increase, file, 1, apdu.data);
        Ok(Answer::data([&new[..], apdu.data].concat()))
    }
}
