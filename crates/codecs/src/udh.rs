//! The user data header of a short message (3GPP TS 23.040 §9.2.3.24).

use crate::error::DecodeError;
use crate::octets::Octets;

/// Concatenation with an 8-bit reference.
const CONCAT_8: u8 = 0x00;
/// Concatenation with a 16-bit reference.
const CONCAT_16: u8 = 0x08;
/// (U)SIM toolkit security header: command packet.
const COMMAND_PACKET: u8 = 0x70;
/// The same: response packet.
const RESPONSE_PACKET: u8 = 0x71;

/// User data with a header, taken apart. The header was walked once from end to end, so its elements can be trusted
/// to lie inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserData<'a> {
    header: &'a [u8],
    payload: &'a [u8],
}

/// One information element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// What it is.
    pub identifier: u8,
    /// Its content.
    pub data: &'a [u8],
}

/// Which part of which message this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concatenation {
    /// The same for all parts of one message. Messages with 8- and with 16-bit references are never the same one.
    pub reference: Reference,
    /// Parts in all, 1 to 255.
    pub total: u8,
    /// Which one this is, 1 to `total`.
    pub sequence: u8,
}

/// The reference number of a concatenation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// 8 bits (information element 00).
    Short(u8),
    /// 16 bits (information element 08).
    Long(u16),
}

/// What kind of secured packet a header announces (3GPP TS 31.115 §4.2, §4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// Server to card.
    Command,
    /// Card to server.
    Response,
}

impl PacketKind {
    /// The information element that announces it, always without content.
    pub fn identifier(self) -> u8 {
        match self {
            Self::Command => COMMAND_PACKET,
            Self::Response => RESPONSE_PACKET,
        }
    }
}

impl<'a> UserData<'a> {
    /// Takes user data apart that begin with a header, as the header indicator of the message says.
    ///
    /// # Errors
    /// `length` when the header or one of its elements is longer than what is there.
    pub fn parse(tp_ud: &'a [u8]) -> Result<Self, DecodeError> {
        let mut octets = Octets::new(tp_ud);
        let header = octets
            .octet()
            .and_then(|len| octets.take(usize::from(len)))
            .ok_or(DecodeError::Length("the user data header is longer than the user data"))?;
        let mut elements = Octets::new(header);
        while !elements.is_empty() {
            take_element(&mut elements)
                .ok_or(DecodeError::Length("an information element is longer than the user data header"))?;
        }
        Ok(Self { header, payload: octets.rest() })
    }

    /// Everything behind the header.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The information elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let mut octets = Octets::new(self.header);
        std::iter::from_fn(move || take_element(&mut octets))
    }

    /// Which part of which message this is; none for a message of its own. An element whose numbers make no sense is
    /// ignored as the standard demands (§9.2.3.24.1), and of several the last one counts (§9.2.3.24).
    pub fn concatenation(&self) -> Option<Concatenation> {
        self.elements()
            .filter_map(|element| match (element.identifier, element.data) {
                (CONCAT_8, &[reference, total, sequence]) => {
                    Some(Concatenation { reference: Reference::Short(reference), total, sequence })
                }
                (CONCAT_16, &[high, low, total, sequence]) => {
                    let reference = Reference::Long(u16::from_be_bytes([high, low]));
                    Some(Concatenation { reference, total, sequence })
                }
                _ => None,
            })
            .filter(|part| (1..=part.total).contains(&part.sequence))
            .last()
    }

    /// The secured packet it announces. Only the first of several parts does.
    pub fn packet_kind(&self) -> Option<PacketKind> {
        self.elements().find_map(|element| match element.identifier {
            COMMAND_PACKET => Some(PacketKind::Command),
            RESPONSE_PACKET => Some(PacketKind::Response),
            _ => None,
        })
    }
}

fn take_element<'a>(octets: &mut Octets<'a>) -> Option<Element<'a>> {
    let identifier = octets.octet()?;
    let len = octets.octet()?;
    Some(Element { identifier, data: octets.take(usize::from(len))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_by_table() {
        let short = |reference, total, sequence| {
            Some(Concatenation { reference: Reference::Short(reference), total, sequence })
        };
        let long = Some(Concatenation { reference: Reference::Long(0x1234), total: 3, sequence: 2 });
        for (octets, concatenation, kind, payload) in [
            (&[0x02, 0x70, 0x00, 0xAA][..], None, Some(PacketKind::Command), &[0xAA][..]),
            (&[0x02, 0x71, 0x00], None, Some(PacketKind::Response), &[]),
            (&[0x07, 0x00, 0x03, 9, 2, 1, 0x70, 0x00, 1], short(9, 2, 1), Some(PacketKind::Command), &[1]),
            (&[0x05, 0x00, 0x03, 9, 2, 2, 1], short(9, 2, 2), None, &[1]),
            (&[0x06, 0x08, 0x04, 0x12, 0x34, 3, 2], long, None, &[]),
            // Nonsense numbers: no part of anything.
            (&[0x05, 0x00, 0x03, 9, 0, 0], None, None, &[]),
            (&[0x05, 0x00, 0x03, 9, 2, 3], None, None, &[]),
            (&[0x04, 0x00, 0x02, 9, 2], None, None, &[]),
            // Two elements of one kind: the last counts.
            (&[0x0A, 0x00, 0x03, 9, 2, 1, 0x00, 0x03, 8, 4, 4], short(8, 4, 4), None, &[]),
            (&[0x00, 7], None, None, &[7]),
        ] {
            let parsed = UserData::parse(octets).unwrap();
            assert_eq!(parsed.concatenation(), concatenation, "{octets:?}");
            assert_eq!(parsed.packet_kind(), kind, "{octets:?}");
            assert_eq!(parsed.payload(), payload, "{octets:?}");
        }
        for broken in [&[][..], &[1], &[3, 0x70, 0], &[2, 0x70, 1], &[1, 0x70], &[3, 0x70, 0, 0x71]] {
            assert_eq!(UserData::parse(broken).unwrap_err().class(), "length", "{broken:?}");
        }
    }
}
