//! Files made, removed, resized, closed and opened (TS 102 221 §11.1.14, §11.1.15; TS 102 222 §6).

use super::super::apdu::{Apdu, sw};
use super::super::execution::Operation;
use super::super::files::Kind;
use super::super::profile::Content;
use super::super::tlv;
use super::{FileManager, Outcome};

impl FileManager<'_> {
    pub(super) fn set_active(&mut self, apdu: &Apdu<'_>, active: bool) -> Outcome {
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

    pub(super) fn delete(&mut self, apdu: &Apdu<'_>) -> Outcome {
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

    pub(super) fn create(&mut self, apdu: &Apdu<'_>) -> Outcome {
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

    pub(super) fn resize(&mut self, apdu: &Apdu<'_>) -> Outcome {
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
            Kind::Objects | Kind::Cyclic { .. } | Kind::Directory => return Err(sw::WRONG_FILE),
        }
        let mut content = self.files.content(file);
        content.resize(size, 0xFF);
        self.files.write(file, content);
        self.log(Operation::Resize, file, size as u16, &[]);
        Ok(sw::OK.into())
    }
}
