//! Transparent files: READ and UPDATE BINARY (TS 102 221 §11.1.3, §11.1.4).

use super::super::apdu::{Answer, Apdu, sw};
use super::super::execution::Operation;
use super::super::files::{FileId, Kind};
use super::{FileManager, Outcome};

impl FileManager<'_> {
    /// The file and the offset that P1 and P2 name.
    pub(super) fn binary(&mut self, apdu: &Apdu<'_>) -> Result<(FileId, usize), u16> {
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

    pub(super) fn read_binary(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let (file, offset) = self.binary(apdu)?;
        let content = self.files.content(file);
        let rest = content.get(offset..).filter(|rest| !rest.is_empty()).ok_or(sw::OFFSET)?;
        Ok(match apdu.le {
            None | Some(0) => Answer::data(rest[..rest.len().min(256)].to_vec()),
            Some(le) if usize::from(le) > rest.len() => Answer { sw: sw::END_OF_FILE, data: rest.to_vec() },
            Some(le) => Answer::data(rest[..usize::from(le)].to_vec()),
        })
    }

    pub(super) fn update_binary(&mut self, apdu: &Apdu<'_>) -> Outcome {
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
}
