//! Files of objects: SET DATA and RETRIEVE DATA (TS 102 221 §11.3).

use super::super::apdu::{Answer, Apdu, sw};
use super::super::execution::Operation;
use super::super::files::{FileId, Kind};
use super::super::tlv;
use super::{FileManager, Outcome};

/// The first block of an object; otherwise the next.
const FIRST: u8 = 0x80;
/// Octets of an object that come in one answer.
const BLOCK: usize = 255;
/// Octets that a file of objects takes.
const ROOM: usize = 8_192;

impl FileManager<'_> {
    fn objects(&self) -> Result<FileId, u16> {
        let file = self.current()?;
        match self.files.kind(file) {
            Kind::Objects if self.files.active(file) => Ok(file),
            Kind::Objects => Err(sw::CONDITIONS),
            _ => Err(sw::WRONG_FILE),
        }
    }

    /// Gathers the blocks of an object and, once it is whole, puts it in the place of the one with its tag. An object
    /// without a value removes that.
    pub(super) fn set_data(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let file = self.objects()?;
        match (apdu.p1, apdu.p2) {
            (0, FIRST) => self.selection.incoming.clear(),
            (0, 0) if self.selection.incoming.is_empty() => return Err(sw::CONDITIONS),
            (0, 0) => {}
            _ => return Err(sw::P1_P2),
        }
        self.selection.incoming.extend_from_slice(apdu.data);
        if self.selection.incoming.len() > ROOM {
            self.selection.incoming.clear();
            return Err(sw::NO_SPACE);
        }
        let whole = match tlv::extent(&self.selection.incoming) {
            tlv::Extent::Whole(tag) => tag,
            tlv::Extent::Part => return Ok(sw::OK.into()),
            tlv::Extent::Broken => {
                self.selection.incoming.clear();
                return Err(sw::DATA);
            }
        };
        let object = std::mem::take(&mut self.selection.incoming);
        let content = self.files.content(file);
        let mut kept: Vec<u8> = tlv::split(&content)
            .filter(|one| !one.starts_with(&object[..whole]))
            .flatten()
            .copied()
            .collect();
        // A tag and a length of zero are no more than the tag and one octet.
        if object.len() > whole + 1 {
            kept.extend_from_slice(&object);
        }
        if kept.len() > ROOM {
            return Err(sw::NO_SPACE);
        }
        self.files.write(file, kept);
        self.log(Operation::SetData, file, 0, &object);
        Ok(sw::OK.into())
    }

    /// Gives an object in blocks; all but the last say that there is more.
    pub(super) fn retrieve_data(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let file = self.objects()?;
        match (apdu.p1, apdu.p2) {
            (0, FIRST) => {
                let content = self.files.content(file);
                let found =
                    tlv::split(&content).find(|one| !apdu.data.is_empty() && one.starts_with(apdu.data));
                self.selection.outgoing = found.ok_or(sw::REFERENCE_NOT_FOUND)?.to_vec();
            }
            (0, 0) if self.selection.outgoing.is_empty() => return Err(sw::CONDITIONS),
            (0, 0) => {}
            _ => return Err(sw::P1_P2),
        }
        let wanted = apdu.le.filter(|le| *le > 0).map_or(BLOCK, usize::from);
        let rest = self.selection.outgoing.split_off(wanted.min(self.selection.outgoing.len()));
        let data = std::mem::replace(&mut self.selection.outgoing, rest);
        let more = !self.selection.outgoing.is_empty();
        Ok(Answer { sw: if more { sw::MORE_OF_OBJECT } else { sw::OK }, data })
    }
}
