//! Remote file management: the commands of TS 102 221 §11 that scripts may use.

use super::apdu::{Answer, Apdu, Pending, in_old_class, sw};
use super::execution::{Operation, Write};
use super::files::{CURRENT_APPLICATION, FileId, FileSystem, Kind, MASTER};
use super::profile::Content;
use super::tlv;

/// What a script has selected so far.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    directory: FileId,
    file: Option<FileId>,
    /// The directory that `7FFF` names.
    application: Option<FileId>,
    /// Record last touched.
    record: usize,
    pending: Pending,
}

impl Selection {
    pub(super) fn new(application: Option<FileId>, preselected: bool) -> Self {
        let directory = application.filter(|_| preselected).unwrap_or(MASTER);
        Self { directory, file: None, application, record: 0, pending: Pending::default() }
    }
}

/// Runs commands against the files of a card.
pub(super) struct FileManager<'a> {
    pub(super) files: &'a mut FileSystem,
    pub(super) selection: &'a mut Selection,
    /// Takes what was written.
    pub(super) writes: &'a mut Vec<Write>,
    /// Number of the command in its script, from 1.
    pub(super) command: u8,
}

type Outcome = Result<Answer, u16>;

impl FileManager<'_> {
    /// Runs one command. Data of a command that also sends some waits for GET RESPONSE.
    pub(super) fn run(&mut self, apdu: &Apdu<'_>) -> Answer {
        let old_class = match apdu.cla {
            0x00 => false,
            0xA0 => true,
            _ => return sw::CLASS.into(),
        };
        let outcome = match apdu.ins {
            0xA4 => self.select(apdu, old_class),
            0xB0 => self.read_binary(apdu),
            0xD6 => self.update_binary(apdu),
            0xB2 => self.read_record(apdu),
            0xDC => self.update_record(apdu),
            0xA2 => self.search_record(apdu),
            0x32 => self.increase(apdu),
            0x04 => self.set_active(apdu, false),
            0x44 => self.set_active(apdu, true),
            0xE0 => self.create(apdu),
            0xE4 => self.delete(apdu),
            0xD4 => self.resize(apdu),
            0xC0 => self.selection.pending.fetch(apdu),
            _ => Err(sw::INSTRUCTION),
        };
        let mut answer = outcome.unwrap_or_else(Answer::from);
        if apdu.ins != 0xC0 {
            answer = self.selection.pending.keep(apdu, answer);
        }
        if old_class {
            answer.sw = in_old_class(answer.sw);
        }
        answer
    }

    fn log(&mut self, operation: Operation, file: FileId, place: u16, data: &[u8]) {
        let file = self.files.path(file);
        self.writes.push(Write { command: self.command, operation, file, place, data: data.to_vec() });
    }

    // Selecting (TS 102 221 §11.1.1).

    fn select(&mut self, apdu: &Apdu<'_>, old_class: bool) -> Outcome {
        let ids: Vec<u16> = apdu.data.as_chunks().0.iter().map(|fid| u16::from_be_bytes(*fid)).collect();
        let whole = apdu.data.len().is_multiple_of(2);
        let found = match (apdu.p1, &ids[..]) {
            (0x00, [fid]) if whole => self.reach(self.selection.directory, *fid),
            (0x03, []) if !old_class => Some(self.files.parent(self.selection.directory)),
            (0x08, ids @ [_, ..]) if whole && !old_class => self.follow(MASTER, ids),
            (0x09, ids @ [_, ..]) if whole && !old_class => self.follow(self.selection.directory, ids),
            (0x00 | 0x03 | 0x08 | 0x09, _) => return Err(sw::LENGTH),
            _ => return Err(sw::P1_P2),
        };
        let wants_data = match apdu.p2 {
            0x0C => false,
            0x04 => true,
            0x00 => old_class,
            _ => return Err(sw::P1_P2),
        };
        let file = found.ok_or(sw::FILE_NOT_FOUND)?;
        self.selection.record = 0;
        if self.files.kind(file) == Kind::Directory {
            self.selection.directory = file;
            self.selection.file = None;
        } else {
            self.selection.directory = self.files.parent(file);
            self.selection.file = Some(file);
        }
        let data = if wants_data { self.description(file) } else { Vec::new() };
        Ok(Answer { sw: if self.files.active(file) { sw::OK } else { sw::DEACTIVATED }, data })
    }

    /// A file by identifier as seen from a directory: below it, beside it, above it, the master file, or the
    /// application's directory.
    fn reach(&self, from: FileId, fid: u16) -> Option<FileId> {
        if fid == CURRENT_APPLICATION {
            return self.selection.application;
        }
        if fid == 0x3F00 {
            return Some(MASTER);
        }
        let above = self.files.parent(from);
        // An application's directory has no neighbours.
        let beside = || {
            self.files.fid(from)?;
            self.files.child(above, fid).filter(|file| self.files.kind(*file) == Kind::Directory)
        };
        self.files
            .child(from, fid)
            .or_else(|| [from, above].into_iter().find(|file| self.files.fid(*file) == Some(fid)))
            .or_else(beside)
    }

    fn follow(&self, from: FileId, ids: &[u16]) -> Option<FileId> {
        ids.iter().enumerate().try_fold(from, |directory, (at, fid)| match fid {
            &CURRENT_APPLICATION if at == 0 => self.selection.application,
            fid => self.files.child(directory, *fid),
        })
    }

    /// A short file control template (TS 102 221 §11.1.1.3).
    fn description(&self, file: FileId) -> Vec<u8> {
        let kind = self.files.kind(file);
        let content = self.files.content(file);
        let mut inner = match kind {
            Kind::Directory => vec![0x82, 2, 0x78, 0x21],
            Kind::Transparent => vec![0x82, 2, 0x41, 0x21],
            Kind::Linear { size } | Kind::Cyclic { size } => {
                let shape = if matches!(kind, Kind::Linear { .. }) { 0x42 } else { 0x46 };
                vec![0x82, 5, shape, 0x21, (size >> 8) as u8, size as u8, (content.len() / size.max(1)) as u8]
            }
        };
        if let Some(fid) = self.files.fid(file) {
            inner.extend([0x83, 2, (fid >> 8) as u8, fid as u8]);
        }
        inner.extend([0x8A, 1, if self.files.active(file) { 5 } else { 4 }]);
        if kind != Kind::Directory {
            inner.extend([0x80, 2, (content.len() >> 8) as u8, content.len() as u8]);
        }
        tlv::object(0x62, &inner)
    }

    fn current(&self) -> Result<FileId, u16> {
        self.selection.file.ok_or(sw::NO_FILE_SELECTED)
    }

    fn by_short_id(&mut self, sfi: u8) -> Result<FileId, u16> {
        let file = self.files.short(self.selection.directory, sfi).ok_or(sw::FILE_NOT_FOUND)?;
        self.selection.file = Some(file);
        self.selection.record = 0;
        Ok(file)
    }

    // Transparent files (§11.1.3, §11.1.4).

    /// The file and the offset that P1 and P2 name.
    fn binary(&mut self, apdu: &Apdu<'_>) -> Result<(FileId, usize), u16> {
        let (file, offset) = if apdu.p1 & 0x80 == 0 {
            (self.current()?, usize::from(apdu.p1) << 8 | usize::from(apdu.p2))
        } else {
            (self.start_of_short(apdu.p1)?, usize::from(apdu.p2))
        };
        if self.files.kind(file) != Kind::Transparent {
            return Err(sw::WRONG_FILE);
        }
        if !self.files.active(file) {
            return Err(sw::CONDITIONS);
        }
        Ok((file, offset))
    }

    fn start_of_short(&mut self, p1: u8) -> Result<FileId, u16> {
        // Bits 7 and 6 are reserved.
        if p1 & 0x60 != 0 {
            return Err(sw::P1_P2);
        }
        self.by_short_id(p1 & 0x1F)
    }

    fn read_binary(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (file, offset) = self.binary(apdu)?;
        let content = self.files.content(file);
        let rest = content.get(offset..).filter(|rest| !rest.is_empty()).ok_or(sw::OFFSET)?;
        Ok(match apdu.le {
            None | Some(0) => Answer::data(rest[..rest.len().min(256)].to_vec()),
            Some(le) if usize::from(le) > rest.len() => Answer { sw: sw::END_OF_FILE, data: rest.to_vec() },
            Some(le) => Answer::data(rest[..usize::from(le)].to_vec()),
        })
    }

    fn update_binary(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (file, offset) = self.binary(apdu)?;
        let mut content = self.files.content(file);
        if apdu.data.is_empty() {
            return Err(sw::LENGTH);
        }
        let room = content.get_mut(offset..).filter(|room| !room.is_empty()).ok_or(sw::OFFSET)?;
        room.get_mut(..apdu.data.len()).ok_or(sw::LENGTH)?.copy_from_slice(apdu.data);
        self.files.write(file, content);
        self.log(Operation::UpdateBinary, file, offset as u16, apdu.data);
        Ok(sw::OK.into())
    }

    // Files of records (§11.1.5 to §11.1.8).

    /// The file that P2 names, and its content and size of a record.
    fn records(&mut self, apdu: &Apdu<'_>) -> Result<(FileId, Vec<u8>, usize), u16> {
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
    fn record(&mut self, apdu: &Apdu<'_>, count: usize, cyclic: bool) -> Result<usize, u16> {
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

    fn read_record(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (file, content, size) = self.records(apdu)?;
        let cyclic = matches!(self.files.kind(file), Kind::Cyclic { .. });
        let record = self.record(apdu, content.len() / size, cyclic)?;
        if !matches!(apdu.le, None | Some(0)) && apdu.le != Some(size as u8) {
            return Err(sw::LENGTH);
        }
        Ok(Answer::data(content[(record - 1) * size..record * size].to_vec()))
    }

    fn update_record(&mut self, apdu: &Apdu<'_>) -> Outcome {
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

    fn search_record(&mut self, apdu: &Apdu<'_>) -> Outcome {
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

    fn increase(&mut self, apdu: &Apdu<'_>) -> Outcome {
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

    // Administration (TS 102 222 §6).

    fn set_active(&mut self, apdu: &Apdu<'_>, active: bool) -> Outcome {
        if (apdu.p1, apdu.p2) != (0, 0) {
            return Err(sw::P1_P2);
        }
        let file = match apdu.data {
            [] => self.current()?,
            [high, low] => self
                .files
                .child(self.selection.directory, u16::from_be_bytes([*high, *low]))
                .ok_or(sw::FILE_NOT_FOUND)?,
            _ => return Err(sw::LENGTH),
        };
        self.files.set_active(file, active);
        self.log(if active { Operation::Activate } else { Operation::Deactivate }, file, 0, &[]);
        Ok(sw::OK.into())
    }

    fn delete(&mut self, apdu: &Apdu<'_>) -> Outcome {
        if (apdu.p1, apdu.p2) != (0, 0) {
            return Err(sw::P1_P2);
        }
        let [high, low] = apdu.data else { return Err(sw::LENGTH) };
        let fid = u16::from_be_bytes([*high, *low]);
        let file = self.files.child(self.selection.directory, fid).ok_or(sw::FILE_NOT_FOUND)?;
        self.log(Operation::Delete, file, 0, &[]);
        self.files.remove(file);
        if self.selection.file == Some(file) {
            self.selection.file = None;
        }
        Ok(sw::OK.into())
    }

    fn create(&mut self, apdu: &Apdu<'_>) -> Outcome {
        if (apdu.p1, apdu.p2) != (0, 0) {
            return Err(sw::P1_P2);
        }
        let fields = tlv::only(apdu.data, 0x62).and_then(tlv::list).ok_or(sw::DATA)?;
        let field = |tag| fields.iter().find(|(own, _)| *own == tag).map(|(_, value)| *value);
        let fid = field(0x83).and_then(|value| <[u8; 2]>::try_from(value).ok()).ok_or(sw::DATA)?;
        let fid = u16::from_be_bytes(fid);
        let size =
            field(0x80).map_or(0, |value| value.iter().fold(0, |n, octet| n << 8 | usize::from(*octet)));
        // More than a card has room for, or a file for which 15 bits of offset would not do.
        if size > 0x7FFF {
            return Err(sw::NO_SPACE);
        }
        let content = match field(0x82) {
            Some([shape, ..]) if shape & 0x38 == 0x38 => Content::Directory,
            Some([shape, ..]) if shape & 7 == 1 => Content::Transparent(vec![0xFF; size]),
            Some([shape, _, high, low, ..]) => {
                let record = usize::from(u16::from_be_bytes([*high, *low]));
                let count = size.checked_div(record).ok_or(sw::DATA)?;
                match shape & 7 {
                    2 => Content::Linear { size: record, count },
                    6 => Content::Cyclic { size: record, count },
                    _ => return Err(sw::DATA),
                }
            }
            _ => return Err(sw::DATA),
        };
        if content != Content::Directory && size == 0 {
            return Err(sw::DATA);
        }
        if self.files.child(self.selection.directory, fid).is_some() {
            return Err(sw::FILE_EXISTS);
        }
        if self.files.created() >= 1_000 {
            return Err(sw::NO_SPACE);
        }
        let sfi = field(0x88).and_then(|value| value.first()).map(|octet| octet >> 3);
        let directory = content == Content::Directory;
        let file = self.files.create(self.selection.directory, fid, sfi, content);
        if directory {
            self.selection.directory = file;
            self.selection.file = None;
        } else {
            self.selection.file = Some(file);
        }
        self.log(Operation::Create, file, 0, apdu.data);
        Ok(sw::OK.into())
    }

    fn resize(&mut self, apdu: &Apdu<'_>) -> Outcome {
        if (apdu.p1, apdu.p2) != (0, 0) {
            return Err(sw::P1_P2);
        }
        let fields = tlv::only(apdu.data, 0x62).and_then(tlv::list).ok_or(sw::DATA)?;
        let field = |tag| fields.iter().find(|(own, _)| *own == tag).map(|(_, value)| *value);
        let file = match field(0x83) {
            Some([high, low]) => self
                .files
                .child(self.selection.directory, u16::from_be_bytes([*high, *low]))
                .ok_or(sw::FILE_NOT_FOUND)?,
            Some(_) => return Err(sw::DATA),
            None => self.current()?,
        };
        let size = field(0x80).ok_or(sw::DATA)?.iter().fold(0usize, |n, octet| n << 8 | usize::from(*octet));
        if size > 0x7FFF {
            return Err(sw::NO_SPACE);
        }
        match self.files.kind(file) {
            Kind::Transparent => {}
            Kind::Linear { size: record } if record > 0 && size.is_multiple_of(record) => {}
            Kind::Linear { .. } => return Err(sw::DATA),
            Kind::Cyclic { .. } | Kind::Directory => return Err(sw::WRONG_FILE),
        }
        let mut content = self.files.content(file);
        content.resize(size, 0xFF);
        self.files.write(file, content);
        self.log(Operation::Resize, file, size as u16, &[]);
        Ok(sw::OK.into())
    }
}
