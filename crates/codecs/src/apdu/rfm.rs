//! Remote file management: the commands on files (ETSI TS 102 226 §7, TS 102 221 §11, TS 102 222; the older class in
//! 3GPP TS 51.011 §9).

use super::{Apdu, MAX_DATA_LEN};
use crate::ber;
use crate::error::EncodeError;
use crate::path::FileId;

/// Offsets have 15 bits, in octets.
const MAX_OFFSET: usize = 0x7FFF;
/// P1 of binary commands that name a short file identifier.
const BY_SHORT_ID: u8 = 0x80;
/// P2 of record commands: the record number in P1 counts from the first record.
const ABSOLUTE: u8 = 0x04;

/// The command class: which generation of card speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Class {
    /// UICC (00, and 80 for what only it has).
    #[default]
    Uicc,
    /// 2G SIM (A0).
    Gsm,
}

impl Class {
    fn interindustry(self) -> u8 {
        match self {
            Self::Uicc => 0x00,
            Self::Gsm => 0xA0,
        }
    }

    fn specific(self) -> u8 {
        match self {
            Self::Uicc => 0x80,
            Self::Gsm => 0xA0,
        }
    }
}

/// What SELECT gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SelectAnswer {
    /// Nothing.
    #[default]
    Nothing,
    /// The file control parameters; a GET RESPONSE fetches them.
    ControlParameters,
}

impl SelectAnswer {
    fn p2(self, class: Class) -> u8 {
        match (class, self) {
            // The older class knows no P2 and always has an answer to fetch.
            (Class::Gsm, _) => 0x00,
            (Class::Uicc, Self::Nothing) => 0x0C,
            (Class::Uicc, Self::ControlParameters) => 0x04,
        }
    }
}

/// Where in which file a binary command works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the selected file, this many octets from its beginning, at most 7FFF.
    Offset(u16),
    /// In the file with this short identifier (1 to 30), which gets selected; offset at most FF.
    ShortId {
        /// The short identifier.
        id: u8,
        /// Octets from the beginning of the file.
        offset: u8,
    },
}

impl Place {
    fn parameters(self) -> Result<[u8; 2], EncodeError> {
        match self {
            Self::Offset(offset) if usize::from(offset) <= MAX_OFFSET => Ok(offset.to_be_bytes()),
            Self::Offset(offset) => {
                Err(EncodeError::OutOfRange { what: "offset", value: offset.into(), range: "0 to 32767" })
            }
            Self::ShortId { id, offset } => Ok([BY_SHORT_ID | short_id(id)?, offset]),
        }
    }

    fn start(self) -> usize {
        match self {
            Self::Offset(offset) => offset.into(),
            Self::ShortId { offset, .. } => offset.into(),
        }
    }
}

fn short_id(id: u8) -> Result<u8, EncodeError> {
    if (1..=30).contains(&id) {
        Ok(id)
    } else {
        Err(EncodeError::OutOfRange { what: "short file identifier", value: id.into(), range: "1 to 30" })
    }
}

/// SELECT by file identifier: a child of the current directory, its parent, or an application directory (7FFF).
pub fn select(class: Class, file: FileId, answer: SelectAnswer) -> Apdu {
    known(Apdu::writing([class.interindustry(), 0xA4, 0x00, answer.p2(class)], &file.to_octets()))
}

/// SELECT by path from the master file, which is not itself part of the path.
///
/// # Errors
/// When the path is empty, or longer than a command.
pub fn select_path_from_master(files: &[FileId], answer: SelectAnswer) -> Result<Apdu, EncodeError> {
    Apdu::writing([0x00, 0xA4, 0x08, answer.p2(Class::Uicc)], &path_octets(files))
}

/// SELECT by path from the current directory.
///
/// # Errors
/// When the path is empty, or longer than a command.
pub fn select_path_from_current(files: &[FileId], answer: SelectAnswer) -> Result<Apdu, EncodeError> {
    Apdu::writing([0x00, 0xA4, 0x09, answer.p2(Class::Uicc)], &path_octets(files))
}

fn path_octets(files: &[FileId]) -> Vec<u8> {
    files.iter().flat_map(|file| file.to_octets()).collect()
}

/// READ BINARY of `len` octets; 0 reads 256, or to the end of the file.
///
/// # Errors
/// When the place is out of range.
pub fn read_binary(class: Class, place: Place, len: u8) -> Result<Apdu, EncodeError> {
    let [p1, p2] = place.parameters()?;
    Ok(Apdu::reading([class.interindustry(), 0xB0, p1, p2], len))
}

/// UPDATE BINARY with any amount of data: as many commands as it takes, 255 octets each but the last. Only the first
/// names a short identifier, for it selects the file.
///
/// # Errors
/// When there are no data, or the place or the end of the data is out of range.
pub fn update_binary(class: Class, place: Place, data: &[u8]) -> Result<Vec<Apdu>, EncodeError> {
    let [p1, p2] = place.parameters()?;
    if data.is_empty() {
        return Err(EncodeError::WrongLength { what: "file content", len: 0, expected: "at least 1" });
    }
    let header = |[p1, p2]: [u8; 2]| [class.interindustry(), 0xD6, p1, p2];
    let mut commands = Vec::with_capacity(data.len().div_ceil(MAX_DATA_LEN).min(MAX_OFFSET));
    for (index, chunk) in data.chunks(MAX_DATA_LEN).enumerate() {
        let parameters = if index == 0 {
            [p1, p2]
        } else {
            let offset = place.start() + index * MAX_DATA_LEN;
            let offset = u16::try_from(offset).unwrap_or(u16::MAX);
            Place::Offset(offset).parameters()?
        };
        commands.push(Apdu::writing(header(parameters), chunk)?);
    }
    Ok(commands)
}

/// READ RECORD of the selected file; records count from 1, and 0 is the current one.
pub fn read_record(class: Class, record: u8, len: u8) -> Apdu {
    Apdu::reading([class.interindustry(), 0xB2, record, ABSOLUTE], len)
}

/// UPDATE RECORD of the selected file with a whole record.
///
/// # Errors
/// When the data are no record: none, or above 255 octets.
pub fn update_record(class: Class, record: u8, data: &[u8]) -> Result<Apdu, EncodeError> {
    Apdu::writing([class.interindustry(), 0xDC, record, ABSOLUTE], data)
}

/// SEARCH RECORD of the selected file, forward from `record`; the numbers found are fetched by GET RESPONSE.
///
/// # Errors
/// When the pattern is empty or above 255 octets.
pub fn search_record(class: Class, record: u8, pattern: &[u8]) -> Result<Apdu, EncodeError> {
    match class {
        Class::Uicc => Apdu::writing([0x00, 0xA2, record, ABSOLUTE], pattern),
        // SEEK, type 2, from the beginning forward: the number found comes back.
        Class::Gsm => Apdu::writing([0xA0, 0xA2, 0x00, 0x10], pattern),
    }
}

/// INCREASE of the selected cyclic file. Running it twice adds twice.
///
/// # Errors
/// When the value is empty or above 127 octets; above anything but 3 octets for the older class.
pub fn increase(class: Class, value: &[u8]) -> Result<Apdu, EncodeError> {
    if class == Class::Gsm && value.len() != 3 {
        return Err(EncodeError::WrongLength { what: "value", len: value.len(), expected: "3" });
    }
    if value.len() > 127 {
        return Err(EncodeError::TooLong { what: "value", len: value.len(), max: 127 });
    }
    Apdu::writing([class.specific(), 0x32, 0x00, 0x00], value)
}

/// ACTIVATE FILE (REHABILITATE in the older class) for the selected file.
pub fn activate_file(class: Class) -> Apdu {
    Apdu::bare([class.interindustry(), 0x44, 0x00, 0x00])
}

/// DEACTIVATE FILE (INVALIDATE in the older class) for the selected file.
pub fn deactivate_file(class: Class) -> Apdu {
    Apdu::bare([class.interindustry(), 0x04, 0x00, 0x00])
}

/// CREATE FILE in the current directory from its file control parameters, the whole object with tag 62.
///
/// # Errors
/// When the parameters are empty or above 255 octets.
pub fn create_file(parameters: &[u8]) -> Result<Apdu, EncodeError> {
    Apdu::writing([0x00, 0xE0, 0x00, 0x00], parameters)
}

/// DELETE FILE, a child of the current directory.
pub fn delete_file(file: FileId) -> Apdu {
    known(Apdu::writing([0x00, 0xE4, 0x00, 0x00], &file.to_octets()))
}

/// RESIZE FILE to this many octets; its identifier and new size go as file control parameters.
pub fn resize_file(file: FileId, size: u16) -> Apdu {
    let mut parameters = Vec::with_capacity(8);
    ber::push_object(&mut parameters, 0x83, &file.to_octets());
    ber::push_object(&mut parameters, 0x80, &size.to_be_bytes());
    let mut data = Vec::with_capacity(10);
    ber::push_object(&mut data, 0x62, &parameters);
    known(Apdu::writing([0x80, 0xD4, 0x00, 0x00], &data))
}

/// VERIFY PIN with the key reference of the PIN; the value is filled up to 8 octets.
///
/// # Errors
/// When the value is not 4 to 8 decimal digits.
pub fn verify_pin(class: Class, reference: u8, digits: &str) -> Result<Apdu, EncodeError> {
    let expected = "4 to 8 decimal digits";
    if !(4..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EncodeError::WrongLength { what: "PIN", len: digits.len(), expected });
    }
    let mut value = zeroize::Zeroizing::new([0xFF; 8]);
    value[..digits.len()].copy_from_slice(digits.as_bytes());
    Apdu::writing([class.interindustry(), 0x20, 0x00, reference], &value[..])
}

/// SET DATA: writes an object into the selected BER-TLV file, in as many commands as it takes. `object` is the whole
/// object with tag and length.
///
/// # Errors
/// When the object is empty.
pub fn set_data(object: &[u8]) -> Result<Vec<Apdu>, EncodeError> {
    if object.is_empty() {
        return Err(EncodeError::WrongLength { what: "object", len: 0, expected: "at least 1" });
    }
    let first_then_next = std::iter::once(0x80).chain(std::iter::repeat(0x00));
    object
        .chunks(MAX_DATA_LEN)
        .zip(first_then_next)
        .map(|(block, p2)| Apdu::writing([0x80, 0xDB, 0x00, p2], block))
        .collect()
}

/// RETRIEVE DATA: the first block of the object with this tag in the selected BER-TLV file.
///
/// # Errors
/// When the tag is empty or above 255 octets.
pub fn retrieve_data(tag: &[u8]) -> Result<Apdu, EncodeError> {
    Apdu::writing([0x80, 0xCB, 0x00, 0x80], tag)
}

/// RETRIEVE DATA: the next block of the object that was begun.
pub fn retrieve_next_data(len: u8) -> Apdu {
    Apdu::reading([0x80, 0xCB, 0x00, 0x00], len)
}

/// GET RESPONSE: fetches what the command before has ready. In the compact format this stands behind every command
/// that has data in both directions.
pub fn get_response(class: Class, len: u8) -> Apdu {
    Apdu::reading([class.interindustry(), 0xC0, 0x00, 0x00], len)
}

/// For commands whose data were just made here.
pub(super) fn known(command: Result<Apdu, EncodeError>) -> Apdu {
    command.expect("data made here are between 1 and 255 octets")
}
