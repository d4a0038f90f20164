//! The media packet (RFC 3550 §5.1).

use crate::error::DecodeError;
use crate::octets::Octets;

/// Octets of a header without contributing sources and extension, the only kind that is written.
pub const HEADER_LEN: usize = 12;

/// A header as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet after a pause, or of an event (RFC 3551 §4.1, RFC 4733 §2.5.1.1).
    pub marker: bool,
    /// What the payload is, 0 to 127; higher bits are dropped.
    pub payload_type: u8,
    /// Counts packets, wrapping.
    pub sequence: u16,
    /// When the first sample of the payload was taken, in samples, wrapping.
    pub timestamp: u32,
    /// The stream.
    pub ssrc: u32,
}

impl Header {
    /// The octets, to be followed by the payload.
    pub fn to_octets(self) -> [u8; HEADER_LEN] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [i0, i1, i2, i3] = self.ssrc.to_be_bytes();
        let second = (u8::from(self.marker) << 7) | (self.payload_type & 0x7F);
        [0x80, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3]
    }
}

/// A packet, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header, without contributing sources and extension: nothing here mixes or needs them.
    pub header: Header,
    /// The payload without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a datagram apart.
    ///
    /// # Errors
    /// `identity` when it is no packet of version 2; `length` when a part is longer than what is there; `padding`
    /// when the count of padding octets is impossible.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, DecodeError> {
        let mut octets = Octets::new(datagram);
        let (Some([first, second]), Some(sequence), Some(timestamp), Some(ssrc)) =
            (octets.array(), octets.array(), octets.array(), octets.array())
        else {
            return Err(DecodeError::Length("shorter than a header of RTP"));
        };
        if first >> 6 != 2 {
            return Err(DecodeError::Identity("not version 2 of RTP"));
        }
        octets
            .take(usize::from(first & 0x0F) * 4)
            .ok_or(DecodeError::Length("more contributing sources than octets"))?;
        if first & 0x10 != 0 {
            octets
                .array()
                .and_then(|[_, _, high, low]| octets.take(usize::from(u16::from_be_bytes([high, low])) * 4))
                .ok_or(DecodeError::Length("the header extension is longer than the packet"))?;
        }
        let mut payload = octets.rest();
        if first & 0x20 != 0 {
            let padding = payload.last().map_or(0, |&count| usize::from(count));
            if padding == 0 || padding > payload.len() {
                return Err(DecodeError::Padding("the padding is longer than the packet, or none"));
            }
            payload = &payload[..payload.len() - padding];
        }
        Ok(Self {
            header: Header {
                marker: second & 0x80 != 0,
                payload_type: second & 0x7F,
                sequence: u16::from_be_bytes(sequence),
                timestamp: u32::from_be_bytes(timestamp),
                ssrc: u32::from_be_bytes(ssrc),
            },
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A header of ours with these first two octets, then `rest`.
    fn datagram(first: u8, second: u8, rest: &[u8]) -> Vec<u8> {
        let header = Header { marker: false, payload_type: 0, sequence: 7, timestamp: 160, ssrc: 9 };
        let mut octets = header.to_octets().to_vec();
        octets[..2].copy_from_slice(&[first, second]);
        octets.extend_from_slice(rest);
        octets
    }

    #[test]
    fn packets_by_table() {
        for (name, first, second, rest, payload) in [
            ("plain", 0x80, 0x00, &[1, 2][..], Ok(&[1, 2][..])),
            ("empty", 0x80, 0x00, &[], Ok(&[])),
            ("one contributing source", 0x81, 0x00, &[0, 0, 0, 1, 5], Ok(&[5])),
            ("sources cut off", 0x82, 0x00, &[0, 0, 0, 1, 5], Err("length")),
            ("extension", 0x90, 0x00, &[0xBE, 0xDE, 0, 1, 1, 2, 3, 4, 5], Ok(&[5])),
            ("extension cut off", 0x90, 0x00, &[0xBE, 0xDE, 0, 2, 1, 2, 3, 4, 5], Err("length")),
            ("padding", 0xA0, 0x00, &[5, 0, 2], Ok(&[5])),
            ("all padding", 0xA0, 0x00, &[0, 2], Ok(&[])),
            ("padding of none", 0xA0, 0x00, &[5, 0], Err("padding")),
            ("padding without octets", 0xA0, 0x00, &[], Err("padding")),
            ("padding too long", 0xA0, 0x00, &[5, 3], Err("padding")),
            ("version 1", 0x40, 0x00, &[1], Err("identity")),
            ("version 3, as STUN would not have", 0xC0, 0x00, &[1], Err("identity")),
        ] {
            let octets = datagram(first, second, rest);
            let read = Packet::parse(&octets).map(|packet| packet.payload).map_err(|error| error.class());
            assert_eq!(read, payload, "{name}");
        }
        assert_eq!(Packet::parse(&datagram(0x80, 0, &[])[..11]).unwrap_err().class(), "length");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            marker: bool, payload_type in 0_u8..128, sequence: u16, timestamp: u32, ssrc: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let mut octets = header.to_octets().to_vec();
            octets.extend_from_slice(&payload);
            prop_assert_eq!(Packet::parse(&octets), Ok(Packet { header, payload: &payload }));
        }

        #[test]
        fn any_octets_are_read_or_refused(first in 0x80_u8..0xC0, mut octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(octet) = octets.first_mut() {
                *octet = first;
            }
            if let Ok(packet) = Packet::parse(&octets) {
                prop_assert!(packet.payload.len() + HEADER_LEN <= octets.len());
            }
        }
    }
}
