//! Packets of RTP (RFC 3550) and the telephone events in them (RFC 4733).

use std::collections::VecDeque;

/// Octets of a header without extras.
pub(super) const HEADER: usize = 12;
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// What is needed of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) payload_type: u8,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    pub(super) payload: &'a [u8],
}

/// Reads a packet.
pub(super) fn read(octets: &[u8]) -> Option<Packet<'_>> {
    let (header, mut payload) = octets.split_at_checked(HEADER)?;
    if header[0] >> 6 != 2 {
        return None;
    }
    payload = payload.get(usize::from(header[0] & 0x0F) * 4..)?;
    if header[0] & 0x10 != 0 {
        let words = u16::from_be_bytes([*payload.get(2)?, *payload.get(3)?]);
        payload = payload.get(4 + usize::from(words) * 4..)?;
    }
    if header[0] & 0x20 != 0 {
        let padding = usize::from(*payload.last()?);
        payload = payload.get(..payload.len().checked_sub(padding)?)?;
    }
    let timestamp = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    let ssrc = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
    Some(Packet { payload_type: header[1] & 0x7F, timestamp, ssrc, payload })
}

/// Writes packets of one stream, one after the other.
#[derive(Debug)]
pub(super) struct Stream {
    ssrc: u32,
    sequence: u16,
    /// Of the next voice frame.
    pub(super) timestamp: u32,
}

impl Stream {
    pub(super) fn new(ssrc: u32) -> Self {
        Self { ssrc, sequence: ssrc as u16, timestamp: ssrc.rotate_left(16) }
    }

    /// The next packet.
    pub(super) fn packet(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
    ) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEADER + payload.len());
        octets.extend([0x80, payload_type | if marker { 0x80 } else { 0 }]);
        octets.extend(self.sequence.to_be_bytes());
        octets.extend(timestamp.to_be_bytes());
        octets.extend(self.ssrc.to_be_bytes());
        octets.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        octets
    }
}

/// Code of a key (RFC 4733 §3.2).
pub(super) fn code_of(key: char) -> Option<u8> {
    KEYS.iter().position(|known| char::from(*known) == key.to_ascii_uppercase()).map(|at| at as u8)
}

/// The key of a code.
pub(super) fn key_of(code: u8) -> Option<char> {
    KEYS.get(usize::from(code)).map(|key| char::from(*key))
}

/// Payload of an event: code, whether it is over, samples since it began.
pub(super) fn event(code: u8, end: bool, duration: u16) -> [u8; 4] {
    let duration = duration.to_be_bytes();
    [code, 0x0A | if end { 0x80 } else { 0 }, duration[0], duration[1]]
}

/// Presses that are remembered, so that packets of two that come mixed are still two.
const PRESSES_MAX: usize = 8;

/// Hears keys: one for each source and timestamp, though its packets come again or the last are lost (RFC 4733
/// §2.5.2.2).
#[derive(Debug, Default)]
pub(super) struct Keys {
    presses: VecDeque<(u32, u32)>,
}

impl Keys {
    /// A key, if this payload begins one.
    pub(super) fn heard(&mut self, packet: Packet<'_>) -> Option<char> {
        let [code, ..] = *packet.payload else { return None };
        let press = (packet.ssrc, packet.timestamp);
        if packet.payload.len() < 4 || self.presses.contains(&press) {
            return None;
        }
        let key = key_of(code)?;
        if self.presses.len() == PRESSES_MAX {
            self.presses.pop_front();
        }
        self.presses.push_back(press);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut stream = Stream::new(7);
        let octets = stream.packet(101, true, 160, &event(10, true, 1_280));
        let packet = read(&octets).unwrap();
        assert_eq!((packet.payload_type, packet.timestamp), (101, 160));
        assert_eq!(packet.payload, [10, 0x8A, 5, 0]);
        let mut keys = Keys::default();
        assert_eq!(keys.heard(packet), Some('*'));
        assert_eq!(keys.heard(packet), None, "the same press again");
        assert_eq!(keys.heard(Packet { timestamp: 161, ..packet }), Some('*'));
        assert_eq!(keys.heard(packet), None, "and once more, late");
        assert_eq!(keys.heard(Packet { ssrc: 8, ..packet }), Some('*'), "another phone's");
        assert_eq!(keys.heard(Packet { timestamp: 162, payload: &[16, 0, 0, 0], ..packet }), None);
    }

    #[test]
    fn keys_and_codes() {
        for (key, code) in [('0', 0), ('9', 9), ('*', 10), ('#', 11), ('d', 15)] {
            assert_eq!(code_of(key), Some(code));
        }
        assert_eq!((code_of('x'), key_of(16)), (None, None));
    }

    proptest! {
        #[test]
        fn no_octets_break_it(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(packet) = read(&octets) {
                let _ = Keys::default().heard(packet);
            }
        }
    }
}
