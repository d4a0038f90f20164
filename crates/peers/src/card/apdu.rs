//! Command APDUs cut out of scripts.

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Apdu<'a> {
    pub(super) cla: u8,
    pub(super) ins: u8,
    pub(super) p1: u8,
    pub(super) p2: u8,
    pub(super) data: &'a [u8],
    /// Octets wanted; 0 for all that there are.
    pub(super) le: Option<u8>,
}

/// Commands whose fifth octet is a wanted length, not that of data (case 2). RETRIEVE DATA is one when it asks for
/// the next block.
fn only_answers(ins: u8, p2: u8) -> bool {
    matches!((ins, p2), (0xB0 | 0xB2 | 0xC0 | 0xCA, _) | (0xCB, 0))
}

impl<'a> Apdu<'a> {
    /// The first command of a compact script and what follows it; `None` when the octets do not make a command.
    /// There the fifth octet is always present, except in a last command without data.
    pub(super) fn first_of(script: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[cla, ins, p1, p2], rest) = script.split_first_chunk()?;
        let bare = Self { cla, ins, p1, p2, data: &[], le: None };
        let Some((p3, rest)) = rest.split_first() else { return Some((bare, &[])) };
        if only_answers(ins, p2) {
            return Some((Self { le: Some(*p3), ..bare }, rest));
        }
        let (data, rest) = rest.split_at_checked(usize::from(*p3))?;
        Some((Self { data, ..bare }, rest))
    }

    /// A command that stands alone, as in expanded scripts: any of the four cases of ISO/IEC 7816-4 with short
    /// lengths.
    pub(super) fn whole(octets: &'a [u8]) -> Option<Self> {
        let (&[cla, ins, p1, p2], rest) = octets.split_first_chunk()?;
        let bare = Self { cla, ins, p1, p2, data: &[], le: None };
        match rest {
            [] => Some(bare),
            [le] => Some(Self { le: Some(*le), ..bare }),
            [lc, rest @ ..] => {
                let (data, le) = rest.split_at_checked(usize::from(*lc))?;
                match le {
                    [] => Some(Self { data, ..bare }),
                    [le] => Some(Self { data, le: Some(*le), ..bare }),
                    _ => None,
                }
            }
        }
    }
}

/// What a command gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) sw: u16,
    pub(super) data: Vec<u8>,
}

impl From<u16> for Answer {
    fn from(sw: u16) -> Self {
        Self { sw, data: Vec::new() }
    }
}

impl Answer {
    /// Success with data.
    pub(super) fn data(data: Vec<u8>) -> Self {
        Self { sw: 0x9000, data }
    }

    /// Whether a script ends with it: success and warnings let it go on.
    pub(super) fn fails(&self) -> bool {
        !matches!(self.sw >> 8, 0x90..=0x92 | 0x61..=0x63 | 0x9F)
    }
}

/// Data of a command that both takes and gives some: they wait for GET RESPONSE, unless the command said how many it
/// wants.
#[derive(Debug, Clone, Default)]
pub(super) struct Pending {
    data: Vec<u8>,
    /// Status word that comes with them.
    sw: u16,
}

impl Pending {
    /// Keeps the data of such a command's answer, and drops what was kept before.
    pub(super) fn keep(&mut self, apdu: &Apdu<'_>, mut answer: Answer) -> Answer {
        self.data.clear();
        if !apdu.data.is_empty() && !answer.data.is_empty() && apdu.le.is_none() {
            *self = Self { data: std::mem::take(&mut answer.data), sw: answer.sw };
            answer.sw = 0x6100 | (self.data.len().min(0xFF) as u16);
        }
        answer
    }

    /// GET RESPONSE.
    pub(super) fn fetch(&mut self, apdu: &Apdu<'_>) -> Result<Answer, u16> {
        let Self { mut data, sw } = std::mem::take(self);
        let wanted = usize::from(apdu.le.unwrap_or(0));
        if data.is_empty() {
            return Err(sw::CONDITIONS);
        }
        if wanted > data.len() {
            return Err(sw::LENGTH);
        }
        if wanted > 0 {
            data.truncate(wanted);
        }
        Ok(Answer { sw, data })
    }
}

/// Status words (TS 102 221 §10.2).
pub(super) mod sw {
    pub(crate) const OK: u16 = 0x9000;
    pub(crate) const END_OF_FILE: u16 = 0x6282;
    pub(crate) const DEACTIVATED: u16 = 0x6283;
    pub(crate) const MORE_DATA: u16 = 0x6310;
    pub(crate) const MORE_OF_OBJECT: u16 = 0x62F1;
    pub(crate) const LENGTH: u16 = 0x6700;
    pub(crate) const WRONG_FILE: u16 = 0x6981;
    pub(crate) const BLOCKED: u16 = 0x6983;
    pub(crate) const CONDITIONS: u16 = 0x6985;
    pub(crate) const NO_FILE_SELECTED: u16 = 0x6986;
    pub(crate) const DATA: u16 = 0x6A80;
    pub(crate) const FILE_NOT_FOUND: u16 = 0x6A82;
    pub(crate) const RECORD_NOT_FOUND: u16 = 0x6A83;
    pub(crate) const NO_SPACE: u16 = 0x6A84;
    pub(crate) const P1_P2: u16 = 0x6A86;
    pub(crate) const REFERENCE_NOT_FOUND: u16 = 0x6A88;
    pub(crate) const FILE_EXISTS: u16 = 0x6A89;
    pub(crate) const OFFSET: u16 = 0x6B00;
    pub(crate) const INSTRUCTION: u16 = 0x6D00;
    pub(crate) const CLASS: u16 = 0x6E00;
    pub(crate) const MAXIMUM_REACHED: u16 = 0x9850;
}

/// The status word of the old class A0 for one of today's (TS 51.011 §9.4).
pub(super) fn in_old_class(sw: u16) -> u16 {
    match sw {
        self::sw::NO_FILE_SELECTED => 0x9400,
        self::sw::OFFSET | self::sw::RECORD_NOT_FOUND => 0x9402,
        self::sw::FILE_NOT_FOUND => 0x9404,
        self::sw::WRONG_FILE => 0x9408,
        self::sw::BLOCKED => 0x9840,
        0x6982 | 0x63C0..=0x63CF => 0x9804,
        _ if sw >> 8 == 0x61 => 0x9F00 | sw & 0xFF,
        _ => sw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_script_is_cut() {
        let script = [0x00, 0xA4, 0x00, 0x0C, 2, 0x6F, 0xAD, 0x00, 0xB0, 0, 0, 4];
        let (select, rest) = Apdu::first_of(&script).unwrap();
        assert_eq!((select.ins, select.data, select.le), (0xA4, &[0x6F, 0xAD][..], None));
        let (read, rest) = Apdu::first_of(rest).unwrap();
        assert_eq!((read.ins, read.data, read.le, rest), (0xB0, &[][..], Some(4), &[][..]));
    }

    #[test]
    fn what_is_no_command() {
        assert_eq!(Apdu::first_of(&[0, 0xA4, 0]), None);
        assert_eq!(Apdu::first_of(&[0, 0xA4, 0, 0x0C, 2, 0x6F]), None);
        assert_eq!(Apdu::whole(&[0, 0xD6, 0, 0, 1, 5, 0, 0]), None);
        assert!(Apdu::whole(&[0, 0x44, 0, 0]).is_some());
    }
}
