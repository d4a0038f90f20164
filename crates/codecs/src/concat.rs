//! One packet in several short messages, and back (3GPP TS 31.115 §4.2, §4.3; TS 23.040 §9.2.3.24.1).

use crate::error::{DecodeError, EncodeError};
use crate::udh::{Concatenation, PacketKind, Reference, UserData};

/// The most user data a short message holds, header included, in octets.
pub const MAX_TP_UD_LEN: usize = 140;
/// `02 70 00`.
const SINGLE_HEADER_LEN: usize = 3;
/// `07 00 03 RR NN 01 70 00`.
const FIRST_HEADER_LEN: usize = 8;
/// `05 00 03 RR NN SS`.
const FURTHER_HEADER_LEN: usize = 6;
const SINGLE_ROOM: usize = MAX_TP_UD_LEN - SINGLE_HEADER_LEN;
const FIRST_ROOM: usize = MAX_TP_UD_LEN - FIRST_HEADER_LEN;
const FURTHER_ROOM: usize = MAX_TP_UD_LEN - FURTHER_HEADER_LEN;
const MAX_SEGMENTS: usize = 255;

/// The longest packet that fits into one concatenation, in octets. Cards take far less: their profile says how much.
pub const MAX_PACKET_LEN: usize = FIRST_ROOM + (MAX_SEGMENTS - 1) * FURTHER_ROOM;

/// Short messages that a packet of this length takes.
pub fn segments_needed(packet_len: usize) -> usize {
    if packet_len <= SINGLE_ROOM { 1 } else { 1 + (packet_len - FIRST_ROOM).div_ceil(FURTHER_ROOM) }
}

/// The user data of each short message for a command packet, header included. A single message has no reference.
///
/// # Errors
/// [`EncodeError::TooManySegments`] above [`MAX_PACKET_LEN`].
pub fn segments(packet: &[u8], reference: u8) -> Result<Vec<Vec<u8>>, EncodeError> {
    segments_of(PacketKind::Command, packet, reference)
}

/// The same for either direction.
///
/// # Errors
/// [`EncodeError::TooManySegments`] above [`MAX_PACKET_LEN`].
pub fn segments_of(kind: PacketKind, packet: &[u8], reference: u8) -> Result<Vec<Vec<u8>>, EncodeError> {
    let needed = segments_needed(packet.len());
    let total = u8::try_from(needed).map_err(|_| EncodeError::TooManySegments { needed })?;
    let announcement = [kind.identifier(), 0x00];
    if total == 1 {
        return Ok(vec![[&[0x02], &announcement[..], packet].concat()]);
    }
    let (first, further) = packet.split_at(FIRST_ROOM);
    let mut segments = Vec::with_capacity(needed);
    segments.push([&[0x07, 0x00, 0x03, reference, total, 1], &announcement[..], first].concat());
    for (sequence, part) in (2..=total).zip(further.chunks(FURTHER_ROOM)) {
        segments.push([&[0x05, 0x00, 0x03, reference, total, sequence], part].concat());
    }
    Ok(segments)
}

/// The parts of one concatenated message that have come so far. How long to wait for the rest is the caller's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembly {
    reference: Reference,
    parts: Vec<Option<Part>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    kind: Option<PacketKind>,
    payload: Vec<u8>,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It was new, and others are missing.
    Partial,
    /// It was the last one missing.
    Complete,
    /// It was there before, with the same octets.
    Duplicate,
}

/// A message put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// What the first part announced.
    pub kind: Option<PacketKind>,
    /// The payloads in order, without headers.
    pub payload: Vec<u8>,
}

impl Assembly {
    /// Begins with any one of the parts; `None` when it is a message of its own.
    pub fn begin(first_seen: &UserData<'_>) -> Option<Self> {
        let Concatenation { reference, total, .. } = first_seen.concatenation()?;
        let mut assembly = Self { reference, parts: vec![None; usize::from(total)] };
        assembly.insert(first_seen).ok()?;
        Some(assembly)
    }

    /// Adds a part, in any order.
    ///
    /// # Errors
    /// `identity` when it belongs to another message, or repeats a part with other octets; what was there stays.
    pub fn insert(&mut self, user_data: &UserData<'_>) -> Result<Inserted, DecodeError> {
        let Some(Concatenation { reference, total, sequence }) = user_data.concatenation() else {
            return Err(DecodeError::Identity("the message is no part of a concatenation"));
        };
        if reference != self.reference || usize::from(total) != self.parts.len() {
            return Err(DecodeError::Identity("the part belongs to another concatenation"));
        }
        let part = Part { kind: user_data.packet_kind(), payload: user_data.payload().to_vec() };
        let slot = &mut self.parts[usize::from(sequence) - 1];
        match slot {
            Some(known) if *known == part => return Ok(Inserted::Duplicate),
            Some(_) => return Err(DecodeError::Identity("the part repeats a number with other octets")),
            None => *slot = Some(part),
        }
        Ok(if self.is_complete() { Inserted::Complete } else { Inserted::Partial })
    }

    /// The reference all its parts share.
    pub fn reference(&self) -> Reference {
        self.reference
    }

    /// No part is missing.
    pub fn is_complete(&self) -> bool {
        self.parts.iter().all(Option::is_some)
    }

    /// The whole message, once no part is missing.
    pub fn assembled(&self) -> Option<Assembled> {
        let parts: Vec<&Part> = self.parts.iter().map(Option::as_ref).collect::<Option<_>>()?;
        let payload = parts.iter().flat_map(|part| &part.payload).copied().collect();
        Some(Assembled { kind: parts.first()?.kind, payload })
    }
}

/// Puts the user data of one message together again: one without concatenation, or all parts of one, in any order
/// and with repetitions.
///
/// # Errors
/// `length` when parts are missing or a header is broken, `identity` when they are not of one message.
pub fn join<T: AsRef<[u8]>>(tp_uds: &[T]) -> Result<Assembled, DecodeError> {
    let Some((first, others)) = tp_uds.split_first() else {
        return Err(DecodeError::Length("there is no user data"));
    };
    let first = UserData::parse(first.as_ref())?;
    let Some(mut assembly) = Assembly::begin(&first) else {
        return if others.is_empty() {
            Ok(Assembled { kind: first.packet_kind(), payload: first.payload().to_vec() })
        } else {
            Err(DecodeError::Identity("several messages, and the first is no part of a concatenation"))
        };
    };
    for other in others {
        assembly.insert(&UserData::parse(other.as_ref())?)?;
    }
    assembly.assembled().ok_or(DecodeError::Length("parts of the concatenation are missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(len: usize) -> Vec<u8> {
        (0..len).map(|index| (index % 251) as u8).collect()
    }

    #[test]
    fn lengths_at_the_edges() {
        for (len, needed) in [
            (0, 1),
            (137, 1),
            (138, 2),
            (266, 2),
            (267, 3),
            (400, 3),
            (401, 4),
            (MAX_PACKET_LEN, 255),
            (MAX_PACKET_LEN + 1, 256),
        ] {
            assert_eq!(segments_needed(len), needed, "{len}");
            match segments(&packet(len), 7) {
                Ok(segments) => {
                    assert_eq!(segments.len(), needed);
                    assert!(segments.iter().all(|segment| segment.len() <= MAX_TP_UD_LEN));
                    assert_eq!(join(&segments).unwrap().payload, packet(len));
                }
                Err(error) => assert_eq!((error, needed), (EncodeError::TooManySegments { needed }, 256)),
            }
        }
    }

    #[test]
    fn headers_octet_by_octet() {
        assert_eq!(segments(&[0xAA], 9).unwrap(), [[0x02, 0x70, 0x00, 0xAA]]);
        let three = segments(&packet(267), 9).unwrap();
        assert_eq!(three[0][..9], [0x07, 0x00, 0x03, 9, 3, 1, 0x70, 0x00, 0]);
        assert_eq!(three[1][..7], [0x05, 0x00, 0x03, 9, 3, 2, 132]);
        assert_eq!(three[2], [0x05, 0x00, 0x03, 9, 3, 3, 15]);
        assert_eq!((three[0].len(), three[1].len()), (140, 140));
        assert_eq!(segments_of(PacketKind::Response, &[0xAA], 9).unwrap(), [[0x02, 0x71, 0x00, 0xAA]]);
    }

    #[test]
    fn parts_come_in_any_order_and_again() {
        let parts = segments(&packet(300), 9).unwrap();
        let part = |index: usize| UserData::parse(&parts[index]).unwrap();
        let mut assembly = Assembly::begin(&part(2)).unwrap();
        assert_eq!(assembly.assembled(), None);
        assert_eq!(assembly.insert(&part(0)), Ok(Inserted::Partial));
        assert_eq!(assembly.insert(&part(2)), Ok(Inserted::Duplicate));
        assert_eq!(assembly.insert(&part(1)), Ok(Inserted::Complete));
        assert_eq!(assembly.insert(&part(1)), Ok(Inserted::Duplicate));
        let whole = Assembled { kind: Some(PacketKind::Command), payload: packet(300) };
        assert_eq!(assembly.assembled(), Some(whole));
    }

    #[test]
    fn strangers_and_contradictions_change_nothing() {
        let parts = segments(&packet(300), 9).unwrap();
        let mut assembly = Assembly::begin(&UserData::parse(&parts[0]).unwrap()).unwrap();
        let before = assembly.clone();
        for stranger in [
            &[0x05, 0x00, 0x03, 8, 3, 2, 1][..],
            &[0x05, 0x00, 0x03, 9, 4, 2, 1],
            &[0x06, 0x08, 0x04, 0, 9, 3, 2, 1],
            &[0x02, 0x70, 0x00, 1],
            // The first part once more, with other octets.
            &[0x07, 0x00, 0x03, 9, 3, 1, 0x70, 0x00, 1],
        ] {
            let refused = assembly.insert(&UserData::parse(stranger).unwrap()).unwrap_err();
            assert_eq!(refused.class(), "identity", "{stranger:?}");
            assert_eq!(assembly, before);
        }
    }

    #[test]
    fn what_cannot_be_joined() {
        let parts = segments(&packet(300), 9).unwrap();
        for (tp_uds, class) in [
            (vec![], "length"),
            (vec![parts[0].clone()], "length"),
            (vec![parts[0].clone(), parts[2].clone()], "length"),
            (vec![parts[0].clone(), vec![0x02, 0x70, 0x00]], "identity"),
            (vec![vec![0x02, 0x70, 0x00], parts[0].clone()], "identity"),
            (vec![vec![0x09]], "length"),
        ] {
            assert_eq!(join(&tp_uds).unwrap_err().class(), class, "{tp_uds:?}");
        }
    }
}
